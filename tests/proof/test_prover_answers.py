"""What the provers say of problems with known answers, as it was when the mutants were counted."""

import hashlib

import pytest

from proof.prover_problems import BY_HAND, answer

LONGEST = 90
"""Characters of a fact that are kept; the rest is kept as a fingerprint."""


def spell_plainly(value):
    """A value of a fact, with six digits of each number."""
    if isinstance(value, list):
        low, high = (spell_number(end) for end in value)
        return low if low == high else f"{low} to {high}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {spell_plainly(v)}" for k, v in value.items()) + "}"
    return str(value)


def spell_number(text):
    """Six digits of a rational."""
    top, _, bottom = text.partition("/")
    try:
        return f"{int(top) / int(bottom or 1):.6g}"
    except (ValueError, OverflowError):
        return text


def shorten(text):
    """The text, or its beginning and a fingerprint of all of it."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}… {hashlib.sha256(text.encode()).hexdigest()[:8]}"


@pytest.mark.parametrize("index", range(len(BY_HAND)))
def test_answers_are_the_known_ones(index, snapshot):
    *problem, name, known = BY_HAND[index]
    said = answer(problem)
    if known is not None:
        assert said[name][0] in (known, [known, known])
    lines = [
        f"{fact}: {status} {shorten(spell_plainly(value))}"
        for fact, (value, status, _) in said.items()
        if fact != "worked steps"
    ]
    assert lines == snapshot

"""Certificates rewritten as a whole, or with the evidence of others: what is accepted is true.

A forger changes problem, claim and evidence alike and writes a fitting fingerprint, so that only
the mathematics can refuse it. What passes is compared with samples by code of its own.
"""

import json
import random
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path

import mpmath
import pytest

from gradiometer.errors import CertificateError
from gradiometer.formula import free_names, parse, parse_interval
from gradiometer.proof import check
from gradiometer.question.claim import claim
from known_answers.other_values import NoValueError, holds_between, value_of
from proof.mutants import BODY, with_own_fingerprint

LISTS = Path(__file__).parents[1] / "known_answers"
KINDS = ("identity", "pieces", "sign", "boxes", "counterexample")
FORGERIES = 1500
DIGITS = 120
MANY_DIGITS = 900
"""Enough to see gaps of 1e-300 beside numbers such as 1e400."""
NUMBERS = ("0", "1", "2", "3", "4", "7", "1/2", "1000001/1000000")
CALLS = ("sin", "cos", "atan", "tanh", "sigmoid", "softplus", "erf", "erfc", "Phi", "abs", "exp",
         "ln", "sqrt", "sinh", "cosh", "max", "min")  # fmt: skip
WORDS = (
    (" + ", " - "),
    (" - ", " + "),
    ("^2", "^3"),
    ("^2", "^4"),
    ("*", "/"),
    ("/", "*"),
    ("negative", "positive"),
    ("positive", "negative"),
    ("x", "-x"),
    ("x", "x^2"),
    ("x", "abs(x)"),
    ("<=", "<"),
    ("<", "<="),
    (">=", ">"),
    (">", ">="),
    ("==", "<="),
)
"""Texts and what stands in their place everywhere."""  # fmt: skip
SIGNS = {"negative": "<", "nonpositive": "<=", "zero": "==", "nonnegative": ">=", "positive": ">"}
PLACES = [mpmath.mpf(n) / 8 for n in (-800, -90, -33, -17, -9, -5, -2, 1, 3, 7, 11, 20, 41, 99)]
PLACES += [mpmath.mpf(n) for n in (0, 1, -1, 2, -2, 3, -3)] + [mpmath.mpf(10) ** -20]


@pytest.fixture(scope="module")
def certificates():
    found = {kind: {} for kind in KINDS}
    for name in ("claims.toml", "claims_hostile.toml"):
        for row in tomllib.loads((LISTS / name).read_text(encoding="utf-8"))["claims"]:
            whole = claim(row["says"], where=row.get("where", ())).certificate
            for part in whole["parts"] if whole and whole["kind"] == "all" else [whole]:
                if part is not None:
                    plain = json.loads(json.dumps(part))
                    found[plain["kind"]][plain["fingerprint"]] = plain
    return {kind: list(parts.values()) for kind, parts in found.items()}


def forge(rng, certificate, others):
    """The certificate rewritten everywhere, or with parts of another one."""
    if rng.random() < 0.3:
        keys = rng.choice([("evidence",), ("claim",), ("claim", "evidence"), ("problem",)])
        other = rng.choice(others)
        return {**certificate, **{key: other[key] for key in keys}}
    text = json.dumps({key: certificate[key] for key in BODY})
    way = rng.random()
    numbers = sorted(set(re.findall(r"(?<![\w.])\d+(?![\w.])", text)))
    calls = sorted(set(re.findall(r"[A-Za-z]+(?=\()", text)) & set(CALLS))
    if way < 0.4 and numbers:
        old, new = rng.choice(numbers), rng.choice(NUMBERS)
        text = re.sub(rf"(?<![\w.]){old}(?![\w.])", new, text)
    elif way < 0.7 and calls:
        text = re.sub(rf"\b{rng.choice(calls)}\(", f"{rng.choice(CALLS)}(", text)
    else:
        text = text.replace(*rng.choice(WORDS))
    try:
        return {**certificate, **json.loads(text)}
    except ValueError:
        return certificate


def values(texts, at):
    """The values at a point; None where one is missing."""
    try:
        return [value_of(parse(text).tree, at) for text in texts]
    except NoValueError:
        return None


def points(texts):
    names = sorted(frozenset().union(*(free_names(parse(text).tree) for text in texts)))
    return [
        dict.fromkeys(names, x) | dict(zip(names, (x, 1 - x / 3), strict=False)) for x in PLACES
    ]


def is_inside(place, text):
    on = parse_interval(text)
    low, high = (None if end is None else value_of(end, {}) for end in (on.lower, on.upper))
    if on.is_point:
        return place == low
    return (low is None or place > low) and (high is None or place < high)


def is_clear(left, right):
    """Whether the gap is 0 or above the rounding of mpmath; else it says nothing."""
    return left == right or not holds_between("==", left, right)


def is_refuted(certificate):
    """Whether a sample contradicts what the certificate says."""
    problem, said, evidence = (certificate[part] for part in BODY)
    if certificate["kind"] in {"identity", "pieces", "counterexample"}:
        sides = problem["left"], problem["right"]
        relation = problem["relation"]
        if certificate["kind"] == "counterexample":
            with mpmath.workdps(MANY_DIGITS):
                at = {name: values([text], {})[0] for name, text in evidence["at"].items()}
                found = values(sides, at)
                return bool(found) and is_clear(*found) and holds_between(relation, *found)
        samples = (values(sides, at) for at in points(sides))
        return any(found and not holds_between(relation, *found) for found in samples)
    formula, variable = problem["formula"], problem["variable"]
    zeros = [[values([text], {})[0] for text in place] for place in said.get("zeros", [])]
    for place in PLACES:
        found = values([formula], {variable: place})
        if not found or not is_inside(place, problem["on"]) or holds_between("==", *found, 0):
            continue
        if certificate["kind"] == "sign":
            if said["sign"] in SIGNS and not holds_between(SIGNS[said["sign"]], *found, 0):
                return True
        elif not any(zero[0] <= place <= zero[-1] for zero in zeros):
            sign = said["signs"][sum(place > zero[-1] for zero in zeros)]
            if not holds_between(">" if sign > 0 else "<", *found, 0):
                return True
    return False


def test_what_a_forger_gets_accepted_is_true(certificates, capsys):
    rng = random.Random(20240607)
    counts, false = Counter(), []
    with mpmath.workdps(DIGITS):
        for _ in range(FORGERIES):
            kind = rng.choice(KINDS)
            original = rng.choice(certificates[kind])
            forged = with_own_fingerprint(forge(rng, original, certificates[kind]))
            if forged["fingerprint"] == original["fingerprint"]:
                continue
            counts["forged"] += 1
            try:
                check(forged)
            except CertificateError:
                continue
            counts["accepted"] += 1
            if is_refuted(forged):
                false.append(forged)
    with capsys.disabled():
        sys.stdout.write(f"\n{dict(counts)} certificates\n")
    assert counts["forged"] >= 1000
    assert counts["accepted"] >= 50
    assert not false, false[0]


@pytest.mark.parametrize(
    ("kind", "problem", "claim", "evidence"),
    [
        ("identity", {"left": "x", "right": "abs(x)", "relation": "=="}, {"holds": True}, {}),
        ("sign", {"formula": "x", "variable": "x", "on": "(-oo, oo)"}, {"sign": "positive"}, {}),
        ("boxes", {"formula": "x", "variable": "x", "on": "(0, oo)"},
         {"signs": [-1], "zeros": []}, {}),
        ("boxes", {"formula": "x - 1", "variable": "x", "on": "(-oo, oo)"},
         {"signs": [-1, 1], "zeros": [["2"]]}, {}),
        ("counterexample", {"left": "x", "right": "1", "relation": "=="}, {"holds": False},
         {"at": {"x": "1"}}),
    ],
)  # fmt: skip
def test_the_samples_see_what_is_false(kind, problem, claim, evidence):
    with mpmath.workdps(DIGITS):
        assert is_refuted({"kind": kind, "problem": problem, "claim": claim, "evidence": evidence})

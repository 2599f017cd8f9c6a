"""The fact `reasons`: what speaks for and against a function, each tied to a fact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flint import arb, fmpq

from gradiometer.catalog import list_reasons, read_reference
from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import evaluate, precision, to_ball
from gradiometer.question.answer import Fact, proved
from gradiometer.question.value import Infinity

_BITS = 256


def list_reason_fact(facts: Mapping[str, Fact]) -> Fact:
    """The reasons of the catalogue that hold of these facts; undecided facts give none.

    Args:
        facts: All facts about the function, their status settled.
    """
    rows = [
        {
            "speaks": reason["speaks"],
            "reason": reason["says"],
            "fact": reason["fact"],
            "status": facts[reason["fact"]].status,
            "source": _cite(reason["reference"]),
        }
        for reason in list_reasons()
        if reason["fact"] in facts and _holds(facts[reason["fact"]].value, reason["when"])
    ]
    because = (
        "Each reason is read off the fact beside it and is as certain as that one; a fact that is "
        "undecided gives none."
    )
    return proved(rows, because)


def _holds(value: Any, when: Mapping[str, Any]) -> bool:
    [(kind, wanted)] = when.items()
    return _TESTS[kind](value, wanted)


def _is(value: Any, wanted: Any) -> bool:
    return value is wanted


def _is_some(value: Any, _: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _is_infinite(value: Any, _: Any) -> bool:
    return isinstance(value, Infinity)


def _is_nonzero(value: Any, _: Any) -> bool:
    ball = _to_ball(value)
    return ball is not None and not ball.contains(0)


def _is_above(value: Any, wanted: int) -> bool:
    ball = _to_ball(value)
    return ball is not None and bool(ball > wanted)


_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": _is,
    "some": _is_some,
    "infinite": _is_infinite,
    "nonzero": _is_nonzero,
    "above": _is_above,
}


def _to_ball(value: Any) -> arb | None:
    """An enclosure of a number; None for what is none, or cannot be enclosed."""
    if value is None or isinstance(value, bool | str | list | Infinity):
        return None
    try:
        with precision(_BITS):
            return to_ball(value if isinstance(value, fmpq | arb) else evaluate(value, {}))
    except (GradiometerError, UndecidedError, TypeError):
        return None


def _cite(key: str) -> str:
    """The first author and the year."""
    reference = read_reference(key)
    authors = str(reference["authors"]).split(", ")
    first = authors[0].split()[-1]
    return f"{first}{' et al.' if len(authors) > 1 else ''} ({reference['year']})"

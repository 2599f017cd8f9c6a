"""Compares the facts of an activation with a typed truth: right, wrong or unknown."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from flint import arb, fmpq

from gradiometer.formula import (
    Interval,
    evaluate,
    parse_number,
    precision,
    to_ball,
)
from gradiometer.question import INFINITY, MINUS_INFINITY, Answer

_WIDEST = arb(fmpq(1, 10**12))

Verdict: TypeAlias = Literal["right", "wrong", "unknown"]


def _read(name: str) -> list[dict[str, Any]]:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return tomllib.loads(text)["functions"]


ROWS = _read("activations.toml")
HELD_OUT = _read("activations_held_out.toml")
"""Functions whose truth was written down before they were asked about."""
_WORDS = {"monotone", "convex", "continuous", "smoothness", "odd", "even", "affine", "polynomial"}
_NOT_KEYS = {"f", "set", "because"}
_PAIRS = {"limits": ("limit_left", "limit_right"), "slopes": ("slope_left", "slope_right")}


def judge(row: Mapping[str, Any], answer: Answer) -> dict[str, Verdict]:
    """The verdict on each fact of which the row knows the truth."""
    truths = {name: truth for name, truth in row.items() if name not in {*_NOT_KEYS, *_PAIRS}}
    for pair, names in _PAIRS.items():
        truths |= dict(zip(names, row.get(pair, ()), strict=False))
    found: dict[str, Verdict] = {}
    for name, truth in truths.items():
        fact = answer.facts[name]
        if fact.status == "unknown":
            found[name] = "unknown"
        else:
            found[name] = "right" if _agrees(name, fact.value, truth) else "wrong"
    return found


def _agrees(name: str, value: Any, truth: Any) -> bool:
    if name in _WORDS:
        return value == truth
    if name in {"range", "dead"}:
        parts = value if isinstance(value, list) else [value]
        return len(parts) == len(truth) and all(map(_same_interval, parts, truth))
    if name == "kinks":
        rows = [(row["at"], row["left_slope"], row["right_slope"]) for row in value]
        return len(rows) == len(truth) and all(
            all(map(_same_number, found, known)) for found, known in zip(rows, truth, strict=True)
        )
    if name == "jumps":
        return len(value) == len(truth) and all(
            _same_number(row["at"], at) for row, at in zip(value, truth, strict=True)
        )
    if "none" in (truth, value):
        return value == truth
    return _same_number(value["value"] if name in {"minimum", "maximum"} else value, truth)


def _same_interval(value: Any, truth: str) -> bool:
    lower, upper = truth[1:-1].split(", ")
    ends = (
        MINUS_INFINITY if value.lower is None else value.lower,
        INFINITY if value.upper is None else value.upper,
    )
    closed = (value.lower_closed, value.upper_closed)
    if isinstance(value, Interval) and value.is_point:
        closed = (True, True)
    return (
        closed == (truth[0] == "[", truth[-1] == "]")
        and _same_number(ends[0], lower)
        and _same_number(ends[1], upper)
    )


def _same_number(value: Any, truth: str) -> bool:
    """Whether a constant is the number; after `~` the last digit may be off by one."""
    if truth in {"oo", "-oo"}:
        return value == (INFINITY if truth == "oo" else MINUS_INFINITY)
    if truth == "none" or value in (INFINITY, MINUS_INFINITY):
        return False
    with precision(256):
        exact = value if isinstance(value, int | fmpq | arb) else evaluate(value, {})
        known = parse_number(truth.removeprefix("~"))
        if not truth.startswith("~") and isinstance(exact, int | fmpq):
            return fmpq(exact) == known
        ball = to_ball(fmpq(exact) if isinstance(exact, int) else exact)
        digits = len(truth.partition(".")[2]) if truth.startswith("~") else 40
        tolerance = arb(fmpq(1, fmpq(10) ** digits))
        # A ball that is wide contains the number, but says too little to count as right.
        return ball.rad() < _WIDEST and not abs(ball - to_ball(known)) > tolerance

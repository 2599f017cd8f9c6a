"""A number that an answer found compared with a number that somebody claims."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Exact,
    Node,
    evaluate,
    from_float,
    number,
    parse,
    precision,
    to_ball,
    to_decimal,
    to_float,
    to_text,
)
from gradiometer.question.claim_proof import compare_trees
from gradiometer.question.claim_rounding import Rounded, find_rounded, is_within
from gradiometer.question.value import Infinity, Value

_INFINITIES = {"oo", "inf", "infinity", "∞"}
_BITS = 256
_NEAR = 1e-9


@final
@dataclass(frozen=True)
class Claimed:
    """A number as somebody wrote it."""

    value: Node | Infinity
    rounded: Rounded | None
    """How far the number may be off when it is a decimal; None when it is exact."""


@final
@dataclass(frozen=True)
class Verdict:
    """Whether two numbers are the same."""

    holds: bool | None
    because: str = ""
    certificate: Mapping[str, Any] | None = None
    is_rounded: bool = False
    """Whether the two numbers differ, and the claimed one is the other one rounded."""


def read_number(text: str) -> Claimed:
    """The number that a text says: a formula without names, or an infinity.

    Raises:
        FormulaError: If it is neither.
    """
    bare = text.strip().lstrip("+-")
    if bare.lower() in _INFINITIES and len(text.strip()) - len(bare) <= 1:
        return Claimed(Infinity(-1 if text.strip().startswith("-") else 1), None)
    return claim_tree(parse(text, names=()).tree)


def claim_tree(value: Node | Infinity) -> Claimed:
    """The same for a tree that is already read."""
    return Claimed(value, None if isinstance(value, Infinity) else find_rounded(value))


def compare_numbers(value: Value, claimed: Claimed, *, exactly: bool) -> Verdict:
    """Whether *value* is the claimed number.

    Args:
        value: Rational, integer, constant tree, ball, float or `Infinity`.
        claimed: What somebody says it is.
        exactly: Whether a decimal is exact, not rounded.
    """
    if isinstance(value, float) and not math.isfinite(value):
        if math.isnan(value):
            return Verdict(None, "float64 arithmetic gave no number")
        value = Infinity(1 if value > 0 else -1)
    if isinstance(value, Infinity) or isinstance(claimed.value, Infinity):
        return Verdict(value == claimed.value)
    if claimed.rounded is not None and not exactly:
        holds = is_within(claimed.rounded, lambda: _exact(value))
        if holds is None:
            return Verdict(None, "it is too near to the edge of the rounding to tell")
        return Verdict(holds, is_rounded=holds and not _is_same(value, claimed.rounded.value))
    if isinstance(value, arb):
        return _compare_ball(value, claimed.value)
    if isinstance(value, float):
        return _compare_float(value, claimed.value)
    found = compare_trees(_tree(value), claimed.value)
    return Verdict(found.holds, found.because, found.certificate)


def _is_same(value: Value, number: fmpq) -> bool:
    found = _exact(value)
    return isinstance(found, fmpq) and found == number


def _exact(value: Value) -> Exact:
    if isinstance(value, float):
        return from_float(value)
    if isinstance(value, int):
        return fmpq(value)
    return value if isinstance(value, fmpq | arb) else evaluate(value, {})


def _tree(value: Value) -> Node:
    return number(value) if isinstance(value, int | fmpq) else value


def _compare_ball(value: arb, claimed: Node) -> Verdict:
    """An enclosure can exclude a number; it never shows that it is one."""
    try:
        with precision(_BITS):
            gap = to_ball(value) - to_ball(evaluate(claimed, {}))
    except UndecidedError as error:
        return Verdict(None, str(error))
    if not gap.contains(0):
        return Verdict(False)
    because = f"an enclosure of {to_decimal(value)} cannot show that it is exactly"
    return Verdict(None, f"{because} {to_text(claimed)}")


def _compare_float(value: float, claimed: Node) -> Verdict:
    """Two numbers with the same nearest float64 cannot be told apart by a computation."""
    with precision(_BITS):
        said = to_float(evaluate(claimed, {}))
    if said == value:
        return Verdict(True)
    if abs(said - value) <= _NEAR * max(abs(said), abs(value)):
        return Verdict(None, f"float64 gave {value!r}, too near to tell rounding from difference")
    return Verdict(False)

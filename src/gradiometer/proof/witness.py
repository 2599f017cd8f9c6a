"""A point of an interval at which a formula certainly has one of the wanted signs."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from flint import fmpq

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula import Interval, Node, Number, compare, evaluate, precision, to_ball

_BITS = 192

_STEPS = tuple(
    fmpq(p, q)
    for p, q in ((1, 1), (1, 2), (2, 1), (1, 8), (4, 1), (3, 4), (8, 1), (3, 1), (1, 64), (16, 1))
)
"""Distances from an end, or from 0, at which is looked."""

_SHARES = tuple(fmpq(k, 16) for k in (8, 4, 12, 1, 15, 2, 14, 6, 10))
"""Where to look between two ends."""


def find_point(node: Node, variable: str, on: Interval, *, signs: Collection[int]) -> fmpq | None:
    """A rational point inside *on* where the sign of *node* is one of *signs*, or None.

    Example:
        >>> from gradiometer.formula import REALS, parse
        >>> find_point(parse("x^2 - 3").tree, "x", REALS, signs=(1,))
        2
    """
    for point in list_points(on):
        try:
            with precision(_BITS):
                if compare(evaluate(node, {variable: point}), fmpq(0)) in signs:
                    return point
        except (UndecidedError, DomainError, LimitError):
            continue
    return None


def list_points(on: Interval) -> Iterator[fmpq]:
    """Some rational points strictly inside the interval, simple ones first."""
    lower, upper = (_near(on.lower, up=True), _near(on.upper, up=False))
    if lower is not None and upper is not None:
        if lower < upper:
            yield from (lower + share * (upper - lower) for share in _SHARES)
    elif lower is not None:
        yield from (lower + step for step in _STEPS)
    elif upper is not None:
        yield from (upper - step for step in _STEPS)
    else:
        yield fmpq(0)
        for step in _STEPS:
            yield step
            yield -step


def _near(end: Node | None, *, up: bool) -> fmpq | None:
    """The end itself when it is rational, else a rational number just inside; None for infinity."""
    if end is None or isinstance(end, Number):
        return end.value if isinstance(end, Number) else None
    with precision(_BITS):
        ball = to_ball(evaluate(end, {})) * (1 << 40)
    whole = (ball.ceil() if up else ball.floor()).unique_fmpz()
    if whole is None:
        raise UndecidedError("an end that cannot be told from a rational number")
    return fmpq(whole, 1 << 40)

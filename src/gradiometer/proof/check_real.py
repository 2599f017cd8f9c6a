"""Numbers as certificates claim them: exact constants, enclosing pairs, infinities."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Node,
    apply,
    compare_nodes,
    evaluate,
    free_names,
    number,
    parse,
    precision,
    tidy,
    to_ball,
)
from gradiometer.proof.check_walk import read_rational, require

_RATIONAL = re.compile(r"-?[0-9]+(/[0-9]+)?")

BITS = 256
"""Working precision of every comparison."""


@final
@dataclass(frozen=True, eq=False)
class Real:
    """A number of the extended line, as far as it is known."""

    exact: Node | None = None
    """The constant; None for an enclosure and for infinity."""
    ball: arb | None = None
    """Certainly holds the number; None for infinity."""
    infinite: int = 0
    """The sign of an infinity, else 0."""
    ends: tuple[fmpq, fmpq] | None = None
    """The rationals between which a certificate encloses it; its ball is a little wider."""


@final
@dataclass(frozen=True, eq=False)
class Stretch:
    """An interval of numbers; an infinite end is never closed."""

    lower: Real
    upper: Real
    lower_closed: bool
    upper_closed: bool


@final
@dataclass(frozen=True, eq=False)
class Extreme:
    """A least or greatest value, and all places where it is known to be taken."""

    value: Real
    places: tuple[Real | Stretch, ...]
    """Points, and stretches on all of which it is taken."""


def exactly(node: Node) -> Real:
    """The exact constant."""
    with precision(BITS):
        return Real(node, to_ball(evaluate(node, {})))


def between(ball: arb) -> Real:
    """A number of which a ball is known."""
    return Real(None, ball)


def endless(sign: int) -> Real:
    """Plus or minus infinity."""
    return Real(infinite=sign)


def read_real(claimed: Any) -> Real:
    """The number that a certificate writes: `oo`, `-oo`, an exact formula, or two rationals.

    Raises:
        CertificateError: If it writes none.
        FormulaError: If the formula cannot be read.
    """
    if claimed in ("oo", "-oo"):
        return endless(-1 if claimed == "-oo" else 1)
    if isinstance(claimed, str):
        if _RATIONAL.fullmatch(claimed):
            # Longer than a formula may be, such as a product of two constants of 31 digits.
            return exactly(number(read_rational(claimed)))
        tree = parse(claimed).tree
        require(not free_names(tree), "A constant holds a name.")
        return exactly(tidy(tree))
    require(isinstance(claimed, list) and len(claimed) == 2, "An enclosure has two ends.")
    low, high = map(read_rational, claimed)
    require(low < high, "The ends of an enclosure are in the wrong order.")
    return within(low, high)


def within(low: fmpq, high: fmpq) -> Real:
    """A number between two rationals."""
    return Real(None, enclose(low, high), ends=(low, high))


def enclose(low: fmpq, high: fmpq) -> arb:
    """A ball with both rationals."""
    with precision(BITS):
        return arb(low).union(arb(high))


def compare_real(left: Real, right: Real) -> int | None:
    """-1, 0 or 1 as the left number is less, equal or greater; None where that is not known."""
    if left.infinite or right.infinite:
        return (left.infinite > right.infinite) - (left.infinite < right.infinite)
    if left.exact is not None and right.exact is not None:
        try:
            return compare_nodes(left.exact, right.exact)
        except UndecidedError:
            return None
    assert left.ball is not None
    assert right.ball is not None
    if left.ball < right.ball:
        return -1
    return 1 if left.ball > right.ball else None


def order_of(left: Real, right: Real) -> int:
    """The order of two numbers.

    Raises:
        UndecidedError: If it is not known.
    """
    order = compare_real(left, right)
    if order is None:
        raise UndecidedError("two values of a certificate cannot be told apart")
    return order


def opposite(value: Real) -> Real:
    """The number with the other sign."""
    if value.infinite:
        return endless(-value.infinite)
    if value.exact is not None:
        return exactly(tidy(apply("neg", value.exact)))
    assert value.ball is not None
    with precision(BITS):
        return between(-value.ball)


def either(left: Real, right: Real) -> Real:
    """An enclosure of both of two finite numbers."""
    assert left.ball is not None
    assert right.ball is not None
    with precision(BITS):
        return between(left.ball.union(right.ball))


ZERO_REAL = Real(number(0), arb(0))

"""The extended line: exact constants, enclosed ones, and plus and minus infinity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, final

from flint import arb, fmpq

from gradiometer.formula import (
    Node,
    apply,
    compare,
    compare_nodes,
    evaluate,
    precision,
    sign_of,
    to_ball,
    to_value,
)

_BITS = 256


@final
@dataclass(frozen=True)
class Infinite:
    """Plus or minus infinity, as a limit or a bound."""

    sign: int


@final
@dataclass(frozen=True, eq=False)
class Enclosed:
    """A number that is known as a narrow ball only."""

    ball: arb

    def joined(self, other: Node | Enclosed) -> Enclosed:
        """A ball with both numbers, for two that nothing tells apart."""
        with precision(_BITS):
            return Enclosed(self.ball.union(_ball(other)))


PLUS = Infinite(1)
MINUS = Infinite(-1)

Limit: TypeAlias = "Node | Infinite"
"""An exact constant, or an infinity."""

Extended: TypeAlias = "Node | Infinite | Enclosed"
"""An exact constant, an enclosed one, or an infinity."""


def compare_extended(left: Extended, right: Extended) -> int:
    """-1, 0 or 1 as *left* is less than, equal to or greater than *right*.

    Raises:
        UndecidedError: If two constants cannot be told apart.
    """
    if isinstance(left, Infinite):
        other = right.sign if isinstance(right, Infinite) else 0
        return (left.sign > other) - (left.sign < other)
    if isinstance(right, Infinite):
        return -right.sign
    if isinstance(left, Enclosed) or isinstance(right, Enclosed):
        with precision(_BITS):
            return compare(_ball(left), _ball(right))
    return compare_nodes(left, right)


def _ball(value: Node | Enclosed) -> arb:
    return value.ball if isinstance(value, Enclosed) else to_ball(evaluate(value, {}))


def sign_extended(value: Extended) -> int:
    """-1, 0 or 1.

    Raises:
        UndecidedError: If the sign of a constant cannot be shown.
    """
    if isinstance(value, Enclosed):
        return compare(value.ball, fmpq(0))
    return value.sign if isinstance(value, Infinite) else sign_of(value)


def negate(value: Extended) -> Extended:
    """The opposite number."""
    if isinstance(value, Infinite):
        return Infinite(-value.sign)
    if isinstance(value, Enclosed):
        with precision(_BITS):
            return Enclosed(-value.ball)
    return to_value(apply("neg", value))

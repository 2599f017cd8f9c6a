"""The extended line: exact constants, and plus and minus infinity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, final

from gradiometer.formula import Node, apply, compare_nodes, sign_of, to_value


@final
@dataclass(frozen=True)
class Infinite:
    """Plus or minus infinity, as a limit or a bound."""

    sign: int


PLUS = Infinite(1)
MINUS = Infinite(-1)

Extended: TypeAlias = "Node | Infinite"
"""An exact constant, or an infinity."""


def compare_extended(left: Extended, right: Extended) -> int:
    """-1, 0 or 1 as *left* is less than, equal to or greater than *right*.

    Raises:
        UndecidedError: If two constants cannot be told apart.
    """
    if isinstance(left, Infinite):
        other = right.sign if isinstance(right, Infinite) else 0
        return (left.sign > other) - (left.sign < other)
    return -right.sign if isinstance(right, Infinite) else compare_nodes(left, right)


def sign_extended(value: Extended) -> int:
    """-1, 0 or 1.

    Raises:
        UndecidedError: If the sign of a constant cannot be shown.
    """
    return value.sign if isinstance(value, Infinite) else sign_of(value)


def negate(value: Extended) -> Extended:
    """The opposite number."""
    if isinstance(value, Infinite):
        return Infinite(-value.sign)
    return to_value(apply("neg", value))

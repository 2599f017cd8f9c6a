"""A number near a point of rest: its value there, its slopes, and how small all the rest is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.proof.check_quotient import Quotient

EXACT = fmpq(1_000_000)
"""The order of a remainder that is not there."""

_ONE, _TWO = fmpq(1), fmpq(2)


@final
@dataclass(frozen=True, eq=False)
class Germ:
    """`value + slopes . d + O(|d|^order)` for small distances `d` of the state from rest.

    Or, where *infinite* is 1 or -1, something that grows beyond all bounds with the step count.
    """

    value: Quotient
    slopes: Mapping[str, Quotient] = field(default_factory=dict[str, Quotient])
    """By name of the state; none of them is zero."""
    order: fmpq = EXACT
    reads: frozenset[str] = frozenset()
    """The states that slopes and remainder depend on."""
    infinite: int = 0
    pace: Quotient | None = None
    """How much an infinite germ grows in each step, where that is always the same."""
    fade: str = ""
    """Whether a part was left out that fades with the step count: `fast` as a power of a number
    below 1, `slow` in another way."""

    @property
    def is_constant(self) -> bool:
        """Whether it depends on no state."""
        return not self.slopes and self.order == EXACT and not self.infinite

    @property
    def is_fixed(self) -> bool:
        """Whether no state changes it."""
        return self.is_constant or bool(self.infinite)

    @property
    def smallness(self) -> fmpq:
        """The order of all but the value."""
        return min(_ONE, self.order) if self.slopes else self.order


def add(left: Germ, right: Germ, zero: Quotient) -> Germ:
    """The sum.

    Raises:
        UndecidedError: If two infinite parts have opposite signs.
    """
    if left.infinite or right.infinite:
        if left.infinite * right.infinite < 0:
            raise UndecidedError("two parts of the rule grow without bound against each other")
        endless, other = (left, right) if left.infinite else (right, left)
        pace = endless.pace if other.is_constant else None
        return Germ(zero, infinite=endless.infinite, pace=pace)
    slopes = {
        name: left.slopes.get(name, zero) + right.slopes.get(name, zero)
        for name in {**left.slopes, **right.slopes}
    }
    kept = {name: slope for name, slope in slopes.items() if not slope.is_zero()}
    return Germ(left.value + right.value, kept, min(left.order, right.order),
                left.reads | right.reads, fade=join_fades(left, right))  # fmt: skip


def join_fades(*germs: Germ) -> str:
    """The slowest fading part of several germs."""
    fades = {germ.fade for germ in germs}
    return "slow" if "slow" in fades else "fast" if "fast" in fades else ""


def scale(germ: Germ, factor: Quotient, fade: str = "") -> Germ:
    """The germ times a constant that is not infinite; *fade* is what was left out of it."""
    joined = join_fades(germ, Germ(factor, fade=fade))
    if factor.is_zero():
        return Germ(factor, fade=joined if fade else "")
    slopes = {name: slope * factor for name, slope in germ.slopes.items()}
    return Germ(germ.value * factor, slopes, germ.order, germ.reads, fade=joined)


def multiply(left: Germ, right: Germ, zero: Quotient) -> Germ:
    """The product of two finite germs."""
    if left.is_constant or right.is_constant:
        constant, other = (left, right) if left.is_constant else (right, left)
        return scale(other, constant.value, constant.fade)
    orders = [EXACT, left.smallness + right.smallness]
    orders += [right.order] if not left.value.is_zero() else []
    orders += [left.order] if not right.value.is_zero() else []
    parts = (scale(right, left.value), scale(left, right.value))
    total = add(parts[0], parts[1], zero)
    return Germ(left.value * right.value, total.slopes, min(orders), left.reads | right.reads,
                fade=join_fades(left, right))  # fmt: skip


def invert(germ: Germ, one: Quotient) -> Germ:
    """One over a finite germ.

    Raises:
        UndecidedError: If its value is zero.
    """
    if germ.value.is_zero():
        raise UndecidedError("the rule divides by what vanishes at rest")
    return through(germ, one / germ.value, -(one / (germ.value * germ.value)))


def through(germ: Germ, value: Quotient, slope: Quotient) -> Germ:
    """A smooth function of a germ, given its value and its slope there."""
    slopes = {name: part * slope for name, part in germ.slopes.items()}
    order = min(germ.order, _TWO) if germ.slopes else germ.order
    kept = {n: s for n, s in slopes.items() if not s.is_zero()}
    return Germ(value, kept, order, germ.reads, fade=germ.fade)


def blur(germ: Germ, order: fmpq, *others: Germ) -> Germ:
    """The value alone, with everything else in a remainder of that order."""
    reads = germ.reads.union(*(other.reads for other in others))
    return Germ(germ.value, {}, order, reads, fade=join_fades(germ, *others))

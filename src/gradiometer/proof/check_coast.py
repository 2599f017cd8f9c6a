"""How far a run may coast on what its momentum holds, where later slopes only slow it down.

Where `x' = x + c*m'` and `m' = q*m + r` with 0 <= q < 1, and `c*r` is never above 0 on the slope
that is climbed, each step goes at most q times as far as the last one. So all steps to come lead
on by at most `c*q/(1 - q)*m`, or not at all where that is below 0. This bounds climbs on which the
slopes count for less and less, which no box that is the same at all steps can see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from flint import fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import (
    ZERO,
    Exact,
    Name,
    Node,
    Range,
    compare,
    evaluate,
    evaluate_range,
    free_names,
    substitute,
)
from gradiometer.proof.check_carry import Carry
from gradiometer.proof.check_drive import factor_of
from gradiometer.proof.check_region import Box

_ZERO = fmpq(0)
_PLACE = Name("x")


@final
@dataclass(frozen=True)
class Coast:
    """A momentum that alone moves the position."""

    name: str
    pull: fmpq
    """The position moves by this times the new momentum."""
    share: fmpq
    """What the momentum keeps of itself, at least 0 and below 1."""
    rest: Node
    """What is added to that share."""

    def most(self, box: Box) -> Exact:
        """How far all steps to come lead on at most, with a momentum of the box.

        Raises:
            UndecidedError: If there is no such number.
        """
        part = box[self.name]
        end = part.upper if self.pull > 0 else part.lower
        if end is None:
            raise UndecidedError("the momentum has no bound")
        ahead = self.pull * self.share / (1 - self.share) * end
        return ahead if compare(ahead, _ZERO) > 0 else _ZERO

    def slows(self, known: Mapping[str, Range]) -> bool:
        """Whether a step whose names lie in those ranges certainly adds nothing that leads on."""
        try:
            added = evaluate_range(self.rest, known)
        except (UndecidedError, DomainError):
            return False
        end = added.upper if self.pull > 0 else added.lower
        return end is not None and compare(self.pull * end, _ZERO) <= 0


def find_coast(carry: Carry) -> Coast | None:
    """The momentum of a rule that moves by it alone; None where there is none."""
    values = carry.motion.values
    final = carry.whole
    for target, tree in carry.rows:
        name = target.removesuffix("'")
        if name not in carry.memory or target == name or name in carry.motion.means:
            continue
        if not {"x", target} <= free_names(final) <= {"x", target, *values}:
            continue
        try:
            steady = factor_of(substitute(final, {target: ZERO}), values)
            pull = factor_of(substitute(final, {"x": ZERO, target: _PLACE}), values)
            still = evaluate(substitute(final, {"x": ZERO, target: ZERO}), values)
            share = factor_of(substitute(tree, {name: _PLACE}), values)
        except (UndecidedError, DomainError):
            continue
        if steady == 1 and still == 0 and pull != 0 and 0 <= share < 1:
            return Coast(name, pull, share, substitute(tree, {name: ZERO}))
    return None

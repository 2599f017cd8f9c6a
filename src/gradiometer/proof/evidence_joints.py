"""What happens where pieces meet, with the limits that show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, final

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import Node
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.evidence_ground import Ground, Plot, Shown
from gradiometer.proof.evidence_limit import spell_limit
from gradiometer.proof.evidence_signs import spell_exact
from gradiometer.proof.extended import Infinite, Limit, compare_extended
from gradiometer.proof.limit import End
from gradiometer.proof.turns import exact_value

_MOST_ORDER = 8


def prove_joints(ground: Ground) -> dict[str, Any]:
    """The certificate of the values and slopes on both sides of every joint.

    Raises:
        UndecidedError: If a limit there is not known or not shown.
    """
    plots = ground.plots
    meetings = [_Meeting(ground, a, b) for a, b in pairwise(plots)] if ground.meets else []
    counts = [1] * len(plots)
    for index, meeting in enumerate(meetings):
        for side in (index, index + 1):
            counts[side] = max(counts[side], (meeting.order or 0) + 1)
    sections = [
        {
            "forms": plot.forms(count),
            "roots": plot.roots,
            "lower": meetings[index - 1].evidence("lower") if meetings and index else None,
            "upper": meetings[index].evidence("upper") if index < len(meetings) else None,
        }
        for index, (plot, count) in enumerate(zip(plots, counts, strict=True))
    ]
    claim = {
        "everywhere": ground.shape.is_everywhere(),
        "lone": ground.shape.has_lone_point(),
        "joints": [meeting.row() for meeting in meetings] if ground.meets else None,
    }
    return make_certificate(
        "joints", problem=ground.problem(), claim=claim, evidence={"sections": sections}
    )


@final
@dataclass(frozen=True)
class _Meeting:
    """Where two neighbouring pieces meet."""

    ground: Ground
    left: Plot
    right: Plot

    @cached_property
    def at(self) -> Node:
        """The place."""
        at = self.right.end("lower")
        if at is None:
            raise UndecidedError("two pieces that meet nowhere")
        return at

    @cached_property
    def value(self) -> Node | None:
        """The value of the function there."""
        return self.ground.shape.value_at(self.at)

    @cached_property
    def values(self) -> tuple[Shown, Shown]:
        """The limits of the function from both sides."""
        return self.left.limit(0, "upper"), self.right.limit(0, "lower")

    @cached_property
    def is_jump(self) -> bool:
        """Whether the function is not continuous there."""
        left, right = (limit for limit, _ in self.values)
        return not _all_equal([left, right, self.value])

    @cached_property
    def slopes(self) -> tuple[Shown | None, Shown | None]:
        """The limits of the slope from both sides; at a jump they may stay open."""
        return self._slope(self.left, "upper"), self._slope(self.right, "lower")

    def _slope(self, plot: Plot, side: End) -> Shown | None:
        try:
            return plot.limit(1, side)
        except UndecidedError:
            if self.is_jump:
                return None
            raise

    @cached_property
    def is_kink(self) -> bool:
        """Whether the function is continuous there and the slopes differ."""
        if self.is_jump:
            return False
        return not _all_equal([None if shown is None else shown[0] for shown in self.slopes])

    @cached_property
    def order(self) -> int | None:
        """How many derivatives agree there; None for none, or more than are looked at."""
        if self.is_jump or self.is_kink:
            return None
        try:
            for order in range(1, _MOST_ORDER + 2):
                sides = [
                    exact_value(plot.node(order), plot.variable, self.at)
                    for plot in (self.left, self.right)
                ]
                if compare_extended(*sides):
                    return order - 1
        except (UndecidedError, GradiometerError):
            pass
        return None

    def evidence(self, side: End) -> dict[str, Any]:
        """What shows the limits at this end of a piece."""
        place = 1 if side == "lower" else 0
        value, slope = self.values[place], self.slopes[place]
        return {"value": value[1], "slope": None if slope is None else slope[1]}

    def row(self) -> dict[str, Any]:
        """What is claimed."""
        values, slopes = self.values, self.slopes
        return {
            "at": spell_exact(self.at),
            "left_value": spell_limit(values[0][0]),
            "right_value": spell_limit(values[1][0]),
            "value": None if self.value is None else spell_exact(self.value),
            "left_slope": None if slopes[0] is None else spell_limit(slopes[0][0]),
            "right_slope": None if slopes[1] is None else spell_limit(slopes[1][0]),
            "jump": self.is_jump,
            "kink": self.is_kink,
            "order": self.order,
        }


def _all_equal(limits: Sequence[Limit | None]) -> bool:
    """Whether all of them are one number."""
    finite = [limit for limit in limits if limit is not None and not isinstance(limit, Infinite)]
    if len(finite) < len(limits):
        return False
    return all(compare_extended(left, right) == 0 for left, right in pairwise(finite))

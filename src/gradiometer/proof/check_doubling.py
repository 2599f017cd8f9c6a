"""Replays certificates of kind `doubling`: a cycle of a rule without a state doubles its period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import CertificateError
from gradiometer.formula import (
    Exact,
    Node,
    compare,
    differentiate,
    evaluate,
    free_names,
    is_smooth,
    precision,
    substitute,
    to_ball,
)
from gradiometer.proof.check_fields import fields, require
from gradiometer.proof.check_rest import Ends, read_ends, read_ground
from gradiometer.proof.check_stability import BITS, Inquiry, read_inquiry

_NEWTON_STEPS = 8
_MOST_PERIOD = 64


@final
@dataclass(frozen=True)
class Map:
    """One step of the rule as a smooth function of the position and the free parameter."""

    step: Node
    slope: Node
    values: Mapping[str, fmpq]
    parameter: str
    loss: Node

    def orbit(self, place: Exact, rate: Exact, period: int) -> tuple[list[arb], arb]:
        """The positions of that many steps, and the product of the slopes at them."""
        known: dict[str, Exact] = {**self.values, self.parameter: rate}
        position, product = to_ball(place), arb(1)
        positions = [position]
        for _ in range(period):
            known["x"] = position
            # It raises where the loss has no value, though its slope may have one.
            evaluate(self.loss, known)
            product = product * to_ball(evaluate(self.slope, known))
            position = to_ball(evaluate(self.step, known))
            positions.append(position)
        return positions, product

    def newton(self, box: arb, rate: Exact, period: int) -> arb:
        """Newton's step for a point of a cycle: all zeros in the box lie in what is returned."""
        middle = arb(box.mid())
        positions, _ = self.orbit(middle, rate, period)
        _, product = self.orbit(box, rate, period)
        slope = product - 1
        if slope.contains(0):
            raise CertificateError("A cycle is not certain to be the only one in its box.")
        return middle - (positions[-1] - middle) / slope


def read_map(inquiry: Inquiry, landscape: Any) -> Map:
    """The step of a rule without a state on a smooth curve.

    Raises:
        CertificateError: If it is not such a rule, or not such a curve.
    """
    require(not inquiry.states, "The rule remembers something.")
    require(len(landscape["pieces"]) == 1, "The curve has several pieces.")
    ground = read_ground(landscape, 0)
    require(len(ground.variables) == 1, "There are several variables.")
    known: dict[str, Node] = {"g": ground.gradient[0]}
    for target, tree in inquiry.step:
        known[target] = substitute(tree, known)
    step = known["x'"]
    names = {*inquiry.values, inquiry.parameter, "x"}
    require(free_names(step) <= names, "The step reads something else.")
    require(is_smooth(step), "The step has branches.")
    return Map(step, differentiate(step, "x"), inquiry.values, inquiry.parameter, ground.loss)


def check_doubling(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that between two rates the multiplier of a cycle passes -1.

    For each rate from the first to the second one exactly one cycle of that period meets the box;
    it attracts at the first rate and repels at the second.

    Raises:
        CertificateError: If it does not follow.
    """
    period, rate, place = fields(claim, "period", "rate", "place")
    fields(evidence)
    require(type(period) is int and 0 < period <= _MOST_PERIOD, "The period is no count.")
    with precision(BITS):
        rates, box = read_ends(rate), read_ends(place)
        inquiry = read_inquiry(problem)
        low, high = inquiry.domain
        within = rates.lower > low and (high is None or rates.upper < high)
        require(within, "The rates lie outside the parameter's domain.")
        step = read_map(inquiry, problem["landscape"])
        require(rates.lower < rates.upper, "There is only one rate.")
        require(box.lower < box.upper, "The box is empty.")
        whole = step.newton(to_ball(box.value), rates.value, period)
        inside = compare(whole, box.lower) > 0 and compare(whole, box.upper) < 0
        require(inside, "The box is not certain to hold one cycle.")
        if period > 1:
            positions, _ = step.orbit(to_ball(box.value), rates.value, period)
            for part in _largest_parts(period):
                apart = not positions[part].overlaps(to_ball(box.value))
                require(apart, "The cycle may have a shorter period.")
        first = multiplier_at(step, box, rates.lower, period)
        last = multiplier_at(step, box, rates.upper, period)
        require(compare(first, fmpq(-1)) > 0 and compare(first, fmpq(1)) < 0,
                "The cycle does not attract at the first rate.")  # fmt: skip
        require(compare(last, fmpq(-1)) < 0, "The multiplier has not passed -1.")


def _largest_parts(period: int) -> list[int]:
    """The period over each of its primes: a shorter period divides one of these."""
    return [period // p for p in range(2, period + 1)
            if period % p == 0 and all(p % q for q in range(2, p))]  # fmt: skip


def multiplier_at(step: Map, box: Ends, rate: fmpq, period: int) -> arb:
    """The multiplier of the cycle through the box at one rate."""
    place = to_ball(box.value)
    for _ in range(_NEWTON_STEPS):
        place = step.newton(place, rate, period).intersection(place)
    return step.orbit(place, rate, period)[1]

"""A barrier seen from its run-up: two straight slopes that meet in a kink, and a top that moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Affine, Axis, Node, evaluate, free_names, to_affine
from gradiometer.proof.check_fields import fields, require
from gradiometer.proof.check_recentre import recentre
from gradiometer.proof.check_regimes import read_domain
from gradiometer.proof.check_total import is_total
from gradiometer.proof.check_walk import Replay, read_replay

_ZERO, _ONE = fmpq(0), fmpq(1)

ALL_STARTS = "every position on the first piece, the memory as the rule begins"
"""What the certificate says about where the runs begin."""


@final
@dataclass(frozen=True)
class Wedge:
    """A landscape that falls to a kink, rises to a top, and falls again."""

    replay: Replay
    kink: fmpq
    fall: fmpq
    """The slope before the kink, below 0."""
    rise: fmpq
    """The slope after it, above 0."""
    foot: fmpq
    reach: fmpq
    """The top stands at `foot + reach*h`, where h is the parameter and *reach* is above 0."""
    axis: Axis
    """The values that the parameter may have."""

    @property
    def keeps_kink(self) -> bool:
        """Whether a run that stands exactly on the kink still goes downhill."""
        return self.replay.keeps_joint(0)

    @property
    def keeps_top(self) -> bool:
        """Whether a run that stands exactly on the top still counts as in the valley."""
        return self.replay.keeps_joint(1)

    def parameter_at(self, overshoot: fmpq) -> fmpq:
        """The value of the parameter with which the top lies that far behind the kink."""
        return (self.kink + overshoot - self.foot) / self.reach


def read_wedge(problem: Any) -> Wedge:
    """The landscape of a certificate's problem.

    Raises:
        UndecidedError: If it is no such landscape, so that nothing is said about it.
        CertificateError: If the problem is malformed.
    """
    run, starts, parameter, domain = fields(problem, "run", "starts", "parameter", "domain")
    require(starts == ALL_STARTS, "The runs begin somewhere else.")
    require(isinstance(parameter, str) and parameter != "x", "The parameter has no name.")
    fields(run, "rule", "pieces", "schedules", "side")
    replay = read_replay({**run, "start": "0", "steps": 0}, free=(parameter,))
    _refuse(bool(replay.rates.rows), "a schedule changes the rule, so that no phase comes again")
    axis = read_domain(domain)
    _refuse(len(replay.pieces) < 3, "the landscape has no slope, kink, slope and top")
    first, second, third = replay.pieces[:3]
    fall, rise, after = (_number(piece.slope, parameter) for piece in (first, second, third))
    # A slope may have a value where the loss has none, and runs end there.
    _refuse(
        not all(is_total(piece.loss) for piece in replay.pieces[:3]), "a loss may have no value"
    )
    _refuse(not fall < 0 < rise, "the landscape does not fall from the left and then rise")
    _refuse(not after < 0, "the second slope does not end in a top")
    assert first.upper is not None
    assert second.upper is not None
    kink = _number(first.upper, parameter)
    top = to_affine(second.upper, {parameter: Affine(_ZERO, {parameter: _ONE})}, {})
    foot, reach = top.constant, top.coefficients.get(parameter, _ZERO)
    _refuse(not (isinstance(foot, fmpq) and isinstance(reach, fmpq)), "the top is not rational")
    assert isinstance(foot, fmpq)
    assert isinstance(reach, fmpq)
    _refuse(not reach > 0, f"the top does not move on with `{parameter}`")
    low = axis.lower
    bare = low is None or foot + reach * low < kink
    _refuse(bare, f"for some `{parameter}` the top lies before the kink")
    return Wedge(recentre(replay), kink, fall, rise, foot, reach, axis)


def _number(tree: Node, parameter: str) -> fmpq:
    _refuse("x" in free_names(tree), "a slope is not straight")
    _refuse(parameter in free_names(tree), f"more than the top moves with `{parameter}`")
    value = evaluate(tree, {})
    _refuse(not isinstance(value, fmpq), "a slope or the kink is not rational")
    assert isinstance(value, fmpq)
    return value


def _refuse(truth: bool, reason: str) -> None:
    if truth:
        raise UndecidedError(reason)


def is_on_axis(axis: Axis, value: fmpq) -> bool:
    """Whether a value of the parameter lies in its domain."""
    below = axis.lower is not None and (
        value < axis.lower or (value == axis.lower and not axis.lower_closed)
    )
    above = axis.upper is not None and (
        value > axis.upper or (value == axis.upper and not axis.upper_closed)
    )
    return not (below or above)


def to_problem(run: Mapping[str, Any], parameter: str, domain: list[Any]) -> dict[str, Any]:
    """The problem that `read_wedge` reads, from that of one run."""
    kept = {name: run[name] for name in ("rule", "pieces", "schedules", "side")}
    return {"run": kept, "starts": ALL_STARTS, "parameter": parameter, "domain": domain}

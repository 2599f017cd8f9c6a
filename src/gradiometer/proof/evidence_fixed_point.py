"""The variance that the layers of a wide random network keep, with what shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flint import arb, fmpq, fmpz

from gradiometer.errors import UndecidedError
from gradiometer.formula import evaluate, precision, to_ball
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.evidence_ground import Ground
from gradiometer.proof.evidence_joints import prove_joints
from gradiometer.proof.evidence_profile import prove_profile
from gradiometer.proof.extended import Enclosed, Infinite
from gradiometer.proof.shape import Shape
from gradiometer.proof.shape_range import find_lipschitz

_BITS = 256
_UNIT_BITS = 200
_MOMENTS = ("square", "slope_square")


def prove_line(
    ground: Ground, weight: fmpq, bias: fmpq, *, point: fmpq | str, chi: fmpq | str
) -> dict[str, Any]:
    """The certificate where the function is a line on either side of 0."""
    claim = {"point": str(point), "chi": str(chi), "unique": isinstance(point, fmpq)}
    return _make(ground, weight, bias, claim=claim, evidence={"by": "line"})


def prove_rest(ground: Ground, weight: fmpq, *, chi: fmpq | None) -> dict[str, Any]:
    """The certificate that a network without biases keeps the variance 0.

    Raises:
        UndecidedError: If what happens at the joints of the function is not shown.
    """
    evidence: dict[str, Any] = {"by": "zero", "joints": prove_joints(ground)["evidence"]}
    unique = is_only_rest(ground.shape, weight)
    if unique:
        profile = prove_profile(ground, 1)
        evidence["profile"] = {key: profile[key] for key in ("claim", "evidence")}
    claim = {"point": "0", "chi": None if chi is None else str(chi), "unique": unique}
    return _make(ground, weight, fmpq(0), claim=claim, evidence=evidence)


def is_only_rest(shape: Shape, weight: fmpq) -> bool:
    """Whether |f(x)| <= L*|x| is known to make every variance above 0 shrink."""
    try:
        steepest = find_lipschitz(shape)
        if isinstance(steepest, Infinite | Enclosed):
            return False
        with precision(_BITS):
            return bool(to_ball(evaluate(steepest, {})) ** 2 * weight < 1)
    except UndecidedError:
        return False


def prove_between(
    ground: Ground,
    weight: fmpq,
    bias: fmpq,
    *,
    between: tuple[fmpq, fmpq],
    chi: arb | None,
    digits: Mapping[str, list[str]],
) -> dict[str, Any]:
    """The certificate that some variance between two is kept.

    Args:
        ground: The function.
        weight: The variance of the weights.
        bias: The variance of the biases.
        between: The two variances.
        chi: A ball with what becomes of gradients there; None when it is not known.
        digits: The means of f^2, and of f'^2 where chi is known, at both, as certified digits.
    """
    moments = {name: digits.get(name) for name in _MOMENTS}
    claim = {
        "point": [str(end) for end in between],
        "chi": None if chi is None else spell_ball(chi),
        "unique": False,
    }
    evidence = {"by": "between", "moments": moments}
    return _make(ground, weight, bias, claim=claim, evidence=evidence)


def spell_ball(value: arb) -> list[str]:
    """Two rationals with the ball between them.

    Raises:
        UndecidedError: If the ball has no ends.
    """
    with precision(_BITS):
        # A little room, since a ball may be rounded in another way when it is computed again.
        scaled = [end * (1 << _UNIT_BITS) for end in (value.lower(), value.upper())]
        room = 1 << (_UNIT_BITS - 120)
        low, high = scaled[0].floor().unique_fmpz(), scaled[1].ceil().unique_fmpz()
    if low is None or high is None:
        raise UndecidedError("a number is not enclosed")
    return [str(fmpq(end, fmpz(1) << _UNIT_BITS)) for end in (low - room, high + room)]


def _make(
    ground: Ground,
    weight: fmpq,
    bias: fmpq,
    *,
    claim: Mapping[str, Any],
    evidence: Mapping[str, Any],
) -> dict[str, Any]:
    problem = ground.problem(weight_variance=str(weight), bias_variance=str(bias))
    return make_certificate("fixed_point", problem=problem, claim=claim, evidence=evidence)

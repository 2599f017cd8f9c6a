"""What follows for the facts about a normal input and about a deep network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import from_decimal, number, precision
from gradiometer.proof.check_known import Known
from gradiometer.proof.check_real import (
    BITS,
    ZERO_REAL,
    Real,
    compare_real,
    enclose,
    exactly,
    within,
)
from gradiometer.proof.check_walk import read_rational

_DIGITS = 29
"""Digits behind the point of a mean in a certificate."""


@final
@dataclass(frozen=True, eq=False)
class Rounded:
    """A number of which a certificate shows the leading digits; more is exact algebra."""

    ball: arb


_MEANS = {
    "dead_fraction": "dead",
    "mean": "value",
    "second_moment": "square",
    "slope_second_moment": "slope_square",
}
"""Facts, and what the mean is of."""

_MADE: Mapping[str, tuple[tuple[str, ...], Callable[..., arb]]] = {
    "variance": (("square", "value"), lambda square, mean, q: square - mean * mean),
    "gain": (("square",), lambda square, q: (q / square).sqrt()),
    "chi": (("square", "slope_square"), lambda square, slope, q: q * slope / square),
    "critical_weight_variance": (("slope_square",), lambda slope, q: 1 / slope),
}
"""Facts made of means, from which ones, and how; q is the variance."""


def moments(known: Known, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The facts about means over a normal number of the variance that was asked for."""
    variance = str(inputs.get("variance", "1"))
    means = {
        part["problem"]["of"]: _read_digits(part["claim"]["digits"])
        for part in known.moments
        if part["problem"]["variance"] == variance
    }
    found: dict[str, Any] = {name: Rounded(means[of]) for name, of in _MEANS.items() if of in means}
    for name, (needed, make) in _MADE.items():
        if all(of in means for of in needed):
            with precision(BITS):
                ball = make(*(means[of] for of in needed), arb(read_rational(variance)))
            if ball.is_finite():
                found[name] = Rounded(ball)
    return {**found, **_without_power(known)}


def _without_power(known: Known) -> dict[str, Any]:
    """The facts that do not exist, because the function or its slope is 0 almost everywhere."""
    courses = known.courses.get(0, ())
    if not courses or not all(course.is_flat for course in courses):
        return {}
    found: dict[str, Any] = {"critical_weight_variance": "none"}
    if all(course.ends[0] and compare_real(course.ends[0], ZERO_REAL) == 0 for course in courses):
        found |= {"gain": "none", "chi": "none"}
    return found


def _read_digits(digits: str) -> arb:
    if digits == "0":
        return enclose(fmpq(-1, 10**30), fmpq(1, 10**30))
    power = int(digits.partition("e")[2])
    half = fmpq(10) ** (power - _DIGITS) / 2
    value = from_decimal(digits)
    return enclose(value - half, value + half)


def mean_field(known: Known, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The facts about a deep network of the variances that were asked for."""
    wanted = [str(inputs.get(name, "")) for name in ("weight_variance", "bias_variance")]
    for part in known.fixed_points:
        problem, claim = part["problem"], part["claim"]
        if [problem["weight_variance"], problem["bias_variance"]] != wanted:
            continue
        found = {"fixed_point": _read(claim["point"])}
        if claim["chi"] is not None:
            found["chi_at_fixed_point"] = _read(claim["chi"])
            phase = _phase(known, found["chi_at_fixed_point"])
            if phase:
                found["phase"] = phase
        return found
    return {}


def _read(claimed: Any) -> Any:
    if isinstance(claimed, str):
        return claimed if claimed in ("every", "none") else _rational(claimed)
    return within(*map(read_rational, claimed))


def _rational(text: str) -> Real:
    return exactly(number(read_rational(text)))


def _phase(known: Known, chi: Any) -> str:
    if chi == "none":
        return "none"
    try:
        rows = known.joint_rows()
    except UndecidedError:
        return ""
    whole = known.joints is not None and known.joints["everywhere"]
    if not whole or any(row["jump"] for row in rows):
        return ""
    order = compare_real(chi, _rational("1"))
    return {None: "", -1: "ordered", 0: "edge", 1: "chaotic"}[order]


LAWS: Sequence[Callable[[Known, Mapping[str, Any]], dict[str, Any]]] = (moments, mean_field)
"""The rules that need what was asked, not only the function."""

LAW_FACTS = (*_MEANS, *_MADE, "fixed_point", "chi_at_fixed_point", "phase")
"""The names of the facts that these rules may give."""

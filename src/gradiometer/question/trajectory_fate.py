"""The facts about what becomes of a run for ever, where no state returns exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flint import fmpq

from gradiometer.formula import Interval, Number
from gradiometer.proof import Fate, Orbit
from gradiometer.question.answer import Fact, proved

_ENDLESS = ("converges", "diverges", "escapes")


def describe_fate(verdict: Fact, fate: Fate | None, reasons: Sequence[str]) -> dict[str, Fact]:
    """The facts about the verdict, the limit, the cycle and bounds, as far as a fate decides them.

    Args:
        verdict: What is said about the run without a fate: `unknown` and why.
        fate: What the checker has accepted, or None.
        reasons: Why each attempt to find one failed.
    """
    if fate is None:
        said = [verdict.because.rstrip("."), *reasons]
        return {"verdict": Fact("unknown", "unknown", "; ".join(dict.fromkeys(said)) + ".")}
    because = fate.because[0].upper() + fate.because[1:] + "."
    facts = {"verdict": proved(fate.word, because)}
    if fate.limit is not None:
        facts["limit"] = proved(fate.limit, "The point that the run converges to.")
    if fate.orbit is not None:
        facts["cycle"] = proved(_list_orbit(fate.orbit), because)
    elif fate.word in _ENDLESS:
        facts["cycle"] = proved("none", f"The run {fate.word}, so it has no cycle.")
    if fate.near is not None:
        why = "The run converges to a point in this interval."
        facts["limit_bounds"] = proved(_to_interval(fate.near), why)
    if fate.interval is not None:
        why = "No position of the run, now or later, lies outside."
        facts["bounds"] = proved(_to_interval(fate.interval), why)
    return facts


def _to_interval(ends: tuple[fmpq, fmpq]) -> Interval:
    return Interval(*map(Number, ends), lower_closed=True, upper_closed=True)


def _list_orbit(orbit: Orbit) -> dict[str, Any]:
    value: dict[str, Any] = {"period": orbit.period or len(orbit.points)}
    if orbit.points:
        value["points"] = list(orbit.points)
    if orbit.from_step is not None:
        value["from_step"] = orbit.from_step
    if orbit.multipliers is not None:
        value["multipliers"] = list(orbit.multipliers)
    return value

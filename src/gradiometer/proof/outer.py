"""Finds a distance outside which each step of a run goes further out, once floats blow up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Affine,
    Name,
    Node,
    Number,
    apply,
    compare,
    evaluate,
    precision,
    substitute,
    to_ball,
    to_float,
)
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check import check
from gradiometer.proof.check_outer import read_forms, require_rise
from gradiometer.proof.check_tangent import read_motion
from gradiometer.proof.check_walk import Replay
from gradiometer.proof.contraction_guess import REFUSALS, FloatPath, explain, round_short
from gradiometer.proof.fate import Fate
from gradiometer.proof.scene import Scene

_STEPS = 2000
_GROWTHS = ("10", "2", "11/10", "101/100")
_ORDERS = (1, 2, 3, 4, 6, 8, 12)
_POWERS = range(-20, 60)
"""Powers of 2 that are tried as distances."""
_SPARE, _MORE_SPARE, _LEAST_SPARE = 1.01, 1.05, 1.001
"""Factors by which numbers in floats have to be more than enough."""
_ROUNDS = 60
_WIDEST = 1e12
"""Bounds of the memory that are given up."""
_TINY, _SETTLED = 1e-9, 1 + 1e-9
"""What every bound is at least, and by what factor it may still grow when it has settled."""
_BITS = 160
_CLAIM = {"verdict": "diverges", "limit": None, "cycle": None, "interval": None}


def find_outer(scene: Scene) -> Fate:
    """The fate of a run that goes further out at each step, by a factor above 1.

    Raises:
        UndecidedError: If no distance is found outside which that holds.
    """
    settled_from, replay, path = scene.settled_from, scene.replay, scene.floats
    if settled_from is None:
        raise UndecidedError("the rule changes with the step count for ever")
    motion = read_motion(replay, settled_from)
    try:
        path.until(max(_STEPS, settled_from))
    except UndecidedError:
        pass
    else:
        raise UndecidedError("the run in float64 does not blow up")
    reason: Any = "the landscape does not grow fast enough on both sides"
    with precision(_BITS):
        forms = read_forms(motion)
        for growth in _GROWTHS:
            for evidence in _propose(replay, forms, path, settled_from, fmpq(*_parts(growth))):
                certificate = make_certificate(
                    "outer", problem=scene.problem, claim=_CLAIM, evidence=evidence
                )
                try:
                    check(certificate)
                except REFUSALS as error:
                    reason = explain(error)
                    continue
                because = (
                    f"from step {evidence['entry']} on the distance from 0 is at least "
                    f"{evidence['radius']} and grows at each step by a factor above 1"
                )
                return Fate("diverges", because, certificate, is_checked=True)
    raise UndecidedError(reason)


def _parts(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("/")))


def _propose(
    replay: Replay, forms: Mapping[str, Affine], path: FloatPath, settled: int, growth: fmpq
) -> Iterator[dict[str, Any]]:
    """Evidence for one factor of growth, the smallest distances first."""
    bounds = _bound_memory(forms, growth)
    if bounds is None:
        return
    need = to_float(growth) + _weigh(forms["x"], bounds)
    steep = round_short(_SPARE * need / abs(to_float(forms["x"].coefficients["g"])), 4)
    left = substitute(replay.pieces[0].slope, {"x": apply("neg", Name("x"))})
    weights = {name: str(round_short(bound, 5)) for name, bound in bounds.items()}
    for power in _POWERS:
        far = fmpq(2) ** power
        entry = _find_entry(path, settled, _LEAST_SPARE * to_float(far), bounds)
        if entry is None:
            return
        sides = (left, replay.pieces[-1].slope)
        orders = [_find_order(tree, far, steep) for tree in sides]
        if None not in orders:
            yield {
                "entry": entry, "bits": _BITS, "radius": str(far), "slope": str(steep),
                "weights": weights, "orders": orders,
            }  # fmt: skip


def _find_order(tree: Node, far: fmpq, steep: fmpq) -> int | None:
    """How many derivatives show that the slope is that steep from there on."""
    try:
        sign = compare(evaluate(tree, {"x": far}), fmpq(0))
        if sign * to_float(to_ball(evaluate(tree, {"x": far}))) < _MORE_SPARE * to_float(
            steep * far
        ):
            return None
        above = tree if sign > 0 else apply("neg", tree)
        line = apply("*", Number(steep), Name("x"))
    except REFUSALS:
        return None
    for order in _ORDERS:
        try:
            require_rise(apply("-", above, line), far, None, order)
        except REFUSALS:
            continue
        return order
    return None


def _find_entry(
    path: FloatPath, settled: int, far: float, bounds: Mapping[str, float]
) -> int | None:
    """The first step of the float run that is that far out with a memory within bounds."""
    for entry in range(settled, len(path.rows)):
        row = dict(zip(path.names, path.rows[entry], strict=True))
        place = abs(row["x"])
        if place >= far and all(_SPARE * abs(row[n]) <= b * place for n, b in bounds.items()):
            return entry
    return None


def _weigh(form: Affine, bounds: Mapping[str, float]) -> float:
    total = abs(to_float(form.coefficients.get("x", fmpq(0))))
    for name, bound in bounds.items():
        total += abs(to_float(form.coefficients.get(name, fmpq(0)))) * bound
    return total


def _bound_memory(forms: Mapping[str, Affine], growth: fmpq) -> dict[str, float] | None:
    """How large what is remembered is at most, as a multiple of the distance."""
    pull = abs(to_float(forms["x"].coefficients.get("g", fmpq(0))))
    bounds = {name: 0.0 for name in forms if name != "x"}
    if pull == 0:
        return None
    for _ in range(_ROUNDS):
        stay = _weigh(forms["x"], bounds)
        fresh = {}
        for name in bounds:
            share = abs(to_float(forms[name].coefficients.get("g", fmpq(0)))) / pull
            kept = _weigh(forms[name], bounds) + share * stay
            fresh[name] = _LEAST_SPARE * (kept / to_float(growth) + share) + _TINY
        if all(value <= bounds[name] * _SETTLED for name, value in fresh.items()):
            return {name: _LEAST_SPARE * value for name, value in fresh.items()}
        bounds = fresh
        if any(value > _WIDEST for value in bounds.values()):
            return None
    return None

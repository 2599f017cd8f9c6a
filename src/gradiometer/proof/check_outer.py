"""Replays the certificate that a run diverges: outside some distance each step goes further out.

The rule is affine in the position x, in what it remembers w and in the slope g:
`x' = a*x + sum b_i*w_i + e*g + k` and `w_i' = p*x + sum r_j*w_j + s*g + l`. Where `|x| >= R`,
`|g| >= K*|x|` and `|w_i| <= k_i*|x|` hold, the new position is at least `c` times as far out with
`c = |e|*K - |a| - sum |b_i|*k_i - |k|/R`. Since `|e*g| <= |x'| + (|a| + sum |b_i|*k_i + |k|/R)*|x|`
and `|x| <= |x'|/c`, each `|w_i'|` is at most a known multiple of `|x'|`. If that is `k_i` again,
the same holds at the next step, and for ever: `|x|` grows at least like `c^t`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flint import fmpq

from gradiometer.formula import (
    ZERO,
    Affine,
    Name,
    Node,
    Number,
    Range,
    apply,
    compare,
    differentiate,
    evaluate,
    evaluate_range,
    precision,
    substitute,
    to_affine,
)
from gradiometer.proof.check_contraction_read import MOST_STEPS
from gradiometer.proof.check_entry import enclose_run
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_frozen import reads_step
from gradiometer.proof.check_tangent import Motion, read_motion
from gradiometer.proof.check_total import require_values
from gradiometer.proof.check_walk import Replay, read_replay

_ZERO, _ONE = fmpq(0), fmpq(1)
_MOST_ORDER = 40


def check_outer(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that a run diverges, or raise `CertificateError`."""
    require(
        fields(claim, "verdict", "limit", "cycle", "interval") == ["diverges", None, None, None],
        "What is shown is that the run diverges.",
    )
    entry, bits, radius, slope, weights, orders = fields(
        evidence, "entry", "bits", "radius", "slope", "weights", "orders"
    )
    require(type(entry) is int and 0 <= entry <= MOST_STEPS, "`entry` is no step count.")
    require(type(bits) is int and 53 <= bits <= 20_000, "`bits` is no precision.")
    replay = read_replay(problem)
    far, steep = read_rational(radius), read_rational(slope)
    require(far > 0 and steep > 0, "The distance and the slope must be positive.")
    require(isinstance(weights, Mapping), "`weights` is no table.")
    bounds = {name: read_rational(text) for name, text in weights.items()}
    require(isinstance(orders, list) and len(orders) == 2, "`orders` has two entries.")
    with precision(bits):
        motion = read_motion(replay, entry)
        rests = set(replay.rates.rows) <= set(replay.rates.resting(entry))
        require(rests and not reads_step(motion), "The rule still changes with the step count.")
        require(set(bounds) == set(motion.names[1:]), "The state has other names.")
        require_growth(motion, far, steep, bounds)
        _require_steep(replay, far, steep, orders)
        _require_entry(replay, entry, bits, far, bounds)


def require_growth(motion: Motion, far: fmpq, steep: fmpq, bounds: Mapping[str, fmpq]) -> None:
    """Refuse unless each step goes further out and keeps the bounds of what is remembered."""
    forms = read_forms(motion)
    here = forms["x"]
    pull = abs(here.coefficients.get("g", _ZERO))
    stay = _weigh(here, bounds, far)
    growth = pull * steep - stay
    require(compare(growth, _ONE) > 0, "A step may come nearer.")
    for name, bound in bounds.items():
        form = forms[name]
        share = abs(form.coefficients.get("g", _ZERO)) / pull
        most = _weigh(form, bounds, far) / growth + share * (1 + stay / growth)
        require(compare(most, bound) <= 0, f"`{name}` may grow faster than the position.")


def read_forms(motion: Motion) -> dict[str, Affine]:
    """The new value of each name as an affine form of the state and the slope.

    Raises:
        UndecidedError: If it is none.
    """
    forms = {name: Affine(_ZERO, {name: _ONE}) for name in (*motion.names, "g")}
    for row in motion.pieces[0]:
        if row.target not in ("g", "loss"):
            forms[row.target] = to_affine(row.tree, forms, motion.values)
    return {name: forms[f"{name}'"] for name in motion.names}


def _weigh(form: Affine, bounds: Mapping[str, fmpq], far: fmpq) -> Any:
    """What all but the slope adds at most, as a multiple of the distance."""
    total = abs(form.coefficients.get("x", _ZERO)) + abs(form.constant) / far
    for name, bound in bounds.items():
        total = total + abs(form.coefficients.get(name, _ZERO)) * bound
    return total


def _require_steep(replay: Replay, far: fmpq, steep: fmpq, orders: list[Any]) -> None:
    """Refuse unless the slope is at least *steep* times the distance on both sides."""
    ends = replay.ends({})
    for end in ends[:-1]:
        inside = compare(end, far) < 0 and compare(end, -far) > 0
        require(inside, "A joint lies outside.")
    outer = ((replay.pieces[0], Range(None, -far)), (replay.pieces[-1], Range(far, None)))
    require_values(outer)
    left = substitute(replay.pieces[0].slope, {"x": apply("neg", Name("x"))})
    for tree, order in zip((left, replay.pieces[-1].slope), orders, strict=True):
        require(type(order) is int and 0 <= order <= _MOST_ORDER, "An order is no whole number.")
        sign = compare(evaluate(tree, {"x": far}), _ZERO)
        require(sign != 0, "The slope is zero there.")
        outward = tree if sign > 0 else apply("neg", tree)
        line = apply("*", Number(steep), Name("x"))
        require_rise(apply("-", outward, line), far, None, order)


def require_rise(tree: Node, lower: fmpq, upper: fmpq | None, order: int) -> None:
    """Refuse unless the formula is at least 0 from *lower* to *upper*, or to infinity.

    So it is when it and its derivatives below *order* are at least 0 at the lower end, and the
    derivative of that order everywhere.
    """
    for _ in range(order):
        require(compare(evaluate(tree, {"x": lower}), _ZERO) >= 0, "A derivative is negative.")
        tree = differentiate(tree, "x")
    if tree == ZERO:
        return
    span = evaluate_range(tree, {"x": Range(lower, upper)})
    low = span.lower
    require(low is not None and compare(low, _ZERO) >= 0, "The last derivative may be negative.")


def _require_entry(
    replay: Replay, entry: int, bits: int, far: fmpq, bounds: Mapping[str, fmpq]
) -> None:
    cloud = enclose_run(replay, entry, bits=bits)
    box = dict(zip(cloud.names, cloud.box(), strict=True))
    away = abs(box["x"])
    require(compare(away, far) >= 0, "The run is not far out by then.")
    for name, bound in bounds.items():
        require(compare(abs(box[name]), bound * away) <= 0, f"`{name}` is too large by then.")

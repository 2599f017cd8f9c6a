"""Facts about a deep network of the function: which variance its layers keep, and its phase."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import GradiometerError, Place, UndecidedError, UsageError
from gradiometer.formula import (
    Node,
    Number,
    cancel,
    differentiate,
    evaluate,
    number,
    parse_number,
    precision,
    substitute,
    tidy,
    to_ball,
    to_rational_text,
)
from gradiometer.proof import (
    Ground,
    Mean,
    Shape,
    check,
    estimate_moment,
    find_moment,
    is_only_rest,
    lay_ground,
    prove_between,
    prove_line,
    prove_rest,
)
from gradiometer.question.activation_crossing import GRID, find_crossing, narrow_crossing
from gradiometer.question.answer import Fact, computed, proved, unknown

MEAN_FIELD_FACTS = ("fixed_point", "chi_at_fixed_point", "phase")
"""The facts about a deep network, in reading order."""

_DEEP = "at infinite width, at initialisation"
_BITS = 160
_WIDTHS = (fmpq(1, 10**12), fmpq(1, 10**10))
"""Widths of a bracket, as shares of the fixed point."""
_NO_POINT = "There is no fixed point."


@final
@dataclass(frozen=True)
class Deep:
    """The variances from which a deep network is drawn."""

    weight: fmpq
    """The variance of a weight times the width of its layer."""
    bias: fmpq


def read_deep(weight: Any, bias: Any) -> Deep | None:
    """The two variances; None when neither is given.

    Raises:
        UsageError: If only one is given, or one is out of its domain.
    """
    if weight is None and bias is None:
        return None
    if weight is None or bias is None:
        missing = "weight_variance" if weight is None else "bias_variance"
        raise UsageError(
            f"`{missing}` is missing: the weights and the biases go together.",
            hint="write both, such as --weight-variance 2 --bias-variance 0",
        )
    numbers = [
        parse_number(str(value), place=Place(name))
        for name, value in (("weight_variance", weight), ("bias_variance", bias))
    ]
    if numbers[0] <= 0:
        raise UsageError("`weight_variance` must be positive.", place=Place("weight_variance"))
    if numbers[1] < 0:
        raise UsageError("`bias_variance` must not be negative.", place=Place("bias_variance"))
    return Deep(*numbers)


def list_mean_field(
    shape: Shape, tree: Node, deep: Deep
) -> tuple[dict[str, Fact], list[Mapping[str, Any]]]:
    """What becomes of the variance of z and of gradients after many layers, and certificates."""
    layer = _Layer(shape, tree, deep)
    try:
        rows = _describe(layer)
    except (UndecidedError, GradiometerError, ArithmeticError) as error:
        rows = (unknown(f"Not decided: {error}."),) * len(MEAN_FIELD_FACTS)
    return dict(zip(MEAN_FIELD_FACTS, rows, strict=True)), layer.parts


def _describe(layer: _Layer) -> tuple[Fact, ...]:
    share = layer.share
    if share is not None:
        return _follow_line(layer, share)
    bracket, is_settling = find_crossing(layer.estimate)
    if bracket is None or not is_settling:
        rests = _rest_at_zero(layer)
        if rests is not None:
            return rests
    if bracket is None:
        raise UndecidedError(f"no fixed point was found from {GRID[0]:g} to {GRID[-1]:g}")
    return _certify(layer, narrow_crossing(layer.estimate, *bracket))


@final
@dataclass
class _Layer:
    """One layer: what it makes of the variance q of its input."""

    shape: Shape
    tree: Node
    deep: Deep
    parts: list[Mapping[str, Any]] = field(default_factory=list)
    """The certificate of the fixed point, where one was found and accepted."""
    digits: dict[tuple[Mean, fmpq], str] = field(default_factory=dict)
    """The certified digits of each mean."""

    def prove(self, make: Callable[[Ground], dict[str, Any]]) -> None:
        """Keep the certificate, if the checker accepts it."""
        try:
            part = make(lay_ground(self.tree, self.shape))
            check(part)
        except (UndecidedError, GradiometerError, ArithmeticError):
            return
        self.parts.append(part)

    def find(self, of: Mean, variance: fmpq) -> fmpq | arb:
        """The certified mean.

        Raises:
            UndecidedError: If it is not certified.
        """
        try:
            found = find_moment(self.shape, self.tree, of, variance=variance)
        except UndecidedError:
            raise
        except (GradiometerError, ArithmeticError) as error:
            raise UndecidedError(f"the integral cannot be taken ({error})") from None
        self.digits[of, variance] = found.certificate["claim"]["digits"]
        if isinstance(found.value, fmpq | arb):
            return found.value
        with precision(_BITS):
            return to_ball(evaluate(found.value, {}))

    def surplus(self, variance: fmpq) -> arb:
        """F(q), certified: the variance after the layer less the one before it."""
        square = self.find("square", variance)
        with precision(_BITS):
            return to_ball(square) * self.deep.weight + to_ball(self.deep.bias - variance)

    def estimate(self, variance: float) -> float:
        """F(q) in floating point."""
        found = estimate_moment(self.shape, "square", variance=_to_rational(variance))
        return float(found) * _to_float(self.deep.weight) + _to_float(self.deep.bias) - variance

    @cached_property
    def share(self) -> fmpq | None:
        """E f(z)^2/q where that is the same for every q: a line on either side of 0."""
        sections = self.shape.sections
        inner = [section.open.lower for section in sections[1:]]
        outer = [sections[0].open.lower, sections[-1].open.upper]
        if outer != [None, None] or inner not in ([], [number(0)]):
            return None
        if inner and sections[0].open.upper != number(0):
            return None
        rates: list[fmpq] = []
        for section in sections:
            rate = _settle(section.slope)
            bottom = {section.variable: number(0)}
            if rate is None or _settle(substitute(section.piece.formula, bottom)) != 0:
                return None
            rates.append(rate)
        # Without biases q = 0 comes into play, and there only the value at 0 counts.
        if self.deep.bias == 0 and not self.rests:
            return None
        return (rates[0] ** 2 + rates[-1] ** 2) / 2

    @cached_property
    def rests(self) -> bool:
        """Whether f(0) = 0."""
        function = self.shape.function
        try:
            here = function.piece_at(fmpq(0)).formula
        except (UndecidedError, GradiometerError):
            return False
        return _settle(substitute(here, {function.variable: number(0)})) == 0


def _follow_line(layer: _Layer, share: fmpq) -> tuple[Fact, ...]:
    """The facts where a layer makes weight*share*q + bias of q."""
    chi, bias = layer.deep.weight * share, layer.deep.bias
    made = f"{chi}*q + {bias}" if bias else f"{chi}*q"
    line = f"f is a line on either side of 0, so a layer makes {made} of q, {_DEEP}"
    if bias == 0 and chi == 1:
        point = proved("every", f"{line}: it keeps every q.")
    elif bias == 0:
        word = "shrinks" if chi < 1 else "grows"
        point = proved(fmpq(0), f"{line}: every q > 0 {word}, so only q = 0 is kept.")
    elif chi < 1:
        point = proved(bias / (1 - chi), f"{line}: it keeps this q and no other.")
    else:
        nothing = proved("none", f"{line}: every q grows, so there is no fixed point.")
        _prove_line(layer, "none", "none")
        return nothing, proved("none", _NO_POINT), proved("none", _NO_POINT)
    because = f"The weight variance times E f'(z)^2 = {share}, the same for every q > 0, {_DEEP}."
    _prove_line(layer, point.value, chi)
    return point, proved(chi, because), _name_phase(layer, chi)


def _prove_line(layer: _Layer, point: fmpq | str, chi: fmpq | str) -> None:
    deep = layer.deep
    layer.prove(lambda ground: prove_line(ground, deep.weight, deep.bias, point=point, chi=chi))


def _rest_at_zero(layer: _Layer) -> tuple[Fact, ...] | None:
    """The facts at q = 0, where that is a fixed point; else None."""
    function, weight = layer.shape.function, layer.deep.weight
    bottom = {function.variable: number(0)}
    if layer.deep.bias != 0 or not layer.rests:
        return None
    try:
        sides = [function.piece_at(fmpq(0), side).formula for side in ("left", "right")]
    except (UndecidedError, GradiometerError):
        return None
    # Equal slopes of two sides are a derivative only where the function does not jump.
    jumps = any(_settle(substitute(side, bottom)) != 0 for side in sides)
    because = f"f(0) = 0 and there are no biases, so q = 0 is a fixed point, {_DEEP}."
    point = proved(fmpq(0), f"{because} {_say_whether_only(layer)}")
    slopes = [_settle(substitute(differentiate(side, function.variable), bottom)) for side in sides]
    if jumps or slopes[0] is None or slopes[0] != slopes[1]:
        reason = unknown("Not decided: f has no derivative at 0, or none that is a rational.")
        layer.prove(lambda ground: prove_rest(ground, weight, chi=None))
        return point, reason, reason
    chi = weight * slopes[0] ** 2
    layer.prove(lambda ground: prove_rest(ground, weight, chi=chi))
    return (
        point,
        proved(chi, f"{weight}*f'(0)^2, as z = 0 there, {_DEEP}."),
        _name_phase(layer, chi),
    )


def _say_whether_only(layer: _Layer) -> str:
    if is_only_rest(layer.shape, layer.deep.weight):
        return "It is the only one: |f(x)| <= L*|x| makes every q > 0 shrink."
    return "That there is no other is not claimed."


def _certify(layer: _Layer, point: float) -> tuple[Fact, ...]:
    """The facts about a fixed point near that number."""
    middle = _to_rational(point)
    for width in _WIDTHS:
        low, high = middle * (1 - width), middle * (1 + width)
        # The density of N(0, q) is at most sqrt(high/low) times that of N(0, high), so E f(z)^2
        # is finite in between and, by dominated convergence, continuous in q.
        try:
            is_between = layer.surplus(low) * layer.surplus(high) < 0
        except UndecidedError:
            is_between = False
        if is_between:
            return _prove_between(layer, low, high)
    chi = float(estimate_moment(layer.shape, "slope_square", variance=middle))
    chi *= _to_float(layer.deep.weight)
    return (
        computed(point, f"A layer keeps this q in floating point, {_DEEP}."),
        computed(chi, f"The weight variance times E f'(z)^2 in floating point, {_DEEP}."),
        unknown("Not decided: the fixed point is not certified."),
    )


def _prove_between(layer: _Layer, low: fmpq, high: fmpq) -> tuple[Fact, ...]:
    """The facts about a fixed point that certainly lies between these variances."""
    with precision(_BITS):
        between = arb(low).union(arb(high))
    point = proved(
        between,
        "At least one fixed point is this number, up to a share of 1e-10: what a layer makes of q "
        "is continuous in q, more than q on one side, less on the other, by certified integrals. "
        f"That there is no other is not claimed. This holds {_DEEP}.",
    )
    try:
        ends = [layer.find("slope_square", variance) for variance in (low, high)]
    except UndecidedError as error:
        reason = unknown(f"Not decided: {error}.")
        _prove_bracket(layer, low, high, None)
        return point, reason, reason
    weight = layer.deep.weight
    is_flat = all(isinstance(end, fmpq) and end == 0 for end in ends)
    with precision(_BITS):
        stretch = arb(high / low).sqrt()
        chi = (to_ball(ends[0]) / stretch * weight).union(to_ball(ends[1]) * stretch * weight)
    _prove_bracket(layer, low, high, None if is_flat else chi)
    because = (
        "The weight variance times E f'(z)^2, bounded for all q of the bracket by its certified "
        f"values at both ends: the normal densities differ by a known factor, {_DEEP}."
    )
    return point, proved(fmpq(0) if is_flat else chi, because), _name_phase(layer, chi)


def _prove_bracket(layer: _Layer, low: fmpq, high: fmpq, chi: arb | None) -> None:
    names: tuple[Mean, ...] = ("square",) if chi is None else ("square", "slope_square")
    digits: dict[str, list[str]] = {
        name: [layer.digits[name, variance] for variance in (low, high)] for name in names
    }
    deep = layer.deep
    layer.prove(
        lambda ground: prove_between(
            ground, deep.weight, deep.bias, between=(low, high), chi=chi, digits=digits
        )
    )


def _name_phase(layer: _Layer, chi: fmpq | arb) -> Fact:
    try:
        if not layer.shape.is_continuous():
            return unknown("Not decided: at a jump chi says nothing of how inputs come apart.")
    except UndecidedError as error:
        return unknown(f"Not decided: {error}.")
    where = f"at the fixed point, {_DEEP}"
    if chi < 1:
        return proved("ordered", f"chi < 1 {where}: gradients shrink.")
    if chi > 1:
        return proved("chaotic", f"chi > 1 {where}: gradients grow.")
    if isinstance(chi, fmpq):
        return proved("edge", f"chi = 1 exactly {where}: gradients keep their size.")
    return unknown("Not decided: the enclosure of chi holds 1.")


def _settle(node: Node) -> fmpq | None:
    """The rational that the formula is; None where it is none, or that is not known."""
    try:
        found = tidy(cancel(node))
    except (UndecidedError, GradiometerError, ArithmeticError):
        return None
    return found.value if isinstance(found, Number) else None


def _to_rational(value: float) -> fmpq:
    return fmpq(*Decimal(repr(value)).as_integer_ratio())


def _to_float(value: fmpq) -> float:
    return int(value.p) / int(value.q)


def describe_deep(deep: Deep | None) -> dict[str, str]:
    """The inputs as an answer repeats them."""
    if deep is None:
        return {}
    weight, bias = to_rational_text(deep.weight), to_rational_text(deep.bias)
    return {"weight_variance": weight, "bias_variance": bias}

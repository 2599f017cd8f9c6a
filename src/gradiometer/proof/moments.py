"""Means over a normal number: of a function, its square, the square of its slope, its dead part.

Polynomial pieces are integrated in closed form. The others are integrated numerically, far enough
out by sampling; the checker then integrates again, with proved bounds, and its word decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, TypeAlias, final

from flint import acb, arb, ctx, fmpq

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import (
    ONE,
    Interval,
    Name,
    Node,
    Number,
    apply,
    compile_analytic,
    evaluate,
    from_decimal,
    is_zero,
    number,
    precision,
    substitute,
    tidy,
    to_ball,
    to_rational_text,
    to_text,
)
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check import check
from gradiometer.proof.moments_exact import find_exact
from gradiometer.proof.shape import Section, Shape
from gradiometer.proof.shape_range import find_dead

Mean: TypeAlias = Literal["value", "square", "slope_square", "dead"]
Part: TypeAlias = tuple[Interval, Node]

_DIGITS = 30
_BITS = (122, 256, 448)
_ESTIMATE_BITS = 80
_ENOUGH_BITS = 112
"""Certain bits before 30 digits are written: a few more than they need."""
_MOST_EVALUATIONS = 8_000
_LONGEST = 60
"""Characters of a constant formula that is still shown as one."""
_DEVIATIONS = (12, 13, 14, 17, 21, 26, 32, 40, 50)


@final
@dataclass(frozen=True)
class Moment:
    """One mean, with its proof."""

    value: fmpq | arb | Node
    """A rational or a constant formula where exact algebra finds one, else a ball of 30 digits."""
    certificate: dict[str, Any]


def find_moment(shape: Shape, tree: Node, of: Mean, *, variance: fmpq) -> Moment:
    """The mean over z with the normal law of mean 0 and that variance.

    Args:
        shape: The function by pieces.
        tree: The formula of the function, for the certificate.
        of: What is averaged: f(z), its square, the square of its slope, or 1 where the slope is 0
            throughout.
        variance: The variance of z.

    Raises:
        UndecidedError: If the mean does not exist, or 30 digits of it cannot be certified.
    """
    if not _is_almost_everywhere(shape):
        raise UndecidedError("the function has no value on a whole stretch")
    parts = _list_parts(shape, of)
    exact = find_exact(parts, shape.function.variable, variance)
    if exact is None and of == "value" and is_odd(shape):
        exact = number(0)
    digits = _find_digits(exact, parts, shape.function.variable, variance)
    certificate = make_certificate(
        "moment",
        problem={"formula": to_text(tree), "of": of, "variance": to_rational_text(variance)},
        claim={"digits": digits},
    )
    try:
        check(certificate)
    except CertificateError as error:
        problem = error.problem.rstrip(".")
        raise UndecidedError(problem[:1].lower() + problem[1:]) from None
    if isinstance(exact, Number):
        return Moment(exact.value, certificate)
    return Moment(_read(digits) if exact is None or _is_long(exact) else exact, certificate)


def estimate_moment(shape: Shape, of: Mean, *, variance: fmpq) -> arb:
    """The mean as `find_moment` computes it, to float precision and without a certificate.

    Raises:
        UndecidedError: If the integral is not finite, or samples do not say where it ends.
    """
    if not _is_almost_everywhere(shape):
        raise UndecidedError("the function has no value on a whole stretch")
    parts = _list_parts(shape, of)
    with precision(_ESTIMATE_BITS):
        exact = find_exact(parts, shape.function.variable, variance)
        if exact is not None:
            return to_ball(evaluate(exact, {}))
        value = sum((_integrate(part, shape.function.variable, variance) for part in parts), arb(0))
        if not value.is_finite() or value.rad() > arb(2) ** -40 * (1 + abs(value)):
            raise UndecidedError("the integral is not finite, or no enclosure of it is found")
        return value


def is_odd(shape: Shape) -> bool:
    """Whether f(-x) = -f(x) certainly holds except at single points."""
    variable = shape.function.variable
    mirror = {variable: apply("neg", Name(variable))}
    sections = shape.sections
    if any(a.open.lower is None and a.open.upper is None for a in sections[1:]):
        return False
    try:
        return all(
            _are_opposite(left.open.lower, right.open.upper)
            and is_zero(apply("+", left.piece.formula, substitute(right.piece.formula, mirror)))
            for left, right in zip(sections, reversed(sections), strict=True)
        )
    except UndecidedError:
        return False


def _are_opposite(left: Node | None, right: Node | None) -> bool:
    if left is None or right is None:
        return left is right
    return is_zero(apply("+", left, right))


def _is_almost_everywhere(shape: Shape) -> bool:
    """Whether the function has a value except at single points."""
    sections = shape.sections
    if not sections or sections[0].open.lower is not None or sections[-1].open.upper is not None:
        return False
    return all(left.open.upper == right.open.lower for left, right in pairwise(sections))


def _list_parts(shape: Shape, of: Mean) -> list[Part]:
    if of == "dead":
        return [(Interval(on.lower, on.upper), ONE) for on in find_dead(shape)]
    return [(section.open, _integrand(section, of)) for section in shape.sections]


def _integrand(section: Section, of: Mean) -> Node:
    node = section.slope if of == "slope_square" else section.piece.formula
    return node if of == "value" else tidy(apply("^", node, number(2)))


def _find_digits(exact: Node | None, parts: Sequence[Part], variable: str, variance: fmpq) -> str:
    """Thirty digits of the mean as a certificate writes them."""
    if isinstance(exact, Number):
        return to_digits(arb(exact.value), exact.value)
    value = arb(0)
    for bits in _BITS:
        with precision(bits):
            if exact is not None:
                value = to_ball(evaluate(exact, {}))
            else:
                value = sum((_integrate(p, variable, variance) for p in parts), arb(0))
            # More bits help against cancellation only, not where an integral does not settle.
            if not value.is_finite() or value.rad() > arb(2) ** (-bits // 2) * (1 + abs(value)):
                raise UndecidedError("the integral is not finite, or no enclosure of it is found")
            if value.rel_accuracy_bits() >= _ENOUGH_BITS:
                return to_digits(value)
    if value.contains(0) and value.abs_upper() < arb(10) ** -_DIGITS:
        return "0"
    raise UndecidedError("the enclosure of the integral stays too wide")


def to_digits(value: arb, exact: fmpq | None = None) -> str:
    """The number with thirty significant digits, such as `3.98…e-1`; `0` for zero."""
    if exact == 0:
        return "0"
    with precision(256):
        ball = value if exact is None else arb(exact)
        middle, _, exponent = ball.mid_rad_10exp(_DIGITS + 6)
    digits, shift = str(abs(int(middle))), int(exponent)
    whole = int(digits)
    extra = len(digits) - _DIGITS
    if extra > 0:
        whole, shift = (whole + 10**extra // 2) // 10**extra, shift + extra
    elif extra < 0:
        whole, shift = whole * 10**-extra, shift + extra
    if whole == 10**_DIGITS:
        whole, shift = whole // 10, shift + 1
    text, sign = str(whole), "-" if middle < 0 else ""
    return f"{sign}{text[0]}.{text[1:]}e{shift + _DIGITS - 1}"


def _read(digits: str) -> arb:
    """The ball of all numbers with these digits."""
    if digits == "0":
        return arb(0, arb(10) ** -_DIGITS)
    power = int(digits.partition("e")[2])
    with precision(256):
        half = arb(fmpq(10) ** (power - _DIGITS + 1) / 2)
        return arb(from_decimal(digits)) + arb(0, half.abs_upper())


def _is_long(node: Node) -> bool:
    return len(to_text(node)) > _LONGEST


def _integrate(part: Part, variable: str, variance: fmpq) -> arb:
    """The integral of one piece against the normal law, as far out as samples say it matters."""
    on, formula = part
    run = compile_analytic(formula, variable)
    rate, scale = arb(-1 / (2 * variance)), (2 * arb(variance) * arb.pi()).sqrt()

    def weigh(point: acb, analytic: bool) -> acb:
        return run(point, analytic) * (point * point * rate).exp() / scale

    lower, upper = (
        None if end is None else to_ball(evaluate(end, {})) for end in (on.lower, on.upper)
    )
    least = max((abs(e).abs_upper() for e in (lower, upper) if e is not None), default=arb(0))
    low = lower if lower is not None else -_far_end(weigh, -1, least, variance)
    high = upper if upper is not None else _far_end(weigh, 1, least, variance)
    return acb.integral(weigh, low, high, eval_limit=_MOST_EVALUATIONS).real


def _far_end(weigh: Any, side: int, least: arb, variance: fmpq) -> arb:
    """A point beyond which samples of the integrand are too small to matter."""
    deviation = arb(variance).sqrt()
    tiny = arb(2) ** -ctx.prec
    for count in _DEVIATIONS:
        end = (least + deviation).max(deviation * count)
        samples = (weigh(acb(side * end * stretch), False) for stretch in (1, fmpq(5, 4), 2))
        if all(sample.is_finite() and abs(sample) * end < tiny for sample in samples):
            return end
    raise UndecidedError("the integrand does not die out far from 0")

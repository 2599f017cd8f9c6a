"""The exact sign of a quotient of polynomials in x, or in e^(r*x): roots of factors in balls."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar, final

from flint import arb, fmpq, fmpq_poly

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Generator,
    Interval,
    Name,
    Node,
    Number,
    apply,
    cancel,
    compare,
    evaluate,
    free_names,
    number,
    precision,
    to_ball,
    to_ratio,
    to_ratios,
    to_text,
    univariate,
)
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_formula import check_sign
from gradiometer.proof.identity import accept, check_names, list_generators, spell_formula

_LADDER = (128, 512, 2048)
_MOST_DEGREE = 80
_Result = TypeVar("_Result")

SIGNS = {
    "<": frozenset({"negative"}),
    "<=": frozenset({"negative", "nonpositive", "zero"}),
    ">": frozenset({"positive"}),
    ">=": frozenset({"positive", "nonnegative", "zero"}),
    "==": frozenset({"zero"}),
    "!=": frozenset({"positive", "negative"}),
}
"""The words for a sign from which each relation with 0 follows."""


@final
@dataclass(frozen=True)
class SignResult:
    """The sign of a formula on an interval, wherever it has a value there."""

    sign: str
    """`positive`, `negative`, `zero`, `nonnegative`, `nonpositive` or `mixed`; the words with
    `non` only when there is a zero."""
    zeros: tuple[Node, ...] | None
    """The zeros in the interval from left to right when each is a rational number, or the
    logarithm of one divided by a rational; None when one is not, or all numbers are zeros."""
    certificate: dict[str, Any]


def prove_sign(node: Node, variable: str, on: Interval, relation: str) -> dict[str, Any] | None:
    """The certificate that `node relation 0` holds on the interval; None when it fails.

    Raises:
        UndecidedError: As for `sign_on`.

    Example:
        >>> from gradiometer.formula import REALS, parse
        >>> prove_sign(parse("x^2 - x + 1").tree, "x", REALS, ">")["claim"]
        {'sign': 'positive'}
    """
    found = sign_on(node, variable, on)
    return found.certificate if found.sign in SIGNS[relation] else None


def sign_on(node: Node, variable: str, on: Interval) -> SignResult:
    """The sign of a formula on an interval, ends included where the interval is closed.

    Raises:
        UndecidedError: If the formula is no quotient of polynomials in the variable or in
            e^(r*x), has a pole in the interval, or a ball stays too wide.

    Example:
        >>> from gradiometer.formula import REALS, parse
        >>> sign_on(parse("tanh(x)").tree, "x", REALS).sign
        'mixed'
    """
    check_names(node)
    if variable not in free_names(node):
        return _constant_sign(node, variable, on)
    line = _read(node, variable, on)
    if line.has_root(line.bottom):
        raise UndecidedError("the formula has a pole in the interval")
    word = _word(line)
    certificate = make_certificate(
        "sign",
        problem=_problem(node, variable, on),
        claim={"sign": word},
        evidence=_spell_line(line),
    )
    accept(check_sign, certificate)
    return SignResult(word, _zeros(line, variable), certificate)


def show_sign(node: Node, variable: str, on: Interval) -> dict[str, Any]:
    """The evidence from which the checker reads the sign, which is known before.

    Raises:
        UndecidedError: If the formula is no quotient of polynomials in the variable or in
            e^(r*x).
    """
    check_names(node)
    return _spell_line(_read(node, variable, on)) if variable in free_names(node) else {}


def _spell_line(line: _Line) -> dict[str, Any]:
    return {
        "generators": line.generators,
        "generator": line.spelled,
        "numerator": _spell(line.top),
        "denominator": _spell(line.bottom),
    }


@final
@dataclass(frozen=True)
class _Line:
    """The formula in its generator, and where the generator runs."""

    top: fmpq_poly
    bottom: fmpq_poly
    rate: fmpq | None
    """The r of e^(r*x); None when the generator is the variable."""
    spelled: str
    generators: list[str]
    ends: tuple[Node | None, Node | None]
    """In the generator; None where infinite."""
    on: Interval

    def has_root(self, polynomial: fmpq_poly, *, inside: bool = False, odd: bool = False) -> bool:
        """Whether a root lies in the interval, or in its inside, or one where the sign changes."""
        return any(
            not (odd and times % 2 == 0) and self._is_in(root, inside=inside)
            for root, times in _roots(polynomial)
        )

    def roots(self, polynomial: fmpq_poly) -> list[_Root]:
        """The different roots in the interval."""
        return [root for root, _ in _roots(polynomial) if self._is_in(root, inside=False)]

    def _is_in(self, root: _Root, *, inside: bool) -> bool:
        lower, upper = self.ends
        above = 1 if lower is None else root.compare(lower)
        below = -1 if upper is None else root.compare(upper)
        left = above > 0 or (above == 0 and self.on.lower_closed and not inside)
        right = below < 0 or (below == 0 and self.on.upper_closed and not inside)
        return left and right


@final
@dataclass(frozen=True)
class _Root:
    """One real root of an irreducible polynomial."""

    factor: fmpq_poly
    place: int
    """Its place among the real roots of the factor, from the left."""

    @property
    def exact(self) -> fmpq | None:
        """The rational root of a linear factor."""
        return -self.factor[0] / self.factor[1] if self.factor.degree() == 1 else None

    def ball(self) -> arb:
        """An enclosure at the current precision."""
        return _real_roots(self.factor)[self.place]

    def compare(self, end: Node) -> int:
        """-1, 0 or 1 as the root is left of the end, on it or right of it."""
        if isinstance(end, Number) and self.exact is not None:
            return compare(self.exact, end.value)
        with precision(_LADDER[0]), suppress(UndecidedError):
            # Balls that lie apart spare the algebra.
            return compare(self.ball(), to_ball(evaluate(end, {})))
        if self._holds(end):
            # One root only is the end: the one whose ball still meets it at high precision.
            with precision(_LADDER[-1]):
                if (self.ball() - to_ball(evaluate(end, {}))).contains(0):
                    return 0
        return _settled(lambda: compare(self.ball(), to_ball(evaluate(end, {}))))

    def _holds(self, end: Node) -> bool:
        """Whether the factor is proved to be 0 at the end."""
        total: Node = number(0)
        for coefficient in reversed(self.factor.coeffs()):
            total = apply("+", apply("*", total, end), number(coefficient))
        return to_ratio(total).is_zero()


def _read(node: Node, variable: str, on: Interval) -> _Line:
    first = to_ratio(node)
    rate = _rate(first.generators[first.used()[0]], variable) if len(first.used()) == 1 else None
    ends = [
        end if end is None or rate is None else _power(end, rate) for end in (on.lower, on.upper)
    ]
    # Read again with the ends: the checker needs the logarithms in them among the generators.
    ratio, *_ = to_ratios(node, *(end for end in ends if end is not None))
    found = univariate(ratio)
    if found is None:
        if ratio.constant() is None:
            raise UndecidedError("the formula is no quotient of polynomials in one term")
        found = (ratio.generators[0], *(fmpq_poly([p]) for p in (ratio.constant() or 0, 1)))
        rate = None
    generator, top, bottom = found
    if rate is None and generator.node != Name(variable) and top.degree() + bottom.degree() > 0:
        raise UndecidedError("the formula is no quotient of polynomials in x or in e^(r*x)")
    if top.degree() + bottom.degree() > _MOST_DEGREE:
        raise UndecidedError(f"the sign of polynomials of degree above {_MOST_DEGREE}")
    if rate is not None and ends[0] is None:
        ends[0] = number(0)
    known = [end if end is None else _known(end) for end in ends]
    spelled = variable if rate is None else spell_formula(generator.node)
    needed = (node, *(end for end in ends if end is not None))
    if rate is not None:
        needed += (generator.node,)
    listed = list_generators(ratio, *needed)
    return _Line(top, bottom, rate, spelled, listed, (known[0], known[1]), on)


def _rate(generator: Generator, variable: str) -> fmpq | None:
    """The r of a generator e^(r*x)."""
    node = generator.node
    if generator.kind != "exponential" or free_names(node) != {variable}:
        return None
    quotient = to_ratio(apply("/", apply("ln", node), Name(variable)))
    rate = quotient.constant()
    return rate if rate is not None and rate > 0 else None


def _power(end: Node, rate: fmpq) -> Node:
    return apply("exp", apply("*", number(rate), end))


def _known(end: Node) -> Node:
    """The end as a number when it is rational."""
    value = to_ratio(end).constant()
    return end if value is None else number(value)


def _word(line: _Line) -> str:
    if line.top.degree() < 0:
        return "zero"
    if line.on.is_point:
        return _word_at_point(line)
    if line.has_root(line.top, inside=True, odd=True):
        return "mixed"
    sign = _sign_inside(line)
    if line.has_root(line.top):
        return "nonnegative" if sign > 0 else "nonpositive"
    return "positive" if sign > 0 else "negative"


def _word_at_point(line: _Line) -> str:
    if line.has_root(line.top):
        return "zero"
    end = line.ends[0]
    assert end is not None
    product = line.top * line.bottom
    sign = _settled(lambda: compare(_value(product, to_ball(evaluate(end, {}))), fmpq(0)))
    return "positive" if sign > 0 else "negative"


def _sign_inside(line: _Line) -> int:
    """The sign at a rational point of the inside that is no root."""
    product = line.top * line.bottom
    lower, upper = (None if end is None else _enclosure(end) for end in line.ends)
    for n in range(1, product.degree() + 2):
        if lower is not None and upper is not None:
            share = fmpq(n, product.degree() + 2)
            point = lower[1] + (upper[0] - lower[1]) * share
        elif lower is not None:
            point = lower[1] + n
        else:
            point = fmpq(0) - n if upper is None else upper[0] - n
        sign = _sign_at(product, point)
        if sign:
            return sign
    raise UndecidedError("no point of the interval was found")


def _sign_at(polynomial: fmpq_poly, point: fmpq) -> int:
    with precision(_LADDER[0]):
        value = _value(polynomial, arb(point))
        if not value.contains(0):
            return 1 if value > 0 else -1
    # Exact arithmetic comes last: e^x at a far end is a number of a million digits.
    exact = polynomial(point)
    return (exact > 0) - (exact < 0)


def _enclosure(end: Node) -> tuple[fmpq, fmpq]:
    """Rationals on both sides of the end, equal for a rational end."""
    if isinstance(end, Number):
        return end.value, end.value
    with precision(_LADDER[1]):
        ball = to_ball(evaluate(end, {}))
        return _rational(ball.lower()), _rational(ball.upper())


def _rational(value: arb) -> fmpq:
    mantissa, exponent = value.mid().man_exp()
    return fmpq(mantissa) * fmpq(2) ** int(exponent)


def _zeros(line: _Line, variable: str) -> tuple[Node, ...] | None:
    if line.top.degree() < 0:
        return None
    roots = line.roots(line.top)
    if any(root.exact is None for root in roots):
        return None
    values = sorted(root.exact for root in roots if root.exact is not None)
    if line.rate is None:
        return tuple(number(value) for value in values)
    return tuple(cancel(_logarithm(value, line.rate)) for value in values)


def _logarithm(value: fmpq, rate: fmpq) -> Node:
    """The x at which e^(rate*x) is the value."""
    return apply("/", apply("ln", number(value)), number(rate))


def _roots(polynomial: fmpq_poly) -> list[tuple[_Root, int]]:
    """The real roots with how often each occurs."""
    if polynomial.degree() <= 0:
        return []
    _, factors = polynomial.factor()
    return [
        (_Root(factor, place), int(times))
        for factor, times in factors
        for place in range(len(_real_roots(factor)))
    ]


def _real_roots(factor: fmpq_poly) -> list[arb]:
    """The real roots of an irreducible polynomial, from left to right."""
    if factor.degree() == 1:
        return [arb(-factor[0] / factor[1])]
    isolated: Any = factor.complex_roots()
    return sorted((root.real for root, _ in isolated if root.imag == 0), key=_rational)


def _value(polynomial: fmpq_poly, point: arb) -> arb:
    total = arb(0)
    for coefficient in reversed(polynomial.coeffs()):
        total = total * point + arb(coefficient)
    return total


def _spell(polynomial: fmpq_poly) -> list[str]:
    return [str(c) for c in polynomial.coeffs()] or ["0"]


def _problem(node: Node, variable: str, on: Interval) -> dict[str, Any]:
    return {"formula": spell_formula(node), "variable": variable, "on": _spell_interval(on)}


def _spell_interval(on: Interval) -> str:
    if on.is_point and on.lower is not None:
        return f"{{{to_text(on.lower)}}}"
    lower = "-oo" if on.lower is None else to_text(on.lower)
    upper = "oo" if on.upper is None else to_text(on.upper)
    return f"{'[' if on.lower_closed else '('}{lower}, {upper}{']' if on.upper_closed else ')'}"


def _constant_sign(node: Node, variable: str, on: Interval) -> SignResult:
    """The sign of a formula without the variable."""
    if free_names(node):
        raise UndecidedError("the formula holds another name")
    order = _settled(lambda: compare(evaluate(node, {}), fmpq(0)))
    word = {-1: "negative", 0: "zero", 1: "positive"}[order]
    certificate = make_certificate(
        "sign", problem=_problem(node, variable, on), claim={"sign": word}
    )
    accept(check_sign, certificate)
    return SignResult(word, None if order == 0 else (), certificate)


def _settled(decide: Callable[[], _Result]) -> _Result:
    """The result at the first precision that decides it."""
    for bits in _LADDER:
        with precision(bits):
            try:
                return decide()
            except UndecidedError:
                continue
    raise UndecidedError("a number is too near to an end of the interval")

"""Means over a normal number of a family of functions, for whole boxes of its parameters at once.

An integrand is written as a sum of products of a factor in the parameters and a factor in the
input. The integral of the second is a number when no parameter is in it, and is taken once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Literal, TypeAlias, final

from flint import acb, arb, ctx, fmpq

from gradiometer.errors import CertificateError, GradiometerError, UndecidedError
from gradiometer.formula import (
    ONE,
    Apply,
    Constant,
    Interval,
    Name,
    Node,
    Number,
    Piece,
    apply,
    compile_analytic,
    compile_exact,
    differentiate,
    evaluate,
    free_names,
    map_children,
    number,
    substitute,
    tidy,
    to_ball,
    to_piecewise,
)
from gradiometer.proof.check_tail import Ray

VARIABLE = "x"
Mean: TypeAlias = Literal["value", "square", "slope_square"]
Place: TypeAlias = Mapping[str, arb]
"""A ball for each parameter."""
Term: TypeAlias = tuple[Node, Node]
"""A factor in the parameters alone, and the rest."""
_MOST_TERMS = 64
_MOST_POWER = 8
_MOST_EVALUATIONS = 8_000
_SPARE_BITS = 24
_DEVIATIONS = (7, 9, 11, 13, 16, 20, 26, 34, 45, 60)
_UNKNOWN = arb("nan")


@final
@dataclass
class Family:
    """A function of `x` with parameters, by pieces whose ends do not depend on them."""

    tree: Node
    signs: Mapping[str, int]
    """Each parameter, with 1 or -1 where only values of that sign are meant, else 0."""
    variance: fmpq
    _known: dict[Hashable, arb] = field(default_factory=dict)

    @cached_property
    def pieces(self) -> list[Piece]:
        """The pieces of positive length.

        Raises:
            CertificateError: If an end of a piece depends on a parameter, or there are gaps.
            UndecidedError: If the pieces are not known.
        """
        hidden = {name: f"ln_{name}" for name, sign in self.signs.items() if sign}
        if free_names(self.tree) & set(hidden.values()):
            raise CertificateError("A name of the formula is needed for the size of a parameter.")
        shown = {name: _signed(Name(hidden[name]), self.signs[name]) for name in hidden}
        back = {
            hidden[name]: _signed(Name(name), self.signs[name], is_size=True) for name in hidden
        }
        function = to_piecewise(substitute(self.tree, shown), VARIABLE)
        pieces = [
            Piece(piece.on, _restore(piece.formula, back))
            for piece in function.pieces
            if not piece.on.is_point
        ]
        if any(e is not None and free_names(e) for p in pieces for e in (p.on.lower, p.on.upper)):
            raise CertificateError("A breakpoint moves with a parameter.")
        ends = pieces and pieces[0].on.lower is None and pieces[-1].on.upper is None
        if not ends or any(a.on.upper != b.on.lower for a, b in pairwise(pieces)):
            raise CertificateError("The function has no value on a whole stretch.")
        return pieces

    def mean(self, of: Mean, at: Place) -> arb:
        """All values of the mean over a box of parameters; not finite where they are not known."""
        return self._sum(self.terms[of], at)

    def slope(self, of: Mean, at: Place, name: str) -> arb:
        """All values of the derivative of the mean for one parameter.

        It is taken under the integral: over the box the derivative of the integrand is bounded by
        one integrable function, or its enclosure is not finite.
        """
        return self._sum(self._slopes[of, name], at)

    @cached_property
    def terms(self) -> dict[Mean, list[tuple[Interval, list[Term]]]]:
        """Each mean as integrals over pieces of sums of terms."""
        rows: dict[Mean, list[tuple[Interval, list[Term]]]] = {
            "value": [], "square": [], "slope_square": [],
        }  # fmt: skip
        for piece in self.pieces:
            value = expand(piece.formula)
            slope = expand(differentiate(piece.formula, VARIABLE))
            rows["value"].append((piece.on, value))
            rows["square"].append((piece.on, _multiply(value, value)))
            rows["slope_square"].append((piece.on, _multiply(slope, slope)))
        return rows

    @cached_property
    def _slopes(self) -> dict[tuple[Mean, str], list[tuple[Interval, list[Term]]]]:
        return {
            (of, name): [(on, _differentiate(terms, name)) for on, terms in rows]
            for of, rows in self.terms.items()
            for name in self.signs
        }

    def _sum(self, rows: Sequence[tuple[Interval, list[Term]]], at: Place) -> arb:
        total = arb(0)
        try:
            for on, terms in rows:
                for factor, body in terms:
                    total += to_ball(compile_exact(factor)(at)) * self._integral(body, on, at)
        except (GradiometerError, UndecidedError, ArithmeticError, ValueError):
            return _UNKNOWN
        return total

    def _integral(self, body: Node, on: Interval, at: Place) -> arb:
        """The integral, each taken once: boxes share sides, and most bodies hold few parameters."""
        names = sorted(free_names(body) - {VARIABLE})
        key = (body, on, ctx.prec, *(_spell(at[name]) for name in names))
        if key not in self._known:
            inside = {name: at[name] for name in names}
            self._known[key] = _integrate(body, on, inside, self.variance)
        return self._known[key]


def _spell(ball: arb) -> Hashable:
    return (*ball.mid().man_exp(), *ball.rad().man_exp())


def _signed(name: Name, sign: int, *, is_size: bool = False) -> Node:
    """The parameter from the logarithm of its size, or its size from the parameter."""
    size = name if is_size else apply("exp", name)
    return size if sign > 0 else apply("neg", size)


def _restore(node: Node, back: Mapping[str, Node]) -> Node:
    """The formula with e^(ln_p) replaced by the size of p.

    Raises:
        UndecidedError: If a logarithm stands elsewhere.
    """

    def restore(current: Node) -> Node:
        if isinstance(current, Apply) and isinstance(current.arguments[-1], Name):
            size = back.get(current.arguments[-1].name)
            is_power = current.operator == "^" and current.arguments[0] == Constant("e")
            if size is not None and (current.operator == "exp" or is_power):
                return size
        return map_children(current, restore)

    found = restore(node)
    if free_names(found) & set(back):
        raise UndecidedError("a parameter is not met in the form that shows its sign")
    return found


def expand(node: Node) -> list[Term]:
    """The formula as a sum of products: a factor in the parameters alone, and the rest."""
    names = free_names(node)
    if VARIABLE not in names:
        return [(node, ONE)]
    if names == {VARIABLE} or not isinstance(node, Apply):
        return [(ONE, node)]
    parts = node.arguments
    if node.operator in ("+", "-", "neg"):
        last: list[Term] = expand(parts[-1])
        if node.operator != "+":
            last = [(apply("neg", factor), body) for factor, body in last]
        return last if len(parts) == 1 else _gather([*expand(parts[0]), *last])
    if node.operator == "*":
        return _multiply(expand(parts[0]), expand(parts[1]))
    if node.operator == "/" and VARIABLE not in free_names(parts[1]):
        return [(apply("/", factor, parts[1]), body) for factor, body in expand(parts[0])]
    if node.operator == "/" and free_names(parts[1]) == {VARIABLE}:
        return [(factor, apply("/", body, parts[1])) for factor, body in expand(parts[0])]
    power = parts[-1].value if node.operator == "^" and isinstance(parts[-1], Number) else None
    if power is not None and power.q == 1 and 2 <= power <= _MOST_POWER:
        terms = expand(parts[0])
        for _ in range(int(power.p) - 1):
            terms = _multiply(terms, expand(parts[0]))
        return terms
    return [(ONE, node)]


def _multiply(left: Sequence[Term], right: Sequence[Term]) -> list[Term]:
    if len(left) * len(right) > _MOST_TERMS**2:
        raise CertificateError("The formula has too many terms.")
    return _gather(
        (apply("*", a, c), apply("*", b, d)) for a, b in left for c, d in right
    )  # fmt: skip


def _gather(terms: Iterable[Term]) -> list[Term]:
    """The terms with what belongs to the same rest added up, and without those that are 0."""
    sums: dict[Node, Node] = {}
    for factor, body in terms:
        rest = tidy(body)
        sums[rest] = apply("+", sums[rest], factor) if rest in sums else factor
    rows = [(tidy(factor), body) for body, factor in sums.items()]
    rows = [(factor, body) for factor, body in rows if number(0) not in (factor, body)]
    if len(rows) > _MOST_TERMS:
        raise CertificateError("The formula has too many terms.")
    return rows


def _differentiate(terms: Sequence[Term], name: str) -> list[Term]:
    rows = []
    for factor, body in terms:
        rows.append((differentiate(factor, name), body))
        if name in free_names(body):
            rows.append((factor, differentiate(body, name)))
    return _gather(rows)


def _integrate(body: Node, on: Interval, at: Place, variance: fmpq) -> arb:
    """The integral over the piece against the normal law, with all of its tails.

    Raises:
        CertificateError: If a tail is not small.
    """
    ends: list[arb] = []
    total, goal = arb(0), arb(2) ** (_SPARE_BITS - ctx.prec)
    for side, end, other in ((-1, on.lower, on.upper), (1, on.upper, on.lower)):
        if end is not None:
            ends.append(to_ball(evaluate(end, {})))
            continue
        start, rest = _cut(body, side, other, at, variance=variance, goal=goal)
        total += arb(0, rest.abs_upper())
        ends.append(arb(side * start))
    # Not at the middle: there an odd integrand would have its zero on the cut.
    inner = ends[0] + (ends[1] - ends[0]) * fmpq(4, 9)
    run = compile_analytic(body, VARIABLE, at)
    rate, scale = arb(-1 / (2 * variance)), (2 * arb(variance) * arb.pi()).sqrt()

    def weigh(point: acb, analytic: bool) -> acb:
        return run(point, analytic) * (point * point * rate).exp() / scale

    for low, high in ((ends[0], inner), (inner, ends[1])):
        part = acb.integral(weigh, low, high, abs_tol=goal, eval_limit=_MOST_EVALUATIONS)
        total += part.real
    return total


def _cut(
    body: Node, side: int, other: Node | None, at: Place, *, variance: fmpq, goal: arb
) -> tuple[fmpq, arb]:
    """Where the tail begins, and a bound of all that lies in it, for every place of the box."""
    deviation = fmpq(int(arb(variance).sqrt().ceil().unique_fmpz() or 1))
    least = fmpq(2)
    if other is not None:
        beyond = (to_ball(evaluate(other, {})) * side).abs_upper().ceil().unique_fmpz()
        if beyond is None:
            raise CertificateError("An end of a piece is not known.")
        least = max(least, fmpq(beyond) + 1)
    problem = CertificateError("The tail of the integral is not small enough.")
    for deviations in _DEVIATIONS:
        start = max(least, deviations * deviation)
        try:
            rest = Ray(VARIABLE, side, start, at).above(body).tail(start, variance)
        except CertificateError as error:
            problem = error
            continue
        if rest.is_finite() and rest < goal:
            return start, rest
    raise problem

"""Replays where a formula is negative, zero and positive: cells with a sign, zeros, and tails.

The interval is cut into cells. On a cell the formula keeps a sign (its ball has one, or the mean
value form has, or it is monotone with equal signs at both ends), or has one zero: enclosed between
two points of different sign where it is monotone, or exact, the first derivatives vanishing by
algebra and the next one keeping its sign on the cell. Infinite ends are left to the tail lemma.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, final

from flint import arb, fmpq

from gradiometer.errors import CertificateError, DomainError, LimitError, UndecidedError
from gradiometer.formula import (
    Evaluator,
    Interval,
    Node,
    Number,
    compile_shared,
    differentiate,
    evaluate,
    free_names,
    is_smooth,
    parse,
    parse_interval,
    precision,
    share,
    sign_of,
    substitute,
    tidy,
    to_ball,
    to_text,
)
from gradiometer.proof.check_far import Tail
from gradiometer.proof.check_field import Fraction
from gradiometer.proof.check_terms import Terms
from gradiometer.proof.check_walk import fields, read_rational, require

Place: TypeAlias = "list[str]"
"""Where a zero is: between two rationals, or at one formula."""

_MOST_CELLS = 5000
_MOST_ORDER = 6
_MOST_BITS = 4096


@final
class Slopes:
    """A formula and its derivatives, evaluated over boxes."""

    def __init__(self, form: Node, variable: str) -> None:
        self.variable = variable
        self._nodes = [share(form)]
        self._compiled: list[Evaluator] = []

    def node(self, order: int) -> Node:
        """The derivative of that order."""
        while len(self._nodes) <= order:
            self._nodes.append(share(differentiate(self._nodes[-1], self.variable)))
        return self._nodes[order]

    def over(self, box: arb, order: int = 0) -> arb | None:
        """A ball with all values over the box; None when there is no finite one."""
        while len(self._compiled) <= order:
            self._compiled.append(compile_shared(self.node(len(self._compiled))))
        try:
            value = to_ball(self._compiled[order]({self.variable: box}))
        except (DomainError, UndecidedError, LimitError):
            return None
        return value if value.is_finite() else None

    def sign_over(self, low: arb, high: arb, order: int = 0) -> int:
        """The sign that a ball, or the mean value form, shows on the whole box, else 0."""
        box = low.union(high)
        value = self.over(box, order)
        sign = sign_of_ball(value)
        if value is None or sign:
            return sign
        middle = (low + high) / 2
        slope, center = self.over(box, order + 1), self.over(middle, order)
        if slope is None or center is None:
            return 0
        return sign_of_ball(center + slope * (box - middle))

    def sign_by_trend(self, low: arb, high: arb) -> int:
        """The sign of a monotone formula that is the same at both ends, else 0."""
        if self.over(low.union(high)) is None or not self.sign_over(low, high, 1):
            return 0
        ends = {sign_of_ball(self.over(low)), sign_of_ball(self.over(high))}
        return ends.pop() if len(ends) == 1 else 0

    def is_zero_at(self, point: Node, order: int) -> bool:
        """Whether algebra shows that the formula and its derivatives below *order* vanish."""
        values = (substitute(self.node(k), {self.variable: point}) for k in range(order))
        try:
            return all(sign_of(share(tidy(value))) == 0 for value in values)
        except (DomainError, UndecidedError, LimitError):
            return False


def sign_of_ball(value: arb | None) -> int:
    """The sign of all numbers in the ball, else 0."""
    if value is None:
        return 0
    return 1 if value > 0 else -1 if value < 0 else 0


def check_boxes(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept the signs of a formula on an open interval and the zeros between them.

    Raises:
        CertificateError: If the evidence does not show just these.
    """
    signs, zeros = fields(claim, "signs", "zeros")
    require(isinstance(signs, list) and all(type(s) is int for s in signs), "Signs are no numbers.")
    found = replay(problem, evidence)
    require(signs == found[0], "The signs are other ones.")
    require(zeros == found[1], "The zeros are other ones.")


def replay(problem: Any, evidence: Any) -> tuple[list[int], list[Place]]:
    """The signs from left to right, and where the zeros between them are.

    Raises:
        CertificateError: If the evidence does not show them.
    """
    text, variable, where = fields(problem, "formula", "variable", "on")
    shown, factor, listed, bits, left, right, ends, cells = fields(
        evidence, "form", "factor", "generators", "bits", "left", "right", "ends", "cells"
    )
    require(type(bits) is int and 64 <= bits <= _MOST_BITS, "The precision is no whole number.")
    require(isinstance(variable, str), "The variable must be a name.")
    formula, form, times = (_formula(part, variable) for part in (text, shown, factor))
    require(isinstance(listed, list), "The generators must be a list of formulas.")
    terms = Terms([variable], [_formula(part, variable) for part in listed])
    value = _check_form(terms, formula, form, times)
    require(not terms.field.unused(), "The evidence names a generator that is not used.")
    with precision(bits):
        line = Line(Slopes(form, variable), _read_ends(ends), _open(where))
        first = _tail(terms, value, left, to_right=False)
        last = _tail(terms, value, right, to_right=True)
        line.check_ends([first, last])
        signs, zeros = line.walk(cells)
    before = [] if first is None else [first[1]]
    after = [] if last is None else [last[1]]
    return _joined([*before, *signs, *after]), zeros


def _joined(found: list[int | None]) -> list[int]:
    """Neighbours of one sign as one part; None stands for a zero."""
    shown: list[int] = []
    fresh = True
    for sign in found:
        if sign is None:
            fresh = True
            continue
        require(fresh or sign == shown[-1], "The sign changes without a zero.")
        if fresh:
            shown.append(sign)
        fresh = False
    return shown


def _check_form(terms: Terms, formula: Node, form: Node, factor: Node) -> Fraction:
    """The quotient of the form; the formula is the form times a positive factor."""
    shown, scale = terms.read(form), terms.read(factor)
    require(terms.field.is_positive_fraction(scale), "The factor may not be positive.")
    product = terms.field.multiply(shown, scale)
    require(terms.is_same(terms.read(formula), product), "The form is of another formula.")
    return shown


def _tail(terms: Terms, value: Fraction, end: Any, *, to_right: bool) -> tuple[fmpq, int] | None:
    if end is None:
        return None
    at = read_rational(end)
    distance = at if to_right else -at
    require(distance > 0, "A tail begins on its own side of 0.")
    return at, Tail(terms, distance, to_right=to_right).sign(value)


@final
@dataclass(frozen=True)
class Line:
    """The cells of an interval."""

    slopes: Slopes
    ends: list[Node]
    on: Interval

    @cached_property
    def points(self) -> list[arb]:
        """The ends of the cells as balls."""
        return [to_ball(evaluate(end, {})) for end in self.ends]

    def check_ends(self, tails: list[tuple[fmpq, int] | None]) -> None:
        """Refuse cells that do not reach from end to end."""
        require(len(self.ends) > 1, "There must be a cell.")
        for low, high in zip(self.points, self.points[1:], strict=False):
            require(low < high, "The cells are not in order.")
        both = ((self.on.lower, self.ends[0]), (self.on.upper, self.ends[-1]))
        for (goal, end), tail in zip(both, tails, strict=True):
            require((goal is None) == (tail is not None), "A tail belongs to an infinite end.")
            reached = end == (Number(tail[0]) if tail is not None else goal and tidy(goal))
            require(reached, "The cells do not reach the end.")

    def walk(self, cells: Any) -> tuple[list[int | None], list[Place]]:
        """Signs from left to right, None for each zero, and the places of the zeros."""
        require(isinstance(cells, list) and len(cells) <= _MOST_CELLS, "Cells must be a list.")
        require(len(cells) == len(self.ends) - 1, "Each two neighbouring ends have a cell.")
        signs: list[int | None] = []
        zeros: list[Place] = []
        for index, cell in enumerate(cells):
            if cell in ("+", "-"):
                signs.append(self._keep(index, 1 if cell == "+" else -1))
            elif isinstance(cell, list):
                signs += self._cross(index, cell)
                zeros.append(cell)
            else:
                found = self._touch(index, cell)
                signs += found
                zeros += [[cell["at"]]] if None in found else []
        return signs, zeros

    def _keep(self, index: int, sign: int) -> int:
        low, high = self.points[index], self.points[index + 1]
        shown = self.slopes.sign_over(low, high) or self.slopes.sign_by_trend(low, high)
        require(shown == sign, "A cell has another sign, or none that balls show.")
        return sign

    def _cross(self, index: int, place: list[Any]) -> list[int | None]:
        """A zero between two points where the formula is monotone."""
        require(len(place) == 2, "A zero lies between two points.")
        low, high = self.points[index], self.points[index + 1]
        near = [arb(read_rational(point)) for point in place]
        require(low < near[0] < near[1] < high, "The zero is outside its cell.")
        require(self.slopes.over(low.union(high)) is not None, "A cell has no enclosure.")
        require(bool(self.slopes.sign_over(low, high, 1)), "The formula may turn in a cell.")
        first, last = (sign_of_ball(self.slopes.over(point)) for point in near)
        require(first * last == -1, "There is no change of sign.")
        return [first, None, last]

    def _touch(self, index: int, cell: Any) -> list[int | None]:
        """An exact zero with its order, inside the cell or at an end of the interval."""
        text, order = fields(cell, "at", "order")
        require(type(order) is int and 0 < order <= _MOST_ORDER, "The order is no small number.")
        at = tidy(_formula(text, ""))
        ball = to_ball(evaluate(at, {}))
        low, high = self.points[index], self.points[index + 1]
        require(self.slopes.over(low.union(high)) is not None, "A cell has no enclosure.")
        sign = self.slopes.sign_over(low, high, order)
        require(bool(sign), "A derivative may vanish in a cell.")
        require(self.slopes.is_zero_at(at, order), "A zero is not exact.")
        before = sign * (-1) ** order
        if at == self.ends[index] == self.on.lower:
            return [sign]
        if at == self.ends[index + 1] == self.on.upper:
            return [before]
        require(low < ball < high, "The zero is outside its cell.")
        return [before, None, sign]


def _open(where: Any) -> Interval:
    require(isinstance(where, str), "The interval must be a text.")
    on = parse_interval(where)
    require(not (on.lower_closed or on.upper_closed or on.is_point), "The interval is not open.")
    return on


def _read_ends(texts: Any) -> list[Node]:
    require(isinstance(texts, list) and len(texts) <= _MOST_CELLS + 1, "Ends must be a list.")
    return [tidy(_formula(text, "")) for text in texts]


def _formula(text: Any, variable: str) -> Node:
    """The smooth formula of a text that is spelled as the product spells it."""
    if not isinstance(text, str):
        raise CertificateError("A formula must be a text.")
    tree = parse(text).tree
    require(to_text(tree) == text, f"The formula `{text[:60]}` is spelled in another way.")
    require(is_smooth(tree), "The formula is not smooth.")
    require(free_names(tree) <= {variable}, "The formula holds another name.")
    return tree

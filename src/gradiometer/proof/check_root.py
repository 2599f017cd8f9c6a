"""Replays which parameters of a function give wanted means: all of them that lie in a box.

The box is cut into cells. On each cell the equations have no solution, or the cell lies in a home:
a box in which Krawczyk's operator shows exactly one solution, known to 30 digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import combinations
from typing import Any, Literal, TypeAlias, final

from flint import arb, arb_mat, fmpq

from gradiometer.errors import CertificateError, GradiometerError, UndecidedError
from gradiometer.formula import (
    Node,
    compile_exact,
    differentiate,
    evaluate,
    free_names,
    parse,
    precision,
    to_ball,
    to_text,
)
from gradiometer.proof.check_family import VARIABLE, Family, Mean
from gradiometer.proof.check_moment import read_digits
from gradiometer.proof.check_walk import fields, read_rational, require

SEARCH_BITS = 53
"""Precision on cells and homes, which are wide."""
FINE_BITS = 176
"""Precision at a solution, of which 30 digits are said."""
SHARE = fmpq(7, 16)
"""Where a cell is cut; not at its middle, where solutions of symmetric problems lie."""
_GRAIN = 1 << 20
_MOST_UNKNOWNS = 4
_MOST_CELLS = 20_000
_MOST_HOMES = 50
_LONGEST = 4_000

MEANS: tuple[Mean, ...] = ("value", "square", "slope_square")
EQUATIONS: Mapping[str, str] = {
    "mean": "value - wanted",
    "second_moment": "square - wanted",
    "variance": "square - value^2 - wanted",
    "slope_second_moment": "slope_square - wanted",
    "gain": "square*wanted^2 - q",
    "chi": "q*slope_square - wanted*square",
    "critical_weight_variance": "slope_square*wanted - 1",
}
"""What is 0 when a fact has the wanted value: q is the variance of the normal number."""

Box: TypeAlias = Sequence[tuple[fmpq, fmpq]]


@final
class System:
    """The equations for the parameters, with enclosures over boxes."""

    def __init__(self, problem: Any) -> None:
        text, listed, law, wanted = fields(problem, "formula", "box", "variance", "wanted")
        require(isinstance(listed, list) and isinstance(wanted, list), "A list is missing.")
        require(0 < len(listed) == len(wanted) <= _MOST_UNKNOWNS, "Equations and unknowns differ.")
        rows = [fields(row, "name", "lower", "upper") for row in listed]
        self.unknowns: list[str] = [name for name, _, _ in rows]
        require(all(isinstance(n, str) for n in self.unknowns), "A name must be a text.")
        require(len(set(self.unknowns)) == len(rows), "An unknown is named twice.")
        self.box: Box = [(read_rational(low), read_rational(high)) for _, low, high in rows]
        require(all(low < high for low, high in self.box), "The box is empty.")
        self.variance = read_rational(law)
        require(fmpq(1, 10**6) <= self.variance <= 10**6, "The variance is out of its bounds.")
        tree = _read_formula(text)
        require(free_names(tree) <= {VARIABLE, *self.unknowns}, "The formula holds another name.")
        require(VARIABLE not in self.unknowns, "The input is no unknown.")
        signs = {n: _sign(*on) for n, on in zip(self.unknowns, self.box, strict=True)}
        self.family = Family(tree, signs, self.variance)
        self._wanted = [_read_wanted(*fields(row, "fact", "value")) for row in wanted]
        require(len({fact for fact, _ in self._wanted}) == len(rows), "A fact is wanted twice.")

    @cached_property
    def _compiled(self) -> list[tuple[Any, dict[Mean, Any]]]:
        """Each equation and its derivatives by the means that are in it."""
        rows = []
        for fact, _ in self._wanted:
            tree = parse(EQUATIONS[fact]).tree
            inside = [of for of in MEANS if of in free_names(tree)]
            slopes = {of: compile_exact(differentiate(tree, of)) for of in inside}
            rows.append((compile_exact(tree), slopes))
        return rows

    def _settings(self, at: Mapping[str, arb]) -> list[dict[str, Any]]:
        """The values of all names of each equation."""
        used = {of for _, slopes in self._compiled for of in slopes}
        means: dict[str, arb] = {of: self.family.mean(of, at) for of in MEANS if of in used}
        numbers = [to_ball(evaluate(node, {})) for _, node in self._wanted]
        return [{**means, "wanted": number, "q": self.variance} for number in numbers]

    def name(self, balls: Sequence[arb]) -> dict[str, arb]:
        """The balls by the names of the unknowns.

        Raises:
            CertificateError: If a ball leaves the half-line that the family is cut for.
        """
        for name, ball in zip(self.unknowns, balls, strict=True):
            sign = self.family.signs[name]
            if sign and not ball * sign > 0:
                raise CertificateError("A box reaches a parameter of another sign.")
        return dict(zip(self.unknowns, balls, strict=True))

    def residual(self, balls: Sequence[arb]) -> list[arb]:
        """All values of the equations over a box."""
        settings = self._settings(self.name(balls))
        pairs = zip(self._compiled, settings, strict=True)
        return [to_ball(equation(values)) for (equation, _), values in pairs]

    def jacobian(self, balls: Sequence[arb]) -> arb_mat:
        """All values of their derivatives: a row for each equation, a column for each unknown."""
        at = self.name(balls)
        known: dict[tuple[Mean, str], arb] = {}
        rows = []
        for (_, slopes), values in zip(self._compiled, self._settings(at), strict=True):
            row = [arb(0)] * len(self.unknowns)
            for of, slope in slopes.items():
                outer = to_ball(slope(values))
                for index, name in enumerate(self.unknowns):
                    if (of, name) not in known:
                        known[of, name] = self.family.slope(of, at, name)
                    row[index] += outer * known[of, name]
            rows.append(row)
        return arb_mat(rows)

    def contract(self, balls: Sequence[arb]) -> list[arb] | None:
        """Krawczyk's operator: every solution of the box lies in it; None where it is not known.

        Source: R. Krawczyk (1969); m - C*F(m) + (I - C*J)*(X - m) for any matrix C.
        """
        middle = [arb(ball.mid()) for ball in balls]
        return self._contract(balls, self.residual(middle), self.jacobian(balls))

    def _contract(
        self, balls: Sequence[arb], found: Sequence[arb], slopes: arb_mat
    ) -> list[arb] | None:
        try:
            inverse = slopes.mid().inv().mid()
        except ZeroDivisionError:
            return None
        size = len(balls)
        one = arb_mat([[int(i == j) for j in range(size)] for i in range(size)])
        moved = (one - inverse * slopes) * _reach(balls) - inverse * _column(found)
        result = [arb(ball.mid()) + moved[i, 0] for i, ball in enumerate(balls)]
        return result if all(ball.is_finite() for ball in result) else None

    def judge(self, cell: Box) -> Literal["empty", "near", "open"]:
        """Whether certainly no solution lies in the cell; near: the operator shrinks the cell."""
        with precision(SEARCH_BITS):
            balls = to_balls(cell)
            if _has_no_zero(self.residual(balls)):
                return "empty"
            found = self.residual([arb(ball.mid()) for ball in balls])
            slopes = self.jacobian(balls)
            # The mean value form: each equation by itself, then all of them together.
            values = _column(found) + slopes * _reach(balls)
            if _has_no_zero([values[i, 0] for i in range(len(balls))]):
                return "empty"
            pairs = list(zip(balls, self._contract(balls, found, slopes) or (), strict=False))
            if any(not ball.overlaps(new) for ball, new in pairs):
                return "empty"
            return "near" if pairs and all(_is_nearer(b, new) for b, new in pairs) else "open"

    def has_one(self, home: Box) -> bool:
        """Whether certainly exactly one solution lies in the box."""
        with precision(SEARCH_BITS):
            kept = self.contract(to_balls(home))
            return kept is not None and _is_inside(kept, home)

    def holds(self, digits: Box) -> bool:
        """Whether a solution certainly lies in the tiny box around 30 digits."""
        with precision(FINE_BITS):
            kept = self.contract(to_balls(digits))
            if kept is None or not _is_inside(kept, digits):
                return False
            facts = {fact for fact, _ in self._wanted}
            # Both sides of the equation of chi are 0 as well where the function is 0.
            at = self.name(kept)
            return not facts & {"chi", "gain"} or bool(self.family.mean("square", at) > 0)


def to_balls(box: Box) -> list[arb]:
    """A ball around each side of the box."""
    return [arb(low).union(arb(high)) for low, high in box]


def _column(values: Sequence[arb]) -> arb_mat:
    return arb_mat([[value] for value in values])


def _reach(balls: Sequence[arb]) -> arb_mat:
    """From the middle of a box to its points."""
    return _column([ball - arb(ball.mid()) for ball in balls])


def _has_no_zero(values: Sequence[arb]) -> bool:
    """Whether one of the values is certainly not 0."""
    return any(value.is_finite() and not value.contains(0) for value in values)


def _is_nearer(before: arb, after: arb) -> bool:
    """Whether a ball has shrunk and is still about where it was; a solution may lie on its edge."""
    size, moved = arb(before.rad()), abs(arb(after.mid()) - arb(before.mid()))
    return bool(arb(after.rad()) < size) and bool(moved < 2 * size)


def _is_inside(balls: Sequence[arb], box: Box) -> bool:
    pairs = zip(balls, box, strict=True)
    return all(bool(arb(low) < ball) and bool(ball < arb(high)) for ball, (low, high) in pairs)


def split(cell: Box, axis: int) -> tuple[Box, Box]:
    """The two parts of a cell."""
    low, high = cell[axis]
    cut = low + (high - low) * SHARE
    if low * high > 0 and not fmpq(1, 4) <= low / high <= 4:
        # Far from 0 and near it a parameter matters by its size: halve the logarithm.
        middle = fmpq((low * high * _GRAIN**2).floor().isqrt(), _GRAIN)
        cut = middle if low > 0 else -middle
    first, second = list(cell), list(cell)
    first[axis], second[axis] = (low, cut), (cut, high)
    return first, second


def lies_in(inner: Box, outer: Box) -> bool:
    """Whether one box is a part of another."""
    return all(a >= c and b <= d for (a, b), (c, d) in zip(inner, outer, strict=True))


def are_apart(first: Box, second: Box) -> bool:
    """Whether two boxes have no point in common."""
    return any(b < c or d < a for (a, b), (c, d) in zip(first, second, strict=True))


def around(digits: Sequence[Any]) -> Box:
    """All numbers with these digits, for each unknown."""
    known = [read_digits(text) for text in digits]
    return [(value - allowed, value + allowed) for value, allowed in known]


def check_root(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that these are all parameters of the box with the wanted means, to 30 digits.

    Raises:
        CertificateError: If one is missing or none, or that is not certain.
    """
    system = System(problem)
    (roots,) = fields(claim, "roots")
    listed, cells = fields(evidence, "homes", "cells")
    require(isinstance(listed, list) and len(listed) <= _MOST_HOMES, "The homes are no list.")
    homes: list[Box] = []
    spots: list[Box] = []
    inside: list[Any] = []
    try:
        for row in listed:
            digits, ends = fields(row, "digits", "box")
            homes.append(_read_box(ends, len(system.unknowns)))
            require(len(digits) == len(system.unknowns), "A solution has other unknowns.")
            spots.append(around(digits))
            require(lies_in(spots[-1], homes[-1]), "A solution is outside its home.")
            require(system.has_one(homes[-1]), "A home is not certain to hold one solution.")
            require(system.holds(spots[-1]), "A solution has other digits.")
            if lies_in(spots[-1], system.box):
                inside.append(digits)
            else:
                require(are_apart(spots[-1], system.box), "A solution is at the edge of the box.")
        apart = all(are_apart(a, b) for a, b in combinations(spots, 2))
        require(apart, "Two solutions may be the same.")
        require(inside == roots, "The solutions in the box are other ones.")
        _check_cells(system, homes, cells)
    except (GradiometerError, UndecidedError) as error:
        if isinstance(error, CertificateError):
            raise
        raise CertificateError(f"The equations are not settled: {error}.") from None


def _check_cells(system: System, homes: Sequence[Box], cells: Any) -> None:
    """Accept that the cells, cut as listed, cover the box and hide no solution."""
    require(isinstance(cells, list) and 0 < len(cells) <= _MOST_CELLS, "The cells are no list.")
    waiting: list[Box] = [system.box]
    for word in cells:
        require(isinstance(word, str) and bool(waiting), "There are too many cells.")
        cell = waiting.pop()
        kind, _, index = word.partition(" ")
        if kind == "split":
            axis = _read_index(index, len(system.unknowns))
            waiting.extend(reversed(split(cell, axis)))
        elif kind == "home":
            home = homes[_read_index(index, len(homes))]
            require(lies_in(cell, home), "A cell is not in its home.")
        else:
            require(word == "empty", "A cell is of no known kind.")
            require(system.judge(cell) == "empty", "A cell may hold a solution.")
    require(not waiting, "A part of the box is left out.")


def _read_index(text: str, count: int) -> int:
    require(text.isascii() and text.isdigit() and str(int(text)) == text, "A place is no number.")
    require(int(text) < count, "There is no such place.")
    return int(text)


def _read_box(ends: Any, size: int) -> Box:
    require(isinstance(ends, list) and len(ends) == size, "A home has other unknowns.")
    box = [tuple(read_rational(end) for end in fields(row, "lower", "upper")) for row in ends]
    require(all(low < high for low, high in box), "A home is empty.")
    return [(low, high) for low, high in box]


def _sign(low: fmpq, high: fmpq) -> int:
    return 1 if low > 0 else -1 if high < 0 else 0


def _read_formula(text: Any) -> Node:
    require(isinstance(text, str) and len(text) <= _LONGEST, "A formula must be a text.")
    tree = parse(text).tree
    require(to_text(tree) == text, "A formula is spelled in another way.")
    return tree


def _read_wanted(fact: Any, value: Any) -> tuple[str, Node]:
    require(isinstance(fact, str) and fact in EQUATIONS, "The wanted fact is not known.")
    tree = _read_formula(value)
    require(not free_names(tree), "A wanted value is no number.")
    if fact == "gain":
        with precision(FINE_BITS):
            require(bool(to_ball(evaluate(tree, {})) > 0), "A gain is positive.")
    return fact, tree

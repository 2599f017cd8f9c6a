"""A tree with `max`, `abs`, `where`, … in, its piecewise normal form out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias, TypeGuard, TypeVar, final

from gradiometer.errors import DomainError, InternalError, UndecidedError
from gradiometer.formula.evaluate import evaluate
from gradiometer.formula.interval import REALS, Interval
from gradiometer.formula.order import Domains, intersect
from gradiometer.formula.piecewise import Piece, Piecewise, are_touching, join, merge_pieces
from gradiometer.formula.solve import find_signs
from gradiometer.formula.tidy import is_constant, tidy
from gradiometer.formula.tree import (
    ONE,
    OPERATORS,
    ZERO,
    Apply,
    Node,
    Number,
    apply,
    free_names,
    is_smooth,
    number,
)

_Mark = TypeVar("_Mark")

MOST_PIECES = 400
"""Formulas with more pieces than this are refused as undecided."""

_Parts: TypeAlias = "list[tuple[Interval, tuple[Node, ...]]]"


def to_piecewise(
    tree: Node, variable: str, *, domain: Interval = REALS, domains: Domains | None = None
) -> Piecewise:
    """The piecewise normal form of a formula in one variable.

    Args:
        tree: The formula; its other names are parameters.
        variable: Name of the variable.
        domain: Where the variable lies.
        domains: Where each parameter lies.

    Returns:
        Sorted disjoint pieces; where the formula has no value there is no piece.

    Raises:
        UndecidedError: If a joint or the edge of the domain cannot be solved exactly.

    Example:
        >>> from gradiometer.formula import parse
        >>> pieces = to_piecewise(parse("max(x, 0) + min(x, 0)").tree, "x").pieces
        >>> len(pieces)
        1
    """
    worker = _Lowering(variable, domain, domains or {})
    return Piecewise(variable, worker.merged(worker.lower(tree)))


@final
@dataclass(frozen=True)
class _Lowering:
    """One lowering: the variable and where everything lies."""

    variable: str
    domain: Interval
    domains: Domains

    def merged(self, pieces: Iterable[Piece]) -> tuple[Piece, ...]:
        """As few pieces as possible, and not too many of them."""
        merged = merge_pieces(self.variable, pieces)
        if len(merged) > MOST_PIECES:
            raise UndecidedError(f"the formula has more than {MOST_PIECES} pieces")
        return merged

    def lower(self, node: Node) -> tuple[Piece, ...]:
        """The pieces of one subtree."""
        if not isinstance(node, Apply) or (
            self.variable not in free_names(node) and is_smooth(node)
        ):
            return self._constant(node)
        if node.operator == "where":
            return self._choose(node)
        if node.operator == "sqrt" and _is_square(node.arguments[0]):
            return self.lower(apply("abs", node.arguments[0].arguments[0]))
        parts = self._refine([self.lower(argument) for argument in node.arguments])
        if node.operator in _FOLDS:
            return self._fold(node.operator, parts)
        if node.operator in _REWRITES:
            pieces = [
                piece
                for on, arguments in parts
                for piece in self._within(on, _REWRITES[node.operator](*arguments))
            ]
            return self.merged(pieces)
        if node.operator == "sign":
            return self.merged(
                Piece(on, number(sign))
                for outer, (inner,) in parts
                for on, sign in self._signs(inner, outer)
            )
        if node.operator not in OPERATORS or OPERATORS[node.operator].kind == "piecewise":
            raise UndecidedError(f"`{node.operator}` has no piecewise form that can be solved")
        return self._smooth(node, parts)

    def _constant(self, node: Node) -> tuple[Piece, ...]:
        if is_constant(node):
            try:
                evaluate(node, {})
            except DomainError:
                return ()
        return (Piece(self.domain, tidy(node)),)

    def _within(self, on: Interval, node: Node) -> tuple[Piece, ...]:
        """The pieces of *node* on one interval."""
        return _Lowering(self.variable, on, self.domains).lower(node)

    def _signs(self, node: Node, on: Interval) -> list[tuple[Interval, int]]:
        return find_signs(node, self.variable, on, self.domains)

    def _refine(self, many: list[tuple[Piece, ...]]) -> _Parts:
        """Intervals on which each argument is one formula."""
        parts: _Parts = [(piece.on, (piece.formula,)) for piece in many[0]]
        for pieces in many[1:]:
            if len(pieces) == 1 and pieces[0].on == self.domain:
                parts = [(on, (*nodes, pieces[0].formula)) for on, nodes in parts]
                continue
            parts = [
                (common, (*nodes, piece.formula))
                for on, nodes in parts
                for piece in pieces
                if (common := intersect(on, piece.on, self.domains)) is not None
            ]
            if len(parts) > MOST_PIECES:
                raise UndecidedError(f"the formula has more than {MOST_PIECES} pieces")
        return parts

    def _fold(self, operator: str, parts: _Parts) -> tuple[Piece, ...]:
        """`max` or `min` of several formulas, two at a time."""

        def pick(left: tuple[Piece, ...], right: tuple[Piece, ...]) -> tuple[Piece, ...]:
            return self.merged(
                piece
                for on, (one, other) in self._refine([left, right])
                for piece in self._extreme(operator, on, one, other)
            )

        if not parts:
            return ()
        columns = zip(*(nodes for _, nodes in parts), strict=True)
        pieces = [
            tuple(Piece(on, node) for (on, _), node in zip(parts, column, strict=True))
            for column in columns
        ]
        return reduce(pick, pieces)

    def _extreme(self, operator: str, on: Interval, one: Node, other: Node) -> list[Piece]:
        wanted = 1 if operator == "max" else -1
        signs = self._signs(tidy(apply("-", one, other)), on)
        return [
            Piece(part, one if sign == wanted else other) for part, sign in _without_zeros(signs)
        ]

    def _choose(self, node: Apply) -> tuple[Piece, ...]:
        """`where`: each branch on the set where its condition holds."""
        condition, if_true, if_false = node.arguments
        pieces: list[Piece] = []
        for on, truth in self._decide(condition):
            pieces += self._within(on, if_true if truth else if_false)
        return self.merged(pieces)

    def _decide(self, condition: Node) -> list[tuple[Interval, bool]]:
        """Sorted intervals and the truth of the condition on each."""
        if not isinstance(condition, Apply):
            raise InternalError("a condition that is no relation")
        if condition.operator == "not":
            return [(on, not truth) for on, truth in self._decide(condition.arguments[0])]
        if condition.operator in {"and", "or"}:
            left, right = (self._decide(part) for part in condition.arguments)
            both = all if condition.operator == "and" else any
            return _unite(
                (common, both((one, other)))
                for on, one in left
                for part, other in right
                if (common := intersect(on, part, self.domains)) is not None
            )
        true_for = _TRUE_FOR[condition.operator]
        difference = tidy(apply("-", *condition.arguments))
        return _unite(
            (part, sign in true_for)
            for piece in self.lower(difference)
            for part, sign in self._signs(piece.formula, piece.on)
        )

    def _smooth(self, node: Apply, parts: _Parts) -> tuple[Piece, ...]:
        pieces: list[Piece] = []
        for on, arguments in parts:
            formula = tidy(apply(node.operator, *arguments))
            pieces += [Piece(part, formula) for part in self._defined(node.operator, on, arguments)]
        return self.merged(pieces)

    def _defined(self, operator: str, on: Interval, arguments: tuple[Node, ...]) -> list[Interval]:
        """The parts of the interval on which the operation has a value."""
        if operator == "tan":
            raise UndecidedError("the poles of `tan` are too many for a piecewise form")
        watched, allowed = _needs(operator, arguments)
        if watched is None:
            return [on]
        signs = self._signs(watched, on)
        is_root = operator == "sqrt" or (operator == "^" and 0 in allowed)
        if is_root and any(_is_inner_zero(signs, index) for index in range(len(signs))):
            raise UndecidedError("a root whose argument is 0 inside its domain is not smooth there")
        is_varying = operator == "^" and not isinstance(arguments[1], Number)
        if is_varying and any(sign not in allowed for _, sign in signs):
            raise UndecidedError("where a power with a variable exponent has a value")
        return [part for part, sign in signs if sign in allowed]


def _needs(operator: str, arguments: tuple[Node, ...]) -> tuple[Node | None, set[int]]:
    """The formula whose sign decides whether there is a value, and the signs that allow one."""
    if operator == "/":
        return arguments[1], {-1, 1}
    if operator == "ln":
        return arguments[0], {1}
    if operator == "sqrt":
        return arguments[0], {0, 1}
    if operator != "^":
        return None, set()
    base, exponent = arguments
    if not isinstance(exponent, Number):
        return base, {1}
    if exponent.value.q == 1:
        return (base, {-1, 1}) if exponent.value < 0 else (None, set())
    return base, {0, 1} if exponent.value > 0 else {1}


def _is_square(node: Node) -> TypeGuard[Apply]:
    return isinstance(node, Apply) and node.operator == "^" and node.arguments[1] == number(2)


def _is_inner_zero(signs: list[tuple[Interval, int]], index: int) -> bool:
    """Whether a zero has positive values on both sides."""
    around = signs[max(index - 1, 0) : index + 2]
    return len(around) == 3 and [sign for _, sign in around] == [1, 0, 1]


def _without_zeros(signs: list[tuple[Interval, int]]) -> list[tuple[Interval, int]]:
    """The same set with each zero given to the part on its right, else to the one on its left."""
    settled: list[tuple[Interval, int]] = []
    for index, (on, sign) in enumerate(signs):
        follower = signs[index + 1] if index + 1 < len(signs) else None
        if sign == 0 and follower is not None and are_touching(on, follower[0]):
            settled.append((on, follower[1]))
        elif sign == 0 and settled and are_touching(settled[-1][0], on):
            settled.append((on, settled[-1][1]))
        else:
            settled.append((on, sign))
    return _unite(settled)


def _unite(parts: Iterable[tuple[Interval, _Mark]]) -> list[tuple[Interval, _Mark]]:
    """Touching intervals with the same mark as one."""
    united: list[tuple[Interval, _Mark]] = []
    for on, mark in parts:
        if united and united[-1][1] == mark and are_touching(united[-1][0], on):
            united[-1] = (join(united[-1][0], on), mark)
        else:
            united.append((on, mark))
    return united


_FOLDS = {"max", "min"}

_TRUE_FOR: Mapping[str, set[int]] = {
    "<": {-1},
    "<=": {-1, 0},
    ">": {1},
    ">=": {0, 1},
    "==": {0},
    "!=": {-1, 1},
}
"""The signs of left minus right for which each relation holds."""


def _passed(k: Node, *marks: Node) -> Node:
    steps = [apply("where", apply("<=", mark, k), ONE, ZERO) for mark in marks]
    return reduce(lambda left, right: apply("+", left, right), steps)


_REWRITES: Mapping[str, Callable[..., Node]] = {
    "abs": lambda u: apply("max", u, apply("neg", u)),
    "relu": lambda u: apply("max", u, ZERO),
    "clip": lambda u, low, high: apply("min", apply("max", u, low), high),
    "passed": _passed,
}
"""Piecewise operators by simpler ones."""

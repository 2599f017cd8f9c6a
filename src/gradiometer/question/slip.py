"""The likely slip: the mistake that makes the right side before it into the wrong line.

Each mistake of the table is made at each place of the right formula. Floats only choose which of
the results are looked at; a slip is named when its result is proved to be equal to the wrong line.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, final

from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    FUNCTIONS,
    OPERATORS,
    RELATIONS,
    Apply,
    Name,
    Node,
    Number,
    apply,
    cancel,
    compile_float,
    free_names,
    is_smooth,
    number,
    parse,
    substitute,
    tidy,
    to_text,
)
from gradiometer.question.claim_proof import prove_relation
from gradiometer.question.slip_rules import ALGEBRA, Mistake
from gradiometer.question.slip_slope import list_wrong_slopes
from gradiometer.question.statement import Side

_MOST_CANDIDATES = 4_000
_MOST_PROOFS = 6
_MOST_NODES = 300
"""Parts of a formula in which mistakes are looked for."""
_NEAR = 1e-9
_POINTS = (
    0.7310585,
    1.6180339,
    -0.5772156,
    2.7320508,
    -1.4142135,
    -2.2360679,
    0.1353352,
    3.6055512,
)


@final
@dataclass(frozen=True)
class Slip:
    """A mistake that explains a wrong line."""

    family: str
    because: str
    """One sentence."""
    gives: str
    """What the mistake makes of the right side, which is equal to the wrong line."""


def find_slip(
    left: Side, right: Side, *, earlier: Sequence[Side] = (), at: Mapping[str, Any] | None = None
) -> Slip | None:
    """The likely slip between two sides that are not equal, or None when none is known.

    Args:
        left: The side that is taken for right.
        right: The side that is wrong.
        earlier: Sides of the same chain before the left one, the nearest last.
        at: The point that the line is about.
    """
    target = _at_point(tidy(right.formula), at)
    hunt = _Hunt(target, at)
    is_number = not free_names(target)
    for side in (left, *reversed(earlier)):
        # Numbers agree by chance more often than formulas, so the slip is sought where they are.
        own = list_rewrites(_at_point(side.formula, at)) if is_number and at else iter(())
        found = hunt.find(itertools.chain(own, _candidates(side)))
        if found is not None:
            mistake, tree = found
            gives = to_text(tree)
            return Slip(mistake.family, f"likely {mistake.words}", gives)
    return _find_arithmetic(left, target, at)


def _at_point(tree: Node, at: Mapping[str, Any] | None) -> Node:
    if not at:
        return tree
    values = {k: number(v) if isinstance(v, fmpq) else v for k, v in at.items()}
    return substitute(tree, values)


class _Hunt:
    """Compares candidates with the wrong line."""

    def __init__(self, target: Node, at: Mapping[str, Any] | None) -> None:
        self._target = target
        self._at = at
        self._names = sorted(free_names(target))
        self._value = compile_float(target)
        self._wanted: dict[tuple[str, ...], list[tuple[dict[str, float], float]]] = {}

    def find(self, candidates: Iterator[tuple[Mistake, Node]]) -> tuple[Mistake, Node] | None:
        """The first mistake whose result is proved to be the wrong line."""
        proofs = 0
        for mistake, tree in islice(candidates, _MOST_CANDIDATES):
            here = _at_point(tree, self._at)
            if not self._is_near(here):
                continue
            proofs += 1
            if _is_equal(here, self._target):
                return mistake, tree
            if proofs >= _MOST_PROOFS:
                return None
        return None

    def _is_near(self, tree: Node) -> bool:
        names = tuple(sorted(free_names(tree) | set(self._names)))
        if names not in self._wanted:
            points = [_point(names, shift) for shift in range(len(_POINTS) if names else 1)]
            values = [(point, self._value(point)) for point in points]
            self._wanted[names] = [row for row in values if math.isfinite(row[1])]
        run = compile_float(tree)
        seen = 0
        for point, wanted in self._wanted[names]:
            value = run(point)
            if not math.isfinite(value):
                continue
            if abs(value - wanted) > _NEAR * max(1.0, abs(wanted)):
                return False
            seen += 1
        return seen >= min(2, len(self._wanted[names])) and seen > 0


def _point(names: Sequence[str], shift: int) -> dict[str, float]:
    count = len(_POINTS)
    return {
        name: _POINTS[(place * 3 + shift) % count] + 0.01 * place
        for place, name in enumerate(names)
    }


def _is_equal(left: Node, right: Node) -> bool:
    try:
        return prove_relation(left, right, "==", is_whole=True) is not None
    except (GradiometerError, UndecidedError, RecursionError):
        return False


def _candidates(side: Side) -> Iterator[tuple[Mistake, Node]]:
    """All wrong forms of the side, those that are made most often first."""
    formula = side.formula
    is_slope = len(side.slopes) == 1 and _is_derivative(side)
    if is_slope:
        body, variable, argument = side.slopes[0]
        yield from _by_other_names(body, variable, argument)
        for mistake, slope in list_wrong_slopes(body, variable):
            yield mistake, substitute(slope, {variable: argument})
    yield Mistake("sign", "", "", "the whole has the wrong sign"), tidy(apply("neg", formula))
    if is_slope:
        yield from _wrong_slope_questions(side)
    if _size(formula) <= _MOST_NODES:
        yield from list_rewrites(formula)
    tree = side.tree
    if tree != formula and free_names(tree) == free_names(formula):
        yield from list_rewrites(tree)


def _is_derivative(side: Side) -> bool:
    """Whether the side is one derivative and nothing else."""
    tree = side.tree
    if isinstance(tree, Name):
        return tree.name in side.quotients
    return isinstance(tree, Apply) and tree.operator.endswith("'")


def _wrong_slope_questions(side: Side) -> Iterator[tuple[Mistake, Node]]:
    """The derivative of something else, or by something else."""
    body, variable, argument = side.slopes[0]
    here = {variable: argument}
    words = "it was not differentiated"
    yield Mistake("not differentiated", "", "", words), substitute(body, here)
    for order, slope in _slopes(body, variable, most=2):
        if order == 2:
            words = "it was differentiated twice"
            yield Mistake("not differentiated", "", "", words), substitute(slope, here)


def _by_other_names(body: Node, variable: str, argument: Node) -> Iterator[tuple[Mistake, Node]]:
    for other in sorted(free_names(body) - {variable}):
        for _, slope in _slopes(body, other):
            words = f"it was differentiated by `{other}` instead"
            yield Mistake("wrong variable", "", "", words), substitute(slope, {variable: argument})


def _slopes(body: Node, variable: str, *, most: int = 1) -> Iterator[tuple[int, Node]]:
    from gradiometer.question.statement_slope import find_slope

    try:
        for order in range(1, most + 1):
            body = find_slope(body, variable).formula
            yield order, body
    except (GradiometerError, UndecidedError):
        return


def _size(tree: Node) -> int:
    return 1 + sum(map(_size, tree.arguments)) if isinstance(tree, Apply) else 1


def list_rewrites(tree: Node) -> Iterator[tuple[Mistake, Node]]:
    """The formula with one mistake at one place, in the order of the table.

    Example:
        >>> from gradiometer.formula import parse
        >>> found = list_rewrites(parse("sqrt(x^2) + 1").tree)
        >>> mistake, wrong = next(found)
        >>> mistake.family, to_text(wrong)
        ('root of a square', 'x + 1')
    """
    places = list(_places(tree))
    for mistake in ALGEBRA:
        pattern, result = _rule(mistake.pattern), _rule(mistake.result)
        for node, rebuild in places:
            for bound in _match(pattern, node, {}):
                yield mistake, tidy(rebuild(_build(result, bound)))


def _places(tree: Node) -> Iterator[tuple[Node, Callable[[Node], Node]]]:
    """Each part of the formula, and what puts another one in its place."""
    yield tree, lambda new: new
    if not isinstance(tree, Apply):
        return
    for place, part in enumerate(tree.arguments):
        before, after = tree.arguments[:place], tree.arguments[place + 1 :]
        for node, rebuild in _places(part):
            yield node, _Around(tree.operator, before, after, rebuild)


@final
@dataclass(frozen=True)
class _Around:
    """Puts a new part into an operation."""

    operator: str
    before: tuple[Node, ...]
    after: tuple[Node, ...]
    inner: Callable[[Node], Node]

    def __call__(self, new: Node) -> Node:
        return Apply(self.operator, (*self.before, self.inner(new), *self.after))


@cache
def _rule(text: str) -> Node:
    return parse(text, functions=("F",)).tree


_Bound = Mapping[str, Any]
_BOTH_WAYS = frozenset({"+", "*", "max", "min"})
_UNARY = frozenset(name for name in FUNCTIONS if OPERATORS[name].arity == (1, 1))


def _match(pattern: Node, node: Node, bound: _Bound) -> Iterator[_Bound]:
    """What the names of the pattern stand for, in every way in which it matches."""
    if isinstance(pattern, Name):
        known = bound.get(pattern.name)
        is_fit = pattern.name != "n" or isinstance(node, Number)
        if known is not None and known != node:
            return
        if is_fit:
            yield {**bound, pattern.name: node}
        return
    if not isinstance(pattern, Apply):
        if pattern == node:
            yield bound
        return
    if pattern.operator == "neg" and isinstance(node, Number) and node.value < 0:
        # A negative number that was put in is written with its minus.
        yield from _match(pattern.arguments[0], number(-node.value), bound)
        return
    if not isinstance(node, Apply):
        return
    if pattern.operator == "F":
        if node.operator in _UNARY:
            yield from _match(
                pattern.arguments[0], node.arguments[0], {**bound, "F": node.operator}
            )
        return
    if pattern.operator == ">" and node.operator in RELATIONS:
        yield from _match_all(pattern.arguments, node.arguments, {**bound, ">": node.operator})
        return
    if pattern.operator != node.operator or len(pattern.arguments) != len(node.arguments):
        return
    orders = [node.arguments]
    if node.operator in _BOTH_WAYS and len(node.arguments) == 2:
        orders.append(node.arguments[::-1])
    for arguments in orders:
        yield from _match_all(pattern.arguments, arguments, bound)


def _match_all(patterns: Sequence[Node], nodes: Sequence[Node], bound: _Bound) -> Iterator[_Bound]:
    if not patterns:
        yield bound
        return
    for found in _match(patterns[0], nodes[0], bound):
        yield from _match_all(patterns[1:], nodes[1:], found)


def _build(result: Node, bound: _Bound) -> Node:
    if isinstance(result, Name):
        return bound[result.name]
    if not isinstance(result, Apply):
        return result
    operator = bound[result.operator] if result.operator in ("F", ">") else result.operator
    return Apply(operator, tuple(_build(part, bound) for part in result.arguments))


def _find_arithmetic(left: Side, target: Node, at: Mapping[str, Any] | None) -> Slip | None:
    """Two different numbers, or sides that differ by a constant factor or term."""
    base = _at_point(tidy(left.formula), at)
    if not free_names(base) and not free_names(target):
        value = to_text(tidy(base))
        return Slip("arithmetic", "likely the numbers were worked out wrongly", value)
    if not (is_smooth(base) and is_smooth(target)):
        return None
    for sign, family, words in _DIFFERENCES:
        try:
            gap = cancel(apply(sign, target, base))
        except (GradiometerError, UndecidedError, RecursionError):
            continue
        if isinstance(gap, Number):
            gives = (
                f"{to_text(gap)}*({to_text(base)})"
                if sign == "/"
                else f"{to_text(base)} + {to_text(gap)}"
            )
            return Slip(family, f"likely {words.format(to_text(gap))}", gives)
    return None


_DIFFERENCES = (
    ("/", "coefficient", "the factor {} is too much"),
    ("-", "coefficient", "a constant is off by {}"),
)

"""Replays that two formulas with branches are equal: every branch, on every part of the line.

The line is cut at points; its parts are the points and the open intervals between them. On each
part the checker lowers both sides itself: the evidence says only which sign each difference has
that decides a branch, and how that is seen. What is left are smooth formulas, equal by their normal
form, or a part on which one side has no value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, final

from gradiometer.errors import CertificateError
from gradiometer.formula import (
    ONE,
    RELATIONS,
    ZERO,
    Apply,
    Constant,
    Interval,
    Name,
    Node,
    Number,
    apply,
    free_names,
    is_smooth,
    number,
    parse,
    parse_interval,
    substitute,
    tidy,
    to_text,
)
from gradiometer.proof.check_formula import check_identity, check_sign
from gradiometer.proof.check_walk import fields, require

Decide: TypeAlias = Callable[[Node], str]
"""The word for the sign of a smooth difference on the part."""

_MOST_POINTS = 100

_MEANING: Mapping[str, frozenset[int]] = {
    "negative": frozenset({-1}),
    "nonpositive": frozenset({-1, 0}),
    "zero": frozenset({0}),
    "nonnegative": frozenset({0, 1}),
    "positive": frozenset({1}),
    "mixed": frozenset({-1, 0, 1}),
}
"""The signs that each word allows."""

_VOID: Mapping[str, frozenset[int]] = {
    "ln": frozenset({-1, 0}),
    "sqrt": frozenset({-1}),
    "/": frozenset({0}),
}
"""Operations, and the signs of their last argument for which they have no value."""


def check_pieces(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that two formulas in one variable are equal wherever both have a value.

    Raises:
        CertificateError: If a branch, an identity or a part of the line is not shown.
    """
    left, right, relation, variable = fields(problem, "left", "right", "relation", "variable")
    require(relation == "==", "Pieces are about the relation ==.")
    require(fields(claim, "holds")[0] is True, "Pieces say that the relation holds.")
    sides = [_formula(text) for text in (left, right)]
    require(isinstance(variable, str), "The variable must be a name.")
    require(
        free_names(sides[0]) | free_names(sides[1]) == {variable}, "The formulas hold another name."
    )
    points, parts = fields(evidence, "points", "parts")
    line = list(cut_line(points))
    require(isinstance(parts, list) and len(parts) == len(line), "Each part has its evidence.")
    for on, part in zip(line, parts, strict=True):
        _check_part(sides, variable, on, part)


def cut_line(points: Any) -> Iterator[str]:
    """The open intervals between points that rise, and the points, from left to right.

    Raises:
        CertificateError: If the points are no list of formulas.
        GradiometerError: If an interval is empty, because the points do not rise.
    """
    require(isinstance(points, list) and len(points) <= _MOST_POINTS, "Points must be a list.")
    lower = "-oo"
    for point in points:
        value = tidy(_formula(point))
        is_plain = not isinstance(value, Number) or str(value.value) == point
        require(is_plain, "A rational point is written as a quotient.")
        yield f"({lower}, {point})"
        yield f"{{{point}}}"
        lower = point
    yield f"({lower}, oo)"


def _check_part(sides: Sequence[Node], variable: str, on: str, part: Any) -> None:
    where = parse_interval(on)
    if isinstance(part, dict) and "void" in part:
        given, side, text = fields(part, "signs", "side", "void")
        require(type(side) is int and side in (0, 1), "A side is 0 or 1.")
        signs = _Signs(given, variable, on)
        require(is_void(sides[side], text, signs.decide), "The side may have a value there.")
    else:
        given, moved, identities = fields(part, "signs", "moved", "identities")
        require(isinstance(moved, bool), "Whether the formulas are moved is yes or no.")
        signs = _Signs(given, variable, on)
        branches = Branches(signs.decide)
        smooth = [branches.lower(side) for side in sides]
        left, right = (to_text(move(side, variable, where, moved=moved)) for side in smooth)
        problem = {"left": left, "right": right, "relation": "=="}
        check_identity(problem, {"holds": True}, identities)
    signs.finish()


def move(node: Node, variable: str, on: Interval, *, moved: bool) -> Node:
    """The smooth formula as it is compared.

    Args:
        node: The formula on one part of the line.
        variable: Its variable.
        on: The part.
        moved: Whether the variable is replaced: by the point, or by a formula that runs through
            the interval while its name runs through all numbers.
    """
    return substitute(node, {variable: _run_through(on, variable)}) if moved else node


def _run_through(on: Interval, variable: str) -> Node:
    power = apply("^", Constant("e"), Name(variable))
    if on.lower is not None and on.upper is not None:
        if on.is_point:
            return on.lower
        top = apply("+", on.lower, apply("*", on.upper, power))
        return apply("/", top, apply("+", ONE, power))
    if on.lower is not None:
        return apply("+", on.lower, power)
    return Name(variable) if on.upper is None else apply("-", on.upper, power)


def is_void(side: Node, text: Any, decide: Decide) -> bool:
    """Whether an operation of the side, which is always carried out, has no value.

    Args:
        side: A formula.
        text: How the operation and its arguments are spelled.
        decide: Knows the sign of its last argument.
    """
    branches = Branches(decide)
    for node in branches.carried_out(side):
        if isinstance(node, Apply) and node.operator in _VOID and to_text(node) == text:
            inside = branches.lower(node.arguments[-1])
            return _MEANING[decide(inside)] <= _VOID[node.operator]
    return False


@final
class Branches:
    """Lowers a formula on one part of the line, by the signs of the differences it meets."""

    def __init__(self, decide: Decide) -> None:
        self._decide = decide

    def lower(self, node: Node) -> Node:
        """The smooth formula with the same values.

        Raises:
            CertificateError: If a sign decides no branch, or an operation has none that is known.
        """
        if not isinstance(node, Apply) or is_smooth(node):
            return node
        if node.operator == "where":
            condition, if_true, if_false = node.arguments
            return self.lower(if_true if self._truth(condition) else if_false)
        parts = [self.lower(part) for part in node.arguments]
        if node.operator in {"max", "min"}:
            return self._extreme(node.operator, parts)
        if node.operator == "abs":
            return parts[0] if self._is_first(parts[0], ZERO, 1) else apply("neg", parts[0])
        if node.operator == "relu":
            return self._extreme("max", [parts[0], ZERO])
        if node.operator == "clip":
            return self._extreme("min", [self._extreme("max", parts[:2]), parts[2]])
        if node.operator == "sign":
            signs = self._signs(parts[0])
            require(len(signs) == 1, "The sign is not the same everywhere.")
            return number(next(iter(signs)))
        lowered = Apply(node.operator, tuple(parts))
        require(is_smooth(lowered), f"The branches of `{node.operator}` are not known.")
        return lowered

    def carried_out(self, node: Node) -> Iterator[Node]:
        """The parts of a formula that have a value wherever it has one."""
        yield node
        if isinstance(node, Apply) and node.operator == "where":
            condition, if_true, if_false = node.arguments
            yield from self.carried_out(if_true if self._truth(condition) else if_false)
        elif isinstance(node, Apply):
            for part in node.arguments:
                yield from self.carried_out(part)

    def _extreme(self, operator: str, parts: Sequence[Node]) -> Node:
        best = parts[0]
        for other in parts[1:]:
            is_first = self._is_first(best, other, 1 if operator == "max" else -1)
            best = best if is_first else other
        return best

    def _is_first(self, first: Node, second: Node, wanted: int) -> bool:
        """Whether the difference has the wanted sign, or the other one; zero fits both."""
        signs = self._signs(first if second == ZERO else apply("-", first, second))
        require(not {-1, 1} <= signs, "A branch is not the same everywhere.")
        return -wanted not in signs

    def _truth(self, condition: Node) -> bool:
        require(isinstance(condition, Apply), "A condition is no relation.")
        assert isinstance(condition, Apply)
        if condition.operator == "not":
            return not self._truth(condition.arguments[0])
        if condition.operator in {"and", "or"}:
            both = [self._truth(part) for part in condition.arguments]
            return all(both) if condition.operator == "and" else any(both)
        require(condition.operator in RELATIONS, "A condition is no relation.")
        first, second = (self.lower(part) for part in condition.arguments)
        signs = self._signs(first if second == ZERO else apply("-", first, second))
        truths = {RELATIONS[condition.operator](sign) for sign in signs}
        require(len(truths) == 1, "A condition is not the same everywhere.")
        return truths.pop()

    def _signs(self, difference: Node) -> frozenset[int]:
        return _MEANING[self._decide(difference)]


@final
class _Signs:
    """The signs that the evidence gives, in the order in which they are asked for."""

    def __init__(self, given: Any, variable: str, on: str) -> None:
        require(isinstance(given, list), "Signs must be a list.")
        self._given = list(given)
        self._variable, self._on = variable, on

    def decide(self, difference: Node) -> str:
        """The word for the sign, after it was checked."""
        require(bool(self._given), "A sign is missing.")
        word, evidence = fields(self._given.pop(0), "sign", "evidence")
        problem = {"formula": to_text(difference), "variable": self._variable, "on": self._on}
        check_sign(problem, {"sign": word}, evidence)
        return str(word)

    def finish(self) -> None:
        """Refuse signs that nothing asked for."""
        require(not self._given, "There are more signs than branches.")


def _formula(text: Any) -> Node:
    require(isinstance(text, str), "A formula must be a text.")
    tree = parse(text).tree
    if to_text(tree) != text:
        raise CertificateError(f"The formula `{text[:60]}` is spelled in another way.")
    return tree

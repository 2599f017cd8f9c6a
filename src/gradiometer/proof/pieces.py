"""Proves that two formulas with branches are equal, part by part of the line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from gradiometer.errors import CertificateError, DomainError, UndecidedError
from gradiometer.formula import (
    ONE,
    OPERATORS,
    ZERO,
    Apply,
    Interval,
    Node,
    apply,
    compare_nodes,
    is_smooth,
    parse_interval,
    tidy,
    to_piecewise,
    to_text,
    walk,
)
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_pieces import Branches, check_pieces, cut_line, is_void, move
from gradiometer.proof.identity import accept, check_names, prove_equal, spell_formula
from gradiometer.proof.sign import sign_on

_MOST_POINTS = 40


def prove_pieces(left: Node, right: Node, variable: str) -> dict[str, Any]:
    """The certificate that both formulas are equal wherever both have a value.

    Args:
        left: A formula in the variable alone; it may hold `max`, `where` and other branches.
        right: Another one.
        variable: Their variable.

    Raises:
        UndecidedError: If no proof was found, which says nothing about the truth.

    Example:
        >>> from gradiometer.formula import parse
        >>> proof = prove_pieces(parse("max(x, 0)").tree, parse("(x + |x|)/2").tree, "x")
        >>> proof["evidence"]["points"]
        ['0']
    """
    check_names(left, right)
    points = [spell_formula(tidy(point)) for point in _find_points(left, right, variable)]
    try:
        parts = [_prove_part((left, right), variable, on) for on in cut_line(points)]
    except (CertificateError, DomainError) as error:
        raise UndecidedError(f"a part of the line is not decided: {error.problem}") from None
    certificate = make_certificate(
        "pieces",
        problem={
            "left": spell_formula(left),
            "right": spell_formula(right),
            "relation": "==",
            "variable": variable,
        },
        claim={"holds": True},
        evidence={"points": points, "parts": parts},
    )
    accept(check_pieces, certificate)
    return certificate


def _find_points(left: Node, right: Node, variable: str) -> list[Node]:
    """Where a side, or a part of it with branches, goes over to another piece, from left to right.

    The pieces of the sides alone are not enough: kinks of their parts may cancel.
    """
    found: list[Node] = []
    for part in dict.fromkeys(chain(*map(_parts_with_branches, (left, right)))):
        for piece in to_piecewise(part, variable).pieces:
            for end in (piece.on.lower, piece.on.upper):
                if end is not None:
                    _insert(found, end)
    return found


def _parts_with_branches(side: Node) -> Iterator[Node]:
    yield side
    for node in walk(side):
        if not isinstance(node, Apply) or is_smooth(node):
            continue
        if node.operator == "where":
            yield apply("where", node.arguments[0], ONE, ZERO)
        elif OPERATORS[node.operator].kind == "piecewise":
            yield node


def _insert(points: list[Node], new: Node) -> None:
    if len(points) > _MOST_POINTS:
        raise UndecidedError("too many pieces")
    for index, point in enumerate(points):
        order = compare_nodes(new, point)
        if order == 0:
            return
        if order < 0:
            points.insert(index, new)
            return
    points.append(new)


class _Recorder:
    """Finds signs and keeps how they are seen, in the order in which they are asked for."""

    def __init__(self, variable: str, on: Interval) -> None:
        self.given: list[dict[str, Any]] = []
        self._variable, self._on = variable, on

    def decide(self, difference: Node) -> str:
        """The word for the sign of a difference on the part."""
        found = sign_on(difference, self._variable, self._on)
        self.given.append({"sign": found.sign, "evidence": found.certificate["evidence"]})
        return found.sign


def _prove_part(sides: Sequence[Node], variable: str, text: str) -> dict[str, Any]:
    on = parse_interval(text)
    try:
        return _prove_equal_on(sides, variable, on)
    except (UndecidedError, CertificateError, DomainError) as error:
        void = _find_void(sides, variable, on)
        if void is None:
            raise UndecidedError(f"the sides on {text} are not decided: {error}") from None
        return void


def _prove_equal_on(sides: Sequence[Node], variable: str, on: Interval) -> dict[str, Any]:
    recorder = _Recorder(variable, on)
    branches = Branches(recorder.decide)
    smooth = [branches.lower(side) for side in sides]
    for moved in (True,) if on.is_point else (False, True):
        first, second = (move(side, variable, on, moved=moved) for side in smooth)
        try:
            identity = prove_equal(first, second)
        except UndecidedError:
            continue
        return {"signs": recorder.given, "moved": moved, "identities": identity["evidence"]}
    raise UndecidedError("the normal forms of both sides differ")


def _find_void(sides: Sequence[Node], variable: str, on: Interval) -> dict[str, Any] | None:
    """The evidence that a side has no value anywhere on the part."""
    for side, tree in enumerate(sides):
        for node in walk(tree):
            if not isinstance(node, Apply) or node.operator not in {"ln", "sqrt", "/"}:
                continue
            recorder = _Recorder(variable, on)
            try:
                if is_void(tree, to_text(node), recorder.decide):
                    return {"signs": recorder.given, "side": side, "void": to_text(node)}
            except (UndecidedError, CertificateError, DomainError):
                continue
    return None

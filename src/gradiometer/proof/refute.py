"""A point at which a statement fails, found among points a reader can check by hand.

Simple rationals come first, then points around every place where a formula changes its piece, then
far ones. Values are rationals or balls, so a point is returned only when the statement certainly
fails there; points where a side has no value are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import CertificateError, DomainError, LimitError, UndecidedError
from gradiometer.formula import (
    CONSTANTS,
    RELATIONS,
    Exact,
    Interval,
    Name,
    Node,
    compare,
    evaluate,
    free_names,
    precision,
    substitute,
    to_rational_text,
    to_text,
)
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check import check
from gradiometer.proof.refute_points import has_point, list_tiers

_LADDER = (128, 512, 2048)
"""Working precisions in bits; a difference of one part in 2^2000 is still seen."""

Point = Mapping[str, fmpq]


@final
@dataclass(frozen=True)
class Comparison:
    """Both sides of a statement at one point, and whether the statement holds there."""

    at: Point
    left: Exact
    right: Exact
    relation: str
    bits: int
    """Working precision at which the balls decided; 0 where both sides are rational."""
    holds: bool

    @property
    def is_rational(self) -> bool:
        """Whether both values are rational, so that the comparison needs no enclosure."""
        return isinstance(self.left, fmpq) and isinstance(self.right, fmpq)


def compare_at(
    left: Node,
    right: Node,
    relation: str,
    at: Point,
    *,
    defined: Sequence[Node] = (),
    ladder: Sequence[int] = _LADDER,
) -> Comparison | None:
    """Both sides at the point, or None where it cannot be decided or a side has no value.

    Args:
        left: Left side of the statement.
        right: Right side of the statement.
        relation: One of `RELATIONS`.
        at: The value of every name.
        defined: Trees that must have a value too, such as `f` where a side is its derivative.
        ladder: Working precisions in bits to try one after the other.
    """
    for bits in ladder:
        with precision(bits):
            try:
                for tree in defined:
                    _finite(evaluate(tree, at))
                sides = _finite(evaluate(left, at)), _finite(evaluate(right, at))
                order = compare(*sides)
            except UndecidedError:
                continue
            except (DomainError, LimitError):
                return None
            exact = isinstance(sides[0], fmpq) and isinstance(sides[1], fmpq)
            holds = RELATIONS[relation](order)
            return Comparison(dict(at), *sides, relation, 0 if exact else bits, holds)
    return None


def find_counterexample(
    left: Node,
    right: Node,
    relation: str = "==",
    variables: Sequence[str] | None = None,
    *,
    domains: Mapping[str, Interval] | None = None,
    defined: Sequence[Node] = (),
) -> Comparison | None:
    """The simplest point found at which `left relation right` certainly fails, or None.

    Args:
        left: Left side of the statement.
        right: Right side of the statement.
        relation: One of `RELATIONS`.
        variables: Names that may take any value; the free names of both sides by default.
        domains: Where a name may lie; all real numbers for the others.
        defined: Trees that must have a value at the point too.

    Returns:
        The point with both values. None says nothing about the truth of the statement.

    Example:
        >>> from gradiometer.formula import Name, apply, number
        >>> x = Name("x")
        >>> find_counterexample(apply("sqrt", apply("^", x, number(2))), x).at
        {'x': -1}
    """
    names = variables if variables is not None else sorted(free_names(left) | free_names(right))
    limits = domains or {}
    tried: list[Point] = []
    for tier in list_tiers(left, right, names, limits):
        failing = []
        for point in tier:
            if not all(has_point(limits[name], point[name]) for name in point if name in limits):
                continue
            tried.append(point)
            # One rung first: a statement that holds would climb the whole ladder at every point.
            found = compare_at(left, right, relation, point, defined=defined, ladder=_LADDER[:1])
            if found is not None and not found.holds:
                failing.append(found)
                if found.is_rational:
                    return found
        if failing:
            return failing[0]
    return _climb(left, right, relation, tried, defined)


def _climb(
    left: Node, right: Node, relation: str, points: Iterable[Point], defined: Sequence[Node]
) -> Comparison | None:
    """The first of a few points at which more precision shows that the statement fails."""
    undecided = 0
    for point in points:
        found = compare_at(left, right, relation, point, defined=defined, ladder=_LADDER[1:])
        if found is not None and not found.holds:
            return found
        undecided += found is None
        if undecided > _MOST_UNDECIDED:
            return None
    return None


_MOST_UNDECIDED = 6
"""Points that stay undecided at the highest precision before the search ends."""


def certify_counterexample(left: Node, right: Node, found: Comparison) -> dict[str, Any] | None:
    """The certificate that the relation fails at the point; None when the checker refuses it."""
    names = free_names(left) | free_names(right)
    certificate = make_certificate(
        "counterexample",
        problem={
            "left": to_text(rename(left)),
            "right": to_text(rename(right)),
            "relation": found.relation,
        },
        claim={"holds": False},
        evidence={
            "at": {
                to_text(rename(Name(name))): to_rational_text(value)
                for name, value in found.at.items()
                if name in names
            }
        },
    )
    try:
        check(certificate)
    except CertificateError:
        return None
    return certificate


def rename(tree: Node) -> Node:
    """The tree with every variable renamed that is spelled like a constant.

    A certificate knows its formulas by their text alone, where `e` is the constant.
    """
    hidden = {name for name in free_names(tree) if name in CONSTANTS}
    return substitute(tree, {name: Name(f"{name}_") for name in hidden}) if hidden else tree


def has_value_somewhere(
    trees: Sequence[Node],
    variables: Sequence[str],
    *,
    domains: Mapping[str, Interval] | None = None,
) -> bool:
    """Whether a point was found at which all *trees* have a value.

    A statement about sides that never have a value together says nothing.
    """
    limits = domains or {}
    for tier in list_tiers(trees[0], trees[-1], variables, limits):
        for point in tier:
            if not all(has_point(limits[name], point[name]) for name in point if name in limits):
                continue
            try:
                with precision(_LADDER[0]):
                    for tree in trees:
                        _finite(evaluate(tree, point))
            except (UndecidedError, DomainError, LimitError):
                continue
            return True
    return False


def _finite(value: Exact) -> Exact:
    if isinstance(value, arb) and not value.is_finite():
        raise UndecidedError("a value too large for an enclosure")
    return value

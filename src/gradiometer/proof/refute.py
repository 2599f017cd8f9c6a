"""A point at which a statement fails, found among points a reader can check by hand.

Simple rationals come first, then points around every place where a formula changes its piece, then
far ones. Values are rationals or balls, so a point is returned only when the statement certainly
fails there; points where a side has no value are passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import CertificateError, DomainError, LimitError, UndecidedError
from gradiometer.formula import (
    CONSTANTS,
    RELATIONS,
    Evaluator,
    Exact,
    Interval,
    Name,
    Node,
    compile_exact,
    free_names,
    precision,
    substitute,
    to_ball,
    to_rational_text,
    to_text,
)
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check import check
from gradiometer.proof.refute_points import has_point, list_tiers

_LADDER = (128, 512, 2048)
"""Working precisions in bits; a difference of one part in 2^2000 is still seen."""

_HUGE = arb(2) ** 100_000
"""Larger values are not shown to anybody, nor smaller ones than its inverse."""

_CLIMB = ((512, 60), (2048, 20))
"""Higher precisions in bits, and about how many of the points are looked at again with each."""

_QUICK_TIERS = 2
"""Simple points, and points around kinks."""

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
    return _compare(_compile(left, right, *defined), relation, at, ladder)


def _compile(*trees: Node) -> list[Evaluator]:
    return [compile_exact(tree) for tree in trees]


def _compare(
    trees: Sequence[Evaluator], relation: str, at: Point, ladder: Sequence[int]
) -> Comparison | None:
    """What `compare_at` says; the two sides are the first trees."""
    for bits in ladder:
        with precision(bits):
            try:
                left, right, *_ = [_finite(tree(at)) for tree in trees]
                order = _order(left, right)
            except UndecidedError:
                continue
            except (DomainError, LimitError):
                return None
            exact = isinstance(left, fmpq) and isinstance(right, fmpq)
            holds = RELATIONS[relation](order)
            return Comparison(dict(at), left, right, relation, 0 if exact else bits, holds)
    return None


def find_counterexample(
    left: Node,
    right: Node,
    relation: str = "==",
    variables: Sequence[str] | None = None,
    *,
    domains: Mapping[str, Interval] | None = None,
    defined: Sequence[Node] = (),
    quick: bool = False,
) -> Comparison | None:
    """The simplest point found at which `left relation right` certainly fails, or None.

    Args:
        left: Left side of the statement.
        right: Right side of the statement.
        relation: One of `RELATIONS`.
        variables: Names that may take any value; the free names of both sides by default.
        domains: Where a name may lie; all real numbers for the others.
        defined: Trees that must have a value at the point too.
        quick: Whether to try only simple points and those around kinks.

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
    trees = _compile(left, right, *defined)
    tried: list[Point] = []
    tiers = list_tiers(left, right, names, limits, relation)
    for tier in islice(tiers, _QUICK_TIERS) if quick else tiers:
        failing = []
        for point in tier:
            if not all(has_point(limits[name], point[name]) for name in point if name in limits):
                continue
            tried.append(point)
            # One rung first: a statement that holds would climb the whole ladder at every point.
            found = _compare(trees, relation, point, _LADDER[:1])
            if found is not None and not found.holds:
                failing.append(found)
                if found.is_rational:
                    return found
        if failing:
            return failing[0]
    return None if quick else _climb(trees, relation, tried)


def _climb(trees: Sequence[Evaluator], relation: str, points: Sequence[Point]) -> Comparison | None:
    """The first of some points at which more precision shows that the statement fails."""
    for bits, most in _CLIMB:
        for point in points[:: max(1, len(points) // most)]:
            found = _compare(trees, relation, point, (bits,))
            if found is not None and not found.holds:
                return found
    return None


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
    compiled = _compile(*trees)
    for tier in list_tiers(trees[0], trees[-1], variables, limits):
        for point in tier:
            if not all(has_point(limits[name], point[name]) for name in point if name in limits):
                continue
            try:
                with precision(_LADDER[0]):
                    for tree in compiled:
                        _finite(tree(point))
            except (UndecidedError, DomainError, LimitError):
                continue
            return True
    return False


def _order(left: Exact, right: Exact) -> int:
    """The order of two values, without the words that `compare` has for an undecided one."""
    if isinstance(left, fmpq) and isinstance(right, fmpq):
        return (left > right) - (left < right)
    gap = to_ball(left) - to_ball(right)
    if gap > 0:
        return 1
    if gap < 0:
        return -1
    if gap == 0:
        # Both balls are single numbers, and the same one.
        return 0
    raise UndecidedError("the enclosures overlap")


def _finite(value: Exact) -> Exact:
    """The value, if it is of a size that can be written down."""
    if isinstance(value, arb):
        size = value.abs_upper()
        if not (size < _HUGE and (size > 1 / _HUGE or size == 0)):
            raise UndecidedError("a value too large or too small to be written")
    return value

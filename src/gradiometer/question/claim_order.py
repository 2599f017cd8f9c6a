"""Proofs that the difference of two formulas keeps its sign: inequalities, on every piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import (
    REALS,
    RELATIONS,
    ZERO,
    Interval,
    Node,
    apply,
    cancel,
    factor,
    free_names,
    is_smooth,
    possible_signs,
    substitute,
    tidy,
)
from gradiometer.proof import find_boxes, prove_equal, prove_sign, rename
from gradiometer.question.claim_cells import list_cells, run_through

_Certificate: TypeAlias = Mapping[str, Any]


def prove_by_form(difference: Node, relation: str) -> Node | None:
    """A spelling of the difference that shows its sign, or None."""
    for form in _forms(difference):
        if all(map(RELATIONS[relation], possible_signs(form, {}))):
            return form
    return None


def _forms(tree: Node) -> Iterator[Node]:
    yield tree
    if is_smooth(tree):
        yield cancel(tree)
        yield factor(tree)


def certify_form(difference: Node, form: Node) -> _Certificate | None:
    """The certificate that a smooth difference has this form; None when there is none."""
    try:
        return prove_equal(rename(difference), rename(form))
    except UndecidedError:
        return None


def prove_on_cells(left: Node, right: Node, relation: str) -> list[_Certificate] | None:
    """Certificates of the sign of the difference on every piece; None without a proof.

    Raises:
        UndecidedError: If the pieces or a sign cannot be found.
        DomainError: If a constant in the formulas has no value.
    """
    names = free_names(left) | free_names(right)
    if len(names) != 1:
        return None
    variable = next(iter(names))
    parts = []
    for on, first, second in list_cells(left, right, variable):
        found = _prove_cell(tidy(apply("-", first, second)), variable, on, relation)
        if found is None:
            return None
        parts.extend(found)
    return parts or None


def _prove_cell(
    node: Node, variable: str, on: Interval, relation: str
) -> list[_Certificate] | None:
    """By polynomials in x or an exponential where there are only these, else by balls."""
    try:
        certificate = prove_sign(node, variable, on, relation)
        return None if certificate is None else [certificate]
    except UndecidedError:
        points = _own_ends(on)
    parts = [] if on.is_point else [_prove_inside(node, variable, on, relation)]
    parts += [_prove_at(tidy(substitute(node, {variable: end})), relation) for end in points]
    found = [part for part in parts if part is not None]
    return found if len(found) == len(parts) else None


def _own_ends(on: Interval) -> list[Node]:
    """The ends that belong to the interval."""
    ends = ((on.lower, on.lower_closed), (on.upper, on.upper_closed))
    return list(dict.fromkeys(end for end, closed in ends if end is not None and closed))


def _prove_inside(node: Node, variable: str, on: Interval, relation: str) -> _Certificate | None:
    """The sign on the open interval; where balls fail near an end, the end is moved to infinity."""
    try:
        found = find_boxes(node, variable, Interval(on.lower, on.upper))
    except UndecidedError:
        if on.lower is None and on.upper is None:
            raise
        moved = cancel(substitute(node, {variable: run_through(on, variable)}))
        found = find_boxes(moved, variable, REALS)
    signs = {*found.signs, *([0] if found.zeros else [])}
    return found.certificate if all(map(RELATIONS[relation], signs)) else None


def _prove_at(value: Node, relation: str) -> _Certificate | None:
    """The sign of a constant; by algebra where it may be 0."""
    try:
        return prove_sign(value, "x", REALS, relation)
    except (UndecidedError, DomainError):
        if not RELATIONS[relation](0):
            raise
        return prove_equal(value, ZERO)

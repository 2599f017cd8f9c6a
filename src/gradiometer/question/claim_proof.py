"""Proofs that a relation between two formulas holds for all values of their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula import (
    Interval,
    Node,
    apply,
    cancel,
    free_names,
    is_smooth,
    substitute,
    tidy,
    to_text,
)
from gradiometer.proof import (
    certify_counterexample,
    combine,
    find_counterexample,
    prove_equal,
    prove_pieces,
    rename,
)
from gradiometer.question.answer import Step
from gradiometer.question.claim_cases import split_cases
from gradiometer.question.claim_cells import list_cells, run_through
from gradiometer.question.claim_order import certify_form, prove_by_form, prove_on_cells
from gradiometer.question.value import to_interval_text, to_value_text


@final
@dataclass(frozen=True)
class Proof:
    """Why a relation always holds."""

    because: str
    certificate: Mapping[str, Any] | None = None
    """None where exact algebra alone decides."""
    steps: tuple[Step, ...] = ()


@final
@dataclass(frozen=True)
class Outcome:
    """Whether two formulas are the same function."""

    holds: bool | None
    because: str
    certificate: Mapping[str, Any] | None = None


def compare_trees(left: Node, right: Node) -> Outcome:
    """Whether both formulas have the same value wherever both have one."""
    found = find_counterexample(left, right)
    if found is not None:
        where = ", ".join(f"{name} = {to_value_text(value)}" for name, value in found.at.items())
        values = f"{to_value_text(found.left)} and {to_value_text(found.right)}"
        because = f"at {where} they are {values}" if where else f"they are {values}"
        return Outcome(False, because, certify_counterexample(left, right, found))
    proof = prove_relation(left, right, "==", is_whole=True)
    if proof is None:
        return Outcome(None, "no difference was found, and no proof that there is none")
    return Outcome(True, proof.because, proof.certificate)


def prove_relation(left: Node, right: Node, relation: str, *, is_whole: bool) -> Proof | None:
    """A proof that the relation holds wherever both sides have a value, or None.

    Args:
        left: Left side.
        right: Right side.
        relation: One of `RELATIONS`.
        is_whole: False when a side may have a value at points where its formula has none; then
            only formulas without branches are compared, which cannot differ at single points.
    """
    if not is_whole and not (is_smooth(left) and is_smooth(right)):
        return None
    try:
        if relation == "==":
            return _prove_equality(left, right)
        return _prove_order(left, right, relation)
    except (UndecidedError, DomainError, LimitError, RecursionError):
        return None


def _prove_equality(left: Node, right: Node) -> Proof | None:
    names = free_names(left) | free_names(right)
    is_plain = is_smooth(left) and is_smooth(right)
    if is_plain:
        proof = _prove_smooth(left, right)
        if proof is not None or not names:
            return proof
    if len(names) == 1:
        try:
            proof = _prove_by_pieces(left, right, next(iter(names)))
        except (UndecidedError, DomainError):
            proof = None
        if proof is not None:
            return proof
    return None if is_plain else _prove_by_cases(left, right)


def _equal(left: Node, right: Node) -> dict[str, Any] | None:
    """The certificate that two smooth formulas are equal, or None."""
    try:
        return prove_equal(rename(left), rename(right))
    except UndecidedError:
        return None


def _prove_smooth(left: Node, right: Node) -> Proof | None:
    certificate = _equal(left, right)
    if certificate is None:
        return None
    if not free_names(left) | free_names(right):
        return Proof("both sides are the same number", certificate)
    common = to_text(cancel(left))
    reason = "the common normal form of both sides"
    steps = (Step(common, reason),) if len(common) <= _LONGEST_FORM else ()
    return Proof("both sides have the same normal form", certificate, steps)


def _prove_by_pieces(left: Node, right: Node, variable: str) -> Proof | None:
    """Both sides on the common refinement of their pieces; single points by their values."""
    cells = list(list_cells(left, right, variable))
    if not cells:
        return None
    certificate = _certify_pieces(left, right, variable)
    if certificate is None:
        found = [_prove_cell(on, first, second, variable) for on, first, second in cells]
        if None in found:
            return None
        certificate = combine(part for parts in found for part in parts or ())
    steps = tuple(
        Step(
            f"{to_interval_text(on)}: {to_text(tidy(second))}",
            "both sides are this on the interval",
        )
        for on, _, second in cells
    )
    return Proof("on every piece both sides are the same", certificate, steps)


def _certify_pieces(left: Node, right: Node, variable: str) -> Mapping[str, Any] | None:
    """One certificate of all pieces with their branches; None when there is none."""
    try:
        return prove_pieces(rename(left), rename(right), variable)
    except (UndecidedError, DomainError):
        return None


def _prove_cell(
    on: Interval, left: Node, right: Node, variable: str
) -> list[Mapping[str, Any]] | None:
    """Certificates that two smooth formulas are equal on the interval; None without a proof."""
    whole = None if on.is_point else _equal(left, right)
    if whole is not None:
        return [whole]
    parts = [] if on.is_point else [{variable: run_through(on, variable)}]
    if on.lower is not None and on.lower_closed:
        parts.append({variable: on.lower})
    if on.upper is not None and on.upper_closed and not on.is_point:
        parts.append({variable: on.upper})
    found = []
    for values in parts:
        first, second = (tidy(substitute(side, values)) for side in (left, right))
        certificate = _equal(first, second)
        if certificate is None:
            return None
        found.append(certificate)
    return found


def _prove_by_cases(left: Node, right: Node) -> Proof | None:
    cases = split_cases(left, right)
    parts = []
    for first, second in cases:
        certificate = _equal(first, second)
        if certificate is None:
            return None
        parts.append(certificate)
    because = "without branches both sides are the same"
    if len(cases) > 1:
        because = f"in each of the {len(cases)} cases of the branches both sides are the same"
    return Proof(because, combine(parts))


def _prove_order(left: Node, right: Node, relation: str) -> Proof | None:
    """The sign of the difference: by its form, else on every piece."""
    because = f"the difference of both sides is {_SIGNS[relation]}"
    difference = tidy(apply("-", left, right))
    form = prove_by_form(difference, relation)
    if form is not None:
        steps = (Step(to_text(form), because),)
        return Proof(because, certify_form(difference, form), steps)
    parts = prove_on_cells(left, right, relation)
    return None if parts is None else Proof(because, combine(parts))


_SIGNS = {
    "<": "negative", "<=": "never positive", ">": "positive", ">=": "never negative",
    "!=": "never zero",
}  # fmt: skip
_LONGEST_FORM = 120

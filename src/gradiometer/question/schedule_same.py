"""Whether two schedules give one rate at a step: by their formulas, or by balls that part them."""

from __future__ import annotations

from collections.abc import Mapping

from flint import fmpq

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula import (
    Apply,
    Exact,
    Name,
    Node,
    Number,
    apply,
    compare,
    evaluate,
    holds,
    is_zero,
    precision,
)
from gradiometer.model import BoundSchedule
from gradiometer.question.schedule_facts import BITS, MOST_BITS


def is_same_rate(here: BoundSchedule, there: BoundSchedule, step: int) -> bool | None:
    """Whether both give the same rate at *step*; None where neither is proved.

    Example:
        >>> from gradiometer.model import read_schedule
        >>> left, right = (read_schedule(text).bind({}) for text in ("sqrt(k)", "k^(1/2)"))
        >>> is_same_rate(left, right, 2)
        True
    """
    if here.rate == there.rate and here.values == there.values:
        return True
    try:
        with precision(BITS):
            left, right = (
                _close(row.rate, {**row.values, "k": fmpq(step)}) for row in (here, there)
            )
            if left == right or is_zero(apply("-", left, right)):
                return True
    except (UndecidedError, DomainError, LimitError):
        pass
    bits = BITS
    while bits <= MOST_BITS:
        try:
            with precision(bits):
                return compare(here.rate_at(step), there.rate_at(step)) == 0
        except UndecidedError:
            bits *= 4
    return None


def _close(node: Node, values: Mapping[str, Exact]) -> Node:
    """The tree at one point: its choices made, and what is rational one number."""
    if isinstance(node, Name):
        value = values[node.name]
        return Number(value) if isinstance(value, fmpq) else node
    if not isinstance(node, Apply):
        return node
    if node.operator == "where":
        condition, if_true, if_false = node.arguments
        return _close(if_true if holds(condition, values) else if_false, values)
    closed = Apply(node.operator, tuple(_close(part, values) for part in node.arguments))
    value = evaluate(closed, {})
    if isinstance(value, fmpq):
        return Number(value)
    return _choose(closed) if node.operator in ("max", "min") else closed


def _choose(node: Apply) -> Node:
    """The largest or smallest of parts without names."""
    best, *rest = node.arguments
    for part in rest:
        order = compare(evaluate(part, {}), evaluate(best, {}))
        if order == (1 if node.operator == "max" else -1):
            best = part
    return best

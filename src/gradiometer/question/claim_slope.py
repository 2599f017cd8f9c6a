"""Derivatives that certainly do not exist at a point, because the two one-sided slopes differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flint import fmpq

from gradiometer.errors import DomainError, GradiometerError, UndecidedError
from gradiometer.formula import (
    Node,
    compare_nodes,
    evaluate,
    find_joints,
    free_names,
    number,
    precision,
    substitute,
    tidy,
    to_piecewise,
)
from gradiometer.question.statement import Side
from gradiometer.question.value import to_value_text

_BITS = 128


def why_no_slope(side: Side, at: Mapping[str, Any]) -> str:
    """Why a derivative in the side does not exist at the point; empty where that is not certain.

    Example:
        >>> from gradiometer.question.statement import read_statement
        >>> from gradiometer.question.statement_names import read_names
        >>> says = read_statement("f'(0) = 0", read_names(["f(x) = |x|"]))
        >>> why_no_slope(says.sides[0], {})
        'at 0 the slope is -1 on the left and 1 on the right'
    """
    values = {k: number(v) if isinstance(v, fmpq) else v for k, v in at.items()}
    if not side.slopes or not _lacks_value(substitute(side.formula, values)):
        return ""
    for body, variable, argument in side.slopes:
        others = {name: value for name, value in values.items() if name != variable}
        place = tidy(substitute(argument, values))
        reason = _why_none(substitute(body, others), variable, place)
        if reason:
            return reason
    return ""


def _lacks_value(formula: Node) -> bool:
    """Whether the side has no value by the rules, so that it does use the derivative."""
    try:
        with precision(_BITS):
            evaluate(formula, {})
    except DomainError:
        return True
    except (GradiometerError, UndecidedError):
        return False
    return False


def _why_none(body: Node, variable: str, place: Node) -> str:
    if free_names(place) or free_names(body) != {variable}:
        return ""
    try:
        for joint in find_joints(to_piecewise(body, variable)):
            if compare_nodes(joint.at, place) != 0:
                continue
            where = to_value_text(place)
            if joint.is_jump:
                return f"at {where} the function jumps"
            if joint.is_kink:
                left, right = map(to_value_text, (joint.left_slope, joint.right_slope))
                return f"at {where} the slope is {left} on the left and {right} on the right"
    except (GradiometerError, UndecidedError):
        return ""
    return ""

"""Powers of the step count as numbers between 0 and 1, for the checker."""

from __future__ import annotations

from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    ONE,
    ZERO,
    Affine,
    Apply,
    Name,
    Node,
    apply,
    evaluate,
    free_names,
    map_children,
    number,
    to_affine,
)


def bound_powers(node: Node) -> Node:
    """The tree with each power of t whose base lies in (0, 1) written as `1/(1 + e^s)`.

    Every value in (0, 1) has such an s, so what holds for all s holds for all t; and the normal
    form sees that one minus the power is positive.
    """

    def visit(current: Node) -> Node:
        current = map_children(current, visit)
        if isinstance(current, Apply) and current.operator == "^":
            return _bounded_power(current)
        return current

    return visit(node)


def _bounded_power(node: Apply) -> Node:
    base, exponent = node.arguments
    if free_names(exponent) != {"t"} or free_names(base):
        return node
    try:
        value = evaluate(base, {})
        form = to_affine(exponent, {"t": Affine(fmpq(0), {"t": fmpq(1)})}, {})
    except (GradiometerError, UndecidedError, ArithmeticError):
        return node
    slope, shift = form.coefficients.get("t"), form.constant
    if not (isinstance(value, fmpq) and isinstance(slope, fmpq) and isinstance(shift, fmpq)):
        return node
    # Steps count from 2 here.
    if slope <= 0 or 2 * slope + shift <= 0 or not 0 <= value < 1:
        return node
    if value == 0:
        return ZERO
    whole = slope if slope.q == 1 else fmpq(1)
    name = Name(f"power {value} {slope / whole}")
    bounded = apply("/", ONE, apply("+", ONE, apply("exp", name)))
    raised = bounded if whole == 1 else apply("^", bounded, number(whole))
    return raised if shift == 0 else apply("*", raised, apply("^", number(value), number(shift)))

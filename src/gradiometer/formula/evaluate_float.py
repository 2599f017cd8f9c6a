"""The value of a tree at a point in float64 or float32, each operation rounded as it is written.

Float evaluation follows IEEE 754: it never raises for a value.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from ctypes import c_float
from typing import Any, Literal, TypeAlias

from flint import fmpq

from gradiometer.errors import UsageError
from gradiometer.formula.evaluate import INFIX, RELATIONS
from gradiometer.formula.float_operations import (
    float32_power,
    float_divide,
    float_exp,
    float_power,
)
from gradiometer.formula.tree import Apply, Constant, Name, Node, Number

FloatKind: TypeAlias = Literal["float64", "float32"]
FloatEvaluator: TypeAlias = Callable[[Mapping[str, float]], float]
"""A compiled tree: the values of its names in, its value out."""


def round_to_kind(value: float, kind: FloatKind) -> float:
    """The nearest float of that kind, infinite beyond the largest one.

    Example:
        >>> round_to_kind(0.1, "float32"), round_to_kind(1e39, "float32")
        (0.10000000149011612, inf)
    """
    return c_float(value).value if kind == "float32" else value


def evaluate_float(node: Node, values: Mapping[str, float], kind: FloatKind = "float64") -> float:
    """The float value of *node*, each operation rounded in the order in which it is written.

    Args:
        node: A tree.
        values: A float of that kind for each of its names.
        kind: Which floats.

    Returns:
        The IEEE value; `inf` and `nan` where there is none.

    Raises:
        UsageError: If a name has no value.

    Example:
        >>> from gradiometer.formula import parse
        >>> evaluate_float(parse("x + 0.2").tree, {"x": 0.1})
        0.30000000000000004
    """
    return compile_float(node, kind)(values)


def compile_float(node: Node, kind: FloatKind = "float64") -> FloatEvaluator:
    """A function of the names' values that evaluates *node* as `evaluate_float` does.

    In float32 each operation is made in float64 and rounded: for sums, products, quotients and
    square roots that is the nearest float32, since float64 has more than twice its digits.
    """
    if isinstance(node, Number):
        return _give(round_to_kind(_nearest(node.value), kind))
    if isinstance(node, Name):
        return _read_name(node.name)
    if isinstance(node, Constant):
        return _give(round_to_kind(math.pi if node.name == "pi" else math.e, kind))
    if node.operator == "where":
        holds = _compile_condition(node.arguments[0], kind)
        if_true, if_false = (compile_float(part, kind) for part in node.arguments[1:])
        return lambda values: (if_true if holds(values) else if_false)(values)
    if kind == "float64" and node.operator in INFIX:
        parts = [compile_float(argument) for argument in node.arguments]
        return INFIX[node.operator](*parts)  # type: ignore[return-value]  # the same for floats
    run = float_operation(node.operator, kind)
    if kind == "float32" and node.operator == "^" and isinstance(node.arguments[1], Number):
        # A power that is written as a number is a product, each factor of which is rounded.
        run = _round_all(float32_power)
    parts = [compile_float(argument, kind) for argument in node.arguments]
    return lambda values: run(*[part(values) for part in parts])


def _give(constant: float) -> FloatEvaluator:
    return lambda values: constant


def _read_name(name: str) -> FloatEvaluator:
    def read(values: Mapping[str, float]) -> float:
        try:
            # A float of NumPy would warn, and its truths are no numbers.
            return float(values[name])
        except KeyError:
            raise UsageError(f"`{name}` has no value.", known=tuple(values)) from None

    return read


def float_operation(operator: str, kind: FloatKind = "float64") -> Callable[..., float]:
    """The operation of that name on floats; infinite or nan where there is no value."""
    run = _FLOAT[operator]
    if kind == "float32" and operator not in _EXACT:
        return _round_all(run)

    def call(*values: float) -> float:
        try:
            return float(run(*values))
        except OverflowError:
            return math.inf
        except (ValueError, ZeroDivisionError):
            return math.nan

    return call


def _round_all(run: Callable[..., float]) -> Callable[..., float]:
    def call(*values: float) -> float:
        try:
            return c_float(run(*values)).value
        except OverflowError:
            return math.inf
        except (ValueError, ZeroDivisionError):
            return math.nan

    return call


def holds_float(condition: Node, values: Mapping[str, float]) -> bool:
    """Whether a relation or a logical formula is true in float64; false where a side is nan."""
    return _compile_condition(condition, "float64")(values)


def _compile_condition(condition: Node, kind: FloatKind) -> Callable[[Mapping[str, float]], bool]:
    if not isinstance(condition, Apply):
        raise UsageError("A condition must be a relation such as `x <= 1`.")
    operator, arguments = condition.operator, condition.arguments
    if operator in ("not", "and", "or"):
        parts = [_compile_condition(part, kind) for part in arguments]
        if operator == "not":
            return lambda values: not parts[0](values)
        join = all if operator == "and" else any
        return lambda values: join(part(values) for part in parts)
    sides = [compile_float(part, kind) for part in arguments]
    relation = RELATIONS[operator]

    def call(values: Mapping[str, float]) -> bool:
        left, right = (side(values) for side in sides)
        if math.isnan(left) or math.isnan(right):
            return operator == "!="
        return relation((left > right) - (left < right))

    return call


def _nearest(value: fmpq) -> float:
    try:
        return int(value.p) / int(value.q)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


_FLOAT: Mapping[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": float_divide,
    "^": float_power,
    "neg": lambda a: -a,
    "exp": float_exp,
    "ln": lambda a: -math.inf if a == 0 else math.log(a),
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "atan": math.atan,
    "sinh": lambda a: math.copysign(math.inf, a) if abs(a) > 710.475 else math.sinh(a),
    "cosh": math.cosh,
    "tanh": math.tanh,
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)) if a > -700 else float_exp(a),
    "softplus": lambda a: max(a, 0.0) + math.log1p(math.exp(-abs(a))),
    "erf": math.erf,
    "erfc": math.erfc,
    "Phi": lambda a: math.erfc(-a / math.sqrt(2)) / 2,
    "abs": abs,
    "sign": lambda a: a if math.isnan(a) else (a > 0) - (a < 0),
    "relu": lambda a: max(a, 0.0),
    "max": lambda *a: math.nan if any(map(math.isnan, a)) else max(a),
    "min": lambda *a: math.nan if any(map(math.isnan, a)) else min(a),
    "clip": lambda a, low, high: min(max(a, low), high),
    "floor": lambda a: math.floor(a) if math.isfinite(a) else a,
    "passed": lambda k, *marks: sum(mark <= k for mark in marks),
}

RAW: Mapping[str, Callable[..., Any]] = {
    **_FLOAT,
    "/": operator.truediv,
    "^": math.pow,
    "where": lambda truth, a, b: a if truth else b,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "and": lambda *truths: all(truths),
    "or": lambda *truths: any(truths),
    "not": operator.not_,
}
"""Operations and relations of float64 that raise where there is no value, which is quicker."""

_EXACT = frozenset({"neg", "abs", "sign", "relu", "max", "min", "clip", "floor"})
"""Operations whose value is one of the floats they are given, or a whole number below one."""

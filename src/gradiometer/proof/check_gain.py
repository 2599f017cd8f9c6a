"""One step of a rule as a quotient: a sum of past gradients over the root of a sum of squares.

Values are followed through the assignments of a rule for all steps at once. What changes with the
step count may only be `1 - beta^t`; gradients may enter by sums, or by sums of their squares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Apply, Constant, Name, Node, Number, apply, exact_sqrt, to_text

ZERO, ONE = fmpq(0), fmpq(1)
RATE = "learning_rate"
"""The parameter by which steps are measured."""


@final
@dataclass(frozen=True)
class Factor:
    """A sign times the root of a rational, of powers of `1 - beta^t`, and of the rate."""

    sign: int
    square: fmpq
    powers: Mapping[Any, int] = field(default_factory=dict)
    """Powers under the root, by beta or `learning_rate`."""

    @property
    def is_zero(self) -> bool:
        """Whether it is 0 at every step."""
        return self.square == 0

    def to_rational(self) -> fmpq:
        """The number itself.

        Raises:
            UndecidedError: If it changes with the step or is irrational.
        """
        root = exact_sqrt(self.square)
        if self.powers or not isinstance(root, fmpq):
            raise UndecidedError("a coefficient of the rule is no fixed rational number")
        return self.sign * root


@final
@dataclass(frozen=True)
class Form:
    """A sum of the position, the gradient and linear means, each times a factor."""

    parts: Mapping[str, Factor]


@final
@dataclass(frozen=True)
class Square:
    """A sum of the gradient's square and of means of squares, each times a factor."""

    parts: Mapping[str, Factor]
    has_more: bool = False
    """Whether a constant that is not negative is added."""
    largest: Mapping[Any, int] | None = None
    """If it is the largest such sum so far, the powers of the corrections in that sum."""


@final
@dataclass(frozen=True)
class Kept:
    """The largest sum of squares up to the step before."""


@final
@dataclass(frozen=True)
class Count:
    """A finite number that may change with the step."""


@final
@dataclass(frozen=True)
class Root:
    """The root of a sum of squares, or more by a constant."""

    of: Square


@final
@dataclass(frozen=True)
class Quotient:
    """A sum over a root."""

    top: Form
    bottom: Square


@final
@dataclass(frozen=True)
class Sign:
    """A sign, times a factor."""

    size: Factor


@final
@dataclass(frozen=True)
class Moved:
    """The position and a step from it."""

    step: Quotient | Sign


Value: TypeAlias = Factor | Form | Square | Root | Quotient | Sign | Moved | Kept | Count


def to_factor(value: fmpq) -> Factor:
    """A number as a factor."""
    return Factor(-1 if value < 0 else 1, value * value)


def follow(node: Node, known: Mapping[str, Value]) -> Value:
    """The value of a formula.

    Raises:
        UndecidedError: If it has another shape.
    """
    if isinstance(node, Number):
        return to_factor(node.value)
    if isinstance(node, Name) and node.name in known:
        return known[node.name]
    if isinstance(node, Name | Constant):
        raise _strange(node)
    beta = _read_correction(node)
    if beta is not None:
        return Factor(1, ONE, {beta: 2}) if beta else to_factor(ONE)
    if node.operator == "where":
        return _follow_guard(node, known)
    values = [follow(argument, known) for argument in node.arguments]
    run = _RULES.get(node.operator)
    found = None if run is None else run(*values)
    if found is None:
        raise _strange(node)
    return found


def _strange(node: Node) -> UndecidedError:
    text = to_text(node)
    shown = text if len(text) <= 60 else f"{text[:59]}…"
    return UndecidedError(f"`{shown}` is no sum of gradients over a root of a sum of squares")


def _read_correction(node: Apply) -> fmpq | None:
    """The beta of `1 - beta^t`, which lies below 1."""
    if node.operator != "-" or len(node.arguments) != 2:
        return None
    one, power = node.arguments
    if not (isinstance(one, Number) and one.value == 1 and isinstance(power, Apply)):
        return None
    if power.operator != "^" or not isinstance(power.arguments[0], Number):
        return None
    beta, exponent = power.arguments[0].value, power.arguments[1]
    is_step = isinstance(exponent, Name) and exponent.name == "t"
    return beta if is_step and 0 <= beta < 1 else None


def _follow_guard(node: Apply, known: Mapping[str, Value]) -> Value:
    """A value that is 0 where a sum of squares is, or that is there before anything is remembered.

    Sums of gradients start at 0: in the first step only the position and the gradient count.
    """
    condition, inner, outer = node.arguments
    if isinstance(condition, Apply) and condition.operator == ">":
        squares, *zeros = (follow(part, known) for part in (*condition.arguments, outer))
        if isinstance(squares, Square) and all(_is_zero(value) for value in zeros):
            found = follow(inner, known)
            # A position or a sum of squares that falls to 0 would be another rule.
            if isinstance(found, Quotient | Sign):
                return found
            if isinstance(found, Form) and "x" not in found.parts:
                return found
    if condition == apply("==", Name("t"), Number(ONE)):
        first, later = follow(inner, known), follow(outer, known)
        if isinstance(first, Form) and isinstance(later, Form):
            seen = {name: part for name, part in later.parts.items() if name in ("x", "g")}
            if first.parts == seen:
                return later
    raise _strange(node)


def _is_zero(value: Value) -> bool:
    return isinstance(value, Factor) and value.is_zero


def multiply(one: Factor, other: Factor) -> Factor:
    """The product of two factors."""
    powers = {key: one.powers.get(key, 0) + other.powers.get(key, 0)
              for key in {*one.powers, *other.powers}}  # fmt: skip
    return Factor(one.sign * other.sign, one.square * other.square,
                  {key: power for key, power in powers.items() if power})  # fmt: skip


def invert(factor: Factor) -> Factor:
    """One over a factor.

    Raises:
        UndecidedError: If it is 0.
    """
    if factor.is_zero:
        raise UndecidedError("the rule divides by 0")
    powers = {key: -power for key, power in factor.powers.items()}
    return Factor(factor.sign, 1 / factor.square, powers)


def _add_factors(one: Factor, other: Factor) -> Factor | None:
    if one.is_zero or other.is_zero:
        return other if one.is_zero else one
    if one.powers != other.powers:
        return None
    total = replace(one, powers={}).to_rational() + replace(other, powers={}).to_rational()
    return replace(to_factor(total), powers=one.powers)


def _add_parts(one: Mapping[str, Factor], other: Mapping[str, Factor]) -> dict[str, Factor] | None:
    found: dict[str, Factor] = {}
    for name in sorted({*one, *other}):
        zero = to_factor(ZERO)
        total = _add_factors(one.get(name, zero), other.get(name, zero))
        if total is None:
            return None
        if not total.is_zero:
            found[name] = total
    return found


def _add(one: Value, other: Value) -> Value | None:
    if isinstance(other, Factor) and not isinstance(one, Factor):
        one, other = other, one
    if isinstance(one, Factor):
        return _add_constant(one, other)
    if isinstance(one, Form) and isinstance(other, Form):
        parts = _add_parts(one.parts, other.parts)
        return None if parts is None else Form(parts)
    if isinstance(one, Square) and isinstance(other, Square):
        parts = _add_parts(one.parts, other.parts)
        if parts is None or one.largest is not None or other.largest is not None:
            return None
        return Square(parts, one.has_more or other.has_more)
    if isinstance(one, Count) and isinstance(other, Count):
        return one
    if isinstance(other, Form):
        one, other = other, one
    is_position = isinstance(one, Form) and one.parts == {"x": to_factor(ONE)}
    return Moved(other) if is_position and isinstance(other, Quotient | Sign) else None


def _add_constant(one: Factor, other: Value) -> Value | None:
    if isinstance(other, Factor):
        return _add_factors(one, other)
    if one.is_zero:
        return other
    if isinstance(other, Count):
        return other
    # A constant that is added below the line does not count when all gradients are large.
    if isinstance(other, Square) and one.sign > 0:
        return replace(other, has_more=True)
    if isinstance(other, Root) and one.sign > 0:
        return Root(replace(other.of, has_more=True))
    return None


def _scale(factor: Factor, value: Value) -> Value | None:
    if isinstance(value, Factor):
        return multiply(factor, value)
    if factor.is_zero or isinstance(value, Count):
        return factor if factor.is_zero else value
    if isinstance(value, Form):
        return Form({name: multiply(factor, part) for name, part in value.parts.items()})
    if isinstance(value, Square) and factor.sign > 0:
        parts = {name: multiply(factor, part) for name, part in value.parts.items()}
        return replace(value, parts=parts)
    if isinstance(value, Root) and factor.sign > 0:
        inner = _scale(multiply(factor, factor), value.of)
        return Root(inner) if isinstance(inner, Square) else None
    if isinstance(value, Quotient):
        top = _scale(factor, value.top)
        return replace(value, top=top) if isinstance(top, Form) else None
    return Sign(multiply(factor, value.size)) if isinstance(value, Sign) else None


def _multiply(one: Value, other: Value) -> Value | None:
    if isinstance(one, Factor):
        return _scale(one, other)
    if isinstance(other, Factor):
        return _scale(other, one)
    if not isinstance(one, Form) or not isinstance(other, Form):
        return None
    if set(one.parts) != {"g"} or set(other.parts) != {"g"}:
        return None
    product = multiply(one.parts["g"], other.parts["g"])
    return Square({"g": product}) if product.sign > 0 else None


def _divide(one: Value, other: Value) -> Value | None:
    if isinstance(other, Factor):
        return _scale(invert(other), one)
    if not isinstance(one, Form) or not isinstance(other, Root) or "x" in one.parts:
        return None
    return Quotient(one, other.of)


def _raise(one: Value, other: Value) -> Value | None:
    return _multiply(one, one) if other == to_factor(fmpq(2)) else None


def _take_root(one: Value) -> Value | None:
    if isinstance(one, Square):
        return Root(one)
    if not isinstance(one, Factor) or (one.sign < 0 and not one.is_zero):
        return None
    root = exact_sqrt(one.square)
    if not isinstance(root, fmpq) or any(power % 2 for power in one.powers.values()):
        return None
    return Factor(1, root, {key: power // 2 for key, power in one.powers.items()})


def _take_sign(one: Value) -> Value | None:
    moves = isinstance(one, Form) and "x" not in one.parts and may_be_any(one)
    return Sign(to_factor(ONE)) if moves else None


def may_be_any(form: Form) -> bool:
    """Whether some gradients make a sum as large as one likes: means alone may cancel."""
    parts = form.parts.keys() - {"x"}
    return "g" in parts or len(parts) == 1


def _take_largest(one: Value, other: Value) -> Value | None:
    """The larger one of what was the largest so far and a sum of squares."""
    if isinstance(other, Kept):
        one, other = other, one
    if not isinstance(one, Kept) or not isinstance(other, Square) or other.largest is not None:
        return None
    powers = [factor.powers for factor in other.parts.values()]
    if not powers or any(row != powers[0] for row in powers):
        return None
    return replace(other, largest=powers[0])


def _subtract(one: Value, other: Value) -> Value | None:
    opposite = _scale(to_factor(-ONE), other)
    return None if opposite is None else _add(one, opposite)


_RULES: Mapping[str, Callable[..., Value | None]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "^": _raise,
    "neg": lambda one: _scale(to_factor(-ONE), one),
    "sqrt": _take_root,
    "sign": _take_sign,
    "max": _take_largest,
}

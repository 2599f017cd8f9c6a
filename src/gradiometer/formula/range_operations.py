"""Ranges of numbers, infinite ones included, and each operation on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import final

from flint import fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula.evaluate import compile_exact
from gradiometer.formula.exact import Exact, compare, to_ball
from gradiometer.formula.tree import Name, apply

_ZERO, _ONE = fmpq(0), fmpq(1)


@final
@dataclass(frozen=True)
class Range:
    """All numbers from *lower* to *upper*, both included; None is an infinite end."""

    lower: Exact | None
    upper: Exact | None

    def contains(self, other: Range) -> bool:
        """Whether every number of *other* certainly lies in this range."""
        below = self.lower is None or (
            other.lower is not None and compare(other.lower, self.lower) >= 0
        )
        above = self.upper is None or (
            other.upper is not None and compare(other.upper, self.upper) <= 0
        )
        return below and above

    @property
    def is_single(self) -> bool:
        """Whether one number is all that it holds; a ball is, when both ends are the same one."""
        lower, upper = self.lower, self.upper
        return lower is not None and upper is not None and (lower is upper or lower == upper)

    def is_positive(self) -> bool:
        """Whether all numbers are certainly above 0."""
        return self.lower is not None and compare(self.lower, _ZERO) > 0

    def is_negative(self) -> bool:
        """Whether all numbers are certainly below 0."""
        return self.upper is not None and compare(self.upper, _ZERO) < 0


EVERYTHING = Range(None, None)


def at_point(value: Exact) -> Range:
    """The range of a single number."""
    return Range(value, value)


def hull(*ranges: Range) -> Range:
    """The smallest range that contains all of them."""
    lowers = [r.lower for r in ranges]
    uppers = [r.upper for r in ranges]
    lower, upper = lowers[0], uppers[0]
    for candidate in lowers[1:]:
        lower = None if lower is None or candidate is None else _least(candidate, lower)
    for candidate in uppers[1:]:
        upper = None if upper is None or candidate is None else -_least(-candidate, -upper)
    return Range(lower, upper)


def _least(left: Exact, right: Exact) -> Exact:
    """The smaller of two numbers; a ball with it where balls overlap."""
    try:
        return left if compare(left, right) < 0 else right
    except UndecidedError:
        return to_ball(left).min(to_ball(right))


def range_operation(operator: str) -> Callable[..., Range]:
    """One operation on ranges; it raises as `evaluate_range` does.

    Example:
        >>> range_operation("-")(Range(fmpq(0), fmpq(1)), Range(fmpq(0), fmpq(1)))
        Range(lower=-1, upper=1)
    """
    return partial(apply_to_ranges, operator)


def apply_to_ranges(operator: str, *parts: Range) -> Range:
    """A range with every value of one operation; raises as `evaluate_range` does."""
    if all(part.lower is not None and part.lower is part.upper for part in parts):
        try:
            return at_point(_operation(operator, len(parts))(*[part.lower for part in parts]))
        except DomainError as error:
            # The branch with this part may be one that is never taken.
            raise UndecidedError(error.problem.rstrip(".")) from None
    if operator not in _RULES:
        raise UndecidedError(f"`{operator}` is not evaluated over ranges")
    return _RULES[operator](*parts)


@cache
def _operation(operator: str, count: int) -> Callable[..., Exact]:
    """The operation on numbers; it raises as `evaluate` does."""
    names = [f"a{index}" for index in range(count)]
    run = compile_exact(apply(operator, *map(Name, names)))
    return lambda *values: run(dict(zip(names, values, strict=True)))


def _add(left: Range, right: Range) -> Range:
    lower = None if left.lower is None or right.lower is None else left.lower + right.lower
    upper = None if left.upper is None or right.upper is None else left.upper + right.upper
    return Range(lower, upper)


def _opposite(part: Range) -> Range:
    return Range(
        None if part.upper is None else -part.upper, None if part.lower is None else -part.lower
    )


def _sign(part: Range) -> int:
    """1 or -1 when no number of the range has the other sign, else 0."""
    if part.lower is not None and compare(part.lower, _ZERO) >= 0:
        return 1
    if part.upper is not None and compare(part.upper, _ZERO) <= 0:
        return -1
    return 0


def _is_zero(part: Range) -> bool:
    """Whether zero is the only number of the range."""
    lower, upper = part.lower, part.upper
    return lower is not None and upper is not None and lower == 0 and upper == 0


def _multiply(left: Range, right: Range) -> Range:
    if _is_zero(left) or _is_zero(right):
        return at_point(_ZERO)
    if _sign(left) < 0:
        return _opposite(_multiply(_opposite(left), right))
    if _sign(right) < 0:
        return _opposite(_multiply(left, _opposite(right)))
    if _sign(left) > 0 and _sign(right) > 0:
        if left.lower is None or right.lower is None:
            raise UndecidedError("a range without its sign")
        lower = left.lower * right.lower
        return Range(lower, _product_above(left.upper, right.upper))
    if None in (left.lower, left.upper, right.lower, right.upper):
        return EVERYTHING
    corners = [
        at_point(a * b)
        for a in (left.lower, left.upper)
        for b in (right.lower, right.upper)
        if a is not None and b is not None
    ]
    return hull(*corners)


def _product_above(left: Exact | None, right: Exact | None) -> Exact | None:
    """The largest product of two numbers from 0 to *left* and to *right*."""
    if left is None or right is None:
        finite = right if left is None else left
        # Zero times anything stays zero, however large the other factor is.
        return _ZERO if finite is not None and compare(finite, _ZERO) == 0 else None
    return left * right


def _reciprocal(part: Range) -> Range:
    if part.is_negative():
        return _opposite(_reciprocal(_opposite(part)))
    if not part.is_positive() or part.lower is None:
        raise UndecidedError("a divisor that may be zero")
    return Range(_ZERO if part.upper is None else 1 / part.upper, 1 / part.lower)


def _monotone(operator: str, lowest: Exact | None, highest: Exact | None) -> Callable[..., Range]:
    """The rule of an increasing function with these limits at minus and plus infinity."""

    def run(part: Range) -> Range:
        compute = _operation(operator, 1)
        lower = lowest if part.lower is None else compute(part.lower)
        upper = highest if part.upper is None else compute(part.upper)
        return Range(lower, upper)

    return run


def _root(part: Range) -> Range:
    if part.lower is None or compare(part.lower, _ZERO) < 0:
        raise UndecidedError("a root of what may be negative")
    return _monotone("sqrt", None, None)(part)


def _logarithm(part: Range) -> Range:
    if not part.is_positive():
        raise UndecidedError("a logarithm of what may not be positive")
    return _monotone("ln", None, None)(part)


def _magnitude(part: Range) -> Range:
    if _sign(part) != 0:
        return part if _sign(part) > 0 else _opposite(part)
    return Range(_ZERO, hull(part, _opposite(part)).upper)


def _power(base: Range, exponent: Range) -> Range:
    if exponent.lower is not None and exponent.lower is exponent.upper:
        return _fixed_power(base, exponent.lower)
    if base.lower is None or base.lower is not base.upper or not base.is_positive():
        raise UndecidedError("a power whose base and exponent both vary")
    growing = compare(base.lower, _ONE) >= 0
    start, end = (
        None if e is None else _operation("^", 2)(base.lower, e)
        for e in (exponent.lower, exponent.upper)
    )
    if growing:
        return Range(_ZERO if start is None else start, end)
    return Range(_ZERO if end is None else end, start)


def _fixed_power(base: Range, exponent: Exact) -> Range:
    if not isinstance(exponent, fmpq) or exponent.q != 1:
        return _broken_power(base, exponent)
    power = int(exponent.p)
    if power < 0:
        return _reciprocal(_fixed_power(base, -exponent))
    if power == 0:
        return at_point(_ONE)
    if power % 2 == 0:
        base = _magnitude(base)
    return Range(
        None if base.lower is None else base.lower**power,
        None if base.upper is None else base.upper**power,
    )


def _broken_power(base: Range, exponent: Exact) -> Range:
    """All powers with an exponent that is no integer of bases from 0 on."""
    order = compare(exponent, _ZERO)
    if base.lower is None or compare(base.lower, _ZERO) < 0 or order == 0:
        raise UndecidedError("a power with a broken exponent over a range")
    if order < 0:
        return _reciprocal(_broken_power(base, -exponent))
    ends = [
        None if end is None else _operation("^", 2)(end, exponent)
        for end in (base.lower, base.upper)
    ]
    return Range(*ends)


def _swing(operator: str) -> Callable[..., Range]:
    """The rule of a sine or cosine: between -1 and 1, closer where the argument is bounded."""

    def run(part: Range) -> Range:
        if part.lower is None or part.upper is None:
            return Range(fmpq(-1), _ONE)
        ball = to_ball(part.lower).union(to_ball(part.upper))
        value = ball.sin() if operator == "sin" else ball.cos()
        return Range(value.lower(), value.upper())

    return run


def _hyperbolic_cosine(part: Range) -> Range:
    return _monotone("cosh", _ONE, None)(_magnitude(part))


def _passed(position: Range, *marks: Range) -> Range:
    certain, possible = 0, 0
    for mark in marks:
        if mark.lower is None or mark.upper is None:
            raise UndecidedError("a milestone that varies")
        certain += position.lower is not None and compare(mark.upper, position.lower) <= 0
        possible += position.upper is None or compare(mark.lower, position.upper) <= 0
    return _exactly(fmpq(certain), fmpq(possible))


def _exactly(lower: Exact | None, upper: Exact | None) -> Range:
    """The range, with one object for both ends when they are the same rational."""
    if isinstance(lower, fmpq) and isinstance(upper, fmpq) and lower == upper:
        return at_point(lower)
    return Range(lower, upper)


def _extreme(larger: bool) -> Callable[..., Range]:
    def run(*parts: Range) -> Range:
        lower, upper = parts[0].lower, parts[0].upper
        for part in parts[1:]:
            lower = _pick(lower, part.lower, larger, missing_is_low=True)
            upper = _pick(upper, part.upper, larger, missing_is_low=False)
        return Range(lower, upper)

    return run


def _pick(
    left: Exact | None, right: Exact | None, larger: bool, *, missing_is_low: bool
) -> Exact | None:
    if left is None or right is None:
        other = right if left is None else left
        return other if missing_is_low == larger else None
    return left if (compare(left, right) >= 0) == larger else right


_largest, _smallest = _extreme(larger=True), _extreme(larger=False)

_RULES: Mapping[str, Callable[..., Range]] = {
    "+": _add,
    "-": lambda a, b: _add(a, _opposite(b)),
    "*": _multiply,
    "/": lambda a, b: _multiply(a, _reciprocal(b)),
    "neg": _opposite,
    "^": _power,
    "exp": _monotone("exp", _ZERO, None),
    "tanh": _monotone("tanh", fmpq(-1), _ONE),
    "sigmoid": _monotone("sigmoid", _ZERO, _ONE),
    "softplus": _monotone("softplus", _ZERO, None),
    "erf": _monotone("erf", fmpq(-1), _ONE),
    "Phi": _monotone("Phi", _ZERO, _ONE),
    # Half a turn is less than 22/7.
    "atan": _monotone("atan", fmpq(-11, 7), fmpq(11, 7)),
    "floor": _monotone("floor", None, None),
    "sign": _monotone("sign", fmpq(-1), _ONE),
    "relu": _monotone("relu", _ZERO, None),
    "sqrt": _root,
    "ln": _logarithm,
    "sin": _swing("sin"),
    "cos": _swing("cos"),
    "sinh": _monotone("sinh", None, None),
    "cosh": _hyperbolic_cosine,
    "abs": _magnitude,
    "max": _largest,
    "min": _smallest,
    "clip": lambda part, low, high: _smallest(_largest(part, low), high),
    "passed": _passed,
}

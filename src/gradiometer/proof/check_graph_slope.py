"""The checker's own local slopes, written independently of the rules of differentiation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from flint import arb, fmpq, fmpz

from gradiometer.errors import CertificateError, DomainError, UndecidedError
from gradiometer.formula import Exact, Node, compare, evaluate, parse, size_in_bits, to_ball

_ZERO, _ONE = fmpq(0), fmpq(1)
_MOST_BITS = 100_000
_LARGEST = arb(fmpz(2) ** _MOST_BITS)
_SMALLEST = 1 / _LARGEST

_RULES: Mapping[str, tuple[str, ...]] = {
    "=": ("1",),
    "+": ("1", "1"),
    "-": ("1", "-1"),
    "*": ("b", "a"),
    "/": ("1/b", "-a/b/b"),
    "neg": ("-1",),
    "exp": ("exp(a)",),
    "ln": ("1/a",),
    "sqrt": ("sqrt(a)/(2*a)",),
    "sin": ("cos(a)",),
    "cos": ("-sin(a)",),
    "tan": ("1/cos(a)^2",),
    "atan": ("1/(a*a + 1)",),
    "sinh": ("cosh(a)",),
    "cosh": ("sinh(a)",),
    "tanh": ("1/cosh(a)^2",),
    "sigmoid": ("sigmoid(a)*sigmoid(-a)",),
    "softplus": ("sigmoid(a)",),
    "erf": ("2/sqrt(pi)*exp(-a*a)",),
    "erfc": ("-2/sqrt(pi)*exp(-a*a)",),
    "Phi": ("exp(-a*a/2)/sqrt(2*pi)",),
}
"""The slope for each argument `a`, `b`."""


def product(left: Exact, right: Exact) -> Exact:
    """The product, where an exact zero stays exact."""
    if any(isinstance(factor, fmpq) and factor == 0 for factor in (left, right)):
        return _ZERO
    return bounded(left * right)


def bounded(value: Exact) -> Exact:
    """The value, when it is finite and of a size that can be replayed."""
    if isinstance(value, arb):
        if not value.is_finite():
            raise UndecidedError("a ball has no bounds")
        if value.abs_upper() < _SMALLEST:
            return _ZERO if value.is_zero() else arb(0, _SMALLEST)
        if value.abs_lower() > _LARGEST:
            raise CertificateError("A number is too large to be replayed.")
    elif size_in_bits(value) > _MOST_BITS:
        raise CertificateError("A number is too long to be replayed.")
    return value


def order_of(left: Exact, right: Exact) -> int | None:
    """-1, 0 or 1 as *left* compares with *right*; None when the balls overlap."""
    try:
        return compare(left, right)
    except UndecidedError:
        return None


@cache
def _rule(operator: str, position: int) -> Node:
    return parse(_RULES[operator][position], names={"a", "b"}).tree


def find_slope(operator: str, position: int, values: Sequence[Exact]) -> Exact | None:
    """The local slope, or None where there is no single one."""
    if operator in _RULES:
        known = dict(zip("ab", values, strict=False))
        return _slope_or_none(_rule(operator, position), known)
    if operator == "^":
        return _power_slope(position, values)
    if operator == "floor":
        whole = values[0]
        is_whole = whole.q == 1 if isinstance(whole, fmpq) else whole.contains_integer()
        return None if is_whole else _ZERO
    if operator == "passed":
        orders = [order_of(mark, values[0]) for mark in values[1:]]
        met = orders if position == 0 else [orders[position - 1]]
        return _ZERO if all(met) else None
    if operator == "sign":
        return _ZERO if order_of(values[0], _ZERO) else None
    # The rest is piecewise linear: only the arguments that may decide it have another slope than 0.
    ways = _ways(operator, values)
    slopes = {way[position] for way in ways}
    if len(ways) == 1 or slopes == {0}:
        return fmpq(slopes.pop())
    return None


def _slope_or_none(tree: Node, known: Mapping[str, Exact]) -> Exact | None:
    try:
        value = evaluate(tree, known)
    except (DomainError, UndecidedError):
        return None
    return bounded(value) if isinstance(value, fmpq) or value.is_finite() else None


def _power_slope(position: int, values: Sequence[Exact]) -> Exact | None:
    base, exponent = values
    is_whole = isinstance(exponent, fmpq) and exponent.q == 1
    if (position == 1 or not is_whole) and order_of(base, _ZERO) != 1:
        return None
    if position == 0 and exponent == 0:
        return _ZERO
    text = "b*a^(b - 1)" if position == 0 else "a^b*ln(a)"
    return _slope_or_none(parse(text, names={"a", "b"}).tree, {"a": base, "b": exponent})


def _ways(operator: str, values: Sequence[Exact]) -> set[tuple[int, ...]]:
    """The slopes of every linear branch that may be the one at the point."""
    if operator == "abs":
        signs = {1: {(1,)}, -1: {(-1,)}}
        return signs.get(order_of(values[0], _ZERO) or 0, {(1,), (-1,)})
    if operator == "relu":
        signs = {1: {(1,)}, -1: {(0,)}}
        return signs.get(order_of(values[0], _ZERO) or 0, {(1,), (0,)})
    if operator in ("max", "min"):
        sign = 1 if operator == "max" else -1
        best = [
            k
            for k, value in enumerate(values)
            if not any(order_of(sign * other, sign * value) == 1 for other in values)
        ]
        return {tuple(int(k == chosen) for k in range(len(values))) for chosen in best}
    if operator == "clip":
        x, low, high = values
        inner = _ways("max", (x, low))
        outer = _ways("min", (larger(x, low), high))
        found = {(*way, 0) for way in inner} if (1, 0) in outer else set()
        return found | ({(0, 0, 1)} if (0, 1) in outer else set())
    raise CertificateError(f"The operation `{operator}` cannot be replayed.")


def larger(left: Exact, right: Exact) -> Exact:
    """The larger of two numbers, as a ball where the order is open."""
    order = order_of(left, right)
    if order is None:
        return to_ball(left).max(to_ball(right))
    return left if order > 0 else right

"""How the facts of `activation` write constants, intervals and formulas."""

from __future__ import annotations

from gradiometer.formula import Interval, Node, Number, map_children, to_decimal, to_text
from gradiometer.proof import Enclosed, Extended, Infinite, Span
from gradiometer.question.value import INFINITY, MINUS_INFINITY, Bounds, Value, to_value_text


def to_fact_value(value: Extended) -> Value:
    """The constant as a rational where it is one, and infinity as the value of a fact."""
    if isinstance(value, Infinite):
        return INFINITY if value.sign > 0 else MINUS_INFINITY
    if isinstance(value, Enclosed):
        return value.ball
    return value.value if isinstance(value, Number) else value


def spell(node: Node) -> str:
    """The formula as text; long fractions that end as decimals are written so."""
    return to_text(_with_decimals(node))


def _with_decimals(node: Node) -> Node:
    if not isinstance(node, Number):
        return map_children(node, _with_decimals)
    rest = int(node.value.q)
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1 or int(node.value.q) < _LONG:
        return node
    return Number(node.value, to_decimal(node.value, digits=_MOST_DIGITS))


_LONG = 10**6
_MOST_DIGITS = 80


def to_interval(on: Interval | Span) -> Interval | Bounds:
    """The interval with ends that read well."""
    if isinstance(on, Span):
        ends = (to_fact_value(on.lower), to_fact_value(on.upper))
        return Bounds(*ends, on.lower_attained, on.upper_attained)
    lower, upper = (None if end is None else _with_decimals(end) for end in (on.lower, on.upper))
    return Interval(lower, upper, on.lower_closed, on.upper_closed)


def say(value: Extended) -> str:
    """The constant or limit in words of a formula."""
    return to_value_text(to_fact_value(value))


def say_where(on: Interval) -> str:
    """The interval as an inequality, such as `0 < x < 6`."""
    low = "" if on.lower is None else spell(on.lower)
    high = "" if on.upper is None else spell(on.upper)
    if on.is_point:
        return f"x = {low}"
    if low and high:
        less = ["<=" if closed else "<" for closed in (on.lower_closed, on.upper_closed)]
        return f"{low} {less[0]} x {less[1]} {high}"
    if low:
        return f"x {'>=' if on.lower_closed else '>'} {low}"
    return f"x {'<=' if on.upper_closed else '<'} {high}" if high else "all x"

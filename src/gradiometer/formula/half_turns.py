"""Cosine and sine of rational multiples of pi, exact where they are rational."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula.exact import Exact, to_ball
from gradiometer.formula.tree import ONE, Apply, Constant, Node, apply

_HALF = fmpq(1, 2)

# By Niven's theorem these are all the rational cosines of rational multiples of pi, from 0 to pi.
_RATIONAL: Mapping[fmpq, fmpq] = {
    fmpq(0): fmpq(1),
    fmpq(1, 3): _HALF,
    _HALF: fmpq(0),
    fmpq(2, 3): -_HALF,
    fmpq(1): fmpq(-1),
}


def without_pi(node: Node) -> Node | None:
    """The tree `r` of a tree `pi*r` that has pi as a plain factor; None of any other tree.

    Example:
        >>> from gradiometer.formula import parse
        >>> without_pi(parse("pi*k/4").tree) == parse("1*k/4").tree
        True
    """
    if isinstance(node, Constant):
        return ONE if node.name == "pi" else None
    if not isinstance(node, Apply) or node.operator not in ("*", "/", "neg"):
        return None
    first, *rest = node.arguments
    inner = without_pi(first)
    if inner is not None:
        return Apply(node.operator, (inner, *rest), node.span)
    if node.operator == "*":
        other = without_pi(rest[0])
        return None if other is None else apply("*", first, other)
    return None


def cosine_of_turns(half_turns: Exact) -> Exact:
    """The cosine of pi times *half_turns*: 1, 1/2, 0, -1/2 or -1 exactly, else a ball."""
    if isinstance(half_turns, fmpq):
        turned = half_turns - 2 * (half_turns / 2).floor()
        known = _RATIONAL.get(min(turned, 2 - turned))
        return to_ball(half_turns).cos_pi() if known is None else known
    return half_turns.cos_pi()


def sine_of_turns(half_turns: Exact) -> Exact:
    """The sine of pi times *half_turns*, exact where it is rational."""
    return cosine_of_turns(half_turns - _HALF)


OF_TURNS: Mapping[str, Callable[[Exact], Exact]] = {"cos": cosine_of_turns, "sin": sine_of_turns}
"""The functions that know multiples of pi."""


def tangent(value: Exact) -> arb:
    """The tangent as a ball.

    Raises:
        UndecidedError: If a pole may lie at the argument.
    """
    result = to_ball(value).tan()
    if not result.is_finite():
        raise UndecidedError("a tangent whose argument may be at a pole")
    return result

"""Numbers of a normal input, each as exactly as it is known, and formulas of them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TypeAlias

from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Name,
    Node,
    Number,
    apply,
    cancel,
    evaluate,
    number,
    precision,
    substitute,
    tidy,
    to_ball,
    to_text,
)

Known: TypeAlias = "fmpq | arb | Node"
"""A rational, a constant formula, or a ball."""

_BITS = 256
_LONGEST = 60
"""Characters of a constant formula that is still shown as one."""

_q, _second, _mean_name, _slope_name = (Name(n) for n in ("q", "second", "mean", "slope"))
_SPREAD = apply("-", _second, apply("^", _mean_name, number(2)))
_FORMULAS: Mapping[str, Node] = {
    "second - mean^2": _SPREAD,
    "sqrt(q/second)": apply("sqrt", apply("/", _q, _second)),
    "sqrt(q/(second - mean^2))": apply("sqrt", apply("/", _q, _SPREAD)),
    "q*slope/second": apply("/", apply("*", _q, _slope_name), _second),
    "1/slope": apply("/", number(1), _slope_name),
    "sqrt(second)": apply("sqrt", _second),
    "published - certified": apply("-", Name("published"), Name("certified")),
}


def combine_known(formula: str, **values: Known) -> Known:
    """The formula's value, as a constant formula while that is short, else as a ball.

    Raises:
        UndecidedError: If balls are too wide for it.
    """
    tree = _FORMULAS[formula]
    nodes = {n: number(v) if isinstance(v, fmpq) else v for n, v in values.items()}
    exact = {n: v for n, v in nodes.items() if not isinstance(v, arb)}
    if len(exact) == len(nodes):
        settled = settle_known(substitute(tree, exact))
        if not isinstance(settled, arb):
            return settled
    with precision(_BITS):
        return to_ball(evaluate(tree, {n: to_known_ball(v) for n, v in values.items()}))


def settle_known(node: Node) -> Known:
    """The constant as a rational, as its shortest spelling, or as a ball when that is long."""
    spellings = [tidy(node)]
    with suppress(UndecidedError):
        spellings.append(cancel(node))
    best = min(spellings, key=lambda spelling: len(to_text(spelling)))
    if isinstance(best, Number):
        return best.value
    return best if len(to_text(best)) <= _LONGEST else to_known_ball(best)


def to_known_ball(value: Known) -> arb:
    """A ball with the number."""
    with precision(_BITS):
        return to_ball(value if isinstance(value, fmpq | arb) else evaluate(value, {}))


def is_known_zero(value: Known) -> bool:
    """Whether it is exactly 0."""
    return isinstance(value, fmpq) and value == 0

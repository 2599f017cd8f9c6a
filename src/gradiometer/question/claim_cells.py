"""Both sides of a statement in one variable on the common refinement of their pieces."""

from __future__ import annotations

from collections.abc import Iterator

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    ONE,
    Constant,
    Interval,
    Name,
    Node,
    apply,
    intersect,
    to_piecewise,
)

_MOST_CELLS = 400


def list_cells(left: Node, right: Node, variable: str) -> Iterator[tuple[Interval, Node, Node]]:
    """Where both sides have a value, in parts with one smooth formula on each side.

    Raises:
        UndecidedError: If there are too many parts, or a side has no pieces that can be solved.
    """
    sides = [to_piecewise(side, variable).pieces for side in (left, right)]
    if len(sides[0]) * len(sides[1]) > _MOST_CELLS:
        raise UndecidedError("too many pieces")
    for first in sides[0]:
        for second in sides[1]:
            on = intersect(first.on, second.on)
            if on is not None:
                yield on, first.formula, second.formula


def run_through(on: Interval, variable: str) -> Node:
    """A formula that runs through the inside of the interval while its name runs through all reals.

    It holds the exponential of the name, which the normal form knows to be positive.
    """
    power = apply("^", Constant("e"), Name(variable))
    if on.lower is not None and on.upper is not None:
        top = apply("+", on.lower, apply("*", on.upper, power))
        return apply("/", top, apply("+", ONE, power))
    if on.lower is not None:
        return apply("+", on.lower, power)
    return Name(variable) if on.upper is None else apply("-", on.upper, power)

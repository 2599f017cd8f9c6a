"""A landscape as the trees that a step needs: its slope in each variable, and its loss."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

import numpy as np
from flint import fmpq

from gradiometer.formula import (
    Interval,
    Name,
    Node,
    Number,
    apply,
    free_names,
    from_float,
    to_float,
)
from gradiometer.model import Landscape, Surface

Side: TypeAlias = Literal["left", "right"] | None
"""Which piece holds exactly at a joint; None is the piece that contains the point."""


@final
@dataclass(frozen=True)
class Field:
    """Slopes and loss as trees in the variables and in parameters."""

    variables: tuple[str, ...]
    gradient: tuple[Node, ...]
    loss: Node
    parts: tuple[tuple[Node, ...], ...] = ()
    """Where the loss is the mean of a finite sum, the slopes of each of its terms."""

    @property
    def depends_on_step(self) -> bool:
        """Whether the loss or its slopes read the step `t`, counted from 1."""
        trees = (*self.gradient, self.loss, *(tree for part in self.parts for tree in part))
        return "t" not in self.variables and any("t" in free_names(tree) for tree in trees)


def to_field(
    landscape: Landscape | Surface, side: Side = None, *, precision: str = "float64"
) -> Field:
    """The field of a landscape; pieces in one variable become a chain of choices.

    Ends are rounded so that a float is on the same side of them as of the exact ends.

    Example:
        >>> from gradiometer.formula import to_text
        >>> from gradiometer.model import read_objective
        >>> to_text(to_field(read_objective("abs(x)").bind({})).gradient[0])
        'where(x < 0, -1, 1)'
    """
    if isinstance(landscape, Surface):
        parts = landscape.term_gradients
        return Field(landscape.variables, landscape.gradient, landscape.value, parts)
    pieces = landscape.loss.pieces
    slope, loss = landscape.slopes[-1], pieces[-1].formula
    for piece, inner in reversed(list(zip(pieces[:-1], landscape.slopes[:-1], strict=True))):
        variable = landscape.loss.variable
        inside = _is_left_of(piece.on, variable, side, precision)
        slope = apply("where", inside, inner, slope)
        # A side chooses a slope; the loss at a joint is that of the piece that contains it.
        inside = _is_left_of(piece.on, variable, None, precision)
        loss = apply("where", inside, piece.formula, loss)
    return Field((landscape.loss.variable,), (slope,), loss)


def _is_left_of(on: Interval, variable: str, side: Side, precision: str) -> Node:
    """The condition that a float is not beyond the right end of an interval."""
    closed = on.upper_closed if side is None else side == "left"
    end = on.upper
    if isinstance(end, Number):
        below = _round_down(end.value, precision)
        # Between the float below and the end there is no float, so the float belongs to the piece.
        closed = closed or from_float(below) != end.value
        end = Number(from_float(below))
    if end is None:
        raise ValueError("only the last piece has no right end")
    return apply("<=" if closed else "<", Name(variable), end)


def _round_down(value: fmpq, precision: str) -> float:
    """The largest float that is not above."""
    real = np.float32 if precision == "float32" else np.float64
    near = real(to_float(value))
    if not math.isfinite(near) or from_float(float(near)) > value:
        near = np.nextafter(near, real(-math.inf))
    return float(near)

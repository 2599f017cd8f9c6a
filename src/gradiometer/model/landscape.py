"""A loss surface with its parameters' values: by pieces in one variable, as one formula in more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

from flint import fmpq

from gradiometer.formula import (
    Evaluator,
    FloatEvaluator,
    Interval,
    Name,
    Node,
    Piecewise,
    apply,
    compile_exact,
    compile_float,
    differentiate_branches,
    free_names,
    share,
    to_text,
)


@final
@dataclass(frozen=True)
class Landscape:
    """Loss and slope by pieces, in the variable `x`."""

    loss: Piecewise
    slopes: tuple[Node, ...]
    """The derivative on each piece of *loss*."""

    @cached_property
    def float_slopes(self) -> tuple[FloatEvaluator, ...]:
        """The slopes compiled for float64."""
        return tuple(compile_float(slope) for slope in self.slopes)

    @cached_property
    def float_losses(self) -> tuple[FloatEvaluator, ...]:
        """The pieces compiled for float64."""
        return tuple(compile_float(piece.formula) for piece in self.loss.pieces)

    @cached_property
    def float32_slopes(self) -> tuple[FloatEvaluator, ...]:
        """The slopes compiled for float32."""
        return tuple(compile_float(slope, "float32") for slope in self.slopes)

    @cached_property
    def float32_losses(self) -> tuple[FloatEvaluator, ...]:
        """The pieces compiled for float32."""
        return tuple(compile_float(piece.formula, "float32") for piece in self.loss.pieces)

    @property
    def variables(self) -> tuple[str, ...]:
        """The one variable."""
        return (self.loss.variable,)

    @cached_property
    def value(self) -> Node:
        """The loss as one tree, the pieces as its branches."""
        return self.to_tree()

    @cached_property
    def gradient(self) -> tuple[Node, ...]:
        """The slope as one tree, the pieces as its branches."""
        return (self._join(self.slopes, None),)

    def to_tree(self, side: str | None = None) -> Node:
        """The loss as one tree in which a joint belongs to the piece on that side of it."""
        return self._join(tuple(piece.formula for piece in self.loss.pieces), side)

    def _join(self, formulas: tuple[Node, ...], side: str | None) -> Node:
        tree = formulas[-1]
        for piece, formula in reversed(list(zip(self.loss.pieces, formulas, strict=True))[:-1]):
            if piece.on.upper is not None:
                closed = piece.on.upper_closed if side is None else side == "left"
                relation = "<=" if closed else "<"
                condition = apply(relation, Name(self.loss.variable), piece.on.upper)
                tree = apply("where", condition, formula, tree)
        return tree

    def to_problem(self) -> list[dict[str, Any]]:
        """The pieces as plain JSON for a certificate."""
        return [
            {
                "lower": None if p.on.lower is None else to_text(p.on.lower),
                "upper": None if p.on.upper is None else to_text(p.on.upper),
                "lower_closed": p.on.lower_closed,
                "upper_closed": p.on.upper_closed,
                "loss": to_text(p.formula),
            }
            for p in self.loss.pieces
        ]


@final
@dataclass(frozen=True)
class Surface:
    """Loss and gradient in any number of variables, each as one tree."""

    variables: tuple[str, ...]
    value: Node
    terms: tuple[Node, ...] = ()
    """What *value* is the mean of, where it is a finite sum."""

    @property
    def depends_on_step(self) -> bool:
        """Whether the loss reads the step `t`, counted from 1."""
        return "t" in free_names(self.value) and "t" not in self.variables

    @cached_property
    def gradient(self) -> tuple[Node, ...]:
        """The derivative with respect to each variable, equal parts shared."""
        return _differentiate(self.value, self.variables)

    @cached_property
    def term_gradients(self) -> tuple[tuple[Node, ...], ...]:
        """The derivatives of each term."""
        return tuple(_differentiate(term, self.variables) for term in self.terms)

    @cached_property
    def exact_value(self) -> Evaluator:
        """The loss compiled for exact numbers."""
        return compile_exact(self.value)

    @cached_property
    def exact_gradient(self) -> tuple[Evaluator, ...]:
        """The gradient compiled for exact numbers."""
        return tuple(compile_exact(slope) for slope in self.gradient)


def _differentiate(value: Node, variables: tuple[str, ...]) -> tuple[Node, ...]:
    tree = share(value)
    return tuple(differentiate_branches(tree, variable) for variable in variables)


@final
@dataclass(frozen=True)
class CriticalPoint:
    """A point that an entry says is critical: the gradient vanishes, or the slopes change sign."""

    at: tuple[Node, ...]
    value: Node | None
    kind: str
    """`minimum` for a lowest point of all, `local minimum`, `saddle`, `maximum`, …"""
    within: fmpq | None = None
    """A point that is no short formula lies at most this far from *at*, in each coordinate."""


def bind_interval(on: Interval, values: Mapping[str, Node]) -> Interval:
    """The interval with values in place of names in its ends."""
    from gradiometer.formula import substitute, tidy

    lower = None if on.lower is None else tidy(substitute(on.lower, values))
    upper = None if on.upper is None else tidy(substitute(on.upper, values))
    return Interval(lower, upper, on.lower_closed, on.upper_closed)

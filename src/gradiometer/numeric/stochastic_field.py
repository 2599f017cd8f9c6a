"""Stochastic gradients: draws added to the gradient, or the gradient of a part of a finite sum.

What is drawn for a step depends on the seed, the step and the place alone, so that a run can be
made again number by number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, final

import numpy as np
from flint import fmpq

from gradiometer.errors import DomainError, LimitError, UsageError
from gradiometer.formula import Name, Node, Number, apply, number
from gradiometer.numeric.field import Field

MOST_DRAWS = 100_000_000
"""Numbers that one run may draw."""


@final
@dataclass(frozen=True)
class GradientNoise:
    """How the gradient of a step differs from the gradient of the whole landscape."""

    kind: Literal["gaussian", "minibatch", "cyclic"]
    """Normal draws are added; some terms are drawn; or terms are taken one after the other."""
    size: fmpq
    """The deviation of what is added, or how many terms are taken."""
    seed: int = 0


@final
@dataclass(frozen=True, eq=False)
class Draws:
    """A field that reads draws, and these draws with one number for each step."""

    field: Field
    tables: Mapping[str, Any]


def make_stochastic(
    noise: GradientNoise,
    field: Field,
    *,
    steps: int,
    term_gradients: Sequence[Sequence[Node]] = (),
    name: str = "the objective",
) -> Draws:
    """The field whose gradient is a stochastic one.

    Args:
        noise: What is drawn.
        field: Loss and gradient of the whole landscape.
        steps: How many steps draw.
        term_gradients: The gradient of each term that the loss is the mean of.
        name: What errors call the landscape.

    Raises:
        UsageError: If terms are to be taken of what is no finite sum.
        DomainError: If more terms are to be taken than there are.
        LimitError: If the run would draw more than `MOST_DRAWS` numbers.
    """
    if noise.kind == "gaussian":
        return _add_normal(noise, field, steps)
    count, size = len(term_gradients), int(noise.size)
    if not count:
        raise UsageError(
            f"`{name}` is no sum or mean over data, so it has no terms to take.",
            hint="write `--noise gaussian:0.1`, or a formula such as `mean((x - u)^2)`",
        )
    if size > count:
        raise DomainError(
            f"`{name}` has {count} terms, and {size} are to be taken at each step.",
            hint=f"write `--noise {noise.kind}:{count}`",
        )
    _check_draws(steps, max(count, size))
    tables = {f"share {k}": column for k, column in enumerate(_share(noise, count, steps))}
    gradient: list[Node] = []
    for slopes in zip(*term_gradients, strict=True):
        parts = [apply("*", Name(f"share {k}"), slope) for k, slope in enumerate(slopes)]
        total: Node = parts[0]
        for part in parts[1:]:
            total = apply("+", total, part)
        gradient.append(apply("/", total, number(size)))
    return Draws(replace(field, gradient=tuple(gradient)), tables)


def _add_normal(noise: GradientNoise, field: Field, steps: int) -> Draws:
    """The gradient with a normal draw added to each coordinate."""
    count = len(field.gradient)
    _check_draws(steps, count)
    tables = {f"draw {k}": draw_column(noise.seed, steps, k) for k in range(count)}
    gradient = tuple(
        apply("+", slope, apply("*", Number(noise.size), Name(f"draw {k}")))
        for k, slope in enumerate(field.gradient)
    )
    return Draws(replace(field, gradient=gradient), tables)


def draw_column(seed: int, steps: int, coordinate: int) -> Any:
    """Standard normal draws of one coordinate, one for each step."""
    from gradiometer.numeric.draws import draw_normal

    return draw_normal(seed, run=0, step=np.arange(steps), coordinate=coordinate)


def _share(noise: GradientNoise, count: int, steps: int) -> Any:
    """How often each term is taken in each step, one row for each term."""
    size = int(noise.size)
    order = np.arange(steps * size)
    if noise.kind == "cyclic":
        taken = order % count
    else:
        from gradiometer.numeric.draws import draw_index

        # Each term of a step is drawn by itself, so a term can be taken twice.
        taken = draw_index(noise.seed, run=0, step=order, n=count)
    shares = np.zeros((count, steps))
    np.add.at(shares, (taken, order // size), 1.0)
    return shares


def _check_draws(steps: int, each: int) -> None:
    if steps * each > MOST_DRAWS:
        raise LimitError(
            f"A run may draw {MOST_DRAWS:,} numbers, and this one draws {steps * each:,}.",
            hint=f"ask for {MOST_DRAWS // each} steps or fewer",
        )

"""The slow and obvious engine of update rules: NumPy arrays, one operation after the other.

It reads the rule's own trees and is what faster engines are compared with. Arrays have the shape
(runs, *shape of x).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from gradiometer.errors import ShapeError, UsageError, unknown_name
from gradiometer.model import NUMBER, TENSOR, Rule
from gradiometer.numeric.lattice import Array, Lattice, Value


@final
@dataclass(frozen=True, eq=False)
class ReferenceState:
    """Where many runs are after *step* steps."""

    step: int
    position: Array
    """Shape (runs, *shape of x)."""
    memory: Mapping[str, Array]
    """Shape (runs, rows, columns) for each remembered name, lengths 1 where it has one value."""


def begin_reference(
    rule: Rule,
    start: ArrayLike,
    *,
    rates: Mapping[str, ArrayLike] | None = None,
    dtype: DTypeLike = np.float64,
) -> ReferenceState:
    """The state of many runs before the first step.

    Args:
        rule: The update rule, bound for any shape.
        start: The first positions, shape (runs, *shape).
        rates: Values of parameters, a number or one for each run; others keep the rule's own.
        dtype: float64 or float32.

    Raises:
        UsageError: If a parameter has no value.
        ShapeError: If positions have more than two axes.
    """
    position = np.asarray(start, dtype)
    rule, lattice = rule.for_shape(position.shape[1:]), _lattice(position)
    known = _parameters(rule, rates, lattice)
    known["x"] = lattice.raise_up(position, TENSOR)
    with np.errstate(all="ignore"):
        memory = {
            name: np.broadcast_to(
                lattice.value(tree, known).array, lattice.extent(rule.kinds[name])
            ).copy()
            for name, tree in rule.state.items()
        }
    return ReferenceState(0, position, memory)


def step_reference(
    rule: Rule,
    state: ReferenceState,
    gradient: ArrayLike,
    *,
    rates: Mapping[str, ArrayLike] | None = None,
    noise: ArrayLike | None = None,
    loss: ArrayLike | None = None,
) -> ReferenceState:
    """The state of many runs one step later, each operation rounded as the rule writes it.

    Args:
        rule: The update rule, bound for any shape.
        state: The state now.
        gradient: The gradients at the positions, shape (runs, *shape).
        rates: Values of parameters, a number or one for each run; others keep the rule's own.
        noise: Standard normal draws of that shape, for a rule that reads them.
        loss: The losses at the positions, one for each run, for a rule that reads them.

    Raises:
        UsageError: If the rule reads what is not given.
        ShapeError: If the shapes do not fit.

    Example:
        >>> from gradiometer.model import read_optimizer, settle
        >>> sgd = read_optimizer("sgd")
        >>> rule = sgd.bind(settle([sgd.owner], {"learning_rate": "1/2"})["optimizer"])
        >>> begin = begin_reference(rule, [[1.0, 2.0]])
        >>> step_reference(rule, begin, [[1.0, 1.0]]).position
        array([[0.5, 1.5]])
    """
    position = state.position
    rule, lattice = rule.for_shape(position.shape[1:]), _lattice(position)
    known = _parameters(rule, rates, lattice)
    known["t"] = Value(NUMBER, np.asarray(state.step + 1, position.dtype))
    given = {"x": position, "g": gradient, "noise": noise}
    for name, array in given.items():
        if array is not None:
            known[name] = lattice.raise_up(np.asarray(array, position.dtype), TENSOR)
    if loss is not None:
        known["loss"] = lattice.one_each(loss)
    for name, array in state.memory.items():
        known[name] = Value(rule.kinds[name], array)
    missing = sorted(rule.reads - known.keys())
    if missing:
        raise UsageError(
            f"The rule `{rule.name}` reads `{missing[0]}`, which this run does not give.",
            hint=f"give `{missing[0]}`",
        )
    with np.errstate(all="ignore"):
        for target, tree in rule.step:
            known[target] = lattice.value(tree, known)
    memory = {
        name: np.broadcast_to(known[f"{name}'"].array, lattice.extent(kind)).copy()
        for name, kind in ((name, rule.kinds[name]) for name in rule.state)
    }
    after = np.broadcast_to(known["x'"].array, lattice.extent(TENSOR)).reshape(position.shape)
    return ReferenceState(state.step + 1, after, memory)


def run_tape(
    rule: Rule,
    tape: ArrayLike,
    start: ArrayLike,
    rates: ArrayLike | Mapping[str, ArrayLike] | None = None,
    *,
    noise: ArrayLike | None = None,
    loss: ArrayLike | None = None,
    dtype: DTypeLike = np.float64,
) -> Array:
    """The positions of one run along a tape of gradients, shape (steps + 1, *shape).

    Args:
        rule: The update rule.
        tape: The gradient of each step, shape (steps, *shape); it does not depend on positions.
        start: The first position.
        rates: The learning rate, or values of parameters by name; each a number or one for each
            step. None for the rule's own.
        noise: Draws for each step, as the tape.
        loss: The loss for each step.
        dtype: float64 or float32.

    Raises:
        UsageError: If the rule reads what is not given.
        ShapeError: If the shapes do not fit.

    Example:
        >>> from gradiometer.model import read_optimizer, settle
        >>> adam = read_optimizer("adam")
        >>> rule = adam.bind(settle([adam.owner], {"learning_rate": "1/10"})["optimizer"])
        >>> run_tape(rule, [1.0, 1.0], 0.0).round(3)
        array([ 0. , -0.1, -0.2])
    """
    first = np.asarray(start, dtype)
    gradients = np.asarray(tape, dtype)
    if gradients.shape[1:] != first.shape:
        raise ShapeError(
            f"The gradients have the shape {gradients.shape[1:]}, the start has {first.shape}.",
            hint="give a tape of the shape (steps, *shape of the start)",
        )
    by_name: Mapping[str, ArrayLike] = {}
    if rates is not None:
        by_name = rates if isinstance(rates, Mapping) else {"learning_rate": rates}
    steps = len(gradients)
    values = {name: np.broadcast_to(np.asarray(v), (steps,)) for name, v in by_name.items()}
    draws = None if noise is None else np.asarray(noise, dtype)
    losses = None if loss is None else np.asarray(loss, dtype)
    rule = rule.for_shape(first.shape)
    opening = {name: array[0] for name, array in values.items() if steps}
    state = begin_reference(rule, first[None], rates=opening, dtype=dtype)
    positions = [first]
    for k in range(steps):
        state = step_reference(
            rule,
            state,
            gradients[k][None],
            rates={name: array[k] for name, array in values.items()},
            noise=None if draws is None else draws[k][None],
            loss=None if losses is None else losses[k : k + 1],
        )
        positions.append(state.position[0])
    return np.stack(positions)


def _lattice(position: Array) -> Lattice:
    shape = position.shape[1:]
    if position.ndim < 1 or len(shape) > 2:
        raise ShapeError(
            f"Positions have the shape {position.shape}, which is not (runs, *shape of x).",
            hint="give one, two or three axes, the first one over the runs",
        )
    return Lattice(len(position), shape, position.dtype)


def _parameters(
    rule: Rule, rates: Mapping[str, ArrayLike] | None, lattice: Lattice
) -> dict[str, Value]:
    """Every parameter as a number, or as one for each run."""
    given = dict(rates or {})
    for name in given:
        if name not in rule.text.parameters:
            problem = f"The rule `{rule.name}` has no parameter `{name}`."
            raise unknown_name(name, rule.text.parameters, problem=problem)
    known = {name: lattice.one_each(value) for name, value in rule.values.items()}
    return known | {name: lattice.one_each(value) for name, value in given.items()}

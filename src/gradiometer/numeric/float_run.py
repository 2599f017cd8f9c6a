"""One optimizer step in floats, each operation rounded in the order the rule writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

from flint import fmpq

from gradiometer.formula import FloatKind, evaluate_float, round_to_kind, to_float
from gradiometer.model import Rule

Slope: TypeAlias = Callable[[Mapping[str, float]], float]
"""A compiled slope: the value of `x` in, the gradient out."""


@final
@dataclass(frozen=True)
class FloatState:
    """Where a float64 run is after *step* steps."""

    step: int
    position: float
    memory: Mapping[str, float]


def begin_float(
    rule: Rule,
    start: fmpq,
    rates: Mapping[str, float] | None = None,
    *,
    kind: FloatKind = "float64",
) -> FloatState:
    """The state before the first step; *rates* are what schedules give at that step."""
    known = round_all({**rule.float_values, **(rates or {}), "x": to_float(start)}, kind)
    memory = {name: evaluate_float(tree, known, kind) for name, tree in rule.state.items()}
    return FloatState(0, known["x"], memory)


def round_all(values: Mapping[str, float], kind: FloatKind) -> dict[str, float]:
    """The numbers as floats of that kind."""
    if kind == "float64":
        return dict(values)
    return {name: round_to_kind(value, kind) for name, value in values.items()}


def advance_float(
    rule: Rule,
    state: FloatState,
    slope: Slope,
    rates: Mapping[str, float],
    loss: Slope | None = None,
    *,
    kind: FloatKind = "float64",
) -> FloatState:
    """The state one step later.

    Args:
        rule: The update rule.
        state: The state now.
        slope: The derivative of the landscape's piece, compiled, in `x`.
        rates: The parameters of this step that schedules give, the learning rate above all.
        loss: The landscape's piece itself, compiled, for a rule that reads the loss.
        kind: Which floats; *slope* and *loss* are compiled for the same.
    """
    step = state.step + 1
    known = {**round_all({**rule.float_values, **rates}, kind), **state.memory}
    known |= {"x": state.position, "t": float(step)}
    known["g"] = slope({"x": state.position})
    if loss is not None:
        known["loss"] = loss({"x": state.position})
    for target, run in rule.float32_step if kind == "float32" else rule.float_step:
        known[target] = run(known)
    memory = {name: known[f"{name}'"] for name in rule.state}
    return FloatState(step, known["x'"], memory)

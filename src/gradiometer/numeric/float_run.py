"""One optimizer step in float64, each operation rounded in the order the rule writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

from flint import fmpq

from gradiometer.formula import evaluate_float, to_float
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


def begin_float(rule: Rule, start: fmpq, rates: Mapping[str, float] | None = None) -> FloatState:
    """The state before the first step; *rates* are what schedules give at that step."""
    known = {**rule.float_values, **(rates or {}), "x": to_float(start)}
    memory = {name: evaluate_float(tree, known) for name, tree in rule.state.items()}
    return FloatState(0, known["x"], memory)


def advance_float(
    rule: Rule,
    state: FloatState,
    slope: Slope,
    rates: Mapping[str, float],
    loss: Slope | None = None,
) -> FloatState:
    """The state one step later.

    Args:
        rule: The update rule.
        state: The state now.
        slope: The derivative of the landscape's piece, compiled, in `x`.
        rates: The parameters of this step that schedules give, the learning rate above all.
        loss: The landscape's piece itself, compiled, for a rule that reads the loss.
    """
    step = state.step + 1
    known: dict[str, float] = {**rule.float_values, **rates, **state.memory}
    known |= {"x": state.position, "t": float(step)}
    known["g"] = slope({"x": state.position})
    if loss is not None:
        known["loss"] = loss({"x": state.position})
    for target, run in rule.float_step:
        known[target] = run(known)
    memory = {name: known[f"{name}'"] for name in rule.state}
    return FloatState(step, known["x'"], memory)

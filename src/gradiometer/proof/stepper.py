"""Takes the steps of a run whose parameter may be free: in exact numbers or in float64."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Axis,
    Exact,
    FloatKind,
    Line,
    Number,
    at_parameter,
    free_names,
    from_float,
    on_axis,
    substitute,
)
from gradiometer.model import Landscape
from gradiometer.numeric import FloatState, advance_float, begin_float
from gradiometer.proof.walk import Course, Ground, State, advance, begin

_ZERO = fmpq(0)


class AbstractStepper(ABC):
    """Takes the steps of a run: in exact numbers or in float64."""

    @abstractmethod
    def begin(self, course: Course) -> Any:
        """The state before the first step."""

    @abstractmethod
    def position(self, state: Any) -> Any:
        """The position as an exact number."""

    @abstractmethod
    def advance(self, course: Course, ground: Ground, state: Any, piece: int) -> Any:
        """The state one step later."""

    @abstractmethod
    def key(self, state: Any) -> Any:
        """What decides the future besides the step count, hashable; None where it is not exact."""

    @abstractmethod
    def move(self, state: Any, axis: Axis | Exact) -> Any:
        """The state on a part of the axis, or at one value of the parameter."""


@final
class ExactStepper(AbstractStepper):
    """Rationals, balls, and lines in the parameter."""

    def begin(self, course: Course) -> State:
        """The state before the first step."""
        return begin(course.rule, course.start, course.rates(0))

    def position(self, state: State) -> Any:
        """The position as an exact number."""
        return state.position

    def advance(self, course: Course, ground: Ground, state: State, piece: int) -> State:
        """The state one step later."""
        gradient = ground.slope(piece, state.position)
        loss = ground.loss(piece, state.position) if "loss" in course.rule.reads else None
        return advance(course.rule, state, gradient, course.rates(state.step), loss)

    def key(self, state: State) -> Any:
        """What decides the future besides the step count; None where it is not exact."""
        parts = [state.position, *(state.memory[name] for name in sorted(state.memory))]
        key = []
        for part in parts:
            pair = (part.constant, part.slope) if isinstance(part, Line) else (part, _ZERO)
            if not all(isinstance(number, fmpq) for number in pair):
                return None
            key.append(pair)
        return tuple(key)

    def move(self, state: State, axis: Axis | Exact) -> State:
        """The state on a part of the axis, or at one value of the parameter."""

        def change(value: Any) -> Any:
            return on_axis(value, axis) if isinstance(axis, Axis) else at_parameter(value, axis)

        memory = {name: change(value) for name, value in state.memory.items()}
        return replace(state, position=change(state.position), memory=memory)


@final
@dataclass(frozen=True)
class FloatStepper(AbstractStepper):
    """Floats, each operation rounded as the rule writes it; branches compare exactly."""

    kind: FloatKind = "float64"

    def begin(self, course: Course) -> FloatState:
        """The state before the first step."""
        return begin_float(course.rule, course.start, course.float_rates(0), kind=self.kind)

    def position(self, state: FloatState) -> fmpq:
        """The position as an exact number."""
        if state.position - state.position != 0:
            raise UndecidedError(f"{self.kind} overflows")
        return from_float(state.position)

    def advance(self, course: Course, ground: Ground, state: FloatState, piece: int) -> FloatState:
        """The state one step later."""
        if free_names(ground.trees[piece]) - {"x"}:
            raise UndecidedError(f"the {self.kind} run depends on the parameter")
        land, is_short = course.landscape, self.kind == "float32"
        slope = (land.float32_slopes if is_short else land.float_slopes)[piece]
        loss = None
        if "loss" in course.rule.reads:
            loss = (land.float32_losses if is_short else land.float_losses)[piece]
        rates = course.float_rates(state.step)
        return advance_float(course.rule, state, slope, rates, loss, kind=self.kind)

    def key(self, state: FloatState) -> Any:
        """What decides the future besides the step count; None where it is not exact."""
        return (state.position, *(state.memory[name] for name in sorted(state.memory)))

    def move(self, state: FloatState, axis: Axis | Exact) -> FloatState:
        """The state on a part of the axis, or at one value of the parameter."""
        return state


def at_value(course: Course, parameter: str, value: fmpq) -> Course:
    """The course on the landscape with its free parameter at one value."""
    numbers = {parameter: Number(value)}
    loss = course.landscape.loss.substitute(numbers)
    slopes = tuple(substitute(slope, numbers) for slope in course.landscape.slopes)
    return replace(course, landscape=Landscape(loss, slopes))

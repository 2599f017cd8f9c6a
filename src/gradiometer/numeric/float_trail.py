"""One run in floats with its way: where it stood, where it was lowest, where it broke down.

Long runs are thinned: every position counts for the lowest one, a fixed number of them is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

from gradiometer.formula import FloatKind, compile_float, evaluate_float, round_to_kind
from gradiometer.model import ScalarRule
from gradiometer.numeric.field import Field
from gradiometer.numeric.float_run import round_all

Floats: TypeAlias = tuple[float, ...]
Values: TypeAlias = Mapping[str, float]

MOST_KEPT = 10_000
"""Positions of one run that are kept, besides the last one."""

LONGEST_RETURN = 240
"""Steps in which a state is looked for again at the end of a run."""


@final
@dataclass(frozen=True)
class FloatTrail:
    """What is kept of a run."""

    steps: tuple[int, ...]
    """After how many steps each kept position was reached."""
    positions: tuple[Floats, ...]
    losses: Floats
    stride: int
    """Every how many steps a position is kept; the last one is kept as well."""
    lowest: float
    """The lowest loss of all steps; nan when no loss is a number."""
    lowest_step: int
    lowest_at: Floats
    not_finite: int | None
    """The first step after which a number of the state, or the loss, is not finite."""
    still: int
    """How many steps in a row did not move the position: the last ones, or further ones."""
    period: int | None
    """In how many further steps the last state returned exactly; None when it did not."""

    @property
    def last(self) -> int:
        """The number of steps that were made."""
        return self.steps[-1]

    @property
    def final(self) -> Floats:
        """The last position."""
        return self.positions[-1]


def choose_stride(steps: int) -> int:
    """Every how many steps a position is kept.

    Example:
        >>> choose_stride(10_000), choose_stride(10_001)
        (1, 2)
    """
    return max(1, -(-steps // MOST_KEPT))


def trace_floats(
    code: ScalarRule,
    field: Field,
    start: Sequence[float],
    *,
    steps: int,
    rates: Callable[[int], Values],
    draws: Callable[[int], Values] | None = None,
    is_settled: bool = False,
    kind: FloatKind = "float64",
) -> FloatTrail:
    """The run in floats, each operation rounded in the order in which it is written.

    Args:
        code: The rule, coordinate by coordinate.
        field: The surface in as many variables; it may read what *draws* gives.
        start: The first position.
        steps: How many steps to make; fewer are made when a number is no longer finite.
        rates: The scheduled parameters when that many steps are done.
        draws: What else the field or the rule reads, drawn for each step.
        is_settled: Whether the rule no longer depends on the step count at the end, so that a
            state that returns is a cycle.
        kind: Which floats.

    Example:
        >>> from gradiometer.formula import parse
        >>> from gradiometer.model import read_optimizer, unroll
        >>> rule = read_optimizer({"name": "half", "step": {"x'": "x - g/4"}}).bind({})
        >>> bowl = Field(("x",), (parse("2x").tree,), parse("x^2").tree)
        >>> run = trace_floats(unroll(rule, ()), bowl, (1.0,), steps=2, rates=lambda step: {})
        >>> run.positions
        ((1.0,), (0.5,), (0.25,))
    """
    walk = _Walk(code, field, rates, draws, kind)
    position = tuple(round_to_kind(number, kind) for number in start)
    memory = walk.begin(position)
    tally = Tally(choose_stride(steps), position)
    for step in range(steps + 1):
        loss = walk.loss(position, step)
        if not tally.note(step, position, loss, memory.values(), is_last=step == steps):
            break
        if step < steps:
            position, memory = walk.advance(position, memory, loss, step)
    period = None
    if is_settled and draws is None and not field.depends_on_step and tally.not_finite is None:
        period = _find_return(walk, position, memory, steps)
    return tally.finish(period)


def _find_return(walk: _Walk, position: Floats, memory: Values, step: int) -> int | None:
    """In how many steps the state is the same again."""
    point, state = position, memory
    for further in range(1, LONGEST_RETURN + 1):
        point, state = walk.advance(
            point, state, walk.loss(point, step + further - 1), step + further - 1
        )
        if point == position and state == memory:
            return further
    return None


@final
class _Walk:
    """A rule on a field, compiled operation by operation."""

    def __init__(
        self,
        code: ScalarRule,
        field: Field,
        rates: Callable[[int], Values],
        draws: Callable[[int], Values] | None,
        kind: FloatKind,
    ) -> None:
        self.code, self.field, self.rates, self.draws = code, field, rates, draws
        self.kind: FloatKind = kind
        self.values = round_all(code.float_values, kind)
        self.slopes = [compile_float(tree, kind) for tree in field.gradient]
        self.height = compile_float(field.loss, kind)
        self.lines = code.float32_step if kind == "float32" else code.float_step

    def begin(self, position: Floats) -> Values:
        """What is remembered before the first step."""
        known = {**self.values, **round_all(self.rates(0), self.kind)}
        known |= zip(self.code.coordinates, position, strict=True)
        return {name: evaluate_float(tree, known, self.kind) for name, tree in self.code.states}

    def place(self, position: Floats, step: int) -> dict[str, float]:
        """What the field reads after that many steps: its variables, and which step is next."""
        return {"t": float(step + 1), **dict(zip(self.field.variables, position, strict=True))}

    def loss(self, position: Floats, step: int) -> float:
        """The loss at a position, after that many steps."""
        return self.height(self.place(position, step))

    def advance(
        self, position: Floats, memory: Values, loss: float, step: int
    ) -> tuple[Floats, Values]:
        """Position and memory one step later."""
        code = self.code
        drawn = {} if self.draws is None else round_all(self.draws(step), self.kind)
        here = {**drawn, **self.place(position, step)}
        rates = round_all(self.rates(step), self.kind)
        known: dict[str, float] = {**self.values, **drawn, **rates, **memory}
        known |= {"t": float(step + 1), "loss": loss}
        known |= zip(code.coordinates, position, strict=True)
        known |= {n: slope(here) for n, slope in zip(code.gradients, self.slopes, strict=True)}
        for target, run in self.lines:
            known[target] = run(known)
        after = tuple(known[f"{name}'"] for name in code.coordinates)
        return after, {name: known[f"{name}'"] for name, _ in code.states}


@final
class Tally:
    """What is kept of a run while its positions pass by."""

    def __init__(self, stride: int, start: Floats) -> None:
        """Nothing is kept yet."""
        self.stride = stride
        self.steps: list[int] = []
        self.positions: list[Floats] = []
        self.losses: list[float] = []
        self.lowest, self.lowest_step, self.lowest_at = math.nan, 0, start
        self.not_finite: int | None = None
        self.still_since, self._before = 0, start

    def note(
        self, step: int, position: Floats, loss: float, memory: Iterable[float], *,
        is_last: bool,
    ) -> bool:  # fmt: skip
        """Take down a position; whether the run goes on from it."""
        if position != self._before:
            self.still_since, self._before = step, position
        if loss < self.lowest or (math.isnan(self.lowest) and not math.isnan(loss)):
            self.lowest, self.lowest_step, self.lowest_at = loss, step, position
        numbers = (*position, loss, *memory)
        goes_on = all(map(math.isfinite, numbers))
        if not goes_on:
            self.not_finite = step
        if step % self.stride == 0 or is_last or not goes_on:
            self.steps.append(step)
            self.positions.append(position)
            self.losses.append(loss)
        return goes_on

    def finish(self, period: int | None) -> FloatTrail:
        """All that is kept."""
        return FloatTrail(
            tuple(self.steps), tuple(self.positions), tuple(self.losses), self.stride,
            self.lowest, self.lowest_step, self.lowest_at, self.not_finite,
            self.steps[-1] - self.still_since, period,
        )  # fmt: skip

"""A run in several variables in exact numbers: rationals, or balls that certainly hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias, final

from flint import arb, fmpq

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula import Exact, Range, evaluate, precision, size_in_bits, to_ball
from gradiometer.model import BoundSchedule, Rule, ScalarRule, Surface, unroll
from gradiometer.proof.rates import bound_rates, give_float_rates, give_rates
from gradiometer.proof.walk import FIRST_BITS, LAST_BITS, MOST_EXPONENT

Arithmetic: TypeAlias = Literal["exact", "ball", "mixed"]
"""Rationals alone; balls from the start; or rationals as long as they last, and then balls."""

Point: TypeAlias = tuple[Exact, ...]

SHARP, BLURRED = 80, 8
"""Certain bits that an answer shows, and those below which a run ends."""

_MOST_RATIONAL_BITS = 100_000
"""A longer rational is continued as a ball, or ends a run in rationals alone."""


@final
@dataclass(frozen=True)
class Journey:
    """Everything that determines a run in several variables."""

    rule: Rule
    surface: Surface
    start: tuple[fmpq, ...]
    steps: int
    schedules: Mapping[str, BoundSchedule] = field(default_factory=dict)
    """What changes from step to step, by the parameter of the rule that it gives."""

    @cached_property
    def code(self) -> ScalarRule:
        """The rule coordinate by coordinate."""
        return unroll(self.rule, (len(self.start),) if len(self.start) > 1 else ())

    def rates(self, step: int) -> dict[str, Exact]:
        """What the schedules give when *step* steps are done, by parameter."""
        return give_rates(self.schedules, step)

    def float_rates(self, step: int) -> dict[str, float]:
        """The same, each rounded to the nearest float64."""
        return give_float_rates(self.schedules, step)

    def rate_ranges(self, done: int) -> dict[str, Range]:
        """Where each of them lies in all steps from *done* steps on."""
        return bound_rates(self.schedules, done)


@final
@dataclass(frozen=True)
class Trail:
    """Where an exact run stood after each step."""

    positions: tuple[Point, ...]
    losses: tuple[Exact, ...]
    memories: tuple[Mapping[str, Exact], ...]
    repeats_from: int | None
    """The first step of a cycle, when a later state equals the one there; else None."""
    bits: int
    """Working precision of the balls."""
    ended: str = ""
    """Why the run stopped before its last step; empty when it did not."""
    undecided: bool = False
    """Whether it stopped because a ball was too wide."""

    @property
    def last(self) -> int:
        """The number of the last step."""
        return len(self.positions) - 1

    @property
    def period(self) -> int | None:
        """The length of the cycle, in steps."""
        return None if self.repeats_from is None else self.last - self.repeats_from

    @cached_property
    def first_ball(self) -> int | None:
        """The first step after which a coordinate is known as an enclosure only."""
        for step, point in enumerate(self.positions):
            if not all(isinstance(number, fmpq) for number in point):
                return step
        return None


class NotRationalError(Exception):
    """A value on the way of a rational run that is no rational number."""

    def __init__(self, step: int, where: str) -> None:
        """The value that *where* names, in that step."""
        super().__init__(step, where)
        self.step, self.where = step, where


def follow(
    journey: Journey,
    arithmetic: Arithmetic,
    *,
    settled_from: int | None,
    most_bits: int = LAST_BITS,
) -> Trail:
    """The run in exact numbers, to its last step or to the end of its first cycle.

    Args:
        journey: What to run.
        arithmetic: Rationals, balls, or both.
        settled_from: After how many steps the rule no longer depends on the step count; None when
            it always does.
        most_bits: The largest precision of balls that is tried.

    Raises:
        NotRationalError: If only rationals are allowed and a value is none.
        DomainError: If the surface has no value at the start.
        UndecidedError: If that cannot be decided.
    """
    bits = FIRST_BITS
    while True:
        with precision(bits):
            trail = _Walk(journey, arithmetic, settled_from).run(bits)
        if arithmetic == "exact" or bits >= most_bits:
            return trail
        if not trail.undecided and count_certain_bits(trail.positions[-1]) > SHARP:
            return trail
        bits *= 4 if bits < 1024 else 2


def count_certain_bits(point: Point) -> int:
    """How many bits of the largest coordinate are certain in every coordinate."""
    balls = [number for number in point if isinstance(number, arb)]
    if not all(ball.is_finite() for ball in balls):
        return 0
    errors = [_size(ball.rad()) for ball in balls if ball.rad() != 0]
    if not errors:
        return SHARP + 1
    return max(_size(to_ball(number).abs_upper()) for number in point) - max(errors)


def _size(value: arb) -> int:
    """The power of two above an exact number that is not negative."""
    digits, exponent = value.man_exp()
    return int(digits).bit_length() + int(exponent) if digits else -MOST_EXPONENT


@final
class _Walk:
    """One attempt at one precision."""

    def __init__(self, journey: Journey, arithmetic: Arithmetic, settled_from: int | None) -> None:
        self.journey = journey
        self.arithmetic = arithmetic
        self.settled_from = settled_from
        self.positions: list[Point] = []
        self.losses: list[Exact] = []
        self.memories: list[Mapping[str, Exact]] = []

    def run(self, bits: int) -> Trail:
        """The whole run."""
        journey = self.journey
        repeats, ended, undecided = None, "", False
        try:
            repeats = self._steps()
        except UndecidedError as error:
            ended, undecided = str(error), True
        except (DomainError, LimitError) as error:
            ended = error.problem.rstrip(".")
        if not self.losses:
            numbers = ", ".join(map(str, journey.start))
            if undecided:
                raise UndecidedError(f"the loss at the start is not decided: {ended}")
            raise DomainError(f"The landscape has no value at the start ({numbers}).")
        count = len(self.losses)
        return Trail(
            tuple(self.positions[:count]), tuple(self.losses), tuple(self.memories[:count]),
            repeats, bits, ended, undecided,
        )  # fmt: skip

    def _steps(self) -> int | None:
        """Take all steps; the first step of a cycle when one closes."""
        journey = self.journey
        start: Point = journey.start
        if self.arithmetic == "ball":
            start = tuple(map(to_ball, journey.start))
        known = {**journey.code.values, **dict(zip(journey.code.coordinates, start, strict=True))}
        known |= journey.rates(0)
        memory = {name: evaluate(tree, known) for name, tree in journey.code.states}
        seen: dict[Any, int] = {}
        point = start
        while True:
            step = len(self.positions)
            self.positions.append(point)
            self.memories.append(memory)
            here = self._place(point, step)
            loss = self._keep(journey.surface.exact_value(here), "the loss", step)
            self.losses.append(loss)
            key = self._key(step, point, memory)
            if key is not None:
                if key in seen:
                    return seen[key]
                seen[key] = step
            if step == journey.steps:
                return None
            if count_certain_bits(point) <= BLURRED:
                raise UndecidedError("the enclosure of the position has become too wide")
            point, memory = self._advance(point, memory, loss, step)

    def _key(self, step: int, point: Point, memory: Mapping[str, Exact]) -> Any:
        """The state, when it decides the future and all of it is rational; else None."""
        if self.settled_from is None or step < self.settled_from:
            return None
        parts = (*point, *memory.values())
        return parts if all(isinstance(part, fmpq) for part in parts) else None

    def _place(self, point: Point, done: int) -> dict[str, Exact]:
        """What the surface reads after that many steps: its variables, and which step is next."""
        return {
            "t": fmpq(done + 1),
            **dict(zip(self.journey.surface.variables, point, strict=True)),
        }

    def _advance(
        self, point: Point, memory: Mapping[str, Exact], loss: Exact, step: int
    ) -> tuple[Point, Mapping[str, Exact]]:
        code, surface = self.journey.code, self.journey.surface
        here = self._place(point, step)
        known: dict[str, Exact] = {**code.values, **memory, "t": fmpq(step + 1), "loss": loss}
        known |= zip(code.coordinates, point, strict=True)
        for name, slope in zip(code.gradients, surface.exact_gradient, strict=True):
            known[name] = self._keep(slope(here), "the gradient", step + 1)
        known |= self.journey.rates(step)
        for target, run in code.exact_step:
            known[target] = self._keep(run(known), f"`{target}` of the rule", step + 1)
        after = tuple(known[f"{name}'"] for name in code.coordinates)
        return after, {name: known[f"{name}'"] for name, _ in code.states}

    def _keep(self, value: Exact, where: str, step: int) -> Exact:
        """The value as it is kept: a long rational becomes a ball where balls are allowed."""
        if isinstance(value, fmpq):
            if size_in_bits(value) > _MOST_RATIONAL_BITS:
                if self.arithmetic == "exact":
                    raise LimitError(
                        f"The numbers of step {step} have more than {_MOST_RATIONAL_BITS:,} bits."
                    )
                return to_ball(value)
            return to_ball(value) if self.arithmetic == "ball" else value
        if self.arithmetic == "exact":
            raise NotRationalError(step, where)
        if value.is_finite():
            if abs(int(value.abs_upper().man_exp()[1])) > MOST_EXPONENT:
                raise LimitError(f"A number of the run lies outside 2^±{MOST_EXPONENT:,}.")
        elif not value.is_finite():
            raise UndecidedError("the enclosure of a value has become infinite")
        return value

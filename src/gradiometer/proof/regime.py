"""Splits the axis of a parameter by what a run does: it leaves the valley, or it stays.

The parameter stays a symbol. Whenever a branch of the run depends on it, the axis is split there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, final

from flint import fmpq

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula import (
    Axis,
    Exact,
    Line,
    Split,
    at_parameter,
    compare,
    free_names,
    from_float,
    on_axis,
    precision,
)
from gradiometer.numeric import FloatState, advance_float, begin_float
from gradiometer.proof.walk import (
    FIRST_BITS,
    LAST_BITS,
    Course,
    Ground,
    State,
    advance,
    begin,
    survey,
)

_MOST_REGIMES = 400
_ZERO = fmpq(0)


@final
@dataclass(frozen=True)
class Regime:
    """One part of the axis on which the run does the same thing."""

    lower: Exact | None
    upper: Exact | None
    """None is an infinite end."""
    lower_closed: bool
    upper_closed: bool
    outcome: str
    """`escapes`, `trapped` (for ever) or `stays` (until the last step)."""
    step: int
    """The step at which the outcome was reached."""
    pieces: tuple[int, ...]
    """The piece that each step started on."""
    peak: Any
    """The farthest position towards the barrier, where the run does not escape."""
    peak_step: int
    place: tuple[str, ...]
    """How the part was reached from the whole axis: `below`, `at` or `above` each split."""

    @property
    def is_point(self) -> bool:
        """Whether the part is a single value of the parameter."""
        return self.lower_closed and self.upper_closed and self.lower is self.upper


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
        return begin(course.rule, course.start)

    def position(self, state: State) -> Any:
        return state.position

    def advance(self, course: Course, ground: Ground, state: State, piece: int) -> State:
        gradient = ground.slope(piece, state.position)
        return advance(course.rule, state, gradient, course.rate(state.step))

    def key(self, state: State) -> Any:
        parts = [state.position, *(state.memory[name] for name in sorted(state.memory))]
        key = []
        for part in parts:
            pair = (part.constant, part.slope) if isinstance(part, Line) else (part, _ZERO)
            if not all(isinstance(number, fmpq) for number in pair):
                return None
            key.append(pair)
        return tuple(key)

    def move(self, state: State, axis: Axis | Exact) -> State:
        def change(value: Any) -> Any:
            return on_axis(value, axis) if isinstance(axis, Axis) else at_parameter(value, axis)

        memory = {name: change(value) for name, value in state.memory.items()}
        return replace(state, position=change(state.position), memory=memory)


@final
class FloatStepper(AbstractStepper):
    """Float64, each operation rounded as the rule writes it; branches compare exactly."""

    def begin(self, course: Course) -> FloatState:
        return begin_float(course.rule, course.start)

    def position(self, state: FloatState) -> fmpq:
        if state.position - state.position != 0:
            raise UndecidedError("float64 overflows")
        return from_float(state.position)

    def advance(self, course: Course, ground: Ground, state: FloatState, piece: int) -> FloatState:
        if free_names(ground.trees[piece]) - {"x"}:
            raise UndecidedError("the float64 run depends on the parameter")
        slope = course.landscape.float_slopes[piece]
        return advance_float(course.rule, state, slope, course.rate(state.step))

    def key(self, state: FloatState) -> Any:
        return (state.position, *(state.memory[name] for name in sorted(state.memory)))

    def move(self, state: FloatState, axis: Axis | Exact) -> FloatState:
        return state


@final
@dataclass(frozen=True)
class Valley:
    """The pieces between the tops on both sides of the start."""

    first: int
    last: int
    """Pieces outside first..last are beyond a top."""

    def holds(self, piece: int) -> bool:
        """Whether the piece lies inside the valley."""
        return self.first <= piece <= self.last


def find_valley(ground: Ground, start: int) -> Valley:
    """The pieces from one top to the next round piece *start*, by the signs of the slopes.

    Raises:
        UndecidedError: If a slope's sign varies on a piece, or depends on the parameter.
        DomainError: If the landscape has no top on the way downhill from the start.
    """
    signs = [compare(ground.slope(index, _inside(ground, index)), _ZERO)
             for index in range(len(ground.slopes))]  # fmt: skip
    last = start
    while last + 1 < len(signs) and not (signs[last] > 0 and signs[last + 1] < 0):
        last += 1
    first = start
    while first > 0 and not (signs[first] < 0 and signs[first - 1] > 0):
        first -= 1
    if last == len(signs) - 1 and first == 0:
        raise DomainError(
            "This landscape has no barrier to cross: no slope turns from up to down.",
            hint="ask `trajectory` where the run goes",
        )
    return Valley(first, last)


def _inside(ground: Ground, index: int) -> fmpq:
    """Any number, where the slope of the piece does not depend on the position."""
    if "x" in free_names(ground.trees[index]):
        raise UndecidedError("the slope varies along a piece; only straight pieces are handled")
    return _ZERO


@dataclass
class _Branch:
    """One part of the axis still to be followed, from the state where it was split off."""

    axis: Axis | Exact
    state: Any
    pieces: list[int]
    seen: dict[Any, int]
    peak: Any
    peak_step: int
    tie: int | None = None
    """The joint that the position is exactly on at this step."""
    place: tuple[str, ...] = ()
    """How the part was reached from the whole axis: `below`, `at` or `above` each split."""


def find_regimes(
    course: Course,
    *,
    parameter: str,
    domain: Axis,
    stepper: AbstractStepper,
    settled_from: int | None,
) -> tuple[tuple[Regime, ...], int]:
    """The parts of the axis with their outcomes, in order, and the precision that was needed.

    Raises:
        UndecidedError: If a branch stays undecided, or the axis falls into too many parts.
        DomainError: If there is no barrier.
    """
    bits = FIRST_BITS
    while True:
        try:
            with precision(bits):
                explorer = _Explorer(course, parameter, domain, stepper, settled_from)
                return explorer.explore(), bits
        except UndecidedError:
            if bits >= LAST_BITS:
                raise
        bits *= 4 if bits < 1024 else 2


@final
class _Explorer:
    """Follows all branches of one run and gathers the regimes."""

    def __init__(
        self,
        course: Course,
        parameter: str,
        domain: Axis,
        stepper: AbstractStepper,
        settled_from: int | None,
    ) -> None:
        self.course = course
        self.parameter = parameter
        self.stepper = stepper
        self.settled_from = settled_from
        self.todo = [_Branch(domain, stepper.begin(course), [], {}, None, 0)]
        self.found: list[Regime] = []

    def explore(self) -> tuple[Regime, ...]:
        while self.todo:
            if len(self.found) + len(self.todo) > _MOST_REGIMES:
                raise UndecidedError(f"the axis falls into more than {_MOST_REGIMES} parts")
            branch = self.todo.pop()
            try:
                self.found.append(self._follow(branch))
            except Split as split:
                self._split(branch, split.at)
            except (DomainError, LimitError) as error:
                if not branch.pieces:
                    raise
                raise UndecidedError(error.problem) from None
        return tuple(sorted(self.found, key=_Position))

    def _split(self, branch: _Branch, at: Exact) -> None:
        """Put the three parts that *branch* falls into on the list."""
        assert isinstance(branch.axis, Axis)
        left, right = Axis(branch.axis.lower, at), Axis(at, branch.axis.upper)
        for name, part in (("above", right), ("below", left), ("at", at)):
            moved = replace(
                branch,
                axis=part,
                state=self.stepper.move(branch.state, part),
                peak=self._moved(branch.peak, part),
                pieces=list(branch.pieces),
                seen=dict(branch.seen),
                tie=None,
                place=(*branch.place, name),
            )
            if not isinstance(part, Axis) and not isinstance(at, fmpq):
                moved.tie = self._joint_met(branch, at)
            self.todo.append(moved)

    def _moved(self, value: Any, part: Axis | Exact) -> Any:
        if isinstance(part, Axis):
            return on_axis(value, part)
        return at_parameter(value, part) if value is not None else None

    def _joint_met(self, branch: _Branch, at: Exact) -> int:
        """The joint whose end equals the position at the ball *at*: the one that caused the split."""
        ground = self._ground(branch.axis)
        position = self.stepper.position(branch.state)
        for index, (_, upper) in enumerate(ground.ends):
            difference = position - upper if upper is not None else None
            if isinstance(difference, Line):
                try:
                    difference.sign()
                except Split as split:
                    if split.at.overlaps(at) if not isinstance(split.at, fmpq) else False:
                        return index
        raise UndecidedError("a branch at an irrational value of the parameter")

    def _ground(self, axis: Axis | Exact) -> Ground:
        value = Line(_ZERO, fmpq(1), axis) if isinstance(axis, Axis) else axis
        return survey(self.course.landscape, {self.parameter: value})

    def _follow(self, branch: _Branch) -> Regime:
        """Run on one part of the axis until the outcome is known."""
        ground = self._ground(branch.axis)
        position = self.stepper.position(self.stepper.begin(self.course))
        valley = find_valley(ground, ground.locate(position, self.course.side))
        while True:
            state = branch.state
            position = self.stepper.position(state)
            if branch.tie is None:
                piece = ground.locate(position, self.course.side)
            else:
                piece, branch.tie = ground.at_joint(branch.tie, self.course.side), None
            if not valley.holds(piece):
                return self._regime(branch, "escapes", state.step, piece)
            self._note_peak(branch, position, state.step, valley)
            key = self._key(state)
            if key is not None and key in branch.seen:
                return self._regime(branch, "trapped", state.step, piece)
            if self._is_over(branch, state.step):
                return self._regime(branch, "stays", state.step, piece)
            if key is not None:
                branch.seen[key] = state.step
            branch.pieces.append(piece)
            branch.state = self.stepper.advance(self.course, ground, state, piece)

    def _is_over(self, branch: _Branch, step: int) -> bool:
        """Whether the last step is done; a run at its farthest point is followed until it turns."""
        steps = self.course.steps
        return step >= 2 * steps or (step >= steps and branch.peak_step < step)

    def _key(self, state: Any) -> Any:
        settled = self.settled_from is not None and state.step >= self.settled_from
        return self.stepper.key(state) if settled else None

    def _note_peak(self, branch: _Branch, position: Any, step: int, valley: Valley) -> None:
        """Keep the position that is farthest towards the barrier."""
        if branch.peak is None:
            branch.peak, branch.peak_step = position, step
            return
        towards_left = valley.first > 0
        farther = compare(position, branch.peak)
        if farther < 0 if towards_left else farther > 0:
            branch.peak, branch.peak_step = position, step

    def _regime(self, branch: _Branch, outcome: str, step: int, piece: int) -> Regime:
        axis = branch.axis
        point = not isinstance(axis, Axis)
        lower, upper = (axis, axis) if not isinstance(axis, Axis) else (axis.lower, axis.upper)
        pieces = (*branch.pieces, piece)
        return Regime(lower, upper, point, point, outcome, step, pieces, branch.peak,
                      branch.peak_step, branch.place)  # fmt: skip


@final
class _Position:
    """Orders regimes along the axis."""

    def __init__(self, regime: Regime) -> None:
        self.regime = regime

    def __lt__(self, other: _Position) -> bool:
        left, right = self.regime, other.regime
        if left.lower is None or right.lower is None:
            return left.lower is None and right.lower is not None
        if left.lower is right.lower:
            return left.is_point and not right.is_point
        try:
            order = compare(left.lower, right.lower)
        except UndecidedError:
            order = 0
        return order < 0 or (order == 0 and left.is_point and not right.is_point)


def merge(regimes: tuple[Regime, ...]) -> tuple[Regime, ...]:
    """Neighbours with the same outcome joined; the later step and the farther peak are kept."""
    merged: list[Regime] = []
    for regime in regimes:
        if merged and merged[-1].outcome == regime.outcome:
            before = merged[-1]
            merged[-1] = replace(
                before,
                upper=regime.upper,
                upper_closed=regime.upper_closed,
                step=max(before.step, regime.step),
            )
        else:
            merged.append(regime)
    return tuple(merged)

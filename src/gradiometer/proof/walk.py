"""One optimizer step in exact numbers, and which piece of the landscape a position is on.

A number is a rational, a ball, or (when a parameter stays free) a line in the parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, TypeAlias, final

from flint import arb, fmpq

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula import (
    Axis,
    Evaluator,
    Exact,
    Node,
    Range,
    Split,
    collapse,
    compare,
    compile_exact,
    evaluate,
    precision,
    size_in_bits,
    to_ball,
)
from gradiometer.model import BoundSchedule, Landscape, Rule
from gradiometer.proof.check_walk import longest_rational
from gradiometer.proof.rates import bound_rates, give_float_rates, give_rates

Side: TypeAlias = Literal["left", "right"] | None
"""Which piece to take exactly at a joint; None is the piece that contains the point."""

Known: TypeAlias = Mapping[int, int]
"""The order (-1 or 1) of the position with some joints."""

MOST_EXPONENT = 10_000_000
"""A ball with a larger power of two ends the run: it doubles at each step, say, for ever."""

FIRST_BITS, LAST_BITS = 256, 8192
NEXT_BITS = {256: 1024, 1024: 2048, 2048: 4096, 4096: 8192}
"""Working precision of balls: the first try, the last one, and the one after each other one."""
_SHARP, _LEAST = 80, 8  # Bits of a position that an answer shows, and that a step needs.


@final
@dataclass(frozen=True)
class State:
    """Where a run is after *step* steps."""

    step: int
    position: Any
    memory: Mapping[str, Any]


@final
class JointSplit(Split):
    """A split where the position meets a joint; exactly there it counts to one of the parts."""

    def __init__(self, split: Split, joint: int, tie: int) -> None:
        super().__init__(split.at, split.direction, split.axis)
        self.joint = joint
        self.tie = tie
        """The order with the joint, -1 or 1, of the part that the value itself counts to."""

    def joined(self) -> tuple[tuple[Axis, int], ...]:
        """The parts that are left, the one with the value closed there, with their orders."""
        below, above = self.parts()
        orders = (-self.direction, self.direction)
        if self.tie == orders[0]:
            below = replace(below, upper_closed=True)
        else:
            above = replace(above, lower_closed=True)
        return (below, orders[0]), (above, orders[1])


@final
@dataclass(frozen=True)
class Ground:
    """A landscape with its ends as numbers, ready to be walked on."""

    ends: tuple[tuple[Any, Any], ...]
    """Left and right end of each piece; None is infinite."""
    closed: tuple[tuple[bool, bool], ...]
    thin: tuple[bool, ...]
    """Whether the two ends of each piece are the same number."""
    losses: tuple[Evaluator, ...]
    slopes: tuple[Evaluator, ...]
    trees: tuple[Node, ...]
    """The slopes as trees."""
    values: Mapping[str, Any]
    """The free parameter, if there is one."""

    def locate(self, position: Any, side: Side, known: Known | None = None) -> int:
        """The piece that *position* is on.

        Args:
            position: Where the run is.
            side: Which piece to take exactly at a joint.
            known: The order with some joints, when that is known already.

        Raises:
            UndecidedError: If a ball overlaps a joint.
            JointSplit: If that depends on the free parameter.
        """
        return self._locate_from(0, position, side, known or {})

    def _locate_from(self, first: int, position: Any, side: Side, known: Known) -> int:
        for index in range(first, len(self.ends)):
            upper = self.ends[index][1]
            if upper is None:
                return index
            try:
                order = known[index] if index in known else compare(position, upper)
            except Split as split:
                return self._at_edge(index, position, side, known, split)
            if order < 0:
                return index
            if order == 0:
                return self.at_joint(index, side)
        raise DomainError("The position is beyond the last piece of the landscape.")

    def _at_edge(self, joint: int, position: Any, side: Side, known: Known, split: Split) -> int:
        """The piece when a whole part of the parameter's axis shares it with its closed end."""
        tie = self.at_joint(joint, side)
        inner = split.inner_sign()
        if inner is not None:
            piece = joint
            if inner > 0:
                piece = self._locate_from(joint + 1, position, side, known)
            if piece == tie:
                return piece
        raise JointSplit(split, joint, -1 if tie == joint else 1) from None

    def at_joint(self, left: int, side: Side) -> int:
        """The piece to take exactly at the right end of piece *left*."""
        if side == "left" or (side is None and self.closed[left][1]):
            return left
        right = left + 1
        # A single point is no piece to the right of itself; an empty piece is none at all.
        while self.thin[right] and (side == "right" or self.closed[right] != (True, True)):
            right += 1
        return right

    @cached_property
    def holes(self) -> Mapping[int, Any]:
        """The left ends that belong to no piece, by the piece to the right of them."""
        pairs = enumerate(zip(self.closed, self.closed[1:], strict=False), 1)
        return {i: self.ends[i][0] for i, (left, right) in pairs if not (left[1] or right[0])}

    def is_joint(self, position: Any) -> bool:
        """Whether a rational position is exactly a joint that does not move with the parameter."""
        if not isinstance(position, fmpq):
            return False
        return any(isinstance(upper, fmpq) and upper == position for _, upper in self.ends)

    def slope(self, index: int, position: Any) -> Any:
        """The slope of piece *index* at *position*."""
        return collapse(self.slopes[index]({**self.values, "x": position}))

    def loss(self, index: int, position: Any) -> Any:
        """The loss of piece *index* at *position*."""
        return collapse(self.losses[index]({**self.values, "x": position}))


def survey(landscape: Landscape, values: Mapping[str, Any] | None = None) -> Ground:
    """The landscape with its ends evaluated at the current precision.

    Raises:
        DomainError: If a piece ends before it begins.
        Split: If that depends on the free parameter.
    """
    known = dict(values or {})

    def end(node: Node | None) -> Any:
        return None if node is None else collapse(evaluate(node, known))

    pieces = landscape.loss.pieces
    ends = tuple((end(p.on.lower), end(p.on.upper)) for p in pieces)
    return Ground(
        ends,
        tuple((p.on.lower_closed, p.on.upper_closed) for p in pieces),
        tuple(_is_thin(lower, upper) for lower, upper in ends),
        tuple(compile_exact(p.formula) for p in pieces),
        tuple(compile_exact(slope) for slope in landscape.slopes),
        landscape.slopes,
        known,
    )


def _is_thin(lower: Any, upper: Any) -> bool:
    if lower is None or upper is None:
        return False
    order = compare(lower, upper)
    if order > 0:
        raise DomainError("A piece of the landscape ends before it begins.")
    return order == 0


def begin(rule: Rule, start: Any, rates: Mapping[str, Exact]) -> State:
    """The state before the first step; *rates* are what schedules give at that step."""
    known = {**rule.values, **rates, "x": start}
    memory = {name: collapse(evaluate(tree, known)) for name, tree in rule.state.items()}
    return State(0, start, memory)


def advance(
    rule: Rule, state: State, gradient: Any, rates: Mapping[str, Exact], loss: Any = None
) -> State:
    """The state one step later.

    Args:
        rule: The update rule.
        state: The state now.
        gradient: The slope at the position.
        rates: The parameters of this step that schedules give, the learning rate above all.
        loss: The loss at the position, for a rule that reads it.

    Raises:
        DomainError: If the rule has no value here, such as a division by zero.
        UndecidedError: If a ball is too wide for a branch of the rule.
    """
    step = state.step + 1
    known: dict[str, Any] = {**rule.values, **rates, **state.memory}
    known |= {"x": state.position, "g": gradient, "t": fmpq(step), "loss": loss}
    for target, run in rule.exact_step:
        known[target] = _shorten(collapse(run(known)), step)
    memory = {name: known[f"{name}'"] for name in rule.state}
    position = known["x'"]
    if isinstance(position, arb):
        # Without an exact position no exact state can return, and balls are far cheaper.
        memory = {n: to_ball(v) if isinstance(v, fmpq) else v for n, v in memory.items()}
    return State(step, position, memory)


def _shorten(value: Any, step: int) -> Any:
    """The value, as a ball when it is too long for that step: no exact tie is to be expected.

    Raises:
        LimitError: If the ball is larger or smaller than anybody can write down.
    """
    if isinstance(value, fmpq) and size_in_bits(value) > longest_rational(step):
        value = to_ball(value)
    if isinstance(value, arb) and value.is_finite():
        top = int(value.abs_upper().man_exp()[1])
        if abs(top) > MOST_EXPONENT:
            raise LimitError(f"A number of the run lies outside 2^±{MOST_EXPONENT:,}.")
    return value


@final
@dataclass(frozen=True)
class Run:
    """An exact run: every state, the piece each step started on, and the loss at each position."""

    states: tuple[State, ...]
    pieces: tuple[int, ...]
    losses: tuple[Exact, ...]
    repeats_from: int | None
    """The first step of a cycle, when a later state equals the one there; else None."""
    bits: int
    """Working precision of the balls."""
    ended: str = ""
    """Why the run stopped before its last step; empty when it did not."""
    undecided: bool = False
    """Whether it stopped because a ball was too wide."""

    @property
    def period(self) -> int | None:
        """The length of the cycle, in steps."""
        return None if self.repeats_from is None else len(self.states) - 1 - self.repeats_from


@final
@dataclass(frozen=True)
class Course:
    """Everything that determines a run."""

    rule: Rule
    landscape: Landscape
    start: fmpq
    steps: int
    schedules: Mapping[str, BoundSchedule] = field(default_factory=dict)
    """The parameters of the rule that change from step to step, and how."""
    side: Side = None

    def to_problem(self) -> dict[str, Any]:
        """What is run, as plain JSON for a certificate."""
        return {
            "rule": self.rule.to_problem(),
            "pieces": self.landscape.to_problem(),
            "schedules": {name: row.to_problem() for name, row in self.schedules.items()},
            "start": str(self.start),
            "steps": self.steps,
            "side": self.side,
        }

    def rates(self, step: int) -> dict[str, Exact]:
        """What the schedules give when *step* steps are done, by parameter."""
        return give_rates(self.schedules, step)

    def float_rates(self, step: int) -> dict[str, float]:
        """The same, each rounded to the nearest float64."""
        return give_float_rates(self.schedules, step)

    def rate_ranges(self, done: int) -> dict[str, Range]:
        """Where each of them lies in all steps from *done* steps on."""
        return bound_rates(self.schedules, done)


def run_exactly(course: Course, *, settled_from: int | None, as_balls: bool = False) -> Run:
    """The run in exact numbers, to its last step or to the end of its first cycle.

    Args:
        course: What to run.
        settled_from: The number of steps after which the rule no longer depends on the step
            count, or None when it always does; only then is an equal state a cycle.
        as_balls: Whether the start is a ball, so that no number is a long rational.

    Returns:
        The run; `ended` says why it is shorter than asked, where it is.

    Raises:
        DomainError: If the landscape has no value at the start.
        UndecidedError: If that cannot be decided.
    """
    bits = FIRST_BITS
    while True:
        with precision(bits):
            run = _run(course, settled_from, bits, as_balls=as_balls)
        sharp = not run.undecided and _is_sharp(run.states[-1].position)
        if sharp or bits >= LAST_BITS:
            if not run.states:
                raise UndecidedError(f"the loss at the start is not decided: {run.ended}")
            return run
        bits = NEXT_BITS[bits]


def _is_sharp(value: Exact) -> bool:
    """Whether a ball still has the digits that an answer shows."""
    return isinstance(value, fmpq) or value.rel_one_accuracy_bits() > _SHARP


def _run(course: Course, settled_from: int | None, bits: int, *, as_balls: bool) -> Run:
    ground = survey(course.landscape)
    start = to_ball(course.start) if as_balls else course.start
    states, pieces, losses = [begin(course.rule, start, course.rates(0))], [], []
    seen: dict[Any, int] = {}
    repeats, ended, undecided = None, "", False
    try:
        while True:
            state = states[-1]
            piece = ground.locate(state.position, course.side)
            # A side chooses a slope; the loss is that of the piece that contains the point.
            home = piece if course.side is None else ground.locate(state.position, None)
            if home in ground.holes and compare(state.position, ground.holes[home]) == 0:
                raise DomainError(f"The landscape has no value at x = {state.position}.")
            losses.append(ground.loss(home, state.position))
            pieces.append(piece)
            settled = settled_from is not None and state.step >= settled_from
            key = _key(state) if settled else None
            if key is not None and key in seen:
                repeats = seen[key]
                break
            if key is not None:
                seen[key] = state.step
            if state.step == course.steps:
                break
            if not _has_digits(state.position):
                raise UndecidedError("the enclosure of the position has become too wide")
            gradient = ground.slope(piece, state.position)
            rates = course.rates(state.step)
            states.append(advance(course.rule, state, gradient, rates, losses[-1]))
    except UndecidedError as error:
        ended, undecided = str(error), True
    except (DomainError, LimitError) as error:
        if not losses:
            said = f"The landscape has no value at the start x = {course.start}."
            raise DomainError(said) from None
        ended = error.problem.rstrip(".")
    # A state whose piece is unknown is no part of the run.
    kept = tuple(states[: len(losses)])
    return Run(kept, tuple(pieces[: len(losses)]), tuple(losses), repeats, bits, ended, undecided)


def _has_digits(value: Exact) -> bool:
    return isinstance(value, fmpq) or value.rel_one_accuracy_bits() > _LEAST


def _key(state: State) -> tuple[Any, ...] | None:
    """The state without its step count, when all of it is rational; else None."""
    parts = (state.position, *(state.memory[name] for name in sorted(state.memory)))
    return parts if all(isinstance(part, fmpq) for part in parts) else None

"""Splits the axis of a parameter by what a run does: it leaves the valley, or it stays.

The parameter stays a symbol. Whenever a branch of the run depends on it, the axis is split there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula import (
    Axis,
    Exact,
    Line,
    Split,
    at_parameter,
    compare,
    evaluate,
    free_names,
    on_axis,
    precision,
)
from gradiometer.proof.stepper import AbstractStepper
from gradiometer.proof.walk import (
    FIRST_BITS,
    LAST_BITS,
    NEXT_BITS,
    Course,
    Ground,
    JointSplit,
    Known,
    survey,
)

_MOST_REGIMES = 4000
_MOST_WORK = 8
"""A search may take this many times the steps of one whole run."""

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
    """`escapes`, `trapped` (for ever), `stays` (until the last step), or `outside`: the start lies
    in no valley, since the way downhill from it never ends."""
    step: int
    """The step at which the outcome was reached."""
    pieces: tuple[int, ...]
    """The piece that each step started on."""
    peak: Any
    """The farthest position towards the barrier, where the run does not escape."""
    peak_step: int
    tie_step: int | None
    """The first step at which the run stood exactly on a joint that does not move, if any."""
    tie_at: fmpq | None
    """The joint it stood on."""
    tie_side: str
    """`left` or `right`: the piece that was taken there."""

    @property
    def is_point(self) -> bool:
        """Whether the part is a single value of the parameter."""
        return self.lower_closed and self.upper_closed and self.lower is self.upper


@final
@dataclass(frozen=True)
class Valley:
    """The pieces between the tops on both sides of the start."""

    first: int
    last: int
    """Pieces outside first..last are beyond a top."""

    has_bottom: bool
    """Whether a falling slope is followed by a rising one between the tops."""

    def holds(self, piece: int) -> bool:
        """Whether the piece lies inside the valley."""
        return self.first <= piece <= self.last


def find_valley(ground: Ground, start: int) -> Valley:
    """The pieces from one top to the next round piece *start*, by the signs of the slopes.

    Raises:
        UndecidedError: If a slope's sign varies on a piece, or depends on the parameter.
        DomainError: If the landscape has no top on the way downhill from the start.
    """
    if any("x" in free_names(tree) for tree in ground.trees):
        raise UndecidedError("the slope varies along a piece; only straight pieces are handled")
    signs = [compare(ground.slope(index, _ZERO), _ZERO) for index in range(len(ground.slopes))]
    last = _edge(signs, start)
    first = len(signs) - 1 - _edge([-s for s in reversed(signs)], len(signs) - 1 - start)
    if last == len(signs) - 1 and first == 0:
        raise DomainError(
            "This landscape has no barrier to cross: no slope turns from up to down.",
            hint="ask `trajectory` where the run goes",
        )
    return Valley(first, last, _has_bottom(signs[first : last + 1]))


def _has_bottom(signs: list[int]) -> bool:
    falling = signs.index(-1) if -1 in signs else len(signs)
    return 1 in signs[falling:]


def _edge(signs: list[int], start: int) -> int:
    """The last piece before the top on the right; a flat top belongs to the valley."""
    last, slope = start, signs[start]
    while last + 1 < len(signs) and not (slope > 0 > signs[last + 1]):
        last += 1
        slope = signs[last] or slope
    return last


@dataclass
class _Branch:
    """One part of the axis still to be followed, from the state where it was split off."""

    axis: Axis | Exact
    state: Any
    pieces: list[int]
    seen: dict[Any, int]
    peak: Any
    peak_step: int
    known: Known = field(default_factory=dict)
    """The order with joints that is known at this step, because the axis was split by them."""
    tie_step: int | None = None
    tie_at: fmpq | None = None
    tie_side: str = "left"
    is_under_way: bool = False
    """Whether the landscape has been seen to have a valley."""


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
        with precision(bits):
            explorer = _Explorer(course, parameter, domain, stepper, settled_from)
        try:
            with precision(bits):
                return explorer.explore(), bits
        except UndecidedError:
            if bits >= LAST_BITS or explorer.is_exact():
                raise
        bits = NEXT_BITS[bits]


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
        self.current = self.todo[0]
        self.domain = domain
        self.work = 0

    def explore(self) -> tuple[Regime, ...]:
        while self.todo:
            if len(self.found) + len(self.todo) > _MOST_REGIMES:
                raise UndecidedError(f"the axis falls into more than {_MOST_REGIMES} parts")
            branch = self.todo.pop()
            self.current = branch
            try:
                self.found.append(self._follow(branch))
            except Split as split:
                self._split(branch, split)
            except (DomainError, LimitError) as error:
                if not branch.is_under_way and branch.axis is self.domain:
                    raise
                raise UndecidedError(error.problem.rstrip(".")) from None
        return tuple(sorted(self.found, key=_Position))

    def is_exact(self) -> bool:
        """Whether no ball has been met, so that a higher precision decides nothing more."""
        pieces = self.course.landscape.loss.pieces
        ends = [
            evaluate(end, {self.parameter: _ZERO})
            for p in pieces
            for end in (p.on.lower, p.on.upper)
            if end is not None
        ]
        states = [branch.state for branch in (self.current, *self.todo)]
        return not any(isinstance(end, arb) for end in ends) and all(
            self.stepper.key(state) is not None for state in states
        )

    def _split(self, branch: _Branch, split: Split) -> None:
        """Put the parts that *branch* falls into on the list."""
        if isinstance(split, JointSplit) and split.inner_sign() is None:
            for axis, order in split.joined():
                known = {**branch.known, split.joint: order}
                self.todo.append(self._part(branch, axis, known))
            return
        if not isinstance(split.at, fmpq):
            raise UndecidedError("a branch at an irrational value of the parameter")
        below, above = split.parts()
        for axis in (below, above):
            if axis.lower is None or axis.upper is None or compare(axis.lower, axis.upper) < 0:
                self.todo.append(self._part(branch, axis, branch.known))
        self.todo.append(self._part(branch, split.at, {}))

    def _part(self, branch: _Branch, axis: Axis | Exact, known: Known) -> _Branch:
        peak = branch.peak
        if peak is not None:
            peak = on_axis(peak, axis) if isinstance(axis, Axis) else at_parameter(peak, axis)
        return replace(
            branch,
            axis=axis,
            state=self.stepper.move(branch.state, axis),
            peak=peak,
            pieces=list(branch.pieces),
            seen=dict(branch.seen),
            known=known,
        )

    def _ground(self, axis: Axis | Exact) -> Ground:
        value = Line(_ZERO, fmpq(1), axis) if isinstance(axis, Axis) else axis
        return survey(self.course.landscape, {self.parameter: value})

    def _follow(self, branch: _Branch) -> Regime:
        """Run on one part of the axis until the outcome is known."""
        ground = self._ground(branch.axis)
        position = self.stepper.position(self.stepper.begin(self.course))
        valley = find_valley(ground, ground.locate(position, self.course.side))
        branch.is_under_way = True
        if not valley.has_bottom:
            return self._regime(branch, "outside", 0, valley.first)
        while True:
            state = branch.state
            position = self.stepper.position(state)
            piece = ground.locate(position, self.course.side, branch.known)
            branch.known = {}
            if branch.tie_step is None and ground.is_joint(position):
                branch.tie_step, branch.tie_at = state.step, position
                branch.tie_side = "left" if ground.ends[piece][1] == position else "right"
            if not valley.holds(piece):
                return self._regime(branch, "escapes", state.step, piece)
            self._note_peak(branch, position, state.step, valley)
            key = self._key(state)
            if key is not None and key in branch.seen:
                return self._regime(branch, "trapped", state.step, piece)
            if self._is_over(branch, state.step):
                return self._regime(branch, "stays", state.step, piece)
            # The step may split the axis; the parts then meet this state for the first time.
            branch.state = self.stepper.advance(self.course, ground, state, piece)
            branch.pieces.append(piece)
            if key is not None:
                branch.seen[key] = state.step
            self._count_work()

    def _count_work(self) -> None:
        self.work += 1
        if self.work > _MOST_WORK * (2 * self.course.steps + 1000):
            raise UndecidedError("the run takes too many different ways for different values")

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
        if not isinstance(axis, Axis):
            axis = Axis(axis, axis, lower_closed=True, upper_closed=True)
        ends = (axis.lower, axis.upper, axis.lower_closed, axis.upper_closed)
        pieces = (*branch.pieces, piece)
        return Regime(*ends, outcome, step, pieces, branch.peak, branch.peak_step,
                      branch.tie_step, branch.tie_at, branch.tie_side)  # fmt: skip


@final
class _Position:
    """Orders regimes along the axis."""

    def __init__(self, regime: Regime) -> None:
        self.regime = regime

    def __lt__(self, other: _Position) -> bool:
        left, right = self.regime, other.regime
        if left.lower is None or right.lower is None:
            # Only one part has no lower end.
            return left.lower is None
        try:
            order = compare(left.lower, right.lower)
        except UndecidedError:
            # A ball that is one end of both; no two parts are the same point.
            order = 0
        return order < 0 or (order == 0 and left.is_point)


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

"""What finally becomes of a run: a cycle, a limit, divergence, or running away downhill.

Each verdict is proved for all steps, not only for those that were run; otherwise it is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from flint import fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import (
    EVERYTHING,
    Apply,
    Exact,
    Name,
    Node,
    Range,
    apply,
    at_point,
    compare,
    evaluate_range,
    free_names,
    hull,
    precision,
)
from gradiometer.model import RATE
from gradiometer.proof.linear import find_pull, judge_linear
from gradiometer.proof.walk import Course, Ground, Run, State, survey

_ZERO = fmpq(0)
_ROUNDS, _PLAIN_ROUNDS = 12, 2
"""Rounds in which a region of states grows, and those in which it grows by no more than it must."""
_SAMPLES = 16
"""Parts of a piece at whose ends a rising slope is looked for."""


@final
@dataclass(frozen=True)
class Verdict:
    """The fate of a run and what proves it."""

    word: str
    """`converges`, `cycle`, `escapes`, `diverges` or `unknown`."""
    because: str
    limit: Exact | None = None
    """Where it converges to, if that is known."""
    growth: Exact | None = None
    """The factor by which the distance finally grows or shrinks at each step."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """What the checker needs to see it, as plain JSON."""


def judge(course: Course, run: Run, settled_from: int | None) -> Verdict:
    """The verdict on a run, proved for all steps to come, or `unknown` with the reason."""
    if run.repeats_from is not None:
        return _judge_cycle(run)
    reasons = []
    with precision(run.bits):
        for attempt in (_judge_linear, _judge_downhill):
            try:
                return attempt(course, run, settled_from)
            except UndecidedError as error:
                reasons.append(str(error))
    if run.ended:
        return Verdict("unknown", f"the run ends at step {run.states[-1].step}: {run.ended}")
    steps = run.states[-1].step
    return Verdict("unknown", f"no state repeats within {steps} steps, and {'; '.join(reasons)}")


def _judge_cycle(run: Run) -> Verdict:
    first, period = run.repeats_from, run.period
    point = run.states[-1].position
    if period == 1:
        return Verdict(
            "converges",
            f"from step {first} on the state does not change any more",
            limit=point,
            evidence={"fixed_from": first},
        )
    return Verdict(
        "cycle",
        f"the state after step {first} returns after {period} steps, "
        "and each state decides the next",
    )


def _judge_linear(course: Course, run: Run, settled_from: int | None) -> Verdict:
    """The verdict of a rule that is affine in its state, on one parabola or line."""
    if len(course.landscape.slopes) != 1:
        raise UndecidedError("the landscape has kinks")
    if settled_from is None or settled_from > run.states[-1].step:
        return _judge_shrinking_rate(course, run)
    state = run.states[settled_from]
    rates = course.rates(settled_from)
    fixed = {name: rate for name, rate in rates.items() if isinstance(rate, fmpq)}
    rule = course.rule.settled(settled_from + 1, fixed)
    word, because, limit, growth = judge_linear(rule, course.landscape.slopes[0], state, rates)
    if settled_from > 1:
        because = f"from step {settled_from} on every step is the same map: {because}"
    return Verdict(word, because, limit, growth, {"linear_from": settled_from})


def _judge_shrinking_rate(course: Course, run: Run) -> Verdict:
    """Plain descent on a parabola under a rate that changes for ever but lies in a known range."""
    if set(course.schedules) != {RATE} or course.rule.state:
        raise UndecidedError("the rule changes with the step count for ever")
    first = max(run.states[-1].step, 1)
    rates = course.rate_ranges(first)[RATE]
    rule = course.rule.settled(first + 1)
    if any("t" in free_names(tree) for _, tree in rule.step):
        raise UndecidedError("the rule changes with the step count for ever")
    pull = find_pull(rule, course.landscape.slopes[0])
    for rate in (rates.lower, rates.upper):
        if rate is None:
            raise UndecidedError("the learning rates to come have no bound")
        factor = 1 + rate * pull
        if compare(factor, _ZERO) < 0 or compare(factor, fmpq(1)) > 0:
            raise UndecidedError("the learning rates to come are not certain to be safe")
    return Verdict(
        "converges",
        f"from step {first} on every step multiplies the distance from the minimum by a number "
        "from 0 to 1, so the position moves towards it and has a limit; a rate that fades "
        "fast may stop short of the minimum",
        evidence={"shrinks_from": first},
    )


def _judge_downhill(course: Course, run: Run, settled_from: int | None) -> Verdict:
    """Running away: a region of states that no step leaves, in which every slope points on."""
    state = run.states[-1]
    if run.ended:
        raise UndecidedError("the run has no further step")
    ground = survey(course.landscape)
    direction = -compare(ground.slope(run.pieces[-1], state.position), _ZERO)
    if direction == 0:
        raise UndecidedError("the slope is zero at the last step")
    box = find_trap(course, ground, state, direction)
    if box is None:
        raise UndecidedError("the run is not certain to keep its direction")
    crossed = _crosses_top(ground, run, direction)
    strides = stride_range(course, box, slope_range(ground, box["x"]), state.step)
    least = strides.lower if direction > 0 else strides.upper
    if least is None or compare(least, _ZERO) == -direction:
        raise UndecidedError("the run may turn back for a while")
    if not crossed and compare(least, _ZERO) == 0:
        # Strides that fade, or a rate of 0, may add up to a finite way.
        raise UndecidedError("the strides may fade")
    side = "right" if direction > 0 else "left"
    evidence = {"trap_from": state.step, "trap": {n: _spell_range(r) for n, r in box.items()}}
    word = "escapes" if crossed else "diverges"
    how = "passes the top of the barrier" if crossed else "never meets a rising slope"
    return Verdict(
        word, f"the run {how} and every later step goes on downhill to the {side}",
        evidence=evidence,
    )  # fmt: skip


def _crosses_top(ground: Ground, run: Run, direction: int) -> bool:
    """Whether a rising slope lies on the way, from the farthest position behind to the last one."""
    last = behind = run.states[-1].position
    for state in run.states:
        if compare(state.position, behind) == -direction:
            behind = state.position
    low, high = (behind, last) if direction > 0 else (last, behind)
    open_pieces = 0
    for index, (lower, upper) in enumerate(ground.ends):
        left = low if lower is None else _inner(lower, low, larger=True)
        right = high if upper is None else _inner(upper, high, larger=False)
        if compare(left, right) >= 0:
            continue
        for part in range(_SAMPLES + 1):
            point = left + (right - left) * part / _SAMPLES
            if _rises(ground, index, at_point(point), direction):
                return True
        open_pieces += not _falls(ground, index, Range(left, right), direction)
    if open_pieces:
        raise UndecidedError("whether the run has passed a top is not certain")
    return False


def _rises(ground: Ground, index: int, where: Range, direction: int) -> bool:
    try:
        slopes = evaluate_range(ground.trees[index], {"x": where})
        return slopes.is_positive() if direction > 0 else slopes.is_negative()
    except (UndecidedError, DomainError):
        return False


def _falls(ground: Ground, index: int, where: Range, direction: int) -> bool:
    """Whether no slope of the piece rises there."""
    slopes = evaluate_range(ground.trees[index], {"x": where})
    end = slopes.upper if direction > 0 else slopes.lower
    return end is not None and direction * compare(end, _ZERO) <= 0


def find_trap(
    course: Course, ground: Ground, state: State, direction: int
) -> dict[str, Range] | None:
    """A region of states that contains *state* and that no later step leaves, or None.

    The position runs from where it is to infinity in *direction*; what is remembered is widened
    until a step maps the region into itself.
    """
    here = at_point(state.position)
    away = Range(here.lower, None) if direction > 0 else Range(None, here.upper)
    box = {"x": away, **{name: at_point(value) for name, value in state.memory.items()}}
    try:
        slopes = slope_range(ground, away)
        if not (slopes.is_negative() if direction > 0 else slopes.is_positive()):
            return None
        marks = _thresholds(slopes)
        for count in range(_ROUNDS):
            image = step_range(course, box, slopes, state.step)
            if all(box[name].contains(image[name]) for name in box):
                return box
            for name in state.memory:
                wider = hull(box[name], image[name])
                box[name] = wider if count < _PLAIN_ROUNDS else _widen(box[name], wider, marks)
            if not box["x"].contains(image["x"]):
                return None
    except (UndecidedError, DomainError):
        return None
    return None


def slope_range(ground: Ground, positions: Range) -> Range:
    """All slopes at these positions."""
    found = []
    for index, (lower, upper) in enumerate(ground.ends):
        low, high = positions.lower, positions.upper
        if upper is not None and low is not None and compare(upper, low) < 0:
            continue
        if lower is not None and high is not None and compare(lower, high) > 0:
            continue
        part = Range(
            positions.lower if lower is None else _inner(lower, positions.lower, larger=True),
            positions.upper if upper is None else _inner(upper, positions.upper, larger=False),
        )
        found.append(evaluate_range(ground.trees[index], {"x": part}))
    return hull(*found)


def _inner(end: Exact, bound: Exact | None, *, larger: bool) -> Exact:
    if bound is None:
        return end
    return bound if (compare(bound, end) > 0) == larger else end


def step_range(
    course: Course, box: Mapping[str, Range], slopes: Range, done: int
) -> dict[str, Range]:
    """Where one step takes the states of *box*, for every step after *done* steps."""
    known = _assign(course, box, slopes, done)
    return {name: known[f"{name}'"] if f"{name}'" in known else box[name] for name in box}


def stride_range(course: Course, box: Mapping[str, Range], slopes: Range, done: int) -> Range:
    """How far one step takes the states of *box*, for every step after *done* steps.

    Raises:
        UndecidedError: If the rule does not add its stride to the position.
    """
    known = _assign(course, box, slopes, done)
    if "stride of x" not in known:
        raise UndecidedError("the rule does not add its stride to the position")
    return known["stride of x"]


def _without_position(tree: Node) -> Node | None:
    """What `x + stride` or `x - stride` adds to the position."""
    here = Name("x")
    if isinstance(tree, Apply) and tree.operator in ("+", "-"):
        left, right = tree.arguments
        if left == here:
            return right if tree.operator == "+" else apply("neg", right)
        if right == here and tree.operator == "+":
            return left
    return None


def _assign(course: Course, box: Mapping[str, Range], slopes: Range, done: int) -> dict[str, Range]:
    """The ranges of everything that one step reads and assigns."""
    first_step = done + 1
    rule = course.rule.settled(first_step)
    known = {name: at_point(value) for name, value in rule.values.items()}
    known |= {name: box[name] for name in rule.state}
    known |= {"x": box["x"], "g": slopes, "t": Range(fmpq(first_step), None)}
    known["loss"] = EVERYTHING
    known |= course.rate_ranges(done)
    for target, tree in rule.step:
        known[target] = evaluate_range(tree, known)
    stride = _without_position(dict(rule.step)["x'"])
    if stride is not None:
        known["stride of x"] = evaluate_range(stride, known)
    return known


def _thresholds(slopes: Range) -> list[Exact]:
    marks: list[Exact] = [_ZERO]
    for end in (slopes.lower, slopes.upper):
        if end is not None:
            marks += [end, end * end]
    return marks


def _widen(old: Range, wider: Range, marks: list[Exact]) -> Range:
    """The next threshold beyond each end that moved, or infinity."""
    lower, upper = wider.lower, wider.upper
    if lower is not None and (old.lower is None or compare(lower, old.lower) < 0):
        below = [m for m in marks if compare(m, lower) <= 0]
        lower = _extreme(below, largest=True)
    if upper is not None and (old.upper is None or compare(upper, old.upper) > 0):
        above = [m for m in marks if compare(m, upper) >= 0]
        upper = _extreme(above, largest=False)
    return Range(lower, upper)


def _extreme(values: list[Exact], *, largest: bool) -> Exact | None:
    best = None
    for value in values:
        if best is None or (compare(value, best) > 0) == largest:
            best = value
    return best


def _spell_range(box: Range) -> list[str | None]:
    from gradiometer.proof.spelling import spell_lower, spell_upper

    return [
        None if box.lower is None else spell_lower(box.lower),
        None if box.upper is None else spell_upper(box.upper),
    ]

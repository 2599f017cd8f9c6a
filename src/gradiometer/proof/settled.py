"""From which step on every step of a run is the same map."""

from __future__ import annotations

from collections.abc import Sequence

from gradiometer.errors import UndecidedError
from gradiometer.formula import Number, walk
from gradiometer.proof.trail import Journey
from gradiometer.proof.walk import Course


def find_settled_step(course: Course | Journey) -> int | None:
    """The number of steps after which every step is the same map, or None when there is none."""
    if isinstance(course, Journey) and course.surface.depends_on_step:
        return None
    rests = _find_rest(course)
    if rests is None:
        return None
    for first in sorted({rests, *_candidates(course)}):
        if first >= rests and not course.rule.settled(first + 1).depends_on_step:
            return first
    return None


def _find_rest(course: Course | Journey) -> int | None:
    """The number of steps after which no schedule changes any more, found by halving."""
    low, high = 0, 2 * course.steps + 1
    if not _is_at_rest(course, high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _is_at_rest(course, middle) else (middle + 1, high)
    return low


def _is_at_rest(course: Course | Journey, done: int) -> bool:
    try:
        return all(rates.is_single for rates in course.rate_ranges(done).values())
    except UndecidedError:
        return False


def _candidates(course: Course | Journey) -> Sequence[int]:
    """Step counts at which a rule may settle: the first ones, and just after each number in it."""
    trees = [tree for _, tree in course.rule.step]
    marks = list(course.rule.values.values())
    marks += [node.value for tree in trees for node in walk(tree) if isinstance(node, Number)]
    whole = {int(mark.p // mark.q) for mark in marks if 0 <= mark <= course.steps}
    return sorted({0, 1, 2} | {mark + extra for mark in whole for extra in (0, 1)})

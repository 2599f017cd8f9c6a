"""From which step on every step of a run is the same map."""

from __future__ import annotations

from collections.abc import Sequence

from gradiometer.errors import UndecidedError
from gradiometer.formula import Number, walk
from gradiometer.model import rate_range
from gradiometer.proof.trail import Journey
from gradiometer.proof.walk import Course


def find_settled_step(course: Course | Journey) -> int | None:
    """The number of steps after which every step is the same map, or None when there is none."""
    for first in _candidates(course):
        if course.rule.settled(first + 1).depends_on_step:
            continue
        if course.schedule is None:
            return first
        try:
            rates = rate_range(course.schedule.rate, course.schedule.values, from_step=first)
        except UndecidedError:
            continue
        if rates.lower is not None and rates.lower == rates.upper:
            return first
    return None


def _candidates(course: Course | Journey) -> Sequence[int]:
    """Step counts at which a rule may settle: the first ones, and just after each number in it."""
    trees = [tree for _, tree in course.rule.step]
    marks = list(course.rule.values.values())
    if course.schedule is not None:
        trees.append(course.schedule.rate)
        marks.extend(course.schedule.values.values())
    marks += [node.value for tree in trees for node in walk(tree) if isinstance(node, Number)]
    whole = {int(mark.p // mark.q) for mark in marks if 0 <= mark <= course.steps}
    return sorted({0, 1, 2} | {mark + extra for mark in whole for extra in (0, 1)})

"""What runs along one axis do in the end: the positions of some more steps, and their period."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from gradiometer.question.answer import Fact, Series, computed
from gradiometer.question.sweep_run import Sweep

MOST_COLUMNS = 4096
"""Runs of which this is told; a picture shows no more."""

_STEPS = 64
_MOST_STEPS = 1 << 31
"""Steps of all these runs together: positions after n, n + 1, … steps are made from the start."""

_NEAR = 1e-6
"""Positions this far apart are the same, in parts of their size or of 1."""


@final
@dataclass(frozen=True, eq=False)
class Tail:
    """Positions after the last step, and after each of some more."""

    position: Any
    """A row for each run, a column for each step."""
    period: Any
    """After how many steps a run is where it was; 0 where that is not seen, or it is nowhere."""


def find_tail(sweep: Sweep) -> Tail | None:
    """The ends of all runs along one axis in one variable; None where there are others or many."""
    count, steps = sweep.grid.count, max(sweep.request.steps, 1)
    length = min(_STEPS, _MOST_STEPS // (count * steps))
    if len(sweep.grid.axes) > 1 or len(sweep.columns) > 1 or count > MOST_COLUMNS or length < 4:
        return None
    start, values = sweep.draw(0, count)
    plan = sweep.plan_runs(labels=False)
    # A kernel keeps nothing of the way, and to begin anew is cheap beside a kernel that does.
    with np.errstate(all="ignore"):
        columns = [plan.run(start, steps=sweep.request.steps + more, values=values).position
                   for more in range(length)]  # fmt: skip
    position = np.stack(columns, axis=1)
    return Tail(position, _find_periods(position.astype(float)))


def _find_periods(position: NDArray[np.float64]) -> NDArray[np.int64]:
    """The smallest shift under which all positions of a run stay, of those up to half of them."""
    period = np.zeros(len(position), np.int64)
    known = np.isfinite(position).all(axis=1)
    size = np.maximum(1, np.abs(np.where(np.isfinite(position), position, 0)).max(axis=1))
    for shift in range(1, position.shape[1] // 2 + 1):
        with np.errstate(all="ignore"):
            apart = np.abs(position[:, shift:] - position[:, :-shift]).max(axis=1)
        found = known & (period == 0) & (apart <= _NEAR * size)
        period[found] = shift
    return period


def list_tail(tail: Tail, dim: str) -> dict[str, Series]:
    """The arrays `tail` and `period`."""
    return {
        "tail": Series((dim, "more"), tail.position, "1", "positions after the last steps"),
        "period": Series((dim,), tail.period, "step", "after how many steps a run is where it was"),
    }


def tell_periods(tail: Tail) -> Fact:
    """How many runs have which period in the end."""
    length = tail.position.shape[1]
    found = Counter(tail.period.tolist())
    none = found.pop(0, 0)
    value = {str(period): found[period] for period in sorted(found)}
    value |= {"none": none} if none else {}
    because = (
        f"After how many steps a run is where it was, to a millionth, in the {length} positions "
        f"from the last step on; `none` repeats nothing within {length // 2} steps, or has left."
    )
    return computed(value, because)

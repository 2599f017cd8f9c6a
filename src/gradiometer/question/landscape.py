"""The landscape under a run as arrays for a picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from gradiometer.formula import Node, evaluate, evaluate_float, free_names, to_float
from gradiometer.proof import Course
from gradiometer.question.answer import Series

_POINTS = 400
_FAR = 15
"""A growing run is shown up to this many times its first step."""
_FARTHEST = 1e12


def landscape_series(
    course: Course, positions: Sequence[float], parameters: Mapping[str, float] | None = None
) -> dict[str, Series]:
    """Loss over a window that shows the run and the joints near it.

    Args:
        course: What is run.
        positions: The positions visited.
        parameters: Values of parameters that are still free, for the picture only.
    """
    values = dict(parameters or {})
    ends = [
        _end(p.on.upper, values) for p in course.landscape.loss.pieces if p.on.upper is not None
    ]
    finite = shown_positions(positions) or [0.0]
    low, high = min(finite), max(finite)
    span = max(high - low, 1e-3)
    near = [end for end in ends if low - 2 * span <= end <= high + 2 * span]
    low, high = min([low, *near]), max([high, *near])
    margin = 0.08 * (high - low or 1.0)
    low, high = low - margin, high + margin
    grid = {low + (high - low) * index / _POINTS for index in range(_POINTS + 1)}
    xs = sorted(grid | set(near))
    runs = course.landscape.float_losses
    losses = [_loss_at(runs, x, ends, values) for x in xs]
    return {
        "landscape_x": Series(("landscape_x",), xs, "1", "position"),
        "landscape_value": Series(("landscape_x",), losses, "1", "loss"),
    }


def shown_positions(positions: Sequence[float]) -> list[float]:
    """The positions that the window shows: all of them, or the first of a run that runs off."""
    finite = [x for x in positions if math.isfinite(x) and abs(x) < _FARTHEST]
    reach = max((abs(x - positions[0]) for x in finite), default=0.0)
    if len(finite) == len(positions) and abs(finite[-1] - finite[0]) < reach / 2:
        return finite
    kept: list[float] = []
    for x in finite:
        stride = abs(kept[1] - kept[0]) if len(kept) > 1 else 0.0
        far = stride > 0 and abs(x - kept[0]) > _FAR * stride
        # A run along a slope goes far in equal steps; one that grows drowns the picture.
        grows = far and abs(x - kept[-1]) > 1.5 * stride
        kept.append(x)
        if grows:
            break
    return kept


def _end(node: Node, values: Mapping[str, float]) -> float:
    if free_names(node):
        return evaluate_float(node, values)
    return to_float(evaluate(node, {}))


def _loss_at(
    runs: Sequence[Callable[[Mapping[str, float]], float]],
    x: float,
    ends: Sequence[float],
    values: Mapping[str, float],
) -> float:
    index = sum(x > end for end in ends)
    return math.nan if index == len(runs) else runs[index]({**values, "x": x})

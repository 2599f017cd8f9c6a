"""Reads the ranges of a sweep: which settings take which values, exactly."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from gradiometer.errors import LimitError, Place, UsageError
from gradiometer.formula import from_float, parse_number, to_float

MOST_RUNS = 20_000_000
"""Runs of one sweep."""


@final
@dataclass(frozen=True)
class Axis:
    """One setting with its values."""

    name: str
    values: tuple[fmpq, ...]
    is_start: bool
    """Whether it is a coordinate of the start; without a name where there is only one."""
    is_log: bool = False
    """Whether the values have equal ratios."""

    @property
    def label(self) -> str:
        """The name that arrays use."""
        if not self.is_start:
            return self.name.replace(".", "_")
        return f"start_{self.name}" if self.name else "start"

    @cached_property
    def floats(self) -> NDArray[np.float64]:
        """The values as floats."""
        return np.array([to_float(value) for value in self.values])


@final
@dataclass(frozen=True)
class Grid:
    """All combinations of the values of some settings; the last one changes fastest."""

    axes: tuple[Axis, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each axis has."""
        return tuple(len(axis.values) for axis in self.axes)

    @property
    def count(self) -> int:
        """How many runs there are."""
        return math.prod(self.shape)

    def index(self, axis: Axis, first: int, last: int) -> NDArray[np.int64]:
        """The place on one axis of the runs from one number up to another."""
        below = math.prod(self.shape[self.axes.index(axis) + 1 :])
        return np.arange(first, last) // below % len(axis.values)

    def column(self, axis: Axis, first: int, last: int) -> NDArray[np.float64]:
        """The values of one axis for the runs from one number up to another."""
        return axis.floats[self.index(axis, first, last)]

    def pick(self, cell: Sequence[int]) -> dict[Axis, fmpq]:
        """The exact values in one cell."""
        return {axis: axis.values[at] for axis, at in zip(self.axes, cell, strict=True)}


def read_grid(settings: Mapping[str, Any] | None, start: Any) -> Grid:
    """The grid that ranges among settings and in the start span.

    Raises:
        UsageError: If there is none, or one is no range.
        LimitError: If there are too many runs.
    """
    axes = [_read_axis(name, value, is_start=False)
            for name, value in (settings or {}).items() if is_range(value)]  # fmt: skip
    axes += [_read_axis(name, text, is_start=True)
             for name, text in split_start(start).items() if is_range(text)]  # fmt: skip
    if not axes:
        raise UsageError(
            "A sweep needs a range of values.", place=Place("--set"),
            hint="write such as `--set learning_rate=0.1:2:100`, or `--start=-2:2:100`",
        )  # fmt: skip
    grid = Grid(tuple(axes))
    if grid.count > MOST_RUNS:
        raise LimitError(
            f"A sweep has at most {MOST_RUNS:,} runs, not {grid.count:,}.",
            hint="ask for fewer values",
        )
    return grid


def split_start(start: Any) -> dict[str, Any]:
    """The parts of a start by name; without a name where it is one number or one range."""
    if isinstance(start, Mapping):
        return dict(start)
    if not isinstance(start, str) or ":" not in start:
        return {}
    parts = [part.strip() for part in start.split(",")]
    if len(parts) == 1 and "=" not in start:
        return {"": start}
    rows = [part.partition("=") for part in parts]
    if not all(name.strip() and sign for name, sign, _ in rows):
        raise UsageError(
            f"`{start}` is no start with ranges.", place=Place("--start"),
            hint="write such as `--start=x=-2:2:100,y=1`",
        )  # fmt: skip
    return {name.strip(): text.strip() for name, _, text in rows}


def settings_at(grid: Grid, cell: Sequence[int], given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The settings in one cell, of those that were given."""
    values = {axis.name: str(v) for axis, v in grid.pick(cell).items() if not axis.is_start}
    return {**(given or {}), **values}


def start_at(grid: Grid, cell: Sequence[int], start: Any) -> Any:
    """The start in one cell, of what was given."""
    parts = split_start(start)
    if not any(is_range(text) for text in parts.values()):
        return start
    parts |= {axis.name: str(v) for axis, v in grid.pick(cell).items() if axis.is_start}
    return parts.get("", parts)


def is_range(value: Any) -> bool:
    """Whether a value is written as a range."""
    return isinstance(value, str) and ":" in value


def _read_axis(name: str, text: str, *, is_start: bool) -> Axis:
    values = _read_range(text, "--start" if is_start else f"--set {name}")
    return Axis(name, values, is_start, text.rpartition(":")[2].strip() == "log")


def _read_range(text: str, where: str) -> tuple[fmpq, ...]:
    """`first:last:count`, or with `:log` behind it equal ratios, rounded to floats."""
    place = Place(where)
    parts = [part.strip() for part in text.split(":")]
    is_log = parts[-1] == "log"
    parts = parts[:-1] if is_log else parts
    hint = "write `first:last:count`, or `first:last:count:log`"
    if len(parts) != 3 or not parts[2].isdecimal() or int(parts[2]) < 1:
        raise UsageError(f"`{text[:60]}` is no range of values.", place=place, hint=hint)
    low, high = (parse_number(part, place=place) for part in parts[:2])
    count = int(parts[2])
    if count > MOST_RUNS:
        raise LimitError(f"A range has at most {MOST_RUNS:,} values, not {count:,}.")
    if count == 1:
        return (low,)
    if not is_log:
        return tuple(low + (high - low) * k / (count - 1) for k in range(count))
    if low <= 0 or high <= 0:
        problem = f"`{text[:60]}` has equal ratios and an end that is not positive."
        raise UsageError(problem, place=place, hint="leave `:log` out")
    ends = np.geomspace(to_float(low), to_float(high), count)
    return (low, *(from_float(float(value)) for value in ends[1:-1]), high)


def read_cell(text: str, grid: Grid) -> tuple[int, ...]:
    """The place in the grid that *text* names, one number for each axis, from 0.

    Raises:
        UsageError: If there is no such cell.
    """
    parts = [part.strip() for part in str(text).split(",")]
    cell = tuple(int(part) for part in parts if part.isdecimal())
    fits = len(cell) == len(parts) == len(grid.shape)
    if not fits or not all(at < count for at, count in zip(cell, grid.shape, strict=True)):
        last = ",".join(str(count - 1) for count in grid.shape)
        raise UsageError(
            f"There is no cell `{str(text)[:40]}`.", place=Place("--prove"),
            hint=f"write one number for each range, up to `{last}`",
        )  # fmt: skip
    return cell

"""The interval that a run of a sweep leaves when it escapes; its ends may follow parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from gradiometer.errors import GradiometerError, Place, UndecidedError, UsageError
from gradiometer.formula import Node, evaluate, free_names, parse, to_float
from gradiometer.question.course import Request
from gradiometer.question.sweep_grid import Axis, Grid

EVERYWHERE = (-math.inf, math.inf)
"""The ends of an interval that nothing leaves."""

_PLACE = Place("--inside")
_HINT = "write `LOW:HIGH`, or one end as in `:1+h`, in parameters of the objective"


@final
@dataclass(frozen=True)
class Inside:
    """Two ends; None for none."""

    ends: tuple[Node | None, Node | None]
    values: Mapping[str, fmpq]
    """The parameters of the objective; one that varies has here its value in the first cell."""

    def at(self, cell: Mapping[Axis, fmpq]) -> tuple[float, float]:
        """The ends where the axes have these values.

        Raises:
            UsageError: If an end has no value there.
        """
        varied = {axis.name.rpartition(".")[2]: value for axis, value in cell.items()
                  if not axis.is_start}  # fmt: skip
        known = {name: varied.get(name, value) for name, value in self.values.items()}
        try:
            low, high = (None if end is None else to_float(evaluate(end, known))
                         for end in self.ends)  # fmt: skip
        except (GradiometerError, UndecidedError) as error:
            said = getattr(error, "problem", str(error)).rstrip(".")
            raise UsageError(f"An end of `inside` has no value: {said}.", place=_PLACE) from None
        return -math.inf if low is None else low, math.inf if high is None else high

    def list_ends(self, grid: Grid, first: int, last: int) -> list[NDArray[np.float64]]:
        """Both ends for the runs from the first number up to the last."""
        names = {name for end in self.ends if end is not None for name in free_names(end)}
        moving = [axis for axis in grid.axes
                  if not axis.is_start and axis.name.rpartition(".")[2] in names]  # fmt: skip
        columns = [grid.index(axis, first, last) for axis in moving]
        places = np.stack([np.zeros(last - first, np.int64), *columns], axis=1)
        cells, back = np.unique(places, axis=0, return_inverse=True)
        rows = [self.at({axis: axis.values[at] for axis, at in zip(moving, cell[1:], strict=True)})
                for cell in cells.tolist()]  # fmt: skip
        return list(np.array(rows)[back.reshape(-1)].T.copy())


def read_inside(text: str | None, request: Request) -> Inside | None:
    """The interval that a text `LOW:HIGH` writes; None where there is none.

    Raises:
        GradiometerError: If it is no interval.
    """
    if text is None:
        return None
    parts = [part.strip() for part in text.split(":")]
    if len(parts) != 2 or not any(parts):
        raise UsageError(f"`{text[:60]}` is no interval.", place=_PLACE, hint=_HINT)
    values: dict[str, Any] = {n: v for n, v in request.values.items() if isinstance(v, fmpq)}
    low, high = (parse(part, names=tuple(values), place=_PLACE).tree if part else None
                 for part in parts)  # fmt: skip
    found = Inside((low, high), values)
    ends = found.at({})
    if not ends[0] < ends[1]:
        raise UsageError(f"`{text[:60]}` does not begin below its end.", place=_PLACE, hint=_HINT)
    return found

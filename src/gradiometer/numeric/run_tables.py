"""What a kernel is handed: numbers for all lanes, a table of steps, and the rows of a group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np

from gradiometer.numeric.executor import Array
from gradiometer.numeric.layout import PART, Layout
from gradiometer.numeric.program_values import evaluate_terms
from gradiometer.numeric.run_program import Program

MOST_KEPT = 1 << 22
"""Numbers of a step table that are kept; longer ones are made anew for each stretch."""
SAFE = {"float64": 2.0**100, "float32": 2.0**20}
"""Divisors up to this, and down to its inverse, may be replaced by products."""


@final
@dataclass(frozen=True, eq=False)
class Tables:
    """The terms outside the inner loop, for one call."""

    program: Program
    layout: Layout
    inputs: Mapping[str, Any]
    """Values by input; schedules have an array with one value for each step."""
    steps: int
    precision: str

    @property
    def real(self) -> Any:
        """The kind of float."""
        return np.dtype(self.precision).type

    @cached_property
    def given(self) -> Array:
        """The numbers that are the same everywhere."""
        found = evaluate_terms(self.program, self.layout.given, self.inputs, real=self.real)
        values = [found[at] for at in self.layout.given]
        return np.array(values or [0.0], self.real)

    def step_rows(self, begin: int, end: int) -> Array:
        """The numbers of the steps after *begin*, one row each."""
        if not self.layout.step or end == begin:
            return np.zeros((1, len(self.layout.step) or 1), self.real)
        if self.steps * len(self.layout.step) <= MOST_KEPT:
            return self._whole[begin:end]
        return self._make(begin, end)

    @cached_property
    def _whole(self) -> Array:
        return self._make(0, self.steps)

    def _make(self, begin: int, end: int) -> Array:
        done = np.arange(begin, end, dtype=np.float64)
        known = dict(self.inputs) | {"k": done, "t": done + 1}
        for name, values in self.inputs.items():
            if name in self.program.inputs and np.ndim(values) and name.startswith("rate."):
                known[name] = np.asarray(values)[begin:end]
        found = evaluate_terms(self.program, self.layout.step, known, real=self.real)
        columns = [np.broadcast_to(found[at], done.shape) for at in self.layout.step]
        return np.ascontiguousarray(np.stack(columns, axis=1), self.real)

    @cached_property
    def repeats_from(self) -> int | None:
        """From how many steps on every step is the same function of the state; None for never."""
        if self.program.is_online:
            return None
        changing = ("power", "normal", "index")
        if any(self.program.terms[at].operator in changing for at in self.layout.lanes):
            return None
        if not self.layout.step:
            return 0
        if self.steps * len(self.layout.step) > MOST_KEPT:
            return None
        changes = np.flatnonzero((self._whole[1:] != self._whole[:-1]).any(axis=1))
        first = int(changes[-1]) + 1 if len(changes) else 0
        # A table that still changes in its last step says nothing of the steps after it.
        return first if first < self.steps - 1 else None

    @cached_property
    def is_safe(self) -> bool:
        """Whether each division by a shared number may be replaced by products."""
        terms = self.program.terms
        divisors = [terms[at].arguments[1] for at in self.layout.lanes
                    if terms[at].operator == "/" and len(terms[at].arguments) == 3]  # fmt: skip
        sizes = [np.abs(self.given[self.layout.given.index(at)])
                 for at in divisors if at in self.layout.given]  # fmt: skip
        by_step = [self.layout.step.index(at) for at in divisors if at in self.layout.step]
        limit = SAFE[self.precision]
        if by_step and self.steps * len(self.layout.step) <= MOST_KEPT:
            sizes.append(np.abs(self._whole[:, by_step]))
        elif by_step:
            return False
        return all(bool(((size <= limit) & (size >= 1 / limit)).all()) for size in sizes)

    def group_rows(self, lanes: slice, bounds: Mapping[str, Array], first_run: int = 0) -> Array:
        """The rows of a group of lanes before the first step."""
        number = first_run + np.arange(lanes.start, lanes.stop)
        program, width = self.program, lanes.stop - lanes.start
        inputs = {name: values if np.ndim(values) == 0 or name.startswith("rate.")
                  else values[lanes] for name, values in self.inputs.items()}  # fmt: skip
        firsts = [memory.first for memory in program.remembered]
        found = evaluate_terms(program, [*firsts, *self.layout.run], inputs, real=self.real)
        rows = np.zeros((len(self.layout.rows), width), self.real)
        for at, name in enumerate(self.layout.rows):
            owner, _, key = name.partition(".")
            if owner == "run":
                rows[at] = found[int(key)]
            elif owner == "state":
                rows[at] = found[firsts[[m.name for m in program.remembered].index(key)]]
            elif owner == "number":
                rows[at] = number // PART if key == "high" else number % PART
            elif owner in ("low", "high"):
                bound = bounds[name]
                rows[at] = bound if np.ndim(bound) == 0 else bound[lanes]
            else:
                rows[at] = {"power": 1.0, "best": np.inf, "kept": np.nan}.get(owner, 0.0)
        return rows

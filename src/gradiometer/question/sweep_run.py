"""Makes the runs of a sweep in parts, each kept as soon as it is done."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from gradiometer.errors import UsageError
from gradiometer.formula import to_float, to_text
from gradiometer.numeric import RunPlan, plan_runs
from gradiometer.question.cluster import make_parts
from gradiometer.question.course import Request
from gradiometer.question.kept_file import KeptFile, say_how_to_go_on
from gradiometer.question.progress import Meter
from gradiometer.question.sweep_grid import Axis, Grid
from gradiometer.question.sweep_inside import EVERYWHERE, Inside

Kind: TypeAlias = Literal["float64", "float32"]
_Part: TypeAlias = tuple[int, int]
"""The first run of a part, and the one behind its last."""

SCHEMA = "gradiometer/sweep-1"

_MOST_IN_PART, _LEAST_IN_PART = 1 << 18, 1 << 13
_STEPS_IN_PART = 1 << 28
"""What an interrupt may lose is a fraction of a second."""


@final
@dataclass(frozen=True, eq=False)
class Ends:
    """What becomes of some runs, an entry each."""

    label: NDArray[np.int8]
    step: NDArray[np.int64]
    position: NDArray[Any]
    """A row for each run, with a number for each variable."""

    def to_plain(self) -> dict[str, Any]:
        """The entries as JSON: the bytes of each array, packed."""
        return {name: _pack(getattr(self, name)) for name in ("label", "step", "position")}


def read_ends(table: Mapping[str, Any]) -> Ends:
    """The entries of a table that `Ends.to_plain` made, to the last bit.

    Raises:
        KeyError: If a part is missing.
        ValueError: If a part is of another kind.
    """
    return Ends(*(_unpack(table[name]) for name in ("label", "step", "position")))


def _pack(values: NDArray[Any]) -> dict[str, Any]:
    kind = values.dtype.newbyteorder("<")
    packed = zlib.compress(np.ascontiguousarray(values, kind).tobytes(), 1)
    return {
        "kind": kind.str,
        "shape": list(values.shape),
        "bytes": base64.b64encode(packed).decode(),
    }


def _unpack(table: Mapping[str, Any]) -> NDArray[Any]:
    try:
        text = zlib.decompress(base64.b64decode(table["bytes"], validate=True))
    except zlib.error as error:
        raise ValueError(str(error)) from None
    return np.frombuffer(text, np.dtype(str(table["kind"]))).reshape(table["shape"])


@final
@dataclass(frozen=True, eq=False)
class Sweep:
    """The runs of a grid, ready to be made."""

    request: Request
    grid: Grid
    kind: Kind
    inside: Inside | None
    """What a run leaves when it escapes."""

    @cached_property
    def columns(self) -> list[Axis | float]:
        """Where the runs start, by variable: an axis or a number."""
        found: list[Axis | float] = [to_float(number) for number in self.request.start]
        for axis in self.grid.axes:
            if axis.is_start:
                found[_find_variable(self.request, axis.name)] = axis
        return found

    @cached_property
    def names(self) -> dict[str, str]:
        """The inputs of the kernel that vary, by the names that were given."""
        return _name_inputs(self.request, self.grid)

    @cached_property
    def plan(self) -> RunPlan:
        """The plan of runs that are looked at after each step."""
        return self.plan_runs(labels=True)

    def plan_runs(self, *, labels: bool) -> RunPlan:
        """The plan with the varied parameters free."""
        request, free = self.request, set(self.names.values())
        width = len(request.start)
        fixed = {name: value for name, value in request.rule.text.values.items()
                 if f"optimizer.{name}" not in free}  # fmt: skip
        opened = replace(request.rule.text, values=fixed).for_shape((width,) if width > 1 else ())
        shape = {name: value for name, value in request.values.items()
                 if f"objective.{name}" not in free}  # fmt: skip
        is_curve = width == 1 and not request.is_online
        bind = request.objective.bind if is_curve else request.objective.bind_surface
        return plan_runs(
            opened, bind(shape), schedules=request.schedules, side=request.side,
            precision=self.kind, labels=labels,
        )  # fmt: skip

    def draw(self, first: int, last: int) -> tuple[NDArray[Any], dict[str, NDArray[Any]]]:
        """The starts and the varied values of the runs from the first number up to the last."""
        rows = [self.grid.column(c, first, last) if isinstance(c, Axis)
                else np.full(last - first, c) for c in self.columns]  # fmt: skip
        values = {self.names[axis.name]: self.grid.column(axis, first, last)
                  for axis in self.grid.axes if not axis.is_start}  # fmt: skip
        return rows[0] if len(rows) == 1 else np.stack(rows, axis=1), values

    def list_parts(self) -> list[tuple[int, int]]:
        """The first run of each part, and the one behind its last."""
        size = _STEPS_IN_PART // max(self.request.steps, 1)
        size = min(max(size, _LEAST_IN_PART), _MOST_IN_PART)
        return [(n, min(n + size, self.grid.count)) for n in range(0, self.grid.count, size)]

    def make(self, first: int, last: int) -> Ends:
        """What becomes of the runs from the first number up to the last."""
        start, values = self.draw(first, last)
        inside = self._list_ends(first, last)
        runs = self.plan.run(start, steps=self.request.steps, values=values, inside=inside)
        return Ends(runs.label, runs.step, runs.position.reshape(last - first, -1))

    def _list_ends(self, first: int, last: int) -> tuple[Any, Any]:
        if self.inside is None:
            return EVERYWHERE
        low, high = self.inside.list_ends(self.grid, first, last)
        return low, high

    def name(self, first: int, last: int) -> str:
        """What a part is called: a digest of the kernel's text and of all that goes into it."""
        start, values = self.draw(first, last)
        plan = self.plan
        digest = hashlib.sha256(plan.source(frozenset(values)).encode())
        rates = {name: to_text(tree) for name, tree in plan.schedules.items() if tree is not None}
        known = {name: repr(value) for name, value in plan.defaults.items()}
        digest.update(json.dumps([self.request.steps, rates, known], sort_keys=True).encode())
        ends = dict(zip(("low", "high"), self._list_ends(first, last), strict=False))
        for name, column in sorted({"start": start, **values, **ends}.items()):
            digest.update(f"{name} {np.shape(column)}".encode())
            digest.update(np.ascontiguousarray(column, "<f8").tobytes())
        return digest.hexdigest()[:32]


def _make_part(sweep: Sweep, part: tuple[int, int]) -> Ends:
    return sweep.make(*part)


def make_ends(sweep: Sweep, keep: str | None, cluster: str | None = None) -> Ends:
    """What becomes of all runs; parts that the file has are not made again.

    Args:
        sweep: The runs.
        keep: The path of a file of finished parts, or None.
        cluster: The address of a dask scheduler whose workers make the parts, or None.

    Raises:
        KeyboardInterrupt: If somebody interrupts; it says what is kept, and how to go on.
        GradiometerError: If the file cannot be used.
    """
    parts = sweep.list_parts()
    if keep is None:
        found = _make_missing(sweep, {}, cluster=cluster)
    else:
        kept = _Kept(KeptFile(Path(keep), SCHEMA, "part"), {p: sweep.name(*p) for p in parts})
        found = kept.read()
        if len(found) < len(parts):
            with kept.file.hold():
                # Another call may have added some just now.
                found = _make_missing(sweep, kept.read(), cluster=cluster, kept=kept)
    rows = [found[part] for part in parts]
    return Ends(*(np.concatenate([getattr(row, name) for row in rows])
                  for name in ("label", "step", "position")))  # fmt: skip


@final
@dataclass(frozen=True, eq=False)
class _Kept:
    """The file of a sweep, and what its parts are called there."""

    file: KeptFile
    names: Mapping[_Part, str]

    def read(self) -> dict[_Part, Ends]:
        known = self.file.read(frozenset(self.names.values()), read_ends)
        return {part: known[name] for part, name in self.names.items() if name in known}


def _make_missing(
    sweep: Sweep, found: Mapping[_Part, Ends], *, cluster: str | None, kept: _Kept | None = None
) -> dict[_Part, Ends]:
    """All parts: those that were found, and the others, each kept as soon as it is done."""
    found, total = dict(found), sweep.grid.count
    done = sum(last - first for first, last in found)
    meter = Meter(total - done, "runs")
    missing = [part for part in sweep.list_parts() if part not in found]
    try:
        for part, ends in make_parts(_make_part, sweep, missing, cluster=cluster):
            found[part] = ends
            if kept is not None:
                kept.file.add([(kept.names[part], ends.to_plain())])
            done += part[1] - part[0]
            meter.add(part[1] - part[0])
    except KeyboardInterrupt:
        path = None if kept is None else kept.file.path
        said = say_how_to_go_on(done, total, noun="runs", path=path)
        raise KeyboardInterrupt(said) from None
    return found


def _find_variable(request: Request, name: str) -> int:
    names = request.objective.variables
    if name and name not in names:
        raise UsageError(f"`{name}` is no variable of the objective.", known=names)
    return names.index(name) if name else 0


def _name_inputs(request: Request, grid: Grid) -> dict[str, str]:
    """Whose parameter each axis is: of the rule, of the landscape, or of a schedule."""
    rule, names = request.rule, dict[str, str]()
    scheduled = {key for bound in request.schedules.values() for key in bound.values}
    for axis in grid.axes:
        if axis.is_start:
            continue
        owner, name = axis.name.rpartition(".")[0], axis.name.rpartition(".")[2]
        if name in rule.text.values and owner in ("", "optimizer", rule.name):
            names[axis.name] = f"optimizer.{name}"
        elif name in request.values:
            names[axis.name] = f"objective.{name}"
        elif name in scheduled:
            names[axis.name] = f"schedule.{name}"
        else:
            raise UsageError(f"`{axis.name}` decides the form of what runs, and cannot be varied.")
    return names

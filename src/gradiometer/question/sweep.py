"""The question `sweep`: what happens over millions of settings?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from flint import fmpq

from gradiometer.errors import GradiometerError, Place, UndecidedError, UsageError
from gradiometer.formula import EVERYTHING, at_point, evaluate_range, free_names, to_float
from gradiometer.model import Optimizer, read_optimizer, read_schedule
from gradiometer.numeric import LABELS, RunPlan, plan_runs
from gradiometer.question.answer import Answer, Fact, Series, Step, computed
from gradiometer.question.course import Request, read_request
from gradiometer.question.sweep_grid import Axis, Grid, is_range, read_cell, read_grid, split_start
from gradiometer.question.trajectory import MOST_FLOAT_STEPS, trajectory

_ENGINES = ("float64", "float32")
_PROVED = ("verdict", "limit", "cycle", "final")
"""The facts of a proved cell, as `trajectory` gives them."""

_MEANINGS = {
    "moving": "still moving at the last step",
    "settled": "at rest",
    "repeated": "back at an earlier state",
    "escaped": "outside",
    "diverged": "farther away than any number that counts",
    "not_finite": "no longer finite",
}


def sweep(
    objective: str | Mapping[str, Any],
    *,
    optimizer: str | Mapping[str, Any] = "sgd",
    schedule: str | Mapping[str, Any] | None = None,
    set: Mapping[str, Any] | None = None,
    start: Any = None,
    steps: int = 1000,
    at_kink: str | None = None,
    engine: str = "float64",
    prove: str | None = None,
) -> Answer:
    """What becomes of a run for each of many settings, in floats; one of them proved on request.

    Args:
        objective: A catalogue name, a formula, a TOML file or a table.
        optimizer: A catalogue name, a TOML file or a table with an update rule.
        schedule: A catalogue name, a formula in `k`, a file or a table.
        set: Values of parameters; a range such as `1/10:2:100` (first, last, how many), with
            `:log` behind it by equal ratios, spans an axis of the grid.
        start: The first position; a range spans an axis here too: `-2:2:100`, `x=-2:2:100,y=1`.
        steps: How many steps a run makes, unless it is decided before.
        at_kink: Which slope to take exactly at a joint: `left`, `right`, or None.
        engine: `float64` or `float32`.
        prove: The cell to answer exactly as well, one number for each axis from 0, as `3,17`.

    Returns:
        Facts `runs`, `labels` (how many runs end how; nothing of it is proved), with `prove` the
        `cell` in floats and its `verdict limit cycle final` as `trajectory` proves them; arrays
        of label, step and position over the grid.

    Raises:
        GradiometerError: If an input cannot be used.

    Example:
        >>> answer = sweep("x^2/2", set={"learning_rate": "1/2:5/2:5"}, start=1, prove="4")
        >>> answer.facts["labels"].value, answer.facts["verdict"].value
        ({'moving': 2, 'settled': 1, 'repeated': 1, 'diverged': 1}, 'diverges')
    """
    kind = _check_engine(engine)
    grid = read_grid(set, start)
    cell = None if prove is None else read_cell(prove, grid)
    asked: dict[str, Any] = {"optimizer": optimizer, "schedule": schedule, "steps": steps,
                             "at_kink": at_kink}  # fmt: skip
    # A domain is an interval: what lies between two values in it is in it too.
    corners = (tuple(count - 1 for count in grid.shape), (0,) * len(grid.axes))
    _, request = (
        read_request(
            objective, settings=_settings_at(grid, corner, set),
            start=_start_at(grid, corner, start), most=MOST_FLOAT_STEPS, **asked,
        )
        for corner in corners
    )  # fmt: skip
    _check_whole(request, grid, read_optimizer(optimizer), schedule)
    arrays = _run(request, grid, kind)
    facts = _facts(grid, arrays, kind)
    certificate, warnings = None, ()
    if cell is not None:
        facts["cell"] = _cell_fact(grid, cell, arrays, kind)
        known = trajectory(
            objective, set=_settings_at(grid, cell, set), start=_start_at(grid, cell, start),
            **asked,
        )  # fmt: skip
        facts |= {name: known.facts[name] for name in _PROVED if name in known.facts}
        certificate, warnings = known.certificate, known.warnings
    warnings = (*warnings, *_list_holes(request))
    inputs = {**request.inputs, "set": _spell(request, set), "engine": engine, "prove": prove}
    if any(axis.is_start for axis in grid.axes):
        inputs["start"] = str(start)
    return Answer(
        "sweep", inputs, facts, _steps(grid), _list_series(grid, arrays), certificate, warnings
    )


def _check_engine(engine: str) -> Literal["float64", "float32"]:
    if engine not in _ENGINES:
        raise UsageError(f"A sweep has no `engine` `{engine}`.", known=_ENGINES,
                         hint="write `float64`")  # fmt: skip
    return "float32" if engine == "float32" else "float64"


def _list_holes(request: Request) -> tuple[str, ...]:
    """What to know where the loss may have no value: kernels follow its slope alone."""
    values = {name: at_point(v) for name, v in request.values.items() if isinstance(v, fmpq)}
    for _, formula in () if request.objective.is_vector else request.objective.rows:
        known = {**dict.fromkeys(free_names(formula.tree), EVERYTHING), **values}
        try:
            evaluate_range(formula.tree, known)
        except (GradiometerError, UndecidedError):
            return (
                "The loss may have no value at some positions where its slope has one: a run that "
                "comes there goes on in a sweep, and ends in a trajectory.",
            )
    return ()


def _check_whole(
    request: Request, grid: Grid, rule: Optimizer, schedule: str | Mapping[str, Any] | None
) -> None:
    """Refuse values between whole numbers where only whole ones are in the domain."""
    known = {**request.objective.parameters, **rule.parameters}
    known |= {} if schedule is None else read_schedule(schedule).parameters
    for axis in grid.axes:
        parameter = known.get(axis.name.rpartition(".")[2])
        is_whole = parameter is not None and (parameter.is_integer or parameter.is_flag)
        if is_whole and not axis.is_start and any(value.q != 1 for value in axis.values):
            raise UsageError(
                f"`{axis.name}` is a whole number, and its range has others.",
                place=Place(f"--set {axis.name}"), hint="choose how many so that steps are whole",
            )  # fmt: skip


def _settings_at(
    grid: Grid, cell: tuple[int, ...], given: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The settings in one cell."""
    values = {axis.name: str(v) for axis, v in grid.pick(cell).items() if not axis.is_start}
    return {**(given or {}), **values}


def _start_at(grid: Grid, cell: tuple[int, ...], start: Any) -> Any:
    parts = split_start(start)
    if not any(is_range(text) for text in parts.values()):
        return start
    values = {axis.name: str(v) for axis, v in grid.pick(cell).items() if axis.is_start}
    parts |= values
    return parts.get("", parts)


def _spell(request: Request, given: Mapping[str, Any] | None) -> dict[str, str]:
    ranges = {name: str(value) for name, value in (given or {}).items() if is_range(value)}
    short = {name.rpartition(".")[2] for name in ranges}
    kept = {n: v for n, v in request.inputs["set"].items() if n.rpartition(".")[2] not in short}
    return {**kept, **ranges}


def _run(request: Request, grid: Grid, kind: Literal["float64", "float32"]) -> dict[str, Any]:
    """Label, step and position of all runs, block by block."""
    plan, names = _plan(request, grid, kind)
    width = len(request.start)
    columns: list[Axis | float] = [to_float(number) for number in request.start]
    for axis in grid.axes:
        if axis.is_start:
            columns[_find_variable(request, axis.name)] = axis

    def draw(first: int, last: int) -> tuple[Any, dict[str, Any]]:
        rows = [grid.column(c, first, last) if isinstance(c, Axis) else np.full(last - first, c)
                for c in columns]  # fmt: skip
        values = {names[axis.name]: grid.column(axis, first, last)
                  for axis in grid.axes if not axis.is_start}  # fmt: skip
        return rows[0] if width == 1 else np.stack(rows, axis=1), values

    blocks = list(plan.stream(grid.count, draw, steps=request.steps))
    return {
        "label": np.concatenate([block.label for block in blocks]),
        "step": np.concatenate([block.step for block in blocks]),
        "position": np.concatenate([block.position.reshape(-1, width) for block in blocks]),
    }


def _find_variable(request: Request, name: str) -> int:
    names = request.objective.variables
    if name and name not in names:
        raise UsageError(f"`{name}` is no variable of the objective.", known=names)
    return names.index(name) if name else 0


def _plan(
    request: Request, grid: Grid, kind: Literal["float64", "float32"]
) -> tuple[RunPlan, dict[str, str]]:
    """The plan with the varied parameters free, and their inputs by the names that were given."""
    rule, shape, names = request.rule, dict(request.values), dict[str, str]()
    free: list[str] = []
    scheduled = {key for bound in request.schedules.values() for key in bound.values}
    for axis in grid.axes:
        if axis.is_start:
            continue
        owner, name = axis.name.rpartition(".")[0], axis.name.rpartition(".")[2]
        if name in rule.text.values and owner in ("", "optimizer", rule.name):
            free.append(name)
            names[axis.name] = f"optimizer.{name}"
        elif shape.pop(name, None) is not None:
            names[axis.name] = f"objective.{name}"
        elif name in scheduled:
            names[axis.name] = f"schedule.{name}"
        else:
            raise UsageError(f"`{axis.name}` decides the form of what runs, and cannot be varied.")
    fixed = {name: value for name, value in rule.text.values.items() if name not in free}
    width = len(request.start)
    opened = replace(rule.text, values=fixed).for_shape((width,) if width > 1 else ())
    is_curve = width == 1 and not request.is_online
    land = request.objective.bind(shape) if is_curve else request.objective.bind_surface(shape)
    plan = plan_runs(opened, land, schedules=request.schedules, side=request.side, precision=kind)
    return plan, names


def _facts(grid: Grid, arrays: Mapping[str, Any], kind: str) -> dict[str, Fact]:
    found = Counter(arrays["label"].tolist())
    counts = {LABELS[label]: number for label, number in found.most_common()}
    said = "; ".join(f"{word}: {_MEANINGS[word]}" for word in counts)
    return {
        "runs": computed(grid.count, " x ".join(f"{n:,}" for n in grid.shape) + " settings."),
        "labels": computed(counts, f"How many runs ended how in {kind}, which proves nothing: "
                           f"{said}."),
    }  # fmt: skip


def _cell_fact(grid: Grid, cell: tuple[int, ...], arrays: Mapping[str, Any], kind: str) -> Fact:
    at = int(np.ravel_multi_index(cell, grid.shape))
    place = [float(number) for number in arrays["position"][at]]
    value = {
        "settings": {axis.label: number for axis, number in grid.pick(cell).items()},
        "label": LABELS[int(arrays["label"][at])],
        "step": int(arrays["step"][at]),
        "position": place[0] if len(place) == 1 else place,
    }
    because = (
        f"The run of the cell {','.join(map(str, cell))} in {kind}; the facts below are exact."
    )
    return computed(value, because)


def _steps(grid: Grid) -> tuple[Step, ...]:
    return tuple(
        Step(f"{axis.label} from {axis.values[0]} to {axis.values[-1]}",
             f"{len(axis.values):,} values, axis {at} of the grid.")
        for at, axis in enumerate(grid.axes)
    )  # fmt: skip


def _list_series(grid: Grid, arrays: Mapping[str, Any]) -> dict[str, Series]:
    dims = tuple(axis.label for axis in grid.axes)
    series = {
        axis.label: Series((axis.label,), axis.floats.tolist(), "1", "the values of one axis")
        for axis in grid.axes
    }
    legend = ", ".join(f"{at} {word}" for at, word in enumerate(LABELS))
    series["label"] = Series(dims, arrays["label"].reshape(grid.shape), "1", legend)
    series["step"] = Series(dims, arrays["step"].reshape(grid.shape), "step", "when it was decided")
    for at in range(arrays["position"].shape[1]):
        name = "position" if arrays["position"].shape[1] == 1 else f"position_{at}"
        values = arrays["position"][:, at].reshape(grid.shape)
        series[name] = Series(dims, values, "1", "where the run stood then")
    return series

"""The question `sweep`: what happens over millions of settings?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from flint import fmpq

from gradiometer.errors import GradiometerError, Place, UndecidedError, UsageError
from gradiometer.formula import EVERYTHING, at_point, evaluate_range, free_names
from gradiometer.model import Optimizer, read_optimizer, read_schedule
from gradiometer.numeric import LABELS
from gradiometer.proof import combine
from gradiometer.question.answer import Answer, Fact, Series, Step, computed
from gradiometer.question.course import Request, read_request
from gradiometer.question.sweep_grid import Grid, is_range, read_grid, settings_at, start_at
from gradiometer.question.sweep_inside import read_inside
from gradiometer.question.sweep_kinds import MEANINGS, sort_runs
from gradiometer.question.sweep_prove import (
    Floats,
    Proof,
    prove_cells,
    tell_changes,
    tell_proofs,
    tell_sample,
)
from gradiometer.question.sweep_run import Sweep, make_ends
from gradiometer.question.sweep_tail import find_tail, list_tail, tell_periods
from gradiometer.question.sweep_wanted import Chosen, Wanted, choose_cells, read_wanted
from gradiometer.question.trajectory import MOST_FLOAT_STEPS, trajectory

_ENGINES = ("float64", "float32")
_PROVED = ("verdict", "limit", "cycle", "final")
"""The facts of a single cell that is proved, as `trajectory` gives them."""


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
    inside: str | None = None,
    prove: str | Sequence[str] | None = None,
    keep: str | None = None,
    cluster: str | None = None,
) -> Answer:
    """What becomes of a run for each of many settings, in floats; some of them proved on request.

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
        inside: What a run leaves when it escapes, `LOW:HIGH` or one end such as `:1+h`, in
            parameters of the objective; the run is not made further. None for no such end.
        prove: What to answer exactly as well: cells, one number for each axis from 0, as `3,17`;
            `boundary:20` for both sides of 20 of the places where neighbours end otherwise (10 if
            no number is given); `sample:20` for 20 drawn cells, `sample:20:7` with seed 7.
        keep: A file of finished parts. What it has is not run again, and each part is written to
            it as soon as it is done, so that the same call goes on after an interrupt.
        cluster: The address of a dask scheduler whose workers make the runs; None for this process.

    Returns:
        Facts `runs`, `labels`, `kinds` (how many runs end how, and rest where; nothing of it is
        proved), along one axis `periods`; with `prove` the facts `proofs` (a row for each cell
        that is proved), `compared`, `contradicted` (cells of which floats say something else),
        `undecided`, `boundary`, `sample`, and of a single cell `cell verdict limit cycle final`;
        arrays of label, kind, step and position over the grid, and along one axis the positions
        of some more steps in `tail`.

    Raises:
        GradiometerError: If an input cannot be used.

    Example:
        >>> answer = sweep("x^2/2", set={"learning_rate": "1/2:5/2:5"}, start=1, prove="4")
        >>> answer.facts["labels"].value, answer.facts["verdict"].value
        ({'moving': 2, 'settled': 1, 'repeated': 1, 'diverged': 1}, 'diverges')
    """
    asked: dict[str, Any] = {"optimizer": optimizer, "schedule": schedule, "steps": steps,
                             "at_kink": at_kink}  # fmt: skip
    runs, wanted = read_sweep(
        objective, set=set, start=start, engine=engine, inside=inside, prove=prove, **asked
    )
    grid, ends = runs.grid, make_ends(runs, keep, cluster)
    floats = Floats(grid, ends, sort_runs(ends), runs.inside)
    facts, arrays = _facts(floats, runs.kind), _list_series(floats)
    tail = find_tail(runs)
    if tail is not None:
        facts["periods"] = tell_periods(tail)
        arrays |= list_tail(tail, grid.axes[0].label)

    def ask(cell: tuple[int, ...]) -> Answer:
        return trajectory(
            objective, set=settings_at(grid, cell, set), start=start_at(grid, cell, start), **asked
        )

    chosen = choose_cells(wanted, grid, floats.kinds.of)
    proofs = prove_cells(chosen.cells, floats, ask)
    if wanted.is_one_cell:
        facts |= _tell_cell(floats, proofs[0], runs.kind)
    facts |= _tell_proofs(wanted, chosen, proofs)
    answers = [proof.answer for proof in proofs if proof.answer is not None]
    warnings = answers[0].warnings if answers and wanted.is_one_cell else ()
    inputs = {**runs.request.inputs, "set": _spell(runs.request, set), "engine": engine,
              "inside": inside, "prove": prove}  # fmt: skip
    if any(axis.is_start for axis in grid.axes):
        inputs["start"] = _spell_start(start)
    return Answer(
        "sweep", inputs, facts, _steps(grid), arrays,
        combine(answer.certificate for answer in answers),
        (*warnings, *_list_holes(runs.request)),
    )  # fmt: skip


def read_sweep(
    objective: str | Mapping[str, Any],
    *,
    optimizer: str | Mapping[str, Any],
    schedule: str | Mapping[str, Any] | None,
    set: Mapping[str, Any] | None,
    start: Any,
    steps: int,
    at_kink: str | None,
    engine: str,
    inside: str | None,
    prove: str | Sequence[str] | None,
) -> tuple[Sweep, Wanted]:
    """What `sweep` is asked, read: the runs to make, and which cells to prove.

    Raises:
        GradiometerError: If an input cannot be used; it says which one.
    """
    kind = _check_engine(engine)
    grid = read_grid(set, start)
    wanted = read_wanted(prove, grid)
    # A domain is an interval: what lies between two values in it is in it too.
    corners = (tuple(count - 1 for count in grid.shape), (0,) * len(grid.axes))
    _, request = (
        read_request(
            objective, optimizer=optimizer, schedule=schedule, steps=steps, at_kink=at_kink,
            settings=settings_at(grid, corner, set), start=start_at(grid, corner, start),
            most=MOST_FLOAT_STEPS,
        )
        for corner in corners
    )  # fmt: skip
    _check_whole(request, grid, read_optimizer(optimizer), schedule)
    runs = Sweep(request, grid, kind, read_inside(inside, request))
    # What varies and cannot is said before anything runs.
    _ = runs.names, runs.columns
    return runs, wanted


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


def _spell(request: Request, given: Mapping[str, Any] | None) -> dict[str, str]:
    ranges = {name: str(value) for name, value in (given or {}).items() if is_range(value)}
    short = {name.rpartition(".")[2] for name in ranges}
    kept = {n: v for n, v in request.inputs["set"].items() if n.rpartition(".")[2] not in short}
    return {**kept, **ranges}


def _spell_start(start: Any) -> str:
    """The start with its ranges as it is written on a command line."""
    if not isinstance(start, Mapping):
        return str(start)
    return ",".join(f"{name}={value}" for name, value in start.items())


def _facts(floats: Floats, kind: str) -> dict[str, Fact]:
    found = Counter(floats.ends.label.tolist())
    counts = {LABELS[label]: number for label, number in found.most_common()}
    said = "; ".join(f"{word}: {MEANINGS[word]}" for word in counts)
    shape = " x ".join(f"{n:,}" for n in floats.grid.shape)
    return {
        "runs": computed(floats.grid.count, f"{shape} settings."),
        "labels": computed(counts, f"How many runs ended how in {kind}, which proves nothing: "
                           f"{said}."),
        "kinds": computed(floats.kinds.list_rows(), "The same with the places where runs come to "
                          "rest; places with less than a thousandth between them are one."),
    }  # fmt: skip


def _tell_proofs(wanted: Wanted, chosen: Chosen, proofs: Sequence[Proof]) -> dict[str, Fact]:
    """The facts about all cells that were asked exactly."""
    facts = tell_proofs(proofs) if proofs else {}
    facts |= tell_changes(chosen, proofs) if wanted.changes else {}
    return facts | (tell_sample(wanted, chosen, proofs) if wanted.sample else {})


def _tell_cell(floats: Floats, proof: Proof, kind: str) -> dict[str, Fact]:
    """What floats say of the one cell that is proved, and the facts of its proof."""
    at = floats.place(proof.cell)
    value = {
        "settings": dict(proof.settings),
        "label": proof.label,
        "step": int(floats.ends.step[at]),
        "position": proof.position[0] if len(proof.position) == 1 else list(proof.position),
    }
    because = f"The run of the cell {proof.name} in {kind}; the facts below are exact."
    known = {} if proof.answer is None else proof.answer.facts
    return {"cell": computed(value, because), **{n: known[n] for n in _PROVED if n in known}}


def _steps(grid: Grid) -> tuple[Step, ...]:
    return tuple(
        Step(f"{axis.label} from {axis.values[0]} to {axis.values[-1]}",
             f"{len(axis.values):,} values, axis {at} of the grid.")
        for at, axis in enumerate(grid.axes)
    )  # fmt: skip


def _list_series(floats: Floats) -> dict[str, Series]:
    grid, ends, kinds = floats.grid, floats.ends, floats.kinds
    dims = tuple(axis.label for axis in grid.axes)
    series = {
        axis.label: Series((axis.label,), axis.floats.tolist(), "1", _describe_axis(axis.is_log))
        for axis in grid.axes
    }
    arrays: dict[str, Any] = {"label": ends.label, "kind": kinds.of, "step": ends.step}
    arrays = {name: row.reshape(grid.shape) for name, row in arrays.items()}
    labels = ", ".join(f"{at} {word}" for at, word in enumerate(LABELS))
    words = ", ".join(f"{at} {kind.words}" for at, kind in enumerate(kinds.kinds))
    series["label"] = Series(dims, arrays["label"], "1", labels)
    series["kind"] = Series(dims, arrays["kind"], "1", words)
    series["step"] = Series(dims, arrays["step"], "step", "when it was decided")
    for at in range(ends.position.shape[1]):
        name = "position" if ends.position.shape[1] == 1 else f"position_{at}"
        values: Any = ends.position[:, at].reshape(grid.shape)
        series[name] = Series(dims, values, "1", "where the run stood then")
    return series


def _describe_axis(is_log: bool) -> str:
    return "the values of one axis, by equal ratios" if is_log else "the values of one axis"

"""Many runs of one rule on one landscape: where each ends, and what is said of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradiometer.errors import UsageError, unknown_name
from gradiometer.formula import Node, to_float
from gradiometer.model import Landscape, Rule, ScalarRule, Surface, unroll
from gradiometer.numeric.executor import Array, Ended, Job, run_group
from gradiometer.numeric.field import Field, Side, to_field
from gradiometer.numeric.kernel_noise import Noise
from gradiometer.numeric.layout import Layout, Watch, plan_layout
from gradiometer.numeric.program_source import Style, write_source
from gradiometer.numeric.run_inputs import bound_lanes, count_runs, to_columns, to_signed
from gradiometer.numeric.run_program import Program, write_program
from gradiometer.numeric.run_tables import Tables

LABELS = ("moving", "settled", "repeated", "escaped", "diverged", "not_finite")
"""What may be said of a run; floats prove none of it."""
GROUP = 8192
"""Lanes that one thread takes at a time: their rows stay in its second-level cache."""
FAR = {"float64": 1e100, "float32": 1e30}
"""A coordinate of this size has diverged, if nothing else is said."""
EVERYWHERE = (-np.inf, np.inf)
"""The interval that no coordinate leaves."""


@final
@dataclass(frozen=True, eq=False)
class Runs:
    """One entry for each run."""

    position: Array
    """Where the run stands when it is decided; with several variables a column for each."""
    label: NDArray[np.int8]
    """The place in `LABELS` of what is said of the run."""
    step: NDArray[np.int64]
    """After how many steps that was decided; a moving run has made all of them."""
    lowest: Array | None
    """The lowest loss among all positions, when it is watched."""
    lowest_step: NDArray[np.int64] | None
    """After how many steps it first stood there."""

    @property
    def words(self) -> NDArray[np.str_]:
        """The labels as words."""
        return np.array(LABELS)[self.label]

    def count(self) -> Mapping[str, int]:
        """How many runs have each label; labels of none are left out."""
        found = np.bincount(self.label, minlength=len(LABELS))
        return {word: int(n) for word, n in zip(LABELS, found, strict=True) if n}


@final
@dataclass(frozen=True, eq=False)
class RunPlan:
    """A rule on a landscape, ready for any number of runs; kernels are compiled when first asked.

    Example:
        >>> from gradiometer.model import read_objective, read_optimizer
        >>> rule = read_optimizer({"name": "descent", "step": {"x'": "x - rate*g"},
        ...     "parameters": {"rate": {"default": "1/10"}}}).bind({})
        >>> plan = plan_runs(rule, read_objective("x^2/2").bind({}))
        >>> plan.run([1.0, -2.0], steps=2, values={"rate": [0.5, 0.25]}).position
        array([ 0.25 , -1.125])
    """

    rule: ScalarRule
    field: Field
    schedules: Mapping[str, Node | None]
    defaults: Mapping[str, float]
    """The values of parameters that the rule and the schedules come with, by input."""
    watch: Watch
    style: Style
    noise: Noise

    def run(
        self,
        start: ArrayLike,
        *,
        steps: int,
        values: Mapping[str, ArrayLike] | None = None,
        inside: tuple[ArrayLike, ArrayLike] = EVERYWHERE,
        far: float | None = None,
        threads: int | None = None,
        seed: int = 0,
        first_run: int = 0,
    ) -> Runs:
        """Where each run ends.

        Args:
            start: The first position of each run; with several variables a row for each run.
            steps: How many steps a run makes unless it is decided before.
            values: Parameters by name, a number or one for each run; `objective.beta` where the
                rule has the name too. A scheduled parameter without a formula: one for each step.
            inside: A run has escaped when a coordinate leaves this interval; ends may be arrays.
            far: A run has diverged when a coordinate is larger than this.
            threads: How many threads; as many as there are processors when None.
            seed: What random draws follow from, beside the numbers of run, step and coordinate.
            first_run: The number of the first run.

        Raises:
            UsageError: If a value is missing, unknown, or has a wrong shape.
        """
        first = np.asarray(start, self.style.precision)
        columns = to_columns(first, len(self.field.variables))
        given = self._name_values(values or {})
        count = count_runs(columns, given, steps)
        inputs = {name: np.broadcast_to(v, count) if np.ndim(v) and not name.startswith("rate.")
                  else v for name, v in given.items()}  # fmt: skip
        by_run = frozenset(n for n, v in inputs.items() if np.ndim(v) and not n.startswith("rate."))
        program, layout = self._write(by_run)
        for at, memory in enumerate(program.positions):
            inputs[f"start.{memory.name}"] = np.broadcast_to(columns[:, at], count)
        tables = Tables(program, layout, inputs, steps, self.style.precision)
        if tables.repeats_from is None:
            # Nothing can be said to come back, so nothing is compared.
            layout = plan_layout(program, replace(self.watch, repeats=False))
            tables = replace(tables, layout=layout)
        limit = self._far(far, inside)
        call = _Call(self, tables, bound_lanes(program, inside, limit), limit, seed, first_run)
        return call.run(count, threads or _count_processors(), first.ndim > 1)

    def stream(
        self,
        count: int,
        draw: Callable[[int, int], tuple[ArrayLike, Mapping[str, ArrayLike]]],
        *,
        steps: int,
        block: int = 1 << 18,
        inside: tuple[ArrayLike, ArrayLike] = EVERYWHERE,
        far: float | None = None,
        threads: int | None = None,
        seed: int = 0,
    ) -> Iterator[Runs]:
        """The results of any number of runs, block by block, in the memory of one block.

        Args:
            count: How many runs there are.
            draw: The starts and the values of the runs from the first number up to the second.
            steps: As for `run`, and so the others.
            block: How many runs are made at a time.
            inside: As for `run`.
            far: As for `run`.
            threads: As for `run`.
            seed: As for `run`.

        Example:
            >>> from gradiometer.model import read_objective, read_optimizer, settle
            >>> sgd = read_optimizer("sgd")
            >>> rule = sgd.bind(settle([sgd.owner], {"learning_rate": "1"})["optimizer"])
            >>> plan = plan_runs(rule, read_objective("abs(x)").bind({}))
            >>> parts = plan.stream(10, lambda a, b: (np.arange(a, b), {}), steps=50, block=4)
            >>> [dict(part.count()) for part in parts]
            [{'repeated': 4}, {'repeated': 4}, {'repeated': 2}]
        """
        for begin in range(0, count, block):
            start, values = draw(begin, min(begin + block, count))
            yield self.run(
                start, steps=steps, values=values, inside=inside, far=far, threads=threads,
                seed=seed, first_run=begin,
            )  # fmt: skip

    def source(self, by_run: frozenset[str] = frozenset()) -> str:
        """The text of the kernel for runs that have their own values of these inputs."""
        program, layout = self._write(by_run)
        return write_source(program, layout, self.watch, self.style)

    def _far(self, far: float | None, inside: tuple[ArrayLike, ArrayLike]) -> float:
        if not self.watch.labels and (far is not None or inside is not EVERYWHERE):
            raise UsageError("Runs without labels are not compared with `inside` and `far`.",
                             hint="plan them with `labels=True`")  # fmt: skip
        largest = float(np.finfo(self.style.precision).max)
        return min(FAR[self.style.precision] if far is None else far, largest)

    def _write(self, by_run: frozenset[str]) -> tuple[Program, Layout]:
        return _write(self, by_run)

    def _name_values(self, values: Mapping[str, ArrayLike]) -> dict[str, Any]:
        """The values by input, with those that the rule came with."""
        program, _ = self._write(frozenset())
        owners = ("optimizer", "objective", "schedule", "rate", "noise")
        wanted = [name for name in program.inputs if name.partition(".")[0] in owners]
        found: dict[str, Any] = {n: self.defaults[n] for n in wanted if n in self.defaults}
        for name, value in values.items():
            matches = [n for n in wanted if name in (n, n.partition(".")[2])]
            if len(matches) != 1:
                raise unknown_name(
                    name, matches or [n.partition(".")[2] for n in wanted],
                    problem=f"`{name}` is no parameter of these runs, or of two things in them.",
                )  # fmt: skip
            found[matches[0]] = np.asarray(value, np.float64)
        missing = [name for name in wanted if name not in found]
        if missing:
            raise UsageError(f"The parameter `{missing[0].partition('.')[2]}` has no value.",
                             known=tuple(wanted), hint="give it in `values`")  # fmt: skip
        return found


@lru_cache(maxsize=64)
def _write(plan: RunPlan, by_run: frozenset[str]) -> tuple[Program, Layout]:
    program = write_program(
        plan.rule, plan.field, by_run=by_run, schedules=plan.schedules,
        with_loss=plan.watch.lowest, noise=plan.noise,
    )  # fmt: skip
    return program, plan_layout(program, plan.watch)


def plan_runs(
    rule: Rule | ScalarRule,
    landscape: Landscape | Surface,
    *,
    schedules: Mapping[str, Any] | None = None,
    lowest: bool = False,
    repeats: bool = True,
    labels: bool = True,
    side: Side = None,
    noise: Noise | None = None,
    precision: Literal["float64", "float32"] = "float64",
    lanes: int = 64,
) -> RunPlan:
    """The plan of runs of a rule on a landscape.

    Args:
        rule: The update rule, of any shape or unrolled for the variables of the landscape.
            Parameters that it names and that have no value are given with each call.
        landscape: Pieces or a surface, with or without values of its parameters.
        schedules: For parameters of the rule, by name, a bound schedule or a formula in `k`, which
            floats compute as it is written; or None when each call brings a table.
        lowest: Whether the lowest loss is watched.
        repeats: Whether runs that come back to an earlier state are noticed.
        labels: Whether runs are looked at after each step, and stop when they are decided. Without,
            all steps are made, which is faster; a run is `not_finite` if its end is, else `moving`.
        side: Which piece holds exactly at a joint.
        noise: What is random in the gradient.
        precision: The kind of float.
        lanes: How many runs stand beside each other in a block.

    Raises:
        UsageError: If the lowest loss is watched on a landscape that changes with the step.
    """
    defaults = {f"optimizer.{name}": to_float(value) for name, value in rule.values.items()}
    trees: dict[str, Node | None] = {}
    for name, schedule in (schedules or {}).items():
        trees[name] = getattr(schedule, "rate", schedule)
        for key, value in getattr(schedule, "values", {}).items():
            defaults[f"schedule.{key}"] = to_float(value)
    field = to_field(landscape, side, precision=precision)
    if lowest and field.depends_on_step:
        raise UsageError(
            "The landscape changes from step to step, and losses of two steps are not compared.",
            hint="leave `lowest` out",
        )
    if isinstance(rule, Rule):
        count = len(field.variables)
        rule = unroll(rule, () if count == 1 else (count,))
    watch, style = Watch(lowest, repeats and labels, labels), Style(lanes, precision)
    return RunPlan(rule, field, trees, defaults, watch, style, noise or Noise())


@final
@dataclass(frozen=True, eq=False)
class _Call:
    """One call of a plan: its tables, and where its results go."""

    plan: RunPlan
    tables: Tables
    bounds: Mapping[str, Array]
    far: float
    seed: int
    first_run: int

    def run(self, count: int, threads: int, is_table: bool) -> Runs:
        """All runs, by groups that threads take one after the other."""
        job = self._job()
        width = min(GROUP, -(-count // (threads * job.lanes)) * job.lanes)
        program = self.tables.program
        position = np.empty((count, len(program.positions)), self.tables.real)
        label, step = np.empty(count, np.int8), np.empty(count, np.int64)
        watched = self.plan.watch.lowest
        lowest = np.empty(count, self.tables.real) if watched else None
        when = np.empty(count, np.int64) if watched else None

        def run_one(begin: int) -> None:
            lanes = slice(begin, min(begin + width, count))
            for ended in run_group(job, self.tables.group_rows(lanes, self.bounds, self.first_run)):
                is_whole = len(ended.lane) == lanes.stop - lanes.start
                at = lanes if is_whole else begin + ended.lane
                position[at] = ended.rows[: len(program.positions)].T
                label[at], step[at] = self._judge(job, ended), ended.step
                if lowest is not None and when is not None:
                    lowest[at], when[at] = (ended.rows[job.rows.index(n)] for n in ("best", "when"))

        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(run_one, range(0, count, max(width, 1))):
                pass
        return Runs(position if is_table else position[:, 0], label, step, lowest, when)

    def _job(self) -> Job:
        from gradiometer.numeric.kernel_cache import has_fused, load_kernel

        plan, tables = self.plan, self.tables
        style = replace(plan.style, fused=has_fused() and tables.is_safe)
        is_kept = any(name.startswith("kept.") for name in tables.layout.rows)
        watch = replace(plan.watch, repeats=is_kept)
        source = write_source(tables.program, tables.layout, watch, style)
        return Job(
            load_kernel(source), style.lanes, tables.layout.rows, tables.given, tables.step_rows,
            tables.steps, to_signed(self.seed), tables.repeats_from if watch.repeats else None,
            watch.labels,
        )  # fmt: skip

    def _judge(self, job: Job, ended: Ended) -> NDArray[np.int8]:
        """The labels of lanes that ended."""
        rows, layout = ended.rows, self.tables.layout
        names = [memory.name for memory in self.tables.program.remembered]
        state = rows[: len(names)]
        label = np.zeros(rows.shape[1], np.int8)
        if job.repeats_from is not None and ended.kept is not None:
            kept = rows[layout.row(f"kept.{names[0]}") :][: len(names)]
            is_back = (state == kept).all(axis=0) & (ended.step > ended.kept)
            label[is_back] = LABELS.index("repeated")
            label[is_back & (ended.step == ended.kept + 1)] = LABELS.index("settled")
        for at, memory in enumerate(self.tables.program.positions if job.labels else ()):
            low, high = (
                rows[layout.row(f"low.{memory.name}")],
                rows[layout.row(f"high.{memory.name}")],
            )
            label[~((state[at] >= low) & (state[at] <= high))] = LABELS.index("escaped")
        places = state[: len(self.tables.program.positions)]
        if job.labels:
            label[(np.abs(places) > self.far).any(axis=0)] = LABELS.index("diverged")
        label[~np.isfinite(state).all(axis=0)] = LABELS.index("not_finite")
        return label


def _count_processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

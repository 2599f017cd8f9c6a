"""One long run with its way, in float64 or float32: a generated kernel between kept positions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from gradiometer.formula import ZERO, Name, Node, compile_float, substitute, to_float
from gradiometer.model import BoundSchedule, ScalarRule
from gradiometer.numeric.field import Field
from gradiometer.numeric.float_trail import LONGEST_RETURN, Floats, FloatTrail, choose_stride
from gradiometer.numeric.layout import Watch, plan_layout
from gradiometer.numeric.program_source import Style, write_source
from gradiometer.numeric.run_program import write_program
from gradiometer.numeric.run_tables import Tables

_WATCH = Watch(lowest=True, repeats=False)


def trace_compiled(
    code: ScalarRule,
    field: Field,
    start: Sequence[float],
    *,
    steps: int,
    schedules: Mapping[str, BoundSchedule] | None = None,
    draws: Mapping[str, Any] | None = None,
    precision: Literal["float64", "float32"] = "float64",
    is_settled: bool = False,
) -> FloatTrail:
    """The run by a compiled kernel.

    Args:
        code: The rule, coordinate by coordinate.
        field: The surface in as many variables; it may read what *draws* gives.
        start: The first position.
        steps: How many steps to make; fewer are made when a number is no longer finite.
        schedules: Scheduled parameters of the rule; their formulas are evaluated in floats.
        draws: What field and rule read besides: an array with one number for each step.
        precision: The kind of float.
        is_settled: As in `trace_floats`.

    Example:
        >>> from gradiometer.formula import parse
        >>> from gradiometer.model import read_optimizer, unroll
        >>> rule = read_optimizer({"name": "half", "step": {"x'": "x - g/4"}}).bind({})
        >>> bowl = Field(("x",), (parse("2x").tree,), parse("x^2").tree)
        >>> trace_compiled(unroll(rule, ()), bowl, (1.0,), steps=20, precision="float32").final
        (9.5367431640625e-07,)
    """
    machine = _Machine(
        code, field, start, steps=steps, schedules=schedules or {}, draws=draws or {},
        precision=precision,
    )  # fmt: skip
    stride = choose_stride(steps)
    height = compile_float(field.loss)

    def look(done: int) -> float:
        place = dict(zip(field.variables, machine.position, strict=True))
        return height({"t": float(done + 1), **place})

    at, kept, losses = [0], [machine.position], [look(0)]
    not_finite = None if math.isfinite(losses[0]) else 0
    best = 0, machine.block.copy()
    for begin in range(0, steps if not_finite is None else 0, stride):
        end, before = min(begin + stride, steps), machine.block.copy()
        made = machine.advance(begin, end)
        if made == end - begin and not math.isfinite(look(end)):
            made = _find_last(machine, before, begin, look)
        at.append(begin + made)
        kept.append(machine.position)
        losses.append(look(at[-1]))
        if machine.lowest[1] > begin:
            best = begin, before
        if made < end - begin or not all(map(math.isfinite, (*machine.numbers, losses[-1]))):
            not_finite = begin + made
            break
    is_settled = is_settled and not field.depends_on_step
    still, period = _look_on(machine, kept, steps, not_finite, is_settled=is_settled)
    lowest, when, place = _find_lowest(machine, *best)
    # The kernel of a landscape that changes has not looked at the last position.
    if field.depends_on_step and not lowest <= losses[-1] and losses[-1] < math.inf:
        lowest, when, place = losses[-1], at[-1], kept[-1]
    return FloatTrail(
        tuple(at), tuple(kept), tuple(losses), stride, lowest, when, place, not_finite, still,
        period,
    )  # fmt: skip


def _find_lowest(machine: _Machine, begin: int, block: NDArray[Any]) -> tuple[float, int, Floats]:
    """The lowest loss, its step and its place, made again from the block at step *begin*."""
    lowest, when = machine.lowest
    machine.block[:] = block
    machine.advance(begin, max(when, begin))
    return lowest, when, machine.position


def _find_last(
    machine: _Machine, before: NDArray[Any], begin: int, look: Callable[[int], float]
) -> int:
    """How many steps from *begin* on lead to the first loss that is not finite; one will."""
    machine.block[:] = before
    made = 0
    while math.isfinite(look(begin + made)):
        machine.advance(begin + made, begin + made + 1)
        made += 1
    return made


def _look_on(
    machine: _Machine, kept: list[Floats], steps: int, not_finite: int | None, *, is_settled: bool
) -> tuple[int, int | None]:
    """How many further steps do not move the run, and in how many its state returns."""
    if not_finite is not None or machine.has_draws:
        return 0, None
    block, state, place = machine.block.copy(), machine.numbers, machine.position
    still, period, moved = 0, None, False
    for further in range(1, LONGEST_RETURN + 1):
        machine.advance(steps + further - 1, steps + further)
        moved = moved or machine.position != place
        still += not moved
        if machine.numbers == state and is_settled:
            period = further
            break
    machine.block[:] = block
    return still, period


@final
class _Machine:
    """A kernel with one lane, and the numbers of that lane."""

    def __init__(
        self,
        code: ScalarRule,
        field: Field,
        start: Sequence[float],
        *,
        steps: int,
        schedules: Mapping[str, BoundSchedule],
        draws: Mapping[str, Any],
        precision: str,
    ) -> None:
        """A kernel for that many steps and a few to look on."""
        from gradiometer.numeric.kernel_cache import has_fused, load_kernel

        code, field = _with_slopes(code, field) if draws else (code, field)
        trees: dict[str, Node | None] = {name: bound.rate for name, bound in schedules.items()}
        trees |= dict.fromkeys(draws)
        program = write_program(code, field, schedules=trees, with_loss=True)
        layout = plan_layout(program, _WATCH)
        inputs = _list_values(code, schedules, draws)
        for at, memory in enumerate(program.positions):
            inputs[f"start.{memory.name}"] = np.asarray(start[at : at + 1], precision)
        self.has_draws = bool(draws)
        self.tables = Tables(
            program, layout, inputs, steps if draws else steps + LONGEST_RETURN, precision
        )
        style = Style(1, precision, has_fused() and self.tables.is_safe)
        self.kernel = load_kernel(write_source(program, layout, _WATCH, style))
        largest = float(np.finfo(precision).max)
        names = [memory.name for memory in program.positions]
        bounds = {f"{side}.{name}": np.asarray(sign * largest)
                  for name in names for side, sign in (("low", -1), ("high", 1))}  # fmt: skip
        rows = self.tables.group_rows(slice(0, 1), bounds, 0)
        self.block = np.ascontiguousarray(rows.reshape(1, -1))
        self.count = len(program.positions), len(program.remembered)

    def advance(self, begin: int, end: int) -> int:
        """Make the steps from one number to another; how many were made."""
        rows = self.tables.step_rows(begin, end)
        self.kernel(self.block, rows, self.tables.given, end - begin, begin, 0, 0)
        return int(self._row("count"))

    def _row(self, name: str) -> float:
        return float(self.block[0, self.tables.layout.row(name)])

    @property
    def position(self) -> Floats:
        """Where the run stands."""
        return tuple(map(float, self.block[0, : self.count[0]]))

    @property
    def numbers(self) -> Floats:
        """The whole state."""
        return tuple(map(float, self.block[0, : self.count[1]]))

    @property
    def lowest(self) -> tuple[float, int]:
        """The lowest loss so far, and after how many steps; nan when none is a number."""
        best = self._row("best")
        return (best, int(self._row("when"))) if best < math.inf else (math.nan, 0)


def _with_slopes(code: ScalarRule, field: Field) -> tuple[ScalarRule, Field]:
    """The rule with the gradient as its first lines, so that they may read what is drawn."""
    names: dict[str, Node] = {
        variable: Name(place)
        for variable, place in zip(field.variables, code.coordinates, strict=True)
    }
    slopes = [substitute(tree, names) for tree in field.gradient]
    lines = tuple(zip(code.gradients, slopes, strict=True))
    idle = tuple(f"idle {name}" for name in code.gradients)
    return replace(code, step=(*lines, *code.step), gradients=idle), replace(
        field, gradient=(ZERO,) * len(idle)
    )


def _list_values(
    code: ScalarRule, schedules: Mapping[str, BoundSchedule], draws: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of all inputs but the start."""
    inputs: dict[str, Any] = {f"optimizer.{n}": v for n, v in code.float_values.items()}
    for bound in schedules.values():
        inputs |= {f"schedule.{name}": to_float(value) for name, value in bound.values.items()}
    return inputs | {f"rate.{name}": np.asarray(values) for name, values in draws.items()}

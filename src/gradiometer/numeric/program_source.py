"""The text of a kernel: one step for a block of lanes, in Python that numba compiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from keyword import kwlist
from typing import final

from gradiometer.numeric.layout import PART, Layout, Watch, has_draws, is_literal
from gradiometer.numeric.program import Level, Term
from gradiometer.numeric.run_program import Program

INFIX = {"+": "+", "-": "-", "*": "*", "/": "/", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
         "==": "==", "!=": "!=", "and": "&", "or": "|"}  # fmt: skip
TRUTHS = frozenset(["<", "<=", ">", ">=", "==", "!=", "and", "or", "not"])
SMOOTH = ("exp", "ln", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "sigmoid", "softplus",
          "erf", "erfc", "Phi")  # fmt: skip
CALLS = {
    "sqrt": "math.sqrt", "abs": "abs", "floor": "np.floor", "^": "lanes.lane_power",
    **{name: f"lanes.lane_{name.lower()}" for name in SMOOTH},
}  # fmt: skip
NUMBERS = {-2: "MINUS_TWO", -1: "MINUS_ONE", 0: "ZERO", 1: "ONE", 2: "TWO"}
RANGES = {"float64": ("1.7976931348623157e308", "2.0**-800", "2.0**800"),
          "float32": ("3.4028234663852886e38", "2.0**-80", "2.0**80")}  # fmt: skip
"""The largest number; the sizes between which a quotient is corrected."""


@final
@dataclass(frozen=True)
class Style:
    """How a kernel is written."""

    lanes: int = 64
    precision: str = "float64"
    fused: bool = True
    """Whether divisions by known numbers become products, with the same bits."""


@final
@dataclass
class _Writer:
    program: Program
    layout: Layout
    style: Style
    atoms: dict[int, str] = field(default_factory=dict)
    """Variables that hold terms."""
    taken: set[str] = field(default_factory=set)

    def variable(self, wanted: str) -> str:
        """A new variable that is called after what it holds."""
        plain = "".join(c if c.isalnum() else "_" for c in wanted.replace("'", "_new"))
        name = plain = plain.strip("_") or "a"
        count = 1
        while name in self.taken:
            count += 1
            name = f"{plain}_{count}"
        self.taken.add(name)
        return name

    def load(self, row: str) -> str:
        """The number of a row in this lane."""
        at = self.layout.row(row) * self.style.lanes
        return f"w[i + {at}]" if at else "w[i]"

    def text(self, at: int) -> str:
        """A term as it stands in an expression."""
        term = self.program.terms[at]
        if at in self.atoms:
            return self.atoms[at]
        if is_literal(term):
            return NUMBERS[int(term.value or 0)]
        return f"({self.expression(term)})"

    def expression(self, term: Term) -> str:
        """The operation of a term."""
        parts = [self.text(at) for at in term.arguments]
        operator = term.operator
        if operator == "/" and len(parts) == 3 and self.style.fused:
            return f"divide({', '.join(parts)}, LOW, HIGH)"
        if operator in INFIX:
            return f"{parts[0]} {INFIX[operator]} {parts[1]}"
        if operator in CALLS:
            return f"{CALLS[operator]}({', '.join(parts)})"
        return CHOICES[operator](*parts)


def _passed(value: str, *marks: str) -> str:
    return " + ".join(f"(ONE if {mark} <= {value} else ZERO)" for mark in marks)


# Each gives NaN for NaN, and takes the first one of equal arguments, as the float engine does.
CHOICES = {
    "neg": lambda a: f"-{a}",
    "not": lambda a: f"not {a}",
    "where": lambda c, a, b: f"{a} if {c} else {b}",
    "max": lambda a, b: f"{a} if ({a} >= {b}) | ({a} != {a}) else {b}",
    "min": lambda a, b: f"{a} if ({a} <= {b}) | ({a} != {a}) else {b}",
    "relu": lambda a: f"ZERO if {a} < ZERO else {a}",
    "sign": lambda a: f"ONE if {a} > ZERO else MINUS_ONE if {a} < ZERO else {a} * ZERO",
    "passed": _passed,
}

CHOOSES = frozenset(CHOICES) - {"neg", "not"}
"""Operations that read an argument twice or not at all: their arguments are variables."""


def write_source(program: Program, layout: Layout, watch: Watch, style: Style) -> str:
    """The module of a program's kernel.

    Its function `advance` makes *steps* steps of every lane of every block, after *first* steps;
    *table* has a row for each step. Lanes that left their bounds or, with `Watch.repeats`, came
    back to a state that was kept, stay as they are.
    """
    writer = _Writer(program, layout, style)
    draws = has_draws(program, layout.lanes)
    opening = _write_opening(writer)
    return "\n".join(
        [
            *_write_head(program, layout, style),
            *opening,
            f"    cells = carray(blocks, (count, {len(layout.rows) * style.lanes}))",
            f"    rows = carray(table, (length, {max(len(layout.step), 1)}))",
            "    for block in range(count):",
            "        w = cells[block]",
            *_indent(8, _write_start(writer, watch)),
            # The last position has a loss too, and no step follows it; what it is on a landscape
            # that changes is in no row of the table.
            f"        for s in range(steps{' + 1' * (watch.lowest and not program.is_online)}):",
            *(["            moves = s < steps"] * watch.lowest),
            *_indent(12, _write_step(writer, watch)),
            *(["            watches = (fresh > 1) | ((fresh == 1) & (s > 0))"] * watch.repeats),
            *(["            done = REAL(first + s)"] * watch.lowest),
            *(["            now = np.uint64(first + s)"] * draws),
            f"            for i in range({style.lanes}):",
            *_indent(16, _write_lane(writer, watch)),
            "",
        ]
    )


def _indent(count: int, lines: list[str]) -> list[str]:
    return [" " * count + line for line in lines]


def _write_head(program: Program, layout: Layout, style: Style) -> list[str]:
    kind = style.precision
    largest, low, high = RANGES[kind]
    calls = {CALLS.get(program.terms[at].operator, "") for at in layout.lanes}
    is_smooth = any(call.startswith("lanes.") for call in calls)
    draws = has_draws(program, layout.lanes)
    is_wide = is_smooth or draws or not _has_divider(program, layout, style)
    return [
        f'"""Steps of `{program.name}`, {style.lanes} lanes at a time; written by gradiometer."""',
        "",
        "import math",
        "",
        "import numpy as np",
        "from numba import carray",
        "",
        *(["from gradiometer.numeric import lanes"] * is_smooth),
        "from gradiometer.numeric.kernel_compile import kernel",
        *(
            ["from gradiometer.numeric.kernel_draw import lane_draw_index, lane_draw_normal"]
            * draws
        ),
        "from gradiometer.numeric.kernel_fused import divide, fused, prefer_wide",
        "",
        f"REAL = np.{kind}",
        *(f"{name} = REAL({number})" for number, name in NUMBERS.items()),
        *([f"PART = np.uint64({PART})"] * draws),
        f"LARGEST, LOW, HIGH = REAL({largest}), REAL({low}), REAL({high})",
        "",
        "",
        f'@kernel("{kind}")',
        "def advance(blocks, count, table, length, given, steps, first, fresh, seed):",
        *(["    prefer_wide()"] * is_wide),
    ]


def _has_divider(program: Program, layout: Layout, style: Style) -> bool:
    """Whether lanes divide or take roots: for that, wide registers are a little slower."""
    terms = [program.terms[at] for at in layout.lanes]
    return any(
        term.operator == "sqrt"
        or (term.operator == "/" and not (len(term.arguments) == 3 and style.fused))
        for term in terms
    )


def _name_of(writer: _Writer, at: int) -> str:
    term = writer.program.terms[at]
    if at in writer.program.names:
        return writer.program.names[at]
    if term.operator == "inverse":
        return f"inverse_{writer.atoms.get(term.arguments[0], term.arguments[0])}"
    if term.operator == "input":
        return term.name.split(".", 1)[-1]
    return {Level.GIVEN: "c", Level.STEP: "s", Level.RUN: "r", Level.LANE: "a"}[term.level]


def _bind(writer: _Writer, at: int, source: str) -> str:
    """The line that reads a term from a table; a truth is kept there as 0 or 1."""
    name = writer.atoms[at] = writer.variable(_name_of(writer, at))
    is_truth = writer.program.terms[at].operator in TRUTHS
    return f"{name} = {source} != ZERO" if is_truth else f"{name} = {source}"


def _write_opening(writer: _Writer) -> list[str]:
    writer.taken |= {
        "w", "i", "s", "cells", "block", "blocks", "count", "table", "length", "rows", "row",
        "given", "steps", "first", "fresh", "seed", "now", "run", "moves", "watches", "done",
        "runs", "is_back", "is_lower", "math", "np", "lanes", "carray", "kernel", "divide",
        "fused", "prefer_wide", "abs", "max", "lane_draw_normal", "lane_draw_index", "PART",
        "REAL", "LARGEST", "LOW", "HIGH", *NUMBERS.values(), *kwlist,
    }  # fmt: skip
    given = enumerate(writer.layout.given)
    return ["    " + _bind(writer, at, f"given[{place}]") for place, at in given]


def _write_start(writer: _Writer, watch: Watch) -> list[str]:
    """Before the steps: no step is counted, and the state is kept for comparison when asked."""
    if not watch.labels:
        return []
    lines = [f"for i in range({writer.style.lanes}):", f"    {writer.load('count')} = ZERO"]
    if watch.repeats:
        lines += ["if fresh == 1:", f"    {lines[0]}"]
        for memory in writer.program.remembered:
            now, kept = (writer.load(f"{row}.{memory.name}") for row in ("state", "kept"))
            lines.append(f"        {kept} = {now}")
    return lines


def _write_step(writer: _Writer, watch: Watch) -> list[str]:
    step = enumerate(writer.layout.step)
    row = "row" if watch.lowest else "s"
    lines = [_bind(writer, at, f"rows[{row}, {place}]") for place, at in step]
    choice = ["row = s if moves else max(steps - 1, 0)"] * watch.lowest
    return [*choice, *lines] if lines else []


def _write_lane(writer: _Writer, watch: Watch) -> list[str]:
    """One step of one lane."""
    program, layout = writer.program, writer.layout
    lines: list[str] = []
    held = [(memory.now, f"state.{memory.name}") for memory in program.remembered]
    held += [(at, f"run.{at}") for at in layout.run]
    lines += [_bind(writer, at, writer.load(row)) for at, row in held]
    if has_draws(program, layout.lanes):
        high, low = writer.load("number.high"), writer.load("number.low")
        lines.append(f"run = np.uint64({high}) * PART + np.uint64({low})")
    lines += _write_bounds(writer, watch) if watch.labels else []
    condition = "runs" if watch.labels else "moves" if watch.lowest else ""
    uses = _count_uses(writer)
    for at in layout.lanes:
        term = program.terms[at]
        if term.operator == "power":
            lines += _write_power(writer, at, watch)
        elif term.operator in ("normal", "index"):
            lines.append(_write_draw(writer, at))
        elif uses[at] > 1 or at in program.names:
            expression = writer.expression(term)
            name = writer.atoms[at] = writer.variable(_name_of(writer, at))
            lines.append(f"{name} = {expression}")
    if watch.lowest and program.loss is not None:
        loss, best, when = writer.text(program.loss), writer.load("best"), writer.load("when")
        lines += [f"is_lower = {loss} < {best}", f"{best} = {loss} if is_lower else {best}",
                  f"{when} = done if is_lower else {when}"]  # fmt: skip
    for memory in program.remembered:
        now, new = writer.text(memory.now), writer.text(memory.new)
        chosen = f"{new} if {condition} else {now}" if condition else new
        lines.append(f"{writer.load(f'state.{memory.name}')} = {chosen}")
    if watch.labels:
        lines.append(f"{writer.load('count')} += ONE if runs else ZERO")
    return lines


def _write_bounds(writer: _Writer, watch: Watch) -> list[str]:
    """Whether the lane still runs: inside its bounds, all numbers finite, and nothing repeated."""
    tests = ["moves"] * watch.lowest
    for memory in writer.program.positions:
        now = writer.text(memory.now)
        low, high = (writer.load(f"{side}.{memory.name}") for side in ("low", "high"))
        tests += [f"({now} >= {low})", f"({now} <= {high})"]
    for memory in writer.program.states:
        tests.append(f"(abs({writer.text(memory.now)}) <= LARGEST)")
    if not watch.repeats:
        return [f"runs = {' & '.join(tests)}"]
    same = [f"({writer.text(memory.now)} == {writer.load(f'kept.{memory.name}')})"
            for memory in writer.program.remembered]  # fmt: skip
    return [f"is_back = {' & '.join(['watches', *same])}",
            f"runs = {' & '.join([*tests, '(not is_back)'])}"]  # fmt: skip


def _count_uses(writer: _Writer) -> Mapping[int, int]:
    """How often a term is read; what must be a variable is counted twice."""
    program = writer.program
    uses: Counter[int] = Counter()
    for at in writer.layout.lanes:
        term = program.terms[at]
        weight = 2 if term.operator in CHOOSES else 1
        for place in term.arguments:
            is_condition = term.operator == "where" and program.terms[place].operator in TRUTHS
            uses[place] += 1 if is_condition else weight
    for memory in program.remembered:
        uses[memory.new] += 2
    if program.loss is not None:
        uses[program.loss] += 2
    for at in writer.layout.lanes:
        # A choice is a line of its own, which the compiler turns into a blend.
        uses[at] += 2 * (program.terms[at].operator in CHOOSES)
    return uses


def _write_draw(writer: _Writer, at: int) -> str:
    """The line that draws a number for this run and step."""
    term = writer.program.terms[at]
    name = writer.atoms[at] = writer.variable(writer.program.names.get(at, term.operator))
    if term.operator == "normal":
        drawn = f"lane_draw_normal(np.uint64(seed), run, now, np.uint64({term.name}))"
    else:
        member, batch, count = term.name.split("/")
        place = f"now * np.uint64({batch}) + np.uint64({member})"
        drawn = f"lane_draw_index(np.uint64(seed), run, {place}, np.uint64({count}))"
    return f"{name} = REAL({drawn})"


def _write_power(writer: _Writer, at: int, watch: Watch) -> list[str]:
    """The next power of a number that each run has its own of, carried in two floats."""
    term = writer.program.terms[at]
    factor = writer.text(term.arguments[0])
    whole, rest = writer.load(f"power.{at}"), writer.load(f"rest.{at}")
    name, high, low = (writer.variable(text) for text in ("power", "high", "low"))
    writer.atoms[at] = name
    kept, kept_rest = (f" if moves else {row}" * watch.lowest for row in (whole, rest))
    return [
        f"{high} = {whole} * {factor}",
        f"{low} = {rest} * {factor} + fused({whole}, {factor}, -{high})",
        f"{name} = {high} + {low}",
        f"{rest} = {low} - ({name} - {high}){kept_rest}",
        f"{whole} = {name}{kept}",
    ]

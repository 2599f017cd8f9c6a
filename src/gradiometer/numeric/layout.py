"""Where the kernel of a program finds its numbers: rows of a block, columns of tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from gradiometer.numeric.program import Level, Term
from gradiometer.numeric.run_program import Program

PART = 1 << 24
"""A run's number is a multiple of this and a rest."""
LITERALS = (-2, -1, 0, 1, 2)
"""Numbers written into the kernel; others are handed to it, so that it serves all of them."""


@final
@dataclass(frozen=True)
class Watch:
    """What a kernel looks at besides the step itself."""

    lowest: bool = False
    """The lowest loss, and after which step it stood there."""
    repeats: bool = False
    """Whether the whole state is what it was before."""
    labels: bool = True
    """Whether a lane stops that leaves its bounds or is no number; without, all make all steps."""


@final
@dataclass(frozen=True)
class Layout:
    """Rows of a block, one number for each lane in each; columns of the tables."""

    rows: tuple[str, ...]
    given: tuple[int, ...]
    """The terms that are the same everywhere."""
    step: tuple[int, ...]
    """The terms with a number for each step."""
    run: tuple[int, ...]
    """The terms with a number for each run; row `run.PLACE` each."""
    lanes: tuple[int, ...]
    """The terms of the inner loop, in order."""

    def row(self, name: str) -> int:
        """The row of that name."""
        return self.rows.index(name)


def plan_layout(program: Program, watch: Watch) -> Layout:
    """The layout of a program's kernel."""
    terms = program.terms
    alive = program.alive
    lanes = tuple(at for at in alive if terms[at].level == Level.LANE and not _is_state(terms[at]))
    ends = [memory.new for memory in program.remembered]
    # A power is carried along from its first argument; the count of steps is not read.
    read = dict.fromkeys(
        place
        for at in lanes
        for place in (
            terms[at].arguments[:1] if terms[at].operator == "power" else terms[at].arguments
        )
    )
    read |= dict.fromkeys(ends if program.loss is None else [*ends, program.loss])
    outside = [at for at in read if not is_literal(terms[at])]
    by_level = {level: tuple(a for a in outside if terms[a].level == level) for level in Level}
    names = [memory.name for memory in program.remembered]
    rows = [f"state.{name}" for name in names]
    if watch.labels:
        for name in (memory.name for memory in program.positions):
            rows += [f"low.{name}", f"high.{name}"]
        rows += ["count"]
    # A run's number in two parts, that float32 holds both of.
    rows += ["number.high", "number.low"] if has_draws(program, lanes) else []
    rows += ["best", "when"] if watch.lowest else []
    rows += [f"kept.{name}" for name in names] if watch.repeats else []
    rows += [f"run.{at}" for at in by_level[Level.RUN]]
    for at in lanes:
        rows += [f"power.{at}", f"rest.{at}"] if terms[at].operator == "power" else []
    return Layout(
        tuple(rows), by_level[Level.GIVEN], by_level[Level.STEP], by_level[Level.RUN], lanes
    )


def is_literal(term: Term) -> bool:
    """Whether a term is written into the kernel as a number."""
    return term.operator == "number" and term.value in LITERALS


def has_draws(program: Program, lanes: tuple[int, ...]) -> bool:
    """Whether a step draws random numbers."""
    return any(program.terms[at].operator in ("normal", "index") for at in lanes)


def _is_state(term: Term) -> bool:
    return term.operator == "input"

"""A computation of up to 10^7 operations as flat arrays, and its values and slopes at a point.

rows      write_tape((("+", (0, 1)), …), …)      the convenient way in
arrays    Tape(opcode, first, operand, …)         the fast way in
a point   run_tape(tape, point)                   values, slopes, kinks, branches
a graph   linearise(run)                          what the sweeps work on
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradiometer.errors import DomainError, ShapeError, unknown_name
from gradiometer.numeric.linear_graph import LinearGraph
from gradiometer.numeric.operations import (
    BRANCHING,
    CODES,
    CONSTANT,
    INPUT,
    NAMES,
    REASONS,
    SELECTING,
)

Row = tuple[str, Sequence[int]]
"""An operator of the formula vocabulary, and the nodes that are its operands."""

_MOST = 2**31 - 1


@final
@dataclass(frozen=True, eq=False)
class Tape:
    """Nodes in an order in which operands come before what uses them.

    The operands of node `v` are `operand[first[v]:first[v + 1]]`; an operand used twice stands
    there twice. Inputs and constants have none. Relations have the value 0 or 1, and `where` takes
    three operands, a truth before two branches.
    """

    opcode: NDArray[np.uint8]
    first: NDArray[np.int64]
    operand: NDArray[np.int32]
    constants: NDArray[np.float64]
    """Values of the nodes with the code `CONSTANT`, in their order."""
    output: int
    """The node whose gradient is asked for."""

    def __post_init__(self) -> None:
        _check(self)

    @property
    def inputs(self) -> NDArray[np.int32]:
        """The nodes that are inputs, in the order of the values of a point."""
        return np.flatnonzero(self.opcode == INPUT).astype(np.int32)


def _check(tape: Tape) -> None:
    count, first = len(tape.opcode), tape.first
    if len(first) != count + 1 or count == 0 or first[0] != 0 or first[-1] != len(tape.operand):
        raise ShapeError("`first` must have one entry more than there are nodes, from 0 to the end")
    if max(count, len(tape.operand)) > _MOST or not 0 <= tape.output < count:
        raise ShapeError(f"There are {count:,} nodes; the output must be one of at most 2^31 - 1.")
    arity = np.diff(first)
    lowest, highest = _arity_tables()
    bad = np.flatnonzero((arity < lowest[tape.opcode]) | (arity > highest[tape.opcode]))
    if len(bad):
        node = int(bad[0])
        name = NAMES.get(int(tape.opcode[node]), str(tape.opcode[node]))
        raise ShapeError(f"Node {node} gives `{name}` {arity[node]} operands.")
    if np.count_nonzero(tape.opcode == CONSTANT) != len(tape.constants):
        raise ShapeError("`constants` must have one value for each constant.")
    if not np.isfinite(tape.constants).all():
        raise ShapeError("A constant is not finite.")
    late = tape.operand >= np.repeat(np.arange(count, dtype=np.int32), arity)
    if late.any() or (tape.operand < 0).any():
        raise ShapeError(
            "An operand does not come before the node that uses it.", hint="sort the nodes"
        )


def _arity_tables() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    from gradiometer.formula import OPERATORS

    lowest, highest = np.full(256, _MOST), np.full(256, -1)
    lowest[[INPUT, CONSTANT]] = highest[[INPUT, CONSTANT]] = 0
    for name, code in CODES.items():
        low, high = OPERATORS[name].arity
        lowest[code], highest[code] = low, _MOST if high is None else high
    return lowest, highest


def write_tape(rows: Iterable[float | str | Row], *, output: int | None = None) -> Tape:
    """The tape of rows: `"input"`, a number for a constant, or an operator with its operands.

    Args:
        rows: One for each node.
        output: The node whose gradient is asked for; the last one when left out.

    Raises:
        UnknownNameError: If an operator is not in the vocabulary.
        ShapeError: If operands are missing, too many or not before their use.

    Example:
        >>> tape = write_tape(["input", "input", 2.0, ("*", (0, 1)), ("^", (3, 2))])
        >>> run_tape(tape, [3, 5]).value
        array([  3.,   5.,   2.,  15., 225.])
    """
    opcode, first, operand, constants = bytearray(), [0], [], []
    for row in rows:
        if isinstance(row, tuple):
            name, used = row
            if name not in CODES:
                raise unknown_name(name, CODES, problem=f"Unknown operator `{name}`.")
            opcode.append(CODES[name])
            operand.extend(used)
        elif isinstance(row, str):
            if row != "input":
                raise unknown_name(row, ("input",), problem=f"Unknown row `{row}`.")
            opcode.append(INPUT)
        else:
            opcode.append(CONSTANT)
            constants.append(row)
        first.append(len(operand))
    return Tape(
        np.frombuffer(bytes(opcode), np.uint8),
        np.array(first, np.int64),
        np.array(operand, np.int32),
        np.array(constants, np.float64),
        len(opcode) - 1 if output is None else output,
    )


@final
@dataclass(frozen=True, eq=False)
class TapeRun:
    """What one pass over a tape found."""

    tape: Tape
    value: NDArray[np.float64]
    slope: NDArray[np.float64]
    """For each operand the derivative of the node that uses it."""
    active: NDArray[np.uint8]
    """1 for the nodes that depend on an input."""
    kinks: NDArray[np.int64]
    """The nodes that stand exactly where they have no single slope; theirs is a convention."""
    branching: NDArray[np.int64]
    """The nodes that chose a branch."""
    branch: NDArray[np.int32]
    """For each of them which operand was taken; for `abs`, `sign`, `relu` 1 above 0, else 0."""


def run_tape(tape: Tape, point: ArrayLike) -> TapeRun:
    """Values and slopes of all nodes where the inputs have the values of *point*.

    Raises:
        ShapeError: If there are more or fewer values than inputs.
        DomainError: If an operation has no finite value; the first one is named.

    Example:
        >>> run = run_tape(write_tape(["input", ("relu", (0,))]), [0.0])
        >>> run.kinks, run.slope
        (array([1]), array([0.]))
    """
    from gradiometer.numeric import kernel_tape

    code, count = tape.opcode, len(tape.opcode)
    is_leaf = code <= CONSTANT
    values = np.atleast_1d(np.asarray(point, np.float64))
    is_input = code[is_leaf] == INPUT
    if values.shape != (np.count_nonzero(is_input),):
        raise ShapeError(f"There are {is_input.sum()} inputs and {values.size} values.")
    if not np.isfinite(values).all():
        raise DomainError(f"Input {int(np.flatnonzero(~np.isfinite(values))[0])} is not finite.")
    given = np.empty(len(is_input))
    given[is_input], given[~is_input] = values, tape.constants
    branching = np.flatnonzero(_is_one_of(code, BRANCHING))
    value, slope = np.empty(count), np.empty(len(tape.operand))
    active, kink = np.empty(count, np.uint8), np.zeros(count, np.uint8)
    branch = np.empty(len(branching), np.int32)
    node, reason = kernel_tape.run_tape(
        code, tape.first, tape.operand, given, value, slope, active, kink, branch
    )
    if reason:
        raise _failure(tape, value, int(node), int(reason))
    return TapeRun(tape, value, slope, active, np.flatnonzero(kink), branching, branch)


def _is_one_of(code: NDArray[np.uint8], chosen: frozenset[int]) -> NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(chosen)] = True
    return table[code]


def _failure(tape: Tape, value: NDArray[np.float64], node: int, reason: int) -> DomainError:
    used = tape.operand[tape.first[node] : tape.first[node + 1]]
    values = ", ".join(f"{value[k]:.17g}" for k in used)
    name = NAMES[int(tape.opcode[node])]
    return DomainError(
        f"Node {node} has no value or no slope: {REASONS[reason]} in `{name}` of {values}.",
        start=node,
        hint="choose another point",
    )


@final
@dataclass(frozen=True, eq=False)
class Linearised:
    """The graph of a tape at a point, and how its edges lie on the tape."""

    run: TapeRun
    graph: LinearGraph
    edge: NDArray[np.int32]
    """For each edge the place of its operand on the tape."""


def linearise(run: TapeRun) -> Linearised:
    """The weighted graph of a tape at a point; constants and conditions have no edges.

    Example:
        >>> run = run_tape(write_tape(["input", ("*", (0, 0))]), [3.0])
        >>> linearise(run).graph.local
        array([3., 3.])
    """
    from gradiometer.numeric import kernel_tape

    tape, most = run.tape, len(run.tape.operand)
    first = np.empty(len(tape.opcode) + 1, np.int64)
    edge, start, local = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most)
    count = kernel_tape.keep_edges(
        tape.opcode, tape.first, tape.operand, run.slope, run.active, edge, start, local, first
    )
    graph = LinearGraph(first, start[:count], local[:count], tape.inputs, tape.output)
    return Linearised(run, graph, edge[:count])


def find_unsettled(linearised: Linearised) -> NDArray[np.bool_]:
    """For each input whether its gradient meets a kink, so that it may not be a derivative.

    Example:
        >>> tape = write_tape(["input", "input", ("abs", (0,)), ("+", (2, 1))])
        >>> find_unsettled(linearise(run_tape(tape, [0.0, 1.0])))
        array([ True, False])
    """
    from gradiometer.numeric import kernel_tape

    graph, tape = linearised.graph, linearised.run.tape
    if not len(linearised.run.kinks):
        return np.zeros(len(tape.inputs), np.bool_)
    kink, live, unsettled = np.zeros((3, len(tape.opcode)), np.uint8)
    kink[linearised.run.kinks] = 1
    selects = _is_one_of(tape.opcode, SELECTING).view(np.uint8)
    kernel_tape.mark_unsettled(
        graph.first, graph.start, graph.local, kink, selects, graph.output, live, unsettled
    )
    return unsettled[tape.inputs].astype(np.bool_)

"""How far a float64 gradient is at most from the true one.

The bound is computed along with the values and the backward sweep, and its own rounding is covered:
it holds as a theorem for the float64 numbers that were computed, on arithmetic that rounds to
nearest (IEEE 754 without flushing of operands to 0). Exact are then: `+ - * / sqrt`, `x^2`, `abs`,
`relu`, `max`, `min`, `clip`, `where`. Other functions rest on the stated accuracy of the C library.

Source: for errors as sums over paths, F. L. Bauer, Computational graphs and rounding error,
SIAM J. Numerical Analysis 11 (1974); for running error bounds, N. J. Higham, Accuracy and
Stability of Numerical Algorithms (2002), section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradiometer.errors import ShapeError
from gradiometer.numeric.linear_graph import LinearGraph
from gradiometer.numeric.operations import CONSTANT, INPUT, LIBRARY, POWER
from gradiometer.numeric.tape import Linearised, TapeRun
from gradiometer.numeric.wide import Wide


@final
@dataclass(frozen=True, eq=False)
class ValueBound:
    """How far the values and slopes of a tape are at most from the true ones."""

    value_error: NDArray[np.float64]
    """For each node; infinite where the true value may not exist."""
    slope_error: NDArray[np.float64]
    """For each operand; at least 1 where another branch may be the true one."""
    rests_on_library: bool
    """Whether a function of the C library takes part, so that its accuracy is assumed."""


def bound_values(
    run: TapeRun, *, input_error: ArrayLike = 0.0, constant_error: ArrayLike = 0.0
) -> ValueBound:
    """Error bounds of all values and slopes.

    Args:
        run: The tape at a point.
        input_error: How far each input is at most from the one that is meant, such as 2^-53 of its
            size for the nearest float64; one number for all, or one for each.
        constant_error: The same for the constants of the tape.

    Raises:
        ShapeError: If there are more or fewer errors than inputs or constants, or one is negative.

    Example:
        >>> from gradiometer.numeric import run_tape, write_tape
        >>> run = run_tape(write_tape(["input", 3.0, ("/", (0, 1))]), [1.0])
        >>> bool(0 < bound_values(run).value_error[2] < 1e-16)
        True
    """
    from gradiometer.numeric import kernel_bound

    tape = run.tape
    leaves = tape.opcode[tape.opcode <= CONSTANT]
    given = np.empty(len(leaves))
    for code, errors in ((INPUT, input_error), (CONSTANT, constant_error)):
        try:
            given[leaves == code] = errors
        except ValueError:
            raise ShapeError("There must be one error for each input or constant.") from None
    if not (given >= 0).all():
        raise ShapeError("An error is not negative.")
    error, slope_error = np.empty(len(tape.opcode)), np.empty(len(tape.operand))
    kernel_bound.bound_tape(
        tape.opcode, tape.first, tape.operand, run.value, run.slope, given, error, slope_error
    )
    return ValueBound(error, slope_error, _uses_library(run))


def _uses_library(run: TapeRun) -> bool:
    """Whether a function of the C library is on the tape; `x^2` is a product."""
    tape = run.tape
    present = np.flatnonzero(np.bincount(tape.opcode, minlength=256))
    if not LIBRARY.intersection(present.tolist()):
        return False
    if LIBRARY.intersection(present.tolist()) - {POWER}:
        return True
    exponents = tape.operand[tape.first[np.flatnonzero(tape.opcode == POWER)] + 1]
    return bool(((run.value[exponents] != 2.0) | (run.active[exponents] == 1)).any())


@final
@dataclass(frozen=True, eq=False)
class GradientBound:
    """Adjoints of all nodes, and how far each is at most from the true one."""

    adjoint: Wide
    """Bit for bit those of `sweep_back`."""
    error: Wide
    """Infinite where nothing is known."""

    def at(self, nodes: NDArray[np.integer]) -> GradientBound:
        """The rows of some nodes alone, without the others behind them."""
        return GradientBound(self.adjoint[nodes], self.error[nodes])

    def error_float(self) -> NDArray[np.float64]:
        """The bounds as float64, rounded up."""
        error = self.error.to_float()
        return np.where(self.error.mantissa == 0, 0.0, np.nextafter(error, np.inf))


def bound_gradient(
    graph: LinearGraph, *, slope_error: NDArray[np.float64] | None = None
) -> GradientBound:
    """Error bounds of all adjoints.

    Args:
        graph: The linearised computation.
        slope_error: How far each local derivative is at most from the true one; exact when left
            out.

    Raises:
        ShapeError: If there is not one error for each edge.

    Example:
        >>> from gradiometer.numeric import connect
        >>> graph = connect([(0, 1, 0.1), (1, 2, 0.1)], sources=[0], output=2)
        >>> bool(0 < bound_gradient(graph).error_float()[0] < 1e-17)
        True
    """
    from gradiometer.numeric import kernel_bound

    errors = np.zeros(graph.edge_count) if slope_error is None else slope_error
    if errors.shape != (graph.edge_count,) or not (errors >= 0).all():
        raise ShapeError("There must be one error, not negative, for each edge.")
    m, x = np.zeros((graph.node_count, 2)), np.zeros((graph.node_count, 2), np.int32)
    kernel_bound.bound_adjoint(graph.first, graph.start, graph.local, errors, graph.output, m, x)
    return GradientBound(Wide(m[:, 0], x[:, 0]), Wide(m[:, 1], x[:, 1]))


def bound_tape_gradient(
    linearised: Linearised, *, input_error: ArrayLike = 0.0, constant_error: ArrayLike = 0.0
) -> GradientBound:
    """Error bounds of the gradient of a tape: of values, slopes and the sweep together.

    Example:
        >>> from gradiometer.numeric import linearise, run_tape, write_tape
        >>> tape = write_tape(["input", "input", ("*", (0, 1)), ("*", (2, 2))])
        >>> bound = bound_tape_gradient(linearise(run_tape(tape, [0.1, 0.3])))
        >>> bound.adjoint[0].to_float()
        array([0.018])
        >>> bool(bound.error_float()[0] < 1e-16)
        True
    """
    values = bound_values(linearised.run, input_error=input_error, constant_error=constant_error)
    return bound_gradient(linearised.graph, slope_error=values.slope_error[linearised.edge])

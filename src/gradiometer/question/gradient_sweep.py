"""A long list of assignments at a point, swept backward in float64 with error bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, final

from flint import arb

from gradiometer.errors import DomainError, GradiometerError, Place, unknown_name
from gradiometer.formula import Node, evaluate, precision, to_ball, to_float
from gradiometer.model import Listing, NameTable

if TYPE_CHECKING:
    import numpy as np

    from gradiometer.numeric import (
        BackwardSweep,
        Collapsed,
        GradientBound,
        TapeRun,
    )


MOST_INPUTS = 50
"""Inputs of which facts are listed; of more, those with the largest mass."""

_HALF_UNIT = 2.0**-53
_SMALLEST = 2.0**-1074
_BITS = 96


@final
@dataclass(frozen=True, eq=False)
class Legend:
    """What is known of the nodes of a list besides their numbers."""

    inputs: tuple[str, ...]
    operators: tuple[str, ...]
    code: np.ndarray
    line: np.ndarray
    leaves: int
    names: NameTable

    @cached_property
    def owner(self) -> np.ndarray:
        """For each node the row of its name; -1 where it has none."""
        import numpy as np

        nodes = self.names.nodes
        owner = np.full(len(self.code), -1, np.int32)
        # The first of several names for a node is the one it keeps.
        owner[nodes[::-1]] = np.arange(len(nodes) - 1, -1, -1)
        return owner

    def name_of(self, node: int) -> str:
        """The name of a node; empty where it has none."""
        row = int(self.owner[node])
        return self.names.word(row) if row >= 0 else ""

    def spell(self, node: int) -> str:
        """The name of a node; an operation inside a line by that line."""
        name = self.name_of(node)
        if name or node < self.leaves:
            return name or "a constant"
        operator = self.operators[self.code[node] - 2]
        return f"{operator} of line {self.line[node - self.leaves]}"


@final
@dataclass(frozen=True, eq=False)
class Swept:
    """A list at a point, after the backward sweep."""

    legend: Legend
    small: Collapsed
    """Its graph without nameless links; what is summed over paths is summed here."""
    back: BackwardSweep
    """The sweep over the small graph."""
    bound: GradientBound
    """Gradient and error, a row for each input."""
    rests_on_library: bool
    value: arb
    node_value: np.ndarray
    """The float64 value of each node of the small graph."""
    output: int
    kinks: np.ndarray
    """Nodes that stand exactly at a kink."""
    branching: int
    """How many operations chose a branch."""
    unsettled: frozenset[str]
    """Inputs whose gradient meets a kink."""

    @property
    def output_name(self) -> str:
        """The name of the output, or its line."""
        return self.legend.name_of(self.output) or f"line {self.legend.line[-1]}"

    @cached_property
    def shown(self) -> list[tuple[str, int]]:
        """The inputs of which facts are listed, with their nodes, which are the first ones."""
        pairs = [(name, node) for node, name in enumerate(self.legend.inputs)]
        if len(pairs) <= MOST_INPUTS:
            return pairs
        sizes = self.back.mass.log2()
        place = self.small.place
        return sorted(pairs, key=lambda pair: -sizes[place[pair[1]]])[:MOST_INPUTS]

    @cached_property
    def heaviest(self) -> str:
        """The input with the largest mass; of several the first."""
        sizes, place = self.back.mass.log2(), self.small.place
        inputs = self.legend.inputs
        return inputs[max(range(len(inputs)), key=lambda node: sizes[place[node]])]


def sweep_list(listing: Listing, at: Mapping[str, Node], *, of: str, source: str) -> Swept:
    """The list at the point, its values and its gradient, each with a bound on its error.

    Arrays of a million operations are let go as soon as nothing needs them any more.

    Raises:
        UnknownNameError: If there is no output of that name.
        DomainError: If an operation has no finite value; its line is named.
    """
    import numpy as np

    from gradiometer.numeric import (
        bound_gradient,
        collapse_series,
        find_unsettled,
        linearise,
        run_tape,
        sweep_back,
    )

    output = _find_output(listing, of)
    _check_inputs(listing)
    point, errors = _read_point(listing, at)
    try:
        run = run_tape(_to_tape(listing, output), point)
    except DomainError as error:
        raise _located(error, listing, source) from None
    constant_errors, legend = _constant_errors(listing), _to_legend(listing)
    del listing
    value, rests, slope_error = _bound_point(run, errors, constant_errors, output)
    linearised = linearise(run)
    flags = find_unsettled(linearised)
    unsettled = frozenset(n for n, flag in zip(legend.inputs, flags, strict=True) if flag)
    kinks, branching = run.kinks, len(run.branching)
    graph, edge = linearised.graph, linearised.edge
    node_value = run.value
    del run, linearised
    slope_error = slope_error[edge]
    del edge
    bound = bound_gradient(graph, slope_error=slope_error).at(np.arange(len(legend.inputs)))
    del slope_error
    nodes = legend.names.nodes
    small = collapse_series(graph, nodes[nodes <= output])
    del graph
    node_value = node_value[small.node]
    return Swept(
        legend,
        small,
        sweep_back(small.graph),
        bound,
        rests,
        value,
        node_value,
        output,
        kinks,
        branching,
        unsettled,
    )


def _bound_point(
    run: TapeRun, errors: list[float], constant_errors: np.ndarray, output: int
) -> tuple[arb, bool, np.ndarray]:
    """The value as a ball, whether it rests on library functions, and the error of each slope."""
    from gradiometer.numeric import bound_values

    values = bound_values(run, input_error=errors, constant_error=constant_errors)
    with precision(_BITS):
        value = arb(float(run.value[output]), float(values.value_error[output]))
    return value, values.rests_on_library, values.slope_error


def _to_legend(listing: Listing) -> Legend:
    return Legend(
        listing.inputs,
        listing.operators,
        listing.code,
        listing.line,
        listing.leaves,
        listing.names,
    )


def _find_output(listing: Listing, of: str) -> int:
    if not of:
        return listing.output
    if of not in listing.names:
        raise unknown_name(
            of,
            [*listing.names][:10_000],
            problem=f"The computation has no value called `{of}`.",
            text=of,
            start=0,
            end=len(of),
            place=Place("of"),
        )
    return listing.names[of]


def _check_inputs(listing: Listing) -> None:
    """Pass when the list uses every name that has a value."""
    import numpy as np

    is_used = np.zeros(len(listing.code), bool)
    is_used[listing.operand] = True
    nodes, inputs = listing.names.nodes, frozenset(listing.inputs)
    for row in np.flatnonzero(nodes < len(inputs)).tolist():
        # Another name for an input uses it without an operation.
        if listing.names.word(row) not in inputs:
            is_used[nodes[row]] = True
    is_used[listing.output] = True
    for name in listing.inputs:
        if not is_used[listing.names[name]]:
            raise unknown_name(
                name,
                [other for other in listing.inputs if is_used[listing.names[other]]],
                problem=f"The computation has no input `{name}`.",
                text=name,
                start=0,
                end=len(name),
                place=Place("at"),
            )


def _read_point(listing: Listing, at: Mapping[str, Node]) -> tuple[list[float], list[float]]:
    """The nearest float64 of each input, and how far it is at most from what is meant."""
    values, errors = [], []
    for name in listing.inputs:
        with precision(_BITS):
            exact = evaluate(at[name], {})
            value = to_float(exact)
            if not math.isfinite(value):
                raise DomainError(
                    f"The value of `{name}` is too large for float64.",
                    place=Place(f"at {name}"),
                    hint="choose a number below 10^308",
                )
            values.append(value)
            off = abs(to_ball(exact) - arb(value)).abs_upper()
        errors.append(_rounded_up(float(off)) if off != 0 else 0.0)
    return values, errors


def _rounded_up(value: float) -> float:
    return value * (1 + 2.0**-50) + _SMALLEST


def _constant_errors(listing: Listing) -> np.ndarray:
    import numpy as np

    sizes = np.abs(listing.constants)
    is_whole = (listing.constants == np.floor(listing.constants)) & (sizes < 2.0**53)
    return np.where(is_whole, 0.0, sizes * (_HALF_UNIT * (1 + 2.0**-50)) + _SMALLEST)


def _to_tape(listing: Listing, output: int) -> Any:
    import numpy as np

    from gradiometer.numeric import CODES, CONSTANT, INPUT, Tape

    table = np.array([INPUT, CONSTANT, *(CODES[name] for name in listing.operators)], np.uint8)
    return Tape(table[listing.code], listing.first, listing.operand, listing.constants, output)


def _located(error: DomainError, listing: Listing, source: str) -> GradiometerError:
    """The error with the line of its node in place of the node's number."""
    if error.start is None or error.start < listing.leaves:
        return error
    line = int(listing.line[error.start - listing.leaves])
    problem = error.problem.replace(f"Node {error.start}", f"Line {line}", 1)
    found = DomainError(problem, hint=error.hint)
    return found.located(Place(source, line))

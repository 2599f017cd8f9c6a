"""A long list of assignments at a point, swept backward in float64 with error bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, final

from flint import arb

from gradiometer.errors import DomainError, GradiometerError, Place
from gradiometer.formula import Node, evaluate, precision, to_ball, to_float
from gradiometer.model import Listing

if TYPE_CHECKING:
    import numpy as np

    from gradiometer.numeric import (
        BackwardSweep,
        Collapsed,
        GradientBound,
        Linearised,
    )


MOST_INPUTS = 50
"""Inputs of which facts are listed; of more, those with the largest mass."""

_HALF_UNIT = 2.0**-53
_SMALLEST = 2.0**-1074
_BITS = 96


@final
@dataclass(frozen=True, eq=False)
class Swept:
    """A list at a point, after the backward sweep."""

    listing: Listing
    linearised: Linearised
    small: Collapsed
    """Its graph without nameless links; what is summed over paths is summed here."""
    back: BackwardSweep
    """The sweep over the small graph."""
    bound: GradientBound
    rests_on_library: bool
    value: arb
    output: int

    owner: np.ndarray
    """For each node the place of its name; -1 where it has none."""
    words: Sequence[str]

    def name_of(self, node: int) -> str:
        """The name of a node; empty where it has none."""
        place = int(self.owner[node])
        return self.words[place] if place >= 0 else ""

    @property
    def output_name(self) -> str:
        """The name of the output, or its line."""
        return self.name_of(self.output) or f"line {self.listing.line[-1]}"

    @cached_property
    def shown(self) -> list[tuple[str, int]]:
        """The inputs of which facts are listed, with their nodes."""
        pairs = [(name, self.listing.names[name]) for name in self.listing.inputs]
        if len(pairs) <= MOST_INPUTS:
            return pairs
        sizes = self.back.mass.log2()
        place = self.small.place
        return sorted(pairs, key=lambda pair: -sizes[place[pair[1]]])[:MOST_INPUTS]

    @cached_property
    def heaviest(self) -> str:
        """The input with the largest mass; of several the first."""
        sizes, place = self.back.mass.log2(), self.small.place
        return max(self.listing.inputs, key=lambda n: sizes[place[self.listing.names[n]]])

    @cached_property
    def unsettled(self) -> frozenset[str]:
        """Inputs whose gradient meets a kink."""
        from gradiometer.numeric import find_unsettled

        flags = find_unsettled(self.linearised)
        return frozenset(n for n, flag in zip(self.listing.inputs, flags, strict=True) if flag)


def sweep_list(listing: Listing, at: Mapping[str, Node], *, of: str, source: str) -> Swept:
    """The list at the point, its values and its gradient, each with a bound on its error.

    Raises:
        UnknownNameError: If there is no output of that name.
        DomainError: If an operation has no finite value; its line is named.
    """
    import numpy as np

    from gradiometer.numeric import (
        bound_gradient,
        bound_values,
        collapse_series,
        linearise,
        run_tape,
        sweep_back,
    )

    output = _find_output(listing, of)
    point, errors = _read_point(listing, at)
    try:
        run = run_tape(_to_tape(listing, output), point)
    except DomainError as error:
        raise _located(error, listing, source) from None
    linearised = linearise(run)
    values = bound_values(run, input_error=errors, constant_error=_constant_errors(listing))
    slopes = values.slope_error[linearised.edge]
    error = float(values.value_error[output])
    with precision(_BITS):
        value = arb(float(run.value[output]), error)
    nodes, words = listing.name_nodes()
    owner = np.full(len(listing.code), -1, np.int64)
    # The first of several names for a node is the one it keeps.
    owner[nodes[::-1]] = np.arange(len(words) - 1, -1, -1)
    small = collapse_series(linearised.graph, nodes[nodes <= output])
    return Swept(
        listing,
        linearised,
        small,
        sweep_back(small.graph),
        bound_gradient(linearised.graph, slope_error=slopes),
        values.rests_on_library,
        value,
        output,
        owner,
        words,
    )


def _find_output(listing: Listing, of: str) -> int:
    from gradiometer.errors import unknown_name

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


def _read_point(listing: Listing, at: Mapping[str, Node]) -> tuple[list[float], list[float]]:
    """The nearest float64 of each input, and how far it is at most from what is meant."""
    values, errors = [], []
    for name in listing.inputs:
        with precision(_BITS):
            exact = evaluate(at[name], {})
            value = to_float(exact)
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

"""A loss surface in one variable: pieces with exact ends, and parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, final

from gradiometer.errors import Place, StudyError, UsageError, suggest
from gradiometer.formula import (
    REALS,
    Interval,
    Name,
    Node,
    Number,
    Piece,
    Piecewise,
    compile_float,
    differentiate,
    free_names,
    parse,
    parse_interval,
    substitute,
    tidy,
    to_piecewise,
    to_text,
)
from gradiometer.model.entry import check_keys, find_entry
from gradiometer.model.parameter import Owner, Parameter, Setting, read_parameters

VARIABLE = "x"


@final
@dataclass(frozen=True)
class Objective:
    """A family of loss surfaces, one for each choice of its parameters."""

    name: str
    about: str
    parameters: Mapping[str, Parameter]
    rows: tuple[tuple[Interval, Node], ...]
    """Where each formula holds, from left to right; a single formula holds everywhere."""
    place: Place

    @property
    def owner(self) -> Owner:
        """The objective as something that has parameters."""
        return Owner("objective", self.name, self.parameters)

    @property
    def barrier(self) -> str | None:
        """The name of the parameter whose threshold `escape` looks for, if there is one."""
        marked = [p.name for p in self.parameters.values() if p.is_barrier]
        return marked[0] if len(marked) == 1 else None

    def bind(self, values: Mapping[str, Setting]) -> Landscape:
        """The surface with these parameter values; parameters without one stay symbols.

        Raises:
            UndecidedError: If a piece has a kink whose place cannot be solved for.
        """
        numbers = {k: Number(v) for k, v in values.items() if not isinstance(v, tuple)}
        pieces: list[Piece] = []
        for on, formula in self.rows:
            bound = tidy(substitute(formula, numbers))
            domain = _bind_interval(on, numbers)
            pieces.extend(to_piecewise(bound, VARIABLE, domain=domain).pieces)
        slopes = tuple(differentiate(piece.formula, VARIABLE) for piece in pieces)
        return Landscape(Piecewise(VARIABLE, tuple(pieces)), slopes)


@final
@dataclass(frozen=True)
class Landscape:
    """Loss and slope by pieces, in the variable `x`."""

    loss: Piecewise
    slopes: tuple[Node, ...]
    """The derivative on each piece of *loss*."""

    @cached_property
    def float_slopes(self) -> tuple[Callable[[Mapping[str, float]], float], ...]:
        """The slopes compiled for float64."""
        return tuple(compile_float(slope) for slope in self.slopes)

    @cached_property
    def float_losses(self) -> tuple[Callable[[Mapping[str, float]], float], ...]:
        """The pieces compiled for float64."""
        return tuple(compile_float(piece.formula) for piece in self.loss.pieces)

    def to_problem(self) -> list[dict[str, Any]]:
        """The pieces as plain JSON for a certificate."""
        return [
            {
                "lower": None if p.on.lower is None else to_text(p.on.lower),
                "upper": None if p.on.upper is None else to_text(p.on.upper),
                "lower_closed": p.on.lower_closed,
                "upper_closed": p.on.upper_closed,
                "loss": to_text(p.formula),
            }
            for p in self.loss.pieces
        ]


def _bind_interval(on: Interval, values: Mapping[str, Node]) -> Interval:
    lower = None if on.lower is None else tidy(substitute(on.lower, values))
    upper = None if on.upper is None else tidy(substitute(on.upper, values))
    return Interval(lower, upper, on.lower_closed, on.upper_closed)


def read_objective(named: str | Mapping[str, Any]) -> Objective:
    """The objective with that catalogue name, file, table, or formula in `x`.

    Raises:
        StudyError: If a table lacks a part or has one too many.
        FormulaError: If a formula or an interval cannot be read.

    Example:
        >>> read_objective("barrier").barrier
        'h'
    """
    found = find_entry("objective", named)
    if found is None:
        return _from_formula(str(named))
    table, place = found
    check_keys(
        table, ("name", "about", "reference", "parameters", "pieces", "formula"), place=place
    )
    parameters = read_parameters(table.get("parameters", {}), place=place)
    names = tuple(parameters)
    if VARIABLE in parameters:
        raise StudyError("`x` is the position and cannot be a parameter.", place=place)
    if ("pieces" in table) == ("formula" in table):
        raise StudyError("An objective has either `pieces` or a `formula`.", place=place)
    rows: list[tuple[Interval, Node]] = []
    if "formula" in table:
        tree = parse(str(table["formula"]), names=(VARIABLE, *names), place=place).tree
        rows.append((REALS, tree))
    for row in table.get("pieces", ()):
        check_keys(row, ("on", "f"), place=place)
        if set(row) != {"on", "f"}:
            raise StudyError("A piece needs `on` (where) and `f` (the formula).", place=place)
        on = parse_interval(str(row["on"]), names=names, place=place)
        rows.append((on, parse(str(row["f"]), names=(VARIABLE, *names), place=place).tree))
    _check_order(rows, place)
    return Objective(
        str(table.get("name", "objective")),
        str(table.get("about", "")),
        parameters,
        tuple(rows),
        place,
    )


def _check_order(rows: list[tuple[Interval, Node]], place: Place) -> None:
    """Pieces must follow each other from -oo to oo, each point in exactly one of them."""
    if not rows:
        raise StudyError("An objective needs at least one piece.", place=place)
    if rows[0][0].lower is not None or rows[-1][0].upper is not None:
        raise StudyError(
            "The pieces do not cover all real numbers.",
            place=place,
            hint="begin the first one with `(-oo` and end the last one with `oo)`",
        )
    for (left, _), (right, _) in pairwise(rows):
        if left.upper is None or right.lower is None or left.upper != right.lower:
            end = "oo" if left.upper is None else to_text(left.upper)
            start = "-oo" if right.lower is None else to_text(right.lower)
            raise StudyError(
                f"A piece ends at {end} and the next one starts at {start}.",
                place=place,
                hint="let each piece start where the one before it ends",
            )
        if left.upper_closed == right.lower_closed:
            both = "both" if left.upper_closed else "none"
            raise StudyError(
                f"The point {to_text(left.upper)} belongs to {both} of its two pieces.",
                place=place,
                hint="close exactly one of the two brackets there",
            )


def _from_formula(text: str) -> Objective:
    """The objective of a formula; names other than `x` are parameters without a default."""
    from gradiometer.catalog import list_entries

    place = Place("objective")
    tree = parse(text, place=place).tree
    names = free_names(tree)
    if VARIABLE not in names and isinstance(tree, Name):
        entries = list_entries("objective")
        nearest = suggest(text, entries)
        raise UsageError(
            f"There is no objective `{text}`.",
            known=entries,
            hint=f"write `{nearest}`" if nearest else "write a formula in x",
        )
    parameters = {name: Parameter(name, REALS) for name in sorted(names - {VARIABLE})}
    return Objective(text, "", parameters, ((REALS, tree),), place)

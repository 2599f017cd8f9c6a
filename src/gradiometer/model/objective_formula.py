"""A loss surface of a user's own formula: which names are its variables, which its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradiometer.errors import Place, ShapeError, UsageError, suggest
from gradiometer.formula import REALS, Formula, Name, free_names, parse, substitute
from gradiometer.model.objective import STEP, VARIABLE, Objective
from gradiometer.model.parameter import Parameter
from gradiometer.model.vector_formula import INDEX, find_vector_calls, name_coordinates

MOST_COORDINATES = 1_000
"""Coordinates of one objective."""


def read_formula(
    text: str, *, variables: Sequence[str] | None, coordinates: int | None
) -> Objective:
    """The objective of a formula; names that are no variables are parameters without a default.

    `t` is the step, unless it is a variable.

    Raises:
        UsageError: If the text is the name of no entry, or a variable does not stand in it.
        ShapeError: If a formula in single variables is given as many coordinates.
        FormulaError: If the text is no formula.
    """
    place = Place("objective")
    # Only a call makes a word one of these functions, so that any word can name a parameter.
    formula = parse(text, functions=find_vector_calls(text), place=place)
    names = free_names(formula.tree)
    if isinstance(formula.tree, Name) and VARIABLE not in names and variables is None:
        raise _no_entry(text)
    if variables is None and (coordinates or 1) > 1:
        return _of_vector(text, formula, coordinates or 1, place)
    chosen = tuple(variables or (VARIABLE,))
    for name in variables or ():
        if name not in names:
            raise UsageError(
                f"The formula has no variable `{name}`.",
                text=text,
                known=tuple(sorted(names)),
                hint=_suggest_variable(name, names),
            )
    if len(chosen) == 1:
        formula, names = _rename(formula, chosen[0])
        chosen = (VARIABLE,)
    return Objective(
        text, "", _list_parameters(names - {STEP, *chosen}), ((REALS, formula),), place, chosen
    )


def _suggest_variable(name: str, names: frozenset[str]) -> str:
    nearest = suggest(name, names)
    return f"give a start of `{nearest}` instead" if nearest else "leave it out of the start"


def _rename(formula: Formula, variable: str) -> tuple[Formula, frozenset[str]]:
    """The formula with its only variable called `x`, as rules call the position."""
    names = free_names(formula.tree)
    if variable == VARIABLE:
        return formula, names
    if VARIABLE in names:
        raise UsageError(
            f"`{VARIABLE}` is the position in every rule, and here `{variable}` is.",
            text=formula.text,
            hint=f"give a start of `{VARIABLE}` too, or call it by another name",
        )
    tree = substitute(formula.tree, {variable: Name(VARIABLE)})
    return replace(formula, tree=tree), free_names(tree)


def _of_vector(text: str, formula: Formula, count: int, place: Place) -> Objective:
    """A formula in the vector `x`."""
    check_coordinates(count, least=1, name=text)
    names = free_names(formula.tree)
    variables = name_coordinates(count)
    if VARIABLE not in names or not find_vector_calls(text):
        free = sorted(names - set(variables)) or ["x", "y"]
        start = ",".join(f"{name}=1" for name in free[:count])
        raise ShapeError(
            f"The start has {count} numbers, and the formula makes no one number of a vector `x`.",
            text=text,
            hint=f"name the variables as in `--start {start}`, or write such as `sum(x^2)`",
        )
    parameters = _list_parameters(names - {VARIABLE, INDEX, STEP})
    return Objective(text, "", parameters, ((REALS, formula),), place, variables, is_vector=True)


def _list_parameters(names: frozenset[str]) -> dict[str, Parameter]:
    return {name: Parameter(name, REALS) for name in sorted(names)}


def _no_entry(text: str) -> UsageError:
    from gradiometer.catalog import list_entries

    entries = list_entries("objective")
    nearest = suggest(text, entries)
    return UsageError(
        f"There is no objective `{text}`.",
        known=entries,
        hint=f"write `{nearest}`" if nearest else "write a formula in x",
    )


def check_coordinates(count: int, *, least: int, name: str) -> None:
    """Refuse a number of coordinates that the formula has no meaning for, or nobody can want.

    Raises:
        ShapeError: If there are too few or too many.
    """
    if not least <= count <= MOST_COORDINATES:
        raise ShapeError(
            f"`{name}` has {least} to {MOST_COORDINATES:,} coordinates, not {count:,}.",
            hint=f"give a start of {max(least, 2)} numbers",
        )

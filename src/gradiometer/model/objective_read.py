"""Text in, a loss surface out: catalogue entries, files, tables, and formulas of a user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from gradiometer.errors import Place, ShapeError, StudyError, UsageError, suggest
from gradiometer.formula import (
    REALS,
    Formula,
    Interval,
    parse,
    parse_interval,
    to_text,
)
from gradiometer.model.entry import check_keys, find_entry
from gradiometer.model.objective import STEP, VARIABLE, Objective
from gradiometer.model.objective_formula import check_coordinates, read_formula
from gradiometer.model.objective_points import list_functions, read_points
from gradiometer.model.parameter import Parameter, read_parameters
from gradiometer.model.vector_formula import INDEX, name_coordinates

_KEYS = ("name", "about", "reference", "parameters", "pieces", "formula", "variables",
         "coordinates", "start", "critical")  # fmt: skip


def read_objective(
    named: str | Mapping[str, Any],
    *,
    variables: Sequence[str] | None = None,
    coordinates: int | None = None,
) -> Objective:
    """The objective with that catalogue name, file, table, or formula.

    Args:
        named: A catalogue name, a path that ends in `.toml`, a table, or a formula.
        variables: Which names of a formula are its variables; `x` when nobody says. Other names
            are parameters.
        coordinates: How many coordinates the vector `x` of a formula such as `sum(x^2)` has.

    Raises:
        StudyError: If a table lacks a part or has one too many.
        ShapeError: If the objective cannot have that many coordinates.
        UsageError: If a variable does not stand in the formula.
        FormulaError: If a formula or an interval cannot be read.

    Example:
        >>> read_objective("barrier").barrier
        'h'
        >>> read_objective("x^2 + c*y^2", variables=("x", "y")).parameters.keys()
        dict_keys(['c'])
        >>> read_objective("rastrigin", coordinates=3).variables
        ('x1', 'x2', 'x3')
    """
    found = find_entry("objective", named)
    if found is None:
        return read_formula(str(named), variables=variables, coordinates=coordinates)
    table, place = found
    check_keys(table, _KEYS, place=place)
    parameters = read_parameters(table.get("parameters", {}), place=place)
    if ("pieces" in table) == ("formula" in table):
        raise StudyError("An objective has either `pieces` or a `formula`.", place=place)
    objective = Objective(
        str(table.get("name", "objective")),
        str(table.get("about", "")),
        parameters,
        (),
        place,
        **_read_variables(table, parameters, place),
    )
    names = (*objective.variables, *parameters)
    for name in objective.variables:
        if name in parameters:
            raise StudyError(f"`{name}` is the position and cannot be a parameter.", place=place)
    rows = _read_rows(table, objective, names, place)
    _check_order(rows, place)
    if len(rows) > 1 and len(objective.variables) > 1:
        raise StudyError(
            "Pieces are for one variable.",
            place=place,
            hint="write one `formula` with `where(condition, formula, formula)`",
        )
    sized = _resize(replace(objective, rows=tuple(rows)), variables, coordinates)
    return read_points(sized, table)


def _read_variables(
    table: Mapping[str, Any], parameters: Mapping[str, Parameter], place: Place
) -> dict[str, Any]:
    """What the entry says of its variables: their names, or how many coordinates `x` has."""
    if "coordinates" not in table:
        names = tuple(map(str, table.get("variables", (VARIABLE,))))
        if not names or len(set(names)) < len(names):
            raise StudyError(
                "`variables` are different names.", place=place, hint='write ["x", "y"]'
            )
        return {"variables": names}
    if "variables" in table:
        raise StudyError("An objective has `variables` or `coordinates`, not both.", place=place)
    given = table["coordinates"]
    row = given if isinstance(given, Mapping) else {"default": given}
    check_keys(row, ("default", "least", "like"), place=place)
    follows = row.get("like")
    if follows is not None:
        default = parameters[follows].default if follows in parameters else None
        if not isinstance(default, tuple):
            raise StudyError(
                f"`{follows}` is no parameter with a list as its default.",
                place=place,
                known=tuple(parameters),
            )
        return {"variables": name_coordinates(len(default)), "is_vector": True, "follows": follows}
    least = row.get("least", 1)
    count = row.get("default", least)
    if not (isinstance(count, int) and isinstance(least, int) and 0 < least <= count):
        raise StudyError("`coordinates` needs whole numbers.", place=place, hint="write 2")
    return {"variables": name_coordinates(count), "is_vector": True, "least": least}


def _read_rows(
    table: Mapping[str, Any], objective: Objective, names: tuple[str, ...], place: Place
) -> list[tuple[Interval, Formula]]:
    rows: list[tuple[Interval, Formula]] = []
    if "formula" in table:
        # Pieces have ends, which would move from step to step.
        rows.append((REALS, _read_formula(table["formula"], objective, (*names, STEP))))
    for row in table.get("pieces", ()):
        check_keys(row, ("on", "f"), place=place)
        if set(row) != {"on", "f"}:
            raise StudyError("A piece needs `on` (where) and `f` (the formula).", place=place)
        on = parse_interval(str(row["on"]), names=tuple(objective.parameters), place=place)
        rows.append((on, _read_formula(row["f"], objective, names)))
    return rows


def _read_formula(text: Any, objective: Objective, names: tuple[str, ...]) -> Formula:
    """A formula over variables and parameters; `x` is the vector where the entry has one."""
    known = (VARIABLE, INDEX, STEP, *objective.parameters) if objective.is_vector else names
    functions = list_functions(objective)
    return parse(str(text), names=known, functions=functions, place=objective.place)


def _resize(
    objective: Objective, variables: Sequence[str] | None, coordinates: int | None
) -> Objective:
    count = len(objective.variables)
    if variables is not None and objective.is_vector and coordinates is None:
        coordinates = len(variables)
    if coordinates is not None and objective.is_vector:
        check_coordinates(coordinates, least=objective.least, name=objective.name)
        objective = objective.resize(coordinates)
    elif coordinates is not None and coordinates != count:
        raise ShapeError(
            f"The objective `{objective.name}` has {_count(count, 'variable')}, not {coordinates}.",
            known=objective.variables,
            hint=f"write `{','.join(f'{name}=1' for name in objective.variables)}`",
        )
    for name in variables or ():
        if name not in objective.variables:
            nearest = suggest(name, objective.variables)
            raise UsageError(
                f"The objective `{objective.name}` has no variable `{name}`.",
                known=objective.variables,
                hint=f"write `{nearest}`" if nearest else "",
            )
    return objective


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _check_order(rows: list[tuple[Interval, Formula]], place: Place) -> None:
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

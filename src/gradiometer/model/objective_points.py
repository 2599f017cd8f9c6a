"""The points that an entry of an objective names: the usual start, and where it is critical."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flint import fmpq

from gradiometer.errors import StudyError, suggest
from gradiometer.formula import Formula, parse, parse_number
from gradiometer.model.entry import check_keys
from gradiometer.model.objective import CriticalRow, Objective
from gradiometer.model.vector_formula import INDEX, VECTOR_FUNCTIONS

KINDS = ("minimum", "local minimum", "maximum", "local maximum", "saddle", "critical")
"""What a critical point can be; `minimum` and `maximum` are those of the whole surface, `critical`
says that it depends on the parameters."""


def read_points(objective: Objective, table: Mapping[str, Any]) -> Objective:
    """The objective with the start and the critical points that its entry names.

    Raises:
        StudyError: If a point has too few or too many numbers, or is of no known kind.
        FormulaError: If a number cannot be read.
    """
    start = table.get("start")
    return replace(
        objective,
        start=() if start is None else _read_point(start, objective, len(objective.variables)),
        critical=tuple(_read_critical(row, objective) for row in table.get("critical", ())),
    )


def list_functions(objective: Objective) -> tuple[str, ...]:
    """The functions of all coordinates, where the objective has a vector or a list."""
    lists = any(isinstance(p.default, tuple) for p in objective.parameters.values())
    return tuple(VECTOR_FUNCTIONS) if objective.is_vector or lists else ()


def _read_critical(row: Any, objective: Objective) -> CriticalRow:
    place = objective.place
    if not isinstance(row, Mapping) or not {"at", "kind"} <= set(row):
        raise StudyError("A critical point needs `at` and `kind`.", place=place)
    check_keys(row, ("at", "value", "kind", "within", "coordinates", "when"), place=place)
    if row.get("when", "defaults") != "defaults":
        raise StudyError(
            "`when` says for which parameters the point is known.",
            place=place,
            known=("defaults",),
            hint='write `when = "defaults"`',
        )
    kind = str(row["kind"])
    if kind not in KINDS:
        nearest = suggest(kind, KINDS)
        raise StudyError(
            f"`{kind}` is no kind of critical point.",
            place=place,
            known=KINDS,
            hint=f"write `{nearest}`" if nearest else "",
        )
    count = row.get("coordinates")
    within: fmpq | None = None
    if "within" in row:
        within = parse_number(str(row["within"]), place=place)
    value = _read_number(row["value"], objective) if "value" in row else None
    at = _read_point(row["at"], objective, count or len(objective.variables))
    return CriticalRow(at, value, kind, within, count, is_default="when" in row)


def _read_point(given: Any, objective: Objective, count: int) -> tuple[Formula, ...]:
    """Formulas in the parameters: one for each variable, or one for all coordinates of a vector."""
    texts: Sequence[Any] = given if isinstance(given, list) else [given]
    if len(texts) != count and not (objective.is_vector and len(texts) == 1):
        raise StudyError(
            f"A point of `{objective.name}` has {count} numbers, not {len(texts)}.",
            place=objective.place,
            known=objective.variables,
        )
    return tuple(_read_number(text, objective) for text in texts)


def _read_number(text: Any, objective: Objective) -> Formula:
    known = (*objective.parameters, *((INDEX, "x") if objective.is_vector else ()))
    functions = list_functions(objective)
    return parse(str(text), names=known, functions=functions, place=objective.place)

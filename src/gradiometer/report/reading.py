"""What a figure needs from an answer: floats, columns and rows, whatever kind the values are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gradiometer.errors import GradiometerError, UndecidedError

if TYPE_CHECKING:
    from gradiometer.question import Answer


def to_plot_float(value: Any) -> float:
    """The value as a float64 to draw; NaN where it is no number."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return math.nan
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return math.copysign(math.inf, value)
    sign = getattr(value, "sign", None)
    if isinstance(sign, int):
        return math.copysign(math.inf, sign)
    return _exact_to_float(value)


def _exact_to_float(value: Any) -> float:
    from flint import arb, fmpq

    from gradiometer.formula import evaluate, free_names, to_float

    if isinstance(value, fmpq | arb):
        return to_float(value)
    try:
        return math.nan if free_names(value) else to_float(evaluate(value, {}))
    except (AttributeError, GradiometerError, UndecidedError, ValueError):
        return math.nan


def read_column(answer: Answer, name: str) -> list[float]:
    """The array *name* as floats; empty when the answer has none of that name."""
    series = answer.arrays.get(name)
    return [] if series is None else [to_plot_float(value) for value in series.values]


def read_path(answer: Answer) -> dict[str, list[float]]:
    """The coordinates of a run by the name of their variable, one number for each step."""
    found: dict[str, list[float]] = {}
    for name, series in answer.arrays.items():
        head, _, variable = series.about.partition("position, ")
        if not head and variable and variable != "exact" and series.dims == ("step",):
            found[variable] = read_column(answer, name)
    return found


def read_rows(answer: Answer, name: str) -> list[Mapping[str, Any]]:
    """The rows of the fact *name*; empty when there is no such table."""
    fact = answer.facts.get(name)
    value = None if fact is None else fact.value
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [row for row in value if isinstance(row, Mapping)]


def read_value(answer: Answer, name: str) -> Any:
    """The value of the fact *name*, or None where there is none."""
    fact = answer.facts.get(name)
    return None if fact is None else fact.value


def read_number(row: Mapping[str, Any], *keys: str) -> float:
    """The first of *keys* that the row has, as a float; NaN when it has none."""
    return next((to_plot_float(row[key]) for key in keys if key in row), math.nan)

"""Values of facts as lines and tables of the document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, final

from gradiometer.report.document import Code, Formula, Line, Table, clean
from gradiometer.report.mathml import read_latex

_LONG_LIST = 12
"""Items of a list that stand on one line; the rest is counted."""

_FIELDS = frozenset(
    {
        "exact_slope", "float64_slope", "from_step", "left_slope", "left_value", "right_slope",
        "right_value",
    }
)  # fmt: skip
"""Names of our own that are two words; any other name may be a user's and is kept."""

FORMULAS = frozenset({"derivative", "formula", "operation"})
"""Facts and fields whose text is a formula."""

_WORDS_OF_A_USER = frozenset({"read", "statement", "text"})
"""Fields of a row that hold a user's line, set as code."""

_ENDS = ("from", "to", "from_closed", "to_closed")
"""Fields of a row that together are one interval."""

_CODE = re.compile(r"`([^`]+)`")


def to_words(name: str) -> str:
    """A fact's name as words: `slope_range` is read "slope range"."""
    return clean(name.replace("_", " "))


def to_prose(text: str) -> Line:
    """A sentence as a line; what stands in backticks is code."""
    parts = _CODE.split(clean(text))
    line = [Code(part) if place % 2 else part for place, part in enumerate(parts)]
    return tuple(part for part in line if part != "")


def is_table(value: Any) -> bool:
    """Whether the value is too large for a line: several rows, or rows by name."""
    if isinstance(value, Mapping):
        rows = list(value.values())
        return any(_is_rows(row) for row in rows) or (_is_rows(rows) and _are_alike(rows))
    return _is_rows(value) and (len(value) > 1 or len(value[0]) > 3)


def _are_alike(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether these are several rows of the same several columns."""
    return len(rows) > 1 and len(rows[0]) > 3 and len({tuple(row) for row in rows}) == 1


def _is_rows(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(row, Mapping) for row in value)
    )


def to_line(value: Any, *, with_decimal: bool = False) -> Line:
    """The value on one line.

    Args:
        value: Any value of a fact.
        with_decimal: Whether a fraction is followed by its decimal.
    """
    if isinstance(value, str):
        return (clean(value.replace(" -> ", " → ")),)
    if value is None or isinstance(value, bool):
        return ("undecided" if value is None else "yes" if value else "no",)
    if isinstance(value, Mapping) and isinstance(value.get("at"), Mapping):
        return to_point(value)
    if isinstance(value, Mapping):
        return _list_lines(
            [(f"{_to_key(str(key))}: ", *_bracket(item)) for key, item in _first(value)], len(value)
        )
    if isinstance(value, list | tuple):
        return _to_list(value)
    return _to_formula(value, with_decimal=with_decimal)


def _to_list(value: Sequence[Any]) -> Line:
    return _list_lines([to_line(item) for item in value[:_LONG_LIST]], len(value))


def _first(value: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return list(value.items())[:_LONG_LIST]


def _list_lines(shown: Sequence[Line], total: int) -> Line:
    """Items with a separator that none of them contains, and how many there are in all."""
    separator = "; " if any("," in to_plain(line) for line in shown) else ", "
    line: list[Any] = []
    for place, item in enumerate(shown):
        line += [separator] * (place > 0) + list(item)
    left_out = [f"{separator}… ({total} in all)"] if total > len(shown) else []
    return tuple(line + left_out) or ("none",)


def _to_key(name: str) -> str:
    """Our own field names as words; a name that a user chose stays as it is."""
    return to_words(name) if name in _FIELDS else clean(name)


def to_point(point: Mapping[str, Any]) -> Line:
    """A counterexample as `x = 0, left side 3/2`: names with an equals sign."""
    line: list[Any] = []
    place = point.get("at")
    for key, value in (place if isinstance(place, Mapping) else {}).items():
        line += [", " if line else "at ", f"{clean(str(key))} = ", *to_line(value)]
    for key, value in point.items():
        if key != "at" or not isinstance(place, Mapping):
            word = {"left": "left side", "right": "right side"}.get(key, to_words(str(key)))
            line += [", "] * bool(line) + [f"{word} = ", *to_line(value)]
    return tuple(line)


def _bracket(value: Any) -> Line:
    """A value beside others: a list gets brackets, so that its end is seen."""
    is_list = isinstance(value, list | tuple) and len(value) > 0
    return ("[", *to_line(value), "]") if is_list else to_line(value)


def to_plain(line: Line) -> str:
    """The line in letters alone."""
    return "".join(part if isinstance(part, str) else getattr(part, "text", "") for part in line)


def _to_formula(value: Any, *, with_decimal: bool) -> Line:
    from flint import fmpq

    from gradiometer.formula import Interval, to_decimal
    from gradiometer.question import Infinity, to_value_text

    text = to_value_text(value)
    if isinstance(value, int) or (isinstance(value, fmpq) and value.q == 1 and "." not in text):
        return (Formula(f"{int(value if isinstance(value, int) else value.p):,}"),)
    if isinstance(value, Infinity):
        return (Formula(text, r"\infty" if value.sign > 0 else r"-\infty"),)
    if isinstance(value, Interval):
        return (Formula(text, _to_interval_latex(value)),)
    if isinstance(value, fmpq) and value.q != 1 and "/" in text:
        fraction = Formula(text, _to_fraction_latex(value))
        if not with_decimal:
            return (fraction,)
        decimal = to_decimal(value)
        is_short = len(decimal) <= 10
        return (fraction, f" = {decimal}" if is_short else f" ≈ {float(decimal):.8g}")
    return (Formula(text, _to_tree_latex(value)),)


def _to_fraction_latex(value: Any) -> str:
    sign = "-" if value < 0 else ""
    return f"{sign}\\frac{{{abs(int(value.p))}}}{{{value.q}}}"


def _to_tree_latex(value: Any) -> str:
    from gradiometer.formula import Apply, Constant, Name, Number, to_latex

    return to_latex(value) if isinstance(value, Apply | Constant | Name | Number) else ""


def _to_interval_latex(value: Any) -> str:
    from gradiometer.formula import to_latex

    if value.is_point:
        return rf"\left\{{{to_latex(value.lower)}\right\}}"
    lower = r"-\infty" if value.lower is None else to_latex(value.lower)
    upper = r"\infty" if value.upper is None else to_latex(value.upper)
    left, right = "[" if value.lower_closed else "(", "]" if value.upper_closed else ")"
    return rf"\left{left}{lower}, {upper}\right{right}"


def split_tables(value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tables of different columns that one value holds, and what else it holds; else nothing."""
    if not isinstance(value, Mapping):
        return {}, {}
    tables = {str(key): item for key, item in value.items() if _is_rows(item)}
    if len({tuple(rows[0]) for rows in tables.values()}) < 2:
        return {}, {}
    return tables, {str(key): item for key, item in value.items() if key not in tables}


def count_rows(value: Any) -> int:
    """How many rows the table of the value has."""
    if isinstance(value, Mapping):
        return sum(len(items) if _is_rows(items) else 1 for items in value.values())
    return len(value)


def to_table(caption: Line, value: Any) -> Table:
    """Rows, or rows by name, as a table; the names stand in the first column."""
    if isinstance(value, Mapping):
        rows: list[Mapping[str, Any]] = [
            {"": _Named(str(name)), **(row if isinstance(row, Mapping) else {"value": row})}
            for name, items in value.items()
            for row in (items if _is_rows(items) else [items])
        ]
    else:
        rows = [_join_ends(row) for row in value]
    keys = list(dict.fromkeys(key for row in rows for key in row))
    cells = tuple(tuple(_to_cell(key, row.get(key, "")) for key in keys) for row in rows)
    numeric = tuple(all(_is_number(row.get(key)) for row in rows) for key in keys)
    return Table(caption, tuple(to_words(key) for key in keys), cells, numeric=numeric)


@final
class _Named(str):
    """A name that the user chose, set as code."""


def _join_ends(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row with its two ends written as one interval."""
    if not all(key in row for key in _ENDS):
        return row
    ends = [to_plain(to_line(row[key])) for key in _ENDS[:2]]
    left, right = "[" if row["from_closed"] else "(", "]" if row["to_closed"] else ")"
    rest = {key: value for key, value in row.items() if key not in _ENDS}
    return {"for": f"{left}{ends[0]}, {ends[1]}{right}", **rest}


def _to_cell(key: str, value: Any) -> Line:
    if isinstance(value, _Named):
        return (Code(clean(value)),)
    if key == "because" and isinstance(value, str):
        return to_prose(value)
    if key in _WORDS_OF_A_USER and isinstance(value, str) and value:
        return (Code(clean(value)),)
    is_formula = key in FORMULAS and isinstance(value, str) and value != ""
    return (to_formula(value),) if is_formula else to_line(value)


def to_formula(text: str, latex: str = "") -> Formula:
    """A formula in plain notation, with its LaTeX where that is given or can be read."""
    return Formula(clean(text), latex or read_latex(text))


def _is_number(value: Any) -> bool:
    if isinstance(value, bool | str | Mapping | list | tuple) or value is None:
        return False
    if isinstance(value, int | float):
        return True
    return type(value).__name__ in {"fmpq", "arb", "Infinity"}

"""Values of facts as lines and tables of the document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gradiometer.report.document import Code, Formula, Line, Table, clean

_LONG_LIST = 12
"""Items of a list that stand on one line; the rest is counted."""

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
        return any(_is_rows(item) for item in value.values())
    return _is_rows(value) and (len(value) > 1 or len(value[0]) > 3)


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
        return (clean(value),)
    if value is None or isinstance(value, bool):
        return ("undecided" if value is None else "yes" if value else "no",)
    if isinstance(value, Mapping):
        pairs = [(f"{to_words(str(key))}: ", *_bracket(item)) for key, item in value.items()]
        return _join(pairs, ", ") or ("none",)
    if isinstance(value, list | tuple):
        return _to_list(value)
    return _to_formula(value, with_decimal=with_decimal)


def _to_list(value: Sequence[Any]) -> Line:
    shown = [to_line(item) for item in value[:_LONG_LIST]]
    has_comma = any("," in to_plain(line) for line in shown)
    line = _join(shown, "; " if has_comma else ", ") or ("none",)
    left_out = len(value) - _LONG_LIST
    return (*line, f", … ({len(value)} in all)") if left_out > 0 else line


def _bracket(value: Any) -> Line:
    """A value beside others: a list gets brackets, so that its end is seen."""
    is_list = isinstance(value, list | tuple) and len(value) > 0
    return ("[", *to_line(value), "]") if is_list else to_line(value)


def to_plain(line: Line) -> str:
    """The line in letters alone."""
    return "".join(part if isinstance(part, str) else getattr(part, "text", "") for part in line)


def _join(lines: Sequence[Line], separator: str) -> Line:
    joined: list[Any] = []
    for place, line in enumerate(lines):
        joined += [separator] * (place > 0) + list(line)
    return tuple(joined)


def _to_formula(value: Any, *, with_decimal: bool) -> Line:
    from flint import fmpq

    from gradiometer.formula import Interval, to_decimal
    from gradiometer.question import Infinity, to_value_text

    text = to_value_text(value)
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


def to_table(caption: Line, value: Any) -> Table:
    """Rows, or rows by name, as a table; the names stand in the first column."""
    if isinstance(value, Mapping):
        rows: list[Mapping[str, Any]] = [
            {"": _Named(str(name)), **(row if isinstance(row, Mapping) else {"value": row})}
            for name, items in value.items()
            for row in (items if _is_rows(items) else [items])
        ]
    else:
        rows = list(value)
    keys = list(dict.fromkeys(key for row in rows for key in row))
    cells = tuple(tuple(_to_cell(row.get(key, "")) for key in keys) for row in rows)
    numeric = tuple(all(_is_number(row.get(key)) for row in rows) for key in keys)
    return Table(caption, tuple(to_words(key) for key in keys), cells, numeric=numeric)


class _Named(str):
    """A name that the user chose, set as code."""


def _to_cell(value: Any) -> Line:
    return (Code(clean(value)),) if isinstance(value, _Named) else to_line(value)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool | str | Mapping | list | tuple) or value is None:
        return False
    if isinstance(value, int | float):
        return True
    return type(value).__name__ in {"fmpq", "arb", "Infinity"}

"""The part of an answer that a dotted path names, such as `cycle.period`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flint import fmpq

from gradiometer.errors import GradiometerError, UsageError, suggest
from gradiometer.formula import parse_number, to_rational_text
from gradiometer.question.answer import Answer, Fact
from gradiometer.question.value import Value


def find_fact(answer: Answer, path: str) -> tuple[Fact, Value]:
    """The fact that the path begins with, and the part of its value that the path ends at.

    Args:
        answer: Whose facts are meant.
        path: Names and indices with dots between them. A part is a key of an object, the value of
            the first field of a row, or an index from 0.

    Raises:
        UsageError: If there is no such fact or part.

    Example:
        >>> from gradiometer.question.answer import proved
        >>> rows = [{"via": "v1", "value": fmpq(-6)}, {"via": "v2", "value": fmpq(1)}]
        >>> answer = Answer("gradient", {}, {"contributions": proved({"a": rows}, "")})
        >>> find_fact(answer, "contributions.a.v1")[1]
        -6
    """
    name, *parts = (part.strip() for part in path.split("."))
    if name not in answer.facts:
        raise _no_part(
            f"The question `{answer.question}` has no fact `{name}`.", name, answer.facts
        )
    fact = answer.facts[name]
    value = fact.value
    for done, part in enumerate(parts):
        if value is None:
            return fact, None
        value = _step(value, part, ".".join([name, *parts[:done]]))
    return fact, value


def _step(value: Value, part: str, path: str) -> Value:
    if isinstance(value, Mapping):
        if part not in value:
            raise _no_part(f"`{path}` has no part `{part}`.", part, value)
        return value[part]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _row(value, part, path)
    raise UsageError(f"`{path}` is a single value, it has no part `{part}`.")


def _row(rows: Sequence[Value], part: str, path: str) -> Value:
    labels = [_label(row) for row in rows]
    wanted = _plain(part)
    for row, label in zip(rows, labels, strict=True):
        if label is not None and wanted == label:
            return _rest(row)
    if part.isdecimal() and int(part) < len(rows):
        return rows[int(part)]
    known = [label for label in labels if label is not None] or [str(i) for i in range(len(rows))]
    raise _no_part(f"`{path}` has no row `{part}`.", part, known)


def _label(row: Value) -> str | None:
    """The first field of a row as text; None for what is no row."""
    if not isinstance(row, Mapping) or not row:
        return None
    first = next(iter(row.values()))
    if isinstance(first, fmpq | int) and not isinstance(first, bool):
        return to_rational_text(fmpq(first))
    return first if isinstance(first, str) else None


def _plain(part: str) -> str:
    """A number in its shortest spelling, so that `15`, `15.0` and `30/2` name the same row."""
    try:
        return to_rational_text(parse_number(part))
    except GradiometerError:
        return part


def _rest(row: Mapping[str, Any]) -> Value:
    """The row without its label; the value itself where only one field is left."""
    fields = list(row.items())[1:]
    return fields[0][1] if len(fields) == 1 else dict(row)


def _no_part(problem: str, name: str, known: Any) -> UsageError:
    names = tuple(map(str, known))
    nearest = suggest(name, names)
    return UsageError(problem, known=names, hint=f"write `{nearest}`" if nearest else "")

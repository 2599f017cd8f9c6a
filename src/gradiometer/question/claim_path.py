"""The part of an answer that a dotted path names, such as `cycle.period`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import GradiometerError, UsageError
from gradiometer.formula import parse_number, to_rational_text
from gradiometer.question.answer import Answer, Fact
from gradiometer.question.value import Value, to_value_text

_MOST_LISTED = 20


@final
@dataclass(frozen=True)
class Missing:
    """That the value of a fact has no such part."""

    because: str


def find_fact(answer: Answer, path: str) -> tuple[Fact, Value | Missing]:
    """The fact that the path begins with, and the part of its value that the path ends at.

    Args:
        answer: Whose facts are meant.
        path: Names and indices with dots between them. A part is a key of an object, the value of
            the first field of a row, or an index from 0.

    Raises:
        UsageError: If the answer has no such fact.

    Example:
        >>> from gradiometer.question.answer import proved
        >>> rows = [{"via": "v1", "value": fmpq(-6)}, {"via": "v2", "value": fmpq(1)}]
        >>> answer = Answer("gradient", {}, {"contributions": proved({"a": rows}, "")})
        >>> find_fact(answer, "contributions.a.v1")[1]
        -6
    """
    name, *parts = (part.strip() for part in path.split("."))
    if name not in answer.facts:
        raise UsageError(f"The answer has no fact `{name}`.", known=tuple(answer.facts))
    fact = answer.facts[name]
    value = fact.value
    for done, part in enumerate(parts):
        if value is None:
            return fact, None
        value = _step(value, part, ".".join([name, *parts[:done]]))
        if isinstance(value, Missing):
            return fact, value
    return fact, value


def _step(value: Value, part: str, path: str) -> Value | Missing:
    if isinstance(value, Mapping):
        return value[part] if part in value else say_missing(path, part, value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _row(value, part, path)
    return Missing(f"`{path}` is {to_value_text(value)}, it has no part `{part}`")


def _row(rows: Sequence[Value], part: str, path: str) -> Value | Missing:
    labels = [_label(row) for row in rows]
    wanted = _plain(part)
    for row, label in zip(rows, labels, strict=True):
        if label is not None and wanted == label:
            return _rest(row)
    if part.isdecimal() and int(part) < len(rows):
        return rows[int(part)]
    known = [label for label in labels if label is not None] or [str(i) for i in range(len(rows))]
    return say_missing(path, part, known, "row")


def say_missing(path: str, part: str, known: Iterable[Any], what: str = "part") -> Missing:
    """That there is no such part, and which there are."""
    names = list(map(str, known))
    more = ", …" if len(names) > _MOST_LISTED else ""
    listed = ", ".join(f"`{name}`" for name in names[:_MOST_LISTED])
    there = f"the {what}s are {listed}{more}" if len(names) > 1 else (
        f"the only {what} is {listed}" if names else f"it has no {what}s"
    )  # fmt: skip
    return Missing(f"`{path}` has no {what} `{part}`: {there}")


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

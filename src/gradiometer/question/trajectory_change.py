"""Where a parameter changes what becomes of a run, between two values that are both proved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from flint import fmpq

from gradiometer.errors import GradiometerError, Place, UsageError
from gradiometer.formula import parse_number, to_float
from gradiometer.proof import Change, Ended, combine, find_changes, prove_end
from gradiometer.question.answer import Answer, Fact, Series, Step, proved, unknown
from gradiometer.question.course import Request

_USUAL, _MOST_VALUES = 17, 1000
_MOST_CHANGES = 6

_PLACE = Place("--between")
_HINT = "write such as `learning_rate=1/10:3` or `learning_rate=1/10:3:33`"


@final
@dataclass(frozen=True)
class Span:
    """The values of one parameter between which changes are looked for."""

    name: str
    low: fmpq
    high: fmpq
    count: int

    @property
    def values(self) -> list[fmpq]:
        """The values that are asked first, in order and at equal distances."""
        last = self.count - 1
        return [self.low + (self.high - self.low) * k / last for k in range(self.count)]

    @property
    def text(self) -> str:
        """How it is written."""
        return f"{self.name}={self.low}:{self.high}:{self.count}"


Reader: TypeAlias = Callable[[fmpq], Request]
"""The run that is asked for at a value of the parameter."""


def read_span(text: str, settings: Mapping[str, Any] | None) -> Span:
    """The span that `NAME=LOW:HIGH` or `NAME=LOW:HIGH:COUNT` writes.

    Args:
        text: What is written.
        settings: The values of the other parameters.

    Raises:
        UsageError: If it is no span, or the parameter has a value already.
        GradiometerError: If an end is no number.

    Example:
        >>> read_span("learning_rate=1/10:3", {}).count
        17
    """
    name, _, ends = (part.strip() for part in text.partition("="))
    parts = [part.strip() for part in ends.split(":")]
    if not name or len(parts) not in (2, 3) or not all(parts):
        raise UsageError(f"`{text[:60]}` is no range of a parameter.", place=_PLACE, hint=_HINT)
    low, high = (parse_number(part, place=_PLACE) for part in parts[:2])
    count = int(parts[2]) if len(parts) == 3 and parts[2].isdecimal() else _USUAL
    if len(parts) == 3 and not (parts[2].isdecimal() and 2 <= count <= _MOST_VALUES):
        problem = f"`{parts[2][:20]}` is no number of values from 2 to {_MOST_VALUES}."
        raise UsageError(problem, place=_PLACE, hint=_HINT)
    if low >= high:
        problem = f"`{text[:60]}` does not begin below its end."
        raise UsageError(problem, place=_PLACE, hint=f"write `{name}={high}:{low}`")
    if name in (settings or {}):
        problem = f"`{name}` has one value and a range of values."
        raise UsageError(problem, place=_PLACE, hint=f"leave `--set {name}` out")
    return Span(name, low, high, count)


def answer_changes(read: Reader, span: Span) -> Answer:
    """The answer: each change that is found, in a bracket whose two ends are proved.

    Args:
        read: Reads the run at a value.
        span: The values.

    Raises:
        GradiometerError: If a run at an end of the span cannot be read, or is none in one variable.
    """
    request, _ = read(span.low), read(span.high)
    known: dict[fmpq, Ended | str] = {}

    def prove(value: fmpq) -> Ended | str:
        if value not in known:
            known[value] = _prove(read, value)
        return known[value]

    rows, more, reason = find_changes(prove, span.values, span.name, most=_MOST_CHANGES)
    inputs = dict(request.inputs)
    short = span.name.rpartition(".")[2]
    inputs["set"] = {name: text for name, text in inputs["set"].items() if name != short}
    warnings = [
        f"Between {row.before.ending.value} and {row.after.ending.value} no bracket is narrower: "
        f"{row.reason}."
        for row in rows if row.reason
    ]  # fmt: skip
    if more:
        warnings.append(f"There are {more} more changes between the values that were asked; a "
                        "narrower range shows them.")  # fmt: skip
    asked = [(value, known[value]) for value in span.values]
    return Answer(
        "trajectory", {**inputs, "between": span.text}, {"changes": _to_fact(rows, span, reason)},
        tuple(_to_step(span, value, end) for value, end in asked),
        _list_series(span, known),
        combine(row.certificate for row in rows), tuple(warnings),
    )  # fmt: skip


def check_curve(request: Request) -> None:
    """Refuse a run whose verdict has no proof of this kind.

    Raises:
        UsageError: If it is in several variables, or each step has a loss of its own.
        GradiometerError: If the landscape cannot be used.
    """
    if len(request.start) > 1 or request.is_online:
        raise UsageError(
            "Changes of the verdict are proved in one variable, of one loss for all steps.",
            place=_PLACE, hint="leave `--between` out",
        )  # fmt: skip
    _ = request.course


def _prove(read: Reader, value: fmpq) -> Ended | str:
    try:
        course = read(value).course
    except GradiometerError as error:
        return error.problem.rstrip(".")
    return prove_end(course, value)


def _to_fact(rows: list[Change], span: Span, reason: str) -> Fact:
    if not rows:
        said = f"At {span.count} values no two neighbours are proved to end differently"
        said += f"; of some nothing is proved: {reason}." if reason else "."
        return unknown(f"{said} More values (`{span.name}=LOW:HIGH:COUNT`) may show a change.")
    value = [
        {"from": _to_row(row.before), "to": _to_row(row.after), "width": row.width} for row in rows
    ]
    because = (
        f"Between the two values of `{span.name}` the verdict changes: each of the two runs has a "
        "proof of its own. There may be other changes."
    )
    return proved(value, because)


def _list_series(span: Span, known: Mapping[fmpq, Ended | str]) -> dict[str, Series]:
    """The values that were asked first, and the word that is proved at each."""
    values = [to_float(value) for value in span.values]
    words = [_word(known[value]) for value in span.values]
    return {
        span.name.replace(".", "_"): Series(("at",), values, "1", "the values asked first"),
        "verdict": Series(("at",), words, "1", "what is proved there"),
    }


def _to_row(end: Ended) -> dict[str, Any]:
    row: dict[str, Any] = {"value": end.ending.value, "verdict": end.ending.word}
    if end.ending.limit is not None and end.limit is not None:
        row["limit"] = end.limit
    if end.ending.period is not None:
        row["period"] = end.ending.period
    return row


def _word(end: Ended | str) -> str:
    return "unknown" if isinstance(end, str) else end.ending.word


def _to_step(span: Span, value: fmpq, end: Ended | str) -> Step:
    because = f"Nothing is proved: {end}." if isinstance(end, str) else _describe(end)
    return Step(f"{span.name} = {value}: {_word(end)}", because)


def _describe(end: Ended) -> str:
    if end.ending.limit is not None:
        return f"A proof of its own: it converges to {end.ending.limit}."
    if end.ending.period is not None:
        return f"A proof of its own: the period is {end.ending.period}."
    return "A proof of its own, for all steps."

"""Gives errors their place in the document; refuses a line that can be read in two ways."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gradiometer.errors import FormulaError, GradiometerError
from gradiometer.question.chain_text import RELATION, Row, Source


class Located:
    """Gives errors their place: line and column of the document."""

    def __init__(self, source: Source, start: int, prefix: int) -> None:
        self._source = source
        self._start = start
        self._prefix = prefix

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, GradiometerError):
            raise locate(error, self._source, self._start - self._prefix, self._start) from None


def locate(error: GradiometerError, source: Source, start: int, least: int) -> GradiometerError:
    """The error with its place in the document; *start* is where its text begins."""
    offset = min(max(start + (error.start or 0), least), len(source.text))
    while offset < len(source.text) and source.text[offset] in " \n\t" and error.start is None:
        offset += 1
    shown, column = source.shown(offset)
    width = max(1, (error.end or 0) - (error.start or 0))
    return replace(
        error, text=shown, start=column, end=min(column + width, max(len(shown), column + 1)),
        place=source.place(offset) if source.name else None,
    )  # fmt: skip


def check_dash(source: Source, rows: Sequence[Row]) -> None:
    """A dash with a space behind it is a bullet in a list, and in a lone line it may be a minus.

    Raises:
        FormulaError: If there is one such line alone.
    """
    found = [row for row in rows if not row.is_marked and _DASH.match(_row_text(source, row))]
    if len(found) == 1 and RELATION.search(_row_text(source, found[0])):
        start = found[0].start
        text = _row_text(source, found[0])
        offset = text.index("-")
        with Located(source, start, 0):
            raise FormulaError(
                "This dash may be a bullet or a minus.", text=text, start=offset, end=offset + 1,
                hint="write `*` for a bullet, or no space behind a minus",
            )  # fmt: skip


def _row_text(source: Source, row: Row) -> str:
    return source.masked(row.start, row.end)


_DASH = re.compile(r"\s*-\s+\S")

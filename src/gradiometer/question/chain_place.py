"""Gives an error in a formula its place in the document: file, line and column."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gradiometer.errors import GradiometerError
from gradiometer.question.chain_text import Source


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

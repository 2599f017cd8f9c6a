"""An error about a computation, said at the place of its file, with the line and a mark."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

from gradiometer.errors import GradiometerError, Place
from gradiometer.question.gradient_source import Computation

_QUOTED = re.compile(r"`([^`]+)`")
_OWN = ("", "computation")
"""Names of places that are the computation itself."""


def point_at_line(error: GradiometerError, source: Computation) -> GradiometerError:
    """The error with the line of the file that holds its text, alone, in place of all lines.

    The text of a formula that was typed is shown inside the whole computation.
    """
    place = error.place or Place()
    is_elsewhere = place.source not in (*_OWN, source.name) or place.line is not None
    offset = -1 if is_elsewhere or not error.text else _find(source.text, error.text)
    if offset < 0:
        return error
    start = offset + (error.start or 0)
    length = max(1, (error.end or (error.start or 0) + 1) - (error.start or 0))
    if not source.path:
        return replace(
            error, text=source.text, start=start, end=start + length, place=Place(source.name)
        )
    first = source.text.rfind("\n", 0, start) + 1
    last = source.text.find("\n", start)
    line = source.text[first : last if last >= 0 else None].rstrip("\r")
    number = source.text.count("\n", 0, start)
    return replace(
        error,
        text=line,
        start=start - first,
        end=min(len(line), start - first + length),
        place=source.places[number]
        if number < len(source.places)
        else Place(source.path, number + 1, start - first + 1),
    )


def _find(text: str, part: str) -> int:
    """Where a whole formula stands in the text; any occurrence where it stands nowhere whole."""
    whole = re.search(rf"(?:^|[=;\n])[ \t\r]*({re.escape(part)})[ \t\r]*(?:$|[;\n])", text)
    return whole.start(1) if whole is not None else text.find(part)


def point_into_list(error: GradiometerError, source: Computation, of: str) -> GradiometerError:
    """The error of a list with the line it names and a mark under the name that is wrong."""
    place = error.place
    if place is None or place.source != source.name:
        return error
    if place.line is None:
        return error if not source.path else replace(error, place=Place(source.path, 1))
    line = next(itertools.islice(source.lines(), place.line - 1, None), None)
    if line is None:
        # The sum of outputs is read as a line behind the last one.
        return _mark(replace(error, text="", place=Place("of")), of)
    if not error.text:
        error = _mark(error, line.rstrip("\r\n"))
    if not source.path:
        return replace(error, place=Place(source.name))
    if place.line <= len(source.places):
        return replace(error, place=source.places[place.line - 1])
    return error


def _mark(error: GradiometerError, line: str) -> GradiometerError:
    """The error with the line; the first word that it quotes is marked there."""
    quoted = _QUOTED.search(error.problem)
    word = re.escape(quoted.group(1)) if quoted else "(?!)"
    # The name on the left is where a value goes, not where one is missing.
    found = re.search(rf"(?<![\w'])({word})(?![\w'])(?!\s*=(?!=))", line)
    start, end = found.span(1) if found else (None, None)
    place = error.place
    if start is not None and place is not None and place.line is not None:
        place = Place(place.source, place.line, start + 1)
    return replace(error, text=line, start=start, end=end, place=place)

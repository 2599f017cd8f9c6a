"""A CSV file as columns: the first line names them, `,`, `;` or a tab stands between cells."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from gradiometer.errors import Place, StudyError
from gradiometer.model.dataset_table import (
    Column,
    Point,
    Spot,
    check_names,
    check_size,
    is_number,
    to_column,
)
from gradiometer.model.toml_source import read_file

_MOST_BYTES = 100_000_000


@final
@dataclass(frozen=True)
class _Record:
    """One line of the table; a cell in quotes may make it several lines of the file."""

    line: int
    cells: list[str]


def read_csv(path: Path) -> tuple[list[Column], Point]:
    """The columns of a file, and how a cell of it is pointed at.

    Raises:
        StudyError: If it is no CSV, its rows differ in length, or names are missing or twice there.
        LimitError: If it is larger than the stated limits.
    """
    text = read_file(path, most_bytes=_MOST_BYTES)
    # The same lines for the reader and for errors: other breaks than these stay inside a cell.
    lines = list(io.StringIO(text, newline=""))
    nul = next((number for number, line in enumerate(lines) if "\0" in line), None)
    if nul is not None:
        raise StudyError("The file holds a NUL, so it is no text.", place=Place(str(path), nul + 1),
                         hint="write it anew as UTF-8 text")  # fmt: skip
    first = next((line for line in lines if line.strip()), "")
    separator = max(",;\t", key=first.count)
    records = _read_records(path, lines, separator)
    if not records:
        raise StudyError(
            "The file is empty.", place=Place(str(path)), hint="write a line of names first"
        )
    header, *rows = records
    _check_header(path, lines, header, separator)
    check_size(path, examples=len(rows), columns=len(header.cells))
    names = header.cells
    for row in rows:
        if len(row.cells) != len(names):
            raise StudyError(
                f"The line has {len(row.cells)} cells; the first line names {len(names)} columns.",
                place=Place(str(path), row.line),
                text=lines[row.line - 1].rstrip("\r\n"),
                hint=f"write {len(names)} cells with `{separator}` between them",
            )
    places = {name: index for index, name in enumerate(names)}

    def point(row: int, name: str) -> Spot:
        return _point(path, lines, rows[row].line, places[name], separator)

    cells = zip(*(row.cells for row in rows), strict=True)
    return [to_column(name, words) for name, words in zip(names, cells, strict=True)], point


def _read_records(path: Path, lines: Sequence[str], separator: str) -> list[_Record]:
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
    records: list[_Record] = []
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            at = min(reader.line_num, len(lines))
            raise StudyError(
                f"The file is no CSV: {error}.",
                place=Place(str(path), max(1, line if "end of data" in str(error) else at)),
                text=lines[min(line, len(lines)) - 1].rstrip("\r\n"),
                hint='write "" for a quotation mark inside quotes, and close every quote',
            ) from None
        if cells is None:
            return records
        stripped = [cell.strip() for cell in cells]
        if len(stripped) > 1 or any(stripped):
            records.append(_Record(line, stripped))


def _check_header(path: Path, lines: Sequence[str], header: _Record, separator: str) -> None:
    def complain(index: int, problem: str, hint: str) -> StudyError:
        spot = _point(path, lines, header.line, index, separator)
        return StudyError(
            problem, place=spot.place, text=spot.text, start=spot.start, end=spot.end, hint=hint
        )

    # Without this, a file that begins with an example would lose it in silence.
    if all(map(is_number, header.cells)):
        raise complain(
            0, "The first line holds numbers, not the names of columns.",
            "write a line of names first, such as x1,x2,y",
        )  # fmt: skip
    check_names(header.cells, complain)


def _point(path: Path, lines: Sequence[str], line: int, index: int, separator: str) -> Spot:
    """The cell with that number in a line; a cell behind a line break is pointed at by the line."""
    text = lines[line - 1].rstrip("\r\n")
    start = is_quoted = 0
    cell = 0
    for place, sign in enumerate(f"{text}{separator}"):
        is_quoted ^= sign == '"'
        if sign == separator and not is_quoted:
            if cell == index:
                start += len(text[start:place]) - len(text[start:place].lstrip())
                return Spot(Place(str(path), line, start + 1), "", text, start, max(place, start))
            start, cell = place + 1, cell + 1
    return Spot(Place(str(path), line), "", text)

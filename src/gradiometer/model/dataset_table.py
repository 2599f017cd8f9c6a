"""Columns of any format become a data set: checked cell by cell, errors pointing at the cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, final

import numpy as np

from gradiometer.errors import LimitError, Place, StudyError, UsageError
from gradiometer.model.dataset import (
    MOST_CLASSES,
    MOST_EXAMPLES,
    MOST_INPUTS,
    MOST_VALUES,
    Dataset,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEW = 20
"""Whole numbers with at most that many different values are read as classes."""
_LARGEST = 1e100
"""Squares and sums of larger values overflow."""
_MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", "nil", "?", "-"))
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)


@final
@dataclass(frozen=True, eq=False)
class Spot:
    """Where a cell stands, for an error."""

    place: Place
    said: str = ""
    """Such as ` of example 7`, where the place alone does not say it."""
    text: str = ""
    start: int | None = None
    end: int | None = None


Point: TypeAlias = Callable[[int, str], Spot]
"""From the number of an example, counted from 0, and the name of a column to its cell."""


@final
@dataclass(frozen=True, eq=False)
class Column:
    """One column: numbers, or words where some cell is no number."""

    name: str
    numbers: NDArray[np.float64] | None
    words: Sequence[str] | None = None
    """What is written, where the format is text or the cells are texts."""
    is_whole: bool = False
    """Whether every cell is written as a whole number."""


def to_column(name: str, words: Sequence[str]) -> Column:
    """The column of cells that are written as text."""
    try:
        numbers = np.array([float(word) for word in words])
    except ValueError:
        return Column(name, None, words)
    # Python reads more as a number than a file should hold: `1_0`, `nan`, digits of any script.
    if not all(map(_NUMBER.fullmatch, words)):
        return Column(name, None, words)
    return Column(name, numbers, words, is_whole=all(map(_WHOLE.fullmatch, words)))


def build_dataset(
    path: Path, inputs: Sequence[Column], aims: Sequence[Column], *, kind: str, point: Point
) -> Dataset:
    """The data set of those columns.

    Args:
        path: The file.
        inputs: What is known of each example.
        aims: What is to be predicted: one column of classes, or one or more of numbers.
        kind: `class`, `number`, or nothing where the cells decide.
        point: Where a cell stands.

    Raises:
        StudyError: If a cell is missing, no number or not finite, or the target does not vary.
        LimitError: If there is more than the stated limits.
        UsageError: If no input is left.
    """
    if not inputs:
        raise UsageError(
            "No column is left as an input.", place=Place(str(path)), hint="name fewer targets"
        )
    matrix = np.column_stack([_numbers_of(column, point) for column in inputs])
    names = tuple(column.name for column in inputs)
    is_class = kind == "class" or (not kind and len(aims) == 1 and _looks_like_class(aims[0]))
    labels = targets = None
    classes: tuple[str, ...] = ()
    if is_class:
        labels, classes = _read_labels(path, aims[0], point)
    else:
        targets = np.column_stack([_numbers_of(column, point) for column in aims])
        for column, values in zip(aims, targets.T, strict=True):
            if (values == values[0]).all():
                raise StudyError(
                    f"The target `{column.name}` is the same for every example: {values[0]:g}.",
                    place=Place(str(path)),
                    hint="name another target",
                )
    return Dataset(path.name, matrix, labels, targets, classes, names, str(path))


def check_size(path: Path, *, examples: int, columns: int) -> None:
    """Refuse a table that is empty or too large, before its cells are read.

    Raises:
        StudyError: If it has no example.
        LimitError: If it is larger than the stated limits.
    """
    place = Place(str(path))
    if not examples or not columns:
        raise StudyError("The file has no examples.", place=place, hint="add one example a line")
    for count, most, what in (
        (examples, MOST_EXAMPLES, "examples"),
        (columns, MOST_INPUTS, "columns"),
        (examples * columns, MOST_VALUES, "values"),
    ):
        if count > most:
            raise LimitError(
                f"The file has {count:,} {what}; at most {most:,} are read.",
                place=place,
                hint="take a part of it",
            )


def _looks_like_class(column: Column) -> bool:
    """Whether cells are texts, or few different whole numbers."""
    if column.numbers is None:
        words = column.words or ()
        return not all(_is_odd_number(word) or _NUMBER.fullmatch(word) for word in words)
    return column.is_whole and len(np.unique(column.numbers)) <= _FEW


def _is_odd_number(word: str) -> bool:
    """Whether a cell is missing or infinite: what a column of numbers may hold by mistake."""
    return word.lower() in _MISSING or _INFINITE.fullmatch(word) is not None


def _numbers_of(column: Column, point: Point) -> NDArray[np.float64]:
    """The cells as finite numbers."""
    if column.numbers is not None:
        # NaN fails the comparison as well.
        is_fine = np.abs(column.numbers) <= _LARGEST
        if is_fine.all():
            return column.numbers
        row = int(np.argmin(is_fine))
        word = str(column.words[row]) if column.words is not None else f"{column.numbers[row]:g}"
        raise _cell_error(word, column.name, point(row, column.name))
    words = list(column.words or ())
    row = next(row for row, word in enumerate(words) if not _NUMBER.fullmatch(word))
    raise _cell_error(words[row], column.name, point(row, column.name))


def _cell_error(word: str, name: str, spot: Spot) -> StudyError:
    said = f" in column `{name}`{spot.said}"
    if word.lower() in _MISSING:
        problem, hint = f"A value is missing{said}.", "fill it in, or leave out that example"
    elif _INFINITE.fullmatch(word):
        problem, hint = f"`{word}`{said} is not finite.", "leave out that example"
    elif _NUMBER.fullmatch(word):
        problem = f"`{word}`{said} is larger than {_LARGEST:g}."
        hint = "choose a larger unit for that column"
    else:
        shown = word if len(word) <= 40 else f"{word[:39]}…"
        problem = f"`{shown}`{said} is no number."
        hint = f"write numbers in `{name}`, name it as the target, or take it out of the file"
    return StudyError(
        problem, place=spot.place, text=spot.text, start=spot.start, end=spot.end, hint=hint
    )


def _read_labels(
    path: Path, column: Column, point: Point
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """The class of each example, and the names of the classes in ascending order."""
    if column.numbers is not None or column.words is None:
        numbers, labels = np.unique(_numbers_of(column, point), return_inverse=True)
        classes = tuple(str(int(n)) if n == int(n) else repr(float(n)) for n in numbers)
    else:
        row = next((r for r, word in enumerate(column.words) if word.lower() in _MISSING), None)
        if row is not None:
            raise _cell_error("", column.name, point(row, column.name))
        # NumPy's texts would drop a NUL at the end and so make two classes one.
        classes = tuple(sorted(set(column.words)))
        places = {word: index for index, word in enumerate(classes)}
        labels = np.array([places[word] for word in column.words])
    if len(classes) < 2:
        raise StudyError(
            f"The target `{column.name}` has one class only: `{''.join(classes)}`.",
            place=Place(str(path)),
            hint="name another target, or add examples of another class",
        )
    if len(classes) > MOST_CLASSES:
        raise LimitError(
            f"The target `{column.name}` has {len(classes):,} classes; "
            f"at most {MOST_CLASSES:,} are read.",
            place=Place(str(path)),
            hint=f"write `{column.name} as number` if they are numbers",
        )
    return labels.reshape(-1).astype(np.int64), classes


def check_names(names: Sequence[str], complain: Callable[[int, str, str], Exception]) -> None:
    """Refuse columns without a name, or with one that stands twice.

    Args:
        names: In the order of the columns.
        complain: Makes the error from the column's number, a problem and a hint.

    Raises:
        GradiometerError: What *complain* makes.
    """
    seen: set[str] = set()
    for index, name in enumerate(names):
        if not name:
            raise complain(index, f"Column {index + 1} has no name.", "give it one")
        if name in seen:
            raise complain(index, f"Two columns are called `{name}`.", "rename one of them")
        seen.add(name)


def is_number(word: str) -> bool:
    """Whether a cell is written as a finite or an overflowing number, with a decimal point."""
    return _NUMBER.fullmatch(word) is not None

"""Data sets that ship with a package: its files are read, the package itself is not loaded."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import zlib
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradiometer.errors import Place, StudyError, UsageError
from gradiometer.model.dataset import Dataset
from gradiometer.model.entry import check_keys

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KEYS = ("package", "install", "file", "targets", "separator", "skip", "examples", "inputs",
         "outputs")  # fmt: skip
_NEEDED = ("package", "install", "file", "examples", "inputs")


def load_dataset(table: Mapping[str, Any], *, place: Place) -> Dataset:
    """The examples of an entry with `[stored]`, read from the files of the package it names.

    Without `targets`, a file of their own, the last number of each line is the class.

    Raises:
        StudyError: If the entry lacks a part, or the file is not what the entry says.
        UsageError: If the package is not installed.
    """
    from gradiometer.model.dataset_entry import read_classes

    stored = table["stored"]
    if not isinstance(stored, Mapping):
        raise StudyError("`stored` is no table.", place=place)
    check_keys(stored, _KEYS, place=place)
    for key in _NEEDED:
        if key not in stored:
            raise StudyError(f"`stored` does not say its `{key}`.", place=place)
    classes = read_classes(table, place)
    names = tuple(map(str, stored["inputs"]))
    folder = _find_folder(str(stored["package"]), str(stored["install"]))
    wide = len(names) + bool(classes)
    rows = _read_numbers(folder / str(stored["file"]), stored, wide)
    labels = targets = None
    if classes:
        labels = rows[:, -1].astype(np.int64)
        if not (np.array_equal(labels, rows[:, -1]) and set(labels) == set(range(len(classes)))):
            raise StudyError("The classes of the file are not those of the entry.", place=place)
    else:
        outputs = stored.get("outputs", ())
        own = {**stored, "skip": 0}
        targets = _read_numbers(folder / str(stored.get("targets", "")), own, len(outputs))
    version = metadata.version(str(stored["install"]))
    return Dataset(
        str(table.get("name", "data")),
        np.ascontiguousarray(rows[:, : len(names)]),
        labels,
        targets,
        classes,
        names,
        f"{stored['install']} {version}: {stored['file']}",
    )


def _find_folder(package: str, install: str) -> Path:
    # A name with a point would load the package before it.
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise UsageError(
            f"The data set is a file of `{install}`, which is not installed.",
            hint=f"run `pip install {install}`",
        )
    return Path(folders[0])


def _read_numbers(path: Path, stored: Mapping[str, Any], wide: int) -> NDArray[np.float64]:
    """The numbers of a file, as many in each line as the entry says."""
    place = Place(path.name)
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("ascii")
        lines: Sequence[str] = text.splitlines()[int(stored.get("skip", 0)) :]
        separator = str(stored.get("separator", ","))
        rows = np.array([[float(n) for n in row] for row in csv.reader(lines, delimiter=separator)])
    except (OSError, EOFError, zlib.error, ValueError, csv.Error):
        raise _changed(stored, place) from None
    if rows.shape != (stored["examples"], wide) or not np.isfinite(rows).all():
        raise _changed(stored, place)
    return rows


def _changed(stored: Mapping[str, Any], place: Place) -> StudyError:
    return StudyError(
        f"This version of `{stored['install']}` has no file with these examples.",
        place=place,
        hint=f"run `pip install --upgrade {stored['install']}`",
    )

"""Data sets in a user's own files: which reader a name means, and what the target is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from gradiometer.errors import Place, UsageError, unknown_name
from gradiometer.model.dataset import Dataset
from gradiometer.model.dataset_table import Column, Point, build_dataset

FORMATS = (".csv", ".npz", ".parquet")

_USUAL = ("target", "targets", "label", "labels", "class", "y")
"""Columns that are the target when nobody says another one."""
_AS = re.compile(r"(.+?)\s+as\s+(class|number)", re.DOTALL)


def read_dataset_file(named: str, *, target: str | None) -> Dataset:
    """The examples of a file that ends in one of `FORMATS`.

    Raises:
        StudyError: If it cannot be used; the error points into it.
        UsageError: If the target is not said, or a library that reads the format is missing.
        UnknownNameError: If there is no such column.
        LimitError: If it is larger than the stated limits.
    """
    path = Path(named)
    if named.lower().endswith(".csv"):
        from gradiometer.model.dataset_csv import read_csv

        return _choose(path, *read_csv(path), target=target)
    if named.lower().endswith(".npz"):
        from gradiometer.model.dataset_npz import read_npz

        return read_npz(path, target=target)
    from gradiometer.model.dataset_parquet import read_parquet

    return _choose(path, *read_parquet(path), target=target)


def _choose(path: Path, columns: Sequence[Column], point: Point, *, target: str | None) -> Dataset:
    """The data set whose targets are the named columns and whose inputs are all the others."""
    names = [column.name for column in columns]
    wanted, kind = find_target(target, names, path)
    aims = [column for column in columns if column.name in wanted]
    rest = [column for column in columns if column.name not in wanted]
    return build_dataset(path, rest, aims, kind=kind, point=point)


def find_target(target: str | None, names: Sequence[str], path: Path) -> tuple[list[str], str]:
    """The columns that *target* names, and `class`, `number` or nothing for what they are.

    Raises:
        UsageError: If nobody names one, and not exactly one column has a usual name.
        UnknownNameError: If there is no such column.
    """
    if target is None:
        found = [name for name in names if name.lower() in _USUAL]
        if len(found) == 1:
            return found, ""
        said = "None" if not found else "More than one"
        raise UsageError(
            f"{said} of the columns is called like a target, so it must be said which one is.",
            place=Place(str(path)),
            known=tuple(names),
            hint=f"set it, for example `--target {(found or [*names] or ['y'])[-1]}`",
        )
    if target in names:
        return [target], ""
    kinded = _AS.fullmatch(target.strip())
    text, kind = (kinded[1], kinded[2]) if kinded else (target, "")
    parts = [text] if text in names else [part.strip() for part in text.split(",")]
    for part in parts:
        if part not in names:
            raise unknown_name(
                part, names, problem=f"There is no column `{part}`.", text=target,
                start=target.find(part), end=target.find(part) + len(part), place=Place("target"),
            )  # fmt: skip
    if kind == "class" and len(parts) > 1:
        raise UsageError(
            "Classes are one column, not several.",
            place=Place("target"),
            hint=f"write `{parts[0]} as class`",
        )
    return parts, kind if len(set(parts)) == 1 else "number"

"""An NPZ file as a data set: arrays of numbers or texts; nothing in it is ever unpickled."""

from __future__ import annotations

import math
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradiometer.errors import LimitError, Place, StudyError
from gradiometer.model.dataset import MOST_VALUES, Dataset
from gradiometer.model.dataset_file import find_target
from gradiometer.model.dataset_table import (
    Column,
    Spot,
    build_dataset,
    check_names,
    check_size,
    to_column,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_INPUTS = ("inputs", "X", "x")
_NAMES = "input_names"
_MOST_ARRAYS = 64
_MOST_BYTES = 8 * MOST_VALUES
_MOST_HEADER = 10_000
_HEADER = re.compile(
    r"\{'descr': *'(?P<kind>[<>|=]?[A-Za-z]\d*)', *'fortran_order': *(?P<fortran>True|False), *"
    r"'shape': *\((?P<shape>[\d, ]*)\),? *\} *\n?",
    re.ASCII,
)
_KINDS = re.compile(r"[<>|=]?(f[248]|[iu][1248]|b1|U[1-9]\d{0,3}|S[1-9]\d{0,3})", re.ASCII)


def read_npz(path: Path, *, target: str | None) -> Dataset:
    """The examples of a file with `inputs` (or `X`) and a target such as `labels` or `y`.

    Each row of the inputs is one example; further dimensions are joined. Texts may be given in
    `input_names`, and for labels.

    Raises:
        StudyError: If it is no NPZ, holds Python objects, or its arrays do not fit.
        UsageError: If its target is not said.
        LimitError: If it is larger than the stated limits.
    """
    place = Place(str(path))
    arrays = _read_arrays(path)
    found = [name for name in _INPUTS if name in arrays]
    if len(found) != 1:
        raise StudyError(
            f"The file has {'no' if not found else 'more than one'} array of inputs.",
            place=place,
            known=tuple(arrays),
            hint="call it `inputs`, with one example a row",
        )
    rest = [name for name in arrays if name not in (found[0], _NAMES)]
    wanted, kind = find_target(target, rest, path)
    unread = [name for name in rest if name not in wanted]
    if unread:
        raise StudyError(
            f"The array `{unread[0]}` is neither inputs nor target.",
            place=place,
            known=(*_INPUTS, _NAMES, *wanted),
            hint=f"leave it out, or name all targets: `--target {','.join(rest)}`",
        )
    for name in (found[0], *wanted):
        _check_rows(path, name, arrays[name], len(arrays[found[0]]) if arrays[name].ndim else 0)
    matrix = arrays[found[0]]
    inputs = _split(matrix, _read_names(path, arrays, matrix))
    aims = [c for name in wanted for c in _split(arrays[name], _number(name, arrays[name]))]
    check_size(path, examples=len(matrix), columns=len(inputs) + len(aims))

    def point(row: int, _name: str) -> Spot:
        return Spot(place, f" of example {row + 1}")

    return build_dataset(path, inputs, aims, kind=kind, point=point)


def _check_rows(path: Path, name: str, array: NDArray[Any], rows: int) -> None:
    if not array.ndim or len(array) != rows:
        raise StudyError(
            f"The array `{name}` has {len(array) if array.ndim else 'no'} rows; "
            f"the inputs have {rows}.",
            place=Place(str(path)),
            hint="give every example one row in each array",
        )


def _read_names(path: Path, arrays: Mapping[str, NDArray[Any]], matrix: NDArray[Any]) -> list[str]:
    given = arrays.get(_NAMES)
    if given is None:
        return _number("x", matrix) if matrix.ndim > 1 else ["x"]
    names = [str(name) for name in given.reshape(-1).tolist()]
    if len(names) != _width(matrix):
        raise StudyError(
            f"`{_NAMES}` has {len(names)} names for {_width(matrix)} inputs.",
            place=Place(str(path)),
            hint="give one name for each column",
        )
    check_names(
        names, lambda _, problem, hint: StudyError(problem, place=Place(str(path)), hint=hint)
    )
    return names


def _number(name: str, array: NDArray[Any]) -> list[str]:
    return [f"{name}{i + 1}" for i in range(_width(array))] if array.ndim > 1 else [name]


def _width(array: NDArray[Any]) -> int:
    return math.prod(array.shape[1:])


def _split(array: NDArray[Any], names: Sequence[str]) -> list[Column]:
    """The columns of an array, further dimensions joined."""
    flat = array.reshape(len(array), _width(array)) if array.size else array.reshape(0, len(names))
    columns = []
    for name, values in zip(names, flat.T, strict=True):
        if array.dtype.kind in "US":
            words = [str(w, "utf-8", "replace") if isinstance(w, bytes) else str(w) for w in values]
            columns.append(to_column(name, words))
        else:
            is_whole = array.dtype.kind in "iub"
            columns.append(Column(name, values.astype(np.float64), is_whole=is_whole))
    return columns


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Every array of the file by its name."""
    place = Place(str(path))
    try:
        with zipfile.ZipFile(path) as file:
            members = [row for row in file.infolist() if row.filename.endswith(".npy")]
            names = [row.filename[:-4] for row in members]
            if len(members) > _MOST_ARRAYS or len(set(names)) < len(names):
                raise StudyError(
                    "The file holds too many arrays, or one of them twice.", place=place
                )
            total = sum(row.file_size for row in members)
            if total > _MOST_BYTES:
                raise LimitError(
                    f"The arrays have {total:,} bytes; at most {_MOST_BYTES:,} are read.",
                    place=place, hint="take a part of them",
                )  # fmt: skip
            return {
                name: _read_array(path, name, file, row)
                for name, row in zip(names, members, strict=True)
            }
    except OSError as error:
        reason = error.strerror or "it is damaged"
        raise StudyError(f"The file cannot be read: {reason}.", place=place) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
            ValueError):  # fmt: skip
        raise StudyError(
            "The file is no NPZ, or it is damaged.", place=place, hint="write it with numpy.savez"
        ) from None


def _read_array(path: Path, name: str, file: zipfile.ZipFile, row: zipfile.ZipInfo) -> NDArray[Any]:
    """One array; its header is believed only as far as the bytes that are there."""
    with file.open(row) as stream:
        head = stream.read(10)
        if head[:6] != b"\x93NUMPY" or head[6:7] not in (b"\x01", b"\x02"):
            raise _no_array(path, name)
        more = stream.read(2) if head[6] == 2 else b""
        size = int.from_bytes(head[8:] + more, "little")
        found = None
        if size <= _MOST_HEADER:
            found = _HEADER.fullmatch(stream.read(size).decode("latin-1").strip(" "))
        if found is None or not _KINDS.fullmatch(found["kind"]):
            raise _no_array(path, name)
        shape = tuple(int(n) for n in found["shape"].replace(" ", "").split(",") if n)
        kind = np.dtype(found["kind"])
        wanted = math.prod(shape) * kind.itemsize
        if len(shape) > 8 or wanted > row.file_size:
            raise _no_array(path, name)
        data = stream.read(wanted)
        if len(data) != wanted:
            raise _no_array(path, name)
    order = "F" if found["fortran"] == "True" else "C"
    return np.frombuffer(data, dtype=kind).reshape(shape, order=order)


def _no_array(path: Path, name: str) -> StudyError:
    return StudyError(
        f"`{name}` is no array of numbers or texts; Python objects are never unpickled.",
        place=Place(str(path)),
        hint="save it as numbers, `numpy.savez(path, inputs=..., labels=...)`",
    )

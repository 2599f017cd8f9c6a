"""A Parquet file as columns, read with pyarrow where it is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gradiometer.errors import LimitError, Place, StudyError, UsageError
from gradiometer.model.dataset_table import (
    Column,
    Point,
    Spot,
    check_names,
    check_size,
    to_column,
)

_MOST_BYTES = 1_000_000_000


def read_parquet(path: Path) -> tuple[list[Column], Point]:
    """The columns of a file, and how a cell of it is pointed at.

    Raises:
        UsageError: If pyarrow is not installed.
        StudyError: If the file is damaged, or a column is neither numbers nor texts.
        LimitError: If it is larger than the stated limits.
    """
    place = Place(str(path))
    try:
        import pyarrow as pa
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise UsageError(
            "Parquet files are read with pyarrow, which is not installed.",
            place=place,
            hint="run `pip install 'gradiometer[data]'`",
        ) from None
    try:
        file = ParquetFile(path)
        _check_metadata(path, file.metadata)
        table = file.read(use_threads=False)
    except OSError as error:
        reason = error.strerror or "it is damaged"
        raise StudyError(f"The file cannot be read: {reason}.", place=place) from None
    except (pa.ArrowException, ValueError, OverflowError, MemoryError):
        raise StudyError(
            "The file is no Parquet, or it is damaged.",
            place=place,
            hint="write it anew, for example with `DataFrame.to_parquet`",
        ) from None

    def complain(_index: int, problem: str, hint: str) -> StudyError:
        return StudyError(problem, place=place, hint=hint)

    check_names(table.column_names, complain)
    columns = [
        _to_column(path, name, table.column(index)) for index, name in enumerate(table.column_names)
    ]
    return columns, lambda row, _name: Spot(place, f" of example {row + 1}")


def _check_metadata(path: Path, metadata: Any) -> None:
    """Refuse what is too large by its own account, before anything is unpacked."""
    check_size(path, examples=metadata.num_rows, columns=metadata.num_columns)
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    total = sum(group.total_byte_size for group in groups)
    if total > _MOST_BYTES:
        raise LimitError(
            f"The columns have {total:,} bytes; at most {_MOST_BYTES:,} are read.",
            place=Place(str(path)),
            hint="take a part of them",
        )


def _to_column(path: Path, name: str, cells: Any) -> Column:
    import pyarrow as pa

    kind = cells.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if is_text:
        return to_column(name, ["" if word is None else word for word in cells.to_pylist()])
    is_whole = pa.types.is_integer(kind) or pa.types.is_boolean(kind)
    if not (is_whole or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise StudyError(
            f"The column `{name}` holds `{cells.type}`, which is neither a number nor a text.",
            place=Place(str(path)),
            hint="write numbers, or leave it out",
        )
    numbers = [np.nan if cell is None else float(cell) for cell in cells.to_pylist()]
    return Column(name, np.array(numbers), is_whole=is_whole)

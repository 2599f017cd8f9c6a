"""The arrays of an answer as comma-separated columns."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from gradiometer.errors import UsageError

if TYPE_CHECKING:
    from gradiometer.question import Answer


def to_csv(answer: Answer) -> str:
    """The one-dimensional arrays as columns under their names; a shorter one ends in empty cells.

    Raises:
        UsageError: If the answer has no such arrays.
    """
    columns = {n: s.to_list() for n, s in answer.arrays.items() if len(s.dims) == 1}
    if not columns:
        raise UsageError(
            f"The answer to `{answer.question}` has no arrays to write as columns.",
            hint="use `--json`",
        )
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    for index in range(max(map(len, columns.values()))):
        writer.writerow(
            _to_cell(values[index]) if index < len(values) else "" for values in columns.values()
        )
    return stream.getvalue()


def _to_cell(value: Any) -> str:
    from gradiometer.question import to_json_value

    if value is None:
        return ""
    plain = to_json_value(value)
    if isinstance(plain, dict):
        return str(plain.get("exact") or plain.get("decimal") or plain)
    return str(plain).lower() if isinstance(plain, bool) else str(plain)

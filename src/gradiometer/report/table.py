"""The arrays of an answer as comma-separated columns."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from gradiometer.errors import UsageError

if TYPE_CHECKING:
    from gradiometer.question import Answer


def to_csv(answer: Answer) -> str:
    """The one-dimensional arrays as columns under their names; a shorter one ends in empty cells.

    Where they only name the places of larger arrays, there is a row for each place: of the
    dimensions that most of the larger arrays have.

    Raises:
        UsageError: If the answer has no such arrays.
    """
    columns = {n: s.to_list() for n, s in answer.arrays.items() if len(s.dims) == 1}
    large = Counter(series.dims for series in answer.arrays.values() if len(series.dims) > 1)
    spanned = {dim for dims in large for dim in dims}
    named = bool(large) and spanned <= answer.arrays.keys()
    if named and all(answer.arrays[name].dims[0] in spanned for name in columns):
        columns = _spread(answer, large.most_common(1)[0][0])
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


def _spread(answer: Answer, dims: tuple[str, ...]) -> dict[str, list[Any]]:
    """The arrays along these dimensions or some of them, with a number for each place."""
    data = answer.data
    shown = [name for name, series in answer.arrays.items() if set(series.dims) <= set(dims)]
    shape = [data.sizes[dim] for dim in dims]
    columns = {}
    for name in [*dims, *(name for name in shown if name not in dims)]:
        whole = data[name].expand_dims({d: data.sizes[d] for d in dims if d not in data[name].dims})
        columns[name] = whole.transpose(*dims).values.reshape(math.prod(shape)).tolist()
    return columns


def _to_cell(value: Any) -> str:
    from gradiometer.question import to_json_value

    if value is None:
        return ""
    plain = to_json_value(value)
    if isinstance(plain, dict):
        return str(plain.get("exact") or plain.get("decimal") or plain)
    return str(plain).lower() if isinstance(plain, bool) else str(plain)

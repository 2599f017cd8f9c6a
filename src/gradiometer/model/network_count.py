"""The counts of a whole network from its rows, as exact whole numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from gradiometer.model.network_rows import Row, SavedRow, TensorRow


@final
@dataclass(frozen=True)
class NetworkCount:
    """What a network has; every total is the sum of its rows."""

    parameters: int
    """Numbers that are parameters; a shared tensor counts once."""
    trainable: int
    frozen: int
    shared: int
    """Numbers of the tensors that stand in more than one place, counted once."""
    at_every_name: int
    """Parameters where a shared tensor counts at each of its places."""
    buffers: int
    embedding: int
    """Parameters of embeddings and of tables of positions."""
    non_embedding: int
    active: int
    """Parameters that work on one token; fewer than all in a mixture of experts."""
    multiply_adds: int | None
    """Of matrix products and convolutions for one example; None while a size is not known."""
    multiply_adds_by_line: Mapping[str, int | None]
    extra: Mapping[str, int | None]
    """Other operations, by name; they are in no other count."""
    lacking: tuple[str, ...]
    """Layers whose multiply-adds need a size that is not known."""


def count_network(rows: tuple[Row, ...]) -> NetworkCount:
    """The counts of the network with these rows.

    Example:
        >>> from gradiometer.model.network_read import read_network_tree
        >>> from gradiometer.model.network_walk import walk_network
        >>> count_network(walk_network(read_network_tree("100-100-20-1"))).parameters
        12141
    """
    tensors = [tensor for row in rows for tensor in row.tensors]
    parameters = sum(tensor.count for tensor in tensors)
    frozen = sum(tensor.count for tensor in tensors if tensor.frozen)
    embedding = sum(row.parameters for row in rows if row.is_embedding)
    lines = _sum_lines([(line.name, line.count) for row in rows for line in row.multiply_adds])
    lacking = tuple(row.path for row in rows if None in [line.count for line in row.multiply_adds])
    return NetworkCount(
        parameters=parameters,
        trainable=parameters - frozen,
        frozen=frozen,
        shared=_count_shared(tensors),
        at_every_name=sum(tensor.size for tensor in tensors),
        buffers=sum(row.buffer_count for row in rows),
        embedding=embedding,
        non_embedding=parameters - embedding,
        active=sum(_active(row) for row in rows),
        multiply_adds=None if lacking else sum(count or 0 for count in lines.values()),
        multiply_adds_by_line=lines,
        extra=_sum_lines([(line.name, line.count) for row in rows for line in row.extra]),
        lacking=lacking,
    )


def _active(row: Row) -> int:
    # The tensors of experts have an axis for them, so the share is a whole number.
    return int(row.parameters * row.active_share)


def _count_shared(tensors: list[TensorRow]) -> int:
    sizes = {tensor.shared_with: tensor.size for tensor in tensors if tensor.shared_with}
    return sum(sizes.values())


def _sum_lines(lines: list[tuple[str, int | None]]) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for name, count in lines:
        before = found.get(name, 0)
        found[name] = None if before is None or count is None else before + count
    return found


def list_saved(rows: Sequence[Row], *, dtype: str = "float32") -> tuple[SavedRow, ...]:
    """Each tensor that is kept for the way back, once, with its type.

    Args:
        rows: The rows of the walk.
        dtype: The type of the numbers of the network; a tensor that a layer keeps in another type
            than it has is a copy.

    Example:
        >>> from gradiometer.model.network_read import read_network_tree
        >>> from gradiometer.model.network_walk import walk_network
        >>> rows = walk_network(read_network_tree("9 -> dense(5); relu; dense(1)"))
        >>> [(kept.tensor, kept.size) for kept in list_saved(rows)]
        [('input', 9), ('relu', 5)]
    """
    found: dict[tuple[str, str], SavedRow] = {}
    for row in rows:
        for kept in row.saved:
            own = kept.dtype or dtype
            found.setdefault((kept.tensor, own), replace(kept, dtype=own))
    return tuple(found.values())

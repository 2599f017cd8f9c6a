"""A tensor as a header lists it, before anybody has said what it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import final

from gradiometer.model.weights_model import Kind, StoredTensor


@final
@dataclass(frozen=True)
class Entry:
    """One tensor of a header whose sizes have been checked."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    count: int
    floating: bool
    """Whether numbers of this type can be learned."""
    file: Path
    start: int
    """Offset of its first byte in *file*."""
    bytes: int

    @property
    def data(self) -> tuple[Path, int, int] | None:
        """What two names of the same data have in common; None for a tensor without data."""
        return (self.file, self.start, self.bytes) if self.bytes else None


def to_tensor(
    entry: Entry,
    kind: Kind,
    *,
    note: str = "",
    shared_with: str = "",
    shape: tuple[int, ...] | None = None,
    count: int | None = -1,
) -> StoredTensor:
    """The tensor that an entry turned out to be; a packed weight has its own shape and count."""
    return StoredTensor(
        name=entry.name,
        shape=entry.shape if shape is None else shape,
        dtype=entry.dtype,
        count=entry.count if count == -1 else count,
        bytes=0 if shared_with else entry.bytes,
        kind=kind,
        shared_with=shared_with,
        note=note,
    )

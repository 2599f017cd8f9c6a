"""Millions of names in little memory: one text that holds them all, and where each begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import final

import numpy as np
from numpy.typing import NDArray


@final
class NameTable(Mapping[str, int]):
    """The node of each name; to look one up by its name costs a search through the text.

    Args:
        text: The names, each behind a line end, and one more line end.
        nodes: The node of each.

    Example:
        >>> table = NameTable("\\na\\nv\\n", np.array([0, 4], np.int32))
        >>> table["v"], table.word(1), table.get("w")
        (4, 'v', None)
    """

    def __init__(self, text: str, nodes: NDArray[np.int32]) -> None:
        # A name holds no line end, so a name between two of them is found whole.
        self._text = text
        is_narrow = text.isascii()
        data = text.encode("ascii" if is_narrow else "utf-32-le", "surrogatepass")
        code = np.frombuffer(data, np.uint8 if is_narrow else np.dtype("<u4"))
        self._start = (np.flatnonzero(code == ord("\n")) + 1).astype(np.int32)
        self.nodes = nodes

    def word(self, row: int) -> str:
        """The name at a place."""
        return self._text[self._start[row] : self._start[row + 1] - 1]

    def __getitem__(self, name: str) -> int:
        place = self._text.find(f"\n{name}\n") if "\n" not in name else -1
        if place < 0 or not name:
            raise KeyError(name)
        return int(self.nodes[np.searchsorted(self._start, place + 1)])

    def __iter__(self) -> Iterator[str]:
        return iter(self._text[1:-1].split("\n") if len(self) else ())

    def __len__(self) -> int:
        return len(self.nodes)

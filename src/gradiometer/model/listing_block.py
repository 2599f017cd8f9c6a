"""Many lines cut into words at once, and their statements grouped by shape, with arrays.

The words of a block are cut by one call; all that is done for each word after that is to look it up
in a table. Two statements have the same shape when the text between their words is the same, and
their words are names and numbers in the same order.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, repeat
from typing import final

import numpy as np
from numpy.typing import NDArray

from gradiometer.model.listing_shape import SPECIAL

BLOCK = 1 << 20
"""Characters that are cut at a time: their words are held as long as the block is."""

_WORD = re.compile(
    r"((?<![A-Za-z0-9_'])(?:[0-9]++(?:\.[0-9]++|\.(?![\w.]))?|\.[0-9]++)(?:[eE][+\-]?[0-9]++)?)"
    # A name before a bracket may be a function, so it stays part of the shape.
    r"|([A-Za-z][A-Za-z0-9_]*+'*+(?![^\S\n]*+\())"
)


@final
@dataclass(frozen=True, eq=False)
class Block:
    """Statements of some lines, and the words they consist of."""

    lines: list[str]
    numbers: Sequence[str | None]
    """Each word that is a number; None for a name."""
    names: Sequence[str | None]
    """Each word that is a name; None for a number."""
    value: NDArray[np.float64]
    """The numbers among the words, in their order."""
    word: NDArray[np.int32]
    """For each word the number of its name in `Cutter.ids`; -1 for a number."""
    begin: NDArray[np.int64]
    """The first word of each statement."""
    count: NDArray[np.int64]
    """How many words it has."""
    line: NDArray[np.int64]
    """The line it stands on, from 0 in this block."""
    is_alone: NDArray[np.bool_]
    """Whether it has to be read by itself, as a word may mean more than a name or a number."""
    group: NDArray[np.int64]
    """For the others the number of their shape in this block."""
    sample: NDArray[np.int64]
    """For each shape the first statement that has it."""
    keys: list[bytes]
    """What is the same for all statements of a shape, also in other blocks."""

    def text(self, statement: int) -> str:
        """The text of one statement."""
        line = int(self.line[statement])
        text = self.lines[line]
        if ";" not in text:
            return text
        parts = [part for part in text.split(";") if part.strip()]
        return parts[statement - int(np.searchsorted(self.line, line))]

    def words(self, statement: int) -> list[str]:
        """The words of one statement."""
        begin = int(self.begin[statement])
        end = begin + int(self.count[statement])
        pairs = zip(self.numbers[begin:end], self.names[begin:end], strict=True)
        return [number or name or "" for number, name in pairs]


def split_into_blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    """The lines in blocks of about `BLOCK` characters."""
    block: list[str] = []
    size = 0
    for line in lines:
        block.append(line)
        size += len(line) + 1
        if size >= BLOCK:
            yield block
            block, size = [], 0
    if block:
        yield block


@final
class Cutter:
    """Cuts blocks of lines; the same name and the same shape are known again in later blocks."""

    def __init__(self, given: Iterable[str]) -> None:
        self.ids: defaultdict[str | None, int] = defaultdict(count().__next__, {None: -1})
        """The number of each name, in the order of their first use; special words come first."""
        numbers = [self.ids[name] for name in (*given, *sorted(SPECIAL))]
        self._special = np.zeros(max(numbers) + 1, np.bool_)
        self._special[numbers[-len(SPECIAL) :]] = True
        self._gaps: defaultdict[str, int] = defaultdict(count().__next__)
        self._gap_rows: list[tuple[int, int, int, bool, bool]] = []
        self._weights = np.empty(0, np.uint64)

    def cut(self, lines: list[str]) -> Block:
        """The statements of the lines."""
        text, odd = _join(lines), np.empty(0, np.int64)
        if not text.isascii():
            odd = np.array([k for k, line in enumerate(lines) if not line.isascii()], np.int64)
            text = _join(_hide(lines, odd))
        parts = _WORD.split(text)
        gaps = self._look_up(parts[::3])
        if gaps[4].any():
            wordless = [k for k, line in enumerate(lines) if _has_wordless(line)]
            odd = np.union1d(odd, np.array(wordless, np.int64))
            parts = _WORD.split(_join(_hide(lines, odd)))
            gaps = self._look_up(parts[::3])
        return self._group(lines, parts, gaps, odd)

    def _look_up(self, gaps: list[str]) -> NDArray[np.int64]:
        """Six rows about the gaps between words.

        What ends a statement, what begins one, how many line ends, whether a statement ends,
        whether there is one without words; and which gap it is.
        """
        code = np.array(list(map(self._gaps.__getitem__, gaps)), np.int64)
        while len(self._gap_rows) < len(self._gaps):
            for gap in list(self._gaps)[len(self._gap_rows) :]:
                pieces = gap.replace(";", "\n").split("\n")
                is_wordless = any(map(str.strip, pieces[1:-1]))
                tail, head = self._gaps[pieces[0]], self._gaps[pieces[-1]]
                row = (tail, head, gap.count("\n"), len(pieces) > 1, is_wordless)
                self._gap_rows.append(row)
        table = np.array(self._gap_rows, np.int64).T
        return np.concatenate([table[:, code], code[None]])

    def _group(
        self,
        lines: list[str],
        parts: list[str],
        gaps: NDArray[np.int64],
        odd: NDArray[np.int64],
    ) -> Block:
        numbers, names = parts[1::3], parts[2::3]
        word = np.array(list(map(self.ids.__getitem__, names)), np.int32)
        value = np.fromiter(map(float, filter(None, numbers)), np.float64)
        ends = np.flatnonzero(gaps[3])
        begin, size = ends[:-1], np.diff(ends)
        # The text of a block starts with a line end of its own.
        line = np.cumsum(gaps[2])[begin] - 1
        is_alone = np.isin(line, odd) if len(odd) else np.zeros(len(begin), np.bool_)
        if len(begin):
            is_alone |= np.logical_or.reduceat(self._is_special(word, value), begin)
        mark = gaps[5].copy()
        mark[begin] = gaps[1][begin]
        mark = 2 * mark[: len(word)] + (word < 0)
        tail = gaps[0][ends[1:]]
        group, sample = self._find_groups(mark, tail, begin, size, is_alone)
        keys = [
            mark[begin[k] : begin[k] + size[k]].tobytes() + tail[k].tobytes()
            for k in sample.tolist()
        ]
        return Block(
            lines, numbers, names, value, word, begin, size, line, is_alone, group, sample, keys
        )

    def _is_special(self, word: NDArray[np.int32], value: NDArray[np.float64]) -> NDArray[np.bool_]:
        """For each word whether it may be more than a name, or is a number beyond float64."""
        found = np.zeros(len(word), np.bool_)
        known = np.flatnonzero((word >= 0) & (word < len(self._special)))
        found[known] = self._special[word[known]]
        if not np.isfinite(value).all():
            found[np.flatnonzero(word < 0)[~np.isfinite(value)]] = True
        return found

    def _find_groups(
        self,
        mark: NDArray[np.int64],
        tail: NDArray[np.int64],
        begin: NDArray[np.int64],
        size: NDArray[np.int64],
        is_alone: NDArray[np.bool_],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The shape of each statement by number, and the first statement of each shape.

        Statements are sorted by a sum over their words, and then compared with the first one that
        has this sum; what is different after all counts as alone.
        """
        group = np.zeros(len(begin), np.int64)
        rest = np.flatnonzero(~is_alone)
        if not len(rest):
            return group, rest
        place = np.arange(len(mark)) - np.repeat(begin, size)
        weights = self._weigh(int(size.max()) + 1)
        sums = np.add.reduceat(mark.view(np.uint64) * weights[place + 1], begin)
        sums += tail.view(np.uint64) * weights[0]
        _, index, group[rest] = np.unique(sums[rest], return_index=True, return_inverse=True)
        sample = rest[index]
        like = np.where(is_alone, np.arange(len(begin)), sample[group])
        differs = (size != size[like]) | (tail != tail[like])
        like[differs] = np.flatnonzero(differs)
        is_other = mark != mark[np.repeat(begin[like], size) + place]
        is_alone |= differs | np.logical_or.reduceat(is_other, begin)
        return group, sample

    def _weigh(self, most: int) -> NDArray[np.uint64]:
        if len(self._weights) < most:
            draws = np.random.default_rng(0).integers(0, 2**63, 2 * most, np.uint64)
            self._weights = 2 * draws + 1
        return self._weights


def _join(lines: Sequence[str]) -> str:
    """The lines as one text between line ends, each with exactly one at its end."""
    text = "".join(lines)
    if text.count("\n") != len(lines) or not all(map(str.endswith, lines, repeat("\n"))):
        text = "".join([line.removesuffix("\n").replace("\n", " ") + "\n" for line in lines])
    return "\n" + text


def _hide(lines: list[str], odd: NDArray[np.int64]) -> list[str]:
    """The lines, the odd ones with a `0` in place of each of their statements."""
    shown = list(lines)
    for k in odd.tolist():
        shown[k] = ";".join("0" if part.strip() else "" for part in lines[k].split(";")) + "\n"
    return shown


def _has_wordless(line: str) -> bool:
    return any(part.strip() and not _WORD.search(part) for part in line.split(";"))

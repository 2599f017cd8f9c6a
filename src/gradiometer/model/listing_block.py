"""Many lines cut into words at once, and their statements grouped by shape, with arrays.

The words of a block are cut by one call; all that is done for each word after that is to look it up
in a table. Two statements have the same shape when the text between their words is the same, and
their words are names and numbers in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from typing import final

import numpy as np
from numpy.typing import NDArray

from gradiometer.model.listing_shape import SPECIAL
from gradiometer.model.listing_words import WORD, Dictionary, Words

BLOCK = 1 << 20
"""Characters that are cut at a time: their words are held as long as the block is."""

TAIL, HEAD, LINES, END, WORDLESS = range(5)
"""Columns of what is known of a gap between words."""

_SOME = 256
"""Lines that are counted together."""


@final
@dataclass(frozen=True, eq=False)
class Block:
    """Statements of some lines, and the words they consist of."""

    lines: list[str]
    found: list[str]
    """The words."""
    value: NDArray[np.float64]
    """The numbers among the words, in their order."""
    word: NDArray[np.int32]
    """For each word the number of its name in `Cutter.names`; -1 for a number."""
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
        return self.found[begin:end]


def split_into_blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    """The lines in blocks of about `BLOCK` characters."""
    rest, block, size = iter(lines), [], 0
    while some := list(islice(rest, _SOME)):
        block += some
        size += sum(map(len, some))
        if size >= BLOCK:
            yield block
            block, size = [], 0
    if block:
        yield block


@final
class Cutter:
    """Cuts blocks of lines; the same name and the same shape are known again in later blocks."""

    def __init__(self, given: Iterable[str]) -> None:
        self._dictionary = Dictionary()
        self.names = self._dictionary.names
        """The number of each name, in the order of their first use; special words come first."""
        numbers = [self.names[name] for name in (*given, *sorted(SPECIAL))]
        self._special = np.zeros(max(numbers) + 1, np.bool_)
        self._special[numbers[-len(SPECIAL) :]] = True
        self._gaps = np.empty((0, 5), np.int64)
        self._weights = np.empty(0, np.uint64)

    def cut(self, lines: list[str]) -> Block:
        """The statements of the lines."""
        text, odd = _join(lines), np.empty(0, np.int64)
        if not text.isascii():
            odd = np.array([k for k, line in enumerate(lines) if not line.isascii()], np.int64)
            text = _join(_hide(lines, odd))
        words = self._dictionary.cut(text)
        gaps = self._know_gaps()
        if gaps[words.gap, WORDLESS].any():
            wordless = [k for k, line in enumerate(lines) if _has_wordless(line)]
            odd = np.union1d(odd, np.array(wordless, np.int64))
            words = self._dictionary.cut(_join(_hide(lines, odd)))
            gaps = self._know_gaps()
        return self._group(lines, words, gaps, odd)

    def _know_gaps(self) -> NDArray[np.int64]:
        """A row for each gap.

        What ends a statement, what begins one, how many line ends, whether a statement ends,
        whether there is one without words.
        """
        known = self._dictionary.gaps
        while len(self._gaps) < len(known):
            rows = []
            for gap in list(known)[len(self._gaps) :]:
                pieces = gap.replace(";", "\n").split("\n")
                is_wordless = any(map(str.strip, pieces[1:-1]))
                tail, head = known[pieces[0]], known[pieces[-1]]
                rows.append((tail, head, gap.count("\n"), len(pieces) > 1, is_wordless))
            self._gaps = np.concatenate([self._gaps, np.array(rows, np.int64)])
        return self._gaps

    def _group(
        self,
        lines: list[str],
        words: Words,
        gaps: NDArray[np.int64],
        odd: NDArray[np.int64],
    ) -> Block:
        ends = np.flatnonzero(gaps[words.gap, END])
        begin, size = ends[:-1], np.diff(ends)
        edge = gaps[words.gap[ends]]
        # The text of a block starts with a line end of its own.
        line = np.cumsum(edge[:-1, LINES]) - 1
        is_alone = np.isin(line, odd) if len(odd) else np.zeros(len(begin), np.bool_)
        if len(begin):
            special = self._is_special(words.name, words.value)
            is_alone |= np.logical_or.reduceat(special, begin)
        mark = words.gap[:-1].copy()
        mark[begin] = edge[:-1, HEAD]
        mark = 2 * mark + (words.name < 0)
        tail = edge[1:, TAIL].copy()
        group, sample = self._find_groups(mark, tail, begin, size, is_alone)
        keys = [
            mark[begin[k] : begin[k] + size[k]].tobytes() + tail[k].tobytes()
            for k in sample.tolist()
        ]
        return Block(
            lines, words.words, words.value, words.name, begin, size, line, is_alone, group,
            sample, keys,
        )  # fmt: skip

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
    return any(part.strip() and not WORD.search(part) for part in line.split(";"))

"""Many lines cut into words at once, and their statements grouped by shape, with arrays.

The words of a block are cut by one call; all that is done for each word after that is to look it up
in a table. Two statements have the same shape when the text between their words is the same, and
their words are names and numbers in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from gradiometer.model.listing_shape import SPECIAL
from gradiometer.model.listing_words import WORD, Dictionary, Words

BLOCK = 1 << 18
"""Characters that are cut at a time: their words are held as long as the block is."""

TAIL, HEAD, LINES, END, WORDLESS = range(5)
"""Columns of what is known of a gap between words."""


@final
@dataclass(frozen=True, eq=False)
class Block:
    """Statements of some lines, and the words they consist of."""

    whole: str
    """The lines as one text."""
    found: Words
    value: NDArray[np.float64]
    """The numbers among the words, in their order."""
    word: NDArray[np.intp]
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

    @cached_property
    def _lines(self) -> list[str]:
        return self.whole.split("\n")

    def text(self, statement: int) -> str:
        """The text of one statement."""
        line = int(self.line[statement])
        text = self._lines[line]
        if ";" not in text:
            return text
        parts = [part for part in text.split(";") if part.strip()]
        return parts[statement - int(np.searchsorted(self.line, line))]

    def words(self, statement: int) -> list[str]:
        """The words of one statement."""
        begin = int(self.begin[statement])
        end = begin + int(self.count[statement])
        return self.found.spell(np.arange(begin, end))


def split_into_blocks(parts: Iterable[str]) -> Iterator[str]:
    """The lines in blocks of about `BLOCK` characters, each line with its end."""
    block, size = [], 0
    for part in parts:
        block.append(part if part.endswith("\n") else part + "\n")
        size += len(block[-1])
        if size >= BLOCK:
            yield "".join(block)
            block, size = [], 0
    if block:
        yield "".join(block)


@final
class Cutter:
    """Cuts blocks of lines; the same name and the same shape are known again in later blocks."""

    def __init__(self, given: Iterable[str]) -> None:
        self._dictionary = Dictionary()
        self.names = self._dictionary.names
        """The number of each name, in the order of their first use; special words come first."""
        numbers = self.names.number_words([*given, *sorted(SPECIAL)])
        self._special = np.zeros(int(numbers.max()) + 1, np.bool_)
        self._special[numbers[-len(SPECIAL) :]] = True
        self._gaps = np.empty((5, 0), np.int64)
        self._weights = np.empty(0, np.uint64)

    def cut(self, text: str) -> Block:
        """The statements of some lines, each with its end."""
        shown, odd = text, np.empty(0, np.intp)
        if not text.isascii():
            lines = text.split("\n")
            odd = np.flatnonzero([not line.isascii() for line in lines])
            shown = _hide(lines, odd)
        words = self._dictionary.cut("\n" + shown)
        wordless = self._know_gaps()[WORDLESS]
        if wordless.any() and wordless[words.gap].any():
            lines = text.split("\n")
            odd = np.union1d(odd, np.flatnonzero([*map(_has_wordless, lines)]))
            words = self._dictionary.cut("\n" + _hide(lines, odd))
        return self._group(text, words, odd)

    def _know_gaps(self) -> NDArray[np.int64]:
        """Columns for each gap.

        What ends a statement, what begins one, how many line ends, whether a statement ends,
        whether there is one without words.
        """
        known = self._dictionary.gaps
        while self._gaps.shape[1] < len(known):
            rows = []
            for number in range(self._gaps.shape[1], len(known)):
                gap = known.word(number)
                pieces = gap.replace(";", "\n").split("\n")
                is_wordless = any(map(str.strip, pieces[1:-1]))
                tail, head = known.number_words([pieces[0], pieces[-1]]).tolist()
                rows.append((tail, head, gap.count("\n"), len(pieces) > 1, is_wordless))
            self._gaps = np.concatenate([self._gaps, np.array(rows, np.int64).T], axis=1)
        return self._gaps

    def _group(self, text: str, words: Words, odd: NDArray[np.intp]) -> Block:
        gaps = self._know_gaps()
        ends = np.flatnonzero(gaps[END][words.gap])
        begin, size = ends[:-1], np.diff(ends)
        edge = words.gap[ends]
        # The text of a block starts with a line end of its own.
        line = np.cumsum(gaps[LINES][edge[:-1]]) - 1
        is_alone = np.isin(line, odd) if len(odd) else np.zeros(len(begin), np.bool_)
        if len(begin):
            special = self._find_special(words.name, words.value)
            is_alone[np.searchsorted(begin, special, "right") - 1] = True
        mark = words.gap[:-1].copy()
        mark[begin] = gaps[HEAD][edge[:-1]]
        mark *= 2
        mark += words.name < 0
        tail = gaps[TAIL][edge[1:]]
        group, sample = self._find_groups(mark, tail, begin, size, is_alone)
        keys = [
            mark[begin[k] : begin[k] + size[k]].tobytes() + tail[k].tobytes()
            for k in sample.tolist()
        ]
        return Block(
            text, words, words.value, words.name, begin, size, line, is_alone, group,
            sample, keys,
        )  # fmt: skip

    def _find_special(self, name: NDArray[np.intp], value: NDArray[np.float64]) -> NDArray[np.intp]:
        """The words that may be more than a name, or are a number beyond float64."""
        known = np.flatnonzero(name.view(np.uintp) < len(self._special))
        special = known[self._special[name[known]]]
        if np.isfinite(value).all():
            return special
        return np.append(special, np.flatnonzero(name < 0)[~np.isfinite(value)])

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
        first, group[rest] = find_distinct(sums[rest])
        sample = rest[first]
        like = np.where(is_alone, np.arange(len(begin)), sample[group])
        differs = (size != size[like]) | (tail != tail[like])
        like[differs] = np.flatnonzero(differs)
        other = np.flatnonzero(mark != mark[np.repeat(begin[like], size) + place])
        is_alone |= differs
        is_alone[np.searchsorted(begin, other, "right") - 1] = True
        return group, sample

    def _weigh(self, most: int) -> NDArray[np.uint64]:
        if len(self._weights) < most:
            draws = np.random.default_rng(0).integers(0, 2**63, 2 * most, np.uint64)
            self._weights = 2 * draws + 1
        return self._weights


def find_distinct(
    values: NDArray[np.float64] | NDArray[np.uint64],
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first place of each value, ascending, and for each value which of these is equal."""
    order = np.argsort(values)
    ordered = values[order]
    start = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(values)])
    first = np.minimum.reduceat(order, start) if len(start) else start
    by_place = np.argsort(first)
    rank, which = np.empty_like(first), np.empty_like(order)
    rank[by_place] = np.arange(len(first))
    which[order] = np.repeat(rank, np.diff(np.append(start, len(values))))
    return first[by_place], which


def _hide(lines: list[str], odd: NDArray[np.intp]) -> str:
    """The lines, the odd ones with a `0` in place of each of their statements."""
    shown = list(lines)
    for k in odd.tolist():
        shown[k] = ";".join("0" if part.strip() else "" for part in lines[k].split(";"))
    return "\n".join(shown)


def _has_wordless(line: str) -> bool:
    return any(part.strip() and not WORD.search(part) for part in line.split(";"))

"""Numbers for runs of characters, such as names: all runs of a text are looked up at once.

A run of up to 15 characters in ASCII is two integers of 64 bits, the characters and how many they
are, so no object is made for it. Longer ones and other alphabets are kept in a dictionary.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import final

import numpy as np
from numpy.typing import NDArray

MOST_PACKED = 15
"""Characters of a run that fit into its two integers, beside their number."""

_WIDTH = 8
_KEPT = np.array([(1 << 8 * k) - 1 for k in range(9)], np.uint64)
"""What keeps the first characters of eight."""
_LENGTH = np.uint64(56)
_LONG = np.uint64(1 << 63)
_FREE = -1
_PIECE = 1 << 14
"""Runs that are spelled at a time."""


@final
@dataclass(frozen=True, eq=False)
class Runs:
    """Runs of characters of a text, each of them packed."""

    low: NDArray[np.uint64]
    """The first eight characters; those that are not there are 0."""
    high: NDArray[np.uint64]
    """The next seven, and in the highest byte how many there are, 16 for more than 15."""
    spell: Callable[[NDArray[np.intp]], list[str]]
    """The characters of some of them."""

    @property
    def length(self) -> NDArray[np.intp]:
        """How many characters each has, at most 16."""
        return (self.high >> _LENGTH).astype(np.intp)

    def cells(self) -> NDArray[np.uint8]:
        """The characters of each run in a row of 16, the last of which is none."""
        return np.stack([self.low, self.high], axis=1).view(np.uint8)

    def choose(self, which: NDArray[np.intp]) -> Runs:
        """Some of the runs."""
        return Runs(self.low[which], self.high[which], lambda some: self.spell(which[some]))


def pack(text: str, first: NDArray[np.intp], length: NDArray[np.intp]) -> Runs:
    """The runs of a text in ASCII that begin at *first*.

    Example:
        >>> runs = pack("ab+c", np.array([0, 3]), np.array([2, 1]))
        >>> [hex(low) for low in runs.low.tolist()], runs.spell(np.array([0]))
        (['0x6261', '0x63'], ['ab'])
    """
    data = text.encode("ascii") + bytes(2 * _WIDTH)
    # At each character the integer that it begins, so that one look-up takes eight of them.
    wide = np.ndarray((len(data) - _WIDTH + 1,), "<u8", data, strides=(1,))
    low = wide[first]
    low &= _KEPT[np.minimum(length, _WIDTH)]
    high = np.minimum(length, MOST_PACKED + 1).astype(np.uint64) << _LENGTH
    more = np.flatnonzero(length > _WIDTH)
    kept = _KEPT[np.minimum(length[more], MOST_PACKED) - _WIDTH]
    high[more] |= wide[first[more] + _WIDTH] & kept

    def spell(which: NDArray[np.intp]) -> list[str]:
        begin, end = first[which], first[which] + length[which]
        return [text[i:j] for i, j in zip(begin.tolist(), end.tolist(), strict=True)]

    return Runs(low, high, spell)


@final
class RunTable:
    """Numbers for runs, in the order in which they were first met.

    Example:
        >>> table = RunTable()
        >>> table.number_words(["b", "a", "b"]).tolist(), table.word(1), len(table)
        ([0, 1, 0], 'a', 2)
    """

    def __init__(self) -> None:
        self._count = 0
        self._low, self._high = np.empty(0, np.uint64), np.empty(0, np.uint64)
        self._slot = np.full(1 << 6, _FREE, np.int32)
        """At the place that follows from a run, or behind it, the number of the run."""
        self._long: dict[str, int] = {}
        self._spelled: list[str] = []
        """The runs that are not packed."""

    def __len__(self) -> int:
        return self._count

    def number_words(self, words: list[str]) -> NDArray[np.intp]:
        """The number of each word."""
        size = np.array([len(word) if word.isascii() else 0 for word in words], np.intp)
        runs = pack("".join(filter(str.isascii, words)), np.cumsum(size) - size, size)
        high = runs.high.copy()
        high[[not word.isascii() for word in words]] = _LONG
        return self.number(Runs(runs.low, high, lambda which: [words[k] for k in which.tolist()]))

    def number(self, runs: Runs) -> NDArray[np.intp]:
        """The number of each run."""
        low, high = runs.low, runs.high
        long = np.flatnonzero(runs.length > MOST_PACKED)
        if len(long):
            low, high = low.copy(), high.copy()
            low[long], high[long] = self._keep_long(runs.spell(long)), _LONG
        self._make_room(len(low))
        base = self._count
        self._low[base : base + len(low)], self._high[base : base + len(low)] = low, high
        found, place = self._find(low, high)
        new = np.flatnonzero(found >= base)
        if len(new):
            # Until here the number of a new run is that of any of its occurrences.
            kept, earliest = found[new] - base, np.full(len(low), len(low))
            np.minimum.at(earliest, kept, new)
            is_first = np.zeros(len(low), np.bool_)
            is_first[earliest[kept]] = True
            found[new] = base - 1 + np.cumsum(is_first)[earliest[kept]]
            first = np.flatnonzero(is_first)
            self._slot[place[first]] = found[first]
            self._count += len(first)
            self._low[base : self._count] = low[first]
            self._high[base : self._count] = high[first]
        return found

    def _find(
        self, low: NDArray[np.uint64], high: NDArray[np.uint64]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The number of each run, and its place; a new one is put there."""
        place = self._hash(low, high)
        found = self._hold(place, np.arange(len(low)))
        rest = np.flatnonzero((self._low[found] != low) | (self._high[found] != high))
        while len(rest):
            place[rest] = self._next(place[rest])
            found[rest] = held = self._hold(place[rest], rest)
            rest = rest[(self._low[held] != low[rest]) | (self._high[held] != high[rest])]
        return found, place

    def _hold(self, place: NDArray[np.intp], run: NDArray[np.intp]) -> NDArray[np.intp]:
        """The numbers at these places; at a free one that of a run that is put there."""
        held = self._slot[place].astype(np.intp)
        free = np.flatnonzero(held == _FREE)
        if len(free):
            # Of several runs at one free place only one is kept there: it is read back.
            self._slot[place[free]] = self._count + run[free]
            held[free] = self._slot[place[free]]
        return held

    def _keep_long(self, words: list[str]) -> list[int]:
        numbers = [self._long.setdefault(word, len(self._long)) for word in words]
        self._spelled += islice(self._long, len(self._spelled), None)
        return numbers

    def _hash(self, low: NDArray[np.uint64], high: NDArray[np.uint64]) -> NDArray[np.intp]:
        mixed = low ^ (high * np.uint64(0x9E3779B97F4A7C15))
        mixed ^= mixed >> np.uint64(32)
        mixed *= np.uint64(0xD6E8FEB86659FD93)
        mixed >>= np.uint64(65 - len(self._slot).bit_length())
        return mixed.astype(np.intp)

    def _make_room(self, more: int) -> None:
        """Make room for so many runs; half of the places stay free."""
        most = self._count + more
        if most > len(self._low):
            low, high = (np.empty(2 * most, np.uint64) for _ in range(2))
            low[: self._count] = self._low[: self._count]
            high[: self._count] = self._high[: self._count]
            self._low, self._high = low, high
        if 2 * most > len(self._slot):
            self._slot = np.full(1 << (2 * most).bit_length(), _FREE, np.int32)
            waiting = np.arange(self._count)
            place = self._hash(self._low[waiting], self._high[waiting])
            while len(waiting):
                is_free = self._slot[place] == _FREE
                self._slot[place[is_free]] = waiting[is_free]
                rest = np.flatnonzero(self._slot[place] != waiting)
                waiting, place = waiting[rest], self._next(place[rest])

    def _next(self, place: NDArray[np.intp]) -> NDArray[np.intp]:
        return (place + 1) & (len(self._slot) - 1)

    def holds_only(self, letters: bytes, *, since: int) -> bool:
        """Whether the runs from a number on have no other characters."""
        runs = slice(since, self._count)
        high = self._high[runs]
        data = self._low[runs].tobytes() + (high & _KEPT[_WIDTH - 1]).tobytes()
        long = "".join(map(self.word, (np.flatnonzero(high == _LONG) + since).tolist()))
        return not (data + long.encode()).translate(None, letters + b"\0")

    def word(self, number: int) -> str:
        """The run of a number."""
        low, high = self._low[number], self._high[number]
        if high == _LONG:
            return self._spelled[int(low)]
        return np.array([low, high]).tobytes()[: int(high >> _LENGTH)].decode("ascii")

    def words(self, which: NDArray[np.intp]) -> str:
        """The runs of some numbers, each behind a line end, and one line end behind the last."""
        pieces = np.split(which, np.arange(_PIECE, len(which), _PIECE))
        return "".join(map(self._spell, pieces)) + "\n"

    def _spell(self, which: NDArray[np.intp]) -> str:
        low, high = self._low[which], self._high[which]
        if (high == _LONG).any():
            return "".join(f"\n{self.word(number)}" for number in which.tolist())
        cells = np.empty((len(which), 17), np.uint8)
        cells[:, 0] = ord("\n")
        cells[:, 1:] = np.stack([low, high], axis=1).view(np.uint8)
        length = (high >> _LENGTH).astype(np.uint8)
        is_kept = np.arange(17, dtype=np.uint8) <= length[:, None]
        return cells[is_kept].tobytes().decode("ascii")

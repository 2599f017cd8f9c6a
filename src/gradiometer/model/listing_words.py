"""The words of a text and what stands between them.

A word is a number, or a name that is not before a bracket: such a name may be a function and counts
to what stands between. Most texts are cut at the characters that no word holds; one in which words
are written together, as in `2x` or `1e-5`, is cut by a regular expression, with the same result.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from gradiometer.model.listing_numbers import read_decimals
from gradiometer.model.listing_runs import Runs, RunTable, pack

WORD = re.compile(
    r"((?<![A-Za-z0-9_'])(?:[0-9]++(?:\.[0-9]++|\.(?![\w.]))?|\.[0-9]++)(?:[eE][+\-]?[0-9]++)?)"
    r"|([A-Za-z][A-Za-z0-9_]*+'*+(?![^\S\n]*+\())"
)
_PLAIN = f"{string.ascii_letters}{string.digits}_".encode()
_CALL = re.compile(r"[^\S\n]*\(")
"""What stands behind a name that may be a function."""

_SIGNS = {b"e-": b"\x01\x02", b"e+": b"\x01\x03"}
"""What stands for them inside of a number, so that it is one run of characters."""

_INSIDE = f"{string.ascii_letters}{string.digits}_'.\x01\x02\x03".encode()
_IS_INSIDE = bytes(code in _INSIDE for code in range(256))
_INNER, _LETTER, _DIGIT = 1, 2, 3
_KIND = np.zeros(128, np.uint8)
_KIND[list(b"_'\x01\x02")] = _INNER
_KIND[list(string.ascii_letters.encode())] = _LETTER
_KIND[list(string.digits.encode() + b".")] = _DIGIT


@final
@dataclass(frozen=True, eq=False)
class Words:
    """A text in words; before the first, between two and behind the last word there is a gap."""

    spell: Callable[[NDArray[np.intp]], list[str]]
    """The characters of some words."""
    name: NDArray[np.intp]
    """The number of each name in `Dictionary.names`; -1 for a number."""
    value: NDArray[np.float64]
    """The numbers among the words, in their order."""
    gap: NDArray[np.intp]
    """The number of each gap in `Dictionary.gaps`."""


@final
class Dictionary:
    """Numbers for names and gaps, in the order in which they were first met."""

    def __init__(self) -> None:
        self.names, self.gaps = RunTable(), RunTable()
        self._opens: list[bool] = []
        """For each gap whether it begins with a bracket."""

    def cut(self, text: str) -> Words:
        """The words of a text in ASCII that starts and ends with a line end."""
        return self._cut_apart(text) or self._cut_by_pattern(text)

    def _cut_by_pattern(self, text: str) -> Words:
        parts = [part or "" for part in WORD.split(text)]
        size = np.array([*map(len, parts)], np.intp)
        first = np.cumsum(size) - size
        gaps, words = (
            pack(text, first[::3], size[::3]),
            pack(text, first[1::3], size[1::3] + size[2::3]),
        )
        value = np.array([float(number) for number in parts[1::3] if number], np.float64)
        name = self._number(words, size[2::3] > 0)
        return Words(words.spell, name, value, self.gaps.number(gaps))

    def _number(self, words: Runs, is_name: NDArray[np.bool_]) -> NDArray[np.intp]:
        name, which = np.full(len(is_name), -1), np.flatnonzero(is_name)
        name[which] = self.names.number(words.choose(which))
        return name

    def _cut_apart(self, text: str) -> Words | None:
        """The words, when each run of characters that words hold is one word."""
        data = text.encode("ascii")
        if any(letter in data for letter in b"\x01\x02\x03"):
            return None
        for sign, letters in _SIGNS.items() if b"e" in data else ():
            data = data.replace(sign, letters)
        is_inside = np.frombuffer(data.translate(_IS_INSIDE), np.bool_)
        edge = np.flatnonzero(is_inside[1:] != is_inside[:-1]) + 1
        first, size = edge[::2].copy(), edge[1::2] - edge[::2]
        kind = _KIND[np.frombuffer(data, np.uint8)[first]]
        if (kind == _INNER).any():
            return None
        words, is_name = pack(text, first, size), kind == _LETTER
        try:
            value = read_decimals(words.choose(np.flatnonzero(~is_name)))
        except ValueError:
            return None
        before = len(self.names)
        name = self._number(words, is_name)
        if not self.names.holds_only(_PLAIN, since=before):
            return None
        start = np.append(0, edge[1::2])
        gaps = pack(text, start, np.append(first, len(text)) - start)
        return self._join_calls(Words(words.spell, name, value, self.gaps.number(gaps)))

    def _join_calls(self, cut: Words) -> Words:
        """The words without the names before a bracket, which join the gaps beside them."""
        spell = self.gaps.word
        self._opens += [
            bool(_CALL.match(spell(k))) for k in range(len(self._opens), len(self.gaps))
        ]
        is_call = np.array(self._opens, np.bool_)[cut.gap[1:]] & (cut.name >= 0)
        if not is_call.any():
            return cut
        gap, place = cut.gap.copy(), np.flatnonzero(is_call)
        joined: dict[tuple[int, str, int], int] = {}
        rows = zip(place.tolist(), gap[place].tolist(), gap[place + 1].tolist(), strict=True)
        found: list[int] = []
        last = -2
        for at, left, right in rows:
            # Of calls in a row, as in `exp(sin(`, the gap on the left was joined just before.
            key = found[-1] if at == last + 1 else left, cut.spell(np.array([at]))[0], right
            if key not in joined:
                whole = spell(key[0]) + key[1] + spell(right)
                joined[key] = int(self.gaps.number_words([whole])[0])
            found.append(joined[key])
            last = at
        gap[place + 1] = found
        kept = np.flatnonzero(~is_call)
        # A call takes the gap before it along.
        return Words(
            lambda which: cut.spell(kept[which]), cut.name[kept], cut.value,
            gap[np.append(kept, len(is_call))],
        )  # fmt: skip

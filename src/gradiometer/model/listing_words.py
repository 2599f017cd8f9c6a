"""The words of a text and what stands between them.

A word is a number, or a name that is not before a bracket: such a name may be a function and counts
to what stands between. Most texts are cut at the characters that no word holds; one in which words
are written together, as in `2x` or `1e-5`, is cut by a regular expression, with the same result.
"""

from __future__ import annotations

import re
import string
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import compress, count, islice
from typing import final

import numpy as np
from numpy.typing import NDArray

WORD = re.compile(
    r"((?<![A-Za-z0-9_'])(?:[0-9]++(?:\.[0-9]++|\.(?![\w.]))?|\.[0-9]++)(?:[eE][+\-]?[0-9]++)?)"
    r"|([A-Za-z][A-Za-z0-9_]*+'*+(?![^\S\n]*+\())"
)
_PLAIN = re.compile("[A-Za-z0-9_]*")
_CALL = re.compile(r"[^\S\n]*\(")
"""What stands behind a name that may be a function."""

_SIGNS = {"e-": "\x01", "e+": "\x02"}
"""What stands for them inside of a number, so that it is one run of characters."""

_INSIDE = string.ascii_letters + string.digits + "_'." + "".join(_SIGNS.values())
_SPACES = " \t\n\r\v\f\x1c\x1d\x1e\x1f"
_TO_WORDS = {code: " " for code in range(128) if chr(code) not in _INSIDE}
# Between words no letter is left, so letters can stand for the spaces that `split` would drop.
_TO_GAPS = {
    **dict.fromkeys(map(ord, _INSIDE), " "),
    **{ord(space): letter for space, letter in zip(_SPACES, string.ascii_letters, strict=False)},
}
_FROM_GAPS = {ord(_TO_GAPS[ord(space)]): space for space in _SPACES}
_INNER, _LETTER, _DIGIT = 1, 2, 3
_KIND = np.zeros(128, np.uint8)
_KIND[list(b"_'\x01\x02")] = _INNER
_KIND[list(string.ascii_letters.encode())] = _LETTER
_KIND[list(string.digits.encode() + b".")] = _DIGIT


@final
@dataclass(frozen=True, eq=False)
class Words:
    """A text in words; before the first, between two and behind the last word there is a gap."""

    words: list[str]
    name: NDArray[np.int32]
    """The number of each name in `Dictionary.names`; -1 for a number."""
    value: NDArray[np.float64]
    """The numbers among the words, in their order."""
    gap: NDArray[np.int64]
    """The number of each gap in `Dictionary.gaps`."""


@final
class _Memory(dict[str, int]):
    """Keys with what a function found for them once."""

    def __init__(self, find: Callable[[str], int]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, key: str) -> int:
        found = self[key] = self._find(key)
        return found


@final
class Dictionary:
    """Numbers for names and gaps, in the order in which they were first met."""

    def __init__(self) -> None:
        self.names: defaultdict[str, int] = defaultdict(count().__next__)
        self.gaps: defaultdict[str, int] = defaultdict(count().__next__)
        self._shown = _Memory(lambda gap: self.gaps[gap.translate(_FROM_GAPS)])

    def cut(self, text: str) -> Words:
        """The words of a text in ASCII that starts and ends with a line end."""
        return self._cut_apart(text) or self._cut_by_pattern(text)

    def _cut_by_pattern(self, text: str) -> Words:
        parts = WORD.split(text)
        numbers, names = parts[1::3], parts[2::3]
        is_name = [name is not None for name in names]
        words = [number or name for number, name in zip(numbers, names, strict=True)]
        gap = np.fromiter(map(self.gaps.__getitem__, parts[::3]), np.int64)
        value = np.fromiter(map(float, filter(None, numbers)), np.float64)
        return Words(words, self._number(words, np.array(is_name, np.bool_)), value, gap)

    def _number(self, words: list[str], is_name: NDArray[np.bool_]) -> NDArray[np.int32]:
        name = np.full(len(words), -1, np.int32)
        chosen = compress(words, is_name.tolist())
        name[is_name] = np.fromiter(map(self.names.__getitem__, chosen), np.int32)
        return name

    def _cut_apart(self, text: str) -> Words | None:
        """The words, when each run of characters that words hold is one word."""
        if any(sign in text for sign in _SIGNS.values()):
            return None
        signed = [sign for sign in _SIGNS if sign in text]
        for sign in signed:
            text = text.replace(sign, _SIGNS[sign])
        code = np.frombuffer(text.encode("ascii"), np.uint8)
        kind = _KIND[code]
        is_first = (kind[1:] > 0) & (kind[:-1] == 0)
        first = kind[1:][is_first]
        if (first == _INNER).any():
            return None
        words, is_name = text.translate(_TO_WORDS).split(), first == _LETTER
        if signed:
            # The word that holds a sign is the last one that begins before it.
            word = np.cumsum(is_first)[np.flatnonzero(code[1:] <= len(_SIGNS))] - 1
            _show_signs(words, word[~is_name[word]].tolist())
        numbers = list(compress(words, (~is_name).tolist()))
        try:
            value = np.fromiter(map(float, numbers), np.float64, len(numbers))
        except ValueError:
            return None
        before = len(self.names)
        name = self._number(words, is_name)
        fresh = "".join(islice(reversed(self.names), len(self.names) - before))
        # Python reads `1_0` as a number.
        if not _PLAIN.fullmatch(fresh) or "_" in "".join(numbers):
            return None
        shown = text.translate(_TO_GAPS).split()
        gap = np.fromiter(map(self._shown.__getitem__, shown), np.int64, len(shown))
        return self._join_calls(Words(words, name, value, gap))

    def _join_calls(self, cut: Words) -> Words:
        """The words without the names before a bracket, which join the gaps beside them."""
        gaps = list(self.gaps)
        opens = np.array([_CALL.match(gap) is not None for gap in gaps], np.bool_)
        is_call = opens[cut.gap[1:]] & (cut.name >= 0)
        if not is_call.any():
            return cut
        gap, place = cut.gap.copy(), np.flatnonzero(is_call)
        joined: dict[tuple[int, str, int], int] = {}
        rows = zip(place.tolist(), gap[place].tolist(), gap[place + 1].tolist(), strict=True)
        found: list[int] = []
        last = -2
        for at, left, right in rows:
            # Of calls in a row, as in `exp(sin(`, the gap on the left was joined just before.
            key = found[-1] if at == last + 1 else left, cut.words[at], right
            if key not in joined:
                joined[key] = self.gaps[gaps[key[0]] + key[1] + gaps[right]]
                gaps = list(self.gaps)
            found.append(joined[key])
            last = at
        gap[place + 1] = found
        keep = ~is_call
        words = list(compress(cut.words, keep.tolist()))
        # A call takes the gap before it along.
        return Words(words, cut.name[keep], cut.value, gap[np.append(keep, True)])


def _show_signs(words: list[str], places: Iterable[int]) -> None:
    """Write the signs of exponents as they were in the words at these places."""
    for place in places:
        for sign, letter in _SIGNS.items():
            words[place] = words[place].replace(letter, sign)

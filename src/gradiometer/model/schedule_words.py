"""Cuts a line of schedules into stretches, with how long each lasts and how it counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from gradiometer.errors import GradiometerError, Place, UsageError
from gradiometer.formula import parse_number

_JOINT = re.compile(r",?\s*\b(then|continuing\s+with)\b\s*")
_LENGTH = re.compile(r"\s+(for|until)\s+([^\s,]+)(?:\s+steps?)?\s*$")
_REPEAT = re.compile(r"\s+repeating\s+every\s+([^\s,]+)(?:\s+steps?)?\s*$")


@final
@dataclass(frozen=True)
class Stretch:
    """One stretch of a line: where its formula stands, and what is said about it."""

    start: int
    body_end: int
    """Where the formula ends and the words about it begin."""
    end: int
    counts_on: bool
    """Whether the count goes on from the stretch before."""
    length: str | None
    """What stands behind `for` or `until`."""
    is_until: bool
    every: int | None
    """After how many steps it begins again."""
    is_hold: bool
    is_last: bool

    @property
    def is_plain(self) -> bool:
        """Whether it is a formula and nothing else."""
        return self.length is None and self.every is None and not self.is_hold

    def end_at(self, begun: int, text: str) -> int:
        """The count at which the stretch ends; *begun* for the last one.

        Raises:
            UsageError: If its length is missing, is no whole number, or ends before it begins.
        """
        if not self._body(text):
            raise self.error(text, "A schedule is missing here.", "write one, or leave it out")
        if self.length is None:
            if not self.is_last:
                said = "How long this part lasts is missing."
                raise self.error(text, said, f"write `{self._body(text)} for 10, then …`")
            return begun
        if self.is_last:
            said = "The last part has an end, and nothing says what comes then."
            written = text[self.start : self.end].strip()
            raise self.error(text, said, f"write `{written}, then hold`")
        steps = _whole(self.length, text, self.body_end, self.end)
        end = steps if self.is_until else begun + steps
        if end <= begun:
            said = f"This part ends at step {end}, before it begins at step {begun}."
            raise self.error(text, said, f"write `until {begun + 10}` or `for 10`")
        return end

    def _body(self, text: str) -> str:
        return text[self.start : self.body_end].strip()

    def error(self, text: str, problem: str, hint: str) -> UsageError:
        """The error about this stretch."""
        end = max(self.end, self.start + 1)
        return UsageError(problem, text, self.start, end, Place("schedule"), hint=hint)


def split_stretches(text: str, start: int, end: int) -> list[Stretch]:
    """The stretches between two places of the text.

    Raises:
        UsageError: If a word about one of them makes no sense.
    """
    found = _JOINT.finditer(text, start, end)
    joints = [joint for joint in found if _is_outside(text, start, joint)]
    starts = [start, *(joint.end() for joint in joints)]
    ends = [*(joint.start() for joint in joints), end]
    words = ["then", *(joint.group(1) for joint in joints)]
    return [
        _read(text, first, last, word != "then", is_last=last == end)
        for first, last, word in zip(starts, ends, words, strict=True)
    ]


def _is_outside(text: str, start: int, found: re.Match[str]) -> bool:
    """Whether no bracket is open where the match begins."""
    before = text[start : found.start()]
    return sum(before.count(sign) for sign in "([") == sum(before.count(sign) for sign in ")]")


def _read(text: str, start: int, end: int, counts_on: bool, *, is_last: bool) -> Stretch:
    body_end, length, until, every = end, None, False, None
    for _ in range(2):
        found = _LENGTH.search(text[:body_end], start)
        if found and length is None:
            length, until, body_end = found.group(2), found.group(1) == "until", found.start()
        again = _REPEAT.search(text[:body_end], start)
        if again and every is None:
            every = _whole(again.group(1), text, again.start(1), again.end(1))
            body_end = again.start()
    is_hold = text[start:body_end].strip() == "hold"
    return Stretch(start, body_end, end, counts_on, length, until, every, is_hold, is_last)


def _whole(written: str, text: str, start: int, end: int) -> int:
    """The number of steps that a word writes."""
    try:
        value = parse_number(written)
    except GradiometerError:
        value = None
    if value is None or value.q != 1 or value < 1:
        raise UsageError(
            f"`{written}` is no number of steps.", text, start, end, Place("schedule"),
            hint="write a whole number such as 10",
        )  # fmt: skip
    return int(value.p)


def find_groups(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The outermost brackets between two places that hold several stretches, from `(` to `)`."""
    groups: list[tuple[int, int]] = []
    place = text.find("(", start, end)
    while place >= 0:
        closing = next(find_outside(text, place, end, ")"), None)
        if closing is None:
            return groups
        if any(_is_outside(text, place + 1, f) for f in _JOINT.finditer(text, place + 1, closing)):
            groups.append((place, closing + 1))
            place = closing
        place = text.find("(", place + 1, end)
    return groups


def find_outside(text: str, start: int, end: int, sign: str) -> Iterator[int]:
    """Where *sign* stands between two places, outside all brackets or as the last one's end."""
    depth = 0
    for place in range(start, end):
        depth += (text[place] in "([") - (text[place] in ")]")
        if depth == 0 and text[place] == sign:
            yield place

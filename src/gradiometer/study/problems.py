"""Collects what is wrong with a study file, each problem with its line, column and caret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from gradiometer.errors import GradiometerError, Place, StudyError, suggest
from gradiometer.model import KeyPath, Spot, find_line, locate_keys

_FLAG = re.compile(r"--([a-z_-]+)(?: (\S+))?")
MOST_PROBLEMS = 20
"""Problems said at once; the others show when these are mended."""

_QUOTED = re.compile(r"`([^`]+)`")


class Problems:
    """The problems of one file, in the order they were found.

    Example:
        >>> problems = Problems("a.toml", "titel = 1")
        >>> problems.add_unknown_key(("titel",), ["title"])
        >>> print(problems.found[0])
        StudyError: Unknown key `titel`.
          at:    a.toml:1:1
          text:  titel = 1
                 ^^^^^
          known: title
          try:   write `title`.
    """

    def __init__(self, source: str, text: str) -> None:
        self.source = source
        self.text = text
        self.found: list[GradiometerError] = []
        self.meant: set[KeyPath] = set()
        """Known keys that an unknown one was probably meant to be; they are not missing besides."""

    @cached_property
    def spots(self) -> Mapping[KeyPath, Spot]:
        """The place of every key; empty where the text is nested too deeply to walk."""
        try:
            return locate_keys(self.text)
        except RecursionError:
            return {}

    def add(
        self,
        path: KeyPath,
        problem: str,
        *,
        known: tuple[str, ...] = (),
        hint: str = "",
        value: bool = False,
    ) -> None:
        """Add a problem of the key at *path*, or of its value."""
        if len(self.found) < MOST_PROBLEMS:
            self.found.append(self.at(path, problem, known=known, hint=hint, value=value))

    def add_unknown_key(self, path: KeyPath, known: list[str]) -> None:
        """Add that the last key of *path* is none of *known*."""
        if len(self.found) >= MOST_PROBLEMS:
            return
        nearest = suggest(str(path[-1]), known)
        hint = f"write `{nearest}`" if nearest else ""
        if nearest:
            self.meant.add((*path[:-1], nearest))
        self.add(path, f"Unknown key `{path[-1]}`.", known=tuple(known), hint=hint)

    def add_missing_key(self, path: KeyPath, problem: str, *, hint: str) -> None:
        """Add that the last key of *path* is not there, unless it is there misspelt."""
        if path not in self.meant:
            self.add(path, problem, hint=hint)

    def add_unknown_value(self, path: KeyPath, problem: str, value: str, known: list[str]) -> None:
        """Add that the value at *path* is none of *known*."""
        nearest = suggest(value, known)
        hint = f"write `{nearest}`" if nearest else ""
        self.add(path, problem, known=tuple(known), hint=hint, value=True)

    def at(
        self,
        path: KeyPath,
        problem: str,
        *,
        known: tuple[str, ...] = (),
        hint: str = "",
        value: bool = False,
    ) -> StudyError:
        """The error about the key at *path*, or about the nearest table that has a place."""
        spot = self._nearest(path)
        start, end = (spot.value_start, spot.value_end) if value else (spot.key_start, spot.key_end)
        line = find_line(self.text, start, end)
        return StudyError(
            problem,
            text=line.text,
            start=line.start,
            end=line.end,
            place=Place(self.source, line.number, line.start + 1),
            known=known,
            hint=hint,
        )

    def in_order(self) -> tuple[GradiometerError, ...]:
        """The problems in the order of the file."""
        return tuple(sorted(self.found, key=_line_and_column))

    def add_error(self, path: KeyPath, error: GradiometerError) -> None:
        """Add an error that a formula or an input below *path* raised, with its place here."""
        if len(self.found) < MOST_PROBLEMS:
            self.found.append(self.locate(path, error))

    def locate(self, path: KeyPath, error: GradiometerError) -> GradiometerError:
        """The error, said to have happened in this file as precisely as its text allows."""
        found = self.find(path, error)
        if found is not None:
            return found
        spot = self._find_flag(path, error)
        start, end = (spot.key_start, spot.key_end) if spot else self._find_word(path, error)
        line = find_line(self.text, start, end)
        place = Place(self.source, line.number, line.start + 1)
        if error.text:
            return replace(error, place=place)
        return replace(error, place=place, text=line.text, start=line.start, end=line.end)

    def find(self, path: KeyPath, error: GradiometerError) -> GradiometerError | None:
        """The error with the place below *path* where its own text stands; None if nowhere."""
        offset = self._find_text(path, error)
        if offset is None:
            return None
        line = find_line(self.text, offset, offset + 1)
        found = replace(error, place=Place(self.source, line.number, line.start + 1))
        if any(spot.key_start <= offset < spot.key_end for _, spot in self._below(path)):
            # A key says little without the rest of its line.
            return replace(
                found, text=line.text, start=line.start, end=line.start + len(error.text)
            )
        return found

    def _nearest(self, path: KeyPath) -> Spot:
        """The spot of *path*, or of the table round it, or of the top of the file."""
        while path:
            if path in self.spots:
                return self.spots[path]
            path = path[:-1]
        return Spot(0, 0, 0, 0)

    def _below(self, path: KeyPath) -> list[tuple[KeyPath, Spot]]:
        """Places below *path*, in the order of the text."""
        below = [item for item in self.spots.items() if item[0][: len(path)] == path]
        return sorted(below, key=lambda item: item[1].value_start)

    def _find_text(self, path: KeyPath, error: GradiometerError) -> int | None:
        """The offset in the file of the place an error means in its own text."""
        if not error.text.strip():
            return None
        whole = re.compile(re.escape(error.text))
        if error.text[0].isalnum():
            whole = re.compile(rf"(?<!\w){re.escape(error.text)}(?!\w)")
        candidates = []
        for _, spot in self._below(path):
            for start, end in ((spot.key_start, spot.key_end), (spot.value_start, spot.value_end)):
                match = whole.search(self.text, start, end)
                if match and self.text[start] not in "[{":
                    candidates.append((end - start, match.start()))
        # The tightest fit wins: `x` stands in many formulas, but is the whole of one.
        return min(candidates)[1] + (error.start or 0) if candidates else None

    def _find_flag(self, path: KeyPath, error: GradiometerError) -> Spot | None:
        """The key that an error names the way the command line does, such as `--set h`."""
        match = _FLAG.match(error.place.source) if error.place else None
        if match is None:
            return None
        name, key = match.group(1).replace("-", "_"), match.group(2)
        tail: KeyPath = (name, *key.split(".")) if key else (name,)
        exact = self.spots.get((*path, name, key)) if key else None
        return exact or self.spots.get((*path, *tail)) or self.spots.get((*path, name))

    def _find_word(self, path: KeyPath, error: GradiometerError) -> tuple[int, int]:
        """The value or key that the problem's sentence quotes, else the table round it."""
        below = self._below(path)
        for word in _QUOTED.findall(error.problem):
            for _, spot in below:
                if self.text[spot.value_start : spot.value_end].strip("\"'") == word:
                    return spot.value_start, spot.value_end
            if (*path, word) in self.spots:
                spot = self.spots[*path, word]
                return spot.value_start, spot.value_end
        spot = self._nearest(path)
        return spot.key_start, spot.key_end


def _line_and_column(error: GradiometerError) -> tuple[int, int]:
    place = error.place or Place()
    return place.line or 0, place.column or 0

"""Where in a user's own TOML file an error about its entry is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradiometer.errors import GradiometerError, Place
from gradiometer.model.toml_places import KeyPath, Spot, find_line, locate_keys
from gradiometer.model.toml_source import read_file

_MOST_BYTES = 1_000_000
_QUOTES = re.compile(r"\"{3}|'{3}|[\"']")
_QUOTED = re.compile(r"`([^`]+)`")


def locate_in_file(named: str | Mapping[str, Any], error: GradiometerError) -> GradiometerError:
    """The error with the line and column of the file that it is about.

    Args:
        named: What the user named; only the path of a TOML file has lines.
        error: What was wrong with the entry.
    """
    place = error.place
    if not isinstance(named, str) or not named.endswith(".toml"):
        return error
    if place is None or place.source != named or place.line is not None:
        return error
    try:
        text = read_file(Path(named), most_bytes=_MOST_BYTES)
        spots = locate_keys(text)
    except (GradiometerError, RecursionError):
        return error
    if error.text:
        for start in _places_of(error.text, text, spots):
            line = find_line(text, start + (error.start or 0), start + len(error.text))
            return replace(error, place=Place(named, line.number, line.start + 1))
        return error
    spot = _meant_key(error, spots)
    if spot is None:
        return error
    line = find_line(text, spot.key_start, spot.key_end)
    at = Place(named, line.number, line.start + 1)
    return replace(error, place=at, text=line.text, start=line.start, end=line.end)


def _places_of(wanted: str, text: str, spots: Mapping[KeyPath, Spot]) -> Iterator[int]:
    """Offsets of the values, then of the keys, that are the wanted text and nothing else."""
    for is_value in (True, False):
        for spot in spots.values():
            start = spot.value_start if is_value else spot.key_start
            end = spot.value_end if is_value else spot.key_end
            quotes = _QUOTES.match(text, start, end)
            inset = len(quotes.group()) if quotes else 0
            if text[start + inset : end - inset] == wanted:
                yield start + inset


def _meant_key(error: GradiometerError, spots: Mapping[KeyPath, Spot]) -> Spot | None:
    """The key that the problem's sentence quotes."""
    for word in _QUOTED.findall(error.problem):
        for path, spot in spots.items():
            if path[-1] == word:
                return spot
    return None

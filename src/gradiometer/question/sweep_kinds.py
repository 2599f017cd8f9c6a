"""Sorts the runs of a sweep by what becomes of them: their label, and where they come to rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from gradiometer.numeric import LABELS
from gradiometer.question.sweep_run import Ends

MEANINGS = {
    "moving": "still moving at the last step",
    "settled": "at rest",
    "repeated": "back at an earlier state",
    "escaped": "outside the given interval",
    "diverged": "farther away than any number that counts",
    "not_finite": "no longer finite",
}
"""What each label says of a run."""

_WORDS = {**MEANINGS, "moving": "still moving", "escaped": "escaped", "diverged": "diverged"}

NEAR = 1e-3
"""Places this far apart are one, in parts of their size or of 1."""

_MOST_PLACES = 3


@final
@dataclass(frozen=True)
class Kind:
    """Runs of which the same is said."""

    label: str
    words: str
    """The label in words that need no table, and of runs at rest where."""
    runs: int


@final
@dataclass(frozen=True, eq=False)
class Kinds:
    """Every run by its kind."""

    kinds: tuple[Kind, ...]
    of: NDArray[np.int8]
    """The place in `kinds`, for each run."""

    def list_rows(self) -> list[Mapping[str, Any]]:
        """The kinds as rows of a table."""
        return [{"kind": kind.words, "label": kind.label, "runs": kind.runs} for kind in self.kinds]


def sort_runs(ends: Ends) -> Kinds:
    """The kinds of runs, those at rest first; the commonest places of rest are told apart.

    Example:
        >>> ends = Ends(np.array([1, 1, 0]), np.array([9, 9, 9]), np.array([[2.0], [-1.0], [5.0]]))
        >>> [kind.words for kind in sort_runs(ends).kinds]
        ['at rest near -1', 'at rest near 2', 'still moving']
    """
    of = np.zeros(len(ends.label), np.int8)
    found: list[Kind] = []
    settled = np.flatnonzero(ends.label == LABELS.index("settled"))
    for words, among in _split_places(ends.position[settled]):
        of[settled[among]] = len(found)
        found.append(Kind("settled", words, int(among.sum())))
    for number, label in enumerate(LABELS):
        which = ends.label == number
        if label != "settled" and which.any():
            of[which] = len(found)
            found.append(Kind(label, _WORDS[label], int(which.sum())))
    return Kinds(tuple(found), of)


def _split_places(places: NDArray[Any]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """The commonest places in words, from the lowest on, each with the runs that rest there."""
    if not len(places):
        return
    groups = np.stack([_group(column) for column in places.T], axis=1)
    _, group, counts = np.unique(groups, axis=0, return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    kept = sorted(np.argsort(-counts, kind="stable")[:_MOST_PLACES].tolist())
    for number in kept:
        yield f"at rest {_say_place(places[group == number])}", group == number
    rest = ~np.isin(group, kept)
    if rest.any():
        yield "at rest elsewhere", rest


def _group(column: NDArray[Any]) -> NDArray[np.int64]:
    """A number for each value: the same for values without a gap between them."""
    order = np.argsort(column, kind="stable")
    values = column[order].astype(float)
    gaps = np.diff(values) > NEAR * np.maximum(1, np.abs(values[:-1]))
    found = np.empty(len(column), np.int64)
    found[order] = np.concatenate([[0], np.cumsum(gaps)])
    return found


def _say_place(places: NDArray[Any]) -> str:
    """`near 1`, or where values without a gap go far, from where to where."""
    low, high = places.min(axis=0).astype(float), places.max(axis=0).astype(float)
    is_near = np.all(high - low <= 10 * NEAR * np.maximum(1, np.abs(low)))
    if is_near:
        return f"near {_spell(np.median(places, axis=0))}"
    return f"from {_spell(low)} to {_spell(high)}"


def _spell(place: NDArray[Any]) -> str:
    numbers = [f"{0.0 if abs(value) < NEAR / 10 else float(value):.4g}" for value in place.tolist()]
    return numbers[0] if len(numbers) == 1 else f"({', '.join(numbers)})"

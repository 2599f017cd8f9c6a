"""Reads the evidence that a run comes ever closer to a point or to a cycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.formula import Range
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_matrix import MOST_NAMES, read_matrix

MOST_STEPS = 1_000_000
_MOST_PERIOD = 4096
_EVIDENCE = (
    "entry",
    "bits",
    "names",
    "points",
    "matrix",
    "factor",
    "free",
    "cuts",
    "root",
    "drifts",
)


@final
@dataclass(frozen=True)
class Evidence:
    """The evidence of a certificate, read."""

    entry: int
    """The steps after which the run is in the region."""
    bits: int
    names: tuple[str, ...]
    """The coordinates that shrink, the position first."""
    points: tuple[tuple[fmpq, ...], ...]
    matrix: list[list[fmpq]]
    factor: fmpq
    free: Mapping[str, Range]
    """Where the frozen coordinates lie."""
    cuts: tuple[tuple[str, Range], ...]
    """Parts of one frozen range that are looked at one after the other."""
    root: tuple[fmpq, fmpq] | None
    """Two places between which the slope is zero, when the fixed point is no rational."""
    drifts: tuple[str, ...] = ()
    """Frozen coordinates whose way in all is bounded (see `check_frozen`)."""


def read_contraction(evidence: Any) -> Evidence:
    """The evidence of a certificate, with all its parts of the right kind."""
    entry, bits, names, points, matrix, factor, free, cuts, root, drifts = fields(
        evidence, *_EVIDENCE
    )
    require(type(entry) is int and 0 <= entry <= MOST_STEPS, "`entry` is no step count.")
    require(type(bits) is int and 53 <= bits <= 20_000, "`bits` is no precision.")
    require(isinstance(names, list) and 0 < len(names) <= MOST_NAMES, "`names` is no list.")
    require(all(isinstance(name, str) for name in names), "A name is no text.")
    require(isinstance(points, list) and 0 < len(points) <= _MOST_PERIOD, "There are no points.")
    for row in points:
        require(isinstance(row, list) and len(row) == len(names), "A point has another size.")
    require(isinstance(free, Mapping), "`free` is no table.")
    spans = {name: _read_span(span) for name, span in free.items()}
    parts = []
    require(isinstance(cuts, list), "`cuts` is no list.")
    for row in cuts:
        name, span = fields(row, "name", "span")
        parts.append((name, _read_span(span)))
    ends = None if root is None else _read_ends(root)
    require(isinstance(drifts, list), "`drifts` is no list.")
    require(all(isinstance(name, str) for name in drifts), "A name is no text.")
    require(len(set(drifts)) == len(drifts), "A name drifts twice.")
    return Evidence(
        entry, bits, tuple(names), tuple(tuple(map(read_rational, row)) for row in points),
        read_matrix(matrix, len(names)), read_rational(factor), spans, tuple(parts),
        ends, tuple(drifts),
    )  # fmt: skip


def _read_ends(span: Any) -> tuple[fmpq, fmpq]:
    require(isinstance(span, list) and len(span) == 2, "A range has two ends.")
    lower, upper = map(read_rational, span)
    require(lower <= upper, "A range is empty.")
    return lower, upper


def _read_span(span: Any) -> Range:
    return Range(*_read_ends(span))

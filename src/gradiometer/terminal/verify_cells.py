"""Compares the proved cells of a sweep with the certificates of their runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gradiometer.question import restate_cell
from gradiometer.terminal.verify_claims import list_expected

CELLS = "proofs"
"""The fact whose rows are proved cells."""


def list_cells(
    facts: Mapping[str, Any], inputs: Mapping[str, Any], parts: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Any, Any]]:
    """For each number and word of the rows its path, what stands there, and what is proved.

    Rows of a landscape or rule that the inputs only name are left out: they say no problem.

    Args:
        facts: The facts of the answer, as JSON.
        inputs: What was asked.
        parts: The parts of its certificate, all accepted.
    """
    fact = facts.get(CELLS)
    rows = fact.get("value") if isinstance(fact, Mapping) else None
    for number, row in enumerate(rows if isinstance(rows, list) else []):
        path = f"{CELLS}.{number}"
        name = row.get("cell") if isinstance(row, Mapping) else None
        cell = restate_cell(inputs, name) if isinstance(name, str) else None
        if cell is None:
            yield f"{path}.cell", name, "nothing about it"
            continue
        settings, problem = cell
        for key, value in settings.items():
            yield f"{path}.{key}", row.get(key), value
        if problem is not None:
            backing = [part for part in parts if part.get("problem") == problem]
            for key, value in _list_ending(backing).items():
                yield f"{path}.{key}", row.get(key), value


def _list_ending(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a row must say of a run, read off the parts that are about it."""
    expected = list_expected(parts)
    limit, cycle = expected.get("limit"), expected.get("cycle")
    period = cycle.get("period") if isinstance(cycle, Mapping) else None
    return {
        "verdict": expected.get("verdict", "nothing about it"),
        "limit": "" if limit is None else limit,
        "period": "" if period is None else period,
    }

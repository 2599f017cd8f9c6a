"""Compares the proved cells of a sweep with the certificates of their runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gradiometer.question import list_tables, restate_cell
from gradiometer.terminal.verify_claims import list_expected

CELLS = "proofs"
"""The fact whose rows are proved cells."""


_NOTHING = "nothing about it"


def list_cells(
    facts: Mapping[str, Any],
    inputs: Mapping[str, Any],
    parts: Sequence[Mapping[str, Any]],
    is_same: Callable[[Any, Any], bool],
) -> Iterator[tuple[str, Any, Any]]:
    """For each number and word of the rows its path, what stands there, and what is proved.

    Rows of a landscape or rule that the inputs only name say no problem: of each, some part with
    the numbers of its cell must say the same.

    Args:
        facts: The facts of the answer, as JSON.
        inputs: What was asked.
        parts: The parts of its certificate, all accepted.
        is_same: Whether what stands in a row is what is proved.
    """
    fact = facts.get(CELLS)
    rows = fact.get("value") if isinstance(fact, Mapping) else None
    if rows is not None and not isinstance(rows, list):
        yield CELLS, str(rows), _NOTHING
    for number, row in enumerate(rows if isinstance(rows, list) else []):
        path = f"{CELLS}.{number}"
        name = row.get("cell") if isinstance(row, Mapping) else None
        cell = restate_cell(inputs, name) if isinstance(name, str) else None
        if cell is None:
            yield f"{path}.cell", name, _NOTHING
            continue
        settings, problem = cell
        if problem is None and not list_tables(inputs):
            yield f"{path}.cell", name, "a run that can be asked"
            continue
        problems = [part.get("problem") for part in parts]
        if problem is not None:
            problems = [problem]
        endings = [
            _list_ending([part for part in parts if part.get("problem") == other])
            for other in problems
            if problem is not None or _fits(other, settings)
        ]
        ending = _choose(endings or [_list_ending([])], row, is_same)
        proved = {"cell": name, **settings, **ending}
        for key in dict.fromkeys((*proved, *row)):
            yield f"{path}.{key}", row.get(key), proved.get(key, _NOTHING)


def _fits(problem: Any, settings: Mapping[str, str]) -> bool:
    """Whether a run of a table that is only named may be the one of a cell."""
    if not isinstance(problem, Mapping) or not isinstance(problem.get("rule"), Mapping):
        return False
    known = {**problem["rule"]["values"], "start": problem.get("start")}
    named = {label.removeprefix("optimizer."): value for label, value in settings.items()}
    return all(
        not isinstance(known[name], str) or known[name] == value
        for name, value in named.items()
        if name in known
    )


def _choose(
    endings: Sequence[dict[str, Any]], row: Mapping[str, Any], is_same: Callable[[Any, Any], bool]
) -> dict[str, Any]:
    """The ending that a row tells, or else the first one."""
    for ending in endings:
        if all(is_same(row.get(key), value) for key, value in ending.items()):
            return ending
    return endings[0]


def _list_ending(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a row must say of a run, read off the parts that are about it."""
    expected = list_expected(parts)
    limit, cycle = expected.get("limit"), expected.get("cycle")
    period = cycle.get("period") if isinstance(cycle, Mapping) else None
    return {
        "verdict": expected.get("verdict", _NOTHING),
        "limit": "" if limit is None else limit,
        "period": "" if period is None else period,
    }

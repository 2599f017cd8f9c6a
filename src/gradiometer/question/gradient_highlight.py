"""One path that a user asks for, by its rank or by its names, found in a graph of any engine."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from gradiometer.errors import GradiometerError, Place, UsageError, suggest, unknown_name
from gradiometer.formula import plain_name

_RANK = re.compile(r"(?:(?P<input>.+?)\s*:\s*)?(?P<rank>\d{1,6})\Z")
_PLACE = Place("highlight")

MOST_RANK = 10_000
"""The last rank that is looked for."""

_MOST_TRIED = 24
"""Nodes of a path that an error proposes."""


@final
@dataclass(frozen=True)
class Highlight:
    """What was asked for: a rank, of an input or of the one with the largest mass; or names."""

    input: str = ""
    rank: int = 0
    """1 is the largest path; 0 where the path is given by names."""
    names: tuple[str, ...] = ()


def read_highlight(text: str) -> Highlight:
    """The path that *text* asks for, such as `1`, `b:2` or `a -> v1 -> c`.

    Raises:
        UsageError: If it is none of these.

    Example:
        >>> read_highlight("b:2")
        Highlight(input='b', rank=2, names=())
    """
    found = _RANK.match(text.strip())
    if found:
        rank = int(found["rank"])
        if not 1 <= rank <= MOST_RANK:
            raise UsageError(
                f"`{text}` is no rank from 1 to {MOST_RANK:,}.", place=_PLACE, hint="write `1`"
            )
        return Highlight(plain_name((found["input"] or "").strip()), rank)
    names = tuple(plain_name(part.strip()) for part in text.replace("→", "->").split("->"))
    if not all(names):
        raise UsageError(
            f"`{text}` is no path: a name is missing.",
            place=_PLACE,
            hint="write `1` for the largest path, or names such as `a -> v1 -> c`",
        )
    return Highlight(names=names)


@final
@dataclass(frozen=True)
class Links:
    """A graph as a path search sees it; nodes are numbered so that every edge points upward."""

    inputs: Mapping[str, int]
    output: int
    find: Callable[[str], int | None]
    """The node of a name."""
    known: Sequence[str]
    """Names to propose."""
    name: Callable[[int], str]
    is_named: Callable[[int], bool]
    """Whether the user gave the node its name, so that no path may skip it."""
    into: Callable[[int], Sequence[tuple[int, int, float]]]
    """The edges into a node: number, where it starts, size."""
    onward: Callable[[int], Sequence[int]]
    """The next nodes of the paths from a node to the output."""


@final
@dataclass(frozen=True)
class NamedPath:
    """The edges of a path that names describe, and how they were read."""

    edges: tuple[int, ...]
    notes: tuple[str, ...]


def trace_names(links: Links, names: Sequence[str]) -> NamedPath:
    """The path through the nodes of these names, from an input to the output.

    Between two names it takes the largest edge; where there is none, the largest way through nodes
    that have no name of their own.

    Raises:
        UnknownNameError: If there is no node of a name.
        UsageError: If there is no such path; it says where it could go on.
    """
    places = [_find(links, name) for name in names]
    if places[0] not in links.inputs.values():
        raise UsageError(
            f"The path begins at `{names[0]}`, which is no input.",
            place=_PLACE, known=tuple(links.inputs), hint=_propose(links, []),
        )  # fmt: skip
    edges: list[int] = []
    notes: list[str] = []
    for step, (start, end) in enumerate(itertools.pairwise(places), start=1):
        part = _take_edge(links, start, end, notes) or _take_nameless(links, start, end, notes)
        if not part:
            raise _no_way(links, names, places[:step])
        edges += part
    if places[-1] != links.output:
        raise UsageError(
            f"The path ends at `{names[-1]}`, not at the output `{links.name(links.output)}`.",
            place=_PLACE, known=_successors(links, places[-1]), hint=_propose(links, places),
        )  # fmt: skip
    return NamedPath(tuple(edges), tuple(notes))


def no_such_rank(links: Links, wanted: Highlight, *, input_name: str, count: int) -> UsageError:
    """The error about a rank beyond the last path."""
    paths = "1 path" if count == 1 else f"{count:,} paths"
    return UsageError(
        f"From `{input_name}` there {'is' if count == 1 else 'are'} {paths} of a value other than "
        f"0, and none of rank {wanted.rank}.",
        place=_PLACE,
        known=tuple(links.inputs),
        hint=f"write `{input_name}:{count}`" if count else "name another input",
    )


def unknown_input(links: Links, name: str) -> GradiometerError:
    """The error about a rank of an input that is not there."""
    return unknown_name(
        name, links.inputs, problem=f"The computation has no input called `{name}`.", place=_PLACE
    )


def _find(links: Links, name: str) -> int:
    place = links.find(name)
    if place is not None:
        return place
    error = unknown_name(
        name, links.known, problem=f"The computation has no node called `{name}`.", place=_PLACE
    )
    if error.hint:
        raise error
    if "…" not in name:
        raise replace(error, hint=_propose(links, []))
    raise UsageError(
        "A path that is written with `…` cannot be read back.", place=_PLACE,
        hint="write its rank, such as `1`",
    )  # fmt: skip


def _take_edge(links: Links, start: int, end: int, notes: list[str]) -> list[int]:
    """The largest edge from one node to another; empty where there is none."""
    rows = [row for row in links.into(end) if row[1] == start]
    if len(rows) > 1:
        notes.append(
            f"Of {len(rows)} parallel edges from `{links.name(start)}` to `{links.name(end)}` it "
            "takes the largest."
        )
    return [max(rows, key=lambda row: row[2])[0]] if rows else []


def _take_nameless(links: Links, start: int, end: int, notes: list[str]) -> list[int]:
    """The largest way between two nodes through nodes without a name of their own."""
    rows: dict[int, Sequence[tuple[int, int, float]]] = {}
    stack = [end]
    while stack:
        node = stack.pop()
        rows[node] = links.into(node)
        stack += {
            before
            for _, before, _ in rows[node]
            if before > start and before not in rows and not links.is_named(before)
        }
    best: dict[int, tuple[float, int, int]] = {start: (0.0, -1, -1)}
    for node in sorted(rows):
        ways = [
            (best[before][0] + _log(size), edge, before)
            for edge, before, size in rows[node]
            if before in best
        ]
        if ways:
            best[node] = max(ways, key=lambda way: way[0])
    if end not in best:
        return []
    notes.append(
        f"From `{links.name(start)}` to `{links.name(end)}` it takes the largest way through "
        "operations that have no name of their own."
    )
    edges: list[int] = []
    while end != start:
        _, edge, end = best[end]
        edges.append(edge)
    return edges[::-1]


def _log(size: float) -> float:
    return math.log(size) if size > 0 else -math.inf


def _no_way(links: Links, names: Sequence[str], places: Sequence[int]) -> UsageError:
    """The error about two nodes in turn that no edge joins."""
    known = _successors(links, places[-1])
    wanted = names[len(places)]
    near = suggest(wanted, known)
    tried = [*places, links.find(near)] if near else list(places)
    return UsageError(
        f"There is no edge from `{names[len(places) - 1]}` to `{wanted}`.",
        place=_PLACE,
        known=known,
        hint=_propose(links, [place for place in tried if place is not None]),
    )


def _successors(links: Links, node: int) -> tuple[str, ...]:
    return tuple(links.name(after) for after in links.onward(node))


def _propose(links: Links, places: Sequence[int]) -> str:
    """A path that begins with these nodes and can be typed."""
    path = list(places)
    if not path:
        path = [node for node in links.inputs.values() if links.onward(node)][:1]
    while path and path[-1] != links.output and len(path) < _MOST_TRIED:
        after = links.onward(path[-1])
        if not after:
            break
        path.append(after[0])
    if not path or path[-1] != links.output:
        return "write `1` for the largest path"
    return f"write `{' -> '.join(map(links.name, path))}`"

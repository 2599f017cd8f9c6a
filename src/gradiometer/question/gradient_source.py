"""Where a computation comes from: a text, a file of assignments, a graph as JSON, a function."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from gradiometer.errors import FormulaError, Place, StudyError, UsageError
from gradiometer.formula import Exact, parse
from gradiometer.model import trace_function
from gradiometer.question.gradient_json import read_json_graph

MOST_BYTES = 2 * 10**9
_MOST_EXACT = 1_000_000
"""Bytes up to which a file may be one text, for exact numbers."""
_PART = 1 << 18
"""Characters of a longer file that are read at a time."""


@final
@dataclass(frozen=True)
class Computation:
    """The assignments, and what came with them."""

    name: str
    """What holds them, for errors."""
    text: str = ""
    """All of them; empty where they are too long for one text."""
    path: str = ""
    at: Mapping[str, Any] | None = None
    """The point, where a JSON graph holds it."""
    of: str = ""
    notes: tuple[str, ...] = ()
    ties: tuple[str, ...] = ()
    """Comparisons of equal numbers in a function, where another branch is as near."""
    unused: tuple[str, ...] = ()
    """Arguments of a function that it does not use at the point."""
    places: tuple[Place, ...] = ()
    """Where each line of the text stands, if not on the same line of the file."""

    def parts(self) -> Iterator[str]:
        """The text in parts of whole lines.

        Raises:
            StudyError: If the file is no UTF-8 text.
        """
        if self.text:
            yield from self.text.splitlines()
            return
        try:
            with Path(self.path).open(encoding="utf-8-sig") as file:
                while part := file.read(_PART):
                    yield part + file.readline()
        except UnicodeDecodeError:
            raise StudyError("The file is not UTF-8 text.", place=Place(self.path)) from None

    def lines(self) -> Iterator[str]:
        """The text line by line.

        Raises:
            StudyError: If the file is no UTF-8 text.
        """
        for part in self.parts():
            yield from part.removesuffix("\n").split("\n")


def read_computation(
    computation: str | Callable[..., Any] | None, *, file: str | None
) -> Computation:
    """The computation that a text or a file holds; a function is traced later.

    Raises:
        UsageError: If there is neither, or both.
        StudyError: If the file cannot be read, or is no graph.
    """
    if (computation is None or computation == "") == (file is None):
        raise UsageError(
            "A computation is either written out or read from a file.",
            place=Place("computation"),
            hint="give one of the two"
            if computation
            else 'write such as "v=a^2; c=v*b", or give a file',
        )
    if file is None:
        return Computation("computation", str(computation))
    try:
        size = Path(file).stat().st_size
        if not Path(file).is_file():
            raise IsADirectoryError(21, "it is no file")
        text = Path(file).read_bytes() if size <= _MOST_EXACT or _is_json(file) else b""
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the name cannot be used"
        raise StudyError(f"The file cannot be read: {reason}.", place=Place(file)) from None
    if size > MOST_BYTES:
        raise StudyError(f"The file has more than {MOST_BYTES:,} bytes.", place=Place(file))
    try:
        shown = text.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise StudyError("The file is not UTF-8 text.", place=Place(file)) from None
    if _is_json(file):
        graph = read_json_graph(file, shown)
        return Computation(
            file, "\n".join(graph.lines), file, graph.at, graph.of, places=graph.places
        )
    if size <= _MOST_EXACT and not shown.strip(" \t\r\n;"):
        raise FormulaError("There is no formula.", place=Place(file, 1))
    return Computation(file, shown, file)


def _is_json(file: str) -> bool:
    return Path(file).suffix == ".json"


def trace_computation(function: Callable[..., Any], at: Mapping[str, Exact]) -> Computation:
    """The assignments that a function carries out at the point."""
    run = trace_function(function, at)
    notes: list[str] = []
    if len(run.outputs) > 1:
        notes.append(f"The function has {len(run.outputs)} outputs: {', '.join(run.outputs)}.")
    if run.unused:
        names = ", ".join(f"`{name}`" for name in run.unused)
        notes.append(f"At this point the function does not use {names}: no path starts there.")
    return Computation(
        "computation",
        "; ".join(run.lines),
        notes=(*notes, *run.ties),
        ties=run.ties,
        unused=run.unused,
    )


def with_sum(lines: Iterable[str], of: str) -> tuple[Iterable[str], str]:
    """The lines, one more of which assigns a sum of outputs where *of* is one."""
    from gradiometer.question.gradient_group import is_name

    if not of or is_name(of):
        return lines, of
    parse(of, place=Place("of"))
    return itertools.chain(lines, [f"output_sum = {of}"]), "output_sum"

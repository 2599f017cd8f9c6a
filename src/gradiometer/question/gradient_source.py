"""Where a computation comes from: a text, a file of assignments, a graph as JSON, a function."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from gradiometer.errors import (
    FormulaError,
    GradiometerError,
    Place,
    StudyError,
    UsageError,
    suggest,
)
from gradiometer.formula import OPERATORS, Exact
from gradiometer.model import trace_function

MOST_BYTES = 2 * 10**9
_MOST_EXACT = 1_000_000
"""Bytes up to which a file may be one text, for exact numbers."""

_SYMBOLS = frozenset("+-*/^")


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

    def lines(self) -> Iterator[str]:
        """The text line by line.

        Raises:
            StudyError: If the file is no UTF-8 text.
        """
        if self.text:
            yield from self.text.splitlines()
            return
        try:
            with Path(self.path).open(encoding="utf-8-sig") as file:
                yield from file
        except UnicodeDecodeError:
            raise StudyError("The file is not UTF-8 text.", place=Place(self.path)) from None


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
            hint='write such as "v=a^2; c=v*b", or give a file',
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
        return _read_json(file, shown)
    if size and not shown.strip() and size <= _MOST_EXACT:
        raise FormulaError("There is no formula.", place=Place(file))
    return Computation(file, shown, file)


def _is_json(file: str) -> bool:
    return Path(file).suffix == ".json"


def trace_computation(function: Callable[..., Any], at: Mapping[str, Exact]) -> Computation:
    """The assignments that a function carries out at the point."""
    lines, outputs = trace_function(function, at)
    note = f"The function has {len(outputs)} outputs: {', '.join(outputs)}."
    return Computation("computation", "; ".join(lines), notes=(note,) if len(outputs) > 1 else ())


def _read_json(file: str, text: str) -> Computation:
    """A graph: `{"nodes": [{"name", "formula"} or {"name", "operation", "operands"}], …}`.

    One that was exported holds its text as `computation`, which is read instead of its nodes.
    """
    try:
        graph = json.loads(text)
    except json.JSONDecodeError as error:
        raise StudyError(
            f"The file is no JSON: {error.msg}.", place=Place(file, error.lineno, error.colno)
        ) from None
    except (RecursionError, ValueError):
        raise StudyError("The file is no JSON that can be used.", place=Place(file)) from None
    known = ("nodes", "at", "of", "computation", "edges", "highlighted")
    written = graph.get("computation") if isinstance(graph, dict) else None
    if not isinstance(graph, dict) or not isinstance(graph.get("nodes", written), list | str):
        raise StudyError(
            "A graph is a table with a list of nodes.", place=Place(file), known=known,
            hint='write {"nodes": [{"name": "v", "formula": "a^2"}], "at": {"a": "1"}}',
        )  # fmt: skip
    for key in graph:
        if key not in known:
            raise _unknown_key(file, key, known)
    if isinstance(written, str):
        # Nodes and edges beside it are what was found; they are found anew.
        lines = [written]
    elif isinstance(graph.get("nodes"), list):
        lines = [_to_line(file, index, node) for index, node in enumerate(graph["nodes"])]
    else:
        raise StudyError("`computation` is a text, `nodes` a list.", place=Place(file))
    at = graph.get("at")
    if at is not None and not isinstance(at, dict):
        raise StudyError("`at` is a table of values by name.", place=Place(file))
    return Computation(file, "\n".join(lines), file, at, str(graph.get("of") or ""))


def _unknown_key(file: str, key: str, known: Iterable[str]) -> StudyError:
    near = suggest(key, known)
    return StudyError(
        f"Unknown key `{key}`.", place=Place(file), known=tuple(known),
        hint=f"write `{near}`" if near else "",
    )  # fmt: skip


def _to_line(file: str, index: int, node: Any) -> str:
    """The assignment of one node."""
    where = f"node {index + 1}"
    if not isinstance(node, dict) or not isinstance(node.get("name"), str):
        raise StudyError(f"The {where} is no table with a `name`.", place=Place(file))
    forms = ({"name", "formula"}, {"name", "operation", "operands"})
    if set(node) not in forms:
        extra = [key for key in node if key not in {*forms[0], *forms[1]}]
        if extra:
            raise _unknown_key(file, extra[0], ("name", "formula", "operation", "operands"))
        raise StudyError(
            f"The {where} has neither `formula` nor `operation` with `operands`.",
            place=Place(file),
        )
    if "formula" in node:
        return f"{node['name']} = {node['formula']}".replace("\n", " ")
    operation, operands = node["operation"], node["operands"]
    if operation not in OPERATORS or OPERATORS[operation].kind in ("relation", "logic"):
        near = suggest(str(operation), OPERATORS)
        raise StudyError(
            f"The {where} has the unknown operation `{operation}`.", place=Place(file),
            known=tuple(OPERATORS), hint=f"write `{near}`" if near else "",
        )  # fmt: skip
    if not isinstance(operands, list) or not operands:
        raise StudyError(f"The {where} has no list of operands.", place=Place(file))
    texts = [f"({operand})" for operand in operands]
    if operation in _SYMBOLS and len(texts) == 2:
        return f"{node['name']} = {texts[0]}{operation}{texts[1]}"
    if operation == "neg":
        return f"{node['name']} = -{texts[0]}"
    return f"{node['name']} = {operation}({', '.join(texts)})"


def point_at_line(error: GradiometerError, source: Computation) -> GradiometerError:
    """The error with the line of the file that holds its text, alone, in place of all lines."""
    place = error.place
    if not source.path or not error.text or (place is not None and place.line is not None):
        return error
    offset = source.text.find(error.text)
    if offset < 0:
        return error
    offset += error.start or 0
    start = source.text.rfind("\n", 0, offset) + 1
    stop = source.text.find("\n", offset)
    line = source.text[start : stop if stop >= 0 else None]
    length = max(1, (error.end or offset + 1) - (error.start or 0))
    return replace(
        error,
        text=line,
        start=offset - start if error.start is not None else None,
        end=min(len(line), offset - start + length) if error.start is not None else None,
        place=Place(source.path, source.text.count("\n", 0, offset) + 1, offset - start + 1),
    )


def with_sum(lines: Iterable[str], of: str) -> tuple[Iterable[str], str]:
    """The lines, one more of which assigns a sum of outputs where *of* is one."""
    from gradiometer.question.gradient_group import is_name

    if not of or is_name(of):
        return lines, of
    return itertools.chain(lines, [f"output_sum = {of}"]), "output_sum"

"""A graph as JSON in, its assignments out.

A node is `{"name": …, "formula": …}` or `{"name": …, "operation": …, "operands": […]}`; beside the
list of nodes may stand the point, as `at`, and the output, as `of`. A graph that was exported holds
its text as `computation`, which is read in place of its nodes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, final

from gradiometer.errors import Place, StudyError, suggest
from gradiometer.formula import OPERATORS
from gradiometer.question.gradient_group import is_name

_SYMBOLS = frozenset("+-*/^")
_KNOWN = ("nodes", "at", "of", "computation", "edges", "highlighted")
_NODE_KEYS = ("name", "formula", "operation", "operands")
_NODES = re.compile(r'"nodes"\s*:\s*\[')
_OPERATIONS = tuple(n for n, o in OPERATORS.items() if o.kind not in ("relation", "logic"))
_EXAMPLE = 'write {"nodes": [{"name": "v", "formula": "a^2"}], "at": {"a": "1"}}'


@final
@dataclass(frozen=True)
class JsonGraph:
    """What a JSON graph says."""

    lines: tuple[str, ...]
    """One assignment for each node, or all of them as they were exported."""
    places: tuple[Place, ...]
    """Where each node begins."""
    at: Mapping[str, Any] | None
    of: str


def read_json_graph(file: str, text: str) -> JsonGraph:
    """The graph that the text of a file holds.

    Raises:
        StudyError: If it is no JSON, or no graph; the place of the node is named.
    """
    graph = _load(file, text)
    written = graph.get("computation") if isinstance(graph, dict) else None
    nodes = graph.get("nodes", None if written is None else []) if isinstance(graph, dict) else None
    if not isinstance(graph, dict) or not isinstance(nodes, list):
        raise StudyError(
            "A graph is a table with a list of nodes.", place=Place(file), known=_KNOWN,
            hint=_EXAMPLE,
        )  # fmt: skip
    for key in graph:
        if key not in _KNOWN:
            raise _unknown_key(Place(file), key, _KNOWN)
    at, of = graph.get("at"), graph.get("of")
    if written is not None and not isinstance(written, str):
        raise StudyError("`computation` is a text.", place=Place(file), hint=_EXAMPLE)
    if not nodes and written is None:
        raise StudyError("The graph has no nodes.", place=Place(file), hint=_EXAMPLE)
    if at is not None and not isinstance(at, dict):
        raise StudyError("`at` is a table of values by name.", place=Place(file))
    for name, value in (at or {}).items():
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise StudyError(
                f"The value of `{name}` is no number: {json.dumps(value)[:40]}.",
                place=Place(file), hint=f'write such as "at": {{"{name}": "1/3"}}',
            )  # fmt: skip
    if of is not None and not isinstance(of, str):
        raise StudyError(
            "`of` is the name of an output, or a sum of several, as a text.",
            place=Place(file), hint='write such as "of": "c"',
        )  # fmt: skip
    if written is not None:
        # Nodes and edges beside it are what was found; they are found anew.
        return JsonGraph((written,), (Place(file),), at, of or "")
    places = _find_nodes(file, text, len(nodes))
    lines = tuple(
        _to_line(place, index, node)
        for index, (node, place) in enumerate(zip(nodes, places, strict=True))
    )
    return JsonGraph(lines, places, at, of or "")


def _load(file: str, text: str) -> Any:
    def check(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table: dict[str, Any] = {}
        for key, value in pairs:
            if key in table:
                raise StudyError(
                    f"The key `{key}` stands twice in one table.", place=Place(file),
                    hint="leave one of them out",
                )  # fmt: skip
            table[key] = value
        return table

    def refuse(word: str) -> NoReturn:
        raise StudyError(f"`{word}` is no number.", place=Place(file), hint="write a finite number")

    try:
        # A decimal stays as it is written, and is read like one in a formula.
        return json.loads(text, object_pairs_hook=check, parse_constant=refuse, parse_float=str)
    except json.JSONDecodeError as error:
        raise StudyError(
            f"The file is no JSON: {error.msg}.", place=Place(file, error.lineno, error.colno)
        ) from None
    except RecursionError:
        raise StudyError("The file is nested too deeply.", place=Place(file)) from None
    except ValueError:
        raise StudyError(
            "The file has a number with too many digits.", place=Place(file),
            hint="write long numbers as texts",
        ) from None  # fmt: skip


def _find_nodes(file: str, text: str, count: int) -> tuple[Place, ...]:
    """The place where each node begins; without line where it cannot be told."""
    unknown = (Place(file),) * count
    found = _NODES.search(text)
    if found is None:
        return unknown
    decoder, offset, places = json.JSONDecoder(), found.end(), list[Place]()
    line, start = 1, 0
    for _ in range(count):
        while offset < len(text) and text[offset] in " \t\r\n,":
            offset += 1
        line += text.count("\n", start, offset)
        start = offset
        places.append(Place(file, line, offset - text.rfind("\n", 0, offset)))
        try:
            offset = decoder.raw_decode(text, offset)[1]
        except ValueError:
            return unknown
    return tuple(places)


def _unknown_key(place: Place, key: str, known: Iterable[str]) -> StudyError:
    near = suggest(key, known)
    return StudyError(
        f"Unknown key `{key}`.", place=place, known=tuple(known),
        hint=f"write `{near}`" if near else "",
    )  # fmt: skip


def _to_line(place: Place, index: int, node: Any) -> str:
    """The assignment of one node."""
    where = f"node {index + 1}"
    if not isinstance(node, dict):
        raise StudyError(f"The {where} is no table with a `name`.", place=place, hint=_EXAMPLE)
    for key in node:
        if key not in _NODE_KEYS:
            raise _unknown_key(place, key, _NODE_KEYS)
    name = node.get("name")
    if not isinstance(name, str) or not is_name(name):
        problem = f"The {where} has no `name` that is one name"
        said = f": {json.dumps(name)[:40]}." if "name" in node else "."
        raise StudyError(problem + said, place=place, hint='write such as "name": "v"')
    if set(node) == {"name", "formula"}:
        formula = _to_formula(place, f"`formula` of the {where}", node["formula"])
        return f"{name} = {formula}"
    if set(node) == {"name", "operation", "operands"}:
        return f"{name} = {_to_call(place, where, node)}"
    raise StudyError(
        f"The {where} has neither `formula` nor `operation` with `operands`.", place=place,
        hint='write such as {"name": "c", "operation": "+", "operands": ["a", "b"]}',
    )  # fmt: skip


def _to_formula(place: Place, what: str, value: Any) -> str:
    """The text of a formula or a number, on one line."""
    is_text = isinstance(value, str | int) and not isinstance(value, bool)
    text = " ".join(str(value).split("\n"))
    if not is_text or ";" in text:
        raise StudyError(
            f"The {what} is no formula: {json.dumps(value)[:40]}.", place=place,
            hint='write one formula as a text such as "a^2"',
        )  # fmt: skip
    return text


def _to_call(place: Place, where: str, node: Mapping[str, Any]) -> str:
    operation, operands = node["operation"], node["operands"]
    if not isinstance(operation, str) or operation not in _OPERATIONS:
        near = suggest(str(operation), _OPERATIONS)
        raise StudyError(
            f"The {where} has the unknown operation `{operation}`.", place=place,
            known=_OPERATIONS, hint=f"write `{near}`" if near else "",
        )  # fmt: skip
    if not isinstance(operands, list) or not operands:
        raise StudyError(
            f"The {where} has no list of operands.", place=place,
            hint='write such as "operands": ["a", "b"]',
        )  # fmt: skip
    if operation in _SYMBOLS and len(operands) != 2:
        given = f"{len(operands)} operand{'s' if len(operands) > 1 else ''}"
        raise StudyError(
            f"The {where} has {given}, and `{operation}` takes 2.", place=place,
            hint="write a node for each operation, or a `formula`",
        )  # fmt: skip
    texts = [f"({_to_formula(place, f'operand of the {where}', item)})" for item in operands]
    if operation in _SYMBOLS:
        return operation.join(texts)
    return f"-{texts[0]}" if operation == "neg" else f"{operation}({', '.join(texts)})"

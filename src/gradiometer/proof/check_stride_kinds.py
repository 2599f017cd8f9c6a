"""What each state of a rule seems to be: a guess from its line, which nothing relies on."""

from __future__ import annotations

from collections.abc import Mapping

from gradiometer.formula import Apply, Exact, Node, free_names, substitute, walk
from gradiometer.proof.check_stride_system import Lines


def guess_kinds(begun: Mapping[str, Exact], lines: Lines) -> dict[str, str]:
    """The kind of each state, as its line looks; reading the rule shows whether it is."""
    clocks = _find_clocks(begun, lines)
    rows = inline_lines(lines)
    return {name: "clock" if name in clocks else _guess(rows[f"{name}'"]) for name in begun}


def inline_lines(lines: Lines) -> dict[str, Node]:
    """The lines without names that only stand for a part of a step."""
    rows: dict[str, Node] = {}
    for target, tree in lines:
        inner = {name: row for name, row in rows.items() if not name.endswith("'")}
        rows[target] = substitute(tree, inner)
    return rows


def _guess(tree: Node) -> str:
    """What a state seems to be, from the operations of its line."""
    parts = [part for part in walk(tree) if isinstance(part, Apply)]
    called = {part.operator for part in parts}
    if any(p.operator == "/" and _reads_gradients(p.arguments[1]) for p in parts):
        return "echo"
    if any(p.operator == "^" and _reads_gradients(p.arguments[0]) for p in parts):
        return "square"
    return "peak" if "max" in called else "linear"


def _reads_gradients(tree: Node) -> bool:
    return bool(free_names(tree) - {"t"})


def _find_clocks(begun: Mapping[str, Exact], lines: Lines) -> set[str]:
    """The states that read nothing but the step count and each other."""
    rows = dict(lines)
    found = {*begun}
    while True:
        given = {"t", *found, *(f"{name}'" for name in found)}
        for target, tree in lines:
            if not target.endswith("'") and free_names(tree) <= given:
                given.add(target)
        kept = {name for name in found if free_names(rows[f"{name}'"]) <= given}
        if kept == found:
            return found
        found = kept

"""The shape of an assignment: what is left of a line when names and numbers are taken out."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import final

from gradiometer.errors import FormulaError
from gradiometer.formula import (
    ALIASES,
    CONSTANTS,
    FUNCTIONS,
    Apply,
    Constant,
    Name,
    Node,
    Number,
    evaluate_float,
    parse_assignments,
)

SPECIAL = frozenset((*FUNCTIONS, *ALIASES, *CONSTANTS, "and", "or", "not"))
"""Words that may be more than the name of a value."""


@final
@dataclass(frozen=True)
class Operation:
    """One operation of a line."""

    operator: str
    operands: tuple[tuple[bool, int], ...]
    """Each an earlier operation of the line (True) or a word (False), by number."""


@final
@dataclass(frozen=True)
class Shape:
    """What all lines of one shape have in common."""

    is_named: bool
    """Whether the line assigns a name."""
    operations: tuple[Operation, ...]
    numbers: tuple[bool, ...]
    """For each word behind the assigned name whether it is a number."""
    words: tuple[str, ...]
    """The words of the line that the shape was read from, the assigned name first."""
    constants: frozenset[str] = frozenset()
    """Constants such as `e` that the line uses."""

    @property
    def size(self) -> int:
        """How many operations a line has."""
        return len(self.operations)

    @property
    def width(self) -> int:
        """How many names and numbers stand behind the assigned name."""
        return len(self.numbers)

    @property
    def operand_count(self) -> int:
        """How many operands they have together."""
        return sum(len(operation.operands) for operation in self.operations)

    @property
    def skipped(self) -> int:
        """Words before those."""
        return int(self.is_named)


def read_shape(line: str, known: Container[str]) -> Shape:
    """The shape of a line, read by the grammar of all formulas.

    Args:
        line: One assignment, or an expression.
        known: Names that have a value; they hide constants of the same name.

    Raises:
        FormulaError: If it is none.
    """
    assignment = parse_assignments(line)[0]
    if not assignment.name and "=" in line:
        raise FormulaError("A line is a name, `=` and a formula.", text=line)
    words: list[str] = []
    numbers: list[bool] = []
    operations: list[Operation] = []
    _flatten(assignment.formula.tree, known, operations, words, numbers)
    name = (assignment.name,) if assignment.name else ()
    constants = frozenset(
        leaf.name
        for leaf in _leaves(assignment.formula.tree)
        if isinstance(leaf, Constant) and leaf.name not in known
    )
    return Shape(bool(name), tuple(operations), tuple(numbers), (*name, *words), constants)


def _flatten(
    tree: Node,
    known: Container[str],
    operations: list[Operation],
    words: list[str],
    numbers: list[bool],
) -> None:
    """The operations of a tree, innermost first; words in the order of the text."""
    leaves = sorted(_leaves(tree), key=lambda leaf: leaf.span or (0, 0))
    slots: dict[int, int] = {}
    for leaf in leaves:
        slots[id(leaf)] = len(words)
        words.append(_word(leaf, known))
        numbers.append(not _is_value(leaf, known))
    done: list[tuple[bool, int]] = []
    stack: list[tuple[Node, bool]] = [(tree, False)]
    while stack:
        node, is_ready = stack.pop()
        if not isinstance(node, Apply):
            done.append((False, slots[id(node)]))
        elif not is_ready:
            stack.append((node, True))
            stack.extend((part, False) for part in reversed(node.arguments))
        else:
            count = len(node.arguments)
            operands = tuple(done[len(done) - count :])
            del done[len(done) - count :]
            operations.append(Operation(node.operator, operands))
            done.append((True, len(operations) - 1))


def _leaves(tree: Node) -> list[Number | Constant | Name]:
    found: list[Number | Constant | Name] = []
    stack: list[Node] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Apply):
            stack.extend(node.arguments)
        else:
            found.append(node)
    return found


def _is_value(leaf: Number | Constant | Name, known: Container[str]) -> bool:
    return isinstance(leaf, Name) or (isinstance(leaf, Constant) and leaf.name in known)


def _word(leaf: Number | Constant | Name, known: Container[str]) -> str:
    if isinstance(leaf, Number):
        return leaf.text.replace("−", "-")
    if _is_value(leaf, known):
        return leaf.name
    return repr(evaluate_float(leaf, {}))

"""The checker's own reading of a computation: assignments in, operations on numbered nodes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias, final

from gradiometer.errors import CertificateError
from gradiometer.formula import (
    RELATIONS,
    Apply,
    Assignment,
    Constant,
    Name,
    Node,
    parse_assignments,
    to_text,
)

Part: TypeAlias = "int | Node"
"""An operand: the number of a node, or a constant formula."""

_MOST_ITEMS = 5_000
_LONGEST_NAME = 40


@final
@dataclass(frozen=True)
class Condition:
    """A condition: a relation between two operands, or `and`, `or`, `not` of conditions."""

    operator: str
    parts: tuple[Part | Condition, ...]

    def sides(self) -> list[Part]:
        """The operands of all relations, from left to right."""
        found: list[Part] = []
        for part in self.parts:
            found += part.sides() if isinstance(part, Condition) else [part]
        return found


@final
@dataclass(frozen=True)
class Item:
    """One node: an input (no operator), a copy (`=`), a constant (`=`) or an operation."""

    name: str
    operator: str = ""
    parts: tuple[Part, ...] = ()
    test: Condition | None = None
    """The condition of a `where`, whose two values are the parts."""


@final
@dataclass
class Reading:
    """The nodes of a computation in the order in which they are computed."""

    given: frozenset[str]
    assigned: frozenset[str]
    items: list[Item] = field(default_factory=list)
    shown: list[Node] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    long_names: int = 0

    def add(self, assignment: Assignment) -> int:
        """Read one assignment; the number of its node."""
        tree, name = assignment.formula.tree, assignment.name
        part, _ = self._read(tree, name)
        if isinstance(part, int) and (not name or self.items[part].name == name):
            return part
        shown = tree if not isinstance(part, int) else self.shown[part]
        label, _ = (name, Name(name)) if name else self._label(shown)
        return self._append(Item(label, "=", (part,)), Name(label))

    def _read(self, tree: Node, name: str = "") -> tuple[Part, Node]:
        """The operand that *tree* is, and how it is written inside a larger one."""
        leaf = self._leaf(tree)
        if leaf:
            if leaf not in self.numbers:
                if leaf in self.assigned or leaf not in self.given:
                    raise CertificateError(f"The name `{leaf}` has no value.")
                self.numbers[leaf] = self._append(Item(leaf), Name(leaf))
            number = self.numbers[leaf]
            return number, self.shown[number]
        if not isinstance(tree, Apply):
            return tree, tree
        test, condition = None, ()
        arguments = tree.arguments
        if tree.operator == "where":
            test, spelled = self._test(arguments[0])
            arguments, condition = arguments[1:], (spelled,)
        pairs = [self._read(argument) for argument in arguments]
        parts = tuple(part for part, _ in pairs)
        if not any(isinstance(p, int) for p in (*parts, *(test.sides() if test else ()))):
            return tree, tree
        operation = Apply(tree.operator, (*condition, *(written for _, written in pairs)))
        label, shown = (name, Name(name)) if name else self._label(operation)
        return self._append(Item(label, tree.operator, parts, test), shown), shown

    def _test(self, tree: Node) -> tuple[Condition, Node]:
        if isinstance(tree, Apply) and tree.operator in RELATIONS:
            sides = [self._read(side) for side in tree.arguments]
            spelled = Apply(tree.operator, tuple(written for _, written in sides))
            return Condition(tree.operator, tuple(part for part, _ in sides)), spelled
        if isinstance(tree, Apply) and tree.operator in ("and", "or", "not"):
            tests = [self._test(part) for part in tree.arguments]
            spelled = Apply(tree.operator, tuple(written for _, written in tests))
            return Condition(tree.operator, tuple(test for test, _ in tests)), spelled
        raise CertificateError("A condition is no relation.")

    def _leaf(self, tree: Node) -> str:
        """The name a leaf is; `e` and `pi` are names where the computation uses them so."""
        if isinstance(tree, Constant):
            return tree.name if tree.name in self.given or tree.name in self.assigned else ""
        return tree.name if isinstance(tree, Name) else ""

    def _label(self, operation: Node) -> tuple[str, Node]:
        """What an operation without a name is called: its text, or `t1`, … if that is long."""
        text, shown, count = to_text(operation), operation, 1
        label = text
        while len(text) > _LONGEST_NAME and (label == text or label in self.taken):
            self.long_names += 1
            label = f"t{self.long_names}"
            shown = Name(label)
        while label in self.taken:
            count += 1
            label = f"{text} ({count})"
        self.taken.add(label)
        return label, shown

    def _append(self, item: Item, shown: Node) -> int:
        if len(self.items) >= _MOST_ITEMS:
            raise CertificateError(f"The computation has more than {_MOST_ITEMS:,} nodes.")
        self.items.append(item)
        self.shown.append(shown)
        return len(self.items) - 1


def operands(item: Item) -> list[int]:
    """Numbers of all nodes an item refers to, those of its condition first."""
    sides = item.test.sides() if item.test is not None else []
    return [part for part in (*sides, *item.parts) if isinstance(part, int)]


def read_items(text: str, given: frozenset[str], of: str) -> tuple[list[Item], int]:
    """The inputs and the nodes that lead to the output, and the number of the output.

    Raises:
        CertificateError: If a name has no value, is assigned twice or too late, or *given* names
            something that is no input.
    """
    assignments = parse_assignments(text)
    names = [a.name for a in assignments if a.name]
    if len(set(names)) < len(names) or given & set(names):
        raise CertificateError("A name is defined twice.")
    reading = Reading(given, frozenset(names), taken=set(names) | given)
    last = 0
    for assignment in assignments:
        last = reading.add(assignment)
        if assignment.name:
            reading.numbers[assignment.name] = last
    if given - set(reading.numbers):
        raise CertificateError("A value is given for a name that is not there.")
    output = reading.numbers.get(of, last)
    if reading.items[output].name != of:
        raise CertificateError(f"There is no value called `{of}`.")
    return _prune(reading.items, output)


def _prune(items: list[Item], output: int) -> tuple[list[Item], int]:
    needed = {output} | {k for k, item in enumerate(items) if not item.operator}
    for number in range(output, -1, -1):
        if number in needed:
            needed.update(operands(items[number]))
    new = {old: position for position, old in enumerate(sorted(needed))}

    def move(part: Part | Condition) -> Part | Condition:
        if isinstance(part, Condition):
            return Condition(part.operator, tuple(map(move, part.parts)))
        return new[part] if isinstance(part, int) else part

    kept: list[Item] = []
    for old in new:
        item = items[old]
        test = None if item.test is None else move(item.test)
        parts = tuple(part for part in map(move, item.parts) if not isinstance(part, Condition))
        kept.append(
            Item(item.name, item.operator, parts, test if isinstance(test, Condition) else None)
        )
    return kept, new[output]

"""A computation as the user wrote it: text in, a flat graph of inputs and operations out.

Nodes stand in one tuple, operands before what uses them, so every sweep is a loop. The user's own
structure is kept: `(a+b)*a` and `a*a+a*b` are different graphs, and `a*a` has two edges from `a`.
Constants are part of an operation, not nodes, unless the user named them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import final

from gradiometer.errors import LimitError, Place, unknown_name
from gradiometer.formula import (
    RELATIONS,
    Apply,
    Assignment,
    Name,
    Node,
    parse_assignments,
    to_text,
)
from gradiometer.model.graph_names import Source, check_names

MOST_NODES = 5_000
"""Largest number of nodes of a graph whose values are exact."""

_LONGEST_NAME = 40
"""An operation whose text is longer is called `t1`, `t2`, … instead."""


@final
@dataclass(frozen=True)
class GraphNode:
    """An input, or one operation on earlier nodes."""

    name: str
    """The user's name, or the text of the operation where it has none; unique in the graph."""
    operation: Node | None = None
    """What is computed, for a reader; None for an input."""
    template: Node | None = None
    """The same with `u0`, `u1`, … for the operands, in their order; None for an input."""
    operands: tuple[int, ...] = ()
    """Indices of the operands that are nodes; one that is used twice stands there twice."""
    gates: int = 0
    """How many of the first operands only decide a condition: no gradient goes through them."""
    shown: Node | None = None
    """How the node stands inside the text of a later operation: its name or its operation."""
    source: str = ""
    """The user's formula that the operation is part of, for errors."""

    @property
    def operation_text(self) -> str:
        """The operation in plain notation; empty for an input."""
        return "" if self.operation is None else to_text(self.operation)


@final
@dataclass(frozen=True)
class Graph:
    """The nodes that lead to one output, and all inputs."""

    text: str
    nodes: tuple[GraphNode, ...]
    inputs: Mapping[str, int]
    """Index of each input, in the order of first use."""
    output: int
    idle: tuple[str, ...] = ()
    """Names the user assigned that do not lead to the output; they are left out."""
    notes: tuple[str, ...] = ()
    """How doubtful passages of the text were read."""

    def edges(self) -> Iterator[tuple[int, int, int]]:
        """Every edge on a path to the output: from, to, and which operand of the latter it is."""
        counts = self.count_paths()
        for index, node in enumerate(self.nodes):
            if counts[index]:
                for position in range(node.gates, len(node.operands)):
                    yield node.operands[position], index, position

    def count_paths(self) -> tuple[int, ...]:
        """For each node the number of paths to the output; parallel edges are different paths."""
        counts = [0] * len(self.nodes)
        counts[self.output] = 1
        for index in range(len(self.nodes) - 1, -1, -1):
            node = self.nodes[index]
            for operand in node.operands[node.gates :]:
                counts[operand] += counts[index]
        return tuple(counts)


def read_graph(
    text: str, *, inputs: Collection[str], of: str = "", place: Place | None = None
) -> Graph:
    """The graph of assignments such as `v=a^2; c=v*b`, or of one expression.

    Args:
        text: The computation.
        inputs: The names that have a value; exactly the names that are used and not assigned.
        of: The output; the last assignment when empty.
        place: Where the text stands, for errors.

    Raises:
        FormulaError: If the text cannot be read, or a name is assigned twice or used too early.
        UnknownNameError: If *inputs* or *of* name something that is not there.
        UsageError: If an input has no value.
        LimitError: If there are more than `MOST_NODES` nodes.

    Example:
        >>> graph = read_graph("v=a^2; c=v*b", inputs={"a", "b"})
        >>> [node.name for node in graph.nodes]
        ['a', 'v', 'b', 'c']
    """
    source = Source(text, place, parse_assignments(text, place=place), frozenset(inputs))
    check_names(source)
    builder = _Builder(source, taken=set(source.given) | set(source.assigned))
    for assignment in source.assignments:
        builder.assign(assignment)
    return _keep_what_leads_to(builder.find(of), builder)


@final
@dataclass
class _Builder:
    """The nodes so far, and where each name is."""

    source: Source
    taken: set[str]
    """Names that no further operation may get."""
    nodes: list[GraphNode] = field(default_factory=list)
    index: dict[str, int] = field(default_factory=dict)
    """Index of each input and of each assigned name."""
    last: int = 0
    formula: str = ""
    long_names: int = 0

    def assign(self, assignment: Assignment) -> None:
        """Add the operations of one assignment, innermost first; the outermost gets the name."""
        self.formula = assignment.formula.text
        done: list[int | None] = []
        stack: list[tuple[Node, bool]] = [(assignment.formula.tree, False)]
        while stack:
            tree, is_ready = stack.pop()
            parts = operand_trees(tree)
            if not is_ready and parts:
                stack.append((tree, True))
                stack.extend((part, False) for part in reversed(parts))
                continue
            found = done[len(done) - len(parts) :] if parts else []
            del done[len(done) - len(parts) :]
            name = assignment.name if not stack else ""
            done.append(self._add(tree, found, name))
        self.last = self._close(assignment, done[0])
        if assignment.name:
            self.index[assignment.name] = self.last

    def _add(self, tree: Node, found: list[int | None], name: str) -> int | None:
        """The index of the node of *tree* whose parts are *found*; None for a constant."""
        leaf = self.source.name_of(tree)
        if leaf:
            if leaf not in self.index:
                self.index[leaf] = self._append(GraphNode(leaf, shown=Name(leaf)))
            return self.index[leaf]
        operands = tuple(index for index in found if index is not None)
        if not operands:
            return None
        shown = [None if index is None else self.nodes[index].shown for index in found]
        slots = iter(range(len(operands)))
        names = [None if index is None else Name(f"u{next(slots)}") for index in found]
        sides = len(found) - 2 if _is_where(tree) else 0
        gates = sum(index is not None for index in found[:sides])
        operation = replace_operands(tree, shown)
        text, inside = (name, Name(name)) if name else self._name(operation)
        template = replace_operands(tree, names)
        return self._append(GraphNode(text, operation, template, operands, gates, inside))

    def _close(self, assignment: Assignment, index: int | None) -> int:
        """The node of the whole assignment: constants and other names for a node get their own."""
        tree = assignment.formula.tree
        if index is not None and (not assignment.name or self.nodes[index].name == assignment.name):
            return index
        if index is None:
            name = assignment.name or self._name(tree)[0]
            return self._append(GraphNode(name, tree, tree, shown=Name(name)))
        shown, name = self.nodes[index].shown, assignment.name
        return self._append(GraphNode(name, shown, Name("u0"), (index,), shown=Name(name)))

    def _name(self, operation: Node) -> tuple[str, Node]:
        """A free name for an operation, and how it stands inside a later one."""
        text = to_text(operation)
        if len(text) > _LONGEST_NAME:
            while True:
                self.long_names += 1
                name = f"t{self.long_names}"
                if name not in self.taken:
                    self.taken.add(name)
                    return name, Name(name)
        name, number = text, 1
        while name in self.taken:
            number += 1
            name = f"{text} ({number})"
        self.taken.add(name)
        return name, operation

    def _append(self, node: GraphNode) -> int:
        if len(self.nodes) >= MOST_NODES:
            raise LimitError(
                f"The computation has more than {MOST_NODES:,} operations and inputs.",
                text=self.source.text,
                start=0,
                place=self.source.place,
            )
        self.nodes.append(replace(node, source=self.formula))
        return len(self.nodes) - 1

    def find(self, of: str) -> int:
        """The index of the output."""
        if not of:
            return self.last
        if of not in self.index:
            raise unknown_name(
                of,
                self.index,
                problem=f"The computation has no value called `{of}`.",
                text=of,
                start=0,
                end=len(of),
                place=Place("of"),
            )
        return self.index[of]


def operand_trees(tree: Node) -> tuple[Node, ...]:
    """The arguments of an operation; for `where` both sides of each relation, then the values."""
    if not isinstance(tree, Apply):
        return ()
    if not _is_where(tree):
        return tree.arguments
    sides: list[Node] = []
    stack = [tree.arguments[0]]
    while stack:
        condition = stack.pop()
        if isinstance(condition, Apply) and condition.operator in RELATIONS:
            sides.extend(condition.arguments)
        elif isinstance(condition, Apply) and condition.operator in ("and", "or", "not"):
            stack.extend(reversed(condition.arguments))
    return (*sides, *tree.arguments[1:])


def replace_operands(tree: Node, parts: Sequence[Node | None]) -> Node:
    """The operation with new operands in the order of `operand_trees`; None keeps one."""
    if not isinstance(tree, Apply):
        return tree
    if not _is_where(tree):
        pairs = zip(tree.arguments, parts, strict=True)
        return Apply(tree.operator, tuple(new or old for old, new in pairs), tree.span)
    rest = iter(parts)

    def visit(condition: Node) -> Node:
        if not isinstance(condition, Apply):
            return condition
        if condition.operator in RELATIONS:
            new = tuple(next(rest) or side for side in condition.arguments)
        else:
            new = tuple(map(visit, condition.arguments))
        return Apply(condition.operator, new, condition.span)

    condition = visit(tree.arguments[0])
    values = tuple(next(rest) or value for value in tree.arguments[1:])
    return Apply(tree.operator, (condition, *values), tree.span)


def _is_where(tree: Node) -> bool:
    return isinstance(tree, Apply) and tree.operator == "where"


def _keep_what_leads_to(output: int, builder: _Builder) -> Graph:
    """The graph without the nodes the output does not need; inputs stay."""
    nodes = builder.nodes
    needed = [node.operation is None for node in nodes]
    needed[output] = True
    for index in range(output, -1, -1):
        if needed[index]:
            for operand in nodes[index].operands:
                needed[operand] = True
    kept = [index for index, is_needed in enumerate(needed) if is_needed]
    new = {old: position for position, old in enumerate(kept)}
    return Graph(
        text=builder.source.text,
        nodes=tuple(
            replace(nodes[index], operands=tuple(new[o] for o in nodes[index].operands))
            for index in kept
        ),
        inputs={nodes[i].name: new[i] for i in kept if nodes[i].operation is None},
        output=new[output],
        notes=tuple(note for a in builder.source.assignments for note in a.formula.notes),
        idle=tuple(n for n in builder.source.assigned if not needed[builder.index[n]]),
    )

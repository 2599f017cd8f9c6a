"""The graphs of an ONNX file: their tensors and who uses them, without recursion."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import final

from gradiometer.model.weights_entry import Entry
from gradiometer.model.weights_onnx_tensor import read_tensor
from gradiometer.model.weights_protobuf import SPAN, Span, Wire
from gradiometer.model.weights_source import shorten

MOST_DEPTH = 64
"""Graphs inside one another."""

_MOST_ENDS = 64
"""Inputs and outputs of a node that are kept beside each of its uses."""
_MOST_LABEL = 200
"""Characters of a node's name in the path of what is inside it."""

_TENSOR, _SPARSE, _GRAPHS = 5, 22, {6, 11}
"""Fields of an attribute that hold a tensor, a sparse tensor, and graphs."""
_FLOAT = 4
"""Bytes of a floating number."""
_NUMBERS = {
    "value_float": (2, "float32", 4),
    "value_int": (3, "int64", 8),
    "value_floats": (7, "float32", 4),
    "value_ints": (8, "int64", 8),
}
"""Attributes of a Constant node that hold numbers: field, type, bytes of one."""


@final
@dataclass(frozen=True)
class OnnxUse:
    """One place where a node takes a value."""

    operator: str
    domain: str
    input: int
    others: tuple[str, ...]
    """The first inputs of the node."""
    outputs: tuple[str, ...]
    """Its first outputs."""


@final
@dataclass(frozen=True)
class OnnxPlace:
    """Where a node or a tensor stands: whose names it sees, and the graphs it is inside of."""

    scope: str
    path: str

    def name(self, inner: str) -> str:
        """The name that *inner* has in the whole file."""
        return f"{self.path}/{inner}" if self.path else inner


@final
@dataclass(frozen=True)
class OnnxTensor:
    """A tensor of a graph, and whether a node holds it or the list of initializers."""

    entry: Entry
    value: str
    """The name by which nodes use it."""
    scope: str
    is_node: bool
    is_sparse: bool = False


@final
@dataclass
class OnnxScope:
    """The uses of the names of a graph with the graphs inside it, or of a function."""

    formals: list[str] = field(default_factory=list)
    """A function's own names for its inputs."""
    uses: dict[str, list[OnnxUse]] = field(default_factory=dict)
    makers: dict[str, str] = field(default_factory=dict)
    """The operator that makes each value."""


@final
class OnnxGraphs:
    """Everything that was found in the graphs and functions of a file."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.tensors: list[OnnxTensor] = []
        self.scopes: dict[str, OnnxScope] = {}
        self._names: set[tuple[str, str]] = set()

    def add_graph(self, span: Span, scope: str, path: str = "") -> None:
        """Read a graph and, one after the other, every graph inside it.

        Raises:
            StudyError: If a tensor lies about its size, or stands twice.
            LimitError: If graphs stand more than 64 deep.
        """
        self.scopes.setdefault(scope, OnnxScope())
        waiting = [(span, OnnxPlace(scope, path), 0)]
        while waiting:
            part, where, depth = waiting.pop()
            if depth > MOST_DEPTH:
                problem = f"More than {MOST_DEPTH} graphs stand inside one another."
                raise self.wire.file.limit(problem, offset=part[0])
            inner: list[tuple[Span, OnnxPlace]] = []
            for number, kind, place in self.wire.fields(part):
                if kind != SPAN:
                    continue
                if number == 1:
                    inner += self._add_node(place, where)
                elif number == 5:
                    self._add(read_tensor(self.wire, place), where)
                elif number == 15:
                    self._add_sparse(place, where)
            waiting += [(graph, name, depth + 1) for graph, name in reversed(inner)]

    def add_function(self, span: Span) -> None:
        """Read a function of the model; its name becomes a scope."""
        nodes: list[Span] = []
        words = {1: "", 10: ""}
        formals: list[str] = []
        for number, kind, place in self.wire.fields(span):
            if kind != SPAN:
                continue
            if number in words:
                words[number] = self.wire.text(place)
            elif number == 4:
                formals.append(self.wire.text(place))
            elif number == 7:
                nodes.append(place)
        scope = f"{words[10]}::{words[1]}"
        self.scopes[scope] = OnnxScope(formals)
        for node in nodes:
            for graph, where in self._add_node(node, OnnxPlace(scope, scope)):
                self.add_graph(graph, scope, where.path)

    def _add_node(self, span: Span, where: OnnxPlace) -> list[tuple[Span, OnnxPlace]]:
        """Note what a node uses and holds; gives the graphs inside it with their places."""
        inputs: list[str] = []
        outputs: list[str] = []
        words = {3: "", 4: "", 7: ""}
        attributes: list[Span] = []
        for number, kind, place in self.wire.fields(span):
            if kind != SPAN:
                continue
            if number in {1, 2}:
                (inputs if number == 1 else outputs).append(self.wire.text(place))
            elif number in words:
                words[number] = self.wire.text(place)
            elif number == 5:
                attributes.append(place)
        name, operator, domain = words[3], words[4], words[7]
        known = self.scopes[where.scope]
        known.makers.update(dict.fromkeys(outputs, operator))
        some, ends = tuple(inputs[:_MOST_ENDS]), tuple(outputs[:_MOST_ENDS])
        for index, value in enumerate(inputs):
            use = OnnxUse(operator, domain, index, some, ends)
            known.uses.setdefault(value, []).append(use)
        label = (name or (outputs[0] if outputs else operator))[:_MOST_LABEL]
        constant = outputs[0] if operator == "Constant" and outputs else ""
        inner: list[tuple[Span, OnnxPlace]] = []
        for attribute in attributes:
            key, parts = self._read_attribute(attribute)
            path = where.name(f"{label}.{key[:_MOST_LABEL]}")
            inner += [
                (place, OnnxPlace(where.scope, path))
                for number, place in parts
                if number in _GRAPHS
            ]
            if constant:
                self._add_constant(key, parts, where, constant)
        return inner

    def _read_attribute(self, span: Span) -> tuple[str, list[tuple[int, Span]]]:
        """The name of an attribute and its other fields; a number's field has its own place."""
        name = ""
        parts: list[tuple[int, Span]] = []
        for number, kind, place in self.wire.fields(span):
            if kind == SPAN and number == 1:
                name = self.wire.text(place)
            elif kind == SPAN:
                parts.append((number, place))
            else:
                parts.append((-number, place))
        return name, parts

    def _add_constant(
        self, key: str, parts: list[tuple[int, Span]], where: OnnxPlace, output: str
    ) -> None:
        """Note what a Constant node holds: a tensor, or numbers in its attribute itself."""
        for number, place in parts:
            if key == "value" and number == _TENSOR:
                self._add(read_tensor(self.wire, place, name=output), where, is_node=True)
            elif key == "sparse_value" and number == _SPARSE:
                self._add_sparse(place, where, name=output)
        if key in _NUMBERS and parts:
            wanted, dtype, size = _NUMBERS[key]
            is_list = key.endswith("s")
            count = sum(self._count(number, place, wanted, size) for number, place in parts)
            file, shape = self.wire.file.path, (count,) if is_list else ()
            count = count if is_list else 1
            start = parts[0][1][0] if parts[0][0] > 0 else parts[0][1][1]
            floating = dtype == "float32"
            entry = Entry(output, shape, dtype, count, floating, file, start, count * size)
            self._add(entry, where, is_node=True)

    def _count(self, number: int, place: Span, wanted: int, size: int) -> int:
        """Numbers that a field of an attribute adds, packed or alone; none of another field."""
        if number == -wanted:
            return 1
        if number != wanted:
            return 0
        if size == _FLOAT:
            return (place[1] - place[0]) // _FLOAT
        return self.wire.count_numbers(SPAN, place)

    def _add_sparse(self, span: Span, where: OnnxPlace, *, name: str = "") -> None:
        """Note a sparse tensor by the elements it stores; the zeros between are not in the file."""
        for number, kind, place in self.wire.fields(span):
            if number == 1 and kind == SPAN:
                entry = read_tensor(self.wire, place, name=name)
                self._add(entry, where, is_node=bool(name), is_sparse=True)

    def _add(
        self, entry: Entry, where: OnnxPlace, *, is_node: bool = False, is_sparse: bool = False
    ) -> None:
        name = where.name(entry.name)
        if (where.scope, name) in self._names:
            problem = f"Tensor `{shorten(name)}` stands in its graph twice."
            raise self.wire.file.fault(problem, offset=entry.start, hint="export the model again")
        self._names.add((where.scope, name))
        full = replace(entry, name=name)
        self.tensors.append(OnnxTensor(full, entry.name, where.scope, is_node, is_sparse))

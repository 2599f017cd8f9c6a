"""The graph of a PyTorch gradient: its nodes, who uses what, and where a tensor is added again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from gradiometer.model.torch_places import to_operation

Output: TypeAlias = tuple[int, int]
"""A node and the number of one of its outputs: one tensor of the forward pass."""

Use: TypeAlias = tuple[int, int]
"""A node and the number of one of its inputs: one place where a tensor is used."""

_VIEWS = frozenset((
    "alias", "as_strided", "clone", "diagonal", "expand", "flip", "permute", "reshape",
    "reshape_alias", "roll", "select", "slice", "squeeze", "t", "to_copy", "transpose",
    "unsafe_view", "unsqueeze", "view",
))  # fmt: skip
"""Operations that hand on the numbers of one tensor: views, copies and casts."""

_PASSING = _VIEWS | frozenset(("add", "div", "mul", "native_dropout", "neg", "sub"))
"""Operations that a skip may hold: what depends on one tensor only, and has no parameter."""

_WORK = 20
"""Steps of the search for residual additions, as a multiple of the size of the graph."""


@final
@dataclass(frozen=True)
class TorchGraph:
    """Every node that the gradient passes, and the uses of every tensor in forward order."""

    nodes: Sequence[Any]
    sources: Sequence[tuple[Output | None, ...]]
    """For each node, the tensor behind each of its inputs; None where none needs a gradient."""
    uses: Mapping[Output, Sequence[Use]]
    index: Mapping[Any, int]

    def order(self, node: int) -> int:
        """The number of the node in the forward pass; that of a leaf is larger than all."""
        return self.nodes[node]._sequence_nr()

    def is_leaf(self, node: int) -> bool:
        """Whether the node collects the gradient of a leaf."""
        return not self.sources[node] and hasattr(self.nodes[node], "variable")

    def shape(self, output: Output) -> tuple[int, ...]:
        """The shape of a tensor."""
        return tuple(self.nodes[output[0]]._input_metadata[output[1]].shape)

    def is_bias(self, tensor: Output, addition: int) -> bool:
        """Whether a leaf is added to something larger: that is no residual addition."""
        return self.is_leaf(tensor[0]) and self.shape(tensor) != self.shape((addition, 0))

    def operation(self, node: int) -> str:
        """What the node differentiates, such as `add`."""
        return to_operation(self.nodes[node].name())

    def passed(self, node: int, *, through: frozenset[str]) -> Output | None:
        """The tensor that the node only hands on, if it does one of those operations."""
        found = [source for source in self.sources[node] if source is not None]
        return found[0] if len(found) == 1 and self.operation(node) in through else None

    def follow(self, use: Use) -> tuple[Use, Output | None]:
        """The use behind views and copies, and the view or copy that is itself used severally."""
        while self.passed(use[0], through=_VIEWS) is not None:
            onward = self.uses.get((use[0], 0), ())
            if len(onward) != 1:
                return use, (use[0], 0) if len(onward) > 1 else None
            use = onward[0]
        return use, None


def read_graph(root: Any) -> TorchGraph:
    """The graph behind a `grad_fn`, however deep it is.

    Args:
        root: The node of the scalar.
    """
    index: dict[Any, int] = {root: 0}
    nodes = [root]
    sources: list[tuple[Output | None, ...]] = []
    uses: defaultdict[Output, list[Use]] = defaultdict(list)
    # The list grows while it is walked: a stack would need as many places as the graph is deep.
    for number, node in enumerate(nodes):
        row: list[Output | None] = []
        for position, (source, output) in enumerate(node.next_functions):
            if source is None:
                row.append(None)
                continue
            if source not in index:
                index[source] = len(nodes)
                nodes.append(source)
            row.append((index[source], output))
            uses[index[source], output].append((number, position))
        sources.append(tuple(row))
    order = [node._sequence_nr() for node in nodes]
    for rows in uses.values():
        rows.sort(key=lambda use: (order[use[0]], use[1]))
    return TorchGraph(tuple(nodes), tuple(sources), dict(uses), index)


@final
@dataclass(frozen=True)
class Addition:
    """A node that adds a tensor to what is made of it."""

    node: int
    tensor: Output
    skip: Use
    branch: frozenset[Use]
    """The uses of the tensor that lead to the other term."""


def find_additions(graph: TorchGraph) -> tuple[list[Addition], bool]:
    """The residual additions in forward order, and whether all were looked for."""
    found: list[Addition] = []
    left = _WORK * len(graph.nodes) + 10_000
    numbers = [n for n, node in enumerate(graph.nodes) if to_operation(node.name()) == "add"]
    for number in sorted(numbers, key=graph.order):
        sources = graph.sources[number]
        if len(sources) != 2 or None in sources or sources[0] == sources[1]:
            continue
        for side in (0, 1):
            addition, steps = _read_addition(graph, number, side, left)
            left -= steps
            if left <= 0:
                return found, False
            if addition is not None:
                found.append(addition)
                break
    return found, True


def _read_addition(
    graph: TorchGraph, number: int, side: int, limit: int
) -> tuple[Addition | None, int]:
    """The addition with that side as the skip, and how many nodes were looked at."""
    tensor, other = graph.sources[number][side], graph.sources[number][1 - side]
    use: Use = (number, side)
    steps = 0
    while tensor is not None and other is not None:
        if len(graph.uses[tensor]) > 1 and tensor != other and not graph.is_bias(tensor, number):
            reached = _reach(graph, other[0], tensor[0], limit - steps)
            steps += len(reached)
            branch = frozenset(u for u in graph.uses[tensor] if u[0] in reached and u != use)
            if branch:
                return Addition(number, tensor, use, branch), steps
        behind = graph.passed(tensor[0], through=_PASSING)
        if behind is not None:
            use = (tensor[0], graph.sources[tensor[0]].index(behind))
        tensor = behind
    return None, steps


def _reach(graph: TorchGraph, start: int, stop: int, limit: int) -> set[int]:
    """The nodes behind *start* that are not older than *stop*, so that may come from it."""
    oldest = -1 if graph.is_leaf(stop) else graph.order(stop)
    reached: set[int] = set()
    waiting = [start]
    while waiting and len(reached) < limit:
        node = waiting.pop()
        if node in reached or node == stop or graph.order(node) <= oldest:
            continue
        reached.add(node)
        waiting.extend(source[0] for source in graph.sources[node] if source is not None)
    return reached

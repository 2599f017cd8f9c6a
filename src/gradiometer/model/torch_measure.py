"""What each use of a tensor adds to its gradient in one backward pass of PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, final

from gradiometer.model.torch_graph import Output, TorchGraph, Use

Parts: TypeAlias = dict[Use, tuple[float, float]]
"""Squared norm and inner product with the whole, by use."""


@final
@dataclass(frozen=True)
class Measured:
    """One tensor after the backward pass."""

    square: float
    """Squared norm of the whole gradient."""
    parts: Mapping[Use, tuple[float, float]]
    """Squared norm, and product with the whole, of each use; what brought nothing is absent.
    What arrives from a graph inside of a node has a negative number of an input of that node."""
    matches: bool


@final
@dataclass(frozen=True)
class _Ledger:
    """What has arrived for one tensor so far."""

    total: Any
    """The whole gradient where it is known beforehand, else None."""
    arrived: list[tuple[Use, Any]] = field(default_factory=list)
    sums: list[Any] = field(default_factory=list)
    """At most one tensor: what the uses of this graph add up to."""
    deposits: list[Any] = field(default_factory=list)
    """At most one tensor: what was handed to the leaf so far."""
    count: list[int] = field(default_factory=list)
    parts: Parts = field(default_factory=dict)


def measure_leaves(
    torch: Any, graph: TorchGraph, value: Any, *, leaves: Mapping[Any, Any], inner: list[Output]
) -> tuple[dict[Any, Measured], dict[Output, Measured]]:
    """The uses of leaves and of inner tensors, from one plain and one watched backward pass.

    Args:
        torch: The library.
        graph: The graph behind the scalar.
        value: The scalar.
        leaves: Each leaf by the node that collects its gradient; their `.grad` is None.
        inner: The tensors between.

    Returns:
        By the node of each leaf, and by inner tensor. A leaf is held against the gradient of the
        plain pass, an inner tensor against what the watched pass hands to the node that made it.
    """
    value.backward(retain_graph=True)
    totals = {node: leaf.grad for node, leaf in leaves.items()}
    for leaf in leaves.values():
        leaf.grad = None
    own = {node: _Ledger(totals[node]) for node in leaves}
    between = {output: _Ledger(None) for output in inner}
    found: dict[Output, Measured] = {}
    handles = _watch(torch, graph, own, between, found)
    try:
        value.backward()
    finally:
        for handle in handles:
            handle.remove()
    for leaf in leaves.values():
        leaf.grad = None
    return {node: _close(torch, ledger) for node, ledger in own.items()}, found


def _watch(
    torch: Any,
    graph: TorchGraph,
    own: Mapping[Any, _Ledger],
    between: Mapping[Output, _Ledger],
    found: dict[Output, Measured],
) -> list[Any]:
    """Hooks on every node that uses one of the tensors, and on what collects them."""
    ledgers = {(graph.index[node], 0): own[node] for node in own if node in graph.index}
    ledgers |= dict(between)
    taken: dict[int, list[tuple[int, Output]]] = {}
    for output in ledgers:
        for node, position in graph.uses.get(output, ()):
            taken.setdefault(node, []).append((position, output))
    handles = []
    running: list[int] = []
    for number, node in enumerate(graph.nodes):
        if isinstance(node, torch.autograd.function.BackwardCFunction):
            # A graph inside of it, as a checkpoint has, hands its gradients on by itself.
            handles.append(node.register_prehook(lambda _, n=number: running.append(n)))
            handles.append(node.register_hook(lambda *_: running.clear()))
    for number, rows in taken.items():
        handles.append(_take(torch, graph.nodes[number], number, sorted(rows), ledgers))
    for node, ledger in own.items():
        uses = len(graph.uses.get((graph.index.get(node, -1), 0), ()))
        handles.append(node.register_prehook(_receive(torch, ledger, uses, running)))
    for output, ledger in between.items():
        node = graph.nodes[output[0]]
        handles.append(node.register_prehook(_settle(torch, ledger, output, found)))
    return handles


def _take(
    torch: Any,
    node: Any,
    number: int,
    rows: list[tuple[int, Output]],
    ledgers: Mapping[Output, Any],
) -> Any:
    """A hook that writes down what the node brings to each of the tensors it uses."""

    def take(brought: Any, _: Any) -> None:
        for position, output in rows:
            ledger = ledgers[output]
            ledger.count.append(number)
            part = brought[position]
            if part is None:
                continue
            use = (number, position)
            if ledger.total is None:
                ledger.arrived.append((use, part))
                continue
            part = _fit(part, ledger.total)
            ledger.parts[use] = _compare(torch, part, ledger.total)
            ledger.sums[:] = [_add(ledger.sums, part)]

    return node.register_hook(take)


def _receive(torch: Any, ledger: _Ledger, uses: int, running: list[int]) -> Any:
    """A hook on the collector of a leaf, which is called once for every graph that uses it."""

    def receive(brought: Any) -> None:
        part = brought[0]
        if part is None or ledger.total is None:
            return
        if running and not (uses and len(ledger.count) == uses and ledger.sums):
            inside = (running[-1], -1 - len(ledger.parts))
            ledger.parts[inside] = _compare(torch, _fit(part, ledger.total), ledger.total)
        elif ledger.sums:
            part = ledger.sums.pop()
        ledger.deposits[:] = [_add(ledger.deposits, part)]

    return receive


def _settle(torch: Any, ledger: _Ledger, output: Output, found: dict[Output, Measured]) -> Any:
    """A hook on the node that made an inner tensor: now everything has arrived."""

    def settle(brought: Any) -> None:
        total = brought[output[1]]
        if total is None or not ledger.arrived:
            return
        parts: Parts = {}
        for use, part in ledger.arrived:
            fitted = _fit(part, total)
            parts[use] = _compare(torch, fitted, total)
            ledger.sums[:] = [_add(ledger.sums, fitted)]
        matches = _is_same(torch, ledger.sums[0], total)
        found[output] = Measured(_compare(torch, total, total)[0], parts, matches)
        # Gradients are as large as the activations, so none is held longer than needed.
        ledger.arrived.clear()
        ledger.sums.clear()

    return settle


def _close(torch: Any, ledger: _Ledger) -> Measured:
    if ledger.total is None:
        return Measured(0.0, ledger.parts, not ledger.deposits)
    square = _compare(torch, ledger.total, ledger.total)[0]
    matches = bool(ledger.deposits) and _is_same(torch, ledger.deposits[0], ledger.total)
    return Measured(square, ledger.parts, matches)


def _fit(part: Any, total: Any) -> Any:
    """The part in the shape and type of the whole; a node may leave that to the engine."""
    if part.shape != total.shape:
        part = part.sum_to_size(total.shape)
    return part.to(total.dtype) if part.dtype != total.dtype else part


def _add(before: list[Any], part: Any) -> Any:
    """The sum so far and the part, rounded as the engine rounds it."""
    if not before:
        return part
    # The library adds a sparse tensor to a dense one, not the other way round.
    return part + before[0] if before[0].is_sparse else before[0] + part


def _compare(torch: Any, part: Any, total: Any) -> tuple[float, float]:
    """Squared norm of the part and its inner product with the whole, in float64."""
    left, right = _flatten(torch, part), _flatten(torch, total)
    return float(left @ left), float(left @ right)


def _flatten(torch: Any, tensor: Any) -> Any:
    dense = tensor.detach()
    dense = dense.to_dense() if dense.layout != torch.strided else dense
    dense = torch.view_as_real(dense.resolve_conj()) if dense.is_complex() else dense
    return dense.reshape(-1).to(torch.float64)


def _is_same(torch: Any, left: Any, right: Any) -> bool:
    """Whether two tensors are equal bit for bit, the sign of zero included."""
    pair = [t.to_dense() if t.layout != torch.strided else t for t in (left, right)]
    if pair[0].shape != pair[1].shape or pair[0].dtype != pair[1].dtype:
        return False
    bits = [t.detach().contiguous().reshape(-1).view(torch.uint8) for t in pair]
    return torch.equal(*bits)

"""Which tensors of a PyTorch graph are split, and the records of what was measured."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from gradiometer.model.tensor_use import Residual, SplitTensor, TensorKind, TensorUse, measure_use
from gradiometer.model.torch_graph import Addition, Output, TorchGraph, Use, find_additions
from gradiometer.model.torch_leaves import Leaf
from gradiometer.model.torch_measure import Measured
from gradiometer.model.torch_places import Places, to_operation

MOST_RESIDUAL_USES = 4000
"""Uses of tensors with residual additions that are listed."""

_FUSED = ("rnn", "lstm", "gru")
"""Parts of the names of nodes that run over all time steps at once."""

_NOTHING = Measured(0.0, {}, True)
"""What is known of a tensor that the backward pass never came to."""


@final
@dataclass(frozen=True)
class Evaluated:
    """A loss that was evaluated once: its graph, and who made it."""

    torch: Any
    graph: TorchGraph
    places: Places
    leaves: Mapping[Any, Leaf]
    """Each leaf by the node that collects its gradient."""


@final
@dataclass(frozen=True)
class Inner:
    """The tensors between leaves and loss that are split, by the output that makes them."""

    outputs: tuple[Output, ...]
    watched: Sequence[tuple[str, Any, Output | None]]
    derived: Mapping[Output, str]
    additions: Sequence[Addition]
    notes: Sequence[str]


def choose_inner(evaluated: Evaluated, watch: Sequence[str]) -> Inner:
    """The tensors to split besides the leaves: watched, derived from leaves, and residual."""
    graph, places, notes = evaluated.graph, evaluated.places, []
    watched: list[tuple[str, Any, Output | None]] = []
    for seen in places.seen:
        node = seen.tensor.grad_fn
        inside = graph.index.get(node, -1) if node is not None else -1
        output = (inside, seen.tensor.output_nr) if inside >= 0 else None
        watched.append((places.name_call(seen.owner) + seen.part, seen.tensor, output))
    passed = {places.names[seen.owner[0]] for seen in places.seen}
    idle = [path for path in watch if path.removesuffix(".input") not in passed]
    notes += [f"`{path}` is watched, but nothing passed it." for path in idle]
    additions, is_whole = find_additions(graph)
    kept = _cut(graph, additions)
    if not is_whole or len(kept) < len(additions):
        found = f"{'' if is_whole else 'more than '}{len(additions):,}"
        notes.append(f"Of {found} residual additions the first {len(kept):,} are measured.")
    derived = dict(_find_derived(evaluated))
    outputs = [output for _, _, output in watched if output is not None]
    outputs += [*derived, *(addition.tensor for addition in kept)]
    inner = [output for output in dict.fromkeys(outputs) if not graph.is_leaf(output[0])]
    return Inner(tuple(inner), watched, derived, kept, notes)


def _cut(graph: TorchGraph, additions: Sequence[Addition]) -> list[Addition]:
    """The first additions, as many as have a readable number of uses in all."""
    kept: list[Addition] = []
    left = MOST_RESIDUAL_USES
    for addition in additions:
        left -= len(graph.uses[addition.tensor])
        if left < 0:
            break
        kept.append(addition)
    return kept


def _find_derived(evaluated: Evaluated) -> Iterator[tuple[Output, str]]:
    """Views and copies of leaves that are used several times, with a name for each."""
    graph = evaluated.graph
    for node, leaf in evaluated.leaves.items():
        for use in graph.uses.get((graph.index.get(node, -1), 0), ()):
            branching = graph.follow(use)[1]
            if branching is not None:
                made = evaluated.places.find(graph.nodes[branching[0]])
                yield branching, f"{leaf.names[0]} → {made}"


def write_tensors(
    evaluated: Evaluated,
    inner: Inner,
    *,
    own: Mapping[Any, Measured],
    between: Mapping[Output, Measured],
) -> list[SplitTensor]:
    """The records of leaves, then of views of leaves, then of what is watched."""
    graph = evaluated.graph
    rows: list[SplitTensor] = []
    for node, leaf in evaluated.leaves.items():
        output = (graph.index.get(node, -1), 0)
        rows.append(
            SplitTensor(
                name=leaf.names[0],
                also=leaf.names[1:],
                shape=tuple(leaf.tensor.shape),
                dtype=_name_type(leaf.tensor),
                kind="parameter" if leaf.is_owned else "input",
                norm=math.sqrt(own[node].square),
                uses=_list_uses(evaluated, output, own[node]),
                matches=own[node].matches,
                note=_note(evaluated, output, own[node], leaf.tensor),
            )
        )
    for output, name in inner.derived.items():
        found = between.get(output, _NOTHING)
        rows.append(_write_inner(evaluated, name, output=output, found=found, kind="derived"))
    for name, tensor, output in inner.watched:
        if output is None:
            rows.append(_write_unmade(evaluated, name, tensor))
            continue
        found = between.get(output, _NOTHING)
        rows.append(
            _write_inner(evaluated, name, output=output, found=found, kind="watched", tensor=tensor)
        )
    return rows


def _write_unmade(evaluated: Evaluated, name: str, tensor: Any) -> SplitTensor:
    """A watched tensor that nothing in the graph makes: a leaf, or one without a gradient."""
    leaf = next((leaf for leaf in evaluated.leaves.values() if leaf.tensor is tensor), None)
    note = f"It is the leaf `{leaf.names[0]}`." if leaf else "No gradient reaches it."
    shape, dtype = tuple(tensor.shape), _name_type(tensor)
    return SplitTensor(name, (), shape, dtype, "watched", 0.0, (), True, note)


def _write_inner(
    evaluated: Evaluated,
    name: str,
    *,
    output: Output,
    found: Measured,
    kind: TensorKind,
    tensor: Any = None,
) -> SplitTensor:
    node = evaluated.graph.nodes[output[0]]
    meta = node._input_metadata[output[1]]
    note = _note(evaluated, output, found, tensor)
    if output[0] == 0 and not evaluated.graph.uses.get(output):
        note = "It is the loss itself."
    return SplitTensor(
        name=name,
        also=(),
        shape=tuple(meta.shape),
        dtype=str(meta.dtype).removeprefix("torch."),
        kind=kind,
        norm=math.sqrt(found.square),
        uses=_list_uses(evaluated, output, found),
        matches=found.matches,
        note=note,
    )


def _name_type(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _list_uses(evaluated: Evaluated, output: Output, found: Measured) -> tuple[TensorUse, ...]:
    """The uses in forward order; those inside of a checkpoint come last."""
    graph = evaluated.graph
    uses = [*graph.uses.get(output, ()), *(use for use in found.parts if use[1] < 0)]
    labels = [_label(evaluated, use) for use in uses]
    several = Counter((place, operation) for place, operation, _ in labels)
    seen: Counter[tuple[str, str]] = Counter()
    rows: list[TensorUse] = []
    for use, (place, operation, line) in zip(uses, labels, strict=True):
        seen[place, operation] += 1
        many = several[place, operation] > 1
        square, dot = found.parts.get(use, (0.0, 0.0))
        rows.append(
            measure_use(
                place=place,
                operation=operation + (f", use {seen[place, operation]}" if many else ""),
                square=square,
                dot=dot,
                total=found.square,
                line=line,
            )
        )
    return tuple(rows)


def _label(evaluated: Evaluated, use: Use) -> tuple[str, str, str]:
    graph = evaluated.graph
    # A view is no place of its own: what reads the view is the use.
    end = graph.follow(use)[0][0] if use[1] >= 0 else use[0]
    first, spot = (evaluated.places.find(graph.nodes[node]) for node in (use[0], end))
    operation = spot.label if first == spot else f"{first.label} → {spot.label}"
    return spot.place, operation + (", inside" if use[1] < 0 else ""), spot.line


def _note(evaluated: Evaluated, output: Output, found: Measured, tensor: Any) -> str:
    """What cannot be told apart among the uses of a tensor."""
    graph, torch = evaluated.graph, evaluated.torch
    uses = graph.uses.get(output, ())
    parts: list[str] = []
    if not uses and not found.parts:
        parts.append("The loss does not use it.")
    for number in dict.fromkeys(graph.follow(use)[0][0] for use in uses):
        name = to_operation(graph.nodes[number].name())
        if isinstance(graph.nodes[number], torch.autograd.function.BackwardCFunction):
            parts.append(f"What `{name}` does inside is one use: it has a backward of its own.")
        elif any(word in name for word in _FUSED):
            parts.append(f"`{name}` runs all time steps at once: they are one use.")
    if any(use[1] < 0 for use in found.parts):
        parts.append("A checkpoint with `use_reentrant=True` adds its uses up inside.")
    if not found.matches:
        hooked = tensor is not None and getattr(tensor, "_backward_hooks", None)
        why = "a hook on the tensor changes it" if hooked else "the rest is not attributed"
        parts.append(f"The uses do not add up to the gradient: {why}.")
    return " ".join(dict.fromkeys(parts))


def write_residuals(
    evaluated: Evaluated, inner: Inner, between: Mapping[Output, Measured]
) -> Iterator[Residual]:
    """Every use of every tensor that is added again to what is made of it."""
    graph = evaluated.graph
    for addition in inner.additions:
        found = between.get(addition.tensor)
        if found is None:
            continue
        spot = evaluated.places.find(graph.nodes[addition.node])
        source = evaluated.places.find(graph.nodes[addition.tensor[0]])
        uses = graph.uses[addition.tensor]
        for use, row in zip(uses, _list_uses(evaluated, addition.tensor, found), strict=False):
            is_branch = use in addition.branch
            kind = "skip" if use == addition.skip else "branch" if is_branch else "other"
            yield Residual(str(spot), str(source), kind, row)

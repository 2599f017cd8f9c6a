"""The gradient of a PyTorch model, split by the places that use each tensor."""

from __future__ import annotations

import contextlib
import importlib
import math
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradiometer.errors import ModelError, Place, suggest
from gradiometer.model.tensor_use import TensorGradient
from gradiometer.model.torch_graph import read_graph
from gradiometer.model.torch_leaves import (
    Leaf,
    keep_state,
    list_leaves,
    name_stranger,
    read_randomness,
    set_aside,
)
from gradiometer.model.torch_measure import measure_leaves
from gradiometer.model.torch_places import list_modules, record_places
from gradiometer.model.torch_rows import Evaluated, choose_inner, write_residuals, write_tensors


def split_torch(
    loss: Callable[[Any], Any], model: Any, *, watch: Sequence[str] = ()
) -> TensorGradient:
    """The gradient of `loss(model)` by tensor and by use, as PyTorch itself computes it.

    Every edge that leads to a leaf in the graph of the gradient is one use. A plain backward pass
    gives the gradient, a second pass over the same graph gives what each use brings. Gradients,
    buffers and random numbers of the caller are left as they were.

    Args:
        loss: What takes the model and returns a scalar tensor.
        model: A module, a tensor, or a list or dict of these.
        watch: Paths of modules whose output is split as well; with `.input` behind, their input.

    Raises:
        ModelError: If PyTorch is missing, the loss fails or returns no scalar, nothing needs a
            gradient, or there is no module of a watched name.
    """
    torch = load_torch()
    _check_watch(torch, model, watch)
    with keep_state(torch, model), torch.enable_grad(), _eager(torch):
        before = read_randomness(torch)
        with record_places(torch, model, loss=loss, watch=watch) as places, _told_as("The loss"):
            value = loss(model)
        is_random = read_randomness(torch) != before
        _check_value(torch, value)
        graph = read_graph(value.grad_fn)
        leaves = list_leaves(torch, model)
        leaves += _find_strangers(loss, graph, leaves)
        asked = {_collector(leaf.tensor): leaf for leaf in leaves if leaf.tensor.requires_grad}
        evaluated = Evaluated(torch, graph, places, asked)
        found = _split(evaluated, value, watch)
    notes = _list_notes(leaves, found.value, is_random)
    if any(hasattr(module, "_orig_mod") for _, module in list_modules(torch, model)):
        notes.append("Compiled modules ran as they are written, so that their parts can be seen.")
    if places.elsewhere:
        notes.append(
            f"Where {_join(sorted(places.elsewhere))} uses a tensor is not certain: it "
            "ran in another thread."
        )
    return replace(found, notes=(*notes, *found.notes))


def load_torch() -> Any:
    """The library PyTorch.

    Raises:
        ModelError: If it is not installed.
    """
    try:
        return importlib.import_module("torch")
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ModelError(
            "PyTorch is not installed, so its models cannot be asked.",
            hint="run `pip install 'gradiometer[torch]'`",
        ) from None


def _split(evaluated: Evaluated, value: Any, watch: Sequence[str]) -> TensorGradient:
    torch, graph = evaluated.torch, evaluated.graph
    inner = choose_inner(evaluated, watch)
    leaves = {node: leaf.tensor for node, leaf in evaluated.leaves.items()}
    with set_aside(list(leaves.values())), _told_as("The backward pass"):
        own, between = measure_leaves(torch, graph, value, leaves=leaves, inner=list(inner.outputs))
    between |= {(graph.index[n], 0): found for n, found in own.items() if n in graph.index}
    tensors = write_tensors(evaluated, inner, own=own, between=between)
    residuals = tuple(write_residuals(evaluated, inner, between))
    notes = [*inner.notes]
    notes += [] if all(math.isfinite(t.norm) for t in tensors) else [_NOT_FINITE]
    number = float(value.detach())
    return TensorGradient(
        "torch", torch.__version__, number, tuple(tensors), residuals, tuple(notes)
    )


_NOT_FINITE = "Some gradients are not finite: they have no norm, and their uses no share."


def _find_strangers(loss: Callable[..., Any], graph: Any, leaves: list[Leaf]) -> list[Leaf]:
    """The leaves that the loss reaches and the model does not own."""
    known = {id(leaf.tensor) for leaf in leaves}
    found: list[Leaf] = []
    for number, node in enumerate(graph.nodes):
        if graph.is_leaf(number) and id(node.variable) not in known:
            name = name_stranger(loss, node.variable, len(found) + 1)
            found.append(Leaf(node.variable, (name,), False))
    return found


def _collector(tensor: Any) -> Any:
    """The node that collects the gradient of a leaf; it lives as long as it is held."""
    return tensor.view_as(tensor).grad_fn.next_functions[0][0]


@contextlib.contextmanager
def _told_as(what: str) -> Iterator[None]:
    """A context in which the errors of other code become one of ours, with their place."""
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        inside = (str(Path(sys.modules["torch"].__file__ or "").parent), str(Path(__file__).parent))
        own = [frame for frame in frames if not frame.filename.startswith(inside)]
        place = Place(own[-1].filename, own[-1].lineno) if own else None
        lines = str(error).strip().splitlines() or [""]
        raise ModelError(
            f"{what} raised {type(error).__name__}: {lines[0]}", place=place, hint=""
        ) from error


def _check_value(torch: Any, value: Any) -> None:
    if not isinstance(value, torch.Tensor):
        raise ModelError(
            f"The loss is a tensor with one number, not `{type(value).__name__}`.",
            hint="return the tensor, without `.item()` or `float()`",
        )
    if value.numel() != 1:
        shape = " × ".join(map(str, value.shape))
        raise ModelError(
            f"The loss is one number, not a tensor of {shape}.",
            hint="add `.mean()` or `.sum()` to what the loss returns",
        )
    if value.is_complex():
        raise ModelError("The loss is a complex number.", hint="return its `.abs()` or `.real`")
    if value.requires_grad and value.grad_fn is None:
        raise ModelError(
            "The loss is a leaf itself, so it has no gradient to split.",
            hint="return a number that is computed from the model",
        )
    if not value.requires_grad:
        raise ModelError(
            "The loss needs no gradient: no tensor with `requires_grad` leads to it.",
            hint="take `detach`, `no_grad` and `.data` out of the loss, or call `requires_grad_()`",
        )


def _check_watch(torch: Any, model: Any, watch: Sequence[str]) -> None:
    known = [path or type(module).__name__ for path, module in list_modules(torch, model)]
    for path in watch:
        if path.removesuffix(".input") not in known:
            near = suggest(path, known)
            raise ModelError(
                f"There is no module `{path}` in the model.",
                known=tuple(known[:20]),
                hint=f"write `{near}`" if near else "",
            )


def _eager(torch: Any) -> Any:
    """A context in which compiled code runs as it is written, so that its parts can be seen."""
    if "torch._dynamo" in sys.modules:
        return torch.compiler.set_stance("force_eager")
    return contextlib.nullcontext()


def _list_notes(leaves: list[Leaf], number: float, is_random: bool) -> list[str]:
    notes: list[str] = []
    if is_random:
        notes.append(
            "The loss draws random numbers, as dropout does: this is the gradient of one draw. "
            "`model.eval()` makes it repeatable."
        )
    if not math.isfinite(number):
        notes.append("The loss itself is not finite.")
    frozen = [
        leaf.names[0]
        for leaf in leaves
        if leaf.tensor.is_floating_point() and not leaf.tensor.requires_grad
    ]
    if frozen:
        notes.append(f"Frozen, so without a gradient: {_join(frozen)}.")
    return notes


def _join(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:8])
    return shown + (f" and {len(names) - 8} more" if len(names) > 8 else "")

"""The leaves of a PyTorch model and their names, and the state that asking must not change."""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, final

from gradiometer.errors import ModelError


@final
@dataclass(frozen=True)
class Leaf:
    """One tensor that gradients are collected for, with all its names."""

    tensor: Any
    names: tuple[str, ...]
    is_owned: bool
    """Whether it belongs to the model; else only the loss knows it."""


def list_leaves(torch: Any, model: Any) -> list[Leaf]:
    """The tensors of a model, each once with all its names: frozen ones too.

    Raises:
        ModelError: If the model is no module and no nested list or dict of tensors, or one of
            its tensors is no leaf.
    """
    names: dict[int, list[str]] = {}
    tensors: dict[int, Any] = {}
    for name, tensor in _walk(torch, model, ""):
        if tensor.requires_grad and not tensor.is_leaf:
            raise ModelError(
                f"`{name}` is computed from other tensors, so it collects no gradient.",
                hint="give what it is computed from, or its `.detach().requires_grad_()`",
            )
        names.setdefault(id(tensor), []).append(name)
        tensors[id(tensor)] = tensor
    return [Leaf(tensors[key], tuple(names[key]), True) for key in names]


def _walk(torch: Any, value: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, torch.nn.Module):
        lead = f"{prefix}." if prefix else ""
        for name, tensor in value.named_parameters(remove_duplicate=False):
            yield lead + name, tensor
        for name, tensor in value.named_buffers(remove_duplicate=False):
            if tensor.requires_grad:
                yield lead + name, tensor
    elif isinstance(value, torch.Tensor):
        yield prefix or "tensor", value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _walk(torch, part, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield from _walk(torch, part, f"{prefix}.{number}" if prefix else str(number))
    else:
        raise ModelError(
            f"A model is a module, or a list or dict of tensors, not `{type(value).__name__}`"
            + (f" at `{prefix}`." if prefix else "."),
            hint="give the `torch.nn.Module` itself",
        )


def name_stranger(loss: Callable[..., Any], tensor: Any, number: int) -> str:
    """A name for a leaf that is not of the model: the variable of the loss that holds it."""
    code = getattr(loss, "__code__", None)
    cells = getattr(loss, "__closure__", None) or ()
    held = dict(zip(getattr(code, "co_freevars", ()), cells, strict=False))
    for name, cell in held.items():
        with contextlib.suppress(ValueError):
            if cell.cell_contents is tensor:
                return name
    known = getattr(loss, "__globals__", {})
    for name in getattr(code, "co_names", ()):
        if known.get(name) is tensor:
            return name
    return f"input {number}"


@contextlib.contextmanager
def keep_state(torch: Any, model: Any) -> Iterator[None]:
    """A context after which buffers and random numbers are as they were before."""
    modules = [model] if isinstance(model, torch.nn.Module) else []
    buffers = [
        (buffer, buffer.detach().clone()) for module in modules for buffer in module.buffers()
    ]
    drawn = random.getstate()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(drawn)
        with torch.no_grad():
            for buffer, before in buffers:
                if buffer.shape == before.shape:
                    buffer.copy_(before)


@contextlib.contextmanager
def set_aside(tensors: list[Any]) -> Iterator[None]:
    """A context in which no tensor has a gradient; what was there comes back after it."""
    before = [tensor.grad for tensor in tensors]
    for tensor in tensors:
        tensor.grad = None
    try:
        yield
    finally:
        for tensor, grad in zip(tensors, before, strict=True):
            tensor.grad = grad


def read_randomness(torch: Any) -> tuple[Any, ...]:
    """What changes when a random number is drawn."""
    numpy = sys.modules.get("numpy")
    own = numpy.random.get_state()[1:3] if numpy is not None else ()
    return (
        torch.get_rng_state().tolist(),
        random.getstate(),
        tuple(part.tolist() if hasattr(part, "tolist") else part for part in own),
    )

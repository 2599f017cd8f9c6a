"""The gradient of a JAX loss, split by the places that use each tensor."""

from __future__ import annotations

import contextlib
import functools
import importlib
import math
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy

from gradiometer.errors import ModelError, Place
from gradiometer.model.jax_linear import Part, Split, backward_order, run_steps, split_values
from gradiometer.model.jax_rows import (
    Chosen,
    Measured,
    choose_values,
    is_same,
    to_floats,
    write_residuals,
    write_tensors,
)
from gradiometer.model.jax_steps import Program, Read, flatten, insert_copies
from gradiometer.model.tensor_use import TensorGradient


def split_jax(
    loss: Callable[[Any], Any], params: Any, *, watch: Sequence[str] = ()
) -> TensorGradient:
    """The gradient of `loss(params)` by tensor and by use, as JAX itself computes it.

    The loss is traced once into steps, and every step that reads a leaf is one use of it. What
    each brings comes from one backward pass, and is held against `jax.grad`.

    Args:
        loss: What takes the parameters and returns a scalar.
        params: A tree of arrays; other leaves and whole numbers are held fixed.
        watch: Inner tensors to split as well: names given by `checkpoint_name`, or of functions
            under `jit`, whose results are meant.

    Raises:
        ModelError: If JAX is missing, the loss fails, cannot be traced or returns no real scalar,
            there is no leaf to differentiate by, or nothing has a watched name.
    """
    jax = load_jax()
    tree = _read_tree(jax, params)
    ask = functools.partial(_call, loss, tree)
    with _told_as("The loss"):
        closed, form = jax.make_jaxpr(ask, return_shape=True)(*tree.leaves)
    _check_value(jax, form)
    with _told_as("The gradient of the loss"):
        value, own = jax.value_and_grad(ask, argnums=tuple(range(len(tree.leaves))))(*tree.leaves)
        program = flatten(closed)
        chosen = choose_values(program, tree.names, watch)
        measured = Measured(chosen, _split(jax, program, chosen, tree.leaves))
        totals, notes = _hold(jax, measured, tree.leaves, own)
    tensors = write_tensors(measured, totals)
    number = float(value)
    notes = [*tree.notes, *notes, *chosen.notes]
    if not math.isfinite(number):
        notes.append("The loss itself is not finite.")
    if not all(math.isfinite(tensor.norm) for tensor in tensors):
        notes.append("Some gradients are not finite: they have no norm, and their uses no share.")
    residuals = tuple(write_residuals(measured))
    return TensorGradient("jax", jax.__version__, number, tuple(tensors), residuals, tuple(notes))


def load_jax() -> Any:
    """The library JAX.

    Raises:
        ModelError: If it is not installed.
    """
    try:
        return importlib.import_module("jax")
    except ModuleNotFoundError as error:
        if error.name not in {"jax", "jaxlib"}:
            raise
        raise ModelError(
            "JAX is not installed, so its losses cannot be asked.",
            hint="run `pip install 'gradiometer[jax]'`",
        ) from None


@final
@dataclass(frozen=True)
class _Tree:
    """The parameters, taken apart."""

    structure: Any
    fixed: Mapping[int, Any]
    """What is held fixed, by its number among all leaves of the tree."""
    leaves: Sequence[Any]
    names: Sequence[str]
    notes: Sequence[str]


def _read_tree(jax: Any, params: Any) -> _Tree:
    rows, structure = jax.tree_util.tree_flatten_with_path(params)
    fixed: dict[int, Any] = {}
    leaves: list[Any] = []
    names: list[str] = []
    held: list[str] = []
    for number, (path, value) in enumerate(rows):
        name = "".join(_name_key(key) for key in path).removeprefix(".") or "params"
        if _is_differentiable(jax, value):
            leaves.append(value)
            names.append(name)
            continue
        fixed[number] = value
        if hasattr(value, "dtype") or isinstance(value, int):
            held.append(name)
    if not leaves:
        raise ModelError(
            "Nothing in the parameters can have a gradient: there is no array of real numbers.",
            hint="give the parameters as arrays of a floating type",
        )
    notes = [f"Whole numbers are held fixed: {_join(held)}."] if held else []
    first: dict[int, str] = {}
    for value, name in zip(leaves, names, strict=True):
        if hasattr(value, "dtype") and first.setdefault(id(value), name) != name:
            notes.append(
                f"`{first[id(value)]}` and `{name}` are the same array, but JAX takes them for two "
                "parameters."
            )
    return _Tree(structure, fixed, leaves, names, notes)


def _is_differentiable(jax: Any, value: Any) -> bool:
    kind = getattr(value, "dtype", None)
    if kind is None:
        return isinstance(value, float | complex)
    return jax.dtypes.issubdtype(kind, numpy.inexact)


def _name_key(key: Any) -> str:
    """One step of the way to a leaf: `.weight`, or `[0]`."""
    for attribute in ("key", "name", "idx"):
        found = getattr(key, attribute, None)
        if found is not None:
            return f"[{found}]" if isinstance(found, int) else f".{found}"
    return str(key)


def _call(loss: Callable[[Any], Any], tree: _Tree, *leaves: Any) -> Any:
    """The loss as a function of the leaves that have a gradient."""
    given = iter(leaves)
    count = len(leaves) + len(tree.fixed)
    rows = [tree.fixed[n] if n in tree.fixed else next(given) for n in range(count)]
    return loss(tree.structure.unflatten(rows))


def _check_value(jax: Any, form: Any) -> None:
    if not hasattr(form, "dtype"):
        raise ModelError(
            f"The loss is an array with one number, not `{type(form).__name__}`.",
            hint="return the number alone, without anything beside it",
        )
    if form.shape:
        shape = " × ".join(map(str, form.shape))
        raise ModelError(
            f"The loss is one number, not an array of {shape}.",
            hint="add `.mean()` or `.sum()` to what the loss returns",
        )
    if not jax.dtypes.issubdtype(form.dtype, numpy.floating):
        raise ModelError(
            f"The loss is of type {form.dtype}, not a real number.",
            hint="return a real number of a floating type",
        )


def _split(
    jax: Any, program: Program, chosen: Chosen, leaves: Sequence[Any]
) -> Mapping[int, Split]:
    """The split of each chosen value, its reads those of the program without copies."""
    order = functools.partial(backward_order, jax)
    copied = insert_copies(program, chosen.values(), order=order)
    splits = split_values(jax, copied.program, leaves, values=copied.followed)
    found: dict[int, Split] = {}

    def back(read: Read) -> Read:
        return copied.origin[read[0]], read[1]

    for value, whole in copied.wholes.items():
        if whole in splits:
            split = splits[whole]
            parts = [Part(back(part.read), part.value) for part in split.parts]
            merged = frozenset(back(read) for read in split.merged)
            found[value] = Split(split.total, parts, split.added, merged)
    return found


def _hold(
    jax: Any, measured: Measured, leaves: Sequence[Any], own: Sequence[Any]
) -> tuple[Sequence[Any], list[str]]:
    """The gradient that the uses are held against, and what is to be said of it."""
    program = measured.chosen.flow.program
    splits = [measured.splits.get(leaf) for leaf in program.leaves]
    added = [None if split is None else split.added for split in splits]
    if all(a is None or is_same(a, b) for a, b in zip(added, own, strict=True)):
        return own, []
    every = tuple(range(len(leaves)))
    opened = jax.grad(lambda *copies: run_steps(jax, program, copies), argnums=every)(*leaves)
    away = _measure_distance(own, opened)
    if all(is_same(a, b) for a, b in zip(opened, own, strict=True)):
        return own, []
    if program.opened:
        names = _join(sorted(program.opened))
        about = f"{names} under `jit` ran step by step, so that the parts can be seen"
    else:
        about = "The loss gives another gradient when it is called again"
    return opened, [f"{about}: the gradient of `jax.grad` is {away} of its length away."]


def _measure_distance(own: Sequence[Any], other: Sequence[Any]) -> str:
    with numpy.errstate(all="ignore"):
        rows = [(to_floats(a), to_floats(b)) for a, b in zip(own, other, strict=True)]
        square = sum(float((a - b) @ (a - b)) for a, b in rows)
        length = sum(float(a @ a) for a, _ in rows)
    return f"{math.sqrt(square / length):.1e}" if length > 0 else "an unknown part"


@contextlib.contextmanager
def _told_as(what: str) -> Iterator[None]:
    """A context in which the errors of other code become one of ours, with their place."""
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        jax = sys.modules["jax"]
        frames = traceback.extract_tb(error.__traceback__)
        inside = (str(Path(jax.__file__ or "").parent), str(Path(__file__).parent))
        own = [frame for frame in frames if not frame.filename.startswith((*inside, "<"))]
        place = Place(own[-1].filename, own[-1].lineno) if own else None
        lines = str(error).strip().splitlines() or [""]
        is_traced = isinstance(error, jax.errors.ConcretizationTypeError)
        raise ModelError(
            f"{what} raised {type(error).__name__}: {lines[0]}",
            place=place,
            hint="write the choice by `jax.numpy.where` or `jax.lax.cond`, so that the loss can "
            "be traced"
            if is_traced
            else "",
        ) from error


def _join(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:8])
    return shown + (f" and {len(names) - 8} more" if len(names) > 8 else "")

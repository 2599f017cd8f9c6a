"""The gradient of a JAX loss, split by the places that use each tensor."""

from __future__ import annotations

import contextlib
import functools
import importlib
import math
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gradiometer.errors import ModelError, Place
from gradiometer.model.jax_choice import Chosen, choose_values
from gradiometer.model.jax_copies import insert_copies
from gradiometer.model.jax_linear import Part, Split, split_values
from gradiometer.model.jax_rows import (
    Measured,
    is_same,
    to_floats,
    write_residuals,
    write_tensors,
)
from gradiometer.model.jax_run import backward_order, run_steps
from gradiometer.model.jax_steps import Program, Read, flatten
from gradiometer.model.jax_tree import call_loss, join_names, read_tree
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
    tree = read_tree(jax, params)
    ask = functools.partial(call_loss, loss, tree)
    with _told_as("The loss"):
        closed, form = jax.make_jaxpr(ask, return_shape=True)(*tree.leaves)
    _check_value(jax, form)
    with _told_as("The gradient of the loss"):
        value, own = jax.value_and_grad(ask, argnums=tuple(range(len(tree.leaves))))(*tree.leaves)
        program = flatten(closed)
        if program.output in program.leaves:
            raise ModelError(
                "The loss is a leaf itself, so it has no gradient to split.",
                hint="return a number that is computed from the parameters",
            )
        chosen = choose_values(program, tree.names, watch)
        measured = Measured(chosen, _split(jax, program, chosen, tree.leaves))
        totals, notes = _hold(jax, measured, tree.leaves, own)
    tensors = write_tensors(measured, totals=totals, own=own)
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
    if not jax.dtypes.issubdtype(form.dtype, np.floating):
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
    """The gradient of the steps, run one by one, and what is to be said of it.

    As long as the uses equal the gradient of the loss, that is the same.
    """
    program = measured.chosen.flow.program
    splits = [measured.splits.get(leaf) for leaf in program.leaves]
    added = [None if split is None else split.added for split in splits]
    if all(a is None or is_same(a, b) for a, b in zip(added, own, strict=True)):
        return own, []
    every = tuple(range(len(leaves)))
    stepwise = jax.grad(lambda *copies: run_steps(jax, program, copies), argnums=every)(*leaves)
    if all(is_same(a, b) for a, b in zip(stepwise, own, strict=True)):
        return own, []
    away = f"{_measure_distance(own, stepwise)} of its length away"
    if program.opened:
        names = join_names(sorted(program.opened))
        note = f"{names}, under `jit` or `checkpoint`, ran step by step, so that the parts can be "
        note += f"seen. Compiled, they round differently: the gradient of `jax.grad` is {away}."
    else:
        note = f"The gradient of `jax.grad`, which calls the loss anew, is {away}: functions of "
        note += "JAX may round differently there, or the loss may draw random numbers."
    return stepwise, [note]


def _measure_distance(own: Sequence[Any], other: Sequence[Any]) -> str:
    with np.errstate(all="ignore"):
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

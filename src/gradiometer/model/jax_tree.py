"""The parameters of a JAX loss, taken apart into named leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gradiometer.errors import ModelError


@final
@dataclass(frozen=True)
class JaxTree:
    """The parameters, taken apart."""

    structure: Any
    fixed: Mapping[int, Any]
    """What is held fixed, by its number among all leaves of the tree."""
    leaves: Sequence[Any]
    names: Sequence[str]
    notes: Sequence[str]


def read_tree(jax: Any, params: Any) -> JaxTree:
    """The leaves that can have a gradient, with their names, and what is held fixed.

    Args:
        jax: The library.
        params: A tree of arrays and of anything else.

    Raises:
        ModelError: If no leaf can have a gradient.
    """
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
    notes = [f"Whole numbers are held fixed: {join_names(held)}."] if held else []
    first: dict[int, str] = {}
    for value, name in zip(leaves, names, strict=True):
        if hasattr(value, "dtype") and first.setdefault(id(value), name) != name:
            notes.append(
                f"`{first[id(value)]}` and `{name}` are the same array, but JAX takes them for two "
                "parameters."
            )
    return JaxTree(structure, fixed, leaves, names, notes)


def _is_differentiable(jax: Any, value: Any) -> bool:
    kind = getattr(value, "dtype", None)
    if kind is None:
        return isinstance(value, float | complex)
    return jax.dtypes.issubdtype(kind, np.inexact)


def _name_key(key: Any) -> str:
    """One step of the way to a leaf: `.weight`, or `[0]`."""
    for attribute in ("key", "name", "idx"):
        found = getattr(key, attribute, None)
        if found is not None:
            return f"[{found}]" if isinstance(found, int) else f".{found}"
    return str(key)


def call_loss(loss: Callable[[Any], Any], tree: JaxTree, *leaves: Any) -> Any:
    """The loss as a function of the leaves that have a gradient."""
    given = iter(leaves)
    count = len(leaves) + len(tree.fixed)
    rows = [tree.fixed[n] if n in tree.fixed else next(given) for n in range(count)]
    return loss(tree.structure.unflatten(rows))


def join_names(names: Sequence[str]) -> str:
    """The names as a list in a sentence; of many only the first."""
    shown = ", ".join(f"`{name}`" for name in names[:8])
    return shown + (f" and {len(names) - 8} more" if len(names) > 8 else "")

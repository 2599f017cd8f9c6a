"""The multiply-adds of a function of JAX, read from what it is traced to."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gradiometer.model.live_tally import Tally

_SCOPE = "gradiometer-part-"

_NO_RULE = (
    "while", "pallas_call", "custom_call", "ffi_call", "ragged_dot", "ragged_dot_general", "fft",
    "cholesky", "lu", "qr", "eigh", "eig", "svd", "schur", "householder_product",
    "triangular_solve", "tridiagonal_solve", "custom_linear_solve", "custom_root",
    "pure_callback", "io_callback", "scaled_matmul", "xla_call_module",
)  # fmt: skip
"""Primitives that may multiply and add in a way that is not counted here."""


@contextlib.contextmanager
def mark_part(number: int) -> Iterator[None]:
    """A context in which everything that is traced belongs to the part of that number."""
    import jax

    with jax.named_scope(f"{_SCOPE}{number}"):
        yield


def tally_jax(
    function: Callable[..., Any], arguments: Sequence[Any], *, paths: list[str], root: str
) -> Tally:
    """What a function does when it is called with arguments of these shapes; nothing is run.

    Args:
        function: What is traced.
        arguments: Arrays, or shapes and types.
        paths: The path of each part by its number; it may grow while the function is traced.
        root: Where everything stands that is in no part.
    """
    import jax

    tally = Tally()
    closed = jax.make_jaxpr(function)(*arguments)
    waiting: list[tuple[Any, str, int]] = [(closed.jaxpr, root, 1)]
    while waiting:
        jaxpr, outer, times = waiting.pop()
        for equation in jaxpr.eqns:
            path = _find_path(equation, paths) or outer
            waiting += _count(tally, equation, path, times)
    return tally


def _find_path(equation: Any, paths: list[str]) -> str:
    _, mark, rest = str(equation.source_info.name_stack).rpartition(_SCOPE)
    digits = rest[: next((k for k, c in enumerate(rest) if not c.isdecimal()), len(rest))]
    return paths[int(digits)] if mark and digits else ""


def _count(tally: Tally, equation: Any, path: str, times: int) -> list[tuple[Any, str, int]]:
    """Count an equation; what is inside of it comes back."""
    name = str(equation.primitive)
    if name in _NO_RULE:
        tally.unknown.append((path, name))
        return []
    if name == "dot_general":
        tally.add(path, "products", _size_product(equation), times)
        return []
    if name == "conv_general_dilated":
        if equation.params["batch_group_count"] != 1:
            tally.unknown.append((path, name))
        else:
            tally.add(path, "convolutions", _size_convolution(equation), times)
        return []
    inner = list(_find_inner(equation.params))
    if name == "cond" and any(_has_work(part) for part in inner):
        tally.unknown.append((path, name))
        return []
    repeated = times * equation.params["length"] if name == "scan" else times
    return [(part, path, repeated) for part in inner]


def _has_work(jaxpr: Any) -> bool:
    """Whether anything in it multiplies and adds, so that it matters which branch is taken."""
    waiting = [jaxpr]
    while waiting:
        for equation in waiting.pop().eqns:
            name = str(equation.primitive)
            if name in (*_NO_RULE, "dot_general", "conv_general_dilated"):
                return True
            waiting += _find_inner(equation.params)
    return False


def _find_inner(parameters: Any) -> Iterator[Any]:
    for value in parameters.values():
        for part in value if isinstance(value, list | tuple) else (value,):
            inner = getattr(part, "jaxpr", part)
            if hasattr(inner, "eqns"):
                yield inner


def _size_product(equation: Any) -> tuple[int, ...]:
    left, right = (variable.aval.shape for variable in equation.invars[:2])
    (_, contracted), (_, batch) = equation.params["dimension_numbers"]
    free = [size for axis, size in enumerate(right) if axis not in (*contracted, *batch)]
    return (*left, *free)


def _size_convolution(equation: Any) -> tuple[int, ...]:
    numbers = equation.params["dimension_numbers"]
    entering, kernel = (variable.aval.shape for variable in equation.invars[:2])
    leaving = equation.outvars[0].aval.shape
    if math.prod(equation.params["lhs_dilation"]) > 1:
        # A transposed convolution spreads every place of what enters.
        batch, _, *space = numbers.lhs_spec
        return (*(entering[axis] for axis in (batch, *space)), *kernel)
    batch, _, *space = numbers.out_spec
    return (*(leaving[axis] for axis in (batch, *space)), *kernel)

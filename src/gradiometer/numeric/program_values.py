"""The terms outside the inner loop, as arrays: what is given, changes by step, or by run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradiometer.formula import float_operation, to_float
from gradiometer.numeric.program import Term
from gradiometer.numeric.run_program import Program

# IEEE 754 fixes each bit of these, so arrays and single numbers give the same.
_ROUNDED: Mapping[str, Callable[..., Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "sqrt": np.sqrt,
    "neg": np.negative,
    "abs": np.abs,
    "inverse": np.reciprocal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
    "where": np.where,
}
_SMALLEST = -1080.0
"""The logarithm, to the base 2, of numbers that float64 rounds to 0."""


def evaluate_terms(
    program: Program, wanted: Iterable[int], inputs: Mapping[str, Any], *, real: Any
) -> dict[int, NDArray[Any]]:
    """The values of terms, each operation rounded in the order of the formula.

    Args:
        program: Where the terms stand.
        wanted: The terms.
        inputs: The values of the program's inputs by name: numbers, or arrays of one length.
        real: `numpy.float64` or `numpy.float32`.
    """
    values: dict[int, Any] = {}
    with np.errstate(all="ignore"):
        for at in program.find_used(wanted):
            term = program.terms[at]
            if term.operator == "input":
                values[at] = np.asarray(inputs[term.name], real)
            else:
                values[at] = _apply(term, [values[part] for part in term.arguments], real)
    return {at: values[at] for at in wanted}


def _apply(term: Term, parts: list[Any], real: Any) -> Any:
    if term.operator == "number" and term.value is not None:
        return np.asarray(to_float(term.value), real)
    if term.operator == "constant":
        return np.asarray(math.pi if term.name == "pi" else math.e, real)
    if term.operator in _ROUNDED:
        return _ROUNDED[term.operator](*parts[:2] if term.operator == "/" else parts)
    return _apply_to_all(term.operator, parts, real)


def _apply_to_all(operator: str, parts: list[Any], real: Any) -> NDArray[Any]:
    """The function of single numbers, without calls for powers that are certainly 0."""
    if operator != "^" or np.ndim(parts[0]) or not np.ndim(parts[1]) or not 0 < parts[0] < 1:
        return _apply_to_each(operator, parts, real)
    # Below the smallest number of float64, which is 2^-1074, every power is rounded to 0.
    lasting = parts[1] <= _SMALLEST / math.log2(parts[0])
    found = np.zeros(parts[1].shape, real)
    found[lasting] = _apply_to_each(operator, [parts[0], parts[1][lasting]], real)
    return found


def _apply_to_each(operator: str, parts: list[Any], real: Any) -> NDArray[Any]:
    """The function of single numbers, so that an array gives the bits that a single run gives."""
    run = float_operation(operator)
    arrays = np.broadcast_arrays(*parts)
    columns = (array.ravel().tolist() for array in arrays)
    return np.array(list(map(run, *columns)), real).reshape(arrays[0].shape)

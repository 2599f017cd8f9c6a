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
    return _apply_to_each(term.operator, parts, real)


def _apply_to_each(operator: str, parts: list[Any], real: Any) -> NDArray[Any]:
    """The function of single numbers, so that an array gives the bits that a single run gives."""
    run = float_operation(operator)
    arrays = np.broadcast_arrays(*parts)
    columns = (array.ravel().tolist() for array in arrays)
    return np.array(list(map(run, *columns)), real).reshape(arrays[0].shape)

"""What the trees of a rule mean on arrays over runs, rows and columns.

Sums are made in pairs of neighbours, as unrolled code makes them, so that both round alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, TypeAlias, final

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from gradiometer.errors import ShapeError, UsageError
from gradiometer.formula import Constant, Name, Node, Number, to_float
from gradiometer.model import NUMBER, Kind, Shape, join_kinds, lengths_of

Array: TypeAlias = NDArray[Any]
"""An array of float64 or float32, or of truths."""


@final
@dataclass(frozen=True, eq=False)
class Value:
    """An array over (runs, rows, columns) and what its lengths mean."""

    kind: Kind
    array: Array


@final
@dataclass(frozen=True, eq=False)
class Lattice:
    """The runs and coordinates that arrays lie on, and the meaning of trees there."""

    runs: int
    shape: Shape
    dtype: Any

    def extent(self, kind: Kind) -> tuple[int, int, int]:
        """The shape of an array of that kind."""
        lengths = lengths_of(self.shape)
        return self.runs, lengths[kind.rows], lengths[kind.columns]

    def raise_up(self, array: Array, kind: Kind) -> Value:
        """An array of the shape of positions as (runs, rows, columns)."""
        if array.shape != (self.runs, *self.shape):
            raise ShapeError(
                f"An array has the shape {array.shape}, the positions have "
                f"{(self.runs, *self.shape)}."
            )
        return Value(kind, array.reshape(self.extent(kind)))

    def one_each(self, value: Any) -> Value:
        """A number, or one number for each run, for all coordinates."""
        number = to_float(value) if isinstance(value, fmpq) else value
        array = np.asarray(number, self.dtype)
        if array.shape not in ((), (self.runs,)):
            raise ShapeError(f"There are {self.runs} runs and values of the shape {array.shape}.")
        return Value(NUMBER, array.reshape(-1, 1, 1) if array.shape else array)

    def value(self, node: Node, known: Mapping[str, Value]) -> Value:
        """The value of a tree."""
        if isinstance(node, Name):
            if node.name not in known:
                raise UsageError(f"The name `{node.name}` has no value.", known=tuple(known))
            return known[node.name]
        if isinstance(node, Number):
            return Value(NUMBER, np.asarray(to_float(node.value), self.dtype))
        if isinstance(node, Constant):
            number = math.pi if node.name == "pi" else math.e
            return Value(NUMBER, np.asarray(number, self.dtype))
        parts = [self.value(part, known) for part in node.arguments]
        if node.operator in _TENSOR_CALLS:
            return _TENSOR_CALLS[node.operator](*(self._spread(part) for part in parts))
        kind = reduce(_joined, (part.kind for part in parts))
        array = _ELEMENTWISE[node.operator](*(part.array for part in parts))
        if array.dtype not in (self.dtype, np.bool_):
            array = array.astype(self.dtype)
        return Value(kind, array)

    def _spread(self, value: Value) -> Value:
        """The value written out for every coordinate that it stands for."""
        kind = value.kind.spread
        array = value.array.reshape(value.array.shape or (1, 1, 1))
        return Value(kind, np.broadcast_to(array, self.extent(kind)))


def _joined(left: Kind, right: Kind) -> Kind:
    kind = join_kinds(left, right)
    assert kind is not None, "kinds were checked when the rule was bound"
    return kind


def _fold(array: Array, axis: int, add: Callable[..., Array]) -> Array:
    """The array joined along an axis in pairs of neighbours, then the pairs, and so on."""
    array = np.moveaxis(array, axis, -1)
    while array.shape[-1] > 1:
        even = array.shape[-1] // 2 * 2
        pairs = add(array[..., 0:even:2], array[..., 1:even:2])
        array = np.concatenate([pairs, array[..., even:]], axis=-1)
    return np.moveaxis(array, -1, axis)


def _over_all(function: Callable[[Array, int], Array]) -> Callable[[Value], Value]:
    def run(value: Value) -> Value:
        flat = value.array.reshape(len(value.array), 1, -1)
        return Value(NUMBER, function(flat, 2))

    return run


def _over_axis(function: Callable[[Array, int], Array], axis: int) -> Callable[[Value], Value]:
    def run(value: Value) -> Value:
        kind = Kind(value.kind.rows, "1") if axis == 2 else Kind("1", value.kind.columns)
        return Value(kind, function(value.array, axis))

    return run


def _sum(array: Array, axis: int) -> Array:
    return _fold(array, axis, np.add)


def _mean(array: Array, axis: int) -> Array:
    count = array.shape[axis]
    return array if count == 1 else _sum(array, axis) / array.dtype.type(count)


def _largest(array: Array, axis: int) -> Array:
    return _fold(array, axis, np.maximum)


def _norm(array: Array, axis: int) -> Array:
    return np.abs(array) if array.shape[axis] == 1 else np.sqrt(_sum(array * array, axis))


def _matmul(left: Value, right: Value) -> Value:
    products = left.array[:, :, :, None] * right.array[:, None, :, :]
    total = _fold(products, 2, np.add)[:, :, 0, :]
    return Value(Kind(left.kind.rows, right.kind.columns), total)


_TENSOR_CALLS: Mapping[str, Callable[..., Value]] = {
    "sum": _over_all(_sum),
    "mean": _over_all(_mean),
    "norm": _over_all(_norm),
    "largest": _over_all(_largest),
    "row_sum": _over_axis(_sum, 2),
    "row_mean": _over_axis(_mean, 2),
    "row_max": _over_axis(_largest, 2),
    "column_sum": _over_axis(_sum, 1),
    "column_mean": _over_axis(_mean, 1),
    "column_max": _over_axis(_largest, 1),
    "transpose": lambda v: Value(v.kind.flipped, v.array.swapaxes(1, 2)),
    "matmul": _matmul,
}


def _per_number(function: Callable[[float], float]) -> Callable[[Array], Array]:
    """The library's function of single numbers, on an array."""

    def run(array: Array) -> Array:
        return np.vectorize(function, otypes=[np.float64])(array).astype(array.dtype)

    return run


def _power(base: Array, exponent: Array) -> Array:
    # A square is a product rounded once, which a general power need not be.
    if exponent.ndim == 0 and exponent == 2:
        return base * base
    # A power of single numbers such as beta^t is that of the C library, as in every framework;
    # NumPy's own for arrays may differ in the last bit, which RAdam multiplies by 10^4.
    if base.ndim == exponent.ndim == 0:
        return np.asarray(base[()] ** exponent[()])
    return np.power(base, exponent)


def _sigmoid(array: Array) -> Array:
    return np.where(array > -700, 1 / (1 + np.exp(-array)), np.exp(array))


_ELEMENTWISE: Mapping[str, Callable[..., Array]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": _power,
    "neg": np.negative,
    "exp": np.exp,
    "ln": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "softplus": lambda a: np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a))),
    "erf": _per_number(math.erf),
    "erfc": _per_number(math.erfc),
    "Phi": _per_number(lambda a: math.erfc(-a / math.sqrt(2)) / 2),
    "abs": np.abs,
    "sign": np.sign,
    "relu": lambda a: np.maximum(a, 0),
    "max": lambda *a: reduce(np.maximum, a),
    "min": lambda *a: reduce(np.minimum, a),
    "clip": lambda a, low, high: np.minimum(np.maximum(a, low), high),
    "where": np.where,
    "floor": np.floor,
    "passed": lambda k, *marks: sum((mark <= k).astype(k.dtype) for mark in marks),
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
}

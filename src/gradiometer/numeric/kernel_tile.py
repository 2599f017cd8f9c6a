"""Products of matrices whose entries are lanes: each number stands for as many as there are lanes.

Entry (i, k) of a matrix is a vector of lanes, one lane for each network, so a product of matrices
is a product of each network's own two. Rows and columns have any stride, and a transposed matrix
is only another pair of strides: nothing is packed. A tile of the result stays in registers while
the sum runs over k, in the order of k, with one rounding for each product and sum.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_WORD = ir.IntType(64)


@lru_cache(maxsize=128)
def tile(rows: int, columns: int, lanes: int, precision: str, spread: bool = False) -> Any:
    """The code of one tile: `c[i, j] = begin[i, j] + sum over k of a[i, k]*b[k, j]`.

    It is called as `tile(work, a, a_row, a_k, b, b_k, b_column, begin, begin_row, begin_column,
    c, c_row, c_column, count)`: places and strides count numbers in *work*, and *count* is how
    many k there are, at least 1.

    Args:
        rows: How many rows the tile has.
        columns: How many columns.
        lanes: How many numbers an entry has.
        precision: `float64` or `float32`.
        spread: Whether an entry of the left matrix is one number, the same in all lanes.
    """
    real = types.float32 if precision == "float32" else types.float64
    pointer = types.CPointer(real)
    kind = ir.FloatType() if precision == "float32" else ir.DoubleType()
    width = 4 if precision == "float32" else 8
    shape = _Shape(rows, columns, ir.VectorType(kind, lanes), width, spread)

    def typed(typing: Any, work: Any, *places: Any) -> Any:
        def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kinds = [argument.type for argument in arguments]
            builder.call(shape.declare(builder.module, kinds), arguments)
            return context.get_dummy_value()

        return types.void(pointer, *[types.int64] * 13), write

    return _as_intrinsic(typed)


def _as_intrinsic(typed: Any) -> Any:
    # numba wants each argument by name.
    def tile_code(
        typing,
        work,
        a,
        a_row,
        a_k,
        b,
        b_k,
        b_column,  # numba reads them
        begin,
        begin_row,
        begin_column,
        c,
        c_row,
        c_column,
        count,
    ):  # as above
        return typed(typing, work, a, a_row, a_k, b, b_k, b_column, begin, begin_row,
                     begin_column, c, c_row, c_column, count)  # fmt: skip

    return intrinsic(tile_code)


class _Shape:
    """Writes the code of tiles of one shape."""

    def __init__(
        self, rows: int, columns: int, vector: ir.VectorType, width: int, spread: bool
    ) -> None:
        self.rows, self.columns = range(rows), range(columns)
        self.vector, self.width, self.spread = vector, width, spread

    def declare(self, module: Any, kinds: list[Any]) -> Any:
        """The function of this tile in a module: written once, called for each product."""
        kind = "float" if self.width == 4 else "double"
        name = f"tile_{len(self.rows)}_{len(self.columns)}_{self.vector.count}_{kind}"
        name += "_spread" if self.spread else ""
        if name in module.globals:
            return module.globals[name]
        function = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), name)
        function.linkage = "internal"
        # A copy of it in each product would be compiled as often.
        set.add(function.attributes, "noinline")
        set.add(function.attributes, '"prefer-vector-width"="512"')
        builder = ir.IRBuilder(function.append_basic_block("begin"))
        self.write(builder, list(function.args))
        builder.ret_void()
        return function

    def write(self, builder: Any, arguments: Any) -> None:
        """The loop over k with the sums in registers."""
        work, a, a_row, a_k, b, b_k, b_column, *rest, count = arguments
        begin, begin_row, begin_column, c, c_row, c_column = rest
        fma = self._fma(builder.module)
        first = self._grid(builder, work, begin, begin_row, begin_column)
        start = [[self._load(builder, place) for place in row] for row in first]
        before = builder.block
        loop, done = builder.append_basic_block("sum"), builder.append_basic_block("stored")
        builder.branch(loop)
        builder.position_at_end(loop)
        k = builder.phi(_WORD)
        k.add_incoming(_WORD(0), before)
        sums = [[builder.phi(self.vector) for _ in self.columns] for _ in self.rows]
        right = [self._at(builder, work, [b, builder.mul(k, b_k), _times(builder, b_column, j)])
                 for j in self.columns]  # fmt: skip
        factors = [self._load(builder, place) for place in right]
        new = []
        for i in self.rows:
            place = self._at(builder, work, [a, builder.mul(k, a_k), _times(builder, a_row, i)])
            left = self._load_left(builder, place)
            new.append([builder.call(fma, [left, f, s])
                        for f, s in zip(factors, sums[i], strict=True)])  # fmt: skip
        following = builder.add(k, _WORD(1))
        k.add_incoming(following, loop)
        for i in self.rows:
            for j in self.columns:
                sums[i][j].add_incoming(start[i][j], before)
                sums[i][j].add_incoming(new[i][j], loop)
        builder.cbranch(builder.icmp_signed("<", following, count), loop, done)
        builder.position_at_end(done)
        last = self._grid(builder, work, c, c_row, c_column)
        for values, places in zip(new, last, strict=True):
            for value, place in zip(values, places, strict=True):
                builder.store(value, place).align = self.width

    def _load_left(self, builder: Any, place: Any) -> Any:
        if not self.spread:
            return self._load(builder, place)
        number = builder.load(builder.bitcast(place, self.vector.element.as_pointer()))
        empty = ir.Constant(self.vector, ir.Undefined)
        first = builder.insert_element(empty, number, ir.IntType(32)(0))
        everywhere = ir.Constant(ir.VectorType(ir.IntType(32), self.vector.count), None)
        return builder.shuffle_vector(first, empty, everywhere)

    def _fma(self, module: Any) -> Any:
        kind = "f32" if self.width == 4 else "f64"
        name = f"llvm.fma.v{self.vector.count}{kind}"
        return cgutils.get_or_insert_function(
            module, ir.FunctionType(self.vector, [self.vector] * 3), name
        )

    def _grid(self, builder: Any, work: Any, origin: Any, row: Any, column: Any) -> Any:
        return [
            [self._at(builder, work, [origin, _times(builder, row, i), _times(builder, column, j)])
             for j in self.columns]
            for i in self.rows
        ]  # fmt: skip

    def _at(self, builder: Any, work: Any, parts: list[Any]) -> Any:
        place = parts[0]
        for part in parts[1:]:
            place = builder.add(place, part)
        return builder.bitcast(builder.gep(work, [place]), self.vector.as_pointer())

    def _load(self, builder: Any, place: Any) -> Any:
        return builder.load(place, align=self.width)


def _times(builder: Any, stride: Any, count: int) -> Any:
    return builder.mul(stride, _WORD(count))

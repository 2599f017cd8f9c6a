"""Products of matrices as loops over tiles, in the text of a kernel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias, final

Place: TypeAlias = tuple[int, int, int]
"""Where a matrix begins and its strides to the next row and the next column, in entries."""


@final
@dataclass(frozen=True)
class Product:
    """`result = begin + left * right`; a row or a sum may be as long as a variable says."""

    rows: str
    columns: int
    inner: str
    """How many products each sum has."""
    widest: int
    """The most columns of a tile."""
    left: Place
    right: Place
    begin: tuple[str, str, str]
    result: Place

    def list_columns(self) -> list[tuple[int, int, int]]:
        """Stretches of columns as first, last and width of a tile."""
        width = find_width(self.columns, self.widest)
        whole = self.columns - self.columns % width
        rest = [(whole, self.columns, self.columns - whole)] if whole < self.columns else []
        return [(0, whole, width), *rest] if whole else rest


def find_width(columns: int, widest: int) -> int:
    """How wide tiles are cut: without a rest where that costs little, else as wide as may be."""
    for width in range(widest, widest // 2, -1):
        if columns % width == 0:
            return width
    return min(widest, columns)


def list_tiles(products: Iterable[Product], rows: int) -> list[tuple[int, int]]:
    """The shapes of all tiles of these products."""
    widths = {width for product in products for _, _, width in product.list_columns()}
    return sorted((height, width) for height in {1, rows} for width in widths)


def write_product(product: Product, rows: int) -> list[str]:
    """The loops of a product."""
    lines = []
    for first, last, width in product.list_columns():
        lines += [
            f"for j in range({first}, {last}, {width}):",
            "    r = 0",
            f"    while r + {rows} <= {product.rows}:",
            f"        {_call(product, rows, width)}",
            f"        r += {rows}",
            f"    while r < {product.rows}:",
            f"        {_call(product, 1, width)}",
            "        r += 1",
        ]
    return lines


def _call(product: Product, rows: int, width: int) -> str:
    left, right, result = product.left, product.right, product.result
    begin, begin_row, begin_column = product.begin
    parts = [
        f"({left[0]} + r*{left[1]})*LANES", f"{left[1]}*LANES", f"{left[2]}*LANES",
        f"({right[0]} + j*{right[2]})*LANES", f"{right[1]}*LANES", f"{right[2]}*LANES",
        f"({begin} + r*{begin_row} + j*{begin_column})*LANES", f"{begin_row}*LANES",
        f"{begin_column}*LANES",
        f"({result[0]} + r*{result[1]} + j*{result[2]})*LANES", f"{result[1]}*LANES",
        f"{result[2]}*LANES", product.inner,
    ]  # fmt: skip
    return f"tile_{rows}_{width}(work, {', '.join(parts)})"

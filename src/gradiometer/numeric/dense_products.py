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
    begin: Place
    result: Place
    spread: bool = False
    """Whether an entry of the left matrix is one number for all lanes; its strides count those."""

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


def list_tiles(products: Iterable[Product], rows: int) -> list[tuple[int, int, bool]]:
    """The shapes of all tiles of these products, and whether their left matrix is spread."""
    widths = {(width, p.spread) for p in products for _, _, width in p.list_columns()}
    return sorted((height, *rest) for height in {1, rows} for rest in widths)


def write_product(product: Product, rows: int, lanes: int) -> list[str]:
    """The loops of a product."""
    lines = []
    for first, last, width in product.list_columns():
        lines += [
            f"for j in range({first}, {last}, {width}):",
            "    r = 0",
            f"    while r + {rows} <= {product.rows}:",
            f"        {_call(product, rows, width, lanes)}",
            f"        r += {rows}",
            f"    while r < {product.rows}:",
            f"        {_call(product, 1, width, lanes)}",
            "        r += 1",
        ]
    return lines


def _call(product: Product, rows: int, width: int, lanes: int) -> str:
    """The call of one tile, with all places counted in numbers."""

    def place(matrix: Place, row: bool, column: bool) -> str:
        first, by_row, by_column = (n * lanes for n in matrix)
        if product.spread and matrix is product.left:
            by_row, by_column = matrix[1:]
        parts = [str(first)] if first else []
        parts += [f"r*{by_row}"] if row and by_row else []
        parts += [f"j*{by_column}"] if column and by_column else []
        return " + ".join(parts) or "0"

    parts = []
    for matrix, row, column in (
        (product.left, True, False),
        (product.right, False, True),
        (product.begin, True, True),
        (product.result, True, True),
    ):
        step = 1 if product.spread and matrix is product.left else lanes
        parts += [place(matrix, row, column), *(str(n * step) for n in matrix[1:])]
    name = f"{'spread' if product.spread else 'tile'}_{rows}_{width}"
    return f"{name}(work, {', '.join(parts)}, {product.inner})"

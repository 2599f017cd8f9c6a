"""How a kernel of networks is written for a processor: lanes, and tiles that stay in registers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

Precision: TypeAlias = Literal["float32", "float64"]


@final
@dataclass(frozen=True)
class DenseStyle:
    """How a kernel is written for this processor."""

    lanes: int = 16
    precision: str = "float32"
    rows: int = 4
    """Rows of a tile of a product that stays in registers."""
    columns: int = 6
    chunk: int = 16

    @property
    def group(self) -> int:
        """How many entries are 64 numbers, which a compiler makes packed instructions of."""
        return max(64 // self.lanes, 1)


_STYLES = {
    # Bytes of a register, how many there are, rows and columns of a tile. Beside the tile a row of
    # factors and one more register are needed.
    "avx512f": (64, 32, 4, 6),
    "avx2": (32, 16, 3, 3),
    "neon": (16, 32, 4, 6),
    "": (16, 16, 3, 3),
}


def choose_style(
    precision: Precision = "float32", *, features: Mapping[str, bool] | None = None
) -> DenseStyle:
    """The style for this processor; results have the same bits in all of them.

    Args:
        precision: Of all numbers of the networks.
        features: What the processor has, by LLVM's names; by default, what the one has
            that kernels are compiled for.

    Example:
        >>> choose_style("float64", features={"avx2": True}).lanes
        4
    """
    if features is None:
        from gradiometer.numeric.processor import list_features

        features = list_features()
    named = next(name for name in _STYLES if not name or features.get(name))
    size, _, rows, columns = _STYLES[named]
    return DenseStyle(size // (4 if precision == "float32" else 8), precision, rows, columns)

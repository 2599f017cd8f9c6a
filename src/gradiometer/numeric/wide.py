"""Arrays of numbers beyond the range of float64, as the sweeps return them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import final

import numpy as np
from numpy.typing import NDArray

STEP = 512
"""An exponent counts powers of 2^512."""


@final
@dataclass(frozen=True, eq=False)
class Wide:
    """Numbers `mantissa * 2^(512*exponent)`: products of a million factors have a value.

    A mantissa is 0 or its size lies in [2^-256, 2^256), so equal numbers have equal pairs.

    Example:
        >>> Wide(np.array([0.75]), np.array([3])).log2()
        array([1535.5849625])
    """

    mantissa: NDArray[np.float64]
    exponent: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.mantissa)

    def __getitem__(self, index: int | slice | NDArray[np.integer]) -> Wide:
        """The numbers at an index (an array of one), in a slice or at several indices."""
        if isinstance(index, int | np.integer):
            index = slice(index, index + 1) if index != -1 else slice(-1, None)
        return Wide(self.mantissa[index], self.exponent[index])

    def to_float(self) -> NDArray[np.float64]:
        """The nearest float64 of each number; infinite or 0 beyond its range."""
        with np.errstate(over="ignore", under="ignore"):
            # Larger shifts than these have the same result and would not fit ldexp.
            shift = np.clip(self.exponent.astype(np.int64) * STEP, -2600, 2600)
            return np.ldexp(self.mantissa, shift.astype(np.int32))

    def sign(self) -> NDArray[np.float64]:
        """-1, 0 or 1."""
        return np.sign(self.mantissa)

    def log2(self) -> NDArray[np.float64]:
        """Logarithm of the size to base 2; minus infinity for 0."""
        with np.errstate(divide="ignore"):
            return np.log2(np.abs(self.mantissa)) + STEP * self.exponent.astype(np.float64)

    def log(self) -> NDArray[np.float64]:
        """Natural logarithm of the size; minus infinity for 0."""
        return self.log2() * np.log(2.0)

    def fraction(self, index: int) -> Fraction:
        """The exact value of one of the numbers."""
        return Fraction(float(self.mantissa[index])) * Fraction(2) ** (
            STEP * int(self.exponent[index])
        )

    def over(self, other: Wide) -> NDArray[np.float64]:
        """The quotients as float64; infinite or not a number where *other* is 0."""
        with np.errstate(all="ignore"):
            shift = self.exponent.astype(np.int64) - other.exponent
            quotient = self.mantissa / other.mantissa
            return np.ldexp(quotient, (np.clip(shift, -6, 6) * STEP).astype(np.int32))

    def times(self, other: Wide) -> Wide:
        """The products, each rounded once."""
        return _normalised(self.mantissa * other.mantissa, self.exponent + other.exponent)

    def plus(self, other: Wide) -> Wide:
        """The sums, each rounded once."""
        top = np.maximum(
            np.where(self.mantissa == 0, other.exponent, self.exponent),
            np.where(other.mantissa == 0, self.exponent, other.exponent),
        )
        mantissa = self._at(top) + other._at(top)
        return _normalised(mantissa, top)

    def _at(self, exponent: NDArray[np.int32]) -> NDArray[np.float64]:
        shift = np.clip(self.exponent.astype(np.int64) - exponent, -5, 0) * STEP
        with np.errstate(under="ignore"):
            return np.ldexp(self.mantissa, shift.astype(np.int32))


def _normalised(mantissa: NDArray[np.float64], exponent: NDArray[np.int32]) -> Wide:
    size = np.abs(mantissa)
    step = (size >= 2.0**256).astype(np.int32) - ((size < 2.0**-256) & (size > 0))
    mantissa = np.ldexp(mantissa, (-STEP * step).astype(np.int32))
    return Wide(mantissa, np.where(size == 0, 0, exponent + step).astype(np.int32))

"""Numbers drawn for data sets: from a seed and a stream, the same on every machine.

A stream is Philox-4x64 with the key `seed + stream·2^64`. Only its raw 64-bit words are used, which
NumPy keeps stable from version to version, unlike what its distributions make of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gradiometer.errors import DomainError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPLIT, CHOSEN, SHIFTED = 1, 2, 3
"""Streams of the parts of a data set and of wrong labels; those of draws in formulas lie above."""

_FIRST = 16
_WORDS = 2**64


def draw_words(count: int, *, seed: int, stream: int) -> NDArray[np.uint64]:
    """That many 64-bit words of a stream.

    Raises:
        DomainError: If the seed is negative or has more than 64 bits.
    """
    if not 0 <= seed < _WORDS:
        raise DomainError(
            f"The seed {seed} is outside 0 to 2^64 - 1.", hint="write a whole number such as 1"
        )
    return np.random.Philox(key=seed + (stream << 64)).random_raw(count)


def draw_uniform(count: int, *, seed: int, place: int) -> NDArray[np.float64]:
    """Numbers in [0, 1), each a multiple of 2^-53, for the *place*-th uniform name of formulas."""
    return _to_unit(draw_words(count, seed=seed, stream=_FIRST + 2 * place))


def draw_normal(count: int, *, seed: int, place: int) -> NDArray[np.float64]:
    """Normal numbers of mean 0 and variance 1, for the *place*-th normal name of formulas.

    Source: the transform of Box and Muller (1958), of which the cosine is kept.
    """
    words = draw_words(2 * count, seed=seed, stream=_FIRST + 2 * place + 1)
    radius = np.sqrt(-2 * np.log(1 - _to_unit(words[:count])))
    return radius * np.cos(2 * np.pi * _to_unit(words[count:]))


def _to_unit(words: NDArray[np.uint64]) -> NDArray[np.float64]:
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53

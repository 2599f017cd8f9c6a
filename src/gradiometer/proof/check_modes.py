"""Coordinates in which a matrix of slopes turns and shrinks each direction by itself."""

from __future__ import annotations

from functools import reduce
from math import sqrt

from flint import acb_mat, arb, arb_mat

from gradiometer.errors import UndecidedError
from gradiometer.formula import precision

_BITS = 64
_SWEEPS, _LEAST = 3, 1e-9
"""Rounds in which directions are given their lengths, and what is nothing then."""


def stretch(matrix: arb_mat) -> arb:
    """An upper bound of the factor by which the matrix lengthens a vector.

    Its square is the largest eigenvalue of `M^T M`: at most the largest sum of sizes in a row.
    """
    square = (matrix.transpose() * matrix).tolist()
    sums = [sum((abs(entry) for entry in row), arb(0)).abs_upper() for row in square]
    if not all(total.is_finite() for total in sums):
        raise UndecidedError("a slope over a region of states is not finite")
    return reduce(arb.max, sums).sqrt().abs_upper()


def find_modes(slopes: arb_mat) -> arb_mat:
    """A frame of directions that the slopes turn and shrink each by itself, about."""
    size, columns, groups = slopes.nrows(), [], []
    with precision(_BITS):
        values, vectors = acb_mat(slopes.mid()).eig(right=True)
        for j, value in enumerate(values):
            parts = [vectors[i, j] for i in range(size)]
            if value.imag.contains(0):
                groups.append([len(columns)])
                columns.append([part.real.mid() for part in parts])
            elif value.imag > 0:
                # Two directions that are turned into each other have one length.
                groups.append([len(columns), len(columns) + 1])
                columns.append([part.real.mid() for part in parts])
                columns.append([part.imag.mid() for part in parts])
        if len(columns) != size:
            raise UndecidedError("the directions of a step are not told apart")
        frame = arb_mat(size, size, [columns[j][i] for i in range(size) for j in range(size)])
        scale = _balance((frame.inv() * slopes * frame).tolist(), groups)
        return arb_mat(
            size, size, [(frame[i, j] * scale[j]).mid() for i in range(size) for j in range(size)]
        )


def _balance(entries: list[list[arb]], groups: list[list[int]]) -> dict[int, float]:
    """Lengths of directions for which what each gives to the others is about what it takes."""
    sizes = [[float(entry.abs_upper()) for entry in row] for row in entries]
    scale = dict.fromkeys(range(len(sizes)), 1.0)
    for _ in range(_SWEEPS):
        for group in groups:
            rest = scale.keys() - set(group)
            gives = sum(sizes[i][j] * scale[j] / scale[i] for j in group for i in rest)
            takes = sum(sizes[j][i] * scale[i] / scale[j] for j in group for i in rest)
            change = sqrt((takes + _LEAST) / (gives + _LEAST))
            scale |= {j: scale[j] * change for j in group}
    return scale

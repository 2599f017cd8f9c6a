"""The checker's few facts about small matrices of balls: sizes, and eigenvalues of one period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flint import acb_mat, arb, arb_mat, fmpq

from gradiometer.proof.check_fields import read_rational, require

MOST_NAMES = 12


def to_matrix(rows: Sequence[Sequence[Any]]) -> arb_mat:
    """The rows as one matrix."""
    return arb_mat(len(rows), len(rows[0]), [arb(entry) for row in rows for entry in row])


def to_column(entries: Sequence[Any]) -> arb_mat:
    """The entries below each other."""
    return arb_mat(len(entries), 1, [arb(entry) for entry in entries])


def read_matrix(rows: Any, size: int) -> list[list[fmpq]]:
    """The square matrix of a certificate."""
    require(isinstance(rows, list) and len(rows) == size, "The matrix has another size.")
    require(all(isinstance(r, list) and len(r) == size for r in rows), "The matrix is not square.")
    return [[read_rational(entry) for entry in row] for row in rows]


def length(entries: Sequence[arb]) -> arb:
    """An upper bound of the root of the sum of the squares."""
    total = arb(0)
    for entry in entries:
        total += entry.abs_upper() ** 2
    return total.sqrt().abs_upper()


def shrinks(matrix: arb_mat, factor: fmpq) -> bool:
    """Whether the matrix certainly makes each vector shorter by that factor, or by more.

    So it does when `factor^2 - M^T M` is positive definite.
    """
    return _is_positive(-(matrix.transpose() * matrix), arb(factor) ** 2)


def stretches(matrix: arb_mat, factor: fmpq) -> bool:
    """Whether the matrix certainly makes each vector longer by that factor, or by more.

    So it does when `M^T M - factor^2` is positive definite; *factor* is not negative.
    """
    return _is_positive(matrix.transpose() * matrix, -(arb(factor) ** 2))


def _is_positive(matrix: arb_mat, shift: arb) -> bool:
    """Whether a symmetric matrix plus *shift* on its diagonal is positive definite; elimination."""
    size = matrix.nrows()
    rest = [[matrix[i, j] for j in range(size)] for i in range(size)]
    for i in range(size):
        rest[i][i] += shift
    for k in range(size):
        pivot = rest[k][k]
        if not pivot > 0:
            return False
        for i in range(k + 1, size):
            share = rest[i][k] / pivot
            for j in range(k + 1, size):
                rest[i][j] -= share * rest[k][j]
    return True


def real_eigenvalues(matrix: arb_mat) -> list[arb] | None:
    """All eigenvalues, by size, where all are certainly real and each is alone; else None."""
    size = matrix.nrows()
    if size == 1:
        return [matrix[0, 0]]
    try:
        found = acb_mat(matrix).eig(multiple=False)
    except ValueError:
        return None
    # An isolated eigenvalue of a real matrix is real when its conjugate cannot be another one.
    balls = [value.real for value in found]
    for index, value in enumerate(found):
        if not value.imag.contains(0):
            return None
        if any(value.overlaps(other.conjugate()) for other in found[index + 1 :]):
            return None
    return sorted(balls, key=lambda ball: -float(abs(ball).mid()))

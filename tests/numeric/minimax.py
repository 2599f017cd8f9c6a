"""Minimax polynomials by Remez's exchange, as the coefficients of the lane functions were made.

The polynomial P of the given degree makes the largest size of `weight(x)*(P(x) - f(x))` as small
as it can be on an interval. Exchange takes place on a grid of Chebyshev points, in 60 digits.
"""

import mpmath
from mpmath import mp, mpf


def fit(f, degree, low, high, *, weight=lambda x: mpf(1)):
    """Coefficients from the constant term up, and the largest weighted error."""
    with mp.workdps(60):
        low, high = mpf(low), mpf(high)
        size = 24 * (degree + 2)
        middle, half = (low + high) / 2, (high - low) / 2
        grid = [middle - half * mpmath.cos(mp.pi * (2 * i + 1) / (2 * size)) for i in range(size)]
        wanted = [f(x) for x in grid]
        weights = [weight(x) for x in grid]
        chosen = [size * i // (degree + 2) + size // (2 * degree + 4) for i in range(degree + 2)]
        for _ in range(60):
            coefficients = _level(grid, wanted, weights, chosen)
            errors = [
                w * (mpmath.polyval(coefficients[::-1], x) - y)
                for x, y, w in zip(grid, wanted, weights, strict=True)
            ]
            peaks = _peaks(errors, degree + 2)
            largest = max(map(abs, errors))
            if peaks == chosen or largest <= min(abs(errors[i]) for i in peaks) * mpf("1.0001"):
                break
            chosen = peaks
        return coefficients, largest


def _level(grid, wanted, weights, chosen):
    """Coefficients whose weighted errors at the chosen points alternate with one size."""
    n = len(chosen)
    rows = mpmath.matrix(n, n)
    right = mpmath.matrix(n, 1)
    for row, i in enumerate(chosen):
        for power in range(n - 1):
            rows[row, power] = grid[i] ** power
        # A weight of 0 would divide: the grid never holds such a point.
        rows[row, n - 1] = (-1) ** row / weights[i]
        right[row] = wanted[i]
    solution = mpmath.lu_solve(rows, right)
    return [solution[i] for i in range(n - 1)]


def _peaks(errors, count):
    """Places of the largest errors of alternating sign."""
    runs = []
    for i, error in enumerate(errors):
        if runs and (errors[runs[-1]] > 0) == (error > 0):
            if abs(error) > abs(errors[runs[-1]]):
                runs[-1] = i
        else:
            runs.append(i)
    while len(runs) > count:
        if len(runs) == count + 1:
            runs.pop(0 if abs(errors[runs[0]]) < abs(errors[runs[-1]]) else -1)
            continue
        weakest = min(range(len(runs)), key=lambda j: abs(errors[runs[j]]))
        del runs[weakest]
        if 0 < weakest < len(runs):
            pair = (weakest - 1, weakest)
            runs.pop(min(pair, key=lambda j: abs(errors[runs[j]])))
    return runs

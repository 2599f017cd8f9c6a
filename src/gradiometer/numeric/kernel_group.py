"""Sums over the paths into one kept node from the kept nodes before it."""

from __future__ import annotations

from gradiometer.numeric.kernel import compiled
from gradiometer.numeric.kernel_wide import plus, times, widen

SIGNED, SIZE, COUNT = 0, 1, 2


@compiled
def sweep_bundle(first, start, local, end, low, is_kept, m, x):
    """Fills in sum, size and number of the paths from each node to *end* that pass no kept node."""
    m[low : end + 1, :] = 0.0
    x[low : end + 1, :] = 0
    m[end, :] = 1.0
    for v in range(end, low, -1):
        if m[v, COUNT] == 0.0 or (is_kept[v] and v != end):
            continue
        for k in range(first[v], first[v + 1]):
            u = start[k]
            if u < low:
                continue
            m[u, COUNT], x[u, COUNT] = plus(m[u, COUNT], x[u, COUNT], m[v, COUNT], x[v, COUNT])
            w, wx = widen(local[k])
            if w == 0.0:
                continue
            t, tx = times(w, wx, m[v, SIGNED], x[v, SIGNED])
            m[u, SIGNED], x[u, SIGNED] = plus(m[u, SIGNED], x[u, SIGNED], t, tx)
            t, tx = times(abs(w), wx, m[v, SIZE], x[v, SIZE])
            m[u, SIZE], x[u, SIZE] = plus(m[u, SIZE], x[u, SIZE], t, tx)

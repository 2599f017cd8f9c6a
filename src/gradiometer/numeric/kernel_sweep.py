"""Sweeps over the edges of a linearised graph, each once, with numbers of any size.

A node's row holds its numbers as mantissas and exponents, so a sweep touches one place per edge.
"""

from __future__ import annotations

import math

from gradiometer.numeric.kernel import compiled
from gradiometer.numeric.kernel_wide import add_residue, plus, relative, times, widen

ADJOINT, MASS, COUNT = 0, 1, 2
"""Places in a node's row of the backward sweep."""

TANGENT = 0
"""Place in a node's row of the forward sweep, which has its mass at `MASS` too."""


@compiled
def first_bad_edge(first, start, local):
    """The first edge that does not lead to a later node or is not finite; -1 when there is none."""
    for v in range(len(first) - 1):
        for k in range(first[v], first[v + 1]):
            if start[k] >= v or start[k] < 0 or not math.isfinite(local[k]):
                return k
    return -1


@compiled
def sweep_back(first, start, local, output, m, x, residue):
    """Adds up, from the output on, all paths from each node: sum, sizes and number."""
    m[output, :] = 1.0
    residue[output] = 1
    for v in range(output, -1, -1):
        c, cx = m[v, COUNT], x[v, COUNT]
        if c == 0.0:
            continue
        b, bx, a, ax = m[v, ADJOINT], x[v, ADJOINT], m[v, MASS], x[v, MASS]
        for k in range(first[v], first[v + 1]):
            u = start[k]
            m[u, COUNT], x[u, COUNT] = plus(m[u, COUNT], x[u, COUNT], c, cx)
            residue[u] = add_residue(residue[u], residue[v])
            if local[k] == 0.0:
                continue
            w, wx = widen(local[k])
            t, tx = times(w, wx, b, bx)
            m[u, ADJOINT], x[u, ADJOINT] = plus(m[u, ADJOINT], x[u, ADJOINT], t, tx)
            t, tx = times(abs(w), wx, a, ax)
            m[u, MASS], x[u, MASS] = plus(m[u, MASS], x[u, MASS], t, tx)


@compiled
def sweep_signs(first, start, local, output, m, x):
    """Adds up the positive paths from each node, and the sizes of the negative ones."""
    m[output, 0] = 1.0
    for v in range(output, -1, -1):
        for k in range(first[v], first[v + 1]):
            if local[k] == 0.0:
                continue
            u = start[k]
            w, wx = widen(local[k])
            for j in range(2):
                if m[v, j] != 0.0:
                    i = j if w > 0.0 else 1 - j
                    t, tx = times(abs(w), wx, m[v, j], x[v, j])
                    m[u, i], x[u, i] = plus(m[u, i], x[u, i], t, tx)


@compiled
def sweep_forward(first, start, local, source, output, m, x):
    """Adds up, from one source on, all paths to each node: their sum and the sum of their sizes."""
    m[source, TANGENT] = m[source, MASS] = 1.0
    for v in range(source + 1, output + 1):
        t, tx, a, ax = 0.0, 0, 0.0, 0
        for k in range(first[v], first[v + 1]):
            u = start[k]
            if m[u, MASS] == 0.0 or local[k] == 0.0:
                continue
            w, wx = widen(local[k])
            s, sx = times(w, wx, m[u, TANGENT], x[u, TANGENT])
            t, tx = plus(t, tx, s, sx)
            s, sx = times(abs(w), wx, m[u, MASS], x[u, MASS])
            a, ax = plus(a, ax, s, sx)
        m[v, TANGENT], x[v, TANGENT], m[v, MASS], x[v, MASS] = t, tx, a, ax


@compiled
def contribute(first, start, local, back, back_x, ahead, ahead_x, unit, signed, size):
    """The sum of all paths through each edge, and the sum of their sizes, over `2^(512*unit)`."""
    for v in range(len(first) - 1):
        b, bx = back[v, ADJOINT], back_x[v, ADJOINT]
        a, ax = back[v, MASS], back_x[v, MASS]
        for k in range(first[v], first[v + 1]):
            signed[k] = size[k] = 0.0
            u = start[k]
            if a == 0.0 or ahead[u, MASS] == 0.0 or local[k] == 0.0:
                continue
            w, wx = widen(local[k])
            t, tx = times(w, wx, ahead[u, TANGENT], ahead_x[u, TANGENT])
            t, tx = times(t, tx, b, bx)
            signed[k] = relative(t, tx, unit)
            t, tx = times(abs(w), wx, ahead[u, MASS], ahead_x[u, MASS])
            t, tx = times(t, tx, a, ax)
            size[k] = relative(t, tx, unit)


@compiled
def scale_edges(local, back, back_x, end, m, x):
    """The derivative of the output with respect to the start of each edge, by this edge alone."""
    for k in range(len(local)):
        w, wx = widen(local[k])
        v = end[k]
        m[k], x[k] = times(w, wx, back[v, ADJOINT], back_x[v, ADJOINT])


@compiled
def sweep_spread(first, start, local, output, mass, mass_x, entropy, length, square):
    """Entropy of the shares of the paths from each node, mean of their length and of its square.

    A path is drawn with probability proportional to its size: step by step, each edge with the
    share it has of the mass of its start. All terms are positive, so nothing cancels.
    """
    for v in range(output, -1, -1):
        if mass[v] == 0.0:
            continue
        for k in range(first[v], first[v + 1]):
            if local[k] == 0.0:
                continue
            u = start[k]
            w, wx = widen(abs(local[k]))
            share = relative(w * mass[v] / mass[u], wx + mass_x[v] - mass_x[u], 0)
            if share > 0.0:
                entropy[u] += share * (entropy[v] - math.log(share))
                length[u] += share * (length[v] + 1.0)
                square[u] += share * (square[v] + 2.0 * length[v] + 1.0)


@compiled
def count_rows(first, start, local, output, mass, slot):
    """How many rows of nodes that are not kept live at the same time in `sweep_lengths`."""
    live = most = 1 if slot[output] == -1 else 0
    touched = slot.copy()
    touched[output] = 0
    for v in range(output, -1, -1):
        if mass[v] == 0.0:
            continue
        for k in range(first[v], first[v + 1]):
            u = start[k]
            if local[k] != 0.0 and touched[u] == -1:
                touched[u] = 0
                live += 1
        most = max(most, live)
        if slot[v] == -1:
            live -= 1
    return most


@compiled
def sweep_lengths(first, start, local, output, mass, mass_x, slot, kept, signed, size):
    """Shares of the mass by length of path: all of it in *size*, with signs in *signed*.

    The first *kept* rows belong to the nodes that have one in *slot*. The others are used again:
    a row lives from the first edge that needs it to its node.
    """
    free = list(range(kept, len(size)))
    if slot[output] == -1:
        slot[output] = free.pop()
    signed[slot[output], 0] = size[slot[output], 0] = 1.0
    for v in range(output, -1, -1):
        if mass[v] == 0.0:
            continue
        row = slot[v]
        for k in range(first[v], first[v + 1]):
            if local[k] == 0.0:
                continue
            u = start[k]
            w, wx = widen(abs(local[k]))
            share = relative(w * mass[v] / mass[u], wx + mass_x[v] - mass_x[u], 0)
            sign = share if local[k] > 0.0 else -share
            if slot[u] == -1:
                slot[u] = free.pop()
            into = slot[u]
            for j in range(size.shape[1] - 1):
                signed[into, j + 1] += sign * signed[row, j]
                size[into, j + 1] += share * size[row, j]
        if row >= kept:
            signed[row, :] = 0.0
            size[row, :] = 0.0
            free.append(row)

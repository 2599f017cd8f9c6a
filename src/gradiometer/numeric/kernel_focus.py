"""Sums over all paths between few nodes of a large graph, each sweep held to the nodes it meets.

Kept nodes have a bit each in 64; the last bit stands for all inputs that are not kept.
"""

from __future__ import annotations

import numpy as np

from gradiometer.numeric.kernel import compiled
from gradiometer.numeric.kernel_wide import plus, times, widen

OTHERS = 63
"""The bit of the inputs that are not kept."""

SIGNED, SIZE, COUNT = 0, 1, 2


@compiled
def sweep_mass(first, start, local, is_source, output, m, x):
    """Adds up the sizes of all paths from any source to each node."""
    for v in range(output + 1):
        if is_source[v]:
            m[v] = 1.0
            continue
        a, ax = 0.0, 0
        for k in range(first[v], first[v + 1]):
            u = start[k]
            if m[u] == 0.0 or local[k] == 0.0:
                continue
            w, wx = widen(local[k])
            s, sx = times(abs(w), wx, m[u], x[u])
            a, ax = plus(a, ax, s, sx)
        m[v], x[v] = a, ax


@compiled
def mark_nodes(first, start, bit, output, ahead, behind):
    """The bits of the kept nodes that reach each node, and that it reaches, past no kept node.

    *bit* is the bit of a kept node or an input, -1 for others.
    """
    one = np.uint64(1)
    for v in range(output + 1):
        seen = np.uint64(0)
        for k in range(first[v], first[v + 1]):
            u = start[k]
            seen |= one << np.uint64(bit[u]) if bit[u] >= 0 else ahead[u]
        ahead[v] = seen
    for v in range(output, -1, -1):
        seen = one << np.uint64(bit[v]) if 0 <= bit[v] < OTHERS else behind[v]
        if seen:
            for k in range(first[v], first[v + 1]):
                behind[start[k]] |= seen


@compiled
def count_hidden(bit, ahead, behind, output, table):
    """Adds up how many nodes that are not kept lie between each two that are."""
    one, zero = np.uint64(1), np.uint64(0)
    before, after, run = zero, zero, 0
    for v in range(output + 2):
        a, b = zero, zero
        if v <= output and bit[v] < 0 and ahead[v] and behind[v]:
            a, b = ahead[v], behind[v]
        if a == before and b == after and v <= output:
            run += 1
            continue
        # Neighbours mostly lie between the same kept nodes, so pairs are taken apart once a run.
        if before:
            for i in range(64):
                if before >> np.uint64(i) & one:
                    for j in range(64):
                        if after >> np.uint64(j) & one:
                            table[i, j] += run
        before, after, run = a, b, 1


@compiled
def count_work(bit, ahead, behind, output):
    """How many nodes all sweeps from starts visit together, and how many all sweeps from ends."""
    one = np.uint64(1)
    forward, backward = 0, 0
    for v in range(output + 1):
        if bit[v] < 0:
            a, b = ahead[v], behind[v]
            while a:
                a &= a - one
                forward += 1
            while b:
                b &= b - one
                backward += 1
    return forward, backward


@compiled
def sweep_onward(first, start, local, which, begin, end, bit, ahead, m, x):
    """Fills in sum, size and number of the paths from the node of bit *which* to the nodes after.

    Only rows of nodes that have the bit in *ahead* are written.
    """
    mask = np.uint64(1) << np.uint64(which)
    for v in range(begin, end + 1):
        if not ahead[v] & mask:
            continue
        t, tx, a, ax, c, cx = 0.0, 0, 0.0, 0, 0.0, 0
        for k in range(first[v], first[v + 1]):
            u = start[k]
            w, wx = widen(local[k])
            if bit[u] == which:
                t, tx = plus(t, tx, w, wx)
                a, ax = plus(a, ax, abs(w), wx)
                c, cx = plus(c, cx, 1.0, 0)
            elif bit[u] < 0 and ahead[u] & mask:
                s, sx = times(w, wx, m[u, SIGNED], x[u, SIGNED])
                t, tx = plus(t, tx, s, sx)
                s, sx = times(abs(w), wx, m[u, SIZE], x[u, SIZE])
                a, ax = plus(a, ax, s, sx)
                c, cx = plus(c, cx, m[u, COUNT], x[u, COUNT])
        m[v, SIGNED], x[v, SIGNED] = t, tx
        m[v, SIZE], x[v, SIZE] = a, ax
        m[v, COUNT], x[v, COUNT] = c, cx


@compiled
def sweep_backward(first, start, local, which, end, low, bit, behind, m, x):
    """Fills in sum, size and number of the paths to the node of bit *which* from the nodes before.

    Only rows of nodes that have the bit in *behind* are written.
    """
    mask = np.uint64(1) << np.uint64(which)
    for v in range(low, end):
        if behind[v] & mask:
            m[v, :] = 0.0
            x[v, :] = 0
    m[end, :] = 1.0
    x[end, :] = 0
    for v in range(end, low, -1):
        if v != end and (bit[v] >= 0 or not behind[v] & mask):
            continue
        for k in range(first[v], first[v + 1]):
            u = start[k]
            w, wx = widen(local[k])
            t, tx = times(w, wx, m[v, SIGNED], x[v, SIGNED])
            m[u, SIGNED], x[u, SIGNED] = plus(m[u, SIGNED], x[u, SIGNED], t, tx)
            t, tx = times(abs(w), wx, m[v, SIZE], x[v, SIZE])
            m[u, SIZE], x[u, SIZE] = plus(m[u, SIZE], x[u, SIZE], t, tx)
            m[u, COUNT], x[u, COUNT] = plus(m[u, COUNT], x[u, COUNT], m[v, COUNT], x[v, COUNT])

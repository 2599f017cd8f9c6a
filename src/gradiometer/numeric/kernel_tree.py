"""The largest path from every node to the output, as a tree, and the edges by where they start.

A state is a node, or for paths of a given sign a node and whether the signs of the path from it
multiply to -1. *shift* is 0 or 1, so a state is `node << shift | parity`.
Larger products come first, and equal ones in the order of their edges.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradiometer.numeric.kernel import compiled, inlined
from gradiometer.numeric.kernel_exact import order_pairs, order_products, residue_of
from gradiometer.numeric.kernel_wide import exact_product, pair_norm, times_residue, widen


class Edges(NamedTuple):
    """The edges of a graph, also grouped by the node they leave."""

    local: NDArray[np.float64]
    end: NDArray[np.int32]
    out_first: NDArray[np.int32]
    out_edge: NDArray[np.int32]


class Tree(NamedTuple):
    """For each state the best path to the output; *size* is a pair of float64, 0 without one."""

    edge: NDArray[np.int32]
    hops: NDArray[np.int32]
    odd: NDArray[np.uint8]
    size: NDArray[np.float64]
    exponent: NDArray[np.int32]
    residue: NDArray[np.int64]


@compiled
def group_by_start(first, start, end, out_first, out_edge):
    """Fills the arrays of `Edges`: a counting sort that keeps the order of edges."""
    for k in range(len(start)):
        out_first[start[k] + 1] += 1
    for u in range(len(first) - 1):
        out_first[u + 1] += out_first[u]
    # A cursor of each node is its own first place, moved back at the end: no second array.
    for v in range(len(first) - 1):
        for k in range(first[v], first[v + 1]):
            end[k] = v
            out_edge[out_first[start[k]]] = k
            out_first[start[k]] += 1
    for u in range(len(first) - 1, 0, -1):
        out_first[u] = out_first[u - 1]
    out_first[0] = 0


@inlined
def next_state(edges, tree, shift, state):
    """The state after the first edge of the best path."""
    return head_state(edges, shift, state, tree.edge[state])


@inlined
def head_state(edges, shift, state, edge):
    """The state after an edge."""
    flip = 1 if edges.local[edge] < 0.0 else 0
    return (np.int64(edges.end[edge]) << shift) | ((state ^ flip) & shift)


@inlined
def count_best(edges, tree, shift, state, count, sign):
    """Adds *sign* to the count of each edge of the best path from a state."""
    while tree.edge[state] >= 0:
        count[tree.edge[state]] += sign
        state = next_state(edges, tree, shift, state)


@inlined
def longer(local, h, l, x):
    """Size (pair and exponent) of an edge before a path of a given size."""
    w, wx = widen(abs(local))
    p, r = exact_product(w, h)
    r += w * l
    h = p + r
    return pair_norm(h, r - (h - p), wx + x)


@inlined
def extend_residue(local, tree, state):
    """Residue of the size of an edge before the best path from a state."""
    return times_residue(residue_of(local), tree.residue[state])


@inlined
def is_tie_before(edges, tree, shift, state, edge, after):
    """Whether *edge* and the best path from *after* come before the best path of *state* so far.

    Both are nearly equal; the residue of *state* itself is not known yet.
    """
    best = np.int64(tree.edge[state])
    other = next_state(edges, tree, shift, state)
    order = 0
    if extend_residue(edges.local[edge], tree, after) != (
        extend_residue(edges.local[best], tree, other)
    ):
        count = np.zeros(len(edges.local), np.int64)
        count[edge] += 1
        count[best] -= 1
        count_best(edges, tree, shift, after, count, np.int64(1))
        count_best(edges, tree, shift, other, count, np.int64(-1))
        order = order_products(edges.local, count)
    return order > 0 or (order == 0 and edge < best)


@inlined
def close_state(edges, tree, shift, state):
    """Fills in what follows from the first edge of the best path of a state."""
    local, head = edges.local[tree.edge[state]], next_state(edges, tree, shift, state)
    tree.hops[state] = tree.hops[head] + 1
    tree.odd[state] = tree.odd[head] ^ (1 if local < 0.0 else 0)
    tree.residue[state] = extend_residue(local, tree, head)


@compiled
def grow_tree(first, start, output, shift, edges, tree):
    """Fills the tree, from the output back; edges of weight 0 are no part of it."""
    # Arrays in hand are much faster than arrays in a tuple.
    local, edge, size, exponent = edges.local, tree.edge, tree.size, tree.exponent
    edge[:] = -1
    root = np.int64(output) << shift
    size[root, 0], tree.residue[root] = 1.0, 1
    for after in range(root, -1, -1):
        if size[after, 0] == 0.0:
            continue
        if after != root:
            close_state(edges, tree, shift, after)
        h, l, x, v = size[after, 0], size[after, 1], np.int64(exponent[after]), after >> shift
        for k in range(first[v], first[v + 1]):
            if local[k] == 0.0:
                continue
            flip = 1 if local[k] < 0.0 else 0
            state = (np.int64(start[k]) << shift) | ((after ^ flip) & shift)
            m, n, y = longer(local[k], h, l, x)
            order = 1
            if size[state, 0] != 0.0:
                order = order_pairs(m, n, y, size[state, 0], size[state, 1], exponent[state])
            if order == 0 and is_tie_before(edges, tree, shift, state, k, after):
                order = 1
            if order > 0:
                edge[state], exponent[state], size[state, 0], size[state, 1] = k, y, m, n


@compiled
def grow_jumps(edges, tree, shift, jump):
    """Fills in for each state one far along its best path, so that few jumps lead anywhere on it.

    Source: E. W. Myers, An applicative random-access stack, Information Processing Letters 17
    (1983).
    """
    hops = tree.hops
    for state in range(len(jump) - 1, -1, -1):
        jump[state] = state
        if tree.edge[state] >= 0:
            near = next_state(edges, tree, shift, state)
            far = jump[near]
            is_even = hops[near] - hops[far] == hops[far] - hops[jump[far]]
            jump[state] = jump[far] if is_even else near


@inlined
def follow(edges, tree, jump, shift, state, hops):
    """The state on the best path from *state* that is *hops* edges before the output."""
    while tree.hops[state] > hops:
        far = np.int64(jump[state])
        state = far if tree.hops[far] >= hops else next_state(edges, tree, shift, state)
    return state


@compiled
def expand_path(edges, tree, jump, shift, state, tails, detours, skipped, path):
    """Fills in the edges of the path that leaves the best one at each of the *tails*.

    The first *skipped* edges are left out; without any *jump* may be empty.
    """
    taken = 0
    while skipped > 0:
        end = tree.hops[tails[taken]] if taken < len(tails) else 0
        steps = min(skipped, tree.hops[state] - end)
        state = follow(edges, tree, jump, shift, state, tree.hops[state] - steps)
        skipped -= steps
        if skipped > 0:
            state = head_state(edges, shift, state, detours[taken])
            taken += 1
            skipped -= 1
    for count in range(len(path)):
        edge = tree.edge[state]
        if taken < len(tails) and tails[taken] == state:
            edge = detours[taken]
            taken += 1
        path[count] = edge
        state = head_state(edges, shift, state, edge)

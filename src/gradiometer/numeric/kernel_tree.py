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
    out_first: NDArray[np.int64]
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
    place = out_first.copy()
    for v in range(len(first) - 1):
        for k in range(first[v], first[v + 1]):
            end[k] = v
            out_edge[place[start[k]]] = k
            place[start[k]] += 1


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
def append_best(edges, tree, shift, state, into):
    """Appends the edges of the best path from a state."""
    while tree.edge[state] >= 0:
        into.append(np.int64(tree.edge[state]))
        state = next_state(edges, tree, shift, state)


@inlined
def extend(local, tree, state):
    """Size (pair and exponent) and residue of an edge before the best path from a state."""
    w, wx = widen(abs(local))
    p, r = exact_product(w, tree.size[state, 0])
    r += w * tree.size[state, 1]
    h = p + r
    h, l, x = pair_norm(h, r - (h - p), wx + tree.exponent[state])
    return h, l, x, times_residue(residue_of(local), tree.residue[state])


@inlined
def is_before(edges, tree, shift, state, edge, after, h, l, x, residue):
    """Whether *edge* and the best path from *after* come before the best path of *state* so far."""
    if tree.size[state, 0] == 0.0:
        return True
    order = order_pairs(h, l, x, tree.size[state, 0], tree.size[state, 1], tree.exponent[state])
    if order == 0 and residue != tree.residue[state]:
        more, less = [np.int64(edge)], [np.int64(tree.edge[state])]
        append_best(edges, tree, shift, after, more)
        append_best(edges, tree, shift, next_state(edges, tree, shift, state), less)
        order = order_products(edges.local, more, less)
    return order > 0 or (order == 0 and edge < tree.edge[state])


@compiled
def grow_tree(first, start, output, shift, edges, tree):
    """Fills the tree, from the output back; edges of weight 0 are no part of it."""
    tree.edge[:] = -1
    tree.size[np.int64(output) << shift, 0] = 1.0
    tree.residue[np.int64(output) << shift] = 1
    for v in range(output, -1, -1):
        for parity in range(shift + 1):
            after = (np.int64(v) << shift) | parity
            if tree.size[after, 0] == 0.0:
                continue
            for k in range(first[v], first[v + 1]):
                local = edges.local[k]
                if local == 0.0:
                    continue
                flip = 1 if local < 0.0 else 0
                state = (np.int64(start[k]) << shift) | ((parity ^ flip) & shift)
                h, l, x, residue = extend(local, tree, after)
                if is_before(edges, tree, shift, state, k, after, h, l, x, residue):
                    tree.edge[state], tree.hops[state] = k, tree.hops[after] + 1
                    tree.odd[state] = tree.odd[after] ^ flip
                    tree.size[state, 0], tree.size[state, 1] = h, l
                    tree.exponent[state], tree.residue[state] = x, residue


@compiled
def expand_path(edges, tree, shift, state, tails, detours, path):
    """Fills in the edges of the path that leaves the best one at each of the *tails*."""
    taken = 0
    for count in range(len(path)):
        edge = tree.edge[state]
        if taken < len(tails) and tails[taken] == state:
            edge = detours[taken]
            taken += 1
        path[count] = edge
        state = head_state(edges, shift, state, edge)

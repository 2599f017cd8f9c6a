"""Detours from the tree of best paths, in heaps that share their parts.

A detour is an edge that leaves a best path; its factor says how much smaller it makes the path. The
heap of a state holds all detours from its best path: those of the next state and its own. Adding
one copies only the places on the way, so both heaps stay. Detours from one state are compared as
the paths that take them and follow the tree again.

Source: D. Eppstein, Finding the k shortest paths, SIAM J. Computing 28 (1998); heaps are built only
for the states that are asked for, after V. Jimenez and A. Marzal (2003).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradiometer.numeric.kernel import inlined
from gradiometer.numeric.kernel_exact import order_pairs, order_products
from gradiometer.numeric.kernel_tree import (
    append_best,
    extend_residue,
    head_state,
    longer,
    next_state,
)
from gradiometer.numeric.kernel_wide import pair_norm, pair_over, times_residue

EDGE, TAIL, HEAD, EXPONENT = 0, 1, 2, 3
DETOUR, LEFT, RIGHT, RANK = 0, 1, 2, 3
UNKNOWN, EMPTY = -2, -1


class Detours(NamedTuple):
    """Records of detours and places of heaps; the first two numbers of *used* count them."""

    record: NDArray[np.int32]
    factor: NDArray[np.float64]
    ratio: NDArray[np.int64]
    """Residues of the numerator and of the denominator of the factor."""
    place: NDArray[np.int32]
    used: NDArray[np.int64]


@inlined
def is_full(detours):
    """Whether there may be no room for one more detour and the places its heap copies."""
    used = detours.used
    return used[0] == len(detours.record) or used[1] + 64 > len(detours.place)


@inlined
def make_room(detours):
    """The arrays with twice the room."""
    size = 2 * len(detours.record)
    return Detours(
        grown(detours.record, size),
        grown(detours.factor, size),
        grown(detours.ratio, size),
        grown(detours.place, 2 * len(detours.place)),
        detours.used,
    )


@inlined
def grown(rows: Any, size: int) -> Any:
    """A longer copy of an array of rows."""
    longer = np.empty((size, rows.shape[1]), rows.dtype)
    longer[: len(rows)] = rows
    return longer


@inlined
def add_record(edges, tree, shift, detours, tail, edge):
    """The number of a new record: a detour that leaves *tail* by *edge*."""
    number = detours.used[0]
    detours.used[0] += 1
    head = head_state(edges, shift, tail, edge)
    h, l = tree.size[head, 0], tree.size[head, 1]
    h, l, x = longer(edges.local[edge], h, l, np.int64(tree.exponent[head]))
    h, l = pair_over(h, l, tree.size[tail, 0], tree.size[tail, 1])
    h, l, x = pair_norm(h, l, x - tree.exponent[tail])
    record = detours.record[number]
    record[EDGE], record[TAIL], record[HEAD], record[EXPONENT] = edge, tail, head, x
    detours.factor[number, 0], detours.factor[number, 1] = h, l
    detours.ratio[number, 0] = extend_residue(edges.local[edge], tree, head)
    detours.ratio[number, 1] = tree.residue[tail]
    return number


@inlined
def leaves_first(tree, detours, a, b):
    """Whether the path by detour *a* comes before that by *b* in the order of edges.

    Both leave the best path from the same state, so the one that leaves first decides.
    """
    edge, tail = detours.record[a, EDGE], detours.record[a, TAIL]
    other, place = detours.record[b, EDGE], detours.record[b, TAIL]
    if tail == place:
        return edge < other
    if tree.hops[tail] > tree.hops[place]:
        return edge < tree.edge[tail]
    return tree.edge[place] < other


@inlined
def append_factor(edges, tree, shift, detours, number, top, bottom):
    """Appends the edges of the numerator and of the denominator of a factor."""
    top.append(np.int64(detours.record[number, EDGE]))
    append_best(edges, tree, shift, np.int64(detours.record[number, HEAD]), top)
    append_best(edges, tree, shift, np.int64(detours.record[number, TAIL]), bottom)


@inlined
def is_tie_larger(edges, tree, shift, detours, a, b):
    """Whether the path by detour *a* comes before that by *b*, where both are nearly equal."""
    ratio, order = detours.ratio, 0
    if times_residue(ratio[a, 0], ratio[b, 1]) != times_residue(ratio[b, 0], ratio[a, 1]):
        more, less = [np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)]
        append_factor(edges, tree, shift, detours, a, more, less)
        append_factor(edges, tree, shift, detours, b, less, more)
        order = order_products(edges.local, more, less)
    return order > 0 or (order == 0 and leaves_first(tree, detours, a, b))


@inlined
def new_place(place, used, number, left, right):
    """A place of a leftist heap: the left side reaches at least as deep as the right one."""
    at = used[1]
    used[1] += 1
    deep = 0 if left == EMPTY else place[left, RANK]
    flat = 0 if right == EMPTY else place[right, RANK]
    if deep < flat:
        left, right, flat = right, left, deep
    place[at, DETOUR], place[at, LEFT], place[at, RIGHT] = number, left, right
    place[at, RANK] = flat + 1
    return at


@inlined
def insert(edges, tree, shift, detours, root, number):
    """The root of a heap with one more detour; the old heap stays as it was."""
    record, factor, place, used = detours.record, detours.factor, detours.place, detours.used
    h, l, x = factor[number, 0], factor[number, 1], record[number, EXPONENT]
    # Places on the way, which will be copied; a leftist heap is never deeper on its right side.
    passed = np.empty(64, np.int64)
    depth = 0
    while root != EMPTY:
        other = place[root, DETOUR]
        order = order_pairs(factor[other, 0], factor[other, 1], record[other, EXPONENT], h, l, x)
        if order == 0 and is_tie_larger(edges, tree, shift, detours, other, number):
            order = 1
        if order <= 0:
            break
        passed[depth] = root
        depth += 1
        root = np.int64(place[root, RIGHT])
    root = new_place(place, used, number, root, np.int64(EMPTY))
    while depth > 0:
        depth -= 1
        old = passed[depth]
        root = new_place(place, used, place[old, DETOUR], np.int64(place[old, LEFT]), root)
    return root


@inlined
def build_heap(edges, tree, shift, detours, roots, state):
    """The arrays with the heap of a state, and before it of all states on its best path."""
    waiting = [np.int64(0) for _ in range(0)]
    while roots[state] == UNKNOWN and tree.edge[state] >= 0:
        waiting.append(state)
        state = next_state(edges, tree, shift, state)
    if roots[state] == UNKNOWN:
        roots[state] = EMPTY
    root = np.int64(roots[state])
    while len(waiting) > 0:
        state = waiting.pop()
        node = state >> shift
        for at in range(edges.out_first[node], edges.out_first[node + 1]):
            edge = np.int64(edges.out_edge[at])
            if edge == tree.edge[state] or edges.local[edge] == 0.0:
                continue
            if tree.size[head_state(edges, shift, state, edge), 0] == 0.0:
                continue
            if is_full(detours):
                detours = make_room(detours)
            number = add_record(edges, tree, shift, detours, state, edge)
            root = insert(edges, tree, shift, detours, root, number)
        roots[state] = root
    return detours

"""The best paths one after the other: a queue of paths written as a path before and one detour."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradiometer.numeric.kernel import compiled, inlined
from gradiometer.numeric.kernel_detours import (
    DETOUR,
    EDGE,
    EMPTY,
    EXPONENT,
    HEAD,
    LEFT,
    RIGHT,
    TAIL,
    build_heap,
    count_factor,
    leaves_first,
)
from gradiometer.numeric.kernel_exact import order_pairs, order_products
from gradiometer.numeric.kernel_wide import pair_norm, pair_times, times_residue

BEFORE, PLACE, DEPTH, ORDER, HOPS, ODD = 0, 1, 2, 3, 4, 5


class Paths(NamedTuple):
    """Paths that were found or wait; path 0 is the best one and takes no detour."""

    link: NDArray[np.int32]
    """The path before its last detour, the place of that detour, how many detours it takes, the
    exponent of its size, how many edges it has, and whether its sign is negative."""
    size: NDArray[np.float64]
    ratio: NDArray[np.int64]
    used: NDArray[np.int64]


@inlined
def add_path(edges, tree, paths, detours, before, place):
    """The number of a new path: *before* and the detour at *place* of a heap."""
    number = paths.used[0]
    paths.used[0] += 1
    detour = detours.place[place, DETOUR]
    h, l = pair_times(
        paths.size[before, 0], paths.size[before, 1],
        detours.factor[detour, 0], detours.factor[detour, 1],
    )  # fmt: skip
    h, l, x = pair_norm(h, l, paths.link[before, ORDER] + detours.record[detour, EXPONENT])
    link = paths.link
    link[number, BEFORE], link[number, PLACE] = before, place
    link[number, DEPTH] = link[before, DEPTH] + 1
    tail, head = detours.record[detour, TAIL], detours.record[detour, HEAD]
    flip = 1 if edges.local[detours.record[detour, EDGE]] < 0.0 else 0
    link[number, ORDER] = x
    link[number, HOPS] = link[before, HOPS] + 1 + tree.hops[head] - tree.hops[tail]
    link[number, ODD] = link[before, ODD] ^ flip ^ tree.odd[head] ^ tree.odd[tail]
    paths.size[number, 0], paths.size[number, 1] = h, l
    for k in range(2):
        paths.ratio[number, k] = times_residue(paths.ratio[before, k], detours.ratio[detour, k])
    return number


@inlined
def detour_of(paths, detours, path):
    """The last detour of a path."""
    return np.int64(detours.place[paths.link[path, PLACE], DETOUR])


@inlined
def comes_first(tree, paths, detours, a, b):
    """Whether path *a* comes before path *b* in the order of edges: their first difference says."""
    link = paths.link
    last_a = last_b = np.int64(-1)
    while a != b:
        deep_a, deep_b = link[a, DEPTH], link[b, DEPTH]
        if deep_a >= deep_b:
            last_a, a = a, np.int64(link[a, BEFORE])
        if deep_b >= deep_a:
            last_b, b = b, np.int64(link[b, BEFORE])
    # A side without a detour after the common part follows the tree there.
    if last_a >= 0 and (last_b < 0 or link[last_a, BEFORE] == link[last_b, BEFORE]):
        one = detour_of(paths, detours, last_a)
        if last_b >= 0 and link[last_a, DEPTH] == link[last_b, DEPTH]:
            return leaves_first(tree, detours, one, detour_of(paths, detours, last_b))
        return detours.record[one, EDGE] < tree.edge[detours.record[one, TAIL]]
    other = detour_of(paths, detours, last_b)
    return tree.edge[detours.record[other, TAIL]] < detours.record[other, EDGE]


@inlined
def count_path(edges, tree, shift, paths, detours, path, count, sign):
    """Adds *sign* to the count of each edge of a path, but for the best path all start from."""
    while path > 0:
        count_factor(edges, tree, shift, detours, detour_of(paths, detours, path), count, sign)
        path = np.int64(paths.link[path, BEFORE])


@inlined
def is_tie_better(edges, tree, shift, paths, detours, a, b):
    """Whether path *a* comes before path *b*, where both are nearly equal."""
    ratio, order = paths.ratio, 0
    if times_residue(ratio[a, 0], ratio[b, 1]) != times_residue(ratio[b, 0], ratio[a, 1]):
        count = np.zeros(len(edges.local), np.int64)
        count_path(edges, tree, shift, paths, detours, a, count, np.int64(1))
        count_path(edges, tree, shift, paths, detours, b, count, np.int64(-1))
        order = order_products(edges.local, count)
    return order > 0 or (order == 0 and comes_first(tree, paths, detours, a, b))


@inlined
def is_better(edges, tree, shift, paths, detours, a, b):
    """Whether path *a* comes before path *b*."""
    order = order_pairs(
        paths.size[a, 0], paths.size[a, 1], paths.link[a, ORDER],
        paths.size[b, 0], paths.size[b, 1], paths.link[b, ORDER],
    )  # fmt: skip
    if order != 0:
        return order > 0
    return is_tie_better(edges, tree, shift, paths, detours, a, b)


@inlined
def push(edges, tree, shift, paths, detours, queue, waiting, path):
    """Puts a path into the queue, a binary heap of *waiting* paths."""
    at = waiting
    while at > 0:
        above = (at - 1) >> 1
        if not is_better(edges, tree, shift, paths, detours, path, queue[above]):
            break
        queue[at] = queue[above]
        at = above
    queue[at] = path


@inlined
def pop(edges, tree, shift, paths, detours, queue, waiting):
    """Takes the best path out of the queue."""
    best, last = queue[0], queue[waiting - 1]
    at, count = 0, waiting - 1
    while 2 * at + 1 < count:
        below = 2 * at + 1
        if below + 1 < count and is_better(
            edges, tree, shift, paths, detours, queue[below + 1], queue[below]
        ):
            below += 1
        if not is_better(edges, tree, shift, paths, detours, queue[below], last):
            break
        queue[at] = queue[below]
        at = below
    queue[at] = last
    return best


@inlined
def first_path(tree, paths, source):
    """Makes the best path the first one."""
    link, size = paths.link, paths.size
    link[0, BEFORE] = link[0, PLACE] = -1
    link[0, DEPTH], link[0, ORDER] = 0, tree.exponent[source]
    link[0, HOPS], link[0, ODD] = tree.hops[source], tree.odd[source]
    size[0, 0], size[0, 1] = tree.size[source, 0], tree.size[source, 1]
    paths.ratio[0, 0], paths.ratio[0, 1] = tree.residue[source], 1
    paths.used[0] = 1


@compiled
def search(edges, tree, shift, source, detours, roots, paths, found):
    """How many paths from the state *source* were found, and the arrays of detours.

    Heaps that an earlier search built are found by *roots* and used again.
    """
    queue = np.empty(len(paths.link) + 1, np.int64)
    first_path(tree, paths, source)
    queue[0] = 0
    waiting, count = np.int64(1), 0
    while waiting > 0 and count < len(found):
        path = pop(edges, tree, shift, paths, detours, queue, waiting)
        waiting -= 1
        found[count] = path
        count += 1
        if count == len(found):
            break
        head, before = source, np.int64(-1)
        ways = np.full(3, EMPTY, np.int64)
        if path > 0:
            place = paths.link[path, PLACE]
            head = np.int64(detours.record[detours.place[place, DETOUR], HEAD])
            before = np.int64(paths.link[path, BEFORE])
            ways[0], ways[1] = detours.place[place, LEFT], detours.place[place, RIGHT]
        detours = build_heap(edges, tree, shift, detours, roots, head)
        ways[2] = roots[head]
        for k in range(3):
            if ways[k] != EMPTY:
                other = add_path(edges, tree, paths, detours, path if k == 2 else before, ways[k])
                push(edges, tree, shift, paths, detours, queue, waiting, other)
                waiting += 1
    return count, detours

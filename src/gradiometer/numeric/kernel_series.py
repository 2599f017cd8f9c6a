"""One pass over a graph that lets edges skip nodes with a single edge into them."""

from __future__ import annotations

import math

from gradiometer.numeric.kernel import compiled


@compiled
def collapse_series(first, start, local, is_kept, origin, weight, place, new_first, new_start, new):
    """Writes the graph without the nodes that are skipped; returns how many nodes and edges stay.

    For a skipped node *origin* and *weight* are where its only edge begins and what it carries.
    """
    nodes, edges = 0, 0
    for v in range(len(first) - 1):
        begin, end = first[v], first[v + 1]
        if end - begin == 1 and not is_kept[v]:
            u = start[begin]
            carried = local[begin] * weight[u]
            # A product that leaves the range of float64 stays two edges.
            if math.isfinite(carried) and (abs(carried) > 1e-290 or local[begin] == 0.0):
                origin[v], weight[v], place[v] = origin[u], carried, -1
                continue
        origin[v], weight[v], place[v] = v, 1.0, nodes
        for k in range(begin, end):
            u = start[k]
            carried = local[k] * weight[u]
            new_start[edges], new[edges] = place[origin[u]], carried
            edges += 1
        nodes += 1
        new_first[nodes] = edges
    return nodes, edges

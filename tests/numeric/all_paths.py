"""The slow and obvious way: random graphs, and every path of a graph written out in fractions."""

import random
from fractions import Fraction

from gradiometer.numeric import connect

PLAIN = (0, 1, 1, -1, 2, -2, 3, 0.5, -0.5)
"""Weights whose products and sums over these graphs are exact in float64, with many ties."""

NEAR = (1.0, -1.0, 1 + 2**-52, 1 - 2**-52, (1 + 2**-52) ** 2, 1 + 2**-51, 2.0, 0.1, 1 / 3)
"""Weights whose products differ by less than 2^-100 of their size."""

FAR = (1e300, -1e300, 1e-300, 5e-324, 1.7e308, 0.1, -3.0, 1 / 3)
"""Weights whose products are beyond float64."""

MOST_PATHS = 1500


def random_graph(seed, *, weights=PLAIN, nodes=12):
    """A graph of at most *nodes* nodes with parallel edges, from node 0 to the last one."""
    generator = random.Random(seed)
    while True:
        count = generator.randint(1, nodes)
        edges = [
            (generator.randrange(end), end, float(generator.choice(weights)))
            for end in range(1, count)
            for _ in range(generator.randint(0, 3))
        ]
        graph = connect(edges, sources=range(min(count, 3)), output=count - 1)
        if sum(map(len, list_paths(graph).values())) <= MOST_PATHS:
            return graph


def list_paths(graph):
    """For each node all its paths to the output: edges and exact product."""
    paths = {node: [] for node in range(graph.node_count)}
    paths[graph.output] = [((), Fraction(1))]
    total = 1
    for node in range(graph.output, -1, -1):
        for edge in range(graph.first[node], graph.first[node + 1]):
            weight = Fraction(float(graph.local[edge]))
            paths[int(graph.start[edge])] += [
                ((edge, *rest), weight * product) for rest, product in paths[node]
            ]
            total += len(paths[node])
            if total > 20 * MOST_PATHS:
                return paths
    return paths

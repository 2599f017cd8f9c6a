"""Random rational graphs against path enumeration and forward motion in plain fractions."""

import random
from fractions import Fraction

import pytest
from flint import fmpq

from gradiometer.proof.check_graph import check_graph
from gradiometer.question.gradient import gradient


def _random_graph(seed):
    """Text, point, and for each node its value and its edges (operand, slope), in fractions."""
    generator = random.Random(seed)
    at = {
        name: Fraction(generator.randint(-9, 9) or 1, generator.randint(1, 9))
        for name in ("a", "b", "d")
    }
    values, edges, lines = dict(at), {}, []
    for number in range(generator.randint(1, 8)):
        name = f"v{number}"
        x, y = generator.choices(list(values), k=2)
        constant = Fraction(generator.randint(1, 5), generator.randint(1, 5))
        text, value, slopes = _operation(generator.choice("+-*/^cmr"), x, y, constant, values)
        lines.append(f"{name} = {text}")
        values[name], edges[name] = value, slopes
    # The last line joins everything, so that every input matters.
    lines.append("out = " + " + ".join(values))
    edges["out"] = [(name, Fraction(1)) for name in values]
    values["out"] = sum(values.values())
    return "; ".join(lines), at, values, edges


def _operation(kind, x, y, constant, values):
    p, q = values[x], values[y]
    if kind == "+":
        return f"{x} + {y}", p + q, [(x, Fraction(1)), (y, Fraction(1))]
    if kind == "-":
        return f"{x} - {y}", p - q, [(x, Fraction(1)), (y, Fraction(-1))]
    if kind == "/" and q:
        return f"{x}/{y}", p / q, [(x, 1 / q), (y, -p / q**2)]
    if kind == "^":
        return f"{x}^3", p**3, [(x, 3 * p**2)]
    if kind == "c":
        return f"{constant}*{x}", constant * p, [(x, constant)]
    if kind == "m" and p != q:
        return f"max({x}, {y})", max(p, q), [(x, Fraction(p > q)), (y, Fraction(q > p))]
    if kind == "r" and p:
        return f"relu({x})", max(p, Fraction(0)), [(x, Fraction(p > 0))]
    return f"{x}*{y}", p * q, [(x, q), (y, p)]


def _forward(name, edges, start, cache):
    """Derivative of a node by the input *start*, by moving it."""
    if name not in cache:
        cache[name] = Fraction(name == start) + sum(
            slope * _forward(operand, edges, start, cache) for operand, slope in edges.get(name, [])
        )
    return cache[name]


def _paths(name, edges):
    """Every path that ends in *name* as (nodes, product), by walking all edges backward."""
    if name not in edges:
        return [([name], Fraction(1))]
    return [
        ([*nodes, name], product * slope)
        for operand, slope in edges[name]
        for nodes, product in _paths(operand, edges)
    ]


def _exact(value):
    return fmpq(value.numerator, value.denominator)


@pytest.mark.parametrize("first", range(0, 200, 25))
def test_random_graphs_agree_with_fractions(first):
    for seed in range(first, first + 25):
        text, at, values, edges = _random_graph(seed)
        answer = gradient(text, at=at)
        facts = {name: fact.value for name, fact in answer.facts.items()}
        assert facts["value"] == _exact(values["out"])
        for name in at:
            assert facts["derivatives"][name] == _exact(_forward("out", edges, name, {}))
        _compare_paths(facts, _paths("out", edges), at)
        _check_laws(facts)
        certificate = answer.certificate
        check_graph(certificate["problem"], certificate["claim"], certificate["evidence"])


def _compare_paths(facts, paths, at):
    """Nameless partial sums stand between the nodes, so only ends and products are compared."""
    for name in at:
        products = sorted(_exact(product) for nodes, product in paths if nodes[0] == name)
        assert facts["path_count"][name] == len(products)
        if facts["paths"] is not None:
            assert sorted(r["value"] for r in facts["paths"] if r["input"] == name) == products
    if facts["paths"] is not None:
        sizes = [(-abs(row["value"]), row["path"]) for row in facts["paths"]]
        assert sizes == sorted(sizes)


def _check_laws(facts):
    """Contributions and paths add up to the derivative; what flows into a node flows out of it."""
    for name, derivative in facts["derivatives"].items():
        assert sum(row["value"] for row in facts["contributions"][name]) == derivative
        if facts["paths"] is not None:
            total = sum(row["value"] for row in facts["paths"] if row["input"] == name)
            assert total == derivative
    adjoints = {row["name"]: row["adjoint"] for row in facts["nodes"]}
    flows = dict.fromkeys(adjoints, fmpq(0)) | {"out": fmpq(1)}
    for edge in facts["edges"]:
        assert edge["flow"] == edge["local"] * adjoints[edge["to"]]
        flows[edge["from"]] += edge["flow"]
    assert flows == adjoints

"""Long lists of assignments as arrays: the same computation as the graph of the same text."""

import math
import random

import numpy as np
import pytest

from gradiometer.errors import FormulaError, GradiometerError
from gradiometer.formula import (
    OPERATORS,
    Apply,
    Number,
    evaluate_float,
    from_float,
    number,
    to_float,
)
from gradiometer.model import read_graph, read_listing, solve_gradient

AT = {"a": 3, "b": -2}


def values_of(listing, at):
    """The value of every node, in floating point, one after the other."""
    values = [float(at[name]) for name in listing.inputs] + list(listing.constants)
    for node in range(listing.leaves, len(listing.code)):
        used = listing.operand[listing.first[node] : listing.first[node + 1]]
        operator = listing.operators[listing.code[node] - 2]
        assert OPERATORS[operator].arity[0] <= len(used)
        values.append(_evaluate(operator, tuple(values[k] for k in used)))
    return values


def _evaluate(operator, arguments):
    if operator == "where":
        return arguments[1] if arguments[0] else arguments[2]
    trees = tuple(Number(from_float(float(value))) for value in arguments)
    if OPERATORS[operator].kind in ("relation", "logic"):
        chosen = Apply("where", (Apply(operator, trees), number(1), number(0)))
        return evaluate_float(chosen, {})
    return evaluate_float(Apply(operator, trees), {})


def random_lines(seed):
    chance = random.Random(seed)
    names, lines = ["a", "b"], []
    for count in range(chance.randint(1, 30)):
        x, y = chance.choices(names, k=2)
        c = chance.choice(["2", "0.5", "1.5e-1", ".25", "3"])
        text = chance.choice(
            [f"{c}*{x} + {y}", f"{x}*{y}/10", f"{x} - {c}{y}", f"max({x}, {y}, {c})",
             f"|{x}| - {c}", f"tanh({x}) + e^(-{c})", f"{c}", f"{y}", f"(-{x})*({y} + 1)",
             f"2({x} + {c})/5", f"{x}^2/100", f"relu({x}) + pi", f"where({x} > {y}, {x}, {c})"]
        )  # fmt: skip
        lines.append(f"v{count} = {text}")
        names.append(f"v{count}")
    return lines


@pytest.mark.parametrize("share", range(4))
def test_values_are_those_of_the_graph_of_the_same_text(share):
    for seed in range(50 * share, 50 * share + 50):
        lines = random_lines(seed)
        listing = read_listing(lines, given=AT)
        found = values_of(listing, AT)
        for name in ("v0", lines[-1].partition(" ")[0]):
            text = "; ".join(lines) + f"; last = {name} + 0*a + 0*b"
            graph = read_graph(text, inputs=set(AT))
            point, _ = solve_gradient(graph, {k: number(v) for k, v in AT.items()})
            exact = point.values[graph.output]
            assert found[listing.names[name]] == pytest.approx(to_float(exact), rel=1e-12)


def test_lines_of_one_shape_are_filled_in_and_not_mixed_up():
    lines = ["u = 2*a", "v = u*2", "w = 3*v", "x = w - 4", "y = 5 - x"]
    listing = read_listing(lines, given=["a"])
    assert values_of(listing, {"a": 1})[listing.output] == -3


def test_nodes_keep_the_line_they_stand_on():
    listing = read_listing(["", "v = a*a + 1", "w = v; z = w*v"], given=["a"])
    assert listing.line.tolist() == [2, 2, 3]
    assert listing.names["w"] == listing.names["v"]
    assert listing.output == len(listing.code) - 1
    assert listing.operand.dtype == np.int32


@pytest.mark.parametrize(
    ("lines", "line", "problem"),
    [
        (["v = a", "v = a + 1"], 2, "assigned twice"),
        (["v = w + 1", "w = a + 1"], 1, "before line 2"),
        (["v = a", "w = w + v"], 2, "from itself"),
        (["v = a + 1", "w = v + q"], 2, "neither assigned nor given"),
        (["v = a +"], 1, "number is missing"),
        (["v = a", "a + v", "w = v"], 2, "without a name"),
        (["v = a", "a = v"], 2, "takes no value"),
        ([""], None, "no formula"),
        (["v = exp a"], 1, "needs brackets"),
        (["v = a", "w == v"], 2, "single `=`"),
        (["v = 1e999*a"], 1, "exponent"),
        (["v1 = a + 1", "w = v1(a + 2)"], 2, "Unknown function"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(lines, line, problem):
    with pytest.raises(GradiometerError, match=problem) as caught:
        read_listing(lines, given=["a"], source="big.txt")
    assert caught.value.place.source == "big.txt"
    assert caught.value.place.line == line


def test_a_name_of_a_constant_that_is_given_hides_it():
    listing = read_listing(["v = e*2"], given=["e"])
    assert values_of(listing, {"e": 5})[listing.output] == 10
    assert math.isclose(
        values_of(read_listing(["v = e*a"], given=["a"]), {"a": 1})[-1], math.e, rel_tol=1e-15
    )


def test_a_later_assignment_does_not_change_an_earlier_constant():
    with pytest.raises(FormulaError):
        read_listing(["v = 2e", "e = a"], given=["a"])


def test_a_circle_is_told_from_a_line_that_stands_too_early():
    for lines, said in (
        (["u = v + a", "w = a*a", "v = u*w"], "circle"),
        (["u = v + a", "w = a*a", "v = a*w"], "before line 3"),
        (["u = v + a; v = 2*a"], "before line 1"),
        (["u = v + a; v = u*a"], "circle"),
    ):
        with pytest.raises(FormulaError, match=said) as caught:
            read_listing(lines, given=["a"])
        assert caught.value.place.line == 1

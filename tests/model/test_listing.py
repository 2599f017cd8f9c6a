"""Long lists of assignments as arrays: the same computation as the graph of the same text."""

import math
import random
import tracemalloc

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
from gradiometer.model import NameTable, read_graph, read_listing, solve_gradient
from gradiometer.model.listing_words import Dictionary

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


def long_lines(count):
    chance = random.Random(3)
    names = [f"x{k}" for k in range(50)]
    for k in range(count):
        a, b = chance.choices(names[-50:], k=2)
        yield f"v{k} = {chance.randrange(86) / 1000}*{a} + 0.957*{b}\n"
        names.append(f"v{k}")


def test_a_line_costs_its_operations_and_no_node_for_a_constant_that_was_there():
    count, given = 20_000, [f"x{k}" for k in range(50)]
    listing = read_listing(long_lines(count), given=given)
    assert len(listing.code) <= 3 * count + 50 + 87
    assert len(listing.operand) == 6 * count
    assert listing.code.itemsize == 1
    assert listing.operand.itemsize == listing.line.itemsize == listing.names.nodes.itemsize == 4


def test_a_line_that_was_read_keeps_little_memory():
    count, given = 20_000, [f"x{k}" for k in range(50)]
    read_listing(long_lines(100), given=given)
    tracemalloc.start()
    try:
        listing = read_listing(long_lines(count), given=given)
        kept, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(listing.names) == count + 50
    # 63 bytes of arrays for three operations, the name, where it begins and its node.
    assert kept <= 110 * count
    assert most <= 1_000 * count


@pytest.mark.parametrize("block", [1, 40, 1 << 20])
def test_a_list_is_the_same_however_it_is_cut_into_blocks(block, monkeypatch):
    monkeypatch.setattr("gradiometer.model.listing_block.BLOCK", block)
    for seed in range(20):
        lines = random_lines(seed)
        listing = read_listing(lines, given=AT)
        whole = values_of(listing, AT)
        text = "; ".join(lines) + "; last = v0 + 0*a + 0*b"
        graph = read_graph(text, inputs=set(AT))
        point, _ = solve_gradient(graph, {k: number(v) for k, v in AT.items()})
        exact = to_float(point.values[graph.output])
        assert whole[listing.names["v0"]] == pytest.approx(exact, rel=1e-12)
        assert listing.line.tolist() == sorted(listing.line.tolist())


@pytest.mark.parametrize(
    "line",
    ["v = 2e-3*a - b", "v = 2e+1*a", "v = 2E-3*a", "v = 3 e-3*a", "v = exp(sin(a)) - 2e-3",
     "v = 2a-3b", "v = a' + 1.5e-3", "v = .5a", "v = 1.*a",
     "v=a;;w = v +b ; ", "v = |a|-e", "v\t=\ta\f*b"],
)  # fmt: skip
def test_both_ways_to_cut_words_find_the_same(line):
    text = f"\n{line}\n"
    one, other = Dictionary(), Dictionary()
    cut, expected = one.cut(text), other._cut_by_pattern(text)
    words = np.arange(len(expected.name))
    assert len(cut.name) == len(words)
    assert cut.spell(words) == expected.spell(words)
    assert cut.value.tolist() == expected.value.tolist()
    assert (cut.name >= 0).tolist() == (expected.name >= 0).tolist()
    assert [*map(one.gaps.word, cut.gap)] == [*map(other.gaps.word, expected.gap)]


def test_a_name_that_stands_for_another_is_not_used_before_its_line():
    with pytest.raises(FormulaError, match="before line 2"):
        read_listing(["v = w + 1", "w = a"], given=["a"])


def test_names_are_looked_up_whole():
    table = NameTable("\nv1\nv12\nv\n", np.array([3, 4, 5], np.int32))
    assert dict(table) == {"v1": 3, "v12": 4, "v": 5}
    assert [table.word(row) for row in range(3)] == ["v1", "v12", "v"]
    assert not any(name in table for name in ("", "2", "v1\nv12", "1"))
    assert dict(NameTable("\n", np.empty(0, np.int32))) == {}

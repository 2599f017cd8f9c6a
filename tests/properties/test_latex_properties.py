"""What is printed as LaTeX is read back as the same tree, for any tree and all of the catalogue."""

import pytest
from flint import fmpq
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gradiometer.catalog import list_entries, list_vector_functions
from gradiometer.errors import LimitError
from gradiometer.formula import (
    OPERATORS,
    Apply,
    Constant,
    Name,
    Number,
    apply,
    evaluate,
    free_names,
    map_children,
    number,
    parse,
    parse_relation,
    substitute,
    to_latex,
)
from gradiometer.model import read_activation

NUMBERS = st.one_of(
    st.integers(0, 99).map(lambda value: Number(fmpq(value))),
    st.sampled_from(["0.1", "1e-3", ".5", "2.50", "2.5e7", "1/3"]).map(
        lambda text: Number(fmpq(1, 3)) if "/" in text else parse(text).tree
    ),
)
NAMES = ["x", "v1", "m'", "learning_rate", "beta1", "eps", "lambda", "x_max", "w12", "theta_t", "L"]
LEAVES = st.one_of(
    NUMBERS,
    st.sampled_from(NAMES).map(Name),
    st.sampled_from([Constant("e"), Constant("pi")]),
)
RELATIONS = [operator.name for operator in OPERATORS.values() if operator.kind == "relation"]
CALLED = [
    operator.name for operator in OPERATORS.values()
    if operator.kind in {"smooth", "piecewise"} and operator.name != "where"
]  # fmt: skip


def conditions(numbers):
    relations = st.builds(apply, st.sampled_from(RELATIONS), numbers, numbers)
    return st.one_of(
        relations,
        st.builds(apply, st.sampled_from(["and", "or"]), relations, relations),
        st.builds(apply, st.just("not"), relations),
    )


def calls(numbers):
    def call(name):
        least, most = OPERATORS[name].arity
        counts = st.lists(numbers, min_size=least, max_size=most or least + 2)
        return counts.map(lambda arguments: Apply(name, tuple(arguments)))

    own = st.builds(apply, st.sampled_from(["f", "f'", "loss", "loss''"]), numbers)
    return st.one_of(st.sampled_from(CALLED).flatmap(call), own)


def extended(numbers):
    return st.one_of(
        st.builds(apply, st.sampled_from("+-*/^"), numbers, numbers),
        st.builds(apply, st.just("neg"), numbers),
        st.builds(apply, st.just("where"), conditions(numbers), numbers, numbers),
        calls(numbers),
    )


TREES = st.recursive(LEAVES, extended, max_leaves=12)
FUNCTIONS = {"f", "f'", "loss", "loss''"}


def valued(node):
    """The tree with what is written for a number, such as 10^{-3}, as that number."""
    node = map_children(node, valued)
    if isinstance(node, Number) or not isinstance(node, Apply):
        return number(node.value) if isinstance(node, Number) else node
    ten = isinstance(node.arguments[0], Number) and node.arguments[0].value == 10
    is_spelling = node.operator in {"/", "*", "neg"} or (node.operator == "^" and ten)
    if not is_spelling or not all(isinstance(part, Number) for part in node.arguments):
        return node
    last = node.arguments[-1].value
    if (node.operator == "^" and abs(last) > 1_000) or (node.operator == "/" and last == 0):
        return node
    value = evaluate(node, {})
    return number(value) if isinstance(value, fmpq) else node


def page(tree):
    """LaTeX that says it is: `-x y` alone could be plain text."""
    return f"${to_latex(tree)}$"


def read_back(tree):
    """The tree that the LaTeX of a tree is read as, or None beyond a limit."""
    try:
        return parse(page(tree), names=free_names(tree), functions=FUNCTIONS).tree
    except LimitError:
        return None


@settings(max_examples=1_500)
@given(TREES)
@example(parse("-(x*y)").tree)
@example(parse("(-x)*y").tree)
@example(parse("x*(y*z)").tree)
@example(parse("x + (y + z)").tree)
@example(parse("2*0.1").tree)
@example(parse("2.5e-3^2").tree)
@example(parse("sign(x)^2 + (-2)^x").tree)
def test_a_tree_is_read_back_from_its_latex(tree):
    again = read_back(tree)
    assert again is None or valued(again) == valued(tree), to_latex(tree)


@settings(max_examples=300)
@given(conditions(TREES))
def test_a_relation_is_read_back_from_its_latex(tree):
    if tree.operator not in RELATIONS:
        return
    try:
        read = parse_relation(page(tree), names=free_names(tree), functions=FUNCTIONS)
    except LimitError:
        return
    assert read.relations == (tree.operator,)
    assert [valued(side.tree) for side in read.sides] == [valued(part) for part in tree.arguments]


SCALAR = sorted(set(list_entries("activation")) - set(list_vector_functions()))


@pytest.mark.parametrize("name", SCALAR)
def test_every_activation_of_the_catalogue_is_read_back(name):
    model = read_activation(name)
    for tree in (model.written, model.tree):
        assert valued(read_back(tree)) == valued(tree)


@pytest.mark.parametrize("name", SCALAR)
def test_a_formula_in_latex_makes_the_same_activation(name):
    model = read_activation(name)
    again = read_activation(page(model.tree))
    assert valued(again.tree) == valued(model.tree)


def test_names_that_look_alike_are_told_apart_by_what_is_given():
    assert parse("x_{1}", names={"x1"}).tree == Name("x1")
    assert parse("x_{1}", names={"x_1"}).tree == Name("x_1")
    assert parse("x_{1}").tree == parse("x_1").tree == Name("x_1")
    assert parse(r"\varepsilon", names={"eps"}).tree == Name("eps")
    assert parse(r"\varepsilon").tree == Name("epsilon")


def test_the_value_of_a_number_survives():
    tree = substitute(parse("a*x").tree, {"a": number("-17/1000")})
    assert valued(read_back(tree)) == valued(tree)

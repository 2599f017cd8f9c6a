"""Trees whose equal parts are computed once: the same values, and no tree too deep in slopes."""

import copy
import pickle
import time
from contextlib import suppress

import pytest
from flint import fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import (
    REALS,
    compile_shared,
    differentiate,
    evaluate,
    parse,
    precision,
    share,
    tidy,
    to_ball,
    to_text,
    walk,
)
from gradiometer.proof.boxes import find_boxes
from gradiometer.proof.check_boxes import Slopes

TEXTS = ["x/(1+x)^2", "e^x/(1+e^x)", "pi*x - erf(x)*Phi(x)", "sqrt(1+x^2)*atan(x)", "7", "x"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("x", [fmpq(1, 3), fmpq(-2, 7)])
def test_shared_steps_have_the_values_of_the_tree(text, x):
    tree = parse(text).tree
    with precision(128):
        found, known = compile_shared(tree)({"x": x}), evaluate(tree, {"x": x})
        assert found == known or to_ball(found).overlaps(to_ball(known))
        assert isinstance(found, fmpq) == isinstance(known, fmpq)


@pytest.mark.parametrize("text", TEXTS)
def test_sharing_changes_no_formula(text):
    tree = parse(text).tree
    assert share(tree) == tree
    assert to_text(share(tree)) == to_text(tree)


def test_equal_parts_are_one_object():
    shared = share(parse("sin(x^2) + cos(x^2) + x^2").tree)
    squares = {id(n) for n in walk(shared) if to_text(n) == "x^2"}
    assert len(squares) == 1


def test_a_value_that_does_not_exist_is_refused():
    with pytest.raises(DomainError):
        compile_shared(parse("1/x").tree)({"x": fmpq(0)})


def test_slopes_of_high_order_stay_small():
    start = time.process_time()
    slopes = Slopes(parse("sigmoid((x^3)^3)").tree, "x")
    different = len(set(walk_once(slopes.node(6))))
    assert different < 500
    assert sum(1 for _ in walk(slopes.node(4))) > different
    with suppress(UndecidedError):
        find_boxes(slopes.node(2), "x", REALS)
    assert time.process_time() - start < 5


def walk_once(node):
    seen, stack = {}, [node]
    while stack:
        current = stack.pop()
        if id(current) not in seen:
            seen[id(current)] = current
            stack += getattr(current, "arguments", ())
    return seen.values()


def test_what_a_node_keeps_does_not_travel():
    tree = parse("e^x*(1 + x)").tree
    hash(tree)
    differentiate(tree, "x")
    assert set(vars(tree)) > {"operator", "arguments", "span"}
    for other in (pickle.loads(pickle.dumps(tree)), copy.copy(tree)):
        assert set(vars(other)) == {"operator", "arguments", "span"}
        assert other == tree
        assert hash(other) == hash(tree)


def test_tidied_trees_keep_the_numbers_as_they_were_written():
    first, second = (tidy(parse(text).tree) for text in ("0.5*x", "(1/2)*x"))
    assert first == second
    assert [to_text(first), to_text(second)] == ["0.5*x", "1/2*x"]

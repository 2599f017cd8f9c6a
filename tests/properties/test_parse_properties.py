"""Any text is read or refused with an error of ours, quickly; any tree reads back as itself."""

import time
from collections import Counter

from flint import fmpq
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gradiometer.errors import DomainError, GradiometerError, LimitError, UndecidedError
from gradiometer.formula import (
    FUNCTIONS,
    OPERATORS,
    Apply,
    Constant,
    Name,
    Number,
    apply,
    evaluate,
    free_names,
    parse,
    parse_assignments,
    parse_interval,
    parse_number,
    parse_relation,
    size_in_bits,
    to_latex,
    to_text,
    walk,
)
from gradiometer.formula.limits import MOST_VALUE_BITS

PIECES = [
    *"+-*/^()|,.=<>'_ \n;[]{}\\ex0123456789²√π−",
    *("1e", "9^9", "e^-x", "where(", "max(", "ln", "and", "not ", "<=", "x'", "1/2x", "|x|", "**"),
]
FORMULA_LIKE = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
ANY_TEXT = st.one_of(st.text(max_size=60), FORMULA_LIKE)

NUMBERS = st.one_of(
    st.integers(0, 99).map(lambda value: Number(fmpq(value))),
    st.sampled_from(["0.1", "1e-3", ".5", "2.50"]).map(lambda text: parse(text).tree),
)
LEAVES = st.one_of(
    NUMBERS,
    st.sampled_from([Name("x"), Name("v1"), Name("m'"), Name("learning_rate")]),
    st.sampled_from([Constant("e"), Constant("pi")]),
)
CONDITIONS = {o.name for o in OPERATORS.values() if o.kind in {"relation", "logic"}}
SMALL = [name for name in FUNCTIONS if name != "where"]


def _conditions(numbers):
    signs = [o.name for o in OPERATORS.values() if o.kind == "relation"]
    relations = st.builds(apply, st.sampled_from(signs), numbers, numbers)
    return st.one_of(
        relations,
        st.builds(apply, st.sampled_from(["and", "or"]), relations, relations),
        st.builds(apply, st.just("not"), relations),
    )


def _calls(numbers):
    def call(name):
        least, most = OPERATORS[name].arity
        counts = st.lists(numbers, min_size=least, max_size=most or least + 2)
        return counts.map(lambda arguments: Apply(name, tuple(arguments)))

    return st.sampled_from(SMALL).flatmap(call)


def _extended(numbers):
    return st.one_of(
        st.builds(apply, st.sampled_from("+-*/^"), numbers, numbers),
        st.builds(apply, st.just("neg"), numbers),
        st.builds(apply, st.just("where"), _conditions(numbers), numbers, numbers),
        _calls(numbers),
    )


TREES = st.recursive(LEAVES, _extended, max_leaves=12)


def _readable(node):
    """The text read back, or None when a limit refuses it."""
    try:
        return parse(to_text(node)).tree
    except LimitError:
        return None


def _attempt(read, text):
    """Seconds that *read* takes, and its error."""
    start = time.perf_counter()
    try:
        read(text)
    except GradiometerError as error:
        return time.perf_counter() - start, error
    return time.perf_counter() - start, None


@settings(max_examples=400)
@given(ANY_TEXT)
@example("9^9^9^9")
@example("1e−−3")
@example("|x|x|")
@example("x'" * 30)
def test_any_text_is_read_or_refused_quickly(text):
    for read in (parse, parse_number, parse_interval, parse_assignments, parse_relation):
        seconds, error = _attempt(read, text)
        # The machine may have been busy; a slow text is slow again.
        assert min(seconds, _attempt(read, text)[0]) < 0.05
        if error is not None:
            assert str(error).startswith(type(error).__name__)
            assert error.start is None or 0 <= error.start <= len(text)


@settings(max_examples=400)
@given(TREES)
def test_a_tree_reads_back_from_its_text_as_itself(node):
    again = _readable(node)
    assert again is None or again == node


@settings(max_examples=200)
@given(TREES)
def test_a_number_text_survives_reading_back(node):
    again = _readable(node)
    if again is not None:
        assert to_text(again) == to_text(node)


@settings(max_examples=200)
@given(TREES)
def test_latex_closes_what_it_opens(node):
    text = to_latex(node)
    count = Counter(text)
    assert count["{"] == count["}"]
    assert text.count("\\left") == text.count("\\right")


@settings(max_examples=300)
@given(TREES)
def test_no_constant_of_a_formula_is_larger_than_the_limit(node):
    again = _readable(node)
    if again is None:
        return
    for part in walk(again):
        if free_names(part) or (isinstance(part, Apply) and part.operator in CONDITIONS):
            continue
        try:
            value = evaluate(part, {})
        except (DomainError, UndecidedError):
            continue
        assert size_in_bits(value) <= MOST_VALUE_BITS + 1


@given(st.fractions())
def test_a_quotient_reads_back(value):
    assert parse_number(str(value)) == fmpq(value.numerator, value.denominator)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9))
def test_a_decimal_is_read_exactly(value):
    top, bottom = value.as_integer_ratio()
    if value.adjusted() > -300:
        assert parse_number(str(value)) == fmpq(top, bottom)

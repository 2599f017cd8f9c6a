"""Networks read from their widths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradiometer.errors import FormulaError, LimitError
from gradiometer.model import read_network_tree, to_network_text, walk_network, without_bias
from gradiometer.model.network_widths import read_widths


def test_blanks_round_hyphens_do_not_count():
    assert read_widths(" 100 - 20 -1 ") == (100, 20, 1)


def test_a_layer_says_how_it_is_counted():
    tree = read_network_tree("100-20-1")
    with_bias, without = (walk_network(t)[0] for t in (tree, without_bias(tree)))
    assert (with_bias.formula, with_bias.parameters) == ("100*20 + 20", 2020)
    assert (without.formula, without.parameters) == ("100*20", 2000)
    assert with_bias.spelled == "100 inputs * 20 units + 20 biases"


@given(st.lists(st.integers(1, 10**12), min_size=2, max_size=20))
def test_the_text_of_a_network_reads_back(widths):
    tree = read_network_tree("-".join(map(str, widths)))
    text = to_network_text(tree)
    assert read_widths(text) == tuple(widths)
    assert read_network_tree(text) == tree


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("100--20", 4, 5),
        ("-5-3", 0, 1),
        ("5-3-", 4, 5),
        ("5-0-1", 2, 3),
        ("1.5-2", 0, 3),
        ("3-1e3", 2, 5),
        ("3-1_000", 2, 7),
        ("3-１", 2, 3),
        ("x-3", 0, 1),
        (" 12 ", 1, 3),
        ("3-2 units", 2, 9),
    ],
)
def test_what_is_no_width_is_marked(text, start, end):
    with pytest.raises(FormulaError) as caught:
        read_network_tree(text)
    assert (caught.value.start, caught.value.end) == (start, end)


@pytest.mark.parametrize("text", ["100->20->1", "100x20x1", "100 20 1", "100, 20, 1", "100–20–1"])
def test_other_marks_between_widths_are_mended(text):
    with pytest.raises(FormulaError) as caught:
        read_network_tree(text)
    assert caught.value.hint == "write `100-20-1`"


@pytest.mark.parametrize("text", ["", "  "])
def test_no_text_is_no_network(text):
    with pytest.raises(FormulaError, match="no text"):
        read_network_tree(text)


@pytest.mark.parametrize("text", ["9" * 100_000 + "-1", "1-" * 20_000 + "1", f"{10**12 + 1}-1"])
def test_huge_networks_are_refused(text):
    with pytest.raises(LimitError):
        read_network_tree(text)

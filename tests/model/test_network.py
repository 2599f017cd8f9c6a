"""Networks read from their widths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradiometer.errors import FormulaError, LimitError
from gradiometer.model import read_network


def test_blanks_round_hyphens_do_not_count():
    assert read_network(" 100 - 20 -1 ").widths == (100, 20, 1)


def test_a_layer_says_how_it_is_counted():
    with_bias, without = (read_network("100-20-1", bias=bias).layers[0] for bias in (True, False))
    assert (with_bias.formula, with_bias.parameters) == ("100*20 + 20", 2020)
    assert (without.formula, without.parameters) == ("100*20", 2000)


@given(st.lists(st.integers(1, 10**12), min_size=2, max_size=20))
def test_the_text_of_a_network_reads_back(widths):
    network = read_network("-".join(map(str, widths)))
    assert network.widths == tuple(widths)
    assert read_network(network.text) == network


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
        read_network(text)
    assert (caught.value.start, caught.value.end) == (start, end)


@pytest.mark.parametrize("text", ["100->20->1", "100x20x1", "100 20 1", "100, 20, 1", "100–20–1"])
def test_other_marks_between_widths_are_mended(text):
    with pytest.raises(FormulaError) as caught:
        read_network(text)
    assert caught.value.hint == "write `100-20-1`"


@pytest.mark.parametrize("text", ["", "  "])
def test_no_text_is_no_network(text):
    with pytest.raises(FormulaError, match="no text"):
        read_network(text)


@pytest.mark.parametrize("text", ["9" * 100_000 + "-1", "1-" * 20_000 + "1", f"{10**12 + 1}-1"])
def test_huge_networks_are_refused(text):
    with pytest.raises(LimitError):
        read_network(text)

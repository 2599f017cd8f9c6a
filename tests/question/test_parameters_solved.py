"""The largest value of a setting within a budget, checked by counting anew."""

import pytest

from gradiometer import parameters


def ask(text, solve, budget):
    return parameters(text, solve=solve, budget=budget).facts["solution"]


def count(text, **settings):
    return parameters(text, set=settings).facts["parameters"].value


def test_widths_of_dense_layers_are_proved_by_the_form():
    fact = ask("100 -> dense(2*w); relu; dense(1)", "w", 5_000)
    assert fact.status == "proved"
    assert count("100 -> dense(2*w); relu; dense(1)", w=fact.value) <= 5_000
    assert count("100 -> dense(2*w); relu; dense(1)", w=fact.value + 1) > 5_000


@pytest.mark.parametrize(
    "text",
    [
        "10 -> dense(w, if=w < 100); dense(3)",
        "10 -> dense(20*w - 120*floor(w/7), bias=false)",
    ],
)
def test_a_count_that_falls_later_is_never_called_proved(text):
    # Values far above the first one that is too many are within the budget again.
    fact = ask(text, "w", 450)
    assert count(text, w=fact.value) <= 450
    assert fact.status == "computed"
    assert "does not show" in fact.because


def test_of_listed_values_the_largest_is_found_though_the_count_falls():
    text = "10 -> dense(20*w - 120*floor(w/7), bias=false)"
    within = [w for w in range(1, 31) if count(text, w=w) <= 500]
    fact = ask(text, "w=1:30:1", 500)
    assert (fact.value, fact.status) == (max(within), "proved")


def test_the_last_of_the_listed_values_is_no_end():
    assert ask("10-w-3", "w=1:20:1", 10_000).status == "unknown"


def test_networks_of_which_one_is_not_proved_are_not():
    texts = ["10-w-1", "10 -> dense(w, if=w < 100); dense(3)"]
    fact = parameters(texts, solve="w", budget=500).facts["solution"]
    assert fact.status == "computed"
    assert set(fact.value) == {"10-w-1", "10; dense(w, if=w < 100); dense(3)"}

"""An answer on a screen: aligned, within its width, without colour unless asked for."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.question import Answer, Step, proved, unknown
from gradiometer.report import to_terminal
from report.samples import ANSWERS, ESCAPE, GRAPH, LEAKY, PARAMETERS


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("width", [40, 80, 132])
def test_no_line_is_wider_than_the_screen(name, width):
    text = to_terminal(ANSWERS[name], explain=True, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert text.endswith("\n")
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_every_fact_has_name_status_value_and_reason_on_its_line():
    lines = to_terminal(LEAKY, width=120).splitlines()
    suitable = next(line for line in lines if line.startswith("suitable"))
    assert suitable.split(maxsplit=2)[1:] == [
        "proved",
        "yes — It is not affine and its gradient never vanishes.",
    ]
    assert any("slope range" in line and "[1/10, 1]" in line for line in lines)


def test_columns_of_facts_are_aligned():
    lines = to_terminal(LEAKY, width=100).splitlines()[: len(LEAKY.facts)]
    words = ("proved", "unknown")
    assert len({min(line.find(w) % 999 for w in words) for line in lines}) == 1


def test_an_answer_fits_on_a_screen():
    assert len(to_terminal(LEAKY, width=100).splitlines()) <= 24


def test_rows_are_tables_below_the_facts():
    text = to_terminal(PARAMETERS, width=100)
    assert "6 rows below" in text
    rows = [line.split() for line in text.splitlines() if line.startswith("100-20-100-1 ")]
    assert rows[:3] == [
        ["100-20-100-1", "1", "2,000", "100*20"],
        ["100-20-100-1", "2", "2,000", "20*100"],
        ["100-20-100-1", "3", "100", "100*1"],
    ]


def test_ends_of_a_regime_are_one_interval():
    text = to_terminal(ESCAPE, width=100)
    assert re.search(r"^\(0, ≈ 0\.003434062\d*\) +escapes$", text, re.MULTILINE)
    assert re.search(r"^\[≈ 0\.003434062\d*, oo\) +trapped$", text, re.MULTILINE)
    assert "from_closed" not in text


def test_steps_are_shown_on_request_only():
    assert "As written." not in to_terminal(LEAKY)
    assert "1.  max(x,0)+0.1*min(x,0)" in to_terminal(LEAKY, explain=True)


def test_warning_is_shown():
    assert "note: 1/2x is read as (1/2)*x." in to_terminal(LEAKY)


def test_colour_on_request_only():
    assert "\x1b" not in to_terminal(LEAKY)
    coloured = to_terminal(LEAKY, color=True)
    assert "\x1b[32mproved" in coloured


def test_undecided_fact_says_so_and_why():
    answer = Answer("activation", {}, {"range": unknown("The formula is too wild.")})
    assert to_terminal(answer).split(maxsplit=2) == [
        "range",
        "unknown",
        "undecided — The formula is too wild.\n",
    ]


def test_long_table_is_cut_and_counted():
    rows = [{"n": k} for k in range(100)]
    text = to_terminal(Answer("q", {}, {"rows": proved(rows, "All of them.")}))
    assert "… 70 rows more" in text


@settings(max_examples=50)
@given(st.text(max_size=30))
def test_text_of_a_user_cannot_steer_the_terminal(text):
    answer = Answer(
        "q", {}, {text: proved(text, text), "rows": proved([{text: text}, {text: 1}], "")},
        (Step(text, text),), {}, None, (text,),
    )  # fmt: skip
    shown = to_terminal(answer, explain=True, width=60)
    assert all(c.isprintable() or c == "\n" for c in shown)


def test_names_in_square_brackets_are_no_markup():
    answer = Answer("q", {}, {"[red]x": proved("[bold]y[/bold]", "[link=z]")})
    assert "[bold]y[/bold] — [link=z]" in to_terminal(answer)


def test_graph_is_readable_at_eighty_columns():
    text = to_terminal(GRAPH, width=80)
    assert "derivatives" in text
    assert "a: -5, b: 1" in text

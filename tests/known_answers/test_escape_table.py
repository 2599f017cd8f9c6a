"""`docs/escape.md` says what the answers say, and the law of Adam that is known."""

import pytest

from known_answers.write_escape_table import (
    LONGER,
    PAGE,
    float_row,
    names_of_rules,
    page_of,
    row_of,
)

QUICK = ("adam", "adamw", "dog", "lion", "noisy_sgd", "rmsprop", "sgd", "sign_sgd")


@pytest.mark.parametrize("name", QUICK)
def test_row_of_the_page_is_the_answer(name):
    line, _ = row_of(name)
    assert line in PAGE.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", LONGER)
def test_float_runs_of_the_page_go_as_far_as_it_says(name):
    assert float_row(name) in PAGE.read_text(encoding="utf-8").splitlines()


def test_page_has_a_row_for_every_rule():
    text = PAGE.read_text(encoding="utf-8").partition("## What float runs do")[0]
    for name in names_of_rules():
        assert text.count(f"| `{name}` |") == 1


@pytest.mark.slow
def test_page_is_what_the_script_writes():
    assert PAGE.read_text(encoding="utf-8") == page_of()

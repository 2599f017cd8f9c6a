"""`docs/translations.md` says what the answers say."""

import pytest

from agreement.write_translations import PAGE, list_pairs, page_of, row_of

QUICK = (
    ("adadelta", "torch", "keras"), ("adam", "torch", "optax"), ("adam", "torch", "keras"),
    ("lion", "keras", "optax"), ("rprop", "torch", "optax"), ("sgd", "torch", "keras"),
)  # fmt: skip


@pytest.mark.parametrize("pair", QUICK, ids="-".join)
def test_row_of_the_page_is_the_answer(pair):
    assert row_of(*pair) in PAGE.read_text(encoding="utf-8").splitlines(keepends=True)


def test_page_has_a_row_for_every_pair_of_libraries():
    rows = PAGE.read_text(encoding="utf-8").splitlines()
    found = [tuple(row.split(" | ")[:3]) for row in rows if row.startswith("| ")][1:]
    assert found == [(f"| {name}", source, target) for name, source, target in list_pairs()]


@pytest.mark.slow
def test_page_is_what_the_script_writes():
    assert PAGE.read_text(encoding="utf-8") == page_of()

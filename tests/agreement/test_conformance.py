"""The page of conformance says what the records say."""

import pytest

from agreement.optimizer_record import read_records
from agreement.write_conformance import PAGE, decade, page_of, worst_of


def without_distances(text):
    """The page with the last column of its tables of runs taken off."""
    return [
        line.rpartition(" | ")[0] if line.startswith("| `") and line.count("|") == 5 else line
        for line in text.splitlines()
    ]


def test_the_page_is_that_of_the_records():
    page = PAGE.read_text(encoding="utf-8")
    again = page_of(lambda record, run: "?")
    assert without_distances(page) == without_distances(again)


def distances():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| `") and line.count("|") == 5]
    return [row.rstrip(" |").rpartition(" ")[2] for row in rows]


def test_every_distance_on_the_page_is_within_the_bound():
    assert all(float(distance) <= 1e-12 for distance in distances())


@pytest.mark.slow
def test_the_distances_on_the_page_are_those_of_today():
    runs = [(record, run) for record in read_records().values() for run in record["runs"]]
    today = [float(decade(worst_of(record, run))) for record, run in runs]
    said = [float(distance) for distance in distances()]
    # Machines round differently: a decade more is no news.
    assert all(new <= 10 * old + 1e-15 for new, old in zip(today, said, strict=True))

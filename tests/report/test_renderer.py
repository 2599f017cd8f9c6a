"""How an answer shows itself: in a notebook, as a figure, as a file in each format."""

import csv
import io
import json
import subprocess
import sys

import pytest

from gradiometer.errors import UsageError
from gradiometer.question import AbstractRenderer, Answer, Series
from gradiometer.report import FORMATS, load_renderer, to_format
from report.reading_html import Reader
from report.samples import ANSWERS, CLAIM, DESCENT, LEAKY, SCHEDULE


@pytest.fixture(scope="module")
def bundle():
    return load_renderer().to_mimebundle(LEAKY)


def test_renderer_is_the_one_that_answers_ask_for():
    assert isinstance(load_renderer(), AbstractRenderer)


def test_notebook_gets_every_media_type(bundle):
    assert set(bundle) == {
        "text/plain", "text/html", "text/latex", "image/svg+xml", "application/json",
    }  # fmt: skip
    json.dumps(bundle["application/json"], allow_nan=False)


def test_html_of_a_notebook_is_a_static_fragment(bundle):
    reader = Reader(bundle["text/html"])
    assert reader.errors == []
    assert not {"script", "html", "body", "link"} & set(reader.tags)
    assert "@scope (.gradiometer)" in bundle["text/html"]


def test_html_of_a_notebook_styles_itself_only(bundle):
    style = bundle["text/html"].partition("<style>")[2].partition("</style>")[0]
    outside = style[: style.index("@scope")]
    assert ":root" not in outside
    assert outside.count(".gradiometer{") == 2


def test_answer_without_a_picture_has_none_in_its_bundle():
    assert "image/svg+xml" not in load_renderer().to_mimebundle(CLAIM)
    with pytest.raises(UsageError, match="no figure"):
        load_renderer().to_figure(CLAIM)


def test_figure_shows_itself():
    assert load_renderer().to_figure(DESCENT)._repr_svg_().startswith("<svg")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_ends_in_a_newline_and_is_the_same_twice(name):
    text = to_format(DESCENT, name)
    assert text.endswith("\n")
    assert text == to_format(DESCENT, name)


def test_unknown_format_names_the_nearest():
    with pytest.raises(UsageError) as caught:
        to_format(LEAKY, "markdwon")
    assert caught.value.hint == "write `markdown`"
    assert "csv" in caught.value.known


def test_csv_has_the_arrays_as_columns():
    rows = list(csv.reader(io.StringIO(to_format(SCHEDULE, "csv"))))
    assert rows[0] == ["step", "learning_rate"]
    assert rows[16] == ["15", "0.05"]
    assert len(rows) == 61


def test_csv_quotes_and_marks_what_is_missing():
    arrays = {
        "a": Series(("n",), [1, None, True]),
        "b": Series(("m",), ['x,"y"']),
        "c": Series(("n", "m"), [[1], [2], [3]]),
    }
    rows = list(csv.reader(io.StringIO(to_format(Answer("q", {}, {}, (), arrays), "csv"))))
    assert rows == [["a", "b"], ["1", 'x,"y"'], ["", ""], ["true", ""]]


def test_csv_of_larger_arrays_has_a_row_for_each_place():
    arrays = {
        "n": Series(("n",), [10, 20]),
        "m": Series(("m",), ["a", "b", "c"]),
        "word": Series(("n",), ["x", "y"]),
        "value": Series(("n", "m"), [[1, 2, 3], [4, 5, 6]]),
    }
    rows = list(csv.reader(io.StringIO(to_format(Answer("q", {}, {}, (), arrays), "csv"))))
    assert rows[0] == ["n", "m", "word", "value"]
    assert rows[1:] == [[n, m, {"10": "x", "20": "y"}[n], str(3 * i + j + 1)]
                        for i, n in enumerate(("10", "20"))
                        for j, m in enumerate("abc")]  # fmt: skip


def test_csv_of_an_answer_without_arrays_is_refused():
    with pytest.raises(UsageError, match="no arrays"):
        to_format(CLAIM, "csv")


@pytest.mark.parametrize("name", ANSWERS)
def test_page_of_one_answer_has_its_question_as_title(name):
    reader = Reader(to_format(ANSWERS[name], "html"))
    assert reader.errors == []
    assert reader.text_of("h1").endswith("?")
    assert reader.text_of("h2") == ""


def test_door_of_the_stage_is_light():
    program = (
        "import sys, gradiometer.report\n"
        "print(*{'matplotlib', 'rich', 'flint', 'latex2mathml', 'numpy'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert run.stdout.split() == []

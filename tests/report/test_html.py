"""The page as one HTML file: complete, safe with any text, the same bytes for the same page."""

import hashlib
import os
import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.question import Answer, Step, proved
from gradiometer.report import Page, Section, write_html
from report.reading_html import Reader
from report.samples import CLAIMS, GRAPH, LEAKY, Claim, page, whole_page


@pytest.fixture(scope="module")
def html():
    return whole_page()


def test_tags_are_balanced_and_ids_unique(html):
    reader = Reader(html)
    assert reader.errors == []
    assert len(reader.ids) == len(set(reader.ids))
    assert len(reader.ids) > 30


def test_every_reference_has_its_target(html):
    reader = Reader(html)
    assert set(reader.links) <= set(reader.ids)
    named = re.findall(r"url\(#([^)]+)\)", html)
    named += [i for value in re.findall(r'aria-labelledby="([^"]+)"', html) for i in value.split()]
    assert named
    assert set(named) <= set(reader.ids)


def test_page_asks_nothing_of_any_host(html):
    outside = set(re.findall(r"""https?://[^"'\s<)]+""", html))
    assert outside <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"}
    assert not re.search(r"<(script|iframe|object|embed|img|video|audio|base)\b", html)
    assert "@import" not in html
    assert re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html) == [
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    ]


def test_page_says_its_language_its_title_and_a_way_past_the_navigation(html):
    assert html.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "<title>Training mechanics</title>" in html
    assert html.index('<a class="skip" href="#content">') < html.index("<nav")
    assert html.count("<h1") == 1


def test_claims_come_first_each_with_sign_word_reason_and_link(html):
    summary = html[: html.index("</table>")]
    for sign, word in (("✓", "holds"), ("✗", "refuted"), ("?", "undecided")):
        assert f'<span aria-hidden="true">{sign}</span> {word}</span>' in summary
    assert 'href="#q-2.1"' in summary
    assert "at x = " in summary
    assert "left side" in summary
    assert "It holds only for h &gt;= 1/5." in summary
    assert html.index("<h2>Claims</h2>") < html.index('<section id="q-1.1"')


def test_counts_of_claims_are_those_of_the_table():
    claims = (CLAIMS[0], CLAIMS[0], CLAIMS[1], CLAIMS[2])
    sections = (Section("1", "a", claims=claims), Section("2", "b"))
    text = Reader(write_html(Page("t", "", sections))).text_of("p")
    assert "2 of 4 claims hold, 1 is refuted, 1 is undecided." in text


def test_answer_stands_before_its_figure_and_its_facts():
    html = write_html(page(leaky=LEAKY))
    places = [html.index(part) for part in ("suitable: ", "<figure", ">Facts<", "Worked steps")]
    assert places == sorted(places)


def test_status_is_said_in_words(html):
    words = set(re.findall(r'<span class="badge (\w+)">(\w+)</span>', html))
    assert words == {(word, word) for word in ("proved", "computed", "unknown")}


def test_formulas_are_mathml_and_numbers_are_digits():
    html = write_html(page(leaky=LEAKY))
    assert "<math" in html
    assert "<mtable" in html, "a derivative by pieces is set as cases"
    assert '<span class="numeral">1/10</span>' in html


def test_error_of_a_question_is_shown_where_its_answer_would_be(html):
    broken = html[html.index('<section id="q-9"') :]
    assert "This question has no answer." in broken
    assert "  text:  (1+x" in broken


def test_reproduction_and_certificate_are_on_the_page():
    html = write_html(page(leaky=LEAKY))
    assert "gradiometer leaky" in html
    assert "&quot;kind&quot;: &quot;pieces&quot;" in html


def test_page_follows_the_reader_to_dark_to_paper_and_to_a_small_screen(html):
    for query in ("prefers-color-scheme:dark", "print", "max-width", "prefers-reduced-motion"):
        assert re.search(rf"@media[^{{]*{query}", html)


def test_colours_of_figures_follow_the_page(html):
    body = html[html.index("<body") :]
    fixed = re.findall(r"(?<!,)#[0-9a-fA-F]{6}\b", re.sub(r'href="[^"]*"', "", body))
    assert fixed == []


def test_sections_of_the_same_name_keep_apart():
    html = write_html(
        Page("t", "", (Section("1", "a", answer=GRAPH), Section("1", "b", answer=GRAPH)))
    )
    reader = Reader(html)
    assert len(reader.ids) == len(set(reader.ids))


def test_bytes_do_not_depend_on_the_process():
    program = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from report.samples import LEAKY, GRAPH, page\n"
        "from gradiometer.report import write_html\n"
        "import hashlib\n"
        "print(hashlib.sha256(write_html(page(a=LEAKY, b=GRAPH)).encode()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, env=environment
    )
    here = hashlib.sha256(write_html(page(a=LEAKY, b=GRAPH)).encode()).hexdigest()
    assert run.stdout.strip() == here


HOSTILE = st.text(
    st.sampled_from("<>&\"'`$\\{}%#_^~|[]()*-\x00\x1b\x85\u202e\ud7ff x3✓\n") | st.characters(),
    max_size=40,
)


def hostile_page(text, latex=None):
    """A page with *text* wherever a user's words can stand."""
    fact = proved(text, text)
    rows = proved([{"name": text, text: text}, {"name": text}], text)
    answer = Answer(
        "gradient",
        {text: text, "computation": text},
        {text: fact, "rows": rows, "derivative": fact, "map": proved({text: text}, text)},
        (Step(text, text, text if latex is None else latex), Step(text, text)),
        {},
        {"kind": text},
        (text,),
    )
    claim = Claim(text, False, because=text, counterexample={"at": {text: text}, text: text})
    section = Section(text, text, text, text, answer, (claim,), text)
    return Page(text, text, (section, Section(text, text)))


@settings(max_examples=40)
@given(HOSTILE)
def test_no_text_of_a_user_becomes_a_tag(text):
    reader = Reader(write_html(hostile_page(text)))
    assert reader.errors == []
    assert not {"script", "iframe", "img", "b"} & set(reader.tags)
    assert all(not name.startswith("on") for _, name, _ in reader.attributes)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style><b>", "-->"]
)
def test_a_hostile_title_is_shown_as_it_stands(text):
    reader = Reader(write_html(hostile_page(text)))
    assert reader.errors == []
    assert text in reader.text_of("title")
    assert text in reader.text_of("h2")
    assert not {"script", "img", "b"} & set(reader.tags)

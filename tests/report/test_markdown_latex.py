"""Markdown and LaTeX of a page: marks in a user's text are letters, tables keep their shape."""

import re
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.report import write_latex, write_markdown
from report.samples import ANSWERS, LEAKY, page
from report.test_html import HOSTILE, hostile_page

CELL = re.compile(r"(?<!\\)\|")


def tables(markdown):
    """Rows of each Markdown table, each row as its cells."""
    rows = []
    for line in [*markdown.splitlines(), ""]:
        if line.startswith("| "):
            rows.append(CELL.split(line)[1:-1])
        elif rows:
            yield rows
            rows = []


def test_markdown_says_what_the_page_says():
    text = write_markdown(page(**ANSWERS))
    for part in ("# Training mechanics", "✓ holds", "✗ refuted", "? undecided", "(proved)"):
        assert part in text
    assert "**suitable: yes (proved)**" in text
    assert "```shell\ngradiometer leaky\n```" in text


def test_markdown_tables_have_as_many_cells_as_columns():
    found = list(tables(write_markdown(page(**ANSWERS))))
    assert len(found) > 10
    for rows in found:
        assert {len(row) for row in rows} == {len(rows[0])}


@settings(max_examples=40)
@given(HOSTILE)
def test_markdown_keeps_its_shape_with_any_text(text):
    markdown = write_markdown(hostile_page(text))
    for rows in tables(markdown):
        assert {len(row) for row in rows} == {len(rows[0])}
    outside = re.sub(r"(?s)(`+)(?!`).*?(?<!`)\1(?!`)", "", markdown)
    assert not re.search(r"(?<!\\)<[a-zA-Z/!]", outside)


COMMANDS = {
    rf"\{name}"
    for line in (
        "section* subsection* paragraph* textbf texttt textit textsc emph newline item hline begin",
        "end raggedright arraybackslash linewidth multicolumn text textless textgreater textbar",
        "textbackslash textasciicircum textasciitilde textasciigrave textquotedbl textquotesingle",
        "dots ldots approx times checkmark frac left right cdot quad ne le ge in to sum pm surd",
        "leftarrow Rightarrow partial infty ell alpha beta gamma delta varepsilon eta theta lambda",
        "mu pi sigma varphi Phi Delta mathrm operatorname",
    )
    for name in line.split()
}
"""Every command that a page may hold."""


def balance(latex):
    """How many braces stay open, escaped ones apart."""
    plain = re.sub(r"\\[\\{}]", "", latex)
    return plain.count("{") - plain.count("}")


def test_latex_is_a_whole_document():
    text = write_latex(page(**ANSWERS))
    assert text.startswith(r"\documentclass")
    assert text.endswith("\\end{document}\n")
    assert balance(text) == 0
    assert text.count(r"\begin{longtable}") == text.count(r"\end{longtable}") > 10
    assert r"$\max(x,0)+0.1\cdot\min(x,0)$" in text
    assert text.isascii()


@settings(max_examples=40)
@given(st.text(max_size=40))
def test_latex_has_no_command_of_a_user(text):
    body = write_latex(hostile_page(text, latex="x")).partition(r"\begin{document}")[2]
    assert balance(body) == 0
    assert set(re.findall(r"\\[a-zA-Z]+\*?", body)) <= COMMANDS
    assert not re.search(r"(?<!\\)[%#]", body)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX on this machine")
def test_latex_compiles(tmp_path):
    (tmp_path / "page.tex").write_text(write_latex(page(leaky=LEAKY)), encoding="utf-8")
    command = ["pdflatex", "-halt-on-error", "-interaction=batchmode", "page.tex"]
    run = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert run.returncode == 0, (tmp_path / "page.log").read_text(errors="replace")[-2000:]

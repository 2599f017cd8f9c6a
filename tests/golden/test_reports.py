"""Reports as they are: a change of any letter is seen here first (`pytest --snapshot-update`)."""

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from gradiometer.report import to_terminal, write_html, write_latex, write_markdown
from report.samples import ANSWERS, GRAPH, page


def as_file(suffix):
    class Extension(SingleFileSnapshotExtension):
        _write_mode = WriteMode.TEXT
        file_extension = suffix

    return Extension


@pytest.mark.parametrize("name", ["leaky", "graph", "parameters", "stability"])
def test_screen(name, snapshot):
    text = to_terminal(ANSWERS[name], explain=True, width=80)
    assert text == snapshot(extension_class=as_file("txt"))


def test_markdown(snapshot):
    text = write_markdown(page(graph=GRAPH, parameters=ANSWERS["parameters"]))
    assert text == snapshot(extension_class=as_file("md"))


def test_latex(snapshot):
    text = write_latex(page(graph=GRAPH, parameters=ANSWERS["parameters"]))
    assert text == snapshot(extension_class=as_file("tex"))


def test_html(snapshot):
    # Only the graph's figure is drawn by ourselves; others change with matplotlib's version.
    text = write_html(page(graph=GRAPH, claim=ANSWERS["claim"]))
    assert text == snapshot(extension_class=as_file("html"))

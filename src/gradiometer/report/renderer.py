"""How an answer shows itself: by media type for a notebook, as a figure, in every text format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, final

from gradiometer.errors import UsageError, suggest
from gradiometer.question import AbstractRenderer
from gradiometer.report.figure import Figure, draw_figure
from gradiometer.report.page import to_page

if TYPE_CHECKING:
    from gradiometer.question import Answer

_NOTEBOOK_WIDTH = 100
"""Columns of the plain text beside a notebook's HTML."""


def _to_html(answer: Answer) -> str:
    from gradiometer.report.html import write_html

    return write_html(to_page(answer))


def _to_latex(answer: Answer) -> str:
    from gradiometer.report.latex import write_latex

    return write_latex(to_page(answer))


def _to_markdown(answer: Answer) -> str:
    from gradiometer.report.markdown import write_markdown

    return write_markdown(to_page(answer))


def _to_text(answer: Answer) -> str:
    from gradiometer.report.terminal import to_terminal

    return to_terminal(answer, explain=True)


def _to_csv(answer: Answer) -> str:
    from gradiometer.report.table import to_csv

    return to_csv(answer)


def _to_dot(answer: Answer) -> str:
    from gradiometer.report.dot import to_dot

    return to_dot(answer)


def _to_mermaid(answer: Answer) -> str:
    from gradiometer.report.mermaid import to_mermaid

    return to_mermaid(answer)


def _to_graph(answer: Answer) -> str:
    from gradiometer.report.graph_json import to_graph_json

    return to_graph_json(answer)


FORMATS: Mapping[str, Callable[[Answer], str]] = {
    "text": _to_text,
    "json": lambda answer: answer.to_json() + "\n",
    "markdown": _to_markdown,
    "latex": _to_latex,
    "html": _to_html,
    "csv": _to_csv,
}
"""Every text format that any answer has, by its name."""

GRAPH_FORMATS: Mapping[str, Callable[[Answer], str]] = {
    "dot": _to_dot,
    "mermaid": _to_mermaid,
    "graph": _to_graph,
}
"""Further formats of an answer that holds a graph."""


def to_format(answer: Answer, name: str) -> str:
    """The answer as text in the format *name*, ending in a newline.

    Raises:
        UsageError: If there is no such format, or the answer has nothing to write in it.
    """
    formats = {**FORMATS, **GRAPH_FORMATS}
    if name not in formats:
        nearest = suggest(name, formats)
        raise UsageError(
            f"There is no format `{name}`.",
            known=tuple(formats),
            hint=f"write `{nearest}`" if nearest else "",
        )
    return formats[name](answer)


@final
class Renderer(AbstractRenderer):
    """The renderer that every answer uses."""

    def to_mimebundle(self, answer: Answer) -> Mapping[str, Any]:
        """Plain text, static HTML, LaTeX and JSON, and the figure where there is one."""
        from gradiometer.report.content import write_answer, write_glance
        from gradiometer.report.html import blocks_to_html
        from gradiometer.report.latex import blocks_to_latex
        from gradiometer.report.terminal import to_terminal

        blocks = (*write_glance(answer), *write_answer(answer, _name(answer)))
        bundle: dict[str, Any] = {
            "text/plain": to_terminal(answer, width=_NOTEBOOK_WIDTH).rstrip("\n"),
            "text/html": blocks_to_html(blocks),
            "text/latex": blocks_to_latex(blocks),
            "application/json": answer.to_dict(),
        }
        figure = draw_figure(answer)
        if figure is not None:
            bundle["image/svg+xml"] = figure.to_svg()
        return bundle

    def to_figure(self, answer: Answer, kind: str = "") -> Figure:
        """The picture of the answer.

        Args:
            answer: What to draw.
            kind: Which picture where there are several; the first when it is left out.

        Raises:
            UsageError: If this question has no such picture, or the answer nothing to draw.
        """
        figure = draw_figure(answer, kind)
        if figure is None:
            raise UsageError(f"The answer to `{answer.question}` has no figure.")
        return figure

    def to_format(self, answer: Answer, name: str) -> str:
        """The answer as text in the format *name*; see `gradiometer.report.to_format`."""
        return to_format(answer, name)


def load_renderer() -> AbstractRenderer:
    """The renderer, for `Answer.show_with`."""
    return Renderer()


def _name(answer: Answer) -> str:
    """An id that two answers in one notebook hardly share."""
    import hashlib

    return hashlib.sha256(repr(dict(answer.inputs)).encode()).hexdigest()[:10]

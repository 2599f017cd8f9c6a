"""Answers in, pages as HTML, Markdown, LaTeX, notebook or terminal text out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradiometer.report.figure import Figure, draw_figure, draw_figures
    from gradiometer.report.html import write_html
    from gradiometer.report.latex import write_latex
    from gradiometer.report.markdown import write_markdown
    from gradiometer.report.page import Page, Section
    from gradiometer.report.renderer import FORMATS, GRAPH_FORMATS, load_renderer, to_format
    from gradiometer.report.terminal import to_terminal

_PLACES = {
    "FORMATS": "renderer",
    "Figure": "figure",
    "GRAPH_FORMATS": "renderer",
    "Page": "page",
    "Section": "page",
    "draw_figure": "figure",
    "draw_figures": "figure",
    "load_renderer": "renderer",
    "to_format": "renderer",
    "to_terminal": "terminal",
    "write_html": "html",
    "write_latex": "latex",
    "write_markdown": "markdown",
}

__all__ = [
    "FORMATS",
    "GRAPH_FORMATS",
    "Figure",
    "Page",
    "Section",
    "draw_figure",
    "draw_figures",
    "load_renderer",
    "to_format",
    "to_terminal",
    "write_html",
    "write_latex",
    "write_markdown",
]


def __getattr__(name: str) -> Any:
    # Writers load matplotlib, rich or flint; each is loaded when it is first asked for.
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"gradiometer.report.{_PLACES[name]}"), name)

"""Answers in, pages as HTML, Markdown, LaTeX, notebook or terminal text out."""

__all__: list[str] = []

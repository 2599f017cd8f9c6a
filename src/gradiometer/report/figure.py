"""The picture of an answer: which question has one, and how it becomes a file of its own."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, final

from gradiometer.errors import UsageError
from gradiometer.report.palette import to_css

if TYPE_CHECKING:
    from gradiometer.question import Answer

KINDS: Mapping[str, tuple[str, ...]] = {
    "activation": ("activation",),
    "escape": ("escape", "phases"),
    "gradient": ("uses", "focus", "graph", "whole"),
    "parameters": ("scaling", "parameters", "parameters_log"),
    "schedule": ("schedule",),
    "stability": ("stability",),
    "training": (
        "training",
        "training_map",
        "training_sharpness",
        "training_range",
        "training_layers",
    ),
    "sweep": ("sweep_map", "sweep_line"),
    "trajectory": ("trajectory", "surface", "coordinates", "loss", "rate"),
}
"""Question → its pictures, each from `draw_<kind>` in the module `figure_<kind>`."""

_LINK = re.compile(r"</?a\b[^>]*>")

_OWN_ID = re.compile(r"""(\bid="|href="\#|url\(\#)""")


@final
@dataclass(frozen=True)
class Figure:
    """One picture: an `<svg>` element that follows the reader's colours."""

    title: str
    """What it shows, in a few words."""
    about: str
    """What can be seen in it, for a reader who cannot see it."""
    svg: str
    """The element without title and description; its ids are its own."""
    legend: str = ""
    """What its signs mean, where they do not say so themselves."""
    links: str = ""
    """The fact whose rows its links lead to, `#FACT-ROW` with rows counted from 0."""

    def to_inline(self, prefix: str) -> str:
        """The element for a page, named and described, its ids made unique by *prefix*."""
        body = _OWN_ID.sub(lambda match: f"{match[0]}{prefix}-", self.svg)
        head, bracket, rest = body.partition(">")
        names = (
            f'<title id="{prefix}-title">{escape(self.title)}</title>'
            f'<desc id="{prefix}-about">{escape(self.about)}</desc>'
        )
        # Whoever reads a page aloud skips what is inside of an image, links too.
        role = "group" if self.links else "img"
        label = f' role="{role}" aria-labelledby="{prefix}-title {prefix}-about"'
        return f"{head}{label}{bracket}{names}{rest}"

    def to_svg(self) -> str:
        """The picture as an SVG file that knows light and dark by itself."""
        ground = "svg{color:var(--g-ink);background:var(--g-paper)}"
        style = f"<style>{to_css(':root')}{ground}</style>"
        alone = replace(self, svg=_LINK.sub("", self.svg), links="")
        head, bracket, rest = alone.to_inline("figure").partition(">")
        return f"{head}{bracket}{style}{rest}\n"

    def save(self, path: str | Path) -> Path:
        """Write the picture to *path*, which ends in `.svg`.

        Raises:
            UsageError: If the suffix names another format.
        """
        from gradiometer.question import write_whole

        target = Path(path)
        if target.suffix != ".svg":
            raise UsageError(f"A figure has no format `{target.suffix}`.", known=(".svg",))
        write_whole(target, self.to_svg())
        return target

    def _repr_svg_(self) -> str:
        return self.to_svg()


def draw_figure(answer: Answer, kind: str = "") -> Figure | None:
    """One picture of *answer*, or None where its question or its arrays give none.

    Args:
        answer: What to draw.
        kind: Which picture; the first that the answer has when it is left out.

    Raises:
        UsageError: If the question has no picture of that kind.
    """
    kinds = KINDS.get(answer.question, ())
    if kind and kind not in kinds:
        raise UsageError(
            f"The answer to `{answer.question}` has no figure `{kind}`.",
            known=kinds,
            hint=f"write `{kinds[0]}`" if kinds else "",
        )
    return next(_draw_kinds(answer, (kind,) if kind else kinds), None)


def draw_figures(answer: Answer) -> tuple[Figure, ...]:
    """All pictures of *answer*, the one that says most first."""
    return tuple(_draw_kinds(answer, KINDS.get(answer.question, ())))


def _draw_kinds(answer: Answer, kinds: Sequence[str]) -> Iterator[Figure]:
    for kind in kinds:
        module = importlib.import_module(f"gradiometer.report.figure_{kind}")
        figure = getattr(module, f"draw_{kind}")(answer)
        if figure is not None:
            yield replace(figure, svg=figure.svg.strip())

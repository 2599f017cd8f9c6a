"""The document as one HTML file that asks nothing of any other host."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from gradiometer.report.content import to_document
from gradiometer.report.document import (
    Badge,
    Block,
    Code,
    Document,
    Folded,
    Formula,
    Heading,
    Inline,
    Line,
    Link,
    Listing,
    Mark,
    Paragraph,
    Part,
    Picture,
    Steps,
    Table,
)
from gradiometer.report.mathml import to_page_mathml
from gradiometer.report.palette import to_css
from gradiometer.report.spelling import to_plain

if TYPE_CHECKING:
    from gradiometer.report.page import Page

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)

_PLAIN_NUMBER = re.compile(r"(≈ )?-?[\d.,]+(e[-+]?\d+|/\d+)?…?")
"""Numbers that read best as digits: a small stacked fraction is hard to see from afar."""


_FEW_SECTIONS = 7
"""Sections up to which the navigation says whole titles."""


def write_html(page: Page) -> str:
    """The page as one self-contained HTML file, byte for byte the same for the same page."""
    return document_to_html(to_document(page))


def document_to_html(document: Document) -> str:
    """The document as a whole HTML file."""
    style = to_css(":root") + _read_style()
    body = "\n".join(map(_block, document.blocks))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{escape(document.title)}</title>
<style>
{style}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
{_navigation(document)}<main id="content">
{body}
</main>
</body>
</html>
"""


def blocks_to_html(blocks: tuple[Block, ...]) -> str:
    """Blocks as a fragment with its own style, for a page that is not ours."""
    style = f"<style>{to_css('.gradiometer')}{_read_style('.gradiometer')}</style>"
    return f'<div class="gradiometer">{style}\n' + "\n".join(map(_block, blocks)) + "\n</div>"


@lru_cache(maxsize=2)
def _read_style(scope: str = "") -> str:
    """The style sheet; with a *scope*, held to what lies inside of it."""
    text = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    return f"@scope ({scope}){{\n{text.replace('body{', ':scope{')}}}\n" if scope else text


def _navigation(document: Document) -> str:
    parts = [block for block in document.blocks if isinstance(block, Part)]
    if len(parts) < 3:
        return ""
    has_room = len(parts) <= _FEW_SECTIONS
    links = "".join(
        f'<li><a href="#{part.id}" title="{escape(part.label)}">'
        f"{escape(part.label if has_room else part.short)}</a></li>"
        for part in parts
    )
    return f'<nav aria-label="Sections"><ol>{links}</ol></nav>\n'


def _block(block: Block) -> str:
    match block:
        case Heading(level, line):
            return f"<h{level}>{_line(line)}</h{level}>"
        case Paragraph(line, role):
            return f"<p{_class(role)}>{_line(line)}</p>"
        case Table():
            return _table(block)
        case Steps(items):
            steps = "".join(
                f'<li><div class="formula">{_formula(formula, is_block=True)}</div>'
                f'<div class="reason">{_line(reason)}</div></li>'
                for formula, reason in items
            )
            return f'<ol class="steps">{steps}</ol>'
        case Picture(name, figure):
            return (
                f'<figure id="{name}"><div class="scroll" tabindex="0" role="group" '
                f'aria-label="{escape(figure.title)}">{figure.to_inline(name)}</div>'
                f"<figcaption>{escape(figure.title)}. {escape(figure.legend)}</figcaption></figure>"
            )
        case Listing(text, language):
            return (
                f'<pre class="{language or "text"}" tabindex="0"><code>{escape(text)}</code></pre>'
            )
        case Folded(summary, blocks):
            inside = "\n".join(map(_block, blocks))
            return f"<details><summary>{escape(summary)}</summary>\n{inside}\n</details>"
        case Part(name, label, _, blocks):
            inside = "\n".join(map(_block, blocks))
            return f'<section id="{name}" aria-label="{escape(label)}">\n{inside}\n</section>'


def _class(role: str) -> str:
    return f' class="{role}"' if role else ""


_STACKED = frozenset({"answers", "claims", "facts"})
"""Tables whose cells stand below each other on a narrow screen."""


def _table(table: Table) -> str:
    numeric = table.numeric or (False,) * len(table.columns)
    marks = [
        ' class="number"' if number else ' class="prose"' if name == "because" else ""
        for name, number in zip(table.columns, numeric, strict=True)
    ]
    head = "".join(
        f'<th scope="col"{_role(table, "columnheader")}{mark}>{escape(column)}</th>'
        for column, mark in zip(table.columns, marks, strict=True)
    )
    cell_role, row_role = _role(table, "cell"), _role(table, "row")
    rows = "".join(
        f"<tr{_row_id(table, number)}{row_role}>"
        + "".join(
            f"<td{cell_role}{mark}>{_line(cell)}</td>"
            for cell, mark in zip(row, marks, strict=True)
        )
        + "</tr>\n"
        for number, row in enumerate(table.rows)
    )
    group = _role(table, "rowgroup")
    return (
        '<div class="scroll" tabindex="0" role="group" '
        f'aria-label="{escape(to_plain(table.caption))}">'
        f'<table class="{table.role}"{_role(table, "table")}>'
        f"<caption>{_line(table.caption)}</caption>"
        f"<thead{group}><tr{row_role}>{head}</tr></thead>\n"
        f"<tbody{group}>{rows}</tbody></table></div>"
    )


def _row_id(table: Table, number: int) -> str:
    return f' id="{table.id}-{number}"' if table.id else ""


def _role(table: Table, role: str) -> str:
    """A part's role, said where its style would make a browser forget that it is one."""
    return f' role="{role}"' if table.role in _STACKED else ""


def _line(line: Line) -> str:
    return "".join(map(_inline, line))


def _inline(part: Inline) -> str:
    match part:
        case str():
            return escape(part)
        case Formula():
            return _formula(part)
        case Code(text):
            return f"<code>{escape(text)}</code>"
        case Badge(status):
            return f'<span class="badge {status}">{status}</span>'
        case Mark():
            return (
                f'<span class="mark {part.word}"><span aria-hidden="true">{part.sign}</span> '
                f"{part.word}</span>"
            )
        case Link(target, text):
            return f'<a href="#{target}">{escape(text)}</a>'


def _formula(formula: Formula, *, is_block: bool = False) -> str:
    """MathML where there is LaTeX that can be set, else the plain notation."""
    if not is_block and _PLAIN_NUMBER.fullmatch(formula.text):
        return f'<span class="numeral">{escape(formula.text.replace("-", "−"))}</span>'
    if formula.latex:
        mathml = to_page_mathml(formula.latex, is_block=is_block)
        if mathml:
            return mathml
    return f"<code>{escape(formula.text)}</code>"

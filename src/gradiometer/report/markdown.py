"""The document as Markdown (tables as on GitHub), without HTML and without pictures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradiometer.report.content import to_document
from gradiometer.report.document import (
    Badge,
    Block,
    Code,
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

if TYPE_CHECKING:
    from gradiometer.report.page import Page

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")
_BLOCK_START = re.compile(r"^(\s*)([-+=]|\d+[.)])(?=\s|$|[-=])", re.MULTILINE)
_DIGITS = re.compile(r"(≈ )?-?[\d.,/]+(e[-+]?\d+)?…?")


def write_markdown(page: Page) -> str:
    """The page as Markdown, without figures."""
    return (
        "\n\n".join(filter(None, map(_block, to_document(page, with_figures=False).blocks))) + "\n"
    )


def _block(block: Block) -> str:
    match block:
        case Heading(level, line):
            return f"{'#' * level} {_line(line)}"
        case Paragraph(line, role):
            return _paragraph(_line(line), role)
        case Table():
            return _table(block)
        case Steps(items):
            return "\n".join(
                f"{number}. {_formula(formula)}" + (f" — {_line(because)}" if because else "")
                for number, (formula, because) in enumerate(items, start=1)
            )
        case Picture(_, figure):
            return f"*Figure: {_escape(figure.title)}. {_escape(figure.about)}*"
        case Listing(text, language):
            fence = _fence(text, 3)
            return f"{fence}{language}\n{text}\n{fence}"
        case Folded(summary, blocks):
            title = f"**{_escape(summary)}**"
            return "\n\n".join([title, *filter(None, map(_block, blocks))])
        case Part(_, _, _, blocks):
            return "\n\n".join(filter(None, map(_block, blocks)))


def _paragraph(text: str, role: str) -> str:
    match role:
        case "answer":
            return f"**{text}**"
        case "warning":
            return f"> Note. {text}"
        case "error":
            return f"> **{text}**"
        case _:
            return text


def _table(table: Table) -> str:
    numeric = table.numeric or (False,) * len(table.columns)
    rule = " | ".join("---:" if number else "---" for number in numeric)
    lines = [f"*{_line(table.caption)}*", ""] if table.caption else []
    lines.append(f"| {' | '.join(_escape(column) or ' ' for column in table.columns)} |")
    lines.append(f"| {rule} |")
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in table.rows]
    return "\n".join(lines)


def _cell(line: Line) -> str:
    return _line(line).replace("\n", " ") or " "


def _line(line: Line) -> str:
    return "".join(map(_inline, line))


def _inline(part: Inline) -> str:
    match part:
        case str():
            return _escape(part)
        case Formula():
            return _formula(part)
        case Code(text):
            return _code(text)
        case Badge(status):
            return f"({status})"
        case Mark():
            return f"{part.sign} {part.word}"
        case Link(_, text):
            return _escape(text)


def _formula(formula: Formula) -> str:
    return _escape(formula.text) if _DIGITS.fullmatch(formula.text) else _code(formula.text)


def _code(text: str) -> str:
    """A code span; a pipe is written as a look-alike, because a table would end at it."""
    text = text.replace("\n", " ").replace("|", "\N{DIVIDES}")
    fence = _fence(text, 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _fence(text: str, least: int) -> str:
    """A run of backticks longer than any inside the text."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)


def _escape(text: str) -> str:
    return _BLOCK_START.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", text))

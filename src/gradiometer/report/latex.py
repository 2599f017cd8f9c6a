"""The document as LaTeX that pdflatex, xelatex and lualatex set, without pictures."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
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

_PREAMBLE = r"""\documentclass[a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{amsmath,amssymb}
\usepackage{array,longtable}
\usepackage[margin=2.2cm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.5em}
\sloppy
"""

_SYMBOLS: Mapping[str, str] = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}", "`": r"\textasciigrave{}", "-": "{-}", "✓": r"$\checkmark$",
    "✗": r"$\times$", "−": "$-$", "×": r"$\times$", "·": r"$\cdot$", "≈": r"$\approx$",
    "≤": r"$\le$", "≥": r"$\ge$", "≠": r"$\ne$", "∞": r"$\infty$", "∂": r"$\partial$",
    "→": r"$\to$", "←": r"$\leftarrow$", "⇒": r"$\Rightarrow$", "±": r"$\pm$", "√": r"$\surd$",
    "∈": r"$\in$", "′": "$'$", "∑": r"$\sum$", "…": r"\dots{}", "—": "---", "–": "--",
    "α": r"$\alpha$", "β": r"$\beta$", "γ": r"$\gamma$", "δ": r"$\delta$", "ε": r"$\varepsilon$",
    "η": r"$\eta$", "θ": r"$\theta$", "λ": r"$\lambda$", "μ": r"$\mu$", "π": r"$\pi$",
    "σ": r"$\sigma$", "φ": r"$\varphi$", "Φ": r"$\Phi$", "Δ": r"$\Delta$", "ℓ": r"$\ell$",
    "₀": "$_0$", "₁": "$_1$", "₂": "$_2$", "²": "$^2$", "³": "$^3$", "\n": r"\newline ",
    "“": "``", "”": "''", "‘": "`", "’": "'", "\N{NO-BREAK SPACE}": "~",
    # After a line's end these would be read as its options.
    "[": "{[}", "]": "{]}", "*": "{*}",
}  # fmt: skip
"""How letters that LaTeX reads as commands, or its fonts lack, are written."""

_DIGITS = re.compile(r"(≈ )?-?[\d.,/]+(e[-+]?\d+)?…?")

_WIDTHS: Mapping[str, tuple[float, ...]] = {
    "facts": (0.17, 0.3, 0.11, 0.32),
    "claims": (0.14, 0.08, 0.3, 0.38),
    "answers": (0.35, 0.55),
}
"""Widths of the columns of wide tables, in parts of a line."""


def write_latex(page: Page) -> str:
    """The page as a LaTeX file, without figures."""
    document = to_document(page, with_figures=False)
    body = "\n\n".join(map(_block, document.blocks))
    return f"{_PREAMBLE}\\begin{{document}}\n\n{body}\n\n\\end{{document}}\n"


def blocks_to_latex(blocks: tuple[Block, ...]) -> str:
    """Blocks as the inside of a LaTeX document."""
    return "\n\n".join(map(_block, blocks)) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(level, line):
            command = ("section", "subsection", "subsubsection")[level - 1]
            return f"\\{command}*{{{_line(line)}}}"
        case Paragraph(line, role):
            return _paragraph(_line(line), role)
        case Table():
            return _table(block)
        case Steps(items):
            lines = [f"\\item {_formula(formula)}\\\\ {_line(why)}" for formula, why in items]
            return "\n".join([r"\begin{enumerate}", *lines, r"\end{enumerate}"])
        case Picture(_, figure):
            return f"\\emph{{Figure: {_escape(figure.title)}. {_escape(figure.about)}}}"
        case Listing(text, language):
            return "" if language == "json" else _listing(text)
        case Folded(summary, blocks):
            inside = [part for part in map(_block, blocks) if part]
            return "\n\n".join([f"\\paragraph*{{{_escape(summary)}}}", *inside]) if inside else ""
        case Part(_, _, _, blocks):
            return "\n\n".join(map(_block, blocks))


def _paragraph(text: str, role: str) -> str:
    match role:
        case "answer":
            return f"\\textbf{{{text}}}"
        case "warning":
            return f"\\emph{{Note.}} {text}"
        case "error":
            return f"\\textbf{{{text}}}"
        case _:
            return text


def _listing(text: str) -> str:
    lines = (f"\\texttt{{{_escape(line).replace(' ', '~')}}}" for line in text.split("\n"))
    return "\\\\\n".join(lines)


def _table(table: Table) -> str:
    numeric = table.numeric or (False,) * len(table.columns)
    widths = _WIDTHS.get(table.role)
    if widths and len(widths) > len(table.columns):
        widths = (widths[0], *widths[2:])
    if widths:
        columns = "".join(rf">{{\raggedright\arraybackslash}}p{{{w}\linewidth}}" for w in widths)
    else:
        columns = "".join("r" if number else "l" for number in numeric)
    lines = [rf"\begin{{longtable}}{{{columns}}}"]
    if table.caption:
        lines.append(
            rf"\multicolumn{{{len(table.columns)}}}{{l}}{{\textbf{{{_line(table.caption)}}}}}\\"
        )
    lines.append(" & ".join(rf"\textit{{{_escape(c)}}}" for c in table.columns) + r"\\ \hline")
    lines += [" & ".join(map(_line, row)) + r"\\" for row in table.rows]
    return "\n".join([*lines, r"\end{longtable}"])


def _line(line: Line) -> str:
    return "".join(map(_inline, line))


def _inline(part: Inline) -> str:
    match part:
        case str():
            return _escape(part)
        case Formula():
            return _formula(part)
        case Code(text):
            return rf"\texttt{{{_escape(text)}}}"
        case Badge(status):
            return rf"\textsc{{{status}}}"
        case Mark():
            return f"{_escape(part.sign)}~{part.word}"
        case Link(_, text):
            return _escape(text)


def _formula(formula: Formula) -> str:
    if formula.latex:
        return f"${formula.latex}$"
    if _DIGITS.fullmatch(formula.text):
        digits = formula.text.replace(",", "{,}").replace("…", r"\ldots").replace("≈", r"\approx")
        return f"${digits}$"
    return rf"\texttt{{{_escape(formula.text)}}}"


def _escape(text: str) -> str:
    return "".join(_SYMBOLS.get(letter) or _letter(letter) for letter in text)


def _letter(letter: str) -> str:
    """A letter that the fonts have, or its nearest plain spelling."""
    if letter.isascii() or letter in "äöüÄÖÜßéèêàâçñøåÆæœ":
        return letter
    plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return "".join(_SYMBOLS.get(c, c) for c in plain) or "?"

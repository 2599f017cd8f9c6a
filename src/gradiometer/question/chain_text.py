"""A document in, its rows out: one for each formula or line of words, with its place.

Plain text, Markdown and LaTeX are read. Everything is found by offset: what is no formula (an
environment's name, an alignment sign) becomes spaces, so that a row is a piece of the document.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

from gradiometer.errors import FormulaError, LimitError, Place, StudyError

MOST_BYTES = 400_000
MOST_LINES = 5_000
"""Lines of one derivation."""

RELATION = re.compile(r"\\(?:leq?|geq?|neq?|lt|gt)(?![A-Za-z])|<=|>=|!=|==|[=<>≤≥≠]")
"""A relation sign, in plain letters or in LaTeX."""

ARROW = re.compile(
    r"(?:<=>|=>|->|--+>|[⇒⟹→⇔⟺∴∵↪]|"
    r"\\(?:Rightarrow|Longrightarrow|implies|iff|Leftrightarrow|therefore|because|to|rightarrow"
    r"|hookrightarrow)(?![A-Za-z]))"
)
"""A sign that a line follows from the one before; it is no part of the formula."""

_ENVIRONMENTS = (
    "align aligned alignat gather gathered equation split multline eqnarray displaymath flalign"
)
_NAMES = "|".join(_ENVIRONMENTS.split())
_OPENER = re.compile(rf"\$\$|\\\[|\\begin\{{(?:{_NAMES})\*?\}}|^[ \t]*(?:```|~~~)[^\n]*", re.M)
_WRAPPER = re.compile(rf"\\(?:begin|end)\{{(?:{_NAMES})\*?\}}(?:\{{\d*\}})?")
_NOISE = re.compile(
    r"\\(?:tag\*?|label|text|mbox|mathrm\{ *by)\{[^{}]*\}|\\(?:nonumber|notag|displaystyle)"
    r"|(?<!\\)%[^\n]*|\\(?:qquad|quad)(?![A-Za-z])|\\[,;!:](?=\s)"
)
_NESTED = re.compile(r"\\begin\{\w+\*?\}|\\end\{\w+\*?\}|\\\\(?:\[[^\]\n]*\])?|(?<!\\)&|\n")
_LOOK = 200
"""How far ahead a relation is looked for, at the beginning of the next line."""
_INLINE = re.compile(r"(?<!\\)\$([^$\n]+)(?<!\\)\$|\\\(([^\n]+?)\\\)")


@final
@dataclass(frozen=True)
class Row:
    """A piece of the document: a formula between marks, or a line that may hold one."""

    start: int
    end: int
    is_marked: bool
    """Whether the document marks it as a formula; else words may stand round it."""
    lead: str = ""
    """The words before a marked formula on its line."""
    trail: str = ""
    """The words after it."""


@final
@dataclass(frozen=True)
class Source:
    """A derivation's text, and where its lines begin."""

    text: str
    """As it was written."""
    name: str
    starts: tuple[int, ...]
    letters: list[str]
    """The letters that may belong to formulas; all others have become spaces."""

    def masked(self, start: int, end: int) -> str:
        """What is left of a piece of the text."""
        return "".join(self.letters[start:end])

    def mask(self, start: int, end: int) -> None:
        """Take a piece out of all formulas."""
        for offset in range(start, end):
            if self.letters[offset] != "\n":
                self.letters[offset] = " "

    def line(self, offset: int) -> int:
        """The 1-based number of the line at the offset."""
        return bisect_right(self.starts, offset)

    def shown(self, offset: int) -> tuple[str, int]:
        """The line at the offset as written, and the offset inside it."""
        start = self.starts[self.line(offset) - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else None].rstrip("\r"), offset - start

    def place(self, offset: int) -> Place:
        """File, line and column."""
        return Place(self.name, self.line(offset), self.shown(offset)[1] + 1)


def read_source(path: str) -> Source:
    """The text of the file at the path.

    Raises:
        StudyError: If it cannot be read, is too large, or is no UTF-8 text.
    """
    place = Place(path)
    try:
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the name cannot be used"
        raise StudyError(f"The file cannot be read: {reason}.", place=place) from None
    if len(data) > MOST_BYTES:
        raise LimitError(f"A derivation may have at most {MOST_BYTES:,} bytes.", place=place)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = Place(path, data.count(b"\n", 0, error.start) + 1)
        raise StudyError("The file is not UTF-8 text.", place=place) from None
    return make_source(text, path)


def make_source(text: str, name: str) -> Source:
    """The text with the offsets of its lines.

    Raises:
        LimitError: If there are too many lines.
        StudyError: If it holds a character that no text has.
    """
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise StudyError(
            "This is no text: it holds the character 0.", place=Place(name or "steps", line)
        )
    if len(text) > MOST_BYTES:
        problem = f"A derivation may have at most {MOST_BYTES:,} characters."
        raise LimitError(problem, place=Place(name or "steps"))
    text = re.sub(r"\r(?!\n)|[\u2028\u2029\x0b\x0c\x85]", "\n", text)
    starts = (0, *(match.end() for match in re.finditer("\n", text)))
    if len(starts) > MOST_LINES:
        problem = f"A derivation may have at most {MOST_LINES:,} lines."
        raise LimitError(problem, place=Place(name or "steps"))
    return Source(text, name, starts, list(text.replace("\r", " ")))


def split_document(source: Source) -> list[Row]:
    """The rows of a document in their order; what belongs to none of them is masked.

    Raises:
        FormulaError: If a formula's mark is not closed.
    """
    rows: list[Row] = []
    position = 0
    text = "".join(source.letters)
    for start, end, inner in _regions(source, text):
        rows += _plain_rows(source, text, position, start)
        if text[start:end].lstrip().startswith(("```", "~~~")):
            rows += _plain_rows(source, text, *inner, is_code=True)
        else:
            rows += _display_rows(source, text, *inner)
        position = end
    return rows + list(_plain_rows(source, text, position, len(text)))


def _regions(source: Source, text: str) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Displays and fenced code: whole, and what is inside."""
    position = 0
    while (found := _OPENER.search(text, position)) is not None:
        opener = found[0].strip()
        closer = {"$$": "$$", r"\[": r"\]"}.get(opener, opener.replace("begin", "end"))
        begin = found.end()
        if opener[:3] in ("```", "~~~"):
            closing = re.compile(rf"^[ \t]*{opener[:3]}+[ \t]*$", re.M).search(text, begin)
            stop, end = closing.span() if closing else (len(text), len(text))
        else:
            stop = text.find(closer, begin)
            if stop < 0:
                shown, offset = source.shown(found.start())
                raise FormulaError(
                    f"`{opener}` is never closed.", text=shown, start=offset,
                    end=offset + len(opener),
                    place=source.place(found.start()) if source.name else None,
                    hint=f"write `{closer}` behind the formula",
                )  # fmt: skip
            end = stop + len(closer)
        yield found.start(), end, (begin, stop)
        position = end


def _display_rows(source: Source, text: str, start: int, end: int) -> Iterator[Row]:
    """A display's rows: they end at `\\\\`, and before a line that begins with a relation."""
    for pattern in (_WRAPPER, _NOISE):
        for match in pattern.finditer(text, start, end):
            source.mask(*match.span())
    depth, begin = 0, start
    cuts: list[tuple[int, int]] = []
    for match in _NESTED.finditer(text, start, end):
        found = match[0]
        if found.startswith((r"\begin", r"\end")):
            if not _WRAPPER.match(found):
                depth += 1 if found.startswith(r"\begin") else -1
        elif depth == 0 and found == "&":
            source.mask(*match.span())
        elif depth == 0 and (found != "\n" or _begins_anew(text, match.end(), end)):
            cuts.append(match.span())
    for stop, after in (*cuts, (end, end)):
        if source.masked(begin, stop).strip():
            yield Row(begin, stop, is_marked=True)
        begin = after


def _begins_anew(text: str, start: int, end: int) -> bool:
    rest = text[start : min(end, start + _LOOK)].lstrip().removeprefix("&").lstrip()
    return bool(RELATION.match(rest) or ARROW.match(rest))


def _plain_rows(
    source: Source, text: str, start: int, end: int, *, is_code: bool = False
) -> Iterator[Row]:
    """A row for each line that is not empty; formulas between dollars are rows of their own."""
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        line = text[start:stop]
        marked = [] if is_code else list(_INLINE.finditer(line))
        if marked:
            for match in _NOISE.finditer(line):
                source.mask(start + match.start(), start + match.end())
            yield from _inline_rows(line, start, marked)
        elif line.strip():
            for match in re.finditer(r"\\(?:tag|label)\{[^{}]*\}|\\noindent|\\item", line):
                source.mask(start + match.start(), start + match.end())
            yield Row(start, stop, is_marked=False)
        start = stop + 1


def _inline_rows(line: str, start: int, marked: list[re.Match[str]]) -> Iterator[Row]:
    before = 0
    for place, match in enumerate(marked):
        after = marked[place + 1].start() if place + 1 < len(marked) else len(line)
        inner = match.span(1) if match[1] is not None else match.span(2)
        words = line[before : match.start()], line[match.end() : after]
        yield Row(start + inner[0], start + inner[1], True, words[0].strip(), words[1].strip())
        before = match.end()

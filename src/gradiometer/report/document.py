"""The neutral document: what every renderer walks, whatever it writes.

Inline parts: text, formulas, code, a status, a mark, a link. Blocks: headings, paragraphs, tables,
steps, pictures, listings, and groups that can be folded away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, final

from gradiometer.report.figure import Figure


@final
@dataclass(frozen=True)
class Formula:
    """A formula in plain notation, and in LaTeX where that is known."""

    text: str
    latex: str = ""


@final
@dataclass(frozen=True)
class Code:
    """Words of a user or of the command line."""

    text: str


@final
@dataclass(frozen=True)
class Badge:
    """How a fact is known: one of the status words."""

    status: str


@final
@dataclass(frozen=True)
class Mark:
    """Whether a claim holds; None is undecided."""

    holds: bool | None

    @property
    def sign(self) -> str:
        """`✓`, `✗` or `?`."""
        return "?" if self.holds is None else "✓" if self.holds else "✗"

    @property
    def word(self) -> str:
        """`holds`, `refuted` or `undecided`."""
        return "undecided" if self.holds is None else "holds" if self.holds else "refuted"


@final
@dataclass(frozen=True)
class Link:
    """A reference to the section of that id."""

    target: str
    text: str


Inline: TypeAlias = str | Formula | Code | Badge | Mark | Link
Line: TypeAlias = tuple[Inline, ...]


@final
@dataclass(frozen=True)
class Heading:
    """The title of what follows, at level 1 (page) to 3."""

    level: int
    line: Line


@final
@dataclass(frozen=True)
class Paragraph:
    """A line of text; *role* says what for: `answer`, `because`, `note`, `warning`, `error`."""

    line: Line
    role: str = ""


@final
@dataclass(frozen=True)
class Table:
    """Rows below named columns; *role* says what for: `facts`, `claims`, `rows`, `data`."""

    caption: Line
    columns: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]
    role: str = "rows"
    numeric: tuple[bool, ...] = ()
    """Which columns hold numbers, set flush right."""
    id: str = ""
    """What the id of each row begins with, a number from 0 behind it; empty for rows without."""


@final
@dataclass(frozen=True)
class Steps:
    """A derivation: formulas, each with its reason."""

    items: tuple[tuple[Formula, Line], ...]


@final
@dataclass(frozen=True)
class Picture:
    """A figure; *id* is unique on the page."""

    id: str
    figure: Figure


@final
@dataclass(frozen=True)
class Listing:
    """Text set as it stands: a command, a certificate."""

    text: str
    language: str = ""


@final
@dataclass(frozen=True)
class Folded:
    """Blocks a reader opens when wanted."""

    summary: str
    blocks: tuple[Block, ...]


@final
@dataclass(frozen=True)
class Part:
    """A section of the page; *id* is what links point to."""

    id: str
    label: str
    short: str
    """The label where there is little room."""
    blocks: tuple[Block, ...]


Block: TypeAlias = "Heading | Paragraph | Table | Steps | Picture | Listing | Folded | Part"


@final
@dataclass(frozen=True)
class Document:
    """A whole page."""

    title: str
    blocks: tuple[Block, ...]


def clean(text: str) -> str:
    """The text without control characters, which no format can carry (newlines stay)."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)

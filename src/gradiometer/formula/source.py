"""A text in the plain spelling, with the place in the user's own text of every character.

What reads formulas reads the plain spelling only. A text that was written so is its own source; the
LaTeX front end writes another one. Whatever is said about a source is said about the text as the
user wrote it: `locate` and `within` move the place of an error there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar, final

from gradiometer.errors import GradiometerError
from gradiometer.formula.tokens import CASES, WORDS, Token, refuse_character, tokenize
from gradiometer.formula.tree import Span

_Error = TypeVar("_Error", bound=GradiometerError)


class Piece(NamedTuple):
    """A piece of plain text, and the place of what it stands for in the text as written."""

    text: str
    start: int
    end: int
    """Equal to *start* for what was not written, such as the sign of a product."""


@final
@dataclass(frozen=True)
class Source:
    """A text as written, and its plain spelling.

    Example:
        >>> source = assemble(r"x^{2}", [Piece("x", 0, 1), Piece("^", 1, 2), Piece("2", 3, 4)])
        >>> source.text, source.span(4, 5)
        ('x ^ 2', (3, 4))
    """

    written: str
    text: str
    """The plain spelling."""
    places: tuple[Span, ...] | None = None
    """The place in *written* of each character of *text*; None when they are the same text."""
    notes: tuple[str, ...] = ()
    """How doubtful passages were read, one sentence each."""

    def span(self, start: int, end: int) -> Span:
        """The place in *written* of a part of *text*."""
        if self.places is None:
            return start, end
        part = self.places[start:end]
        if not part:
            at = self.places[start][0] if start < len(self.places) else len(self.written)
            return at, at
        # What comes first in the plain spelling may come later on the page: `\tanh^2 x`.
        return min(place[0] for place in part), max(place[1] for place in part)

    def part(self, start: int, end: int) -> Source:
        """A part of *text* as a source of its own, without the space round it."""
        text = self.text
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if self.places is None:
            return Source(text[start:end], text[start:end])
        first, last = self.span(start, end)
        places = tuple((low - first, high - first) for low, high in self.places[start:end])
        return Source(self.written[first:last], text[start:end], places)

    def within(self, error: _Error, start: int, end: int) -> _Error:
        """The error about the part from *start* to *end* as one about the whole text."""
        part = self.part(start, end)
        while start < end and self.text[start].isspace():
            start += 1
        first = self.span(start, max(end, start + 1))[0]
        error = part.locate(error)
        low = first + (error.start or 0)
        size = max(len(part.written), 1)
        high = first + (error.end if error.end is not None else size)
        return replace(error, text=self.written, start=low, end=high)

    def locate(self, error: _Error) -> _Error:
        """The error about *text* as one about *written*; any other error stays as it is."""
        if self.places is None or error.text != self.text:
            return error
        if error.start is None:
            return replace(error, text=self.written)
        start, end = self.span(error.start, max(error.start + 1, error.end or 0))
        return replace(error, text=self.written, start=start, end=end)


def assemble(written: str, pieces: Iterable[Piece], notes: Iterable[str] = ()) -> Source:
    """The source whose plain spelling the pieces make.

    Pieces stand apart, so that no two of them make a third: `*` and `*` are no power. Only a
    bracket follows a name closely, for a function and its argument.
    """
    texts: list[str] = []
    places: list[Span] = []
    last = Piece("", 0, 0)
    for piece in pieces:
        if texts and not (
            piece.text == "(" and (last.text[-1] in f"_'{CASES}" or last.text[-1].isalnum())
        ):
            texts.append(" ")
            places.append((last.end, last.end))
        texts.append(piece.text)
        places.extend([(piece.start, piece.end)] * len(piece.text))
        last = piece
    return Source(written, "".join(texts), tuple(places), tuple(notes))


def read_tokens(source: Source) -> list[Token]:
    """The tokens of the plain spelling, with their places in the text as written.

    Raises:
        FormulaError: If a character has no meaning.
        LimitError: If a number or a name is longer than the limits allow.
    """
    places = source.places
    if places is None:
        if CASES in source.text:
            raise refuse_character(source.text, source.text.index(CASES))
        return tokenize(source.text)
    try:
        tokens = tokenize(source.text)
    except GradiometerError as error:
        raise source.locate(error) from None
    length = len(source.written)
    moved = [
        Token(token.kind, token.text, places[token.start][0], places[token.end - 1][1])
        for token in tokens[:-1]
    ]
    # A sign of a product that was not written is none: what it joins stands side by side.
    kept = [token for token in moved if token.kind != "*" or token.start < token.end]
    return [*kept, Token("end", "", length, length)]


def bracketed(pieces: list[Piece], start: int, end: int) -> list[Piece]:
    """The pieces as one operand: in brackets, unless they are a name or a number."""
    if len(pieces) == 1 and (is_name(pieces[0].text) or pieces[0].text[-1].isdigit()):
        return [pieces[0]._replace(start=start, end=end)]
    return enclosed(pieces, start, end)


def enclosed(pieces: list[Piece], start: int, end: int) -> list[Piece]:
    """The pieces in brackets."""
    return [Piece("(", start, start), *pieces, Piece(")", end, end)]


def is_name(text: str) -> bool:
    """Whether a piece is a name, which may be that of a function."""
    return text[0].isalpha() and text not in WORDS

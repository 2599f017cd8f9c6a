"""A text in either spelling in, its plain spelling out; what is LaTeX, and what is round it."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import final

from gradiometer.formula.latex_cases import NAME
from gradiometer.formula.latex_read import Translator
from gradiometer.formula.latex_scan import Lexeme
from gradiometer.formula.latex_words import OUTER, WRAPPERS
from gradiometer.formula.limits import MOST_CHARACTERS, check_text
from gradiometer.formula.scope import RESERVED, Scope
from gradiometer.formula.source import Piece, Source, assemble

MOST_LATEX_CHARACTERS = 2 * MOST_CHARACTERS
"""Characters of a list of statements in LaTeX."""

_CLOSING = {"\\[": "\\]", "\\(": "\\)", "$": "$", "$$": "$$"}


def is_latex(text: str) -> bool:
    r"""Whether the text is LaTeX: it holds a backslash, a curly bracket or a dollar sign.

    Example:
        >>> is_latex(r"\ln x"), is_latex("x^{12}"), is_latex("ln(x)")
        (True, True, False)
    """
    return "\\" in text or "{" in text or "$" in text or "}" in text


def read_source(
    text: str | Source,
    scope: Scope,
    *,
    lines: bool = False,
    slopes: Collection[str] | None = None,
) -> Source:
    """The text with its plain spelling, whichever it is written in.

    Args:
        text: A text, or a source that is kept as it is.
        scope: The names that mean something: they decide where letters in a row are one word.
        lines: Whether statements end at line ends and `;`.
        slopes: Names whose derivatives may be written as quotients; None for none.

    Raises:
        FormulaError: If LaTeX in it has no reading.
        LimitError: If LaTeX in it is too long or nested too deep.
    """
    if isinstance(text, Source):
        return text
    if not is_latex(text):
        return Source(text, text)
    check_text(text, most=MOST_LATEX_CHARACTERS if lines else MOST_CHARACTERS)
    return _Page(Translator(text, scope, lines=lines, slopes=slopes)).read()


def read_interval_source(text: str, scope: Scope) -> Source:
    r"""The interval with its plain spelling; `[0, 1)` and `{3}` keep their brackets.

    Raises:
        FormulaError: If LaTeX in it has no reading.
    """
    inner = text.strip()[1:-1]
    if not ("\\" in text or "$" in text or "{" in inner or "}" in inner):
        return Source(text, text)
    translator = Translator(text, scope, lines=False, slopes=None)
    translator.is_interval = True
    scan = translator.scan
    pieces: list[Piece] = []
    dollars: list[str] = []
    while scan.follows(*_CLOSING):
        dollars.append(_CLOSING[scan.take().text])
    scan.deeper()
    opening = scan.take()
    pieces.append(_end_bracket(opening, _OPENING))
    pieces += translator.run()
    closing = scan.take()
    pieces.append(_end_bracket(closing, _ENDING))
    for dollar in reversed(dollars):
        scan.expect(dollar, opening)
    rest = scan.peek()
    if rest.kind != "end":
        raise scan.error(f"`{rest.text}` is not expected behind an interval.", rest)
    return assemble(text, pieces, translator.notes)


_OPENING = ("(", "[", "{")
_ENDING = (")", "]", "}")


def _end_bracket(lexeme: Lexeme, brackets: tuple[str, ...]) -> Piece:
    """The plain bracket at an end of an interval; anything else is left for the reader to see."""
    plain = lexeme.text.removeprefix("\\left").removeprefix("\\right").removeprefix("\\")
    return Piece(plain if plain in brackets else "|", lexeme.start, lexeme.end)


_HEAD = re.compile(
    r"(?:^|[;\n$&\[]|\\\\)[\s&]{0,20}(?P<name>[A-Za-z]{1,60}[0-9]{0,9})\s{0,20}"
    r"(?P<bound>\([^()]{0,40}\)\s{0,20})?&?\s{0,20}:?=(?!=)"
)


def assigned_words(text: str, *, functions: bool = False) -> frozenset[str]:
    """Letters and words that a list in LaTeX assigns, or the functions it defines.

    A product cannot be assigned, so a word before `=` is a name: `loss = \\frac{1}{2} x^{2}`.
    """
    if not is_latex(text) or len(text) > MOST_LATEX_CHARACTERS:
        return frozenset()
    heads = _HEAD.finditer(text)
    names = {head["name"] for head in heads if bool(head["bound"]) == functions}
    return frozenset(names - RESERVED)


@final
class _Page:
    """The statements of a text, and the signs that set them apart from words."""

    def __init__(self, translator: Translator) -> None:
        self._translator = translator
        self._scan = translator.scan
        self._pieces: list[Piece] = []
        self._open: list[tuple[str, Lexeme]] = []
        self._closed = False
        """Whether the statement has come to its end."""

    def read(self) -> Source:
        while True:
            lexeme = self._scan.peek()
            self._statement(lexeme)
            lexeme = self._scan.peek()
            if lexeme.kind == "end":
                break
            self._scan.take()
            self._between(lexeme)
        if self._open:
            closing, opening = self._open[-1]
            problem = f"`{opening.text}` is not closed."
            raise self._scan.error(problem, opening, hint=f"write `{closing}` at the end")
        self._drop_comma()
        return assemble(self._translator.text, self._pieces, self._translator.notes)

    def _statement(self, first: Lexeme) -> None:
        name = self._environment(first)
        if first.text == "\\begin" and name in WRAPPERS:
            return
        pieces = self._translator.run()
        if self._closed and any(piece.text not in {",", "."} for piece in pieces):
            raise self._scan.error(
                "The formula goes on behind its end.", first, hint="give one formula"
            )
        self._pieces += pieces

    def _between(self, lexeme: Lexeme) -> None:
        """What stands at the edge of statements: dollars, line ends, alignment."""
        text = lexeme.text
        if text == "&":
            # It only says where lines are aligned: `f(x) &= x`.
            return
        if lexeme.kind == "break" or text == "\\\\":
            self._end_statement(lexeme)
        elif text in OUTER:
            self._dollar(lexeme)
        elif text in {"\\begin", "\\end"} and self._environment(lexeme) in WRAPPERS:
            self._wrapper(lexeme)
        elif text in {"\\begin", "\\end"}:
            raise self._scan.error("This environment was never opened.", lexeme)
        elif lexeme.words:
            raise self._scan.error(
                "A condition behind a formula is not read.",
                lexeme,
                hint="give it as an assumption, or write `\\begin{cases}`",
            )
        else:
            raise self._scan.error("This bracket was never opened.", lexeme)

    def _dollar(self, lexeme: Lexeme) -> None:
        text = lexeme.text
        if self._open and self._open[-1][0] == text:
            self._open.pop()
            self._drop_comma()
            self._closed = bool(self._pieces) and self._pieces[-1].text not in "\n;"
            return
        if text not in _CLOSING:
            raise self._scan.error(f"`{text}` closes nothing here.", lexeme)
        if self._pieces and self._pieces[-1].text not in "\n;":
            raise self._scan.error(
                "A formula begins behind a formula.", lexeme, hint="give one formula"
            )
        self._open.append((_CLOSING[text], lexeme))

    def _wrapper(self, lexeme: Lexeme) -> None:
        found = NAME.match(self._scan.text, lexeme.end)
        assert found is not None  # the name is known already
        self._scan.move(found.end())
        closing = f"\\end{{{found['name']}}}"
        if lexeme.text == "\\begin":
            if self._pieces and self._pieces[-1].text not in "\n;":
                raise self._scan.error("A formula begins behind a formula.", lexeme)
            self._open.append((closing, lexeme))
        elif self._open and self._open[-1][0] == closing:
            self._open.pop()
            self._drop_comma()
        else:
            raise self._scan.error("This environment was never opened.", lexeme)

    def _environment(self, lexeme: Lexeme) -> str:
        found = NAME.match(self._scan.text, lexeme.end)
        return "" if found is None else found["name"]

    def _end_statement(self, lexeme: Lexeme) -> None:
        """A line end ends a statement of a list; of one formula, it may only stand at the end."""
        self._drop_comma()
        if lexeme.kind == "break" or self._scan.is_list:
            self._closed = False
            self._pieces.append(Piece("\n", lexeme.start, lexeme.end))
            return
        following = self._scan.peek()
        if self._pieces and following.kind != "end" and following.text not in {*OUTER, "\\end"}:
            raise self._scan.error(
                "Here begins another line, and one formula is read.",
                lexeme,
                hint="give each line by itself",
            )

    def _drop_comma(self) -> None:
        """The comma or full stop that ends a sentence is no part of the formula."""
        while self._pieces and self._pieces[-1].text == ",":
            self._pieces.pop()

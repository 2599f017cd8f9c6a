"""The lexemes of a LaTeX text, one at a time: TeX takes an argument without braces by the sign."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple, final

from gradiometer.errors import FormulaError, LimitError
from gradiometer.formula.latex_words import SAME_FENCE, SPACES, TEXTS, UPRIGHT
from gradiometer.formula.limits import MOST_NESTING
from gradiometer.formula.tokens import RAISED, refuse_character, stray_comma


class Lexeme(NamedTuple):
    """A command, a number, a run of letters, a sign, or the end."""

    kind: str
    """`command`, `number`, `letters`, `sign`, `raised` (small digits), `upright` (a name in a
    command such as `\\mathrm`), `text` (words), `break` (an end of line that ends a statement) or
    `end`."""
    text: str
    start: int
    end: int
    words: str = ""
    """What an upright name or a text holds."""


def _any(commands: Iterable[str]) -> str:
    return "|".join(re.escape(command) for command in sorted(commands, reverse=True))


_LEXEME = re.compile(
    r"(?P<fence>\\(?P<size>left|right|middle|[bB]igg?[lrm]?)(?![A-Za-z])\s*"
    r"(?P<delimiter>\\[A-Za-z]+|\\.|[^\\\s]|\Z))"
    r"|(?P<space>\s+|~)"
    rf"|(?P<worded>(?:(?P<upright>{_any(UPRIGHT)})|(?:{_any(TEXTS)}))"
    r"(?:\s*\{(?P<words>(?:[^{}\\$]|\\[_ ,])*)\}|\s+(?P<one>[A-Za-z])(?![A-Za-z])))"
    r"|(?P<command>\\(?:operatorname\*|[A-Za-z]+|.|\Z))"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
    r"|(?P<letters>[A-Za-z]+)"
    rf"|(?P<raised>[{RAISED}]+)"
    r"|(?P<sign>\$\$|\*\*|<=|>=|==|!=|:=|.)",
    re.DOTALL,
)
_DIRECTED = {"left|": "\\lvert", "right|": "\\rvert"}


@final
class Scanner:
    """A place in a text that moves forward."""

    def __init__(self, text: str, *, lines: bool) -> None:
        """The scanner at the start of *text*; with *lines*, statements end at line ends."""
        self.text = text
        self.at = 0
        """Where the next lexeme is looked for."""
        self.end = 0
        """Where the last lexeme taken ends."""
        self.depth = 0
        """How many groups, brackets and environments are open."""
        self.is_list = lines
        """Whether statements end at line ends."""
        self._nesting = 0
        self._next: Lexeme | None = None

    def peek(self) -> Lexeme:
        """The next lexeme that means something."""
        if self._next is None:
            self._next = self._look(self.at)
        return self._next

    def take(self) -> Lexeme:
        """The next lexeme; the scanner stands behind it."""
        lexeme = self.peek()
        self.move(lexeme.end)
        return lexeme

    def take_sign(self) -> Lexeme:
        """One digit, letter or sign, or one command: an argument without braces."""
        lexeme = self.take()
        if lexeme.kind in {"number", "letters"}:
            lexeme = lexeme._replace(text=lexeme.text[0], end=lexeme.start + 1)
            self.move(lexeme.end)
        return lexeme

    def move(self, at: int) -> None:
        """Stand at an offset of the text."""
        self.at = self.end = at
        self._next = None

    def follows(self, *texts: str) -> bool:
        """Whether the next lexeme is one of the texts."""
        return self.peek().text in texts

    def expect(self, closing: str, opening: Lexeme) -> Lexeme:
        """The lexeme *closing*, which must come next.

        Raises:
            FormulaError: If something else does.
        """
        lexeme = self.peek()
        if lexeme.text == closing:
            return self.take()
        if lexeme.kind == "end" or lexeme.text in {"&", "\\\\", "\\end"}:
            if closing == "|":
                hint = "write `\\lvert x \\rvert`, which can be paired in one way only"
                raise self.error("This bar is not closed.", opening, hint=hint)
            raise self.error("This bracket is not closed.", opening, hint=f"write `{closing}`")
        if lexeme.text == ",":
            raise stray_comma(self.text, lexeme.start)
        raise self.error(
            f"`{opening.text}` is closed by `{lexeme.text}`.", lexeme, hint=f"write `{closing}`"
        )

    def deeper(self) -> None:
        """Enter a group, in which a line end is a space; `shallower` leaves it."""
        self.depth += 1
        self._next = None
        self.enter()

    def shallower(self) -> None:
        """Leave a group; what was seen next is what closes it, whatever it means outside."""
        self.depth -= 1
        self.leave()

    def enter(self) -> None:
        """Enter what stands inside something else; `leave` leaves it.

        Raises:
            LimitError: If too much is nested.
        """
        self._nesting += 1
        if self._nesting > MOST_NESTING:
            raise LimitError(
                f"Brackets, signs and exponents may be nested {MOST_NESTING} deep at most.",
                text=self.text,
                start=min(self.at, len(self.text)),
                hint="give the inner parts names of their own",
            )

    def leave(self) -> None:
        """Leave what was entered."""
        self._nesting -= 1

    def error(self, problem: str, lexeme: Lexeme, *, hint: str = "") -> FormulaError:
        """The error about a lexeme, to be raised."""
        end = max(lexeme.end, lexeme.start + 1)
        return FormulaError(problem, text=self.text, start=lexeme.start, end=end, hint=hint)

    def refuse(self, lexeme: Lexeme) -> FormulaError:
        """The error about a sign without a meaning, to be raised."""
        return refuse_character(self.text, lexeme.start)

    def _look(self, at: int) -> Lexeme:
        length = len(self.text)
        while at < length:
            found = _LEXEME.match(self.text, at)
            assert found is not None  # the last branch matches any character
            end = found.end()
            kind = found.lastgroup or ""
            text = found.group()
            if found["fence"] is not None and not found["delimiter"]:
                lexeme = Lexeme("command", text.strip(), at, end)
                raise self.error("A bracket is missing behind this command.", lexeme)
            if found["fence"] is not None:
                return Lexeme("sign", _fence(found["size"], found["delimiter"]), at, end)
            if found["worded"] is not None:
                words = re.sub(r"\\_", "_", found["words"] or found["one"] or "")
                words = " ".join(re.sub(r"\\[ ,]|~", " ", words).split())
                kind = "upright" if found["upright"] is not None else "text"
                return Lexeme(kind, text, at, end, words)
            if kind == "space" or text in SPACES:
                if self.is_list and self.depth == 0 and ("\n" in text or "\r" in text):
                    return Lexeme("break", "\n", at, end)
                at = end
                continue
            if kind == "sign" and text == ";" and self.is_list and self.depth == 0:
                return Lexeme("break", ";", at, end)
            return Lexeme(kind, SAME_FENCE.get(text, text), at, end)
        return Lexeme("end", "", length, length)


def _fence(size: str, delimiter: str) -> str:
    """One spelling for a bracket of any size: `\\bigl(` is `(`, and `\\left (` is `\\left(`."""
    delimiter = SAME_FENCE.get(delimiter, delimiter)
    side = {"l": "left", "r": "right"}.get(size[-1], "") if size not in {"left", "right"} else ""
    if size in {"left", "right", "middle"}:
        # A bar with a direction of its own is the same bar.
        delimiter = "|" if delimiter in {"\\lvert", "\\rvert"} else delimiter
        return f"\\{size}{delimiter}"
    if size.endswith("m"):
        return f"\\middle{delimiter}"
    return _DIRECTED.get(side + delimiter, delimiter)

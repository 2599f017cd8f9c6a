"""A cursor over the text of a network: blanks, words, values in brackets, and where they stand."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

from gradiometer.errors import FormulaError, LimitError, Place, suggest

MOST_CHARACTERS = 200_000
"""Characters of the text of one network."""
MOST_ITEMS = 20_000
"""Layers, repetitions and branches of one text; a repeated body counts once."""
MOST_NESTING = 32
"""Braces inside one another."""
MOST_BRACKETS = 60
"""Brackets inside one another in a value."""
MOST_VALUE = 4_000
"""Characters of one value."""
MOST_VALUES = 64
"""Values of one layer."""
MOST_NAME = 60
"""Characters of a name."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""A word: a kind of layer, a setting, the name of an item."""

_BLANK = re.compile(r"(?:[ \t\r\f\v]+|#[^\n]*)+")
_BLANK_LINES = re.compile(r"(?:\s+|#[^\n]*)+")
_MARK = re.compile(r"->|→|[;\n][;\s]*")
_SPECIAL = re.compile(r"->|#[^\n]*|[^A-Za-z0-9_.+\-*/^<>=!|?%≤≥≠−·\s]")
"""Where a value may end, and what has no meaning inside one."""
_SETTING = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*=(?!=)\s*")
_COMMENT = re.compile(r"#[^\n]*")

_REFUSED = {
    **dict.fromkeys("\"'`", ("Quotes have no meaning here.", "leave the quotes out")),
    **dict.fromkeys("[]", ("Square brackets have no meaning here.", "write `3x5` for two axes")),
    ":": ("A setting is written with `=`.", "write for example `stride=2`"),
    "×": ("A value has no `×`.", "write `3x5` for two axes and `*` for a product"),
}


class Value(NamedTuple):
    """One value between brackets, with its name if it has one."""

    name: str
    text: str
    start: int
    end: int


class Cursor:
    """A place in a text that moves forward; all errors about the text are made here."""

    def __init__(self, text: str, place: Place | None, *, most: int = MOST_CHARACTERS) -> None:
        self.text = text
        self.at = 0
        self._given = place or Place()
        self._lines = [0]
        if len(text) > most:
            problem = (
                f"The text of a network may have at most {most:,} characters; this one "
                f"has {len(text):,}."
            )
            hint = "write what comes again as `repeat 12 { … }`"
            raise LimitError(problem, text=text[:80], start=0, place=place, hint=hint)
        self._lines += [found.end() for found in re.finditer("\n", text)]

    def place(self, start: int) -> Place:
        """Line and column of an offset, counted from the place of the whole text."""
        line = bisect_right(self._lines, start)
        column = start - self._lines[line - 1] + 1
        if line == 1 and self._given.column is not None:
            column += self._given.column - 1
        return Place(self._given.source, (self._given.line or 1) + line - 1, column)

    def error(
        self,
        problem: str,
        start: int,
        end: int | None = None,
        *,
        hint: str = "",
        known: tuple[str, ...] = (),
    ) -> FormulaError:
        """An error about the text from *start* to *end*."""
        return FormulaError(
            problem,
            text=self.text,
            start=start,
            end=end if end is not None else start + 1,
            place=self.place(start),
            hint=hint,
            known=known,
        )

    def unknown(
        self, problem: str, start: int, end: int, *, known: tuple[str, ...]
    ) -> FormulaError:
        """An error about a word that is none of *known*, with the nearest of them."""
        nearest = suggest(self.text[start:end][:MOST_NAME], known)
        hint = f"write `{nearest}`" if nearest else ""
        return self.error(problem, start, end, hint=hint, known=known)

    def limit(
        self, problem: str, start: int, end: int | None = None, *, hint: str = ""
    ) -> LimitError:
        """An error about something that is larger than a stated limit."""
        stop = end if end is not None else start + 1
        place = self.place(start)
        return LimitError(problem, text=self.text, start=start, end=stop, place=place, hint=hint)

    def skip(self, *, lines: bool = False) -> str:
        """The next character behind blanks and comments, and behind ends of lines if asked."""
        found = (_BLANK_LINES if lines else _BLANK).match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.text[self.at : self.at + 1]

    def mark(self) -> str:
        """`->`, or `;` for that and for ends of lines, where one stands between items here."""
        found = _MARK.match(self.text, self.at)
        if not found:
            return ""
        self.at = found.end()
        return "->" if found.group() in {"->", "→"} else ";"

    def word(self) -> str:
        """The word that begins here; empty if none does."""
        found = NAME.match(self.text, self.at)
        if not found:
            return ""
        if len(found.group()) > MOST_NAME:
            problem = f"A name may have at most {MOST_NAME} characters."
            raise self.limit(problem, self.at, found.end())
        self.at = found.end()
        return found.group()

    def values(self) -> list[Value]:
        """The values between the bracket that opens here and the one that closes it."""
        found: list[Value] = []
        opened = start = self.at
        depth = 0
        position = self.at
        while match := _SPECIAL.search(self.text, position):
            sign, position = match.group(), match.end()
            if sign[0] == "#":
                continue
            if sign == "(":
                depth += 1
                start = position if depth == 1 else start
                if depth > MOST_BRACKETS:
                    problem = f"At most {MOST_BRACKETS} brackets may stand inside one another."
                    raise self.limit(problem, match.start())
            elif sign == ")" and depth > 1:
                depth -= 1
            elif sign in {",", ")"}:
                if depth == 1:
                    self._add(found, start, match.start(), last=sign == ")")
                    start = position
                if sign == ")":
                    self.at = position
                    return found
            else:
                raise self._refuse(sign, match.start(), opened)
        raise self.error("This bracket is not closed.", opened, hint="write `)` behind the values")

    def _add(self, found: list[Value], start: int, end: int, *, last: bool) -> None:
        written = self.text[start:end]
        text = " ".join(_COMMENT.sub(" ", written).split())
        left = start + len(written) - len(written.lstrip())
        if not text and last and not found:
            return
        name = _SETTING.match(text)
        value = text[name.end() :] if name else text
        if not value:
            problem = f"`{name.group(1)}` has no value." if name else "A value is missing here."
            raise self.error(problem, min(left, end), max(end, left + 1))
        if len(value) > MOST_VALUE:
            raise self.limit(f"A value may have at most {MOST_VALUE:,} characters.", left, end)
        if len(found) >= MOST_VALUES:
            raise self.limit(f"A layer may have at most {MOST_VALUES} values.", left, end)
        stop = start + len(written.rstrip())
        found.append(Value(name.group(1) if name else "", value, left, stop))
        self._check_order(found)

    def _check_order(self, found: list[Value]) -> None:
        """Refuse a setting that comes twice, and a value without a name behind one with a name."""
        value = found[-1]
        if not value.name:
            if len(found) > 1 and found[-2].name:
                problem = f"`{shorten(value.text)}` has no name and stands behind a named value."
                hint = "write values without a name first"
                raise self.error(problem, value.start, value.end, hint=hint)
            return
        if len(value.name) > MOST_NAME:
            problem = f"A name may have at most {MOST_NAME} characters."
            raise self.limit(problem, value.start, value.end)
        if any(other.name == value.name for other in found[:-1]):
            problem = f"`{value.name}` is given twice."
            raise self.error(problem, value.start, value.end, hint=f"give `{value.name}` once")

    def _refuse(self, sign: str, at: int, opened: int) -> FormulaError:
        """The error about a character that no value has."""
        if sign in {"->", ";", "{", "}"}:
            hint = "write `)` behind the values"
            problem = f"This bracket is not closed before `{sign}`."
            return self.error(problem, opened, hint=hint)
        problem, hint = _REFUSED.get(sign, (f"{name_character(sign)} has no meaning here.", ""))
        return self.error(problem, at, hint=hint)


def shorten(text: str) -> str:
    """The text, cut where it is too long for a sentence."""
    return text if len(text) <= 40 else text[:39] + "…"


def name_character(sign: str) -> str:
    """The character in backticks, or its number where it cannot be shown.

    Example:
        >>> name_character("!"), name_character(chr(0))
        ('`!`', 'The character U+0000')
    """
    return f"`{sign}`" if sign.isprintable() else f"The character U+{ord(sign):04X}"


def is_name(text: str) -> bool:
    """Whether *text* may be the name of an item, a setting or a kind of layer.

    Example:
        >>> is_name("batch_norm"), is_name("batch-norm")
        (True, False)
    """
    return len(text) <= MOST_NAME and NAME.fullmatch(text) is not None


def is_value(text: str, *, named: bool = False) -> bool:
    """Whether a value written as *text* is read back as *text*.

    Args:
        text: The value alone.
        named: Whether it belongs to a setting; only such a value may hold a single `=`.

    Example:
        >>> is_value("2*(n + 1)"), is_value("a, b"), is_value("a=b"), is_value("a=b", named=True)
        (True, False, False, True)
    """
    if len(text) > MOST_VALUE:
        return False
    try:
        values = Cursor(f"(value={text})" if named else f"({text})", None).values()
    except FormulaError:
        return False
    return len(values) == 1 and values[0].text == text

r"""LaTeX in, the plain spelling of the same formula out, with the place of every piece.

A text is LaTeX when it holds a backslash, a curly bracket or a `$`. Only the shape of the page is
read here: groups, brackets, fractions, roots, cases and the arguments of functions. What the plain
spelling means, and every limit on it, is left to the one reader of both.

- A superscript, a subscript and an argument without braces is one sign: `e^3x` is e^3 times x.
- Letters in a row are a product, unless the word is a name that is given, a function or a constant.
- A function without brackets takes the factors behind it: `\ln 3x` is ln(3x), `\tanh x + 1` ends.
- What could be meant otherwise is noted as read, or refused where no reading is the usual one.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import final

from gradiometer.errors import FormulaError, unknown_name
from gradiometer.formula.latex_calls import read_call
from gradiometer.formula.latex_cases import ROW_WORDS, read_cases
from gradiometer.formula.latex_names import read_letter, read_upright, read_word
from gradiometer.formula.latex_scan import Lexeme, Scanner
from gradiometer.formula.latex_scripts import read_exponent, read_fraction, read_root
from gradiometer.formula.latex_slopes import read_fraction_slope, read_inline_slope
from gradiometer.formula.latex_words import (
    CALLED,
    CLOSERS,
    FENCES,
    FRACTIONS,
    KNOWN_COMMANDS,
    LETTERS,
    OPERATORS,
    REFUSED,
    TEXTS,
    UPRIGHT,
)
from gradiometer.formula.scope import Scope
from gradiometer.formula.source import Piece, bracketed, enclosed, is_name
from gradiometer.formula.tokens import GREEK, WORDS

_EXPONENT = re.compile(r"[eE][+\-−]?[0-9]")
_DECIMAL = re.compile(r"\.[0-9]")


@final
class Translator:
    """One LaTeX text being read; its parts are read by the modules named `latex_…`."""

    def __init__(
        self, text: str, scope: Scope, *, lines: bool, slopes: Collection[str] | None
    ) -> None:
        """The translator at the start of *text*.

        Args:
            text: The text as written.
            scope: The names that mean something.
            lines: Whether a line end, `;` or a double backslash ends a statement.
            slopes: Names whose derivatives may be written as quotients; None for none.
        """
        self.text = text
        self.scope = scope
        self.slopes = slopes
        self.scan = Scanner(text, lines=lines)
        self.is_interval = False
        """Whether ends of an interval are read, which may be infinite."""
        self.notes: list[str] = []

    def sequence(self, *, bar: bool = False) -> list[Piece]:
        """What stands in a group, up to what closes it; *bar* when a bar does."""
        self.scan.deeper()
        pieces = self.run(bar=bar)
        self.scan.shallower()
        return pieces

    def run(self, *, bar: bool = False) -> list[Piece]:
        """Operands and the signs between them, up to what closes the whole."""
        pieces: list[Piece] = []
        operand = False
        while True:
            lexeme = self.scan.peek()
            if self._ends(lexeme) or (bar and operand and lexeme.text == "|"):
                return pieces
            sign = self._sign(lexeme)
            if sign is not None:
                self.scan.take()
                pieces.append(Piece(sign, lexeme.start, lexeme.end))
                operand = False
                continue
            if lexeme.kind == "text":
                self._comment(lexeme)
                continue
            if lexeme.text == ".":
                self._full_stop()
                continue
            factor = self.factor()
            if operand and factor:
                self.join(pieces, factor, lexeme)
            else:
                pieces.extend(factor)
            operand = operand or bool(factor)

    def factor(self) -> list[Piece]:
        """An operand with its scripts, or nothing for `{}`."""
        lexeme = self.scan.peek()
        slope = read_inline_slope(self)
        if slope is not None:
            return self.powered(slope)
        if lexeme.kind == "letters":
            return read_word(self)
        if lexeme.kind == "upright":
            return read_upright(self)
        if lexeme.text in LETTERS or lexeme.text in GREEK:
            return read_letter(self)
        if lexeme.text in CALLED:
            return read_call(self, CALLED[lexeme.text], self.scan.take())
        return self.powered(self.atom())

    def atom(self) -> list[Piece]:
        """An operand without its scripts, other than a name."""
        lexeme = self.scan.peek()
        text = lexeme.text
        if lexeme.kind == "number":
            return [self._number(self.scan.take())]
        if text == "{":
            opening, pieces, closing = self.group()
            return bracketed(pieces, opening.start, closing.end) if pieces else []
        if text in FENCES:
            return self.bracket()
        if text == "|":
            return self._bars()
        if text in FRACTIONS:
            return read_fraction_slope(self) or read_fraction(self)
        if text == "\\sqrt":
            return read_root(self)
        if text == "\\begin":
            return read_cases(self)
        if text == "\\infty":
            if not self.is_interval:
                hint = "write a finite number"
                raise self.scan.error("Infinity is no number here.", lexeme, hint=hint)
            self.scan.take()
            return [Piece("oo", lexeme.start, lexeme.end)]
        if text == "√":
            self.scan.take()
            return [Piece("√", lexeme.start, lexeme.end), *self.argument(lexeme)]
        raise self.unreadable(lexeme)

    def group(self) -> tuple[Lexeme, list[Piece], Lexeme]:
        """The opening brace, what stands in the braces, and the closing one."""
        opening = self.scan.take()
        pieces = self.sequence()
        closing = self.scan.expect("}", opening)
        if len(pieces) == 1 and pieces[0].text == ",":
            raise self.scan.error(
                "A comma is no decimal point here.",
                Lexeme("sign", "", opening.start, closing.end),
                hint="write decimals with a point, such as 0.1",
            )
        return opening, pieces, closing

    def bracket(self) -> list[Piece]:
        """What stands in brackets of any shape, in round ones."""
        opening = self.scan.take()
        if opening.text == "\\left\\{" and self.scan.follows("\\begin"):
            pieces = read_cases(self)
            if self.scan.follows("\\right."):
                self.scan.take()
                return pieces
            raise self.scan.error("These cases are not closed.", opening, hint="write `\\right.`")
        closing, function = FENCES[opening.text]
        inner = self.sequence()
        end = self.scan.expect(closing, opening)
        pieces = [Piece("(", opening.start, opening.end), *inner, Piece(")", end.start, end.end)]
        self._refuse_point(opening)
        if not function:
            return pieces
        return [Piece(function, opening.start, opening.end), *pieces]

    def argument(self, owner: Lexeme) -> list[Piece]:
        """The argument of a command: a group, or one sign."""
        lexeme = self.scan.peek()
        if lexeme.text == "{":
            opening, pieces, closing = self.group()
            if not pieces:
                raise self.scan.error(f"This argument of `{owner.text}` is empty.", opening)
            return bracketed(pieces, opening.start, closing.end)
        if lexeme.kind in {"number", "letters"}:
            sign = self.scan.take_sign()
            return [Piece(sign.text, sign.start, sign.end)]
        if lexeme.text in LETTERS or lexeme.text in GREEK:
            self.scan.take()
            return [Piece(LETTERS.get(lexeme.text, lexeme.text), lexeme.start, lexeme.end)]
        if lexeme.kind == "upright":
            return read_upright(self, scripts=False)
        if lexeme.text in FRACTIONS or lexeme.text == "\\sqrt":
            self.scan.enter()
            pieces = self.atom()
            self.scan.leave()
            return pieces
        raise self.scan.error(
            f"An argument of `{owner.text}` is missing.", owner, hint="write it in curly brackets"
        )

    def powered(self, base: list[Piece]) -> list[Piece]:
        """The operand with the power that follows it."""
        pieces = base
        while base:
            lexeme = self.scan.peek()
            if lexeme.text == "^":
                if pieces is not base:
                    raise self.double(lexeme)
                pieces = [*base, *read_exponent(self)]
            elif lexeme.kind == "raised":
                if pieces is not base:
                    raise self.double(lexeme)
                self.scan.take()
                pieces = [*base, Piece(lexeme.text, lexeme.start, lexeme.end)]
            elif lexeme.text in {"_", "'", "’", "′"}:
                what = "subscript" if lexeme.text == "_" else "prime"
                raise self.scan.error(
                    f"This {what} does not stand behind a name.",
                    lexeme,
                    hint="write such as `x_{1}`" if lexeme.text == "_" else "write such as `f'(x)`",
                )
            else:
                break
        return pieces

    def note(self, sentence: str) -> None:
        """Say once how something was read."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def double(self, lexeme: Lexeme) -> FormulaError:
        """The error about a second script on one sign, to be raised."""
        return self.scan.error(
            "How these scripts belong together is not clear.",
            lexeme,
            hint="put curly brackets round the inner power, such as `x^{2^3}`",
        )

    def unreadable(self, lexeme: Lexeme) -> FormulaError:
        """The error about a lexeme that begins no operand, to be raised."""
        text = lexeme.text
        if text in REFUSED:
            problem, hint = REFUSED[text]
            return self.scan.error(f"{problem}.", lexeme, hint=hint)
        if text in UPRIGHT or text in TEXTS:
            return self.scan.error(
                f"`{text}` takes letters in curly brackets.", lexeme, hint=f"write `{text}{{name}}`"
            )
        if text in KNOWN_COMMANDS or text in {"^", "_"}:
            return self.scan.error(f"A number or a name is missing before `{text}`.", lexeme)
        if lexeme.kind == "command" and len(text) > 1 and text[1:].isalpha():
            error = unknown_name(
                text, KNOWN_COMMANDS, problem=f"Unknown command `{text}`.",
                text=self.text, start=lexeme.start, end=lexeme.end,
            )  # fmt: skip
            error.known = ()
            return error
        if text[0] == "\\" and len(text) > 1:
            return self.scan.error(f"`{text}` has no meaning here.", lexeme)
        return self.scan.refuse(lexeme)

    def _ends(self, lexeme: Lexeme) -> bool:
        text = lexeme.text
        if lexeme.kind in {"end", "break"} or text in CLOSERS or lexeme.words in ROW_WORDS:
            return True
        return text.startswith("\\right") and not text[6:7].isalpha()

    def _sign(self, lexeme: Lexeme) -> str | None:
        """The plain spelling of what stands between operands, or None."""
        if lexeme.text in WORDS or lexeme.kind in {"text", "upright"}:
            words = lexeme.words or lexeme.text
            return words if words in WORDS else None
        return OPERATORS.get(lexeme.text)

    def join(self, pieces: list[Piece], factor: list[Piece], lexeme: Lexeme) -> bool:
        """Add a factor that follows without a sign; whether it is the argument of the name before.

        A name directly before a bracket may be a function, which the scope decides; a name above
        the line, or before a bracket that was not written, is none.
        """
        last = pieces[-1]
        if is_name(last.text) and factor[0].text == "(":
            raised = [piece.text for piece in pieces[-3:-1]]
            if lexeme.text in FENCES and raised[-1:] != ["^"] and raised != ["^", "-"]:
                # Space between a name and its bracket means nothing on the page.
                pieces[-1] = last._replace(end=lexeme.start)
                pieces += factor
                if last.text == "σ" and self.scope.function("σ") == "sigmoid":
                    self.note("`\\sigma` is read as the sigmoid function 1/(1 + e^(-x)).")
                return True
            pieces[-1:] = enclosed([last], last.start, last.end)
        pieces.append(Piece("*", lexeme.start, lexeme.start))
        pieces += factor
        return False

    def _comment(self, lexeme: Lexeme) -> None:
        """Pass over words at the end of a statement.

        Raises:
            FormulaError: If they stand elsewhere, or look like more than words.
        """
        self.scan.take()
        while self.scan.follows(".", ","):
            self.scan.take()
        following = self.scan.peek()
        if following.kind not in {"end", "break", "text"} and following.text not in CLOSERS:
            raise self.scan.error(
                "Words have no meaning in a formula.",
                lexeme,
                hint="leave them out, and give conditions as assumptions",
            )
        if not all(sign.isalpha() or sign in " ,.;:!?()-'" for sign in lexeme.words):
            raise self.scan.error(
                "These words hold mathematics, which would be lost.",
                lexeme,
                hint="give conditions as assumptions, or write them outside of the words",
            )
        self.note(f"The words `{lexeme.words}` are not read.")

    def _full_stop(self) -> None:
        """Pass over the full stop at the end of a sentence."""
        stop = self.scan.take()
        following = self.scan.peek()
        if following.kind not in {"end", "break"} and following.text not in CLOSERS:
            raise self.scan.refuse(stop)

    def _number(self, lexeme: Lexeme) -> Piece:
        behind = self.text[lexeme.end : lexeme.end + 3]
        if _EXPONENT.match(behind):
            raise self.scan.error(
                "In LaTeX this is a product with `e`, and it looks like a power of ten.",
                Lexeme("number", "", lexeme.start, lexeme.end + 2),
                hint=f"write `{lexeme.text} \\cdot 10^{{…}}`, or `{lexeme.text} \\cdot e`",
            )
        return Piece(lexeme.text, lexeme.start, lexeme.end)

    def _bars(self) -> list[Piece]:
        opening = self.scan.take()
        self._refuse_point(opening)
        inner = self.sequence(bar=True)
        closing = self.scan.expect("|", opening)
        self._refuse_point(opening)
        return [
            Piece("|", opening.start, opening.end),
            *inner,
            Piece("|", closing.start, closing.end),
        ]

    def _refuse_point(self, opening: Lexeme) -> None:
        """Refuse a bracket with a subscript: the value at a point is written differently."""
        if self.scan.follows("_"):
            problem, hint = REFUSED["\\left."]
            lexeme = self.scan.peek()
            raise self.scan.error(f"{problem}.", opening._replace(end=lexeme.end), hint=hint)

r"""Powers, fractions and roots in LaTeX, and how far an argument without braces reaches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradiometer.formula.latex_scan import Lexeme
from gradiometer.formula.source import Piece, bracketed, enclosed

if TYPE_CHECKING:
    from gradiometer.formula.latex_read import Translator

_DECIMAL = re.compile(r"\.[0-9]")


def read_exponent(translator: Translator) -> list[Piece]:
    """The sign `^` and what it raises."""
    caret = translator.scan.take()
    power = Piece("^", caret.start, caret.end)
    first = translator.scan.peek()
    if first.text in {"-", "−"}:
        translator.scan.take()
        inner = translator.argument(caret)
        written = translator.text[caret.start : translator.scan.end]
        reading = translator.text[first.start : translator.scan.end]
        _check_reach(translator, caret)
        translator.note(f"`{written}` is read as `^{{{reading}}}`.")
        return [power, Piece("-", first.start, first.end), *inner]
    if first.text == "(":
        inner = translator.bracket()
        written = translator.text[caret.start : translator.scan.end]
        reading = translator.text[first.end : translator.scan.end - 1]
        translator.note(f"`{written}` is read as `^{{{reading}}}`.")
        return [power, *inner]
    if first.text in {"*", "\\ast", "\\star"}:
        raise translator.scan.error("A star above the line has no meaning.", first)
    inner = translator.argument(caret)
    if first.text != "{":
        _check_reach(translator, caret)
    return [power, *inner]


def read_fraction(translator: Translator) -> list[Piece]:
    """A fraction as one operand."""
    command = translator.scan.take()
    top, bottom = translator.argument(command), translator.argument(command)
    quotient = [*top, Piece("/", command.start, command.end), *bottom]
    return bracketed(quotient, command.start, translator.scan.end)


def read_root(translator: Translator) -> list[Piece]:
    """A root; one of a higher order is a power, which has no value below 0."""
    command = translator.scan.take()
    order: list[Piece] = []
    if translator.scan.follows("["):
        opening = translator.scan.take()
        order = translator.sequence()
        translator.scan.expect("]", opening)
        if not order:
            raise translator.scan.error("The order of this root is missing.", opening)
    inner = translator.argument(command)
    start, end = command.start, translator.scan.end
    if not order or [piece.text for piece in order] == ["2"]:
        return [Piece("sqrt", start, command.end), *enclosed(inner, start, end)]
    written = translator.text[start:end]
    translator.note(
        f"`{written}` is read as a power, which has no value where its base is negative."
    )
    one = [Piece("1", start, start), Piece("/", start, start), *bracketed(order, start, end)]
    power = [
        *bracketed(inner, start, end),
        Piece("^", start, start),
        *enclosed(one, start, end),
    ]
    return bracketed(power, start, end)


def _check_reach(translator: Translator, caret: Lexeme) -> None:
    """Refuse or note a script without braces that seems to go on.

    Raises:
        FormulaError: If a second digit follows.
    """
    end = translator.scan.end
    last, following = translator.text[end - 1 : end], translator.text[end : end + 1]
    if last.isdigit() and (following.isdigit() or _DECIMAL.match(translator.text, end)):
        raise translator.scan.error(
            f"In LaTeX only the `{last}` belongs to `{caret.text}` here.",
            Lexeme("sign", "", caret.start, end + 1),
            hint=f"write `{caret.text}{{{last}{following}…}}`, or `\\cdot` for a product",
        )
    if last.isalpha() and following.isalpha() and translator.text[end - 2 : end - 1] == caret.text:
        script = translator.text[caret.start : end]
        translator.note(f"`{script}{following}` is read as `{script} {following}`, a product.")

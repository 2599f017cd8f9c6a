r"""Derivatives written as quotients: `\frac{dc}{da}`, `\partial c/\partial a`.

One that can be read becomes the plain `dc/da`, which a statement replaces by what it means; any
other one is refused, so that it never passes for a quotient of products.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradiometer.errors import suggest, unknown_name
from gradiometer.formula.latex_names import read_bare
from gradiometer.formula.latex_words import FENCES
from gradiometer.formula.source import Piece

if TYPE_CHECKING:
    from gradiometer.formula.latex_read import Translator
    from gradiometer.formula.latex_scan import Lexeme

_D = (
    r"(?:d|∂|\\partial(?![A-Za-z])|\\(?:mathrm|text|textrm|operatorname|mathit)"
    r"(?:\s*\{\s*d\s*\}|\s+d(?![A-Za-z])))"
)
_N = (
    r"(?:\\(?:mathrm|operatorname|mathit|text)\s*\{[^{}]*\}|\\(?!partial|d?frac|left)[A-Za-z]+"
    r"|[A-Za-z]+|[α-ωΑ-Ω])(?:\s*_\s*(?:\{(?:[^{}]|\{[^{}]*\})*\}|[A-Za-z0-9]))?"
)
_SPACE = r"(?:\s|\\[,;:! ])*"
_FRACTION = re.compile(
    rf"\\[dtc]?frac{_SPACE}\{{\s*(?P<top>{_D}){_SPACE}(?P<of>{_N})\s*\}}"
    rf"{_SPACE}\{{\s*(?P<bottom>{_D}){_SPACE}(?P<by>{_N})\s*\}}"
)
_INLINE = re.compile(
    rf"(?P<top>{_D}){_SPACE}(?P<of>{_N}){_SPACE}/{_SPACE}"
    rf"(?P<bottom>{_D}){_SPACE}(?P<by>{_N})(?![A-Za-z0-9_])"
)
_INSIDE = r"(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*"
_OTHER = re.compile(
    rf"\\[dtc]?frac{_SPACE}(?:\{{\s*{_D}\s*\}}|{_D}(?![A-Za-z])|\{{\s*{_D}{_SPACE}\^{_INSIDE}\}}"
    rf"|\{{\s*{_D}{_SPACE}{_N}\s*(?:\\left\s*)?\({_INSIDE}\}})"
    rf"{_SPACE}\{{\s*{_D}{_SPACE}{_N}{_INSIDE}\}}"
)
_BEGINS = frozenset({"\\partial", "∂"})


def read_fraction_slope(translator: Translator) -> list[Piece] | None:
    """The derivative that the fraction here writes, or None when it is a quotient."""
    scan = translator.scan
    lexeme = scan.peek()
    found = _FRACTION.match(scan.text, lexeme.start)
    if found is not None:
        return _slope(translator, found, lexeme)
    other = _OTHER.match(scan.text, lexeme.start)
    if other is not None and not _is_letter_given(translator, other.group()):
        raise scan.error(
            "This derivative is not read in this form.",
            lexeme._replace(end=other.end()),
            hint="write `f'(x)` or `f''(x)`, or `\\frac{dc}{da}` for two names",
        )
    return None


def read_inline_slope(translator: Translator) -> list[Piece] | None:
    """The derivative that `dc/da` here writes, or None."""
    scan = translator.scan
    lexeme = scan.peek()
    begins = (
        lexeme.text[0:1] == "d"
        if lexeme.kind == "letters"
        else (lexeme.text in _BEGINS or lexeme.words == "d")
    )
    if not begins:
        return None
    found = _INLINE.match(scan.text, lexeme.start)
    return None if found is None else _slope(translator, found, lexeme)


def _slope(translator: Translator, found: re.Match[str], lexeme: Lexeme) -> list[Piece] | None:
    scan, scope = translator.scan, translator.scope
    plain = found["top"] == "d" and found["bottom"] == "d"
    if plain and (scope.is_given(f"d{found['of']}") or scope.is_given(f"d{found['by']}")):
        return None
    whole = lexeme._replace(end=found.end())
    if plain and scope.is_given("d"):
        raise scan.error(
            "This may be a derivative or a quotient of products with `d`.",
            whole,
            hint="write `\\mathrm{d}` in the derivative, or `d \\cdot` in the products",
        )
    if (found["top"] == "d") != (found["bottom"] == "d") and "d" not in (
        found["top"][-2:-1] + found["bottom"][-2:-1]
    ):
        raise scan.error("This derivative mixes two signs.", whole, hint="write `\\frac{dc}{da}`")
    if translator.slopes is None:
        raise scan.error(
            "A derivative has no meaning in this place.",
            whole,
            hint="write its formula, or a product with a sign, such as `d \\cdot x`",
        )
    of, by = (_name(translator, found, part) for part in ("of", "by"))
    scan.move(found.end())
    if scan.peek().text in FENCES:
        raise scan.error(
            "This may be a derivative at a place or a product.",
            whole._replace(end=scan.peek().end),
            hint="write `f'(…)` for the derivative there, or `\\cdot` before the bracket",
        )
    start, end = lexeme.start, found.end()
    return [Piece("(", start, start), Piece(f"d{of}/d{by}", start, end), Piece(")", end, end)]


def _name(translator: Translator, found: re.Match[str], part: str) -> str:
    """The known name in a part of a derivative.

    Raises:
        UnknownNameError: If nobody defined it.
    """
    scan, known = translator.scan, translator.slopes or ()
    scan.move(found.start(part))
    name = read_bare(translator)
    if name in known and scan.end == found.end(part):
        return name
    written = found[part]
    error = unknown_name(
        written,
        sorted(known),
        problem=f"There is no `{written}` for the derivative `{found[0]}`.",
        text=translator.text,
        start=found.start(part),
        end=found.end(part),
    )
    near = suggest(written, known)
    error.hint = f"write `{near}`, or define `{written}`" if near else f"define `{written}`"
    raise error


def _is_letter_given(translator: Translator, text: str) -> bool:
    return "\\" not in text[5:] and translator.scope.is_given("d")

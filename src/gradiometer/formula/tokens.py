"""A formula's text as tokens with their places; Unicode signs become plain ones here."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from flint import fmpq

from gradiometer.errors import FormulaError, LimitError
from gradiometer.formula.limits import MOST_DECIMAL_EXPONENT, MOST_DIGITS, MOST_NAME


class Token(NamedTuple):
    """A piece of the text that has a meaning of its own."""

    kind: str
    """`number`, `name`, `raised` (a small number above the line), `end`, or the sign itself."""
    text: str
    """As written; for `raised` in plain digits."""
    start: int
    end: int


_LETTERS = "αβγδεζηθικλμνξορστυφχψωΓΔΘΛΞΠΣΥΦΨΩπϵϕϑ"
_WORDS = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron rho sigma",
    "tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega",
    "pi epsilon phi theta",
)
GREEK: dict[str, str] = dict(zip(_LETTERS, " ".join(_WORDS).split(), strict=True))
"""Greek letters and the words they stand for."""

_LOWERED = "₀₁₂₃₄₅₆₇₈₉"
RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"
"""Small digits above the line, and their minus."""
_PRIMES = "'′’"
_TO_PLAIN = str.maketrans({**dict(zip(_LOWERED, "0123456789", strict=True)), "′": "'", "’": "'"})
_TO_LINE = str.maketrans(dict(zip(RAISED, "0123456789-", strict=True)))

CASES = "⎧"
"""The sign that begins the rows of cases; the LaTeX front end writes it, and nobody types it."""

SIGNS: dict[str, str] = {
    CASES: "cases",
    **{sign: sign for sign in (*"+-*/^()|,√<>", "<=", ">=", "==", "!=")},
    **dict.fromkeys("×·⋅∗", "*"),
    **dict.fromkeys("÷∕", "/"),
    "**": "^",
    "=": "==",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "−": "-",
}
"""Signs of the text and what they mean."""

WORDS = frozenset({"and", "or", "not"})
"""Names that are signs."""

_GREEK_CLASS = "".join(GREEK)
NAME = re.compile(
    rf"(?:[A-Za-z][A-Za-z0-9_]*|[{_GREEK_CLASS}](?:[0-9]+|_[A-Za-z0-9]+)?)"
    rf"[{_LOWERED}]*[{_PRIMES}]*"
)
"""A name: a Greek letter is one by itself, so `λx` is λ times x."""

_TOKEN = re.compile(
    # The minus of an exponent may be the Unicode one: `1e−3` must not become e - 3.
    r"(?P<number>(?:[0-9]+(?:\.[0-9]+|\.(?![\w.]))?|\.[0-9]+)(?:[eE][+\-−]?[0-9]+)?)"
    rf"|(?P<name>{NAME.pattern})"
    rf"|(?P<sign>\*\*|<=|>=|==|!=|[{re.escape(''.join(s for s in SIGNS if len(s) == 1))}])"
    r"|(?P<space>\s+)"
    rf"|(?P<raised>⁻?[{RAISED[:-1]}]+)"
)

_REFUSED = {
    "\\": ("A backslash begins a LaTeX command, and none follows", "write such as `\\ln(x)`"),
    "[": ("Square brackets have no meaning here", "write round brackets"),
    "]": ("Square brackets have no meaning here", "write round brackets"),
    "{": ("Curly brackets have no meaning here", "write round brackets"),
    "}": ("Curly brackets have no meaning here", "write round brackets"),
    "'": ("A prime belongs directly behind a name", "leave out quotes; write `f'(x)` or `m'`"),
    '"': ("Quotes have no meaning in a formula", "leave them out"),
    "`": ("Quotes have no meaning in a formula", "leave them out"),
    ".": (
        "A point belongs between digits; nothing has attributes here",
        "write `0.5` for a number and `*` for a product",
    ),
    "_": ("A name begins with a letter", "write a letter before `_`, and `1000` for `1_000`"),
    "!": ("There are no factorials here", "write the product, or `!=` for different"),
    ";": ("One formula ends at `;`", "give one formula, or write assignments such as `y = x + 1`"),
    "#": ("`#` begins no comment here", "leave comments out"),
    "%": ("There are no percents here", "write `/100`"),
    "∞": ("Infinity is no number", "write it as the end of an interval only"),
}


def tokenize(text: str) -> list[Token]:
    """The tokens of *text*, closed by one of kind `end`; the length of the text is not checked.

    Raises:
        FormulaError: If a character has no meaning.
        LimitError: If a number or a name is longer than the limits allow.

    Example:
        >>> [token.kind for token in tokenize("3e^−x")]
        ['number', 'name', '^', '-', 'name', 'end']
    """
    tokens: list[Token] = []
    match = _TOKEN.match
    position = 0
    length = len(text)
    while position < length:
        found = match(text, position)
        if found is None:
            raise refuse_character(text, position)
        start, position = position, found.end()
        kind = found.lastgroup
        if kind == "space":
            continue
        written = found.group()
        if kind == "sign":
            kind = SIGNS[written]
        elif kind == "name":
            if written in WORDS:
                kind = written
            elif len(written) > MOST_NAME:
                problem = f"A name may have at most {MOST_NAME} characters."
                raise LimitError(problem, text=text, start=start, end=position)
        elif kind == "raised":
            written = written.translate(_TO_LINE)
            _check_number(written.lstrip("-"), text, start)
        else:
            _check_number(written, text, start)
        tokens.append(Token(str(kind), written, start, position))
    tokens.append(Token("end", "", length, length))
    return tokens


def plain_name(written: str) -> str:
    """The name in plain letters: Greek letters as words, lowered digits as digits.

    Example:
        >>> plain_name("β₁")
        'beta1'
    """
    if written.isascii():
        return written
    return GREEK.get(written[0], written[0]) + written[1:].translate(_TO_PLAIN)


def read_number(written: str) -> fmpq:
    """The exact value of a number token.

    Example:
        >>> read_number("2.5e-3")
        1/400
    """
    mantissa, _, exponent = written.replace("−", "-").replace("E", "e").partition("e")
    whole, _, places = mantissa.partition(".")
    power = int(exponent or 0) - len(places)
    digits = int(whole + places)
    return fmpq(digits * 10**power) if power >= 0 else fmpq(digits, 10**-power)


def _check_number(written: str, text: str, start: int) -> None:
    if len(written) <= 3:
        return
    mantissa, _, exponent = written.lower().partition("e")
    end = start + len(written)
    if len(mantissa.replace(".", "")) > MOST_DIGITS:
        problem = f"A number may have at most {MOST_DIGITS} digits."
        raise LimitError(problem, text=text, start=start, end=end)
    exponent = exponent.lstrip("+-−0")
    if exponent and (len(exponent) > 3 or int(exponent) > MOST_DECIMAL_EXPONENT):
        problem = f"The exponent of a number may be at most {MOST_DECIMAL_EXPONENT}."
        raise LimitError(problem, text=text, start=start, end=end)


def refuse_character(text: str, position: int) -> FormulaError:
    """The error about a character without a meaning, to be raised."""
    sign = text[position]
    if sign in _REFUSED:
        problem, hint = _REFUSED[sign]
        problem += "."
    else:
        name = unicodedata.name(sign, "").lower()
        shown = f"`{sign}` ({name})" if name else f"number {ord(sign)}"
        problem, hint = f"The character {shown} has no meaning in a formula.", ""
        if sign.isalpha():
            hint = "write names with Latin or Greek letters"
    return FormulaError(problem, text=text, start=position, end=position + 1, hint=hint)


def stray_comma(text: str, position: int) -> FormulaError:
    """The error about a comma that separates nothing, to be raised."""
    around = text[max(0, position - 1) : position + 2]
    decimal = around[:1].isdigit() and around[-1:].isdigit()
    hint = "write decimals with a point, such as 0.1" if decimal else ""
    if re.match(rf"\s*{NAME.pattern}\s*=(?!=)", text[position + 1 :]):
        hint = "end each assignment with `;`"
    return FormulaError(
        "A comma separates arguments, and there are none here.",
        text=text,
        start=position,
        end=position + 1,
        hint=hint,
    )

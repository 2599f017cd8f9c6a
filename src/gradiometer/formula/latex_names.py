r"""Names in LaTeX: letters in a row, subscripts, primes, upright words.

A subscript joins its letter: `x_1` and `x_{1}` are `x_1`, or `x1` where only that is given.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradiometer.errors import LimitError, suggest
from gradiometer.formula.latex_calls import read_call
from gradiometer.formula.latex_scripts import read_exponent
from gradiometer.formula.latex_words import LETTERS, REFUSED
from gradiometer.formula.limits import MOST_NAME
from gradiometer.formula.scope import Scope
from gradiometer.formula.source import Piece
from gradiometer.formula.tokens import GREEK, NAME, plain_name
from gradiometer.formula.tree import ALIASES, FUNCTIONS

if TYPE_CHECKING:
    from gradiometer.formula.latex_read import Translator
    from gradiometer.formula.latex_scan import Lexeme

_LONGER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PRIME = re.compile(r"\^\s*(?:\\prime(?![A-Za-z])|['′’]|\{\s*(?P<all>(?:(?:\\prime|['′’])\s*)+)\})")
_LOWER = re.compile(
    r"\s*(?:\{\s*(?:\\(?:mathrm|text|textrm|operatorname|mathit)\s*\{(?P<upright>[^{}]*)\}"
    r"|(?P<plain>[^{}]*))\s*\}|(?P<one>[A-Za-z0-9]|\\[A-Za-z]+|[^\x00-\x7f]))"
)
_BELOW = re.compile(r"[A-Za-z0-9]+(?:[_,][A-Za-z0-9]+)*")
_ORDER = re.compile(r"\^\s*\{\s*\(\s*[0-9a-z]+\s*\)\s*\}")
_NAMED = frozenset(name for name in (*FUNCTIONS, *ALIASES) if len(name) > 1)
_LIKELY_FUNCTIONS = frozenset("fghFGH")


def read_word(translator: Translator) -> list[Piece]:
    """Letters in a row: a name that means something, or a product of letters."""
    scan, scope = translator.scan, translator.scope
    lexeme = scan.peek()
    longer = _LONGER.match(scan.text, lexeme.start)
    if longer is not None and _is_known(scope, longer.group()):
        # What is given by its plain spelling may be written so: `learning_rate`, `v1`.
        scan.move(longer.end())
        return _scripted(translator, longer.group(), lexeme.start, given=True)
    word = lexeme.text
    if len(word) == 1:
        scan.take()
        return _scripted(translator, word, lexeme.start)
    if _is_known(scope, word) or scope.constant(word) is not None:
        scan.take()
        return _scripted(translator, word, lexeme.start)
    function = scope.function(word)
    if function is not None:
        return read_call(translator, word, scan.take())
    return _product(translator, lexeme)


def read_letter(translator: Translator) -> list[Piece]:
    """A Greek letter with its scripts."""
    lexeme = translator.scan.take()
    letter = LETTERS.get(lexeme.text, lexeme.text)
    if letter == "ε" and not translator.scope.is_given("ε") and translator.scope.is_given("eps"):
        letter = "eps"
    return _scripted(translator, letter, lexeme.start)


def read_upright(translator: Translator, *, scripts: bool = True) -> list[Piece]:
    r"""One name in a command such as `\mathrm`; a function with its argument.

    Raises:
        FormulaError: If it is no name.
    """
    scan, scope = translator.scan, translator.scope
    lexeme = scan.take()
    word = lexeme.words.replace(" ", "")
    if NAME.fullmatch(word) is None:
        raise scan.error("This is no name.", lexeme, hint="write letters, digits and `_` only")
    if not scripts:
        return [Piece(word, lexeme.start, lexeme.end)]
    if word == "d" and not scope.is_given("d"):
        problem, hint = REFUSED["\\partial"]
        raise scan.error(f"{problem}.", lexeme, hint=hint)
    if len(word) > 1 and not _is_known(scope, word):
        for spelled in (word, word.lower()):
            if scope.function(spelled) is not None:
                return read_call(translator, spelled, lexeme)
    return _scripted(translator, word, lexeme.start, given=_is_known(scope, word))


def read_bare(translator: Translator) -> str:
    """The name that stands here with its subscript, in plain letters, without more scripts."""
    scan = translator.scan
    lexeme = scan.take()
    stem = lexeme.words or LETTERS.get(lexeme.text, lexeme.text)
    stem = stem.replace(" ", "")
    below = _subscript(translator) if scan.follows("_") else ""
    names = translator.slopes or ()
    return next((name for name in _spellings(stem, below) if name in names), stem + below)


def _is_known(scope: Scope, name: str) -> bool:
    """Whether somebody defined the name; a function of the vocabulary is not meant."""
    return scope.is_given(name) or name in scope.functions


def _product(translator: Translator, lexeme: Lexeme) -> list[Piece]:
    """Letters in a row that are no word: a factor each, the last one with its scripts."""
    scan, word = translator.scan, lexeme.text
    if len(word) > MOST_NAME:
        problem = f"At most {MOST_NAME} letters may stand in a row."
        raise LimitError(problem, text=scan.text, start=lexeme.start, end=lexeme.end)
    for name in _NAMED:
        if word.endswith(name) or word.startswith(name):
            at = len(word) - len(name) if word.endswith(name) else 0
            before, behind = word[:at], word[at + len(name) :]
            raise scan.error(
                f"`{word}` would be a product of letters, and `{name}` is a function.",
                lexeme,
                hint=f"write `{before}{' ' * bool(before)}\\{name}({behind or '…'})`",
            )
    near = suggest(word, _NAMED) if scan.text[lexeme.end : lexeme.end + 1] == "(" else ""
    if near:
        raise scan.error(
            f"Unknown function `{word}`.",
            lexeme,
            hint=f"write `{near}(…)` for the function or `{' '.join(word)}` for a product",
        )
    pieces: list[Piece] = []
    for offset, letter in enumerate(word[:-1]):
        start = lexeme.start + offset
        pieces += [Piece(letter, start, start + 1), Piece("*", start + 1, start + 1)]
    scan.move(lexeme.end)
    translator.note(f"`{word}` is read as the product `{'*'.join(word)}`.")
    return pieces + _scripted(translator, word[-1], lexeme.end - 1)


def _scripted(translator: Translator, stem: str, start: int, *, given: bool = False) -> list[Piece]:
    """The name with its primes, its subscript and its power, in any order."""
    scan = translator.scan
    primes, below, end = "", "", scan.end
    power: list[Piece] = []
    while True:
        lexeme = scan.peek()
        raised = _PRIME.match(scan.text, lexeme.start)
        if lexeme.text in {"'", "’", "′"} or raised is not None:
            if power:
                raise translator.double(lexeme)
            count = 1
            if raised is not None:
                written = raised["all"] or "'"
                count = written.count("\\prime") + sum(written.count(sign) for sign in "'′’")
            primes += "'" * count
            scan.move(lexeme.end if raised is None else raised.end())
        elif lexeme.text == "_":
            if below:
                raise translator.double(lexeme)
            below = _subscript(translator)
        elif lexeme.text == "^" and not power:
            _check_power(translator, stem, lexeme)
            power = read_exponent(translator)
            continue
        else:
            break
        end = scan.end if not power else end
    if given and below:
        raise scan.error("A name that is given has no other subscript.", scan.peek())
    name = _resolve(translator.scope, stem, below) + primes
    return (
        translator.powered([Piece(name, start, end)])
        if not power
        else (_no_more_scripts(translator, [Piece(name, start, end), *power]))
    )


def _no_more_scripts(translator: Translator, pieces: list[Piece]) -> list[Piece]:
    lexeme = translator.scan.peek()
    if lexeme.text == "^" or lexeme.kind == "raised":
        raise translator.double(lexeme)
    return pieces


def _check_power(translator: Translator, stem: str, caret: Lexeme) -> None:
    """Refuse what looks like a derivative or an inverse function and would be read as a power."""
    scan = translator.scan
    order = _ORDER.match(scan.text, caret.start)
    if order is not None:
        raise scan.error(
            "A number in brackets above the line is an order of a derivative.",
            caret._replace(end=order.end()),
            hint=f"write `{stem}''(x)` for the derivative, or the power without brackets",
        )
    inverse = re.match(r"\^\s*\{\s*[-−]\s*1\s*\}\s*(?:\\left\s*)?\(", scan.text[caret.start :][:60])
    if inverse is not None and stem in _LIKELY_FUNCTIONS:
        raise scan.error(
            "This may be an inverse function or a quotient.",
            caret,
            hint=f"write `\\frac{{1}}{{{stem}(x)}}` for the quotient",
        )


def _subscript(translator: Translator) -> str:
    """What stands below the line, as the end of a name."""
    scan = translator.scan
    sign = scan.take()
    found = _LOWER.match(scan.text, scan.end)
    if found is None:
        raise scan.error("The subscript is missing.", sign, hint="write such as `x_{1}`")
    one = found["one"]
    written = (found["upright"] or found["plain"] or one or "").replace("\\_", "_")
    below = re.sub(r"\s+", "", written)
    below = GREEK.get(LETTERS.get(below, below), below)
    if _BELOW.fullmatch(below) is None:
        raise scan.error(
            "This subscript is no part of a name.",
            sign._replace(end=max(found.end(), sign.end)),
            hint="write letters or digits, such as `x_{1}` or `x_{\\mathrm{max}}`",
        )
    scan.move(found.end())
    following = scan.text[found.end() : found.end() + 1]
    if one is not None and one.isdigit() and following.isdigit():
        raise scan.error(
            f"In LaTeX only the `{one}` belongs to `_` here.",
            sign._replace(end=found.end() + 1),
            hint=f"write `_{{{one}{following}…}}`",
        )
    if one is not None and one.isalpha() and following.isalpha():
        translator.note(f"`_{one}{following}` is read as `_{{{one}}} {following}`, a product.")
    return below


def _spellings(stem: str, below: str) -> list[str]:
    """The plain names that a letter and its subscript may be."""
    if not below:
        return [stem, plain_name(stem)]
    joined = below.replace(",", "_")
    names = [f"{stem}_{joined}"]
    if below[0].isdigit():
        names.append(f"{stem}{joined}")
    return names + [plain_name(name) for name in names]


def _resolve(scope: Scope, stem: str, below: str) -> str:
    names = [name if NAME.fullmatch(name) else plain_name(name) for name in _spellings(stem, below)]
    if stem == "ε" and below:
        names += [f"eps_{below}", f"eps{below}"]
    return next((name for name in names if _is_known(scope, name)), names[0])

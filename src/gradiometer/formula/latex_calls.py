r"""Functions in LaTeX: `\ln x`, `\tanh^2(x)`, `\max\{0, x\}`, `\log_2 x`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradiometer.formula.latex_scripts import read_exponent
from gradiometer.formula.latex_words import CALLED, FENCES, FRACTIONS, LETTERS
from gradiometer.formula.source import Piece, enclosed, is_name
from gradiometer.formula.tokens import GREEK
from gradiometer.formula.tree import ALIASES, OPERATORS

if TYPE_CHECKING:
    from gradiometer.formula.latex_read import Translator
    from gradiometer.formula.latex_scan import Lexeme

_SIGNED = frozenset({"-", "−"})


def read_call(translator: Translator, function: str, head: Lexeme) -> list[Piece]:
    """The function whose name has just been read, with its argument, power and base."""
    scan = translator.scan
    power: list[Piece] = []
    base: list[Piece] = []
    while True:
        lexeme = scan.peek()
        if lexeme.text == "^" and not power:
            power = _power(translator, function, head)
        elif lexeme.text == "_" and not base and function == "log":
            scan.take()
            base = translator.argument(lexeme)
        elif lexeme.text in {"^", "_", "'", "’", "′"}:
            raise scan.error(
                f"`{head.text}` takes no such script.",
                lexeme,
                hint=f"define f(x) = {function}(x) and write `f'(x)` for a slope"
                if lexeme.text not in {"^", "_"}
                else f"write `{function}(…)`",
            )
        else:
            break
    opening = scan.peek()
    if opening.text in FENCES and not FENCES[opening.text][1]:
        inner, closed = translator.bracket(), True
        _note_decimal(translator, function, opening)
    elif opening.text == "{":
        brace, content, end = translator.group()
        inner, closed = enclosed(content, brace.start, end.end), True
        if _is_operand(translator):
            # On the page the brackets are not seen, and the argument seems to go on.
            written = translator.text[head.start : end.end]
            translator.note(f"The argument of `{written}` ends with its curly bracket.")
    else:
        inner, closed = _unbracketed(translator, function, head), False
    call = [Piece("ln" if base else function, head.start, head.end), *inner]
    if base:
        quotient = [*call, Piece("/", head.end, head.end), Piece("ln", head.end, head.end)]
        start, end_ = head.start, scan.end
        call = enclosed([*quotient, *enclosed(base, start, end_)], start, end_)
    if power:
        call = enclosed([*call, *power], head.start, scan.end)
    return _powered(translator, head, call) if closed and not power else call


def _power(translator: Translator, function: str, head: Lexeme) -> list[Piece]:
    r"""The power between a function and its argument; `\sin^{-1}` has two meanings."""
    caret = translator.scan.peek()
    power = read_exponent(translator)
    inner = power[2:] if power[1].text == "(" else power[1:]
    if inner[0].text in _SIGNED:
        inverse = f"`\\arc{function}`" if function in {"sin", "cos", "tan"} else "the inverse"
        raise translator.scan.error(
            f"`{head.text}` to a negative power may be a quotient or the inverse function.",
            caret._replace(start=head.start, end=translator.scan.end),
            hint=f"write `\\frac{{1}}{{{head.text}(x)}}` for the quotient, or {inverse}",
        )
    return power


def _powered(translator: Translator, head: Lexeme, call: list[Piece]) -> list[Piece]:
    """The call with a power behind its bracket, which is noted: it is the power of the value."""
    scan = translator.scan
    end = scan.end
    if not scan.follows("^"):
        return translator.powered(call)
    pieces = translator.powered(call)
    whole = translator.text[head.start : scan.end]
    value, power = translator.text[head.start : end], translator.text[end : scan.end]
    translator.note(f"`{whole}` is read as `({value}){power.strip()}`.")
    return pieces


def _unbracketed(translator: Translator, function: str, head: Lexeme) -> list[Piece]:
    """The factors that follow, as the argument, in brackets."""
    scan = translator.scan
    name = ALIASES.get(function, function)
    first = scan.peek()
    if name in OPERATORS and OPERATORS[name].arity != (1, 1):
        raise scan.error(
            f"The function `{head.text}` needs brackets.", head, hint=f"write `{head.text}(…)`"
        )
    sign: list[Piece] = []
    if first.text in _SIGNED:
        scan.take()
        sign = [Piece("-", first.start, first.end)]
    if not _is_operand(translator):
        raise scan.error(
            f"The function `{head.text}` needs an argument.", head, hint=f"write `{head.text}(x)`"
        )
    nested = _is_call(translator)
    scan.enter()
    pieces = translator.factor()
    doubtful = bool(sign) or (not nested and _is_power(pieces))
    while not nested and _is_operand(translator) and not _is_call(translator):
        following = scan.peek()
        factor = _next_factor(translator, head, pieces, first.start)
        doubtful = not translator.join(pieces, factor, following) or doubtful
    scan.leave()
    _note_reach(translator, head, first, doubtful=doubtful)
    return enclosed([*sign, *pieces], first.start, scan.end)


def _next_factor(
    translator: Translator, head: Lexeme, pieces: list[Piece], start: int
) -> list[Piece]:
    """One more factor of an argument without brackets.

    Raises:
        FormulaError: If it is a bracket, which could be a factor of the whole as well.
    """
    scan = translator.scan
    following = scan.peek()
    if following.text not in FENCES and following.text not in {"|", "{"}:
        return translator.factor()
    last = pieces[-1].text
    if following.text in FENCES and is_name(last) and translator.scope.function(last) is not None:
        return translator.powered(translator.bracket())
    argument = translator.text[start : following.start].strip()
    raise scan.error(
        f"How far the argument of `{head.text}` reaches is not clear.",
        following,
        hint=f"write `{head.text}({argument})` or put all of its argument in brackets",
    )


def _note_reach(translator: Translator, head: Lexeme, first: Lexeme, *, doubtful: bool) -> None:
    text, end = translator.text, translator.scan.end
    call = f"{text[head.start : head.end]}({text[first.start : end]})"
    following = translator.scan.peek().text
    if doubtful:
        translator.note(f"`{text[head.start : end]}` is read as `{call}`.")
    if following in {"/", "*", "\\cdot", "\\times", "\\div"}:
        translator.note(f"The argument of `{text[head.start : end]}` ends before `{following}`.")


def _is_operand(translator: Translator) -> bool:
    """Whether what follows is a factor of the argument, or would be."""
    lexeme = translator.scan.peek()
    if lexeme.kind in {"number", "letters", "upright"}:
        return lexeme.text not in {"and", "or", "not"} and lexeme.words not in {"and", "or", "not"}
    known = lexeme.text in LETTERS or lexeme.text in FRACTIONS or lexeme.text in CALLED
    return (
        known
        or lexeme.text in GREEK
        or lexeme.text in FENCES
        or (lexeme.text in {"|", "{", "\\sqrt", "√", "\\begin", "\\partial"})
    )


def _is_call(translator: Translator) -> bool:
    """Whether a function of the vocabulary follows, whose own argument comes next."""
    lexeme = translator.scan.peek()
    if lexeme.text in CALLED:
        return True
    words = lexeme.words if lexeme.kind == "upright" else lexeme.text
    if lexeme.kind not in {"letters", "upright"} or len(words) < 2:
        return False
    scope = translator.scope
    known = (scope.function(word) for word in (words, words.lower()))
    return not scope.is_given(words) and words not in scope.functions and any(known)


def _is_power(pieces: list[Piece]) -> bool:
    depth = 0
    for piece in pieces:
        depth += (piece.text == "(") - (piece.text == ")")
        if depth == 0 and piece.text == "^":
            return True
    return False


def _note_decimal(translator: Translator, function: str, opening: Lexeme) -> None:
    """Note a comma between digits where any number of arguments would do."""
    if OPERATORS.get(function) is None or OPERATORS[function].arity[1] is not None:
        return
    written = translator.text[opening.start : translator.scan.end]
    for at in range(1, len(written) - 1):
        if written[at] == "," and written[at - 1].isdigit() and written[at + 1].isdigit():
            near = written[at - 1 : at + 2]
            translator.note(f"The comma in `{near}` is read as separating two arguments.")
            return

r"""Cases in LaTeX: rows of a value and a condition, in any of the usual layouts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradiometer.errors import FormulaError
from gradiometer.formula.source import Piece
from gradiometer.formula.tokens import CASES

if TYPE_CHECKING:
    from gradiometer.formula.latex_read import Translator
    from gradiometer.formula.latex_scan import Lexeme

_IF = frozenset({"if", "for", "when", "where", "falls", "if and only if", "as long as"})
_ELSE = frozenset({"otherwise", "else", "otherwise."})
ROW_WORDS = _IF | _ELSE
"""Words that stand between a value and its condition, or instead of a condition."""

NAME = re.compile(r"\s*\{\s*(?P<name>[A-Za-z]*\*?)\s*\}")
"""The name of an environment, behind `\\begin` or `\\end`."""
_ENVIRONMENTS = frozenset({"cases", "dcases", "rcases", "cases*", "dcases*", "array"})
_COLUMNS = re.compile(r"\s*(?:\[[tcb]\]\s*)?\{(?:[^{}]|\{[^{}]*\})*\}")
_ROW_END = re.compile(r"\s*\[[0-9.]+\s*(?:pt|em|ex|mm|cm|in|mu)\]")


def read_cases(translator: Translator) -> list[Piece]:
    r"""The environment that begins here, as a call of the sign for cases."""
    scan = translator.scan
    opening = scan.take()
    name = _name(translator, opening)
    if name not in _ENVIRONMENTS:
        raise scan.error(
            f"The environment `{name}` is not read.",
            opening,
            hint="write `\\begin{cases} … \\end{cases}` for a function with branches",
        )
    columns = _COLUMNS.match(scan.text, scan.end) if name == "array" else None
    if columns is not None:
        scan.move(columns.end())
    scan.deeper()
    pieces: list[Piece] = []
    while True:
        row, is_last = _row(translator, opening)
        if row:
            pieces += [*([Piece(",", row[0].start, row[0].start)] if pieces else []), *row]
        if scan.follows("\\end"):
            break
        if is_last:
            raise scan.error(
                "A row follows the one for all other values.",
                scan.peek(),
                hint="write `\\text{otherwise}` in the last row only",
            )
    ending = scan.take()
    scan.shallower()
    if _name(translator, ending) != name:
        raise scan.error(f"`\\begin{{{name}}}` is not closed.", opening)
    if not pieces:
        raise scan.error("There are no cases here.", opening)
    end = scan.end
    return [
        Piece(CASES, opening.start, opening.end),
        Piece("(", opening.end, opening.end),
        *pieces,
        Piece(")", end, end),
    ]


def _name(translator: Translator, command: Lexeme) -> str:
    found = NAME.match(translator.text, command.end)
    if found is None:
        raise translator.scan.error(f"`{command.text}` needs a name in curly brackets.", command)
    translator.scan.move(found.end())
    return found["name"]


def _row(translator: Translator, opening: Lexeme) -> tuple[list[Piece], bool]:
    """Condition, comma and value of a row, or only a value; whether it is the last row."""
    scan = translator.scan
    value = _without_comma(translator.sequence())
    split = _skip_columns(translator)
    word = scan.peek()
    is_last = word.words in _ELSE
    condition: list[Piece] = []
    if is_last:
        scan.take()
    else:
        if word.words in _IF:
            scan.take()
            _skip_columns(translator)
            split = True
        condition = translator.sequence() if split else []
        if not split and value:
            value, condition = _split(translator, value)
    while scan.follows(".", "&"):
        scan.take()
    _end_row(translator, opening)
    condition = _without_comma(condition)
    if not value and not condition and not is_last:
        return [], False
    if not value or not (condition or is_last):
        what = "value" if not value else "condition"
        raise scan.error(
            f"A {what} is missing in this row.",
            word._replace(end=max(word.end, word.start + 1)),
            hint="write `x & x \\ge 0 \\\\`, or `0 & \\text{otherwise}` in the last row",
        )
    _refuse_commas(translator, [*value, *condition])
    if is_last:
        return value, True
    return [*condition, Piece(",", condition[-1].end, condition[-1].end), *value], False


def _skip_columns(translator: Translator) -> bool:
    found = False
    while translator.scan.follows("&"):
        translator.scan.take()
        found = True
    return found


def _end_row(translator: Translator, opening: Lexeme) -> None:
    scan = translator.scan
    if scan.follows("\\\\"):
        scan.take()
        space = _ROW_END.match(scan.text, scan.end)
        if space is not None:
            scan.move(space.end())
        return
    if not scan.follows("\\end"):
        lexeme = scan.peek()
        if lexeme.kind == "end":
            raise scan.error("These cases are not closed.", opening, hint="write `\\end{cases}`")
        raise scan.error(f"`{lexeme.text}` is not expected in this row.", lexeme)


def _without_comma(pieces: list[Piece]) -> list[Piece]:
    while pieces and pieces[-1].text == ",":
        pieces = pieces[:-1]
    return pieces


def _split(translator: Translator, pieces: list[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Value and condition of a row without columns, at its last comma outside of brackets."""
    commas = _commas(pieces)
    if not commas:
        first = pieces[0]
        raise FormulaError(
            "This row has no condition.",
            text=translator.text,
            start=first.start,
            end=max(pieces[-1].end, first.start + 1),
            hint="write `&` between the value and its condition",
        )
    return pieces[: commas[-1]], pieces[commas[-1] + 1 :]


def _commas(pieces: list[Piece]) -> list[int]:
    depth = 0
    found: list[int] = []
    for index, piece in enumerate(pieces):
        depth += (piece.text == "(") - (piece.text == ")")
        if depth == 0 and piece.text == ",":
            found.append(index)
    return found


def _refuse_commas(translator: Translator, pieces: list[Piece]) -> None:
    for index in _commas(pieces):
        comma = pieces[index]
        raise FormulaError(
            "A comma in the middle of a row has no meaning.",
            text=translator.text,
            start=comma.start,
            end=comma.end,
            hint="write decimals with a point, such as 0.1, and `\\text{ and }` between conditions",
        )

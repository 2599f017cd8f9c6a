"""A tree as plain text that reads back as the same tree, with no more brackets than it needs."""

from __future__ import annotations

import re

from gradiometer.formula.tokens import read_number
from gradiometer.formula.tree import OPERATORS, Apply, Node, Number

_SUM = 5
_PRODUCT = 6
_NEGATION = 7
_POWER = 8
_ATOM = 9
LEVELS: dict[str, int] = {
    "or": 1,
    "and": 2,
    "not": 3,
    **{operator.name: 4 for operator in OPERATORS.values() if operator.kind == "relation"},
    "+": _SUM,
    "-": _SUM,
    "*": _PRODUCT,
    "/": _PRODUCT,
    "neg": _NEGATION,
    "^": _POWER,
}
"""How tightly each operator binds; functions and atoms bind tightest."""

_DECIMAL = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


def to_text(node: Node) -> str:
    """The tree as text; reading it back gives the same tree.

    A number that is no decimal is spelled as a quotient, a negative one with its sign, so these
    read back as an equal value. Variables named `e` or `pi` read back with `names`.

    Example:
        >>> from gradiometer.formula import parse
        >>> to_text(parse("(1-x)(1+x)^(-2)").tree)
        '(1 - x)*(1 + x)^(-2)'
    """
    return _spell(node)[0]


def _spell(node: Node) -> tuple[str, int]:
    """The text and how tightly it binds."""
    if isinstance(node, Number):
        return _number(node)
    if not isinstance(node, Apply):
        return node.name, _ATOM
    operator = node.operator
    level = LEVELS.get(operator)
    if level is None:
        return f"{operator}({', '.join(_spell(part)[0] for part in node.arguments)})", _ATOM
    if operator == "neg":
        return "-" + _inside(node.arguments[0], _POWER), _NEGATION
    if operator == "not":
        # A relation in brackets after `not` is plain to every reader.
        return "not " + _inside(node.arguments[0], _ATOM), level
    left, right = node.arguments
    if operator == "^":
        # `a^b^c` reads from the right, which not every reader knows: brackets are clearer.
        return f"{_inside(left, _ATOM)}^{_inside(right, _ATOM)}", _POWER
    space = "" if level == _PRODUCT else " "
    # `a < b < c` says two things, so a relation is never the side of another.
    first = _inside(left, level + 1 if level == LEVELS["<"] else level)
    second = _inside(right, level + 1)
    if level >= _SUM and second.startswith("-"):
        second = f"({second})"
    return f"{first}{space}{operator}{space}{second}", level


def _inside(node: Node, loosest: int) -> str:
    """The text, in brackets when it binds more loosely than *loosest*."""
    text, level = _spell(node)
    return text if level >= loosest else f"({text})"


def _number(node: Number) -> tuple[str, int]:
    value = node.value
    text = node.text.replace("−", "-")
    sign = "-" if value < 0 else ""
    digits = text.removeprefix("-")
    if _DECIMAL.fullmatch(digits) and read_number(digits) == abs(value):
        return sign + digits, _NEGATION if sign else _ATOM
    return str(value), _PRODUCT if value.q != 1 else _NEGATION if sign else _ATOM

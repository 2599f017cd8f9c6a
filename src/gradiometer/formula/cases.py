"""Rows of cases as branches of `where`; where no row holds there is no value."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from flint import fmpq

from gradiometer.errors import DomainError, FormulaError, LimitError, UndecidedError
from gradiometer.formula.evaluate import evaluate, holds
from gradiometer.formula.kinds import is_condition
from gradiometer.formula.limits import check_limits
from gradiometer.formula.spelling import to_text
from gradiometer.formula.tokens import Token
from gradiometer.formula.tree import Apply, Node, Number, free_names, walk

_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

NO_VALUE = Apply("/", (Number(fmpq(1), "1"), Number(fmpq(0), "0")))
"""A tree without a value."""

_MOST_ENDS = 24
"""Constants in the conditions of rows up to which it is checked that they cover every value."""


def build_cases(
    parts: Sequence[Node], *, token: Token, end: int, text: str
) -> tuple[Node, list[str]]:
    """The tree of the rows, and notes on what they leave open.

    Args:
        parts: Condition and value of each row in turn; a last value alone is for the rest.
        token: Where the cases begin.
        end: Where they end.
        text: The text as written.

    Raises:
        FormulaError: If a condition is none.
    """
    rows = [(parts[i], parts[i + 1]) for i in range(0, len(parts) - 1, 2)]
    for condition, value in rows:
        _check(condition, value, text)
    notes: list[str] = []
    if len(parts) % 2:
        rest = parts[-1]
        _refuse_condition(rest, text)
    else:
        is_covered, notes = _find_cover([condition for condition, _ in rows], text)
        # Of rows that cover everything the last condition says nothing that the others do not.
        rest = rows.pop()[1] if is_covered else NO_VALUE
    for condition, value in reversed(rows):
        rest = Apply("where", (condition, value, rest), (token.start, end))
    return rest, notes


def _check(condition: Node, value: Node, text: str) -> None:
    if not is_condition(condition):
        raise _error(
            "A row of cases ends with a condition, and this is a number.",
            condition,
            text,
            hint="write a relation such as `x \\ge 0`",
        )
    _refuse_condition(value, text)


def _refuse_condition(value: Node, text: str) -> None:
    if is_condition(value):
        raise _error(
            "A row of cases begins with a number, and this is a condition.",
            value,
            text,
            hint="write the value first, then `&` and its condition",
        )


def _find_cover(conditions: Sequence[Node], text: str) -> tuple[bool, list[str]]:
    """Whether the rows certainly cover every value, and notes on holes and overlaps."""
    if len(conditions) == 2 and _are_opposite(conditions[0], conditions[1]):
        return True, []
    found = _line(conditions, text)
    if found is None:
        return False, ["Where no row of the cases holds there is no value."]
    name, places = found
    counts = {
        place: sum(holds(condition, {name: place}) for condition in conditions) for place in places
    }
    holes = [place for place, count in counts.items() if not count]
    doubles = [place for place, count in counts.items() if count > 1]
    notes: list[str] = []
    if holes:
        notes.append(f"At {name} = {holes[0]} no row of the cases holds, so there is no value.")
    if doubles:
        notes.append(f"At {name} = {doubles[0]} several rows hold, and the first one counts.")
    return not holes, notes


def _are_opposite(first: Node, second: Node) -> bool:
    if not (isinstance(first, Apply) and isinstance(second, Apply)):
        return False
    if first.operator not in _OPPOSITE or second.operator not in _OPPOSITE:
        return False
    wanted = _OPPOSITE[first.operator]
    if second.operator == wanted and second.arguments == first.arguments:
        return True
    return second.operator == _TURNED[wanted] and second.arguments == first.arguments[::-1]


def _line(conditions: Sequence[Node], text: str) -> tuple[str, list[fmpq]] | None:
    """The one variable, and values of it among which every combination of truths is found.

    Comparisons of the variable with rational constants change at these constants only, so the
    constants, a value between each two and one beyond each end are enough.
    """
    names = frozenset[str]().union(*map(free_names, conditions))
    if len(names) != 1 or len(conditions) > _MOST_ENDS:
        return None
    (name,) = names
    ends: set[fmpq] = set()
    for condition in conditions:
        for node in walk(condition):
            if not isinstance(node, Apply) or node.operator not in _OPPOSITE:
                continue
            end = _compared(node, name, text)
            if end is None or len(ends) >= _MOST_ENDS:
                return None
            ends.add(end)
    ordered = sorted(ends)
    between = [(low + high) / 2 for low, high in pairwise(ordered)]
    return name, sorted([ordered[0] - 1, *ordered, *between, ordered[-1] + 1], key=abs)


def _compared(node: Apply, name: str, text: str) -> fmpq | None:
    """The constant that a relation compares the variable with, or None."""
    sides = [side for side in node.arguments if to_text(side) != name]
    if len(sides) != 1 or free_names(sides[0]):
        return None
    # Nothing is computed before its size is known.
    check_limits(sides[0], text=text)
    try:
        value = evaluate(sides[0], {})
    except (DomainError, LimitError, UndecidedError):
        return None
    return value if isinstance(value, fmpq) else None


def _error(problem: str, node: Node, text: str, *, hint: str) -> FormulaError:
    start, end = node.span if node.span is not None else (None, None)
    return FormulaError(problem, text=text, start=start, end=end, hint=hint)

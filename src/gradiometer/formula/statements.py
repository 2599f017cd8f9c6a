"""Texts that hold more than one formula: numbers, intervals, assignments and relations."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar, final

from flint import fmpq

from gradiometer.errors import (
    DomainError,
    FormulaError,
    GradiometerError,
    LimitError,
    Place,
    UndecidedError,
)
from gradiometer.formula.evaluate import evaluate
from gradiometer.formula.exact import compare, refine
from gradiometer.formula.interval import Interval
from gradiometer.formula.latex_source import assigned_words, read_interval_source, read_source
from gradiometer.formula.limits import MOST_LIST_CHARACTERS, check_text
from gradiometer.formula.parse import Formula, parse_in_scope
from gradiometer.formula.scope import RESERVED, Scope
from gradiometer.formula.source import Source
from gradiometer.formula.tokens import NAME, SIGNS, plain_name, refuse_character, tokenize
from gradiometer.formula.tree import Node, Number, Span, free_names

_Result = TypeVar("_Result")

MOST_STATEMENTS = 2_000
"""Assignments in one list."""

_INFINITE = re.compile(r"(?P<sign>[+\-−]?)\s*(?:oo|∞|inf|infinity)")
_ASSIGNMENT = re.compile(rf"\s*(?P<name>{NAME.pattern})\s*=(?!=)")
_RELATIONS = frozenset({"<", "<=", ">", ">=", "==", "!="})


@final
@dataclass(frozen=True)
class Assignment:
    """A name and what it stands for; the name is empty for a single expression."""

    name: str
    formula: Formula
    span: Span
    """Where the statement stands in the whole text, the name first."""


@final
@dataclass(frozen=True)
class Relation:
    """Formulas and the relations between neighbours: `a = b = c` has three and two."""

    text: str
    sides: tuple[Formula, ...]
    relations: tuple[str, ...]
    """`==`, `!=`, `<`, `<=`, `>` or `>=` each; a single `=` reads as `==`."""


def parse_number(text: str, *, place: Place | None = None) -> fmpq:
    """The exact rational that *text* writes.

    Args:
        text: A formula without variables, such as `0.1`, `1/1000`, `-3`, `1e-3` or `2^-7`.
        place: Where the text stands, for errors.

    Raises:
        FormulaError: If the text is not a formula.
        DomainError: If it has no value, or one that is not rational.
        LimitError: If it is too large.

    Example:
        >>> parse_number("1e-3")
        1/1000
    """
    return _placed(lambda: _number(text), place)


def parse_interval(
    text: str, *, names: Collection[str] = (), place: Place | None = None
) -> Interval:
    """The interval that *text* writes.

    Args:
        text: Such as `(-oo, 1]`, `[0, 1 + h)`, or `{3}` for one point.
        names: Parameters that the ends may hold.
        place: Where the text stands, for errors.

    Returns:
        The interval; ends that are rational are numbers.

    Raises:
        FormulaError: If the text is not an interval.
        DomainError: If the interval is empty.

    Example:
        >>> parse_interval("(-oo, 1/2]").rational_ends()
        (None, 1/2)
    """

    def read() -> Interval:
        check_text(text)
        scope = Scope(names)
        return _read(read_interval_source(text, scope), _interval, scope)

    return _placed(read, place)


def parse_assignments(text: str, *, place: Place | None = None) -> tuple[Assignment, ...]:
    """The assignments of a list such as `v = a^2; c = v*b`, in the order of the text.

    Statements end at `;` or at the end of a line. A text that is one expression gives one
    assignment without a name. An assigned name hides the constant of the same name everywhere.

    Raises:
        FormulaError: If a statement is not a name, `=` and a formula; its place is in *text*.
        LimitError: If the list is too long.

    Example:
        >>> [item.name for item in parse_assignments("v = a^2; c = v*b")]
        ['v', 'c']
    """

    def read() -> tuple[Assignment, ...]:
        check_text(text, most=MOST_LIST_CHARACTERS)
        scope = Scope(None, assigned=assigned_words(text))
        source = read_source(text, scope, lines=True)
        return _read(source, lambda source, _: _assignments(source), scope)

    return _placed(read, place)


def parse_relation(
    text: str | Source,
    *,
    names: Collection[str] | None = None,
    functions: Collection[str] = (),
    place: Place | None = None,
) -> Relation:
    """The relation that *text* writes, such as `f(x) >= 0` or `a = b = c`.

    Args:
        text: Two or more formulas with relations between them.
        names: As in `parse`.
        functions: As in `parse`.
        place: Where the text stands, for errors.

    Raises:
        FormulaError: If there is no relation or a side is no formula.

    Example:
        >>> parse_relation("0 < x = y").relations
        ('<', '==')
    """

    def read() -> Relation:
        scope = Scope(names, functions)
        source = read_source(text, scope)
        check_text(source.written)
        return _read(source, _relation, scope)

    return _placed(read, place)


def _placed(read: Callable[[], _Result], place: Place | None) -> _Result:
    try:
        return read()
    except GradiometerError as error:
        if place is None:
            raise
        raise error.located(place) from None


def _part(source: Source, start: int, end: int, scope: Scope) -> Formula:
    """The formula in a part of the text; its errors have their place in the whole text."""
    try:
        return parse_in_scope(source.part(start, end), scope)
    except GradiometerError as error:
        raise source.within(error, start, end) from None


def _read(source: Source, read: Callable[[Source, Scope], _Result], scope: Scope) -> _Result:
    """What *read* makes of the plain spelling, with errors that show the text as written."""
    try:
        return read(source, scope)
    except GradiometerError as error:
        raise source.locate(error) from None


def _number(text: str) -> fmpq:
    formula = parse_in_scope(text, Scope(()))
    try:
        value = evaluate(formula.tree, {})
    except (DomainError, LimitError) as error:
        raise replace(error, text=text) from None
    except UndecidedError as error:
        raise DomainError(
            f"`{text.strip()}` has no value that is certain: {error}.", text=text
        ) from None
    if isinstance(value, fmpq):
        return value
    raise DomainError(
        f"`{text.strip()}` is not known to be a rational number, and one is needed here.",
        text=text,
        start=0,
        end=len(text),
        hint="write a quotient of integers, or a decimal",
    )


def _interval(source: Source, scope: Scope) -> Interval:
    text = source.text
    end = len(text.rstrip())
    start = len(text) - len(text.lstrip())
    pair = text[start : start + 1] + text[end - 1 : end] if end - start > 1 else ""
    if pair == "{}":
        point = _end(source, start + 1, end - 1, scope)
        if point is None:
            raise _no_interval(text, "Infinity is no point.", start, end)
        return Interval(point, point, lower_closed=True, upper_closed=True)
    if pair not in {"()", "[]", "(]", "[)"}:
        raise _no_interval(text, "An interval has brackets at both ends.", start, end)
    commas = [start + 1 + offset for offset in _top_commas(text[start + 1 : end - 1])]
    if len(commas) != 1:
        raise _no_interval(text, "An interval has two ends with a comma between.", start, end)
    lower = _end(source, start + 1, commas[0], scope, infinite="-")
    upper = _end(source, commas[0] + 1, end - 1, scope, infinite="+")
    if (lower is None and pair[0] == "[") or (upper is None and pair[1] == "]"):
        where = start if lower is None and pair[0] == "[" else end - 1
        raise _no_interval(text, "An infinite end has a round bracket.", where, where + 1)
    interval = Interval(lower, upper, pair[0] == "[", pair[1] == "]")
    _check_not_empty(interval, text, start, end)
    return interval


def _no_interval(text: str, problem: str, start: int, end: int) -> FormulaError:
    hint = "write such as `[0, 1)`, `(-oo, 1]` or `{3}`"
    return FormulaError(problem, text=text, start=start, end=max(end, start + 1), hint=hint)


def _top_commas(text: str) -> Iterator[int]:
    """Offsets of the commas that stand in no bracket."""
    depth = 0
    for offset, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            yield offset


def _end(source: Source, start: int, end: int, scope: Scope, *, infinite: str = "") -> Node | None:
    """The end in a part of *text*, as a number when it is rational; None for the infinite one."""
    text = source.text
    found = _INFINITE.fullmatch(text[start:end].strip())
    if found is not None:
        sign = "-" if found["sign"] in {"-", "−"} else "+"
        if sign != infinite:
            raise _no_interval(text, "This infinity is on the wrong side.", start, end)
        return None
    formula = _part(source, start, end, scope)
    tree = formula.tree
    if free_names(tree) or isinstance(tree, Number):
        return tree
    try:
        value = evaluate(tree, {})
    except (DomainError, LimitError) as error:
        raise replace(error, text=text, start=start, end=end) from None
    except UndecidedError:
        return tree
    return Number(value, formula.text, tree.span) if isinstance(value, fmpq) else tree


def _check_not_empty(interval: Interval, text: str, start: int, end: int) -> None:
    lower, upper = interval.lower, interval.upper
    if lower is None or upper is None:
        return
    if lower == upper:
        order = 0
    elif free_names(lower) or free_names(upper):
        return
    else:
        try:
            order = refine(lambda: compare(evaluate(lower, {}), evaluate(upper, {})))
        except UndecidedError:
            return
    closed = interval.lower_closed and interval.upper_closed
    if order > 0 or (order == 0 and not closed):
        raise DomainError(
            f"The interval `{text.strip()}` is empty.",
            text=text,
            start=start,
            end=end,
            hint="write the smaller end first" if order > 0 else "write `{…}` for one point",
        )


def _assignments(source: Source) -> tuple[Assignment, ...]:
    text = source.text
    spans = list(_statements(text))
    if not spans:
        raise FormulaError("There is no formula.", text=text, start=0)
    if len(spans) > MOST_STATEMENTS:
        start, end = spans[MOST_STATEMENTS]
        problem = f"A list may have at most {MOST_STATEMENTS:,} assignments."
        raise LimitError(problem, text=text, start=start, end=end)
    heads = [_ASSIGNMENT.match(text, start, end) for start, end in spans]
    assigned = {plain_name(head["name"]) for head in heads if head is not None}
    scope = Scope(None, assigned=assigned)
    result: list[Assignment] = []
    for (start, end), head in zip(spans, heads, strict=True):
        if head is None:
            if len(spans) > 1 or "=" in text[start:end]:
                raise _no_assignment(text, start, end)
            whole = _part(source, start, end, scope)
            result.append(Assignment("", _noted(whole, source, result), source.span(start, end)))
            continue
        name = plain_name(head["name"])
        if name in RESERVED:
            raise FormulaError(
                f"The name `{name}` belongs to a function and cannot be assigned.",
                text=text,
                start=head.start("name"),
                end=head.end("name"),
                hint="choose another name",
            )
        formula = _noted(_part(source, head.end(), end, scope), source, result)
        result.append(Assignment(name, formula, source.span(start, end)))
    return tuple(result)


def _noted(formula: Formula, source: Source, before: list[Assignment]) -> Formula:
    """The formula; the first of a list carries what was noted of the whole list."""
    if before or not source.notes:
        return formula
    return replace(formula, notes=(*source.notes, *formula.notes))


def _statements(text: str) -> Iterator[Span]:
    """Where the statements stand, without the space round them; empty ones are left out."""
    for found in re.finditer(r"[^;\r\n]+", text):
        written = found.group()
        start = found.start() + len(written) - len(written.lstrip())
        end = found.start() + len(written.rstrip())
        if start < end:
            yield start, end


def _no_assignment(text: str, start: int, end: int) -> FormulaError:
    equal = text.find("=", start, end)
    for position in range(start, end if equal < 0 else equal):
        sign = text[position]
        is_letter = sign.isalpha() and (sign.isascii() or NAME.match(sign) is not None)
        is_seen = sign.isprintable() or sign.isspace()
        if sign == "#" or not is_seen or (sign.isalpha() and not is_letter):
            return refuse_character(text, position)
    if equal < 0:
        problem = "Every formula of a list needs a name."
        hint = f"write `name = {text[start:end][:40]}`"
        if "->" in text[start:end]:
            hint = "write what is computed, such as `v = a^2`"
    elif text[equal - 1 : equal] in {"=", "<", ">", "!"} or text[equal + 1 : equal + 2] == "=":
        problem, hint = "An assignment has a single `=`.", "write `name = formula`"
    else:
        end = equal
        problem = "On the left of `=` stands one name."
        hint = "write `name = formula`, without arguments"
    return FormulaError(problem, text=text, start=start, end=end, hint=hint)


def _relation(source: Source, scope: Scope) -> Relation:
    text = source.text
    depth = 0
    cuts: list[tuple[str, int, int]] = []
    for token in tokenize(text):
        depth += (token.kind == "(") - (token.kind == ")")
        if depth == 0 and token.kind in _RELATIONS:
            cuts.append((SIGNS[token.text], token.start, token.end))
    if not cuts:
        raise FormulaError(
            "A statement needs a relation.",
            text=text,
            start=0,
            end=max(1, len(text)),
            hint="write `=`, `<`, `<=`, `>`, `>=` or `!=` between two formulas",
        )
    starts = [0, *(end for _, _, end in cuts)]
    ends = [*(start for _, start, _ in cuts), len(text)]
    for start, end in zip(starts, ends, strict=True):
        if not text[start:end].strip():
            cut = start if start == len(text) else end
            raise FormulaError(
                "A side of this relation is missing.", text=text, start=cut, end=cut + 1
            )
    sides = [_part(source, start, end, scope) for start, end in zip(starts, ends, strict=True)]
    sides[0] = replace(sides[0], notes=(*source.notes, *sides[0].notes))
    return Relation(source.written, tuple(sides), tuple(sign for sign, _, _ in cuts))

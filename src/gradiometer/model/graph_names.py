"""The names of a computation: which are inputs, and whether each is assigned once and in time."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

from gradiometer.errors import FormulaError, Place, UsageError, suggest, unknown_name
from gradiometer.formula import Assignment, Constant, Name, Node, Span, walk

_MOST_SHOWN = 6
"""Names that are written out in one sentence."""


@final
@dataclass(frozen=True)
class Source:
    """Assignments as they were read, with the names that have a value."""

    text: str
    place: Place | None
    assignments: tuple[Assignment, ...]
    given: frozenset[str]

    @cached_property
    def assigned(self) -> Mapping[str, int]:
        """The names on the left, in order, with the number of their last assignment."""
        return {a.name: index for index, a in enumerate(self.assignments) if a.name}

    def name_of(self, leaf: Node) -> str:
        """The name a leaf stands for; empty for a constant.

        The user's own `e` or `pi` hides the constant.
        """
        if isinstance(leaf, Name):
            return leaf.name
        if isinstance(leaf, Constant) and (leaf.name in self.given or leaf.name in self.assigned):
            return leaf.name
        return ""

    def names_in(self, assignment: Assignment) -> Iterator[tuple[str, Span | None]]:
        """Every name that stands in the formula, with its place in the whole text."""
        offset = assignment.span[1] - len(assignment.formula.text)
        for node in walk(assignment.formula.tree):
            name = self.name_of(node)
            if name:
                span = node.span
                yield name, None if span is None else (span[0] + offset, span[1] + offset)


def check_names(source: Source) -> None:
    """Pass when every name is assigned at most once, before its use, and every input is given.

    Raises:
        FormulaError: If a name is assigned twice, too late or from itself.
        UnknownNameError: If a value is given for a name that is not there.
        UsageError: If an input has no value, or a computed name has one.
    """
    _check_form(source)
    _check_order(source)
    _check_inputs(source)


def _check_form(source: Source) -> None:
    seen: set[str] = set()
    for index, assignment in enumerate(source.assignments):
        start, end = assignment.span
        problem, hint = "", ""
        if not assignment.name and index + 1 < len(source.assignments):
            problem = "Only the last expression may stand without a name."
            hint = "write `name = …`"
        elif assignment.name and assignment.name in seen:
            problem = f"The name `{assignment.name}` is assigned twice."
            hint = "give the second value a name of its own"
            end = start + len(assignment.name)
        seen.add(assignment.name)
        if problem:
            raise FormulaError(
                problem, text=source.text, start=start, end=end, place=source.place, hint=hint
            )


def _check_order(source: Source) -> None:
    defined = source.assigned
    for index, assignment in enumerate(source.assignments):
        for name, span in source.names_in(assignment):
            if defined.get(name, -1) < index:
                continue
            start, end = span or (None, None)
            raise FormulaError(
                _too_early(source, name, index, defined[name]),
                text=source.text,
                start=start,
                end=end,
                place=source.place,
                hint=_say_order(source, name, index, defined[name]),
            )


def _too_early(source: Source, name: str, use: int, definition: int) -> str:
    """What is wrong with the use of *name* in assignment *use*, at or before its *definition*."""
    if use == definition:
        return f"`{name}` is computed from itself."
    circle = _find_circle(source, name, use)
    if len(circle) == 2:
        return f"`{circle[0]}` and `{name}` need each other: the computation is a circle."
    if circle:
        shown = [*circle[:_MOST_SHOWN], *(["…"] if len(circle) > _MOST_SHOWN else []), circle[0]]
        return (
            f"{len(circle):,} assignments need each other, {' -> '.join(shown)}: the computation "
            "is a circle."
        )
    return f"`{name}` is used before it is assigned."


def _say_order(source: Source, name: str, use: int, definition: int) -> str:
    """What to do about it."""
    if use == definition:
        return "give the new value a name of its own"
    circle = _find_circle(source, name, use)
    if circle:
        return f"compute `{name}` or `{circle[0]}` without the other"
    return f"move the assignment of `{name}` before this one"


def _find_circle(source: Source, name: str, use: int) -> list[str]:
    """The names of a shortest circle through the use of *name*, each needing the next; or none."""
    user = source.assignments[use].name
    before: dict[str, str] = {name: user}
    waiting = deque([name])
    while waiting:
        here = waiting.popleft()
        if here == user:
            circle = [before[here]]
            while circle[-1] != user:
                circle.append(before[circle[-1]])
            return circle[::-1]
        if here in source.assigned:
            for other, _ in source.names_in(source.assignments[source.assigned[here]]):
                if other not in before:
                    before[other] = here
                    waiting.append(other)
    return []


def _check_inputs(source: Source) -> None:
    free: dict[str, Span | None] = {}
    for assignment in source.assignments:
        for name, span in source.names_in(assignment):
            if name not in source.assigned:
                free.setdefault(name, span)
    for name in sorted(source.given):
        _check_given(name, source.assigned, free)
    missing = [name for name in free if name not in source.given]
    if missing:
        raise _no_value(source, missing, free[missing[0]])


def _no_value(source: Source, missing: Sequence[str], span: Span | None) -> UsageError:
    """The error about inputs without a value; the first one is marked."""
    name, near = missing[0], suggest(missing[0], source.assigned)
    start, end = span or (None, None)
    values = ",".join(f"{other}=1" for other in missing[:_MOST_SHOWN])
    value = f"give a value as in `--at {values}`"
    others = f", nor {_list_names(missing[1:])}" if len(missing) > 1 else ""
    return UsageError(
        f"The input `{name}` has no value{others}.",
        text=source.text,
        start=start,
        end=end,
        place=source.place,
        hint=f"write `{near}`, or {value}" if near else value,
    )


def _list_names(names: Sequence[str]) -> str:
    shown = [f"`{name}`" for name in names[: _MOST_SHOWN - 1]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _check_given(name: str, assigned: Collection[str], free: Collection[str]) -> None:
    if name in assigned:
        raise UsageError(
            f"`{name}` is computed here, so it takes no value.",
            text=name,
            start=0,
            end=len(name),
            place=Place("at"),
            known=tuple(free),
            hint=f"leave `{name}` out of the point",
        )
    if name not in free:
        raise unknown_name(
            name,
            free,
            problem=f"The computation has no input `{name}`.",
            text=name,
            start=0,
            end=len(name),
            place=Place("at"),
        )

"""The names of a computation: which are inputs, and whether each is assigned once and in time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import final

from gradiometer.errors import FormulaError, Place, UsageError, suggest, unknown_name
from gradiometer.formula import Assignment, Constant, Name, Node, Span, walk


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
            itself = defined[name] == index
            start, end = span or (None, None)
            raise FormulaError(
                _too_early(source, name, index, defined[name]),
                text=source.text,
                start=start,
                end=end,
                place=source.place,
                hint="give the new value a name of its own"
                if itself
                else f"move the assignment of `{name}` before this one",
            )


def _too_early(source: Source, name: str, use: int, definition: int) -> str:
    """What is wrong with the use of *name* in assignment *use*, at or before its *definition*."""
    if use == definition:
        return f"`{name}` is computed from itself."
    needed = {name}
    for assignment in reversed(source.assignments[use : definition + 1]):
        if assignment.name in needed:
            needed |= {other for other, _ in source.names_in(assignment)}
    user = source.assignments[use].name
    if user in needed:
        return f"`{user}` and `{name}` need each other: the computation is a circle."
    return f"`{name}` is used before it is assigned."


def _check_inputs(source: Source) -> None:
    free: dict[str, Span | None] = {}
    for assignment in source.assignments:
        for name, span in source.names_in(assignment):
            if name not in source.assigned:
                free.setdefault(name, span)
    for name in sorted(source.given):
        _check_given(name, source.assigned, free)
    for name, span in free.items():
        if name not in source.given:
            near = suggest(name, source.assigned)
            start, end = span or (None, None)
            value = f"give a value as in `at {name}=1`"
            raise UsageError(
                f"The input `{name}` has no value.",
                text=source.text,
                start=start,
                end=end,
                place=source.place,
                hint=f"write `{near}`, or {value}" if near else value,
            )


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

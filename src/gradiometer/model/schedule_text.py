"""Reads a line that joins schedules: `warmup for 5, then cosine(T_max=95) * 0.9, then hold`.

A line is one or more stretches. A stretch is a formula in `k` in which schedules of the catalogue
stand like names, with settings in brackets, or like functions of another count: `cosine(k - 5)`.
It may repeat, and all but the last one say how long they last, which is also how long a schedule
in it takes when nothing else is said. `then` starts the count of the next
one again from 0; `continuing with` lets it count on. The line becomes one formula in `k`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import final

from flint import fmpq

from gradiometer.catalog import list_aliases, list_entries
from gradiometer.errors import (
    FormulaError,
    GradiometerError,
    Place,
    UnknownNameError,
    UsageError,
    suggest,
)
from gradiometer.formula import (
    REALS,
    Apply,
    Name,
    Node,
    Number,
    apply,
    free_names,
    map_children,
    number,
    parse,
    substitute,
    walk,
)
from gradiometer.model.parameter import Parameter
from gradiometer.model.schedule import RATE, Given, Schedule
from gradiometer.model.schedule_lists import SCHEDULE_FUNCTIONS
from gradiometer.model.schedule_part import Part, find_parts, is_alone, read_part
from gradiometer.model.schedule_words import Stretch, find_groups, split_stretches


def is_schedule_text(text: str) -> bool:
    """Whether a text can be meant as a schedule: it reads `k` or names one of the catalogue.

    Example:
        >>> is_schedule_text("9/10 - k/1000"), is_schedule_text("9/10")
        (True, False)
    """
    words = set(re.findall(r"[A-Za-z_]\w*", text))
    return bool(words & {"k", "then", *_known_names()})


def read_schedule_text(text: str) -> Schedule:
    """The schedule of a line; names that are not of the catalogue are parameters without a default.

    Raises:
        UsageError: If the line names no schedule, or joins what cannot be joined.
        FormulaError: If a formula in it cannot be read.

    Example:
        >>> line = read_schedule_text("warmup(warmup_steps=5) for 5, then cosine(T_max=10)")
        >>> list(line.parameters)[:3]
        ['learning_rate', 'warmup.warmup_steps', 'warmup.init_value']
    """
    reader = _Line(text)
    tree = reader.whole()
    if reader.alone is not None:
        return reader.alone
    names = sorted(free_names(tree) - {"k"} - set(reader.spelled.values()) - set(reader.found))
    parameters = {**reader.found, **{name: Parameter(name, REALS) for name in names}}
    given = Given((RATE,), tree, text)
    return Schedule(text, "", parameters, (given,), spelled=reader.spelled)


@final
class _Line:
    """One text being read, and the parameters that its parts have brought so far."""

    def __init__(self, text: str) -> None:
        """The reader of *text*."""
        self.text = text
        self.found: dict[str, Parameter] = {}
        self.spelled: dict[str, str] = {}
        self.alone: Schedule | None = None
        """The schedule when the line is nothing but one of the catalogue with settings."""
        self._labels: dict[str, int] = {}

    def whole(self) -> Node:
        """The tree of the whole line."""
        return self._stretches(0, len(self.text), is_whole=True)

    def _stretches(self, start: int, end: int, *, is_whole: bool) -> Node:
        """The stretches between two places of the text, joined."""
        rows = split_stretches(self.text, start, end)
        if is_whole and len(rows) == 1 and rows[0].is_plain:
            self.alone = is_alone(self.text)
            if self.alone is not None:
                return self.alone.rate
        trees: list[tuple[Node, int | None]] = []
        begun = 0
        for row in rows:
            tree, begun = self._stretch(row, trees, begun)
            trees.append((tree, begun if row.length is not None else None))
        joined, _ = trees[-1]
        for tree, last in reversed(trees[:-1]):
            joined = apply("where", apply("<", Name("k"), number(last or 0)), tree, joined)
        return joined

    def _stretch(
        self, row: Stretch, before: list[tuple[Node, int | None]], begun: int
    ) -> tuple[Node, int]:
        """The stretch as a formula in the count of the whole line, and where it ends."""
        end = row.end_at(begun, self.text)
        if row.is_hold:
            if not before:
                raise row.error(self.text, "Nothing stands before `hold`.", "write what is held")
            return substitute(before[-1][0], {"k": number(begun)}), end
        span = end - begun if row.every is None else row.every
        tree = self._formula(row.start, row.body_end, span or None)
        if row.every is not None:
            k = Name("k")
            done = apply("floor", apply("/", k, number(row.every)))
            tree = substitute(tree, {"k": apply("-", k, apply("*", number(row.every), done))})
        if begun and not row.counts_on:
            tree = substitute(tree, {"k": apply("-", Name("k"), number(begun))})
        return tree, end

    def _formula(self, start: int, end: int, span: int | None) -> Node:
        """The formula between two places, with the parts in it written out."""
        masked = list(" " * start + self.text[start:end])
        trees: dict[str, Node] = {}
        functions: list[str] = []
        for low, high in find_groups(self.text, start, end):
            # As long as what it stands for, so that errors point to the right place.
            name = f"q{low}".ljust(high - low, "_")
            masked[low:high] = name[: high - low]
            trees[name] = self._stretches(low + 1, high - 1, is_whole=False)
        for part in find_parts("".join(masked), start, end):
            name = f"q{part.start}".ljust(part.word_end - part.start, "_")
            _mask(masked, part, name)
            trees[name] = self._part(part, span)
            functions += [name] if part.count is not None else []
        tree = self._parse("".join(masked), functions, start, end)
        if isinstance(tree, Name) and tree.name not in trees and tree.name != "k":
            raise self._no_schedule(tree.name)
        return _replace(_share_rate(tree, trees), trees)

    def _parse(self, masked: str, functions: list[str], start: int, end: int) -> Node:
        if not masked.strip():
            raise FormulaError(
                "A schedule is missing here.",
                text=self.text,
                start=max(0, start - 1),
                end=max(end, start, 1),
                hint="write a formula in k or the name of a schedule",
            )
        try:
            known = [*functions, *SCHEDULE_FUNCTIONS]
            return parse(masked, functions=known, place=Place("schedule")).tree
        except GradiometerError as error:
            word = self.text[error.start or 0 : error.end or 0]
            near = suggest(word, _known_names()) if isinstance(error, UnknownNameError) else ""
            hint = f"write `{near}`" if near else error.hint
            raise replace(error, text=self.text, hint=hint) from None

    def _part(self, part: Part, span: int | None) -> Node:
        """A schedule of the catalogue as a formula in `k` and the parameters of the line."""
        schedule, own = read_part(part, self.text)
        base = part.name.partition(".")[0]
        self._labels[base] = self._labels.get(base, 0) + 1
        label = base if self._labels[base] == 1 else f"{base}{self._labels[base]}"
        names: dict[str, Node] = {}
        for name, parameter in schedule.parameters.items():
            if name == RATE and RATE not in own:
                # The rate that all parts share; the first one has its domain and default.
                self.found.setdefault(RATE, parameter)
                continue
            key, spelled = f"{label}.{name}", f"{label}_{name}"
            is_known = span is not None and parameter.is_span and name not in own
            default = fmpq(span or 0) if is_known else parameter.default
            self.found[key] = replace(parameter, name=key, default=default)
            self.spelled[key] = spelled
            names[name] = Name(spelled)
        others = [row for row in schedule.given[1:] if row.is_on(_defaults(schedule))]
        if others:
            flag = f"write `{part.name}({others[0].when}=false)`" if others[0].when else ""
            raise UsageError(
                f"`{part.name}` also gives `{others[0].names[0]}`, which a joined line cannot.",
                self.text, part.start, part.end, Place("schedule"), hint=flag,
            )  # fmt: skip
        return _at(substitute(schedule.rate, names), (part.start, part.end))

    def _no_schedule(self, name: str) -> UsageError:
        entries = list_entries("schedule")
        nearest = suggest(name, _known_names())
        return UsageError(
            f"There is no schedule `{name}`.",
            known=entries,
            hint=f"write `{nearest}`" if nearest else "write a formula in k",
        )


def _known_names() -> tuple[str, ...]:
    return (*list_entries("schedule"), *list_aliases("schedule"))


def _mask(masked: list[str], part: Part, name: str) -> None:
    """Write a plain name, and a bracket with the count, in place of a part."""
    masked[part.word_end : part.end] = " " * (part.end - part.word_end)
    if part.count is not None:
        low, high = part.count
        masked[part.word_end : low] = "(".ljust(low - part.word_end)
        masked[low:high] = part.text[low:high]
        masked[part.end - 1] = ")"
    masked[part.start : part.word_end] = name


def _defaults(schedule: Schedule) -> dict[str, fmpq | tuple[fmpq, ...]]:
    rows = schedule.parameters.values()
    return {row.name: row.default for row in rows if row.default is not None}


def _at(node: Node, span: tuple[int, int]) -> Node:
    """The tree as if all of it stood in one place of the text."""
    if isinstance(node, Apply):
        return Apply(node.operator, tuple(_at(part, span) for part in node.arguments), span)
    if isinstance(node, Name):
        return Name(node.name, span)
    return Number(node.value, node.text, span) if isinstance(node, Number) else node


def _replace(node: Node, trees: Mapping[str, Node]) -> Node:
    """The tree with the parts in place of the names that stand for them."""
    if isinstance(node, Name) and node.name in trees:
        return trees[node.name]
    if isinstance(node, Apply) and node.operator in trees:
        return substitute(trees[node.operator], {"k": _replace(node.arguments[0], trees)})
    return map_children(node, lambda child: _replace(child, trees))


def _share_rate(node: Node, trees: dict[str, Node]) -> Node:
    """Give the parts behind the first one of a product the rate 1, so that they are factors."""
    if isinstance(node, Apply) and node.operator == "*":
        left, right = node.arguments
        if _holds_rate(left, trees) and _holds_rate(right, trees):
            for name in _parts_in(right, trees):
                trees[name] = substitute(trees[name], {RATE: number(1)})
    return map_children(node, lambda child: _share_rate(child, trees))


def _parts_in(node: Node, trees: Mapping[str, Node]) -> set[str]:
    words = {n.name if isinstance(n, Name) else n.operator for n in walk(node)
             if isinstance(n, Name | Apply)}  # fmt: skip
    return words & set(trees)


def _holds_rate(node: Node, trees: Mapping[str, Node]) -> bool:
    return any(RATE in free_names(trees[name]) for name in _parts_in(node, trees))

"""Reads how optimizers are named: `adam`, `adam(beta1=1/2)`, `lookahead(clip(adamw))`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import final

from gradiometer.errors import FormulaError, LimitError, Place
from gradiometer.model.schedule_words import find_outside

MOST_WRAPPERS = 16
"""How many wrappers may stand around each other."""

_NAME = re.compile(r"\s*([^\s(),=]+)\s*")
_SETTING = re.compile(r"\s*([A-Za-z][\w.]*)\s*=(?!=)\s*(.*?)\s*$", re.DOTALL)


@final
@dataclass(frozen=True)
class Call:
    """One rule in a text: its name, the rule in its brackets if it wraps one, and settings."""

    name: str
    text: str
    """The whole text that it stands in."""
    start: int
    end: int
    inner: Call | None
    settings: Mapping[str, tuple[str, int, int]]
    """The settings in its brackets: what is written, and where."""

    def error(self, problem: str, *, hint: str) -> FormulaError:
        """What is wrong with the rule of that name, with the caret below the name."""
        return FormulaError(problem, self.text, self.start, self.end, Place("optimizer"), hint=hint)


def read_optimizer_call(text: str) -> Call:
    """The rule that *text* names, with what stands in its brackets.

    Raises:
        FormulaError: If it is no name with brackets.
        LimitError: If too many wrappers stand around each other.

    Example:
        >>> call = read_optimizer_call("clip(adam(eps=0), max_delta=1/10)")
        >>> call.inner.name, call.settings["max_delta"][0]
        ('adam', '1/10')
    """
    return _read(text, 0, len(text), depth=0)


def _read(text: str, start: int, end: int, *, depth: int) -> Call:
    if depth > MOST_WRAPPERS:
        raise LimitError(
            f"More than {MOST_WRAPPERS} wrappers stand around each other.",
            text, start, end, Place("optimizer"), hint="leave some out",
        )  # fmt: skip
    found = _NAME.match(text, start, end)
    if found is None:
        at = min(start, max(len(text) - 1, 0))
        raise _error(text, at, at + 1, "The name of a rule is missing here.", "write `adam`")
    name, where = found.group(1), found.span(1)
    if found.end() == end:
        return Call(name, text, *where, None, {})
    closing = _closing(text, found.end(), end)
    inner: Call | None = None
    settings: dict[str, tuple[str, int, int]] = {}
    for left, right in _items(text, found.end() + 1, closing):
        setting = _SETTING.match(text[left:right])
        if setting is not None:
            span = (left + setting.start(1), left + setting.end(2))
            settings[setting.group(1)] = (setting.group(2), *span)
        elif inner is None:
            inner = _read(text, left, right, depth=depth + 1)
        else:
            begin = right - len(text[left:right].lstrip())
            hint = f"write `{name}({inner.name})`"
            raise _error(text, begin, right, f"`{name}` wraps one rule, and this is another.", hint)
    return Call(name, text, *where, inner, settings)


def _closing(text: str, opening: int, end: int) -> int:
    """Where the bracket that opens there is closed; nothing may stand behind it."""
    if text[opening] != "(":
        raise _error(text, opening, end, "This makes no sense behind the name of a rule.",
                     "write settings in brackets: `adam(beta1=1/2)`")  # fmt: skip
    closing = next(find_outside(text, opening, end, ")"), None)
    if closing is None:
        raise _error(
            text, opening, opening + 1, "This bracket is not closed.", "write `)` at the end"
        )
    if text[closing + 1 : end].strip():
        raise _error(text, closing + 1, end, "This stands behind the last bracket.", "leave it out")
    return closing


def _items(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the items between two places are, which commas outside brackets part."""
    if not text[start:end].strip():
        return
    commas = [start - 1, *find_outside(text, start, end, ","), end]
    yield from ((left + 1, right) for left, right in pairwise(commas))


def _error(text: str, start: int, end: int, problem: str, hint: str) -> FormulaError:
    return FormulaError(problem, text, start, end, Place("optimizer"), hint=hint)

"""Finds the optimizer that a user names: an entry, a file, a table, or a rule in a wrapper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gradiometer.catalog import list_entries
from gradiometer.errors import (
    GradiometerError,
    LimitError,
    Place,
    UsageError,
    suggest,
    unknown_name,
)
from gradiometer.model.entry import find_entry
from gradiometer.model.entry_place import locate_in_file
from gradiometer.model.optimizer import Optimizer
from gradiometer.model.optimizer_call import MOST_WRAPPERS, Call, read_optimizer_call
from gradiometer.model.optimizer_table import has_rule_line, read_optimizer_table
from gradiometer.model.parameter import read_setting


def read_optimizer(named: str | Mapping[str, Any]) -> Optimizer:
    """The optimizer with that catalogue name, file or table, perhaps inside wrappers.

    A wrapper takes the rule that it changes in brackets, and settings may stand there too:
    `clip(adam, max_delta=1/10)`. A table of a wrapper says it by `rule = "adam"`.

    Raises:
        UsageError: If there is no such optimizer.
        StudyError: If the table lacks a part or has one too many.
        FormulaError: If a formula cannot be read or names something unknown, or a wrapper has no
            rule.

    Example:
        >>> read_optimizer("adam").state.keys()
        dict_keys(['m', 'v', 'u'])
        >>> read_optimizer("clip(adam)").state.keys()
        dict_keys(['adam_m', 'adam_v', 'adam_u'])
    """
    return _read_any(named, depth=0)


def _read_any(named: str | Mapping[str, Any], *, depth: int) -> Optimizer:
    if depth > MOST_WRAPPERS:
        raise LimitError(f"More than {MOST_WRAPPERS} wrappers stand around each other.",
                         hint="leave some out")  # fmt: skip
    if isinstance(named, str) and "(" in named and not named.endswith(".toml"):
        return _read_call(read_optimizer_call(named), depth=depth)
    return _read_named(named, None, None, depth=depth)


def _read_call(call: Call, *, depth: int) -> Optimizer:
    inner = None if call.inner is None else _read_call(call.inner, depth=depth + 1)
    optimizer = _read_named(call.name, call, inner, depth=depth)
    rows = dict(optimizer.parameters)
    for key, (written, start, end) in call.settings.items():
        found = optimizer.owner.find(key)
        if len(found) != 1:
            raise _no_setting(call, optimizer, key, (start, end))
        try:
            value = read_setting(found[0], written, place=Place("optimizer"))
        except GradiometerError as error:
            raise replace(error, text=call.text, start=start, end=end) from None
        rows[found[0].name] = replace(rows[found[0].name], default=value)
    return replace(optimizer, parameters=rows)


def _read_named(
    named: str | Mapping[str, Any], call: Call | None, inner: Optimizer | None, *, depth: int
) -> Optimizer:
    """The optimizer with that name, around *inner*; *call* is where it was named in brackets."""
    found = find_entry("optimizer", named) or find_entry("wrapper", named)
    if found is None:
        raise _no_optimizer(str(named), call)
    table, place = found
    try:
        if inner is None and "rule" in table:
            inner = _read_any(table["rule"], depth=depth + 1)
        wraps = has_rule_line(table)
        if call is not None and call.inner is not None and not wraps:
            raise call.inner.error(
                f"`{call.name}` wraps no rule, and `{call.inner.name}` stands in its brackets.",
                hint=f"write `{call.name}`",
            )
        if wraps and inner is None:
            raise _no_rule(named, table, call)
        return read_optimizer_table(table, place, inner=inner)
    except GradiometerError as error:
        raise locate_in_file(named, error) from None


def _no_rule(
    named: str | Mapping[str, Any], table: Mapping[str, Any], call: Call | None
) -> GradiometerError:
    name = str(table.get("name", "wrapper"))
    problem = f"`{name}` wraps a rule, and none is given."
    if isinstance(named, str):
        hint = f"write `{named}(adam)`"
        return call.error(problem, hint=hint) if call else UsageError(problem, hint=hint)
    return UsageError(problem, hint='add `rule = "adam"` to the table')


def _no_optimizer(named: str, call: Call | None) -> UsageError:
    known = list_entries("optimizer")
    nearest = suggest(named, (*known, *list_entries("wrapper")))
    error = UsageError(
        f"There is no optimizer `{named}`.",
        known=known,
        hint=f"write `{nearest}`" if nearest else "give a catalogue name or a TOML file",
    )
    if call is None:
        return error
    return replace(error, text=call.text, start=call.start, end=call.end, place=Place("optimizer"))


def _no_setting(
    call: Call, optimizer: Optimizer, key: str, span: tuple[int, int]
) -> GradiometerError:
    """Why a setting in brackets is none, or not one alone."""
    found = optimizer.owner.find(key)
    place, name = Place("optimizer"), optimizer.name
    if not found:
        return unknown_name(
            key, tuple(optimizer.parameters), problem=f"`{name}` has no parameter `{key}`.",
            text=call.text, start=span[0], end=span[1], place=place,
        )  # fmt: skip
    spelled = tuple(part for part, n in optimizer.parts.items() if n in {p.name for p in found})
    return UsageError(
        f"`{key}` names more than one parameter of `{name}`.", call.text, *span, place, spelled,
        f"write `{spelled[0]}`",
    )  # fmt: skip

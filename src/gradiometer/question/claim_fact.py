"""A fact of an answer compared with what somebody says it is.

The comparison follows the kind of the fact: numbers exactly or as rounded, intervals by ends and
brackets, formulas as functions, words and truth values literally, lists and rows part by part.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from flint import fmpq

from gradiometer.errors import FormulaError, UsageError, suggest
from gradiometer.formula import (
    Apply,
    Constant,
    Interval,
    Name,
    Node,
    Number,
    free_names,
    parse,
    parse_interval,
)
from gradiometer.question.claim_number import claim_tree, compare_numbers, read_number
from gradiometer.question.claim_proof import compare_trees
from gradiometer.question.value import (
    Bounds,
    Infinity,
    Value,
    to_interval_text,
    to_value_text,
)

_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+")
_WORDS = {"yes": True, "true": True, "no": False, "false": False}


@final
@dataclass(frozen=True)
class Match:
    """Whether a value is what somebody says, and where it first is not."""

    holds: bool | None
    because: str = ""
    """Why it is undecided, or what is there instead; empty where it holds."""
    path: str = ""
    """Which part of the value decided."""
    certificate: Mapping[str, Any] | None = None


def match_value(value: Value, equals: Any, *, exactly: bool, path: str = "") -> Match:
    """Whether *value* is what *equals* says.

    Args:
        value: The value of a fact, or a part of it.
        equals: Text, number, truth value, list or object, as a study file holds them.
        exactly: Whether a decimal is exact, not rounded.
        path: What the value is called in the explanation.

    Raises:
        UsageError: If *equals* cannot be compared with such a value.
        FormulaError: If *equals* is a text that cannot be read.
    """
    if value is None:
        return Match(None, "it is undecided", path)
    if isinstance(value, bool):
        return _match_truth(value, equals, path)
    if isinstance(value, Mapping):
        return _match_object(value, equals, exactly, path)
    if isinstance(value, list | tuple):
        return _match_list(value, equals, exactly, path)
    if isinstance(equals, Mapping | Sequence) and not isinstance(equals, str):
        raise UsageError(f"`{path}` is a single value, it cannot equal a list or an object.")
    if isinstance(equals, bool):
        return _differs(value, "yes" if equals else "no", path)
    text = _text(equals)
    if isinstance(value, Interval | Bounds):
        return _match_interval(value, text, exactly, path)
    if isinstance(value, str):
        return _match_text(value, text, path)
    if isinstance(value, Number | Constant | Name | Apply) and free_names(value):
        return _match_formula(value, text, path)
    return _match_number(value, text, exactly, path)


def _text(equals: Any) -> str:
    """The claimed value as the text a person would type."""
    if isinstance(equals, str):
        text = equals.strip()
        return text.replace(",", "") if _GROUPED.fullmatch(text) else text
    if isinstance(equals, int | float | fmpq):
        return repr(equals) if isinstance(equals, float) else str(equals)
    raise UsageError(f"A claim cannot say `{equals}`.", hint="give a text, a number or a list")


def _differs(value: Value, said: str, path: str) -> Match:
    return Match(False, f"{to_value_text(value)}, not {said}", path)


def _match_truth(value: bool, equals: Any, path: str) -> Match:
    said = _WORDS.get(equals.strip().lower()) if isinstance(equals, str) else equals
    if not isinstance(said, bool):
        return _differs(value, to_value_text(_plain(equals)), path)
    return Match(True, path=path) if said is value else _differs(value, to_value_text(said), path)


def _plain(equals: Any) -> Any:
    return str(equals) if isinstance(equals, float) else equals


def _match_number(value: Value, text: str, exactly: bool, path: str) -> Match:
    verdict = compare_numbers(value, read_number(text), exactly=exactly)
    if verdict.holds is False:
        return replace(_differs(value, text, path), certificate=verdict.certificate)
    return Match(verdict.holds, verdict.because, path, verdict.certificate)


def _match_interval(value: Interval | Bounds, text: str, exactly: bool, path: str) -> Match:
    said = parse_interval(text)
    if (value.lower_closed, value.upper_closed) != (said.lower_closed, said.upper_closed):
        return _differs(value, text, path)
    ends = ((value.lower, said.lower, -1), (value.upper, said.upper, 1))
    undecided = ""
    for found, claimed, sign in ends:
        verdict = compare_numbers(
            _end(found, sign), claim_tree(_end(claimed, sign)), exactly=exactly
        )
        if verdict.holds is False:
            return _differs(value, text, path)
        undecided = undecided or ("" if verdict.holds else verdict.because)
    if undecided:
        return Match(None, f"whether {to_interval_text(value)} is {text}: {undecided}", path)
    return Match(True, path=path)


def _end(end: Node | None, sign: int) -> Node | Infinity:
    return Infinity(sign) if end is None else end


def _match_text(value: str, text: str, path: str) -> Match:
    """Two texts: the same letters, or else the same function."""
    if value == text:
        return Match(True, path=path)
    try:
        found = parse(value).tree
    except FormulaError:
        if _is_formula(value):
            return Match(None, f"`{path}` is {value}, which cannot be compared with {text}", path)
        return _differs(value, text, path)
    if isinstance(found, Name) or not _is_formula(value):
        return _differs(value, text, path)
    return _match_formula(found, text, path)


def _is_formula(text: str) -> bool:
    """Whether the text has more in it than the letters of words."""
    return re.search(r"[0-9+*/^()|]", text) is not None


def _match_formula(value: Node, text: str, path: str) -> Match:
    said = parse(text, names=free_names(value)).tree if free_names(value) else parse(text).tree
    found = compare_trees(value, said)
    if found.holds is False:
        return Match(False, f"{to_value_text(value)}, not {text}: {found.because}", path)
    return Match(found.holds, found.because, path, found.certificate)


def _match_list(value: Sequence[Value], equals: Any, exactly: bool, path: str) -> Match:
    if isinstance(equals, str) or not isinstance(equals, Sequence):
        raise UsageError(
            f"`{path}` is a list with {len(value)} parts; `{equals}` is no list.",
            hint=f"compare a part, such as `{path}.0`, or give a list",
        )
    if len(value) != len(equals):
        shown = to_value_text(value)
        return Match(False, f"{shown} with {len(value)} parts, not {len(equals)}", path)
    parts = (
        match_value(found, said, exactly=exactly, path=f"{path}.{index}")
        for index, (found, said) in enumerate(zip(value, equals, strict=True))
    )
    return _first_wrong(list(parts), path)


def _match_object(value: Mapping[str, Value], equals: Any, exactly: bool, path: str) -> Match:
    if not isinstance(equals, Mapping):
        keys = tuple(map(str, value))
        raise UsageError(
            f"`{path}` has several parts; `{equals}` is one value.",
            known=keys,
            hint=f"compare a part, such as `{path}.{keys[0]}`" if keys else "",
        )
    parts = []
    for key, said in equals.items():
        if key not in value:
            nearest = suggest(str(key), map(str, value))
            raise UsageError(
                f"`{path}` has no part `{key}`.",
                known=tuple(map(str, value)),
                hint=f"write `{nearest}`" if nearest else "",
            )
        parts.append(match_value(value[key], said, exactly=exactly, path=f"{path}.{key}"))
    return _first_wrong(parts, path)


def _first_wrong(parts: Sequence[Match], path: str) -> Match:
    """The part that is wrong, else the one that is undecided, else that all hold."""
    for wanted in (False, None):
        for part in parts:
            if part.holds is wanted:
                return part
    return Match(True, path=path)

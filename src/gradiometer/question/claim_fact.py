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

from gradiometer.errors import FormulaError, UsageError
from gradiometer.formula import (
    Apply,
    Constant,
    Interval,
    Name,
    Node,
    Number,
    free_names,
    from_decimal,
    parse,
    parse_interval,
    to_ball,
    to_decimal,
)
from gradiometer.question.claim_number import claim_tree, compare_numbers, read_number
from gradiometer.question.claim_path import say_missing
from gradiometer.question.claim_proof import compare_trees
from gradiometer.question.fact_names import check_word
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
    """Why it is undecided, or what is there instead; where it holds, what is besides to say."""
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
        UsageError: If *equals* is a word that such a value never is.
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
    if isinstance(value, str):
        check_word(path, equals)
    if isinstance(equals, Mapping | Sequence) and not isinstance(equals, str):
        is_alone = isinstance(equals, Sequence) and len(equals) == 1
        if is_alone and isinstance(value, Interval | Bounds):
            return match_value(value, equals[0], exactly=exactly, path=path)
        return _differs(value, to_said_text(equals), path)
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
    return Match(False, f"{show_value(value)}, not {said}", path)


def show_value(value: Value) -> str:
    """The value for a person; several intervals as their union, and no rows as `none`."""
    if isinstance(value, list | tuple) and not value:
        return "none"
    if _is_union(value):
        return " ∪ ".join(map(to_value_text, value))
    return to_value_text(value)


def _is_union(value: Value) -> bool:
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(part, Interval | Bounds) for part in value)
    )


def to_said_text(equals: Any) -> str:
    """The claimed value on one line, as it was written."""
    if isinstance(equals, bool):
        return "yes" if equals else "no"
    if isinstance(equals, Mapping):
        parts = (f"{key}: {to_said_text(item)}" for key, item in equals.items())
        return "{" + ", ".join(parts) + "}"
    if isinstance(equals, Sequence) and not isinstance(equals, str):
        return "[" + ", ".join(map(to_said_text, equals)) + "]"
    return str(equals)


def _match_truth(value: bool, equals: Any, path: str) -> Match:
    said = _WORDS.get(equals.strip().lower()) if isinstance(equals, str) else equals
    if not isinstance(said, bool):
        return _differs(value, to_value_text(_plain(equals)), path)
    return Match(True, path=path) if said is value else _differs(value, to_value_text(said), path)


def _plain(equals: Any) -> Any:
    return str(equals) if isinstance(equals, float) else equals


def _match_number(value: Value, text: str, exactly: bool, path: str) -> Match:
    if text in _OTHER_KINDS or _BRACKETED.fullmatch(text):
        return _differs(value, text, path)
    verdict = compare_numbers(value, read_number(text), exactly=exactly)
    if verdict.holds is False:
        is_count = isinstance(value, int) and _WHOLE.fullmatch(text)
        said = to_value_text(int(text)) if is_count else text
        return replace(_differs(value, said, path), certificate=verdict.certificate)
    because = verdict.because
    if verdict.is_rounded:
        because = f"{_with_decimal(value)}, which {text} as rounded fits"
    return Match(verdict.holds, because, path, verdict.certificate)


_OTHER_KINDS = {"none", "unknown", *_WORDS}
_BRACKETED = re.compile(r"[\[(].*,.*[\])]|\{.*\}")
_WHOLE = re.compile(r"[+-]?\d{1,30}")


def _with_decimal(value: Value) -> str:
    """A fraction with its decimal, such as `1/80 = 0.0125`."""
    text = to_value_text(value)
    if not isinstance(value, fmpq) or "/" not in text:
        return text
    decimal = to_decimal(value)
    if len(decimal) <= _LONGEST_DECIMAL and from_decimal(decimal) == value:
        return f"{text} = {decimal}"
    return f"{text} {to_value_text(to_ball(value))}"


_LONGEST_DECIMAL = 14


def _match_interval(value: Interval | Bounds, text: str, exactly: bool, path: str) -> Match:
    if text in _OTHER_KINDS or _PLAIN_NUMBER.fullmatch(text) or len(_split_union(text)) > 1:
        return _differs(value, text, path)
    said = parse_interval(text)
    if (value.lower_closed, value.upper_closed) != (said.lower_closed, said.upper_closed):
        return _differs(value, text, path)
    ends = ((value.lower, said.lower, -1), (value.upper, said.upper, 1))
    undecided = rounded = ""
    for found, claimed, sign in ends:
        verdict = compare_numbers(
            _end(found, sign), claim_tree(_end(claimed, sign)), exactly=exactly
        )
        if verdict.holds is False:
            return _differs(value, text, path)
        undecided = undecided or ("" if verdict.holds else verdict.because)
        if verdict.is_rounded:
            rounded = f"{to_interval_text(value)}, which {text} as rounded fits"
    if undecided:
        return Match(None, f"whether {to_interval_text(value)} is {text}: {undecided}", path)
    return Match(True, rounded, path)


_PLAIN_NUMBER = re.compile(r"[+-]?[\d./]+")
_UNION = re.compile(r"(?<=[\])}])\s*(?:[uU∪]|\\cup)\s*(?=[\[({]|\\left|\\\{)")


def _split_union(text: str) -> list[str]:
    return _UNION.split(text)


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
    if _is_union(value) and isinstance(equals, str):
        return _match_union(value, equals, exactly, path)
    if not value and equals == "none":
        return Match(True, path=path)
    if isinstance(equals, str) or not isinstance(equals, Sequence):
        return _differs(value, to_said_text(equals), path)
    if len(value) != len(equals):
        parts = f"{len(value)} part{'' if len(value) == 1 else 's'}, not {len(equals)}"
        return Match(False, f"{show_value(value)} has {parts}" if value else "none, not some", path)
    parts = (
        match_value(found, said, exactly=exactly, path=f"{path}.{index}")
        for index, (found, said) in enumerate(zip(value, equals, strict=True))
    )
    return _first_wrong(list(parts), path)


def _match_union(value: Sequence[Value], text: str, exactly: bool, path: str) -> Match:
    """Several intervals against `(-oo, 0) u (0, oo)`."""
    said = _split_union(text.strip())
    if len(said) != len(value):
        return _differs(value, text, path)
    found = _match_list(value, said, exactly, path)
    return _differs(value, text, path) if found.holds is False else found


def _match_object(value: Mapping[str, Value], equals: Any, exactly: bool, path: str) -> Match:
    if not isinstance(equals, Mapping):
        return _differs(value, to_said_text(equals), path)
    parts = []
    for key, said in equals.items():
        if key not in value:
            return Match(False, say_missing(path, str(key), value).because)
        parts.append(match_value(value[key], said, exactly=exactly, path=f"{path}.{key}"))
    return _first_wrong(parts, path)


def _first_wrong(parts: Sequence[Match], path: str) -> Match:
    """The part that is wrong, else the one that is undecided, else that all hold."""
    for wanted in (False, None):
        for part in parts:
            if part.holds is wanted:
                return part
    return Match(True, path=path)

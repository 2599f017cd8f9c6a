"""Single items of a network's text: what a word with its values becomes in the tree."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradiometer.model.network_tokens import NAME, Cursor, Value, is_name, is_value, shorten
from gradiometer.model.network_tree import (
    Branches,
    Chain,
    Experts,
    Input,
    Item,
    Join,
    Layer,
    Repeat,
    Use,
)
from gradiometer.model.network_widths import MOST_WIDTH

MOST_COPIES = 100_000
"""Largest count of a repetition or of experts that is written as a number."""

JOINS: dict[str, Join] = {"add": "add", "multiply": "multiply", "concat": "concat"}
"""Words that join branches."""
BODY_WORDS = ("repeat", "residual", *JOINS, "experts")
"""Words that take items in braces."""
ITEM_SETTINGS = ("if", "from", "tie", "frozen")
"""Settings that every item understands."""
JOIN_SETTINGS = {"concat": ("axis", *ITEM_SETTINGS)}
"""Settings of joins that understand more."""

_WHOLE = re.compile(r"[0-9]+")
_PLAIN_NUMBER = re.compile(r"[+\-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+\-]?[0-9]+)?")
_AXIS = re.compile(r"[0-9?]+")
_PATH = re.compile(rf"{NAME.pattern}(?:\.[A-Za-z0-9_]+)*")
_REPEAT = re.compile(rf"(?P<count>.*?)(?:\s+as\s+(?P<counter>{NAME.pattern}))?\s*", re.DOTALL)


class Head:
    """What stands before the braces of an item: its word, its values and its name."""

    def __init__(self, word: str, start: int, name: str, values: Sequence[Value] = ()) -> None:
        self.word = word
        self.start = start
        self.name = name
        self.values = tuple(values)


def make_item(cursor: Cursor, head: Head) -> Item:
    """The layer, the input or the repeated use that a word and its values are.

    Raises:
        FormulaError: If a value is missing, or one has no meaning for this word.
    """
    place = cursor.place(head.start)
    if head.word in {"input", "tokens"}:
        shape = _read_shape(cursor, head)
        return Input(shape, head.word == "tokens", name=head.name, place=place)
    if head.word == "use":
        of, settings = _take(cursor, head, "of")
        if not _PATH.fullmatch(of.text):
            problem = f"`{shorten(of.text)}` is no name of an item."
            hint = "write the name that stands before the item: `use(encoder)`"
            raise cursor.error(problem, of.start, of.end, hint=hint)
        return Use(of.text, settings, name=head.name, place=place)
    arguments = tuple(value.text for value in head.values if not value.name)
    settings = tuple((value.name, value.text) for value in head.values if value.name)
    return Layer(head.word, arguments, settings, name=head.name, place=place)


def read_repeat_head(cursor: Cursor, head: Head, end: int) -> Head:
    """The head of `repeat 3 as i`, whose values stand without brackets up to *end*."""
    start = cursor.at
    match = _REPEAT.fullmatch(cursor.text, start, end)
    count = match["count"].strip() if match else ""
    if not count:
        raise cursor.error(
            "`repeat` needs a count.",
            head.start,
            head.start + len(head.word),
            hint="write `repeat 3 { … }`",
        )
    start += len(cursor.text[start:end]) - len(cursor.text[start:end].lstrip())
    stop = start + len(count)
    if not is_value(" ".join(count.split())) or re.search(r"\bas\b", count):
        hint = "write `repeat 12 as i { … }`, and with settings `repeat(12, as=i, if=…) { … }`"
        raise cursor.error(f"`{shorten(count)}` is no count.", start, stop, hint=hint)
    values = [Value("", " ".join(count.split()), start, stop)]
    if match and match["counter"]:
        values.append(Value("as", match["counter"], *match.span("counter")))
    return Head(head.word, head.start, head.name, values)


def close_item(cursor: Cursor, head: Head, bodies: Sequence[Chain]) -> Item:
    """The repetition, the experts or the branches that a head and its bodies are.

    Raises:
        FormulaError: If a value or a branch is missing or one too many.
    """
    place = cursor.place(head.start)
    if head.word == "repeat":
        count, settings = _take(cursor, head, "count", own=("as",))
        _check_count(cursor, count)
        counter, settings = _split(settings, "as")
        if counter and not is_name(counter):
            problem = f"`{shorten(counter)}` cannot be the name of a counter."
            raise cursor.error(problem, head.start, hint="write such as `repeat 12 as i { … }`")
        return Repeat(count.text, bodies[0], counter, settings, name=head.name, place=place)
    if head.word == "experts":
        count, settings = _take(cursor, head, "count", own=("active",))
        _check_count(cursor, count)
        active, settings = _split(settings, "active")
        for value in head.values:
            if value.name == "active":
                _check_count(cursor, value)
        if not active:
            problem = "`experts` needs `active`: how many of them work on each token."
            hint = f"write `experts({shorten(count.text)}, active=2) {{ … }}`"
            raise cursor.error(problem, head.start, head.start + len(head.word), hint=hint)
        return Experts(count.text, active, bodies[0], settings, name=head.name, place=place)
    _refuse_positional(cursor, head)
    settings = tuple((value.name, value.text) for value in head.values)
    join, branches = _find_branches(cursor, head, bodies)
    return Branches(join, branches, settings, name=head.name, place=place)


def _find_branches(
    cursor: Cursor, head: Head, bodies: Sequence[Chain]
) -> tuple[Join, tuple[Chain, ...]]:
    end = head.start + len(head.word)
    if head.word == "residual":
        if len(bodies) == 1 and not bodies[0].items:
            hint = "write the layers whose output is added"
            raise cursor.error("This residual has no layers.", head.start, end, hint=hint)
        if len(bodies) > 2:
            problem = "A residual has one branch, and a second one as its shortcut."
            raise cursor.error(problem, head.start, end, hint="write `add { … | … | … }`")
        # What is written first comes first: frameworks list the shortcut's tensors last.
        return "add", tuple(bodies) if len(bodies) == 2 else (Chain(), bodies[0])
    join = JOINS[head.word]
    if len(bodies) < 2:
        hint = "write `residual { … }`" if join == "add" else f"write `{join} {{ … | … }}`"
        problem = f"`{join}` joins at least two branches, and here is one."
        raise cursor.error(problem, head.start, end, hint=hint)
    return join, tuple(bodies)


def _take(
    cursor: Cursor, head: Head, wanted: str, *, own: tuple[str, ...] = ()
) -> tuple[Value, tuple[tuple[str, str], ...]]:
    """The one value without a name, which may also be called *wanted*, and the settings."""
    known = (wanted, *own, *ITEM_SETTINGS)
    found: list[Value] = []
    settings: list[tuple[str, str]] = []
    for value in head.values:
        if value.name in {"", wanted}:
            found.append(value)
        elif value.name in known:
            settings.append((value.name, value.text))
        else:
            problem = f"`{head.word}` has no setting `{value.name}`."
            stop = value.start + len(value.name)
            raise cursor.unknown(problem, value.start, stop, known=known)
    if len(found) != 1:
        said = "needs" if not found else "takes only one"
        start, end = (found[1].start, found[1].end) if found else (head.start, head.start)
        end = end if found else head.start + len(head.word)
        example = "use(encoder)" if head.word == "use" else f"{head.word}(8, …)"
        raise cursor.error(
            f"`{head.word}` {said} `{wanted}`.", start, end, hint=f"write such as `{example}`"
        )
    return found[0], tuple(settings)


def _split(
    settings: tuple[tuple[str, str], ...], name: str
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The value of one setting, empty where it is not given, and the other settings."""
    return dict(settings).get(name, ""), tuple(pair for pair in settings if pair[0] != name)


def _refuse_positional(cursor: Cursor, head: Head) -> None:
    for value in head.values:
        if not value.name:
            problem = f"`{head.word}` takes no value without a name."
            hint = f"write `{head.word} {{ … }}`"
            raise cursor.error(problem, value.start, value.end, hint=hint)
        known = JOIN_SETTINGS.get(head.word, ITEM_SETTINGS)
        if value.name not in known:
            problem = f"`{head.word}` has no setting `{value.name}`."
            stop = value.start + len(value.name)
            raise cursor.unknown(problem, value.start, stop, known=known)


def _check_count(cursor: Cursor, value: Value) -> None:
    """Refuse a count that is a number but no whole one, or a very large one."""
    text = value.text
    if _WHOLE.fullmatch(text):
        digits = text.lstrip("0")
        if len(digits) > len(str(MOST_COPIES)) or int(digits or 0) > MOST_COPIES:
            problem = f"A count may be at most {MOST_COPIES:,}."
            raise cursor.limit(problem, value.start, value.end)
    elif _PLAIN_NUMBER.fullmatch(text):
        hint = "write a whole number"
        raise cursor.error(f"`{shorten(text)}` is no count.", value.start, value.end, hint=hint)


def _read_shape(cursor: Cursor, head: Head) -> tuple[str, ...]:
    example = "tokens(1024)" if head.word == "tokens" else "input(3, 224, 224)"
    for value in head.values:
        if value.name:
            problem = f"`{head.word}` has no settings, only one value an axis."
            raise cursor.error(problem, value.start, value.end, hint=f"write such as `{example}`")
        check_axis(cursor, value.text, value.start)
    if not head.values:
        end = head.start + len(head.word)
        problem = f"`{head.word}` needs one value an axis."
        raise cursor.error(problem, head.start, end, hint=f"write such as `{example}`")
    return tuple(value.text for value in head.values)


def check_axis(cursor: Cursor, text: str, start: int) -> None:
    """Refuse a size of an axis that is written as a number and is none, or too large.

    Raises:
        FormulaError: If it is 0, or no whole number and not `?` either.
        LimitError: If it is larger than any width may be.
    """
    end = start + len(text)
    if _WHOLE.fullmatch(text):
        digits = text.lstrip("0")
        if not digits:
            hint = "write a positive integer, or `?` for an unknown size"
            raise cursor.error("An axis of size 0 holds nothing.", start, end, hint=hint)
        if len(digits) > len(str(MOST_WIDTH)) or int(digits) > MOST_WIDTH:
            raise cursor.limit(f"A size is larger than {MOST_WIDTH:,}.", start, end)
    elif text != "?" and (_AXIS.fullmatch(text) or _PLAIN_NUMBER.fullmatch(text)):
        hint = "write a positive integer, or `?` for an unknown size"
        raise cursor.error(f"`{shorten(text)}` is no size.", start, end, hint=hint)

"""Reads the text of a network: items one behind the other, braces for what they hold."""

from __future__ import annotations

import re

from gradiometer.errors import FormulaError, Place
from gradiometer.model.network_items import (
    BODY_WORDS,
    Head,
    close_item,
    make_item,
    read_repeat_head,
)
from gradiometer.model.network_numbers import (
    looks_like_widths,
    read_number,
    refuse_input_alone,
    widths_tree,
)
from gradiometer.model.network_tokens import (
    MOST_ITEMS,
    MOST_NESTING,
    Cursor,
    name_character,
    shorten,
)
from gradiometer.model.network_tree import Chain, Input, Item
from gradiometer.model.network_widths import mend_widths, read_widths

_BODY_AHEAD = re.compile(r"[^;\n{}|#]*\{")
_UNTIL_BODY = re.compile(r"[^;\n{}|#]*")


def read_network_tree(text: str, *, place: Place | None = None) -> Chain:
    """The network that *text* describes, as a tree; which kinds of layers there are is not asked.

    Args:
        text: Items apart by ends of lines, `;` or `->`, or widths such as `100-100-20-1`.
        place: Where the text stands, for errors and for the places in the tree.

    Raises:
        FormulaError: If the text is no network.
        LimitError: If it is larger than the stated limits.

    Example:
        >>> tree = read_network_tree("3x32x32 -> conv(64, 3, padding=1) -> repeat 2 { relu }")
        >>> tree.items[1].arguments, tree.items[1].settings
        (('64', '3'), (('padding', '1'),))
    """
    if looks_like_widths(text):
        given = place or Place()
        start = Place(given.source, given.line or 1, given.column or 1)
        return widths_tree(read_widths(text, place=place), place=start)
    cursor = Cursor(text, place)
    tree = _Reader(cursor).read()
    if not tree.items:
        hint = "write the widths as in `100-100-20-1`, or layers as in `784 -> dense(10)`"
        raise cursor.error("The network has no layers.", 0, hint=hint)
    first = tree.items[0]
    if len(tree.items) == 1 and isinstance(first, Input) and not first.name:
        refuse_input_alone(cursor)
    return tree


def read_shape(text: str, *, place: Place | None = None) -> Input:
    """The input that *text* is: `3x32x32`, `784` or `tokens(1024)`.

    Raises:
        FormulaError: If it is anything else.

    Example:
        >>> read_shape("3x32x32").shape
        ('3', '32', '32')
    """
    cursor = Cursor(text, place)
    items = _Reader(cursor).read().items
    if len(items) != 1 or not isinstance(items[0], Input):
        problem, hint = "This is no shape of an input.", "write such as `784` or `3x32x32`"
        raise cursor.error(problem, 0, len(text), hint=hint)
    return items[0]


class _Level:
    """The braces that are open: their head, the branches before and the items so far."""

    def __init__(self, head: Head) -> None:
        self.head = head
        self.branches: list[Chain] = []
        self.items: list[Item] = []
        self.begun = False
        self.apart = True
        """Whether a mark stands between the last item and what follows."""
        self.arrow: int | None = None
        """Where a `->` stands that nothing follows yet."""


class _Reader:
    """One walk over the text; open braces are in a list, so nesting costs no recursion."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.levels = [_Level(Head("", 0, ""))]
        self.count = 0

    def read(self) -> Chain:
        """The whole text."""
        cursor = self.cursor
        while True:
            sign = cursor.skip()
            start = cursor.at
            if mark := cursor.mark():
                self._pass_mark(mark, start)
            elif not sign:
                break
            elif sign in "}|":
                self._end_branch(sign)
            else:
                self._read_item()
        level = self.levels[-1]
        if len(self.levels) > 1:
            head = level.head
            problem = f"The brace of this `{head.word}` is not closed."
            end = head.start + len(head.word)
            raise cursor.error(problem, head.start, end, hint="write `}` behind its layers")
        self._check_arrow(level)
        return Chain(tuple(level.items))

    def _pass_mark(self, mark: str, start: int) -> None:
        level = self.levels[-1]
        level.apart = True
        if mark == "->":
            if not level.begun or level.arrow is not None:
                problem = "Nothing stands before this `->`."
                raise self.cursor.error(problem, start, start + 2, hint="leave it out")
            level.arrow = start

    def _check_arrow(self, level: _Level) -> None:
        if level.arrow is not None:
            problem, hint = "Nothing follows this `->`.", "leave it out"
            raise self.cursor.error(problem, level.arrow, level.arrow + 2, hint=hint)

    def _end_branch(self, sign: str) -> None:
        """Pass `|` or `}`."""
        cursor, level = self.cursor, self.levels[-1]
        if len(self.levels) == 1:
            problem = "This brace closes nothing." if sign == "}" else "Here is nothing to join."
            hint = "leave it out" if sign == "}" else "write such as `add { … | … }`"
            raise cursor.error(problem, cursor.at, hint=hint)
        self._check_arrow(level)
        if sign == "|" and level.head.word in {"repeat", "experts"}:
            problem = f"`{level.head.word}` has one body, without branches."
            hint = "write such as `concat { … | … }` inside it"
            raise cursor.error(problem, cursor.at, hint=hint)
        cursor.at += 1
        level.branches.append(Chain(tuple(level.items)))
        level.items, level.begun, level.apart = [], False, True
        self._count_one()
        if sign == "}":
            self.levels.pop()
            self._add(close_item(cursor, level.head, level.branches))

    def _add(self, item: Item | None) -> None:
        """Put an item behind the others; None is one that changes nothing."""
        level = self.levels[-1]
        level.begun, level.apart, level.arrow = True, False, None
        if item is not None:
            level.items.append(item)
            self._count_one()

    def _count_one(self) -> None:
        self.count += 1
        if self.count > MOST_ITEMS:
            hint = "write what comes again as `repeat 12 { … }`"
            problem = f"A network may have at most {MOST_ITEMS:,} items."
            raise self.cursor.limit(problem, max(self.cursor.at - 1, 0), hint=hint)

    def _read_item(self) -> None:
        cursor = self.cursor
        start = cursor.at
        name, word = "", cursor.word()
        if not self.levels[-1].apart:
            end = max(cursor.at, start + 1)
            shown = name_character(cursor.text[start]) if end == start + 1 else ""
            shown = shown or f"`{shorten(cursor.text[start:end])}`"
            problem = f"{shown} stands directly behind another item."
            raise cursor.error(problem, start, end, hint=self._hint_apart(start))
        if word and cursor.skip() == ":":
            cursor.at += 1
            name = word
            cursor.skip(lines=True)
            start = cursor.at
            word = cursor.word()
        if word:
            self._read_word(Head(word, start, name))
        elif re.match("[0-9?]", cursor.text[start : start + 1]):
            first = len(self.levels) == 1 and not self.levels[0].begun
            for item in read_number(cursor, start, name=name, first=first):
                self._add(item)
        else:
            raise self._refuse(start, name)

    def _hint_apart(self, start: int) -> str:
        """What to write where an item follows another without a mark."""
        text = self.cursor.text
        before = re.search(r"([A-Za-z_]\w*)\s*$", text[max(0, start - 80) : start])
        behind = re.compile(r"-([A-Za-z]\w*)").match(text, start)
        if before and behind:
            return f"write `{before.group(1)}_{behind.group(1)[:40]}`"
        number = re.compile(r"[0-9]+").match(text, start)
        if before and number and len(number.group()) < 20:
            return f"write `{before.group(1)}({number.group()})`"
        return "write `;` or `->` between items"

    def _refuse(self, start: int, name: str) -> FormulaError:
        """The error about a character that begins no item."""
        cursor = self.cursor
        sign = cursor.text[start : start + 1]
        if sign == "{":
            problem, hint = "A word is missing before this brace.", "write such as `repeat 3 { … }`"
            return cursor.error(problem, start, hint=hint, known=BODY_WORDS)
        if name and (not sign or sign in "\n;|}"):
            begin = cursor.text.rfind(name, 0, start)
            hint = f"write `{name}: dense(10)`"
            return cursor.error("This name has no item.", begin, begin + len(name), hint=hint)
        mended = mend_widths(cursor.text)
        hint = f"write `{mended}`" if mended else "write such as `dense(100)`"
        return cursor.error(f"{name_character(sign)} begins no item.", start, hint=hint)

    def _read_word(self, head: Head) -> None:
        cursor = self.cursor
        word, start = head.word, head.start
        end = start + len(word)
        bracket = cursor.skip() == "("
        if word == "repeat" and not (bracket and self._has_call()):
            stop = self._find_body(cursor.at)
            head = read_repeat_head(cursor, head, stop)
            cursor.at = stop
        elif bracket:
            head = Head(word, start, head.name, cursor.values())
        if word in BODY_WORDS:
            self._open(head, end)
            return
        ahead = _BODY_AHEAD.match(cursor.text, cursor.at)
        if ahead and (not bracket or ahead.group().strip() == "{"):
            problem = f"`{word}` takes no items in braces."
            if bracket:
                raise cursor.error(problem, start, end, known=BODY_WORDS)
            raise cursor.unknown(problem, start, end, known=BODY_WORDS)
        # A bare `identity` passes its input on, and an empty branch does as well.
        bare = word == "identity" and not bracket and not head.name
        self._add(None if bare else make_item(cursor, head))

    def _has_call(self) -> bool:
        """Whether the bracket that opens here closes right before a brace: `repeat(3, as=i) {`."""
        cursor = self.cursor
        start = cursor.at
        try:
            cursor.values()
            return cursor.skip(lines=True) == "{"
        finally:
            cursor.at = start

    def _find_body(self, start: int) -> int:
        found = _UNTIL_BODY.match(self.cursor.text, start)
        return found.end() if found else start

    def _open(self, head: Head, end: int) -> None:
        """Pass the brace behind a head."""
        cursor = self.cursor
        if cursor.skip(lines=True) != "{":
            example = "experts(8, active=2)" if head.word == "experts" else head.word
            example = "repeat 3" if head.word == "repeat" else example
            problem = f"`{head.word}` needs its layers in braces."
            raise cursor.error(problem, head.start, end, hint=f"write `{example} {{ … }}`")
        if len(self.levels) > MOST_NESTING:
            problem = f"At most {MOST_NESTING} braces may stand inside one another."
            raise cursor.limit(problem, cursor.at)
        cursor.at += 1
        self.levels.append(_Level(head))

"""Numbers in the text of a network: shapes of inputs, and widths of dense layers."""

from __future__ import annotations

import re

from gradiometer.errors import FormulaError, Place
from gradiometer.model.network_items import check_axis
from gradiometer.model.network_tokens import MOST_VALUES, Cursor, shorten
from gradiometer.model.network_tree import Chain, Input, Item, Layer
from gradiometer.model.network_widths import mend_widths, read_widths

_RUN = re.compile(r"(?:(?!->)[^;\n#{}()|→])*")
"""What stands up to the next mark, such as the widths of a dense network."""
_SHAPE = re.compile(r"[0-9?]+(?:\s*[x×]\s*[0-9?]+)*")
_WIDTHS_MARKS = re.compile(r"[^(){}:;|=#→]*")
_OTHER_MARKS = re.compile(r"[0-9][0-9\s,.*_/eE–—−‐]*")
_SHORT = re.compile("[0-9]{1,13}")


def looks_like_widths(text: str) -> bool:
    """Whether the whole text is meant as widths, right or wrong.

    Example:
        >>> looks_like_widths("100-x-1"), looks_like_widths("100 -> relu")
        (True, False)
    """
    plain = text.strip()
    if not plain:
        return True
    if "->" in plain or "\n" in plain or not _WIDTHS_MARKS.fullmatch(plain):
        return False
    if plain[0] == "-" or ("-" in plain and re.search("[0-9]", plain)):
        return True
    return _OTHER_MARKS.fullmatch(plain) is not None


def widths_tree(widths: tuple[int, ...], *, place: Place | None = None) -> Chain:
    """The dense network of these widths, inputs first.

    Example:
        >>> len(widths_tree((100, 20, 1)).items)
        3
    """
    layers = [Layer("dense", (str(width),), place=place) for width in widths[1:]]
    return Chain((Input((str(widths[0]),), place=place), *layers))


def read_number(cursor: Cursor, start: int, *, name: str, first: bool) -> tuple[Item, ...]:
    """The items that a number begins: a shape such as `3x32x32`, or the widths of a network.

    Args:
        cursor: The text; it is moved behind the number.
        start: Where the number begins.
        name: The name of the item, or an empty text.
        first: Whether nothing stands before it, so that it may be widths.

    Raises:
        FormulaError: If it is neither.
        LimitError: If a number is too large.
    """
    found = _RUN.match(cursor.text, start)
    written = (found.group() if found else "").rstrip()
    end = cursor.at = start + len(written)
    if "-" in written and first and not name:
        return _read_widths(cursor, written, start).items
    if not _SHAPE.fullmatch(written) or not (first or name):
        raise _refuse_number(cursor, written, start, first=first or bool(name))
    shape = [(axis.group(), axis.start()) for axis in re.finditer("[0-9?]+", written)]
    if len(shape) > MOST_VALUES:
        raise cursor.limit(f"An input may have at most {MOST_VALUES} axes.", start, end)
    for axis, offset in shape:
        check_axis(cursor, axis, start + offset)
    place = cursor.place(start)
    return (Input(tuple(axis for axis, _ in shape), name=name, place=place),)


def _read_widths(cursor: Cursor, written: str, start: int) -> Chain:
    try:
        return widths_tree(read_widths(written), place=cursor.place(start))
    except FormulaError as error:
        first = start + (error.start or 0)
        last = start + (error.end or 0)
        make = cursor.error if type(error) is FormulaError else cursor.limit
        raise make(error.problem, first, last, hint=error.hint) from None


def _refuse_number(cursor: Cursor, written: str, start: int, *, first: bool) -> FormulaError:
    mended = mend_widths(cursor.text)
    if first:
        problem = f"`{shorten(written)}` is no shape of an input."
        hint = "write such as `784` or `3x32x32`"
    else:
        problem = f"`{shorten(written)}` is an input, and one without a name stands first."
        hint = f"write `dense({written})`" if _SHORT.fullmatch(written) else "write `x: 3x32x32`"
    hint = f"write `{mended}`" if mended else hint
    return cursor.error(problem, start, max(start + len(written), start + 1), hint=hint)


def refuse_input_alone(cursor: Cursor) -> None:
    """Refuse `100x20x1`, which may be meant as widths; `input(100)` alone says what it is."""
    cursor.at = 0
    cursor.skip(lines=True)
    if cursor.text[cursor.at].isalpha():
        return
    mended = mend_widths(cursor.text)
    end = len(cursor.text.rstrip())
    problem = "This is an input without layers."
    hint = f"write `{mended}`" if mended else "write layers behind it: `-> dense(10)`"
    raise cursor.error(problem, cursor.at, end, hint=hint)

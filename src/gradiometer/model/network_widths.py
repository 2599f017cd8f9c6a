"""The widths of a dense network: `100-100-20-1` in, whole numbers out."""

from __future__ import annotations

import re

from gradiometer.errors import FormulaError, LimitError, Place

MOST_LAYERS = 10_000
"""Largest number of layers that is read."""

MOST_WIDTH = 10**12
"""Largest width of a layer that is read."""

_OTHER_MARKS = re.compile(r"\s*(?:->|=>|[–—−‐→x×*/,;:_]|\s)\s*")
"""What people write between widths instead of a hyphen."""


def read_widths(text: str, *, place: Place | None = None) -> tuple[int, ...]:
    """The widths that *text* lists, inputs first, joined by hyphens.

    Args:
        text: Positive integers such as `100-100-20-1`; blanks round a hyphen do not count.
        place: Where the text stands, for errors.

    Raises:
        FormulaError: If a width is missing or is no positive integer.
        LimitError: If there are more layers or larger widths than the stated limits.

    Example:
        >>> read_widths("100 - 20 - 1")
        (100, 20, 1)
    """
    if text.count("-") > MOST_LAYERS:
        raise LimitError(
            f"The network has more than {MOST_LAYERS:,} layers.", text=text, start=0, place=place
        )
    widths: list[int] = []
    start = 0
    for part in text.split("-"):
        end = start + len(part)
        left = start + len(part) - len(part.lstrip())
        widths.append(_read_width(part.strip(), text=text, start=left, place=place))
        start = end + 1
    if len(widths) == 1:
        raise FormulaError(
            f"`{text.strip()}` is one width; a network has at least two, its inputs and its "
            "outputs.",
            text=text,
            start=len(text) - len(text.lstrip()),
            end=len(text.rstrip()),
            place=place,
            hint=f"write for example `{widths[0]}-10-1`",
        )
    return tuple(widths)


def mend_widths(text: str) -> str:
    """The text with other marks replaced by hyphens, or nothing when that does not help.

    Example:
        >>> mend_widths("100 -> 20 -> 1")
        '100-20-1'
    """
    if len(text) > 200:
        return ""
    mended = "-".join(filter(None, re.split("-", _OTHER_MARKS.sub("-", text.strip()))))
    return mended if re.fullmatch("[1-9][0-9]*(-[1-9][0-9]*)+", mended) else ""


def _read_width(part: str, *, text: str, start: int, place: Place | None) -> int:
    end = max(start + len(part), start + 1)
    if not part:
        raise FormulaError(
            "A width is missing here." if text.strip() else "The network has no text.",
            text=text,
            start=start,
            end=end,
            place=place,
            hint="write the widths as in `100-100-20-1`",
        )
    if not re.fullmatch("[0-9]+", part):
        mended = mend_widths(text)
        raise FormulaError(
            f"`{_shorten(part)}` is no width: a width is a positive integer.",
            text=text,
            start=start,
            end=end,
            place=place,
            hint=f"write `{mended}`" if mended else "join positive integers by `-`",
        )
    # The length is looked at first: reading a number of a million digits takes long.
    if len(part.lstrip("0")) > len(str(MOST_WIDTH)) or int(part) > MOST_WIDTH:
        raise LimitError(
            f"A width is larger than {MOST_WIDTH:,}.", text=text, start=start, end=end, place=place
        )
    if int(part) == 0:
        raise FormulaError(
            "A layer of width 0 has no units.",
            text=text,
            start=start,
            end=end,
            place=place,
            hint="write a positive integer",
        )
    return int(part)


def _shorten(part: str) -> str:
    return part if len(part) <= 40 else part[:39] + "…"

"""What a gradient is asked for: the point, the output, and what to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, final

from flint import fmpq

from gradiometer.errors import DomainError, Place, UndecidedError, UsageError
from gradiometer.formula import Node, Number, evaluate, from_decimal, parse, to_rational_text
from gradiometer.question.gradient_highlight import Highlight, read_highlight
from gradiometer.question.gradient_view import MOST_SHOWN

_MOST_TOP = 10_000
"""Paths of one input that are listed at most."""


@final
@dataclass(frozen=True)
class Wanted:
    """What is asked besides the computation and the point."""

    of: str
    top: int | None
    keep: Sequence[str]
    highlight: Highlight | None
    focus: int | None
    look: Mapping[str, Any]
    """What to look at, as it was asked."""


def read_wanted(
    of: str, *, top: Any, keep: str | Sequence[str], highlight: str | None, focus: Any
) -> Wanted:
    """What is asked besides the computation and the point.

    Raises:
        UsageError: If a number is out of range, or the path cannot be read.
    """
    look = {"highlight": highlight, "focus": focus}
    return Wanted(
        of,
        _read_top(top),
        (keep,) if isinstance(keep, str) else keep,
        None if highlight is None else read_highlight(highlight),
        _read_focus(focus),
        {name: value for name, value in look.items() if value is not None},
    )


def read_point(at: Mapping[str, Any] | None) -> tuple[dict[str, Node], dict[str, str]]:
    """The value of each input as a constant tree and as text.

    Raises:
        UsageError: If it is no table of numbers.
        FormulaError: If a value cannot be read.
    """
    if at is None:
        return {}, {}
    if not isinstance(at, Mapping):
        raise UsageError(
            "The point is a value for each input.", hint='write for example `at={"a": "-1"}`'
        )
    trees: dict[str, Node] = {}
    texts: dict[str, str] = {}
    for key, value in at.items():
        name = str(key).strip()
        trees[name], texts[name] = _read_value(value, Place(f"at {name}"))
    return trees, texts


def _read_top(top: Any) -> int | None:
    if top is None:
        return None
    if isinstance(top, bool) or not isinstance(top, int) or not 1 <= top <= _MOST_TOP:
        raise UsageError(
            f"`top` is a number of paths from 1 to {_MOST_TOP:,}, not {top!r}.",
            place=Place("top"),
            hint="write such as 10",
        )
    return top


def _read_focus(focus: Any) -> int | None:
    if focus is None:
        return None
    if isinstance(focus, bool) or not isinstance(focus, int) or not 2 <= focus <= MOST_SHOWN:
        raise UsageError(
            f"`focus` is a number of nodes from 2 to {MOST_SHOWN}, not {focus!r}.",
            place=Place("focus"),
            hint="write such as 20",
        )
    return focus


def _read_value(value: Any, place: Place) -> tuple[Node, str]:
    if isinstance(value, bool) or not isinstance(
        value, int | float | str | fmpq | Fraction | Decimal
    ):
        raise UsageError(f"`{value}` is no number.", place=place, hint="write such as `-1/3`")
    text = value.strip() if isinstance(value, str) else str(value)
    if isinstance(value, float | Decimal):
        if not Decimal(text).is_finite():
            raise UsageError(f"`{text}` is no finite number.", place=place)
        number = from_decimal(text)
        return Number(number), to_rational_text(number)
    tree = parse(text, names=(), place=place).tree
    try:
        number = evaluate(tree, {})
    except DomainError as error:
        raise DomainError(
            error.problem, text=text, start=error.start, end=error.end, place=place
        ) from None
    except UndecidedError:
        return tree, text
    if isinstance(number, fmpq):
        return Number(number), to_rational_text(number)
    return tree, text

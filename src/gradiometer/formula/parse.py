"""A formula's text in, the formula as it was read out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import final

from gradiometer.errors import GradiometerError, Place
from gradiometer.formula.limits import check_limits, check_text
from gradiometer.formula.reader import Reader
from gradiometer.formula.scope import Scope
from gradiometer.formula.tree import Node


@final
@dataclass(frozen=True)
class Formula:
    """A formula as written and as read."""

    text: str
    """The text that the spans of the tree refer to."""
    tree: Node
    notes: tuple[str, ...] = ()
    """How doubtful passages were read, one sentence each."""


def parse(
    text: str,
    *,
    names: Collection[str] | None = None,
    functions: Collection[str] = (),
    place: Place | None = None,
) -> Formula:
    """The formula that *text* writes.

    Args:
        text: A formula such as `3x + e^(-x^2)`, `|x|`, `where(x <= 0, 0, x)`.
        names: Variables the formula may use; None lets every name be a variable. A variable named
            `e` or `pi` hides the constant.
        functions: Functions of the caller; `f'` makes `f'(x)` an application of `f'`.
        place: Where the text stands, for errors.

    Returns:
        The text, its tree, and notes on how doubtful passages were read.

    Raises:
        FormulaError: If the text is not a formula.
        UnknownNameError: If a name is neither in *names* nor a function nor a constant.
        LimitError: If the text, the tree or a constant in it is too large.
        UsageError: If a variable has the name of a function.

    Example:
        >>> parse("1/2x").notes
        ('`1/2x` is read as `(1/2)*x`.',)
    """
    try:
        return parse_in_scope(text, Scope(names, functions))
    except GradiometerError as error:
        if place is None:
            raise
        raise error.located(place) from None


def parse_in_scope(text: str, scope: Scope) -> Formula:
    """The formula that *text* writes with the names of *scope*.

    Raises:
        FormulaError: If the text is not a formula.
    """
    check_text(text)
    reader = Reader(text, scope)
    tree = reader.whole()
    check_limits(tree, text=text)
    return Formula(text, tree, tuple(reader.notes))

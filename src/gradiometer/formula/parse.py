"""A formula's text in, the formula as it was read out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import final

from gradiometer.errors import GradiometerError, Place
from gradiometer.formula.latex_source import assigned_words, read_source
from gradiometer.formula.limits import check_limits, check_text
from gradiometer.formula.reader import Reader
from gradiometer.formula.scope import Scope
from gradiometer.formula.source import Source
from gradiometer.formula.tree import Node


@final
@dataclass(frozen=True)
class Formula:
    """A formula as written and as read."""

    text: str
    """The text as written, which the spans of the tree refer to."""
    tree: Node
    notes: tuple[str, ...] = ()
    """How doubtful passages were read, one sentence each."""


def parse(
    text: str | Source,
    *,
    names: Collection[str] | None = None,
    functions: Collection[str] = (),
    place: Place | None = None,
) -> Formula:
    r"""The formula that *text* writes, in plain notation or in LaTeX.

    Args:
        text: A formula such as `3x + e^(-x^2)`, `|x|`, `where(x <= 0, 0, x)`, or
            `\max\{0, x\}`, `\frac{x}{1 + e^{-x}}`; it is LaTeX when it holds a backslash, a
            curly bracket or a dollar sign. A part of what `read_text` read is taken as well.
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
        >>> parse(r"\ln(e^{3x} + 1)").tree == parse("ln(e^(3x) + 1)").tree
        True
    """
    try:
        return parse_in_scope(text, Scope(names, functions))
    except GradiometerError as error:
        if place is None:
            raise
        raise error.located(place) from None


def parse_in_scope(text: str | Source, scope: Scope) -> Formula:
    """The formula that *text* writes with the names of *scope*.

    Raises:
        FormulaError: If the text is not a formula.
    """
    source = read_source(text, scope)
    check_text(source.written)
    reader = Reader(source, scope)
    tree = reader.whole()
    check_limits(tree, text=source.written)
    return Formula(source.written, tree, tuple(reader.notes))


def read_text(
    text: str,
    *,
    names: Collection[str] | None = None,
    functions: Collection[str] = (),
    given: Collection[str] = (),
    slopes: Collection[str] | None = None,
    lines: bool = False,
) -> Source:
    r"""The text with its plain spelling, for readers that look for more than one formula in it.

    Args:
        text: A text in plain notation or in LaTeX.
        names: As in `parse`.
        functions: As in `parse`.
        given: Names that are certain although *names* is None.
        slopes: Names whose derivatives may be written as quotients; None for none.
        lines: Whether statements end at line ends and `;`.

    Raises:
        FormulaError: If LaTeX in it has no reading.

    Example:
        >>> read_text(r"\frac{dc}{da} = -5", slopes={"a", "c"}).text
        '( dc/da ) = - 5'
    """
    if lines:
        given = {*given, *assigned_words(text)}
        functions = {*functions, *assigned_words(text, functions=True)}
    return read_source(text, Scope(names, functions, given), lines=lines, slopes=slopes)

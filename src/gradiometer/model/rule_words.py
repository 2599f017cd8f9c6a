"""What only update rules know: the names that are given, and functions of a whole tensor."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gradiometer.errors import FormulaError, Place, StudyError
from gradiometer.formula import Apply, Formula, Node, parse, walk

TENSORS = ("x", "g", "noise")
"""Given names with one value for each coordinate: position, gradient, standard normal draw."""

GIVEN = ("x", "g", "t", "loss", "noise")
"""Names every rule may read; `t` counts steps from 1, `loss` is the loss at `x`."""

ROWS = ("row_mean", "row_max", "row_sum")
"""One number for each row, which stands for every coordinate of it."""

COLUMNS = ("column_mean", "column_max", "column_sum")
"""One number for each column."""

REDUCTIONS = ("sum", "mean", "norm", "largest")
"""One number for the whole tensor."""

SHAPES = ("size", "rows", "columns", "axes")
"""What is known of a tensor's shape alone; a vector is one row, a number has no axes."""

FUNCTIONS: Mapping[str, int] = {
    **dict.fromkeys((*REDUCTIONS, *ROWS, *COLUMNS, *SHAPES), 1),
    "transpose": 1,
    "matmul": 2,
}
"""The functions of a whole tensor, with the number of their arguments."""


RULE = "rule"
"""The function of wrappers: the new position of the rule that is wrapped."""


def parse_rule(
    text: str, names: tuple[str, ...], *, place: Place, further: tuple[str, ...] = ()
) -> Formula:
    """The formula that *text* writes, in which functions of a whole tensor may stand.

    Args:
        text: The formula.
        names: What it may name.
        place: Where it stands.
        further: Other functions that may stand in it.

    Raises:
        FormulaError: If it cannot be read, names something unknown, or a call does not fit.

    Example:
        >>> parse_rule("x/norm(x)", ("x",), place=Place("rule")).tree.arguments[1].operator
        'norm'
    """
    formula = parse(text, names=names, functions=(*FUNCTIONS, *further), place=place)
    for node in walk(formula.tree):
        if isinstance(node, Apply) and node.operator in FUNCTIONS:
            _check_count(node, formula.text, place)
    return formula


def _check_count(node: Apply, text: str, place: Place) -> None:
    wanted, given = FUNCTIONS[node.operator], len(node.arguments)
    if wanted == given:
        return
    start, end = node.span or (None, None)
    raise FormulaError(
        f"`{node.operator}` takes {wanted} argument{'s' if wanted > 1 else ''}, "
        f"and {given} {'is' if given < 2 else 'are'} given.",
        text=text,
        start=start,
        end=end,
        place=place,
        hint=f"write `{node.operator}({', '.join('uv'[:wanted])})`",
    )


_NAME = re.compile(r"[^\W\d]\w*'?")


def check_name(name: str, *, place: Place) -> None:
    """Refuse what is no name, and a name that a function of rules has.

    Raises:
        StudyError: If it is one of these.
    """
    if not _NAME.fullmatch(name):
        raise StudyError(
            f"`{name}` is no name.",
            place=place,
            hint="write a letter, then letters, digits and `_`, and `'` behind it for a new value",
        )
    if name.removesuffix("'") in (*FUNCTIONS, RULE):
        raise StudyError(
            f"The name `{name}` belongs to a function that every rule may call.",
            place=place,
            hint=f"write `{name.removesuffix(chr(39))}_of_x` or another name",
        )


def has_calls(node: Node) -> bool:
    """Whether a function of a whole tensor stands in the tree."""
    return any(isinstance(part, Apply) and part.operator in FUNCTIONS for part in walk(node))

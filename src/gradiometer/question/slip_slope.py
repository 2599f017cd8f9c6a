"""Slopes with exactly one mistake in them: what a derivative becomes when one rule goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    Apply,
    Constant,
    Name,
    Node,
    Number,
    free_names,
    parse,
    substitute,
    tidy,
)
from gradiometer.question.slip_rules import SLOPES, Mistake, SlopeRule
from gradiometer.question.statement_slope import NO_VALUE, find_slope

_FAMILIES = (
    "inner derivative", "exponent", "power rule", "product rule", "quotient rule", "lost kink",
    "sign", "term dropped", "product and sum", "derivative", "constant kept",
)  # fmt: skip
_RANK = {family: rank for rank, family in enumerate(_FAMILIES)}
_KEPT = Mistake("constant kept", "", "", "a constant was kept as if it had a slope")
_MARK = "\0"


def list_wrong_slopes(node: Node, variable: str) -> Iterator[tuple[Mistake, Node]]:
    """The derivative of the formula with one mistake in it, for each place and each mistake.

    Example:
        >>> from gradiometer.formula import parse, to_text
        >>> found = list_wrong_slopes(parse("ln(3x)").tree, "x")
        >>> [to_text(slope) for mistake, slope in found if mistake.family == "inner derivative"][0]
        '1/(3*x)'
    """
    try:
        # Two mistakes may give the same: the one that people make more often is named.
        found = sorted(_wrong(node, variable), key=lambda row: _RANK.get(row[0].family, len(_RANK)))
        for mistake, slope in found:
            yield mistake, tidy(slope)
    except (GradiometerError, UndecidedError, RecursionError):
        return


def _slope(node: Node, variable: str) -> Node:
    return find_slope(node, variable).formula


def _wrong(node: Node, variable: str) -> Iterator[tuple[Mistake, Node]]:
    if isinstance(node, Number | Constant):
        yield _KEPT, node
        return
    if not isinstance(node, Apply) or variable not in free_names(node):
        return
    if node.operator == "where":
        yield from _wrong_where(node, variable)
        return
    rule, arguments = _find_rule(node, variable)
    if rule is None:
        return
    slopes = [_slope(part, variable) for part in arguments]
    for mistake in rule.wrong:
        if mistake.family == "inner derivative" and arguments[0] == Name(variable):
            # Nothing stands inside.
            continue
        yield mistake, _fill(mistake.result, node, arguments, slopes, variable)
    for place, part in enumerate(arguments):
        for mistake, slope in _wrong(part, variable):
            changed = [*slopes[:place], slope, *slopes[place + 1 :]]
            yield mistake, _fill(rule.right, node, arguments, changed, variable)


def _find_rule(node: Apply, variable: str) -> tuple[SlopeRule | None, tuple[Node, ...]]:
    """The rule for the operation, and the arguments that it calls `u` and `v`."""
    if node.operator != "^":
        is_known = len(node.arguments) <= 2
        return (SLOPES.get(node.operator) if is_known else None), node.arguments
    base, exponent = node.arguments
    if variable not in free_names(exponent):
        return SLOPES["power"], (base,)
    if variable not in free_names(base):
        return SLOPES["exponential"], (exponent,)
    return None, ()


def _wrong_where(node: Apply, variable: str) -> Iterator[tuple[Mistake, Node]]:
    condition, *parts = node.arguments
    slopes = [_slope(part, variable) for part in parts]
    for slope in slopes:
        yield Mistake("lost kink", "", "", "only one branch was kept"), slope
    swapped = Apply("where", (condition, slopes[1], slopes[0]))
    yield Mistake("lost kink", "", "", "the branches were swapped"), swapped
    for place, part in enumerate(parts):
        for mistake, slope in _wrong(part, variable):
            changed = [*slopes[:place], slope, *slopes[place + 1 :]]
            yield mistake, Apply("where", (condition, *changed))


def _fill(
    text: str, node: Apply, arguments: tuple[Node, ...], slopes: list[Node], variable: str
) -> Node:
    values: dict[str, Node] = {"none": NO_VALUE, "x": Name(variable)}
    values |= dict(zip("uv", arguments, strict=False))
    values |= dict(zip("pq", slopes, strict=False))
    if node.operator == "^":
        values["n"] = next(part for part in node.arguments if part is not arguments[0])
    # All names of a rule get marks first, so that a user's own `u` or `p` is not caught.
    return substitute(_rule_tree(text), {f"{key}{_MARK}": value for key, value in values.items()})


@cache
def _rule_tree(text: str) -> Node:
    tree = parse(text).tree
    return substitute(tree, {name: Name(f"{name}{_MARK}") for name in free_names(tree)})

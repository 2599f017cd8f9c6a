"""A formula over all coordinates of a vector in, one tree over single coordinates out.

In it `x` is the vector and arithmetic is done coordinate by coordinate; `sum(x^2)` makes one number
of them. A parameter that is a list is a vector too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from gradiometer.errors import ShapeError
from gradiometer.formula import ONE, Apply, Formula, Name, Node, Span, apply, number

Parts: TypeAlias = tuple[Node, ...]
"""The coordinates of a vector."""

INDEX = "index"
"""The place of each coordinate, counted from 1, as a vector beside `x`."""

_CALL = re.compile(r"([A-Za-z_]+)\s*\(")


def is_vector_formula(text: str) -> bool:
    """Whether the text calls a function of all coordinates.

    Example:
        >>> is_vector_formula("sum(x^2)"), is_vector_formula("2(x + 1)")
        (True, False)
    """
    return bool(find_vector_calls(text))


def find_vector_calls(text: str) -> tuple[str, ...]:
    """The functions of all coordinates that the text calls."""
    called = set(_CALL.findall(text))
    return tuple(name for name in VECTOR_FUNCTIONS if name in called)


def unroll_formula(formula: Formula, values: Mapping[str, Node | Parts]) -> Node:
    """The tree over single coordinates.

    Args:
        formula: The formula as read.
        values: What names stand for: a number, or the coordinates of a vector; other names stay.

    Raises:
        ShapeError: If vectors of different lengths meet, or the result is not one number.

    Example:
        >>> from gradiometer.formula import parse, to_text
        >>> formula = parse("sum(x^2)/2", functions=("sum",))
        >>> to_text(unroll_formula(formula, {"x": (Name("x1"), Name("x2"))}))
        '(x1^2 + x2^2)/2'
    """
    value = _unroll(formula.tree, values, formula.text)
    if not isinstance(value, tuple):
        return value
    raise ShapeError(
        f"The loss must be one number, and this formula has {len(value)} coordinates.",
        text=formula.text,
        start=0,
        end=len(formula.text),
        hint=f"write `sum({formula.text})`",
    )


def unroll_terms(formula: Formula, values: Mapping[str, Node | Parts]) -> Parts:
    """The terms whose mean the formula is; empty where it is no sum or mean of a vector.

    Example:
        >>> from gradiometer.formula import parse, to_text
        >>> formula = parse("mean((x - u)^2)", functions=("mean",))
        >>> terms = unroll_terms(formula, {"u": (number(1), number(4))})
        >>> [to_text(term) for term in terms]
        ['(x - 1)^2', '(x - 4)^2']
    """
    return _terms(formula.tree, values, formula.text)


def _terms(tree: Node, values: Mapping[str, Node | Parts], text: str) -> Parts:
    """The terms of whatever is linear in one sum or mean."""
    if not isinstance(tree, Apply):
        return ()
    if tree.operator in ("sum", "mean"):
        parts = _unroll(tree.arguments[0], values, text)
        if not isinstance(parts, tuple):
            return ()
        # A term of a sum weighs as much as all terms do on average, and so has the sum's slope.
        scale = number(len(parts))
        return parts if tree.operator == "mean" else tuple(apply("*", scale, p) for p in parts)
    if tree.operator == "neg":
        return tuple(apply("neg", part) for part in _terms(tree.arguments[0], values, text))
    if tree.operator not in ("+", "-", "*", "/"):
        return ()
    sides = [_terms(part, values, text) for part in tree.arguments]
    count = max(map(len, sides))
    # A product of two sums is no mean of terms, and neither is a quotient by one.
    is_product = tree.operator in ("*", "/")
    if count == 0 or (is_product and all(sides)) or (tree.operator == "/" and sides[1]):
        return ()
    if all(sides) and len(sides[0]) != len(sides[1]):
        return ()
    rows = [
        side or (_unroll_number(part, values, text),) * count
        for side, part in zip(sides, tree.arguments, strict=True)
    ]
    return tuple(apply(tree.operator, *pair) for pair in zip(*rows, strict=True))


def _unroll_number(node: Node, values: Mapping[str, Node | Parts], text: str) -> Node:
    value = _unroll(node, values, text)
    return value[0] if isinstance(value, tuple) else value


def _unroll(node: Node, values: Mapping[str, Node | Parts], text: str) -> Node | Parts:
    if isinstance(node, Name):
        return values.get(node.name, node)
    if not isinstance(node, Apply):
        return node
    arguments = [_unroll(part, values, text) for part in node.arguments]
    if node.operator in VECTOR_FUNCTIONS:
        if len(arguments) != 1:
            raise _misfit(f"`{node.operator}` takes one vector.", text, node.span)
        inside = arguments[0]
        parts = inside if isinstance(inside, tuple) else (inside,)
        found = VECTOR_FUNCTIONS[node.operator](parts)
        if found == ():
            raise _misfit(f"`{node.operator}` of one coordinate leaves nothing.", text, node.span)
        return found
    lengths = sorted({len(part) for part in arguments if isinstance(part, tuple)})
    if not lengths:
        plain = [part for part in arguments if not isinstance(part, tuple)]
        return Apply(node.operator, tuple(plain), node.span)
    if len(lengths) > 1:
        sizes = " and ".join(map(str, lengths))
        raise _misfit(f"Vectors of {sizes} coordinates meet here.", text, node.span)
    rows = [part if isinstance(part, tuple) else (part,) * lengths[0] for part in arguments]
    return tuple(Apply(node.operator, tuple(row), node.span) for row in zip(*rows, strict=True))


def _misfit(problem: str, text: str, span: Span | None) -> ShapeError:
    start, end = span if span is not None else (None, None)
    return ShapeError(problem, text=text, start=start, end=end)


def fold(operator: str, parts: Sequence[Node]) -> Node:
    """All parts joined by the operator, as a tree of little depth."""
    if len(parts) <= 2:
        return parts[0] if len(parts) == 1 else apply(operator, *parts)
    middle = (len(parts) + 1) // 2
    return apply(operator, fold(operator, parts[:middle]), fold(operator, parts[middle:]))


def _mean(parts: Parts) -> Node:
    total = fold("+", parts)
    return total if len(parts) == 1 else apply("/", total, number(len(parts)))


def _norm(parts: Parts) -> Node:
    return apply("sqrt", fold("+", [apply("^", part, number(2)) for part in parts]))


VECTOR_FUNCTIONS: Mapping[str, Callable[[Parts], Node | Parts]] = {
    "sum": lambda parts: fold("+", parts),
    "mean": _mean,
    "product": lambda parts: fold("*", parts),
    "norm": _norm,
    "largest": lambda parts: parts[0] if len(parts) == 1 else apply("max", *parts),
    "size": lambda parts: number(len(parts)),
    "head": lambda parts: parts[:-1],
    "tail": lambda parts: parts[1:],
    "first": lambda parts: parts[0],
    "last": lambda parts: parts[-1],
}
"""Functions of all coordinates: a number of them, or the vector without its last or first one."""


def name_coordinates(count: int, name: str = "x") -> tuple[str, ...]:
    """The names of the coordinates: `x` alone, else `x1`, `x2`, and so on.

    Example:
        >>> name_coordinates(1), name_coordinates(2)
        (('x',), ('x1', 'x2'))
    """
    return (name,) if count == 1 else tuple(f"{name}{place}" for place in range(1, count + 1))


def count_places(count: int) -> Parts:
    """The numbers 1, 2, … that `index` stands for."""
    return tuple(ONE if place == 1 else number(place) for place in range(1, count + 1))

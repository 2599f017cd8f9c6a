"""What formulas of schedules know besides the functions of every formula: lists, and whole logs.

Each is written out into ordinary operations when the parameters get their values, so that a bound
schedule is one plain formula in `k`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from flint import fmpq

from gradiometer.errors import DomainError
from gradiometer.formula import (
    ONE,
    Apply,
    Constant,
    Name,
    Node,
    Number,
    apply,
    map_children,
    number,
)
from gradiometer.model.parameter import Setting

_SHIFT = number("500001/1000003")
"""A half and a bit: `log + shift` is whole only for roots of a degree that nobody writes."""


def write_out(node: Node, values: Mapping[str, Setting]) -> Node:
    """The tree with lists and the functions of lists written out.

    Raises:
        DomainError: If a list stands where a number belongs, or lists do not fit together.
    """
    if not isinstance(node, Apply):
        return map_children(node, lambda child: child)
    if node.operator in _BUILDERS:
        takes, build = _BUILDERS[node.operator]
        if len(node.arguments) != len(takes):
            raise DomainError(f"`{node.operator}` takes {len(takes)} arguments.")
        parts = [
            _list(part, values, node.operator) if kind == "list" else write_out(part, values)
            for part, kind in zip(node.arguments, takes, strict=True)
        ]
        return build(*parts)
    arguments: list[Node] = []
    for part in node.arguments:
        value = values.get(part.name) if isinstance(part, Name) else None
        if isinstance(part, Name) and isinstance(value, tuple):
            if node.operator not in ("passed", "max", "min"):
                problem = f"`{part.name}` is a list, which `{node.operator}` does not take."
                raise DomainError(problem)
            arguments.extend(Number(item) for item in value)
        else:
            arguments.append(write_out(part, values))
    return Apply(node.operator, tuple(arguments), node.span)


def _list(node: Node, values: Mapping[str, Setting], wanted_by: str) -> list[Node]:
    found = values.get(node.name) if isinstance(node, Name) else None
    if isinstance(found, fmpq):
        found = (found,)
    if found is None:
        raise DomainError(f"`{wanted_by}` takes a list here, the name of a parameter.")
    return [Number(item) for item in found]


def _where(left: Node, relation: str, right: Node, if_true: Node, if_false: Node) -> Node:
    return apply("where", apply(relation, left, right), if_true, if_false)


def _pick(index: Node, items: Sequence[Node]) -> Node:
    """The item with that index, counted from 0; the last one beyond the end."""
    tree = items[-1]
    for place in range(len(items) - 2, -1, -1):
        tree = _where(index, "<=", number(place), items[place], tree)
    return tree


def _scaled(count: Node, marks: Sequence[Node], factors: Sequence[Node]) -> Node:
    """The product of the factors whose marks have been reached."""
    _check_lengths(marks, factors)
    tree: Node = ONE
    for mark, factor in zip(marks, factors, strict=True):
        reached = _where(count, ">=", mark, factor, ONE)
        tree = reached if tree is ONE else apply("*", tree, reached)
    return tree


def _along(bend: Callable[[Node, Node, Node], Node]) -> Callable[..., Node]:
    """Through the values at the marks, which rise; constant before the first and after the last."""

    def build(count: Node, marks: Sequence[Node], values: Sequence[Node]) -> Node:
        _check_lengths(marks, values)
        places = [mark.value for mark in marks if isinstance(mark, Number)]
        if any(left >= right for left, right in pairwise(places)):
            raise DomainError("The boundaries do not rise.", hint="write them in order")
        tree = values[-1]
        rows = list(zip(marks, values, strict=True))
        for (start, first), (end, second) in reversed(list(pairwise(rows))):
            part = apply("/", apply("-", count, start), apply("-", end, start))
            tree = _where(count, "<", end, bend(first, second, part), tree)
        return _where(count, "<=", marks[0], values[0], tree)

    return build


def _line(first: Node, second: Node, part: Node) -> Node:
    return apply("+", first, apply("*", apply("-", second, first), part))


def _half_wave(first: Node, second: Node, part: Node) -> Node:
    wave = apply("+", ONE, apply("cos", apply("*", Constant("pi"), part)))
    half = apply("/", apply("-", first, second), number(2))
    return apply("+", second, apply("*", half, wave))


def _running(items: Sequence[Node]) -> list[Node]:
    """The products of the first 1, 2, 3, … numbers."""
    total, found = fmpq(1), []
    for item in items:
        total *= item.value if isinstance(item, Number) else fmpq(1)
        found.append(Number(total))
    return found


def _whole_log(base: Node, value: Node) -> Node:
    """The largest whole n with base^n <= value, decided exactly."""
    log = apply("/", apply("ln", value), apply("ln", base))
    # One of two neighbours, which the exact comparison of the power tells apart.
    upper = apply("floor", apply("+", log, _SHIFT))
    return _where(apply("^", base, upper), "<=", value, upper, apply("-", upper, ONE))


def _scaled_along(bend: Callable[[Node, Node, Node], Node]) -> Callable[..., Node]:
    """Through the products of the first factors at the marks, from 1 at count 0."""

    def build(count: Node, marks: Sequence[Node], factors: Sequence[Node]) -> Node:
        _check_lengths(marks, factors)
        return _along(bend)(count, [number(0), *marks], [ONE, *_running(factors)])

    return build


def _check_lengths(marks: Sequence[Node], others: Sequence[Node], *, more: int = 0) -> None:
    if len(others) != len(marks) + more:
        raise DomainError(
            f"{len(marks)} boundaries need {len(marks) + more} values, not {len(others)}.",
            hint="write both lists with as many items as belong together",
        )


def _steps(count: Node, marks: Sequence[Node], values: Sequence[Node]) -> Node:
    """The value between the marks; at a mark the next value begins."""
    _check_lengths(marks, values, more=1)
    return _pick(apply("passed", count, *marks), values)


def _late_steps(count: Node, marks: Sequence[Node], values: Sequence[Node]) -> Node:
    """The value between the marks; at a mark the value before it still holds."""
    _check_lengths(marks, values, more=1)
    tree = values[-1]
    for mark, value in reversed(list(zip(marks, values[:-1], strict=True))):
        tree = _where(count, "<=", mark, value, tree)
    return tree


_BUILDERS: Mapping[str, tuple[tuple[str, ...], Callable[..., Node]]] = {
    "steps": (("number", "list", "list"), _steps),
    "late_steps": (("number", "list", "list"), _late_steps),
    "scaled": (("number", "list", "list"), _scaled),
    "along": (("number", "list", "list"), _along(_line)),
    "scaled_along": (("number", "list", "list"), _scaled_along(_line)),
    "scaled_along_waves": (("number", "list", "list"), _scaled_along(_half_wave)),
    "whole_log": (("number", "number"), _whole_log),
}

SCHEDULE_FUNCTIONS: tuple[str, ...] = tuple(_BUILDERS)
"""The functions that only formulas of schedules have."""

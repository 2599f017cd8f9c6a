"""A smooth tree as a list of steps in which equal parts are computed once.

Derivatives of high order repeat their parts: as a tree the sixth slope of `sigmoid(x^9)` has a
quarter of a million nodes, and two hundred different ones.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from gradiometer.formula.evaluate import EXACT, Evaluator, evaluate, no_value
from gradiometer.formula.exact import Exact
from gradiometer.formula.tree import Apply, Constant, Name, Node, Number

_ARITHMETIC: Mapping[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "neg": operator.neg,
}


def share(node: Node) -> Node:
    """The same tree, in which equal parts are one object.

    Example:
        >>> from gradiometer.formula import parse
        >>> shared = share(parse("e^x/(1 + e^x)").tree)
        >>> shared.arguments[0] is shared.arguments[1].arguments[1]
        True
    """
    known: dict[Node, Node] = {}
    seen: dict[int, Node] = {}

    def visit(current: Node) -> Node:
        done = seen.get(id(current))
        if done is None:
            parts: tuple[Node, ...] = ()
            if isinstance(current, Apply):
                parts = tuple(map(visit, current.arguments))
            changed = Apply(current.operator, parts) if isinstance(current, Apply) else current
            done = seen[id(current)] = known.setdefault(changed, changed)
        return done

    return visit(node)


def compile_shared(node: Node) -> Evaluator:
    """A function of the names' values, as `compile_exact` makes for smooth trees.

    Example:
        >>> from flint import fmpq
        >>> from gradiometer.formula import parse
        >>> compile_shared(parse("(x + 1)/(x + 1)^2").tree)({"x": fmpq(1)})
        1/2
    """
    places: dict[Node, int] = {}
    start: list[Any] = []
    names: list[tuple[int, str]] = []
    constants: list[tuple[int, Constant]] = []
    steps: list[tuple[int, Callable[..., Exact], tuple[int, ...]]] = []

    def place(current: Node) -> int:
        if current in places:
            return places[current]
        parts = tuple(map(place, current.arguments)) if isinstance(current, Apply) else ()
        at = places[current] = len(start)
        start.append(current.value if isinstance(current, Number) else None)
        if isinstance(current, Name):
            names.append((at, current.name))
        elif isinstance(current, Constant):
            constants.append((at, current))
        elif isinstance(current, Apply):
            run = _ARITHMETIC.get(current.operator) or EXACT[current.operator]
            steps.append((at, run, parts))
        return at

    goal = place(share(node))

    def call(values: Mapping[str, Exact]) -> Exact:
        found = start.copy()
        for at, name in names:
            found[at] = values[name]
        for at, constant in constants:
            # At the precision of the call.
            found[at] = evaluate(constant, {})
        try:
            for at, run, parts in steps:
                found[at] = run(*[found[part] for part in parts])
        except (ZeroDivisionError, ValueError) as error:
            raise no_value(str(error), None) from None
        return found[goal]

    return call

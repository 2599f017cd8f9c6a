"""The branches of formulas: what is compared with what, in exact numbers and in floats."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from gradiometer.errors import DomainError
from gradiometer.formula import (
    RELATIONS,
    ZERO,
    Apply,
    Evaluator,
    Exact,
    FloatEvaluator,
    FloatKind,
    Node,
    compile_exact,
    compile_float,
    evaluate,
    free_names,
    from_float,
    is_smooth,
    to_text,
    walk,
)

KINDS: tuple[FloatKind, ...] = ("float64", "float32")

FACT_OF_KIND: Mapping[FloatKind, str] = {"float64": "rounding", "float32": "rounding_float32"}
"""The fact that says where each kind of floats parts from the exact run."""

Side: TypeAlias = Callable[[Mapping[str, float]], Exact | None]
"""The value of a side in floats, exactly; None where it has none."""


@final
@dataclass(frozen=True)
class Choice:
    """Two formulas whose order decides a branch."""

    texts: tuple[str, str]
    exact: tuple[Evaluator, Evaluator]
    floats: Mapping[FloatKind, tuple[Side, Side]]
    branch: Callable[[int], Any]


@final
@dataclass(frozen=True)
class Line:
    """One assignment, compiled for all kinds of numbers, with its choices."""

    target: str
    exact: Evaluator
    floats: Mapping[FloatKind, FloatEvaluator]
    choices: tuple[Choice, ...]


def compile_line(target: str, tree: Node) -> Line:
    """An assignment, compiled for all kinds of numbers."""
    choices = [
        Choice(
            (to_text(left), to_text(right)),
            (compile_exact(left), compile_exact(right)),
            {kind: (_side(left, kind), _side(right, kind)) for kind in KINDS},
            branch,
        )
        for node in (() if is_smooth(tree) else walk(tree))
        for left, right, branch in list_choices(node)
    ]
    return Line(
        target,
        compile_exact(tree),
        {kind: compile_float(tree, kind) for kind in KINDS},
        tuple(choices),
    )


def _side(tree: Node, kind: FloatKind) -> Side:
    """A side without variables counts as it is written."""
    if not free_names(tree):
        try:
            constant = evaluate(tree, {})
        except DomainError:
            return lambda values: None
        return lambda values: constant
    run = compile_float(tree, kind)

    def call(values: Mapping[str, float]) -> Exact | None:
        value = run(values)
        return from_float(value) if math.isfinite(value) else None

    return call


def spell_order(texts: tuple[str, str], order: int) -> str:
    """Two formulas with their order between them."""
    return f"{texts[0]} {'<=>'[order + 1]} {texts[1]}"


_CALLS: Mapping[str, Callable[[int], Any]] = {
    "abs": lambda order: order,
    "sign": lambda order: order,
    "relu": lambda order: order > 0,
    "max": lambda order: order >= 0,
    "min": lambda order: order <= 0,
    "clip": lambda order: order,
}
"""Which branch a function takes, by the order of its first argument with another one or with 0."""


def list_choices(node: Node) -> Iterator[tuple[Node, Node, Callable[[int], Any]]]:
    """Pairs of formulas whose order decides a branch, and which branch that is."""
    if not isinstance(node, Apply):
        return
    operator, parts = node.operator, node.arguments
    if operator in RELATIONS:
        yield parts[0], parts[1], RELATIONS[operator]
    elif operator in _CALLS:
        for other in parts[1:] or (ZERO,):
            yield parts[0], other, _CALLS[operator]

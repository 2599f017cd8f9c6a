"""Several functions side by side: their main facts in one table, their curves on one grid."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gradiometer.errors import UndecidedError, UsageError
from gradiometer.formula import Node, to_piecewise
from gradiometer.model import Activation, read_activation
from gradiometer.proof import Shape, combine
from gradiometer.question.activation_distance import describe_distance
from gradiometer.question.activation_steps import list_curve
from gradiometer.question.answer import Answer, Fact, Series

_COLUMNS = ("range", "monotone", "convex", "lipschitz", "minimum", "suitable")
"""The facts that the table shows, where the answers have them."""

_MOST = 12


def read_others(compare: str | Sequence[str]) -> list[str]:
    """The names of the functions to compare with.

    Raises:
        UsageError: If they are too many, or one is there twice.
    """
    names = [compare] if isinstance(compare, str) else list(compare)
    if len(names) > _MOST:
        raise UsageError(f"At most {_MOST} functions are set beside another.")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"`{twice}` is named twice.")
    return names


def set_side_by_side(first: Answer, model: Activation, others: Mapping[str, Answer]) -> Answer:
    """The answer about the first function with a table and the curves of all of them.

    With a single other function it also says how far the two are apart at most, and where.

    Args:
        first: The answer about the first function alone.
        model: The first function.
        others: The answers about the other ones, by the name they were asked under.
    """
    answers = {model.name or str(first.inputs["formula"]): first, **others}
    if len(answers) <= len(others):
        raise UsageError(f"`{model.name}` is compared with itself.")
    arrays = _list_curves({"": model.tree, **{name: read_activation(name).tree for name in others}})
    parts = [answer.certificate for answer in answers.values()]
    facts = {**first.facts, "comparison": _make_table(answers)}
    if len(others) == 1:
        other = read_activation(next(iter(others))).tree
        more, certificate = describe_distance(model.tree, other)
        facts |= more
        parts.append(certificate)
    return replace(
        first,
        inputs={**first.inputs, "compare": list(others)},
        facts=facts,
        arrays=arrays or first.arrays,
        certificate=combine(parts),
    )


def _make_table(answers: Mapping[str, Answer]) -> Fact:
    columns = [c for c in _COLUMNS if any(c in answer.facts for answer in answers.values())]
    rows = []
    for name, answer in answers.items():
        row: dict[str, Any] = {"function": name}
        row |= {c: answer.facts[c].value if c in answer.facts else None for c in columns}
        for kind in ("kinks", "jumps"):
            places = answer.facts[kind].value
            row[kind] = None if places is None else [place["at"] for place in places]
        rows.append(row)
    # A fact that is not decided leaves its cell open, so what the cells say is proved.
    return Fact(rows, "proved", "Each function by itself; what is undecided is left open.")


def _list_curves(trees: Mapping[str, Node]) -> dict[str, Series]:
    """All functions and slopes on one grid wide enough for each; none that cannot be cut."""
    shapes: dict[str, Shape] = {}
    for name, tree in trees.items():
        try:
            shapes[name] = Shape(to_piecewise(tree, "x"))
        except UndecidedError:
            continue
    curves = {name: list_curve(shape) for name, shape in shapes.items() if shape.sections}
    if "" not in curves:
        return {}
    low = min(xs[0] for xs, _, _ in curves.values())
    high = max(xs[-1] for xs, _, _ in curves.values())
    count = len(curves[""][0]) - 1
    grid = [low + (high - low) * index / count for index in range(count + 1)]
    arrays = {"x": Series(("x",), grid, about="input")}
    for name in curves:
        _, values, slopes = list_curve(shapes[name], grid)
        label = f" {name}" if name else ""
        arrays[f"f{label}"] = Series(("x",), values, about="value of the function")
        arrays[f"slope{label}"] = Series(("x",), slopes, about="slope of the function")
    return {name: series for name, series in arrays.items() if _has_number(series)}


def _has_number(series: Series) -> bool:
    return any(math.isfinite(value) for value in series.values)

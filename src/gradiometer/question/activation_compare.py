"""Several functions side by side: their main facts in one table, their curves on one grid."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flint import arb, fmpq

from gradiometer.errors import UndecidedError, UsageError
from gradiometer.formula import Node, evaluate, to_float, to_piecewise
from gradiometer.model import Activation, read_activation
from gradiometer.proof import Shape, combine
from gradiometer.question.activation_curves import list_curves
from gradiometer.question.activation_distance import describe_distance
from gradiometer.question.answer import Answer, Fact, Series

_COLUMNS = ("range", "monotone", "convex", "lipschitz", "minimum", "suitable")
"""The facts that the table shows, where the answers have them."""

_MOST = 12


def read_others(compare: str | Sequence[str]) -> list[str]:
    """The names of the functions to compare with.

    Raises:
        UsageError: If they are too many, or one is there twice, perhaps under another name.
    """
    names = [compare] if isinstance(compare, str) else list(compare)
    if len(names) > _MOST:
        raise UsageError(f"At most {_MOST} functions are set beside another.")
    known: dict[str, str] = {}
    for name in names:
        # Formulas are set side by side however alike they are; names of one entry are not.
        entry = read_activation(name).name or name
        if entry in known:
            same = "" if known[entry] == name else f", once as `{known[entry]}`"
            raise UsageError(f"`{name}` is named twice{same}.")
        known[entry] = name
    return names


def set_side_by_side(first: Answer, model: Activation, others: Mapping[str, Answer]) -> Answer:
    """The answer about the first function with a table and the curves of all of them.

    With a single other function it also says how far the two are apart at most, and where.

    Args:
        first: The answer about the first function alone.
        model: The first function.
        others: The answers about the other ones, by the name they were asked under.
    """
    models = {name: read_activation(name) for name in others}
    answers = {_name_first(first, model, models): first, **others}
    trees = {"": model.tree, **{name: other.tree for name, other in models.items()}}
    arrays = _list_curves(trees, answers.values())
    parts = [answer.certificate for answer in answers.values()]
    facts = {**first.facts, "comparison": _make_table(answers)}
    if len(others) == 1:
        more, certificate = describe_distance(model.tree, next(iter(models.values())).tree)
        facts |= more
        parts.append(certificate)
    return replace(
        first,
        inputs={**first.inputs, "compare": list(others)},
        facts=facts,
        arrays=arrays or first.arrays,
        certificate=combine(parts),
    )


def _name_first(first: Answer, model: Activation, models: Mapping[str, Activation]) -> str:
    """What the table calls the first function: with its settings where only these are its own.

    Raises:
        UsageError: If one of the others is the same.
    """
    name = model.name or str(first.inputs["formula"])
    alike = [n for n, other in models.items() if n == name or model.name == other.name != ""]
    if any(models[n].tree == model.tree for n in alike):
        raise UsageError(f"`{name}` is compared with itself.")
    if not alike:
        return name
    return f"{name} {', '.join(f'{k}={v}' for k, v in first.inputs['set'].items())}"


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


def _list_curves(trees: Mapping[str, Node], answers: Iterable[Answer]) -> dict[str, Series]:
    """All functions and slopes on one grid wide enough for each; none that cannot be cut."""
    shapes: dict[str, Shape] = {}
    for name, tree in trees.items():
        try:
            shape = Shape(to_piecewise(tree, "x"))
        except UndecidedError:
            continue
        if shape.sections:
            shapes[name] = shape
    if "" not in shapes:
        return {}
    extrema = [
        to_float(place if isinstance(place, fmpq | arb) else evaluate(place, {}))
        for answer in answers
        for name in ("minimum", "maximum")
        if isinstance(found := answer.facts[name].value, Mapping)
        if (place := found.get("at")) is not None
    ]
    return {name: series for name, series in list_curves(shapes, extrema).items() if _says(series)}


def _says(series: Series) -> bool:
    """Whether there is a number in it."""
    rows = (row if isinstance(row, list) else [row] for row in series.values)
    return any(math.isfinite(value) for row in rows for value in row)

"""Data sets made here: each input and target is a formula in drawn numbers, class and parameters.

`u`, `v`, `w` and `u1` to `u9` are uniform in [0, 1), and `n1` to `n9` are normal with mean 0 and
variance 1, each drawn anew for every example. `k` is the class; classes take turns, so each has its
share. Targets may also read the inputs. All draws come from the parameter `seed`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import fmpq

from gradiometer.errors import DomainError, LimitError, Place, StudyError
from gradiometer.formula import compile_float, free_names, parse, to_float
from gradiometer.model.dataset import MOST_CLASSES, Dataset
from gradiometer.model.dataset_draws import draw_normal, draw_uniform
from gradiometer.model.parameter import Setting, to_setting_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradiometer.formula import Node

CLASS = "k"
UNIFORM = ("u", "v", "w", *(f"u{place}" for place in range(1, 10)))
NORMAL = tuple(f"n{place}" for place in range(1, 10))

_MOST_MADE = 100_000
"""Examples that are made; each costs microseconds, since formulas run one at a time."""

_Draw = Callable[..., "NDArray[np.float64]"]


def make_dataset(
    table: Mapping[str, Any], values: Mapping[str, Setting], *, place: Place
) -> Dataset:
    """The examples of an entry with `[inputs]`, its parameters settled.

    Raises:
        StudyError: If the entry lacks a part.
        FormulaError: If a formula cannot be read.
        DomainError: If a formula has no value for an example.
        LimitError: If more examples or classes are asked for than the stated limits.
    """
    numbers = _read_numbers(values, place)
    count, seed = (_whole(values, name, place) for name in ("count", "seed"))
    classes = _read_class_names(table, values, place)
    targets = table.get("targets", {})
    if bool(classes) == bool(targets):
        raise StudyError("A data set has either `classes` or `targets`.", place=place)
    if not count or count > _MOST_MADE:
        problem = f"`count` = {count:,} is outside 1 to {_MOST_MADE:,} examples."
        raise LimitError(problem, place=Place("data"), hint=f"write count={min(count, 1000) or 1}")
    if 0 < count < len(classes):
        problem = f"`count` = {count} leaves some of {len(classes)} classes empty."
        raise DomainError(problem, place=Place("data"), hint=f"write count={10 * len(classes)}")
    known = (*(() if not classes else (CLASS,)), *UNIFORM, *NORMAL, *numbers)
    trees = _read_formulas(table["inputs"], known, "inputs", place)
    aims = _read_formulas(targets, (*known, *trees), "targets", place)
    columns = _draw({**trees, **aims}, count, seed, len(classes))
    rows = _evaluate(trees, aims, columns, numbers, place)
    settings = ", ".join(f"{name}={to_setting_text(value)}" for name, value in values.items())
    name = str(table.get("name", "data"))
    return Dataset(
        name,
        rows[:, : len(trees)],
        np.arange(count) % len(classes) if classes else None,
        rows[:, len(trees) :] if aims else None,
        classes,
        tuple(trees),
        f"made here: {name}({settings})",
    )


def _read_numbers(values: Mapping[str, Setting], place: Place) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for name, value in values.items():
        if not isinstance(value, fmpq):
            raise StudyError(f"`{name}` is one number, not several.", place=place)
        if name in {CLASS, *UNIFORM, *NORMAL}:
            raise StudyError(f"`{name}` is drawn and cannot be a parameter.", place=place)
        numbers[name] = to_float(value)
    return numbers


def _whole(values: Mapping[str, Setting], name: str, place: Place) -> int:
    value = values.get(name)
    if not isinstance(value, fmpq) or value.q != 1 or value < 0:
        raise StudyError(
            f"A data set that is made needs a whole number `{name}` among its parameters.",
            place=place,
            hint=f'add {name} = {{ default = "{"400" if name == "count" else "0"}", '
            f'domain = "[{int(name == "count")}, oo)", integer = true }}',
        )
    return int(value.p)


def _read_class_names(
    table: Mapping[str, Any], values: Mapping[str, Setting], place: Place
) -> tuple[str, ...]:
    """The names that are listed, or numbers as many as a parameter says."""
    from gradiometer.model.dataset_entry import read_classes

    given = table.get("classes", [])
    if not isinstance(given, str):
        return read_classes(table, place)
    count = _whole(values, given, place)
    if not 2 <= count <= MOST_CLASSES:
        problem = f"`{given}` = {count:,} is outside 2 to {MOST_CLASSES:,} classes."
        raise LimitError(problem, place=Place("data"), hint=f"write {given}=3")
    return tuple(map(str, range(count)))


def _read_formulas(rows: Any, names: tuple[str, ...], key: str, place: Place) -> dict[str, Node]:
    if not isinstance(rows, Mapping) or any(not isinstance(text, str) for text in rows.values()):
        hint = f'write [{key}] and lines such as x = "2*u - 1"'
        raise StudyError(f"`{key}` is no table of formulas.", place=place, hint=hint)
    if not rows and key == "inputs":
        raise StudyError("A data set needs at least one input.", place=place)
    for name in rows:
        if name in names:
            raise StudyError(f"The name `{name}` is used for two things.", place=place)
    return {name: parse(text, names=names, place=place).tree for name, text in rows.items()}


def _draw(
    trees: Mapping[str, Node], count: int, seed: int, classes: int
) -> dict[str, NDArray[np.float64]]:
    """What the formulas read of each example; a name that none reads costs nothing."""
    read = frozenset[str]().union(*(free_names(tree) for tree in trees.values()))
    # Formulas may read nothing that is drawn; there are as many rows all the same.
    columns = {CLASS: (np.arange(count) % max(1, classes)).astype(np.float64)}
    draws: tuple[tuple[tuple[str, ...], _Draw], ...] = (
        (UNIFORM, draw_uniform),
        (NORMAL, draw_normal),
    )
    for names, draw in draws:
        for index, name in enumerate(names):
            if name in read:
                columns[name] = draw(count, seed=seed, place=index)
    return columns


def _evaluate(
    trees: Mapping[str, Node],
    aims: Mapping[str, Node],
    columns: Mapping[str, NDArray[np.float64]],
    numbers: Mapping[str, float],
    place: Place,
) -> NDArray[np.float64]:
    """One row an example: its inputs, then its targets."""
    runs = {name: compile_float(tree) for name, tree in {**trees, **aims}.items()}
    rows: list[list[float]] = []
    values = dict(numbers)
    for drawn in zip(*(column.tolist() for column in columns.values()), strict=True):
        values.update(zip(columns, drawn, strict=True))
        for name, run in runs.items():
            values[name] = run(values)
        rows.append([values[name] for name in runs])
        if not all(map(math.isfinite, rows[-1])):
            name = next(name for name in runs if not math.isfinite(values[name]))
            raise DomainError(
                f"The formula of `{name}` has no finite value for example {len(rows)}.",
                place=place,
                hint="choose other parameters",
            )
    return np.array(rows)

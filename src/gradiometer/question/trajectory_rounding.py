"""The first step of a run at which float64 takes another branch than exact arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from flint import fmpq

from gradiometer.errors import DomainError, GradiometerError, UndecidedError
from gradiometer.formula import (
    RELATIONS,
    ZERO,
    Apply,
    Exact,
    Node,
    compare,
    compile_exact,
    evaluate,
    evaluate_float,
    free_names,
    from_float,
    is_smooth,
    to_float,
    to_text,
    walk,
)
from gradiometer.model import Surface
from gradiometer.proof import Journey
from gradiometer.question.answer import Fact, computed, unknown
from gradiometer.question.course import Request
from gradiometer.question.value import to_value_text

_MOST_STEPS = 2_000
"""Steps that are compared."""

State = tuple[Sequence[Exact], Mapping[str, Exact]]
"""A position and what is remembered there."""


def find_branch_rounding(request: Request, states: Sequence[State], *, last: int) -> Fact:
    """Where rounding first changes a branch of the landscape or of the rule.

    Args:
        request: What was asked.
        states: The exact run, from its start on.
        last: The last step that was asked for.
    """
    journey = request.journey
    trees = [*journey.surface.gradient, *(tree for _, tree in journey.code.step)]
    if all(is_smooth(tree) for tree in trees):
        return computed("none", "Neither the landscape nor the rule has branches.")
    try:
        return _compare(journey, states[: _MOST_STEPS + 1], last)
    except (UndecidedError, GradiometerError) as error:
        return unknown(f"The two runs cannot be compared: {error}.")


def _compare(journey: Journey, states: Sequence[State], last: int) -> Fact:
    code, surface = journey.code, journey.surface
    floats: dict[str, float] = dict(code.float_values)
    floats |= {n: to_float(v) for n, v in zip(code.coordinates, journey.start, strict=True)}
    floats |= {name: evaluate_float(tree, floats) for name, tree in code.states}
    for step, (point, memory) in enumerate(states[:-1] or states):
        exact: dict[str, Exact] = {**code.values, **memory, **journey.rates(step)}
        exact |= {"t": fmpq(step + 1)}
        exact |= zip(code.coordinates, point, strict=True)
        floats |= {"t": float(step + 1)}
        floats |= journey.float_rates(step)
        here = {"t": exact["t"], **dict(zip(surface.variables, point, strict=True))}
        there = {"t": floats["t"]}
        there |= {v: floats[n] for v, n in zip(surface.variables, code.coordinates, strict=True)}
        exact["loss"], floats["loss"] = _values(surface.value, here, there)
        lines = [*zip(code.gradients, surface.gradient, strict=True)]
        for target, tree in lines:
            found = _find_difference(tree, here, there)
            exact[target], floats[target] = _values(tree, here, there)
            if found:
                return _describe(step, found, here, there, surface.variables)
        for target, tree in code.step:
            found = _find_difference(tree, exact, floats)
            exact[target], floats[target] = _values(tree, exact, floats)
            if found:
                return _describe(step, found, here, there, surface.variables)
        kept = (*code.coordinates, *(name for name, _ in code.states))
        floats |= {name: floats[f"{name}'"] for name in kept}
        if not all(math.isfinite(floats[name]) for name in kept):
            return computed("overflow", f"float64 is no longer finite after step {step + 1}.")
    compared = max(len(states) - 1, 0)
    span = "all" if compared >= last else "the first"
    return computed(
        "none", f"Float64 and exact arithmetic take the same branches in {span} {compared} steps."
    )


def _values(
    tree: Node, exact: Mapping[str, Exact], floats: Mapping[str, float]
) -> tuple[Exact, float]:
    return evaluate(tree, exact), evaluate_float(tree, floats)


def _find_difference(
    tree: Node, exact: Mapping[str, Exact], floats: Mapping[str, float]
) -> tuple[str, str] | None:
    """The first choice in a tree that the two kinds of numbers make differently, spelled."""
    if is_smooth(tree):
        return None
    for node in walk(tree):
        for left, right, branch in _choices(node):
            here = compare(evaluate(left, exact), evaluate(right, exact))
            there = _compare_floats(left, right, floats)
            if there is not None and branch(here) != branch(there):
                return _spell(left, here, right), _spell(left, there, right)
    return None


def find_meeting(
    surface: Surface, points: Iterable[Sequence[Exact]]
) -> tuple[int, Node, Node] | None:
    """The first point at which branches of the landscape meet, and the two sides that are equal.

    Only rational points are looked at: elsewhere equal sides cannot be told from close ones.
    """
    sides = [(left, right) for node in walk(surface.value) for left, right, _ in _choices(node)]
    pairs = [(compile_exact(left), compile_exact(right), left, right) for left, right in sides]
    for step, point in enumerate(points):
        if not all(isinstance(number, fmpq) for number in point):
            continue
        here = dict(zip(surface.variables, point, strict=True))
        for one, other, left, right in pairs:
            with suppress(UndecidedError, GradiometerError):
                if compare(one(here), other(here)) == 0 and free_names(left) | free_names(right):
                    return step, left, right
    return None


def _spell(left: Node, order: int, right: Node) -> str:
    return f"{to_text(left)} {'<=>'[order + 1]} {to_text(right)}"


_CALLS: Mapping[str, Callable[[int], Any]] = {
    "abs": lambda order: order,
    "sign": lambda order: order,
    "relu": lambda order: order > 0,
    "max": lambda order: order >= 0,
    "min": lambda order: order <= 0,
    "clip": lambda order: order,
}
"""Which branch a function takes, by the order of its first argument with another one or with 0."""


def _choices(node: Node) -> Iterator[tuple[Node, Node, Callable[[int], Any]]]:
    """Pairs of formulas whose order decides a branch, and which branch that is."""
    if not isinstance(node, Apply):
        return
    operator, parts = node.operator, node.arguments
    if operator in RELATIONS:
        yield parts[0], parts[1], RELATIONS[operator]
    elif operator in _CALLS:
        for other in parts[1:] or (ZERO,):
            yield parts[0], other, _CALLS[operator]


def _compare_floats(left: Node, right: Node, floats: Mapping[str, float]) -> int | None:
    """The order of two sides in float64; a side without variables counts as it is written."""
    sides = [_side(side, floats) for side in (left, right)]
    if any(side is None for side in sides):
        return None
    return compare(*(side for side in sides if side is not None))


def _side(tree: Node, floats: Mapping[str, float]) -> Exact | None:
    if not free_names(tree):
        try:
            return evaluate(tree, {})
        except DomainError:
            return None
    value = evaluate_float(tree, floats)
    return from_float(value) if math.isfinite(value) else None


def _describe(
    step: int,
    found: tuple[str, str],
    here: Mapping[str, Exact],
    there: Mapping[str, float],
    variables: Sequence[str],
) -> Fact:
    names = [name for name in there if name in variables]
    here, there = {n: here[n] for n in names}, {n: there[n] for n in names}
    exact = here[names[0]] if len(names) == 1 else dict(here)
    floating = there[names[0]] if len(names) == 1 else dict(there)
    because = (
        f"After step {step} exact arithmetic stands at {to_value_text(exact)}, where {found[0]}; "
        f"float64 at {to_value_text(floating)}, where {found[1]}."
    )
    value = {"step": step, "exact": exact, "float64": floating, "exact_branch": found[0],
             "float64_branch": found[1]}  # fmt: skip
    return computed(value, because)

"""Places on a landscape as values of facts, and the critical point that a run ends nearest to."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from flint import arb, fmpq

from gradiometer.errors import DomainError, UndecidedError, UsageError
from gradiometer.formula import (
    OPERATORS,
    Apply,
    Constant,
    Exact,
    Node,
    compare,
    evaluate,
    exact_sqrt,
    from_float,
    precision,
    to_ball,
    to_float,
    walk,
)
from gradiometer.model import CriticalPoint
from gradiometer.question.answer import Fact
from gradiometer.question.course import Request

_BITS = 256

Say = Callable[[Any, str], Fact]
"""Makes a fact of a value and its reason."""


def say_steps(count: int, *, whole: bool = False) -> str:
    """That many steps in words, `all` of them where they are the whole run.

    Example:
        >>> say_steps(1), say_steps(1000), say_steps(5, whole=True)
        ('1 step', '1,000 steps', 'all 5 steps')
    """
    if count == 1:
        return "1 step"
    return f"{'all ' if whole else ''}{count:,} steps"


def to_place(variables: Sequence[str], numbers: Sequence[Any]) -> Any:
    """The number itself in one variable, else each number under the name of its variable."""
    if len(numbers) == 1:
        return numbers[0]
    return dict(zip(variables, numbers, strict=True))


def describe_numbers(first_ball: int | None, bits: int) -> tuple[str, str]:
    """The engine of an exact run, and what its numbers are."""
    if first_ball is None:
        return "exact", "Every number of the run is a rational, and none is rounded."
    if first_ball == 0:
        return "ball", f"Balls of {bits} bits that certainly hold the numbers, from the start on."
    return "ball", (
        f"Rational numbers up to step {first_ball - 1}, and from there on balls of {bits} bits "
        "that certainly hold them."
    )


def not_rational(request: Request, step: int, where: str = "the position") -> UsageError:
    """The refusal of a run in rationals that leaves them."""
    trees = [formula.tree for _, formula in request.objective.rows]
    culprits = [_find_culprit(tree) for tree in trees]
    culprits += [_find_culprit(tree) for _, tree in request.rule.step]
    named = next((text for text in culprits if text), "")
    cause = f", since {named} stands in a formula" if named else ""
    return UsageError(
        f"In step {step} {where} is no rational number{cause}, and `exact` has no other numbers.",
        known=("exact", "ball", "float64", "float32"),
        hint="write `--engine ball`",
    )


def _find_culprit(tree: Node) -> str:
    """The first part of a formula that rationals cannot follow."""
    for node in walk(tree):
        if isinstance(node, Constant):
            return f"`{node.name}`"
        if isinstance(node, Apply):
            operator = OPERATORS.get(node.operator)
            if operator is not None and operator.kind == "smooth":
                return f"`{node.operator}`"
    return ""


def find_nearest(request: Request, place: Sequence[Exact | float], say: Say) -> Fact | None:
    """The known critical point nearest to the last position; None where none is known."""
    points = request.objective.list_critical(request.values)
    if not points:
        return None
    if not all(_is_finite(number) for number in place):
        return Fact(None, "unknown", "The run has no finite last position.")
    with precision(_BITS):
        distances = [_measure(point, place) for point in points]
    best = min(range(len(points)), key=lambda k: to_float(distances[k]))
    value: dict[str, Any] = {
        "at": to_place(request.objective.variables, _list_numbers(points[best])),
        "kind": points[best].kind,
        "distance": distances[best],
    }
    if isinstance(place[0], float):
        value["distance"] = to_float(distances[best])
    said = "the one critical point" if len(points) == 1 else f"the {len(points)} critical points"
    return say(value, f"Of {said} that the entry knows, the last position is nearest to this one.")


def list_known_points(request: Request) -> list[tuple[str, list[float]]]:
    """The critical points that the entry knows, as floats, each with its kind."""
    points = request.objective.list_critical(request.values)
    with precision(_BITS):
        return [
            (point.kind, [to_float(evaluate(tree, {})) for tree in point.at]) for point in points
        ]


def find_known_minimum(request: Request) -> float | None:
    """The lowest value of the whole landscape, where the entry knows it."""
    for point in request.objective.list_critical(request.values):
        if point.kind == "minimum" and point.value is not None:
            with precision(_BITS):
                return to_float(evaluate(point.value, {}))
    return None


def _list_numbers(point: CriticalPoint) -> list[Any]:
    """The coordinates: exact, or as formulas where they are irrational."""
    numbers: list[Any] = []
    for tree in point.at:
        with precision(_BITS):
            value = evaluate(tree, {})
            around = 0 if point.within is None else point.within
            if isinstance(value, fmpq) and not around:
                numbers.append(value)
            else:
                numbers.append(to_ball(value) + arb(0, arb(around)) if around else tree)
    return numbers


def _measure(point: CriticalPoint, place: Sequence[Exact | float]) -> Exact:
    """The Euclidean distance."""
    total: Exact = fmpq(0)
    for tree, number in zip(point.at, place, strict=True):
        value = evaluate(tree, {})
        if point.within is not None:
            value = to_ball(value) + arb(0, arb(point.within))
        here = _to_exact(number)
        gap = value - here
        total = total + (gap * gap if isinstance(gap, fmpq) else gap**2)
    try:
        if isinstance(total, fmpq) or compare(total, fmpq(0)) > 0:
            return exact_sqrt(total)
    except (UndecidedError, DomainError):
        pass
    # A ball across 0 has a root between 0 and that of its upper end.
    return arb(0).union(to_ball(total).abs_upper().sqrt())


def _to_exact(number: Exact | float) -> Exact:
    return number if isinstance(number, fmpq | arb) else from_float(number)


def _is_finite(number: Exact | float) -> bool:
    if isinstance(number, arb):
        return number.is_finite()
    return isinstance(number, fmpq) or math.isfinite(number)

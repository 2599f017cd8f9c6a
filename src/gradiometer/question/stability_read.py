"""Reads what `stability` is asked: a rule with a free parameter, a landscape, its points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import DomainError, Place, UsageError, suggest
from gradiometer.formula import evaluate, parse_number, to_text
from gradiometer.model import (
    RATE,
    Objective,
    Optimizer,
    Rule,
    Setting,
    describe_settings,
    read_optimizer,
    read_start,
    settle,
)
from gradiometer.proof import Subject, is_elementwise
from gradiometer.question.course import find_objective
from gradiometer.question.stability_points import Point, find_piece, list_points


@final
@dataclass(frozen=True)
class Request:
    """What is asked, read."""

    objective: Objective
    values: Mapping[str, Setting]
    subject: Subject
    rate: fmpq
    """The value of the free parameter that is set."""
    points: tuple[Point, ...]
    """The one that is asked about first."""
    is_partial: bool
    """Whether there may be other critical points."""
    inputs: Mapping[str, Any]
    scaled: Rule | None
    """The rule with all values but that of the learning rate; None where it has none."""

    def piece(self, point: Point) -> int:
        """The number of the landscape's piece that holds a point.

        Raises:
            UndecidedError: If it lies on a joint.
        """
        if len(self.objective.variables) > 1:
            return 0
        return find_piece(self.objective.bind(self.values), point.at[0])


def read_stability(
    objective: str | Mapping[str, Any],
    *,
    optimizer: str | Mapping[str, Any],
    settings: Mapping[str, Any] | None,
    vary: str,
    hold: Mapping[str, Any] | None,
    at: Any,
) -> Request:
    """What the inputs describe; the arguments are those of `stability`.

    Raises:
        GradiometerError: If an input cannot be used; it says which one.
    """
    near = None if at is None else read_start(at)
    surface, rule = find_objective(objective, near), read_optimizer(optimizer)
    domain = _read_domain(rule, vary)
    values = settle([surface.owner, rule.owner], settings)
    surface = surface.fit(values["objective"])
    shape = values["objective"]
    rate = values["optimizer"][vary]
    if not isinstance(rate, fmpq):
        raise UsageError(f"`{vary}` is a list, and only a number can be varied.")
    held = _read_held(rule, hold)
    fixed = {name: value for name, value in values["optimizer"].items() if name != vary}
    bound = rule.bind(fixed)
    _check_shape(bound, surface)
    subject = Subject(bound, vary, domain, _keep(held, bound), _to_problem(surface, shape))
    place = None if near is None else near.arrange(surface.variables)
    points, partial = list_points(surface, shape, place)
    if not points:
        raise UsageError(
            f"No critical point of `{surface.name}` is found.",
            hint="say where to look, such as `--at 1`",
        )
    inputs: dict[str, Any] = {
        "objective": surface.name,
        "optimizer": rule.name,
        "set": {n: t for role in values for n, t in describe_settings(values[role]).items()},
        "vary": vary,
        "hold": {name: str(value) for name, value in held.items()},
        "at": None if place is None else _spell(surface.variables, place),
    }
    numbers = values["optimizer"]
    others = {name: value for name, value in numbers.items() if name != RATE}
    scaled = rule.bind(others) if RATE in numbers else None
    return Request(surface, shape, subject, rate, tuple(points), partial, inputs, scaled)


def _read_domain(rule: Optimizer, vary: Any) -> tuple[fmpq, fmpq | None]:
    """Between which numbers the free parameter lies."""
    if vary not in rule.parameters:
        nearest = suggest(str(vary), rule.parameters)
        hint = f"write `--vary {nearest}`" if nearest else ""
        if not nearest and vary == RATE and rule.parameters:
            hint = f"say what to vary, such as `--vary {next(iter(rule.parameters))}`"
        raise UsageError(
            f"The rule `{rule.name}` has no parameter `{vary}`.",
            place=Place("--vary"),
            known=tuple(rule.parameters),
            hint=hint,
        )
    parameter = rule.parameters[vary]
    ends = [
        None if end is None else evaluate(end, {})
        for end in (parameter.domain.lower, parameter.domain.upper)
    ]
    low, high = ends
    if parameter.is_flag or parameter.is_integer or not isinstance(low, fmpq) or low == high:
        raise UsageError(
            f"`{vary}` is not a number that can be varied from a least value on.",
            place=Place("--vary"),
            known=tuple(n for n, p in rule.parameters.items() if not p.is_flag),
            hint=f"write `--vary {RATE}`" if RATE in rule.parameters and vary != RATE else "",
        )
    if high is not None and not isinstance(high, fmpq):
        raise DomainError("The domain of a parameter must have rational ends.")
    return low, high


def _read_held(rule: Optimizer, hold: Mapping[str, Any] | None) -> dict[str, fmpq]:
    held: dict[str, fmpq] = {}
    for name, value in (hold or {}).items():
        if name not in rule.state:
            nearest = suggest(name, rule.state)
            raise UsageError(
                f"The rule `{rule.name}` remembers no `{name}`.",
                place=Place("--hold"),
                known=tuple(rule.state),
                hint=f"write `{nearest}`" if nearest else "",
            )
        held[name] = (
            value if isinstance(value, fmpq) else parse_number(str(value), place=Place("--hold"))
        )
    return held


def _keep(held: Mapping[str, fmpq], rule: Rule) -> dict[str, fmpq]:
    """What is held of what reaches the position."""
    return {name: value for name, value in held.items() if name in rule.state}


def _check_shape(rule: Rule, surface: Objective) -> None:
    if len(surface.variables) > 1 and not is_elementwise(rule):
        raise UsageError(
            f"`{rule.name}` joins all coordinates, and its multipliers are not known then.",
            hint="choose an objective in one variable",
        )


def _to_problem(surface: Objective, values: Mapping[str, Setting]) -> dict[str, Any]:
    """The landscape as plain JSON for a certificate."""
    if len(surface.variables) == 1:
        curve = surface.bind(values)
        return {"variables": list(curve.variables), "pieces": curve.to_problem()}
    bound = surface.bind_surface(values)
    piece = {"lower": None, "upper": None, "lower_closed": False, "upper_closed": False,
             "loss": to_text(bound.value)}  # fmt: skip
    return {"variables": list(bound.variables), "pieces": [piece]}


def _spell(variables: Sequence[str], place: Sequence[fmpq]) -> str:
    if len(place) == 1:
        return str(place[0])
    return ", ".join(f"{n}={v}" for n, v in zip(variables, place, strict=True))

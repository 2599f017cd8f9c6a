"""The first step of a run at which floats take another branch than exact arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TypeAlias, final

from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    Exact,
    FloatKind,
    Node,
    compare,
    compile_exact,
    evaluate_float,
    free_names,
    is_smooth,
    to_float,
    walk,
)
from gradiometer.model import Surface
from gradiometer.numeric import round_all
from gradiometer.proof import Journey
from gradiometer.question.answer import Fact, computed, unknown
from gradiometer.question.branches import (
    FACT_OF_KIND,
    Line,
    compile_line,
    list_choices,
    spell_order,
)
from gradiometer.question.course import Request
from gradiometer.question.value import to_value_text

_MOST_STEPS = 2_000
"""Steps that are compared."""

State: TypeAlias = tuple[Sequence[Exact], Mapping[str, Exact]]
"""A position and what is remembered there."""


def find_branch_rounding(
    request: Request, states: Sequence[State], *, last: int
) -> dict[str, Fact]:
    """Where rounding first changes a branch of the landscape or of the rule, by fact.

    Args:
        request: What was asked.
        states: The exact run, from its start on.
        last: The last step that was asked for.
    """
    journey = request.journey
    trees = [*journey.surface.gradient, *(tree for _, tree in journey.code.step)]
    if all(is_smooth(tree) for tree in trees):
        fact = computed("none", "Neither the landscape nor the rule has branches.")
        return dict.fromkeys(FACT_OF_KIND.values(), fact)
    followers = [_Follower(journey, kind) for kind in FACT_OF_KIND]
    try:
        _compare(journey, states[: _MOST_STEPS + 1], followers)
    except (UndecidedError, GradiometerError) as error:
        fact = unknown(f"The two runs cannot be compared: {error}.")
        for follower in followers:
            follower.fact = follower.fact or fact
    compared = max(min(len(states) - 1, _MOST_STEPS), 0)
    span = "all" if compared >= last else "the first"
    found: dict[str, Fact] = {}
    for follower in followers:
        kind = follower.kind
        because = f"{kind.capitalize()} and exact arithmetic take the same branches in "
        because += f"{span} {compared} steps."
        found[FACT_OF_KIND[kind]] = follower.fact or computed("none", because)
    return found


@final
class _Follower:
    """A float run that goes beside the exact one until they part."""

    def __init__(self, journey: Journey, kind: FloatKind) -> None:
        """It stands at the start."""
        code = journey.code
        self.journey = journey
        self.kind: FloatKind = kind
        self.fact: Fact | None = None
        first = {n: to_float(v) for n, v in zip(code.coordinates, journey.start, strict=True)}
        self.known = round_all({**code.float_values, **journey.float_rates(0), **first}, kind)
        self.known |= {name: evaluate_float(t, self.known, kind) for name, t in code.states}

    def begin_step(self, step: int) -> dict[str, float]:
        """Take the rates of a step; what the surface reads there."""
        code, surface = self.journey.code, self.journey.surface
        self.known |= {"t": float(step + 1)}
        self.known |= round_all(self.journey.float_rates(step), self.kind)
        places = zip(surface.variables, code.coordinates, strict=True)
        return {"t": self.known["t"], **{v: self.known[n] for v, n in places}}

    def meet(
        self, line: Line, orders: Sequence[int], here: Mapping[str, float] | None = None
    ) -> tuple[str, str] | None:
        """Make an assignment; the first choice that is made otherwise than exactly, spelled."""
        values = self.known if here is None else here
        found = None
        for choice, order in zip(line.choices, orders, strict=True):
            left, right = (side(values) for side in choice.floats[self.kind])
            if found is None and left is not None and right is not None:
                mine = compare(left, right)
                if choice.branch(mine) != choice.branch(order):
                    found = spell_order(choice.texts, order), spell_order(choice.texts, mine)
        self.known[line.target] = line.floats[self.kind](values)
        return found

    def end_step(self, step: int) -> None:
        """Take the new values, and stop where one is not finite."""
        code = self.journey.code
        kept = (*code.coordinates, *(name for name, _ in code.states))
        self.known |= {name: self.known[f"{name}'"] for name in kept}
        if not all(math.isfinite(self.known[name]) for name in kept):
            because = f"{self.kind} is no longer finite after step {step + 1}."
            self.fact = computed("overflow", because)


def _compare(journey: Journey, states: Sequence[State], followers: Sequence[_Follower]) -> None:
    code, surface = journey.code, journey.surface
    slopes = [compile_line(*row) for row in zip(code.gradients, surface.gradient, strict=True)]
    if any("loss" in free_names(tree) for _, tree in code.step):
        slopes.append(compile_line("loss", surface.value))
    lines = [compile_line(target, tree) for target, tree in code.step]
    for step, (point, memory) in enumerate(states[:-1] or states):
        going = [follower for follower in followers if follower.fact is None]
        if not going:
            return
        exact: dict[str, Exact] = {**code.values, **memory, **journey.rates(step)}
        exact |= {"t": fmpq(step + 1), **dict(zip(code.coordinates, point, strict=True))}
        here = {"t": exact["t"], **dict(zip(surface.variables, point, strict=True))}
        there = {follower.kind: follower.begin_step(step) for follower in going}
        for index, line in enumerate((*slopes, *lines)):
            is_slope = index < len(slopes)
            values = here if is_slope else exact
            orders = [compare(*(side(values) for side in c.exact)) for c in line.choices]
            exact[line.target] = line.exact(values)
            for follower in going:
                place = there[follower.kind] if is_slope else None
                found = follower.meet(line, orders, place)
                if found and follower.fact is None:
                    stands = here, there[follower.kind]
                    follower.fact = _describe(step, found, *stands, follower)
        for follower in going:
            if follower.fact is None:
                follower.end_step(step)


def find_meeting(
    surface: Surface, points: Iterable[Sequence[Exact]]
) -> tuple[int, Node, Node] | None:
    """The first point at which branches of the landscape meet, and the two sides that are equal.

    Only rational points are looked at: elsewhere equal sides cannot be told from close ones.
    """
    sides = [(left, right) for node in walk(surface.value) for left, right, _ in list_choices(node)]
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


def _describe(
    step: int,
    found: tuple[str, str],
    here: Mapping[str, Exact],
    there: Mapping[str, float],
    follower: _Follower,
) -> Fact:
    kind, names = follower.kind, follower.journey.surface.variables
    here, there = {n: here[n] for n in names}, {n: there[n] for n in names}
    exact = here[names[0]] if len(names) == 1 else dict(here)
    floating = there[names[0]] if len(names) == 1 else dict(there)
    because = (
        f"After step {step} exact arithmetic stands at {to_value_text(exact)}, where {found[0]}; "
        f"{kind} at {to_value_text(floating)}, where {found[1]}."
    )
    value = {"step": step, "exact": exact, kind: floating, "exact_branch": found[0],
             f"{kind}_branch": found[1]}  # fmt: skip
    return computed(value, because)

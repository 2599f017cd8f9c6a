"""A rule, a landscape and schedules as one program: the work of one step of one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

from gradiometer.errors import UsageError
from gradiometer.formula import Node, free_names
from gradiometer.model import ScalarRule
from gradiometer.numeric.field import Field
from gradiometer.numeric.kernel_noise import SCALE, Noise
from gradiometer.numeric.program import Builder, Level, Term

Scope: TypeAlias = Mapping[str, int]
"""The terms that names stand for."""


@final
@dataclass(frozen=True)
class Memory:
    """A number that a run keeps from step to step, as terms: now, at first, and after a step."""

    name: str
    now: int
    first: int
    new: int


@final
@dataclass(frozen=True)
class Program:
    """The terms of one step, and which of them are remembered."""

    name: str
    terms: tuple[Term, ...]
    names: Mapping[int, str]
    """What the rule calls a term."""
    positions: tuple[Memory, ...]
    states: tuple[Memory, ...]
    loss: int | None
    """The loss where the step begins, if it is watched."""
    is_online: bool = False
    """Whether the field reads the step: another landscape at each step."""

    @property
    def remembered(self) -> tuple[Memory, ...]:
        """The coordinates, and then the rest of the state."""
        return self.positions + self.states

    @property
    def inputs(self) -> Mapping[str, int]:
        """The places of what comes from outside, as `optimizer.beta1` or `start.x`."""
        return {term.name: at for at, term in enumerate(self.terms) if term.operator == "input"}

    def find_used(self, ends: Iterable[int]) -> list[int]:
        """The terms that these need, themselves included, in order."""
        used = set(ends)
        for at in range(len(self.terms) - 1, -1, -1):
            if at in used:
                used.update(self.terms[at].arguments)
        return sorted(used)

    @property
    def alive(self) -> list[int]:
        """The terms of a step that its results need."""
        ends = [memory.new for memory in self.remembered]
        return self.find_used(ends if self.loss is None else [*ends, self.loss])


def write_program(
    rule: ScalarRule,
    field: Field,
    *,
    by_run: frozenset[str] = frozenset(),
    schedules: Mapping[str, Node | None] | None = None,
    with_loss: bool = False,
    noise: Noise | None = None,
) -> Program:
    """The program of one step.

    Args:
        rule: The update rule, of scalars.
        field: Slopes and loss in as many variables.
        by_run: Inputs that each run has its own of, as `optimizer.beta1` or `objective.h`.
        schedules: For scheduled parameters of the rule a formula in `k`, or None for a table.
        with_loss: Whether the loss is computed at each step.
        noise: What is random in the gradient.

    Raises:
        UsageError: If a name has no value, or the rule and the field differ in shape.
    """
    build, states = Builder(), dict(rule.states)
    _check_variables(rule, field)
    now = {name: build.input(f"state.{name}", Level.LANE) for name in rule.coordinates}
    t = build.input("t", Level.STEP)
    scope = {"t": t, **dict(zip(field.variables, now.values(), strict=True))}
    everything = [*field.gradient, field.loss, *(tree for part in field.parts for tree in part)]
    scope = _open(build, "objective", everything, scope, by_run)
    slopes = _write_slopes(build, field, scope, noise or Noise(), by_run)
    trees = [tree for _, tree in rule.step]
    known = {"t": t, **now}
    known |= zip(rule.gradients, slopes, strict=True)
    known |= {name: build.input(f"state.{name}", Level.LANE) for name in states}
    for place, name in enumerate(rule.noises, len(slopes)):
        if any(name in free_names(tree) for tree in trees):
            known[name] = build.draw("normal", str(place))
    known |= _open_schedules(build, schedules or {}, by_run)
    loss = None
    if with_loss or any("loss" in free_names(tree) for tree in trees):
        loss = known["loss"] = build.lower(field.loss, scope)
    targets = frozenset(target for target, _ in rule.step)
    everything = [*trees, *states.values()]
    known = _open(build, "optimizer", everything, known, by_run, skip=targets)
    begin = {name: build.input(f"start.{name}", Level.RUN) for name in rule.coordinates}
    first = {name: build.lower(tree, {**known, **begin}) for name, tree in states.items()}
    for target, tree in rule.step:
        known[target] = build.lower(tree, known)
        build.names.setdefault(known[target], target)
    for name, place in zip((*rule.gradients, "loss"), (*slopes, loss), strict=True):
        if place is not None:
            build.names.setdefault(place, name)
    return Program(
        rule.name,
        tuple(build.terms),
        build.names,
        tuple(Memory(name, now[name], begin[name], known[f"{name}'"]) for name in now),
        tuple(Memory(n, known[n], first[n], known[f"{n}'"]) for n in states),
        loss if with_loss else None,
        field.depends_on_step,
    )


def _check_variables(rule: ScalarRule, field: Field) -> None:
    if len(rule.coordinates) != len(field.variables):
        raise UsageError(
            f"The rule is for {len(rule.coordinates)} variables and the objective has "
            f"{len(field.variables)}."
        )


def _write_slopes(
    build: Builder, field: Field, scope: Scope, noise: Noise, by_run: frozenset[str]
) -> list[int]:
    """The terms of the gradient as a step sees it."""
    if noise.batch and not field.parts:
        raise UsageError("The objective is no sum of terms, of which a batch could be drawn.")
    if noise.batch:
        slopes = _write_batch(build, [[build.lower(tree, scope) for tree in part]
                                      for part in field.parts], noise.batch)  # fmt: skip
    else:
        slopes = [build.lower(tree, scope) for tree in field.gradient]
    if not noise.is_gaussian:
        return slopes
    level = Level.RUN if f"noise.{SCALE}" in by_run else Level.GIVEN
    scale = build.input(f"noise.{SCALE}", level)
    draws = [build.apply("*", scale, build.draw("normal", str(i))) for i in range(len(slopes))]
    return [build.apply("+", slope, draw) for slope, draw in zip(slopes, draws, strict=True)]


def _write_batch(build: Builder, parts: list[list[int]], batch: int) -> list[int]:
    """The mean of the drawn terms' slopes: each term's slope times how often it is drawn."""
    drawn = [build.draw("index", f"{member}/{batch}/{len(parts)}") for member in range(batch)]
    one, zero, sums = build.number(1), build.number(0), list[int]()
    for at, part in enumerate(parts):
        hits = [build.apply("where", build.apply("==", index, build.number(at)), one, zero)
                for index in drawn]  # fmt: skip
        share = hits[0]
        for hit in hits[1:]:
            share = build.apply("+", share, hit)
        products = [build.apply("*", share, slope) for slope in part]
        pairs = zip(sums or products, products, strict=True)
        sums = [build.apply("+", a, b) for a, b in pairs] if sums else products
    return [build.apply("/", total, build.number(batch)) for total in sums]


def _open(
    build: Builder,
    owner: str,
    trees: Iterable[Node],
    known: Scope,
    by_run: frozenset[str],
    *,
    skip: frozenset[str] = frozenset(),
) -> dict[str, int]:
    """The scope with an input for each name of the trees that is not yet known."""
    names = frozenset[str]().union(*map(free_names, trees)) - skip - frozenset(known)
    opened = dict(known)
    for name in sorted(names):
        level = Level.RUN if f"{owner}.{name}" in by_run else Level.GIVEN
        opened[name] = build.input(f"{owner}.{name}", level)
    return opened


def _open_schedules(
    build: Builder, schedules: Mapping[str, Node | None], by_run: frozenset[str]
) -> dict[str, int]:
    """The terms of the scheduled parameters."""
    opened: dict[str, int] = {}
    for name, tree in schedules.items():
        if tree is None:
            opened[name] = build.input(f"rate.{name}", Level.STEP)
            continue
        scope = {"k": build.input("k", Level.STEP)}
        opened[name] = build.lower(tree, _open(build, "schedule", (tree,), scope, by_run))
    return opened

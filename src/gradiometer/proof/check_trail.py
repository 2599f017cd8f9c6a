"""Replays the certificate of a run in several variables: where it is lowest and where it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import CertificateError, DomainError, LimitError, UndecidedError
from gradiometer.formula import (
    Evaluator,
    Node,
    compare,
    compile_exact,
    differentiate_branches,
    evaluate,
    free_names,
    parse,
    precision,
    settle_conditions,
    share,
    size_in_bits,
    to_ball,
)
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_rates import Rates, read_rates
from gradiometer.proof.check_walk import LADDER

_LONGEST = 100_000
"""Rationals of more bits go on as balls."""
_MOST_STEPS = 200_000
_MOST_VARIABLES = 1_000

Point = tuple[Any, ...]


def check_trail(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept lowest loss, last position and return of a run, or raise `CertificateError`."""
    fields(evidence)
    replay = read_journey(problem)
    said: dict[str, Any] = dict(zip(_CLAIM, fields(claim, *_CLAIM), strict=True))
    for bits in LADDER:
        try:
            with precision(bits):
                _check(replay, said)
                return
        except _TooWideError as error:
            if bits == LADDER[-1]:
                raise CertificateError(str(error)) from None
        except UndecidedError:
            if bits == LADDER[-1]:
                raise


_CLAIM = ("lowest", "lowest_at", "lowest_step", "final", "returns")


class _TooWideError(Exception):
    """An enclosure that does not lie inside the claimed one, at this precision."""


@final
@dataclass(frozen=True)
class Replay:
    """The problem of a certificate, read and compiled."""

    variables: tuple[str, ...]
    tree: Node
    """The loss as a formula."""
    loss: Evaluator
    changes: bool
    """Whether the loss reads the step `t`, counted from 1."""
    gradient: tuple[Evaluator, ...]
    coordinates: tuple[str, ...]
    slopes: tuple[str, ...]
    state: tuple[tuple[str, Node], ...]
    trees: tuple[tuple[str, Node], ...]
    step: tuple[tuple[str, Evaluator], ...]
    values: Mapping[str, fmpq]
    rates: Rates
    start: tuple[fmpq, ...]
    steps: int

    def begin(self) -> dict[str, Any]:
        """What is remembered before the first step."""
        known: dict[str, Any] = {**self.values, **self.rates.at(0)}
        known |= zip(self.coordinates, self.start, strict=True)
        return {name: evaluate(tree, known) for name, tree in self.state}

    def place(self, point: Point, done: int) -> dict[str, Any]:
        """What the loss reads after that many steps: its variables, and which step is next."""
        return {"t": fmpq(done + 1), **dict(zip(self.variables, point, strict=True))}

    def advance(
        self, point: Point, memory: Mapping[str, Any], loss: Any, done: int
    ) -> tuple[Point, dict[str, Any]]:
        """The state after one more step."""
        here = self.place(point, done)
        known: dict[str, Any] = {**self.values, **memory, **self.rates.at(done)}
        known |= {"t": fmpq(done + 1), "loss": loss}
        known |= zip(self.coordinates, point, strict=True)
        for name, slope in zip(self.slopes, self.gradient, strict=True):
            known[name] = _shorten(slope(here))
        for target, run in self.step:
            known[target] = _shorten(run(known))
        after = tuple(known[f"{name}'"] for name in self.coordinates)
        return after, {name: known[f"{name}'"] for name, _ in self.state}

    def is_settled(self, done: int) -> bool:
        """Whether every step after *done* steps is the same map."""
        if self.changes:
            return False
        trees = [settle_conditions(tree, self.values, from_step=done + 1) for _, tree in self.trees]
        if any("t" in free_names(tree) for tree in trees):
            return False
        return self.rates.is_at_rest(done)


def _shorten(value: Any) -> Any:
    is_long = isinstance(value, fmpq) and size_in_bits(value) > _LONGEST
    return to_ball(value) if is_long else value


def _check(replay: Replay, said: Mapping[str, Any]) -> None:
    first, period, points = _read_return(said["returns"], replay.steps)
    states, losses = _follow(replay, first + period if period else replay.steps)
    best = 0
    for index in range(1, len(losses)):
        if compare(losses[index], losses[best]) < 0:
            best = index
    require(type(said["lowest_step"]) is int, "The lowest step is no whole number.")
    require(said["lowest_step"] == best, "Another step is lowest.")
    _contain([said["lowest"]], [losses[best]], "The lowest value")
    _contain(said["lowest_at"], states[best][0], "The lowest place")
    last = len(states) - 1
    if period:
        _check_return(replay, states, first, period)
        require(isinstance(points, list) and len(points) == period, "Other points of the cycle.")
        for index, point in enumerate(points):
            _contain(point, states[first + index][0], "A point of the cycle")
        last = first + (replay.steps - first) % period
    _contain(said["final"], states[last][0], "The last position")


def _read_return(returns: Any, steps: int) -> tuple[int, int, Any]:
    """The first step of the cycle, its length and points; no length where none is claimed."""
    if returns is None:
        return 0, 0, None
    first, period, points = fields(returns, "from_step", "period", "points")
    require(type(first) is int and type(period) is int, "A cycle has whole steps.")
    require(first >= 0 and period > 0 and first + period <= steps, "The cycle is too long.")
    return first, period, points


def _follow(replay: Replay, steps: int) -> tuple[list[tuple[Point, dict[str, Any]]], list[Any]]:
    """All states and losses up to that step."""
    states: list[tuple[Point, dict[str, Any]]] = [(replay.start, replay.begin())]
    losses: list[Any] = []
    try:
        while True:
            point, memory = states[-1]
            done = len(states) - 1
            losses.append(_shorten(replay.loss(replay.place(point, done))))
            if done == steps:
                return states, losses
            states.append(replay.advance(point, memory, losses[-1], done))
    except (DomainError, LimitError) as error:
        raise CertificateError(f"The run ends before its last step: {error.problem}") from None


def _check_return(
    replay: Replay, states: list[tuple[Point, dict[str, Any]]], first: int, period: int
) -> None:
    def state(step: int) -> list[Any]:
        point, memory = states[step]
        numbers = [*point, *memory.values()]
        require(all(isinstance(n, fmpq) for n in numbers), "A cycle needs exact states.")
        return numbers

    require(replay.is_settled(first), "The rule still changes with the step count.")
    require(state(first) == state(first + period), "The state does not return.")
    for shorter in range(1, period):
        require(state(first) != state(first + shorter), "The cycle is shorter.")


def _contain(said: Any, values: Sequence[Any], what: str) -> None:
    """Whether each value certainly lies between its two claimed ends."""
    require(isinstance(said, list) and len(said) == len(values), f"{what} has other numbers.")
    for row, value in zip(said, values, strict=True):
        require(isinstance(row, list) and len(row) == 2, f"{what} is no pair of ends.")
        low, high = read_rational(row[0]), read_rational(row[1])
        if isinstance(value, fmpq):
            require(low <= value <= high, f"{what} lies elsewhere.")
            continue
        inside = arb(low) <= value <= arb(high)
        if value < low or value > high:
            raise CertificateError(f"{what} lies elsewhere.")
        if not inside:
            raise _TooWideError(f"{what} is not known as well as it is said to be.")


def read_journey(problem: Any) -> Replay:
    """The problem of a certificate about a run in several variables, read and compiled."""
    variables, loss, rule, schedules, start, steps = fields(
        problem, "variables", "loss", "rule", "schedules", "start", "steps"
    )
    names = _read_names(variables)
    require(0 < len(names) <= _MOST_VARIABLES, "There are too many variables.")
    require(type(steps) is int and 0 <= steps <= _MOST_STEPS, "`steps` is no step count.")
    tree = share(parse(loss, names={*names, "t"}).tree)
    changes = "t" not in names and "t" in free_names(tree)
    gradient = tuple(compile_exact(differentiate_branches(tree, name)) for name in names)
    coordinates, slopes, state, step, values = fields(
        rule, "coordinates", "gradients", "state", "step", "values"
    )
    places, inclines = _read_names(coordinates), _read_names(slopes)
    require(len(places) == len(inclines) == len(names) == len(start), "Other lengths.")
    numbers = {name: read_rational(text) for name, text in values.items()}
    rates = read_rates(schedules)
    given = [*numbers, *(name for name, _ in state), *places, *inclines, "t", "loss", *rates.rows]
    require(len(set(given)) == len(given), "A name stands for two things.")
    trees = _read_step(step, given)
    targets = {target for target, _ in trees}
    kept = (*places, *(name for name, _ in state))
    require(all(f"{name}'" in targets for name in kept), "The rule is not complete.")
    memory = [(n, parse(text, names={*numbers, *rates.rows, *places}).tree) for n, text in state]
    compiled = tuple((target, compile_exact(tree)) for target, tree in trees)
    return Replay(
        names, tree, compile_exact(tree), changes, gradient, places, inclines, tuple(memory),
        tuple(trees), compiled, numbers, rates, tuple(map(read_rational, start)), steps,
    )  # fmt: skip


def _read_names(given: Any) -> tuple[str, ...]:
    require(isinstance(given, list) and all(isinstance(n, str) for n in given), "Names are texts.")
    require(len(set(given)) == len(given), "A name stands for two things.")
    return tuple(given)


def _read_step(step: Any, given: list[str]) -> list[tuple[str, Node]]:
    known = set(given)
    trees: list[tuple[str, Node]] = []
    for target, text in step:
        require(isinstance(target, str) and target not in known, "A name is assigned twice.")
        trees.append((target, parse(text, names=known).tree))
        known = {*known, target}
    return trees

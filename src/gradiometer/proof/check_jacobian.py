"""One step of a rule in several variables as a smooth map of its whole state, with its slopes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import arb, arb_mat, fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import (
    Apply,
    Evaluator,
    Node,
    Number,
    compile_exact,
    differentiate,
    evaluate,
    free_names,
    map_children,
    settle_conditions,
    to_ball,
    walk,
)
from gradiometer.proof.check_fields import require
from gradiometer.proof.check_matrix import MOST_NAMES
from gradiometer.proof.check_total import is_total
from gradiometer.proof.check_trail import Point, Replay

_SMOOTH = {
    *("+", "-", "*", "/", "neg", "^", "sqrt", "exp", "ln", "sin", "cos", "tanh", "sigmoid"),
    *("softplus", "erf", "erfc", "Phi", "atan", "sinh", "cosh"),
}
"""Operations whose slope says everything about how their value changes, wherever it is finite."""


@final
@dataclass(frozen=True)
class SmoothStep:
    """The same map at every step from some step on: coordinates and memory in, the next ones out.

    A state is a list of numbers in the order of `names`.
    """

    replay: Replay
    names: tuple[str, ...]
    """The coordinates, and then what is remembered."""
    gradient: tuple[Evaluator, ...]
    hessian: tuple[tuple[Evaluator, ...], ...]
    step: tuple[tuple[str, Evaluator, Mapping[str, Evaluator]], ...]
    """Each assignment in order: target, value, and its slope in each name that it reads."""
    values: Mapping[str, fmpq]
    is_affine: bool
    """Whether no slope reads the state, so that the map is affine wherever it has a value."""
    is_total: bool
    """Whether loss and step certainly have a value for all states."""

    def image(self, state: Sequence[Any]) -> list[Any]:
        """Where the step takes a state.

        Raises:
            UndecidedError: If a value is not known to be finite.
            DomainError: If the loss or the step has no value there.
        """
        return self._read(self._assign(state))

    def slopes(self, state: Sequence[Any]) -> arb_mat:
        """The slopes of the image on a box of states: a row for each number of the image.

        Raises:
            UndecidedError: If a value or a slope is not known to be finite.
            DomainError: If the loss or the step has no value there.
        """
        known, size = self._assign(state), len(self.names)
        rows: dict[str, list[Any]] = {
            name: [fmpq(int(i == j)) for j in range(size)] for i, name in enumerate(self.names)
        }
        here = self._here(state)
        count = len(self.replay.variables)
        for name, row in zip(self.replay.slopes, self.hessian, strict=True):
            rows[name] = [*(run(here) for run in row), *[fmpq(0)] * (size - count)]
        for target, _, inner in self.step:
            parts = [(run(known), rows[name]) for name, run in inner.items()]
            rows[target] = [_sum(slope * row[j] for slope, row in parts) for j in range(size)]
        entries = [to_ball(entry) for name in self.names for entry in rows[f"{name}'"]]
        _require_finite(entries)
        return arb_mat(size, size, entries)

    def _here(self, state: Sequence[Any]) -> dict[str, Any]:
        return dict(zip(self.replay.variables, state, strict=False))

    def _assign(self, state: Sequence[Any]) -> dict[str, Any]:
        """All values on the way."""
        here = self._here(state)
        known: dict[str, Any] = {**self.values, **dict(zip(self.names, state, strict=True))}
        # A run ends where the loss has no value, so that it must have one.
        found = [self.replay.loss(here)]
        for name, run in zip(self.replay.slopes, self.gradient, strict=True):
            known[name] = run(here)
            found.append(known[name])
        for target, run, _ in self.step:
            known[target] = run(known)
            found.append(known[target])
        _require_finite(found)
        return known

    def _read(self, known: Mapping[str, Any]) -> list[Any]:
        return [known[f"{name}'"] for name in self.names]


def _sum(terms: Any) -> Any:
    total: Any = fmpq(0)
    for term in terms:
        total = total + term
    return total


def _require_finite(numbers: Sequence[Any]) -> None:
    if not all(isinstance(number, fmpq) or number.is_finite() for number in numbers):
        raise UndecidedError("a value or a slope is not known on the region")


def read_smooth_step(replay: Replay, done: int) -> SmoothStep:
    """The map that every step after *done* steps is.

    Raises:
        CertificateError: If the rule still changes, or the state is too large.
        UndecidedError: If the map is not smooth, so that slopes do not tell all.
    """
    require(replay.is_settled(done), "The rule still changes with the step count.")
    names = (*replay.coordinates, *(name for name, _ in replay.state))
    require(len(names) <= MOST_NAMES, "The state has too many numbers.")
    values = {**replay.values, **replay.rates.resting(done)}
    step = [(target, settle_conditions(tree, values, from_step=done + 1))
            for target, tree in replay.trees]  # fmt: skip
    _require_smooth(replay.tree, *(tree for _, tree in step))
    if any("loss" in free_names(tree) for _, tree in step):
        raise UndecidedError("the rule reads the loss")
    gradient = [differentiate(replay.tree, name) for name in replay.variables]
    hessian = [[differentiate(slope, name) for name in replay.variables] for slope in gradient]
    moving = {*names, *replay.slopes}
    rows, trees = [], [tree for row in hessian for tree in row]
    for target, tree in step:
        inner = {name: differentiate(tree, name) for name in sorted(free_names(tree) & moving)}
        trees += inner.values()
        rows.append((target, compile_exact(tree),
                     {name: compile_exact(slope) for name, slope in inner.items()}))  # fmt: skip
        moving.add(target)
    changing = moving | set(replay.variables)
    return SmoothStep(
        replay, names, tuple(map(compile_exact, gradient)),
        tuple(tuple(map(compile_exact, row)) for row in hessian), tuple(rows), values,
        not any(free_names(tree) & changing for tree in trees),
        all(is_total(_fold(tree, values)) for tree in (replay.tree, *(tree for _, tree in step))),
    )  # fmt: skip


def _fold(tree: Node, values: Mapping[str, fmpq]) -> Node:
    """The tree with each part that reads nothing but parameters as its number, where it is one."""
    if isinstance(tree, Number) or not free_names(tree) <= values.keys():
        return map_children(tree, lambda part: _fold(part, values))
    try:
        found = evaluate(tree, values)
    except (DomainError, UndecidedError):
        return tree
    return Number(found) if isinstance(found, fmpq) else tree


def _require_smooth(*trees: Node) -> None:
    for tree in trees:
        for part in walk(tree):
            if isinstance(part, Apply) and part.operator not in _SMOOTH:
                raise UndecidedError(f"`{part.operator}` is not smooth")


def enclose_state(replay: Replay, steps: int) -> list[arb]:
    """A ball for each number of the state after that many steps, in the order of a smooth step.

    Raises:
        UndecidedError: If the precision does not suffice.
        DomainError: If a step has no value.
    """
    state: tuple[Point, Mapping[str, Any]] = (
        tuple(map(to_ball, replay.start)), replay.begin()
    )  # fmt: skip
    for done in range(steps):
        loss = replay.loss(replay.place(state[0], done))
        state = replay.advance(state[0], state[1], loss, done)
        _require_finite([to_ball(loss), *map(to_ball, state[0])])
    return [to_ball(number) for number in (*state[0], *state[1].values())]

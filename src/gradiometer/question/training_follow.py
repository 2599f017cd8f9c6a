"""Learning rates that follow the losses of a run, as reduce-on-plateau: one rate for each run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, final

from flint import fmpq

from gradiometer.formula import FloatEvaluator, compile_float, evaluate, to_float, to_text
from gradiometer.model import LossSchedule, Setting

if TYPE_CHECKING:
    from gradiometer.numeric import Epoch
    from gradiometer.question.training_cells import Cell


@final
@dataclass(frozen=True, eq=False)
class Follower:
    """A schedule that follows losses, with its parameters' values."""

    schedule: LossSchedule
    values: Mapping[str, Setting]

    @cached_property
    def _fixed(self) -> dict[str, fmpq]:
        return {name: v for name, v in self.values.items() if isinstance(v, fmpq)}

    @cached_property
    def _lines(self) -> tuple[tuple[str, FloatEvaluator], ...]:
        return tuple((target, compile_float(tree)) for target, tree in self.schedule.step)

    def begin(self) -> dict[str, float]:
        """What is remembered before the first loss, the first `rate` among it."""
        return {name: to_float(evaluate(tree, self._fixed))
                for name, tree in self.schedule.state.items()}  # fmt: skip

    def step(self, state: Mapping[str, float], loss: float, count: int) -> dict[str, float]:
        """What is remembered after a loss, the `count`-th one.

        Example:
            >>> from gradiometer.model import read_loss_schedule
            >>> plan = read_loss_schedule("plateau(patience=0, learning_rate=1, factor=1/2)")
            >>> follower = Follower(plan, {n: p.default for n, p in plan.parameters.items()})
            >>> state = follower.step(follower.begin(), 3.0, 1)
            >>> follower.step(state, 3.0, 2)["rate"]
            0.5
        """
        known = {name: to_float(value) for name, value in self._fixed.items()}
        known |= {**state, "loss": loss, "t": float(count)}
        for target, run in self._lines:
            known[target] = run(known)
        return {name: known[f"{name}'"] for name in state}

    def to_plain(self) -> dict[str, Any]:
        """Everything that decides it, as plain JSON."""
        lines = (*self.schedule.state.items(), *self.schedule.step)
        values = {name: str(value) for name, value in sorted(self._fixed.items())}
        return {"follows": [[name, to_text(tree)] for name, tree in lines], "values": values}


@final
class FollowedRates:
    """The rates of the networks of a block whose schedules follow losses."""

    def __init__(self, cells: Sequence[Cell], table: Any, at: int) -> None:
        """Rates in a table, shape (networks, parameters, units), at the place of a parameter."""
        self.followers = [cell.follower for cell in cells]
        self.states = [None if one is None else one.begin() for one in self.followers]
        self.table, self.at = table, at

    def note(self, epoch: Epoch, *, epochs: int) -> None:
        """Read the losses after an epoch, and set the rates of all epochs that come."""
        part = "validation" if "validation" in epoch.checks else "train"
        losses = epoch.checks[part][0]
        done = epoch.number + 1
        first = done * (self.table.shape[2] // epochs)
        for n, (follower, state) in enumerate(zip(self.followers, self.states, strict=True)):
            if follower is None or state is None or not math.isfinite(losses[n]):
                continue
            self.states[n] = after = follower.step(state, float(losses[n]), done)
            self.table[n, self.at, first:] = after["rate"]

    def list_rates(self) -> list[float]:
        """The rate of each network now; NaN where no schedule follows its losses."""
        return [math.nan if state is None else state["rate"] for state in self.states]

"""The first steps of a run, replayed for the certificates that speak of all steps after them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import CertificateError, DomainError, LimitError, UndecidedError
from gradiometer.formula import (
    Advance,
    compare,
    compile_assignments,
    compile_exact,
    free_names,
    size_in_bits,
    to_ball,
)
from gradiometer.proof.check_total import require_all_values
from gradiometer.proof.check_walk import Replay

BITS = 256
"""Working precision of the balls."""

_LONGEST = 4000
"""A position of more bits goes on as a ball: an exact tie is not to be expected any more."""

_FARTHEST = fmpq(2) ** 2000

MOST_STEPS = 100_000
"""More steps than these are not replayed."""


@final
@dataclass
class Prefix:
    """The states of a run one after the other, each with the piece that it is on."""

    replay: Replay
    states: list[dict[str, Any]] = field(default_factory=list)
    pieces: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        replay = self.replay
        self._ends = replay.ends({})
        require_all_values(replay.pieces, self._ends)
        replay.require_one_loss()
        self._slopes = [compile_exact(piece.slope) for piece in replay.pieces]
        self._losses = [compile_exact(piece.loss) for piece in replay.pieces]
        self._reads_loss = any("loss" in free_names(tree) for _, tree in replay.step)
        self._quick: dict[int, Advance] | None = {}
        self._add(replay.begin())

    def reach(self, done: int) -> dict[str, Any]:
        """The state after *done* steps.

        Raises:
            CertificateError: If the run has no such step.
            UndecidedError: If a ball cannot be compared with a joint.
        """
        if not 0 <= done <= MOST_STEPS:
            raise CertificateError("The run is not replayed that far.")
        try:
            while len(self.states) <= done:
                self._step()
        except (DomainError, LimitError) as error:
            raise CertificateError(f"The run ends early: {error.problem}") from None
        return self.states[done]

    def _step(self) -> None:
        done = len(self.states) - 1
        state, piece = self.states[done], self.pieces[done]
        if isinstance(state["x"], arb) and self._quick is not None:
            try:
                self._add(self._advance_balls(self._quick, done))
                return
            except UndecidedError:
                # A parameter that is no longer exact may leave a branch open.
                self._quick = None
        here = {"x": state["x"]}
        loss = self._losses[piece](here) if self._reads_loss else None
        self._add(self.replay.advance(state, self._slopes[piece](here), done, loss))

    def _advance_balls(self, quick: dict[int, Advance], done: int) -> dict[str, Any]:
        """The state after one more step from balls, by one list of operations for each piece."""
        replay, piece = self.replay, self.pieces[done]
        names = ("x", *replay.state)
        if piece not in quick:
            values = {n: v for n, v in replay.values.items() if n not in replay.rates.rows}
            surface = replay.pieces[piece]
            rows = [("g", surface.slope), *((("loss", surface.loss),) * self._reads_loss)]
            quick[piece] = compile_assignments(
                rows + replay.settled_step(done),
                [f"{name}'" for name in names],
                {name: v if v.q == 1 else to_ball(v) for name, v in values.items()},
            )
        known = {**self.states[done], **replay.rates.at(done), "t": fmpq(done + 1)}
        after = quick[piece](known)
        return {name: to_ball(value) for name, value in zip(names, after, strict=True)}

    def _add(self, state: dict[str, Any]) -> None:
        position = state["x"]
        if isinstance(position, fmpq) and size_in_bits(position) > _LONGEST:
            state = {name: to_ball(value) for name, value in state.items()}
        if isinstance(state["x"], arb) and not abs(state["x"]) < _FARTHEST:
            raise CertificateError("The run goes out of all bounds.")
        self.pieces.append(self.replay.locate(state["x"], self._ends))
        self.states.append(state)

    def check_inside(self, low: fmpq, high: fmpq, done: int) -> None:
        """Refuse ends between which not all of the first positions lie."""
        for state in self.states[: done + 1]:
            if compare(state["x"], low) < 0 or compare(state["x"], high) > 0:
                raise CertificateError("A position of the run lies outside the interval.")

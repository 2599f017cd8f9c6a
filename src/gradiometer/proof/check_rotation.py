"""Replays the certificate of a run around one kink under strides that the side alone decides.

Left of the kink every stride is L to the right, right of it R to the left. Once the run is between
`kink - R` and `kink + L` it stays there, and modulo L + R every step adds L: a rotation of a
circle. Each state there has one state before it, so with L : R = p : q in lowest terms every
state returns after exactly p + q steps and none earlier; with an irrational ratio none ever does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import CertificateError
from gradiometer.formula import (
    ZERO,
    Exact,
    Node,
    Number,
    apply,
    compare,
    evaluate,
    exact_sqrt,
    free_names,
    precision,
    substitute,
    tidy,
    to_value,
)
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_motion import read_motion
from gradiometer.proof.check_prefix import BITS, Prefix
from gradiometer.proof.check_walk import Replay, read_replay, same, spell

MOST_POINTS = 2000
"""Cycles of more points are not listed."""


@final
@dataclass(frozen=True)
class Turn:
    """The two strides at a kink."""

    joint: int
    """The piece on its left."""
    kink: Exact
    rise: Exact
    """How far a step goes to the right, on the left of the kink."""
    fall: Exact
    """How far a step goes to the left, on the right of it."""
    keeps: bool
    """Whether the kink itself counts to the left."""
    ratio: Node
    """rise : fall, in a short form."""

    def holds(self, place: Exact) -> bool:
        """Whether a position lies where the rotation takes place."""
        low, high = (compare(place, end) for end in self.ends)
        return (low > 0 and high <= 0) if self.keeps else (low >= 0 and high < 0)

    @property
    def ends(self) -> tuple[Exact, Exact]:
        """Between which positions the rotation takes place."""
        return self.kink - self.fall, self.kink + self.rise

    @property
    def period(self) -> int | None:
        """The number of steps after which every state returns; None where that is not known."""
        if not isinstance(self.ratio, Number):
            return None
        return int(self.ratio.value.p) + int(self.ratio.value.q)

    @property
    def never_returns(self) -> bool:
        """Whether the ratio of the strides is certainly irrational: its square has no root."""
        square = to_value(tidy(apply("*", self.ratio, self.ratio)))
        irrational = isinstance(square, Number) and not isinstance(exact_sqrt(square.value), fmpq)
        return irrational and not isinstance(self.ratio, Number)


def read_turn(replay: Replay, joint: int, done: int) -> Turn:
    """The strides at the right end of a piece.

    Raises:
        CertificateError: If something else than the side decides them, or they point elsewhere.
        UndecidedError: If something is not certain.
    """
    ends = replay.ends({})
    require(0 <= joint < len(ends) - 1, "There is no such joint.")
    kink, after = ends[joint], ends[joint + 1]
    require(after is None or compare(kink, after) < 0, "A piece is a single point.")
    require(replay.is_settled(done), "The rule still changes with the step count.")
    motion = read_motion(replay, done)
    require(not motion.memory and not motion.reads_position, "The stride reads more than the side.")
    strides = []
    for piece in (joint, joint + 1):
        slope = replay.pieces[piece].slope
        require(not free_names(slope), "A slope depends on the position.")
        known: dict[str, Node] = {name: Number(value) for name, value in motion.values.items()}
        known |= {"x": ZERO, "g": slope}
        for target, tree in motion.step:
            known[target] = substitute(tree, known)
            # Nothing may read it, but a run ends where it has no value.
            evaluate(known[target], {})
        strides.append(to_value(tidy(known["x'"])))
    rise, fall = evaluate(strides[0], {}), -evaluate(strides[1], {})
    require(compare(rise, fmpq(0)) > 0 and compare(fall, fmpq(0)) > 0, "No valley is there.")
    ratio = to_value(tidy(apply("/", strides[0], apply("neg", strides[1]))))
    turn = Turn(joint, kink, rise, fall, replay.keeps_joint(joint), ratio)
    low, high = turn.ends
    inside = joint == 0 or compare(low, ends[joint - 1]) > 0
    require(inside and (after is None or compare(high, after) < 0), "Another joint is too near.")
    return turn


def list_points(turn: Turn, start: Exact) -> list[Exact]:
    """The positions of one period; none where they are too many."""
    if turn.period is None or turn.period > MOST_POINTS:
        return []
    points = [start]
    for _ in range(turn.period - 1):
        order = compare(points[-1], turn.kink)
        left = order < 0 or (order == 0 and turn.keeps)
        points.append(points[-1] + turn.rise if left else points[-1] - turn.fall)
    return points


def check_rotation(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept the cycle or the interval of a run around a kink, or raise `CertificateError`."""
    verdict, limit, cycle, interval = fields(claim, "verdict", "limit", "cycle", "interval")
    done, joint, returns = fields(evidence, "from", "joint", "returns")
    require(type(done) is int and type(joint) is int and limit is None, "No first step.")
    replay = read_replay(problem)
    with precision(BITS):
        prefix = Prefix(replay)
        start = prefix.reach(done)["x"]
        turn = read_turn(replay, joint, done)
        require(turn.holds(start), "The run is not near the kink yet.")
        _check_interval(interval, prefix, done, turn)
        if verdict == "bounded":
            known = returns is None or returns is False
            require(cycle is None and known, "A rotation without a cycle.")
            require(returns is None or turn.never_returns, "The ratio may be rational.")
            return
        require(verdict == "cycle" and returns is True, "This is no verdict here.")
        settled = done > 0 and replay.is_settled(done - 1)
        require(
            not (settled and turn.holds(prefix.states[done - 1]["x"])), "The cycle starts earlier."
        )
        points = [spell(point) for point in list_points(turn, start)] or None
        said = {"period": turn.period, "points": points, "multipliers": None, "from_step": done}
        require(same(cycle, said), "The cycle is another one.")


def _check_interval(interval: Any, prefix: Prefix, done: int, turn: Turn) -> None:
    require(isinstance(interval, list) and len(interval) == 2, "An interval has two ends.")
    low, high = map(read_rational, interval)
    prefix.check_inside(low, high, done)
    if compare(turn.ends[0], low) < 0 or compare(turn.ends[1], high) > 0:
        raise CertificateError("A position may lie outside the interval.")

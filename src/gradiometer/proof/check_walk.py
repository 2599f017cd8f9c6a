"""The checker's own walk: a rule on a landscape, replayed step by step from the certificate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import CertificateError, GradiometerError, UndecidedError
from gradiometer.formula import (
    Evaluator,
    Node,
    Range,
    at_point,
    collapse,
    compare,
    compile_exact,
    differentiate,
    evaluate,
    find_needed,
    free_names,
    parse,
    settle_conditions,
    size_in_bits,
    to_ball,
    to_decimal,
    to_rational_text,
)
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_rates import Rates, read_rates

LADDER = (256, 1024, 2048, 4096, 8192)
"""The working precisions, in bits, that a replay tries in turn."""

_FEWEST_BITS, _MOST_BITS = 20_000, 100_000
_ALL_BITS, _BITS_A_STEP, _WORK = 2_000_000, 100, 10**8
"""All steps share so many bits; or each adds some, while bits times steps are no more than that."""

_MOST_STEPS = 10_000_000


def same(left: Any, right: Any) -> bool:
    """Whether two plain JSON values are the same, `1` and `true` being different ones."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def spell(value: Any) -> str:
    """How a certificate writes a number: `p/q` while short, else `~` and up to 20 digits."""
    if isinstance(value, fmpq) and size_in_bits(value) <= 2000:
        return to_rational_text(value)
    ball = to_ball(value)
    if not ball.contains(0):
        return "~" + to_decimal(ball, digits=20)
    # No digit is certain, so only the next power of ten is written.
    middle, radius, exponent = arb(ball.abs_upper()).mid_rad_10exp(1)
    return f"~0±1e{len(str(int(middle) + int(radius))) + int(exponent)}"


@final
@dataclass(frozen=True)
class Surface:
    """One piece of the landscape."""

    upper: Node | None
    closed: bool
    """Whether the upper end belongs to this piece."""
    loss: Node
    slope: Node


def longest_rational(step: int) -> int:
    """Bits of the longest rational of a step; a longer one goes on as a ball, in every run.

    Long ones are kept while steps are few, or while they grow slowly.
    """
    slow = min(_BITS_A_STEP * step, _WORK // step)
    return min(_MOST_BITS, max(_FEWEST_BITS, _ALL_BITS // step, slow))


@final
@dataclass(frozen=True, eq=False)
class Replay:
    """A problem of a certificate, read."""

    step: tuple[tuple[str, Node], ...]
    state: Mapping[str, Node]
    values: Mapping[str, fmpq]
    pieces: tuple[Surface, ...]
    rates: Rates
    """What changes from step to step."""
    start: fmpq
    steps: int
    side: str | None

    def begin(self) -> dict[str, Any]:
        """The state before the first step."""
        return self.begin_at(self.start)

    def begin_at(self, start: fmpq) -> dict[str, Any]:
        """The same for a run that begins there."""
        known = {**self.values, **self.rates.at(0), "x": start}
        memory = {name: evaluate(tree, known) for name, tree in self.state.items()}
        return {"x": start, **memory}

    def advance(
        self, state: Mapping[str, Any], gradient: Any, done: int, loss: Any = None
    ) -> dict[str, Any]:
        """The state after one more step; *loss* is needed where the rule reads it."""
        known: dict[str, Any] = {**self.values, **state, **self.rates.at(done)}
        known |= {"g": gradient, "t": fmpq(done + 1), "loss": loss}
        longest = longest_rational(done + 1)
        for target, run in self._compiled:
            value = collapse(run(known))
            if isinstance(value, fmpq) and size_in_bits(value) > longest:
                value = to_ball(value)
            known[target] = value
        after = {name: known[f"{name}'"] for name in ("x", *self.state)}
        if isinstance(after["x"], arb):
            after = {n: to_ball(v) if isinstance(v, fmpq) else v for n, v in after.items()}
        return after

    @cached_property
    def _compiled(self) -> tuple[tuple[str, Evaluator], ...]:
        return tuple((target, compile_exact(tree)) for target, tree in self.step)

    def locate(self, position: Any, ends: list[Any]) -> int:
        """The piece that the position is on."""
        for index, end in enumerate(ends):
            if end is None:
                return index
            order = compare(position, end)
            if order < 0 or (order == 0 and self.keeps_joint(index)):
                return index
        raise CertificateError("The position is on no piece.")

    def ends(self, values: Mapping[str, Any]) -> list[Any]:
        """The right ends of the pieces, which must not go back; None is infinite."""
        uppers = [piece.upper for piece in self.pieces]
        ends: list[Any] = [None if u is None else collapse(evaluate(u, values)) for u in uppers]
        for left, right in pairwise(ends):
            require(right is None or compare(left, right) <= 0, "A piece ends before it begins.")
        return ends

    def after_joint(self, index: int, ends: list[Any]) -> int:
        """The piece to take at the right end of piece *index* when it is not that piece."""
        right = index + 1
        while ends[right] is not None and not self.keeps_joint(right):
            if collapse(ends[right] - ends[index]) != 0:
                break
            right += 1
        return right

    def keeps_joint(self, index: int) -> bool:
        """Whether the right end of piece *index* is taken with that piece."""
        return self.pieces[index].closed if self.side is None else self.side == "left"

    def require_one_loss(self, values: Mapping[str, Any] | None = None) -> None:
        """Refuse a rule that reads a loss which jumps where a side of its own gives the slope.

        There the loss is that of the piece which contains the point, whatever the side.

        Args:
            values: What stands for the names in the landscape besides `x`.

        Raises:
            UndecidedError: If it may.
        """
        if self.side is None or not any("loss" in free_names(tree) for _, tree in self.step):
            return
        known = dict(values or {})
        for (left, right), end in zip(pairwise(self.pieces), self.ends(known), strict=False):
            # No exact position stands on a joint that is not exact.
            if isinstance(end, arb):
                continue
            try:
                below, above = (evaluate(p.loss, {**known, "x": end}) for p in (left, right))
                continues = collapse(above - below) == 0
            except GradiometerError:
                continues = False
            if not continues:
                raise UndecidedError("the rule reads a loss that jumps where a side is chosen")

    def is_settled(self, done: int) -> bool:
        """Whether every step after *done* steps is the same map."""
        return self._settled_from is not None and done >= self._settled_from

    @cached_property
    def _settled_from(self) -> int | None:
        """The first step count from which every step is the same map, found by halving."""
        low, high = 0, 2 * self.steps + 1
        if not self._settles(high):
            return None
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self._settles(middle) else (middle + 1, high)
        return low

    def _settles(self, done: int) -> bool:
        if any("t" in free_names(tree) for _, tree in self.live_step(done)):
            return False
        return self.rates.is_at_rest(done)

    def settled_step(self, done: int) -> list[tuple[str, Node]]:
        """The assignments with conditions on the step count decided for all later steps."""
        known = {**self.values, **self.rates.resting(done)}
        return [
            (name, settle_conditions(tree, known, from_step=done + 1)) for name, tree in self.step
        ]

    def live_step(self, done: int) -> list[tuple[str, Node]]:
        """The assignments of later steps that can reach the position, or may have no value."""
        needed, step = self._needed(done)
        return [(target, tree) for target, tree in step if target in needed]

    def live_state(self, done: int) -> set[str]:
        """The position, and what of the remembered values these assignments read.

        A new value that only its own step reads, such as `m'` without a state `m`, is none.
        """
        return {"x", *(name for name in self.state if name in self._needed(done)[0])}

    def _needed(self, done: int) -> tuple[frozenset[str], list[tuple[str, Node]]]:
        step = self.settled_step(done)
        ranges = {name: at_point(value) for name, value in self.values.items()}
        ranges["t"] = Range(fmpq(done + 1), None)
        whole = self.step
        needed = find_needed(step, ["x'"], states=self.state, ranges=ranges, whole=whole)
        return needed, step


def read_replay(problem: Any, *, free: tuple[str, ...] = ()) -> Replay:
    """The problem of a certificate as something to replay."""
    rule, pieces, schedules, start, steps, side = fields(
        problem, "rule", "pieces", "schedules", "start", "steps", "side"
    )
    state, step, values = fields(rule, "state", "step", "values")
    require(type(steps) is int and 0 <= steps <= _MOST_STEPS, "`steps` is no step count.")
    require(side in (None, "left", "right"), "`side` is neither left nor right.")
    numbers = {name: read_rational(text) for name, text in values.items()}
    rates = read_rates(schedules)
    given_names = [*numbers, *state, "x", "g", "t", "loss", *rates.rows]
    require(len(set(given_names)) == len(given_names), "A name stands for two things.")
    known = set(given_names)
    trees = []
    for target, text in step:
        require(isinstance(target, str) and target not in known, "A name is assigned twice.")
        trees.append((target, _parse(text, frozenset(known))))
        known = {*known, target}
    require("x'" in known and all(f"{n}'" in known for n in state), "The rule is not complete.")
    first = {*numbers, *rates.rows, "x"}
    memory = {name: _parse(text, frozenset(first)) for name, text in state.items()}
    return Replay(tuple(trees), memory, numbers, _read_pieces(pieces, free), rates,
                  read_rational(start), steps, side)  # fmt: skip


def _read_pieces(rows: Any, free: tuple[str, ...]) -> tuple[Surface, ...]:
    """The pieces, which must follow each other without gap from minus to plus infinity."""
    require(isinstance(rows, list) and len(rows) > 0, "There are no pieces.")
    surfaces = []
    before: list[Any] = [None, False]
    for row in rows:
        lower, upper, lower_closed, upper_closed, loss = fields(
            row, "lower", "upper", "lower_closed", "upper_closed", "loss"
        )
        require(same([lower, lower_closed], before), "The pieces leave a gap or overlap.")
        require(isinstance(upper_closed, bool), "`upper_closed` is no truth value.")
        end = None if upper is None else _parse(upper, frozenset(free))
        surfaces.append(Surface(end, upper_closed, *_parse_loss(loss, frozenset(free))))
        before = [upper, not upper_closed]
    require(before == [None, True], "The last piece does not go to infinity.")
    return tuple(surfaces)


@lru_cache(maxsize=512)
def _parse(text: str, names: frozenset[str]) -> Node:
    """The tree of a text; the parts of a certificate, and those of its neighbours, say the same."""
    return parse(text, names=names).tree


@lru_cache(maxsize=256)
def _parse_loss(text: str, free: frozenset[str]) -> tuple[Node, Node]:
    """A loss and its slope."""
    tree = parse(text, names={"x", *free}).tree
    return tree, differentiate(tree, "x")


def has_digits(value: Any, bits: int) -> bool:
    """Whether a ball is known to that many bits; a rational always is."""
    return not isinstance(value, arb) or value.rel_one_accuracy_bits() > bits

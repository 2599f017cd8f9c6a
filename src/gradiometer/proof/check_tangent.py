"""The checker's step of a rule with its slopes: what one step does to a whole region of states.

A step is straight-line code. Each assignment comes with its derivative by every name that moves,
and the chain rule joins them. A branch that a region does not decide raises `UndecidedError`, so
inside a region that has slopes the step is one smooth formula.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, reduce
from typing import Any, TypeAlias, final

from flint import arb, fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import (
    ONE,
    ZERO,
    Advance,
    Apply,
    Evaluator,
    Name,
    Node,
    Number,
    Range,
    apply,
    at_point,
    collapse,
    compare,
    compile_assignments,
    compile_exact,
    differentiate,
    differentiate_branches,
    evaluate,
    evaluate_range,
    free_names,
    map_children,
    precision,
    settle_branches,
    substitute,
    to_ball,
    walk,
)
from gradiometer.proof.check_fields import require
from gradiometer.proof.check_total import is_total
from gradiometer.proof.check_walk import Replay

_SETTLE_BITS = 128
"""A condition is settled at one precision, whichever a reader works with."""
_RAISE = compile_exact(apply("^", Name("b"), Name("e")))

Matrix: TypeAlias = list[list[arb]]
Vector: TypeAlias = list[arb]


@final
@dataclass(frozen=True)
class Row:
    """One assignment, and its derivative by each name that may move."""

    target: str
    tree: Node
    value: Evaluator
    slopes: tuple[tuple[str, Node, Evaluator], ...]


@final
@dataclass(frozen=True)
class Power:
    """A number to a power that grows with the step count for ever."""

    base: fmpq
    exponent: Node
    factor: Node = ONE
    """What it is multiplied by: a positive number, or one that grows with the step count."""

    @cached_property
    def scale(self) -> Evaluator:
        """The factor at a step."""
        return compile_exact(self.factor)

    @cached_property
    def run(self) -> Evaluator:
        """The exponent at a step."""
        return compile_exact(self.exponent)

    @cached_property
    def growth(self) -> Any:
        """By how much the exponent grows from each step to the next."""
        return evaluate(differentiate(self.exponent, "t"), {})


@final
@dataclass(frozen=True)
class Motion:
    """The step of a rule on each piece of its landscape, with slopes."""

    names: tuple[str, ...]
    """The coordinates of the state: `x`, then what is remembered and read."""
    pieces: tuple[tuple[Row, ...], ...]
    """The assignments on each piece, the gradient first."""
    values: Mapping[str, fmpq]
    """The parameters."""
    powers: Mapping[str, Power] = field(default_factory=dict)
    """What stands for the powers in which the step count occurred, by its name."""

    @cached_property
    def programs(self) -> dict[Any, Any]:
        """What has been made of it, by what it was made for."""
        return {}

    def balls(self) -> dict[str, Any]:
        """The parameters as numbers of the current precision; whole ones stay exact."""
        return {n: v if v.q == 1 else to_ball(v) for n, v in self.values.items()}

    def at_step(self, step: int, known: Mapping[str, Any]) -> dict[str, Any]:
        """The step count and the powers in which it occurs; *known* holds the parameters."""
        found: dict[str, Any] = {"t": fmpq(step)}
        for name, power in self.powers.items():
            exponent = power.run(found)
            # As balls, where balls are asked for: a long power of a rational is of no use.
            base = power.base if known is self.values else to_ball(power.base)
            found[name] = power.scale(found) * _RAISE({"b": base, "e": exponent})
        return found

    def later_steps(self, step: int) -> Iterator[dict[str, Any]]:
        """What `at_step` gives at this step and all after it, each power from the one before."""
        growths = {
            name: _RAISE({"b": to_ball(power.base), "e": power.growth})
            for name, power in self.powers.items()
        }
        count: dict[str, Any] = {"t": fmpq(step)}
        bare = {
            name: _RAISE({"b": to_ball(power.base), "e": power.run(count)})
            for name, power in self.powers.items()
        }
        scaled = [(name, row.scale) for name, row in self.powers.items() if row.factor != ONE]
        while True:
            known = {**count, **bare}
            for name, scale in scaled:
                known[name] = scale(count) * bare[name]
            yield known
            step += 1
            count = {"t": fmpq(step)}
            bare = {name: value * growths[name] for name, value in bare.items()}

    def compile_pieces(self) -> list[Advance]:
        """The step on each piece in balls of the current precision, for many steps."""
        fixed, wanted = self.balls(), [f"{name}'" for name in self.names]
        return [
            compile_assignments([(row.target, row.tree) for row in rows], wanted, fixed)
            for rows in self.pieces
        ]

    def compile_slopes(self) -> list[Advance]:
        """The same followed by the derivatives of each coordinate by all of them, row by row."""
        return [self._compile_slopes(rows) for rows in self.pieces]

    def _compile_slopes(self, rows: Sequence[Row]) -> Advance:
        moves: dict[str, dict[str, Node]] = {
            name: {other: ONE if name == other else ZERO for other in self.names}
            for name in self.names
        }
        steps = []
        for row in rows:
            steps.append((row.target, row.tree))
            for name, tree, _ in row.slopes:
                steps.append((f"{row.target} by {name}", tree))
            moves[row.target] = {}
            for other in self.names:
                terms = [
                    apply("*", Name(f"{row.target} by {name}"), moves[name][other])
                    for name, _, _ in row.slopes
                    if name in moves and moves[name][other] != ZERO
                ]
                moves[row.target][other] = ZERO
                if terms:
                    # No name of a rule has a space, nor has any text of a user.
                    place = f"{row.target} along {other}"
                    steps.append((place, reduce(lambda a, b: apply("+", a, b), terms)))
                    moves[row.target][other] = Name(place)
        wanted = [f"{name}'" for name in self.names]
        for name in self.names:
            still = dict.fromkeys(self.names, ZERO)
            for other in self.names:
                wanted.append(f"{name}' end {other}")
                steps.append((wanted[-1], moves.get(f"{name}'", still)[other]))
        return compile_assignments(steps, wanted, self.balls())

    def images(self, piece: int, known: Mapping[str, Any]) -> list[Any]:
        """The state after one step from the values in *known*."""
        env = dict(known)
        for row in self.pieces[piece]:
            env[row.target] = collapse(row.value(env))
        return [env[f"{name}'"] for name in self.names]

    def slopes(self, piece: int, known: Mapping[str, Any]) -> tuple[list[Any], Matrix]:
        """The states after one step from a region, and the derivatives over it.

        Raises:
            UndecidedError: If the region meets two branches, or a value is not finite.
        """
        env = dict(known)
        zero = arb(0)
        moves: dict[str, Vector] = {
            name: [arb(int(name == other)) for other in self.names] for name in self.names
        }
        for row in self.pieces[piece]:
            value = collapse(row.value(env))
            if isinstance(value, arb) and not value.is_finite():
                raise UndecidedError("a value over a region of states is not finite")
            env[row.target] = value
            parts = [(run(env), moves[name]) for name, _, run in row.slopes if name in moves]
            if parts:
                moves[row.target] = _combine(parts)
        still = [zero] * len(self.names)
        rows = [moves.get(f"{name}'", still) for name in self.names]
        if not all(entry.is_finite() for row in rows for entry in row):
            raise UndecidedError("a slope over a region of states is not finite")
        return [env[f"{name}'"] for name in self.names], rows


def _combine(parts: Sequence[tuple[Any, Vector]]) -> Vector:
    """The sum of the vectors, each times its number."""
    first, vector = parts[0]
    total = [first * entry for entry in vector]
    for factor, vector in parts[1:]:
        total = [old + factor * entry for old, entry in zip(total, vector, strict=True)]
    return total


@lru_cache(maxsize=64)
def read_motion(replay: Replay, done: int, *, frees_powers: bool = False) -> Motion:
    """The steps after *done* steps, as one piece of code for each piece of the landscape.

    Args:
        replay: The problem of the certificate.
        done: Conditions on the step count are decided for all steps after this one.
        frees_powers: Whether powers `b^e` with a growing e become names of their own.
    """
    replay.require_one_loss()
    values = {**replay.values, **replay.rates.resting(done)}
    step = replay.live_step(done)
    powers: dict[str, Power] = {}
    if frees_powers:
        step = [(target, _free_powers(tree, values, powers)) for target, tree in step]
        step = _settle_all(step, values, powers, done)
    targets = [target for target, _ in step]
    names = ("x", *(name for name in replay.state if f"{name}'" in targets))
    read = frozenset().union(*(free_names(tree) for _, tree in step))
    moving = {*names, *targets, "g", "loss"}
    rows = tuple(read_row(target, tree, moving) for target, tree in step)
    pieces = []
    for surface in replay.pieces:
        # A run ends where slope or loss have no value, whether the rule reads them or not.
        ground = [("g", surface.slope)] if "g" in read or not is_total(surface.slope) else []
        ground += [("loss", surface.loss)] if "loss" in read or not is_total(surface.loss) else []
        pieces.append((*(read_row(target, tree, moving) for target, tree in ground), *rows))
    kept = {name: value for name, value in values.items() if name in read}
    return Motion(names, tuple(pieces), kept, powers)


def power_range(power: Power, done: int) -> Range:
    """All values of the power in the steps after *done* steps, and their limit 0.

    Raises:
        UndecidedError: If a power times the step count does not fade yet.
    """
    first = evaluate(power.exponent, {"t": fmpq(done + 1)})
    require(compare(first, fmpq(0)) > 0, "A power has no positive exponent.")
    most = to_ball(power.base) ** to_ball(first) if power.base > 0 else arb(0)
    if power.factor != ONE:
        # c*t*b^(e + r*t) falls from step t on once r*ln(1/b) > 1/t.
        falls = power.base == 0 or -to_ball(power.base).log() * power.growth * (done + 1) > 1
        if not falls:
            raise UndecidedError("a power times the step count does not fade yet")
        most = to_ball(power.scale({"t": fmpq(done + 1)})) * most
    return Range(fmpq(0), most.upper())


def _settle_all(
    step: list[tuple[str, Node]], values: Mapping[str, fmpq], powers: Mapping[str, Power], done: int
) -> list[tuple[str, Node]]:
    """The assignments without branches that the fading of powers settles for all later steps."""
    if not any(isinstance(n, Apply) and n.operator == "where" for _, t in step for n in walk(t)):
        return step
    ranges = {name: at_point(value) for name, value in values.items()}
    ranges["t"] = Range(fmpq(done + 1), None)
    settled = []
    with precision(_SETTLE_BITS):
        for name, power in powers.items():
            with suppress(UndecidedError):
                ranges[name] = power_range(power, done)
        for target, written in step:
            tree = settle_branches(written, ranges)
            settled.append((target, tree))
            if free_names(tree) <= ranges.keys():
                with suppress(UndecidedError, DomainError):
                    ranges[target] = evaluate_range(tree, ranges)
    return settled


def read_row(target: str, tree: Node, moving: set[str]) -> Row:
    """An assignment with its derivative by each name that moves."""
    slopes = []
    for name in sorted(free_names(tree) & moving):
        slope = differentiate_branches(tree, name)
        if slope != ZERO:
            slopes.append((name, slope, compile_exact(slope)))
    return Row(target, tree, compile_exact(tree), tuple(slopes))


def _read_growing(node: Node, values: Mapping[str, fmpq]) -> Node | None:
    """The tree in the step count alone, if it is `c*t` with a positive c, else None."""
    if "t" not in free_names(node):
        return None
    tree = substitute(node, {name: Number(value) for name, value in values.items()})
    if free_names(tree) != {"t"}:
        return None
    try:
        growth = differentiate(tree, "t")
        rate = None if free_names(growth) else evaluate(growth, {})
        start = evaluate(tree, {"t": fmpq(0)})
    except (UndecidedError, DomainError):
        return None
    return tree if isinstance(rate, fmpq) and rate > 0 and start == 0 else None


def _free_powers(node: Node, values: Mapping[str, fmpq], powers: dict[str, Power]) -> Node:
    """The tree with a name for each power of a number from 0 to 1 that fades to 0.

    Its exponent is affine in the step count with a positive factor, so it has no other limit, and
    neither has it times the step count.
    """
    found = _fading_power(node, values)
    if found is None:
        return map_children(node, lambda part: _free_powers(part, values, powers))
    for name, power in powers.items():
        if power == found:
            return Name(name)
    # No text of a user can write a name with a space.
    name = f"power {len(powers)}"
    powers[name] = found
    return Name(name)


def _fading_power(node: Node, values: Mapping[str, fmpq]) -> Power | None:
    if not isinstance(node, Apply):
        return None
    if node.operator == "*":
        factor = _read_growing(node.arguments[0], values)
        power = None if factor is None else _fading_power(node.arguments[1], values)
        if power is None or factor is None or power.factor != ONE:
            return None
        return replace(power, factor=factor)
    if node.operator != "^":
        return None
    arguments = node.arguments
    if "t" not in free_names(arguments[1]) or "t" in free_names(arguments[0]):
        return None
    known = {name: Number(value) for name, value in values.items()}
    base, exponent = (substitute(part, known) for part in arguments)
    if free_names(base) or free_names(exponent) != {"t"}:
        return None
    try:
        growth = differentiate(exponent, "t")
        rate = None if free_names(growth) else evaluate(growth, {})
        value = evaluate(base, {})
    except UndecidedError:
        return None
    if not (isinstance(rate, fmpq) and isinstance(value, fmpq)):
        return None
    return Power(value, exponent) if rate > 0 and 0 <= value < 1 else None

"""The checker's step where some of its numbers are only known to lie in a range, for ever.

The root of a running mean square has no bounded slope at 0, and a rate may change for ever. Such a
number is frozen: whatever value of its range it has at a step, the step moves the rest of the state
in a way that is bounded for all of them at once.

A frozen number may also drift: it changes by a sum that is 0 at the fixed point, `s' = s + e`. Over
a region where the state is `c + A*y`, each e is at most `k*|y|` in size, and |y| falls by a factor
q at each step; so s moves by at most `k/(1 - q)` in all. (The running sum of squares of AdaGrad.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    EVERYTHING,
    Advance,
    Apply,
    Name,
    Node,
    Number,
    Range,
    at_point,
    compare,
    compile_range_assignments,
    evaluate_range,
    free_names,
    map_children,
    to_ball,
    walk,
)
from gradiometer.proof.check_fields import require
from gradiometer.proof.check_region import to_dyadic
from gradiometer.proof.check_tangent import Matrix, Motion, Row, Vector, power_range, read_row
from gradiometer.proof.check_walk import Replay

_UNSAFE = {"where", "sign", "floor", "passed"}
_SHORT = 300
"""Bits of a range's end that is kept as it is."""


@final
@dataclass(frozen=True)
class Frozen:
    """A step in which some names run through ranges."""

    motion: Motion
    names: tuple[str, ...]
    """The coordinates that are not frozen."""
    ranges: Mapping[str, Range]
    """Where parameters, powers, rates, the step count and frozen coordinates lie."""
    news: Mapping[str, Range] = field(default_factory=dict)
    """Where the new values of frozen coordinates lie, by `name'`; a part of their ranges."""
    drifts: tuple[str, ...] = ()
    """Frozen coordinates whose way in all is bounded, so that no step need keep their range."""

    def point(self, piece: int, place: list[fmpq]) -> list[Range]:
        """Where one step takes that state, for all values of what is frozen."""
        states = dict(zip(self.names, map(at_point, place), strict=True))
        env = self._walk(piece, states)
        return [env[f"{name}'"] for name in self.names]

    def rest(self, piece: int, places: Mapping[str, Range]) -> list[Range]:
        """Where one step takes what is remembered, and how far the position, at slope 0."""
        env = self._walk(piece, places, flat=True)
        rows = self.motion.pieces[piece]
        stride = evaluate_range(find_stride(rows), env)
        return [stride, *(env[f"{name}'"] for name in self.names[1:])]

    def slopes(self, piece: int, box: list[arb]) -> Matrix:
        """The derivatives of what is not frozen over a region, all frozen values held."""
        moves = self._list_moves(piece, box)
        return [moves[f"{name}'"] for name in self.names]

    def drift(self, piece: int, box: list[arb]) -> list[Vector]:
        """The derivatives of the new values of what drifts, over a region."""
        moves = self._list_moves(piece, box)
        return [moves[f"{name}'"] for name in self.drifts]

    def require_still(self, piece: int, place: Mapping[str, Range], *, flat: bool) -> None:
        """Refuse unless what drifts stays where it is at that place; at slope 0 if *flat*."""
        env = self._walk(piece, place, flat=flat)
        for row in self.motion.pieces[piece]:
            if row.target[:-1] in self.drifts and row.target in self.news:
                change = evaluate_range(read_change(row.target[:-1], row.tree), env)
                same = change.is_single and change.lower == 0
                require(same, "A number drifts for ever.")

    def _list_moves(self, piece: int, box: list[arb]) -> dict[str, Vector]:
        states = {name: _from_ball(ball) for name, ball in zip(self.names, box, strict=True)}
        found = iter(self._program(piece)({**self.ranges, **states, **self.news}))
        size = len(self.names)
        moves: dict[str, Vector] = {
            name: [arb(int(name == other)) for other in self.names] for name in self.names
        }
        for row in self.motion.pieces[piece]:
            image = next(found)
            if row.target in self.news:
                self._require_kept(row.target, image)
            if not self._is_differentiated(row.target):
                continue
            total = [arb(0)] * size
            for name, _, _ in row.slopes:
                if self._moves(name):
                    factor = next(found)
                    total = [a + factor * b for a, b in zip(total, moves[name], strict=True)]
            moves[row.target] = total
        return moves

    def _is_differentiated(self, target: str) -> bool:
        return target not in self.news or target[:-1] in self.drifts

    def _program(self, piece: int) -> Advance:
        """The image of each row, then its slopes by what is not frozen, as one list of steps."""
        programs = self.motion.programs
        key = (piece, *sorted(self.news), *sorted(self.drifts))
        if key not in programs:
            rows, wanted = [], []
            for row in self.motion.pieces[piece]:
                # The new value of a frozen number is given; its image is only looked at.
                is_frozen = row.target in self.news
                target = f"{row.target} image" if is_frozen else row.target
                rows.append((target, row.tree, outward))
                wanted.append(target)
                for name, tree, _ in row.slopes if self._is_differentiated(row.target) else ():
                    if self._moves(name):
                        rows.append((f"{row.target} by {name}", tree, to_hull))
                        wanted.append(rows[-1][0])
            fixed = {name: at_point(value) for name, value in self.motion.values.items()}
            programs[key] = compile_range_assignments(rows, wanted, fixed)
        return programs[key]

    def _moves(self, name: str) -> bool:
        """Whether a name depends on what is not frozen, neither an old nor a new frozen number."""
        return name not in self.news and f"{name}'" not in self.news

    def _require_kept(self, target: str, image: Range) -> None:
        name = target[:-1]
        kept = name in self.drifts or self.ranges[name].contains(image)
        require(kept, "A frozen number leaves its range.")

    def reach(self, piece: int, box: list[arb]) -> dict[str, Range]:
        """Where one step takes the frozen coordinates themselves."""
        states = {name: _from_ball(ball) for name, ball in zip(self.names, box, strict=True)}
        env, found = {**self.ranges, **states}, {}
        for row in self.motion.pieces[piece]:
            env[row.target] = outward(evaluate_range(row.tree, env))
            if row.target in self.news:
                found[row.target[:-1]] = env[row.target]
                env[row.target] = self.news[row.target]
        return found

    def _walk(
        self, piece: int, states: Mapping[str, Range], *, flat: bool = False
    ) -> dict[str, Range]:
        env = {**self.ranges, **states}
        for row in self.motion.pieces[piece]:
            value = evaluate_range(row.tree, env)
            if flat and row.target == "g":
                value = at_point(fmpq(0))
            env[row.target] = outward(value)
            if row.target in self.news:
                self._require_kept(row.target, env[row.target])
                env[row.target] = self.news[row.target]
        return env


def freeze(
    replay: Replay,
    motion: Motion,
    done: int,
    free: Mapping[str, Range],
    drifts: tuple[str, ...] = (),
) -> Frozen:
    """The step after *done* steps with these coordinates frozen, some of which drift.

    Raises:
        CertificateError: If the step may jump inside a range.
    """
    require(set(drifts) <= set(free), "Another name drifts.")
    motion, signs = _hold_signs(motion, drifts) if drifts else (motion, ())
    for row in (row for rows in motion.pieces for row in rows):
        jumps = {n.operator for n in walk(row.tree) if isinstance(n, Apply)} & _UNSAFE
        require(not jumps, "A step with branches is not evaluated over ranges.")
    require("x" not in free and set(free) <= set(motion.names), "Another name is frozen.")
    ranges = {name: at_point(value) for name, value in motion.values.items()}
    rates = replay.rates.from_step(done)
    if "learning_rate" in rates:
        # A run ends where its rate is negative.
        lowest = rates["learning_rate"].lower
        require(lowest is not None and compare(lowest, fmpq(0)) >= 0, "A rate may be negative.")
    ranges |= rates
    ranges |= {name: outward(power_range(power, done)) for name, power in motion.powers.items()}
    ranges |= {"t": Range(fmpq(done + 1), None), **free}
    ranges |= dict.fromkeys(signs, Range(fmpq(-1), fmpq(1)))
    names = tuple(name for name in motion.names if name not in free)
    news = {f"{name}'": span for name, span in free.items()}
    return Frozen(motion, names, ranges, news, drifts)


def read_change(name: str, tree: Node) -> Node:
    """What is added to a number at a step, but for its sign.

    Raises:
        UndecidedError: If its new value is no sum of this kind.
    """
    if isinstance(tree, Apply) and tree.operator in ("+", "-") and len(tree.arguments) == 2:
        left, right = tree.arguments
        if left == Name(name):
            return right
    raise UndecidedError("a frozen number does not change by a sum")


def _hold_signs(motion: Motion, drifts: tuple[str, ...]) -> tuple[Motion, tuple[str, ...]]:
    """The step in which each sign in the change of what drifts is any number from -1 to 1.

    It may be another one at each step: a bound holds for all of them, with the sign held.
    """
    key = ("signs", *drifts)
    if key not in motion.programs:
        held: dict[Node, str] = {}
        targets = {f"{name}'" for name in drifts}
        moving = {*motion.names, *(row.target for rows in motion.pieces for row in rows)}
        pieces = tuple(
            tuple(
                read_row(row.target, _without_signs(row.tree, held), moving)
                if row.target in targets
                else row
                for row in rows
            )
            for rows in motion.pieces
        )
        names = tuple(held.values())
        motion.programs[key] = replace(motion, pieces=pieces), names
    return motion.programs[key]


def _without_signs(node: Node, held: dict[Node, str]) -> Node:
    """The tree with a name for each sign whose argument certainly has a value."""
    if isinstance(node, Apply) and node.operator == "sign" and _is_total(node.arguments[0]):
        # No text of a user can write a name with a space.
        return Name(held.setdefault(node, f"sign {len(held)}"))
    return map_children(node, lambda part: _without_signs(part, held))


def _is_total(node: Node) -> bool:
    if not isinstance(node, Apply):
        return True
    if node.operator == "^":
        power = node.arguments[1]
        whole = isinstance(power, Number) and power.value.q == 1 and power.value > 0
        return whole and _is_total(node.arguments[0])
    return node.operator in ("+", "-", "*", "neg", "abs") and all(map(_is_total, node.arguments))


def reads_step(motion: Motion) -> bool:
    """Whether the step count is read other than in powers that fade."""
    return any("t" in free_names(row.tree) for rows in motion.pieces for row in rows)


def find_stride(rows: tuple[Row, ...]) -> Node:
    """What is added to the position, as a tree; its sign does not matter here.

    Raises:
        UndecidedError: If the new position is no sum of this kind.
    """
    trees = {row.target: row.tree for row in rows}
    tree = trees["x'"]
    if isinstance(tree, Apply) and tree.operator in ("+", "-"):
        left, right = tree.arguments
        while isinstance(left, Name) and left.name in trees:
            left = trees[left.name]
        if left == Name("x"):
            return right
    raise UndecidedError("the rule does not add its stride to the position")


def outward(span: Range) -> Range:
    """The range with ends that are short rationals, no narrower."""
    lower, upper = span.lower, span.upper
    if lower is upper and lower is not None:
        # One number, known as a ball, is a range of two ends.
        single = _short(lower, -1)
        if single == lower:
            return at_point(single)
    return Range(
        None if lower is None else _short(lower, -1), None if upper is None else _short(upper, 1)
    )


def _short(value: Any, side: int) -> fmpq:
    if isinstance(value, fmpq) and int(value.q).bit_length() <= _SHORT:
        return value
    ball = to_ball(value)
    return _to_end(ball.lower() if side < 0 else ball.upper())


def _from_ball(ball: arb) -> Range:
    return Range(_to_end(ball.lower()), _to_end(ball.upper()))


def _to_end(value: arb) -> fmpq:
    end = to_dyadic(value)
    if end is None:
        raise UndecidedError("a range has no end that is known")
    return end


def to_hull(span: Range) -> arb:
    """A ball that contains the range.

    Raises:
        UndecidedError: If the range is not bounded.
    """
    if span == EVERYTHING or span.lower is None or span.upper is None:
        raise UndecidedError("a slope is not bounded while a frozen number runs through its range")
    return to_ball(span.lower).union(to_ball(span.upper))

"""Regions of states that a run never leaves: where all states of a piece go, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any, TypeAlias, final

from flint import arb, fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import (
    EVERYTHING,
    Apply,
    Name,
    Node,
    Range,
    apply,
    at_point,
    evaluate,
    evaluate_range,
    free_names,
    hull,
    precision,
    size_in_bits,
    to_ball,
)
from gradiometer.proof.check_motion import Mean, Motion
from gradiometer.proof.check_walk import Replay

Box: TypeAlias = Mapping[str, Range]
"""A range for the position `x` and for each part of the memory."""

_ONE = fmpq(1)
_SHORT = 160
"""Rationals of fewer bits are kept, others are rounded outward."""
_BITS = 96
_MOST_EXPONENT = 10_000
"""Of two, in a number that is still worked with."""
_MOST_STEPS = 2048
"""Steps on one piece after which a region is given up."""
_TAILS = 8
"""Attempts to find a box of a piece that keeps itself, each wider."""


@final
@dataclass(frozen=True)
class Field:
    """A rule on a landscape, for boxes of states."""

    replay: Replay
    motion: Motion

    @cached_property
    def known(self) -> dict[str, Range]:
        """What no step changes, `t` for all steps to come included."""
        done, replay = self.motion.done, self.replay
        known = {name: at_point(value) for name, value in self.motion.values.items()}
        known |= replay.rates.from_step(done) if replay.rates.rows else {}
        return known | {"t": Range(fmpq(done + 1), None), "loss": EVERYTHING}

    @cached_property
    def ends(self) -> list[tuple[Any, Any]]:
        """The closed range of each piece; None is infinite."""
        uppers = [None if p.upper is None else evaluate(p.upper, {}) for p in self.replay.pieces]
        lowers = [None, *uppers[:-1]]
        return [
            (None if low is None else _down(low), None if high is None else _up(high))
            for low, high in zip(lowers, uppers, strict=True)
        ]

    @cached_property
    def _flat(self) -> list[Range | None]:
        """The slopes of pieces that are straight."""
        return [
            None if free_names(piece.slope) else outward(at_point(evaluate(piece.slope, {})))
            for piece in self.replay.pieces
        ]

    def clip(self, places: Range, piece: int) -> Range | None:
        """The part of some positions that may lie on a piece; None where there is none."""
        low, high = self.ends[piece]
        lower = low if places.lower is None or _below(places.lower, low) else places.lower
        upper = high if places.upper is None or _below(high, places.upper) else places.upper
        if lower is not None and upper is not None and lower > upper:
            return None
        return Range(lower, upper)

    def slopes(self, piece: int, places: Range) -> Range:
        """All slopes of a piece at some positions."""
        slope = self._flat[piece]
        if slope is not None:
            return slope
        return _range_of(self.replay.pieces[piece].slope, {"x": places})

    def advance(self, box: Box, piece: int) -> dict[str, Range]:
        """Where one step takes the states of a box on a piece.

        Raises:
            UndecidedError: If an operation is not certain to be defined for all of them.
        """
        return self.step(box, self.slopes(piece, box["x"]))

    def step(self, box: Box, slopes: Range) -> dict[str, Range]:
        """Where one step takes the states of a box with any of these slopes; raises the same."""
        known = {**self.known, **box, "g": slopes}
        for target, tree in self.motion.step:
            mean = self.motion.means.get(target[:-1])
            if mean is not None and target.endswith("'"):
                known[target] = self._mix(mean, box[target[:-1]], known)
            else:
                known[target] = _range_of(tree, known)
        return {name: known[f"{name}'"] for name in ("x", *self.motion.memory)}

    def _mix(self, mean: Mean, now: Range, known: Mapping[str, Range]) -> Range:
        """`(1 - k)*w + k*e` for every k that is still to come."""
        entry = _range_of(mean.entry, known)
        least, most = _shares(mean.base, self.motion.done)
        parts = [
            Range(_mixed(now.lower, entry.lower, k), _mixed(now.upper, entry.upper, k))
            for k in (least, most)
        ]
        return outward(hull(*parts))


@lru_cache(maxsize=64)
def _shares(base: fmpq, done: int) -> tuple[fmpq, fmpq | None]:
    """Between which numbers k lies in all steps to come; the larger one is rounded up."""
    return 1 - base, _up((1 - base) / (1 - base ** (done + 1)))


@cache
def _operation(operator: str, count: int) -> Node:
    return apply(operator, *(Name(f"a{index}") for index in range(count)))


def _range_of(node: Node, known: Mapping[str, Range]) -> Range:
    """The values of a tree, with short rational ends after each operation."""
    if not isinstance(node, Apply) or node.operator == "where":
        return outward(evaluate_range(node, known))
    parts = [_range_of(part, known) for part in node.arguments]
    if node.operator in _CORNERS and len(parts) == 2:
        quick = _combine(node.operator, *parts)
        if quick is not None:
            return outward(quick)
    if node.operator == "clip":
        inner = evaluate_range(_operation("max", 2), {"a0": parts[0], "a1": parts[1]})
        return evaluate_range(_operation("min", 2), {"a0": inner, "a1": parts[2]})
    ranges = {f"a{index}": part for index, part in enumerate(parts)}
    return outward(evaluate_range(_operation(node.operator, len(parts)), ranges))


_CORNERS: Mapping[str, Callable[[fmpq, fmpq], fmpq]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}
"""Operations that are monotone in each argument, so that they are largest at two ends."""


def _combine(operator: str, left: Range, right: Range) -> Range | None:
    """The values of an operation on rational ends; None where that is not so easy."""
    ends: Any = (left.lower, left.upper, right.lower, right.upper)
    if not all(isinstance(end, fmpq) for end in ends):
        return None
    a, b, c, d = ends
    if operator == "/" and c <= 0 <= d:
        return None
    run = _CORNERS[operator]
    if a is b and c is d:
        return at_point(run(a, c))
    if operator == "+":
        return Range(run(a, c), run(b, d))
    if operator == "-":
        return Range(run(a, d), run(b, c))
    values = [run(a, c), run(a, d), run(b, c), run(b, d)]
    return Range(min(values), max(values))


def _mixed(now: Any, entry: Any, share: Any) -> Any:
    return None if now is None or entry is None else now + share * (entry - now)


def _below(left: Any, right: Any) -> bool:
    """Whether an end is certainly not above another one; None is never a bound."""
    return left is not None and right is not None and left <= right


def outward(box: Range) -> Range:
    """A range of short rationals that contains this one."""
    lower = None if box.lower is None else _down(box.lower)
    if box.upper is box.lower and lower is box.lower:
        # A single number stays one object, which ranges evaluate exactly.
        return Range(lower, lower)
    return Range(lower, None if box.upper is None else _up(box.upper))


def _down(value: Any) -> fmpq | None:
    if isinstance(value, fmpq) and size_in_bits(value) <= _SHORT:
        return value
    with precision(_BITS):
        return to_dyadic((to_ball(value) + 0).lower())


def _up(value: Any) -> fmpq | None:
    if isinstance(value, fmpq) and size_in_bits(value) <= _SHORT:
        return value
    with precision(_BITS):
        return to_dyadic((to_ball(value) + 0).upper())


def to_dyadic(value: arb) -> fmpq | None:
    """A number without a radius as a rational; None where it is infinite or none.

    Raises:
        UndecidedError: If its exponent is so large that the rational would fill the memory.
    """
    if not value.is_finite():
        return None
    top, exponent = value.man_exp()
    if abs(int(exponent)) > _MOST_EXPONENT:
        raise UndecidedError("a number is out of all proportion")
    return fmpq(top) * fmpq(2) ** int(exponent)


@final
@dataclass(frozen=True)
class Flow:
    """Where the states of one box go until they have left their piece."""

    exits: tuple[tuple[int, Box], ...]
    """The pieces that they step onto, with all states there."""
    low: fmpq
    high: fmpq
    """All positions on the way and just after it lie between these."""
    steps: int
    """How many steps it took."""


def follow(field: Field, piece: int, box: Box, *, most: int = _MOST_STEPS) -> Flow:
    """Where the states of a box on a piece go, in at most so many steps.

    Raises:
        UndecidedError: If they may stay and go on for ever in ways that no box holds.
    """
    exits: dict[int, Box] = {}
    lows, highs = [], []
    try:
        for after in _images(field, piece, box, most):
            if after["x"].lower is None or after["x"].upper is None:
                raise UndecidedError("a step has no bound")
            lows.append(after["x"].lower)
            highs.append(after["x"].upper)
            for other in range(len(field.ends)):
                part = None if other == piece else field.clip(after["x"], other)
                if part is not None:
                    there = {**after, "x": part}
                    exits[other] = join(exits[other], there) if other in exits else there
    except DomainError as error:
        raise UndecidedError(error.problem.rstrip(".")) from None
    return Flow(tuple(exits.items()), min(lows), max(highs), len(lows))


def _images(field: Field, piece: int, box: Box, most: int) -> Iterator[Box]:
    """The images of the box, and of what stays on the piece, until nothing stays."""
    for count in range(1, min(most, _MOST_STEPS)):
        after = field.advance(box, piece)
        yield after
        stays = field.clip(after["x"], piece)
        if stays is None:
            return
        box = {**after, "x": stays}
        if count >= 8 and count & (count - 1) == 0:
            image = _keep(field, piece, box)
            if image is not None:
                yield image
                return
    raise UndecidedError("the run may stay on one piece for very long")


def _keep(field: Field, piece: int, box: Box) -> Box | None:
    """The image of a box around this one whose part on the piece stays in it; None without one."""
    for attempt in range(_TAILS):
        try:
            after = field.advance(box, piece)
        except (UndecidedError, DomainError):
            return None
        part = field.clip(after["x"], piece)
        if part is None or contains(box, {**after, "x": part}):
            return after
        wider = join(box, {**after, "x": part})
        last = attempt >= _TAILS - 2
        grow = open_ends if last else inflate
        box = {
            name: wider[name] if name == "x" else grow(box[name], wider[name], 2 * 4**attempt)
            for name in wider
        }
    return None


def join(left: Box, right: Box) -> dict[str, Range]:
    """The smallest box with both."""
    return {name: hull(left[name], right[name]) for name in left}


def contains(outer: Box, inner: Box) -> bool:
    """Whether each range of a box contains that of another one."""
    return all(outer[name].contains(inner[name]) for name in outer)


def inflate(old: Range, new: Range, factor: int) -> Range:
    """*new*, moved on by some times what it has grown at each end, but never across 0."""
    lower, upper = new.lower, new.upper
    if lower is not None and old.lower is not None and lower < old.lower:
        beyond = lower - factor * (old.lower - lower)
        lower = lower / (1 + factor) if lower > 0 >= beyond else beyond
    if upper is not None and old.upper is not None and upper > old.upper:
        beyond = upper + factor * (upper - old.upper)
        upper = upper / (1 + factor) if upper < 0 <= beyond else beyond
    return outward(Range(lower, upper))


def open_ends(old: Range, new: Range, factor: int) -> Range:
    """*new* without the ends that still move; one above 0 only falls to 0."""
    lower, upper = new.lower, new.upper
    if lower != old.lower:
        lower = fmpq(0) if lower is not None and lower >= 0 else None
    if upper != old.upper:
        upper = fmpq(0) if upper is not None and upper <= 0 else None
    return Range(lower, upper)

"""How a rule carries a position that its memory never reads, in whatever way it does.

The memory depends on the slopes that were met and on the step count alone, so that boxes of
memories speak of all runs at once. The new position may read the old one: a share of it, its
absolute value, a branch. Of branches each is taken to be possible. A step that only rises with the
position carries all positions of a range below the image of its right end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    ONE,
    Apply,
    Exact,
    Name,
    Node,
    Range,
    apply,
    at_point,
    compare,
    evaluate_range,
    free_names,
    hull,
    map_children,
    number,
    size_in_bits,
    substitute,
    to_ball,
    walk,
)
from gradiometer.proof.check_drive import Drive, factor_of, list_strays
from gradiometer.proof.check_motion import Motion, read_motion, split_factors
from gradiometer.proof.check_plain import settle_step
from gradiometer.proof.check_region import Box
from gradiometer.proof.check_rise import rise_of
from gradiometer.proof.check_total import is_total
from gradiometer.proof.check_walk import Replay

_ZERO = fmpq(0)
_LONG = 1200
"""Bits after which a rational goes on as a ball."""
_MOST_PLACES = 16
"""Branches of a rule that are told apart."""
_CONTINUOUS = frozenset({"+", "-", "*", "/", "neg", "abs", "max", "min", "sqrt"})
_RELATIONS = frozenset({"<", "<=", ">", ">=", "==", "!=", "and", "or", "not"})
_ANYWHERE = frozenset({"x", "x'"})


@final
@dataclass(frozen=True)
class Carry:
    """A rule from some step on."""

    motion: Motion
    rows: tuple[tuple[str, Node], ...]
    """The assignments that do not read the position."""
    places: tuple[Node, ...]
    """The new position, in each branch that may be taken."""
    whole: Node
    """The new position as it is written."""
    asides: tuple[Node, ...]
    """Assignments that read the position and may have no value."""
    has_strays: bool
    """Whether some of them may have none where the new position has one."""

    @property
    def memory(self) -> tuple[str, ...]:
        """The parts of the state besides the position."""
        return self.motion.memory

    def convert(self, state: Mapping[str, Any], done: int) -> dict[str, Range]:
        """The memory after that many steps as the motion counts it: means without their bias."""
        found = {name: state[name] for name in self.memory}
        for name, mean in self.motion.means.items():
            found[name] = found[name] / (1 - mean.base**done)
        return {name: at_point(value) for name, value in found.items()}

    def step(self, box: Box, slope: fmpq, *, first: int, last: int | None) -> Moved:
        """Where one step takes the memories of a box, with any of those step counts.

        Args:
            box: Where the memory lies.
            slope: The slope that the step meets.
            first: The least count of this step.
            last: The largest one; None when there is none.

        Raises:
            UndecidedError: If an operation is not certain to be defined.
        """
        count = Range(fmpq(first), None if last is None else fmpq(last))
        count = at_point(fmpq(first)) if last == first else count
        known = {name: at_point(value) for name, value in self.motion.values.items()}
        known |= {**box, "g": at_point(slope), "t": count}
        for target, tree in self.rows:
            mean = self.motion.means.get(target[:-1]) if target.endswith("'") else None
            if mean is not None:
                least = 1 - mean.base
                most = least / (1 - mean.base**first)
                least = least if last is None else least / (1 - mean.base**last)
                entry = evaluate_range(mean.entry, known)
                found = mix(box[target[:-1]], entry, (least, most))
            else:
                found = _move(target, tree, known)
            known[target] = Range(as_ball(found.lower), as_ball(found.upper))
        return Moved(self, {name: known[f"{name}'"] for name in self.memory}, known)


@final
@dataclass(frozen=True)
class Moved:
    """What one step does."""

    carry: Carry
    box: Box
    """Where the memory lies afterwards."""
    known: Mapping[str, Range]

    def highest(self, left: Exact | None, right: Exact) -> Exact:
        """What no position passes that the step finds between two ends.

        Args:
            left: The left end; None when there is none.
            right: The right end.

        Raises:
            UndecidedError: If a position farther left may be carried farther.
        """
        tops = [_highest(tree, self.known, left, right) for tree in self.carry.places]
        most = hull(*map(at_point, tops)).upper
        assert most is not None
        return most

    def image(self, place: Exact) -> Range:
        """Where it takes one position.

        Raises:
            UndecidedError: If it is not certain to have a value.
        """
        return evaluate_range(self.carry.whole, {**self.known, "x": at_point(place)})

    def require_continuous(self, left: Exact, right: Exact) -> None:
        """Refuse where the new position may jump between two old ones.

        Raises:
            UndecidedError: If it may, or may have no value.
        """
        known = {**self.known, "x": Range(left, right)}
        known["x'"] = evaluate_range(self.carry.whole, known)
        for tree in self.carry.asides:
            evaluate_range(tree, known)
        for part in walk(self.carry.whole):
            if not isinstance(part, Apply) or "x" not in free_names(part):
                continue
            if part.operator == "where":
                chosen = evaluate_range(apply("where", part.arguments[0], ONE, number(0)), known)
                continues = chosen.lower is not None and chosen.lower == chosen.upper
            else:
                continues = part.operator in _CONTINUOUS or part.operator in _RELATIONS
            if not continues:
                raise UndecidedError("a step may jump where the position does not")


def _highest(tree: Node, known: Mapping[str, Range], left: Exact | None, right: Exact) -> Exact:
    rise = rise_of(tree, {**known, "x": Range(left, right)})
    if rise.lower is None or compare(rise.lower, _ZERO) < 0:
        raise UndecidedError("a step may carry positions past each other")
    top = evaluate_range(tree, {**known, "x": at_point(right)}).upper
    if top is None:
        raise UndecidedError("a step has no bound")
    return top


def _move(target: str, tree: Node, known: Mapping[str, Range]) -> Range:
    """The values of an assignment; `z + w*(e - z)` with w from 0 to 1 lies between z and e."""
    if isinstance(tree, Apply) and tree.operator == "+":
        kept, moves = tree.arguments
        if (
            isinstance(moves, Apply)
            and moves.operator == "*"
            and isinstance(moves.arguments[1], Apply)
            and moves.arguments[1].operator == "-"
            and kept == moves.arguments[1].arguments[1] == Name(target.removesuffix("'"))
        ):
            share = evaluate_range(moves.arguments[0], known)
            entry = evaluate_range(moves.arguments[1].arguments[0], known)
            low, high = share.lower, share.upper
            inside = low is not None and high is not None and low >= 0 and high <= 1
            if inside:
                return mix(known[target.removesuffix("'")], entry, (low, high))
    split = _find_sign(tree, target.removesuffix("'"))
    return evaluate_range(tree, known) if split is None else _by_sign(tree, split, known)


def _find_sign(node: Node, name: str) -> Apply | None:
    """A part `sign(z - e)` where e does not read z."""
    if not isinstance(node, Apply):
        return None
    inner = node.arguments[0] if node.operator == "sign" else None
    if (
        isinstance(inner, Apply)
        and inner.operator == "-"
        and inner.arguments[0] == Name(name)
        and name not in free_names(inner.arguments[1])
    ):
        return node
    return next((found for part in node.arguments if (found := _find_sign(part, name))), None)


def _by_sign(tree: Node, split: Apply, known: Mapping[str, Range]) -> Range:
    """The values of a tree, told apart by the sign of `z - e`."""
    difference = split.arguments[0]
    assert isinstance(difference, Apply)
    kept, other = difference.arguments
    assert isinstance(kept, Name)
    now, mark = known[kept.name], evaluate_range(other, known)
    parts = []
    for order in (-1, 0, 1):
        lower = now.lower if order < 0 else _end(now.lower, mark.lower, 1)
        upper = now.upper if order > 0 else _end(now.upper, mark.upper, -1)
        part = Range(lower, upper)
        if lower is not None and upper is not None:
            if _is_above(lower, upper):
                continue
            part = hull(at_point(lower), at_point(upper))
        chosen = _swap(tree, split, number(order))
        parts.append(evaluate_range(chosen, {**known, kept.name: part}))
    return hull(*parts)


def _is_above(left: Exact, right: Exact) -> bool:
    try:
        return compare(left, right) > 0
    except UndecidedError:
        return False


def _end(one: Exact | None, other: Exact | None, order: int) -> Exact | None:
    """The larger of two ends, or with -1 the smaller one; None is no end.

    Where that is not certain it is the first, and the range is a little wider.
    """
    if one is None or other is None:
        return other if one is None else one
    inner = _is_above(other, one) if order > 0 else _is_above(one, other)
    return other if inner else one


def as_ball(value: Any) -> Any:
    """The number, as a ball where it has become a long rational."""
    return to_ball(value) if isinstance(value, fmpq) and size_in_bits(value) > _LONG else value


def mix(now: Range, entry: Range, shares: tuple[Any, Any]) -> Range:
    """`(1 - k)*w + k*e` for every share k of the new entry between two of them."""

    def end(here: Any, there: Any, share: Any) -> Any:
        if here is None or there is None:
            return there if share == 1 else here if share == 0 else None
        return here + share * (there - here)

    parts = [Range(end(now.lower, entry.lower, k), end(now.upper, entry.upper, k)) for k in shares]
    whole = hull(*parts)
    single = now.is_single and entry.is_single and now.lower == entry.lower
    return now if single else whole


def read_carry(replay: Replay, done: int, slopes: tuple[fmpq, fmpq]) -> Carry:
    """The rule of a problem from that number of done steps on.

    Args:
        replay: The rule.
        done: How many steps were made.
        slopes: The slopes that it ever meets.

    Raises:
        UndecidedError: If the memory reads the position, or the rule the loss.
    """
    plain = replace(
        replay, step=tuple((n, settle_step(t, replay, done, slopes)) for n, t in replay.step)
    )
    motion = read_motion(plain, done, corrected_only=True)
    spoken: dict[str, Node] = {}
    asides: dict[str, Node] = {}
    rows: list[tuple[str, Node]] = []
    final: Node | None = None
    for target, written in motion.step:
        tree = substitute(written, spoken)
        names = free_names(tree)
        if names & {"loss", "noise"}:
            raise UndecidedError("the rule reads more than the slope")
        if target == "x'":
            final = tree
        elif not names & _ANYWHERE:
            rows.append((target, tree))
        elif target.endswith("'"):
            raise UndecidedError("the memory depends on where the run began")
        else:
            spoken[target], asides[target] = tree, written
    entries = [mean.entry for mean in motion.means.values()]
    starts = [replay.state[name] for name in motion.memory]
    if final is None or any(free_names(tree) & {*_ANYWHERE, *spoken} for tree in entries + starts):
        raise UndecidedError("the memory depends on where the run began")
    strays = list_strays(asides, dict(motion.step)["x'"], motion.values)
    unsure = tuple(spoken[name] for name, tree in asides.items() if not is_total(tree))
    places = tuple(map(_without_roots, _list_branches(final)))
    return Carry(motion, tuple(rows), places, final, unsure, bool(strays))


def to_drive(carry: Carry) -> Drive:
    """The same rule as one that adds a push to a fixed share of the position.

    Raises:
        UndecidedError: If it does something else.
    """
    if carry.has_strays:
        raise UndecidedError("an assignment may have no value at some position")
    factor = factor_of(carry.whole, carry.motion.values)
    if not factor >= 0:
        raise UndecidedError("the rule throws a position across 0")
    push = substitute(carry.whole, {"x": number(0)})
    return Drive(carry.motion, factor, (*carry.rows, ("x'", push)))


def _list_branches(node: Node) -> Iterator[Node]:
    """The tree with one branch for each `where` whose condition reads the position."""
    waiting = [node]
    count = 0
    while waiting:
        tree = waiting.pop()
        found = _find_branch(tree)
        if found is None:
            count += 1
            if count > _MOST_PLACES:
                raise UndecidedError("the rule has too many branches")
            yield tree
            continue
        if len(waiting) > _MOST_PLACES:
            raise UndecidedError("the rule has too many branches")
        waiting += [_swap(tree, found, part) for part in found.arguments[1:]]


def _find_branch(node: Node) -> Apply | None:
    if not isinstance(node, Apply):
        return None
    if node.operator == "where" and "x" in free_names(node.arguments[0]):
        return node
    return next((found for part in node.arguments if (found := _find_branch(part))), None)


def _swap(node: Node, old: Node, new: Node) -> Node:
    return new if node is old else map_children(node, lambda part: _swap(part, old, new))


def _without_roots(node: Node) -> Node:
    """The tree with `u/abs(u)` as the sign of u, the same wherever it has a value."""
    over, under = split_factors(node)
    if len(over) + len(under) == 1:
        return map_children(node, _without_roots)
    for part in list(under):
        inner = part.arguments[0] if isinstance(part, Apply) and part.operator == "abs" else None
        if inner is not None and inner in over:
            over[over.index(inner)] = apply("sign", inner)
            under.remove(part)
    over, under = [*map(_without_roots, over)], [*map(_without_roots, under)]
    top: Node = over[0] if over else ONE
    for part in over[1:]:
        top = apply("*", top, part)
    for part in under:
        top = apply("/", top, part)
    return top

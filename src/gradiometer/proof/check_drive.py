"""How a rule moves a position that it does not otherwise read: `x' = factor*x + push`.

The push depends on the memory, the slope and the step count alone. So all runs that meet the same
slopes have the same memory, whatever the phase in which they came, and keep their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    ZERO,
    Apply,
    Name,
    Node,
    Range,
    at_point,
    evaluate,
    evaluate_range,
    free_names,
    hull,
    substitute,
)
from gradiometer.proof.check_motion import Motion, read_motion
from gradiometer.proof.check_region import Box
from gradiometer.proof.check_total import is_total, is_total_in
from gradiometer.proof.check_walk import Replay

_ZERO, _ONE = fmpq(0), fmpq(1)


@final
@dataclass(frozen=True)
class Drive:
    """A rule from some step on."""

    motion: Motion
    factor: fmpq
    """Not below 0."""
    rows: tuple[tuple[str, Node], ...]
    """The assignments, the last one giving the push under the name `x'`."""

    @property
    def memory(self) -> tuple[str, ...]:
        """The parts of the state besides the position."""
        return self.motion.memory

    def convert(self, state: Mapping[str, Any], done: int) -> dict[str, Any]:
        """The memory after that many steps as the motion counts it: means without their bias."""
        found = {name: state[name] for name in self.memory}
        for name, mean in self.motion.means.items():
            found[name] = found[name] / (1 - mean.base**done)
        return found

    def step(self, box: Box, slope: fmpq, *, first: int, last: int | None) -> tuple[Box, Range]:
        """All memories one step later, and all pushes of that step.

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
            if mean is None:
                known[target] = evaluate_range(tree, known)
                continue
            least = 1 - mean.base
            most = least / (1 - mean.base**first)
            if last is not None:
                least = least / (1 - mean.base**last)
            entry = evaluate_range(mean.entry, known)
            known[target] = _mix(box[target[:-1]], entry, least, most)
        return {name: known[f"{name}'"] for name in self.memory}, known["x'"]


def _mix(now: Range, entry: Range, least: fmpq, most: fmpq) -> Range:
    """`(1 - k)*w + k*e` for every share k of the new entry between two of them."""

    def end(here: Any, there: Any, share: fmpq) -> Any:
        return None if here is None or there is None else here + share * (there - here)

    parts = [
        Range(end(now.lower, entry.lower, k), end(now.upper, entry.upper, k)) for k in (least, most)
    ]
    return hull(*parts) if least != most else parts[0]


def read_drive(replay: Replay, done: int) -> Drive:
    """The rule of a problem from that number of done steps on, which is at least one.

    Raises:
        UndecidedError: If more than the position reads the position.
    """
    motion = read_motion(replay, done)
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
        elif not names & {"x", "x'"}:
            rows.append((target, tree))
        elif target.endswith("'"):
            raise UndecidedError("the memory depends on where the run began")
        else:
            spoken[target], asides[target] = tree, written
    entries = [mean.entry for mean in motion.means.values()]
    starts = [replay.state[name] for name in motion.memory]
    if final is None or any(free_names(tree) & {"x", "x'", *spoken} for tree in entries + starts):
        raise UndecidedError("the memory depends on where the run began")
    if list_strays(asides, dict(motion.step)["x'"], motion.values):
        raise UndecidedError("an assignment may have no value at some position")
    factor = factor_of(final, motion.values)
    if not factor >= 0:
        raise UndecidedError("the rule throws a position across 0")
    return Drive(motion, factor, (*rows, ("x'", substitute(final, {"x": ZERO}))))


def list_strays(asides: Mapping[str, Node], final: Node, values: Mapping[str, fmpq]) -> list[Node]:
    """The assignments that may have no value at a position that the new one has a value at.

    A run ends where an assignment has no value, whether or not anything reads it.

    Args:
        asides: The assignments that read the position, as they are written.
        final: The new position, as it is written.
        values: The parameters.
    """
    reached, waiting = set[str](), [final]
    while waiting:
        found = (free_names(waiting.pop()) & asides.keys()) - reached
        reached |= found
        waiting += [asides[name] for name in found]
    moving = frozenset({"x", "x'", *asides})
    return [
        tree
        for name, tree in asides.items()
        if not is_total(tree) and not (name in reached and is_total_in(tree, moving, values))
    ]


def factor_of(node: Node, values: Mapping[str, fmpq]) -> fmpq:
    """What a tree that is affine in the position multiplies it by, which must be one number.

    Raises:
        UndecidedError: If there is no such number.
    """
    if "x" not in free_names(node):
        return _ZERO
    if node == Name("x"):
        return _ONE
    if isinstance(node, Apply) and node.operator == "neg":
        return -factor_of(node.arguments[0], values)
    if isinstance(node, Apply) and node.operator in ("+", "-"):
        left, right = (factor_of(part, values) for part in node.arguments)
        return left + right if node.operator == "+" else left - right
    if isinstance(node, Apply) and node.operator in ("*", "/"):
        left, right = node.arguments
        if "x" not in free_names(right) and free_names(right) <= values.keys():
            times = _constant(right, values)
            return factor_of(left, values) * (times if node.operator == "*" else 1 / times)
        if node.operator == "*" and free_names(left) <= values.keys():
            return factor_of(right, values) * _constant(left, values)
    raise UndecidedError("the rule reads the position in other ways than to move it")


def _constant(node: Node, values: Mapping[str, fmpq]) -> fmpq:
    value = evaluate(node, values)
    if not isinstance(value, fmpq) or value == 0:
        raise UndecidedError("the rule reads the position in other ways than to move it")
    return value

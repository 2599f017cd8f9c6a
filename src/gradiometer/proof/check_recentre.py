"""A rule that sees only differences of positions, with its memory told from where the run stands.

Some rules remember positions, such as the one where the run began. Where a shift of the position
and of all that is remembered as a position shifts the next ones alike and changes nothing else, a
step may be computed at position 0. What is remembered is then how far each of those positions lies
from the run's own, and that is 0 at first, wherever the run begins.

Each formula has a weight: by how much it moves when all positions move by 1. The position has the
weight 1, a number 0. Operations other than sums, shares and choices must read weights of 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    ZERO,
    Apply,
    Name,
    Node,
    apply,
    evaluate,
    free_names,
    settle_conditions,
    substitute,
)
from gradiometer.proof.check_walk import Replay

_ZERO, _ONE = fmpq(0), fmpq(1)
_HERE = Name("x")
_PUSH = "x' from 0"
_ALIKE = frozenset({"max", "min", "clip"})
"""What moves as its parts do, if all of them move alike."""


def recentre(replay: Replay) -> Replay:
    """The same rule with remembered positions told from the run's own; as it is where none are.

    Args:
        replay: The rule, without schedules.
    """
    anchors = [name for name, tree in replay.state.items() if tree == _HERE]
    if not anchors:
        return replay
    step = [(name, settle_conditions(tree, replay.values)) for name, tree in replay.step]
    try:
        _require_shifts(step, replay, anchors)
    except UndecidedError:
        return replay
    moved = {"x'": _PUSH, **{f"{name}'": f"{name}' from 0" for name in anchors}}
    swaps: dict[str, Node] = {"x": ZERO, **{old: Name(new) for old, new in moved.items()}}
    rows = [(moved.get(target, target), substitute(tree, swaps)) for target, tree in step]
    rows += [(f"{n}'", apply("-", Name(moved[f"{n}'"]), Name(_PUSH))) for n in anchors]
    rows.append(("x'", apply("+", _HERE, Name(_PUSH))))
    state = {name: ZERO if name in anchors else tree for name, tree in replay.state.items()}
    return replace(replay, step=tuple(rows), state=state)


def _require_shifts(step: list[tuple[str, Node]], replay: Replay, anchors: list[str]) -> None:
    """Refuse a rule that does something else when all positions are shifted.

    Raises:
        UndecidedError: If it may.
    """
    others = [tree for name, tree in replay.state.items() if name not in anchors]
    if any("x" in free_names(tree) for tree in others):
        raise UndecidedError("the memory begins as something that reads the position")
    weights = dict.fromkeys((*replay.values, *replay.state, "g", "t"), _ZERO)
    weights |= dict.fromkeys(("x", *anchors), _ONE)
    for target, tree in step:
        weights[target] = _weigh(tree, weights, replay.values)
    for name in ("x", *replay.state):
        if weights[f"{name}'"] != weights[name]:
            raise UndecidedError("the rule does something else at other positions")


def _weigh(node: Node, weights: Mapping[str, fmpq], values: Mapping[str, fmpq]) -> fmpq:
    if isinstance(node, Name):
        if node.name not in weights:
            raise UndecidedError("the rule reads more than the slope")
        return weights[node.name]
    if not isinstance(node, Apply):
        return _ZERO
    parts = [_weigh(part, weights, values) for part in node.arguments]
    if not any(parts):
        return _ZERO
    operator = node.operator
    if operator in ("+", "-"):
        return parts[0] + parts[1] if operator == "+" else parts[0] - parts[1]
    if operator == "neg":
        return -parts[0]
    if operator == "*" and parts[0] == 0:
        return _constant(node.arguments[0], values) * parts[1]
    if operator == "*" and parts[1] == 0:
        return parts[0] * _constant(node.arguments[1], values)
    if operator == "/" and parts[1] == 0 and _constant(node.arguments[1], values) != 0:
        return parts[0] / _constant(node.arguments[1], values)
    if operator == "where" and parts[0] == 0 and parts[1] == parts[2]:
        return parts[1]
    if operator in _ALIKE and len(set(parts)) == 1:
        return parts[0]
    # A relation may read two positions, of which only the difference matters.
    if operator in ("<", "<=", ">", ">=", "==", "!=") and parts[0] == parts[1]:
        return _ZERO
    raise UndecidedError("the rule does something else at other positions")


def _constant(node: Node, values: Mapping[str, fmpq]) -> fmpq:
    """The value of a formula of the parameters."""
    if not free_names(node) <= values.keys():
        raise UndecidedError("the rule does something else at other positions")
    try:
        value = evaluate(node, values)
    except GradiometerError:
        raise UndecidedError("a share has no value") from None
    if not isinstance(value, fmpq):
        raise UndecidedError("a share is not rational")
    return value

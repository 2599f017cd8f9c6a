"""How a rule answers to a steeper landscape: the degree in which its pushes grow with the slopes.

A rule whose slopes are all multiplied by s > 0 keeps its branches and multiplies each part of its
memory by a power of s, where every operation allows that. The degree is found by following what is
known of the memory, from its first value on, until nothing new is learned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import RELATIONS, Apply, Name, Node, Number, evaluate, free_names
from gradiometer.proof.check_drive import read_drive
from gradiometer.proof.check_walk import Replay

_ZERO, _ONE, _HALF = fmpq(0), fmpq(1), fmpq(1, 2)

Degree: TypeAlias = fmpq | None
"""The power of s; None for what is always 0, which has every degree."""

_SAME = frozenset({"+", "-", "max", "min", "clip", "neg", "abs"})


def find_degree(replay: Replay) -> fmpq:
    """The power of the slopes' factor with which all pushes grow.

    Raises:
        UndecidedError: If the rule has a scale of its own, such as a constant beside the slope.
    """
    drive = read_drive(replay, 0)
    if drive.factor != 1:
        raise UndecidedError("the rule pulls positions towards 0, which is a scale of its own")
    names: dict[str, Degree] = {
        name: None if value == 0 else _ZERO for name, value in drive.motion.values.items()
    }
    fixed = {**names, "g": _ONE, "t": _ZERO}
    memory = {name: _degree(replay.state[name], fixed) for name in drive.memory}
    for _ in range(2 * len(memory) + 2):
        known: dict[str, Degree] = {**fixed, **memory}
        for target, tree in drive.rows:
            known[target] = _degree(tree, known)
        after = {name: _merge(memory[name], known[f"{name}'"]) for name in memory}
        if after == memory:
            found = known["x'"]
            if found is None:
                raise UndecidedError("the rule does not move")
            return found
        memory = after
    raise UndecidedError("the degrees of the memory do not settle")


def _merge(left: Degree, right: Degree) -> Degree:
    if left is not None and right is not None and left != right:
        raise UndecidedError("the rule has a scale of its own beside the slope")
    return right if left is None else left


def _degree(node: Node, known: Mapping[str, Degree]) -> Degree:
    if isinstance(node, Number):
        return None if node.value == 0 else _ZERO
    if isinstance(node, Name):
        return known[node.name]
    if not isinstance(node, Apply):
        return _ZERO
    if node.operator == "where":
        _check_condition(node.arguments[0], known)
        return _merge(*(_degree(part, known) for part in node.arguments[1:]))
    if node.operator == "^":
        return _power(node, known)
    parts = [_degree(part, known) for part in node.arguments]
    if node.operator in _SAME:
        found: Degree = None
        for part in parts:
            found = _merge(found, part)
        return found
    if node.operator in ("*", "/"):
        left, right = parts
        if left is None or right is None:
            return None
        return left + right if node.operator == "*" else left - right
    if node.operator == "sqrt":
        return None if parts[0] is None else parts[0] * _HALF
    if node.operator == "sign":
        return None if parts[0] is None else _ZERO
    if any(part != 0 for part in parts):
        raise UndecidedError(f"`{node.operator}` has a scale of its own")
    return _ZERO


def _power(node: Apply, known: Mapping[str, Degree]) -> Degree:
    base, exponent = node.arguments
    degree = _degree(base, known)
    if degree is None:
        if free_names(exponent) or not evaluate(exponent, {}) > 0:
            raise UndecidedError("a power of 0 has an exponent that may be 0")
        return None
    if degree == 0 and _degree(exponent, known) in (None, _ZERO):
        return _ZERO
    if free_names(exponent):
        raise UndecidedError("a power of what grows with the slopes has an exponent that varies")
    value = evaluate(exponent, {})
    if not isinstance(value, fmpq):
        raise UndecidedError("an exponent is not rational")
    return degree * value


def _check_condition(node: Node, known: Mapping[str, Degree]) -> None:
    """Refuse a condition that a factor of all slopes could turn around."""
    if isinstance(node, Apply) and node.operator in ("and", "or", "not"):
        for part in node.arguments:
            _check_condition(part, known)
    elif isinstance(node, Apply) and node.operator in RELATIONS:
        _merge(*(_degree(part, known) for part in node.arguments))
    else:
        raise UndecidedError("a condition may depend on the size of the slopes")

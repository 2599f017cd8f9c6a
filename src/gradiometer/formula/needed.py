"""Which assignments of a step are needed: those that are read, and those that may have no value.

A run ends at a step in which some assignment has no value, whether or not anything reads it. So
what nothing reads may be left out only where it has a value at every step.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula.exact import compare
from gradiometer.formula.range import evaluate_range
from gradiometer.formula.range_operations import EVERYTHING, Range
from gradiometer.formula.tidy import is_total
from gradiometer.formula.tree import (
    OPERATORS,
    Apply,
    Name,
    Node,
    free_names,
    map_children,
)

Step: TypeAlias = Sequence[tuple[str, Node]]
"""Assignments in order; `name'` is the new value of a remembered `name`."""

_ZERO = fmpq(0)
_FROM_ZERO = Range(_ZERO, None)
_GIVEN = ("x", "g", "loss", "noise")


def find_needed(
    step: Step,
    wanted: Collection[str],
    *,
    states: Mapping[str, Node],
    ranges: Mapping[str, Range],
    whole: Step | None = None,
) -> frozenset[str]:
    """The targets that reach what is wanted or may have no value, and all names that they read.

    Args:
        step: The assignments, in which conditions may have been decided from some step on.
        wanted: Targets that are needed in any case.
        states: What is remembered, with its value before the first step.
        ranges: Where parameters and the step count `t` lie; another name may be any number.
        whole: The assignments as they are at every step; *step* when left out.

    Example:
        >>> from gradiometer.formula import parse
        >>> rows = [("q", "1/t"), ("r", "1/(t - 500)"), ("x'", "x/2")]
        >>> step = [(name, parse(text).tree) for name, text in rows]
        >>> ranges = {"t": Range(fmpq(1), None)}
        >>> sorted(find_needed(step, ["x'"], states={}, ranges=ranges))
        ['r', 't', 'x', "x'"]
    """
    needed = find_read(step, wanted, states)
    risky = {target for target, tree in step if target not in needed and not is_total(tree)}
    first = {name for name, tree in states.items() if name not in needed and not is_total(tree)}
    if not risky and not first:
        return frozenset(needed)
    known = {**dict.fromkeys(_GIVEN, EVERYTHING), **dict.fromkeys(states, EVERYTHING), **ranges}
    unsure = {name for name in first if not _has_value(states[name], known)}
    if _find_partial(step, risky, known):
        ever = {**ranges, "t": Range(fmpq(1), None)}
        known |= find_never_negative(step if whole is None else whole, states, ever)
        unsure |= _find_partial(step, risky, known)
    # A state whose first value is in doubt is remembered: its new value is needed with it.
    unsure |= {f"{name}'" for name in unsure & first}
    return frozenset(find_read(step, needed | unsure, states))


def find_read(step: Step, wanted: Collection[str], states: Collection[str]) -> set[str]:
    """The names with all that they read, and the new values of states among them."""
    needed = {*wanted}
    while True:
        read = {name for target, tree in step if target in needed for name in free_names(tree)}
        grown = needed | read | {f"{name}'" for name in read if name in states}
        if grown == needed:
            return needed
        needed = grown


def _has_value(node: Node, known: Mapping[str, Range]) -> bool:
    try:
        _range_of(node, dict(known))
    except (UndecidedError, GradiometerError):
        return False
    return True


def _find_partial(step: Step, risky: Collection[str], known: Mapping[str, Range]) -> set[str]:
    """Those of the targets that may have no value."""
    known, found = dict(known), set()
    for target, tree in step:
        try:
            known[target] = _range_of(tree, known)
        except (UndecidedError, GradiometerError):
            known[target] = EVERYTHING
            found.add(target)
    return found & {*risky}


def find_never_negative(
    step: Step, states: Mapping[str, Node], ranges: Mapping[str, Range]
) -> dict[str, Range]:
    """The ranges of the states that are never negative: not at first, and by no step after that.

    Args:
        step: The assignments as they are at every step.
        states: What is remembered, with its value before the first step.
        ranges: Where parameters and the step count lie; another name may be any number.

    Example:
        >>> from gradiometer.formula import parse
        >>> step = [("v'", parse("v/2 + g^2").tree)]
        >>> find_never_negative(step, {"v": parse("0").tree}, {})
        {'v': Range(lower=0, upper=None)}
    """
    known = {**dict.fromkeys((*_GIVEN, *states), EVERYTHING), **ranges}
    kept = {name for name, tree in states.items() if _is_from_zero(tree, known)}
    while kept:
        assumed = {**known, **dict.fromkeys(kept, _FROM_ZERO)}
        for target, tree in step:
            try:
                assumed[target] = _range_of(tree, assumed)
            except (UndecidedError, GradiometerError):
                assumed[target] = EVERYTHING
        lost = {name for name in kept if not _is_positive(assumed.get(f"{name}'", EVERYTHING))}
        if not lost:
            break
        kept -= lost
    return dict.fromkeys(sorted(kept), _FROM_ZERO)


def _is_from_zero(node: Node, known: Mapping[str, Range]) -> bool:
    try:
        return _is_positive(_range_of(node, dict(known)))
    except (UndecidedError, GradiometerError):
        return False


def _is_positive(part: Range) -> bool:
    return part.lower is not None and compare(part.lower, _ZERO) >= 0


def _range_of(node: Node, known: dict[str, Range]) -> Range:
    """The values of a tree; functions of a whole tensor have some value, and a norm none below 0.

    Raises:
        UndecidedError: If it is not certain to have a value.
    """
    return evaluate_range(_without_calls(node, known), known)


def _without_calls(node: Node, known: dict[str, Range]) -> Node:
    if not isinstance(node, Apply):
        if isinstance(node, Name):
            known.setdefault(node.name, EVERYTHING)
        return node
    node = map_children(node, lambda part: _without_calls(part, known))
    if not isinstance(node, Apply) or node.operator in OPERATORS:
        return node
    for part in node.arguments:
        evaluate_range(part, known)
    # No text of a user can write a name with a space.
    name = f"call {len(known)}"
    known[name] = _FROM_ZERO if node.operator == "norm" else EVERYTHING
    return Name(name)

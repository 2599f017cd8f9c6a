"""Ranges that the states of an update rule never leave, as far as they are found."""

from __future__ import annotations

from collections.abc import Mapping

from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    EVERYTHING,
    Node,
    Range,
    at_point,
    evaluate,
    number,
    substitute,
)
from gradiometer.model import Rule
from gradiometer.proof.check_steps import range_of

_NONNEGATIVE = Range(fmpq(0), None)


def keep_ranges(first: Rule, later: Rule, *, given: Mapping[str, Range]) -> dict[str, Range]:
    """For each state a range that it never leaves, as far as one is found.

    Args:
        first: The rule, whose first values count.
        later: The rule as it is for all steps from the second on.
        given: What is known of the names given from outside.
    """
    guesses = {name: _first_guesses(first, name) for name in first.state}
    while True:
        held = {name: options[0] for name, options in guesses.items()}
        failed = [
            name for name in held
            if not all(_stays(rule, name, {**given, **held}) for rule in (first, later))
        ]  # fmt: skip
        if not failed:
            return held
        for name in failed:
            guesses[name] = guesses[name][1:]


def _first_guesses(rule: Rule, name: str) -> list[Range]:
    try:
        start = evaluate(substitute(rule.state[name], _values(rule)), {})
    except (GradiometerError, UndecidedError, ArithmeticError):
        return [EVERYTHING]
    if not isinstance(start, fmpq):
        return [EVERYTHING]
    above = [_NONNEGATIVE] if start >= 0 else []
    # A running mean that starts above 0 stays above 0, but not above its start.
    return [Range(start, None), *above, EVERYTHING]


def _stays(rule: Rule, name: str, ranges: Mapping[str, Range]) -> bool:
    held = ranges[name]
    if held == EVERYTHING:
        return True
    known: dict[str, Range] = {**ranges, **{n: at_point(v) for n, v in rule.values.items()}}
    for target, tree in rule.step:
        if target == f"{name}'":
            return held.contains(range_of(tree, known))
        known[target] = range_of(tree, known)
    # Without an assignment that is read, the state keeps its first value.
    return False


def _values(rule: Rule) -> dict[str, Node]:
    return {name: number(value) for name, value in rule.values.items()}

"""Replays the first step at which two update rules differ, on given gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from flint import arb, fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    Node,
    apply,
    is_zero,
    number,
    precision,
)
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_steps import Steps, range_of, read_steps, signs_in
from gradiometer.proof.check_walk import LADDER

_MOST_STEPS = 1_000

_Row: TypeAlias = Mapping[str, fmpq]


def check_difference(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that two rules differ after that step of a tape, or raise `CertificateError`.

    The claim may say besides that both were at one position after each step before.
    """
    fields(evidence)
    rules, given = fields(problem, "rules", "tape")
    require(isinstance(rules, list) and len(rules) == 2, "Two rules are compared.")
    pair = [_read_rule(row) for row in rules]
    name, start, rows = fields(given, "name", "start", "rows")
    require(isinstance(name, str), "A tape has a name.")
    origin, tape = read_rational(start), _read_rows(rows)
    step, positions, equal_before = fields(claim, "step", "positions", "equal_before")
    require(type(step) is int and 0 < step <= _MOST_STEPS, "The step is no step count.")
    require(len(tape) == step, "The tape has another length.")
    require(isinstance(equal_before, bool), "Equal or not is a truth value.")
    require(isinstance(positions, list) and len(positions) == 2, "There are two positions.")
    ends = [_read_ends(row) for row in positions]
    apart = ends[0][1] < ends[1][0] or ends[1][1] < ends[0][0]
    require(apart, "The claimed positions are not apart.")
    for rule, (low, high) in zip(pair, ends, strict=True):
        require(_lies_between(rule, origin, tape, low, high), "A position lies elsewhere.")
    require(equal_before == _are_equal_before(pair, origin, tape), "Equality before is not so.")


def _read_rule(row: Any) -> Steps:
    name, rule = fields(row, "name", "rule")
    require(isinstance(name, str), "A rule has a name.")
    return read_steps(rule)


def _read_rows(rows: Any) -> list[_Row]:
    require(isinstance(rows, list), "A tape is a list.")
    names = ("g", "loss", "noise")
    return [dict(zip(names, map(read_rational, fields(row, *names)), strict=True)) for row in rows]


def _read_ends(row: Any) -> tuple[fmpq, fmpq]:
    require(isinstance(row, list) and len(row) == 2, "A position is no pair of ends.")
    return read_rational(row[0]), read_rational(row[1])


def _lies_between(rule: Steps, start: fmpq, tape: Sequence[_Row], low: fmpq, high: fmpq) -> bool:
    """Whether the last position certainly lies there."""
    for bits in LADDER:
        with precision(bits):
            try:
                *_, last = rule.positions(start, tape)
            except UndecidedError:
                continue
            if isinstance(last, fmpq):
                return bool(low <= last <= high)
            if last < arb(low) or last > arb(high):
                return False
            if arb(low) <= last <= arb(high):
                return True
    return False


def _are_equal_before(pair: Sequence[Steps], start: fmpq, tape: Sequence[_Row]) -> bool:
    """Whether the normal forms of both positions are one, after each step but the last."""
    if len(tape) == 1:
        return True
    runs = [rule.positions(start, tape[:-1]) for rule in pair]
    numbers = list(zip(*runs, strict=True))
    if all(isinstance(value, fmpq) for row in numbers for value in row):
        return all(left == right for left, right in numbers)
    trees = [_position_trees(rule, start, tape[:-1]) for rule in pair]
    try:
        return all(is_zero(apply("-", left, right)) for left, right in zip(*trees, strict=True))
    except (UndecidedError, GradiometerError):
        return False


def _position_trees(rule: Steps, start: fmpq, tape: Sequence[_Row]) -> list[Node]:
    """The position after each step as a tree without names."""
    position: Node = number(start)
    memory = rule.begin(position)
    found: list[Node] = []
    for index, row in enumerate(tape, 1):
        given = {name: number(value) for name, value in row.items()}
        known = {**memory, **given, "x": position}
        memory = rule.advance(known, step=index, signs=lambda tree: signs_in(range_of(tree, {})))
        position = memory.pop("x")
        found.append(position)
    return found

"""Runs of update rules on given gradients, and the first step at which two rules differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import Exact, evaluate, precision, size_in_bits, to_ball
from gradiometer.model import Rule
from gradiometer.proof.check_steps import side_of

_LADDER = (256, 1024, 4096)
_MOST_RATIONAL_BITS = 4000


@final
@dataclass(frozen=True)
class Tape:
    """A start and the gradient of each step."""

    name: str
    start: fmpq
    gradients: tuple[fmpq, ...]


@final
@dataclass(frozen=True)
class TapeState:
    """Where a rule is after some steps."""

    position: Exact
    memory: Mapping[str, Exact]


@final
@dataclass(frozen=True)
class Difference:
    """The first step of a tape after which two rules are certainly at different positions."""

    tape: Tape
    step: int
    positions: tuple[Exact, Exact]


def _tape(name: str, start: str | int, gradients: Sequence[str | int]) -> Tape:
    return Tape(name, _rational(start), tuple(map(_rational, gradients)))


def _rational(text: str | int) -> fmpq:
    top, _, bottom = str(text).partition("/")
    return fmpq(int(top), int(bottom or 1))


TAPES = (
    _tape("constant 1", 1, [1] * 12),
    _tape("two sizes", 1, [1, "1/10", 1, "1/10", 1, "1/10", 1, "1/10"]),
    _tape("flip", 1, [1, 1, 1, -1, -1, -1, 1, -1]),
    _tape("small then large", 1, ["1/1000000", "1/1000000", 1000, 1, "1/1000"]),
    _tape("large then small", 2, [10, "1/10", "1/10", "-1/100", 3]),
    _tape("zeros then a gradient", 1, [0, 0, 0, 1, 0, 0]),
    _tape("growing", "-1/3", [1, 2, 4, 8, 16, 32, 64, 128]),
    _tape("long", 1, [1, -2, "1/3"] * 16),
)
"""What rules are compared on, the plainest first."""

PROBES = (
    _tape("first probe", "3/7", ["2/3", "-5/4", "7/5", "1/9", "-11/13", "3/2"]),
    _tape("second probe", "-8/5", ["-1/6", "4/3", "13/7", "-2/11", "5/17", "-9/4"]),
)
"""Gradients without any pattern, on which states and settings are compared."""


def replay(rule: Rule, tape: Tape, values: Mapping[str, Exact] | None = None) -> Any:
    """The states before and after each step, or None when the rule has no value on the tape.

    Args:
        rule: A rule for a single number.
        tape: The gradients; loss and noise, where a rule reads them, are made from them.
        values: Values of parameters instead of the rule's own.
    """
    fixed = {**rule.values, **(values or {})}
    try:
        first = {n: evaluate(tree, {**fixed, "x": tape.start}) for n, tree in rule.state.items()}
        states = [TapeState(tape.start, first)]
        for step, gradient in enumerate(tape.gradients, 1):
            states.append(_advance(rule, fixed, states[-1], step, gradient))
    except (GradiometerError, UndecidedError, ArithmeticError):
        return None
    return states


def _advance(
    rule: Rule, fixed: Mapping[str, Exact], state: TapeState, step: int, gradient: fmpq
) -> TapeState:
    known: dict[str, Any] = {**fixed, **state.memory, "x": state.position, "t": fmpq(step)}
    known |= side_of(gradient)
    for target, run in rule.exact_step:
        value = run(known)
        if isinstance(value, fmpq) and size_in_bits(value) > _MOST_RATIONAL_BITS:
            value = to_ball(value)
        if isinstance(value, arb) and not value.is_finite():
            raise UndecidedError("a value is not finite")
        known[target] = value
    memory = {name: known[f"{name}'"] for name in rule.state}
    return TapeState(known["x'"], memory)


def find_difference(first: Rule, second: Rule, tapes: Sequence[Tape] = TAPES) -> Difference | None:
    """The earliest step at which both rules certainly differ on one of the tapes, or None.

    Both start from the same position. Positions are compared as exact numbers or as balls that
    contain them; balls that overlap count as equal, so what is found is proved.
    """
    found: Difference | None = None
    for tape in tapes:
        difference = _difference_on(first, second, tape)
        if difference is not None and (found is None or difference.step < found.step):
            found = difference
    return found


def _difference_on(first: Rule, second: Rule, tape: Tape) -> Difference | None:
    for bits in _LADDER:
        with precision(bits):
            runs = replay(first, tape), replay(second, tape)
            if runs[0] is None or runs[1] is None:
                continue
            for step, (one, other) in enumerate(zip(*runs, strict=True)):
                positions = (one.position, other.position)
                if certainly_differ(*positions):
                    return Difference(tape, step, positions)
            if all(isinstance(state.position, fmpq) for run in runs for state in run):
                return None
    return None


def certainly_differ(left: Exact, right: Exact) -> bool:
    """Whether two exact numbers or balls have no number in common."""
    if isinstance(left, fmpq) and isinstance(right, fmpq):
        return bool(left != right)
    return not bool(to_ball(left).overlaps(to_ball(right)))

"""The step of a rule as a sum of a slope and means of slopes, and its length, from some step on.

What `check_pull` reads of rules whose factors are corrections, this reads of those whose factors
are other formulas in the step count (`check_stride`). The sum must have no negative weights: then
the step points home as soon as the slope and all means of slopes before it do.
"""

from __future__ import annotations

from collections.abc import Mapping

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Exact,
    Node,
    apply,
    compare,
    free_names,
    number,
    substitute,
    to_ball,
)
from gradiometer.proof.check_plain_rule import RATE, keep_gradient
from gradiometer.proof.check_region import Field
from gradiometer.proof.check_stride import make_square
from gradiometer.proof.check_stride_kinds import guess_kinds, inline_lines
from gradiometer.proof.check_stride_rule import read_system
from gradiometer.proof.check_stride_system import Lines, System

_ZERO = fmpq(0)
_AHEAD = (256, 1024, 4096)
"""How many steps are looked at singly, few first."""


def read_drive(field: Field) -> tuple[fmpq, Exact, bool, str]:
    """What the slowest mean keeps, the longest step, whether positions decay, what measures.

    Raises:
        UndecidedError: If the rule is of another kind.
    """
    done, rate = field.motion.done, _read_rate(field)
    begun, lines, decay = _read_lines(field)
    kinds = guess_kinds(begun, lines)
    reason = ""
    for ahead in _AHEAD:
        try:
            system = read_system(begun, lines, kinds, (done + 1, done + ahead))
            if not isinstance(system, System) or done < 1:
                raise UndecidedError("the step is no quotient of sums of slopes")
            size = _bound_size(system)
        except UndecidedError as error:
            reason = str(error)
        else:
            break
    else:
        raise UndecidedError(reason)
    if compare(decay, _ZERO) < 0 or compare(decay * rate, fmpq(1)) > 0:
        raise UndecidedError("the position may grow by itself")
    _require_steady(system, inline_lines(lines))
    return _find_slowest(system), to_ball(rate * size).upper(), bool(decay), _find_held(kinds)


def _read_rate(field: Field) -> Exact:
    """The largest rate from now on."""
    rates = field.known.get(RATE)
    if rates is None or rates.lower is None or rates.upper is None:
        raise UndecidedError("the rate is not known to be bounded")
    if compare(rates.lower, _ZERO) < 0:
        raise UndecidedError("the rate may be negative")
    return rates.upper


def _read_lines(field: Field) -> tuple[dict[str, Exact], Lines, fmpq]:
    """The lines that reach the position, as they are from the first step on."""
    replay = field.replay
    values = {name: number(value) for name, value in replay.values.items() if name != RATE}
    live = {target for target, _ in replay.live_step(field.motion.done)}
    rows: list[tuple[str, Node]] = [
        (target, substitute(tree, values)) for target, tree in replay.step if target in live
    ]
    begun = {n: value for n, value in replay.begin().items() if f"{n}'" in live and n != "x"}
    lines, decay = keep_gradient(rows, begun)
    kept = {target for target, _ in lines}
    return {name: value for name, value in begun.items() if f"{name}'" in kept}, lines, decay


def _bound_size(system: System) -> Exact:
    """No step over the rate is longer than this."""
    tree = make_square(system)
    if tree is None:
        raise UndecidedError("steps have no greatest length")
    ends = system.clock.tail.bound(tree)
    if ends.upper is None:
        raise UndecidedError("steps have no greatest length that is known")
    highest = to_ball(ends.upper).upper()
    for value in system.clock.evaluate(tree):
        highest = highest.max(value.upper())
    return highest.sqrt().upper()


def _find_slowest(system: System) -> fmpq:
    """What the slowest mean keeps, if the step is against a sum without negative weights."""
    memory, slowest = system.memory, _ZERO
    if memory.shift[1] <= 0 or any(memory.shift[0]):
        raise UndecidedError("the step is measured by more than the last slope")
    _require_against(system, system.direct)
    for index, name in enumerate(memory.names):
        if system.out[name] == number(_ZERO):
            continue
        _require_against(system, system.out[name])
        row = memory.matrix[index]
        keeps, takes = row[index], memory.entry[index]
        others = [part for place, part in enumerate(row) if place != index]
        if any(others) or not 0 <= keeps < 1 or takes <= 0:
            raise UndecidedError(f"`{name}` is no running mean of slopes")
        slowest = max(slowest, keeps)
    return slowest


def _require_steady(system: System, rows: Mapping[str, Node]) -> None:
    """Return if all gradients enter the means that are followed in one way.

    One that enters by more than the others, such as the first, may lead outward for longer.

    Raises:
        UndecidedError: If a line is not the same at all steps.
    """
    for name in system.memory.names:
        is_fixed = free_names(rows[f"{name}'"]) <= {"g", *system.memory.names}
        if system.out[name] != number(_ZERO) and not is_fixed:
            raise UndecidedError(f"`{name}` does not move in one way at all steps")


def _require_against(system: System, tree: Node) -> None:
    system.clock.require(apply("neg", tree), positive=False)


def _find_held(kinds: dict[str, str]) -> str:
    held = [name for name, kind in kinds.items() if kind in ("square", "peak")]
    if len(held) != 1:
        raise UndecidedError("what measures slopes does not remember them")
    return held[0]

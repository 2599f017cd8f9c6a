"""The largest step of a rule whose factors read the step count, with gradients that come close."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import CertificateError, GradiometerError, UndecidedError
from gradiometer.formula import (
    Exact,
    compare,
    compile_exact,
    from_decimal,
    precision,
    to_ball,
    to_float,
)
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check import check
from gradiometer.proof.check_step_bound import make_step, read_lines
from gradiometer.proof.check_stride import BITS, Stride, find_stride_bound, weigh
from gradiometer.proof.check_stride_kinds import guess_kinds
from gradiometer.proof.check_stride_rule import read_system
from gradiometer.proof.check_stride_system import Echo, Lines, Plain, System

_SPANS = (16, 64, 256, 1024, 4096, 16384)
"""Numbers of steps that are looked at singly, the shortest first."""
_STEPS = 60
"""How many gradients are shown, unless steps are largest earlier or a little later."""
_MOST_SHOWN = 300
_LARGE = fmpq(10) ** 12
_RISE = 1000
"""Each gradient over the one before, where all but the last one hardly count."""
_DIGITS, _LONG = 20, 34
"""Digits of gradients, and of ends of a bound."""
_LONGEST, _MARGIN, _NONE = 10**20, fmpq(1, 10**31), fmpq(0)
"""From which denominator on a number is shortened, and how far beyond it is an end of a bound, by
its size."""


@final
@dataclass(frozen=True)
class Found:
    """The largest step with its certificate."""

    stride: Stride
    ends: tuple[fmpq, fmpq] | None
    """Between these two lies the square of the bound; None for infinite."""
    gradients: tuple[fmpq, ...]
    reached: fmpq
    decay: fmpq
    certificate: Mapping[str, Any]


def find_stride(problem: Mapping[str, Any]) -> Found:
    """The largest step of a rule whose `learning_rate` has no value, accepted by the checker.

    Raises:
        UndecidedError: If the rule has another shape, or the checker refuses.
    """
    try:
        return _find(problem)
    except GradiometerError as error:
        # A value may be missing at some step.
        raise UndecidedError(error.problem.rstrip(".")) from None


def _find(problem: Mapping[str, Any]) -> Found:
    begun, lines, decay = read_lines(problem)
    with precision(BITS):
        kinds = guess_kinds(begun, lines)
        last, stride = _look_ahead(begun, lines, kinds)
        count = _count_shown(stride)
        system = read_system(begun, lines, kinds, (1, max(last, count)))
        gradients = _list_gradients(system, count)
        reached = _round_down(make_step(begun, lines, gradients))
    square = stride.square
    ends = None if square is None else (_shorten(square[0], -_MARGIN), _shorten(square[1], _MARGIN))
    claim = {
        "square": None if ends is None else list(map(str, ends)),
        "step": stride.step,
        "gradients": list(map(str, gradients)),
        "reached": str(reached),
        "decay": str(decay),
        "attained": stride.attained,
        "growth": None if stride.growth is None else str(stride.growth),
    }
    certificate = make_certificate(
        "stride", problem=problem, claim=claim, evidence={"kinds": kinds, "from": last}
    )
    try:
        check(certificate)
    except CertificateError as error:
        raise UndecidedError(f"the checker refused: {error.problem.rstrip('.')}") from None
    return Found(stride, ends, tuple(gradients), reached, decay, certificate)


def _look_ahead(
    begun: Mapping[str, Exact], lines: Lines, kinds: Mapping[str, str]
) -> tuple[int, Stride]:
    """How many steps must be looked at singly, and the largest step."""
    reason = ""
    for last in _SPANS:
        try:
            return last, find_stride_bound(begun, lines, kinds, (1, last))
        except UndecidedError as error:
            reason = str(error)
    raise UndecidedError(reason)


def _count_shown(stride: Stride) -> int:
    """How many gradients are shown: those up to the largest step, where that comes early."""
    step = stride.step
    return step if step is not None and step <= _MOST_SHOWN else _STEPS


def _list_gradients(system: System | Echo | Plain, count: int) -> list[fmpq]:
    """Gradients whose last step is large, in the order in which they come."""
    if isinstance(system, Plain):
        return [_LARGE]
    if isinstance(system, Echo):
        signs = list(_list_signs(system))
        return [sign * _LARGE * fmpq(_RISE) ** k for k, sign in enumerate(reversed(signs))]
    rows = [_shorten(value) for value in _list_entries(system, count)]
    return _to_gradients(system, rows)


def _list_signs(echo: Echo) -> Iterator[int]:
    """The signs of the worst gradients, the last one first."""
    yield -1 if echo.direct < 0 else 1
    size = echo.out * echo.takes
    for _ in range(1, _STEPS):
        yield -1 if size < 0 else 1
        size *= echo.keeps


def _list_entries(system: System, count: int) -> list[Exact]:
    """What is measured in the worst case, the first of them first."""
    if count == 1:
        return [fmpq(1)]
    rows = weigh(system, system.memory.entry)
    firsts = rows if system.begin is None else weigh(system, system.begin[0])
    takes = system.measure.takes
    values = system.clock.steps[count - 2]
    old, new, direct = (to_ball(compile_exact(tree)(values))
                        for tree in (system.old, system.new, system.direct))  # fmt: skip
    found: list[Exact] = [direct / new]
    keeps = to_ball(system.measure.keeps)
    for back in range(1, count):
        used = firsts if back == count - 1 else rows
        owed = sum((to_ball(compile_exact(tree)(values)) * to_ball(rate) ** (back - 1)
                    for rate, tree in used), to_ball(fmpq(0)))  # fmt: skip
        share = takes if system.begin is None or back < count - 1 else system.begin[1]
        if system.measure.is_peak:
            found.append(1 / keeps**back)
        elif system.measure.keeps == 0 or not old > 0:
            found.append(_LARGE * owed if back == 1 else to_ball(fmpq(0)))
        else:
            found.append(owed / (old * share * keeps ** (back - 1)))
    if system.measure.is_peak:
        found[0] = to_ball(fmpq(1))
    return found[::-1]


def _to_gradients(system: System, entries: Sequence[fmpq]) -> list[fmpq]:
    """The gradients by which the sums that are measured are these."""
    memory = system.memory
    means = [fmpq(0)] * len(memory.names)
    scale = _LARGE / max(abs(entry) for entry in entries)
    found = []
    for step, entry in enumerate(entries):
        begin = system.begin if step == 0 else None
        enters = memory.entry if begin is None else begin[0]
        back, share = memory.shift
        value = entry * scale if begin is not None else entry * scale * share + sum(
            (a * b for a, b in zip(back, means, strict=True)), fmpq(0))  # fmt: skip
        found.append(_shorten(value))
        means = [
            sum((a * b for a, b in zip(row, means, strict=True)), fmpq(0)) + part * entry * scale
            for row, part in zip(memory.matrix, enters, strict=True)
        ]
    return found


def _shorten(value: Exact, beyond: fmpq = _NONE) -> fmpq:
    """A short number near a value, or that part of its size above it or below it."""
    if isinstance(value, fmpq) and (beyond or value.q < _LONGEST):
        return value
    digits = _LONG if beyond else _DIGITS
    near = from_decimal(to_ball(value).mid().str(digits, radius=False))
    return near + beyond * abs(near)


def _round_down(step: Exact) -> fmpq:
    """A short number that is not above the size of the step."""
    size = to_float(to_ball(abs(step)).lower())
    near = from_decimal(f"{size:.12g}")
    return near if compare(abs(step), near) >= 0 else from_decimal(f"{size * (1 - 1e-11):.12g}")

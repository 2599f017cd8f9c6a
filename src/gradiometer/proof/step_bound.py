"""The largest step of an update rule over all gradients, with gradients that come close to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from typing import Any, final

from flint import fmpq

from gradiometer.errors import CertificateError, GradiometerError, UndecidedError
from gradiometer.formula import Exact, compare, from_decimal, precision, to_ball
from gradiometer.model import Rule
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check import check
from gradiometer.proof.check_step_bound import (
    Bound,
    Lines,
    find_bound,
    follow_line,
    make_step,
    open_rule,
    read_lines,
    read_rule,
)
from gradiometer.proof.stride import find_stride

_BITS = 256
_NONE = fmpq(0)
_STEPS = 60
"""How many gradients are shown."""
_LARGE = fmpq(10) ** 12
"""Size of the first gradient, so that small constants do not count."""
_SHORTER = 1 - fmpq(1, 10**11)
"""What a step of twelve digits is multiplied with where it is not below the exact one."""


@final
@dataclass(frozen=True)
class StepBound:
    """How large a step can be, over the rate."""

    square: fmpq | None
    """The square of the supremum, or a number just below it; None for infinite."""
    attained: bool | None
    """Whether some gradients lead to it; None if that is not known."""
    growth: fmpq | None
    """Each of the worst gradients over the one before it."""
    gradients: tuple[fmpq, ...]
    """The first of them, from zero state on."""
    reached: fmpq | None
    """What the last of these steps is at least."""
    certificate: Mapping[str, Any]
    decay: fmpq = _NONE
    """How fast the position shrinks besides, over the rate; the bound is that of the rest."""
    step: int | None = None
    """The step at which it is largest, if steps do not only come close to it."""
    ceiling: fmpq | None = None
    """A number just above the square, where that is no rational that is known."""


def find_step_bound(rule: Rule) -> StepBound:
    """The largest step of a rule whose `learning_rate` has no value, accepted by the checker.

    Raises:
        UndecidedError: If the rule has another shape, or the checker refuses.
    """
    if set(rule.reads) & {"loss", "noise"}:
        raise UndecidedError("the rule reads the loss or draws noise")
    problem = {"rule": rule.to_problem()}
    known: StepBound | None = None
    with suppress(UndecidedError):
        known = _find_fixed(problem)
    if known is not None and known.square is not None:
        return known
    try:
        found = find_stride(problem)
    except UndecidedError:
        if known is None:
            raise
        return known
    stride = found.stride
    low, high = found.ends or (None, None)
    return StepBound(
        low, stride.attained, stride.growth, found.gradients, found.reached,
        found.certificate, found.decay, stride.step, None if low == high else high,
    )  # fmt: skip


def _find_fixed(problem: Mapping[str, Any]) -> StepBound:
    """The largest step of a rule all of whose factors but corrections are fixed.

    Raises:
        UndecidedError: If the rule has another shape, or the checker refuses.
    """
    try:
        begun, lines, decay = read_lines(problem)
        kinds, bound = _classify(problem, list(begun))
    except GradiometerError as error:
        # The first value of a state may read the position, say.
        raise UndecidedError(error.problem.rstrip(".")) from None
    gradients = [] if bound.square is None else _list_gradients(bound)
    reached = None
    if gradients:
        try:
            with precision(_BITS):
                reached = _round_down(make_step(begun, lines, gradients))
        except GradiometerError as error:
            raise UndecidedError(error.problem.rstrip(".")) from None
    claim = {
        "square": None if bound.square is None else str(bound.square),
        "attained": bound.attained,
        "growth": None if bound.growth is None else str(bound.growth),
        "gradients": list(map(str, gradients)),
        "reached": None if reached is None else str(reached),
        "decay": str(decay),
    }
    certificate = make_certificate(
        "step_bound", problem=problem, claim=claim, evidence={"kinds": kinds}
    )
    try:
        check(certificate)
    except CertificateError as error:
        raise UndecidedError(f"the checker refused: {error.problem.rstrip('.')}") from None
    return StepBound(
        bound.square, bound.attained, bound.growth, tuple(gradients), reached, certificate, decay
    )


def _classify(problem: Mapping[str, Any], names: Sequence[str]) -> tuple[dict[str, str], Bound]:
    """What kind of mean each state is, found by trying, and the bound."""
    reasons: list[tuple[int, str]] = []
    for row in product(("linear", "square", "largest"), repeat=len(names)):
        kinds: dict[str, str] = dict(zip(names, row, strict=True))
        states, lines, alive = read_rule(problem, {"kinds": kinds})
        try:
            return kinds, find_bound(states, lines, alive)
        except UndecidedError as error:
            reasons.append((_count_followed(states, lines, alive), str(error)))
    # The attempt that came farthest knows best why.
    raise UndecidedError(max(reasons, key=lambda row: row[0])[1])


def _count_followed(states: Mapping[str, Exact], lines: Lines, kinds: Mapping[str, str]) -> int:
    """How many assignments have a value."""
    followed: list[str] = []
    with suppress(UndecidedError):
        known = open_rule(states, kinds)
        for target, tree in lines:
            known[target] = follow_line(target, tree, known, kinds)
            followed.append(target)
    return len(followed)


def _list_gradients(bound: Bound) -> list[fmpq]:
    """The worst gradients in the order in which they come, the last one last."""
    if bound.weights is None:
        return [fmpq(0)] * (_STEPS - 1) * (not bound.attained) + [_LARGE]
    last, before, back = bound.weights
    rows = [last]
    for _ in range(1, _STEPS):
        rows.append(before if len(rows) == 1 else rows[-1] * back)
    scale = _LARGE / abs(rows[-1] or last)
    return [row * scale for row in reversed(rows)]


def _round_down(step: Exact) -> fmpq:
    """A short number that is not above the size of the step."""
    size = to_ball(abs(step)).lower()
    near = from_decimal(f"{float(size):.12g}")
    return near if compare(abs(step), near) >= 0 else near * _SHORTER

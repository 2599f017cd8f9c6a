"""What is true of a table of rates: where they change, peak, rest and rise again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact, compare, precision
from gradiometer.model import BoundSchedule, rate_range
from gradiometer.question.answer import Fact, proved, unknown

BITS = 192
"""Working precision of the rates that are listed: far more than the digits shown."""

MOST_BITS = 3072
"""Precision up to which rates are told apart."""


def list_rates(bound: BoundSchedule, steps: int) -> list[Exact]:
    """The rates of the first steps: rationals, and balls with far more digits than are shown."""
    rates: list[Exact] = []
    for step in range(steps):
        bits = BITS
        while True:
            try:
                with precision(bits):
                    rates.append(bound.rate_at(step))
                break
            except UndecidedError:
                bits *= 2
                if bits > MOST_BITS:
                    raise
    return rates


@final
@dataclass(frozen=True)
class Order:
    """The signs of the changes from each step to the next; None where it is not decided."""

    rest: int | None
    """The step from which the rate is one number for ever, where it is known."""
    signs: tuple[int | None, ...]


def order_rates(bound: BoundSchedule, rates: Sequence[Exact]) -> Order:
    """The changes of *rates*, the first ones of *bound*."""
    rest = find_rest(bound, len(rates))
    signs = (
        0 if rest is not None and step > rest else _sign(bound, rates, step)
        for step in range(1, len(rates))
    )
    return Order(rest, tuple(signs))


def _sign(bound: BoundSchedule, rates: Sequence[Exact], step: int) -> int | None:
    bits = BITS
    before, after = rates[step - 1], rates[step]
    while True:
        try:
            with precision(bits):
                return compare(after, before)
        except UndecidedError:
            bits *= 4
            if bits > MOST_BITS:
                return None
        with precision(bits):
            before, after = bound.rate_at(step - 1), bound.rate_at(step)


def find_rest(bound: BoundSchedule, steps: int) -> int | None:
    """The first step from which the rate is one number for ever; None when none is found."""
    low, high = 0, steps
    if not _rests(bound, high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _rests(bound, middle) else (middle + 1, high)
    return low


def _rests(bound: BoundSchedule, step: int) -> bool:
    try:
        with precision(BITS):
            return rate_range(bound.rate, bound.values, from_step=step).is_single
    except UndecidedError:
        return False


def describe_rates(bound: BoundSchedule, rates: Sequence[Exact]) -> dict[str, Fact]:
    """The facts about the table, in reading order."""
    order = order_rates(bound, rates)
    steps = len(rates)
    with precision(BITS):
        total = sum(rates[1:], rates[0])
    kind = "exactly" if all(isinstance(rate, fmpq) for rate in rates) else (
        "exactly where it is rational, else in a ball that contains it")  # fmt: skip
    return {
        "values": proved(
            {str(step): rate for step, rate in enumerate(rates)},
            f"The formula of the rate, evaluated {kind}, at each step; steps count from 0.",
        ),
        "changes": _changes(order, rates),
        "first": proved(rates[0], "The rate of step 0."),
        "last": proved(rates[-1], f"The rate of step {steps - 1}."),
        "peak": _peak(order, rates),
        "warmup_end": _warmup(order),
        "constant_from": _constant(order, steps),
        "rises_again": _rises(order),
        "total": proved(total, "The sum of all rates listed."),
    }


def _changes(order: Order, rates: Sequence[Exact]) -> Fact:
    doubtful = [step for step, sign in enumerate(order.signs, 1) if sign is None]
    if doubtful:
        return _doubtful(doubtful[0] - 1)
    rows: list[dict[str, Any]] = [
        {"step": step, "from": rates[step - 1], "to": rates[step]}
        for step, sign in enumerate(order.signs, 1)
        if sign
    ]
    count = len(rows)
    times = "once" if count == 1 else f"{count} times"
    return proved(rows, f"The rate changes {times} in {len(rates)} steps.")


def _peak(order: Order, rates: Sequence[Exact]) -> Fact:
    """The first step with the largest rate."""
    best = 0
    try:
        with precision(BITS):
            for step in range(1, len(rates)):
                falls = order.signs[step - 1] in (-1, 0)
                if (falls and best == step - 1) or compare(rates[step], rates[best]) <= 0:
                    continue
                best = step
    except UndecidedError:
        return unknown("Two of the largest rates cannot be told apart.")
    return proved({"step": best, "rate": rates[best]}, "The first step with the largest rate.")


def _warmup(order: Order) -> Fact:
    """The step at which rates that rise from the first step on stop rising."""
    rise = _find(order, 0, lambda sign: sign != 1)
    if rise is not None and order.signs[rise] is None:
        return _doubtful(rise)
    end = len(order.signs) if rise is None else rise
    if end == 0:
        return proved("none", "The rate does not rise from step 0 to step 1.")
    if rise is None:
        return proved("none", "The rate rises to the last step listed.")
    return proved(end, f"The rate rises from step 0 to step {end} and no further.")


def _constant(order: Order, steps: int) -> Fact:
    if order.rest is None:
        return unknown(f"No step within {steps} is known from which the rate is one number.")
    return proved(order.rest, f"From step {order.rest} on the formula has one value for ever.")


def _rises(order: Order) -> Fact:
    fall = _find(order, 0, lambda sign: sign in (-1, None))
    rise = None if fall is None else _find(order, fall, lambda sign: sign in (1, None))
    for found in (fall, rise):
        if found is not None and order.signs[found] is None:
            return _doubtful(found)
    if fall is None:
        return proved("none", "The rate never falls in the steps listed.")
    if rise is None:
        return proved("none", "After it has fallen the rate never rises in the steps listed.")
    return proved(rise + 1, f"The rate falls at step {fall + 1} and rises at step {rise + 1}.")


def _doubtful(index: int) -> Fact:
    return unknown(f"Whether the rate changes at step {index + 1} is not decided.")


def _find(order: Order, start: int, test: Callable[[int | None], bool]) -> int | None:
    for index in range(start, len(order.signs)):
        if test(order.signs[index]):
            return index
    return None

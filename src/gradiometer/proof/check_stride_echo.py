"""Reads what measures gradients, the first step, and steps that remember quotients."""

from __future__ import annotations

from collections.abc import Mapping

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import ONE, ZERO, Exact, apply, compare, evaluate, tidy
from gradiometer.proof.check_stride_factor import Clock
from gradiometer.proof.check_stride_system import Echo
from gradiometer.proof.check_stride_terms import times
from gradiometer.proof.check_stride_values import (
    Factor,
    Moved,
    Peak,
    Quotient,
    Square,
    Sum,
    Trail,
    Value,
    to_number,
)

RATE = "learning_rate"


def add(one: Factor, other: Factor) -> Factor:
    """The sum of two factors, whatever their powers of the rate."""
    return Factor(tidy(apply("+", one.tree, other.tree)))


def read_entry(value: Value) -> tuple[fmpq, Mapping[str, Factor], str]:
    """What measures takes of the square of which sum, and the name of the measure it keeps."""
    if isinstance(value, Peak) and value.entry is not None and to_number(value.scale) == 1:
        return fmpq(1), value.entry.parts, value.name
    if isinstance(value, Square) and len(value.entries) == 1 and len(value.means) <= 1:
        share, entry = value.entries[0]
        return to_number(share), entry.parts, next(iter(value.means), "")
    raise UndecidedError("what measures gradients is no mean of squares of one sum")


def square_first(step: Quotient) -> Exact:
    """The square of the largest first step."""
    takes, sums, _ = (
        read_entry(step.bottom)
        if isinstance(step.bottom, Square)
        else (fmpq(1), step.bottom.entry.parts if step.bottom.entry else {}, "")
    )
    top = step.top.parts.get("g", Factor(ZERO, 1))
    if not step.top.parts.keys() <= {"g"} or sums.keys() != {"g"}:
        raise UndecidedError("the first step is no quotient of gradients")
    share = to_number(sums["g"])
    if isinstance(step.bottom, Peak):
        share *= to_number(step.bottom.scale)
    size = evaluate(top.tree, {})
    return size * size / (takes * share**2)


def read_echo(
    step: Trail, known: Mapping[str, Value], opening: Mapping[str, Value], clock: Clock
) -> Echo:
    """Steps that remember quotients of the last gradient alone."""
    if len(step.means) != 1 or step.entry is None:
        raise UndecidedError("a step remembers no quotients, or several means of them")
    ((name, out),) = step.means.items()
    after = known[f"{name}'"]
    if not isinstance(after, Trail) or after.entry is None or after.means.keys() != {name}:
        raise UndecidedError(f"`{name}` is no mean of quotients")
    takes = after.entry
    if takes.bottom != step.entry.bottom or not isinstance(takes.bottom, Square):
        raise UndecidedError("a step divides in two ways")
    for quotient in (takes, step.entry):
        if quotient.top.parts.keys() != {"g"}:
            raise UndecidedError("a quotient that is remembered reads older gradients")
    share, entry = (takes.top.parts["g"], step.entry.top.parts["g"])
    if share.degree + out.degree != 1 or entry.degree != 1:
        raise UndecidedError(f"a step is not proportional to `{RATE}`")
    new = Factor(ZERO)
    for weight, part in takes.bottom.entries:
        if part.parts.keys() != {"g"} or weight.degree:
            raise UndecidedError("the divisor measures more than the last gradient")
        new = add(new, times(weight, times(part.parts["g"], part.parts["g"])))
    clock.require(new.tree, positive=True)
    for held, mean in takes.bottom.means.items():
        clock.require(mean.tree, positive=False)
        _require_measure(held, known[f"{held}'"])
    first: Exact = fmpq(0)
    for target, size in ((f"{name}'", share), ("x'", entry)):
        value = opening[target]
        value = value.step if isinstance(value, Moved) else value
        quotient = value.entry if isinstance(value, Trail) and not value.means else value
        if isinstance(quotient, Quotient):
            factor = to_number(Factor(size.tree)) ** 2
            ratio = square_first(quotient) / factor
            first = ratio if compare(ratio, first) > 0 else first
        elif value not in (Factor(ZERO), Sum({"x": Factor(ONE)})):
            raise UndecidedError("the first step is no quotient")
    return Echo(
        clock,
        to_number(after.means[name]),
        to_number(Factor(share.tree)),
        to_number(Factor(out.tree)),
        to_number(Factor(entry.tree)),
        new.tree,
        first,
        takes.bottom.has_more,
    )


def _require_measure(name: str, after: Value) -> None:
    """Return if a state is a mean of squares that is never negative.

    Raises:
        UndecidedError: If it may be another one.
    """
    if not isinstance(after, Square) or not after.means.keys() <= {name}:
        raise UndecidedError(f"`{name}` is no mean of squares")
    factors = [*after.means.values(), *(share for share, _ in after.entries)]
    if any(to_number(factor) < 0 for factor in factors):
        raise UndecidedError(f"`{name}` may be negative")

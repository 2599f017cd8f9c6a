"""The step of a rule as a multiple of a slope or of running means of slopes, and its length.

Either `E = c*y/D` with c >= 0 and D > 0, where y is the slope g or a running mean of slopes and D
is not below the root of a running mean q of squared slopes; or `E = c*sign(y)`, where y may be a
sum of such with weights that are not negative.

How long the first can be follows from q: of two weighted means with weights `p_k` and `r_k` that
each add up to 1, `w^2 <= q * sum of p_k^2/r_k`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    Apply,
    Exact,
    Name,
    Node,
    Number,
    Range,
    apply,
    compare,
    evaluate_range,
    exact_sqrt,
    find_read,
    free_names,
    substitute,
    to_ball,
)
from gradiometer.proof.check_motion import Motion, read_mean, read_rows, split_factors
from gradiometer.proof.check_region import Field
from gradiometer.proof.check_stride_pull import read_drive

_ZERO, _ONE = fmpq(0), fmpq(1)
_SLOPE = Name("g")


@final
@dataclass(frozen=True)
class Pull:
    """The step of a rule: `x' = x*(1 - decay) - E`."""

    keeps: fmpq
    """What the slowest running mean that it follows keeps of itself; 0 for the slope itself."""
    reach: Any
    """No step is longer than this."""
    decays: bool
    """Whether the position shrinks towards 0 besides."""
    square: str
    """The mean of squared slopes under the root; empty where signs are followed."""


def read_pull(field: Field) -> Pull:
    """The step of a rule of one of the kinds that this proof speaks of.

    Raises:
        UndecidedError: If it is of another kind.
    """
    try:
        return _read_fixed(field)
    except UndecidedError as error:
        with suppress(UndecidedError, GradiometerError):
            return Pull(*read_drive(field))
        raise error from None


def _read_fixed(field: Field) -> Pull:
    """The step of a rule whose factors are fixed but for corrections of means."""
    motion, rows = field.motion, dict(field.motion.step)
    if not rows.keys() <= find_read(motion.step, ["x'"], motion.memory):
        # All that is read is looked at below.
        raise UndecidedError("a line that nothing reads may have no value")
    tree, decays = _read_stride(_inline(rows["x'"], motion), field)
    over, under = split_factors(tree)
    signs = [p for p in over if isinstance(p, Apply) and p.operator == "sign"]
    if signs:
        over.remove(signs[0])
        keeps = _follow_sign(signs[0].arguments[0], field)
        longest = _bound_factor(over, under, field)
        return Pull(keeps, to_ball(longest).upper(), decays, "")
    drivers = [part for part in over if isinstance(part, Name) and _drives(part, motion)]
    if len(drivers) != 1:
        raise UndecidedError("the step is no multiple of a slope or of a running mean of slopes")
    over.remove(drivers[0])
    driver = drivers[0].name
    keeps = _ZERO if driver == "g" else motion.means[driver[:-1]].base
    if keeps:
        _require_lasting(driver[:-1], field)
    roots = [(part, found) for part in under if (found := _read_root(part, field)) is not None]
    if len(roots) != 1:
        raise UndecidedError("the step is not divided by a root of a mean of squared slopes")
    part, square = roots[0]
    under.remove(part)
    if keeps:
        _require_lasting(square[0], field)
    size = _bound_factor(over, under, field)
    longest = size * exact_sqrt(_compare_weights(keeps, square, motion))
    return Pull(keeps, to_ball(longest).upper(), decays, square[0])


def _follow_sign(tree: Node, field: Field) -> fmpq:
    """What the slowest mean in a sum keeps of itself, where no weight in the sum is negative."""
    if isinstance(tree, Apply) and tree.operator == "+":
        return max(_follow_sign(part, field) for part in tree.arguments)
    over, under = split_factors(tree)
    found = [(part, _read_driver(part, field)) for part in over]
    drivers = [(part, keeps) for part, keeps in found if keeps is not None]
    if len(drivers) != 1:
        raise UndecidedError("the sign is not that of a sum of slopes and running means of them")
    over.remove(drivers[0][0])
    _bound_factor(over, under, field)
    return drivers[0][1]


def _read_driver(tree: Node, field: Field) -> fmpq | None:
    """What a mean of slopes, old or new, keeps of itself; 0 for the slope; None for others."""
    if tree == _SLOPE:
        return _ZERO
    if not isinstance(tree, Name):
        return None
    motion, name = field.motion, tree.name.removesuffix("'")
    if name in motion.means:
        mean = motion.means[name]
        _require_lasting(name, field)
        return mean.base if mean.entry == _SLOPE else None
    if name not in motion.memory or field.replay.state[name] != Number(_ZERO):
        return None
    found = read_mean(name, dict(motion.step)[f"{name}'"], motion.values)
    _require_lasting(name, field)
    return None if found is None or found[1].entry != _SLOPE else found[1].base


def _require_lasting(name: str, field: Field) -> None:
    """Return if a mean moved from the first step on as it does now: it remembers all steps.

    Raises:
        UndecidedError: If it may have moved otherwise.
    """
    replay, done = field.replay, field.motion.done
    (first, begun), (later, values) = read_rows(replay, 0), read_rows(replay, done)
    rows = [dict(step).get(f"{name}'") for step in (first, later)]
    if rows[0] is None or rows[0] != rows[1]:
        raise UndecidedError(f"`{name}` moved otherwise at first")
    if any(begun.get(read) != values.get(read) for read in free_names(rows[0])):
        raise UndecidedError(f"`{name}` moved otherwise at first")


def _inline(tree: Node, motion: Motion) -> Node:
    """The new position without names that only stand for a part of the step."""
    rows = {t: row for t, row in motion.step if not t.endswith("'")}
    for _ in range(len(rows)):
        tree = substitute(tree, rows)
    return tree


def _read_stride(tree: Node, field: Field) -> tuple[Node, bool]:
    """What is taken from the position, and whether that shrinks besides."""
    if not (isinstance(tree, Apply) and tree.operator == "-"):
        raise UndecidedError("the new position is no difference")
    kept, stride = tree.arguments
    if kept == Name("x"):
        return stride, False
    over, under = split_factors(kept)
    if over.count(Name("x")) != 1 or under:
        raise UndecidedError("the position enters the step in another way")
    over.remove(Name("x"))
    for factor in over:
        span = _range(factor, field)
        if not Range(_ZERO, _ONE).contains(span):
            raise UndecidedError("the position may grow by itself")
    return stride, True


def _drives(name: Name, motion: Motion) -> bool:
    if name.name == "g":
        return True
    mean = motion.means.get(name.name.removesuffix("'"))
    return name.name.endswith("'") and mean is not None and mean.entry == Name("g")


def _range(tree: Node, field: Field) -> Range:
    """Where a tree of parameters and of the step count lies; nothing else may stand in it."""
    allowed = field.known.keys() - {"loss"}
    if not free_names(tree) <= allowed:
        raise UndecidedError("a factor of the step depends on the state")
    return evaluate_range(tree, field.known)


def _read_root(tree: Node, field: Field) -> tuple[str, fmpq] | None:
    """The mean of squares that a divisor's square is not below, and what it keeps of itself."""
    if isinstance(tree, Apply) and tree.operator == "+":
        left, right = tree.arguments
        found = _read_root(left, field)
        if found is None or not _is_never_negative(right, field):
            return None
        return found
    if not (isinstance(tree, Apply) and tree.operator == "sqrt"):
        return None
    inside = tree.arguments[0]
    if isinstance(inside, Apply) and inside.operator == "+":
        inside, more = inside.arguments
        if not _is_never_negative(more, field):
            return None
    return _read_square(inside, field.motion)


def _is_never_negative(tree: Node, field: Field) -> bool:
    span = _range(tree, field)
    return span.lower is not None and compare(span.lower, _ZERO) >= 0


def _read_square(tree: Node, motion: Motion) -> tuple[str, fmpq] | None:
    """The mean of squared slopes that a new value is, or is not below."""
    if not (isinstance(tree, Name) and tree.name.endswith("'")):
        return None
    name, square = tree.name[:-1], apply("^", Name("g"), Number(fmpq(2)))
    mean = motion.means.get(name)
    if mean is not None:
        return (name, mean.base) if mean.entry == square else None
    row = dict(motion.step)[tree.name]
    if isinstance(row, Apply) and row.operator == "max" and Name(name) in row.arguments:
        # The largest one so far is not below the newest one.
        others = [part for part in row.arguments if part != Name(name)]
        return _read_square(others[0], motion) if len(others) == 1 else None
    return _read_plain_mean(name, row, square, motion)


def _read_plain_mean(name: str, row: Node, square: Node, motion: Motion) -> tuple[str, fmpq] | None:
    """The same where the rule does not correct for the beginning: `a*v + (1 - a)*g^2`.

    A sum of all squares is above the newest one as a mean is that keeps nothing.
    """
    if row == apply("+", Name(name), square):
        return name, _ZERO
    found = read_mean(name, row, motion.values)
    if found is None or found[1].entry != square:
        return None
    return name, found[1].base


def _bound_factor(over: Sequence[Node], under: Sequence[Node], field: Field) -> Exact:
    """The most that the other factors can be; they are never negative."""
    size: Exact = _ONE
    for tree in over:
        span = _range(tree, field)
        if span.upper is None or span.lower is None or compare(span.lower, _ZERO) < 0:
            raise UndecidedError("a factor of the step may be negative or without bound")
        size = size * span.upper
    for tree in under:
        span = _range(tree, field)
        if span.lower is None or compare(span.lower, _ZERO) <= 0:
            raise UndecidedError("a divisor of the step may be zero or negative")
        size = size / span.lower
    return size


def _compare_weights(keeps: fmpq, square: tuple[str, fmpq], motion: Motion) -> Exact:
    """The most that `y^2/q` can be from now on, for the driver y and the mean q of squares.

    With `p_k = (1 - b1)*b1^k/(1 - b1^t)`, `r_k = (1 - b2)*b2^k/(1 - b2^t)` the sum of `p_k^2/r_k`
    is `(1 - b1)^2*(1 - b2^t)*(1 - z^t)/((1 - b2)*(1 - z)*(1 - b1^t)^2)` with `z = b1^2/b2`.
    Where the mean of squares is not corrected, its weights are those without `1 - b2^t`, and it may
    have begun above 0, which only makes it larger.
    """
    name, base = square
    corrected = name in motion.means
    if keeps and not keeps**2 < base:
        raise UndecidedError("the mean of squares forgets faster than the mean of slopes")
    fade = _ONE - keeps ** (motion.done + 1) if keeps else _ONE
    if keeps and not corrected:
        raise UndecidedError("one of two means is corrected for its beginning and one is not")
    ratio = keeps**2 / base if keeps else _ZERO
    return (1 - keeps) ** 2 / ((1 - base) * (1 - ratio) * fade**2)

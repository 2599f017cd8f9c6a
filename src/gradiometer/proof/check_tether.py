"""Replays the certificate that a rule of bounded steps stays near where slopes point home.

Between two inner ends a, b the run may do what it likes. From b to an outer end H all slopes are at
least some `u > 0`, and likewise on the other side. The step is `E = c*y/D` with c >= 0 and D > 0,
where y is the slope g or a running mean w of slopes, so that it points home as soon as y does. No
step is longer than S. A run that passes b has made a step of at most S to get there, and it goes on
outward only while w points outward: the mean of slopes that are at least `-V` is above 0 after n
steps with `b1^n*V <= (1 - b1^n)*u`. So no position lies beyond `b + (1 + n)*S`, if H does not, by
induction over the steps: as long as all positions lie between the outer ends, so do all slopes
that the mean remembers.

How long a step can be follows from the mean q of squared slopes under the root in D: of two
weighted means with weights `p_k` and `r_k` that each add up to 1, `w^2 <= q * sum of p_k^2/r_k`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import UndecidedError
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
    free_names,
    precision,
    substitute,
    to_ball,
)
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_motion import Motion, read_mean, read_motion, split_factors
from gradiometer.proof.check_prefix import BITS, Prefix
from gradiometer.proof.check_region import Field
from gradiometer.proof.check_total import require_values
from gradiometer.proof.check_walk import Replay, read_replay

_ZERO, _ONE = fmpq(0), fmpq(1)
_PARTS = 16
"""Parts of an interval on which slopes are bounded one by one."""
_MOST_TURNS = 10_000


@final
@dataclass(frozen=True)
class Pull:
    """The step of a rule: `x' = x*(1 - decay) - factor*driver/divisor`."""

    driver: str
    """`g`, or the running mean of slopes."""
    keeps: fmpq
    """What the running mean keeps of itself at each step; 0 for the slope itself."""
    reach: Any
    """No step is longer than this."""
    decays: bool
    """Whether the position shrinks towards 0 besides."""
    square: str
    """The mean of squared slopes under the root."""


def check_tether(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that all positions lie in an interval, or raise `CertificateError`."""
    verdict, limit, cycle, interval = fields(claim, "verdict", "limit", "cycle", "interval")
    require(verdict == "bounded" and limit is None and cycle is None, "Another verdict.")
    require(isinstance(interval, list) and len(interval) == 2, "An interval has two ends.")
    low, high = map(read_rational, interval)
    done, inner = fields(evidence, "from", "inner")
    require(type(done) is int and done > 0, "No first step.")
    require(isinstance(inner, list) and len(inner) == 2, "An interval has two ends.")
    left, right = map(read_rational, inner)
    require(low < left <= right < high, "The inner ends do not lie between the outer ones.")
    replay = read_replay(problem)
    with precision(BITS):
        prefix = Prefix(replay)
        prefix.reach(done)
        prefix.check_inside(low, high, done)
        place = prefix.states[done]["x"]
        within = compare(place, left) >= 0 and compare(place, right) <= 0
        require(within, "The run is not between the inner ends.")
        pull = require_home(replay, done, (low, left, right, high))
        square = prefix.states[done][pull.square]
        require(compare(square, _ZERO) >= 0, "A mean of squares is negative.")


def require_home(replay: Replay, done: int, ends: Sequence[fmpq]) -> Pull:
    """The step of a rule whose runs from between the inner ends never leave the outer ones.

    Args:
        replay: The problem.
        done: The steps made before.
        ends: Outer, inner, inner and outer end, from left to right.

    Raises:
        CertificateError: If that is not shown.
        UndecidedError: If the rule is of another kind, or a slope is not known to point home.
    """
    low, left, right, high = ends
    motion = read_motion(replay, done)
    field = Field(replay, motion)
    pull = read_pull(field)
    if pull.decays:
        require(left <= 0 <= right, "The decay does not lead between the inner ends.")
    inside = [(p, part) for p in range(len(replay.pieces))
              if (part := field.clip(Range(low, high), p)) is not None]  # fmt: skip
    require_values((replay.pieces[piece], part) for piece, part in inside)
    least, most = bound_slopes(field, low, high)
    for begin, end, sign in ((right, high, 1), (low, left, -1)):
        lower, upper = bound_slopes(field, begin, end)
        home, away = (lower, -least) if sign > 0 else (-upper, most)
        if not compare(home, _ZERO) > 0:
            raise UndecidedError("a slope between inner and outer end may not point home")
        room = (high - right) if sign > 0 else (left - low)
        turns = count_turns(pull.keeps, home, away)
        require(compare((1 + turns) * pull.reach, room) <= 0, "The run may pass an outer end.")
    return pull


def count_turns(keeps: fmpq, home: Exact, away: Exact) -> int:
    """After how many slopes that point home a mean certainly does, whatever came before.

    Args:
        keeps: What the mean keeps of itself at each step.
        home: The least slope that points home, above 0.
        away: The largest slope that pointed away before.

    Raises:
        UndecidedError: If it takes too long.
    """
    if keeps == 0 or compare(away, _ZERO) <= 0:
        return 0
    left, turns = _ONE, 0
    while True:
        if compare(left * away, (1 - left) * home) <= 0:
            return turns
        turns, left = turns + 1, left * keeps
        if turns >= _MOST_TURNS:
            raise UndecidedError("the mean of slopes forgets too slowly")
        left = _round_up(left)


def _round_up(number: fmpq) -> fmpq:
    """A short rational that is not below it."""
    scale = fmpq(2) ** 64
    return fmpq(-((-number * scale).floor())) / scale


def bound_slopes(field: Field, low: fmpq, high: fmpq) -> tuple[Exact, Exact]:
    """Two numbers that all slopes between two places lie between.

    Raises:
        UndecidedError: If a slope is not known to be finite.
    """
    width = (high - low) / _PARTS
    found: list[Range] = []
    for index in range(_PARTS):
        places = Range(low + index * width, low + (index + 1) * width)
        for piece in range(len(field.replay.pieces)):
            part = field.clip(places, piece)
            if part is not None:
                found.append(field.slopes(piece, part))
    lowers, uppers = [part.lower for part in found], [part.upper for part in found]
    least, most = lowers[0], uppers[0]
    for lower, upper in zip(lowers, uppers, strict=True):
        if lower is None or upper is None or least is None or most is None:
            raise UndecidedError("a slope is not known to be finite")
        least = lower if compare(lower, least) < 0 else least
        most = upper if compare(upper, most) > 0 else most
    assert least is not None
    assert most is not None
    return least, most


def read_pull(field: Field) -> Pull:
    """The step of a rule of the kind that this proof speaks of.

    Raises:
        UndecidedError: If it is of another kind.
    """
    motion, rows = field.motion, dict(field.motion.step)
    tree, decays = _read_stride(_inline(rows["x'"], motion), field)
    over, under = split_factors(tree)
    drivers = [part for part in over if isinstance(part, Name) and _drives(part, motion)]
    if len(drivers) != 1:
        raise UndecidedError("the step is no multiple of a slope or of a running mean of slopes")
    over.remove(drivers[0])
    driver = drivers[0].name
    keeps = _ZERO if driver == "g" else motion.means[driver[:-1]].base
    roots = [(part, found) for part in under if (found := _read_root(part, field)) is not None]
    if len(roots) != 1:
        raise UndecidedError("the step is not divided by a root of a mean of squared slopes")
    part, square = roots[0]
    under.remove(part)
    size = _bound_factor(over, under, field)
    longest = size * exact_sqrt(_compare_weights(keeps, square, motion))
    return Pull(driver, keeps, to_ball(longest).upper(), decays, square[0])


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

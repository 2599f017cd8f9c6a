"""Replays certificates of kind `step_bound`: how large a step can be over all gradients.

Let the step at time t be `sum p_i g_(t-i) / root(sum q_i g_(t-i)^2)`. By Cauchy and Schwarz its
largest value is `root(sum p_i^2/q_i)`, where `g_(t-i)` is proportional to `p_i/q_i`. For means that
forget by factors a and c the sum is geometric with the ratio `r = a^2/c`. The largest value of all
is the limit: without corrections the sum grows with t; with both corrections it is
`(1 - c^t)*(1 - r^t)/(1 - a^t)^2` times a constant, which is `sinh(ut)*sinh(vt)/sinh((u + v)t/2)^2`
for `c = e^(-2u)`, `r = e^(-2v)`, and grows with t because `s*coth(s)` is convex.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Exact,
    Node,
    Range,
    compare,
    evaluate,
    find_needed,
    number,
    parse,
    precision,
    substitute,
    to_ball,
)
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_gain import (
    ONE,
    RATE,
    ZERO,
    Count,
    Factor,
    Form,
    Kept,
    Moved,
    Quotient,
    Sign,
    Square,
    Value,
    follow,
    may_be_any,
    multiply,
    to_factor,
)
from gradiometer.proof.check_plain_rule import make_plain

_BITS = 256
_MOST_GRADIENTS = 400
_KINDS = ("linear", "square", "largest")
_SAMPLE = (fmpq(1), fmpq(2), fmpq(4))

Lines = Sequence[tuple[str, Node]]


@final
@dataclass(frozen=True)
class Bound:
    """The largest step over the rate, and which gradients lead to it."""

    square: fmpq | None
    """Its square; None for infinite."""
    attained: bool
    """Whether some gradients lead to it exactly."""
    growth: fmpq | None
    """Each of the worst gradients over the one before, where that is always the same."""
    weights: tuple[fmpq, fmpq, fmpq] | None = None
    """The worst gradient of the last step, the one before it, and what each earlier one is of the
    next; None where one gradient is enough."""


@final
@dataclass(frozen=True)
class Mean:
    """What is remembered: `keeps` times itself and `takes` times the gradient or its square."""

    keeps: fmpq
    takes: Factor


def check_step_bound(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept the largest step of a rule.

    Raises:
        CertificateError: If the claim does not follow.
    """
    states, lines, kinds = read_rule(problem, evidence)
    found = find_bound(states, lines, kinds)
    square, attained, growth, gradients, reached, decay = fields(
        claim, "square", "attained", "growth", "gradients", "reached", "decay"
    )
    require(read_rational(decay) == read_lines(problem)[2], "The decay is another one.")
    said = (None if text is None else read_rational(text) for text in (square, growth))
    require(tuple(said) == (found.square, found.growth), "The largest step is another one.")
    require(attained is found.attained, "Whether it is reached is said wrongly.")
    if reached is None:
        require(found.square is None and gradients == [], "The gradients lead to no step.")
        with precision(_BITS):
            # Where the first step has no value, no step is made at all: this raises.
            make_step(states, lines, _SAMPLE)
        return
    require(isinstance(gradients, list) and 0 < len(gradients) <= _MOST_GRADIENTS, "Too long.")
    with precision(_BITS):
        step = make_step(states, lines, [read_rational(text) for text in gradients])
        require(compare(abs(step), read_rational(reached)) >= 0, "The gradients lead to less.")


def read_rule(problem: Any, evidence: Any) -> tuple[dict[str, Exact], Lines, dict[str, str]]:
    """First values, assignments that reach the position, and the kind of each state."""
    (kinds,) = fields(evidence, "kinds")
    begun, lines, _ = read_lines(problem)
    require(all(kinds.get(name) in _KINDS for name in begun), "A state is of no kind.")
    return begun, lines, {name: kinds[name] for name in begun}


def read_lines(problem: Any) -> tuple[dict[str, Exact], Lines, fmpq]:
    """First values and assignments of the plain rule, and the decay that was split off."""
    (rule,) = fields(problem, "rule")
    states, step, values = fields(rule, "state", "step", "values")
    numbers = {name: read_rational(text) for name, text in values.items()}
    require(RATE not in numbers, "The rate has a value.")
    known = {*numbers, *states, "x", "g", "t", RATE}
    require(len(known) == len(numbers) + len(states) + 4, "A name stands for two things.")
    fixed = {name: number(value) for name, value in numbers.items()}
    lines: list[tuple[str, Node]] = []
    for target, text in step:
        require(isinstance(target, str) and target not in known, "A name is assigned twice.")
        lines.append((target, substitute(parse(text, names=known).tree, fixed)))
        known.add(target)
    require(all(f"{name}'" in known for name in ("x", *states)), "The rule is not complete.")
    first = {name: parse(text, names=set(numbers)).tree for name, text in states.items()}
    # What nothing reads may have no value all the same, and then the run ends.
    needed = find_needed(lines, ["x'"], states=first, ranges={"t": Range(ONE, None)})
    lines = [(target, tree) for target, tree in lines if target in needed]
    alive = [name for name in states if f"{name}'" in needed]
    begun = {name: evaluate(first[name], numbers) for name in alive}
    lines, decay = make_plain(lines, begun)
    kept = {target for target, _ in lines}
    return {name: value for name, value in begun.items() if f"{name}'" in kept}, lines, decay


def find_bound(states: Mapping[str, Exact], lines: Lines, kinds: Mapping[str, str]) -> Bound:
    """The largest step.

    Raises:
        UndecidedError: If the rule has another shape.
    """
    known = open_rule(states, kinds)
    for target, tree in lines:
        known[target] = follow_line(target, tree, known, kinds)
    means = {n: _read_mean(n, kind, known[f"{n}'"]) for n, kind in kinds.items()
             if kind != "largest"}  # fmt: skip
    for name, kind in kinds.items():
        after = known[f"{name}'"]
        if kind == "largest" and not (isinstance(after, Square) and after.largest is not None):
            raise UndecidedError(f"`{name}` is not the largest value so far")
    starts_empty = all(compare(value, ZERO) == 0 for value in states.values())
    return _bound_step(known["x'"], means, starts_empty=starts_empty)


def open_rule(states: Mapping[str, Exact], kinds: Mapping[str, str]) -> dict[str, Value]:
    """What the names stand for before the first assignment.

    Raises:
        UndecidedError: If a mean of gradients does not start at 0.
    """
    unit = to_factor(ONE)
    known: dict[str, Value] = {"x": Form({"x": unit}), "g": Form({"g": unit}), "t": Count()}
    known[RATE] = Factor(1, ONE, {RATE: 2})
    for name, kind in kinds.items():
        first = compare(states[name], ZERO)
        if first < 0 or (kind == "linear" and first != 0):
            raise UndecidedError(f"`{name}` does not start at 0")
        if kind != "largest":
            known[name] = Form({name: unit}) if kind == "linear" else Square({name: unit})
    return known


def follow_line(
    target: str, tree: Node, known: Mapping[str, Value], kinds: Mapping[str, str]
) -> Value:
    """The value of an assignment; only its own one reads what the largest value was.

    Raises:
        UndecidedError: If it has another shape.
    """
    own = target.removesuffix("'")
    kept = {own: Kept()} if target != own and kinds.get(own) == "largest" else {}
    return follow(tree, {**known, **kept})


def _read_mean(name: str, kind: str, after: Value) -> Mean:
    """How a mean is carried on."""
    wanted = Form if kind == "linear" else Square
    if not isinstance(after, wanted) or not set(after.parts) <= {name, "g"}:
        raise UndecidedError(f"`{name}` is no mean of gradients or of their squares")
    if isinstance(after, Square) and after.largest is not None:
        raise UndecidedError(f"`{name}` is no mean of squares")
    keeps = after.parts.get(name, to_factor(ZERO)).to_rational()
    takes = after.parts.get("g", to_factor(ZERO))
    if set(takes.powers) - {RATE} or takes.is_zero or (kind == "square" and keeps < 0):
        raise UndecidedError(f"`{name}` does not take the same share of every gradient")
    return Mean(keeps, takes)


def _bound_step(after: Value, means: Mapping[str, Mean], *, starts_empty: bool) -> Bound:
    if isinstance(after, Moved) and isinstance(after.step, Sign):
        _check_rate(after.step.size.powers)
        if set(after.step.size.powers) - {RATE}:
            raise UndecidedError("the size of the step changes with the step count")
        return Bound(after.step.size.square, True, None)
    if isinstance(after, Form):
        if after.parts.get("x") != to_factor(ONE) or not may_be_any(after):
            raise UndecidedError("a step is not the position and a sum of gradients")
        # A sum of gradients alone is as large as the gradients are.
        return Bound(None, False, None)
    if not isinstance(after, Moved) or not isinstance(after.step, Quotient):
        raise UndecidedError("a step is not the position and a quotient")
    return _bound_quotient(after.step, means, starts_empty=starts_empty)


def _check_rate(powers: Mapping[Any, int]) -> None:
    if powers.get(RATE, 0) != 2:
        raise UndecidedError(f"a step is not proportional to `{RATE}`")


def _bound_quotient(step: Quotient, means: Mapping[str, Mean], *, starts_empty: bool) -> Bound:
    linear = [name for name in step.top.parts if name != "g"]
    squares = [name for name in step.bottom.parts if name != "g"]
    if len(linear) > 1 or len(squares) > 1:
        raise UndecidedError("a step reads several means of one kind")
    zero, memory = to_factor(ZERO), Mean(ZERO, to_factor(ZERO))
    top, bottom = step.top.parts.get("g", zero), step.bottom.parts.get("g", zero)
    m = means[linear[0]] if linear else memory
    v = means[squares[0]] if squares else memory
    older = multiply(step.top.parts[linear[0]], m.takes) if linear else zero
    below = multiply(step.bottom.parts[squares[0]], v.takes) if squares else zero
    _check_largest(step.bottom, v, is_whole=not (bottom.is_zero or below.is_zero))
    lasts_longer = below.is_zero or (v.keeps == 0 and m.keeps != 0)
    if (bottom.is_zero and not top.is_zero) or (lasts_longer and not older.is_zero):
        if step.bottom.largest is not None:
            raise UndecidedError("the largest value lasts, whatever the mean under it forgets")
        return Bound(None, False, None)
    if top.is_zero:
        raise UndecidedError("a step does not read the last gradient")
    first, after = _over(top, bottom), _over(older, below)
    times = first.powers
    _check_rate(times)
    if not after.is_zero and (after.powers != times or bottom.powers != below.powers):
        raise UndecidedError("old and new gradients are corrected in different ways")
    ratio = m.keeps**2 / v.keeps if not after.is_zero and v.keeps else ZERO
    one = Sum(first.square, after.square, m.keeps, v.keeps, ratio)
    last = _divide_rational(top, bottom)
    before = _divide_rational(older, below) if not after.is_zero else ZERO
    is_plain = starts_empty and not step.bottom.has_more
    bound = _take_supremum(one, {k: p for k, p in times.items() if k != RATE}, is_plain=is_plain)
    back = m.keeps / v.keeps if not after.is_zero and v.keeps else ZERO
    is_steady = before == last * back and back > 0
    growth = 1 / back if is_steady else None
    if step.bottom.largest is not None and before != 0 and not (is_steady and back <= 1):
        raise UndecidedError("the worst gradients shrink, so that the largest mean is an older one")
    weights = (last, before, back) if before != 0 else None
    return Bound(bound[0], bound[1], growth, weights)


def _check_largest(bottom: Square, mean: Mean, *, is_whole: bool) -> None:
    """Refuse a largest value of which it is not known that it grows with growing gradients.

    Both a mean of squares and that mean over `1 - c^t`, its sum of weights, do.
    """
    if bottom.largest is None:
        return
    if not is_whole or bottom.largest not in ({}, {mean.keeps: -2}):
        raise UndecidedError("the largest value is that of another sum")


@final
@dataclass(frozen=True)
class Sum:
    """`first + after*(1 + r + r^2 + …)`, one term for each gradient."""

    first: fmpq
    after: fmpq
    keeps: fmpq
    """What the sum above the line keeps of itself at each step."""
    keeps_below: fmpq
    ratio: fmpq


def _over(top: Factor, bottom: Factor) -> Factor:
    """The square of a factor over another one; the powers are those of the value itself."""
    if top.is_zero:
        return to_factor(ZERO)
    if bottom.sign < 0:
        raise UndecidedError("a sum of squares has a negative part")
    if any(power % 2 for power in bottom.powers.values()):
        raise UndecidedError("a correction stands under a root twice")
    root = Factor(1, bottom.square, {}).to_rational()
    powers = dict(top.powers)
    for key, power in bottom.powers.items():
        powers[key] = powers.get(key, 0) - power // 2
    return Factor(1, top.square / root, {key: power for key, power in powers.items() if power})


def _divide_rational(top: Factor, bottom: Factor) -> fmpq:
    """The quotient of two factors without what changes with the step and the rate."""
    return Factor(top.sign, top.square).to_rational() / Factor(1, bottom.square).to_rational()


def _take_supremum(
    total: Sum, times: Mapping[Any, int], *, is_plain: bool
) -> tuple[fmpq | None, bool]:
    """The largest value of the sum times its corrections over all steps; whether it is reached."""
    is_endless = total.after != 0 and total.ratio >= 1
    if all(power > 0 for power in times.values()):
        if is_endless:
            return None, False
        limit = total.first + total.after / (1 - total.ratio)
        return limit, is_plain and not times and total.after == 0
    a, c = total.keeps, total.keeps_below
    is_geometric = total.after == total.first * total.ratio and 0 < a < 1 and 0 < c < 1
    wanted: dict[Any, int] = {}
    for key, power in ((c, 1), (a, -2)):
        wanted[key] = wanted.get(key, 0) + power
    if times != {key: power for key, power in wanted.items() if power} or not is_geometric:
        raise UndecidedError("the corrections of the means are of another form")
    if is_endless:
        return None, False
    return total.first / (1 - total.ratio), is_plain and a == c


def make_step(states: Mapping[str, Exact], lines: Lines, gradients: Sequence[fmpq]) -> Exact:
    """The last step that the rule makes with these gradients at the rate 1."""
    known: dict[str, Exact] = {**states, RATE: ONE, "x": ZERO}
    step: Exact = ZERO
    for count, gradient in enumerate(gradients, 1):
        known |= {"g": gradient, "t": fmpq(count)}
        for target, tree in lines:
            known[target] = evaluate(tree, known)
        step = known["x'"] - known["x"]
        known |= {name: _limit(known[f"{name}'"]) for name in ("x", *states)}
    return step


def _limit(value: Exact) -> Exact:
    """A long rational as a ball around it."""
    is_long = isinstance(value, fmpq) and max(len(str(value.p)), len(str(value.q))) > 2000
    return to_ball(value) if is_long else value

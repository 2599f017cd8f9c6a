"""Numbers that come ever closer to a known one, and the rule's operations on them.

Within period n of a run each number is its centre plus at most `s^n` times its spread, for one
shrinking factor s below 1. Sums, products and so on of such numbers are again of this form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    RELATIONS,
    Affine,
    Apply,
    Constant,
    Exact,
    Name,
    Node,
    Number,
    compare,
    evaluate,
    exact_sqrt,
    precision,
    size_in_bits,
    to_affine,
    to_ball,
)
from gradiometer.proof.check_motion import Mean, Motion

_ZERO, _ONE = fmpq(0), fmpq(1)
_BITS = 64
_TINY = -4000
"""A size with a smaller power of two is rounded up to one: sizes stay short."""


@final
@dataclass(frozen=True)
class Near:
    """A centre, and how far from it the number may be in the first period."""

    centre: Exact
    spread: fmpq = _ZERO


@final
@dataclass(frozen=True)
class Clock:
    """Which steps are meant: the first one of them, how far apart, and the shrinking factor."""

    step: int
    """The number `t` of the step in the first period."""
    period: int
    shrink: fmpq


def at_most(value: Exact) -> fmpq:
    """A short rational that is certainly not below the size of the value."""
    if isinstance(value, fmpq) and size_in_bits(value) <= 2 * _BITS:
        return abs(value)
    with precision(_BITS):
        top, exponent = abs(to_ball(value)).upper().man_exp()
    if int(exponent) > -_TINY:
        raise UndecidedError("a number is out of all proportion")
    if top != 0 and int(exponent) < _TINY:
        return fmpq(1, 2) ** (-_TINY - 2 * _BITS)
    return fmpq(top) * fmpq(2) ** int(exponent)


def near(node: Node, known: Mapping[str, Near], clock: Clock) -> Near:
    """The value of a tree.

    Raises:
        UndecidedError: If it is not certain to come closer to one number.
    """
    if isinstance(node, Number | Constant):
        return Near(evaluate(node, {}))
    if isinstance(node, Name):
        if node.name == "t" or node.name not in known:
            raise UndecidedError(f"`{node.name}` comes to no rest")
        return known[node.name]
    if node.operator == "where":
        truth = _holds(node.arguments[0], known, clock)
        return near(node.arguments[1 if truth else 2], known, clock)
    if node.operator == "^":
        return _power(node, known, clock)
    parts = [near(part, known, clock) for part in node.arguments]
    if all(part.spread == 0 for part in parts):
        names = {f"a{index}": part.centre for index, part in enumerate(parts)}
        return Near(evaluate(Apply(node.operator, tuple(map(Name, names))), names))
    if node.operator not in _RULES:
        raise UndecidedError(f"`{node.operator}` is not followed while it settles")
    return _RULES[node.operator](*parts)


def _add(left: Near, right: Near) -> Near:
    return Near(left.centre + right.centre, at_most(left.spread + right.spread))


def _opposite(part: Near) -> Near:
    return Near(-part.centre, part.spread)


def _multiply(left: Near, right: Near) -> Near:
    a, b = at_most(left.centre), at_most(right.centre)
    spread = a * right.spread + b * left.spread + left.spread * right.spread
    return Near(left.centre * right.centre, at_most(spread))


def _least(part: Near) -> fmpq:
    """A positive number that the size of the value never falls below."""
    with precision(_BITS):
        ball = abs(to_ball(part.centre)) - to_ball(part.spread)
        if not ball > 0:
            raise UndecidedError("a divisor may be zero")
        top, exponent = ball.lower().man_exp()
    return fmpq(top) * fmpq(2) ** int(exponent)


def _divide(left: Near, right: Near) -> Near:
    # a/b - A/B = (a - A)/b - A*(b - B)/(b*B), where |b| is at least `least` and |B| above it.
    least = _least(right)
    spread = left.spread / least
    spread += at_most(left.centre) * right.spread / (least * (least + right.spread))
    return Near(left.centre / right.centre, at_most(spread))


def _root(part: Near) -> Near:
    if part.spread and compare(part.centre, _ZERO) <= 0:
        raise UndecidedError("a root of what may be negative")
    least = _least(part)
    centre = exact_sqrt(part.centre)
    with precision(_BITS):
        size = part.spread / (to_ball(least).sqrt() + abs(to_ball(centre)))
    return Near(centre, at_most(size))


def _sign_of(part: Near) -> int:
    """The sign that the number certainly has in every period."""
    if part.spread == 0:
        return compare(part.centre, _ZERO)
    order = compare(part.centre, _ZERO)
    if compare(part.centre * order, part.spread) <= 0:
        raise UndecidedError("a sign is not certain while the memory settles")
    return order


def _magnitude(part: Near) -> Near:
    return part if _sign_of(part) >= 0 else _opposite(part)


def _larger(*parts: Near) -> Near:
    best = parts[0]
    for part in parts[1:]:
        best = part if _sign_of(_add(part, _opposite(best))) > 0 else best
    return best


def _smaller(*parts: Near) -> Near:
    return _opposite(_larger(*map(_opposite, parts)))


_RULES: Mapping[str, Callable[..., Near]] = {
    "+": _add,
    "-": lambda left, right: _add(left, _opposite(right)),
    "neg": _opposite,
    "*": _multiply,
    "/": _divide,
    "sqrt": _root,
    "abs": _magnitude,
    "sign": lambda part: Near(fmpq(_sign_of(part))),
    "max": _larger,
    "min": _smaller,
    "relu": lambda part: part if _sign_of(part) > 0 else Near(_ZERO),
    "clip": lambda part, low, high: _smaller(_larger(part, low), high),
}


def _power(node: Apply, known: Mapping[str, Near], clock: Clock) -> Near:
    base = near(node.arguments[0], known, clock)
    try:
        exponent = near(node.arguments[1], known, clock)
    except UndecidedError:
        return _fading(base, node.arguments[1], known, clock)
    if exponent.spread == 0 and base.spread == 0:
        names = {"b": base.centre, "n": exponent.centre}
        return Near(evaluate(Apply("^", (Name("b"), Name("n"))), names))
    power = exponent.centre
    if exponent.spread or not isinstance(power, fmpq) or power.q != 1 or not 0 < power <= 8:
        raise UndecidedError("a power is not followed while it settles")
    product = base
    for _ in range(int(power.p) - 1):
        product = _multiply(product, base)
    return product


def _fading(base: Near, exponent: Node, known: Mapping[str, Near], clock: Clock) -> Near:
    """A power below 1 whose exponent grows by the same amount at each step."""
    values = {name: part.centre for name, part in known.items() if part.spread == 0}
    form = to_affine(exponent, {"t": Affine(_ZERO, {"t": _ONE})}, values)
    growth, first = form.coefficients.get("t", _ZERO), form.at({"t": fmpq(clock.step)})
    if base.spread or compare(base.centre, _ZERO) < 0 or compare(growth, _ZERO) <= 0:
        raise UndecidedError("a power does not fade")
    power = Apply("^", (Name("b"), Name("n")))
    with precision(_BITS):
        factor = evaluate(power, {"b": to_ball(base.centre), "n": growth * clock.period})
        if compare(factor, clock.shrink) > 0:
            raise UndecidedError("a power fades too slowly")
        size = evaluate(power, {"b": to_ball(base.centre), "n": first})
    return Near(_ZERO, at_most(size))


def _holds(node: Node, known: Mapping[str, Near], clock: Clock) -> bool:
    """Whether a condition certainly holds in every period; else it certainly never does."""
    if not isinstance(node, Apply):
        raise UndecidedError("a condition is not certain while the memory settles")
    operator, parts = node.operator, node.arguments
    if operator == "not":
        return not _holds(parts[0], known, clock)
    if operator == "and":
        return all(_holds(part, known, clock) for part in parts)
    if operator == "or":
        return any(_holds(part, known, clock) for part in parts)
    left, right = (near(part, known, clock) for part in parts)
    return RELATIONS[operator](_sign_of(_add(left, _opposite(right))))


def advance(
    motion: Motion, state: Mapping[str, Near], slope: Near, clock: Clock
) -> dict[str, Near]:
    """The position and the memory after one step; raises as `near`."""
    known = assign(motion, state, slope, clock, targets={target for target, _ in motion.step})
    return {name: known[f"{name}'"] for name in ("x", *motion.memory)}


def assign(
    motion: Motion, state: Mapping[str, Near], slope: Near, clock: Clock, *, targets: Set[str]
) -> dict[str, Near]:
    """Everything that is known within a step after these assignments of it; raises as `near`."""
    known = {name: Near(value) for name, value in motion.values.items()}
    known |= {**state, "g": slope}
    for target, tree in motion.step:
        if target not in targets:
            continue
        mean = motion.means.get(target[:-1])
        if mean is not None and target.endswith("'"):
            entry = near(mean.entry, known, clock)
            known[target] = _mix(mean, known[target[:-1]], entry, clock)
        else:
            known[target] = near(tree, known, clock)
    return known


def _mix(mean: Mean, now: Near, entry: Near, clock: Clock) -> Near:
    """`(1 - k)*w + k*e`, where `k = (1 - b)/(1 - b^t)` falls towards `1 - b`."""
    base, gap = mean.base, now.centre - entry.centre
    fade = Apply("^", (Number(base), Name("t")))
    late = at_most(near(fade, {}, clock).spread) if gap != 0 else _ZERO
    first = at_most(base**clock.step) if clock.step < 4000 else at_most(to_ball(base) ** clock.step)
    most = (1 - base) / (1 - first)
    spread = most * entry.spread + base * now.spread + at_most(gap) * late * most
    return Near(entry.centre + base * gap, at_most(spread))

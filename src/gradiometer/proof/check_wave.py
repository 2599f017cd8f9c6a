"""Replays the sign of a sum of waves: a polynomial in sines and cosines of rational rates.

With t = tan(w*x/2) and u = w*x, e^(iku) = (1 + it)^(2k)/(1 + t^2)^k. So such a sum is
N(t)/(1 + t^2)^K for a polynomial N; t runs once through the line in each period, and once through
infinity. Sturm's chain tells the sign of N, and the degree of N what happens at infinity.
"""

from __future__ import annotations

from functools import reduce
from math import comb, gcd
from typing import Any, TypeAlias

from flint import fmpq

from gradiometer.errors import CertificateError
from gradiometer.formula import Apply, Name, Node, Number, free_names, parse, to_text
from gradiometer.proof.check_sturm import End, find_sign
from gradiometer.proof.check_terms import Terms
from gradiometer.proof.check_walk import fields, require

Wave: TypeAlias = "dict[fmpq, tuple[fmpq, fmpq]]"
"""By rate r >= 0 the factors of cos(r*x) and sin(r*x)."""

Swing: TypeAlias = "list[Wave]"
"""Factors of 1, x, x^2, …; the last one is not 0 everywhere."""

_MOST_RATES = 40
_MOST_DEGREE = 80
_MOST_POWER = 12
_MOST_PRODUCTS = 2_000


def check_wave(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept the sign of a sum of waves on the whole line.

    Raises:
        CertificateError: If it is none, or has another sign.
    """
    text, variable = fields(problem, "formula", "variable")
    (sign,) = fields(claim, "sign")
    fields(evidence)
    require(isinstance(text, str) and isinstance(variable, str), "A formula must be a text.")
    tree = parse(text).tree
    require(to_text(tree) == text, "The formula is spelled in another way.")
    swing = read_swing(tree, variable)
    require(len(swing) < 2, "A factor of the formula grows.")
    require(find_word(swing[0] if swing else {}) == sign, "The sign is another one.")


def find_word(wave: Wave) -> str:
    """`positive`, `negative`, `zero`, `nonnegative`, `nonpositive` or `mixed`, as Sturm's chain."""
    top, most = to_tangent(wave)
    if not top:
        return "zero"
    ends = [End(Terms([], []), None, None, side) for side in (-1, 1)]
    word = find_sign(top, [fmpq(1)], ends[0], ends[1], (False, False))
    # A missing power of t is a zero at t = infinity; an odd one goes with another zero.
    touches = len(top) - 1 < most
    return (
        {"positive": "nonnegative", "negative": "nonpositive"}.get(word, word) if touches else word
    )


def find_rate(wave: Wave) -> fmpq:
    """The largest rate of which all others are multiples; 1 for a constant."""
    rates = [rate for rate in wave if rate]
    if not rates:
        return fmpq(1)
    bottom = reduce(lambda a, b: a * b // gcd(a, b), (int(rate.q) for rate in rates))
    return fmpq(reduce(gcd, (int((rate * bottom).p) for rate in rates)), bottom)


def to_tangent(wave: Wave) -> tuple[list[fmpq], int]:
    """The coefficients of N(t), without zeros at the end, and 2K."""
    unit = find_rate(wave)
    turns = {int((rate / unit).p): both for rate, both in wave.items()}
    most = max(turns, default=0)
    require(2 * most <= _MOST_DEGREE, "The rates differ too much.")
    top = [fmpq(0)] * (2 * most + 1)
    for times, (even, odd) in turns.items():
        for power, (real, imaginary) in enumerate(_powers(times)):
            for rest in range(most - times + 1):
                share = comb(most - times, rest) * (even * real + odd * imaginary)
                top[power + 2 * rest] += share
    while top and top[-1] == 0:
        top.pop()
    return top, 2 * most


def _powers(times: int) -> list[tuple[int, int]]:
    """Real and imaginary parts of the coefficients of (1 + it)^(2*times)."""
    units = ((1, 0), (0, 1), (-1, 0), (0, -1))
    return [
        (comb(2 * times, j) * units[j % 4][0], comb(2 * times, j) * units[j % 4][1])
        for j in range(2 * times + 1)
    ]


def read_swing(node: Node, variable: str) -> Swing:
    """The formula as a polynomial in the variable whose factors are sums of waves.

    Raises:
        CertificateError: If it is none, with rational numbers throughout.
    """
    if isinstance(node, Number):
        return _tidied([{fmpq(0): (node.value, fmpq(0))}])
    if isinstance(node, Name) and node.name == variable:
        return [{}, {fmpq(0): (fmpq(1), fmpq(0))}]
    if not isinstance(node, Apply):
        raise _no_swing()
    if node.operator in {"sin", "cos"}:
        return _read_wave(node.operator, read_swing(node.arguments[0], variable))
    if node.operator == "^":
        base, power = node.arguments
        return _raised(base, power, variable)
    parts = [read_swing(part, variable) for part in node.arguments]
    if node.operator in {"+", "-"}:
        return add(parts[0], parts[1] if node.operator == "+" else _scaled(parts[1], fmpq(-1)))
    if node.operator == "neg":
        return _scaled(parts[0], fmpq(-1))
    if node.operator == "*":
        return multiply(*parts)
    if node.operator == "/" and variable not in free_names(node.arguments[1]):
        under = _number(parts[1])
        if under:
            return _scaled(parts[0], 1 / under)
    raise _no_swing()


def _raised(base: Node, power: Node, variable: str) -> Swing:
    if not isinstance(power, Number) or power.value.q != 1 or not 0 <= power.value <= _MOST_POWER:
        raise _no_swing()
    parts = [read_swing(base, variable)] * int(power.value.p)
    return reduce(multiply, parts, [{fmpq(0): (fmpq(1), fmpq(0))}])


def _read_wave(kind: str, inside: Swing) -> Swing:
    """sin(r*x) or cos(r*x) for a rational r."""
    rate = _number(inside[1:]) if len(inside) == 2 and not inside[0] else None
    if not inside:
        return _tidied([{fmpq(0): (fmpq(kind == "cos"), fmpq(0))}])
    if rate is None:
        raise _no_swing()
    if kind == "cos":
        return [{abs(rate): (fmpq(1), fmpq(0))}]
    return [{abs(rate): (fmpq(0), fmpq(1 if rate > 0 else -1))}]


def _number(swing: Swing) -> fmpq | None:
    """The rational that it is; None when it moves."""
    if not swing:
        return fmpq(0)
    return swing[0][fmpq(0)][0] if len(swing) == 1 and set(swing[0]) == {fmpq(0)} else None


def add(left: Swing, right: Swing) -> Swing:
    """The sum."""
    total: Swing = [dict(wave) for wave in left]
    total += [{} for _ in range(len(right) - len(left))]
    for place, wave in enumerate(right):
        for rate, (even, odd) in wave.items():
            _put(total[place], rate, even, odd)
    return _tidied(total)


def multiply(left: Swing, right: Swing) -> Swing:
    """The product: two waves make two waves of the sum and the difference of their rates."""
    sizes = [sum(map(len, swing)) for swing in (left, right)]
    if sizes[0] * sizes[1] > _MOST_PRODUCTS:
        raise _no_swing()
    total: Swing = [{} for _ in range(max(len(left) + len(right) - 1, 0))]
    half = fmpq(1, 2)
    for place, wave in enumerate(left):
        for other, factor in enumerate(right):
            goal = total[place + other]
            for p, (a, b) in wave.items():
                for q, (c, d) in factor.items():
                    _put(goal, p - q, half * (a * c + b * d), half * (b * c - a * d))
                    _put(goal, p + q, half * (a * c - b * d), half * (b * c + a * d))
    if any(len(wave) > _MOST_RATES for wave in total) or len(total) > _MOST_DEGREE:
        raise _no_swing()
    return _tidied(total)


def _put(wave: Wave, rate: fmpq, even: fmpq, odd: fmpq) -> None:
    """Add even*cos(rate*x) + odd*sin(rate*x) to a wave that is being made."""
    if rate < 0:
        rate, odd = -rate, -odd
    known = wave.get(rate, (fmpq(0), fmpq(0)))
    wave[rate] = (known[0] + even, known[1] + odd if rate else fmpq(0))


def _scaled(swing: Swing, factor: fmpq) -> Swing:
    return [{rate: (a * factor, b * factor) for rate, (a, b) in wave.items()} for wave in swing]


def _tidied(swing: Swing) -> Swing:
    kept = [{r: both for r, both in wave.items() if both[0] or both[1]} for wave in swing]
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _no_swing() -> CertificateError:
    return CertificateError("The formula is no polynomial in waves of rational rates.")

"""Replays what a function does that swings for ever: its period, bounds, signs and far ends.

The function is f(x) = w0(x) + w1(x)*x + … + wn(x)*x^n on the whole line, with sums of waves w of
rational rates, one of them not constant. The functions x^k*cos(r*x) and x^k*sin(r*x) are linearly
independent, so f is no polynomial, and neither is a derivative of it.

For n = 0 all is decided on one period, and every bound is a value. For n > 0 the factor wn, which
repeats, decides far out: where it keeps a value c for ever, x^n*c leaves the other terms behind.
"""

from __future__ import annotations

from typing import Any

from flint import arb, fmpq, fmpq_poly

from gradiometer.errors import CertificateError
from gradiometer.formula import (
    Constant,
    Node,
    Number,
    apply,
    compare_nodes,
    number,
    precision,
    tidy,
)
from gradiometer.proof.check_course import BITS, read_course, read_exact, read_pair
from gradiometer.proof.check_sturm import End, find_sign
from gradiometer.proof.check_terms import Terms
from gradiometer.proof.check_walk import fields, read_rational, require
from gradiometer.proof.check_wave import (
    Swing,
    Wave,
    add,
    find_rate,
    find_word,
    read_swing,
    to_tangent,
)

_ORDERS = 3
_LONGEST = 1000
"""Characters of a bound; the chains of Sturm grow with its digits."""
_UP = {"positive", "nonnegative", "mixed"}
"""Signs of what is above 0 somewhere."""
_DOWN = {"negative", "nonpositive", "mixed"}
_TOUCHES = {-1: "nonnegative", 1: "nonpositive"}
"""The sign of what is left when the least (-1) or greatest (1) value is taken away."""
_AWAY = {-1: "positive", 1: "negative"}
_BEYOND = {-1: _DOWN, 1: _UP}


def check_swing(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept the course of a function that swings, and of its first two derivatives.

    Raises:
        CertificateError: If the formula is none of that kind, or does something else.
    """
    swing = read_swinging(*fields(problem, "formula", "variable"))
    period, course, *places = fields(claim, "period", "course", "lower_at", "upper_at")
    tangents = fields(evidence, "lower_at", "upper_at")
    _check_period(swing, period)
    require(isinstance(course, list) and len(course) == _ORDERS, "There are other derivatives.")
    for way, at, tangent, side in zip((-1, 1), places, tangents, ("lower", "upper"), strict=True):
        require((at is None) == (tangent is None), "A place has a tangent, and nothing else has.")
        if at is not None:
            check_place(swing, way, course[0].get(side), (at, tangent))
    for row in course:
        _check_row(swing, row)
        swing = slope_of(swing)


def read_swinging(text: Any, variable: Any) -> Swing:
    """The factors of 1, x, x^2, … of a formula that swings on the whole line.

    Raises:
        CertificateError: If it is cut, is no such formula, or is a polynomial.
    """
    pieces = read_course(text, variable).pieces
    on = pieces[0].on
    whole = len(pieces) == 1 and on.lower is None and on.upper is None
    require(whole, "The function is not one formula on the whole line.")
    swing = read_swing(pieces[0].formula, variable)
    require(any(rate for wave in swing for rate in wave), "The function swings in no way.")
    return swing


def slope_of(swing: Swing) -> Swing:
    """The derivative, by the product rule: (x^k*w)' = k*x^(k-1)*w + x^k*w'."""
    lowered = [
        {rate: (place * a, place * b) for rate, (a, b) in wave.items()}
        for place, wave in enumerate(swing)
    ][1:]
    moved = [
        {rate: (rate * b, -rate * a) for rate, (a, b) in wave.items() if rate} for wave in swing
    ]
    return add(lowered, moved)


def word_of(swing: Swing) -> str | None:
    """The sign of the swing on the whole line; None where powers of x leave it open."""
    if len(swing) == 1:
        return find_word(swing[0])
    return "mixed" if all(is_endless(swing, way) for way in (-1, 1)) else None


def is_endless(swing: Swing, way: int) -> bool:
    """Whether it certainly has values beyond every bound, below (way -1) or above (way 1)."""
    if len(swing) == 1:
        return False
    signs = {1: _UP, -1: _DOWN}
    word = find_word(swing[-1])
    # An odd power of x turns the sign on the left.
    return word in signs[way] or (len(swing) % 2 == 0 and word in signs[-way])


def far_end(swing: Swing, side: int) -> str | None:
    """`oo`, `-oo` or `none` (no limit, not even an infinite one) far out; None where it is open."""
    if len(swing) == 1:
        # What repeats and is not constant has no limit.
        return "none"
    word = find_word(swing[-1])
    if word == "mixed":
        return "none"
    if word not in ("positive", "negative"):
        return None
    sign = (1 if word == "positive" else -1) * side ** (len(swing) - 1)
    return "oo" if sign > 0 else "-oo"


def place_of(wave: Wave, tangent: fmpq | None) -> Node:
    """The x in one period about 0 with tan(rate*x/2) = tangent; None is infinity."""
    rate = find_rate(wave)
    if tangent is None:
        return tidy(apply("*", number(1 / rate), Constant("pi")))
    if tangent == 0:
        return number(0)
    if abs(tangent) == 1:
        return tidy(apply("*", number(tangent / (2 * rate)), Constant("pi")))
    return tidy(apply("*", number(2 / rate), apply("atan", number(tangent))))


def _check_period(swing: Swing, claimed: Any) -> None:
    """What grows is not bounded, so it has no period; a sum of waves has one Fourier series."""
    if len(swing) > 1 or claimed is None:
        require(len(swing) > 1 and claimed is None, "There is a period only where no power is.")
        return
    period = apply("*", number(2 / find_rate(swing[0])), Constant("pi"))
    require(compare_nodes(read_exact(claimed), tidy(period)) == 0, "The period is another one.")


def _check_row(swing: Swing, row: Any) -> None:
    sign, lower, upper, left, right = fields(row, "sign", "lower", "upper", "left", "right")
    require(sign == word_of(swing), "The sign is another one.")
    require([left, right] == [far_end(swing, side) for side in (-1, 1)], "It ends otherwise.")
    for way, bound in ((-1, lower), (1, upper)):
        if len(swing) > 1:
            word = "oo" if way > 0 else "-oo"
            known = word if is_endless(swing, way) else None
            require(bound == known, "What grows has other bounds.")
        elif bound is not None:
            _check_bound(swing[0], way, bound)


def _check_bound(wave: Wave, way: int, bound: Any) -> None:
    """The least or greatest value, exactly or between two rationals."""
    require(len(str(bound)) <= _LONGEST, "A bound has too many digits.")
    if not isinstance(bound, list):
        word = find_word(_lowered(wave, _read_number(bound)))
        require(word == _TOUCHES[way], "A bound is no value, or not the furthest one.")
        return
    inner, outer = read_pair(bound)[::way]
    require(find_word(_lowered(wave, outer)) == _AWAY[way], "A value lies beyond the bound.")
    word = find_word(_lowered(wave, inner))
    require(word in _BEYOND[way] or word == _TOUCHES[way], "No value is as far as the bound.")


def _read_number(text: Any) -> fmpq:
    node = read_exact(text)
    if not isinstance(node, Number):
        raise CertificateError("An exact bound is rational.")
    return node.value


def _lowered(wave: Wave, value: fmpq) -> Wave:
    lowered = add([wave], [{fmpq(0): (-value, fmpq(0))}])
    return lowered[0] if lowered else {}


def check_place(swing: Swing, way: int, bound: Any, place: tuple[Any, Any]) -> None:
    """Accept where the least (way -1) or greatest (way 1) value is, given that *bound* is it.

    Args:
        swing: Factors of which only the first may be there.
        way: Which of the two values.
        bound: The value as a row claims it.
        place: The place, and the tangent of half of rate times it: exact or `oo` where the value
            is exact, else between two rationals.

    Raises:
        CertificateError: If the value is not there.
    """
    require(len(swing) == 1 and bound is not None, "Only a value that is known has a place.")
    at, tangent = place
    require(len(str(tangent)) <= _LONGEST, "A tangent has too many digits.")
    if isinstance(bound, list):
        _check_between(swing[0], way, read_pair(bound), (read_pair(at), read_pair(tangent)))
        return
    exact = None if tangent == "oo" else read_rational(tangent)
    there = compare_nodes(read_exact(at), place_of(swing[0], exact)) == 0
    require(there, "The tangent is of another place.")
    top, most = to_tangent(swing[0])
    value = top[most] if len(top) > most else fmpq(0)
    if exact is not None:
        value = fmpq_poly(top)(exact) / (1 + exact * exact) ** (most // 2)
    require(value == _read_number(bound), "The function has another value there.")


def _check_between(
    wave: Wave, way: int, bound: tuple[fmpq, fmpq], place: tuple[tuple[fmpq, fmpq], Any]
) -> None:
    """All values of one period that are as far as the bound have their tangents in the pair."""
    at, (low, high) = place
    inner, _ = bound[::way]
    top, most = to_tangent(_lowered(wave, inner))
    require(len(top) - 1 == most, "The value at the end of the period is as far as the bound.")
    # An even function has each of its values on the right.
    is_even = low > 0 and not any(odd for _, odd in wave.values())
    terms = Terms([], [])
    start = End(terms, number(0) if is_even else None, None, -1)
    stop, begin = End(terms, number(low), None, 1), End(terms, number(high), None, -1)
    sides = ((start, stop, (is_even, True)), (begin, End(terms, None, None, 1), (True, False)))
    for lower, upper, closed in sides:
        word = find_sign(top, [fmpq(1)], lower, upper, closed)
        require(word == _AWAY[way], "A value elsewhere is as far as the bound.")
    with precision(BITS):
        places = [2 * arb(tangent).atan() / arb(find_rate(wave)) for tangent in (low, high)]
        held = bool(places[0] > at[0] and places[1] < at[1])
    require(held, "The place lies elsewhere.")

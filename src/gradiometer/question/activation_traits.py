"""Facts of `activation` about extrema, symmetry and smoothness."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gradiometer.formula import to_text
from gradiometer.proof import (
    Shape,
    find_extremum,
    find_period,
    find_smoothness,
    is_even_about_zero,
    is_odd_about_zero,
)
from gradiometer.question.activation_words import say, to_fact_value
from gradiometer.question.answer import Fact, proved


def _smoothness(shape: Shape) -> Fact:
    times = find_smoothness(shape)
    if times is None:
        return proved("discontinuous", "It jumps, or has no value for some x.")
    if times == "all":
        return proved("C^oo", "One formula that can be differentiated for ever holds everywhere.")
    if times == 0:
        return proved("C^0", "It is continuous, and its slope jumps at a kink.")
    order = "slope" if times == 1 else f"derivative of order {times}"
    return proved(f"C^{times}", f"Its {order} is continuous, and the next derivative is not.")


def _extremum(way: int, word: str) -> Callable[[Shape], Fact]:
    def describe(shape: Shape) -> Fact:
        found = find_extremum(shape, way)
        if found is None:
            return proved("none", f"There is no {word} value: none of its values is the {word}.")
        value = {"at": to_fact_value(found.at), "value": to_fact_value(found.value)}
        where = f"f(x) = {say(found.value)} at x = {say(found.at)}"
        return proved(value, f"No value is {_OTHER[word]} than {where}.")

    return describe


_OTHER = {"least": "less", "greatest": "greater"}


def _odd(shape: Shape) -> Fact:
    found = is_odd_about_zero(shape)
    return proved(found, f"f(-x) {'is' if found else 'is not'} -f(x) for all x.")


def _even(shape: Shape) -> Fact:
    found = is_even_about_zero(shape)
    return proved(found, f"f(-x) {'is' if found else 'is not'} f(x) for all x.")


def _periodic(shape: Shape) -> Fact:
    period = find_period(shape)
    if period is None:
        return proved("none", "It settles, grows or ends far out, so no least period exists.")
    return proved(period, f"It repeats after {to_text(period)} and after nothing less.")


TRAITS: Mapping[str, Callable[[Shape], Fact]] = {
    "smoothness": _smoothness,
    "minimum": _extremum(-1, "least"),
    "maximum": _extremum(1, "greatest"),
    "odd": _odd,
    "even": _even,
    "periodic": _periodic,
}
"""What makes each fact, in reading order."""

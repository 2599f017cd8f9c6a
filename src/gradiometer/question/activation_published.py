"""The fact `published_gains`: constants from libraries and papers beside the certified ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Node, apply, cancel, is_zero, precision
from gradiometer.model import Activation, Published
from gradiometer.proof import Mean
from gradiometer.question.activation_known import (
    Known,
    combine_known,
    settle_known,
    to_known_ball,
)
from gradiometer.question.answer import Fact, proved

_BITS = 256
_MOST_DIGITS = 17
"""Digits of a float64, in which the constants are published."""

_MEANINGS: Mapping[str, tuple[str, str]] = {
    "second_moment": ("1/sqrt(E f(z)^2)", "sqrt(q/second)"),
    "deviation": ("1/sqrt(Var f(z))", "sqrt(q/(second - mean^2))"),
    "root": ("sqrt(E f(z)^2)", "sqrt(second)"),
}
"""What a constant may be meant as: in words, and as a formula of the means."""


def compare_published(model: Activation, find: Callable[[Mean], Known], *, variance: fmpq) -> Fact:
    """Each published constant, what it is meant as, what that is, and how many digits are right.

    Args:
        model: The function.
        find: The certified means.
        variance: The variance of the normal number.

    Raises:
        UndecidedError: If a mean is not certified.
    """
    if variance != 1:
        return proved([], "Published constants are for z ~ N(0, 1).")
    rows = [_compare(published, find) for published in _list_published(model)]
    if not rows:
        return proved([], "The catalogue knows of no published constant for it.")
    wrong = [row["source"] for row in rows if _is_off(row)]
    because = "Each published constant less the certified value of what it is meant as"
    said = f"{', '.join(wrong)} differ" + "s" * (len(wrong) == 1) if wrong else "none differs"
    return proved(rows, f"{because}; {said} by more than rounding.")


def _is_off(row: Mapping[str, Any]) -> bool:
    right, written = row["right_digits"], row["digits"]
    return right != "all" and (written == "exact" or right < written)


def _list_published(model: Activation) -> list[Published]:
    torch = model.gain_torch
    own = [] if torch is None else [Published("pytorch_nn", torch, "second_moment", "")]
    return [*own, *model.published]


def _compare(published: Published, find: Callable[[Mean], Known]) -> dict[str, Any]:
    words, formula = _MEANINGS[published.of]
    values: dict[str, Known] = {"second": find("square")}
    if published.of == "deviation":
        values["mean"] = find("value")
    if published.of != "root":
        values["q"] = fmpq(1)
    certified = combine_known(formula, **values)
    value = settle_known(published.value)
    difference = _subtract(value, certified)
    return {
        "source": published.source,
        "value": value,
        "means": words,
        "certified": certified,
        "difference": difference,
        "digits": _count_written(published),
        "right_digits": _count_right(difference, certified),
    }


def _subtract(published: Known, certified: Known) -> Known:
    found = combine_known("published - certified", published=published, certified=certified)
    return fmpq(0) if not isinstance(found, fmpq | arb) and _is_nothing(found) else found


def _is_nothing(node: Node) -> bool:
    try:
        return is_zero(node) or is_zero(cancel(apply("*", node, node)))
    except UndecidedError:
        return False


def _count_written(published: Published) -> int | str:
    """The significant digits of a decimal; a formula or a quotient is exact."""
    digits = published.text.replace(".", "").lstrip("0")
    return len(digits) if digits.isdigit() and "." in published.text else "exact"


def _count_right(difference: Known, certified: Known) -> int | str:
    """How many digits stay when the difference is at most half a unit of the last of them."""
    if isinstance(difference, fmpq) and difference == 0:
        return "all"
    with precision(_BITS):
        gap, size = abs(to_known_ball(difference)), abs(to_known_ball(certified))
        power = math.floor(math.log10(float(size)))
        units = (arb(10) ** (power - place) for place in range(_MOST_DIGITS))
        return sum(1 for unit in units if 2 * gap <= unit)

"""Facts about a function of a normal number: means, gain, and how gradients grow when deep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    Node,
    Number,
    apply,
    cancel,
    compare,
    number,
    precision,
    to_text,
)
from gradiometer.model import Activation
from gradiometer.proof import Mean, Moment, Shape, find_moment
from gradiometer.question.activation_known import (
    Known,
    combine_known,
    is_known_zero,
    settle_known,
    to_known_ball,
)
from gradiometer.question.activation_published import compare_published
from gradiometer.question.answer import Fact, proved, unknown

MOMENT_FACTS = (
    "dead_fraction",
    "mean",
    "second_moment",
    "variance",
    "slope_second_moment",
    "gain",
    "gain_torch",
    "published_gains",
    "chi",
    "critical_weight_variance",
)
"""The facts about a normal input, in reading order."""

_DEEP = "at infinite width, at initialisation"
_BITS = 256


def list_moments(
    model: Activation, shape: Shape, variance: fmpq
) -> tuple[dict[str, Fact], list[Mapping[str, Any]]]:
    """The facts about z with the normal law of mean 0 and that variance, and their certificates."""
    means = _Means(model, shape, variance)
    facts: dict[str, Fact] = {}
    for name in MOMENT_FACTS:
        try:
            facts[name] = _FACTS[name](means)
        except UndecidedError as error:
            facts[name] = unknown(f"Not decided: {error}.")
    return facts, means.certificates


@final
class _Means:
    """The means of one function, each computed once."""

    def __init__(self, model: Activation, shape: Shape, variance: fmpq) -> None:
        self.model, self.variance = model, variance
        self.law = f"N(0, {variance})"
        self.certificates: list[Mapping[str, Any]] = []
        self._shape = shape
        self._find = cache(self._compute)

    def find(self, of: Mean) -> Known:
        """The mean, as exactly as it is known.

        Raises:
            UndecidedError: If it is not certified.
        """
        found = self._find(of)
        if isinstance(found, UndecidedError):
            raise found
        return found.value

    def _compute(self, of: Mean) -> Moment | UndecidedError:
        try:
            found = find_moment(self._shape, self.model.tree, of, variance=self.variance)
        except UndecidedError as error:
            return error
        except (GradiometerError, ArithmeticError) as error:
            return UndecidedError(f"the integral cannot be taken ({error})")
        self.certificates.append(found.certificate)
        return found


def _dead_fraction(means: _Means) -> Fact:
    value = means.find("dead")
    because = f"The share of all z ~ {means.law} on stretches where the slope is 0 throughout."
    return proved(value, because)


def _how(value: Known) -> str:
    if isinstance(value, arb):
        return "an integral of which 30 digits are certified"
    return "exactly"


def _mean(means: _Means) -> Fact:
    value = means.find("value")
    return proved(value, f"The mean of f(z) for z ~ {means.law}, {_how(value)}.")


def _second_moment(means: _Means) -> Fact:
    value = means.find("square")
    return proved(value, f"The mean of f(z)^2 for z ~ {means.law}, {_how(value)}.")


def _slope_second_moment(means: _Means) -> Fact:
    value = means.find("slope_square")
    because = f"The mean of f'(z)^2 for z ~ {means.law}, {_how(value)}; joints have probability 0."
    return proved(value, because)


def _variance(means: _Means) -> Fact:
    value = combine_known("second - mean^2", second=means.find("square"), mean=means.find("value"))
    return proved(value, "The second moment less the square of the mean.")


def _gain(means: _Means) -> Fact:
    second = means.find("square")
    if is_known_zero(second):
        return proved("none", "f(z)^2 has mean 0, so no factor keeps the variance.")
    top = "1" if means.variance == 1 else "q"
    value = _find_gain(means)
    because = (
        f"sqrt({top}/E f(z)^2), from the second moment and not the standard deviation: weights "
        f"drawn with this factor keep the second moment of z at {means.variance}, {_DEEP}."
    )
    return proved(value, f"{because}{_by_deviation(means)}")


def _find_gain(means: _Means) -> Known:
    return combine_known("sqrt(q/second)", q=means.variance, second=means.find("square"))


def _by_deviation(means: _Means) -> str:
    """What the gain would be by the standard deviation, where that is another number."""
    try:
        mean = means.find("value")
    except UndecidedError:
        return ""
    if is_known_zero(mean):
        return ""
    parts = {"q": means.variance, "second": means.find("square"), "mean": mean}
    try:
        if is_known_zero(_variance(means).value):
            return " The standard deviation is 0 and gives none."
        other = combine_known("sqrt(q/(second - mean^2))", **parts)
    except UndecidedError:
        return ""
    if _digits(other) == _digits(_find_gain(means)):
        return ""
    return f" By the standard deviation it would be {_digits(other)}, as the mean is not 0."


def _digits(value: Known) -> str:
    return f"{float(to_known_ball(value)):.10g}"


def _gain_torch(means: _Means) -> Fact:
    named = means.model.gain_torch
    if named is None:
        missing = "torch.nn.init.calculate_gain has no entry for it"
        return proved("none", f"{missing}; only functions of the catalogue are looked up.")
    value = settle_known(named)
    because = f"torch.nn.init.calculate_gain returns {to_text(named)}"
    if means.variance != 1:
        return proved(value, f"{because}, whatever the variance.")
    try:
        gain = _find_gain(means)
        with precision(_BITS):
            differs = compare(to_known_ball(value), to_known_ball(gain)) != 0
    except UndecidedError:
        if _is_same(means, named):
            return proved(value, f"{because}, which is the gain by the second moment.")
        return proved(value, f"{because}.")
    if differs:
        return proved(
            value,
            f"{because}: a convention (three entries of its table are), not the gain by the "
            f"second moment, which is {_digits(gain)}.",
        )
    return proved(value, f"{because}, which is the gain by the second moment.")


def _is_same(means: _Means, named: Node) -> bool:
    """Whether the gain is exactly the named number."""
    second = means.find("square")
    return isinstance(second, fmpq) and cancel(apply("^", named, number(2))) == Number(1 / second)


def _published_gains(means: _Means) -> Fact:
    return compare_published(means.model, means.find, variance=means.variance)


def _chi(means: _Means) -> Fact:
    second = means.find("square")
    if is_known_zero(second):
        return proved("none", "f(z)^2 has mean 0, so no weights keep the variance.")
    slope = means.find("slope_square")
    value = combine_known("q*slope/second", q=means.variance, slope=slope, second=second)
    ball = to_known_ball(value)
    word = "keep their size" if value == 1 else "grow" if ball > 1 else "shrink" if ball < 1 else ""
    grow = f" Gradients {word} from layer to layer." if word else ""
    top = "E f'(z)^2/E f(z)^2" if means.variance == 1 else "q*E f'(z)^2/E f(z)^2"
    return proved(
        value,
        f"{top}: the mean factor on squared gradients in each layer when the gain keeps the "
        f"variance of z ~ {means.law} and there are no biases, {_DEEP}.{grow}",
    )


def _critical_weight_variance(means: _Means) -> Fact:
    slope = means.find("slope_square")
    if is_known_zero(slope):
        return proved("none", "The slope is 0 almost everywhere, so no weights pass a gradient on.")
    return proved(
        combine_known("1/slope", slope=slope),
        f"1/E f'(z)^2: with this variance of the weights (times the width) squared gradients keep "
        f"their size where z ~ {means.law}, {_DEEP}.",
    )


_FACTS: Mapping[str, Callable[[_Means], Fact]] = {
    "dead_fraction": _dead_fraction,
    "mean": _mean,
    "second_moment": _second_moment,
    "variance": _variance,
    "slope_second_moment": _slope_second_moment,
    "gain": _gain,
    "gain_torch": _gain_torch,
    "published_gains": _published_gains,
    "chi": _chi,
    "critical_weight_variance": _critical_weight_variance,
}

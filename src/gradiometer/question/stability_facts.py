"""What a proved set of safe values says, as facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flint import arb

from gradiometer.formula import Exact, precision, to_ball, to_float, to_text
from gradiometer.proof import Rate, Stability
from gradiometer.question.answer import Fact, proved
from gradiometer.question.stability_read import Request
from gradiometer.question.value import INFINITY, Bounds, to_value_text

_BITS = 256

_LATE = 10**9
"""A step from which on conditions on the step count are settled."""

_WORDS = {"flip": "flip", "fold": "fold", "pair": "oscillation", "pole": "pole"}
"""The names that the field has for how a point of rest is lost."""

_MEANINGS = {
    "flip": "a multiplier is -1 there: beyond it the run jumps from side to side, ever farther",
    "fold": "a multiplier is 1 there: beyond it the run creeps away to one side",
    "oscillation": "two complex multipliers have the size 1 there: beyond it the run swings about "
    "the point in growing waves",
    "pole": "the rule has no value there",
    "none": "nothing is lost inside the domain",
}


def to_number(ends: Any) -> Exact:
    """A number between two ends: the rational, or a ball."""
    if ends.lower == ends.upper:
        return ends.lower
    with precision(_BITS):
        return to_ball((ends.lower + ends.upper) / 2) + arb(
            0, arb((ends.upper - ends.lower) / 2).abs_upper()
        )


def to_place(request: Request, numbers: Sequence[Any]) -> Any:
    """The number itself in one variable, else each under the name of its variable."""
    if len(numbers) == 1:
        return numbers[0]
    return dict(zip(request.objective.variables, numbers, strict=True))


def list_facts(request: Request, found: Stability) -> dict[str, Fact]:
    """All facts that the certificate proves."""
    name = request.subject.parameter
    facts: dict[str, Fact] = {}
    facts["critical"] = _critical_fact(name, found)
    facts["condition"] = proved(
        describe_condition(request, found),
        f"Exactly then all multipliers lie inside the unit circle, so that {_reach(found)}.",
    )
    facts["safe"] = proved(
        list_safe(found), f"All `{name}` in the domain for which the run returns to the point."
    )
    facts["loss"] = _loss_fact(found)
    facts |= _rate_facts(name, found.rates)
    facts["at"] = proved(
        to_place(request, [to_number(ends) for ends in found.rest.place]),
        "Where the rule rests, so that a run that starts there stays.",
    )
    curvatures = [to_number(ends) for ends in found.rest.curvatures]
    facts["curvature"] = proved(
        curvatures[0] if len(curvatures) == 1 else curvatures,
        "`lambda`: the slope of the gradient there."
        if len(request.objective.variables) == 1
        else "`lambda`: the eigenvalues of the second derivatives there, each once.",
    )
    facts["assumed"] = proved(*_assumed(request))
    return facts


def _reach(found: Stability) -> str:
    if found.is_affine:
        return "the run returns from close by, on a parabola from everywhere"
    return "the run returns from close by"


def _critical_fact(name: str, found: Stability) -> Fact:
    if not found.spans:
        said = f"No `{name}` is safe: some multiplier lies outside the unit circle for all of them."
        return proved("none", said)
    lower, upper = found.spans[0]
    losses = found.losses[0]
    if upper is not None and losses[1] != "domain":
        word = to_word(losses[1])
        return proved(to_number(upper), f"The end of the safe `{name}`: {_mean(word)}.")
    if losses[0] != "domain":
        word = to_word(losses[0])
        said = f"Safe is every `{name}` above: {_mean(word).replace('beyond', 'below')}."
        return proved(to_number(lower), said)
    return proved(INFINITY, f"Every `{name}` in its domain is safe.")


def to_word(loss: str) -> str:
    """How a point of rest is lost, in the words of the field."""
    words = [_WORDS[part] for part in loss.split("+") if part in _WORDS]
    return " and ".join(words) or "none"


def _mean(word: str) -> str:
    return "; ".join(_MEANINGS[part] for part in word.split(" and "))


def _loss_fact(found: Stability) -> Fact:
    if not found.spans:
        return proved("none", "Nothing is safe, so nothing is lost.")
    losses = found.losses[0]
    word = to_word(losses[1] if losses[1] != "domain" else losses[0])
    meaning = _mean(word)
    return proved(word, f"{meaning[0].upper()}{meaning[1:]}.")


def list_safe(found: Stability) -> list[Bounds]:
    """The open intervals of safe values."""
    return [
        Bounds(to_number(a), INFINITY if b is None else to_number(b), False, False)
        for a, b in found.spans
    ]


def describe_condition(request: Request, found: Stability) -> str:
    """The safe values as a condition on the parameter, with formulas where there are some."""
    name = request.subject.parameter
    if not found.spans:
        return f"no {name}"
    parts: list[str] = []
    for index, ((lower, upper), losses) in enumerate(zip(found.spans, found.losses, strict=True)):
        forms = {form.side: to_text(form.tree) for form in found.forms if form.span == index}
        text = name
        if losses[0] != "domain":
            text = f"{forms.get('from') or to_value_text(to_number(lower))} < {text}"
        if losses[1] != "domain" and upper is not None:
            text = f"{text} < {forms.get('to') or to_value_text(to_number(upper))}"
        parts.append(text if text != name else f"every {name}")
    return " or ".join(parts)


def _rate_facts(name: str, rates: Sequence[Rate]) -> dict[str, Fact]:
    asked, *others = rates
    value = {"stable": True, "unstable": False, "edge": "edge"}[asked.word]
    said = {
        "stable": "the distance from the point shrinks in the long run",
        "unstable": "from almost everywhere close by the run moves away from the point",
        "edge": "a multiplier lies exactly on the unit circle, and the linear part does not decide",
    }[asked.word]
    facts = {
        "stable": proved(value, f"At {name} = {asked.value} {said}."),
        "multipliers": proved(
            [_spell_multiplier(z) for z in asked.multipliers],
            f"By what one step multiplies the distance from the point, at {name} = {asked.value}.",
        ),
        "growth": proved(
            asked.growth,
            "The size of the largest multiplier: the factor by which the distance finally changes "
            "at each step.",
        ),
    }
    for word, rate in zip(("below", "above"), others, strict=False):
        row = {"rate": rate.value, "growth": rate.growth, "is": rate.word}
        said = f"One hundredth {word} the critical value the multipliers are "
        facts[word] = proved(row, f"{said}{describe_multipliers(rate)}.")
    return facts


def _spell_multiplier(z: Any) -> Any:
    if z.is_real:
        return z.real
    with precision(_BITS):
        return {"real": z.real, "imaginary": z.imaginary, "size": z.size}


def describe_multipliers(rate: Rate) -> str:
    """The multipliers in a sentence."""
    parts = []
    for z in rate.multipliers:
        real, imaginary = to_float(z.real), to_float(z.imaginary)
        parts.append(f"{real:.6g}" if z.is_real else f"{real:.6g}{imaginary:+.6g}i")
    return ", ".join(parts)


def _assumed(request: Request) -> tuple[str, str]:
    """What the linear part stands on."""
    held = request.subject.held
    parts = [f"{name} held at {value}" for name, value in held.items()]
    said = "what is held does not change" if held else ""
    if "t" in request.subject.rule.settled(_LATE).reads:
        parts.insert(0, "after many steps")
        said = "what depends on the step count stands at its limit" + (
            f", and {said}" if said else ""
        )
    if not parts:
        return "nothing", "The rule is the same at every step, and all of its state is free."
    return ", ".join(parts), f"{said[0].upper()}{said[1:]}."

"""The question `activation`: what a function is like behind every unit of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flint import fmpq

from gradiometer.errors import Place, UndecidedError, UsageError
from gradiometer.formula import Piecewise, parse_number, to_piecewise, to_rational_text, to_text
from gradiometer.model import Activation, read_activation, to_setting_text
from gradiometer.proof import Shape, combine
from gradiometer.question.activation_compare import read_others, set_side_by_side
from gradiometer.question.activation_facts import FACTS, describe_formula
from gradiometer.question.activation_mean_field import (
    MEAN_FIELD_FACTS,
    Deep,
    describe_deep,
    list_mean_field,
    read_deep,
)
from gradiometer.question.activation_moments import MOMENT_FACTS, list_moments
from gradiometer.question.activation_proofs import certify
from gradiometer.question.activation_reasons import list_reason_fact
from gradiometer.question.activation_solve import Wish, read_wish, solve_wish
from gradiometer.question.activation_status import keep_proved
from gradiometer.question.activation_steps import list_arrays, list_steps
from gradiometer.question.activation_verdict import judge
from gradiometer.question.answer import Answer, Fact, unknown

_VARIABLE = "x"
_LEAST = fmpq(1, 10**6)
"""The smallest variance of a normal input; its inverse is the largest one."""


def activation(
    formula: str | Mapping[str, Any],
    *,
    set: Mapping[str, Any] | None = None,
    variance: str | int | fmpq = "1",
    weight_variance: str | int | fmpq | None = None,
    bias_variance: str | int | fmpq | None = None,
    compare: str | Sequence[str] = (),
    want: Mapping[str, Any] | None = None,
    solve: str | Sequence[str] = (),
) -> Answer:
    """What the function is like as an activation, and whether it is suitable.

    Args:
        formula: A formula in `x`, or a catalogue name.
        set: Values of its parameters.
        variance: The variance of the normal input over which means are taken.
        weight_variance: For a deep network: the variance of its weights times the width.
        bias_variance: For a deep network: the variance of its biases.
        compare: Other functions to set beside it: formulas or catalogue names, with defaults.
        want: Values of facts about a normal input, such as the gain, that its parameters shall
            give.
        solve: As many parameters, which *set* gives no value but may give a range such as `1:2`.

    Returns:
        Facts from `formula` to `suitable`, then those about a normal input and, with the two
        variances, about a deep network; what cannot be proved is `unknown`.
        With *want*, first the parameters that give it; the other facts are about the function
        with these parameters when there is exactly one choice of them.
        Arrays `x`, `f` and `slope` for a picture.

    Raises:
        FormulaError: If the formula cannot be read.
        UsageError: If a parameter has no value or is not known, or the variance is not positive,
            or only one variance of a deep network is given.

    Example:
        >>> answer = activation("max(x,0)+0.1*min(x,0)")
        >>> answer.facts["affine"].value, answer.facts["suitable"].value
        (False, True)
    """
    others, wish = read_others(compare), read_wish(formula, set, want, solve)
    deeper: dict[str, Any] = {"weight_variance": weight_variance, "bias_variance": bias_variance}
    if wish is not None:
        if others:
            raise UsageError("`compare` and `solve` are asked one after the other.")
        return _invert(formula, wish, variance=variance, **deeper)
    if others:
        first = activation(formula, set=set, variance=variance, **deeper)
        answers = {name: activation(name, variance=variance) for name in others}
        return set_side_by_side(first, read_activation(formula, settings=set), answers)
    model = read_activation(formula, settings=set)
    law, deep = _read_variance(variance), read_deep(weight_variance, bias_variance)
    inputs = {
        "formula": formula,
        "set": {name: to_setting_text(value) for name, value in model.parameters.items()},
        "variance": to_rational_text(law),
        **describe_deep(deep),
    }
    try:
        function = to_piecewise(model.tree, _VARIABLE)
    except UndecidedError as error:
        return _without_pieces(model, inputs, error, deep)
    if not function.pieces:
        nowhere = f"`{to_text(model.tree)}` has no value for any x."
        return _without_stretch(model, inputs, deep, nowhere)
    if all(piece.on.is_point for piece in function.pieces):
        sparse = f"`{to_text(model.tree)}` has values at single points only."
        return _without_stretch(model, inputs, deep, sparse)
    return _answer(model, inputs, function, law, deep)


def _invert(
    formula: str | Mapping[str, Any], wish: Wish, *, variance: Any, **deeper: Any
) -> Answer:
    """The parameters that are wanted, and the facts at them when there is one choice only."""
    law = _read_variance(variance)
    solved = solve_wish(wish, law)
    given = {"formula": formula, **wish.inputs, "variance": to_rational_text(law)}
    if solved.settings is None:
        inputs = {**given, **describe_deep(read_deep(*deeper.values()))}
        certificate = combine([solved.certificate])
        return Answer("activation", inputs, solved.facts, solved.steps, certificate=certificate)
    at = activation(formula, set={**wish.settings, **solved.settings}, variance=variance, **deeper)
    rounded = "The facts after `box` hold for the parameters rounded to 30 digits."
    return replace(
        at,
        inputs={**at.inputs, **given},
        facts={**solved.facts, **at.facts},
        steps=(*solved.steps, *at.steps),
        certificate=combine([solved.certificate, at.certificate]),
        warnings=(*at.warnings, *(() if solved.is_exact else (rounded,))),
    )


def _read_variance(variance: str | int | fmpq) -> fmpq:
    value = parse_number(str(variance), place=Place("--variance"))
    if not _LEAST <= value <= 1 / _LEAST:
        raise UsageError(
            f"The variance {value} is not between {_LEAST} and {1 / _LEAST}.",
            hint="write a positive number such as 1 or 1/2",
        )
    return value


def _answer(
    model: Activation,
    inputs: Mapping[str, Any],
    function: Piecewise,
    variance: fmpq,
    deep: Deep | None,
) -> Answer:
    shape = Shape(function)
    facts: dict[str, Fact] = {"formula": describe_formula(model, function)}
    for name, make in FACTS.items():
        try:
            facts[name] = make(shape)
        except UndecidedError as error:
            facts[name] = unknown(f"Not decided: {error}.")
    facts["suitable"], warnings = judge(shape, facts)
    moments, certificates = list_moments(model, shape, variance)
    if deep is not None:
        more, proofs = list_mean_field(shape, model.tree, deep)
        moments, certificates = moments | more, [*certificates, *proofs]
    certificate = combine([*certify(model, shape), *certificates])
    settled = keep_proved(facts | moments, inputs, certificate)
    return Answer(
        "activation",
        inputs,
        _with_reasons(settled),
        list_steps(model, shape, facts),
        list_arrays(shape),
        certificate,
        warnings=(*model.notes, *warnings),
    )


def _with_reasons(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """The facts with the reasons for and against behind the verdict."""
    names = list(facts)
    place = names.index("suitable") + 1
    rows = list(facts.items())
    return dict([*rows[:place], ("reasons", list_reason_fact(facts)), *rows[place:]])


def _without_pieces(
    model: Activation, inputs: Mapping[str, Any], error: UndecidedError, deep: Deep | None
) -> Answer:
    """The answer when the function cannot be cut into smooth pieces."""
    facts = {"formula": describe_formula(model, None)}
    names = [*FACTS, "suitable", "reasons", *MOMENT_FACTS, *(MEAN_FIELD_FACTS if deep else ())]
    facts |= {name: unknown(f"The pieces are not known: {error}.") for name in names}
    return Answer("activation", inputs, facts, warnings=model.notes)


def _without_stretch(
    model: Activation, inputs: Mapping[str, Any], deep: Deep | None, because: str
) -> Answer:
    """The answer when no interval lies in the domain: nothing can be said of slopes."""
    facts = {"formula": describe_formula(model, None)}
    facts |= {name: unknown(because) for name in FACTS}
    facts["suitable"] = Fact(False, "proved", because)
    names = ["reasons", *MOMENT_FACTS, *(MEAN_FIELD_FACTS if deep else ())]
    facts |= {name: unknown(because) for name in names}
    return Answer("activation", inputs, facts, warnings=model.notes)

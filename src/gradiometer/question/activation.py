"""The question `activation`: what a function is like behind every unit of a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradiometer.errors import UndecidedError
from gradiometer.formula import Piecewise, to_piecewise, to_text
from gradiometer.model import Activation, read_activation, to_setting_text
from gradiometer.proof import Shape
from gradiometer.question.activation_facts import FACTS, describe_formula
from gradiometer.question.activation_proofs import certify
from gradiometer.question.activation_steps import list_arrays, list_steps
from gradiometer.question.activation_verdict import judge
from gradiometer.question.answer import Answer, Fact, unknown

_VARIABLE = "x"


def activation(
    formula: str | Mapping[str, Any],
    *,
    set: Mapping[str, Any] | None = None,
) -> Answer:
    """What the function is like as an activation, and whether it is suitable.

    Args:
        formula: A formula in `x`, or a catalogue name.
        set: Values of its parameters.

    Returns:
        Facts from `formula` to `suitable`; what cannot be proved is `unknown`. Arrays `x`, `f` and
        `slope` for a picture.

    Raises:
        FormulaError: If the formula cannot be read.
        UsageError: If a parameter has no value or is not known.

    Example:
        >>> answer = activation("max(x,0)+0.1*min(x,0)")
        >>> answer.facts["affine"].value, answer.facts["suitable"].value
        (False, True)
    """
    model = read_activation(formula, settings=set)
    inputs = {
        "formula": formula,
        "set": {name: to_setting_text(value) for name, value in model.parameters.items()},
    }
    try:
        function = to_piecewise(model.tree, _VARIABLE)
    except UndecidedError as error:
        return _without_pieces(model, inputs, error)
    if not function.pieces:
        return _without_values(model, inputs)
    return _answer(model, inputs, function)


def _answer(model: Activation, inputs: Mapping[str, Any], function: Piecewise) -> Answer:
    shape = Shape(function)
    facts: dict[str, Fact] = {"formula": describe_formula(model, function)}
    for name, make in FACTS.items():
        try:
            facts[name] = make(shape)
        except UndecidedError as error:
            facts[name] = unknown(f"Not decided: {error}.")
    facts["suitable"], warnings = judge(shape, facts)
    return Answer(
        "activation",
        inputs,
        facts,
        list_steps(model, shape, facts),
        list_arrays(shape),
        certify(model, shape),
        warnings=(*model.notes, *warnings),
    )


def _without_pieces(model: Activation, inputs: Mapping[str, Any], error: UndecidedError) -> Answer:
    """The answer when the function cannot be cut into smooth pieces."""
    facts = {"formula": describe_formula(model, None)}
    names = [*FACTS, "suitable"]
    facts |= {name: unknown(f"The pieces are not known: {error}.") for name in names}
    return Answer("activation", inputs, facts, warnings=model.notes)


def _without_values(model: Activation, inputs: Mapping[str, Any]) -> Answer:
    facts = {"formula": describe_formula(model, None)}
    nowhere = f"`{to_text(model.tree)}` has no value for any x."
    facts |= {name: unknown(nowhere) for name in FACTS}
    facts["suitable"] = Fact(False, "proved", nowhere)
    return Answer("activation", inputs, facts, warnings=model.notes)

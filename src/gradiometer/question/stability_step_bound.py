"""How large a step of the rule can be, whatever the gradients are, as facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import exact_sqrt, precision
from gradiometer.proof import StepBound, find_step_bound
from gradiometer.question.answer import Fact, proved, unknown
from gradiometer.question.stability_read import Request
from gradiometer.question.value import INFINITY, to_value_text

_BITS = 256
_NAMES = ("step_bound", "worst_gradients")


def list_step_bound(request: Request) -> tuple[dict[str, Fact], Mapping[str, Any] | None]:
    """The facts `step_bound` and `worst_gradients`, and the certificate of both."""
    try:
        if request.scaled is None:
            raise UndecidedError("the rule has no `learning_rate` to measure steps by")
        found = find_step_bound(request.scaled)
    except UndecidedError as error:
        reason = f"The largest step is not known: {error}."
        return {name: unknown(reason) for name in _NAMES}, None
    facts = {"step_bound": _bound_fact(found), "worst_gradients": _gradients_fact(found)}
    return facts, found.certificate


def _bound_fact(found: StepBound) -> Fact:
    if found.square is None:
        said = "The steps over `learning_rate` have no bound, whatever gradients are allowed."
        return proved(INFINITY, said)
    with precision(_BITS):
        value = exact_sqrt(found.square)
    said = "is the bound of all steps, over all gradients and all numbers of steps; "
    said += "some gradients lead to it" if found.attained else "steps come as close as one likes"
    root = "" if isinstance(value, fmpq) else f", the root of {to_value_text(found.square)},"
    measured = f"`learning_rate` times this number{root}"
    return proved(value, f"{measured} {said}.")


def _gradients_fact(found: StepBound) -> Fact:
    if found.reached is None:
        return proved("none", "There is no largest step that gradients could lead to.")
    value: dict[str, Any] = {
        "growth": "none" if found.growth is None else found.growth,
        "steps": len(found.gradients),
        "reached": found.reached,
        "attained": found.attained,
    }
    shape = "one gradient after gradients of 0"
    if found.growth is not None:
        shape = f"gradients each of which is {to_value_text(found.growth)} times the one before"
    elif any(found.gradients[:-1]):
        shape = "gradients in the proportions that the certificate lists"
    because = f"The worst are {shape}: step {len(found.gradients)} of the rule with them is at "
    return proved(value, f"{because}least {to_value_text(found.reached)} times `learning_rate`.")

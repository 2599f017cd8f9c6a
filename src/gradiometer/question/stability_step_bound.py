"""How large a step of the rule can be, whatever the gradients are, as facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact, exact_sqrt, precision, to_ball, to_float
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
        return proved(INFINITY, f"The steps over `learning_rate` have no bound: {_grow(found)}.")
    with precision(_BITS):
        value = exact_sqrt(found.square)
        if found.ceiling is not None:
            value = to_ball(value).union(to_ball(exact_sqrt(found.ceiling)))
    said = "is the bound of all steps, over all gradients and all numbers of steps; "
    if found.step is not None:
        said += f"step {found.step} can be the largest, and comes as close to it as one likes"
    else:
        said += (
            "some gradients lead to it" if found.attained else "steps come as close as one likes"
        )
    is_short = isinstance(value, fmpq) or found.ceiling is not None
    root = "" if is_short else f", the root of {to_value_text(found.square)},"
    measured = f"`learning_rate` times this number{root}"
    return proved(value, f"{measured} {said}.{_shrink(found, value)}")


def _grow(found: StepBound) -> str:
    """Why there is no bound."""
    if found.reached is None:
        return "they are as large as the gradients are"
    if found.step is not None:
        return f"step {found.step} is as large as the gradient is"
    shown = f"step {len(found.gradients)} can be {to_float(found.reached):.6g}"
    return f"{shown}, and the more gradients come, the larger the next one can be"


def _shrink(found: StepBound, value: Exact) -> str:
    """What the decay adds to that."""
    if not found.decay:
        return ""
    rate = to_value_text(found.decay)
    said = f" Besides, the position shrinks by `learning_rate`*{rate} of itself at each step"
    if found.decay > 0:
        place = to_float(value) / to_float(found.decay)
        said += f"; once it is within {place:.8g} of 0 (this number over that), it stays there "
        said += f"while `learning_rate` <= {to_value_text(1 / found.decay)}"
    return f"{said}."


def _gradients_fact(found: StepBound) -> Fact:
    if found.reached is None:
        return proved("none", "There is no largest step that gradients could lead to.")
    value: dict[str, Any] = {
        "growth": "none" if found.growth is None else found.growth,
        "steps": len(found.gradients),
        "reached": found.reached,
        "attained": "unknown" if found.attained is None else found.attained,
    }
    shape = "one gradient after gradients of 0" if len(found.gradients) > 1 else "one gradient"
    if found.growth is not None:
        shape = f"gradients each of which is {to_value_text(found.growth)} times the one before"
    elif any(found.gradients[:-1]):
        shape = "gradients in the proportions that the certificate lists"
    because = f"The worst are {shape}: step {len(found.gradients)} of the rule with them is at "
    return proved(value, f"{because}least {to_value_text(found.reached)} times `learning_rate`.")

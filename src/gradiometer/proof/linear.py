"""The fate of a rule that is affine in its state on a parabola: exact, by its eigenvalues."""

from __future__ import annotations

from collections.abc import Mapping

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Affine,
    Exact,
    Node,
    Polynomial,
    compare,
    to_affine,
    to_ball,
    to_decimal,
    to_polynomial,
)
from gradiometer.model import Rule
from gradiometer.proof.walk import State

_ZERO, _ONE = fmpq(0), fmpq(1)


def affine_step(
    rule: Rule, slope: Node, rates: Mapping[str, Exact]
) -> tuple[list[str], list[list[Exact]], list[Exact]]:
    """The step as `state -> matrix * state + shift`, with the order of the state's names.

    Raises:
        UndecidedError: If the rule is not affine in its state or depends on the step count.
    """
    names = ["x", *rule.state]
    forms = {name: Affine(_ZERO, {name: _ONE}) for name in names}
    values: dict[str, Exact] = {**rule.values, **rates}
    if rule.depends_on_step:
        raise UndecidedError("the rule changes with the step count for ever")
    if "loss" in rule.reads:
        raise UndecidedError("the rule reads the loss, which is not affine")
    forms["g"] = to_affine(slope, {"x": forms["x"]}, values)
    for target, tree in rule.step:
        forms[target] = to_affine(tree, forms, values)
    rows = [forms[f"{name}'"] for name in names]
    matrix = [[row.coefficients.get(name, _ZERO) for name in names] for row in rows]
    return names, matrix, [row.constant for row in rows]


def find_pull(rule: Rule, slope: Node) -> Exact:
    """The number c < 0 in `x' - z = (1 + c*learning_rate) * (x - z)` with a fixed z.

    Only then do all steps move towards the same point, whatever their learning rates are.

    Raises:
        UndecidedError: If the step has another form.
    """
    if "loss" in rule.reads:
        raise UndecidedError("the rule reads the loss")
    place: Polynomial = {(1, 0): _ONE}
    forms: dict[str, Polynomial] = {"x": place, "learning_rate": {(0, 1): _ONE}}
    forms["g"] = to_polynomial(slope, {"x": place}, rule.values)
    for target, tree in rule.step:
        forms[target] = to_polynomial(tree, forms, rule.values)
    terms = forms["x'"]
    if not set(terms) <= {(1, 0), (0, 1), (1, 1)} or not terms.get((1, 0), _ZERO) == 1:
        raise UndecidedError("the step is no multiple of the learning rate")
    pull = terms.get((1, 1), _ZERO)
    if compare(pull, _ZERO) >= 0:
        raise UndecidedError("the landscape has no minimum")
    return pull


def judge_linear(
    rule: Rule,
    slope: Node,
    state: State,
    rates: Mapping[str, Exact],
) -> tuple[str, str, Exact | None, Exact | None]:
    """Verdict, reason, limit and growth factor of the run from *state* on.

    Raises:
        UndecidedError: If the rule is not affine, or its eigenvalues do not decide.
    """
    names, matrix, shift = affine_step(rule, slope, rates)
    if len(names) == 1:
        return _judge_one(matrix[0][0], shift[0], state.position)
    if len(names) == 2:
        return _judge_two(matrix, shift, [state.position, state.memory[names[1]]])
    raise UndecidedError("the rule remembers more than one number")


def _judge_one(
    factor: Exact, shift: Exact, position: Exact
) -> tuple[str, str, Exact | None, Exact | None]:
    if compare(factor, _ONE) == 0:
        raise UndecidedError("the step moves every position by the same amount")
    limit = shift / (1 - factor)
    growth = abs(factor)
    if compare(position, limit) == 0:
        return "converges", "the run stands on the fixed point", limit, growth
    size = compare(growth, _ONE)
    short = isinstance(factor, fmpq) and len(str(factor)) <= 12
    shown = to_decimal(factor) if short else f"about {to_decimal(factor)}"
    said = f"each step multiplies the distance from the fixed point by {shown}"
    if size < 0:
        return "converges", f"{said}, which is less than 1 in size", limit, growth
    if size > 0:
        return "diverges", f"{said}, which is more than 1 in size", None, growth
    raise UndecidedError("the multiplier is exactly -1")


def _judge_two(
    matrix: list[list[Exact]], shift: list[Exact], start: list[Exact]
) -> tuple[str, str, Exact | None, Exact | None]:
    (a, b), (c, d) = matrix
    trace, determinant = a + d, a * d - b * c
    at_one = 1 - trace + determinant
    if compare(at_one, _ZERO) == 0:
        raise UndecidedError("one multiplier is exactly 1")
    limit = [
        ((1 - d) * shift[0] + b * shift[1]) / at_one,
        (c * shift[0] + (1 - a) * shift[1]) / at_one,
    ]
    offset = [start[0] - limit[0], start[1] - limit[1]]
    growth = _radius(trace, determinant)
    if all(compare(part, _ZERO) == 0 for part in offset):
        return "converges", "the run stands on the fixed point", limit[0], growth
    # Schur-Cohn: both multipliers lie inside the unit circle.
    inside = (
        compare(determinant, _ONE) < 0
        and compare(at_one, _ZERO) > 0
        and compare(1 + trace + determinant, _ZERO) > 0
    )
    if inside:
        return (
            "converges",
            "both multipliers of the step are less than 1 in size",
            limit[0],
            growth,
        )
    if compare(growth, _ONE) <= 0:
        raise UndecidedError("a multiplier has size exactly 1")
    if _keeps_growing(matrix, trace, determinant, offset):
        return (
            "diverges",
            "the largest multiplier of the step is more than 1 in size and the start has a part "
            "along it",
            None,
            growth,
        )
    raise UndecidedError("the start may lie on the part of the state that shrinks")


def _radius(trace: Exact, determinant: Exact) -> Exact:
    """The size of the larger root of z^2 - trace*z + determinant."""
    discriminant = trace * trace - 4 * determinant
    if compare(discriminant, _ZERO) < 0:
        return _root(determinant)
    return (abs(trace) + _root(discriminant)) / 2


def _root(value: Exact) -> Exact:
    from gradiometer.formula import exact_sqrt

    return exact_sqrt(value)


def _keeps_growing(
    matrix: list[list[Exact]], trace: Exact, determinant: Exact, offset: list[Exact]
) -> bool:
    """Whether the offset certainly has a part along the multiplier of largest size."""
    discriminant = trace * trace - 4 * determinant
    if compare(discriminant, _ZERO) < 0:
        return True
    root = _root(discriminant)
    sign = 1 if compare(trace, _ZERO) >= 0 else -1
    small = (trace - sign * root) / 2
    (a, b), (c, d) = matrix
    rest = [(a - small) * offset[0] + b * offset[1], c * offset[0] + (d - small) * offset[1]]
    return any(_is_certainly_nonzero(part) for part in rest)


def _is_certainly_nonzero(value: Exact) -> bool:
    return value != 0 if isinstance(value, fmpq) else not to_ball(value).contains(0)

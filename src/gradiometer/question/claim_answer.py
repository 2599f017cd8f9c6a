"""What an answer lets a statement about it name: its function, or its computation and its point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from flint import fmpq

from gradiometer.errors import Place, UsageError
from gradiometer.formula import (
    Apply,
    Constant,
    Name,
    Node,
    Number,
    evaluate,
    from_decimal,
    parse,
    precision,
)
from gradiometer.question.answer import Answer
from gradiometer.question.statement_names import Function, Names, read_names

_VARIABLE = "x"
_BITS = 192


@final
@dataclass(frozen=True)
class Ground:
    """The names a statement may use and the point it is about."""

    names: Names = field(default_factory=Names)
    at: Mapping[str, fmpq | Node] | None = None


def find_ground(answer: Answer) -> Ground:
    """What a statement under the answer's question may name.

    An activation gives `f`, a function of `x`; a computation its names and its point; any other
    question gives nothing.
    """
    if answer.question == "gradient" and "at" in answer.inputs:
        at = read_point(answer.inputs["at"])
        text = answer.inputs.get("computation", "")
        names = read_names([text], hiding=tuple(at)) if "=" in text else Names(inputs=tuple(at))
        return Ground(names, at)
    if answer.question == "activation":
        formula = _formula_of(answer)
        if formula is not None:
            return Ground(Names({"f": Function("f", _VARIABLE, formula)}))
    return Ground()


def _formula_of(answer: Answer) -> Node | None:
    """The formula as the answer spells it, with all parameters replaced."""
    fact = answer.facts.get("formula")
    value = fact.value if fact is not None else None
    if isinstance(value, Number | Constant | Name | Apply):
        return value
    return parse(value).tree if isinstance(value, str) else None


def read_point(at: Mapping[str, Any]) -> dict[str, fmpq | Node]:
    """The exact values of a point; a text is read as a formula, a float as its decimal.

    Raises:
        FormulaError: If a text is no formula without names.
        DomainError: If it has no value.
    """
    return {str(name).strip(): _read(str(name), value) for name, value in at.items()}


def _read(name: str, value: Any) -> fmpq | Node:
    if isinstance(value, bool):
        raise UsageError(f"`{name}` needs a number.")
    if isinstance(value, float):
        return from_decimal(repr(value))
    if isinstance(value, int | fmpq):
        return fmpq(value)
    tree = parse(str(value), names=(), place=Place(f"at {name}")).tree
    with precision(_BITS):
        exact = evaluate(tree, {})
    return exact if isinstance(exact, fmpq) else tree

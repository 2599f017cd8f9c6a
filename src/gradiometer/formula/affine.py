"""Reads a tree as an affine form `constant + sum of coefficient * name`, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula.evaluate import evaluate
from gradiometer.formula.exact import Exact
from gradiometer.formula.tree import Apply, Name, Node, free_names


@final
@dataclass(frozen=True)
class Affine:
    """`constant + sum of coefficients[name] * name`."""

    constant: Exact
    coefficients: Mapping[str, Exact]
    """Only names that occur; a coefficient may be zero."""

    def at(self, values: Mapping[str, Exact]) -> Exact:
        """The value of the form at a point."""
        total = self.constant
        for name, coefficient in self.coefficients.items():
            total = total + coefficient * values[name]
        return total

    def scaled(self, factor: Exact) -> Affine:
        """The form times a number."""
        scaled = {name: c * factor for name, c in self.coefficients.items()}
        return Affine(self.constant * factor, scaled)

    def plus(self, other: Affine) -> Affine:
        """The sum of two forms."""
        names = {**self.coefficients, **other.coefficients}
        zero = fmpq(0)
        merged = {
            name: self.coefficients.get(name, zero) + other.coefficients.get(name, zero)
            for name in names
        }
        return Affine(self.constant + other.constant, merged)


def to_affine(
    node: Node, forms: Mapping[str, Affine], values: Mapping[str, Exact]
) -> Affine:
    """The affine form of *node*.

    Args:
        node: The tree.
        forms: The affine form of each name that varies.
        values: The value of each name that does not.

    Raises:
        UndecidedError: If the tree is not built from sums and multiples of the varying names.
        DomainError: If a constant part has no value.
    """
    if not free_names(node) & forms.keys():
        return Affine(evaluate(node, values), {})
    if isinstance(node, Name):
        return forms[node.name]
    if isinstance(node, Apply):
        parts = node.arguments
        if node.operator == "neg":
            return to_affine(parts[0], forms, values).scaled(fmpq(-1))
        if node.operator in ("+", "-"):
            left, right = (to_affine(part, forms, values) for part in parts)
            return left.plus(right if node.operator == "+" else right.scaled(fmpq(-1)))
        if node.operator in ("*", "/"):
            left, right = (to_affine(part, forms, values) for part in parts)
            if not any(c != 0 for c in right.coefficients.values()):
                factor = right.constant
                if node.operator == "/":
                    if factor == 0:
                        raise UndecidedError("a division by zero stands in the rule")
                    factor = 1 / factor
                return left.scaled(factor)
            if node.operator == "*" and not any(c != 0 for c in left.coefficients.values()):
                return right.scaled(left.constant)
    raise UndecidedError("the rule is not affine in its state")

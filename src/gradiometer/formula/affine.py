"""Reads a tree as an affine form, or as a polynomial in two names, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula.evaluate import evaluate
from gradiometer.formula.exact import Exact
from gradiometer.formula.tree import Apply, Name, Node, free_names

_MOST_TERMS = 400


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


def to_affine(node: Node, forms: Mapping[str, Affine], values: Mapping[str, Exact]) -> Affine:
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
            if _is_constant(right):
                factor = right.constant
                if node.operator == "/":
                    if factor == 0:
                        raise UndecidedError("a division by zero stands in the rule")
                    factor = 1 / factor
                return left.scaled(factor)
            if node.operator == "*" and _is_constant(left):
                return right.scaled(left.constant)
    raise UndecidedError("the rule is not affine in its state")


def _is_constant(form: Affine) -> bool:
    """Whether every coefficient is certainly zero; a ball that may be zero is not."""
    return all(c == 0 for c in form.coefficients.values())


Polynomial: TypeAlias = Mapping[tuple[int, int], Exact]
"""Coefficients by the exponents of two names."""


def to_polynomial(
    node: Node, forms: Mapping[str, Polynomial], values: Mapping[str, Exact]
) -> Polynomial:
    """The polynomial in two names that *node* is.

    Args:
        node: The tree.
        forms: The polynomial of each name that varies, such as `{"x": {(1, 0): fmpq(1)}}`.
        values: The value of each name that does not.

    Returns:
        Every coefficient that may differ from zero.

    Raises:
        UndecidedError: If the tree is not built from sums and products of the varying names.
        DomainError: If a constant part has no value.
    """
    if not free_names(node) & forms.keys():
        return {(0, 0): evaluate(node, values)}
    if isinstance(node, Name):
        return forms[node.name]
    if isinstance(node, Apply) and node.operator in ("neg", "+", "-", "*", "/"):
        parts = [to_polynomial(part, forms, values) for part in node.arguments]
        if node.operator == "*":
            return _product(parts[0], parts[1])
        if node.operator == "/":
            if set(parts[1]) != {(0, 0)} or parts[1][0, 0] == 0:
                raise UndecidedError("the rule divides by what varies")
            return _product(parts[0], {(0, 0): 1 / parts[1][0, 0]})
        sign = fmpq(1 if node.operator == "+" else -1)
        first = parts[0] if len(parts) == 2 else {}
        total = dict(first)
        for exponents, coefficient in parts[-1].items():
            total[exponents] = total.get(exponents, fmpq(0)) + sign * coefficient
        return _without_zeros(total)
    raise UndecidedError("the rule is no polynomial")


def _product(left: Polynomial, right: Polynomial) -> Polynomial:
    if len(left) * len(right) > _MOST_TERMS:
        raise UndecidedError("the rule is too long a polynomial")
    total: dict[tuple[int, int], Exact] = {}
    for (i, j), a in left.items():
        for (k, m), b in right.items():
            total[i + k, j + m] = total.get((i + k, j + m), fmpq(0)) + a * b
    return _without_zeros(total)


def _without_zeros(terms: dict[tuple[int, int], Exact]) -> Polynomial:
    return {exponents: c for exponents, c in terms.items() if not c == 0}  # noqa: SIM201 - `!=` is no opposite of `==` for balls

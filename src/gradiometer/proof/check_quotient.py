"""Quotients of polynomials in named symbols: the arithmetic of a rule near its point of rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import Ordering, arb, fmpq, fmpq_mpoly_ctx

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact, Name, Node, apply, number

_SIZES = (16, 32, 64)
_MOST_TERMS = 4_000


@final
@dataclass(frozen=True, eq=False)
class Quotient:
    """Numerator and denominator without a common factor, the denominator's first number 1."""

    top: Any
    bottom: Any

    def __add__(self, other: Quotient) -> Quotient:
        if self.bottom == other.bottom:
            return quotient(self.top + other.top, self.bottom)
        return quotient(
            self.top * other.bottom + other.top * self.bottom, self.bottom * other.bottom
        )

    def __neg__(self) -> Quotient:
        return Quotient(-self.top, self.bottom)

    def __sub__(self, other: Quotient) -> Quotient:
        return self + -other

    def __mul__(self, other: Quotient) -> Quotient:
        return quotient(self.top * other.top, self.bottom * other.bottom)

    def __truediv__(self, other: Quotient) -> Quotient:
        return quotient(self.top * other.bottom, self.bottom * other.top)

    def is_zero(self) -> bool:
        """Whether it is 0 for all values of the symbols."""
        return bool(self.top.is_zero())

    def equals(self, other: Quotient) -> bool:
        """Whether both are the same for all values of the symbols."""
        return bool(self.top == other.top and self.bottom == other.bottom)

    def constant(self) -> fmpq | None:
        """The rational number this is, or None when it holds a symbol."""
        if not (self.top.is_constant() and self.bottom.is_constant()):
            return None
        return fmpq(0) if self.top.is_zero() else fmpq(self.top.leading_coefficient())


def quotient(top: Any, bottom: Any) -> Quotient:
    """The quotient in lowest terms.

    Raises:
        UndecidedError: If it divides by 0, or is too long.
    """
    if bottom.is_zero():
        raise UndecidedError("the rule divides by zero at rest")
    if max(len(top), len(bottom)) > _MOST_TERMS:
        raise UndecidedError("the rule is too long near its point of rest")
    if not bottom.is_constant():
        shared = top.gcd(bottom)
        if not shared.is_constant():
            top, bottom = top / shared, bottom / shared
    first = bottom.leading_coefficient()
    return Quotient(top / first, bottom / first) if first != 1 else Quotient(top, bottom)


class Symbols:
    """The symbols of one computation, with what is known of their values."""

    def __init__(self, values: Mapping[str, Exact]) -> None:
        room = next((size for size in _SIZES if size >= len(values) + 12), None)
        if room is None:
            raise UndecidedError("the rule has too many parameters")
        # The names are always the same, so that flint's cache of contexts stays small.
        self.context = fmpq_mpoly_ctx.get([f"g{index}" for index in range(room)], Ordering.lex)
        self.names: list[str] = []
        self.trees: list[Node] = []
        self._values: list[Callable[[], Exact] | None] = []
        self._one = self.context.constant(1)
        for name, value in values.items():
            self.add(name, value=lambda value=value: value)

    def add(
        self, name: str, *, tree: Node | None = None, value: Callable[[], Exact] | None = None
    ) -> Quotient:
        """The symbol of that name, made when there is none.

        Args:
            name: Its name, the same for the same symbol.
            tree: The formula that it stands for; its name when left out.
            value: What gives its value at the working precision; None when it has none.
        """
        if name not in self.names:
            if len(self.names) == self.context.nvars():
                raise UndecidedError("the rule holds too many different terms")
            self.names.append(name)
            self.trees.append(Name(name) if tree is None else tree)
            self._values.append(value)
        return Quotient(self.context.gen(self.names.index(name)), self._one)

    def rational(self, value: fmpq | int) -> Quotient:
        """A number."""
        return Quotient(self.context.constant(fmpq(value)), self._one)

    def value(self, polynomial: Any) -> Exact:
        """The value of a polynomial at the values of its symbols.

        Raises:
            UndecidedError: If a symbol has no value.
        """
        (total,) = self.in_powers(polynomial, None) or [fmpq(0)]
        return total

    def number(self, value: Quotient) -> Exact:
        """The value of a quotient.

        Raises:
            UndecidedError: If a symbol has no value, or the denominator may be 0.
        """
        bottom = self.value(value.bottom)
        if bottom == 0 or (isinstance(bottom, arb) and bottom.contains(0)):
            raise UndecidedError("the rule divides by zero at these values")
        return self.value(value.top) / bottom

    def in_powers(self, polynomial: Any, name: str | None) -> list[Exact]:
        """The coefficients of the powers of one symbol, all others at their values.

        Args:
            polynomial: A polynomial of this context.
            name: The symbol that stays; None when all have values.

        Raises:
            UndecidedError: If another symbol has no value.
        """
        kept = self.names.index(name) if name in self.names else -1
        known: dict[int, Exact] = {}
        rows: list[Exact] = []
        for powers, coefficient in polynomial.to_dict().items():
            term: Exact = fmpq(coefficient)
            for index, power in enumerate(map(int, powers)):
                if power and index != kept:
                    if index not in known:
                        known[index] = self._value(index)
                    term = term * known[index] ** power
            place = int(powers[kept]) if kept >= 0 else 0
            rows += [fmpq(0)] * (place + 1 - len(rows))
            rows[place] = rows[place] + term
        return rows

    def holds(self, polynomial: Any, name: str) -> bool:
        """Whether the symbol occurs in the polynomial."""
        if name not in self.names or polynomial.is_zero():
            return False
        return int(polynomial.degrees()[self.names.index(name)]) > 0

    def to_tree(self, value: Quotient) -> Node:
        """The quotient as a formula."""
        top, bottom = self.spell(value.top), self.spell(value.bottom)
        return top if value.bottom.is_one() else apply("/", top, bottom)

    def spell(self, polynomial: Any) -> Node:
        """The terms of a polynomial: first the number, then those that add, then the others."""
        terms = sorted(
            polynomial.to_dict().items(), key=lambda row: (row[1] < 0, sum(map(int, row[0])))
        )
        total: Node | None = None
        for powers, coefficient in terms:
            term = self._spell_term(powers, abs(coefficient))
            if total is None:
                total = term if coefficient > 0 else apply("neg", term)
            else:
                total = apply("+" if coefficient > 0 else "-", total, term)
        return number(0) if total is None else total

    def _spell_term(self, powers: Any, coefficient: fmpq) -> Node:
        parts: list[Node] = []
        for index, power in enumerate(map(int, powers)):
            if power:
                tree = self.trees[index]
                parts.append(tree if power == 1 else apply("^", tree, number(power)))
        if coefficient != 1 or not parts:
            parts.insert(0, number(fmpq(coefficient)))
        return spell_product(parts)

    def _value(self, index: int) -> Exact:
        value = self._values[index]
        if value is None:
            raise UndecidedError(f"`{self.names[index]}` has no fixed value")
        return value()


def spell_product(parts: Sequence[Node]) -> Node:
    """The product of formulas; 1 of none."""
    if not parts:
        return number(1)
    tree = parts[0]
    for part in parts[1:]:
        tree = apply("*", tree, part)
    return tree

"""A straight-line program: every different term once, sorted by how often it changes.

A term is *given* (one value for all runs and steps), changes by *step*, by *run*, or by both
(*lane*). Only terms of the last kind are computed in the inner loop; the others are tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import final

from flint import fmpq

from gradiometer.errors import UsageError
from gradiometer.formula import Constant, Name, Node, Number

MOST_FACTORS = 16
"""A whole power up to this one is a chain of products."""


class Level(IntEnum):
    """How often a term changes; the level of a sum is the union of its parts'."""

    GIVEN = 0
    STEP = 1
    RUN = 2
    LANE = 3


@final
@dataclass(frozen=True)
class Term:
    """One operation on earlier terms, a number, or an input."""

    operator: str
    """A name of the formula's operators, `number`, `constant`, `input`, `inverse`, `power`, or a
    draw, `normal` or `index`.

    A division in the lanes by what all of them share has the inverse as a third argument.
    """
    arguments: tuple[int, ...]
    level: Level
    name: str = ""
    """Of an input, of a constant, or which number is drawn."""
    value: fmpq | None = None
    """Of a number."""


@final
@dataclass
class Builder:
    """Collects terms; equal terms get one place."""

    terms: list[Term] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    """What the rule calls a term, for the reader of the kernel."""
    _places: dict[tuple[object, ...], int] = field(default_factory=dict)

    def input(self, name: str, level: Level) -> int:
        """The place of a value that comes from outside."""
        return self._place(Term("input", (), level, name))

    def draw(self, kind: str, name: str) -> int:
        """The place of a random number: `normal` of a coordinate, `index` of a batch's member."""
        return self._place(Term(kind, (), Level.LANE, name))

    def number(self, value: fmpq | int) -> int:
        """The place of an exact number."""
        return self._place(Term("number", (), Level.GIVEN, value=fmpq(value)))

    def apply(self, operator: str, *arguments: int) -> int:
        """The place of an operation, after those simplifications that change no bit."""
        if operator == "^":
            return self._power(arguments[0], arguments[1])
        if operator in ("*", "/") and self._is(arguments[1], 1):
            return arguments[0]
        if operator == "*" and self._is(arguments[0], 1):
            return arguments[1]
        if operator == "-" and self._is(arguments[1], 0):
            return arguments[0]
        if operator == "clip":
            return self.apply("min", self.apply("max", *arguments[:2]), arguments[2])
        if operator in ("max", "min") and len(arguments) != 2:
            return self._fold(operator, arguments)
        if operator == "/" and (inverse := self._exact_inverse(arguments[1])) is not None:
            return self.apply("*", arguments[0], inverse)
        if operator == "where" and arguments[-2] == arguments[-1]:
            return arguments[-1]
        level = Level.GIVEN
        for place in arguments:
            level = Level(level | self.terms[place].level)
        if operator == "/" and level == Level.LANE and self._level(arguments[1]) <= Level.STEP:
            # Kept beside the divisor: products with it replace the division in the lanes.
            arguments = (*arguments, self.apply("inverse", arguments[1]))
        return self._place(Term(operator, arguments, level))

    def _level(self, place: int) -> Level:
        return self.terms[place].level

    def lower(self, tree: Node, known: Mapping[str, int]) -> int:
        """The place of a tree's value, where its names are the terms that *known* gives."""
        done: dict[int, int] = {}

        def visit(node: Node) -> int:
            if id(node) not in done:
                done[id(node)] = self._lower_one(node, known, visit)
            return done[id(node)]

        return visit(tree)

    def _lower_one(self, node: Node, known: Mapping[str, int], visit) -> int:  # noqa: ANN001  # the function of `lower`
        if isinstance(node, Number):
            return self.number(node.value)
        if isinstance(node, Constant):
            return self._place(Term("constant", (), Level.GIVEN, node.name))
        if isinstance(node, Name):
            if node.name not in known:
                raise UsageError(f"The name `{node.name}` has no value.", known=tuple(known))
            return known[node.name]
        return self.apply(node.operator, *map(visit, node.arguments))

    def _place(self, term: Term) -> int:
        arguments = term.arguments
        # A sum of two has the same bits in either order.
        key_arguments = tuple(sorted(arguments)) if term.operator in ("+", "*") else arguments
        key = (term.operator, key_arguments, term.name, str(term.value))
        if key not in self._places:
            self._places[key] = len(self.terms)
            self.terms.append(term)
        return self._places[key]

    def _is(self, place: int, value: int) -> bool:
        return self.terms[place].value == value

    def _exact_inverse(self, place: int) -> int | None:
        """The inverse of a power of two other than 1: multiplying by it is the same as dividing."""
        value = self.terms[place].value
        if value is None or value == 0:
            return None
        top, bottom = abs(int(value.p)), int(value.q)
        is_exact = top.bit_count() == 1 and bottom.bit_count() == 1 and max(top, bottom) < 2**60
        return self.number(1 / value) if is_exact else None

    def _fold(self, operator: str, arguments: tuple[int, ...]) -> int:
        result = arguments[0]
        for place in arguments[1:]:
            result = self.apply(operator, result, place)
        return result

    def _power(self, left: int, right: int) -> int:
        exponent, kind = self.terms[right].value, self.terms[left]
        if kind.level != Level.LANE or exponent is None:
            if kind.level == Level.RUN and self.terms[right].name == "t":
                return self._place(Term("power", (left, right), Level.LANE))
            level = Level(kind.level | self.terms[right].level)
            return self._place(Term("^", (left, right), level))
        if exponent == fmpq(1, 2):
            return self.apply("sqrt", left)
        if exponent.q != 1 or abs(int(exponent.p)) > MOST_FACTORS:
            return self._place(Term("^", (left, right), Level.LANE))
        count = abs(int(exponent.p))
        product = self._product(left, count) if count else self.number(1)
        return self.apply("/", self.number(1), product) if exponent < 0 else product

    def _product(self, factor: int, count: int) -> int:
        result = factor
        for digit in bin(count)[3:]:
            result = self.apply("*", result, result)
            if digit == "1":
                result = self.apply("*", result, factor)
        return result

"""The normal form of a formula: a quotient of coprime polynomials in generators.

Generators are variables, parameters, T = e^(x/d) and terms such as `ln(x)` or `sqrt(2)`. They may
depend on each other in ways nobody looked for, so a normal form of zero proves an identity wherever
both sides have a value, and any other normal form proves nothing by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TypeAlias, final

from flint import fmpq, fmpq_poly

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula.ratio_build import Builder, FinerUnitFound
from gradiometer.formula.ratio_field import Field, Generator, Polynomial, Quotient
from gradiometer.formula.ratio_spell import spell_quotient
from gradiometer.formula.tree import Apply, Constant, Name, Node, walk

__all__ = [
    "Generator",
    "Ratio",
    "Univariate",
    "cancel",
    "is_zero",
    "to_ratio",
    "to_ratios",
    "univariate",
]

_MOST_READINGS = 40
_MOST_NODES = 20_000


@final
@dataclass(frozen=True, eq=False)
class Ratio:
    """A formula as a quotient of coprime polynomials."""

    numerator: Polynomial
    """A `fmpq_mpoly`; its i-th variable is the i-th generator."""
    denominator: Polynomial
    """A `fmpq_mpoly` with coprime integer coefficients, the leading one positive."""
    generators: tuple[Generator, ...]
    """All generators met while the formula was read; not all need occur."""
    field: Field

    def is_zero(self) -> bool:
        """Whether the formula is 0 wherever it has a value; False proves nothing."""
        return bool(self.numerator.is_zero())

    def constant(self) -> fmpq | None:
        """The rational number this is, or None when the normal form holds a generator."""
        return self._quotient().constant()

    def used(self) -> tuple[int, ...]:
        """Indices of the generators that occur in the numerator or the denominator."""
        # All degrees of the polynomial 0 are -1.
        degrees = zip(self.numerator.degrees(), self.denominator.degrees(), strict=True)
        return tuple(i for i, (above, below) in enumerate(degrees) if above > 0 or below > 0)

    def equals(self, other: Ratio) -> bool:
        """Whether both formulas, read together, are proved equal; False proves nothing."""
        difference = self.field.add(self._quotient(), self.field.negative(other._quotient()))
        return bool(difference.top.is_zero())

    def to_tree(self) -> Node:
        """The normal form as a tree, highest powers first.

        Raises:
            UndecidedError: If a sum would have more terms than anybody reads.
        """
        return spell_quotient(self.field, self._quotient())

    def parts(self) -> tuple[Node, Node]:
        """Numerator and denominator as trees; raises as `to_tree`."""
        one = self.field.context.constant(1)
        above, below = (Quotient(part, one) for part in (self.numerator, self.denominator))
        return spell_quotient(self.field, above), spell_quotient(self.field, below)

    def _quotient(self) -> Quotient:
        return Quotient(self.numerator, self.denominator)


Univariate: TypeAlias = tuple[Generator, fmpq_poly, fmpq_poly]
"""The only generator, and the numerator and denominator as polynomials in it."""


def to_ratio(node: Node) -> Ratio:
    """The normal form of a tree.

    At every point where *node* has a value, the denominator is not zero and the quotient is
    that value.

    Raises:
        UndecidedError: If the normal form would be larger than a stated limit, the tree holds a
            relation, or it has no value anywhere.

    Example:
        >>> from gradiometer.formula import parse, to_text
        >>> to_text(to_ratio(parse("(x^2 - 1)/(x - 1)").tree).to_tree())
        'x + 1'
    """
    return _kept_ratio(node)


@lru_cache(maxsize=1024)
def _kept_ratio(node: Node) -> Ratio:
    """A proof asks for the normal form of the same slope again and again."""
    return to_ratios(node)[0]


def to_ratios(*nodes: Node) -> tuple[Ratio, ...]:
    """The normal forms of several trees in the same generators.

    Raises:
        UndecidedError: As for `to_ratio`.
    """
    size, with_phi = _survey(nodes)
    units: dict[Node, fmpq] = {}
    for _ in range(_MOST_READINGS):
        field = Field(size)
        builder = Builder(field, units, with_phi=with_phi)
        try:
            values = [builder.build(node) for node in nodes]
        except FinerUnitFound:
            continue
        except (LimitError, DomainError) as error:
            raise UndecidedError(error.problem) from None
        found = tuple(field.generators)
        return tuple(Ratio(value.top, value.bottom, found, field) for value in values)
    raise UndecidedError("the exponents have too many different factors to normalise")


def cancel(node: Node) -> Node:
    """The formula as a quotient in lowest terms; equal to *node* wherever that has a value.

    Raises:
        UndecidedError: As for `to_ratio`.

    Example:
        >>> from gradiometer.formula import parse, to_text
        >>> to_text(cancel(parse("3*e^(3x)/(e^(3x) + 1)").tree))
        '3*e^(3*x)/(e^(3*x) + 1)'
    """
    return to_ratio(node).to_tree()


def is_zero(node: Node) -> bool:
    """Whether the formula is proved to be 0 wherever it has a value; False proves nothing.

    Raises:
        UndecidedError: As for `to_ratio`.

    Example:
        >>> from gradiometer.formula import parse
        >>> is_zero(parse("tanh(x) - (2*sigmoid(2x) - 1)").tree)
        True
    """
    return to_ratio(node).is_zero()


def univariate(ratio: Ratio) -> Univariate | None:
    """The ratio in its only generator, or None when it has another number of them.

    Example:
        >>> from gradiometer.formula import parse
        >>> univariate(to_ratio(parse("e^x/(e^(2x) + 1)").tree))[1:]
        (x, x^2 + 1)
    """
    used = ratio.used()
    if len(used) != 1:
        return None
    index = used[0]
    parts = (_in_one(part, index) for part in (ratio.numerator, ratio.denominator))
    return (ratio.generators[index], *parts)  # pyright: ignore[reportReturnType] - two parts


def _in_one(polynomial: Polynomial, index: int) -> fmpq_poly:
    coefficients = [fmpq(0)] * (int(polynomial.degrees()[index]) + 1)
    for powers, coefficient in polynomial.to_dict().items():
        coefficients[int(powers[index])] = coefficient
    return fmpq_poly(coefficients)


def _survey(nodes: Sequence[Node]) -> tuple[int, bool]:
    """How many generators the trees may need, and whether they speak of Phi."""
    names: set[str] = set()
    calls: set[int] = set()
    with_phi = False
    for count, current in enumerate(chain.from_iterable(map(walk, nodes))):
        if count > _MOST_NODES:
            raise UndecidedError("the formula is too large to normalise")
        if isinstance(current, Name):
            names.add(current.name)
        elif isinstance(current, Constant):
            names.add(f"constant {current.name}")
        elif isinstance(current, Apply) and current.operator not in {"+", "-", "*", "/", "neg"}:
            calls.add(id(current))
            with_phi |= current.operator == "Phi"
    return min(len(names) + 3 * len(calls) + 4, 64), with_phi

"""What names of a rule stand for: sums of gradients, what measures gradients, and quotients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import ONE, ZERO, Node, Number


@final
@dataclass(frozen=True)
class Factor:
    """A formula in the step count, times a power of the rate."""

    tree: Node
    degree: int = 0

    @property
    def is_zero(self) -> bool:
        """Whether it is 0, as its form shows."""
        return self.tree == ZERO


@final
@dataclass(frozen=True)
class Sum:
    """Gradient, position and means of gradients, each times a factor."""

    parts: Mapping[str, Factor]


@final
@dataclass(frozen=True)
class Square:
    """Means of squares, each times a factor, and squares of sums, besides what only adds to it."""

    means: Mapping[str, Factor]
    entries: tuple[tuple[Factor, Sum], ...]
    has_more: bool = False


@final
@dataclass(frozen=True)
class Size:
    """The size of a sum, or more."""

    of: Sum
    has_more: bool = False


@final
@dataclass(frozen=True)
class Peak:
    """The larger one of a share of the largest size so far and a new one, times a factor, or more.

    Before it is compared with a new one, there is none.
    """

    name: str
    kept: Factor
    entry: Sum | None = None
    scale: Factor = Factor(ONE)
    has_more: bool = False


@final
@dataclass(frozen=True)
class Root:
    """The root of a sum of squares, or more."""

    of: Square


@final
@dataclass(frozen=True)
class Quotient:
    """A sum over what measures gradients."""

    top: Sum
    bottom: Square | Peak


@final
@dataclass(frozen=True)
class Share:
    """A factor over what measures gradients, which a sum of gradients is to be multiplied by."""

    factor: Factor
    bottom: Square | Peak


@final
@dataclass(frozen=True)
class Trail:
    """Means of quotients, each times a factor, and a quotient."""

    means: Mapping[str, Factor]
    entry: Quotient | None = None


@final
@dataclass(frozen=True)
class Moved:
    """The position and a step from it."""

    step: Quotient | Trail


Value: TypeAlias = Factor | Sum | Square | Size | Peak | Root | Quotient | Share | Trail | Moved


def list_factors(value: Value) -> list[Factor]:
    """All factors that stand in a value."""
    if isinstance(value, Factor):
        return [value]
    if isinstance(value, Sum):
        return list(value.parts.values())
    if isinstance(value, Square):
        rows = [
            factor for share, entry in value.entries for factor in (share, *list_factors(entry))
        ]
        return [*value.means.values(), *rows]
    if isinstance(value, Peak):
        return [
            value.kept,
            value.scale,
            *(() if value.entry is None else list_factors(value.entry)),
        ]
    if isinstance(value, Quotient):
        return list_factors(value.top) + list_factors(value.bottom)
    if isinstance(value, Trail):
        return [*value.means.values(), *(() if value.entry is None else list_factors(value.entry))]
    if isinstance(value, Moved):
        return list_factors(value.step)
    if isinstance(value, Share):
        return [value.factor, *list_factors(value.bottom)]
    return list_factors(value.of)


def to_number(factor: Factor) -> fmpq:
    """The factor as a fixed number.

    Raises:
        UndecidedError: If it changes, or is none.
    """
    if factor.degree or not isinstance(factor.tree, Number):
        raise UndecidedError("a coefficient of the rule is no fixed rational number")
    return factor.tree.value

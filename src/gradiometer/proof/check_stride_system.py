"""A rule as a linear system with what measures gradients, and the modes of its memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

from flint import fmpq, fmpq_mat

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact, Node
from gradiometer.proof.check_stride_factor import Clock

Lines: TypeAlias = Sequence[tuple[str, Node]]
Vector: TypeAlias = "list[fmpq]"


@final
@dataclass(frozen=True)
class Memory:
    """What means of gradients become, in terms of what is measured."""

    names: tuple[str, ...]
    matrix: Sequence[Vector]
    entry: Vector
    shift: tuple[Vector, fmpq]
    """The gradient is the second number times `e`, and these times the means."""


@final
@dataclass(frozen=True)
class Measure:
    """What is remembered of sizes: `keeps` times itself and `takes` times `e^2`, or `e`."""

    keeps: fmpq
    takes: fmpq
    is_peak: bool


@final
@dataclass(frozen=True)
class System:
    """A step as `(direct*e + sum of out*means) / root(old*V + new*e^2)`, in what was before it."""

    clock: Clock
    memory: Memory
    measure: Measure
    out: Mapping[str, Node]
    direct: Node
    old: Node
    new: Node
    has_more: bool
    """Whether more is added to what measures."""
    begin: tuple[Vector, fmpq] | None
    """What the first `e` enters the means by, and the measure, if otherwise than later ones."""
    first: Exact
    """The square of the largest first step."""


@final
@dataclass(frozen=True)
class Echo:
    """Steps that remember quotients: `out` times their mean and `direct` times a new one."""

    clock: Clock
    keeps: fmpq
    takes: fmpq
    out: fmpq
    direct: fmpq
    new: Node
    """The square of a quotient is at most one over this."""
    first: Exact
    """The square of the largest quotient of the first step."""
    has_more: bool


@final
@dataclass(frozen=True)
class Plain:
    """The first step is a multiple of the gradient that nothing measures."""

    share: fmpq


def list_modes(memory: Memory, entry: Vector) -> list[tuple[fmpq, Vector]]:
    """Numbers mu and vectors z with `matrix^i * entry = sum of mu^i * z` for every i.

    Raises:
        UndecidedError: If the diagonal of the matrix does not give them.
    """
    size = len(entry)
    rates = sorted({memory.matrix[i][i] for i in range(size)})
    powers, now = [], list(entry)
    for _ in rates:
        powers.append(now)
        now = [
            sum((a * b for a, b in zip(row, now, strict=True)), fmpq(0)) for row in memory.matrix
        ]
    if not size:
        return []
    table = fmpq_mat(len(rates), len(rates), [rate**i for i in range(len(rates)) for rate in rates])
    right = fmpq_mat(len(rates), size, [part for row in powers for part in row])
    found = table.solve(right)
    modes = [(rate, [found[i, j] for j in range(size)]) for i, rate in enumerate(rates)]
    for rate, vector in modes:
        for row, part in zip(memory.matrix, vector, strict=True):
            if sum((a * b for a, b in zip(row, vector, strict=True)), fmpq(0)) != rate * part:
                raise UndecidedError("the memory of the rule mixes its means")
    return modes

"""Copies between the steps of a JAX loss, so that the uses of a value can be told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, final

from gradiometer.model.jax_steps import Program, Step


@final
@dataclass(frozen=True)
class Copied:
    """A program in which the uses of some values can be told apart."""

    program: Program
    wholes: Mapping[int, int]
    """What stands for each of the values; a leaf and an alias stand for themselves."""
    followed: Sequence[int]
    """All values whose uses are told apart, aliases among them."""
    origin: Mapping[int, int]
    """The step of the program as it was, by the step of this one; copies have none."""


def insert_copies(program: Program, values: Sequence[int], *, order: Any) -> Copied:
    """The program in which the uses of some values can be told apart.

    Behind the step that makes such a value stands a copy that all its uses read, and a step that
    reads it at several positions reads a copy at each.

    Args:
        program: The steps.
        values: The values; leaves need no copy of the whole.
        order: From a step and some of its positions to the positions in the order in which the
            backward pass comes to them.
    """
    copying = _Copying(program, set(values), order)
    for number, step in enumerate(program.steps):
        copying.take(number, step)
    end = copying.stands(program.output)
    made = replace(program, steps=tuple(copying.steps), shapes=copying.shapes, output=end)
    return Copied(made, copying.wholes, tuple(copying.followed), copying.origin)


@final
class _Copying:
    """The steps that were taken over so far, with copies between."""

    def __init__(self, program: Program, wanted: set[int], order: Any) -> None:
        self.wanted, self.order = wanted, order
        self.shapes = dict(program.shapes)
        self.steps: list[Step] = []
        self.wholes = {leaf: leaf for leaf in program.leaves if leaf in wanted}
        self.followed = set(self.wholes)
        self.origin: dict[int, int] = {}

    def stands(self, value: int | None) -> int | None:
        """What uses of the value read now."""
        return None if value is None else self.wholes.get(value, value)

    def take(self, number: int, step: Step) -> None:
        reads = [self.stands(value) for value in step.reads]
        for value in sorted(self.followed & {v for v in reads if v is not None}):
            positions = [p for p, v in enumerate(reads) if v == value]
            if step.copies == "alias":
                self.followed.add(step.writes[0])
            elif len(positions) > 1:
                # The pass runs backward, so what it comes to first is copied last.
                for position in reversed(self.order(step, positions)):
                    reads[position] = self._copy(value, step.scope, "operand")
        self.origin[len(self.steps)] = number
        self.steps.append(replace(step, reads=tuple(reads)))
        for value in step.writes:
            if value in self.wanted and value not in self.wholes:
                self.wholes[value] = self._copy(value, step.scope, "whole")
                self.followed.add(self.wholes[value])

    def _copy(self, value: int, scope: tuple[str, ...], kind: Literal["operand", "whole"]) -> int:
        number = len(self.shapes)
        self.shapes[number] = self.shapes[value]
        self.steps.append(Step(None, (value,), (number,), scope, kind))
        return number

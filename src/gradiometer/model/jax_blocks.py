"""Where a JAX loss adds a tensor to what is made of it, and what only hands a tensor on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from gradiometer.model.jax_places import JaxSpot
from gradiometer.model.jax_steps import VIEWS, Program, Read, is_inexact

_PASSING = VIEWS | frozenset(("add", "add_any", "div", "mul", "neg", "select_n", "sub"))
"""Steps that a skip may hold: what depends on one tensor only, and has no parameter."""

_WORK = 20
"""Steps of the search for residual additions, as a multiple of the length of the program."""


@final
@dataclass(frozen=True)
class Flow:
    """Who makes and who uses what, as far as the leaves have a part in it."""

    program: Program
    sources: Sequence[Sequence[int]]
    """For each step, the values it reads that depend on a leaf; aliases resolved."""
    uses: Mapping[int, Sequence[Read]]
    made: Mapping[int, int]

    def passed(self, value: int, *, through: frozenset[str]) -> int | None:
        """The value that is only handed on as this one, by one of those steps."""
        if value not in self.made:
            return None
        number = self.made[value]
        found = self.sources[number]
        return found[0] if len(found) == 1 and self.program.steps[number].name in through else None

    def follow(self, read: Read) -> tuple[Read, int | None]:
        """The use behind views and copies, and the view or copy that is itself used severally."""
        while self.program.steps[read[0]].name in VIEWS:
            value = self.program.steps[read[0]].writes[0]
            onward = self.uses.get(value, ())
            if len(onward) != 1:
                return read, value if len(onward) > 1 else None
            read = onward[0]
        return read, None


def read_flow(program: Program) -> Flow:
    """Who makes and who uses what.

    Args:
        program: The steps, without copies for operands.
    """
    roots = program.roots()
    flowing = {leaf for leaf in program.leaves if is_inexact(program.shapes[leaf])}
    sources: list[Sequence[int]] = []
    for step in program.steps:
        row = [roots.get(v, v) for v in step.reads if v is not None and v in flowing]
        sources.append(row)
        if row and step.name != "stop_gradient":
            flowing.update(v for v in step.writes if is_inexact(program.shapes[v]))
    return Flow(program, tuple(sources), program.uses(), program.makers())


@final
@dataclass(frozen=True)
class JaxAddition:
    """A step that adds a tensor to what is made of it."""

    step: int
    tensor: int
    skip: Read
    branch: frozenset[Read]
    """The uses of the tensor that lead to the other term."""


def find_additions(flow: Flow, spots: Sequence[JaxSpot]) -> tuple[list[JaxAddition], bool]:
    """The residual additions in forward order, and whether all were looked for.

    Args:
        flow: Who makes and who uses what.
        spots: The spot of each step; additions inside of a function of JAX are none of the user's.
    """
    found: list[JaxAddition] = []
    left = _WORK * len(flow.program.steps) + 10_000
    for number, step in enumerate(flow.program.steps):
        sources = flow.sources[number]
        if step.name != "add" or spots[number].operation != "add":
            continue
        if len(sources) != 2 or sources[0] == sources[1]:
            continue
        for side in (0, 1):
            addition, work = _read_addition(flow, number, side, left)
            left -= work
            if left <= 0:
                return found, False
            if addition is not None:
                found.append(addition)
                break
    return found, True


def _read_addition(
    flow: Flow, number: int, side: int, limit: int
) -> tuple[JaxAddition | None, int]:
    """The addition with that side as the skip, and how many steps were looked at."""
    tensor: int | None = flow.sources[number][side]
    other = flow.sources[number][1 - side]
    skip: Read = (number, side)
    shapes = flow.program.shapes
    size = shapes[flow.program.steps[number].writes[0]].shape
    work = 0
    while tensor is not None and tensor != other:
        # A leaf that is added to something larger is a bias.
        is_bias = tensor not in flow.made and shapes[tensor].shape != size
        if len(flow.uses[tensor]) > 1 and not is_bias:
            reached = _reach(flow, other, tensor, limit - work)
            work += len(reached)
            branch = frozenset(u for u in flow.uses[tensor] if u[0] in reached and u != skip)
            if branch:
                return JaxAddition(number, tensor, skip, branch), work
        behind = flow.passed(tensor, through=_PASSING)
        if behind is not None:
            step = flow.made[tensor]
            skip = next(use for use in flow.uses[behind] if use[0] == step)
        tensor = behind
        work += 1
    return None, work


def _reach(flow: Flow, start: int, stop: int, limit: int) -> set[int]:
    """The steps behind *start* that are later than the one that makes *stop*."""
    oldest = flow.made.get(stop, -1)
    reached: set[int] = set()
    waiting = [start]
    while waiting and len(reached) < limit:
        value = waiting.pop()
        number = flow.made.get(value, -1)
        if value == stop or number <= oldest or number in reached:
            continue
        reached.add(number)
        waiting.extend(flow.sources[number])
    return reached

"""What each use of a value adds to its gradient, in one backward pass of JAX.

The derivative of the program is traced as a linear program, in the order in which JAX itself would
run it backward. Every place of it that reads the tangent of a value that is split reads the sum of
that tangent and of an input of its own, so the cotangent of the input is what the place brings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

from gradiometer.model.jax_run import MARK, bind, run_steps
from gradiometer.model.jax_steps import Program, Read, is_literal

_MARKED = re.compile(re.escape(MARK) + r"(\d+)")
"""A named scope that tells which step an equation of the linear program comes from."""


@final
@dataclass(frozen=True)
class Part:
    """What one use brought."""

    read: Read
    value: Any
    """An array."""


@final
@dataclass(frozen=True)
class Split:
    """One value after the backward pass."""

    total: Any
    """The whole gradient as JAX added it up; None where none arrives."""
    parts: Sequence[Part]
    """In the order of the forward pass."""
    added: Any
    """The parts, added in the order of JAX; None where there are none, or one has no place."""
    merged: frozenset[Read] = frozenset()
    """Uses that cannot be told apart: the first of them stands for all."""


@final
@dataclass(frozen=True)
class _Taps:
    """The places of the linear program that read the tangent of a value that is split."""

    live: Sequence[int]
    """The equations that lead to the result."""
    of: dict[int, list[int]] = field(default_factory=dict)
    """The taps of each value in the order of the program."""
    all: list[tuple[int, Any]] = field(default_factory=list)
    """The step and the type of each tap."""
    marked: set[int] = field(default_factory=set)
    """The steps that have equations."""
    at: dict[tuple[int, int], int] = field(default_factory=dict)
    """The tap at each equation and position of the linear program."""


def split_values(
    jax: Any, program: Program, leaves: Sequence[Any], *, values: Sequence[int]
) -> Mapping[int, Split]:
    """What each use of each value brings, by value.

    Args:
        jax: The library.
        program: The steps, with the copies that tell uses apart.
        leaves: The values of the leaves.
        values: Leaves, copies of wholes, and aliases.
    """

    def run(*leaves: Any) -> Any:
        return run_steps(jax, program, leaves, is_marked=True)

    out, push = jax.linearize(run, *leaves)
    linear = jax.make_jaxpr(push)(*[jax.numpy.zeros_like(leaf) for leaf in leaves])
    tangents = _find_tangents(program, linear.jaxpr, set(values))
    taps = _place_taps(linear.jaxpr, tangents)
    if not taps.all:
        return {}
    brought = _pull(jax, linear, tangents, taps, jax.numpy.ones((), out.dtype))
    return _collect(jax, program, taps, brought)


def _find_tangents(program: Program, jaxpr: Any, values: set[int]) -> dict[Any, int]:
    """The variable of the linear program that holds the tangent of each value."""
    found = {
        var: leaf for var, leaf in zip(jaxpr.invars, program.leaves, strict=True) if leaf in values
    }
    for row in jaxpr.eqns:
        number = _read_mark(row)
        if number is not None and program.steps[number].copies in ("whole", "alias"):
            found[row.outvars[0]] = program.steps[number].writes[0]
    return found


def _read_mark(equation: Any) -> int | None:
    marked = _MARKED.search(str(equation.source_info.name_stack))
    return int(marked[1]) if marked else None


def _find_live(jaxpr: Any) -> list[int]:
    """The equations that lead to the result."""
    live = {atom for atom in jaxpr.outvars if not is_literal(atom)}
    found: list[int] = []
    for number in reversed(range(len(jaxpr.eqns))):
        row = jaxpr.eqns[number]
        if not live.isdisjoint(row.outvars):
            found.append(number)
            live.update(atom for atom in row.invars if not is_literal(atom))
    return found[::-1]


def _place_taps(jaxpr: Any, tangents: Mapping[Any, int]) -> _Taps:
    taps = _Taps(_find_live(jaxpr))
    for number in taps.live:
        row = jaxpr.eqns[number]
        step = _read_mark(row)
        taps.marked.update(() if step is None else (step,))
        # An equation hands its cotangents on from the first operand to the last, and the pass
        # comes first to what was added to the program last.
        for position, atom in reversed(list(enumerate(row.invars))):
            if step is not None and not is_literal(atom) and atom in tangents:
                taps.at[number, position] = len(taps.all)
                taps.of.setdefault(tangents[atom], []).append(len(taps.all))
                taps.all.append((step, atom.aval))
    return taps


def _pull(
    jax: Any, linear: Any, tangents: Mapping[Any, int], taps: _Taps, seed: Any
) -> tuple[Sequence[Any], Mapping[int, Any]]:
    """The cotangent of every tap, and of every value that is split."""
    jaxpr = linear.jaxpr
    leaves = set(jaxpr.invars)

    def push(moved: Sequence[Any], wholes: Sequence[Any]) -> Any:
        whole = dict(zip(tangents, wholes, strict=True))
        known = dict(zip(jaxpr.constvars, linear.consts, strict=True))
        known |= {var: whole.get(var) for var in leaves}
        for number in taps.live:
            row = jaxpr.eqns[number]
            given = [atom.val if is_literal(atom) else known[atom] for atom in row.invars]
            for position in reversed(range(len(given))):
                tap = taps.at.get((number, position))
                if tap is not None:
                    given[position] = jax.lax.add(given[position], moved[tap])
            for var, value in zip(row.outvars, bind(row, given), strict=True):
                is_split = var in whole and var not in leaves
                known[var] = jax.lax.add(value, whole[var]) if is_split else value
        return known[jaxpr.outvars[0]]

    def shape(aval: Any) -> Any:
        return jax.ShapeDtypeStruct(aval.shape, aval.dtype)

    inputs = [shape(aval) for _, aval in taps.all], [shape(var.aval) for var in tangents]
    moved, wholes = jax.linear_transpose(push, *inputs)(seed)
    return moved, dict(zip(tangents.values(), wholes, strict=True))


def _collect(
    jax: Any,
    program: Program,
    taps: _Taps,
    brought: tuple[Sequence[Any], Mapping[int, Any]],
) -> Mapping[int, Split]:
    """The taps of each value by use, those inside of an opened function at its door."""
    moved, wholes = brought
    finder = _Finder(program, frozenset(taps.marked))
    found: dict[int, Split] = {}
    # An alias is made after what it stands for, so the other way round its split is known.
    for value in sorted(wholes, key=lambda value: finder.made.get(value, -1), reverse=True):
        parts: dict[Read, Any] = {}
        merged: set[Read] = set()
        added = None
        for tap in reversed(taps.of.get(value, ())):
            step = program.steps[taps.all[tap][0]]
            part = moved[tap]
            if step.copies == "alias" and step.writes[0] in found:
                inside = found[step.writes[0]]
                part = part if inside.added is None else inside.added
                parts |= {row.read: row.value for row in inside.parts}
                merged |= inside.merged
            else:
                reads = finder.find(taps.all[tap][0], value)
                for read in reads[:1]:
                    parts[read] = jax.lax.add(parts[read], part) if read in parts else part
                merged.update(reads if len(reads) > 1 else ())
            added = part if added is None else jax.lax.add(added, part)
        rows = tuple(Part(read, parts[read]) for read in sorted(parts))
        is_whole = len(rows) > 0 and all(finder.find(taps.all[t][0], value) for t in taps.of[value])
        found[value] = Split(wholes[value], rows, added if is_whole else None, frozenset(merged))
    return found


@final
class _Finder:
    """The steps of the user behind the equations of the linear program."""

    def __init__(self, program: Program, marked: frozenset[int]) -> None:
        self.program, self.marked = program, marked
        self.made = program.makers()
        self.served = {
            value: (number, position)
            for number, step in enumerate(program.steps)
            for position, value in enumerate(step.reads)
            if value is not None
        }

    def find(self, number: int, value: int) -> Sequence[Read]:
        """Where the value is read on its way to an equation of that step.

        A step that hands the tangent on as it is, as one that subtracts a constant does, has no
        equation of its own; if several of these lead to the step, they cannot be told apart.
        """
        step = self.program.steps[number]
        if step.copies == "operand":
            return [self.served[step.writes[0]]]
        if value in step.reads:
            return [(number, step.reads.index(value))]
        oldest = self.made.get(value, -1)
        found: list[Read] = []
        seen: set[int] = set()
        waiting = [self.made.get(v, -1) for v in step.reads if v is not None]
        while waiting:
            maker = waiting.pop()
            if maker <= oldest or maker in seen or maker in self.marked:
                continue
            seen.add(maker)
            if not self._hands_on(maker, value):
                continue
            reads = self.program.steps[maker].reads
            if value in reads:
                found.append((maker, reads.index(value)))
            waiting.extend(self.made.get(v, -1) for v in reads if v is not None)
        return sorted(found)

    def _hands_on(self, number: int, value: int) -> bool:
        """Whether the step may have the tangent of the value as its own."""
        step, shapes = self.program.steps[number], self.program.shapes
        like = shapes[value].shape, shapes[value].dtype
        return step.name != "stop_gradient" and any(
            (shapes[v].shape, shapes[v].dtype) == like for v in step.writes
        )

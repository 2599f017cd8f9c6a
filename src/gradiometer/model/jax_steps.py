"""A JAX loss as a flat list of steps: compiled and checkpointed functions of the user opened."""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, final

import numpy as np

OPENED = frozenset((
    "checkpoint", "closed_call", "core_call", "jit", "pjit", "remat", "remat2", "remat_call",
))  # fmt: skip
"""Equations that only call a function: what it does can be told step by step."""

VIEWS = frozenset((
    "broadcast_in_dim", "convert_element_type", "copy", "copy_p", "expand_dims", "name",
    "optimization_barrier", "reduce_precision", "reshape", "rev", "sharding_constraint", "slice",
    "squeeze", "transpose",
))  # fmt: skip
"""Steps that hand on the numbers of one tensor: views, copies and casts."""

COPY = "copy"
"""The word for steps that hand on one value unchanged; they are ours, not the user's."""

Read: TypeAlias = tuple[int, int]
"""The number of a step and the position of one of its operands."""


@final
@dataclass(frozen=True)
class Step:
    """One equation, with the numbers of the values it reads and writes."""

    equation: Any
    """None for a copy."""
    reads: tuple[int | None, ...]
    """None stands for a literal."""
    writes: tuple[int, ...]
    scope: tuple[str, ...] = ()
    """The opened functions it stands in, and the named scopes of their calls; outermost first."""
    copies: Literal["", "alias", "operand", "whole"] = ""
    """`alias` enters an opened function, `operand` serves one position of the next step,
    `whole` follows the step that makes a value."""

    @property
    def name(self) -> str:
        """The primitive, such as `dot_general`."""
        return COPY if self.equation is None else self.equation.primitive.name


@final
@dataclass(frozen=True)
class Program:
    """The steps in the order of the forward pass."""

    steps: Sequence[Step]
    leaves: Sequence[int]
    output: int | None
    """None where the loss is a constant."""
    constants: Mapping[int, Any]
    shapes: Mapping[int, Any]
    """The type of every value, with `shape` and `dtype`."""
    opened: frozenset[str]
    """Names of the functions under `jit` or `checkpoint` that were opened."""
    calls: Sequence[tuple[str, tuple[int, ...]]]
    """Opened functions by name, with what they return."""

    def roots(self) -> Mapping[int, int]:
        """What each alias stands for, outside of the opened function."""
        found: dict[int, int] = {}
        for step in self.steps:
            if step.copies == "alias" and step.reads[0] is not None:
                found[step.writes[0]] = found.get(step.reads[0], step.reads[0])
        return found

    def uses(self) -> Mapping[int, Sequence[Read]]:
        """The places that read each value, in the order of the forward pass."""
        roots = self.roots()
        found: defaultdict[int, list[Read]] = defaultdict(list)
        for number, step in enumerate(self.steps):
            for position, value in enumerate(step.reads):
                if value is not None and step.copies != "alias":
                    found[roots.get(value, value)].append((number, position))
        return found

    def makers(self) -> Mapping[int, int]:
        """The step that makes each value."""
        return {value: n for n, step in enumerate(self.steps) for value in step.writes}


@final
@dataclass
class _Frame:
    """A function whose equations are being read."""

    equations: Iterator[Any]
    numbers: dict[Any, int]
    scope: tuple[str, ...]
    results: Sequence[Any]
    call: Any = None


@final
@dataclass
class _Flattening:
    steps: list[Step] = field(default_factory=list)
    constants: dict[int, Any] = field(default_factory=dict)
    shapes: dict[int, Any] = field(default_factory=dict)
    opened: set[str] = field(default_factory=set)
    calls: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)

    def number(self, shape: Any) -> int:
        """The number of a new value of that type."""
        self.shapes[len(self.shapes)] = shape
        return len(self.shapes) - 1

    def constant(self, value: Any, shape: Any) -> int:
        number = self.number(shape)
        self.constants[number] = value
        return number

    def find(self, frame: _Frame, atom: Any) -> int | None:
        """The number of an operand; None for a literal."""
        return None if is_literal(atom) else frame.numbers[atom]


def flatten(closed: Any) -> Program:
    """The steps of a traced loss.

    Args:
        closed: What `jax.make_jaxpr` returns for a function of the leaves.
    """
    work = _Flattening()
    numbers = {var: work.number(var.aval) for var in closed.jaxpr.invars}
    leaves = tuple(numbers.values())
    bottom = _enter(work, closed, numbers, scope=())
    stack = [bottom]
    while stack:
        frame = stack[-1]
        equation = next(frame.equations, None)
        if equation is None:
            _leave(work, stack)
            continue
        inner = find_body(equation)
        if inner is None:
            reads = tuple(work.find(frame, atom) for atom in equation.invars)
            writes = tuple(work.number(var.aval) for var in equation.outvars)
            frame.numbers.update(zip(equation.outvars, writes, strict=True))
            work.steps.append(Step(equation, reads, writes, frame.scope))
        else:
            stack.append(_call(work, frame, equation, inner))
    return Program(
        tuple(work.steps), leaves, work.find(bottom, closed.jaxpr.outvars[0]), work.constants,
        work.shapes, frozenset(work.opened), tuple(work.calls),
    )  # fmt: skip


def is_literal(atom: Any) -> bool:
    """Whether an operand is written into the equation."""
    return hasattr(atom, "val")


def is_inexact(shape: Any) -> bool:
    """Whether values of that type can have a gradient."""
    return bool(sys.modules["jax"].dtypes.issubdtype(shape.dtype, np.inexact))


def find_body(equation: Any) -> Any:
    """What an equation calls, if that is a function of the user; None otherwise.

    A function of JAX itself, such as one of `jax.nn`, is one step: that is how a user knows it.
    """
    if equation.primitive.name not in OPENED:
        return None
    inner = equation.params.get("jaxpr", equation.params.get("call_jaxpr"))
    about = getattr(getattr(inner, "jaxpr", inner), "debug_info", None)
    # The place stands at the end, behind the name of the function: `relu at functions.py:53`.
    source = getattr(about, "func_src_info", None) or ""
    return None if source.rpartition(" at ")[2].startswith(library_folder()) else inner


def library_folder() -> str:
    """Where the files of JAX itself stand, with the separator behind."""
    return str(Path(sys.modules["jax"].__file__ or "").parent) + os.sep


def _enter(
    work: _Flattening, closed: Any, numbers: dict[Any, int], *, scope: tuple[str, ...]
) -> _Frame:
    jaxpr = getattr(closed, "jaxpr", closed)
    values = getattr(closed, "consts", ())
    for var, value in zip(jaxpr.constvars, values, strict=True):
        numbers[var] = work.constant(value, var.aval)
    return _Frame(iter(jaxpr.eqns), numbers, scope, jaxpr.outvars)


def _call(work: _Flattening, frame: _Frame, equation: Any, inner: Any) -> _Frame:
    """The frame of an opened function; an operand that it reads severally is copied at its door.

    The backward pass adds up inside of the function first, and a copy keeps that order.
    """
    jaxpr = getattr(inner, "jaxpr", inner)
    scope = (*frame.scope, *read_scope(equation), name_call(equation))
    counts: defaultdict[Any, int] = defaultdict(int)
    for atom in (a for row in jaxpr.eqns for a in row.invars if not is_literal(a)):
        counts[atom] += 1
    numbers: dict[Any, int] = {}
    for var, atom in zip(jaxpr.invars, equation.invars, strict=True):
        value = work.find(frame, atom)
        if value is None:
            value = work.constant(atom.val, var.aval)
        elif counts[var] > 1 and is_inexact(var.aval):
            alias = work.number(var.aval)
            work.steps.append(Step(None, (value,), (alias,), scope, "alias"))
            value = alias
        numbers[var] = value
    work.opened.add(name_call(equation))
    return replace(_enter(work, inner, numbers, scope=scope), call=equation)


def _leave(work: _Flattening, stack: list[_Frame]) -> None:
    """The results of an opened function become values of its caller."""
    frame = stack.pop()
    if frame.call is None:
        return
    writes = []
    for var, atom in zip(frame.call.outvars, frame.results, strict=True):
        number = work.find(frame, atom)
        writes.append(work.constant(atom.val, var.aval) if number is None else number)
        stack[-1].numbers[var] = writes[-1]
    work.calls.append((name_call(frame.call), tuple(writes)))


def name_call(equation: Any) -> str:
    """The name of the function that an equation calls."""
    named = equation.params.get("name")
    inner = equation.params.get("jaxpr", equation.params.get("call_jaxpr"))
    about = getattr(getattr(inner, "jaxpr", inner), "debug_info", None)
    found = named if isinstance(named, str) else getattr(about, "func_name", "")
    return found or equation.primitive.name


def read_scope(equation: Any) -> tuple[str, ...]:
    """The named scopes of an equation inside of its own function."""
    text = str(equation.source_info.name_stack)
    return tuple(part for part in text.split("/") if part)


def list_bodies(equation: Any) -> Iterator[Any]:
    """The functions inside of an equation, as of a loop or a branch."""
    for value in equation.params.values():
        for part in value if isinstance(value, tuple | list) else (value,):
            jaxpr = getattr(part, "jaxpr", part)
            if hasattr(jaxpr, "eqns"):
                yield jaxpr

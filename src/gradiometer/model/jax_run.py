"""The steps of a JAX loss, run one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradiometer.model.jax_steps import Program, Step, is_literal

MARK = "gradiometer step "
"""With the number of a step behind it, the named scope in which that step runs."""


def run_steps(jax: Any, program: Program, leaves: Sequence[Any], *, is_marked: bool = False) -> Any:
    """The loss, step by step.

    Args:
        jax: The library.
        program: The steps.
        leaves: The values of the leaves.
        is_marked: Whether what JAX derives from a step is to carry its number.
    """
    known: dict[int, Any] = {**program.constants}
    known.update(zip(program.leaves, leaves, strict=True))
    last = {v: n for n, step in enumerate(program.steps) for v in step.reads if v is not None}
    for number, step in enumerate(program.steps):
        if is_marked:
            with jax.named_scope(f"{MARK}{number}"):
                found = run_step(jax, step, known)
        else:
            found = run_step(jax, step, known)
        known.update(zip(step.writes, found, strict=True))
        for value in step.reads:
            if value is not None and last[value] == number and value != program.output:
                known.pop(value, None)
    return known[program.output] if program.output is not None else None


def run_step(jax: Any, step: Step, known: Mapping[int, Any]) -> Sequence[Any]:
    """What one step writes."""
    if step.equation is None:
        value = step.reads[0]
        assert value is not None
        return [jax.numpy.copy(known[value])]
    given = [
        atom.val if value is None else known[value]
        for atom, value in zip(step.equation.invars, step.reads, strict=True)
    ]
    return bind(step.equation, given)


def bind(equation: Any, given: Sequence[Any]) -> Sequence[Any]:
    """The results of one equation."""
    primitive = equation.primitive
    bound = primitive.get_bind_params(equation.params)
    functions, params = bound if isinstance(bound, tuple) else ((), bound)
    with equation.ctx.manager:
        found = primitive.bind(*functions, *given, **params)
    return found if primitive.multiple_results else [found]


def backward_order(jax: Any, step: Step, positions: Sequence[int]) -> list[int]:
    """Positions of a step that read one value, in the order in which the backward pass comes."""
    shapes = [
        jax.ShapeDtypeStruct(step.equation.invars[p].aval.shape, step.equation.invars[p].aval.dtype)
        for p in range(len(step.equation.invars))
        if p in positions
    ]

    def tangents(*moved: Any) -> Any:
        def call(*copies: Any) -> Any:
            given = [
                atom.val if is_literal(atom) else jax.numpy.zeros(atom.aval.shape, atom.aval.dtype)
                for atom in step.equation.invars
            ]
            for position, copy in zip(positions, copies, strict=True):
                given[position] = copy
            return bind(step.equation, given)

        half = len(positions)
        return jax.jvp(call, moved[:half], moved[half:])[1]

    jaxpr = jax.make_jaxpr(tangents)(*shapes, *shapes).jaxpr
    last = {
        atom: (number, -place)
        for number, row in enumerate(jaxpr.eqns)
        for place, atom in reversed(list(enumerate(row.invars)))
        if not is_literal(atom)
    }
    moved = dict(zip(positions, jaxpr.invars[len(positions) :], strict=True))
    return sorted(positions, key=lambda p: last.get(moved[p], (-1, p)), reverse=True)

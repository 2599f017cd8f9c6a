"""Which tensors of a JAX loss are split: leaves, views of leaves, watched and residual tensors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

from gradiometer.errors import ModelError, suggest
from gradiometer.model.jax_blocks import Flow, JaxAddition, find_additions, read_flow
from gradiometer.model.jax_places import JaxSpot, locate_steps
from gradiometer.model.jax_steps import Program, list_bodies, name_call

MOST_RESIDUAL_USES = 4000
"""Uses of tensors with residual additions that are listed."""


@final
@dataclass(frozen=True)
class Chosen:
    """The values to split besides the leaves, by their numbers."""

    flow: Flow
    spots: Sequence[JaxSpot]
    names: Sequence[str]
    """Names of the leaves."""
    derived: Sequence[tuple[int, str]]
    watched: Sequence[tuple[int, str]]
    additions: Sequence[JaxAddition]
    notes: Sequence[str]

    def values(self) -> list[int]:
        """All of them, the leaves first."""
        inner = [value for value, _ in (*self.derived, *self.watched)]
        inner += [addition.tensor for addition in self.additions]
        return list(dict.fromkeys((*self.flow.program.leaves, *inner)))


def choose_values(program: Program, names: Sequence[str], watch: Sequence[str]) -> Chosen:
    """The values to split: leaves, what is derived from them, watched and residual tensors.

    Args:
        program: The steps.
        names: Names of the leaves.
        watch: What the user named.

    Raises:
        ModelError: If nothing in the loss has a watched name.
    """
    flow, spots, notes = read_flow(program), locate_steps(program), []
    additions, is_whole = find_additions(flow, spots)
    kept: list[JaxAddition] = []
    left = MOST_RESIDUAL_USES
    for addition in additions:
        left -= len(flow.uses[addition.tensor])
        if left < 0:
            break
        kept.append(addition)
    if not is_whole or len(kept) < len(additions):
        found = f"{'' if is_whole else 'more than '}{len(additions):,}"
        notes.append(f"Of {found} residual additions the first {len(kept):,} are measured.")
    hidden = dict(_find_hidden(program))
    notes += [
        f"`{name}` is named inside of `{hidden[name]}`, which is one step: it is not split there."
        for name in watch
        if name in hidden
    ]
    watched = _find_watched(program, [name for name in watch if name not in hidden])
    derived = list(_find_derived(flow, spots, names))
    return Chosen(flow, spots, names, derived, watched, kept, notes)


def _find_derived(
    flow: Flow, spots: Sequence[JaxSpot], names: Sequence[str]
) -> Iterator[tuple[int, str]]:
    """Views and copies of leaves that are used several times, with a name for each."""
    for leaf, name in zip(flow.program.leaves, names, strict=True):
        for read in flow.uses.get(leaf, ()):
            end, branching = flow.follow(read)
            if branching is not None:
                yield branching, f"{name} → {spots[end[0]]}"


def _find_watched(program: Program, watch: Sequence[str]) -> list[tuple[int, str]]:
    """The values of the names, numbered where a name stands for several."""
    found: dict[str, list[int]] = {}
    for name, results in program.calls:
        found.setdefault(name, []).extend(results)
    for step in program.steps:
        if step.name == "name":
            found.setdefault(step.equation.params["name"], []).extend(step.writes)
        elif step.name in {"jit", "pjit"}:
            found.setdefault(name_call(step.equation), []).extend(step.writes)
    rows: list[tuple[int, str]] = []
    for name in watch:
        if name not in found:
            near = suggest(name, found)
            raise ModelError(
                f"Nothing in the loss is named `{name}`.",
                known=tuple(found)[:20],
                hint=f"write `{near}`"
                if near
                else f'name a tensor by `jax.ad_checkpoint.checkpoint_name(x, "{name}")`',
            )
        several = len(found[name]) > 1
        rows += [
            (value, name + (f" (call {number})" if several else ""))
            for number, value in enumerate(found[name], 1)
        ]
    return rows


def _find_hidden(program: Program) -> Iterator[tuple[str, str]]:
    """Names given inside of a step, where the tensor cannot be split."""
    for step in program.steps:
        waiting = [step.equation] if step.equation is not None else []
        while waiting:
            equation = waiting.pop()
            if equation.primitive.name == "name" and equation is not step.equation:
                yield equation.params["name"], step.name
            for inner in list_bodies(equation):
                waiting.extend(inner.eqns)

"""Which tensors of a JAX loss are split, and the records of what was measured."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy

from gradiometer.errors import ModelError, suggest
from gradiometer.model.jax_blocks import Flow, JaxAddition, find_additions, read_flow
from gradiometer.model.jax_linear import Part, Split
from gradiometer.model.jax_places import JaxSpot, locate_steps
from gradiometer.model.jax_steps import COPY, Program, Read, name_call
from gradiometer.model.tensor_use import Residual, SplitTensor, TensorKind, TensorUse, measure_use

MOST_RESIDUAL_USES = 4000
"""Uses of tensors with residual additions that are listed."""

_LOOPS = frozenset(("scan", "while"))


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
    watched = _find_watched(program, watch)
    notes += [f"`{w}` is named inside of {i}, which is one step." for w, i in _find_hidden(program)]
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
                yield equation.params["name"], f"`{step.name}`"
            for inner in _bodies(equation):
                waiting.extend(inner.eqns)


def _bodies(equation: Any) -> Iterator[Any]:
    """The functions inside of an equation, as of a loop or a branch."""
    for value in equation.params.values():
        for part in value if isinstance(value, tuple | list) else (value,):
            jaxpr = getattr(part, "jaxpr", part)
            if hasattr(jaxpr, "eqns"):
                yield jaxpr


@final
@dataclass(frozen=True)
class Measured:
    """What was chosen, with the split of each value; reads are those of the program as it was."""

    chosen: Chosen
    splits: Mapping[int, Split]

    def rows(self, value: int, total: Any) -> tuple[TensorUse, ...]:
        """The uses of a value that bring something, in the order of the forward pass."""
        return tuple(row for _, row in self.list_uses(value, total))

    def list_uses(self, value: int, total: Any) -> list[tuple[Read, TensorUse]]:
        """The uses with the place that reads the value."""
        split = self.splits.get(value)
        parts = split.parts if split is not None else ()
        labels = [self._label(part.read) for part in parts]
        several = Counter(labels)
        seen: Counter[tuple[str, str, str]] = Counter()
        whole = to_floats(total)
        found: list[tuple[Read, TensorUse]] = []
        for part, label in zip(parts, labels, strict=True):
            seen[label] += 1
            place, operation, line = label
            many = several[label] > 1
            found.append((
                part.read,
                _measure(
                    part,
                    whole,
                    place=place,
                    operation=operation + (f", use {seen[label]}" if many else ""),
                    line=line,
                ),
            ))  # fmt: skip
        return found

    def _label(self, read: Read) -> tuple[str, str, str]:
        # A view is no place of its own: what reads the view is the use.
        end, _ = self.chosen.flow.follow(read)
        first, spot = self.chosen.spots[read[0]], self.chosen.spots[end[0]]
        operation = spot.label if first == spot else f"{first.label} → {spot.label}"
        return spot.place, operation, spot.line


def _measure(part: Part, whole: Any, *, place: str, operation: str, line: str) -> TensorUse:
    brought = to_floats(part.value)
    with numpy.errstate(all="ignore"):
        square, dot, total = brought @ brought, brought @ whole, whole @ whole
    return measure_use(
        place=place,
        operation=operation,
        square=float(square),
        dot=float(dot),
        total=float(total),
        line=line,
    )


def to_floats(array: Any) -> Any:
    """The numbers of an array in one row, in float64; of complex ones both parts."""
    flat = numpy.asarray(array).reshape(-1)
    if numpy.iscomplexobj(flat):
        return flat.astype(numpy.complex128).view(numpy.float64)
    return flat.astype(numpy.float64)


def measure_norm(array: Any) -> float:
    """The length of an array."""
    flat = to_floats(array)
    with numpy.errstate(all="ignore"):
        return math.sqrt(float(flat @ flat))


def is_same(left: Any, right: Any) -> bool:
    """Whether two arrays are equal bit for bit, the sign of zero included."""
    pair = numpy.asarray(left), numpy.asarray(right)
    return (
        pair[0].dtype == pair[1].dtype
        and pair[0].shape == pair[1].shape
        and pair[0].tobytes() == pair[1].tobytes()
    )


def write_tensors(measured: Measured, totals: Sequence[Any]) -> list[SplitTensor]:
    """The records of leaves, then of what is derived from them, then of what is watched.

    Args:
        measured: What was chosen and what it brought.
        totals: The gradient of each leaf, as JAX computes it.
    """
    chosen = measured.chosen
    leaves = zip(chosen.flow.program.leaves, chosen.names, totals, strict=True)
    found = [
        _write(measured, leaf, name=name, kind="parameter", total=total)
        for leaf, name, total in leaves
    ]
    inner: list[tuple[TensorKind, Sequence[tuple[int, str]]]] = [
        ("derived", chosen.derived),
        ("watched", chosen.watched),
    ]
    for kind, rows in inner:
        for value, name in rows:
            split = measured.splits.get(value)
            total = split.total if split is not None else None
            found.append(_write(measured, value, name=name, kind=kind, total=total))
    return found


def _write(
    measured: Measured, value: int, *, name: str, kind: TensorKind, total: Any
) -> SplitTensor:
    shape = measured.chosen.flow.program.shapes[value]
    split = measured.splits.get(value)
    total = numpy.zeros(shape.shape) if total is None else total
    added = None if split is None else split.added
    matches = not numpy.any(numpy.asarray(total)) if added is None else is_same(added, total)
    return SplitTensor(
        name=name,
        also=(),
        shape=tuple(shape.shape),
        dtype=str(shape.dtype),
        kind=kind,
        norm=measure_norm(total),
        uses=measured.rows(value, total),
        matches=bool(matches),
        note=_note(measured, value, is_matched=bool(matches)),
    )


def _note(measured: Measured, value: int, *, is_matched: bool) -> str:
    """What cannot be told apart among the uses of a tensor."""
    flow = measured.chosen.flow
    split = measured.splits.get(value)
    live = {part.read for part in split.parts} if split is not None else set()
    reads = flow.uses.get(value, ())
    notes: list[str] = []
    if value == flow.program.output:
        notes.append("It is the loss itself.")
    elif not reads:
        notes.append("The loss does not use it.")
    merged = split.merged if split is not None else frozenset()
    if merged:
        names = sorted({f"`{measured.chosen.spots[read[0]].label}`" for read in merged})
        notes.append(f"What {' and '.join(names)} hand on unchanged is one use.")
    for read in reads:
        end, _ = flow.follow(read)
        step, spot = flow.program.steps[end[0]], measured.chosen.spots[end[0]]
        if read in merged and read not in live:
            continue
        if read not in live:
            notes.append(f"Through `{spot.label}` no gradient passes.")
        elif step.name in _LOOPS:
            notes.append(f"`{step.name}` runs all its rounds at once: they are one use.")
        elif step.name == "cond":
            notes.append("All branches of `cond` are one use.")
        elif step.name.startswith("custom_"):
            notes.append(
                f"`{spot.operation}` has a derivative rule of its own: what it does inside is one "
                "use."
            )
        elif any(_bodies(step.equation)):
            notes.append(f"`{spot.operation}` is one use, whatever it does inside.")
    if not is_matched:
        notes.append("The uses do not add up to the gradient: the rest is not attributed.")
    return " ".join(dict.fromkeys(notes))


def write_residuals(measured: Measured) -> Iterator[Residual]:
    """Every use of every tensor that is added again to what is made of it."""
    chosen = measured.chosen
    for addition in chosen.additions:
        split = measured.splits.get(addition.tensor)
        if split is None or not split.parts:
            continue
        for read, use in measured.list_uses(addition.tensor, split.total):
            is_branch = read in addition.branch
            kind = "skip" if read == addition.skip else "branch" if is_branch else "other"
            spot = chosen.spots[addition.step]
            yield Residual(str(spot), _name_source(chosen, addition.tensor), kind, use)


def _name_source(chosen: Chosen, value: int) -> str:
    """Where a tensor is made; the name of a leaf."""
    leaves = chosen.flow.program.leaves
    if value in leaves:
        return chosen.names[leaves.index(value)]
    number = chosen.flow.made.get(value)
    if number is None:
        return COPY
    return str(chosen.spots[number])

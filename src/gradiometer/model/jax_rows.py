"""The records of what each use of a tensor of a JAX loss brings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from gradiometer.model.jax_choice import Chosen
from gradiometer.model.jax_linear import Part, Split
from gradiometer.model.jax_steps import COPY, OPENED, Read, Step, list_bodies
from gradiometer.model.tensor_use import Residual, SplitTensor, TensorKind, TensorUse, measure_use

_LOOPS = frozenset(("scan", "while"))


def _is_used_inside(step: Step, position: int) -> bool:
    """Whether what the step calls reads that operand several times."""
    if step.name not in OPENED:
        return any(len(inner.eqns) > 1 for inner in list_bodies(step.equation))
    return any(
        sum(atom is inner.invars[position] for row in inner.eqns for atom in row.invars) > 1
        for inner in list_bodies(step.equation)
    )


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
    with np.errstate(all="ignore"):
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
    flat = np.asarray(array).reshape(-1)
    if np.iscomplexobj(flat):
        return flat.astype(np.complex128).view(np.float64)
    return flat.astype(np.float64)


def measure_norm(array: Any) -> float:
    """The length of an array."""
    flat = to_floats(array)
    with np.errstate(all="ignore"):
        return math.sqrt(float(flat @ flat))


def is_same(left: Any, right: Any) -> bool:
    """Whether two arrays are equal bit for bit, the sign of zero included."""
    pair = np.asarray(left), np.asarray(right)
    return (
        pair[0].dtype == pair[1].dtype
        and pair[0].shape == pair[1].shape
        and pair[0].tobytes() == pair[1].tobytes()
    )


def write_tensors(
    measured: Measured, *, totals: Sequence[Any], own: Sequence[Any]
) -> list[SplitTensor]:
    """The records of leaves, then of what is derived from them, then of what is watched.

    Args:
        measured: What was chosen and what it brought.
        totals: The gradient of each leaf when the steps run one by one.
        own: The gradient of each leaf as JAX computes it.
    """
    chosen = measured.chosen
    rows = zip(chosen.flow.program.leaves, chosen.names, totals, own, strict=True)
    found = [_write(measured, value, name=n, total=t, own=o) for value, n, t, o in rows]
    inner: list[tuple[TensorKind, Sequence[tuple[int, str]]]] = [
        ("derived", chosen.derived),
        ("watched", chosen.watched),
    ]
    for kind, named in inner:
        for value, name in named:
            split = measured.splits.get(value)
            total = split.total if split is not None else None
            row = _write(measured, value, name=name, total=total, own=total)
            found.append(replace(row, kind=kind))
    return found


def _write(measured: Measured, value: int, *, name: str, total: Any, own: Any) -> SplitTensor:
    shape = measured.chosen.flow.program.shapes[value]
    split = measured.splits.get(value)
    total = np.zeros(shape.shape) if total is None else total
    added = None if split is None else split.added
    is_loss = value == measured.chosen.flow.program.output
    is_idle = is_loss or not np.any(np.asarray(total))
    matches = is_idle if added is None else is_same(added, own)
    notes = _list_notes(measured, value)
    if not matches and added is not None and is_same(added, total):
        notes.append("Run one by one, the steps add up to their own gradient bit for bit.")
    elif not matches:
        notes.append("The uses do not add up to the gradient: the rest is not attributed.")
    return SplitTensor(
        name=name,
        also=(),
        shape=tuple(shape.shape),
        dtype=str(shape.dtype),
        kind="parameter",
        norm=measure_norm(total),
        uses=measured.rows(value, total),
        matches=matches,
        note=" ".join(dict.fromkeys(notes)),
    )


def _list_notes(measured: Measured, value: int) -> list[str]:
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
        elif _is_used_inside(step, end[1]):
            notes.append(f"`{spot.operation}` uses it several times inside: they are one use.")
    return notes


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

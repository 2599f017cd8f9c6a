"""What one walk has found so far: rows, outputs by name, and which tensor is which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import final

from gradiometer.errors import LimitError, Place, ShapeError, UsageError, suggest, unknown_name
from gradiometer.model.network_rows import (
    ALL,
    Again,
    CountLine,
    Row,
    SavedRow,
    Shape,
    TensorRow,
    to_shape_text,
)
from gradiometer.model.network_tree import Item
from gradiometer.model.size_formula import Size

MOST_ROWS = 200_000
"""Rows of one network."""


@final
@dataclass(frozen=True)
class Flow:
    """What goes from one item to the next."""

    shape: Shape
    tensor: str
    """The full name of the tensor, which layers that keep it share."""
    dtype: str | None = None
    needs_gradient: bool = False
    whole: Shape | None = None
    """The shape of the tensor in which it is a view of a part; who keeps the part keeps all."""


@final
@dataclass(frozen=True)
class Known:
    """An item that was walked, to be used again."""

    item: Item
    values: Mapping[str, Size]
    frozen: frozenset[str]


class Scope:
    """The rows and names of a network, or of the body of one composite layer."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.places: dict[str, int] = {}
        """The row of each path."""
        self.outputs: dict[str, Flow] = {}
        self.items: dict[str, Known] = {}
        self.turns = 0

    def add(self, row: Row) -> None:
        """Put a row behind the others.

        Raises:
            UsageError: If its name is taken.
            LimitError: If there are too many.
        """
        if row.path in self.places:
            problem = f"Two items have the name `{row.path}`."
            raise UsageError(problem, place=row.place, hint="give one of them another name")
        self.places[row.path] = len(self.rows)
        self.rows.append(row)
        self.count_turn(row.place)

    def count_turn(self, place: Place | None) -> None:
        """Count one step of the walk, so that a network of endless turns ends with an error."""
        self.turns += 1
        if max(self.turns, len(self.rows)) > MOST_ROWS:
            problem = f"The network has more than {MOST_ROWS:,} layers."
            raise LimitError(problem, place=place, hint="write a smaller count of repetitions")

    def embed(self, rows: tuple[Row, ...], path: str, renamed: Mapping[str, str]) -> None:
        """Put the rows of a composite layer behind the others, under its path."""
        if len(self.rows) + len(rows) > MOST_ROWS:
            self.turns = MOST_ROWS
        prefix = f"{path}."
        for row in rows:
            self.add(
                Row(
                    prefix + row.path,
                    row.kind,
                    row.settings,
                    row.shape_in,
                    row.shape_out,
                    _under(row.tensors, prefix),
                    _under(row.buffers, prefix),
                    row.multiply_adds,
                    row.extra,
                    tuple(
                        SavedRow(
                            kept.name,
                            renamed.get(kept.tensor) or prefix + kept.tensor,
                            kept.shape,
                            kept.dtype,
                            kept.once,
                            kept.needed_for,
                        )
                        for kept in row.saved
                    ),
                    row.active_share,
                    row.formula,
                    row.words,
                    row.is_embedding,
                    row.place,
                    row.spelled,
                    row.cache,
                    row.memory,
                    _again_under(row.again, prefix) if row.again else None,
                )
            )

    def find(self, name: str, prefix: str, known: Mapping[str, object]) -> str:
        """The full path that *name* means to an item under *prefix*; empty when it means none."""
        parts = prefix.split(".")[:-1]
        for depth in range(len(parts), -1, -1):
            path = ".".join([*parts[:depth], name])
            if path in known:
                return path
        return ""

    def output(self, name: str, *, prefix: str, path: str, place: Place | None) -> Flow:
        """The output of the item that `from` names.

        Raises:
            UnknownNameError: If no item before has that name.
        """
        known: dict[str, object] = {**self.places, **self.outputs}
        found = self.find(name, prefix, known)
        if not found:
            raise _unknown(name, known, path=path, place=place, setting="from")
        if found in self.outputs:
            return self.outputs[found]
        row = self.rows[self.places[found]]
        return Flow(row.shape_out, found, needs_gradient=True)

    def known_item(self, name: str, *, prefix: str, path: str, place: Place | None) -> str:
        """The path of the item that `use` names.

        Raises:
            UnknownNameError: If no item before has that name.
        """
        found = self.find(name, prefix, self.items)
        if not found:
            raise _unknown(name, self.items, path=path, place=place, setting="use")
        return found

    def tie(self, start: int, text: str, *, prefix: str, path: str, place: Place | None) -> None:
        """Make tensors of the rows from *start* on those of the item or tensor that *text* names.

        Raises:
            UnknownNameError: If nothing before has that name.
            ShapeError: If the shapes differ.
        """
        whole = self.find(text, prefix, self._before(start))
        if whole:
            self.share(start, whole, path, place=place)
            return
        item, _, name = text.rpartition(".")
        found = self.find(item, prefix, self._before(start)) if item else ""
        other = self._tensor(found, name) if found else None
        if other is None:
            known = [*self._before(start), *self._tensor_names(start)]
            raise _unknown(text, dict.fromkeys(known), path=path, place=place, setting="tie")
        row = self.rows[start]
        same = [t for t in row.tensors if t.name == name]
        same = same or [t for t in row.tensors if t.shape == other.shape]
        if len(self.rows) != start + 1 or len(same) != 1:
            problem = f"`{path}` has no one tensor that can be `{text}`."
            hint = "tie a layer that has a tensor of that name"
            raise UsageError(problem, place=place, hint=hint)
        full = f"{found}.{name}"
        tied = _tied(same[0], other, full, path=path, place=place)
        tensors = tuple(tied if tensor is same[0] else tensor for tensor in row.tensors)
        self.rows[start] = replace(row, tensors=tensors)

    def is_frozen(self, name: str, *, prefix: str) -> bool:
        """Whether *name* is an item of which every tensor is frozen."""
        path = self.find(name, prefix, self._before(len(self.rows)))
        inside = [row for row in self.rows if f"{row.path}.".startswith(f"{path}.")]
        tensors = [tensor for row in inside for tensor in row.tensors] if path else []
        return bool(tensors) and all(tensor.frozen for tensor in tensors)

    def drop_unneeded(self, start: int, flow: Flow, *, had_gradient: bool) -> Flow:
        """The flow from the rows from *start* on, which are tied now and keep what they need.

        A tensor that turned out to be frozen has no gradient, and what only that needs goes.
        """
        for at in range(start, len(self.rows)):
            row = self.rows[at]
            frozen = {tensor.name for tensor in row.tensors if tensor.frozen}
            kept = tuple(kept for kept in row.saved if kept.needed_for not in frozen)
            self.rows[at] = replace(row, saved=kept)
        tensors = [tensor for row in self.rows[start:] for tensor in row.tensors]
        if had_gradient or any(not tensor.frozen for tensor in tensors):
            return flow
        # Nothing before or in these rows is learned, so no way back leads through them.
        self.rows[start:] = [replace(row, saved=()) for row in self.rows[start:]]
        return replace(flow, needs_gradient=False)

    def share(self, start: int, old: str, new: str, *, place: Place | None) -> None:
        """Make the tensors of the rows from *start* on those of the same rows under *old*.

        Raises:
            ShapeError: If the shapes differ.
            UsageError: If they have no tensor in common.
        """
        count = 0
        for at in range(start, len(self.rows)):
            row = self.rows[at]
            before = old + row.path[len(new) :]
            if before not in self.places or self.places[before] >= start:
                continue
            sources = self.rows[self.places[before]]
            changed: dict[str, tuple[TensorRow, ...]] = {}
            for key in ("tensors", "buffers"):
                others = {tensor.name: tensor for tensor in getattr(sources, key)}
                tensors = tuple(
                    _tied(t, others[t.name], f"{before}.{t.name}", path=row.path, place=place)
                    if t.name in others
                    else t
                    for t in getattr(row, key)
                )
                count += sum(tensor.name in others for tensor in tensors)
                changed[key] = tensors
            self.rows[at] = replace(row, tensors=changed["tensors"], buffers=changed["buffers"])
        if not count and any(row.tensors for row in self.rows[start:]):
            problem = f"`{new}` and `{old}` have no tensor of the same name."
            raise UsageError(problem, place=place, hint=f"name one tensor, such as `{old}.weight`")

    def mark_again(self, start: int, old: str, new: str, *, named: bool) -> None:
        """Say of the rows from *start* on under *new* which rows under *old* they are again."""
        for at in range(start, len(self.rows)):
            row = self.rows[at]
            before = old + row.path[len(new) :]
            if before in self.places and self.places[before] < start:
                known = self.rows[self.places[before]].again
                first = known.first if known else before
                listed = named and (known is None or known.is_named)
                self.rows[at] = replace(row, again=Again(first, new, old, listed))

    def freeze(self, start: int, names: frozenset[str], *, path: str, place: Place | None) -> None:
        """Check that the rows from *start* on have the tensors that are frozen by name.

        Raises:
            UsageError: If one of them is in no row.
        """
        known = dict.fromkeys(t.name for row in self.rows[start:] for t in row.tensors)
        for name in sorted(names - {ALL} - set(known)):
            near = suggest(name, known)
            raise UsageError(
                f"`{path}` has no tensor `{name[:60]}` that can be frozen.",
                place=place,
                known=tuple(known),
                hint=f"write `frozen={near}`" if near else "write `frozen=true` for all of it",
            )

    def stack(self, start: int, path: str, *, count: int, active: int) -> None:
        """Make the rows from *start* on those of *count* experts, *active* of which work."""
        prefix = f"{path}."
        for at in range(start, len(self.rows)):
            row = self.rows[at]
            self.rows[at] = replace(
                row,
                tensors=tuple(_stacked(tensor, count, prefix) for tensor in row.tensors),
                buffers=tuple(_stacked(tensor, count, prefix) for tensor in row.buffers),
                multiply_adds=_times(row.multiply_adds, active),
                extra=_times(row.extra, active),
                saved=tuple(_gathered(kept, active, prefix) for kept in row.saved),
                active_share=row.active_share * Fraction(active, count),
                formula=f"{count}*({row.formula})" if row.formula else "",
                words=f"experts*({row.words})" if row.words else "",
                spelled=f"{count} experts * ({row.spelled})" if row.spelled else "",
            )

    def _before(self, start: int) -> dict[str, int]:
        """The paths of the rows before *start*, and those of the items that hold them."""
        found: dict[str, int] = {}
        for row in self.rows[:start]:
            path = row.path
            while path:
                found.setdefault(path, 0)
                path = path.rpartition(".")[0]
        return found

    def _tensor(self, path: str, name: str) -> TensorRow | None:
        if path not in self.places:
            return None
        row = self.rows[self.places[path]]
        return next((tensor for tensor in row.tensors if tensor.name == name), None)

    def _tensor_names(self, start: int) -> list[str]:
        rows = self.rows[:start]
        return [f"{row.path}.{tensor.name}" for row in rows for tensor in row.tensors]


def _under(tensors: tuple[TensorRow, ...], prefix: str) -> tuple[TensorRow, ...]:
    if not any(tensor.shared_with for tensor in tensors):
        return tensors
    return tuple(
        replace(tensor, shared_with=prefix + tensor.shared_with) if tensor.shared_with else tensor
        for tensor in tensors
    )


def _again_under(again: Again, prefix: str) -> Again:
    return Again(
        prefix + again.first, prefix + again.item, prefix + again.of, is_named=again.is_named
    )


def _tied(
    own: TensorRow, other: TensorRow, full: str, *, path: str, place: Place | None
) -> TensorRow:
    if own.shape != other.shape:
        raise ShapeError(
            f"`{path}.{own.name}` has the shape {to_shape_text(own.shape)} and `{full}` has "
            f"{to_shape_text(other.shape)}, so they cannot be one tensor.",
            place=place,
            hint="give both layers the same sizes, or leave out the tie",
        )
    if own.frozen and not other.frozen:
        raise UsageError(
            f"`{path}.{own.name}` is frozen and is the tensor `{full}`, which is not.",
            place=place,
            hint=f"write `frozen=true` at `{full.rpartition('.')[0]}`",
        )
    root = other.shared_with or full
    return replace(own, count=0, shared_with=root, frozen=other.frozen)


def _stacked(tensor: TensorRow, count: int, prefix: str) -> TensorRow:
    if tensor.shared_with and not tensor.shared_with.startswith(prefix):
        return tensor
    return replace(tensor, shape=(count, *tensor.shape), count=count * tensor.count)


def _gathered(kept: SavedRow, active: int, prefix: str) -> SavedRow:
    """A kept tensor of experts: each token is there once for every expert that works on it."""
    name = kept.tensor if kept.tensor.startswith(prefix) else f"{prefix}gathered {kept.tensor}"
    return replace(kept, tensor=name, shape=(active, *kept.shape))


def _times(lines: tuple[CountLine, ...], factor: int) -> tuple[CountLine, ...]:
    return tuple(
        replace(
            line,
            count=None if line.count is None else factor * line.count,
            formula=f"active*({line.formula})",
        )
        for line in lines
    )


def _unknown(
    name: str, known: Mapping[str, object], *, path: str, place: Place | None, setting: str
) -> Exception:
    near = suggest(name, known)
    shown = [near] if near else []
    shown += [other for other in known if other != near][: 12 - len(shown)]
    problem = f"`{path}`: `{setting}` names `{name[:60]}`, and no item before it has that name."
    return unknown_name(name, shown, problem=problem, place=place)

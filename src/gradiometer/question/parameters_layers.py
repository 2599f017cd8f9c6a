"""The layers of a network as they are shown: those that a repetition makes alike in one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from gradiometer.model import Row

Label: TypeAlias = "str | int"


@final
@dataclass(frozen=True)
class LayerGroup:
    """Layers that differ in the number of their turn only, or one layer."""

    label: Label
    """Such as `blocks.0…11.norm`, or the number of a layer in a network of widths."""
    pattern: str
    """The path without the numbers of turns, which layers of two networks may share."""
    row: Row
    """The first of them."""
    times: int = 1

    @property
    def parameters(self) -> int:
        """The parameters of all of them."""
        return self.times * self.row.parameters

    @property
    def macs(self) -> int | None:
        """The multiply-adds of all of them for one example."""
        counts = [line.count for line in self.row.multiply_adds]
        return None if None in counts else self.times * sum(count or 0 for count in counts)

    @property
    def formula(self) -> str:
        """How the parameters are counted, in numbers; empty where there are none."""
        return self._repeat(self.row.formula, "*")

    @property
    def spelled(self) -> str:
        """The same with words for what each number is."""
        return self._repeat(self.row.spelled, " * ")

    @property
    def note(self) -> str:
        """What is counted at another place, in brackets."""
        shared = [
            f"{t.name} is {t.shared_with}"
            for t in self.row.tensors
            if not t.count and t.shared_with
        ]
        return f" ({', '.join(shared)}, counted there)" if shared else ""

    def _repeat(self, text: str, sign: str) -> str:
        if self.times == 1 or not text:
            return text
        return f"{self.times}{sign}({text})" if " + " in text else f"{self.times}{sign}{text}"


def group_layers(rows: Sequence[Row], *, numbered: bool) -> tuple[LayerGroup, ...]:
    """The layers in order; what repeats stands where its first turn stands.

    Args:
        rows: The rows of a walk.
        numbered: Whether dense layers have numbers for names, as in a network of widths.
    """
    groups: dict[Any, list[tuple[Row, tuple[int, ...]]]] = {}
    for row in rows:
        pattern, turns = _split_turns(row.path)
        alike = (
            pattern,
            row.kind,
            row.shape_in,
            row.shape_out,
            row.settings,
            row.active_share,
            row.multiply_adds,
            tuple((t.name, t.shape, t.count, t.frozen, t.shared_with) for t in row.tensors),
            tuple((t.name, t.shape, t.count, t.is_stored, t.shared_with) for t in row.buffers),
        )
        groups.setdefault(alike, []).append((row, turns))
    numbers = iter(range(1, len(rows) + 1))
    return tuple(
        LayerGroup(
            next(numbers) if numbered and members[0][0].kind == "dense" else _label(members),
            alike[0],
            members[0][0],
            len(members),
        )
        for alike, members in groups.items()
    )


def _split_turns(path: str) -> tuple[str, tuple[int, ...]]:
    """The path with a star for each number of a turn, and these numbers."""
    parts = path.split(".")
    turns = tuple(int(part) for part in parts if part.isdecimal())
    return ".".join("*" if part.isdecimal() else part for part in parts), turns


def _label(members: Sequence[tuple[Row, tuple[int, ...]]]) -> str:
    path = members[0][0].path
    if len(members) == 1:
        return path
    columns = iter([sorted(set(turns)) for turns in zip(*(m[1] for m in members), strict=True)])
    return ".".join(
        _join_turns(next(columns)) if part.isdecimal() else part for part in path.split(".")
    )


def _join_turns(turns: Sequence[int]) -> str:
    """Numbers of turns as `0…11`, or one by one where some are left out."""
    if len(turns) > 1 and turns[-1] - turns[0] == len(turns) - 1:
        return f"{turns[0]}…{turns[-1]}"
    shown = [*map(str, turns[:3]), "…", str(turns[-1])] if len(turns) > 5 else map(str, turns)
    return ",".join(shown)

"""Which shape each statement of a block has, and which leaves its numbers are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from gradiometer.errors import GradiometerError
from gradiometer.model.listing_block import Block, Cutter, find_distinct
from gradiometer.model.listing_error import assigned_twice
from gradiometer.model.listing_shape import Shape, read_shape


class Failure(NamedTuple):
    """An error of a statement; of several the first statement has its own, then the lowest rank."""

    statement: int
    rank: int
    error: GradiometerError


@final
@dataclass(frozen=True, eq=False)
class Plan:
    """The statements of a block with their shapes."""

    block: Block
    shapes: list[Shape]
    which: NDArray[np.int64]
    """For each statement its place in *shapes*."""
    begin: NDArray[np.int64]
    """For each statement its first word; words that the parser found stand behind all others."""
    word: NDArray[np.intp]
    """The number of each name; -1 for a number."""
    leaf: NDArray[np.int64]
    """The leaf of each number."""

    def table(self, read: Callable[[Shape], int]) -> NDArray[np.int64]:
        """A number for each statement, by its shape."""
        return np.array(list(map(read, self.shapes)), np.int64)[self.which]


@final
class Planner:
    """Finds the shapes of statements; a shape is read by the grammar once."""

    def __init__(self, given: tuple[str, ...]) -> None:
        self.cutter = Cutter(given)
        self.used: frozenset[str] = frozenset()
        """Constants that lines used, so that no later line may hide them."""
        self.leaves = len(given)
        self.constants: list[NDArray[np.float64]] = []
        """The constants of each block; their leaves follow those of the inputs."""
        self._inputs = given
        self._hiding = set(given)
        """Names that hide a constant."""
        self._shapes: dict[bytes, Shape | None] = {}
        """The shape of each key; None where every line has to be read by itself."""

    def plan(self, block: Block, failures: list[Failure]) -> Plan:
        """The shape of each statement, up to the first one that cannot be read."""
        shapes: list[Shape] = []
        which = np.full(len(block.begin), -1, np.int64)
        is_alone = block.is_alone.copy()
        members = np.argsort(block.group, kind="stable")
        bounds = np.searchsorted(block.group[members], np.arange(len(block.sample) + 1))
        for group, sample in enumerate(block.sample.tolist()):
            try:
                shape = self._shape_of(block, group)
            except GradiometerError as error:
                failures.append(Failure(sample, 1, error))
                continue
            rows = members[bounds[group] : bounds[group + 1]]
            if shape is None:
                is_alone[rows] = True
            else:
                which[rows] = len(shapes)
                shapes.append(shape)
        end = min((failure.statement for failure in failures), default=len(which))
        alone: list[int] = []
        for statement in np.flatnonzero(is_alone[:end]).tolist():
            try:
                shapes.append(self._read_alone(block.text(statement)))
            except GradiometerError as error:
                failures.append(Failure(statement, 1, error))
                end = statement
                break
            which[statement] = len(shapes) - 1
            alone.append(statement)
        begin, word, leaf = self._number_words(block, alone, shapes[len(shapes) - len(alone) :])
        return Plan(block, shapes, which[:end], begin[:end], word, leaf)

    def _number_words(
        self, block: Block, alone: list[int], shapes: list[Shape]
    ) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.int64]]:
        """The first word of each statement; names by number and numbers by leaf of all words."""
        begin, value, wanted = block.begin.copy(), block.value, np.ones(len(block.word), np.bool_)
        extra: list[bool] = []
        names: list[str] = []
        numbers: list[float] = []
        for statement, shape in zip(alone, shapes, strict=True):
            wanted[begin[statement] : begin[statement] + block.count[statement]] = False
            begin[statement] = len(block.word) + len(extra)
            is_number = [*[False] * shape.skipped, *shape.numbers]
            extra += is_number
            for text, is_value in zip(shape.words, is_number, strict=True):
                if is_value:
                    numbers.append(float(text))
                else:
                    names.append(text)
        more = np.full(len(extra), -1)
        more[~np.array(extra, np.bool_)] = self.cutter.names.number_words(names)
        word = np.concatenate([block.word, more])
        wanted = np.concatenate([wanted, np.ones(len(extra), np.bool_)])
        place = np.flatnonzero(word < 0)
        value = np.concatenate([value, numbers])[wanted[place]]
        first, which = find_distinct(value)
        leaf = np.zeros(len(word), np.int64)
        leaf[place[wanted[place]]] = which + self.leaves
        self.constants.append(value[first])
        self.leaves += len(first)
        return begin, word, leaf

    def _shape_of(self, block: Block, group: int) -> Shape | None:
        """The shape of a group; None where its lines have to be read one by one."""
        key = block.keys[group]
        if key not in self._shapes:
            sample = int(block.sample[group])
            shape = read_shape(block.text(sample), self._hiding)
            # Products such as `a(b + 1)` and `2pi(a + 1)` are rare in long lists.
            self._shapes[key] = shape if [*shape.words] == block.words(sample) else None
        return self._shapes[key]

    def _read_alone(self, text: str) -> Shape:
        """The shape of a statement with constants, Greek letters or the like."""
        shape = read_shape(text, self._hiding)
        self.used |= shape.constants
        if shape.is_named:
            target = shape.words[0]
            if target in self.used:
                raise assigned_twice(target, text, inputs=self._inputs, used=self.used)
            self._hiding.add(target)
        return shape

"""A long list of assignments as flat arrays: a million lines in seconds, each read by the grammar.

Lines that differ only in their names and numbers have one shape. A shape is parsed once, by the
same parser as every formula; each further line of it only fills in its names and numbers.
"""

from __future__ import annotations

import gc
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from gradiometer.errors import FormulaError, GradiometerError, Place, suggest, unknown_name
from gradiometer.formula import plain_name
from gradiometer.model.listing_order import needs_node
from gradiometer.model.listing_shape import Shape, cut_line, is_plain, read_shape

_CHUNK = 1 << 16
"""Lines whose words are held at a time."""

_GIVEN, _FIXED = 1 << 40, 1 << 41
"""Where the numbers of inputs and of constants start while operations are still being counted."""

_NAMELESS = ""

INPUT, CONSTANT = 0, 1
"""Codes of nodes without operands; further codes count `operators` from 2."""


@final
@dataclass(frozen=True, eq=False)
class Listing:
    """A computation in arrays: inputs first, then constants, then operations in their order.

    The operands of node `v` are `operand[first[v]:first[v + 1]]`.
    """

    operators: tuple[str, ...]
    """The operators that occur; node code `2 + i` is `operators[i]`."""
    code: NDArray[np.uint8]
    first: NDArray[np.int64]
    operand: NDArray[np.int32]
    constants: NDArray[np.float64]
    inputs: tuple[str, ...]
    names: Mapping[str, int]
    """The node of each input and of each assigned name."""
    line: NDArray[np.int32]
    """For each operation the line it stands on, counted from 1."""
    output: int
    """The node of the last assignment."""

    def name_nodes(self) -> tuple[NDArray[np.int64], list[str]]:
        """The node of each name, and the names in the same order."""
        if isinstance(self.names, _Places):
            return self.names.to_array(), list(self.names)
        return np.array(list(self.names.values()), np.int64), list(self.names)

    @property
    def leaves(self) -> int:
        """How many nodes are inputs or constants."""
        return len(self.inputs) + len(self.constants)


def read_listing(
    lines: Iterable[str], *, given: Iterable[str], source: str = "computation"
) -> Listing:
    """The computation that *lines* assign, one or more assignments each, parted by `;`.

    Args:
        lines: The text, line by line.
        given: The names that have a value.
        source: Where the text stands, for errors.

    Raises:
        FormulaError: If a line cannot be read, or a name is assigned twice or used too early.
        UnknownNameError: If a name is neither assigned nor given.

    Example:
        >>> listing = read_listing(["v = a^2", "c = v*a; d = c + 1"], given=["a"])
        >>> listing.operators, listing.operand.tolist()
        (('^', '*', '+'), [0, 1, 3, 0, 4, 2])
    """
    builder = _Builder(source, {plain_name(name): _GIVEN + k for k, name in enumerate(given)})
    # Millions of words live at a time and none of them in a cycle: looking for cycles is a waste.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        pending = 0
        for number, line in _statements(lines):
            builder.add(number, line)
            pending += 1
            if pending == _CHUNK:
                builder.resolve()
                pending = 0
        builder.resolve()
        return builder.finish()
    finally:
        if was_enabled:
            gc.enable()


def _statements(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, start=1):
        if ";" in line:
            for part in line.split(";"):
                if part.strip():
                    yield number, part
        elif line.strip():
            yield number, line


@final
class _Filled:
    """A shape with the words of its lines that wait to be resolved."""

    __slots__ = ("is_named", "operations", "shape", "size", "skipped", "words")

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        # Read a million times, so not looked up in the shape each time.
        self.is_named, self.size, self.skipped = shape.is_named, shape.size, shape.skipped
        self.operations: list[int] = []
        """For each line the number of its first operation."""
        self.words: list[str] = []


@final
class _Builder:
    """What has been read so far."""

    def __init__(self, source: str, names: dict[str, int]) -> None:
        self._source = source
        self._inputs = tuple(names)
        self._given = len(names)
        self._names = names
        self._used: frozenset[str] = frozenset()
        """Constants that lines used, so that no later line may hide them."""
        self._shapes: dict[str, _Filled] = {}
        self._constants: dict[str, int] = {}
        self._codes: dict[str, int] = {}
        self._count = 0
        self._last = -1
        self._open_name, self._open_line = 0, ""
        """The line of the expression without a name, which must be the last one."""
        self._lines: list[int] = []
        """The line of each statement that has operations."""
        self._starts: list[int] = []
        """Its first operation."""
        self._parts: list[tuple[Any, ...]] = []

    def add(self, number: int, line: str) -> None:
        """Take one assignment."""
        if self._open_name:
            raise self._no_name()
        key, words = cut_line(line)
        filled = self._shapes.get(key)
        if filled is None or not is_plain(words, line):
            filled = self._shape(number, line, key, words)
        target = words[0] if filled.is_named else _NAMELESS
        if not filled.is_named:
            self._open_name, self._open_line = number, line
        if target in self._names or target in self._used:
            raise self._twice(number, line, target)
        if filled.size:
            filled.operations.append(self._count)
            filled.words.extend(words[filled.skipped :])
            self._lines.append(number)
            self._starts.append(self._count)
            self._count += filled.size
            self._names[target] = self._last = self._count - 1
        else:
            self._last = self._names[target] = self._alias(number, line, filled.shape, words)

    def _shape(self, number: int, line: str, key: str, words: list[str]) -> _Filled:
        try:
            shape = read_shape(line, self._names)
        except GradiometerError as error:
            raise self._located(error, number) from None
        if list(shape.words) != words:
            # Constants, Greek letters and products such as `a(b + 1)` are rare in long lists.
            key = f"{number} {line}"
            words[:] = shape.words
            self._used |= shape.constants
        return self._shapes.setdefault(key, _Filled(shape))

    def _no_name(self) -> GradiometerError:
        number, line = self._open_name, self._open_line
        problem = "Only the last expression may stand without a name."
        error = FormulaError(problem, text=line, start=0, end=len(line), hint="write `name = …`")
        return self._located(error, number)

    def _alias(self, number: int, line: str, shape: Shape, words: list[str]) -> int:
        """What a statement without an operation stands for: a number or another name."""
        word = words[shape.skipped]
        if shape.is_number(0):
            return self._constant(word)
        if word not in self._names:
            raise self._unknown(number, line, word)
        return self._names[word]

    def _constant(self, word: str) -> int:
        return _FIXED + self._constants.setdefault(word, len(self._constants))

    def resolve(self) -> None:
        """Turn the words that wait into numbers of nodes."""
        for filled in self._shapes.values():
            if filled.operations:
                self._parts.append(self._resolve(filled))
                filled.operations, filled.words = [], []

    def _resolve(self, filled: _Filled) -> tuple[Any, ...]:
        shape, width = filled.shape, filled.shape.width
        starts = np.array(filled.operations, np.int64)
        table = np.empty((len(starts), width), np.int64)
        for slot in range(width):
            words = filled.words[slot::width]
            if shape.is_number(slot):
                table[:, slot] = [self._constant(word) for word in words]
                continue
            try:
                table[:, slot] = list(map(self._names.__getitem__, words))
            except KeyError as error:
                raise self._missing(filled, slot, str(error.args[0])) from None
        columns = [
            starts + place if is_inner else table[:, place]
            for operation in shape.operations
            for is_inner, place in operation.operands
        ]
        codes = [self._codes.setdefault(o.operator, len(self._codes)) for o in shape.operations]
        arity = [len(operation.operands) for operation in shape.operations]
        return starts, codes, arity, np.stack(columns, axis=1)

    def _missing(self, filled: _Filled, slot: int, word: str) -> GradiometerError:
        row = filled.words[slot :: filled.shape.width].index(word)
        place = int(np.searchsorted(self._starts, filled.operations[row]))
        return self._unknown(self._lines[place], "", word)

    def _unknown(self, number: int, line: str, word: str) -> GradiometerError:
        alike = (n for n in self._names if n[:1] == word[:1] and abs(len(n) - len(word)) < 3)
        near = suggest(word, itertools.islice(alike, 10_000))
        value = f"give a value as in `--at {word}=1`"
        error = unknown_name(
            word,
            (),
            problem=f"`{word}` is neither assigned nor given a value.",
            text=line,
        )
        error.hint = f"write `{near}`, or {value}" if near else value
        return self._located(error, number)

    def _twice(self, number: int, line: str, target: str) -> GradiometerError:
        if target in self._used:
            problem = f"`{target}` was the constant on an earlier line."
            hint = "choose another name"
        elif target in self._inputs:
            problem = f"`{target}` is computed here, so it takes no value."
            hint = f"leave `{target}` out of the point"
        else:
            problem = f"The name `{target}` is assigned twice."
            hint = "give the second value a name of its own"
        end = len(line.rstrip())
        return self._located(FormulaError(problem, text=line, start=0, end=end, hint=hint), number)

    def _located(self, error: GradiometerError, number: int) -> GradiometerError:
        column = None if error.start is None else error.start + 1
        return error.located(Place(self._source, number, column))

    def finish(self) -> Listing:
        """All operations in their order.

        Raises:
            FormulaError: If there is none, or one uses a name before it is assigned.
        """
        if self._last < 0:
            raise FormulaError("There is no formula.", place=Place(self._source))
        leaves = self._given + len(self._constants)
        code, arity = np.empty(self._count, np.uint8), np.empty(self._count, np.int64)
        for starts, codes, sizes, _ in self._parts:
            for offset, (value, size) in enumerate(zip(codes, sizes, strict=True)):
                code[starts + offset], arity[starts + offset] = value + 2, size
        first = np.zeros(leaves + self._count + 1, np.int64)
        np.cumsum(arity, out=first[leaves + 1 :])
        operand = self._operands(first[leaves:], leaves)
        line = np.repeat(
            np.array(self._lines, np.int32), np.diff([*self._starts, self._count])
        ) if self._lines else np.empty(0, np.int32)  # fmt: skip
        self._check_order(operand, first[leaves:], leaves, line)
        leaf = np.repeat(np.array([INPUT, CONSTANT], np.uint8), [self._given, leaves - self._given])
        return Listing(
            tuple(self._codes),
            np.concatenate([leaf, code]),
            first,
            operand,
            np.array([float(word) for word in self._constants], np.float64),
            self._inputs,
            _Places(self._names, self._given, leaves),
            line,
            _place(self._last, self._given, leaves),
        )

    def _operands(self, first: NDArray[np.int64], leaves: int) -> NDArray[np.int32]:
        operand = np.empty(int(first[-1]), np.int32)
        for starts, _, sizes, columns in self._parts:
            placed = np.where(
                columns >= _FIXED,
                columns - _FIXED + self._given,
                np.where(columns >= _GIVEN, columns - _GIVEN, columns + leaves),
            )
            where = first[starts][:, None] + np.arange(sum(sizes))
            operand[where] = placed
        return operand

    def _check_order(
        self,
        operand: NDArray[np.int32],
        first: NDArray[np.int64],
        leaves: int,
        line: NDArray[np.int32],
    ) -> None:
        own = np.repeat(np.arange(self._count, dtype=np.int64), np.diff(first)) + leaves
        late = np.flatnonzero(operand >= own)
        if len(late):
            node, used = int(own[late[0]]) - leaves, int(operand[late[0]]) - leaves
            name = next(name for name, k in self._names.items() if k == used)
            statement, other = np.searchsorted(self._starts, [node, used], "right")
            itself = statement == other
            problem = f"`{name}` is used before line {line[used]} assigns it."
            hint = f"move the assignment of `{name}` before this line"
            if itself:
                problem = f"`{name}` is computed from itself."
                hint = "give the new value a name of its own"
            elif needs_node(operand - leaves, first, node, used):
                problem = (
                    f"`{name}` is used here, and line {line[used]} computes it from this line: "
                    "the computation is a circle."
                )
                hint = f"compute `{name}` or this line without the other"
            raise self._located(FormulaError(problem, hint=hint), int(line[node]))


def _place(number: int, given: int, leaves: int) -> int:
    if number >= _FIXED:
        return number - _FIXED + given
    return number - _GIVEN if number >= _GIVEN else number + leaves


@final
class _Places(Mapping[str, int]):
    """The node of each name, counted through inputs, constants and operations."""

    def __init__(self, names: dict[str, int], given: int, leaves: int) -> None:
        self._names, self._given, self._leaves = names, given, leaves

    def __getitem__(self, name: str) -> int:
        return _place(self._names[name], self._given, self._leaves)

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._names if name != _NAMELESS)

    def __len__(self) -> int:
        return len(self._names) - (_NAMELESS in self._names)

    def to_array(self) -> NDArray[np.int64]:
        """The node of each name, in the order of the names."""
        numbers = np.fromiter(self._names.values(), np.int64, len(self._names))
        places = np.where(
            numbers >= _FIXED,
            numbers - _FIXED + self._given,
            np.where(numbers >= _GIVEN, numbers - _GIVEN, numbers + self._leaves),
        )
        return places[[name != _NAMELESS for name in self._names]] if (
            _NAMELESS in self._names
        ) else places  # fmt: skip

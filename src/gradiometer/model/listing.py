"""A long list of assignments as flat arrays: a million lines in seconds, each read by the grammar.

Lines that differ only in their names and numbers have one shape. A shape is parsed once, by the
same parser as every formula; each further line of it only fills in its names and numbers, a block
of lines at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from gradiometer.errors import FormulaError, GradiometerError, Place
from gradiometer.formula import plain_name
from gradiometer.model.listing_block import find_distinct, split_into_blocks
from gradiometer.model.listing_error import (
    assigned_twice,
    locate,
    nameless,
    unknown_word,
    used_too_early,
)
from gradiometer.model.listing_names import NameTable
from gradiometer.model.listing_order import needs_node
from gradiometer.model.listing_plan import Failure, Plan, Planner
from gradiometer.model.listing_shape import Shape

_UNSET = 2**31 - 1
"""In place of the statement that assigns a name which none has assigned so far."""

_AWAITED = -(2**30)
"""In place of the node of such a name: this number less that of the name."""
_MOST_KNOWN = 10_000
"""Names among which a near one is looked for."""

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
    names: NameTable
    """The node of each input and of each assigned name."""
    line: NDArray[np.int32]
    """For each operation the line it stands on, counted from 1."""
    output: int
    """The node of the last assignment."""

    @property
    def leaves(self) -> int:
        """How many nodes are inputs or constants."""
        return len(self.inputs) + len(self.constants)


def read_listing(
    lines: Iterable[str], *, given: Iterable[str], source: str = "computation"
) -> Listing:
    """The computation that *lines* assign, one or more assignments each, parted by `;`.

    Args:
        lines: The text in parts, each of one whole line or more.
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
    builder = _Builder(source, tuple(dict.fromkeys(map(plain_name, given))))
    for block in split_into_blocks(lines):
        builder.add(block)
    return builder.finish()


@final
@dataclass(frozen=True, eq=False)
class _Part:
    """What a block added: its statements and operations, in the narrowest numbers that fit."""

    line: NDArray[np.int32]
    """Where each statement stands."""
    size: NDArray[np.unsignedinteger]
    """How many operations it has."""
    code: NDArray[np.uint8]
    arity: NDArray[np.unsignedinteger]
    operand: NDArray[np.int32]
    """An operation from 0 on; the leaf with the number `-1 - operand` below."""


@final
class _Builder:
    """What has been read so far."""

    def __init__(self, source: str, given: tuple[str, ...]) -> None:
        self._source = source
        self._inputs = given
        self._planner = Planner(given)
        self._codes: dict[str, int] = {}
        self._since = np.full(1, _UNSET, np.int32)
        """For each name the statement that assigns it; -1 for an input."""
        self._node = np.zeros(1, np.int32)
        """For each name an operation, or `-1 - leaf`."""
        self._grow()
        self._since[: len(given)] = -1
        self._node[: len(given)] = -1 - np.arange(len(given))
        self._count = self._statements = self._lines = 0
        self._last: int | None = None
        self._open: tuple[int, str] | None = None
        """Line and text of the expression without a name, which must be the last one."""
        self._late: tuple[int, int, int] | None = None
        """The first statement that uses a name which is not assigned before, the name, and the
        last operation of the statement."""
        self._parts: list[_Part] = []

    def _grow(self) -> None:
        """Make room for the names that are new."""
        if len(self._since) < len(self._planner.cutter.names):
            more = len(self._planner.cutter.names)
            self._since = np.concatenate([self._since, np.full(more, _UNSET, np.int32)])
            awaited = _AWAITED - np.arange(len(self._node), len(self._node) + more, dtype=np.int32)
            self._node = np.concatenate([self._node, awaited])

    def add(self, lines: str) -> None:
        """Take the next lines, each with its end.

        Raises:
            GradiometerError: The first one that the lines give rise to.
        """
        block = self._planner.cutter.cut(lines)
        if len(block.begin):
            failures: list[Failure] = []
            plan = self._planner.plan(block, failures)
            self._grow()
            if self._open is not None:
                number, text = self._open
                raise locate(nameless(text), self._source, number)
            self._assign(plan, failures)
            if failures:
                first = min(failures, key=lambda failure: failure[:2])
                # An expression without a name is named when the next statement is seen.
                statement = first.statement - (first.rank == 0)
                number = self._lines + int(block.line[statement]) + 1
                raise locate(first.error, self._source, number)
            self._write(plan)
            self._statements += len(block.begin)
        self._lines += lines.count("\n")

    def _assign(self, plan: Plan, failures: list[Failure]) -> None:
        """Give each assigned name its statement and its node."""
        self._check_nameless(plan, failures)
        number = self._statements + np.arange(len(plan.which))
        named = np.flatnonzero(plan.table(lambda shape: shape.is_named))
        target = plan.word[plan.begin[named]]
        is_old = self._since[target] != _UNSET
        self._since[target] = np.where(is_old, self._since[target], number[named])
        is_old |= self._since[target] != number[named]
        if is_old.any():
            self._find_twice(plan, named, target, failures)
        size = plan.table(lambda shape: shape.size)
        last = self._count + np.cumsum(size) - 1
        self._node[target] = last[named]
        for statement in np.flatnonzero(size == 0).tolist():
            self._alias(plan, statement, failures)
        if len(size) and size[-1]:
            self._last = int(last[-1])

    def _find_twice(
        self,
        plan: Plan,
        named: NDArray[np.int64],
        target: NDArray[np.intp],
        failures: list[Failure],
    ) -> None:
        """Put down the first statement that assigns a name which an earlier one assigned."""
        seen: set[int] = set()
        for statement, name in zip(named.tolist(), target.tolist(), strict=True):
            if name in seen or self._since[name] < self._statements:
                text, word = plan.block.text(statement), self._spell(name)
                error = assigned_twice(word, text, inputs=self._inputs, used=self._planner.used)
                failures.append(Failure(statement, 1, error))
                return
            seen.add(name)

    def _check_nameless(self, plan: Plan, failures: list[Failure]) -> None:
        found = np.flatnonzero(plan.table(lambda shape: not shape.is_named))
        if not len(found):
            return
        statement = int(found[0])
        text = plan.block.text(statement)
        if statement + 1 < len(plan.block.begin):
            failures.append(Failure(statement + 1, 0, nameless(text)))
        self._open = self._lines + int(plan.block.line[statement]) + 1, text

    def _alias(self, plan: Plan, statement: int, failures: list[Failure]) -> None:
        """What a statement without an operation stands for: a number or another name."""
        shape = plan.shapes[plan.which[statement]]
        begin = int(plan.begin[statement])
        place = begin + shape.skipped
        name = int(plan.word[place])
        if name < 0:
            node = -1 - int(plan.leaf[place])
        elif self._since[name] < self._statements + statement:
            node = int(self._node[name])
        else:
            text = plan.block.text(statement)
            word = self._spell(name)
            known = self._alike(word, self._statements + statement)
            error = unknown_word(word, text, known)
            failures.append(Failure(statement, 1, error))
            return
        if shape.is_named:
            self._node[plan.word[begin]] = node
        self._last = node

    def _spell(self, name: int) -> str:
        """The name of a number."""
        return self._planner.cutter.names.word(name)

    def _alike(self, word: str, before: int) -> list[str]:
        """Names like the word that are given or that a statement before this one assigns."""
        found = self._planner.cutter.names.words(np.flatnonzero(self._since < before)).split()
        alike = (n for n in found if n[0] == word[:1] and abs(len(n) - len(word)) < 3)
        return list(islice(alike, _MOST_KNOWN))

    def _write(self, plan: Plan) -> None:
        """Put down the operations of a block."""
        self._find_late(plan)
        node = np.where(plan.word < 0, -1 - plan.leaf, self._node[plan.word])
        size = plan.table(lambda shape: shape.size)
        columns = plan.table(lambda shape: shape.operand_count)
        start, base = np.cumsum(size) - size, np.cumsum(columns) - columns
        total = int(size.sum())
        widest = max(
            (len(op.operands) for shape in plan.shapes for op in shape.operations), default=0
        )
        part = _Part(
            (plan.block.line + (self._lines + 1)).astype(np.int32),
            size.astype(np.min_scalar_type(size.max(initial=0))),
            np.empty(total, np.uint8),
            np.empty(total, np.min_scalar_type(widest)),
            np.empty(int(columns.sum()), np.int32),
        )
        members = np.argsort(plan.which, kind="stable")
        bounds = np.searchsorted(plan.which[members], np.arange(len(plan.shapes) + 1))
        for k, shape in enumerate(plan.shapes):
            rows = members[bounds[k] : bounds[k + 1]]
            if shape.size:
                first = plan.begin[rows] + shape.skipped
                self._fill(part, shape, node, (start[rows], base[rows], first))
        self._parts.append(part)
        self._count += total

    def _fill(
        self,
        part: _Part,
        shape: Shape,
        node: NDArray[np.int64],
        rows: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    ) -> None:
        """Put down the operations of all statements of one shape.

        *rows* has for each of them the place of its first operation, of that one's first operand,
        and of its first word behind the assigned name.
        """
        start, base, word = rows
        column = 0
        for offset, operation in enumerate(shape.operations):
            code = self._codes.setdefault(operation.operator, len(self._codes))
            part.code[start + offset] = code + 2
            part.arity[start + offset] = len(operation.operands)
            for is_inner, place in operation.operands:
                used = start + (self._count + place) if is_inner else node[word + place]
                part.operand[base + column] = used
                column += 1

    def _find_late(self, plan: Plan) -> None:
        """Put down the first use of a name that no earlier statement assigns."""
        if self._late is not None:
            return
        width = plan.table(lambda shape: shape.width)
        skipped = plan.table(lambda shape: shape.skipped)
        place = np.repeat(plan.begin + skipped - (np.cumsum(width) - width), width)
        word = plan.word[place + np.arange(len(place))]
        owner = np.repeat(self._statements + np.arange(len(width)), width)
        late = np.flatnonzero((word >= 0) & (self._since[word] >= owner))
        if len(late):
            statement = int(owner[late[0]])
            size = plan.table(lambda shape: shape.size)
            last = self._count + int(size[: statement - self._statements + 1].sum()) - 1
            self._late = statement, int(word[late[0]]), last

    def finish(self) -> Listing:
        """All operations in their order.

        Raises:
            FormulaError: If there is none, or one uses a name before it is assigned.
            UnknownNameError: If one uses a name that is neither assigned nor given.
        """
        if self._last is None:
            raise FormulaError("There is no formula.", place=Place(self._source))
        if self._late is not None:
            raise self._too_late(*self._late)
        constants = np.concatenate(self._planner.constants)
        distinct, which = find_distinct(constants)
        given = len(self._inputs)
        # The node of each leaf: equal constants of different blocks share one.
        leaf = np.concatenate([np.arange(given), given + which]).astype(np.int32)
        leaves = given + len(distinct)
        output = int(_place(np.array([self._last]), leaf, leaves)[0])
        names = self._to_table(leaf, leaves)
        parts, self._parts = self._parts, []
        first = np.zeros(leaves + self._count + 1, np.int64)
        np.cumsum(_join(parts, "arity"), dtype=np.int64, out=first[leaves + 1 :])
        operand, done = np.empty(first[-1], np.int32), 0
        for part in parts:
            operand[done : done + len(part.operand)] = _place(part.operand, leaf, leaves)
            done += len(part.operand)
        is_leaf = np.repeat(np.array([INPUT, CONSTANT], np.uint8), [given, len(distinct)])
        return Listing(
            tuple(self._codes),
            np.concatenate([is_leaf, *[part.code for part in parts]]),
            first,
            operand,
            constants[distinct],
            self._inputs,
            names,
            np.repeat(_join(parts, "line"), _join(parts, "size")),
            output,
        )

    def _to_table(self, leaf: NDArray[np.int32], leaves: int) -> NameTable:
        """The names that have a node; what was needed to tell names apart is thrown away."""
        kept = np.flatnonzero(self._since != _UNSET)
        nodes, text = self._node[kept], self._planner.cutter.names.words(kept)
        del self._planner, self._since, self._node
        return NameTable(text, _place(nodes, leaf, leaves))

    def _too_late(self, statement: int, name: int, operation: int) -> GradiometerError:
        line = _join(self._parts, "line")
        word, since = self._spell(name), int(self._since[name])
        if since == _UNSET:
            error = unknown_word(word, "", self._alike(word, _UNSET))
        else:
            is_itself = since == statement
            is_circle = not is_itself and self._needs(name, operation)
            stands = None if is_itself else int(line[since])
            error = used_too_early(word, stands, is_circle=is_circle)
        return locate(error, self._source, int(line[statement]))

    def _needs(self, name: int, operation: int) -> bool:
        """Whether what is assigned to the name needs the value of the operation."""
        used = int(self._node[name])
        if used < 0:
            return False
        operand = _join(self._parts, "operand")
        is_awaited = operand <= _AWAITED
        operand[is_awaited] = self._node[_AWAITED - operand[is_awaited]]
        arity = _join(self._parts, "arity")
        first = np.concatenate([[0], np.cumsum(arity, dtype=np.int64)])
        return needs_node(operand, first, operation, used)


def _join(parts: Iterable[_Part], name: str) -> NDArray[Any]:
    return np.concatenate([getattr(part, name) for part in parts])


def _place(
    number: NDArray[np.int32] | NDArray[np.int64], leaf: NDArray[np.int32], leaves: int
) -> NDArray[np.int32]:
    """The nodes of operations, counted from 0 on, and of leaves, from -1 down."""
    node = number.astype(np.int32) + np.int32(leaves)
    is_leaf = np.flatnonzero(number < 0)
    node[is_leaf] = leaf[-1 - number[is_leaf]]
    return node

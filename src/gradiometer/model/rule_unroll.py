"""A rule on a vector or a matrix as straight-line scalar code, one name for each coordinate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias, final

from flint import fmpq

from gradiometer.errors import LimitError, ShapeError
from gradiometer.formula import (
    Apply,
    Evaluator,
    FloatEvaluator,
    Name,
    Node,
    apply,
    compile_exact,
    compile_float,
    number,
    to_float,
)
from gradiometer.model.rule import Rule, Shape, count_values, lengths_of
from gradiometer.model.rule_kinds import TENSOR, Kind, join_kinds
from gradiometer.model.rule_words import FUNCTIONS, GIVEN

MOST_ASSIGNMENTS = 100_000
"""Assignments of one unrolled step; larger tensors are what array engines are for."""

Lines: TypeAlias = tuple[tuple[str, Node], ...]


@final
@dataclass(frozen=True)
class ScalarRule:
    """An update rule without functions of tensors: every name is one number."""

    name: str
    values: Mapping[str, fmpq]
    states: Lines
    """What is remembered, with its value before the first step, in `x[i]` and the parameters."""
    step: Lines
    """Assignments in order; `m[i]'` is the new value of `m[i]`."""
    coordinates: tuple[str, ...]
    """The names of the coordinates of `x`, in the order of rows."""
    gradients: tuple[str, ...]
    noises: tuple[str, ...]

    @cached_property
    def exact_step(self) -> tuple[tuple[str, Evaluator], ...]:
        """The assignments compiled for exact numbers."""
        return tuple((target, compile_exact(tree)) for target, tree in self.step)

    @cached_property
    def float_step(self) -> tuple[tuple[str, FloatEvaluator], ...]:
        """The assignments compiled for float64."""
        return tuple((target, compile_float(tree)) for target, tree in self.step)

    @cached_property
    def float32_step(self) -> tuple[tuple[str, FloatEvaluator], ...]:
        """The assignments compiled for float32."""
        return tuple((target, compile_float(tree, "float32")) for target, tree in self.step)

    @cached_property
    def float_values(self) -> Mapping[str, float]:
        """The parameters rounded to float64."""
        return {name: to_float(value) for name, value in self.values.items()}


@final
@dataclass(frozen=True)
class _Grid:
    """The trees of all values that a name or a part of a formula has, in rows."""

    kind: Kind
    cells: tuple[tuple[Node, ...], ...]

    def at(self, row: int, column: int) -> Node:
        """The value that stands for that coordinate."""
        return self.cells[row if self.kind.rows != "1" else 0][
            column if self.kind.columns != "1" else 0
        ]


def unroll(rule: Rule, shape: Shape) -> ScalarRule:
    """The rule for tensors of that shape, coordinate by coordinate.

    Coordinate `i` of a vector `m` is `m[i]`, of a matrix `m[i,j]`; what has one value for each row
    is `r[i]`, and a number keeps its name. Sums are made in pairs of neighbours, then of those
    sums, and so on. What is used more than once has an abbreviation of its own.

    Raises:
        ShapeError: If the shape has more than two axes.
        FormulaError: If parts of the rule do not fit.
        LimitError: If the code would be longer than `MOST_ASSIGNMENTS`.

    Example:
        >>> from gradiometer.model import read_optimizer
        >>> step = {"x'": "x - g/norm(g)"}
        >>> code = unroll(read_optimizer({"name": "mine", "step": step}).bind({}), (2,))
        >>> from gradiometer.formula import to_text
        >>> [f"{target} = {to_text(tree)}" for target, tree in code.step][0]
        'norm_1 = sqrt(g[0]*g[0] + g[1]*g[1])'
    """
    if len(shape) > 2:
        raise ShapeError(
            f"A rule runs on a number, a vector or a matrix, not on {len(shape)} axes.",
            hint="give a shape such as (6,) or (2, 3)",
        )
    bound = rule.for_shape(shape)
    if not shape:
        return ScalarRule(
            bound.name, bound.values, tuple(bound.state.items()), bound.step,
            ("x",), ("g",), ("noise",),
        )  # fmt: skip
    return _Unroller(bound).whole()


@final
class _Unroller:
    """The code of one rule while it is written."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        # A rule that never reads its position still has one.
        self.kinds = {"x": TENSOR, **rule.kinds}
        self.lengths = lengths_of(rule.shape)
        self.lines: list[tuple[str, Node]] = []
        self.made: dict[tuple[str, tuple[Node, ...]], _Grid] = {}
        """Results of functions that have an abbreviation, by function and arguments."""
        self.taken = {*rule.kinds, *rule.values, *GIVEN}
        self.count = 0

    def whole(self) -> ScalarRule:
        """The code of the rule."""
        rule = self.rule
        self._check_size(count_values(self.kinds["x"], rule.shape))
        states: list[tuple[str, Node]] = []
        for name, tree in rule.state.items():
            kind = self.kinds[name]
            grid = self._grid(tree)
            states += self._cells(self._named(name, kind), grid)
        first, self.lines, self.made = tuple(self.lines), [], {}
        for target, tree in rule.step:
            name = target.removesuffix("'")
            kind = self.kinds[name] if name in rule.state or name == "x" else self.kinds[target]
            self._assign(self._named(target, kind), self._grid(tree))
        names = [self._names(self._named(name, self.kinds["x"])) for name in
                 ("x", "g", "noise")]  # fmt: skip
        inline = dict(first)
        if inline:
            # A first value is one tree: abbreviations are written out.
            states = [(name, _written_out(tree, inline)) for name, tree in states]
        return ScalarRule(
            rule.name, rule.values, tuple(states), tuple(self.lines), names[0], names[1], names[2]
        )

    def _names(self, grid: _Grid) -> tuple[str, ...]:
        return tuple(cell.name for row in grid.cells for cell in row if isinstance(cell, Name))

    def _named(self, name: str, kind: Kind) -> _Grid:
        """The grid of the names of all values of a name."""
        plain, prime = name.removesuffix("'"), "'" if name.endswith("'") else ""
        rows, columns = self.lengths[kind.rows], self.lengths[kind.columns]

        def spell(row: int, column: int) -> Name:
            places = []
            if kind.rows != "1" and not (len(self.rule.shape) == 1 and kind.rows == "R"):
                places.append(str(row))
            if kind.columns != "1" and not (len(self.rule.shape) == 1 and kind.columns == "R"):
                places.append(str(column))
            return Name(f"{plain}[{','.join(places)}]{prime}" if places else name)

        cells = tuple(tuple(spell(i, j) for j in range(columns)) for i in range(rows))
        return _Grid(kind, cells)

    def _assign(self, target: _Grid, value: _Grid) -> None:
        """Lines that give every cell of *target* its value; a row or a number is spread."""
        self.lines += self._cells(target, value)
        self._check_size(0)

    def _check_size(self, more: int) -> None:
        """Refuse code with that many more lines, before they are written."""
        if len(self.lines) + more > MOST_ASSIGNMENTS:
            raise LimitError(
                f"The step of `{self.rule.name}` for the shape {self.rule.shape} has more than "
                f"{MOST_ASSIGNMENTS:,} assignments.",
                hint="choose a smaller shape",
            )

    def _cells(self, target: _Grid, value: _Grid) -> list[tuple[str, Node]]:
        return [
            (cell.name, value.at(i, j))
            for i, row in enumerate(target.cells)
            for j, cell in enumerate(row)
            if isinstance(cell, Name)
        ]

    def _grid(self, node: Node) -> _Grid:
        """The trees of all values of a formula."""
        if isinstance(node, Name):
            return self._named(node.name, self._kind_of_name(node.name))
        if not isinstance(node, Apply):
            return _Grid(Kind("1", "1"), ((node,),))
        grids = [self._grid(part) for part in node.arguments]
        if node.operator in FUNCTIONS:
            return self._call(node.operator, grids)
        kind: Kind | None = Kind("1", "1")
        for grid in grids:
            kind = join_kinds(kind, grid.kind) if kind is not None else None
        assert kind is not None, "kinds were checked when the rule was bound"
        return self._over(
            kind, lambda i, j: Apply(node.operator, tuple(grid.at(i, j) for grid in grids))
        )

    def _kind_of_name(self, name: str) -> Kind:
        kinds = self.rule.kinds
        return kinds[name] if name in kinds else kinds[name.removesuffix("'")]

    def _over(self, kind: Kind, cell: Callable[[int, int], Node]) -> _Grid:
        rows, columns = self.lengths[kind.rows], self.lengths[kind.columns]
        self._check_size(rows * columns)
        return _Grid(kind, tuple(tuple(cell(i, j) for j in range(columns)) for i in range(rows)))

    def _call(self, function: str, grids: Sequence[_Grid]) -> _Grid:
        """The result of a function of tensors, with an abbreviation for each of its values."""
        parts = [self._short(self._over(grid.kind.spread, grid.at)) for grid in grids]
        if function == "transpose":
            cells = parts[0].cells
            return _Grid(parts[0].kind.flipped, tuple(zip(*cells, strict=True)))
        key = (function, tuple(cell for part in parts for row in part.cells for cell in row))
        # Two shapes with the same cells in a row differ in their kinds.
        key = (f"{function} {' '.join(str(part.kind) for part in parts)}", key[1])
        if key not in self.made:
            self.made[key] = self._abbreviate(function, self._value(function, parts))
        return self.made[key]

    def _value(self, function: str, parts: Sequence[_Grid]) -> _Grid:
        first = parts[0]
        if function == "matmul":
            second = parts[1]
            inner = range(self.lengths[first.kind.columns])
            kind = Kind(first.kind.rows, second.kind.columns)
            # A sum of products is one line, but as long as it has terms.
            terms = len(first.cells) * len(inner) * len(second.cells[0])
            self._check_size(terms // 10)
            return self._over(
                kind,
                lambda i, j: _fold("+", [apply("*", first.at(i, k), second.at(k, j))
                                         for k in inner]),
            )  # fmt: skip
        if function.startswith("row_"):
            rows = first.cells
            kind = Kind(first.kind.rows, "1")
            return _Grid(kind, tuple((_reduce(function[4:], row),) for row in rows))
        if function.startswith("column_"):
            columns = list(zip(*first.cells, strict=True))
            kind = Kind("1", first.kind.columns)
            return _Grid(kind, (tuple(_reduce(function[7:], column) for column in columns),))
        cells = [cell for row in first.cells for cell in row]
        return _Grid(Kind("1", "1"), ((_reduce(function, cells),),))

    def _short(self, grid: _Grid) -> _Grid:
        """The grid with names in place of longer parts, since functions use them repeatedly."""
        if all(not isinstance(cell, Apply) for row in grid.cells for cell in row):
            return grid
        key = ("part", tuple(cell for row in grid.cells for cell in row))
        if key not in self.made:
            self.made[key] = self._abbreviate("part", grid)
        return self.made[key]

    def _abbreviate(self, word: str, grid: _Grid) -> _Grid:
        while True:
            self.count += 1
            name = f"{word}_{self.count}"
            if name not in self.taken:
                break
        target = self._named(name, grid.kind)
        self._assign(target, grid)
        return target


def _reduce(function: str, cells: Sequence[Node]) -> Node:
    """The sum, mean, norm or maximum of cells as one tree."""
    if function == "norm":
        if len(cells) == 1:
            return apply("abs", cells[0])
        return apply("sqrt", _fold("+", [apply("*", cell, cell) for cell in cells]))
    if len(cells) == 1:
        return cells[0]
    if function in ("largest", "max"):
        return apply("max", *cells)
    total = _fold("+", cells)
    return apply("/", total, number(len(cells))) if function == "mean" else total


def _fold(operator: str, cells: Sequence[Node]) -> Node:
    """The cells joined in pairs of neighbours, then the pairs, and so on."""
    row = list(cells)
    while len(row) > 1:
        pairs: list[Node] = [apply(operator, *row[k : k + 2]) for k in range(0, len(row) - 1, 2)]
        row = pairs + row[len(pairs) * 2 :]
    return row[0]


def _written_out(node: Node, lines: Mapping[str, Node]) -> Node:
    if isinstance(node, Name) and node.name in lines:
        return _written_out(lines[node.name], lines)
    if isinstance(node, Apply):
        return Apply(node.operator, tuple(_written_out(part, lines) for part in node.arguments))
    return node

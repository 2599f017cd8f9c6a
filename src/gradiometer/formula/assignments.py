"""A step of assignments as one list of operations, for a run of thousands of steps.

What reads only numbers that no step changes is computed once, equal parts are computed once in each
step, and no tree is looked at again. Values are those of `evaluate` or `evaluate_float`, except
that floats may differ in the last digit.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias, final

from flint import fmpq

from gradiometer.formula.evaluate import EXACT, compile_exact, no_value
from gradiometer.formula.evaluate_float import RAW, compile_float
from gradiometer.formula.exact import ball_power
from gradiometer.formula.half_turns import OF_TURNS, without_pi
from gradiometer.formula.range import evaluate_range
from gradiometer.formula.range_operations import Range, at_point, range_operation
from gradiometer.formula.tree import Apply, Name, Node, Number, free_names

Advance: TypeAlias = Callable[[Mapping[str, Any]], list[Any]]
"""The values of all names that are no fixed numbers in; the values of the wanted targets out."""

_NONE, _MANY = -1, -2
"""In place of a second operand: there is one operand, or a list of them."""
_FAILURES = (ZeroDivisionError, ValueError)


def compile_assignments(
    rows: Sequence[tuple[str, Node]], wanted: Sequence[str], fixed: Mapping[str, Any]
) -> Advance:
    """All assignments in order, in rationals and balls; the values of the *wanted* targets.

    Args:
        rows: Targets and their trees, which may read targets before them.
        wanted: Targets whose values are given.
        fixed: Numbers that stay the same, at the precision of the calls.

    Example:
        >>> from flint import fmpq
        >>> from gradiometer.formula import parse
        >>> rows = [("y", parse("a*x + 1").tree), ("z", parse("y^2").tree)]
        >>> compile_assignments(rows, ["z"], {"a": fmpq(2)})({"x": fmpq(3)})
        [49]
    """
    writer = _Writer(fixed, _EXACT, compile_exact, lambda value: value)
    goals = writer.write(rows, wanted)
    start, names, steps = writer.start, writer.names, writer.steps

    def call(values: Mapping[str, Any]) -> list[Any]:
        found = start.copy()
        for at, name in names:
            found[at] = values[name]
        try:
            _run(steps, found)
        except _FAILURES as error:
            raise no_value(str(error), None) from None
        return [found[goal] for goal in goals]

    return call


def compile_float_assignments(
    rows: Sequence[tuple[str, Node]], wanted: Sequence[str], fixed: Mapping[str, float]
) -> Advance:
    """The same in float64, infinite or nan where there is no value.

    Example:
        >>> from gradiometer.formula import parse
        >>> compile_float_assignments([("y", parse("1/x").tree)], ["y"], {})({"x": 0.0})
        [inf]
    """
    writer = _Writer(fixed, _FLOAT, compile_float, _to_float)
    goals = writer.write(rows, wanted)
    start, names, steps = writer.start, writer.names, writer.steps
    slow = [(target, compile_float(tree)) for target, tree in rows]

    def call(values: Mapping[str, float]) -> list[float]:
        found = start.copy()
        for at, name in names:
            found[at] = values[name]
        try:
            _run(steps, found)
        except (*_FAILURES, OverflowError):
            known = {**fixed, **values}
            for target, run in slow:
                known[target] = run(known)
            return [known[target] for target in wanted]
        return [found[goal] for goal in goals]

    return call


def compile_range_assignments(
    rows: Sequence[tuple[str, Node, Callable[[Range], Any]]],
    wanted: Sequence[str],
    fixed: Mapping[str, Range],
) -> Advance:
    """The same for names that run through ranges, as `evaluate_range` has it.

    Args:
        rows: Targets, their trees, and what is made of the range of each tree.
        wanted: Targets whose values are given.
        fixed: Ranges that stay the same.

    Example:
        >>> from flint import fmpq
        >>> from gradiometer.formula import Range, parse
        >>> rows = [("y", parse("1 - x").tree, lambda span: span.upper)]
        >>> compile_range_assignments(rows, ["y"], {})({"x": Range(fmpq(2), None)})
        [-1]
    """
    writer = _Writer(fixed, _RANGES, lambda node: partial(evaluate_range, node), at_point)
    for target, tree, finish in rows:
        writer.targets[target] = writer.finish(tree, finish)
    goals = [writer.targets[name] for name in wanted]
    start, names, steps = writer.start, writer.names, writer.steps

    def call(values: Mapping[str, Range]) -> list[Any]:
        found = start.copy()
        for at, name in names:
            found[at] = values[name]
        _run(steps, found)
        return [found[goal] for goal in goals]

    return call


def _run(steps: Sequence[tuple[int, Callable[..., Any], Any, int]], found: list[Any]) -> None:
    for at, run, left, right in steps:
        if right >= 0:
            found[at] = run(found[left], found[right])
        elif right == _NONE:
            found[at] = run(found[left])
        else:
            found[at] = run([found[place] for place in left])


def _to_float(value: fmpq) -> float:
    return compile_float(Number(value))({})


def _square(base: Any) -> Any:
    return base * base if isinstance(base, fmpq) else ball_power(base, 2)


def _float_square(base: float) -> float:
    return base * base


_TWO = at_point(fmpq(2))
_SQUARE = "square"
"""An operation of its own, since it is the most frequent power."""

_ARITHMETIC: Mapping[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "neg": operator.neg,
}
_EXACT: Mapping[str, Callable[..., Any]] = {**EXACT, **_ARITHMETIC, _SQUARE: _square}
_RANGES: Mapping[str, Callable[..., Any]] = {
    **{name: range_operation(name) for name in EXACT.keys() | _ARITHMETIC.keys()},
    _SQUARE: lambda base: range_operation("^")(base, _TWO),
}
_FLOAT: Mapping[str, Callable[..., Any]] = {**RAW, **_ARITHMETIC, _SQUARE: _float_square}


@final
@dataclass
class _Writer:
    """A list of operations while it is written."""

    fixed: Mapping[str, Any]
    operations: Mapping[str, Callable[..., Any]]
    """On numbers of the kind that is computed with."""
    compile_whole: Callable[[Node], Callable[[Mapping[str, Any]], Any]]
    """A function for parts that are not split: those whose parts are not all evaluated."""
    number: Callable[[fmpq], Any]
    start: list[Any] = field(default_factory=list)
    names: list[tuple[int, str]] = field(default_factory=list)
    steps: list[tuple[int, Callable[..., Any], Any, int]] = field(default_factory=list)
    places: dict[Any, int] = field(default_factory=dict)
    known: set[int] = field(default_factory=set)
    """Places whose values are there from the start."""
    targets: dict[str, int] = field(default_factory=dict)

    def write(self, rows: Sequence[tuple[str, Node]], wanted: Sequence[str]) -> list[int]:
        """Write all rows; the places of the wanted targets."""
        for target, tree in rows:
            self.targets[target] = self.place(tree)
        return [self.targets[name] for name in wanted]

    def finish(self, node: Node, run: Callable[..., Any]) -> int:
        """Where what is made of the value of a tree stands."""
        return self._step(run, run, self.place(node), _NONE)

    def place(self, node: Node) -> int:
        """Where the value of a tree stands."""
        if isinstance(node, Number):
            return self._fix(("number", str(node.value)), self.number(node.value))
        if isinstance(node, Name):
            return self._name(node.name)
        if not isinstance(node, Apply):
            return self._fix(("constant", node.name), self.compile_whole(node)({}))
        run = None if _is_whole(node) else self.operations.get(node.operator)
        if run is None:
            return self._opaque(node)
        parts = [self.place(part) for part in node.arguments]
        if len(parts) == 2 and node.operator == "^" and node.arguments[1] == Number(fmpq(2)):
            return self._step(_SQUARE, self.operations[_SQUARE], parts[0], _NONE)
        if len(parts) > 2:
            return self._step(node.operator, lambda values: run(*values), tuple(parts), _MANY)
        return self._step(node.operator, run, parts[0], parts[1] if len(parts) == 2 else _NONE)

    def _name(self, name: str) -> int:
        if name in self.targets:
            return self.targets[name]
        if name in self.fixed:
            return self._fix(("name", name), self.fixed[name])
        if ("name", name) not in self.places:
            self.places["name", name] = len(self.start)
            self.names.append((len(self.start), name))
            self.start.append(None)
        return self.places["name", name]

    def _fix(self, key: Any, value: Any) -> int:
        if key not in self.places:
            self.places[key] = len(self.start)
            self.known.add(len(self.start))
            self.start.append(value)
        return self.places[key]

    def _opaque(self, node: Node) -> int:
        names, run = sorted(free_names(node)), self.compile_whole(node)
        parts = tuple(self._name(name) for name in names)

        def call(values: list[Any]) -> Any:
            return run(dict(zip(names, values, strict=True)))

        return self._step(node, call, parts, _MANY)

    def _step(self, what: Any, run: Callable[..., Any], left: Any, right: int) -> int:
        key = (what, left, right)
        if key in self.places:
            return self.places[key]
        at = self.places[key] = len(self.start)
        self.start.append(None)
        reads = left if right == _MANY else (left,) if right == _NONE else (left, right)
        if self.known.issuperset(reads):
            found = self.start.copy()
            try:
                _run([(at, run, left, right)], found)
            except Exception:
                # Constants without a value: the step stays, so that each run raises the same error.
                self.steps.append((at, run, left, right))
                return at
            self.start[at] = found[at]
            self.known.add(at)
            return at
        self.steps.append((at, run, left, right))
        return at


def _is_whole(node: Apply) -> bool:
    """Whether the tree is not split: a branch that is not taken may have no value."""
    if node.operator in OF_TURNS:
        return without_pi(node.arguments[0]) is not None
    return False

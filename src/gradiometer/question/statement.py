"""A statement as text in, its sides as formulas in the free variables out.

`f'(x) = 3/(1 + e^(-3x))`, `c = v1*v2`, `dc/da = -5` and chains of these are read. Names that stand
for something else are replaced until only free variables are left.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import final

from gradiometer.errors import FormulaError, LimitError, UnknownNameError, unknown_name
from gradiometer.formula import (
    ALIASES,
    CONSTANTS,
    FUNCTIONS,
    Apply,
    Formula,
    Name,
    Node,
    free_names,
    map_children,
    parse_relation,
    substitute,
    to_text,
    walk,
)
from gradiometer.question.statement_names import NODES, Function, Names
from gradiometer.question.statement_slope import find_slope

_BOUND = "\0"

MOST_NODES = 20_000
"""Largest tree after all names are replaced; replacing doubles a tree at every reuse."""

_QUOTIENT = re.compile(
    r"(?<![^\W\d])(?P<top>[d∂])(?P<of>[^\W\d]\w*)(?P<bar>\s*/\s*)(?P<bottom>[d∂])(?P<by>[^\W\d]\w*)"
)
_CALL = re.compile(r"(?P<name>[^\W\d]\w*'*)\s*\(")


@final
@dataclass(frozen=True)
class Side:
    """One side of a statement."""

    text: str
    """As it was written."""
    tree: Node
    """As it was read."""
    formula: Node
    """With only free variables left."""
    defined: tuple[Node, ...] = ()
    """Formulas that must have a value where this side has one: functions whose slope it holds."""
    gaps: tuple[Node, ...] = ()
    """Points at which this side certainly has no value, because a function has no slope there."""
    is_whole: bool = True
    """False when the formula may lack a value at points where the side has one."""
    slopes: tuple[tuple[Node, str, Node], ...] = ()
    """Each derivative that was taken: of which formula, by which name, at which place."""
    quotients: Mapping[str, str] = field(default_factory=dict)
    """Names in the tree that stand for a derivative, and how it was written: `dc/da`."""

    @property
    def spelled(self) -> Node:
        """The tree with every derivative under the name by which it was written."""
        if not self.quotients:
            return self.tree
        return substitute(self.tree, {key: Name(text) for key, text in self.quotients.items()})


@final
@dataclass(frozen=True)
class Statement:
    """Sides with a relation between each two neighbours."""

    text: str
    sides: tuple[Side, ...]
    relations: tuple[str, ...]
    """One of `RELATIONS` for each pair of neighbours."""
    notes: tuple[str, ...] = ()
    """How ambiguous text was read."""

    @property
    def variables(self) -> tuple[str, ...]:
        """The names that may take any value, in alphabetical order."""
        trees = (tree for side in self.sides for tree in (side.formula, *side.defined))
        return tuple(sorted(set().union(*map(free_names, trees))))


@final
@dataclass(frozen=True)
class _Quotient:
    """A derivative written as `dc/da`."""

    text: str
    of: str
    by: str

    @property
    def spelled(self) -> str:
        """The same however it was written."""
        return f"d{self.of}/d{self.by}"


def read_statement(text: str, names: Names) -> Statement:
    """The statement with every name replaced by what it means.

    Args:
        text: One relation or a chain of them.
        names: What the names mean. Any other name is a free variable, unless a computation is
            given: then only its names are known.

    Raises:
        FormulaError: If the text cannot be read.
        LimitError: If a side is too large without its names.
        UndecidedError: If a derivative in it cannot be formed.
    """
    plain, quotients = _mark_quotients(text, names)
    known = {*names.known, *quotients} if names.values else None
    try:
        read = parse_relation(plain, names=known, functions=names.called)
    except FormulaError as error:
        _refuse_undefined_slope(text, error)
        # A marked text is as long as the text that was written, so the carets stay right.
        raise replace(error, text=text) from None
    _check_calls(text, names, [side.tree for side in read.sides])
    sides = tuple(_read_side(side, names, quotients) for side in read.sides)
    notes = tuple(note for side in read.sides for note in side.notes)
    return Statement(text.strip(), sides, read.relations, notes)


def _read_side(side: Formula, names: Names, quotients: Mapping[str, _Quotient]) -> Side:
    text = side.text
    for label, quotient in quotients.items():
        text = text.replace(label, quotient.text)
    try:
        return _Reader(names, quotients).read(text, side.tree)
    except RecursionError:
        raise LimitError("The computation is too deep to replace its names.", text=text) from None


def _mark_quotients(text: str, names: Names) -> tuple[str, Mapping[str, _Quotient]]:
    """The text with each `dc/da` as one name of the same length, and what these names mean."""
    known = {*names.known, *names.functions}
    found: dict[str, _Quotient] = {}

    def mark(match: re.Match[str]) -> str:
        of, by = match["of"], match["by"]
        if {match["top"] + of, match["bottom"] + by} & known or not {of, by} & known:
            return match[0]
        for part in ("of", "by"):
            if names.values and match[part] not in known:
                raise unknown_name(
                    match[part], sorted(known),
                    problem=f"There is no `{match[part]}` for the derivative `{match[0]}`.",
                    text=text, start=match.start(part), end=match.end(part),
                )  # fmt: skip
        if of not in known or by not in known:
            return match[0]
        label = f"d{of}{'_' * len(match['bar'])}d{by}"
        found[label] = _Quotient(match[0], of, by)
        return label

    return _QUOTIENT.sub(mark, text), found


def _check_calls(text: str, names: Names, trees: list[Node]) -> None:
    """No function without a definition: `g(x)` must not silently become `g*x`.

    Raises:
        UnknownNameError: If a name is only ever written like a function and is none.
    """
    functions = {*FUNCTIONS, *ALIASES, *names.called}
    for match in _CALL.finditer(text):
        name = match["name"]
        if name in functions or name in names.known or name in CONSTANTS:
            continue
        alone = re.compile(rf"(?<!\w){re.escape(name)}(?![\w'])(?!\s*\()")
        if alone.search(text) or not any(_has_name(tree, name) for tree in trees):
            continue
        raise _undefined(name, text, *match.span("name"), sorted({*names.functions, *FUNCTIONS}))


def _refuse_undefined_slope(text: str, error: FormulaError) -> None:
    """Say of an unknown `f'(x)` that `f` needs a definition."""
    if error.start is None or not isinstance(error, UnknownNameError):
        return
    match = _CALL.match(text, error.start)
    if match is not None and match["name"].endswith("'"):
        name = match["name"].rstrip("'")
        raise _undefined(name, text, *match.span("name"), sorted(FUNCTIONS)) from None


def _undefined(
    name: str, text: str, start: int, end: int, known: Sequence[str]
) -> UnknownNameError:
    error = unknown_name(
        name, known, problem=f"The function `{name}` is not defined.",
        text=text, start=start, end=end,
    )  # fmt: skip
    define = f'define it: --where "{name}(x) = …"'
    return replace(error, hint=f"{error.hint}, or {define}" if error.hint else define)


def _has_name(tree: Node, name: str) -> bool:
    return any(isinstance(node, Name) and node.name == name for node in walk(tree))


class _Reader:
    """Replaces names in one side and collects where its slopes have no value."""

    def __init__(self, names: Names, quotients: Mapping[str, _Quotient]) -> None:
        self._names = names
        self._quotients = quotients
        self._known: dict[tuple[str, str], Node] = {}
        self._defined: list[Node] = []
        self._gaps: list[Node] = []
        self._is_whole = True
        self._slopes: list[tuple[Node, str, Node]] = []

    def read(self, text: str, tree: Node) -> Side:
        formula = self._expand(tree)
        return Side(
            text, tree, formula, tuple(self._defined), tuple(self._gaps), self._is_whole,
            tuple(self._slopes), {key: row.spelled for key, row in self._quotients.items()},
        )  # fmt: skip

    def _expand(self, tree: Node, keep: str = "") -> Node:
        """The tree in inputs only; the name *keep* stays as it is."""

        def visit(node: Node) -> Node:
            if isinstance(node, Name):
                return self._expand_name(node, keep)
            taken = self._names.taken.get(node.operator) if isinstance(node, Apply) else None
            if isinstance(node, Apply) and isinstance(taken, Function):
                return substitute(taken.formula, {taken.variable: visit(node.arguments[0])})
            if self._names.taken and isinstance(
                found := self._names.taken.get(to_text(node)), NODES
            ):
                return found
            if isinstance(node, Apply) and node.operator in self._names.called:
                name = node.operator.rstrip("'")
                primes = len(node.operator) - len(name)
                return self._call(name, primes, visit(node.arguments[0]))
            return map_children(node, visit)

        result = visit(tree)
        _check_size(result)
        return result

    def _expand_name(self, node: Name, keep: str) -> Node:
        name = node.name
        if name in self._quotients:
            taken = self._names.taken.get(self._quotients[name].spelled)
            if isinstance(taken, NODES):
                return taken
            return self._quotient(self._quotients[name].of, self._quotients[name].by)
        if name == keep or name not in self._names.values:
            return node
        if (name, keep) not in self._known:
            self._known[name, keep] = self._expand(self._names.values[name], keep)
        return self._known[name, keep]

    def _call(self, name: str, primes: int, argument: Node) -> Node:
        function = self._names.functions[name]
        # The bound variable gets a name that no text can hold, so nothing else is caught by it.
        bound = f"{function.variable}{_BOUND}"
        body = self._expand(substitute(function.formula, {function.variable: Name(bound)}))
        for _ in range(primes):
            body = self._slope(body, bound, argument)
        return substitute(body, {bound: argument})

    def _quotient(self, of: str, by: str) -> Node:
        value = self._expand(Name(by))
        if of in self._names.functions:
            function = self._names.functions[of]
            if function.variable == by:
                return self._call(of, 1, value)
            body = self._expand(Apply(of, (Name(function.variable),)), by)
        else:
            body = self._expand(Name(of), by)
        return substitute(self._slope(body, by, value), {by: value})

    def _slope(self, body: Node, variable: str, argument: Node) -> Node:
        slope = find_slope(body, variable)
        self._slopes.append((body, variable, argument))
        self._defined.append(substitute(body, {variable: argument}))
        self._is_whole = self._is_whole and slope.is_whole
        if isinstance(argument, Name):
            self._gaps.extend(slope.gaps)
        _check_size(slope.formula)
        return slope.formula


def _check_size(tree: Node) -> None:
    for count, _ in enumerate(walk(tree)):
        if count > MOST_NODES:
            raise LimitError(
                f"With all names replaced the formula has more than {MOST_NODES:,} parts.",
                hint="claim something about fewer steps of the computation",
            )

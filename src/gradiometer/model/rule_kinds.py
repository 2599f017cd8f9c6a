"""Which names of a rule are one number, one for each row or column, or one for each coordinate.

A kind is a pair of lengths: `1`, the rows `R` of `x`, or its columns `C`. Kinds are found by
inference: a remembered value starts as what its first value is, and grows until nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import final

from gradiometer.errors import FormulaError
from gradiometer.formula import Apply, Name, Node, to_text
from gradiometer.model.rule_words import COLUMNS, FUNCTIONS, REDUCTIONS, ROWS, SHAPES


@final
@dataclass(frozen=True)
class Kind:
    """How many values a name has: its lengths along both axes, as symbols.

    Example:
        >>> str(Kind("R", "1")), str(Kind("R", "R"))
        ('row', 'R by R')
    """

    rows: str
    """`1`, `R` for the rows of `x`, or `C` for its columns."""
    columns: str

    def __str__(self) -> str:
        return _WORDS.get((self.rows, self.columns), f"{self.rows} by {self.columns}")

    @property
    def flipped(self) -> Kind:
        """The kind of the transpose."""
        return Kind(self.columns, self.rows)

    @property
    def spread(self) -> Kind:
        """The kind of the whole tensor that these values stand for, each at its coordinates."""
        other = {"1": "R", "R": "C", "C": "R"}
        if self.rows == "1":
            rows = other[self.columns]
            return Kind(rows, self.columns if self.columns != "1" else "C")
        return Kind(self.rows, other[self.rows]) if self.columns == "1" else self


_WORDS = {("1", "1"): "number", ("R", "1"): "row", ("1", "C"): "column", ("R", "C"): "tensor"}

NUMBER, ROW, COLUMN, TENSOR = (Kind(*pair) for pair in _WORDS)

Known = Mapping[str, Kind | None]
"""The kind of each name; None where it depends on what is not settled."""


@final
@dataclass(frozen=True)
class Inference:
    """How strictly kinds are found."""

    is_settled: bool
    """Whether the shape is known, so that both branches that are left may be taken."""
    allows_numbers: bool
    """Whether a number may stand for a tensor that has it everywhere."""

    def kind_of(self, node: Node, known: Known) -> Kind | None:
        """The kind of a tree's value; None where it depends on what is not settled.

        Raises:
            FormulaError: If parts do not fit; without the text, which the caller has.
        """
        if isinstance(node, Name):
            return known[node.name]
        if not isinstance(node, Apply):
            return NUMBER
        kinds = [self.kind_of(part, known) for part in node.arguments]
        if node.operator in FUNCTIONS:
            return self._call(node, kinds)
        joined: Kind | None = NUMBER
        for kind, part in zip(kinds, node.arguments, strict=True):
            if kind is None or joined is None:
                return None
            before, joined = joined, join_kinds(joined, kind)
            if joined is None and not (node.operator == "where" and not self.is_settled):
                raise _misfit(part, before, kind)
        return joined

    def _call(self, node: Apply, kinds: list[Kind | None]) -> Kind | None:
        if node.operator in SHAPES:
            return NUMBER
        for kind, part in zip(kinds, node.arguments, strict=True):
            if kind == NUMBER and not self.allows_numbers:
                raise _at(
                    part,
                    f"`{node.operator}` is taken of a whole tensor, "
                    f"and `{_short(part)}` is one number.",
                    hint=f"write `{_without_call(node)}`",
                )
        if node.operator in REDUCTIONS:
            return NUMBER
        spread = [kind.spread for kind in kinds if kind is not None]
        if len(spread) < len(kinds):
            return None
        first = spread[0]
        if node.operator in ROWS:
            return Kind(first.rows, "1")
        if node.operator in COLUMNS:
            return Kind("1", first.columns)
        if node.operator == "transpose":
            return first.flipped
        if first.columns != spread[1].rows:
            raise _product(node, first, spread[1])
        return Kind(first.rows, spread[1].columns)


def join_kinds(left: Kind, right: Kind) -> Kind | None:
    """The kind of what is made of both, coordinate by coordinate; None where they do not fit.

    Example:
        >>> str(join_kinds(ROW, COLUMN)), join_kinds(TENSOR, TENSOR.flipped)
        ('tensor', None)
    """
    rows = {left.rows, right.rows} - {"1"}
    columns = {left.columns, right.columns} - {"1"}
    if len(rows) > 1 or len(columns) > 1:
        return None
    return Kind(rows.pop() if rows else "1", columns.pop() if columns else "1")


def _without_call(node: Apply) -> str:
    """What the call means where its arguments are numbers."""
    if node.operator == "matmul":
        return to_text(Apply("*", node.arguments))
    return to_text(Apply("abs", node.arguments) if node.operator == "norm" else node.arguments[0])


def _misfit(part: Node, before: Kind, kind: Kind) -> FormulaError:
    hint = f"write `transpose({_short(part)})`"
    if isinstance(part, Apply) and part.operator == "transpose":
        hint = f"write `{_short(part.arguments[0])}`"
    if join_kinds(before, kind.flipped) is None:
        hint = "write `matmul(u, v)` if a product of matrices is meant"
    return _at(
        part,
        f"`{_short(part)}` is {_size(kind)}, and what it is combined with is {_size(before)}.",
        hint=hint,
    )


def _product(node: Apply, first: Kind, second: Kind) -> FormulaError:
    left, right = map(_short, node.arguments)
    if first.columns == second.columns:
        hint = f"write `matmul({left}, transpose({right}))`"
    elif first.rows == second.rows:
        hint = f"write `matmul(transpose({left}), {right})`"
    else:
        hint = f"write `matmul({right}, {left})`"
    return _at(
        node,
        f"`matmul` needs as many columns of `{left}`, which is {_size(first)}, "
        f"as there are rows of `{right}`, which is {_size(second)}.",
        hint=hint,
    )


def _size(kind: Kind) -> str:
    names = {"1": "1", "R": "rows", "C": "columns"}
    return f"({names[kind.rows]} of x) by ({names[kind.columns]} of x)".replace("(1 of x)", "1")


def _short(node: Node) -> str:
    text = to_text(node)
    return text if len(text) <= 40 else f"{text[:37]}…"


def _at(node: Node, problem: str, *, hint: str) -> FormulaError:
    start, end = getattr(node, "span", None) or (None, None)
    return FormulaError(problem, start=start, end=end, hint=hint)


def infer_kinds(
    state: Mapping[str, Node],
    step: Iterable[tuple[str, Node]],
    given: Mapping[str, Kind],
    *,
    rules: Inference,
    sources: Mapping[str, str],
) -> dict[str, Kind | None]:
    """The kind of every name of a rule, by the least fixed point.

    Args:
        state: What is remembered, with its first value.
        step: The assignments in order.
        given: The kinds of given names and parameters.
        rules: How strictly the last pass looks.
        sources: The texts of first values and assignments, for errors.

    Raises:
        FormulaError: If parts do not fit, with the place in the text.
    """
    assignments = tuple(step)
    known: dict[str, Kind | None] = {**given, **dict.fromkeys(state, NUMBER)}
    growing, lenient = True, replace(rules, is_settled=False, allows_numbers=True)
    while growing:
        found, growing = dict(known), False
        for target, tree in (*state.items(), *assignments):
            kind = _attempt(lenient, tree, found)
            if target not in state:
                found[target] = kind
            name = target.removesuffix("'")
            before = known.get(name)
            if name not in state or kind is None or before is None:
                continue
            grown = join_kinds(before, kind)
            if grown is not None and grown != before:
                known[name] = found[name] = grown
                growing = True
    for target, tree in (*state.items(), *assignments):
        kind = _located(rules, tree, known, sources.get(target, ""))
        name = target.removesuffix("'")
        if target not in state:
            known[target] = kind
        if kind is not None and (name in state or target == "x'"):
            _check_growth(target, kind, known[name], tree=tree, source=sources.get(target, ""))
    return known


def _check_growth(target: str, kind: Kind, before: Kind | None, *, tree: Node, source: str) -> None:
    if before is not None and join_kinds(before, kind) is None:
        raise replace(
            _at(
                tree,
                f"`{target}` is {_size(kind)} here, and elsewhere {_size(before)}.",
                hint=f"transpose it, or give `{target}` a value of one shape",
            ),
            text=source,
        )


def _attempt(rules: Inference, tree: Node, known: Known) -> Kind | None:
    try:
        return rules.kind_of(tree, known)
    except FormulaError:
        # What has not grown yet may fit later; the last pass looks again.
        return None


def _located(rules: Inference, tree: Node, known: Known, source: str) -> Kind | None:
    try:
        return rules.kind_of(tree, known)
    except FormulaError as error:
        raise replace(error, text=source) from None

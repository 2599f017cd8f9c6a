"""A wrapper's one line `y = rule(x, d)`, read and replaced by the step of the rule it wraps.

`rule(x, d)` is where the wrapped rule goes from `x` with the gradient `d`. `rule(x, d, n)` says
which step of its own that is, where it is not step `t`. `if c` behind it makes the step only where
the condition holds: elsewhere the rule stays where it is, and remembers what it did. `anew if c`
lets it begin again with its first values.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, final

from gradiometer.errors import FormulaError, Place
from gradiometer.formula import Apply, Name, Node, Number, apply, free_names, number, walk
from gradiometer.model.rule_words import FUNCTIONS, RULE, parse_rule

Lines: TypeAlias = tuple[tuple[str, Node], ...]

_CALL = re.compile(rf"\b{RULE}\s*\(")
_CLAUSE = re.compile(r"\b(?:(anew)\s+)?if\b")
_HINT = 'write such as `y = "rule(x, g)"` on a line of its own, then use `y`'


def is_rule_line(text: str) -> bool:
    """Whether a line of a step asks the wrapped rule for its step.

    Example:
        >>> is_rule_line("rule(x, g)"), is_rule_line("x - g")
        (True, False)
    """
    return _CALL.search(text) is not None


@final
@dataclass(frozen=True)
class RuleLine:
    """What the wrapped rule is given, and when."""

    target: str
    """The name that stands for the new position of the wrapped rule."""
    text: str
    position: Node
    gradient: Node
    count: Node | None = None
    """The wrapped rule's own count of steps from 1; None for `t`, or for the steps it has made."""
    condition: Node | None = None
    """When it makes a step; None for always."""
    anew: Node | None = None
    """When it begins again before its step; None for never."""


def read_rule_line(target: str, text: str, names: tuple[str, ...], *, place: Place) -> RuleLine:
    """What a line such as `rule(x, d) if norm(d) < 1` says.

    Raises:
        FormulaError: If it is no such line, or a part of it cannot be read.
    """
    ends = [*_CLAUSE.finditer(text)]
    stops = [*(found.start() for found in ends[1:]), len(text)][: len(ends)]
    call = _call(text, ends[0].start() if ends else len(text), names, place)
    if target.endswith("'") and target != "x'":
        raise FormulaError(
            f"`{RULE}(…)` is a position, and `{target}` is something that is remembered.",
            text=text, start=0, end=len(text), place=place, hint=_HINT,
        )  # fmt: skip
    clauses: dict[bool, Node] = {}
    for found, stop in zip(ends, stops, strict=True):
        is_anew = found.group(1) is not None
        if is_anew in clauses:
            raise FormulaError(
                f"`{found.group()}` is said twice.", text, found.start(), stop, place,
                hint="join both conditions with `and`",
            )  # fmt: skip
        clauses[is_anew] = _condition(text, found.end(), stop, names, place)
    x, g, *further = call.arguments
    return RuleLine(
        target, text, x, g, further[0] if further else None,
        clauses.get(False), clauses.get(True),
    )  # fmt: skip


def _call(text: str, end: int, names: tuple[str, ...], place: Place) -> Apply:
    """The call that stands before the place, alone and once."""
    calls = [*_CALL.finditer(text)]
    if len(calls) > 1:
        raise FormulaError(
            f"`{RULE}(…)` stands twice, and a wrapper asks its rule for one step.",
            text, calls[1].start(), calls[1].end() - 1, place, hint="leave one of them out",
        )  # fmt: skip
    tree = parse_rule(text[:end].rstrip(), names, place=place, further=(RULE,)).tree
    if not (isinstance(tree, Apply) and tree.operator == RULE):
        start, stop = calls[0].start(), calls[0].end() - 1
        raise FormulaError(
            f"`{RULE}(…)` stands inside a formula.", text, start, stop, place, hint=_HINT
        )
    if len(tree.arguments) not in (2, 3):
        raise FormulaError(
            f"`{RULE}` takes a position and a gradient, and perhaps a count of steps, "
            f"not {len(tree.arguments)} values.",
            text, *(tree.span or (0, end)), place, hint=f"write `{RULE}(x, g)`",
        )  # fmt: skip
    return tree


def _condition(text: str, start: int, stop: int, names: tuple[str, ...], place: Place) -> Node:
    """The statement between two places of the text."""
    if not text[start:stop].strip():
        raise FormulaError(
            "The condition is missing.", text, max(0, start - 2), start, place,
            hint="write such as `if norm(g) < 1`",
        )  # fmt: skip
    # A statement is read as a part of a formula, at its place in the text.
    asked = f"{'where('.rjust(start)}{text[start:stop]}, 1, 0)"
    try:
        tree = parse_rule(asked, names, place=place).tree
    except FormulaError as error:
        end = None if error.end is None else min(error.end, stop)
        raise replace(error, text=text, end=end) from None
    assert isinstance(tree, Apply), "it was written as a call"
    return tree.arguments[0]


@final
@dataclass(frozen=True)
class Spliced:
    """The wrapped rule's part of the whole: what it remembers, and its lines."""

    state: Mapping[str, Node]
    step: Lines
    sources: Mapping[str, str]
    names: Mapping[str, str]
    """What its remembered values are called in the whole."""
    whole: frozenset[Node]
    """Its calls that join all tensors of a model."""
    calls: frozenset[Node]
    """All its calls that join numbers of a tensor or of all tensors."""


def splice(
    line: RuleLine,
    state: Mapping[str, Node],
    step: Lines,
    *,
    sources: Mapping[str, str],
    names: Mapping[str, str],
    prefix: str,
    taken: Collection[str],
    whole: Collection[Node] = (),
) -> Spliced:
    """The step of the wrapped rule, with what it is given in place of its `x`, `g` and `t`.

    Args:
        line: The line of the wrapper.
        state: What the rule remembers.
        step: Its assignments.
        sources: The texts of both, for errors.
        names: What its parameters are called in the whole.
        prefix: What stands before its own names.
        taken: Names that are something else in the whole.
        whole: Its calls that join all tensors of a model.

    Example:
        >>> g, x = Name("g"), Name("x")
        >>> line = RuleLine("y", "", x, apply("neg", g))
        >>> rows = splice(line, {}, (("x'", apply("-", x, g)),), sources={}, names={},
        ...     prefix="sgd", taken=()).step
        >>> [target for target, _ in rows]
        ['sgd_g', 'y']
    """
    made = _Splice(line, prefix, {*taken, line.target})
    given = [made.given("x", line.position), made.given("g", line.gradient)]
    if any("t" in free_names(tree) for _, tree in step):
        made.count()
    own = (*state, *(target for target, _ in step if not target.endswith("'")))
    made.names |= {name: made.fresh(name) for name in own} | dict(names)
    made.names["x'"] = line.target
    made.names |= {f"{name}'": f"{made.names[name]}'" for name in state}
    before = made.restart(state)
    rows = [(made.names[target], made.guard(target, tree)) for target, tree in step]
    # A first value is found once, where the whole starts.
    firsts = {made.names[name]: rename(tree, names) for name, tree in state.items()}
    texts = {made.names[name]: text for name, text in sources.items() if name in made.names}
    return Spliced(
        {**made.state, **firsts},
        (*made.checks(), *(row for row in given if row), *before, *rows, *made.counted()),
        {**texts, **made.sources},
        {name: made.names[name] for name in state},
        frozenset(map(made.rename, whole)),
        frozenset(made.rename(call) for _, tree in step for call in list_calls(tree)),
    )


def list_calls(tree: Node) -> list[Apply]:
    """The calls in a tree that join numbers of a tensor."""
    return [node for node in walk(tree)
            if isinstance(node, Apply) and node.operator in FUNCTIONS]  # fmt: skip


@final
class _Splice:
    """The names of a wrapped rule being replaced by those of the whole."""

    def __init__(self, line: RuleLine, prefix: str, taken: set[str]) -> None:
        """The replacement for one line of a wrapper."""
        self.line, self.prefix, self.taken = line, prefix, taken
        self.names: dict[str, str] = {}
        self.trees: dict[str, Node] = {}
        """What stands in place of a name that is read, where it is no name."""
        self.state: dict[str, Node] = {}
        self.sources: dict[str, str] = {}
        self.done = ""
        """The name of the count of steps made, where the rule does not make all of them."""
        self.condition = None if line.condition is None else _bare(line.condition)

    def fresh(self, name: str) -> str:
        """A name of the whole for a name of the rule."""
        made = f"{self.prefix}_{name}"
        while made in self.taken:
            made += "_"
        self.taken.add(made)
        return made

    def given(self, name: str, tree: Node) -> tuple[str, Node] | None:
        """An abbreviation for what the rule is given, unless that has a name."""
        if isinstance(tree, Name):
            self.names[name] = tree.name
            return None
        self.names[name] = self.fresh(name)
        self.sources[self.names[name]] = self.line.text
        return self.names[name], tree

    def count(self) -> None:
        """Settle which step of the rule it is, for a rule that asks."""
        if self.line.count is not None:
            self.trees["t"] = _bare(self.line.count)
        elif self.condition is not None:
            self.done = self.fresh("done")
            self.state[self.done] = number(0)
            self.trees["t"] = apply("+", Name(self.done), number(1))

    def counted(self) -> Lines:
        """The line that counts the steps the rule has made, where that is needed."""
        if not self.done or self.condition is None:
            return ()
        done = Name(self.done)
        grown = apply("where", self.condition, apply("+", done, number(1)), done)
        return ((f"{self.done}'", grown),)

    def checks(self) -> Lines:
        """Lines that nobody reads: kinds that do not fit are found where they were written."""
        rows: list[tuple[str, Node]] = []
        for word, tree in (("if", self.line.condition), ("anew", self.line.anew)):
            if tree is not None:
                name = self.fresh(word)
                self.sources[name] = self.line.text
                rows.append((name, apply("where", tree, number(1), number(0))))
        return tuple(rows)

    def restart(self, state: Mapping[str, Node]) -> Lines:
        """Lines that give each remembered value its first one again where the rule begins anew."""
        if self.line.anew is None:
            return ()
        anew, rows = _bare(self.line.anew), list[tuple[str, Node]]()
        for name, first in state.items():
            begun = self.fresh(f"{name}_begun")
            kept = Name(self.names[name])
            rows.append((begun, apply("where", anew, self.rename(first), kept)))
            self.trees[name] = Name(begun)
        return tuple(rows)

    def guard(self, target: str, tree: Node) -> Node:
        """The assigned value, or what stays where the rule makes no step."""
        value = self.rename(tree)
        if self.condition is None:
            return value
        name = target.removesuffix("'")
        if target == "x'":
            kept: Node = Name(self.names["x"])
        elif target.endswith("'"):
            kept = self.trees.get(name, Name(self.names[name]))
        else:
            # An abbreviation of a step that is not made need not have a value.
            kept = number(0)
        return apply("where", self.condition, value, kept)

    def rename(self, node: Node) -> Node:
        """The tree in the names of the whole; places in the text are kept."""
        if isinstance(node, Name):
            if node.name in self.trees:
                return self.trees[node.name]
            return Name(self.names.get(node.name, node.name), node.span)
        if isinstance(node, Apply):
            return Apply(node.operator, tuple(map(self.rename, node.arguments)), node.span)
        return node


def rename(node: Node, names: Mapping[str, str]) -> Node:
    """The tree with names replaced, and the places in its text kept.

    Example:
        >>> rename(Name("a"), {"a": "b"})
        Name(name='b')
    """

    def visit(current: Node) -> Node:
        if isinstance(current, Name):
            return Name(names.get(current.name, current.name), current.span)
        if isinstance(current, Apply):
            return Apply(current.operator, tuple(map(visit, current.arguments)), current.span)
        return current

    return visit(node)


def _bare(node: Node) -> Node:
    """The tree without places: what is put into another text has none there."""
    if isinstance(node, Apply):
        return Apply(node.operator, tuple(map(_bare, node.arguments)))
    if isinstance(node, Name):
        return Name(node.name)
    return Number(node.value, node.text) if isinstance(node, Number) else node

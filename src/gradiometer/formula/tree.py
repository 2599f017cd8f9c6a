"""The expression tree: four kinds of node, and one closed table of operators.

A tree keeps the user's own form: `(a+b)*a` and `a*a+a*b` are different trees, and a number keeps
the text it was written as. Nodes compare by content; the place in the source text does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, final

from flint import fmpq

Span: TypeAlias = tuple[int, int]
"""Offsets of the first character and after the last one in the source text."""


@final
@dataclass(frozen=True)
class Operator:
    """One operation of the vocabulary: how many arguments it takes and what it is."""

    name: str
    arity: tuple[int, int | None]
    """Smallest and largest number of arguments; None for no upper limit."""
    kind: str
    """`arithmetic`, `smooth`, `piecewise`, `relation` or `logic`."""
    about: str


_TABLE = (
    Operator("+", (2, 2), "arithmetic", "sum"),
    Operator("-", (2, 2), "arithmetic", "difference"),
    Operator("*", (2, 2), "arithmetic", "product"),
    Operator("/", (2, 2), "arithmetic", "quotient"),
    Operator("^", (2, 2), "arithmetic", "power"),
    Operator("neg", (1, 1), "arithmetic", "the opposite number"),
    Operator("exp", (1, 1), "smooth", "e to the power of"),
    Operator("ln", (1, 1), "smooth", "natural logarithm, defined above 0"),
    Operator("sqrt", (1, 1), "smooth", "square root, defined from 0"),
    Operator("sin", (1, 1), "smooth", "sine"),
    Operator("cos", (1, 1), "smooth", "cosine"),
    Operator("tan", (1, 1), "smooth", "tangent"),
    Operator("atan", (1, 1), "smooth", "inverse tangent"),
    Operator("sinh", (1, 1), "smooth", "hyperbolic sine"),
    Operator("cosh", (1, 1), "smooth", "hyperbolic cosine"),
    Operator("tanh", (1, 1), "smooth", "hyperbolic tangent"),
    Operator("sigmoid", (1, 1), "smooth", "1/(1 + e^(-x))"),
    Operator("softplus", (1, 1), "smooth", "ln(1 + e^x)"),
    Operator("erf", (1, 1), "smooth", "error function"),
    Operator("erfc", (1, 1), "smooth", "1 - erf(x)"),
    Operator("Phi", (1, 1), "smooth", "distribution function of the standard normal law"),
    Operator("abs", (1, 1), "piecewise", "absolute value, also written |x|"),
    Operator("sign", (1, 1), "piecewise", "-1, 0 or 1"),
    Operator("relu", (1, 1), "piecewise", "max(x, 0)"),
    Operator("max", (1, None), "piecewise", "largest of the arguments"),
    Operator("min", (1, None), "piecewise", "smallest of the arguments"),
    Operator("clip", (3, 3), "piecewise", "clip(x, low, high) = min(max(x, low), high)"),
    Operator("where", (3, 3), "piecewise", "where(condition, value if true, value if false)"),
    Operator("floor", (1, 1), "piecewise", "largest integer that is not above"),
    Operator("passed", (1, None), "piecewise", "passed(k, a, b, …): how many are at most k"),
    Operator("<", (2, 2), "relation", "less than"),
    Operator("<=", (2, 2), "relation", "at most"),
    Operator(">", (2, 2), "relation", "greater than"),
    Operator(">=", (2, 2), "relation", "at least"),
    Operator("==", (2, 2), "relation", "equal to"),
    Operator("!=", (2, 2), "relation", "different from"),
    Operator("and", (2, 2), "logic", "both hold"),
    Operator("or", (2, 2), "logic", "one of both holds"),
    Operator("not", (1, 1), "logic", "does not hold"),
)

OPERATORS: Mapping[str, Operator] = {operator.name: operator for operator in _TABLE}
"""The whole vocabulary, by name."""

FUNCTIONS: tuple[str, ...] = tuple(
    o.name for o in _TABLE if o.name.isalpha() and o.name not in {"neg", "and", "or", "not"}
)
"""Names a user calls with brackets."""

ALIASES: Mapping[str, str] = {"log": "ln", "σ": "sigmoid", "Φ": "Phi", "arctan": "atan"}
"""Other spellings of functions."""

CONSTANTS: tuple[str, ...] = ("e", "pi")
"""Names of constants; a caller's variable of the same name hides the constant."""


@final
@dataclass(frozen=True)
class Number:
    """An exact rational constant, with the text it was written as."""

    value: fmpq
    text: str = field(default="", compare=False)
    span: Span | None = field(default=None, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Constant:
    """One of the irrational constants `e` and `pi`."""

    name: str
    span: Span | None = field(default=None, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Name:
    """A variable or a parameter."""

    name: str
    span: Span | None = field(default=None, compare=False, repr=False)


@final
@dataclass(frozen=True)
class Apply:
    """An operator, or a function the caller named, with its arguments."""

    operator: str
    arguments: tuple[Node, ...]
    span: Span | None = field(default=None, compare=False, repr=False)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Apply) or hash(self) != hash(other):
            return False
        return self.operator == other.operator and self.arguments == other.arguments

    def __hash__(self) -> int:
        # Kept: a tree is a key of many tables, and its nodes never change.
        kept = self.__dict__
        if "_hash" not in kept:
            kept["_hash"] = hash((self.operator, self.arguments))
        return kept["_hash"]

    def __getstate__(self) -> dict[str, object]:
        """The fields alone: hashes of texts differ from process to process."""
        return {name: self.__dict__[name] for name in ("operator", "arguments", "span")}

    @property
    def names(self) -> frozenset[str]:
        """Names of the variables and parameters below this node."""
        kept = self.__dict__
        if "_names" not in kept:
            kept["_names"] = frozenset().union(*map(free_names, self.arguments))
        return kept["_names"]


Node: TypeAlias = "Number | Constant | Name | Apply"


def number(value: int | fmpq | str) -> Number:
    """The constant node of an integer, a rational or a text such as `1/3`."""
    if isinstance(value, str):
        top, _, bottom = value.partition("/")
        value = fmpq(int(top), int(bottom or 1))
    return Number(fmpq(value))


def apply(operator: str, *arguments: Node) -> Apply:
    """The node of *operator* applied to *arguments*."""
    return Apply(operator, arguments)


ZERO = number(0)
ONE = number(1)


def walk(node: Node) -> Iterator[Node]:
    """Every node of the tree, parents before children, left to right."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        if isinstance(current, Apply):
            stack.extend(reversed(current.arguments))


def free_names(node: Node) -> frozenset[str]:
    """Names of the variables and parameters that stand in the tree."""
    if isinstance(node, Apply):
        return node.names
    return frozenset([node.name]) if isinstance(node, Name) else frozenset()


def substitute(node: Node, values: Mapping[str, Node]) -> Node:
    """The tree with names replaced by trees; untouched parts are shared."""
    done: dict[int, Node] = {}

    def visit(current: Node) -> Node:
        if isinstance(current, Name):
            return values.get(current.name, current)
        if id(current) not in done:
            done[id(current)] = map_children(current, visit)
        return done[id(current)]

    return visit(node)


def map_children(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node with *change* applied to each argument; the same object when nothing changed."""
    if not isinstance(node, Apply):
        return node
    arguments = tuple(change(argument) for argument in node.arguments)
    if all(new is old for new, old in zip(arguments, node.arguments, strict=True)):
        return node
    return Apply(node.operator, arguments, node.span)


def is_smooth(node: Node) -> bool:
    """Whether no piecewise operator, relation or logic stands in the tree."""
    return all(
        not isinstance(n, Apply)
        or (n.operator in OPERATORS and OPERATORS[n.operator].kind in {"arithmetic", "smooth"})
        for n in walk(node)
    )

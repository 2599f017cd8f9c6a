"""What the names in a statement mean: functions of one variable, and assigned values."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import final

from gradiometer.errors import FormulaError, GradiometerError
from gradiometer.formula import (
    ALIASES,
    FUNCTIONS,
    Apply,
    Constant,
    Formula,
    Name,
    Node,
    Number,
    free_names,
    map_children,
    parse,
    walk,
)

MOST_PRIMES = 4
"""Highest derivative that primes can ask for."""

_LETTERS = r"[^\W\d]\w*"
_FUNCTION = re.compile(rf"\s*(?P<name>{_LETTERS})\s*\(\s*(?P<variable>{_LETTERS})\s*\)\s*=(?!=)")
_VALUE = re.compile(rf"\s*(?P<name>{_LETTERS}'*)\s*=(?!=)")


NODES = (Number, Constant, Name, Apply)
"""The kinds of node, to tell a tree from a function."""


@final
@dataclass(frozen=True)
class Function:
    """A function of one variable; its formula may hold other names too."""

    name: str
    variable: str
    formula: Node


@final
@dataclass(frozen=True)
class Names:
    """Everything that a statement may name.

    Example:
        >>> names = read_names(["f(x) = x^2 + b", "v = b*b"])
        >>> sorted(names.functions), sorted(names.values), names.inputs
        (['f'], ['v'], ('b',))
    """

    functions: Mapping[str, Function] = field(default_factory=dict)
    values: Mapping[str, Node] = field(default_factory=dict)
    """Assigned names, each formula as it was written."""
    inputs: tuple[str, ...] = ()
    """Names that the definitions use and do not define."""
    warnings: tuple[str, ...] = ()
    """How an ambiguous text was read."""
    taken: Mapping[str, Function | Node] = field(default_factory=dict)
    """What is taken for granted of `f'`, `dc/da` or another formula, right or wrong."""

    @cached_property
    def called(self) -> frozenset[str]:
        """The functions with up to `MOST_PRIMES` primes, as the parser wants them."""
        return _with_primes(self.functions)

    @cached_property
    def known(self) -> tuple[str, ...]:
        """Every plain name: inputs, assigned names and variables of functions."""
        variables = (function.variable for function in self.functions.values())
        return tuple(dict.fromkeys((*self.inputs, *self.values, *variables)))


def read_names(
    texts: Iterable[str], start: Names | None = None, *, hiding: Collection[str] = ()
) -> Names:
    """The meaning of names that the texts give.

    Args:
        texts: Definitions such as `f(x) = ln(x)` and assignments such as `v1=a^2; v2=a+b`,
            separated by semicolons or line ends; a later one may use the earlier ones.
        start: Names that have a meaning already.
        hiding: Inputs that are spelled like a constant, such as `e`.

    Raises:
        FormulaError: If a text is no definition, or a name is defined twice or too late.
    """
    reader = _Reader(start or Names(), hiding)
    for text in texts:
        for begin, end in _parts(text):
            try:
                reader.define(text[begin:end])
            except GradiometerError as error:
                raise _moved(error, begin, text) from None
    return reader.names()


def _parts(text: str) -> Iterator[tuple[int, int]]:
    begin = 0
    for end in (*(match.start() for match in re.finditer(r"[;\n]", text)), len(text)):
        if text[begin:end].strip():
            yield begin, end
        begin = end + 1


def _moved(error: GradiometerError, by: int, text: str) -> GradiometerError:
    """The error about a part as one about the whole text, in which the part begins at *by*."""
    start, end = (None if offset is None else offset + by for offset in (error.start, error.end))
    return replace(error, text=text, start=start, end=end)


def _parse(text: str, start: int, end: int, functions: Collection[str] = ()) -> Formula:
    """The formula in a part of the text."""
    try:
        return parse(text[start:end], functions=functions)
    except GradiometerError as error:
        raise _moved(error, start, text) from None


def _with_primes(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name + "'" * primes for name in names for primes in range(MOST_PRIMES + 1))


class _Reader:
    """The definitions read so far."""

    def __init__(self, start: Names, hiding: Collection[str]) -> None:
        self._functions = dict(start.functions)
        self._values = dict(start.values)
        self._inputs = dict.fromkeys(start.inputs)
        self._warnings = list(start.warnings)
        self._called = set(start.called)
        self._hiding = hiding
        self._taken = start.taken

    def names(self) -> Names:
        """All of them."""
        inputs = tuple(self._inputs)
        return Names(
            self._functions, self._values, inputs, tuple(self._warnings), self._taken
        )  # fmt: skip

    def define(self, text: str) -> None:
        """Read one definition.

        Raises:
            FormulaError: If it is none, or its name is taken.
        """
        function = _FUNCTION.match(text)
        match = function or _VALUE.match(text)
        if match is None:
            begin = len(text) - len(text.lstrip())
            raise FormulaError(
                "This defines nothing.", text=text, start=begin, end=len(text.rstrip()),
                hint="write `f(x) = …` or `name = …`",
            )  # fmt: skip
        name = _plain(text, *match.span("name"))
        self._check_new(name, text, match.span("name"))
        own = _with_primes([name]) if function is not None else frozenset()
        read = _parse(text, match.end(), len(text), self._called | own)
        self._warnings.extend(read.notes)
        tree = self._unhide(read.tree)
        if name in free_names(tree) or any(_calls(node, own) for node in walk(tree)):
            start, end = match.span("name")
            raise FormulaError(
                f"`{name}` is defined by itself.", text=text, start=start, end=end
            )  # fmt: skip
        if function is not None:
            variable = _plain(text, *function.span("variable"))
            self._functions[name] = Function(name, variable, tree)
            self._called |= _with_primes([name])
            self._use(free_names(tree) - {variable})
            return
        self._values[name] = tree
        self._use(free_names(tree))

    def _use(self, names: Iterable[str]) -> None:
        self._inputs.update(dict.fromkeys(sorted(set(names) - set(self._values))))

    def _unhide(self, tree: Node) -> Node:
        if isinstance(tree, Constant) and tree.name in self._hiding:
            return Name(tree.name, tree.span)
        return map_children(tree, self._unhide)

    def _check_new(self, name: str, text: str, span: tuple[int, int]) -> None:
        problem = ""
        if name in self._values or name in self._functions:
            problem = f"`{name}` is defined twice."
        elif name in FUNCTIONS or name in ALIASES:
            problem = f"`{name}` has a meaning already."
        elif name in self._inputs:
            problem = f"`{name}` is used before it is defined."
        if problem:
            raise FormulaError(problem, text=text, start=span[0], end=span[1])


def _calls(node: Node, functions: Collection[str]) -> bool:
    return isinstance(node, Apply) and node.operator in functions


def _plain(text: str, start: int, end: int) -> str:
    """The name that stands there, in the spelling that formulas know it by."""
    tree = _parse(text, start, end).tree
    if isinstance(tree, Name | Constant):
        return tree.name
    raise FormulaError("This is no name.", text=text, start=start, end=end)

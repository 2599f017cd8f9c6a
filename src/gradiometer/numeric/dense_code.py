"""Formulas as lines of a kernel: straight-line code for one lane, each shared part once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import final

from gradiometer.formula import Constant, Node, evaluate, free_names, to_float
from gradiometer.numeric.layout import is_literal
from gradiometer.numeric.program import Builder, Level, Term
from gradiometer.numeric.program_source import CALLS, CHOICES, CHOOSES, INFIX, NUMBERS


@final
@dataclass
class Code:
    """Terms of formulas and the lines that compute them.

    Inputs are `open`ed with the text that reads them; `lower` makes terms of trees; `write` gives
    the lines that a set of terms needs and that were not written before.
    """

    prefix: str = "a"
    """What new variables are called, before their number."""
    build: Builder = field(default_factory=Builder)
    atoms: dict[int, str] = field(default_factory=dict)
    """The text of terms that have a variable or are read from somewhere."""
    known: dict[str, int] = field(default_factory=dict)
    """The terms that names stand for."""

    def open(self, name: str, text: str) -> None:
        """Let *name* stand for what *text* reads."""
        place = self.build.input(name, Level.LANE)
        self.known[name], self.atoms[place] = place, text

    def lower(self, tree: Node) -> int:
        """The term of a tree."""
        return self.build.lower(tree, self.known)

    def let(self, name: str, tree: Node) -> int:
        """The term of a tree, for which *name* stands from now on."""
        self.known[name] = self.lower(tree)
        return self.known[name]

    def text(self, at: int) -> str:
        """A term as it stands in an expression."""
        term = self.build.terms[at]
        if at in self.atoms:
            return self.atoms[at]
        if is_literal(term):
            return NUMBERS[int(term.value or 0)]
        if term.operator == "number":
            return f"REAL({to_float(term.value)!r})" if term.value is not None else "ZERO"
        if term.operator == "constant":
            return f"REAL({to_float(evaluate(Constant(term.name), {}))!r})"
        return f"({self._expression(term)})"

    def write(self, ends: Iterable[int]) -> list[str]:
        """The lines that compute these terms, in order."""
        ends = list(ends)
        used = self._find_used(ends)
        uses = self._count_uses(used, ends)
        lines = []
        for at in used:
            term = self.build.terms[at]
            if term.arguments and (uses[at] > 1 or term.operator in CHOOSES):
                name = f"{self.prefix}{at}"
                lines.append(f"{name} = {self._expression(term)}")
                self.atoms[at] = name
        return lines

    def _find_used(self, ends: list[int]) -> list[int]:
        """The terms that these need and that have no text yet, in order."""
        used = set[int]()
        waiting = [at for at in ends if at not in self.atoms]
        while waiting:
            at = waiting.pop()
            if at not in used and at not in self.atoms:
                used.add(at)
                waiting += self._arguments(self.build.terms[at])
        return sorted(used)

    def _count_uses(self, used: list[int], ends: list[int]) -> Counter[int]:
        uses: Counter[int] = Counter(ends)
        for at in used:
            term = self.build.terms[at]
            weight = 2 if term.operator in CHOOSES else 1
            for place in self._arguments(term):
                uses[place] += weight
        return uses

    def _arguments(self, term: Term) -> tuple[int, ...]:
        # The third argument of a division is the inverse, for kernels that multiply by it.
        return term.arguments[:2] if term.operator == "/" else term.arguments

    def _expression(self, term: Term) -> str:
        parts = [self.text(at) for at in self._arguments(term)]
        operator = "^" if term.operator == "power" else term.operator
        if operator in INFIX:
            return f"{parts[0]} {INFIX[operator]} {parts[1]}"
        if operator in CALLS:
            return f"{CALLS[operator]}({', '.join(parts)})"
        return CHOICES[operator](*parts)


def name_inputs(trees: Iterable[Node], known: Mapping[str, object]) -> list[str]:
    """The names in these trees that are not known, sorted."""
    names = frozenset[str]().union(*map(free_names, trees))
    return sorted(names - frozenset(known))

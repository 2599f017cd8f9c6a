"""Two sides of a statement, the point they are about, and the words for what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, final

from flint import fmpq

from gradiometer.errors import DomainError, LimitError, UndecidedError
from gradiometer.formula import Node, Number, evaluate, free_names, substitute, tidy, to_text
from gradiometer.proof import Comparison, compare_at
from gradiometer.question.answer import Status, Step
from gradiometer.question.claim_domain import find_lone_value
from gradiometer.question.claim_proof import Proof
from gradiometer.question.claim_slope import why_no_slope
from gradiometer.question.statement import Side
from gradiometer.question.value import to_value_text

Point: TypeAlias = Mapping[str, Any]
"""For each name a rational number, or a constant tree where it is none."""

SPELLING: Mapping[str, str] = {
    "==": "=", "!=": "≠", "<=": "≤", ">=": "≥", "<": "<", ">": ">"
}  # fmt: skip
"""How a person writes each relation."""

_OPPOSITE = {"==": "≠", "!=": "=", "<": "≥", "<=": ">", ">": "≤", ">=": "<"}


@final
@dataclass(frozen=True)
class Link:
    """What became of one relation."""

    text: str
    holds: bool | None
    status: Status
    because: str
    counterexample: Mapping[str, Any] | None = None
    """`{"at": {name: number}, "left": number, "right": number}`."""
    certificate: Mapping[str, Any] | None = None
    steps: tuple[Step, ...] = ()
    note: str = ""
    """Where only one side has a value; empty where no such point was found."""


@final
@dataclass(frozen=True)
class Pair:
    """Two neighbouring sides of a statement."""

    left: Side
    right: Side
    relation: str
    at: Point | None = None
    """A value for each free name; None for a statement about all values."""

    @property
    def text(self) -> str:
        """The relation as it was written."""
        return f"{self.left.text} {SPELLING[self.relation]} {self.right.text}"

    @property
    def sides(self) -> tuple[Node, Node]:
        """Both sides with only free names left."""
        return self.left.formula, self.right.formula

    @property
    def defined(self) -> tuple[Node, ...]:
        """What must have a value besides the sides."""
        return (*self.left.defined, *self.right.defined)

    @property
    def variables(self) -> list[str]:
        """The free names, in alphabetical order."""
        return sorted(set().union(*map(free_names, (*self.sides, *self.defined))))

    @property
    def is_whole(self) -> bool:
        """Whether both formulas have a value wherever the sides have one."""
        return self.left.is_whole and self.right.is_whole

    @property
    def rational(self) -> dict[str, fmpq]:
        """The rational coordinates of the point."""
        return {k: v for k, v in (self.at or {}).items() if isinstance(v, fmpq)}

    def local(self, tree: Node) -> Node:
        """The tree with the other coordinates of the point put in."""
        others = {k: v for k, v in (self.at or {}).items() if not isinstance(v, fmpq)}
        return substitute(tree, others) if others else tree

    def compare_here(self) -> Comparison | None:
        """Both sides at the point."""
        left, right, *defined = map(self.local, (*self.sides, *self.defined))
        return compare_at(left, right, self.relation, self.rational, defined=defined)

    def say_proved(self, proof: Proof) -> Link:
        """The relation always holds."""
        because = proof.because
        gaps = [to_text(gap) for side in (self.left, self.right) for gap in side.gaps]
        if gaps and self.variables:
            points = ", ".join(f"{self.variables[0]} = {gap}" for gap in dict.fromkeys(gaps))
            because += f"; at {points} there is no slope, that point is left out"
        steps = (*self._reading(), *proof.steps, Step(self.text, because))
        note = self._where_one_has_none()
        because += f"; {note}" if note else ""
        return Link(self.text, True, "proved", because, None, proof.certificate, steps, note)

    def _where_one_has_none(self) -> str:
        """That the relation speaks only of points at which both sides have a value."""
        found = find_lone_value(self.left, self.right, self.variables)
        if found is None:
            return ""
        point, side = found
        holds = "both sides are equal" if self.relation == "==" else "the relation holds"
        where = f"{holds} wherever both have a value"
        return f"{where}; {say_where(point)}`{side.text}` has none"

    def say_proved_here(self, here: Comparison) -> Link:
        """The relation holds at the point."""
        left, right = to_value_text(here.left), to_value_text(here.right)
        because = f"{self.where}both sides are {left}"
        if self.relation != "==":
            because = self._values(left, right, self.where)
        step = Step(f"{_bare(left)} {SPELLING[self.relation]} {_bare(right)}", because)
        return Link(self.text, True, "proved", because, steps=(*self._reading(), step))

    def say_refuted(
        self, found: Comparison, at: Point, certificate: Mapping[str, Any] | None, start: str = ""
    ) -> Link:
        """The relation fails at a point."""
        left, right = to_value_text(found.left), to_value_text(found.right)
        where = say_where(at)
        because = start + self._values(left, right, where)
        counterexample = {"at": dict(at), "left": found.left, "right": found.right}
        step = Step(f"{_bare(left)} {_OPPOSITE[self.relation]} {_bare(right)}", because)
        steps = (*self._reading(), step)
        return Link(self.text, False, "proved", because, counterexample, certificate, steps)

    def say_open(self, reason: str) -> Link:
        """Neither was found."""
        return Link(self.text, None, "unknown", reason, steps=self._reading())

    def say_no_value(self) -> Link | None:
        """A derivative in a side does not exist there; None where that is not certain."""
        if self.relation == "!=":
            return None
        for side in (self.left, self.right):
            reason = why_no_slope(side, self.at or {})
            if reason:
                because = f"{self.where}`{side.text}` has no value: {reason}"
                step = Step(f"{side.text} has no value", reason)
                return Link(self.text, False, "proved", because, steps=(*self._reading(), step))
        return None

    def say_rounding(
        self, other: Side, value: Any, because: str, *, holds: bool, certificate: Any = None
    ) -> Link:
        """A number does or does not round to a decimal."""
        counterexample = None
        if not holds:
            decimal = evaluate((self.left if other is self.right else self.right).formula, {})
            pair = (value, decimal) if other is self.left else (decimal, value)
            counterexample = {"at": dict(self.at or {}), "left": pair[0], "right": pair[1]}
        steps = (*self._reading(), Step(f"{other.text} = {_bare(to_value_text(value))}", because))
        return Link(self.text, holds, "proved", because, counterexample, certificate, steps)

    @property
    def where(self) -> str:
        """`at a = -1, b = 4 `, or nothing without a point."""
        return say_where(self.at or {})

    def why_no_value(self) -> str:
        """Why the two sides cannot be compared at the point."""
        for side in (self.left, self.right):
            try:
                for tree in (side.formula, *side.defined):
                    evaluate(self.local(tree), self.rational)
            except DomainError as error:
                reason = error.problem.removeprefix("There is no value here: ").rstrip(".")
                return f"{self.where}`{side.text}` has no value: {reason}"
            except (UndecidedError, LimitError):
                continue
        return f"{self.where}the two sides are too near to each other to tell"

    def _values(self, left: str, right: str, where: str) -> str:
        """What the sides are; a side that is a number itself is only set against the other one."""
        if all(isinstance(tidy(side.tree), Number) for side in (self.left, self.right)):
            return f"{where}{left} {_OPPOSITE[self.relation]} {right}"
        sides = ((self.left, left, self.right), (self.right, right, self.left))
        for side, value, other in sides:
            if isinstance(tidy(other.tree), Number) and not isinstance(tidy(side.tree), Number):
                against = f", not {other.text}" if self.relation == "==" else ""
                return f"{where}{_is(side, value)}{against}"
        return f"{where}{_is(self.left, left)} and {_is(self.right, right)}"

    def _reading(self) -> tuple[Step, ...]:
        """The sides with every name replaced, where that changes them."""
        return tuple(
            Step(f"{side.text} = {to_text(side.formula)}", "names replaced by what they stand for")
            for side in (self.left, self.right)
            if side.formula != side.tree
        )


def say_value(side: Side, value: Any) -> str:
    """What the side is, with as many digits as a reader wants."""
    return _is(side, to_value_text(value))


def _bare(value: str) -> str:
    """The number without a sign before it, to stand in a formula."""
    return value.removeprefix("≈").strip()


def _is(side: Side, value: str) -> str:
    return f"`{side.text}` {value if value.startswith('≈') else f'is {value}'}"


def say_where(at: Point) -> str:
    """The point in words, with a space behind; empty for no coordinates."""
    shown = ", ".join(f"{name} = {to_value_text(value)}" for name, value in at.items())
    return f"at {shown} " if shown else ""

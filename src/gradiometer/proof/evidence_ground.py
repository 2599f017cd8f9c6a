"""What the proofs about one function share: its pieces as the checker reads them, and their parts.

Derivatives, limits and signs are found once for each piece and used by every certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, TypeVar, final

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    Interval,
    Node,
    compare_nodes,
    differentiate,
    free_names,
    parse,
    to_piecewise,
    to_text,
)
from gradiometer.proof.evidence_limit import How, find_how
from gradiometer.proof.evidence_signs import Signed, prove_roots, prove_signs
from gradiometer.proof.extended import Limit
from gradiometer.proof.identity import find_identity, shorten_numbers, spell_formula
from gradiometer.proof.limit import End, limit_inside
from gradiometer.proof.shape import Section, Shape, shorten

Form: TypeAlias = dict[str, Any]
Shown: TypeAlias = "tuple[Limit, How]"
"""A limit and how it comes about."""

_LONGEST = 4_000
_Result = TypeVar("_Result")


@final
@dataclass(frozen=True)
class Plot:
    """One piece of positive length: its derivatives, limits and signs, each found once."""

    section: Section

    @property
    def variable(self) -> str:
        """The variable of the function."""
        return self.section.variable

    @property
    def open(self) -> Interval:
        """The piece without its ends."""
        return self.section.open

    def end(self, side: End) -> Node | None:
        """The lower or upper end; None when it is infinite."""
        return self.open.lower if side == "lower" else self.open.upper

    def is_closed(self, side: End) -> bool:
        """Whether that end belongs to the piece."""
        on = self.section.piece.on
        return on.lower_closed if side == "lower" else on.upper_closed

    @cached_property
    def _kept(self) -> dict[Hashable, Any]:
        return {}

    def _once(self, key: Hashable, make: Callable[[], _Result]) -> _Result:
        """The result, made at most once, or the reason why there is none."""
        if key not in self._kept:
            try:
                self._kept[key] = make()
            except UndecidedError as error:
                self._kept[key] = error
            except GradiometerError as error:
                self._kept[key] = UndecidedError(str(error))
        found = self._kept[key]
        if isinstance(found, UndecidedError):
            raise found
        return found

    def _short(self, order: int) -> Node:
        """The derivative of that order as the facts know it."""
        if order < 2:
            return self.section.slope if order else self.section.piece.formula
        if order == 2:
            return self.section.bend
        make = lambda: shorten(differentiate(self._short(order - 1), self.variable))  # noqa: E731 - a thunk
        return self._once(("short", order), make)

    def node(self, order: int) -> Node:
        """The derivative of that order as the checker reads it; 0 is the formula itself."""
        if order == 0:
            return self.section.piece.formula
        return self._once(("node", order), lambda: parse(self._text(order)).tree)

    def _text(self, order: int) -> str:
        make = lambda: spell_formula(shorten_numbers(self._short(order)))  # noqa: E731 - a thunk
        return self._once(("text", order), make)

    def forms(self, count: int) -> list[Form]:
        """The first derivatives with what shows that each is the derivative of the one before.

        Raises:
            UndecidedError: If a derivative has no spelling, or its short form is not shown.
        """
        return [self._form(order) for order in range(1, count + 1)]

    def _form(self, order: int) -> Form:
        def make() -> Form:
            raw, text = differentiate(self.node(order - 1), self.variable), self._text(order)
            same = to_text(raw) == text
            return {
                "formula": text,
                "identity": None if same else find_identity(raw, self.node(order)),
            }

        return self._once(("form", order), make)

    @cached_property
    def roots(self) -> list[dict[str, Any]]:
        """The proofs that no root in the formula has its corner inside the piece."""
        make = lambda: prove_roots(self.section.piece.formula, self.variable, self.open)  # noqa: E731 - a thunk
        return self._once("roots", make)

    def signs(self, order: int) -> Signed:
        """The signs of the first or second derivative on the open piece.

        Raises:
            UndecidedError: If they are not known, or nothing shows them.
        """

        def make() -> Signed:
            turns = self.section.slope_turns() if order == 1 else self.section.bend_turns()
            return prove_signs(self.node(order), self.variable, self.open, turns)

        return self._once(("signs", order), make)

    def limit(self, order: int, side: End) -> Shown:
        """The limit of the function or of a derivative at one end.

        Raises:
            UndecidedError: If it is not known, or how it comes about is not shown.
        """

        def make() -> Shown:
            if order < 2:
                known = self.section.slope_limit(side) if order else self.section.limit(side)
            else:
                known = limit_inside(self.node(order), self.variable, self.open, side)
            return known, find_how(self.node(order), self.variable, self.open, side, known)

        return self._once(("limit", order, side), make)

    def is_moving(self, order: int) -> bool:
        """Whether the variable stands in the derivative of that order."""
        return self.variable in free_names(self.node(order))


@final
@dataclass(frozen=True)
class Ground:
    """A function as the checker reads it from its one text."""

    shape: Shape
    text: str

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        """The pieces of positive length."""
        return tuple(Plot(section) for section in self.shape.sections)

    @property
    def variable(self) -> str:
        """The variable of the function."""
        return self.shape.function.variable

    def problem(self, **more: Any) -> dict[str, Any]:
        """What a certificate about the function is about."""
        return {"formula": self.text, "variable": self.variable, **more}

    @cached_property
    def meets(self) -> bool:
        """Whether each piece of positive length ends where the next one begins."""
        inner = zip(self.plots, self.plots[1:], strict=False)
        return all(_are_equal(left.open.upper, right.open.lower) for left, right in inner)


def _are_equal(left: Node | None, right: Node | None) -> bool:
    return left is not None and right is not None and compare_nodes(left, right) == 0


def lay_ground(tree: Node, shape: Shape) -> Ground:
    """The function as its certificates speak of it.

    Args:
        tree: The formula.
        shape: Its pieces with what is known of them.

    Raises:
        UndecidedError: If the formula has no spelling that reads back as itself.
    """
    text = spell_formula(tree)
    if len(text) > _LONGEST:
        raise UndecidedError("the formula is too long for a certificate")
    again = to_piecewise(parse(text).tree, shape.function.variable)
    return Ground(shape if again == shape.function else Shape(again), text)

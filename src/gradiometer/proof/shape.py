"""The shape of a function of one variable: where it rises and bends, and whether it is one formula.

Everything is read off the exact signs of the first two derivatives on each piece, the joints
between the pieces, and limits. What cannot be decided raises `UndecidedError`; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TypeVar, final

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Apply,
    Interval,
    Joint,
    Name,
    Node,
    Piece,
    Piecewise,
    apply,
    cancel,
    compare_nodes,
    differentiate,
    find_joints,
    free_names,
    is_zero,
    sign_of,
    to_ratio,
    univariate,
    walk,
)
from gradiometer.proof.extended import Infinite, Limit
from gradiometer.proof.limit import End, limit_inside
from gradiometer.proof.turns import Turns, exact_value, find_turns
from gradiometer.proof.waves import Waves, read_waves
from gradiometer.proof.witness import find_point

_Result = TypeVar("_Result")


@final
@dataclass(frozen=True)
class Section:
    """One piece of positive length with its slope and its bend."""

    piece: Piece
    variable: str

    @property
    def open(self) -> Interval:
        """The piece without its ends."""
        return Interval(self.piece.on.lower, self.piece.on.upper)

    @cached_property
    def slope(self) -> Node:
        """The derivative on the open piece."""
        return shorten(differentiate(self.piece.formula, self.variable))

    @cached_property
    def bend(self) -> Node:
        """The second derivative on the open piece."""
        return shorten(differentiate(self.slope, self.variable))

    @cached_property
    def _slope_turns(self) -> Turns | UndecidedError:
        return _kept(lambda: find_turns(self.slope, self.variable, self.open))

    @cached_property
    def _bend_turns(self) -> Turns | UndecidedError:
        return _kept(lambda: find_turns(self.bend, self.variable, self.open))

    def slope_turns(self) -> Turns:
        """The signs of the slope on the open piece.

        Raises:
            UndecidedError: If they are not decided.
        """
        return _released(self._slope_turns)

    def bend_turns(self) -> Turns:
        """The signs of the second derivative on the open piece.

        Raises:
            UndecidedError: If they are not decided.
        """
        return _released(self._bend_turns)

    def limit(self, end: End) -> Limit:
        """The limit of the function at that end of the piece."""
        return self._limit(self.piece.formula, end)

    def slope_limit(self, end: End) -> Limit:
        """The limit of the slope at that end of the piece."""
        return self._limit(self.slope, end)

    @cached_property
    def _limits(self) -> dict[tuple[Node, End], Limit | UndecidedError]:
        return {}

    def _limit(self, node: Node, end: End) -> Limit:
        key = (node, end)
        if key not in self._limits:
            self._limits[key] = _kept(lambda: limit_inside(node, self.variable, self.open, end))
        return _released(self._limits[key])

    @cached_property
    def waves(self) -> Waves | None:
        """The function as a formula that swings for ever on the whole line; None for others."""
        return read_waves(self.piece.formula, self.variable, self.piece.on)

    @cached_property
    def slope_waves(self) -> Waves | None:
        """The slope as such a formula."""
        return read_waves(self.slope, self.variable, self.open)

    @cached_property
    def bend_waves(self) -> Waves | None:
        """The second derivative as such a formula."""
        return read_waves(self.bend, self.variable, self.open)

    def has_slope(self) -> bool:
        """Whether the slope is anything but identically 0.

        Raises:
            UndecidedError: If that cannot be shown.
        """
        return differs_from_zero(self.slope, self.variable, self.open)


@final
@dataclass(frozen=True)
class Shape:
    """A function by pieces, ready to be asked about."""

    function: Piecewise

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The pieces of positive length."""
        return tuple(
            Section(piece, self.function.variable)
            for piece in self.function.pieces
            if not piece.on.is_point
        )

    @cached_property
    def _joints(self) -> tuple[Joint, ...] | UndecidedError:
        return _kept(lambda: find_joints(self.function))

    def joints(self) -> tuple[Joint, ...]:
        """Where pieces meet.

        Raises:
            UndecidedError: If a value or a slope there cannot be decided.
        """
        return _released(self._joints)

    def is_everywhere(self) -> bool:
        """Whether the function has a value for every real number."""
        pieces = self.function.pieces
        if not pieces or pieces[0].on.lower is not None or pieces[-1].on.upper is not None:
            return False
        return all(
            _are_equal(left.on.upper, right.on.lower)
            and left.on.upper_closed != right.on.lower_closed
            for left, right in pairwise(pieces)
        )

    def value_at(self, at: Node) -> Node | None:
        """The value at an end of a piece; None when the function has none there.

        Raises:
            UndecidedError: If the formula that holds there has no value that can be written down.
        """
        for piece in self.function.pieces:
            on = piece.on
            is_lower = on.lower_closed and _are_equal(on.lower, at)
            if is_lower or (on.upper_closed and _are_equal(on.upper, at)):
                return exact_value(piece.formula, self.function.variable, at)
        return None

    def has_lone_point(self) -> bool:
        """Whether a value belongs to a single point at the edge of the domain."""
        pieces = self.function.pieces
        return any(
            piece.on.is_point and not 0 < index < len(pieces) - 1
            for index, piece in enumerate(pieces)
        )

    def is_continuous(self) -> bool:
        """Whether the function has a value everywhere and no jump."""
        return self.is_everywhere() and not any(joint.is_jump for joint in self.joints())


def is_hole(joint: Joint) -> bool:
    """Whether only the value is missing: both sides have the same limit.

    Raises:
        UndecidedError: If the two limits cannot be compared.
    """
    left, right = joint.left_value, joint.right_value
    if joint.value is not None or left is None or right is None:
        return False
    return compare_nodes(left, right) == 0


def _are_equal(left: Node | None, right: Node | None) -> bool:
    if left is None or right is None:
        return left is right
    return compare_nodes(left, right) == 0


def _kept(compute: Callable[[], _Result]) -> _Result | UndecidedError:
    """The result, or the reason why there is none: both are worth keeping."""
    try:
        return compute()
    except UndecidedError as error:
        return error


def _released(kept: _Result | UndecidedError) -> _Result:
    if isinstance(kept, UndecidedError):
        raise kept
    return kept


def shorten(node: Node) -> Node:
    """The normal form when it is shorter than the formula, else the formula."""
    try:
        short = cancel(node)
    except UndecidedError:
        return node
    return short if _size(short) < _size(node) else node


def _size(node: Node) -> int:
    return sum(1 for _ in walk(node))


def differs_from_zero(node: Node, variable: str, on: Interval) -> bool:
    """Whether a smooth formula is anything but identically 0 on the interval.

    Raises:
        UndecidedError: If neither can be shown.
    """
    if variable not in free_names(node):
        return sign_of(node) != 0
    if is_zero(node):
        return False
    if find_point(node, variable, on, signs=(-1, 1)) is None:
        raise UndecidedError("whether a slope is 0 everywhere on a piece is not decided")
    return True


def is_affine(shape: Shape) -> bool:
    """Whether the function is `a*x + b` for all x.

    Raises:
        UndecidedError: If that cannot be decided.
    """
    if not shape.is_everywhere():
        return False
    for section in shape.sections:
        if differs_from_zero(section.bend, section.variable, section.open):
            return False
    joints = shape.joints()
    return not any(joint.is_jump or joint.is_kink for joint in joints)


def is_polynomial(shape: Shape) -> bool:
    """Whether the function is one polynomial for all x.

    Raises:
        UndecidedError: If that cannot be decided.
    """
    if not shape.is_everywhere():
        return False
    if any(joint.is_jump or joint.is_kink for joint in shape.joints()):
        return False
    return is_polynomial_almost(shape)


def is_polynomial_almost(shape: Shape) -> bool:
    """Whether the function agrees with one polynomial except at single points.

    Raises:
        UndecidedError: If that cannot be decided.
    """
    parts = [_polynomial_or_not(section) for section in shape.sections]
    if False in parts:
        return False
    if None in parts:
        raise UndecidedError("whether the formula is a polynomial is not decided")
    # Polynomials that agree on an interval agree everywhere.
    return all(
        is_zero(apply("-", left.piece.formula, right.piece.formula))
        for left, right in pairwise(shape.sections)
    )


def _polynomial_or_not(section: Section) -> bool | None:
    """Whether the formula of a piece is a polynomial; None when that is not decided."""
    if section.waves is not None:
        # Powers of x times waves are linearly independent.
        return False
    known = _polynomial_by_form(section.piece.formula, section.variable)
    if known is not None:
        return known
    ladder = (section.piece.formula, section.slope, section.bend)
    ends: list[End] = []
    if section.open.lower is None:
        ends.append("lower")
    if section.open.upper is None:
        ends.append("upper")
    if any(_settles(section, node, end) for end in ends for node in ladder):
        return False
    return None


def _settles(section: Section, node: Node, end: End) -> bool:
    """Whether *node* has a finite limit at infinity without being constant.

    No polynomial does, and the derivatives of a polynomial are polynomials.
    """
    try:
        limit = limit_inside(node, section.variable, section.open, end)
        if isinstance(limit, Infinite):
            return False
        slope = differentiate(node, section.variable)
        return differs_from_zero(slope, section.variable, section.open)
    except UndecidedError:
        return False


def _polynomial_by_form(formula: Node, variable: str) -> bool | None:
    try:
        ratio = to_ratio(formula)
    except UndecidedError:
        return None
    if ratio.constant() is not None:
        return True
    used = [ratio.generators[index] for index in ratio.used()]
    moving = [generator for generator in used if variable in free_names(generator.node)]
    if not moving:
        return True
    if len(used) != 1:
        # Constants such as sqrt(2) may be related, so only a bottom without x is telling.
        plain = all(generator.node == Name(variable) for generator in moving)
        return True if plain and ratio.denominator.is_constant() else None
    one = univariate(ratio)
    if one is not None and moving[0].node == Name(variable):
        return one[2].degree() <= 0
    # e^u for a quotient u of polynomials is transcendental over the quotients of polynomials.
    if moving[0].kind == "exponential" and isinstance(moving[0].node, Apply):
        inside = to_ratio(moving[0].node.arguments[-1])
        names = [inside.generators[index].node for index in inside.used()]
        return False if names == [Name(variable)] else None
    return None

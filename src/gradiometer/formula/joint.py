"""What happens where two pieces meet: values and slopes from both sides, jumps and kinks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import final

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula.derivative import differentiate
from gradiometer.formula.order import is_same, sign_of, to_value
from gradiometer.formula.piecewise import Piece, Piecewise
from gradiometer.formula.ratio import cancel
from gradiometer.formula.spelling import to_text
from gradiometer.formula.tidy import is_constant, tidy
from gradiometer.formula.tree import Apply, Node, apply, substitute, walk


@final
@dataclass(frozen=True)
class Joint:
    """The meeting point of two neighbouring pieces.

    With parameters, "different" means different for some of their values.
    """

    at: Node
    left_value: Node | None
    """Limit from the left; None when it is not finite."""
    right_value: Node | None
    """Limit from the right; None when it is not finite."""
    value: Node | None
    """Value at the point; None when the function has none there."""
    left_slope: Node | None
    """Limit of the slope from the left; None when it is not finite."""
    right_slope: Node | None
    """Limit of the slope from the right; None when it is not finite."""
    is_jump: bool
    """Whether the function is not continuous there."""
    is_kink: bool
    """Whether the function is continuous there and the two slopes differ."""


def find_joints(piecewise: Piecewise) -> tuple[Joint, ...]:
    """The joints from left to right, smooth ones included.

    Raises:
        UndecidedError: If a limit or the equality of two constants cannot be decided.

    Example:
        >>> from gradiometer.formula import parse, to_piecewise
        >>> [joint] = find_joints(to_piecewise(parse("max(x, 0)").tree, "x"))
        >>> joint.is_kink, joint.is_jump
        (True, False)
    """
    wide = [piece for piece in piecewise.pieces if not piece.on.is_point]
    return tuple(_describe(piecewise, left, right) for left, right in pairwise(wide))


def _describe(piecewise: Piecewise, left: Piece, right: Piece) -> Joint:
    at, variable = right.on.lower, piecewise.variable
    if at is None or left.on.upper is None or not is_same(left.on.upper, at):
        raise UndecidedError("the function has no value on a whole interval between two pieces")
    left_value, right_value = (value_at(p.formula, variable, at) for p in (left, right))
    slopes = [
        value_at(differentiate(piece.formula, variable), variable, at) for piece in (left, right)
    ]
    value = _value_there(piecewise, at)
    is_jump = (
        left_value is None
        or right_value is None
        or value is None
        or not _is_equal(left_value, right_value)
        or not _is_equal(left_value, value)
    )
    is_kink = not is_jump and _is_kink(slopes[0], slopes[1])
    return Joint(
        at, left_value, right_value, value, slopes[0], slopes[1], is_jump=is_jump, is_kink=is_kink
    )


def _is_kink(left: Node | None, right: Node | None) -> bool:
    # Where a slope is not finite the function has no derivative, whatever the other side does.
    return left is None or right is None or not _is_equal(left, right)


def _value_there(piecewise: Piecewise, at: Node) -> Node | None:
    for piece in piecewise.pieces:
        on = piece.on
        closed = (on.lower_closed and on.lower is not None and is_same(on.lower, at)) or (
            on.upper_closed and on.upper is not None and is_same(on.upper, at)
        )
        if closed:
            return to_value(substitute(piece.formula, {piecewise.variable: at}))
    return None


def value_at(formula: Node, variable: str, at: Node) -> Node | None:
    """The limit of a smooth formula at the point; None when it is not finite.

    Raises:
        UndecidedError: If it is a quotient whose parts both vanish and that does not cancel.
    """
    direct = tidy(substitute(formula, {variable: at}))
    try:
        return to_value(direct)
    except (DomainError, UndecidedError):
        pass
    short = cancel(formula)
    try:
        return to_value(tidy(substitute(short, {variable: at})))
    except (DomainError, UndecidedError):
        if _has_pole(short, variable, at):
            return None
    raise UndecidedError(f"the limit of `{to_text(formula)}` at {to_text(at)} is not decided")


def _has_pole(formula: Node, variable: str, at: Node) -> bool:
    """Whether a quotient has a zero below and none above."""
    if isinstance(formula, Apply) and formula.operator == "neg":
        formula = formula.arguments[0]
    if not isinstance(formula, Apply) or formula.operator != "/":
        return False
    top, bottom = (tidy(substitute(part, {variable: at})) for part in formula.arguments)
    try:
        return sign_of(top) != 0 and sign_of(bottom) == 0
    except (DomainError, UndecidedError):
        return False


def _is_equal(left: Node, right: Node) -> bool:
    if is_same(left, right):
        return True
    gap = apply("-", left, right)
    if is_constant(gap):
        return sign_of(gap) == 0
    if any(isinstance(n, Apply) and n.operator not in _RATIONAL for n in walk(gap)):
        raise UndecidedError(f"whether `{to_text(gap)}` is zero is not decided")
    # A quotient of polynomials that is not identically zero differs from zero somewhere.
    return False


_RATIONAL = {"+", "-", "*", "/", "neg"}


def check_continuity(piecewise: Piecewise) -> None:
    """Nothing, when all pieces join for all values of the parameters.

    Raises:
        DomainError: If two pieces do not join; it says where and what both sides are there.
        UndecidedError: If a limit cannot be decided.
    """
    for joint in find_joints(piecewise):
        if not joint.is_jump:
            continue
        sides = [
            "no finite limit" if value is None else to_text(value)
            for value in (joint.left_value, joint.right_value)
        ]
        problem = (
            f"The pieces do not join at {piecewise.variable} = {to_text(joint.at)}: "
            f"{sides[0]} on the left, {sides[1]} on the right."
        )
        if sides[0] == sides[1]:
            there = "no value" if joint.value is None else to_text(joint.value)
            problem = problem[:-1] + f", {there} at the point itself."
        raise DomainError(problem)

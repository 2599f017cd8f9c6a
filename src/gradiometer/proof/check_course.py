"""What the certificates about one function share: its pieces, numbers as text, values at points.

The pieces are derived here from the text and never read from a certificate. A number is claimed
exactly, as a constant formula, or by two rationals that enclose it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias, final

from flint import arb, fmpq

from gradiometer.errors import CertificateError
from gradiometer.formula import (
    Exact,
    Interval,
    Node,
    Number,
    Piece,
    compare_nodes,
    evaluate,
    free_names,
    is_constant,
    is_smooth,
    parse,
    precision,
    substitute,
    tidy,
    to_ball,
    to_piecewise,
    to_text,
    to_value,
)
from gradiometer.proof.check_walk import read_rational, require

Limit: TypeAlias = "Node | int"
"""A finite limit, or 1 and -1 for plus and minus infinity."""

Pair: TypeAlias = tuple[fmpq, fmpq]
"""Two rationals with a number between them."""

VARIABLE = "x"
BITS = 256
_LONGEST = 4000
_RATIONAL = re.compile(r"-?[0-9]{1,2000}(/[0-9]{1,2000})?")


@final
@dataclass(frozen=True, eq=False)
class Course:
    """A function of x, cut into its pieces."""

    tree: Node
    pieces: tuple[Piece, ...]

    @property
    def sections(self) -> tuple[Piece, ...]:
        """The pieces that are more than a point."""
        return tuple(piece for piece in self.pieces if not piece.on.is_point)

    @property
    def lone(self) -> tuple[Piece, ...]:
        """The pieces that are one point."""
        return tuple(piece for piece in self.pieces if piece.on.is_point)


def read_course(text: Any, variable: Any) -> Course:
    """The function that a problem asks about.

    Raises:
        CertificateError: If the text is no formula in x, or has no value on a whole stretch.
        UndecidedError: If it cannot be cut exactly.
    """
    require(variable == VARIABLE, "The variable is x.")
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise CertificateError("The formula must be a text that is not too long.")
    return _course(text)


@lru_cache(maxsize=32)
def _course(text: str) -> Course:
    # A question replays several parts about one formula, and this is their common share.
    tree = read_formula(text)
    pieces = to_piecewise(tree, VARIABLE).pieces
    require(any(not p.on.is_point for p in pieces), "The function has no value on a stretch.")
    return Course(tree, pieces)


def read_formula(text: Any, *, smooth: bool = False) -> Node:
    """The formula in x of a text that is spelled as the product spells it.

    Raises:
        CertificateError: If it is something else.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise CertificateError("The formula must be a text that is not too long.")
    tree = parse(text).tree
    require(to_text(tree) == text, f"The formula `{text[:60]}` is spelled in another way.")
    require(free_names(tree) <= {VARIABLE}, "The formula holds another name.")
    require(not smooth or is_smooth(tree), "The formula is not smooth.")
    return tree


def read_exact(text: Any) -> Node:
    """The constant of a text, in its tidy spelling; it certainly exists.

    Raises:
        CertificateError: If the text is something else.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise CertificateError("A number must be a text that is not too long.")
    if _RATIONAL.fullmatch(text):
        # These may have more digits than the parser takes.
        return Number(read_rational(text))
    node = tidy(parse(text).tree)
    require(is_constant(node), "A number holds a name.")
    require(to_text(node) == text, f"The number `{text[:60]}` is spelled in another way.")
    require(is_smooth(node), "A number is not written by a smooth formula.")
    exact_value(node)
    return node


def read_pair(pair: Any) -> Pair:
    """Two rationals that rise.

    Raises:
        CertificateError: If they are something else.
    """
    require(isinstance(pair, list) and len(pair) == 2, "An enclosure is a list of two numbers.")
    low, high = (read_rational(text) for text in pair)
    require(low < high, "The ends of an enclosure do not rise.")
    return low, high


@lru_cache(maxsize=1024)
def exact_value(node: Node) -> Node:
    """The value of a constant, in a short form.

    Raises:
        DomainError: If it has none.
        CertificateError: If its value has no enclosure.
    """
    value = to_value(tidy(node))
    with precision(BITS):
        require(to_ball(evaluate(value, {})).is_finite(), "A value has no enclosure.")
    return value


def value_of(formula: Node, at: Node) -> Node:
    """The value of a formula at a point, in a short form; raises as `exact_value`."""
    return exact_value(tidy(substitute(formula, {VARIABLE: at})))


def ball_over(formula: Node, at: Exact) -> arb:
    """A finite ball with all values of a formula at a point or over a ball.

    Raises:
        CertificateError: If there is none.
        DomainError: If there is no value.
        UndecidedError: If a ball is too wide.
    """
    with precision(BITS):
        value = to_ball(evaluate(formula, {VARIABLE: at}))
        require(value.is_finite(), "A value has no enclosure.")
        return value


def is_equal(left: Limit | None, right: Limit | None) -> bool:
    """Whether two limits are the same; None stands for no value.

    Raises:
        UndecidedError: If that is not certain.
    """
    if left is None or right is None or isinstance(left, int) or isinstance(right, int):
        return left is right or (isinstance(left, int) and left == right)
    return compare_nodes(left, right) == 0


def check_limit_text(claimed: Any, found: Limit) -> None:
    """Refuse a claimed limit that is not the one found.

    Raises:
        CertificateError: If it is another one.
        UndecidedError: If that is not certain.
    """
    if isinstance(found, int):
        require(claimed == ("oo" if found > 0 else "-oo"), "The limit is infinite.")
    elif isinstance(claimed, list):
        low, high = read_pair(claimed)
        with precision(BITS):
            ball = to_ball(evaluate(found, {}))
            require(bool(ball > low and ball < high), "The limit is outside its enclosure.")
    else:
        require(claimed not in ("oo", "-oo"), "The limit is finite.")
        require(is_equal(read_exact(claimed), found), "The limit is another one.")


def value_there(course: Course, at: Node) -> Node | None:
    """The value of the function at the end of a piece; None when it has none there."""
    for piece in course.pieces:
        for end, closed in ends_of(piece.on):
            if closed and end is not None and compare_nodes(end, at) == 0:
                return value_of(piece.formula, at)
    return None


def ends_of(on: Interval) -> tuple[tuple[Node | None, bool], tuple[Node | None, bool]]:
    """The lower and the upper end, each with whether it belongs to the interval."""
    return (on.lower, on.lower_closed), (on.upper, on.upper_closed)


def spell_interval(on: Interval) -> str:
    """The interval as certificates write it."""
    lower = "-oo" if on.lower is None else to_text(on.lower)
    upper = "oo" if on.upper is None else to_text(on.upper)
    return f"{'[' if on.lower_closed else '('}{lower}, {upper}{']' if on.upper_closed else ')'}"


def opened(on: Interval) -> Interval:
    """The interval without its ends."""
    return Interval(on.lower, on.upper)


def inner_points(on: Interval) -> list[fmpq]:
    """A few rational points inside an interval that is no point."""
    points = []
    with precision(BITS):
        low, high = (None if end is None else to_ball(evaluate(end, {})) for end, _ in ends_of(on))
        for share in (fmpq(4157, 9973), fmpq(7013, 9973), fmpq(1789, 9973)):
            if low is None or high is None:
                near = low + 3 * share if low is not None else None
                point = near if near is not None else high - 3 * share if high else arb(share)
            else:
                point = low + (high - low) * share
            middle, exponent = point.mid().man_exp()
            points.append(fmpq(middle) * fmpq(2) ** int(exponent))
    return points


def is_everywhere(course: Course) -> bool:
    """Whether the function has a value at every real number."""
    if course.pieces[0].on.lower is not None or course.pieces[-1].on.upper is not None:
        return False
    return all(
        _shares_end(left.on, right.on) and left.on.upper_closed != right.on.lower_closed
        for left, right in zip(course.pieces, course.pieces[1:], strict=False)
    )


def _shares_end(left: Interval, right: Interval) -> bool:
    if left.upper is None or right.lower is None:
        return False
    return compare_nodes(left.upper, right.lower) == 0


def shared_end(left: Piece, right: Piece) -> Node | None:
    """Where two neighbouring sections meet; None when there is a gap between them."""
    return right.on.lower if _shares_end(left.on, right.on) else None


def is_inside(point: Node, on: Interval, *, closed: bool = False) -> bool:
    """Whether a constant lies strictly between the ends, or at a closed end where that counts."""
    for (end, keeps), side in zip(ends_of(on), (1, -1), strict=True):
        if end is None:
            continue
        order = compare_nodes(point, end) * side
        if order < 0 or (order == 0 and not (closed and keeps)):
            return False
    return True

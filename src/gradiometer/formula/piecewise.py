"""The piecewise normal form: intervals with exact ends, one smooth formula on each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal, TypeAlias, final

from flint import fmpq

from gradiometer.errors import DomainError, InternalError, LimitError, UndecidedError
from gradiometer.formula.derivative import differentiate
from gradiometer.formula.evaluate import evaluate
from gradiometer.formula.exact import Exact, compare, refine, to_ball
from gradiometer.formula.interval import Interval
from gradiometer.formula.order import Domains, is_same, sign_of, to_value
from gradiometer.formula.spelling import to_text
from gradiometer.formula.tidy import is_total, tidy
from gradiometer.formula.tree import Node, Number, apply, free_names, is_smooth, substitute

Side: TypeAlias = Literal["left", "right"]


@final
@dataclass(frozen=True)
class Piece:
    """One smooth formula and the interval on which it holds."""

    on: Interval
    formula: Node


@final
@dataclass(frozen=True)
class Piecewise:
    """A function of one variable as disjoint pieces from left to right.

    Example:
        >>> from gradiometer.formula import parse
        >>> from gradiometer.formula.lower import to_piecewise
        >>> relu = to_piecewise(parse("max(x, 0)").tree, "x")
        >>> relu.piece_at(fmpq(0), side="left").formula
        Number(value=0, text='0')
    """

    variable: str
    pieces: tuple[Piece, ...]

    @cached_property
    def _ends(self) -> tuple[tuple[fmpq | Node | None, fmpq | Node | None], ...]:
        return tuple((_short(piece.on.lower), _short(piece.on.upper)) for piece in self.pieces)

    def piece_at(self, x: Exact, side: Side | None = None) -> Piece:
        """The piece that holds at *x*, or the one next to *x* on the *side*.

        Raises:
            DomainError: If the function has no value there.
            UndecidedError: If *x* is a ball across a joint.
        """
        for piece, (lower, upper) in zip(self.pieces, self._ends, strict=True):
            below = -1 if lower is None else _order(lower, x)
            above = 1 if upper is None else _order(upper, x)
            if side == "left":
                inside = below < 0 <= above
            elif side == "right":
                inside = below <= 0 < above
            else:
                inside = (below < 0 or (below == 0 and piece.on.lower_closed)) and (
                    above > 0 or (above == 0 and piece.on.upper_closed)
                )
            if inside:
                return piece
        raise DomainError("The function has no value there.")

    def substitute(self, values: Mapping[str, Node]) -> Piecewise:
        """The same pieces with parameters replaced by *values*, in formulas and in ends."""

        def change(node: Node | None) -> Node | None:
            return None if node is None else tidy(substitute(node, values))

        changed = []
        for piece in self.pieces:
            on = Interval(
                change(piece.on.lower), change(piece.on.upper),
                piece.on.lower_closed, piece.on.upper_closed,
            )  # fmt: skip
            formula = change(piece.formula)
            if formula is None:
                raise InternalError("a formula vanished in substitution")
            changed.append(Piece(on, formula))
        return Piecewise(self.variable, tuple(changed))


def _short(end: Node | None) -> fmpq | Node | None:
    return end.value if isinstance(end, Number) else end


def _order(end: fmpq | Node, x: Exact) -> int:
    """The order of the piece's end and the point."""
    if isinstance(end, fmpq):
        return compare(end, x)
    if isinstance(x, fmpq):
        return refine(lambda: compare(evaluate(end, {}), x))
    return compare(to_ball(evaluate(end, {})), x)


def build_table(
    variable: str, rows: Sequence[tuple[Interval, Node]], domains: Domains | None = None
) -> Piecewise:
    """The function that a piece table says, rows from left to right.

    Args:
        variable: Name of the function's variable.
        rows: Interval and smooth formula of each piece.
        domains: Where each parameter in the ends lies.

    Raises:
        DomainError: If two rows overlap, leave a gap, or stand in the wrong order.

    Example:
        >>> from gradiometer.formula import parse, parse_interval
        >>> rows = [("(-oo, 1]", "1 - x"), ("(1, oo)", "x - 1")]
        >>> table = [(parse_interval(on), parse(text).tree) for on, text in rows]
        >>> len(build_table("x", table).pieces)
        2
    """
    for on, formula in rows:
        _check_interval(on, domains or {})
        if not is_smooth(formula):
            raise DomainError(
                f"The piece `{to_text(formula)}` is not one smooth formula.",
                hint="give each branch a row of its own",
            )
    for (left, _), (right, _) in pairwise(rows):
        _check_neighbours(left, right)
    return Piecewise(variable, tuple(Piece(on, tidy(formula)) for on, formula in rows))


def _check_interval(on: Interval, domains: Domains) -> None:
    if on.lower is None or on.upper is None:
        return
    try:
        length = sign_of(tidy(apply("-", on.upper, on.lower)), domains)
    except UndecidedError:
        return
    if length < 0 or (length == 0 and not (on.lower_closed and on.upper_closed)):
        raise DomainError(
            f"The interval from `{to_text(on.lower)}` to `{to_text(on.upper)}` is empty.",
            hint="write the smaller end first",
        )


def _check_neighbours(left: Interval, right: Interval) -> None:
    if left.upper is None or right.lower is None or not is_same(left.upper, right.lower):
        ends = ["oo" if end is None else to_text(end) for end in (left.upper, right.lower)]
        if right.lower is None:
            ends[1] = "-oo"
        raise DomainError(
            f"One piece ends at `{ends[0]}`, the next one begins at `{ends[1]}`.",
            hint="let each piece begin where the one before it ends",
        )
    if left.upper_closed and right.lower_closed:
        raise DomainError(
            f"Two pieces hold at `{to_text(right.lower)}`.", hint="open one of the two ends there"
        )
    if not (left.upper_closed or right.lower_closed):
        raise DomainError(
            f"No piece holds at `{to_text(right.lower)}`.", hint="close one of the two ends there"
        )


def are_touching(left: Interval, right: Interval) -> bool:
    """Whether the right interval goes on exactly where the left one stops, without a hole."""
    if left.upper is None or right.lower is None:
        return False
    return left.upper == right.lower and left.upper_closed != right.lower_closed


def join(left: Interval, right: Interval) -> Interval:
    """The union of two touching intervals."""
    return Interval(left.lower, right.upper, left.lower_closed, right.upper_closed)


def merge_pieces(variable: str, pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """The same function with as few pieces as its formulas allow."""
    return _merge_equal(variable, _absorb_points(variable, list(pieces)))


def _absorb_points(variable: str, pieces: list[Piece]) -> list[Piece]:
    """Pieces that are one point join a neighbour whose formula has the same value there."""
    kept: list[Piece] = []
    for index, piece in enumerate(pieces):
        if not piece.on.is_point:
            kept.append(piece)
            continue
        after = pieces[index + 1] if index + 1 < len(pieces) else None
        if after is not None and _continues(variable, piece, after):
            pieces[index + 1] = Piece(join(piece.on, after.on), after.formula)
        elif kept and _continues(variable, piece, kept[-1]):
            kept[-1] = Piece(join(kept[-1].on, piece.on), kept[-1].formula)
        else:
            kept.append(piece)
    return kept


def _continues(variable: str, point: Piece, neighbour: Piece) -> bool:
    """Whether the neighbour's formula has the point's value at the point."""
    at = point.on.lower
    touching = are_touching(point.on, neighbour.on) or are_touching(neighbour.on, point.on)
    if at is None or not touching:
        return False
    if point.formula == neighbour.formula:
        return True
    try:
        here, there = (
            to_value(substitute(formula, {variable: at}))
            for formula in (point.formula, neighbour.formula)
        )
        return is_same(here, there)
    except (DomainError, UndecidedError):
        return False


def _merge_equal(variable: str, pieces: list[Piece]) -> tuple[Piece, ...]:
    kept: list[Piece] = []
    for piece in pieces:
        if kept and are_touching(kept[-1].on, piece.on):
            formula = _shared_formula(variable, kept[-1].formula, piece.formula)
            if formula is not None:
                kept[-1] = Piece(join(kept[-1].on, piece.on), formula)
                continue
        kept.append(piece)
    return tuple(kept)


def _shared_formula(variable: str, left: Node, right: Node) -> Node | None:
    """One formula that is right on both sides, or None."""
    if left == right:
        return left
    if _differ(variable, left, right):
        return None
    if is_total(left) and is_same(left, right):
        return left
    return right if is_total(right) and is_same(left, right) else None


def _differ(variable: str, left: Node, right: Node) -> bool:
    """Whether one look at a rational point tells the formulas apart; it saves most normal forms."""
    if (free_names(left) | free_names(right)) - {variable}:
        return False
    try:
        here, there = (evaluate(node, {variable: _PROBE}) for node in (left, right))
    except (DomainError, LimitError, UndecidedError):
        return False
    return isinstance(here, fmpq) and isinstance(there, fmpq) and here != there


_PROBE = fmpq(7, 5)


def differentiate_pieces(piecewise: Piecewise) -> Piecewise:
    """The slopes, each on the open piece; at the ends of a piece there is no claim.

    Isolated points have no slope of their own and are left out.

    Raises:
        UndecidedError: If a piece has an operator without a derivative.
    """
    pieces = tuple(
        Piece(
            Interval(piece.on.lower, piece.on.upper),
            differentiate(piece.formula, piecewise.variable),
        )
        for piece in piecewise.pieces
        if not piece.on.is_point
    )
    return Piecewise(piecewise.variable, pieces)


def parameters_of(piecewise: Piecewise) -> frozenset[str]:
    """Names in the pieces and their ends besides the variable."""
    names: set[str] = set()
    for piece in piecewise.pieces:
        names |= free_names(piece.formula)
        for end in (piece.on.lower, piece.on.upper):
            names |= free_names(end) if end is not None else frozenset()
    return frozenset(names - {piecewise.variable})

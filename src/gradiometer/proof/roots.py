"""Which parameters of a function give wanted means: all of them in a box, by interval Newton.

The box is halved until each cell certainly holds no solution or lies in the home of one. A home
is proposed by Newton's method from the middle of a cell and grown while it is certain that it
holds one solution only. The checker replays every cell and every home.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import arb, arb_mat, fmpq

from gradiometer.errors import CertificateError, GradiometerError, UndecidedError
from gradiometer.formula import Node, from_decimal, precision, to_rational_text, to_text
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check import check
from gradiometer.proof.check_root import (
    FINE_BITS,
    SEARCH_BITS,
    Box,
    System,
    are_apart,
    around,
    lies_in,
    split,
)
from gradiometer.proof.moments import to_digits

_MOST_CELLS = 3_000
_FINEST = fmpq(1, 1 << 32)
"""The share of the box from which on a cell is not cut any more."""
_MOST_STEPS = 6
_FINE_STEPS = 8
_SIZES = tuple(fmpq(1, 1 << power) for power in range(1, 24))
"""Half the width of a home, as a share of the box."""
_GRAIN = 1 << 30
"""Corners of homes are multiples of one over this, so that they are short."""


@final
@dataclass(frozen=True)
class Roots:
    """All solutions in a box, with their proof."""

    digits: list[list[str]]
    """Thirty digits of each unknown, a row for each solution."""
    certificate: dict[str, Any]


def find_roots(
    tree: Node, box: Mapping[str, tuple[fmpq, fmpq]], wanted: Mapping[str, Node], *, variance: fmpq
) -> Roots:
    """All parameters of the box for which the facts have the wanted values.

    Args:
        tree: The function of `x` and the unknowns.
        box: Where each unknown is looked for.
        wanted: The values of as many facts, as constant formulas.
        variance: The variance of the normal number.

    Raises:
        UndecidedError: If it is not certain how many solutions there are.
    """
    problem = {
        "formula": to_text(tree),
        "box": [
            {"name": name, "lower": to_rational_text(low), "upper": to_rational_text(high)}
            for name, (low, high) in box.items()
        ],
        "variance": to_rational_text(variance),
        "wanted": [{"fact": fact, "value": to_text(value)} for fact, value in wanted.items()],
    }
    try:
        search = _Search(System(problem))
        search.run()
        certificate = make_certificate(
            "root",
            problem=problem,
            claim={"roots": search.solutions()},
            evidence={"homes": search.spell_homes(), "cells": search.cells},
        )
        check(certificate)
    except CertificateError as error:
        reason = error.problem.rstrip(".")
        raise UndecidedError(reason[:1].lower() + reason[1:]) from None
    except GradiometerError as error:
        raise UndecidedError(f"the equations cannot be set up ({error})") from None
    return Roots(certificate["claim"]["roots"], certificate)


@final
class _Search:
    """The cells of one box, from its first corner on."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.cells: list[str] = []
        self._homes: list[Box] = []
        self._digits: list[list[str]] = []

    def run(self) -> None:
        """Settle every cell.

        Raises:
            UndecidedError: If a cell stays open.
        """
        waiting = [self._system.box]
        while waiting:
            cell = waiting.pop()
            home = self._find_home(cell)
            if home is not None:
                self.cells.append(f"home {home}")
            elif (state := self._system.judge(cell)) == "empty":
                self.cells.append("empty")
            elif state == "near" and self._propose(cell) and self._find_home(cell) is not None:
                self.cells.append(f"home {self._find_home(cell)}")
            else:
                axis, share = self._widest(cell)
                if share < _FINEST or len(self.cells) + len(waiting) > _MOST_CELLS:
                    raise self._open(cell)
                self.cells.append(f"split {axis}")
                waiting.extend(reversed(split(cell, axis)))

    def _open(self, cell: Box) -> UndecidedError:
        pairs = zip(self._system.unknowns, cell, strict=True)
        where = ", ".join(f"{name} = {float(low):.4g}" for name, (low, _) in pairs)
        return UndecidedError(
            f"{len(self.cells)} cells do not settle the box; near {where} the equations may have "
            "a double solution, or many"
        )

    def solutions(self) -> list[list[str]]:
        """The digits of the solutions in the box."""
        return [d for d in self._digits if lies_in(around(d), self._system.box)]

    def spell_homes(self) -> list[dict[str, Any]]:
        """The homes as the certificate writes them, in the order in which they were found."""
        ends = [
            [{"lower": to_rational_text(a), "upper": to_rational_text(b)} for a, b in home]
            for home in self._homes
        ]
        pairs = zip(self._digits, ends, strict=True)
        return [{"digits": digits, "box": box} for digits, box in pairs]

    def _find_home(self, cell: Box) -> int | None:
        return next((i for i, home in enumerate(self._homes) if lies_in(cell, home)), None)

    def _widest(self, cell: Box) -> tuple[int, fmpq]:
        """The side to cut, which is largest as a share of the box, and that share."""
        shares = [
            (high - low) / (top - bottom)
            for (low, high), (bottom, top) in zip(cell, self._system.box, strict=True)
        ]
        return shares.index(max(shares)), max(shares)

    def _propose(self, cell: Box) -> bool:
        """Whether Newton's method from the cell leads to a solution with a new home."""
        if any(not are_apart(cell, home) for home in self._homes):
            return False
        with precision(SEARCH_BITS):
            point = self._newton(cell)
        if point is None or any(_holds_point(home, point) for home in self._homes):
            return False
        digits = self._refine(point)
        if digits is None or any(not are_apart(around(digits), around(d)) for d in self._digits):
            return False
        home = self._grow(around(digits))
        if home is None:
            return False
        self._homes.append(home)
        self._digits.append(digits)
        return True

    def _newton(self, cell: Box) -> list[fmpq] | None:
        """A point near the cell that Newton's method settles at."""
        widths = [high - low for low, high in cell]
        point = [(low + high) / 2 for low, high in cell]
        for _ in range(_MOST_STEPS):
            moved = self._step(point)
            if moved is None:
                return None
            steps = [abs(new - old) for new, old in zip(moved, point, strict=True)]
            point = moved
            near = (
                low - width <= place <= high + width
                for place, (low, high), width in zip(point, cell, widths, strict=True)
            )
            if not all(near):
                return None
            if all(step * (1 << 24) <= 1 + abs(at) for step, at in zip(steps, point, strict=True)):
                return point
        return None

    def _step(self, point: Sequence[fmpq], *, slopes: arb_mat | None = None) -> list[fmpq] | None:
        """One step of Newton's method; None where there is none."""
        balls = [arb(place) for place in point]
        try:
            matrix = self._system.jacobian(balls) if slopes is None else slopes
            column = arb_mat([[value] for value in self._system.residual(balls)])
            moved = matrix.mid().inv() * column
        except (ZeroDivisionError, CertificateError):
            return None
        places = [ball - moved[index, 0] for index, ball in enumerate(balls)]
        if not all(place.is_finite() for place in places):
            return None
        return [_to_rational(place) for place in places]

    def _refine(self, point: list[fmpq]) -> list[str] | None:
        """Thirty digits of the solution, with the slopes at its neighbour throughout."""
        with precision(SEARCH_BITS):
            try:
                slopes = self._system.jacobian([arb(place) for place in point])
            except CertificateError:
                return None
        with precision(FINE_BITS):
            for _ in range(_FINE_STEPS):
                moved = self._step(point, slopes=slopes)
                if moved is None:
                    return None
                gaps = [abs(new - old) for new, old in zip(moved, point, strict=True)]
                point = moved
                if all(gap * (1 << 120) <= 1 for gap in gaps):
                    break
            digits = [to_digits(arb(place)) for place in point]
        return ["0" if abs(from_decimal(text)) * 10**31 < 1 else text for text in digits]

    def _grow(self, spot: Box) -> Box | None:
        """The largest of some boxes around the solution that certainly hold no other."""
        middle = [fmpq(round((low + high) / 2 * _GRAIN), _GRAIN) for low, high in spot]
        sides = [high - low for low, high in self._system.box]
        for share in _SIZES:
            home = [
                (m - side * share, m + side * share) for m, side in zip(middle, sides, strict=True)
            ]
            try:
                if lies_in(spot, home) and self._system.has_one(home):
                    return home
            except CertificateError:
                continue
        return None


def _holds_point(home: Box, point: Sequence[fmpq]) -> bool:
    return all(low <= place <= high for place, (low, high) in zip(point, home, strict=True))


def _to_rational(ball: arb) -> fmpq:
    mantissa, exponent = ball.mid().man_exp()
    return fmpq(mantissa) * fmpq(2) ** int(exponent)

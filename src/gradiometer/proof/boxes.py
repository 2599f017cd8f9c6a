"""Finds where a smooth formula is negative, zero and positive, by balls over boxes and tails.

For formulas whose zeros cannot be written down. Zeros are enclosed between rationals to many
digits, or exact where algebra confirms a guess; the checker replays all of it at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import arb, fmpq

from gradiometer.errors import CertificateError, DomainError, LimitError, UndecidedError
from gradiometer.formula import (
    ONE,
    Interval,
    Node,
    Number,
    apply,
    cancel,
    compare_nodes,
    evaluate,
    number,
    parse,
    precision,
    tidy,
    to_ball,
    to_ratio,
    to_ratios,
    to_text,
)
from gradiometer.proof.boxes_hunt import Hunt, TooManyBoxesError, narrow
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_boxes import Slopes, replay
from gradiometer.proof.check_far import Tail
from gradiometer.proof.check_field import Fraction
from gradiometer.proof.check_terms import Terms
from gradiometer.proof.identity import check_names, list_generators, spell_formula

_BITS = 256
_LIGHT_BITS = 96
"""Precision of the search; the replay has more."""
_BOXES = (150, 1500)
"""One form may need ten boxes where another one needs thousands: few are tried on each first."""
_TAILS = tuple(fmpq(n) for n in (1, 2, 4, 8, 16, 32, 64, 256, 1024, 1 << 14, 1 << 20))
"""Where tails may begin."""


@final
@dataclass(frozen=True)
class Zero:
    """A zero: exact, or between two rationals."""

    low: Node
    high: Node

    @property
    def exact(self) -> Node | None:
        """The zero itself where it is known."""
        return self.low if self.low == self.high else None

    def ball(self) -> arb:
        """An enclosure at the current precision."""
        return to_ball(evaluate(self.low, {})).union(to_ball(evaluate(self.high, {})))


@final
@dataclass(frozen=True)
class Signs:
    """The signs of a formula on an open interval, and the zeros between them."""

    signs: tuple[int, ...]
    zeros: tuple[Zero, ...]
    certificate: dict[str, Any]


def find_boxes(node: Node, variable: str, on: Interval, *, known: Sequence[Node] = ()) -> Signs:
    """The signs of a smooth formula on an open interval, with a certificate.

    Args:
        node: The formula.
        variable: Its variable.
        on: The interval.
        known: Zeros that are known already, so that they stay exact.

    Raises:
        UndecidedError: If balls and tails do not decide them within a stated number of boxes.

    Example:
        >>> from gradiometer.formula import REALS, parse
        >>> find_boxes(parse("e^x + 2x").tree, "x", REALS).signs
        (-1, 1)
    """
    check_names(node)
    reason: UndecidedError | None = None
    forms, inside = list(_list_forms(node)), Interval(on.lower, on.upper)
    for most in _BOXES:
        hopeful: list[tuple[Node, Node]] = []
        for form in forms:
            try:
                return _search(node, form, variable, inside, most=most, known=known)
            except TooManyBoxesError as error:
                hopeful.append(form)
                reason = error
            except (UndecidedError, LimitError, DomainError) as error:
                reason = reason or UndecidedError(str(error))
        forms = hopeful
    raise reason or UndecidedError("the formula has no form to look at")


def _list_forms(node: Node) -> Iterator[tuple[Node, Node]]:
    """Formulas with the same sign, and the positive factors that lead back."""
    try:
        ratio = to_ratio(node)
        top, bottom = ratio.parts()
        shared: Node = ONE
        for index in ratio.used():
            generator = ratio.generators[index]
            times = min(int(powers[index]) for powers in ratio.numerator.monoms())
            if generator.kind == "exponential" and times:
                shared = apply("*", shared, apply("^", generator.node, number(times)))
        if ratio.field.is_positive(ratio.denominator):
            form = cancel(apply("/", top, shared))
            yield form, cancel(apply("/", shared, bottom))
    except (UndecidedError, ValueError):
        pass
    yield node, ONE


def _search(
    node: Node,
    shown: tuple[Node, Node],
    variable: str,
    on: Interval,
    *,
    most: int,
    known: Sequence[Node],
) -> Signs:
    form, factor = shown
    spelled = [spell_formula(part) for part in (node, form, factor)]
    ratio, *_ = to_ratios(node, form, factor)
    listed = list_generators(ratio, node, form, factor)
    terms = Terms([variable], [parse(text).tree for text in listed])
    slopes = Slopes(form, variable)
    with precision(_LIGHT_BITS):
        value = terms.read(form)
        left, right = (_find_tail(terms, value, on, to_right=side) for side in (False, True))
        low = on.lower if left is None else Number(left)
        high = on.upper if right is None else Number(right)
        assert low is not None
        assert high is not None
        ends, cells = Hunt(slopes, on, low, high, most=most).run(known)
    with precision(_BITS):
        cells = [narrow(slopes, *cell) if isinstance(cell, tuple) else cell for cell in cells]
    evidence = {
        "form": spelled[1],
        "factor": spelled[2],
        "generators": listed,
        "bits": _BITS,
        "left": None if left is None else str(left),
        "right": None if right is None else str(right),
        "ends": [to_text(end) for end in ends],
        "cells": cells,
    }
    problem = {"formula": spelled[0], "variable": variable, "on": _spell_interval(on)}
    try:
        signs, zeros = replay(problem, evidence)
    except CertificateError as error:
        raise UndecidedError(f"the proof cannot be replayed: {error.problem}") from None
    claim = {"signs": signs, "zeros": zeros}
    certificate = make_certificate("boxes", problem=problem, claim=claim, evidence=evidence)
    return Signs(tuple(signs), tuple(_read_zero(zero) for zero in zeros), certificate)


def _spell_interval(on: Interval) -> str:
    lower = "-oo" if on.lower is None else to_text(on.lower)
    return f"({lower}, {'oo' if on.upper is None else to_text(on.upper)})"


def _read_zero(place: list[str]) -> Zero:
    ends = [tidy(parse(text).tree) for text in place]
    return Zero(ends[0], ends[-1])


def _find_tail(terms: Terms, value: Fraction, on: Interval, *, to_right: bool) -> fmpq | None:
    """Where the tail on an infinite side may begin, as near to 0 as tried."""
    if (on.upper if to_right else on.lower) is not None:
        return None
    for distance in _TAILS:
        try:
            Tail(terms, distance, to_right=to_right).sign(value)
        except CertificateError:
            continue
        at = distance if to_right else -distance
        other = on.lower if to_right else on.upper
        if other is None or (compare_nodes(Number(at), other) > 0) == to_right:
            return at
    raise UndecidedError("the sign of a slope far out is not decided")

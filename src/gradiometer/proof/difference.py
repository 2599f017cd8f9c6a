"""The certificate that two update rules differ after some steps of a tape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flint import fmpq

from gradiometer.formula import (
    Exact,
    from_decimal,
    size_in_bits,
    to_ball,
    to_ball_text,
    to_rational_text,
)
from gradiometer.model import Rule
from gradiometer.proof.alike import is_accepted
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_steps import side_of
from gradiometer.proof.tapes import Difference

_LONGEST = 2_000
_DIGITS = (60, 120, 300, 1000)
"""Digits with which two enclosures may be apart, the fewest that do first."""


def certify_difference(
    difference: Difference, rules: Sequence[tuple[str, Rule]]
) -> dict[str, Any] | None:
    """The certificate of a difference that was found, or None where the checker refuses it.

    Args:
        difference: Where both rules are apart.
        rules: The name of each rule, and the rule itself.
    """
    positions = _separate(difference.positions)
    if positions is None:
        return None
    tape = difference.tape
    rows = [
        {name: to_rational_text(value) for name, value in side_of(gradient).items()}
        for gradient in tape.gradients[: difference.step]
    ]
    problem = {
        "rules": [{"name": name, "rule": rule.to_problem()} for name, rule in rules],
        "tape": {"name": tape.name, "start": to_rational_text(tape.start), "rows": rows},
    }
    for equal_before in (True, False):
        claim = {"step": difference.step, "positions": positions, "equal_before": equal_before}
        certificate = make_certificate("difference", problem=problem, claim=claim)
        if is_accepted(certificate):
            return certificate
    return None


def _separate(positions: tuple[Exact, Exact]) -> list[list[str]] | None:
    """Both positions as pairs of rational ends that have no number in common."""
    for digits in _DIGITS:
        ends = [_ends(value, digits) for value in positions]
        if ends[0][1] < ends[1][0] or ends[1][1] < ends[0][0]:
            return [[to_rational_text(end) for end in pair] for pair in ends]
    return None


def _ends(value: Exact, digits: int) -> tuple[fmpq, fmpq]:
    if isinstance(value, fmpq) and size_in_bits(value) <= _LONGEST:
        return value, value
    middle, radius = map(from_decimal, to_ball_text(to_ball(value), digits=digits))
    return middle - radius, middle + radius

"""How far some run comes at least past a kink: floats propose starts, an exact run confirms one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import CertificateError, DomainError, GradiometerError, UndecidedError
from gradiometer.formula import (
    Axis,
    evaluate_float,
    free_names,
    from_decimal,
    precision,
    size_in_bits,
    to_float,
)
from gradiometer.formula import to_rational_text as spell
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check import check
from gradiometer.proof.check_reach import BITS, barrier_of, follow, read_rule
from gradiometer.proof.check_wedge import Wedge, read_wedge
from gradiometer.proof.phases import to_phases_problem
from gradiometer.proof.span import shorten_ends
from gradiometer.proof.walk import Course

_DECADES = range(-5, 5)
_PARTS = (1.0, 1.7, 3.0, 5.5)
"""How far before the kink runs begin, in each of those powers of ten."""
_MOST_STEPS = 2500
"""Steps of one run that is tried."""
_MOST_WORK = 30_000
"""Steps of all of them."""
_AFTER = 400
"""Steps after the first one past the kink in which the farthest position is looked for."""
_DIGITS = 10**13
"""The starts that are tried exactly are rounded to parts of this one."""
_NEAR = 1e-12
_TRIES = 4
_SHORT = 100
"""Bits of a rational that is claimed as it is."""


@final
@dataclass(frozen=True)
class Reach:
    """A run that comes far past a kink."""

    wedge: Wedge
    least: fmpq
    """It comes at least so far past it."""
    start: fmpq
    step: int
    barrier: fmpq | None
    """The parameter below which it crosses; None where none of the domain is below it."""
    certificate: Mapping[str, Any]


@final
@dataclass(frozen=True)
class _Guess:
    """What a run of floats does."""

    start: float
    over: float
    step: int
    before: float
    """Where it stands before it passes the kink first."""


def find_reach(course: Course, *, parameter: str, domain: Axis) -> Reach:
    """A run that comes as far past the kink as any that was tried, checked.

    Args:
        course: The rule and the landscape; its start is not used.
        parameter: The parameter that moves the top.
        domain: The values that it may have.

    Raises:
        UndecidedError: If none is found.
    """
    problem = to_phases_problem(course, parameter=parameter, domain=domain)
    try:
        wedge = read_wedge(problem)
        guesses = _list_guesses(course, wedge)
        with precision(BITS):
            return _prove(problem, wedge, guesses)
    except CertificateError as error:
        raise UndecidedError(f"the checker did not accept the proof: {error.problem}") from None
    except GradiometerError as error:
        raise UndecidedError(error.problem.rstrip(".")) from None


def _prove(problem: Mapping[str, Any], wedge: Wedge, guesses: list[_Guess]) -> Reach:
    """The first of them that an exact run confirms."""
    rule = read_rule(problem)
    for guess in guesses[:_TRIES]:
        start = min(fmpq(math.floor(guess.start * _DIGITS), _DIGITS), wedge.kink)
        try:
            over = follow(wedge, rule, start, guess.step) - wedge.kink
        except (UndecidedError, DomainError):
            continue
        exact = isinstance(over, fmpq) and size_in_bits(over) <= _SHORT
        least = over if exact else shorten_ends([over - abs(over) / 10**6], [over])[0]
        assert isinstance(least, fmpq)
        # Floats take another way where the run meets the kink nearly.
        if not (least > 0 and to_float(least) > guess.over / 2):
            continue
        barrier = barrier_of(wedge, least)
        claim = {"least": spell(least), "step": guess.step, "barrier": barrier}
        evidence = {"start": spell(start)}
        certificate = make_certificate("reach", problem=problem, claim=claim, evidence=evidence)
        check(certificate)
        known = None if barrier is None else from_decimal(barrier)
        return Reach(wedge, least, start, guess.step, known, certificate)
    raise UndecidedError("no run that was tried passes the kink")


def _list_guesses(course: Course, wedge: Wedge) -> list[_Guess]:
    """Starts whose runs pass the kink, those that come farthest first."""
    kink, spent = to_float(wedge.kink), 0
    found: list[_Guess] = []
    for shift in _list_shifts():
        guess, steps = _try(course, wedge, kink - shift)
        spent += steps
        if guess is not None:
            found.append(guess)
            # From as near to the kink as this one can come, it goes a little farther.
            nearer = guess.start + (kink - guess.before) - _NEAR * max(1.0, shift)
            other, steps = _try(course, wedge, min(nearer, kink))
            spent += steps
            found += [] if other is None else [other]
        if spent > _MOST_WORK:
            break
    return sorted(found, key=lambda guess: -guess.over)


def _list_shifts() -> Iterator[float]:
    yield 0.0
    for power in _DECADES:
        yield from (part * 10.0**power for part in _PARTS)


def _try(course: Course, wedge: Wedge, start: float) -> tuple[_Guess | None, int]:
    """What becomes of a run of floats, and how many steps were made."""
    rule, kink = course.rule, to_float(wedge.kink)
    slopes = (to_float(wedge.fall), to_float(wedge.rise))
    reads_loss = any("loss" in free_names(tree) for _, tree in rule.step)
    losses = [piece.loss for piece in wedge.replay.pieces[:2]]
    known: dict[str, float] = {**rule.float_values, "x": start}
    state = {"x": start} | {n: evaluate_float(tree, known) for n, tree in rule.state.items()}
    best, best_step, before, crossed, step = kink, 0, start, 0, 0
    while step < _MOST_STEPS:
        step += 1
        here = state["x"]
        side = 0 if here < kink or (here == kink and wedge.keeps_kink) else 1
        known = {**rule.float_values, **state, "g": slopes[side], "t": float(step)}
        known["loss"] = evaluate_float(losses[side], {"x": here}) if reads_loss else 0.0
        for target, run in rule.float_step:
            known[target] = run(known)
        state = {name: known[f"{name}'"] for name in ("x", *rule.state)}
        if not math.isfinite(state["x"]):
            return None, step
        if state["x"] > kink and crossed == 0:
            crossed, before = step, here
        if state["x"] > best:
            best, best_step = state["x"], step
        if crossed and step > crossed + _AFTER:
            break
    return (_Guess(start, best - kink, best_step, before) if best_step else None), step

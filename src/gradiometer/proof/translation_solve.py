"""Solves for the settings of a rule from the positions of another one: Newton's method on runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flint import arb, arb_mat, fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import Exact, precision, to_ball
from gradiometer.model import Optimizer, Rule, is_inside
from gradiometer.proof.alike import to_short_rational
from gradiometer.proof.tapes import PROBES, replay

_BITS = 512
_ROUNDS = 30
_HALVES = 12
_SHIFT = fmpq(1, 2**160)
_NEAR = fmpq(1, 2**120)
_SCALE = 2**300


def solve_settings(
    source: Rule, target: Optimizer, start: Mapping[str, fmpq]
) -> dict[str, fmpq] | None:
    """Settings near *start* with which both rules agree on the probes, or None.

    They are rationals of few digits; nothing is proved about them.

    Args:
        source: The rule that is imitated, with values of its parameters.
        target: The rule whose settings are sought; its flags stay as in *start*.
        start: A value for each parameter of *target*.
    """
    with precision(_BITS):
        try:
            return _solve(source, target, start)
        except (GradiometerError, UndecidedError, ArithmeticError, ValueError):
            return None


def _solve(source: Rule, target: Optimizer, start: Mapping[str, fmpq]) -> dict[str, fmpq] | None:
    wanted = _positions(source, {})
    flags = {n: v for n, v in start.items() if target.parameters[n].is_flag}
    rule = target.bind(flags)
    names = [name for name in start if name not in flags and _is_read(target.bind(start), name)]
    at = dict(start)
    if wanted is None or not names:
        return None
    for _ in range(_ROUNDS):
        here = _residual(rule, at, wanted)
        if here is None:
            return None
        if all(abs(value) < to_ball(_NEAR) for value in here):
            return _shorten(target, at, names)
        columns = [_slopes(rule, at, name, wanted, here) for name in names]
        used = [(n, c) for n, c in zip(names, columns, strict=True) if c is not None]
        step = _least_squares([column for _, column in used], here)
        changes = {name: change for (name, _), change in zip(used, step, strict=True)}
        moved = _improve(rule, target, at, changes=changes, wanted=wanted)
        if moved is None:
            return None
        at = moved
    return None


def _improve(
    rule: Rule,
    target: Optimizer,
    at: Mapping[str, fmpq],
    *,
    changes: Mapping[str, arb],
    wanted: Sequence[Exact],
) -> dict[str, fmpq] | None:
    """The settings after the change, or after the largest part of it that comes nearer."""
    before = _size(_residual(rule, at, wanted))
    for halves in range(_HALVES):
        part = to_ball(fmpq(1, 2**halves))
        moved = dict(at)
        for name, change in changes.items():
            moved[name] = _move(target, name, at[name], change * part)
        after = _size(_residual(rule, moved, wanted))
        if before is not None and after is not None and after < before:
            return moved
    return None


def _size(values: Sequence[arb] | None) -> arb | None:
    return None if values is None else sum((v * v for v in values), arb(0)).mid()


def _is_read(rule: Rule, name: str) -> bool:
    return name in rule.values


def _positions(rule: Rule, values: Mapping[str, fmpq]) -> list[Exact] | None:
    runs = [replay(rule, tape, values) for tape in PROBES]
    if any(run is None for run in runs):
        return None
    return [state.position for run in runs for state in run[1:]]


def _residual(rule: Rule, at: Mapping[str, fmpq], wanted: Sequence[Exact]) -> list[arb] | None:
    found = _positions(rule, at)
    if found is None:
        return None
    return [to_ball(one - other).mid() for one, other in zip(found, wanted, strict=True)]


def _slopes(
    rule: Rule, at: Mapping[str, fmpq], name: str, wanted: Sequence[Exact], here: Sequence[arb]
) -> list[arb] | None:
    """The slopes of the residual in one parameter, or None where it does not move."""
    moved = _residual(rule, {**at, name: at[name] + _SHIFT}, wanted)
    if moved is None:
        return None
    slopes = [((new - old) / to_ball(_SHIFT)).mid() for new, old in zip(moved, here, strict=True)]
    return slopes if any(abs(slope) > to_ball(_NEAR) for slope in slopes) else None


def _least_squares(columns: Sequence[Sequence[arb]], here: Sequence[arb]) -> list[arb]:
    """The change that makes the linearised residual smallest."""
    slopes = arb_mat([list(row) for row in zip(*columns, strict=True)])
    turned = slopes.transpose()
    right = turned * arb_mat([[-value] for value in here])
    solution = (turned * slopes).solve(right)
    return [solution[index, 0].mid() for index in range(len(columns))]


def _move(target: Optimizer, name: str, value: fmpq, change: arb) -> fmpq:
    """The value after the change, or after a smaller one that stays in the domain."""
    mantissa = (change * _SCALE).mid().floor().unique_fmpz()
    step = fmpq(0) if mantissa is None else fmpq(mantissa, _SCALE)
    for _ in range(40):
        if is_inside(value + step, target.parameters[name].domain):
            return value + step
        step = step / 2
    return value


def _shorten(
    target: Optimizer, at: Mapping[str, fmpq], names: Sequence[str]
) -> dict[str, fmpq] | None:
    found = dict(at)
    for name in names:
        short = to_short_rational(arb(to_ball(at[name]).mid(), to_ball(_NEAR).abs_upper()))
        if short is None or not is_inside(short, target.parameters[name].domain):
            return None
        found[name] = short
    return found

"""A rule near a point of rest: its linear part, split into blocks, and their polynomials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact, Node, compare
from gradiometer.proof.check_germ import EXACT, Germ
from gradiometer.proof.check_germ_read import FADING, GermReader
from gradiometer.proof.check_quotient import Quotient, Symbols
from gradiometer.proof.check_resting import Step, find_constants, find_pull, find_rest_state

_ZERO, _ONE, _TWO = fmpq(0), fmpq(1), fmpq(2)
_MOST_STATES = 8

CURVATURE = "lambda"
"""The name of the curvature in formulas."""

REST = "x at rest"


@final
@dataclass(frozen=True, eq=False)
class Block:
    """A part of the state whose multipliers are roots of a polynomial of its own."""

    names: tuple[str, ...]
    polynomial: tuple[Any, ...]
    """Its coefficients, polynomials in the symbols, from the lowest power of `z` on."""


@final
@dataclass(frozen=True, eq=False)
class Linear:
    """The linear part of a rule at rest."""

    symbols: Symbols
    blocks: tuple[Block, ...]
    divisors: tuple[Any, ...]
    """Polynomials in the parameter whose roots are values at which the rule has no value."""
    is_affine: bool
    """Whether the rule is nothing but its linear part, wherever the gradient is."""
    pull: tuple[Quotient, Quotient]
    """`a` and `b` where the rule rests exactly where `a*x + b*g = 0`."""


def read_linear(
    step: Step,
    initial: Mapping[str, Node],
    values: Mapping[str, Exact],
    *,
    parameter: str,
    domain: tuple[fmpq, fmpq | None],
    curvature: Exact,
    at_origin: bool,
    named: bool = False,
) -> Linear:
    """The linear part of the rule where the gradient vanishes.

    Args:
        step: The assignments.
        initial: What is remembered besides `x`, with its value before the first step.
        values: The values of all parameters but the free one.
        parameter: The free one.
        domain: Between which numbers it lies.
        curvature: The slope of the gradient there.
        at_origin: Whether it rests at 0; its position is a symbol otherwise.
        named: Whether parameters that are not zero stay symbols, for a formula.

    Raises:
        UndecidedError: If the rule has no linear part there, or does not rest there.
    """
    if len(initial) > _MOST_STATES:
        raise UndecidedError("the rule remembers too many numbers")
    symbols = Symbols({})
    reader = GermReader(symbols, parameter, domain)
    symbols.add(parameter)
    known: dict[str, Germ] = {parameter: Germ(symbols.add(parameter))}
    for name, value in values.items():
        known[name] = Germ(_constant(symbols, name, value, named=named))
    slope = _constant(symbols, CURVATURE, curvature, named=named)
    place = reader.zero if at_origin else symbols.add(REST)
    known |= find_constants(reader, step, initial, known)
    states = [name for name in initial if name not in known]
    exact = find_rest_state(reader, step, states, known, place=place, slope=slope, order=EXACT)
    order = min(exact[f"{name}'"].order for name in ("x", *states))
    is_affine = order == EXACT and not reader.is_local
    germs = find_rest_state(reader, step, states, known, place=place, slope=slope, order=_TWO)
    moved = germs["x'"].value - place
    if not is_affine and not moved.is_zero():
        raise UndecidedError("the rule does not rest where the gradient vanishes")
    pull = (reader.zero, reader.one)
    if is_affine:
        known |= {name: exact[name] for name in states if exact[name].infinite}
        pull = find_pull(GermReader(symbols, parameter, domain), step, states, known)
    blocks = _split(symbols, germs, states)
    if reader.has_slow and FADING in symbols.names:
        raise UndecidedError("several parts of the rule fade, each in its own way")
    divisors = _list_poles(symbols, reader, parameter)
    return Linear(symbols, blocks, divisors, is_affine, pull)


def _list_poles(symbols: Symbols, reader: GermReader, parameter: str) -> tuple[Any, ...]:
    """What the rule divides by after very many steps, where that changes with the parameter."""
    found = [divisor.top for divisor in reader.divisors]
    if FADING in symbols.names:
        index = symbols.names.index(FADING)
        found = [_power_of(symbols, part, index, 0) for part in found]
        if any(part.is_zero() for part in found):
            raise UndecidedError("the rule divides by what fades with the step count")
    return tuple(part for part in found if symbols.holds(part, parameter))


def _constant(symbols: Symbols, name: str, value: Exact, *, named: bool) -> Quotient:
    # What is zero is left out of formulas: a weight decay that is not there, say.
    if isinstance(value, fmpq) and (value == 0 or not named):
        return symbols.rational(value)
    return symbols.add(name, value=lambda: value)


def _split(symbols: Symbols, germs: Mapping[str, Germ], states: Sequence[str]) -> tuple[Block, ...]:
    """The strongly connected parts of the linear step, each with its polynomial."""
    names = [name for name in ("x", *states) if not germs[name].infinite]
    rows = {name: germs[f"{name}'"] for name in names}
    rough = {name for name in names if rows[name].order <= 1}
    if rows["x"].order <= 0:
        raise UndecidedError("the step of the rule jumps at rest, so that it does not shrink")
    if "x" in rough:
        raise UndecidedError("the step of the rule has a kink at rest")
    for name in names:
        touched = rows[name].reads if name in rough else frozenset(rows[name].slopes)
        if touched & rough:
            raise UndecidedError(f"`{name}` has a kink at rest")
    smooth = [name for name in names if name not in rough]
    reach = {name: _reachable(name, rows, smooth) for name in smooth}
    blocks: list[Block] = []
    done: set[str] = set()
    for name in smooth:
        if name in done:
            continue
        part = tuple(n for n in smooth if n == name or (n in reach[name] and name in reach[n]))
        done |= set(part)
        blocks += _settle(symbols, Block(part, _polynomial(symbols, rows, part)))
    return tuple(blocks)


def _settle(symbols: Symbols, block: Block) -> list[Block]:
    """The block after very many steps, when what fades has faded.

    A multiplier that tends to 1 as `1 - nu/t` is taken out: the state then fades as `t^-nu`, which
    needs `nu > 0`. That is said by a block of its own, whose multiplier is (1 - nu)/(1 + nu).
    """
    if FADING not in symbols.names:
        return [block]
    index = symbols.names.index(FADING)
    last = [_power_of(symbols, part, index, 0) for part in block.polynomial]
    if not _total(last).is_zero():
        return [Block(block.names, tuple(last))]
    speed = _power_of(symbols, _total(block.polynomial), index, 1) * last[-1]
    rest = [last[-1]]
    for part in reversed(last[1:-1]):
        rest.insert(0, part + rest[0])
    one = symbols.context.constant(1)
    drift = Block((f"{block.names[0]} in the long run",), (speed - one, speed + one))
    return [drift, *([Block(block.names, tuple(rest))] if len(rest) > 1 else [])]


def _power_of(symbols: Symbols, polynomial: Any, index: int, power: int) -> Any:
    """The part of a polynomial with that power of a symbol, divided by it."""
    kept = {
        tuple(0 if i == index else int(p) for i, p in enumerate(powers)): value
        for powers, value in polynomial.to_dict().items()
        if int(powers[index]) == power
    }
    return symbols.context.from_dict(kept)


def _reachable(name: str, rows: Mapping[str, Germ], smooth: Sequence[str]) -> set[str]:
    found: set[str] = set()
    todo = [name]
    while todo:
        for other in rows[todo.pop()].slopes:
            if other in smooth and other not in found:
                found.add(other)
                todo.append(other)
    return found


def _polynomial(
    symbols: Symbols, rows: Mapping[str, Germ], names: Sequence[str]
) -> tuple[Any, ...]:
    """The characteristic polynomial, cleared of denominators (Faddeev and Le Verrier)."""
    zero, one = symbols.rational(0), symbols.rational(1)
    size = len(names)
    matrix = [[rows[row].slopes.get(name, zero) for name in names] for row in names]
    coefficients = [one]
    current = [[zero] * size for _ in range(size)]
    for order in range(1, size + 1):
        for place in range(size):
            current[place][place] = current[place][place] + coefficients[0]
        current = [
            [_sum(zero, [matrix[i][k] * current[k][j] for k in range(size)]) for j in range(size)]
            for i in range(size)
        ]
        trace = _sum(zero, [current[place][place] for place in range(size)])
        coefficients.insert(0, trace * symbols.rational(fmpq(-1, order)))
    shared = coefficients[-1].bottom
    for value in coefficients:
        shared = shared * (value.bottom / shared.gcd(value.bottom))
    return tuple(value.top * (shared / value.bottom) for value in coefficients)


def _sum(zero: Quotient, parts: Sequence[Quotient]) -> Quotient:
    total = zero
    for part in parts:
        total = total + part
    return total


def boundaries(polynomial: Sequence[Any]) -> dict[str, Any]:
    """What vanishes when a multiplier is 1 (`fold`), -1 (`flip`), or two make 1 (`pair`).

    As long as none of them vanishes, and the first coefficient does not, no multiplier passes the
    unit circle.
    """
    size = len(polynomial) - 1
    found = {"fold": _total(polynomial)}
    found["flip"] = _total([c if i % 2 == 0 else -c for i, c in enumerate(polynomial)])
    if size > 1:
        # The product of all a_n*(1 - z_i*z_j), i < j.
        rows = [
            [
                _entry(polynomial, size + i - j) - _entry(polynomial, i + j + 2 - size)
                for j in range(size - 1)
            ]
            for i in range(size - 1)
        ]
        found["pair"] = _determinant(rows)
    return found


def _entry(polynomial: Sequence[Any], index: int) -> Any:
    return polynomial[index] if 0 <= index < len(polynomial) else polynomial[0] * 0


def _total(parts: Sequence[Any]) -> Any:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _determinant(rows: Sequence[Sequence[Any]]) -> Any:
    if len(rows) == 1:
        return rows[0][0]
    parts = []
    for column, value in enumerate(rows[0]):
        minor = [[*row[:column], *row[column + 1 :]] for row in rows[1:]]
        part = value * _determinant(minor)
        parts.append(part if column % 2 == 0 else -part)
    return _total(parts)


def is_stable(coefficients: Sequence[Exact]) -> bool:
    """Whether all roots lie inside the unit circle (Schur and Cohn).

    Raises:
        UndecidedError: If a ball is too wide to say.
    """
    row = list(coefficients)
    while len(row) > 1:
        first, last = row[0], row[-1]
        if compare(abs(first), abs(last)) >= 0:
            return False
        row = [last * row[i] - first * row[-1 - i] for i in range(1, len(row))]
    return True

"""A rule near a point of rest: its linear part, split into blocks, and their polynomials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact, Node, compare, free_names
from gradiometer.proof.check_germ import EXACT, Germ
from gradiometer.proof.check_germ_read import FADING, GermReader
from gradiometer.proof.check_quotient import Quotient, Symbols

_ZERO, _ONE, _TWO = fmpq(0), fmpq(1), fmpq(2)
_ROUNDS = 6
_MOST_STATES = 8

Step = Sequence[tuple[str, Node]]
"""The assignments of one step; a primed name is a new value."""

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
    known |= _find_constants(reader, step, initial, known)
    states = [name for name in initial if name not in known]
    exact = _find_rest(reader, step, states, known, place=place, slope=slope, order=EXACT)
    order = min(exact[f"{name}'"].order for name in ("x", *states))
    is_affine = order == EXACT and not reader.is_local
    germs = _find_rest(reader, step, states, known, place=place, slope=slope, order=_TWO)
    moved = germs["x'"].value - place
    if not is_affine and not moved.is_zero():
        raise UndecidedError("the rule does not rest where the gradient vanishes")
    pull = (reader.zero, reader.one)
    if is_affine:
        pull = _find_pull(step, states, known, symbols, parameter=parameter, domain=domain)
    blocks = _split(symbols, germs, states)
    divisors = _list_poles(symbols, reader, parameter)
    return Linear(symbols, blocks, divisors, is_affine, pull)


def _find_constants(
    reader: GermReader, step: Step, initial: Mapping[str, Node], known: Mapping[str, Germ]
) -> dict[str, Germ]:
    """What is remembered and, of itself, the same after every step but the first few."""
    drivers = _find_drivers(step, initial)
    now = {name: reader.read(initial[name], known) for name in drivers}
    for _ in range(_ROUNDS):
        germs = {**known, **now}
        for target, tree in step:
            if free_names(tree) <= germs.keys():
                germs[target] = reader.read(tree, germs)
        then = {name: germs[f"{name}'"] for name in drivers}
        same = {n for n in drivers if not then[n].infinite and then[n].value.equals(now[n].value)}
        # What reads only itself and what stays the same does so for ever.
        while True:
            kept = {n for n in same if _read_by(step, n) & drivers <= same}
            if kept == same:
                break
            same = kept
        if same:
            return {name: Germ(now[name].value) for name in same}
        now = {name: germ for name, germ in then.items() if not germ.infinite}
        drivers = set(now)
    return {}


def _find_drivers(step: Step, initial: Mapping[str, Node]) -> set[str]:
    """What changes without regard to the position, the step count and all other states."""
    outside = {"x", "g", "t", "loss", "noise"}
    found = {name for name, tree in initial.items() if not free_names(tree) & outside}
    while True:
        others = outside | (initial.keys() - found)
        kept = {name for name in found if not _read_by(step, name) & others}
        if kept == found:
            return found
        found = kept


def _read_by(step: Step, name: str) -> set[str]:
    """All names that the new value of a state is made of."""
    trees = dict(step)
    needed, todo = set[str](), [f"{name}'"]
    while todo:
        for other in free_names(trees[todo.pop()]):
            if other not in needed:
                needed.add(other)
                todo += [other] if other in trees else []
    return needed


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


def _find_rest(
    reader: GermReader,
    step: Step,
    states: Sequence[str],
    known: Mapping[str, Germ],
    *,
    place: Quotient,
    slope: Quotient,
    order: fmpq,
) -> dict[str, Germ]:
    """All germs at the point of rest, at which what is remembered stays as it is.

    *order* is that of what the gradient has besides its slope.
    """
    resting: dict[str, Quotient] = dict.fromkeys(states, reader.zero)
    growing: dict[str, Germ] = {}
    before: dict[str, tuple[Quotient, Quotient]] = {}
    for _ in range(_ROUNDS):
        germs = dict(known)
        germs["x"] = Germ(place, {"x": reader.one}, reads=frozenset("x"))
        slopes = {} if slope.is_zero() else {"x": slope}
        germs["g"] = Germ(reader.zero, slopes, order, frozenset("x"))
        for name, value in resting.items():
            germs[name] = Germ(value, {name: reader.one}, reads=frozenset({name}))
        germs |= growing
        for target, tree in step:
            germs[target] = reader.read(tree, germs)
        ends = {name: germs[f"{name}'"] for name in states if name not in growing}
        if all(germ.value.equals(resting[name]) for name, germ in ends.items()):
            return germs
        growing |= _find_growing(reader, ends, resting, before)
        guesses = {n: _guess(reader, resting[n], ends[n].value, before.get(n)) for n in ends}
        before = {name: (resting[name], ends[name].value) for name in ends}
        resting = {name: value for name, value in guesses.items() if name not in growing}
    raise UndecidedError("what the rule remembers does not come to rest")


def _find_growing(
    reader: GermReader,
    ends: Mapping[str, Germ],
    resting: Mapping[str, Quotient],
    before: Mapping[str, tuple[Quotient, Quotient]],
) -> dict[str, Germ]:
    """What grows by the same positive amount in each step, whatever the position is."""
    found: dict[str, Germ] = {}
    for name, germ in ends.items():
        if germ.infinite:
            raise UndecidedError(f"`{name}` grows without bound")
        pace = germ.value - resting[name]
        steady = name in before and pace.equals(before[name][1] - before[name][0])
        alone = set(germ.slopes) == {name} and germ.reads == {name} and germ.order == EXACT
        if steady and alone and germ.slopes[name].equals(reader.one) and reader.sign(pace) > 0:
            found[name] = Germ(reader.zero, infinite=1, pace=pace)
    return found


def _guess(
    reader: GermReader, now: Quotient, then: Quotient, before: tuple[Quotient, Quotient] | None
) -> Quotient:
    """Where a value may come to rest: after one step, or on the line through two steps."""
    if before is None or now.equals(then) or now.equals(before[0]):
        return then
    slope = (then - before[1]) / (now - before[0])
    rest = reader.one - slope
    return then if rest.is_zero() else (then - slope * now) / rest


def _find_pull(
    step: Step,
    states: Sequence[str],
    known: Mapping[str, Germ],
    symbols: Symbols,
    *,
    parameter: str,
    domain: tuple[fmpq, fmpq | None],
) -> tuple[Quotient, Quotient]:
    """Where an affine rule rests: a and b of `a*x + b*g = 0`, with g as a symbol."""
    reader = GermReader(symbols, parameter, domain)
    place, slope = symbols.add("rest of x"), symbols.add("rest of g")
    resting: dict[str, Quotient] = {name: symbols.add(f"rest of {name}") for name in states}
    germs = {**known, "x": Germ(place), "g": Germ(slope)}
    for name in states:
        germs[name] = Germ(resting[name])
    for target, tree in step:
        germs[target] = reader.read(tree, germs)
    system = {name: germs[f"{name}'"].value - resting[name] for name in states}
    system["x"] = germs["x'"].value - place
    found = _eliminate(symbols, system, states)
    names = ("rest of x", "rest of g")
    parts = [found.top.derivative(symbols.names.index(name)) for name in names]
    one = symbols.context.constant(1)
    return Quotient(parts[0], one), Quotient(parts[1], one)


def _eliminate(symbols: Symbols, system: dict[str, Quotient], states: Sequence[str]) -> Quotient:
    """The one equation for position and gradient that is left when the states are put in."""
    one = symbols.context.constant(1)
    rows = list(system.values())
    for name in states:
        index = symbols.names.index(f"rest of {name}")
        slopes = [Quotient(row.top.derivative(index), one) for row in rows]
        pivot = next((i for i, slope in enumerate(slopes) if not slope.is_zero()), None)
        if pivot is None:
            continue
        unknown = Quotient(symbols.context.gen(index), one)
        rest = unknown - Quotient(rows[pivot].top, one) / slopes[pivot]
        moved = [
            row + slope / Quotient(row.bottom, one) * (rest - unknown)
            for row, slope in zip(rows, slopes, strict=True)
        ]
        rows = moved[:pivot] + moved[pivot + 1 :]
    kept = [row for row in rows if not row.is_zero()]
    if len(kept) != 1:
        raise UndecidedError("where the rule rests is not solved for")
    return kept[0]


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
    """What vanishes when a multiplier is 1 (`fold`), -1 (`flip`), or two have the product 1 (`pair`).

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

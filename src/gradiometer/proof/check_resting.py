"""Where everything that a rule remembers stays as it is, and where the position does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Node, free_names
from gradiometer.proof.check_germ import EXACT, Germ
from gradiometer.proof.check_germ_read import GermReader
from gradiometer.proof.check_quotient import Quotient, Symbols

Step: TypeAlias = Sequence[tuple[str, Node]]
"""The assignments of one step; a primed name is a new value."""

_ROUNDS = 6


def find_constants(
    reader: GermReader, step: Step, initial: Mapping[str, Node], known: Mapping[str, Germ]
) -> dict[str, Germ]:
    """What is remembered and, of itself, the same after every step but the first few."""
    drivers = find_drivers(step, initial)
    lines = [row for row in step if "t" not in free_names(row[1])]
    same, then = set[str](), dict[str, Germ]()
    try:
        now = {name: reader.read(initial[name], known) for name in drivers}
        for _ in range(_ROUNDS):
            germs = {**known, **now}
            for target, tree in lines:
                if free_names(tree) <= germs.keys():
                    germs[target] = reader.read(tree, germs)
            then = {name: germs[f"{name}'"] for name in drivers}
            same = {n for n in drivers if then[n].value.equals(now[n].value)}
            if same == drivers:
                break
            now = then
    except UndecidedError:
        return {}
    # What reads only itself and what stays the same does so for ever.
    while True:
        kept = {name for name in same if _read_by(step, name) & drivers <= same}
        if kept == same:
            return {name: Germ(then[name].value) for name in same}
        same = kept


def find_drivers(step: Step, initial: Mapping[str, Node]) -> set[str]:
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


def find_rest_state(
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
        reader.assign(step, germs)
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


def find_pull(
    reader: GermReader, step: Step, states: Sequence[str], known: Mapping[str, Germ]
) -> tuple[Quotient, Quotient]:
    """Where an affine rule rests: a and b of `a*x + b*g = 0`.

    Raises:
        UndecidedError: If it is no such equation.
    """
    symbols = reader.symbols
    states = [name for name in states if name not in known]
    place, slope = symbols.add("rest of x"), symbols.add("rest of g")
    resting: dict[str, Quotient] = {name: symbols.add(f"rest of {name}") for name in states}
    germs = {**known, "x": Germ(place), "g": Germ(slope)}
    for name in states:
        germs[name] = Germ(resting[name])
    reader.assign(step, germs)
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

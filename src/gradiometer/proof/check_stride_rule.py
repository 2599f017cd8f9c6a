"""Reads a rule as a linear system: gradients in, a step out, over what measures the gradients.

What measures remembers a sum `e` of gradients: the gradient itself, or its distance from a mean.
All else is rewritten in terms of `e`. Then what a step owes to the `e` of i steps before is
`sum of c_k*mu_k^(i - 1)`, by the vectors on which one step of the memory is a multiple.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

from flint import fmpq, fmpq_mat

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    ONE,
    ZERO,
    Exact,
    Name,
    Node,
    Number,
    apply,
    compare,
    evaluate,
    evaluate_range,
    find_read,
    free_names,
    number,
    substitute,
    tidy,
)
from gradiometer.proof.check_fading import Clock
from gradiometer.proof.check_stride_terms import (
    Factor,
    Moved,
    Peak,
    Quotient,
    Scope,
    Square,
    Sum,
    Trail,
    Value,
    follow,
    list_factors,
    over,
    times,
    to_number,
)

RATE = "learning_rate"
Lines: TypeAlias = Sequence[tuple[str, Node]]
Vector: TypeAlias = "list[fmpq]"


@final
@dataclass(frozen=True)
class Memory:
    """What means of gradients become, in terms of what is measured."""

    names: tuple[str, ...]
    matrix: Sequence[Vector]
    entry: Vector
    shift: tuple[Vector, fmpq]
    """The gradient is the second number times `e`, and these times the means."""


@final
@dataclass(frozen=True)
class Measure:
    """What is remembered of sizes: `keeps` times itself and `takes` times `e^2`, or `e`."""

    keeps: fmpq
    takes: fmpq
    is_peak: bool


@final
@dataclass(frozen=True)
class System:
    """A step as `(direct*e + sum of out*means) / root(old*V + new*e^2)`, in what was before it."""

    clock: Clock
    memory: Memory
    measure: Measure
    out: Mapping[str, Node]
    direct: Node
    old: Node
    new: Node
    has_more: bool
    """Whether more is added to what measures."""
    begin: tuple[Vector, fmpq] | None
    """What the first `e` enters the means by, and the measure, if otherwise than later ones."""
    first: Exact
    """The square of the largest first step."""


@final
@dataclass(frozen=True)
class Echo:
    """Steps that remember quotients: `out` times their mean and `direct` times a new one."""

    clock: Clock
    keeps: fmpq
    takes: fmpq
    out: fmpq
    direct: fmpq
    new: Node
    """The square of a quotient is at most one over this."""
    first: Exact
    """The square of the largest quotient of the first step."""
    has_more: bool


@final
@dataclass(frozen=True)
class Plain:
    """The first step is a multiple of the gradient that nothing measures."""

    share: fmpq


def read_system(
    begun: Mapping[str, Exact], lines: Lines, kinds: Mapping[str, str], span: tuple[int, int]
) -> System | Echo | Plain:
    """The rule as a system, for the steps from the first of *span* on.

    Args:
        begun: The first values of what is remembered.
        lines: The assignments of a plain rule.
        kinds: `linear`, `square`, `peak`, `echo` or `clock` for each of them.
        span: The first step that counts, and that from which what fades is small.

    Raises:
        UndecidedError: If the rule has another shape.
    """
    for name, kind in kinds.items():
        first = compare(begun[name], fmpq(0))
        if first < 0 or (kind in ("linear", "echo") and first != 0):
            raise UndecidedError(f"`{name}` does not start at 0")
    kept = {n: dict(lines)[f"{n}'"] for n, kind in kinds.items() if kind == "clock"}
    opening = _follow_all(lines, kinds, begun, None)
    after = opening["x'"]
    if isinstance(after, Sum) and after.parts.keys() == {"x", "g"} and span[0] == 1:
        share = after.parts["g"]
        if after.parts["x"] == Factor(ONE) and share.degree == 1:
            return Plain(to_number(Factor(share.tree)))
    clock = Clock(max(2, span[0]), span[1], _inline(kept, lines), {n: begun[n] for n in kept})
    known = _follow_all(lines, kinds, begun, clock)
    if clock.since > 2:
        _require_alike(lines, kinds, begun, known)
    moved = known["x'"]
    if not isinstance(moved, Moved):
        raise UndecidedError("a step is not the position and a quotient")
    if isinstance(moved.step, Trail):
        return _read_echo(moved.step, known, opening, clock)
    return _read_quotient(moved.step, (known, opening), kinds, clock)


def _require_alike(
    lines: Lines, kinds: Mapping[str, str], begun: Mapping[str, Exact], known: Mapping[str, Value]
) -> None:
    """Return if all that is remembered moves from the second step on as it does later.

    Raises:
        UndecidedError: If it may not.
    """
    wanted = find_read(lines, [f"{name}'" for name in kinds], kinds)
    rows = [(target, tree) for target, tree in lines if target in wanted and target != "x'"]
    # Kept numbers are followed from the first step on in any case.
    kept = {n: Name(n) for n, kind in kinds.items() if kind == "clock"}
    clock = Clock(2, 2, {n: dict(_inline(kept, lines))[n] for n in kept}, {n: begun[n] for n in kept})
    early = _follow_all(rows, kinds, begun, clock)
    for name, kind in kinds.items():
        if kind != "clock" and early[f"{name}'"] != known[f"{name}'"]:
            raise UndecidedError(f"`{name}` moves otherwise at first")


def _inline(kept: Mapping[str, Node], lines: Lines) -> dict[str, Node]:
    """What kept numbers become, in terms of themselves and of the step count."""
    rows: dict[str, Node] = {}
    for target, tree in lines:
        rows[target] = substitute(tree, {n: row for n, row in rows.items() if n in free_names(tree)})
    found = {name: rows[f"{name}'"] for name in kept}
    for name, tree in found.items():
        if not free_names(tree) <= {name, "t"}:
            raise UndecidedError(f"`{name}` reads more than the step count")
    return found


def _follow_all(
    lines: Lines, kinds: Mapping[str, str], begun: Mapping[str, Exact], clock: Clock | None
) -> dict[str, Value]:
    """What all names stand for; in the first step if no clock is given."""
    unit = Factor(ONE)
    known: dict[str, Value] = {"x": Sum({"x": unit}), "g": Sum({"g": unit})}
    known |= {RATE: Factor(ONE, 1), "t": unit if clock is None else Factor(Name("t"))}
    for name, kind in kinds.items():
        known[name] = _open(name, kind, begun[name], is_first=clock is None)
    read = find_read(lines, ["x'", *(f"{name}'" for name in kinds)], kinds)
    scope = Scope(known, _decide_number if clock is None else clock.decide, [])
    for target, tree in lines:
        known[target] = follow(tree, scope)
        if target not in read and not isinstance(known[target], Factor):
            raise UndecidedError(f"`{target}` is not read, and may have no value")
        for factor in list_factors(known[target]):
            # Whatever stands there must have a value at all steps.
            if clock is not None:
                clock.require_value(factor.tree)
            elif not isinstance(factor.tree, Number):
                evaluate(factor.tree, {})
    for tree in scope.signs:
        (clock or Clock(1, 1)).require(tree, positive=False)
    return known


def _decide_number(condition: Node) -> bool:
    found = evaluate_range(apply("where", condition, ONE, ZERO), {})
    if found.lower is None or not found.is_single:
        raise UndecidedError("a branch of the rule is not decided")
    return found.lower == 1


def _open(name: str, kind: str, begun: Exact, *, is_first: bool) -> Value:
    unit = Factor(ONE)
    if kind == "clock":
        if is_first and not isinstance(begun, fmpq):
            raise UndecidedError(f"`{name}` starts at no rational number")
        return Factor(number(begun) if is_first and isinstance(begun, fmpq) else Name(name))
    if kind == "linear":
        return Sum({} if is_first else {name: unit})
    if kind == "square":
        return Square({} if is_first else {name: unit}, (), compare(begun, fmpq(0)) > 0)
    if kind == "peak":
        return Peak(name, unit)
    return Trail({} if is_first else {name: unit})


def _rows(parts: Mapping[str, Factor], names: Sequence[str]) -> tuple[Vector, fmpq]:
    """The coefficients of means and of the gradient in a sum of fixed numbers."""
    if not parts.keys() <= {*names, "g"}:
        raise UndecidedError("a mean reads what is no mean of gradients")
    zero = Factor(ZERO)
    return [to_number(parts.get(n, zero)) for n in names], to_number(parts.get("g", zero))


def _read_entry(value: Value) -> tuple[fmpq, Mapping[str, Factor], str]:
    """What measures takes of the square of which sum, and the name of the measure it keeps."""
    if isinstance(value, Peak) and value.entry is not None and to_number(value.scale) == 1:
        return fmpq(1), value.entry.parts, value.name
    if isinstance(value, Square) and len(value.entries) == 1 and len(value.means) <= 1:
        share, entry = value.entries[0]
        return to_number(share), entry.parts, next(iter(value.means), "")
    raise UndecidedError("what measures gradients is no mean of squares of one sum")


def _read_quotient(
    step: Quotient,
    passes: tuple[Mapping[str, Value], Mapping[str, Value]],
    kinds: Mapping[str, str],
    clock: Clock,
) -> System:
    known, opening = passes
    bottom, names = step.bottom, tuple(n for n, kind in kinds.items() if kind == "linear")
    held = bottom.name if isinstance(bottom, Peak) else next(iter(bottom.means), "")
    if isinstance(bottom, Square) and len(bottom.means) > 1:
        raise UndecidedError("the divisor reads several measures")
    after = known[f"{held}'"] if held else bottom
    takes, sums, name = _read_entry(after)
    if held and name not in ("", held):
        raise UndecidedError("what measures gradients reads another measure")
    back, share = _rows(sums, names)
    if not share or takes <= 0:
        raise UndecidedError("what measures gradients does not read the last one")
    keeps = fmpq(0)
    if isinstance(after, Peak):
        keeps = to_number(after.kept)
    elif isinstance(after, Square) and held in after.means:
        keeps = to_number(after.means[held])
    shift = [-part / share for part in back], 1 / share
    memory = _turn(names, known, shift)
    if not step.top.parts.keys() <= {*names, "g"}:
        raise UndecidedError("a step reads what is no mean of gradients")
    rated = [part.degree for part in step.top.parts.values()]
    if any(degree != 1 for degree in rated):
        raise UndecidedError(f"a step is not proportional to `{RATE}`")
    tops = {n: Factor(part.tree) for n, part in step.top.parts.items()}
    gradient = tops.get("g", Factor(ZERO))
    out = {}
    for index, mean in enumerate(names):
        whole = _sum(tops.get(mean, Factor(ZERO)), times(gradient, Factor(number(shift[0][index]))))
        out[mean] = whole.tree
    direct = times(gradient, Factor(number(shift[1]))).tree
    old, new = _read_bottom(bottom, held, sums, clock)
    begin, first = _read_opening(opening, names, held, (memory.entry, takes), counts=clock.since <= 2)
    measure = Measure(keeps, takes, isinstance(bottom, Peak))
    return System(clock, memory, measure, out, direct, old, new, bottom.has_more, begin, first)


def _sum(one: Factor, other: Factor) -> Factor:
    return Factor(tidy(apply("+", one.tree, other.tree)))


def _turn(names: tuple[str, ...], known: Mapping[str, Value], shift: tuple[Vector, fmpq]) -> Memory:
    """The means, where the gradient is written in terms of what is measured."""
    matrix, entry = [], []
    for name in names:
        value = known[f"{name}'"]
        if not isinstance(value, Sum):
            raise UndecidedError(f"`{name}` is no mean of gradients")
        row, share = _rows(value.parts, names)
        matrix.append([part + share * more for part, more in zip(row, shift[0], strict=True)])
        entry.append(share * shift[1])
    return Memory(names, matrix, entry, shift)


def _read_bottom(
    bottom: Square | Peak, held: str, sums: Mapping[str, Factor], clock: Clock
) -> tuple[Node, Node]:
    """How the old measure and the new `e` enter the divisor."""
    if isinstance(bottom, Peak):
        clock.require(bottom.scale.tree, positive=True)
        if bottom.entry is None or bottom.entry.parts != sums or bottom.scale.degree:
            raise UndecidedError("the divisor measures another sum than it remembers")
        return times(bottom.kept, bottom.scale).tree, bottom.scale.tree
    new = Factor(ZERO)
    for share, entry in bottom.entries:
        if entry.parts != sums or share.degree:
            raise UndecidedError("the divisor measures another sum than it remembers")
        new = _sum(new, share)
    old = bottom.means.get(held, Factor(ZERO))
    if old.degree:
        raise UndecidedError("the divisor reads the rate")
    clock.require(new.tree, positive=True)
    clock.require(old.tree, positive=False)
    return old.tree, new.tree


def _read_opening(
    opening: Mapping[str, Value],
    names: Sequence[str],
    held: str,
    later: tuple[Vector, fmpq],
    *,
    counts: bool,
) -> tuple[tuple[Vector, fmpq] | None, Exact]:
    """How the first gradient enters, if otherwise than later ones, and the largest first step.

    The step is not looked at if it does not count.
    """
    moved = opening["x'"]
    entries: tuple[Vector, fmpq] | None = None
    share = fmpq(1)
    if held:
        takes, sums, _ = _read_entry(opening[f"{held}'"])
        _, share = _rows(sums, [])
        if not share or takes <= 0:
            raise UndecidedError("the first gradient is not measured")
        rows = []
        for name in names:
            value = opening[f"{name}'"]
            parts = value.parts if isinstance(value, Sum) else {}
            if not isinstance(value, Sum) and value != Factor(ZERO):
                raise UndecidedError(f"`{name}` is no mean of gradients")
            rows.append(_rows(parts, [])[1] / share)
        entries = None if (rows, takes) == later else (rows, takes)
    if not counts or (isinstance(moved, Sum) and moved.parts == {"x": Factor(ONE)}):
        return entries, fmpq(0)
    is_rated = isinstance(moved, Moved) and isinstance(moved.step, Quotient)
    if not is_rated or any(part.degree != 1 for part in moved.step.top.parts.values()):
        raise UndecidedError("the first step is no quotient")
    return entries, _square_first(moved.step)


def _square_first(step: Quotient) -> Exact:
    """The square of the largest first step."""
    takes, sums, _ = (
        _read_entry(step.bottom)
        if isinstance(step.bottom, Square)
        else (fmpq(1), step.bottom.entry.parts if step.bottom.entry else {}, "")
    )
    top = step.top.parts.get("g", Factor(ZERO, 1))
    if not step.top.parts.keys() <= {"g"} or sums.keys() != {"g"}:
        raise UndecidedError("the first step is no quotient of gradients")
    share = to_number(sums["g"])
    if isinstance(step.bottom, Peak):
        share *= to_number(step.bottom.scale)
    size = evaluate(top.tree, {})
    return size * size / (takes * share**2)


def _read_echo(
    step: Trail, known: Mapping[str, Value], opening: Mapping[str, Value], clock: Clock
) -> Echo:
    """Steps that remember quotients of the last gradient alone."""
    if len(step.means) != 1 or step.entry is None:
        raise UndecidedError("a step remembers no quotients, or several means of them")
    ((name, out),) = step.means.items()
    after = known[f"{name}'"]
    if not isinstance(after, Trail) or after.entry is None or after.means.keys() != {name}:
        raise UndecidedError(f"`{name}` is no mean of quotients")
    takes = after.entry
    if takes.bottom != step.entry.bottom or not isinstance(takes.bottom, Square):
        raise UndecidedError("a step divides in two ways")
    for quotient in (takes, step.entry):
        if quotient.top.parts.keys() != {"g"}:
            raise UndecidedError("a quotient that is remembered reads older gradients")
    share, entry = (takes.top.parts["g"], step.entry.top.parts["g"])
    if share.degree + out.degree != 1 or entry.degree != 1:
        raise UndecidedError(f"a step is not proportional to `{RATE}`")
    new = Factor(ZERO)
    for weight, part in takes.bottom.entries:
        if part.parts.keys() != {"g"} or weight.degree:
            raise UndecidedError("the divisor measures more than the last gradient")
        new = _sum(new, times(weight, times(part.parts["g"], part.parts["g"])))
    clock.require(new.tree, positive=True)
    for held, mean in takes.bottom.means.items():
        clock.require(mean.tree, positive=False)
        _require_measure(held, known[f"{held}'"])
    first: Exact = fmpq(0)
    for target, size in ((f"{name}'", share), ("x'", entry)):
        value = opening[target]
        value = value.step if isinstance(value, Moved) else value
        quotient = value.entry if isinstance(value, Trail) and not value.means else value
        if isinstance(quotient, Quotient):
            factor = to_number(Factor(size.tree)) ** 2
            ratio = _square_first(quotient) / factor
            first = ratio if compare(ratio, first) > 0 else first
        elif value not in (Factor(ZERO), Sum({"x": Factor(ONE)})):
            raise UndecidedError("the first step is no quotient")
    return Echo(
        clock,
        to_number(after.means[name]),
        to_number(Factor(share.tree)),
        to_number(Factor(out.tree)),
        to_number(Factor(entry.tree)),
        new.tree,
        first,
        takes.bottom.has_more,
    )


def _require_measure(name: str, after: Value) -> None:
    """Return if a state is a mean of squares that is never negative.

    Raises:
        UndecidedError: If it may be another one.
    """
    if not isinstance(after, Square) or not after.means.keys() <= {name}:
        raise UndecidedError(f"`{name}` is no mean of squares")
    factors = [*after.means.values(), *(share for share, _ in after.entries)]
    if any(to_number(factor) < 0 for factor in factors):
        raise UndecidedError(f"`{name}` may be negative")


def list_modes(memory: Memory, entry: Vector) -> list[tuple[fmpq, Vector]]:
    """Numbers mu and vectors z with `matrix^i * entry = sum of mu^i * z` for every i.

    Raises:
        UndecidedError: If the diagonal of the matrix does not give them.
    """
    size = len(entry)
    rates = sorted({memory.matrix[i][i] for i in range(size)})
    powers, now = [], list(entry)
    for _ in rates:
        powers.append(now)
        now = [sum((a * b for a, b in zip(row, now, strict=True)), fmpq(0)) for row in memory.matrix]
    if not size:
        return []
    table = fmpq_mat(len(rates), len(rates), [rate**i for i in range(len(rates)) for rate in rates])
    right = fmpq_mat(len(rates), size, [part for row in powers for part in row])
    found = table.solve(right)
    modes = [(rate, [found[i, j] for j in range(size)]) for i, rate in enumerate(rates)]
    for rate, vector in modes:
        for row, part in zip(memory.matrix, vector, strict=True):
            if sum((a * b for a, b in zip(row, vector, strict=True)), fmpq(0)) != rate * part:
                raise UndecidedError("the memory of the rule mixes its means")
    return modes


__all__ = ["Echo", "Number", "Plain", "System", "list_modes", "over", "read_system"]

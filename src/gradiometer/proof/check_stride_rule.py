"""Reads a rule as a linear system: gradients in, a step out, over what measures the gradients.

What measures remembers a sum `e` of gradients: the gradient itself, or its distance from a mean.
All else is rewritten in terms of `e`. Then what a step owes to the `e` of i steps before is
`sum of c_k*mu_k^(i - 1)`, by the vectors on which one step of the memory is a multiple.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flint import fmpq

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
)
from gradiometer.proof.check_stride_echo import add, read_echo, read_entry, square_first
from gradiometer.proof.check_stride_factor import Clock
from gradiometer.proof.check_stride_system import (
    Echo,
    Lines,
    Measure,
    Memory,
    Plain,
    System,
    Vector,
)
from gradiometer.proof.check_stride_terms import Scope, follow, times
from gradiometer.proof.check_stride_values import (
    Factor,
    Moved,
    Peak,
    Quotient,
    Square,
    Sum,
    Trail,
    Value,
    list_factors,
    to_number,
)

RATE = "learning_rate"


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
    numbers = {name: begun[name] for name in kept}
    opening = _follow_all(lines, kinds, begun, None)
    after = opening["x'"]
    if isinstance(after, Sum) and after.parts.keys() == {"x", "g"} and span[0] == 1:
        share = after.parts["g"]
        if after.parts["x"] == Factor(ONE) and share.degree == 1:
            plain = Plain(to_number(Factor(share.tree)))
            _require_counted(lines, Clock(2, span[1], _inline(kept, lines), numbers), kept)
            return plain
    clock = Clock(max(2, span[0]), span[1], _inline(kept, lines), numbers)
    known = _follow_all(lines, kinds, begun, clock)
    if clock.since > 2:
        _require_alike(lines, kinds, begun, known)
    moved = known["x'"]
    if not isinstance(moved, Moved):
        raise UndecidedError("a step is not the position and a quotient")
    if isinstance(moved.step, Trail):
        return read_echo(moved.step, known, opening, clock)
    return _read_quotient(moved.step, (known, opening), kinds, clock)


def _require_counted(lines: Lines, clock: Clock, kept: Mapping[str, Node]) -> None:
    """Return if all that reads only the step count has a value at each step.

    Raises:
        UndecidedError: If it may have none.
    """
    trees: dict[str, Node] = {"t": Name("t"), **{name: Name(name) for name in kept}}
    for target, tree in lines:
        if free_names(tree) <= trees.keys():
            trees[target] = substitute(tree, trees)
            clock.require_value(trees[target])


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
    clock = Clock(
        2, 2, {n: dict(_inline(kept, lines))[n] for n in kept}, {n: begun[n] for n in kept}
    )
    early = _follow_all(rows, kinds, begun, clock)
    for name, kind in kinds.items():
        if kind != "clock" and early[f"{name}'"] != known[f"{name}'"]:
            raise UndecidedError(f"`{name}` moves otherwise at first")


def _inline(kept: Mapping[str, Node], lines: Lines) -> dict[str, Node]:
    """What kept numbers become, in terms of themselves and of the step count."""
    rows: dict[str, Node] = {}
    for target, tree in lines:
        rows[target] = substitute(
            tree, {n: row for n, row in rows.items() if n in free_names(tree)}
        )
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
    takes, sums, name = read_entry(after)
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
        whole = add(tops.get(mean, Factor(ZERO)), times(gradient, Factor(number(shift[0][index]))))
        out[mean] = whole.tree
    direct = times(gradient, Factor(number(shift[1]))).tree
    old, new = _read_bottom(bottom, held, sums, clock)
    begin, first = _read_opening(
        opening, names, held, (memory.entry, takes), counts=clock.since <= 2
    )
    measure = Measure(keeps, takes, isinstance(bottom, Peak))
    return System(clock, memory, measure, out, direct, old, new, bottom.has_more, begin, first)


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
        new = add(new, share)
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
        takes, sums, _ = read_entry(opening[f"{held}'"])
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
    if not isinstance(moved, Moved) or not isinstance(moved.step, Quotient):
        raise UndecidedError("the first step is no quotient")
    if any(part.degree != 1 for part in moved.step.top.parts.values()):
        raise UndecidedError(f"the first step is not proportional to `{RATE}`")
    return entries, square_first(moved.step)

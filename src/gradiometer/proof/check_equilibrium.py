"""The memory that a rule comes to on a slope that never changes, and the climb from there.

Each part of the memory must be led by itself and by parts that are known already, in a way that
forgets where it began: `z' = c*z + r` with |c| < 1 comes to `r/(1 - c)`, and `z' = max(c*z, r)`
with 0 <= c < 1 and r > 0 comes to r. Powers such as `b^t` fade. What is computed from such limits
by continuous operations is the limit of what is computed on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    ONE,
    ZERO,
    Affine,
    Apply,
    Evaluator,
    Exact,
    Name,
    Node,
    apply,
    collapse,
    compare,
    compile_exact,
    evaluate,
    free_names,
    map_children,
    number,
    substitute,
    to_affine,
)
from gradiometer.proof.check_climb import shorten
from gradiometer.proof.check_drive import Drive
from gradiometer.proof.check_motion import split_factors
from gradiometer.proof.check_wedge import Wedge

_ZERO, _ONE = fmpq(0), fmpq(1)
_TWO = number(2)
_LONGEST_CLIMB = 12_000
_PATIENCE = 100
"""Steps without a farther position after which a climb is left."""
_CONTINUOUS = frozenset({"+", "-", "*", "/", "^", "neg", "sqrt", "abs", "max", "min", "clip"})


def find_equilibrium(drive: Drive, slope: fmpq) -> dict[str, Exact]:
    """The memory that every run comes to on that slope.

    Raises:
        UndecidedError: If it does not forget where it began, or not in a way seen here.
    """
    known: dict[str, Any] = {**drive.motion.values, "g": slope}
    waiting = _inline(drive)
    while waiting:
        ready = [row for row in waiting if free_names(row[1]) <= {*known, row[0].removesuffix("'")}]
        if not ready:
            raise UndecidedError("two parts of the memory lead each other")
        for target, tree in ready:
            name = target.removesuffix("'")
            known[name] = known[target] = _rest_of(name, tree, known)
            waiting.remove((target, tree))
    return {name: known[name] for name in drive.memory}


def _inline(drive: Drive) -> list[tuple[str, Node]]:
    """What each part of the memory becomes, without other names than those of the memory."""
    short: dict[str, Node] = {}
    kept = []
    for target, written in _settle_rows(drive)[:-1]:
        tree = substitute(written, short)
        if target.endswith("'") and target[:-1] in drive.memory:
            _require_continuous(tree)
            kept.append((target, tree))
        else:
            short[target] = tree
    return kept


def climb_from_equilibrium(drive: Drive, wedge: Wedge, *, is_whole: bool) -> tuple[Exact, int]:
    """The farthest position, and after how many steps of climbing, in the limit of long run-ups.

    Args:
        drive: The rule.
        wedge: The slopes.
        is_whole: Whether the climb is followed until it is back; else until it has come no
            farther for many steps, which tells what runs come to at least.

    Raises:
        UndecidedError: If there is no such limit, or no run comes to it.
    """
    rows = _compile(drive)
    memory, push = _step(drive, rows, find_equilibrium(drive, wedge.fall), wedge.fall)
    here = drive.factor * wedge.kink + push
    best, best_index, is_over = here, 0, False
    for index in range(1, _LONGEST_CLIMB):
        if not is_whole and (index > best_index + _PATIENCE or _touches(here, wedge.kink)):
            return best, best_index
        order = compare(here, wedge.kink)
        if order < 0 or (order == 0 and not is_whole):
            return best, best_index
        # Runs may come back to either side of the kink where their limit comes back to it.
        is_over = is_over or order == 0
        memory, push = _step(drive, rows, memory, wedge.rise)
        memory = {name: shorten(value) for name, value in memory.items()}
        here = shorten(drive.factor * here + push)
        if compare(here, best) > 0:
            if is_over:
                raise UndecidedError("long run-ups may climb on where their limit does not")
            best, best_index = here, index
    raise UndecidedError("a run may climb for very long")


def _touches(here: Exact, kink: fmpq) -> bool:
    """Whether it is not certain on which side of the kink a position lies."""
    return not isinstance(here, fmpq) and bool(here.contains(kink))


def require_arrival(drive: Drive, wedge: Wedge) -> None:
    """Refuse where runs with the memory of long run-ups do not go on to the kink from anywhere.

    Raises:
        UndecidedError: If the last positions before the kink would lie past it.
    """
    memory = find_equilibrium(drive, wedge.fall)
    _, push = _step(drive, _compile(drive), memory, wedge.fall)
    if not 0 < drive.factor <= 1 or compare(push, (1 - drive.factor) * wedge.kink) <= 0:
        raise UndecidedError("the run may not go on to the kink")


def _compile(drive: Drive) -> list[tuple[str, Evaluator]]:
    """The assignments in the limit, ready to be evaluated."""
    rows = []
    for target, tree in _settle_rows(drive):
        _require_continuous(tree)
        rows.append((target, compile_exact(tree)))
    return rows


def _step(
    drive: Drive, rows: list[tuple[str, Evaluator]], memory: Mapping[str, Any], slope: fmpq
) -> tuple[dict[str, Any], Exact]:
    known: dict[str, Any] = {**drive.motion.values, **memory, "g": slope}
    for target, run in rows:
        known[target] = _finite(collapse(run(known)))
    return {name: known[f"{name}'"] for name in drive.memory}, known["x'"]


def _settle_rows(drive: Drive) -> list[tuple[str, Node]]:
    """The assignments for a step count without bound; means move by their least share."""
    rows = []
    for target, tree in drive.rows:
        mean = drive.motion.means.get(target[:-1]) if target.endswith("'") else None
        if mean is not None:
            entry = _fade(mean.entry, drive.motion.values)
            name = Name(target[:-1])
            base = apply("-", ONE, number(1 - mean.base))
            rows.append((target, apply("+", apply("*", base, name),
                                       apply("*", number(1 - mean.base), entry))))  # fmt: skip
        else:
            rows.append((target, _fade(tree, drive.motion.values)))
    return rows


def _fade(node: Node, values: Mapping[str, fmpq]) -> Node:
    """The tree with every `b^t` as 0, where b lies from 0 to below 1.

    Raises:
        UndecidedError: If it still counts steps.
    """
    faded = _without_powers(node, values)
    if "t" in free_names(faded):
        raise UndecidedError("the rule never stops counting its steps")
    return faded


def _without_powers(node: Node, values: Mapping[str, fmpq]) -> Node:
    if isinstance(node, Apply) and node.operator == "^" and "t" in free_names(node.arguments[1]):
        base, exponent = node.arguments
        counts = exponent == Name("t") or (
            isinstance(exponent, Apply)
            and exponent.operator in ("+", "-")
            and exponent.arguments[0] == Name("t")
            and "t" not in free_names(exponent.arguments[1])
        )
        if counts and free_names(base) <= values.keys():
            value = evaluate(base, values)
            if isinstance(value, fmpq) and 0 <= value < 1:
                return ZERO
    return map_children(node, lambda part: _without_powers(part, values))


def _require_continuous(node: Node) -> None:
    if isinstance(node, Apply):
        if node.operator not in _CONTINUOUS:
            raise UndecidedError("the rule jumps, so that its limit says nothing")
        for part in node.arguments:
            _require_continuous(part)


def _without_squares(node: Node) -> Node:
    """The tree with `sqrt(u)^2` as u, inside products too: the same wherever it has a value."""
    tree = map_children(node, _without_squares)
    if not (isinstance(tree, Apply) and tree.operator == "^" and tree.arguments[1] == _TWO):
        return tree
    over, under = (list(map(_square, part)) for part in split_factors(tree.arguments[0]))
    if not over or all(isinstance(part, Apply) and part.operator == "^" for part in over + under):
        return tree
    top = reduce(lambda left, right: apply("*", left, right), over)
    return reduce(lambda left, right: apply("/", left, right), under, top)


def _square(node: Node) -> Node:
    if isinstance(node, Apply) and node.operator == "sqrt":
        return node.arguments[0]
    return apply("^", node, _TWO)


def _value(tree: Node, known: Mapping[str, Any]) -> Exact:
    if not free_names(tree) <= known.keys():
        raise UndecidedError("two parts of the memory lead each other")
    return _finite(collapse(evaluate(tree, known)))


def _finite(value: Exact) -> Exact:
    if not (isinstance(value, fmpq) or value.is_finite()):
        raise UndecidedError("the rule has no value in the limit")
    return value


def _rest_of(name: str, tree: Node, known: Mapping[str, Any]) -> Exact:
    """Where one part of the memory comes to."""
    own = {name: Affine(_ZERO, {name: _ONE})}
    if isinstance(tree, Apply) and tree.operator == "max" and name not in free_names(
        tree.arguments[1]
    ):  # fmt: skip
        kept = to_affine(tree.arguments[0], own, known)
        new = _value(tree.arguments[1], known)
        factor = kept.coefficients.get(name, _ZERO)
        fades = compare(factor, _ZERO) >= 0 and compare(factor, _ONE) < 0
        if fades and kept.constant == 0 and compare(new, _ZERO) > 0:
            return new
        raise UndecidedError("a part of the memory does not forget where it began")
    form = to_affine(_without_squares(tree), own, known)
    factor = form.coefficients.get(name, _ZERO)
    if not (compare(factor, _ONE) < 0 and compare(factor, -_ONE) > 0):
        raise UndecidedError("a part of the memory does not forget where it began")
    return collapse(form.constant / (1 - factor))

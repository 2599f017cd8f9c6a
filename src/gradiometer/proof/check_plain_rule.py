"""A rule without what does not count for its longest step: decay, copies, pauses.

Over all gradients a decay that is added to the gradient changes nothing: `g + c*x` may be any
number wherever the position is. A decay of the position by itself is split off: what is bounded is
`x' - (1 - rate*c)*x`. Two states that begin alike and move alike are one. A rule that stays as it
is where the gradient is 0 makes steps as if these gradients had not been. If it reads the count,
which goes on, this is as if all of them had come first, which leaves states at 0 as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TypeAlias

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Apply,
    Exact,
    Name,
    Node,
    Number,
    apply,
    compare,
    differentiate,
    free_names,
    map_children,
    number,
    settle_conditions,
    substitute,
    tidy,
    walk,
)
from gradiometer.proof.check_total import is_total

ZERO, ONE = fmpq(0), fmpq(1)
RATE = "learning_rate"
Lines: TypeAlias = "list[tuple[str, Node]]"

_IDLE = apply("==", Name("g"), Number(ZERO))


def make_plain(
    lines: Sequence[tuple[str, Node]], states: Mapping[str, Exact]
) -> tuple[Lines, fmpq]:
    """The lines of a plain rule, and how fast the position decays by itself, over the rate.

    Args:
        lines: The assignments, with numbers for all parameters but the rate.
        states: The first values of what is remembered.
    """
    rows = _drop_pauses(_settle(lines), states)
    return _split_decay(_free_gradient(_join_twins(rows, states)))


def keep_gradient(
    lines: Sequence[tuple[str, Node]], states: Mapping[str, Exact]
) -> tuple[Lines, fmpq]:
    """The same where gradients are those of a landscape, and none of them is left out."""
    return _split_decay(_join_twins(_settle(lines), states))


def _settle(lines: Sequence[tuple[str, Node]]) -> Lines:
    return [(target, _drop_powers(settle_conditions(tree, {}))) for target, tree in lines]


def _drop_powers(tree: Node) -> Node:
    """The tree where `0^t` and `0^(t + 1)` are 0: the step count starts at 1."""
    tree = map_children(tree, _drop_powers)
    if not (isinstance(tree, Apply) and tree.operator == "^" and tree.arguments[0] == Number(ZERO)):
        return tree
    later = apply("+", Name("t"), Number(ONE))
    return Number(ZERO) if tree.arguments[1] in (Name("t"), later) else tree


def _drop_pauses(rows: Lines, states: Mapping[str, Exact]) -> Lines:
    """The lines without the condition that the gradient is not 0, if all of them have it."""
    conditions = [part.arguments[0] for _, tree in rows for part in walk(tree)
                  if isinstance(part, Apply) and part.operator == "where"]  # fmt: skip
    if any("t" in free_names(condition) for condition in conditions):
        # A first step that is a pause would make the second one the first.
        return rows
    found: list[tuple[str, Node]] = []
    for target, tree in rows:
        if target == "x'":
            inner = map_children(tree, lambda part: _after_pause(part, Number(ZERO)))
        elif target.endswith("'"):
            inner = _after_pause(tree, Name(target[:-1]))
        else:
            found.append((target, tree))
            continue
        if inner == tree:
            return rows
        found.append((target, inner))
    is_lasting = not any("t" in free_names(tree) for _, tree in found) or _stays_empty(
        found, states
    )
    return found if states and is_lasting else rows


def _stays_empty(rows: Lines, states: Mapping[str, Exact]) -> bool:
    """Whether all states begin at 0, stay there without gradients, and never read the count."""
    begun = dict.fromkeys(states, Number(ZERO))
    inner: dict[str, Node] = {}
    for target, tree in rows:
        whole = substitute(tree, inner)
        still = tidy(substitute(whole, {**begun, "g": Number(ZERO)}))
        if target == "x'":
            continue
        if target.endswith("'") and ("t" in free_names(whole) or still != Number(ZERO)):
            return False
        inner[target] = whole
    return all(compare(value, ZERO) == 0 for value in states.values())


def _after_pause(tree: Node, stays: Node) -> Node:
    is_paused = isinstance(tree, Apply) and tree.operator == "where"
    if isinstance(tree, Apply) and is_paused and tree.arguments[:2] == (_IDLE, stays):
        return tree.arguments[2]
    return tree


def _join_twins(rows: Lines, states: Mapping[str, Exact]) -> Lines:
    """The lines where each state stands for all that are always equal to it."""
    for one, other in combinations(states, 2):
        trees = dict(rows)
        if {f"{one}'", f"{other}'"} <= trees.keys() and compare(states[one], states[other]) == 0:
            same: dict[str, Node] = {other: Name(one), f"{other}'": Name(f"{one}'")}
            joined = [(target, _fuse(substitute(tree, same))) for target, tree in rows]
            after = dict(joined)
            if after[f"{one}'"] == after[f"{other}'"]:
                rest = [row for row in joined if row[0] != f"{other}'"]
                # What reads the second one now reads the first, which must stand above.
                if _is_ordered(rest):
                    return _join_twins(rest, {n: v for n, v in states.items() if n != other})
    return rows


def _is_ordered(rows: Lines) -> bool:
    """Whether no line reads what a later one assigns."""
    later = {target for target, _ in rows}
    for target, tree in rows:
        if free_names(tree) & later:
            return False
        later.discard(target)
    return True


def _fuse(tree: Node) -> Node:
    """The tree where the least or largest of equal parts is one of them."""
    tree = map_children(tree, _fuse)
    if isinstance(tree, Apply) and tree.operator in ("min", "max") and len({*tree.arguments}) == 1:
        return tree.arguments[0]
    return tree


def _free_gradient(rows: Lines) -> Lines:
    """The lines where a gradient with a decay is a gradient, if nothing reads another one."""
    for index, (target, tree) in enumerate(rows):
        if target.endswith("'") or free_names(tree) != {"g", "x"}:
            continue
        share, decay = _slope(tree, "g"), _slope(tree, "x")
        others = rows[:index] + rows[index + 1 :]
        is_alone = not any("g" in free_names(row) for _, row in others)
        starts = tidy(substitute(tree, {"g": Number(ZERO), "x": Number(ZERO)}))
        if share and decay is not None and starts == Number(ZERO) and is_alone:
            fresh: Node = Name("g") if share == 1 else apply("*", number(share), Name("g"))
            return [*rows[:index], (target, fresh), *rows[index + 1 :]]
    return rows


def _slope(tree: Node, name: str) -> fmpq | None:
    """The slope of a tree in a name, where it is a number."""
    try:
        slope = differentiate(tree, name)
    except UndecidedError:
        return None
    return slope.value if isinstance(slope, Number) else None


def _split_decay(rows: Lines) -> tuple[Lines, fmpq]:
    """The lines whose position stays but for its step, and the decay over the rate."""
    near = {target: tree for target, tree in rows
            if not target.endswith("'") and "x" in free_names(tree)}  # fmt: skip
    for target, tree in near.items():
        near[target] = substitute(tree, near)
    plain = [(target, substitute(tree, near)) for target, tree in rows if target not in near]
    moved = dict(plain)["x'"]
    is_read = any({"x", "x'"} & free_names(tree) for target, tree in plain if target != "x'")
    if is_read or not all(map(is_total, near.values())):
        return rows, ZERO
    try:
        kept = differentiate(moved, "x")
    except UndecidedError:
        return rows, ZERO
    decay = _slope(kept, RATE)
    begins = tidy(substitute(kept, {RATE: Number(ZERO)}))
    is_plain = isinstance(moved, Apply) and moved.arguments[0] == Name("x")
    if (kept == Number(ONE) and is_plain) or decay is None or begins != Number(ONE):
        return rows, ZERO
    step = tidy(substitute(moved, {"x": Number(ZERO)}))
    after = apply("+", Name("x"), step)
    return [(t, after if t == "x'" else tree) for t, tree in plain], -decay

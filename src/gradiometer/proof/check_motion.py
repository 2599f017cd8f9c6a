"""A rule as it is from some step on, with running means freed of their bias.

A mean `z' = b*z + (1 - b)*e` that starts at 0 is `(1 - b^t)` times a weighted mean of all `e`.
That mean `w = z/(1 - b^t)` moves from w to `(1 - k)*w + k*e` with `k = (1 - b)/(1 - b^t)`: it stays
between the values of `e` from the first step on, however slowly `b^t` fades. Rules that divide by
`1 - b^t` read w itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, final

from flint import fmpq

from gradiometer.formula import (
    ONE,
    Apply,
    Name,
    Node,
    Number,
    apply,
    free_names,
    map_children,
    substitute,
    walk,
)
from gradiometer.proof.check_total import has_value
from gradiometer.proof.check_walk import Replay

_ZERO, _ONE = fmpq(0), fmpq(1)


@final
@dataclass(frozen=True)
class Mean:
    """A running mean without its bias."""

    base: fmpq
    """What it keeps of itself in the long run, between 0 and 1."""
    entry: Node
    """What enters it at each step."""


@final
@dataclass(frozen=True)
class Motion:
    """The rule for all steps after the first ones."""

    done: int
    """How many steps were made before."""
    step: tuple[tuple[str, Node], ...]
    means: Mapping[str, Mean]
    """By the name of the state: those that stand for themselves divided by `1 - base^t`."""
    memory: tuple[str, ...]
    """The parts of the state, besides the position, that the position ever reads."""
    values: Mapping[str, fmpq]

    def convert(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """The state after *done* steps as this motion counts it."""
        found = {name: state[name] for name in ("x", *self.memory)}
        for name, mean in self.means.items():
            found[name] = found[name] / (1 - mean.base**self.done)
        return found

    @property
    def reads_position(self) -> bool:
        """Whether more than `x' = x + …` reads the position, be it the old or the new one."""
        trees = [*(tree for _, tree in self.step), *(mean.entry for mean in self.means.values())]
        places = sum(_count(tree, name) for tree in trees for name in ("x", "x'"))
        return places != 1 or not _adds_stride(dict(self.step)["x'"])


@lru_cache(maxsize=64)
def read_motion(replay: Replay, done: int, *, corrected_only: bool = False) -> Motion:
    """The rule of a problem from that number of done steps on.

    Args:
        replay: The problem.
        done: The number of steps.
        corrected_only: Whether means whose powers the rule never reads stay as they are.
    """
    values = {**replay.values, **replay.rates.resting(done)}
    step = _inline(replay.live_step(done), values, done)
    memory = tuple(name for name in replay.state if f"{name}'" in dict(step))
    means = {}
    for name in memory if done > 0 else ():
        mean = read_mean(name, dict(step)[f"{name}'"], values)
        if mean is not None and replay.state[name] == Number(_ZERO):
            means[name] = mean
    if not _any_corrected(step):
        means = {}
    if corrected_only:
        means = {n: row for n, row in means.items() if _reads_power(step, row[0])}
    rows, found = [], {}
    for target, tree in step:
        if target[:-1] in means and target.endswith("'"):
            name = target[:-1]
            entry = _unbiased(means[name][1].entry, means)
            found[name] = Mean(means[name][1].base, entry)
            rows.append((target, Name(name)))
        else:
            rows.append((target, _unbiased(tree, means)))
    return Motion(done, tuple(rows), found, memory, values)


def _inline(
    step: list[tuple[str, Node]], values: Mapping[str, fmpq], done: int
) -> list[tuple[str, Node]]:
    """The assignments without those that only rename, or that only read parameters and t.

    One of these that may have no value at a later step stays, so that it is looked at.
    """
    short: dict[str, Node] = {}
    kept = []
    for target, written in step:
        tree = _fold(substitute(written, short), values)
        given = free_names(tree) <= {*values, "t"}
        if not target.endswith("'") and (isinstance(tree, Name) or given):
            short[target] = tree
            if has_value(tree, values, done):
                continue
        kept.append((target, tree))
    return kept


def _any_corrected(step: list[tuple[str, Node]]) -> bool:
    """Whether the rule reads the step count at all: without it nothing is divided by `1 - b^t`."""
    return any("t" in free_names(tree) for _, tree in step)


def _reads_power(step: list[tuple[str, Node]], base: Node) -> bool:
    """Whether some `base^t`, `base^(t + 1)` and so on occurs."""
    return any(
        isinstance(part, Apply)
        and part.operator == "^"
        and part.arguments[0] == base
        and "t" in free_names(part.arguments[1])
        for _, tree in step
        for part in walk(tree)
    )


def _fold(node: Node, values: Mapping[str, fmpq]) -> Node:
    """The tree without what a factor of 0 or 1 decides; `0^t` is 0, since t counts from 1."""
    node = map_children(node, lambda part: _fold(part, values))
    if not isinstance(node, Apply) or len(node.arguments) != 2:
        return node
    left, right = node.arguments
    before, after = _value(left, values), _value(right, values)
    if node.operator == "^" and right == Name("t") and before == 0:
        return Number(_ZERO)
    if node.operator == "*" and 0 in (before, after):
        other = right if before == 0 else left
        return Number(_ZERO) if _is_total(other) else node
    if node.operator == "*" and 1 in (before, after):
        return right if before == 1 else left
    if node.operator in ("+", "-") and after == 0:
        return left
    if node.operator in ("+", "-") and isinstance(left, Name):
        over, under = split_factors(right)
        if over.count(left) == 1 and len(over) > 1:
            # x - x*c as x*(1 - c): a range of x then shrinks instead of meeting its other end.
            over.remove(left)
            return apply("*", left, apply(node.operator, ONE, _join(over, under)))
    return right if node.operator == "+" and before == 0 else node


def _is_total(node: Node) -> bool:
    """Whether the tree certainly has a value, whatever its names are."""
    if not isinstance(node, Apply):
        return True
    return node.operator in ("+", "-", "*", "neg", "abs") and all(map(_is_total, node.arguments))


def _value(node: Node, values: Mapping[str, fmpq]) -> fmpq | None:
    if isinstance(node, Number):
        return node.value
    return values.get(node.name) if isinstance(node, Name) else None


def read_mean(name: str, tree: Node, values: Mapping[str, fmpq]) -> tuple[Node, Mean] | None:
    """The base as it is written and the mean, where the tree is `b*z + (1 - b)*e`."""
    if not (isinstance(tree, Apply) and tree.operator == "+"):
        return None
    left, right = tree.arguments
    if not (isinstance(left, Apply) and left.operator == "*" and left.arguments[1] == Name(name)):
        return None
    base = left.arguments[0]
    value = _value(base, values)
    if value is None or not 0 < value < 1:
        return None
    if not (isinstance(right, Apply) and right.operator == "*"):
        return None
    if right.arguments[0] != apply("-", ONE, base) or name in free_names(right.arguments[1]):
        return None
    return base, Mean(value, right.arguments[1])


def _unbiased(node: Node, means: Mapping[str, tuple[Node, Mean]]) -> Node:
    """The tree in terms of the means without bias."""
    over, under = split_factors(node)
    parts = len(over) + len(under)
    for name, (base, _) in means.items():
        rest = apply("-", ONE, apply("^", base, Name("t")))
        if Name(f"{name}'") in over and rest in under:
            over[over.index(Name(f"{name}'"))] = Name(f"{name}' ")
            under.remove(rest)
        before = apply("-", ONE, apply("^", base, apply("-", Name("t"), ONE)))
        if Name(name) in over and before in under:
            # A space marks the mean without bias.
            over[over.index(Name(name))] = Name(f"{name} ")
            under.remove(before)
        root = apply("sqrt", rest)
        ends = [part for part in under if _is_damped_root(part, name)]
        if root in over and ends:
            # sqrt(r)/(sqrt(r*w) + e) = 1/(sqrt(w) + e/sqrt(r)).
            over.remove(root)
            damped = ends[0]
            assert isinstance(damped, Apply)
            new = apply(
                "+", apply("sqrt", Name(f"{name}' ")), apply("/", damped.arguments[1], root)
            )
            under[under.index(damped)] = new
    if parts > 1:
        return _join([_unbiased(p, means) for p in over], [_unbiased(p, means) for p in under])
    node = map_children(node, lambda part: _unbiased(part, means))
    return _biased_names(node, means)


def _is_damped_root(node: Node, name: str) -> bool:
    if not (isinstance(node, Apply) and node.operator == "+"):
        return False
    return node.arguments[0] == apply("sqrt", Name(f"{name}'"))


def _biased_names(node: Node, means: Mapping[str, tuple[Node, Mean]]) -> Node:
    """A name that still stands for the biased mean, as the other one times its factor."""
    if not isinstance(node, Name):
        return node
    if node.name.endswith(" "):
        return Name(node.name[:-1])
    # Of two primes only the last one marks a new value: `m''` is another name than `m'`.
    name = node.name.removesuffix("'")
    if name not in means:
        return node
    count = Name("t") if node.name.endswith("'") else apply("-", Name("t"), ONE)
    rest = apply("-", ONE, apply("^", means[name][0], count))
    return apply("*", rest, node)


def split_factors(node: Node) -> tuple[list[Node], list[Node]]:
    """What a product of quotients multiplies and what it divides by."""
    if isinstance(node, Apply) and node.operator in ("*", "/"):
        over, under = split_factors(node.arguments[0])
        more, less = split_factors(node.arguments[1])
        if node.operator == "/":
            more, less = less, more
        return over + more, under + less
    return [node], []


def _join(over: list[Node], under: list[Node]) -> Node:
    top: Node = over[0] if over else ONE
    for part in over[1:]:
        top = apply("*", top, part)
    for part in under:
        top = apply("/", top, part)
    return top


def _count(node: Node, name: str) -> int:
    if isinstance(node, Apply):
        return sum(_count(part, name) for part in node.arguments)
    return int(node == Name(name))


def _adds_stride(tree: Node) -> bool:
    if not (isinstance(tree, Apply) and tree.operator in ("+", "-")):
        return False
    left, right = tree.arguments
    return left == Name("x") or (tree.operator == "+" and right == Name("x"))

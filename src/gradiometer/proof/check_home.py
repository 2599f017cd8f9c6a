"""A rule as `x' = x - r*S` with a rate r, where S points home as soon as slopes have for a while.

What leads is one number A of each step: the slope, or the slope and a pull of the weights. A memory
follows it where it moves from z to `b*z + e` with `0 <= b < 1` and e has the sign of A; a size does
where e is positive unless A is 0. Signs pass on through sums, positive factors, divisors that stay
bounded, odd functions, and clips around 0: where A stays away from 0 on one side, so does S from
some number of steps on. If A was at least s > 0 for n steps, a memory is above
`(1 - b^n)*h - b^n*Z`, with h what the least e comes to, and Z its greatest size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    ZERO,
    Apply,
    Exact,
    Name,
    Node,
    Number,
    Range,
    apply,
    compare,
    differentiate,
    evaluate_range,
    free_names,
    is_zero,
    map_children,
    substitute,
    walk,
)
from gradiometer.proof.check_motion import Motion

RATE = "learning_rate"
LEAD = Name("lead ")
"""What leads, in the trees of a drive; a name that no text can write."""
_HERE, _SLOPE = Name("x"), Name("g")
_ZERO, _ONE = fmpq(0), fmpq(1)
_LINEAR = {"+", "-", "*", "/", "neg"}
_ODD = {"sign", "tanh", "atan", "sinh"}
"""Functions with the sign of their argument, and away from 0 where it is."""


@final
@dataclass(frozen=True)
class Part:
    """A memory that follows what leads."""

    name: str
    keeps: fmpq
    """What it keeps of itself at each step, at most."""
    entry: Node
    gain: fmpq
    """How many times a steady entry it comes to be."""
    is_size: bool
    """Whether it is a memory of sizes."""
    is_peak: bool = False
    """Whether it is the largest entry so far."""


@final
@dataclass(frozen=True)
class Drive:
    """What a rule takes off the position at a rate of 1."""

    stride: Node
    """S."""
    lead: Node
    """A, in terms of the slope `g` and the position."""
    parts: tuple[Part, ...]
    """Sizes first."""
    rows: tuple[Node, ...]
    """Every assignment of a step, which must have a value."""
    known: Mapping[str, Range]
    """Where everything lies that no state changes."""


def list_drives(motion: Motion, known: Mapping[str, Range]) -> Iterator[Drive]:
    """The ways to read a rule so.

    Args:
        motion: The rule from some step on.
        known: Where everything lies that no state changes.

    Raises:
        UndecidedError: If it steps in no proportion to its rate.
    """
    rows, others = _inline(motion)
    here = rows.pop("x'")
    others = [*others, here, *(row for name, row in rows.items() if name[:-1] not in motion.means)]
    share = differentiate(here, RATE)
    still = apply("-", substitute(here, {RATE: ZERO}), _HERE)
    if not _is_linear(here, RATE) or any(RATE in free_names(t) for t in (share, *rows.values())):
        raise UndecidedError("its steps are not in proportion to the rate")
    if not is_zero(still):
        raise UndecidedError("it moves at a rate of 0")
    stride = _opposite(share)
    entries = {name: mean.entry for name, mean in motion.means.items()}
    trees = [stride, *rows.values(), *entries.values()]
    steady = {name: span for name, span in known.items() if name not in (RATE, "loss")}
    for lead in _list_leads(trees, frozenset(motion.values)):
        told = [_replace(tree, lead) for tree in trees]
        if any("g" in free_names(tree) for tree in told):
            continue
        new = dict(zip(rows, told[1 : len(rows) + 1], strict=True))
        means = dict(zip(entries, told[len(rows) + 1 :], strict=True))
        try:
            parts = tuple(_read_part(name, new, means, motion) for name in motion.memory
                          if f"{name}'" in new)  # fmt: skip
        except UndecidedError:
            continue
        ordered = (*(p for p in parts if p.is_size), *(p for p in parts if not p.is_size))
        yield Drive(told[0], lead, ordered, tuple(_replace(tree, lead) for tree in others), steady)


def _inline(motion: Motion) -> tuple[dict[str, Node], list[Node]]:
    """The assignments of the state without names that only stand for a part of a step, and these.

    What nothing reads is among the latter, too: it may have no value.
    """
    short: dict[str, Node] = {}
    kept: dict[str, Node] = {}
    read = frozenset().union(*(free_names(tree) for _, tree in motion.step))
    for target, written in motion.step:
        tree = substitute(written, short)
        is_state = target.endswith("'") and target[:-1] in ("x", *motion.memory)
        if is_state and (target == "x'" or target[:-1] in motion.means or target[:-1] in read):
            kept[target] = tree
        else:
            short[target] = tree
    return kept, list(short.values())


def _is_linear(tree: Node, name: str) -> bool:
    """Whether a name occurs in sums and products alone, and in no divisor."""
    if not isinstance(tree, Apply) or name not in free_names(tree):
        return True
    divides = tree.operator == "/" and name in free_names(tree.arguments[1])
    inner = all(_is_linear(part, name) for part in tree.arguments)
    return tree.operator in _LINEAR and not divides and inner


def _opposite(tree: Node) -> Node:
    if isinstance(tree, Apply) and tree.operator == "neg":
        return tree.arguments[0]
    return apply("neg", tree)


def _list_leads(trees: Sequence[Node], values: frozenset[str]) -> list[Node]:
    """The slope, then parts of the trees in slope and position, then the whole stride."""
    mixed = [
        part
        for tree in trees
        for part in walk(tree)
        if isinstance(part, Apply)
        and part.operator in ("+", "-")
        and {"g", "x"} <= free_names(part) <= {"g", "x", *values}
    ]
    whole = [trees[0]] if {"g"} <= free_names(trees[0]) <= {"g", "x", *values} else []
    return list(dict.fromkeys([_SLOPE, *mixed, *whole]))


def _replace(tree: Node, lead: Node) -> Node:
    return LEAD if tree == lead else map_children(tree, lambda part: _replace(part, lead))


def _read_part(
    name: str, new: Mapping[str, Node], means: Mapping[str, Node], motion: Motion
) -> Part:
    """How a memory follows.

    Raises:
        UndecidedError: If it does not.
    """
    if name in means:
        entry = means[name]
        return Part(name, motion.means[name].base, entry, _ONE, _is_even(entry))
    row = new[f"{name}'"]
    if isinstance(row, Apply) and row.operator == "max" and Name(name) in row.arguments:
        others = [part for part in row.arguments if part != Name(name)]
        if len(others) != 1 or name in free_names(others[0]):
            raise UndecidedError("a memory follows in no known way")
        return Part(name, _ONE, others[0], _ONE, is_size=True, is_peak=True)
    share = differentiate(row, name)
    if not _is_linear(row, name) or not free_names(share) <= motion.values.keys():
        raise UndecidedError("a memory follows in no known way")
    fixed = {n: Range(value, value) for n, value in motion.values.items()}
    keeps = evaluate_range(share, fixed).lower
    if not isinstance(keeps, fmpq) or not 0 <= keeps < 1:
        raise UndecidedError("a memory does not fade")
    entry = _simplify(substitute(row, {name: ZERO}))
    return Part(name, keeps, entry, 1 / (1 - keeps), _is_even(entry))


def _simplify(tree: Node) -> Node:
    """The tree without sums with 0 and products by 0 of what has a value anyway."""
    tree = map_children(tree, _simplify)
    if not isinstance(tree, Apply) or len(tree.arguments) != 2:
        return tree
    left, right = tree.arguments
    if tree.operator == "*" and ZERO in (left, right):
        other = right if left == ZERO else left
        return ZERO if not isinstance(other, Apply) else tree
    if tree.operator in ("+", "-") and right == ZERO:
        return left
    if tree.operator == "+" and left == ZERO:
        return right
    return apply("neg", right) if tree.operator == "-" and left == ZERO else tree


def _is_even(entry: Node) -> bool:
    """Whether what leads enters by its size alone."""
    if entry == LEAD:
        return False
    if isinstance(entry, Apply) and entry.operator in ("abs", "^"):
        return entry.operator == "abs" or entry.arguments[1] == Number(fmpq(2))
    return isinstance(entry, Apply) and any(_is_even(part) for part in entry.arguments)


@final
@dataclass(frozen=True)
class Reading:
    """Which trees of a drive point home, or are positive, where what leads stays away from 0."""

    drive: Drive
    spans: Mapping[str, Range]
    """Where everything in its trees lies at all steps to come."""
    from_zero: bool
    """Whether the point of rest is 0, so that positions have the sign of what leads."""

    def require(self) -> None:
        """Return where each memory follows and S points home.

        Raises:
            UndecidedError: If one may not.
        """
        for part in self.drive.parts:
            if not (self.is_positive(part.entry) if part.is_size else self.turn(part.entry) == 1):
                raise UndecidedError(f"the memory `{part.name}` may not follow the slopes")
        if self.turn(self.drive.stride) != 1:
            raise UndecidedError("a step may lead away from where slopes point")

    def turn(self, tree: Node) -> int:
        """1 or -1 where a tree has, or has not, the sign of what leads, and stays away from 0."""
        if isinstance(tree, Name):
            follows = {p.name for p in self.drive.parts if not p.is_size}
            with_sign = tree == LEAD or tree.name.removesuffix("'") in follows
            return int(with_sign or (tree == _HERE and self.from_zero))
        if not isinstance(tree, Apply):
            return 0
        operator, parts = tree.operator, tree.arguments
        if operator == "neg":
            return -self.turn(parts[0])
        if operator in ("+", "-"):
            return self._turn_of_sum(parts[0], parts[1], 1 if operator == "+" else -1)
        if operator == "*":
            for factor, other in (parts, parts[::-1]):
                if self.is_positive(factor):
                    return self.turn(other)
                if self.is_positive(apply("neg", factor)):
                    return -self.turn(other)
            return 0
        if operator == "/":
            bounded = self.is_positive(parts[1]) and self._span(parts[1]).upper is not None
            return self.turn(parts[0]) if bounded else 0
        if operator in _ODD:
            return self.turn(parts[0])
        if operator == "clip":
            below, above = (self._span(end) for end in parts[1:])
            return self.turn(parts[0]) if below.is_negative() and above.is_positive() else 0
        return 0

    def _turn_of_sum(self, left: Node, right: Node, sign: int) -> int:
        one, other = self.turn(left), sign * self.turn(right)
        if one == other or right == ZERO:
            return one
        if left == ZERO:
            return other
        # A sign is 1 in size: it wins over what is smaller wherever the run goes.
        for way, tree in ((one, left), (other, right)):
            rest = right if tree is left else left
            size = self._size_of_sign(tree)
            if way and size is not None:
                span = self._span(rest)
                if _is_above(span.lower, -size) and _is_above(_minus(span.upper), -size):
                    return way
        return 0

    def _size_of_sign(self, tree: Node) -> Exact | None:
        """The least size of a sign times positive numbers."""
        if isinstance(tree, Apply) and tree.operator == "neg":
            return self._size_of_sign(tree.arguments[0])
        if isinstance(tree, Apply) and tree.operator == "sign":
            return _ONE
        return None

    def is_positive(self, tree: Node) -> bool:
        """Whether a tree is above 0, and away from it, where what leads is away from 0."""
        if not isinstance(tree, Name) and free_names(tree) <= self.drive.known.keys():
            return self._span(tree).is_positive()
        if isinstance(tree, Name):
            sizes = {f"{p.name}'" for p in self.drive.parts if p.is_size}
            return tree.name in sizes or self._span(tree).is_positive()
        assert isinstance(tree, Apply)
        operator, parts = tree.operator, tree.arguments
        if operator in ("^", "abs"):
            even = operator == "abs" or parts[1] == Number(fmpq(2))
            if even and self.turn(parts[0]):
                return True
            return operator == "^" and self._is_power(parts[0], parts[1])
        if operator == "sqrt":
            return self.is_positive(parts[0])
        if operator == "+":
            return any(
                self.is_positive(one) and _is_above(self._span(other).lower, _ZERO, closed=True)
                for one, other in (parts, parts[::-1])
            )
        if operator == "*":
            return all(map(self.is_positive, parts))
        if operator == "/":
            bounded = self._span(parts[1]).upper is not None
            return all(map(self.is_positive, parts)) and bounded
        return operator == "max" and any(map(self.is_positive, parts))

    def _is_power(self, base: Node, exponent: Node) -> bool:
        fixed = free_names(exponent) <= self.drive.known.keys()
        return fixed and self._span(exponent).is_positive() and self.is_positive(base)

    def _span(self, tree: Node) -> Range:
        return range_over(tree, self.spans)


def range_over(tree: Node, spans: Mapping[str, Range]) -> Range:
    """Where a tree lies.

    Raises:
        UndecidedError: If it names something else, or may have no value.
    """
    if not free_names(tree) <= spans.keys():
        raise UndecidedError("a part of the rule reads what is not known")
    try:
        return evaluate_range(tree, spans)
    except GradiometerError as error:
        raise UndecidedError(error.problem.rstrip(".")) from None


def _is_above(end: Exact | None, bound: Exact, *, closed: bool = False) -> bool:
    if end is None:
        return False
    order = compare(end, bound)
    return order > 0 or (closed and order == 0)


def _minus(end: Exact | None) -> Exact | None:
    return None if end is None else -end

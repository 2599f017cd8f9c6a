"""One step of a rule as a sum of gradients over what measures them, with factors that read `t`.

As in `check_gain`, values are followed through the assignments for all steps at once; here factors
may be any formulas in the step count, sums may hold several means, and what measures gradients is
the root of a sum of squares, or the largest gradient of late. All is in terms of what the rule
remembered before the step and of the gradient of the step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    ONE,
    ZERO,
    Apply,
    Name,
    Node,
    Number,
    apply,
    free_names,
    substitute,
    tidy,
    to_text,
)
from gradiometer.proof.check_stride_values import (
    Factor,
    Moved,
    Peak,
    Quotient,
    Root,
    Share,
    Size,
    Square,
    Sum,
    Trail,
    Value,
    list_factors,
)


@final
@dataclass(frozen=True)
class Scope:
    """What names stand for, how conditions on the step count are decided, what must not be < 0."""

    known: Mapping[str, Value]
    decide: Callable[[Node], bool]
    signs: list[Node]


def follow(node: Node, scope: Scope) -> Value:
    """The value of a formula.

    Raises:
        UndecidedError: If it has another shape.
    """
    if isinstance(node, Name) and node.name in scope.known:
        return scope.known[node.name]
    given = _follow_given(node, scope)
    if given is not None:
        return given
    if not isinstance(node, Apply):
        raise _strange(node)
    if node.operator == "where":
        return _follow_branch(node, scope)
    values = [follow(argument, scope) for argument in node.arguments]
    run = _RULES.get(node.operator)
    found = None if run is None else run(*values, scope.signs)
    if found is None:
        raise _strange(node)
    return found


def _strange(node: Node) -> UndecidedError:
    text = to_text(node)
    shown = text if len(text) <= 60 else f"{text[:59]}…"
    return UndecidedError(f"`{shown}` is no sum of gradients over a measure of gradients")


def _follow_given(node: Node, scope: Scope) -> Factor | None:
    """The value where nothing but the step count is read."""
    trees: dict[str, Node] = {}
    for name in free_names(node):
        value = scope.known.get(name)
        if not isinstance(value, Factor) or value.degree:
            return None
        trees[name] = value.tree
    return Factor(tidy(_settle(substitute(node, trees), scope)))


def _settle(node: Node, scope: Scope) -> Node:
    """The tree of the branches that are taken."""
    if not isinstance(node, Apply):
        return node
    if node.operator == "where":
        chosen = node.arguments[1 if scope.decide(node.arguments[0]) else 2]
        return _settle(chosen, scope)
    return apply(node.operator, *(_settle(part, scope) for part in node.arguments))


def _follow_branch(node: Apply, scope: Scope) -> Value:
    """The branch that is taken; a quotient that is 0 where nothing measures is that quotient."""
    condition, inner, outer = node.arguments
    given = _follow_given(condition, scope)
    if given is not None:
        return follow(inner if scope.decide(given.tree) else outer, scope)
    if isinstance(condition, Apply) and condition.operator == ">":
        measure, zero = (follow(part, scope) for part in condition.arguments)
        found = follow(inner, scope)
        nothing = [value for value in (zero, follow(outer, scope)) if value == Factor(ZERO)]
        if len(nothing) == 2 and isinstance(found, Quotient) and _measures_last(measure):
            return found
    raise _strange(node)


def _measures_last(value: Value) -> bool:
    """Whether a measure is above 0 for almost all gradients, whatever came before."""
    if isinstance(value, Peak):
        return value.entry is not None and bool(value.entry.parts)
    return isinstance(value, Square) and any(entry.parts for _, entry in value.entries)


def times(one: Factor, other: Factor) -> Factor:
    """The product of two factors."""
    return Factor(tidy(apply("*", one.tree, other.tree)), one.degree + other.degree)


def over(one: Factor, other: Factor) -> Factor:
    """The quotient of two factors."""
    return Factor(tidy(apply("/", one.tree, other.tree)), one.degree - other.degree)


def _plus(one: Factor, other: Factor) -> Factor | None:
    if one.is_zero or other.is_zero:
        return other if one.is_zero else one
    if one.degree != other.degree:
        return None
    return Factor(tidy(apply("+", one.tree, other.tree)), one.degree)


def _join(one: Mapping[str, Factor], other: Mapping[str, Factor]) -> dict[str, Factor] | None:
    found: dict[str, Factor] = {}
    for name in sorted({*one, *other}):
        total = _plus(one.get(name, Factor(ZERO)), other.get(name, Factor(ZERO)))
        if total is None:
            return None
        if not total.is_zero:
            found[name] = total
    return found


def _scale_all(factor: Factor, parts: Mapping[str, Factor]) -> dict[str, Factor]:
    return {name: times(factor, part) for name, part in parts.items()}


def scale(factor: Factor, value: Value, signs: list[Node]) -> Value | None:
    """A value times a factor."""
    if isinstance(value, Factor):
        return times(factor, value)
    if factor.is_zero:
        # What may have no value is not nothing.
        has_value = all(isinstance(part.tree, Number) for part in list_factors(value))
        return factor if has_value and isinstance(value, Sum | Square | Peak | Trail) else None
    if isinstance(value, Sum):
        return Sum(_scale_all(factor, value.parts))
    if isinstance(value, Quotient):
        return replace(value, top=Sum(_scale_all(factor, value.top.parts)))
    if isinstance(value, Trail):
        entry = value.entry
        if entry is not None:
            entry = replace(entry, top=Sum(_scale_all(factor, entry.top.parts)))
        return Trail(_scale_all(factor, value.means), entry)
    if isinstance(value, Share):
        return replace(value, factor=times(factor, value.factor))
    if isinstance(value, Moved):
        return None
    # What measures gradients stays a measure only times a factor that is not negative.
    signs.append(factor.tree)
    if isinstance(value, Square):
        entries = tuple((times(factor, share), entry) for share, entry in value.entries)
        return Square(_scale_all(factor, value.means), entries, value.has_more)
    if isinstance(value, Root):
        inner = scale(times(factor, factor), value.of, signs)
        return Root(inner) if isinstance(inner, Square) else None
    if isinstance(value, Size):
        return Size(Sum(_scale_all(factor, value.of.parts)), value.has_more)
    return _scale_peak(factor, value)


def _scale_peak(factor: Factor, value: Peak) -> Peak:
    if value.entry is None:
        return replace(value, kept=times(factor, value.kept))
    return replace(value, scale=times(factor, value.scale))


def _add(one: Value, other: Value, signs: list[Node]) -> Value | None:
    if isinstance(other, Factor) and not isinstance(one, Factor):
        one, other = other, one
    if isinstance(one, Factor):
        return _add_factor(one, other, signs)
    if isinstance(one, Sum) and isinstance(other, Sum):
        parts = _join(one.parts, other.parts)
        return None if parts is None else Sum(parts)
    if isinstance(one, Square) and isinstance(other, Square):
        means = _join(one.means, other.means)
        more = one.has_more or other.has_more
        return None if means is None else Square(means, one.entries + other.entries, more)
    if isinstance(one, Quotient | Trail) and isinstance(other, Quotient | Trail):
        return _add_trails(_to_trail(one), _to_trail(other))
    if isinstance(other, Sum):
        one, other = other, one
    is_place = isinstance(one, Sum) and one.parts == {"x": Factor(ONE)}
    return Moved(other) if is_place and isinstance(other, Quotient | Trail) else None


def _add_factor(one: Factor, other: Value, signs: list[Node]) -> Value | None:
    if isinstance(other, Factor):
        return _plus(one, other)
    if one.is_zero:
        return other
    if one.degree or isinstance(other, Sum | Quotient | Share | Trail | Moved):
        return None
    signs.append(one.tree)
    if isinstance(other, Root):
        return Root(replace(other.of, has_more=True))
    # A share of the largest size so far is none without the new one.
    if isinstance(other, Peak) and other.entry is None:
        return None
    return replace(other, has_more=True)


def _to_trail(value: Quotient | Trail) -> Trail:
    return Trail({}, value) if isinstance(value, Quotient) else value


def _add_trails(one: Trail, other: Trail) -> Trail | None:
    means = _join(one.means, other.means)
    entry = one.entry or other.entry
    if one.entry is not None and other.entry is not None:
        parts = _join(one.entry.top.parts, other.entry.top.parts)
        if parts is None or one.entry.bottom != other.entry.bottom:
            return None
        entry = replace(one.entry, top=Sum(parts))
    return None if means is None else Trail(means, entry)


def _multiply(one: Value, other: Value, signs: list[Node]) -> Value | None:
    if isinstance(one, Factor):
        return scale(one, other, signs)
    if isinstance(other, Factor):
        return scale(other, one, signs)
    if isinstance(other, Sum):
        one, other = other, one
    if isinstance(one, Sum) and isinstance(other, Share):
        top = Sum(_scale_all(other.factor, one.parts))
        return None if "x" in one.parts else Quotient(top, other.bottom)
    if isinstance(one, Sum) and one == other and "x" not in one.parts:
        return Square({}, ((Factor(ONE), one),))
    if isinstance(one, Size) and one == other and not one.has_more and "x" not in one.of.parts:
        return Square({}, ((Factor(ONE), one.of),))
    return None


def _divide(one: Value, other: Value, signs: list[Node]) -> Value | None:
    if isinstance(other, Factor):
        if other.is_zero:
            return None
        return scale(over(Factor(ONE), other), one, signs)
    bottom = other.of if isinstance(other, Root) else other
    if not isinstance(bottom, Square | Peak) or (isinstance(other, Square)):
        return None
    if isinstance(bottom, Peak) and bottom.entry is None:
        return None
    if not (bottom.has_more or _measures_last(bottom) or getattr(bottom, "means", None)):
        return None
    if isinstance(one, Factor):
        return Share(one, bottom)
    return Quotient(one, bottom) if isinstance(one, Sum) and "x" not in one.parts else None


def _raise(one: Value, other: Value, signs: list[Node]) -> Value | None:
    return _multiply(one, one, signs) if other == Factor(Number(fmpq(2))) else None


def _take_root(one: Value, signs: list[Node]) -> Value | None:
    return Root(one) if isinstance(one, Square) else None


def _take_size(one: Value, signs: list[Node]) -> Value | None:
    return Size(one) if isinstance(one, Sum) and "x" not in one.parts else None


def _take_largest(one: Value, other: Value, signs: list[Node]) -> Value | None:
    if isinstance(one, Size):
        one, other = other, one
    if not (isinstance(one, Peak) and isinstance(other, Size)) or one.entry is not None:
        return None
    return replace(one, entry=other.of, has_more=one.has_more or other.has_more)


def _oppose(one: Value, signs: list[Node]) -> Value | None:
    return scale(Factor(Number(fmpq(-1))), one, signs)


def _subtract(one: Value, other: Value, signs: list[Node]) -> Value | None:
    opposite = _oppose(other, signs)
    return None if opposite is None else _add(one, opposite, signs)


_RULES: Mapping[str, Callable[..., Value | None]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "^": _raise,
    "neg": _oppose,
    "sqrt": _take_root,
    "abs": _take_size,
    "max": _take_largest,
}

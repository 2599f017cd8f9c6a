"""Proves that two update rules take the same steps from every start on all gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias, final

from flint import arb, fmpq

from gradiometer.errors import CertificateError
from gradiometer.formula import (
    EVERYTHING,
    OPERATORS,
    Apply,
    Exact,
    Name,
    Node,
    Range,
    apply,
    number,
    precision,
    settle_conditions,
    to_ball,
    to_rational_text,
    to_text,
    walk,
)
from gradiometer.model import Rule
from gradiometer.proof.alike_ranges import keep_ranges
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check import check
from gradiometer.proof.tapes import PROBES, replay

_Memory: TypeAlias = Mapping[str, Exact]

_BITS = 320
_LONGEST_FACTOR = 10**24


@final
@dataclass(frozen=True)
class Link:
    """What a state of one rule is in terms of the other rule's states, after every step."""

    state: str
    factor: fmpq
    source: str
    """The other rule's state; empty when *shift* alone is the value."""
    shift: fmpq
    """What is added to *factor* times that state."""

    def to_tree(self) -> Node:
        """The value as a tree in the other rule's state."""
        if not self.source:
            return number(self.shift)
        state = Name(self.source)
        scaled = state if self.factor == 1 else apply("*", number(self.factor), state)
        return scaled if self.shift == 0 else apply("+", scaled, number(self.shift))


@final
@dataclass(frozen=True)
class Alike:
    """A proof that two rules step alike: how their states hang together."""

    links: tuple[Link, ...]
    """One for each state of the rule that is led."""
    is_led_by_target: bool
    """Whether the links give the first rule's states by the second one's."""
    certificate: Mapping[str, Any]


def prove_alike(first: Rule, second: Rule) -> Alike | None:
    """The proof that both rules step alike, or None when none is found.

    The proof is by induction. After the first step from any start the states are linked, and one
    step from any linked states gives one position and linked states again.

    Args:
        first: A rule whose parameters all have values, for a single number.
        second: Another one.
    """
    if not all(map(is_elementwise, (first, second))):
        return None
    for leader, led in ((first, second), (second, first)):
        links = _guess_links(leader, led)
        if links is not None:
            certificate = _certify(leader, led, links, target=second)
            if is_accepted(certificate):
                return Alike(links, leader is second, certificate)
    return None


def is_accepted(certificate: Mapping[str, Any]) -> bool:
    """Whether the checker accepts the certificate; only then is anything called proved."""
    try:
        check(certificate)
    except CertificateError:
        return False
    return True


def is_elementwise(rule: Rule) -> bool:
    """Whether each coordinate goes its own way, so that one number stands for all tensors.

    No function of a tensor or of its shape is left once the parameters have settled conditions.
    """
    used = {target for target, _ in rule.step}
    trees = [tree for name, tree in rule.text.state.items() if name in rule.state]
    trees += [
        settle_conditions(tree, rule.text.values)
        for target, tree in rule.text.step
        if target in used
    ]
    return all(
        not isinstance(node, Apply) or node.operator in OPERATORS
        for tree in trees
        for node in walk(tree)
    )


def _certify(leader: Rule, led: Rule, links: Sequence[Link], *, target: Rule) -> dict[str, Any]:
    given: dict[str, Range] = dict.fromkeys(("x", "g", "loss", "noise"), EVERYTHING)
    # The step count is not bounded above.
    given["t"] = Range(fmpq(1), None)
    ranges = keep_ranges(leader, leader.settled(2), given=given)
    return make_certificate(
        "alike",
        problem={
            "leader": leader.to_problem(),
            "led": led.to_problem(),
            "target": "leader" if leader is target else "led",
        },
        claim={"alike": True, "links": {link.state: to_text(link.to_tree()) for link in links}},
        evidence={"ranges": {name: _ends(span) for name, span in ranges.items()}},
    )


def _ends(span: Range) -> list[str | None]:
    ends = (span.lower, span.upper)
    return [to_rational_text(end) if isinstance(end, fmpq) else None for end in ends]


def _guess_links(leader: Rule, led: Rule) -> tuple[Link, ...] | None:
    """What runs show of the states, or None where a state has no partner."""
    with precision(_BITS):
        runs = [(replay(leader, tape), replay(led, tape)) for tape in PROBES]
        rows = [
            (one.memory, other.memory)
            for left, right in runs
            if left is not None and right is not None
            for one, other in zip(left[1:], right[1:], strict=True)
        ]
        links = [_find_link(name, rows) for name in led.state] if rows else [None]
    return None if None in links else tuple(link for link in links if link is not None)


def _find_link(name: str, rows: Sequence[tuple[_Memory, _Memory]]) -> Link | None:
    """The link of a state: a constant, a multiple of another state, or that and a constant."""
    own = [other[name] for _, other in rows]
    if _is_line(own, own, fmpq(0)):
        constant = to_short_rational(own[0])
        return None if constant is None else Link(name, fmpq(0), "", constant)
    for source in sorted(rows[0][0], key=lambda source: source != name):
        values = [one[source] for one, _ in rows]
        factor = _slope(own, values)
        if factor is not None and _is_line(own, values, factor):
            shift = to_short_rational(own[0] - factor * values[0])
            if shift is not None:
                return Link(name, factor, source, shift)
    return None


def _slope(own: Sequence[Exact], values: Sequence[Exact]) -> fmpq | None:
    """How much faster one state changes than another one, from two rows."""
    for top, bottom in zip(own[1:], values[1:], strict=True):
        if not _may_be_zero(bottom - values[0]):
            return to_short_rational((top - own[0]) / (bottom - values[0]))
    return None


def _is_line(own: Sequence[Exact], values: Sequence[Exact], factor: fmpq) -> bool:
    shifts = [top - factor * bottom for top, bottom in zip(own, values, strict=True)]
    return all(_may_be_zero(shift - shifts[0]) for shift in shifts)


def _may_be_zero(value: Exact) -> bool:
    return value == 0 if isinstance(value, fmpq) else value.contains(0)


def to_short_rational(value: Exact) -> fmpq | None:
    """The rational of few digits inside a narrow ball, which nothing proves to be its value."""
    if isinstance(value, fmpq):
        return value
    if not value.is_finite():
        return None
    middle = _to_fraction(value).limit_denominator(_LONGEST_FACTOR)
    found = fmpq(middle.numerator, middle.denominator)
    return found if (to_ball(found) - value).contains(0) else None


def _to_fraction(value: arb) -> Fraction:
    mantissa, exponent = value.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)

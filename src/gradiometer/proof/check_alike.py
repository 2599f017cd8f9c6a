"""Replays the proof that two update rules step alike: by induction over the steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.formula import (
    EVERYTHING,
    Name,
    Node,
    Range,
    parse,
    substitute,
)
from gradiometer.proof.check_equal import are_equal
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_powers import bound_powers
from gradiometer.proof.check_steps import Signs, Steps, range_of, read_steps, signs_in


def check_alike(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that both rules have equal positions after every step, or raise `CertificateError`.

    After the first step from any start the states of the rule that is led are the claimed trees
    in the leader's states, and one step from such states gives the same position and such states
    again, whatever the gradient, the loss and the draw are, wherever both have a value.
    """
    *rules, target = fields(problem, "leader", "led", "target")
    leader, led = map(read_steps, rules)
    require(target in ("leader", "led"), "The target is neither of both.")
    alike, links = fields(claim, "alike", "links")
    require(alike is True, "Nothing is claimed.")
    (ranges,) = fields(evidence, "ranges")
    pair = _Pair(leader, led, _read_links(links, leader, led), _read_ranges(ranges, leader))
    _check_ranges(pair)
    require(_is_linked_at_first(pair), "The rules are not linked after the first step.")
    require(_stays_linked(pair), "A step from linked states does not keep the links.")


@final
@dataclass(frozen=True)
class _Pair:
    """Two rules and what is said of them."""

    leader: Steps
    led: Steps
    links: Mapping[str, Node]
    """Each state of the rule that is led as a tree in the leader's states."""
    ranges: Mapping[str, Range]
    """Where each state of the leader always lies."""

    def known(self, from_step: int) -> dict[str, Range]:
        """The ranges of all names in any step from this one on."""
        given = dict.fromkeys(("x", "g", "loss", "noise"), EVERYTHING)
        return {**given, "t": Range(fmpq(from_step), None), **self.ranges}


def _read_links(links: Any, leader: Steps, led: Steps) -> dict[str, Node]:
    require(isinstance(links, Mapping) and set(links) == set(led.state), "Other states are linked.")
    return {name: parse(text, names=set(leader.state)).tree for name, text in links.items()}


def _read_ranges(ranges: Any, leader: Steps) -> dict[str, Range]:
    require(
        isinstance(ranges, Mapping) and set(ranges) == set(leader.state),
        "Other states have ranges.",
    )
    found: dict[str, Range] = {}
    for name, ends in ranges.items():
        require(isinstance(ends, list) and len(ends) == 2, "A range has two ends.")
        lower, upper = (None if end is None else read_rational(end) for end in ends)
        found[name] = Range(lower, upper)
    return found


def _check_ranges(pair: _Pair) -> None:
    """Each state of the leader begins in its range and never leaves it."""
    begun = pair.leader.begin(Name("x"))
    for name, span in pair.ranges.items():
        inside = span.contains(range_of(begun[name], pair.known(1)))
        require(inside, f"`{name}` does not begin in its range.")
    for rule, from_step in ((pair.leader, 1), (pair.leader.settled(2), 2)):
        known = pair.known(from_step)
        if from_step == 1:
            known["t"] = Range(fmpq(1), fmpq(1))
        for target, tree in rule.trees:
            known[target] = range_of(tree, known)
        for name, span in pair.ranges.items():
            require(span.contains(known[f"{name}'"]), f"`{name}` may leave its range.")


def _is_linked_at_first(pair: _Pair) -> bool:
    known = {**pair.known(1), **dict.fromkeys(pair.ranges, EVERYTHING)}
    after = [
        rule.advance(rule.begin(Name("x")), step=1, signs=_signs_in_ranges(known))
        for rule in (pair.leader, pair.led)
    ]
    return are_equal(_equations(pair.links, *after))


def _stays_linked(pair: _Pair) -> bool:
    signs = _signs_in_ranges(pair.known(2))
    after = [
        rule.settled(2).advance(memory, step=None, signs=signs)
        for rule, memory in ((pair.leader, {}), (pair.led, pair.links))
    ]
    bounded = [{name: bound_powers(tree) for name, tree in each.items()} for each in after]
    return are_equal(_equations(pair.links, *bounded))


def _signs_in_ranges(ranges: Mapping[str, Range]) -> Signs:
    return lambda tree: signs_in(range_of(tree, ranges))


def _equations(
    links: Mapping[str, Node], leader: Mapping[str, Node], led: Mapping[str, Node]
) -> list[tuple[Node, Node]]:
    pairs = [(leader["x"], led["x"])]
    pairs += [(substitute(tree, leader), led[name]) for name, tree in links.items()]
    return pairs

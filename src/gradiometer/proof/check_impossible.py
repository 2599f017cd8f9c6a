"""Replays the proof that no settings let one update rule step like another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, TypeAlias, final

from flint import fmpq

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import (
    Apply,
    Exact,
    Generator,
    Interval,
    Name,
    Node,
    Number,
    Range,
    Ratio,
    apply,
    free_names,
    number,
    parse_interval,
    precision,
    substitute,
    to_ratio,
    to_ratios,
    to_text,
)
from gradiometer.proof.check_algebra import Region, refute, signs_of
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_steps import Steps, range_of, read_steps, side_of, signs_in

Tape: TypeAlias = tuple[fmpq, tuple[fmpq, ...]]
"""A start and the gradient of each step."""

_BITS = 256
_MOST_FLAGS = 6
_HIGHEST_ROOT = 12
"""The relation of a higher root is left out; it stays a number in a narrow ball."""


def check_impossible(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that no settings with the claimed flags exist, or raise `CertificateError`."""
    source, target, parameters = fields(problem, "source", "target", "parameters")
    known = read_steps(source)
    require(isinstance(parameters, Mapping), "The parameters are no table.")
    sought = read_steps(target, tuple(parameters))
    space = read_space(parameters)
    ruled_out, is_all = fields(claim, "ruled_out", "all")
    require(isinstance(ruled_out, list) and len(ruled_out) > 0, "Nothing is claimed.")
    (proofs,) = fields(evidence, "proofs")
    require(isinstance(proofs, list) and len(proofs) == len(ruled_out), "There are other proofs.")
    choices = list_choices(parameters)
    read = [{name: read_rational(value) for name, value in row.items()} for row in ruled_out]
    require(all(row in choices for row in read), "The flags are others.")
    require(isinstance(is_all, bool), "All or not is a truth value.")
    require(is_all == all(row in read for row in choices), "These are not all flags, or they are.")
    with precision(_BITS):
        for row, proof in zip(read, proofs, strict=True):
            _check_case(known, *fix(sought, space, row), proof)


@final
@dataclass(frozen=True)
class Space:
    """The settings in question."""

    ranges: Mapping[str, Range]
    """Where each parameter lies, ends included."""
    apart: frozenset[tuple[str, fmpq]]
    """Values that parameters certainly do not have."""

    def signs(self, tree: Node) -> frozenset[int]:
        """The signs that the tree may have for the settings in question."""
        found = signs_in(range_of(tree, self.ranges))
        if len(found) > 1 and free_names(tree):
            found &= self._signs_of_ratio(tree)
        return found

    def _signs_of_ratio(self, tree: Node) -> frozenset[int]:
        try:
            ratio = to_ratio(tree)
            region = self.region(ratio, {}, {})
        except UndecidedError:
            return frozenset((-1, 0, 1))
        above, below = signs_of(ratio.numerator, region), signs_of(ratio.denominator, region)
        # Where the tree has a value the denominator is not zero.
        return frozenset(a * b for a in above for b in below if b)

    def region(
        self, ratio: Ratio, equations: Mapping[str, Any], nonzero: Mapping[str, Any]
    ) -> Region:
        """The region of the generators of a normal form."""
        spans = tuple(self._span(generator) for generator in ratio.generators)
        texts = tuple(to_text(generator.node) for generator in ratio.generators)
        context = ratio.field.context
        apart = {
            f"apart {name} {value}": context.gen(index) - context.constant(value)
            for name, value in sorted(self.apart, key=str)
            for index, generator in enumerate(ratio.generators)
            if generator.node == Name(name)
        }
        region = Region(equations, {}, texts, spans)
        for label, value in {**apart, **nonzero}.items():
            region = region.with_nonzero(label, value)
        return region

    def _span(self, generator: Generator) -> Range:
        span = range_of(generator.node, self.ranges)
        if generator.kind == "root" and generator.order % 2 == 0 and span.lower is None:
            return Range(fmpq(0), span.upper)
        if generator.kind == "exponential" and span.lower is None:
            return Range(fmpq(0), span.upper)
        return span


def read_space(parameters: Mapping[str, Any]) -> Space:
    """The settings inside the domains of the parameters.

    Raises:
        CertificateError: If a part of a parameter is missing or no interval of numbers.
    """
    ranges: dict[str, Range] = {}
    apart: set[tuple[str, fmpq]] = set()
    for name, row in parameters.items():
        domain, _ = fields(row, "domain", "flag")
        interval = parse_interval(domain)
        ends = interval.rational_ends()
        require(ends is not None, "A domain ends at no rational number.")
        assert ends is not None
        ranges[name] = Range(*ends)
        apart |= {(name, end) for end in _left_out(interval, ends)}
    return Space(ranges, frozenset(apart))


def _left_out(interval: Interval, ends: tuple[fmpq | None, fmpq | None]) -> list[fmpq]:
    closed = (interval.lower_closed, interval.upper_closed)
    return [end for end, inside in zip(ends, closed, strict=True) if end is not None and not inside]


def list_choices(parameters: Mapping[str, Any]) -> list[dict[str, fmpq]]:
    """All values of the flags together, inside their domains."""
    flags = {name: row["domain"] for name, row in parameters.items() if row["flag"] is True}
    require(len(flags) <= _MOST_FLAGS, "There are too many flags.")
    options: list[list[fmpq]] = []
    for domain in flags.values():
        interval = parse_interval(domain)
        lower, upper = interval.rational_ends() or (None, None)
        inside = [
            value
            for value in (fmpq(0), fmpq(1))
            if (lower is None or lower <= value) and (upper is None or value <= upper)
        ]
        options.append(inside)
    return [dict(zip(flags, values, strict=True)) for values in product(*options)]


def fix(rule: Steps, space: Space, values: Mapping[str, fmpq]) -> tuple[Steps, Space]:
    """The rule and the settings with some parameters at these values."""
    points = {n: span.lower for n, span in space.ranges.items() if span.is_single}
    fixed = {n: v for n, v in {**points, **values}.items() if isinstance(v, fmpq)}
    trees: dict[str, Node] = {name: number(value) for name, value in fixed.items()}
    state = {name: substitute(tree, trees) for name, tree in rule.state.items()}
    step = tuple((target, substitute(tree, trees)) for target, tree in rule.trees)
    ranges = {name: span for name, span in space.ranges.items() if name not in fixed}
    apart = frozenset((name, value) for name, value in space.apart if name not in fixed)
    return Steps(state, step), Space(ranges, apart)


def split(
    rule: Steps, space: Space, name: str, value: fmpq
) -> tuple[tuple[Steps, Space], tuple[Steps, Space]]:
    """The case of a parameter with that value, and the case of all others."""
    require(name in space.ranges, "A case is about no parameter.")
    return fix(rule, space, {name: value}), (
        rule,
        replace(space, apart=space.apart | {(name, value)}),
    )


def _check_case(source: Steps, target: Steps, space: Space, proof: Any) -> None:
    require(isinstance(proof, Mapping), "A proof is a table.")
    if "case" in proof:
        name, value, equal, apart = fields(proof, "case", "value", "equal", "apart")
        halves = split(target, space, name, read_rational(value))
        for (rule, part), below in zip(halves, (equal, apart), strict=True):
            _check_case(source, rule, part, below)
        return
    tapes, rounded, steps = fields(proof, "tapes", "rounded", "steps")
    require(isinstance(rounded, bool), "Rounded or not is a truth value.")
    refute(equate(source, target, space, _read_tapes(tapes), rounded=rounded), steps)


def _read_tapes(tapes: Any) -> list[Tape]:
    require(isinstance(tapes, list), "Tapes are a list.")
    found: list[Tape] = []
    for row in tapes:
        start, gradients = fields(row, "start", "gradients")
        require(isinstance(gradients, list), "Gradients are a list.")
        found.append((read_rational(start), tuple(map(read_rational, gradients))))
    return found


def equate(
    source: Steps, target: Steps, space: Space, tapes: Sequence[Tape], *, rounded: bool
) -> Region:
    """The region of all settings with which both rules are at one position after each tape.

    Args:
        source: The rule that is imitated.
        target: The rule whose settings are sought.
        space: The settings in question.
        tapes: Starts and gradients.
        rounded: Whether a position of *source* that is no rational is a name of its own, which
            lies in a narrow ball; otherwise its roots are unknowns with their equations.

    Raises:
        UndecidedError: If a condition of a rule is not decided, or a position is too large.
    """
    ranges = dict(space.ranges)
    differences: list[Node] = []
    for index, (start, gradients) in enumerate(tapes):
        value = _value(source, start, gradients)
        if isinstance(value, fmpq):
            known: Node = number(value)
        elif rounded:
            # No parameter has such a name.
            known = Name(f"position {index}")
            ranges[known.name] = Range(value, value)
        else:
            known = follow(source, Space({}, frozenset()), start, gradients)
        differences.append(apply("-", known, follow(target, space, start, gradients)))
    space = replace(space, ranges=ranges)
    ratios = to_ratios(*differences)
    choices = [tree for each in ratios[0].generators for tree in _choices(each.node)]
    ratios = to_ratios(*differences, *choices) if choices else ratios
    equations = {f"e{index}": ratio.numerator for index, ratio in enumerate(ratios)}
    nonzero = {f"n{index}": ratio.denominator for index, ratio in enumerate(ratios)}
    context = ratios[0].field.context
    for index, generator in enumerate(ratios[0].generators):
        if generator.kind == "root" and generator.argument is not None:
            base = generator.argument
            nonzero[f"under {index}"] = base.bottom
            if generator.order <= _HIGHEST_ROOT:
                power = context.gen(index) ** generator.order
                equations[f"root {index}"] = power * base.bottom - base.top
    return space.region(ratios[0], equations, nonzero)


def _value(rule: Steps, start: fmpq, gradients: Sequence[fmpq]) -> Exact:
    """The last position of a rule whose parameters have values.

    Raises:
        UndecidedError: If it has none.
    """
    try:
        *_, last = rule.positions(start, [side_of(gradient) for gradient in gradients])
    except DomainError as error:
        raise UndecidedError(error.problem) from None
    return last


def follow(rule: Steps, space: Space, start: fmpq, gradients: Sequence[fmpq]) -> Node:
    """The last position as a tree in the parameters.

    Raises:
        UndecidedError: If a condition stays that the settings in question do not decide.
    """
    position: Node = number(start)
    memory = rule.begin(position)
    for step, gradient in enumerate(gradients, 1):
        given = {name: number(value) for name, value in side_of(gradient).items()}
        known = {**memory, **given, "x": position}
        memory = rule.advance(known, step=step, signs=space.signs)
        position = memory.pop("x")
    return position


def _choices(node: Node) -> list[Node]:
    """What is zero since a largest or smallest of several is one of them."""
    if not isinstance(node, Apply) or node.operator not in ("max", "min", "abs"):
        return []
    others = list(node.arguments)
    if node.operator == "abs":
        others.append(apply("neg", others[0]))
    tree: Node = Number(fmpq(1))
    for other in others:
        tree = apply("*", tree, apply("-", node, other))
    return [tree]

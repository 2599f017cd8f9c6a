"""That a rule has a value at each step, as far as only the count of the steps decides it.

Near rest a rule is read as it is after very many steps. A divisor such as `t - 500` has vanished
long before, and so has one that reads a state which counts the steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    EVERYTHING,
    ONE,
    Apply,
    Constant,
    Name,
    Node,
    Number,
    Range,
    compare,
    evaluate_range,
    find_never_negative,
    free_names,
    possible_signs,
)
from gradiometer.proof.check_resting import find_drivers
from gradiometer.proof.check_total import is_total

_EVER = Range(fmpq(1), None)
"""All steps."""

_OPPOSITE = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}


@final
@dataclass(frozen=True)
class Known:
    """What is known of names at every step."""

    parameter: str
    """The free parameter, inside its domain; its ends belong to no claim."""
    ranges: dict[str, Range]
    signs: dict[str, frozenset[int]]

    def add(self, name: str, tree: Node) -> None:
        """Take an assignment into account."""
        self.signs[name] = possible_signs(tree, self.signs)
        try:
            self.ranges[name] = evaluate_range(tree, self.ranges)
        except (UndecidedError, GradiometerError):
            self.ranges.pop(name, None)

    def at_steps(self, steps: Range | None) -> Known:
        """The same for some of the steps; None for all of them."""
        return self if steps is None else replace(self, ranges={**self.ranges, "t": steps})

    def is_sure(self, part: Apply) -> bool:
        """Whether an operation whose parts have values certainly has one."""
        try:
            evaluate_range(part, self.ranges)
        except (UndecidedError, GradiometerError):
            return self._is_sure_by_sign(part) or self._is_usual(part)
        return True

    def _is_sure_by_sign(self, part: Apply) -> bool:
        inner = [possible_signs(argument, self.signs) for argument in part.arguments]
        if part.operator == "/":
            return 0 not in inner[1]
        if part.operator == "sqrt":
            return -1 not in inner[0]
        # Of the others, such as a tangent, the sign says nothing.
        return part.operator in ("^", "ln") and inner[0] == {1}

    def _is_usual(self, part: Apply) -> bool:
        """Whether it is a power of a parameter between 0 and 1, or made of 1 less such a power."""
        inner = part.arguments[-1] if part.operator in ("/", "sqrt") else part
        if isinstance(inner, Apply) and inner.operator == "-" and inner.arguments[0] == ONE:
            inner = inner.arguments[1]
        if not (isinstance(inner, Apply) and inner.operator == "^"):
            return False
        base, exponent = inner.arguments
        span = self.ranges.get(self.parameter, EVERYTHING)
        low = span.lower is not None and compare(span.lower, fmpq(0)) >= 0
        high = span.upper is not None and compare(span.upper, fmpq(1)) <= 0
        usual = base == Name(self.parameter) and low and high
        fixed = self.parameter not in free_names(exponent)
        return usual and fixed and possible_signs(exponent, self.signs) == {1}


def has_values(tree: Node, known: Known) -> bool:
    """Whether a formula certainly has a value for all values of its names."""
    return all(known.at_steps(steps).is_sure(part) for part, steps in _list_parts(tree, None))


def know(
    step: Sequence[tuple[str, Node]],
    initial: Mapping[str, Node],
    ranges: Mapping[str, Range],
    *,
    parameter: str,
) -> Known:
    """What is known of the names before the first assignment of any step.

    Args:
        step: The assignments.
        initial: What is remembered, with its value before the first step.
        ranges: Where the parameters and the step count `t` lie.
        parameter: The free one of them.
    """
    kept = find_never_negative(step, initial, ranges)
    spans = {**dict.fromkeys(("x", "g", *initial), EVERYTHING), **ranges, **kept}
    signs = {name: _signs_of(span) for name, span in spans.items()}
    low = ranges[parameter].lower
    if low is not None and compare(low, fmpq(0)) >= 0:
        signs[parameter] = frozenset((1,))
    return Known(parameter, spans, signs)


def _signs_of(span: Range) -> frozenset[int]:
    found = {-1, 0, 1}
    if span.lower is not None and compare(span.lower, fmpq(0)) >= 0:
        found -= {-1} if compare(span.lower, fmpq(0)) == 0 else {-1, 0}
    if span.upper is not None and compare(span.upper, fmpq(0)) <= 0:
        found -= {1} if compare(span.upper, fmpq(0)) == 0 else {0, 1}
    return frozenset(found)


def require_values_of(step: Sequence[tuple[str, Node]], unread: set[str], known: Known) -> None:
    """Return where each assignment that nothing reads has a value at every step.

    Raises:
        UndecidedError: If one may have none.
    """
    for target, tree in step:
        if target in unread and not has_values(tree, known):
            raise UndecidedError(f"`{target}` may have no value, though nothing reads it")
        known.add(target, tree)


def require_clocks(
    step: Sequence[tuple[str, Node]], initial: Mapping[str, Node], known: Known
) -> None:
    """Return where what reads neither position nor gradient has a value at every step.

    Values of the free parameter alone at which there is none are found elsewhere.

    Raises:
        UndecidedError: If there may be none at some step.
    """
    drivers = find_drivers(step, initial)
    others = {"x", "g", "loss", "noise", *(initial.keys() - drivers)}
    moving = {"t", *drivers}
    for target, tree in step:
        for part, steps in _list_parts(tree, None):
            names, here = free_names(part), known.at_steps(steps)
            if names & moving and not names & others and not here.is_sure(part):
                raise UndecidedError("the rule may have no value at some step")
        names = free_names(tree)
        others |= {target} if names & others else set()
        moving |= {target} if names & moving else set()
        known.add(target, tree)


def _list_parts(node: Node, steps: Range | None) -> Iterator[tuple[Apply, Range | None]]:
    """What may have no value: divisions, powers, roots and logarithms, by what decides that.

    What stands under a condition on the step count comes with the steps at which it is read.
    """
    if not isinstance(node, Apply):
        return
    if node.operator == "where":
        condition, inner, outer = node.arguments
        yield from _list_parts(condition, steps)
        for branch, holds in ((inner, True), (outer, False)):
            span = _narrow(condition, steps or _EVER, holds=holds)
            if span is not None:
                yield from _list_parts(branch, None if span == _EVER else span)
        return
    if node.operator == "/" and not is_total(node):
        # What is divided does not matter.
        yield Apply("/", (ONE, node.arguments[1])), steps
    elif not is_total(Apply(node.operator, tuple(map(_any, node.arguments)))):
        yield node, steps
    for part in node.arguments:
        yield from _list_parts(part, steps)


def _narrow(condition: Node, steps: Range, *, holds: bool) -> Range | None:
    """Steps among these that hold all at which a condition holds, or does not; None for none."""
    if not isinstance(condition, Apply):
        return steps
    if condition.operator == ("and" if holds else "or"):
        found: Range | None = steps
        for part in condition.arguments:
            found = None if found is None else _narrow(part, found, holds=holds)
        return found
    if condition.operator == "not":
        return _narrow(condition.arguments[0], steps, holds=not holds)
    operator = condition.operator if holds else _OPPOSITE.get(condition.operator, "")
    if operator not in _OPPOSITE or condition.arguments[0] != Name("t"):
        return steps
    bound = condition.arguments[1]
    return _cut(operator, bound.value, steps) if isinstance(bound, Number) else steps


def _cut(operator: str, bound: fmpq, steps: Range) -> Range | None:
    """The steps that compare in that way with a number; steps are whole numbers."""
    low, high = steps.lower, steps.upper
    assert isinstance(low, fmpq)
    assert high is None or isinstance(high, fmpq)
    whole = bound.q == 1
    if operator == "!=":
        return Range(low + 1, high) if bound == low else steps
    if operator in ("<", "<=", "=="):
        most = fmpq(bound.floor()) - (1 if operator == "<" and whole else 0)
        high = most if high is None else min(high, most)
    if operator in (">", ">=", "=="):
        low = max(low, fmpq(bound.ceil()) + (1 if operator == ">" and whole else 0))
    return None if high is not None and low > high else Range(low, high)


def _any(part: Node) -> Node:
    """The part where it is a number, which may decide; else a name for any number."""
    return part if isinstance(part, Number | Constant) else Name("any")

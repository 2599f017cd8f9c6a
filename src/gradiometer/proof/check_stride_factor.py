"""What holds of a formula in the step count `t` at every step: the first ones singly, then a tail.

From step N on a power `b^t` is a small number that shrinks by b from step to step; so is a product
of factors below 1 that a rule keeps, and `t*b^t` once t is large. A formula F in `t` is then one in
such numbers `u_j`, and lies in the range that it takes on the box `0 <= u_j <= u_j(N)`. Its limit
is its value at 0. It stays below that from N on if, with upper ends `c_j` of its slopes on the box,
`sum over c_j > 0 of c_j*u_j(N) < -c*u(N)` for a power u that fades slower than all of these: all
of them shrink faster than u does from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import final

from flint import arb, fmpq, fmpz

from gradiometer.errors import DomainError, UndecidedError
from gradiometer.formula import (
    Apply,
    Evaluator,
    Exact,
    Name,
    Node,
    Number,
    Range,
    apply,
    at_point,
    compile_exact,
    compile_shared,
    differentiate,
    evaluate_range,
    free_names,
    is_smooth,
    map_children,
    substitute,
    tidy,
    to_ball,
)
from gradiometer.proof.check_motion import split_factors

ZERO, ONE = fmpq(0), fmpq(1)
_COUNT = Name("t")


@final
@dataclass(frozen=True)
class Small:
    """A number that fades from step N on."""

    top: arb
    """What it is at most at step N."""
    rate: arb
    """It shrinks at least by this from step to step."""
    is_power: bool
    """Whether it is *top* at step N, and shrinks by just this."""


@final
@dataclass(frozen=True)
class Clock:
    """The steps from some one on, with what a rule keeps besides its gradients."""

    since: int
    last: int
    """The step N."""
    kept: Mapping[str, Node] = field(default_factory=dict)
    """What each kept number becomes at each step, from its old value and the step count."""
    begun: Mapping[str, Exact] = field(default_factory=dict)
    """What it is before the first step."""

    @cached_property
    def steps(self) -> list[dict[str, Exact]]:
        """The step counts from the first one that counts to the last, with the kept numbers."""
        runs = {name: compile_exact(tree) for name, tree in self.kept.items()}
        now: dict[str, Exact] = {name: to_ball(value) for name, value in self.begun.items()}
        found = []
        for count in range(1, self.last + 1):
            now["t"] = arb(count)
            if count >= self.since:
                found.append(dict(now))
            now |= {name: run(now) for name, run in runs.items()}
        return found

    def evaluate(self, tree: Node) -> list[arb]:
        """The values of a formula at each of these steps.

        Raises:
            UndecidedError: If it has none at one of them.
        """
        run: Evaluator = compile_shared(tree) if is_smooth(tree) else compile_exact(tree)
        try:
            return [to_ball(run(values)) for values in self.steps]
        except (DomainError, ZeroDivisionError):
            raise UndecidedError("a value of the rule does not exist at some step") from None

    @cached_property
    def tail(self) -> Tail:
        """What fades from the last step on."""
        return self._fade_from(self.last, self.steps[-1])

    @cached_property
    def whole(self) -> Tail:
        """The same from the first step that counts."""
        return self._fade_from(self.since, self.steps[0])

    def _fade_from(self, step: int, now: Mapping[str, Exact]) -> Tail:
        tail = Tail(step, {}, {})
        for name, tree in self.kept.items():
            tail.keep(name, tree, to_ball(now[name]))
        return tail

    def require_value(self, tree: Node) -> None:
        """Return if a formula has a value at all these steps.

        Raises:
            UndecidedError: If that is not certain.
        """
        if isinstance(tree, Number):
            return
        with suppress(UndecidedError):
            self.whole.bound(tree)
            return
        self.tail.bound(tree)
        self.evaluate(tree)

    def decide(self, condition: Node) -> bool:
        """Whether a condition holds at all steps from the first that counts, or at none.

        Raises:
            UndecidedError: If that is not certain.
        """
        truth = apply("where", condition, Number(ONE), Number(ZERO))
        ends = self.tail.bound(truth)
        values = self.evaluate(truth)
        for found in (1, 0):
            if ends.is_single and ends.lower == found and all(v == found for v in values):
                return found == 1
        raise UndecidedError("a branch of the rule is not taken at all steps")

    def require(self, tree: Node, *, positive: bool) -> None:
        """Return if a formula is above 0, or not below, at all these steps.

        Raises:
            UndecidedError: If that is not certain.
        """

        def is_fine(value: Exact | None) -> bool:
            return value is not None and bool(value > 0 if positive else value >= 0)

        with suppress(UndecidedError):
            if is_fine(self.whole.bound(tree).lower):
                return
        if not is_fine(self.tail.bound(tree).lower) or not all(map(is_fine, self.evaluate(tree))):
            raise UndecidedError("a factor of the step may be negative, or have no value")


@final
@dataclass(frozen=True)
class Tail:
    """What fades from step N on, by name; the powers are found as formulas are read."""

    since: int
    small: dict[str, Small]
    names: dict[tuple[str, fmpq, fmpq], str]

    def keep(self, name: str, tree: Node, now: arb) -> None:
        """Take a kept number as one that fades, if what multiplies it stays below 1.

        Raises:
            UndecidedError: If that is not certain.
        """
        if tidy(tree) == Number(ZERO):
            self.small[name] = Small(now.upper(), arb(0), is_power=False)
            return
        over, under = split_factors(self.read(tree))
        if over.count(Name(name)) != 1:
            raise UndecidedError(f"`{name}` is no product that fades")
        over.remove(Name(name))
        rate = arb(1)
        for part, turns in [*((p, False) for p in over), *((p, True) for p in under)]:
            ends = evaluate_range(part, self.ranges)
            low, high = ends.lower, ends.upper
            if low is None or high is None or not (low > 0 if turns else low >= 0):
                raise UndecidedError(f"`{name}` is no product that fades")
            rate = rate / to_ball(low) if turns else rate * to_ball(high)
        rate = rate.upper()
        if not rate < 1 or not now >= 0:
            raise UndecidedError(f"`{name}` is no product that fades")
        self.small[name] = Small(now.upper(), rate, False)

    def read(self, tree: Node) -> Node:
        """A formula in `t` as one in what fades; other places of `t` stay."""
        if isinstance(tree, Apply) and tree.operator == "*":
            over, under = split_factors(tree)
            fading = [part for part in over if self._read_power(part) is not None]
            if _COUNT in over and fading:
                found = self._read_counted(fading[0])
                if found is not None:
                    over.remove(_COUNT)
                    over.remove(fading[0])
                    rest = [self.read(part) for part in over], [self.read(part) for part in under]
                    return _join(found, *rest)
        power = self._read_power(tree)
        if power is None:
            return map_children(tree, self.read)
        base, each, start = power
        name = self._name(base, each)
        return Name(name) if start == 0 else apply("*", apply("^", base, Number(start)), Name(name))

    def _read_power(self, tree: Node) -> tuple[Node, fmpq, fmpq] | None:
        """The base of a power whose exponent is `each*t + start`, and these two."""
        if not (isinstance(tree, Apply) and tree.operator == "^"):
            return None
        base, exponent = tree.arguments
        if not isinstance(base, Number) or not 0 < base.value < 1:
            return None
        each = differentiate(exponent, "t") if free_names(exponent) == {"t"} else None
        start = tidy(substitute(exponent, {"t": Number(ZERO)}))
        if not isinstance(each, Number) or not isinstance(start, Number) or not each.value > 0:
            return None
        return base, each.value, start.value

    def _name(self, base: Node, each: fmpq) -> str:
        assert isinstance(base, Number)
        # Equal rational rates are one number, however they are written.
        value = base.value ** int(each.p) if each.q == 1 and each.p < 100 else base.value
        key = ("power", value, ONE if value != base.value else each)
        if key not in self.names:
            name = f"power {len(self.names)}"
            rate = to_ball(base.value) ** to_ball(each)
            self.names[key] = name
            self.small[name] = Small(rate ** fmpz(self.since), rate, True)
        return self.names[key]

    def _read_counted(self, tree: Node) -> Node | None:
        """`t*b^(each*t + start)`, which falls once t is above `-1/ln(b^each)`."""
        power = self._read_power(tree)
        assert power is not None
        base, each, start = power
        assert isinstance(base, Number)
        rate = to_ball(base.value) ** to_ball(each)
        shrinks = rate * (self.since + 1) / self.since
        if not shrinks < 1:
            return None
        key = ("counted", base.value, each)
        if key not in self.names:
            name = f"counted {len(self.names)}"
            self.names[key] = name
            top = (self.since * rate ** fmpz(self.since)).upper()
            self.small[name] = Small(top, shrinks.upper(), False)
        found = Name(self.names[key])
        return found if start == 0 else apply("*", apply("^", base, Number(start)), found)

    @property
    def ranges(self) -> dict[str, Range]:
        """Where what fades lies from step N on, and the step count itself."""
        found = {name: Range(ZERO, small.top.upper()) for name, small in self.small.items()}
        return {**found, "t": Range(fmpq(self.since), None)}

    def bound(self, tree: Node) -> Range:
        """A range that holds a formula at all steps from N on.

        Raises:
            UndecidedError: If it may have no value at some of them.
        """
        read = self.read(tree)
        try:
            return evaluate_range(read, self.ranges)
        except DomainError as error:
            raise UndecidedError(error.problem.rstrip(".")) from None

    def limit(self, tree: Node) -> Exact:
        """What a formula comes to.

        Raises:
            UndecidedError: If it has no limit of that kind.
        """
        read = self.read(tree)
        self.bound(tree)
        if "t" in free_names(read) or not is_smooth(read):
            raise UndecidedError("a factor of the step goes on with the step count")
        rest = {name: at_point(ZERO) for name in self.small}
        found = evaluate_range(tidy(substitute(read, {n: Number(ZERO) for n in rest})), rest)
        if found.lower is None or not found.is_single:
            raise UndecidedError("a factor of the step has no limit")
        return found.lower

    def stays_below(self, tree: Node) -> bool:
        """Whether a formula is below its limit at all steps from N on."""
        read = self.read(tree)
        if "t" in free_names(read):
            return False
        slopes: dict[str, arb] = {}
        for name in sorted(free_names(read)):
            upper = evaluate_range(differentiate(read, name), self.ranges).upper
            if upper is None:
                return False
            slopes[name] = to_ball(upper).upper()
        rises = [name for name, slope in slopes.items() if not slope <= 0]
        total = sum((slopes[name] * self.small[name].top for name in rises), arb(0))

        def pulls(name: str) -> bool:
            small = self.small[name]
            slower = all(bool(self.small[other].rate <= small.rate) for other in rises)
            return small.is_power and slower and bool(total < -slopes[name] * small.top)

        return any(pulls(name) for name in slopes if bool(slopes[name] < 0))


def _join(found: Node, over: list[Node], under: list[Node]) -> Node:
    for part in over:
        found = apply("*", found, part)
    for part in under:
        found = apply("/", found, part)
    return found

"""Replays certificates of kind `stride`: how large a step can be, where factors read the count.

Let the step at time t be `sum h_i e_(t-i) / root(sum w_i e_(t-i)^2)`. By Cauchy and Schwarz its
largest value is `root(sum h_i^2/w_i)`, where `e_(t-i)` is proportional to `h_i/w_i`. Over the
largest `w^i*|e_(t-i)|` in place of the root it is `sum |h_i|/w^i`. Both sums are geometric, so that
the largest value at time t is a formula in t: it is evaluated at each of the first steps, and from
then on it stays below its limit, or below the largest of these values (`check_stride_factor`).
Where the sums grow without bound, so do the steps.

A step that remembers quotients, each of which is at most Q, is at most the sum of its weights times
Q, and comes close where each gradient is far larger than all before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    ONE,
    ZERO,
    Exact,
    Node,
    Number,
    apply,
    compare,
    number,
    parse,
    precision,
    tidy,
    to_ball,
)
from gradiometer.proof.check_fields import fields, read_rational, require
from gradiometer.proof.check_step_bound import make_step, read_lines
from gradiometer.proof.check_stride_factor import Clock
from gradiometer.proof.check_stride_rule import read_system
from gradiometer.proof.check_stride_system import (
    Echo,
    Lines,
    Plain,
    System,
    Vector,
    list_modes,
)

BITS = 192
KINDS = ("linear", "square", "peak", "echo", "clock")
MOST_STEPS = 20_000
MOST_GRADIENTS = 400


@final
@dataclass(frozen=True)
class Stride:
    """The largest step over the rate."""

    square: tuple[Exact, Exact] | None
    """Between these two lies its square; None for infinite."""
    step: int | None
    """The step at which it is largest; None where steps only come close to it."""
    attained: bool | None
    """Whether some gradients lead to it exactly; None if that is not known."""
    growth: fmpq | None = None
    """Each of the worst gradients over the one before, where that is always the same."""


def check_stride(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept the largest step of a rule.

    Raises:
        CertificateError: If the claim does not follow.
    """
    begun, lines, decay = read_lines(problem)
    kinds, last = fields(evidence, "kinds", "from")
    square, step, gradients, reached, said, attained, growth = fields(
        claim, "square", "step", "gradients", "reached", "decay", "attained", "growth"
    )
    require(read_rational(said) == decay, "The decay is another one.")
    with precision(BITS):
        found = find_stride_bound(begun, lines, read_kinds(kinds, begun), (1, read_last(last)))
        require(step == found.step and type(step) is type(found.step), "Another step is largest.")
        require(attained is found.attained, "Whether it is reached is said wrongly.")
        shown = None if growth is None else read_rational(growth)
        require(shown == found.growth, "The worst gradients grow in another way.")
        require((square is None) is (found.square is None), "Whether there is a bound is wrong.")
        if square is not None and found.square is not None:
            require(isinstance(square, list) and len(square) == 2, "An enclosure has two ends.")
            low, high = map(read_rational, square)
            is_inside = compare(low, found.square[0]) <= 0 <= compare(high, found.square[1])
            require(is_inside, "The largest step is another one.")
        require(isinstance(gradients, list) and 0 < len(gradients) <= MOST_GRADIENTS, "Too long.")
        made = make_step(begun, lines, [read_rational(text) for text in gradients])
        require(compare(abs(made), read_rational(reached)) >= 0, "The gradients lead to less.")


def read_kinds(kinds: Any, begun: Mapping[str, Exact]) -> dict[str, str]:
    """The kind of each state."""
    require(isinstance(kinds, dict), "No kinds.")
    require(all(kinds.get(name) in KINDS for name in begun), "A state is of no kind.")
    return {name: kinds[name] for name in begun}


def read_last(last: Any) -> int:
    """The number of steps that are looked at singly."""
    require(type(last) is int and 2 <= last <= MOST_STEPS, "No number of steps.")
    return last


def find_stride_bound(
    begun: Mapping[str, Exact], lines: Lines, kinds: Mapping[str, str], span: tuple[int, int]
) -> Stride:
    """The largest step.

    Raises:
        UndecidedError: If the rule has another shape.
    """
    system = read_system(begun, lines, kinds, span)
    if isinstance(system, Plain):
        # The first step is as large as the first gradient.
        return Stride(None, 1, attained=False)
    if isinstance(system, Echo):
        return _bound_echo(system)
    tree = make_square(system)
    if tree is None:
        return Stride(None, None, attained=False)
    growth = system.measure.keeps if system.measure.is_peak else None
    square, step, is_above = take_supremum(system.clock, tree, system.first)
    attained = False if system.has_more or is_above else step == 1 or None
    return Stride(square, step, attained, growth)


def take_supremum(
    clock: Clock, tree: Node, first: Exact
) -> tuple[tuple[Exact, Exact], int | None, bool]:
    """The largest value of a formula in the step count, and of its value at the first step.

    Returns:
        What it lies between, the step at which it is there or None, and whether it is a limit that
        all steps are below.

    Raises:
        UndecidedError: If more steps would have to be looked at.
    """
    if isinstance(tree, Number) and compare(first, tree.value) <= 0:
        return (tree.value, tree.value), None, False
    rows = [to_ball(first), *clock.evaluate(tree)]
    highest = rows[0].upper()
    for row in rows[1:]:
        highest = highest.max(row.upper())
    limit = _find_limit(clock, tree)
    if limit is not None and highest < to_ball(limit) and clock.tail.stays_below(tree):
        return (limit, limit), None, True
    best = max(range(len(rows)), key=lambda index: float(rows[index].mid()))
    upper = clock.tail.bound(tree).upper
    rest = [row for index, row in enumerate(rows) if index != best]
    is_highest = all(bool(row < rows[best]) for row in rest)
    if upper is None or not to_ball(upper) < rows[best] or not is_highest:
        raise UndecidedError("it is not known when steps are largest")
    value: Exact = first if best == 0 else rows[best]
    ends = (value, value) if isinstance(value, fmpq) else (rows[best].lower(), rows[best].upper())
    return ends, 1 if best == 0 else clock.since + best - 1, False


def _find_limit(clock: Clock, tree: Node) -> Exact | None:
    try:
        return clock.tail.limit(tree)
    except UndecidedError:
        return None


def _bound_echo(echo: Echo) -> Stride:
    """The largest step that remembers quotients."""
    echoes = echo.out * echo.takes
    size = abs(echo.direct)
    # Quotients do not fade.
    echo.clock.tail.limit(echo.new)
    if echoes:
        if abs(echo.keeps) >= 1:
            return Stride(None, None, attained=False)
        size += abs(echoes) / (1 - abs(echo.keeps))
    # Each quotient is at most as large as those long after the start can be.
    tree = tidy(apply("/", number(size * size), echo.new))
    limit = echo.clock.tail.limit(tree)
    is_fixed = tree == number(limit) if isinstance(limit, fmpq) else False
    others = all(bool(row < to_ball(limit)) for row in echo.clock.evaluate(tree))
    if not is_fixed and not (others and echo.clock.tail.stays_below(tree)):
        raise UndecidedError("quotients are larger near the start")
    if compare(echo.first * size**2, limit) > 0:
        raise UndecidedError("the first quotient is larger")
    attained = False if echo.has_more or (echoes and echo.keeps) else None
    return Stride((limit, limit), None, attained)


def weigh(system: System, entry: Vector) -> list[tuple[fmpq, Node]]:
    """What a step owes to an `e` of i steps before: numbers mu, and factors of `mu^(i - 1)`."""
    rows = []
    for rate, vector in list_modes(system.memory, entry):
        total: Node = ZERO
        for name, part in zip(system.memory.names, vector, strict=True):
            total = apply("+", total, apply("*", number(part), system.out[name]))
        total = tidy(total)
        if total != ZERO:
            rows.append((rate, total))
    return rows


def make_square(system: System) -> Node | None:
    """The square of the largest step at each step from the second on; None if it is infinite."""
    rows = weigh(system, system.memory.entry)
    measure = system.measure
    if measure.keeps < 0:
        raise UndecidedError("what measures gradients may be negative")
    if rows and (measure.keeps == 0 or system.old == ZERO):
        # The divisor forgets what the step still owes to gradients of one or two steps before.
        if any(rate == 0 for rate, _ in rows):
            raise UndecidedError("the divisor and the sum over it forget at once")
        _require_lasting(system, rows)
        return None
    if rows:
        top = max(rows, key=lambda row: abs(row[0]))
        size = top[0] ** 2 if not measure.is_peak else abs(top[0])
        if size >= measure.keeps:
            _require_lasting(system, [row for row in rows if abs(row[0]) == abs(top[0])])
            return None
    if measure.is_peak:
        return _square_peak(system, rows)
    total = apply("/", apply("^", system.direct, number(fmpq(2))), system.new)
    shares = apply("*", system.old, number(measure.takes))
    if system.begin is None:
        return tidy(apply("+", total, _add_up(rows, measure.keeps, shares, 1)))
    rest = _add_up(rows, measure.keeps, shares, 2)
    firsts = weigh(system, system.begin[0])
    share = apply("*", system.old, number(system.begin[1]))
    for ratio, product in _pair(firsts, measure.keeps):
        part = apply("/", apply("*", product, _fade(ratio, 2)), share)
        rest = apply("+", rest, part)
    return tidy(apply("+", total, rest))


def _require_lasting(system: System, rows: Sequence[tuple[fmpq, Node]]) -> None:
    """Return if what older gradients do to a step does not vanish, nor the divisor.

    Raises:
        UndecidedError: If that is not certain.
    """
    limits = [system.clock.tail.limit(tree) for _, tree in rows]
    for tree in (system.new, system.old):
        system.clock.tail.limit(tree)
    if len(rows) != 1 or compare(limits[0], fmpq(0)) == 0:
        raise UndecidedError("what a step owes to old gradients may cancel")


def _add_up(rows: Sequence[tuple[fmpq, Node]], keeps: fmpq, shares: Node, skips: int) -> Node:
    """The sum over older gradients, without the first if two are skipped."""
    total: Node = ZERO
    for ratio, product in _pair(rows, keeps):
        whole = apply("/", apply("-", ONE, _fade(ratio, skips)), number(1 - ratio))
        total = apply("+", total, apply("*", product, whole))
    return apply("/", total, shares)


def _pair(rows: Sequence[tuple[fmpq, Node]], keeps: fmpq) -> Iterator[tuple[fmpq, Node]]:
    """The products in the square of a sum, each with the ratio of its geometric series."""
    for index, (one, left) in enumerate(rows):
        yield one * one / keeps, apply("^", left, number(fmpq(2)))
        for other, right in rows[:index]:
            both = apply("*", apply("*", number(fmpq(2)), left), right)
            yield one * other / keeps, both


def _fade(ratio: fmpq, skips: int) -> Node:
    """`ratio^(t - skips)`."""
    if ratio < 0 or (ratio == 0 and skips > 1):
        raise UndecidedError("a mean of gradients changes its sign")
    if ratio == 0:
        return ZERO
    exponent = parse(f"t - {skips}", names={"t"}).tree
    return apply("^", number(ratio), exponent)


def _square_peak(system: System, rows: Sequence[tuple[fmpq, Node]]) -> Node:
    """The same over the largest gradient of late, where no gradient counts negatively."""
    if system.begin is not None:
        raise UndecidedError("the first gradient enters in another way")
    sign = 1
    if all_negative := system.direct != ZERO and _is_negative(system, system.direct):
        sign = -1
    total: Node = apply("/", system.direct, system.new)
    for rate, tree in rows:
        system.clock.require(tidy(apply("*", number(fmpq(sign)), tree)), positive=False)
        ratio = rate / system.measure.keeps
        whole = apply("/", apply("-", ONE, _fade(ratio, 1)), number(1 - ratio))
        total = apply("+", total, apply("/", apply("*", tree, whole), system.old))
    if not all_negative:
        system.clock.require(system.direct, positive=False)
    return tidy(apply("^", total, number(fmpq(2))))


def _is_negative(system: System, tree: Node) -> bool:
    upper = system.clock.tail.bound(tree).upper
    is_below = upper is not None and bool(to_ball(upper) <= 0)
    return is_below and all(bool(value <= 0) for value in system.clock.evaluate(tree))

"""For which values of a parameter all multipliers of one curvature lie inside the unit circle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, final

from flint import fmpq, fmpq_poly

from gradiometer.errors import UndecidedError
from gradiometer.formula import Exact, compare
from gradiometer.proof.check_fields import require
from gradiometer.proof.check_multipliers import Linear, boundaries, is_stable
from gradiometer.proof.check_no_root import count_changes, has_no_root, value_at
from gradiometer.proof.check_rest import Ends

_ZERO = fmpq(0)

Domain = tuple[fmpq, fmpq | None]

Span = tuple[Ends, Ends | None]
"""An open interval of the parameter; None is infinity."""


@final
@dataclass(frozen=True)
class Crossing:
    """A polynomial in the parameter that vanishes where multipliers pass the unit circle."""

    kind: str
    """`fold`, `flip`, `pair`, or `pole` where the rule has no value."""
    powers: tuple[Exact, ...]
    key: str
    """The polynomial with everything else in it as symbols, to tell crossings apart."""


def list_crossings(linear: Linear, parameter: str) -> list[Crossing]:
    """All of them that change with the parameter.

    Raises:
        UndecidedError: If one vanishes for every value of the parameter, or may.
    """
    found: list[Crossing] = []
    for block in linear.blocks:
        for kind, polynomial in boundaries(block.polynomial).items():
            found += _crossing(linear, kind, polynomial, parameter, block.names)
        found += _crossing(linear, "pole", block.polynomial[-1], parameter, block.names)
    for divisor in linear.divisors:
        found += _crossing(linear, "pole", divisor, parameter, ("x",))
    return found


def _crossing(
    linear: Linear, kind: str, polynomial: Any, parameter: str, names: Sequence[str]
) -> Iterator[Crossing]:
    if polynomial.is_zero():
        raise _stays(names)
    for part, _ in polynomial.factor()[1]:
        powers = linear.symbols.in_powers(part, parameter)
        while len(powers) > 1 and powers[-1] == 0:
            powers.pop()
        if len(powers) > 1:
            yield Crossing(kind, tuple(powers), str(part))
        elif compare(powers[0], _ZERO) == 0:
            raise _stays(names)


def _stays(names: Sequence[str]) -> UndecidedError:
    said = ", ".join(f"`{name}`" for name in names)
    return UndecidedError(f"a multiplier of {said} stays on the unit circle for ever")


def gather(crossings: Sequence[Crossing]) -> list[tuple[Exact, ...]]:
    """Polynomials whose roots are those of all crossings: one without double roots if rational."""
    if not crossings:
        return []
    exact = [[value for value in row.powers if isinstance(value, fmpq)] for row in crossings]
    if any(len(row.powers) != len(kept) for row, kept in zip(crossings, exact, strict=True)):
        return list({row.key: row.powers for row in crossings}.values())
    product = reduce(lambda a, b: a * b, map(fmpq_poly, exact))
    single = divmod(product, product.gcd(product.derivative()))[0]
    return [tuple(map(fmpq, single.coeffs()))]


def check_mode(
    linear: Linear, parameter: str, domain: Domain, breaks: Sequence[Ends]
) -> list[Span]:
    """The open intervals on which all multipliers are inside, from places where they may pass.

    Raises:
        CertificateError: If the breaks are not all of these places.
        UndecidedError: If a ball is too wide to say.
    """
    polynomials = gather(list_crossings(linear, parameter))
    spans: list[Span] = []
    left = Ends(domain[0], domain[0])
    for place in (*breaks, None):
        right = domain[1] if place is None else place.lower
        require(right is None or left.upper < right, "The breaks are not in order.")
        clean = all(has_no_root(powers, left.upper, right) for powers in polynomials)
        require(clean, "A multiplier may pass the unit circle between two breaks.")
        if place is not None:
            _check_break(polynomials, place)
        if is_stable_at(linear, parameter, sample(left.upper, right)):
            end = place if place is not None or right is None else Ends(right, right)
            spans.append((left, end))
        if place is not None:
            left = place
    return spans


def _check_break(polynomials: Sequence[Sequence[Exact]], place: Ends) -> None:
    """Accept that exactly one root of all polynomials lies at a break."""
    if place.lower == place.upper:
        values = [value_at(powers, place.lower) for powers in polynomials]
        require(any(value == 0 for value in values), "Nothing happens at a break.")
        return
    ends = [value_at(powers, end) for powers in polynomials for end in (place.lower, place.upper)]
    require(all(compare(value, _ZERO) != 0 for value in ends), "A break is cut too close.")
    counts = [count_changes(powers, place.lower, place.upper) for powers in polynomials]
    require(sorted(c or 0 for c in counts) == [0] * (len(counts) - 1) + [1] and None not in counts,
            "A break is not certain to hold one root.")  # fmt: skip


def sample(lower: fmpq, upper: fmpq | None) -> fmpq:
    """A number strictly between the two."""
    return 2 * abs(lower) + 1 if upper is None else (lower + upper) / 2


def at_value(linear: Linear, parameter: str, value: fmpq) -> list[list[Exact]]:
    """The coefficients of each block's polynomial at one value of the parameter.

    Raises:
        UndecidedError: If the rule has no value there.
    """
    poles = (*linear.divisors, *(block.polynomial[-1] for block in linear.blocks))
    for pole in poles:
        if compare(value_at(linear.symbols.in_powers(pole, parameter), value), _ZERO) == 0:
            raise UndecidedError("the rule has no value there")
    return [
        [value_at(linear.symbols.in_powers(part, parameter), value) for part in block.polynomial]
        for block in linear.blocks
    ]


def is_stable_at(linear: Linear, parameter: str, value: fmpq) -> bool:
    """Whether all multipliers at one value of the parameter lie inside the unit circle."""
    return all(is_stable(row) for row in at_value(linear, parameter, value))


def meet(left: Sequence[Span], right: Sequence[Span]) -> list[Span]:
    """What both sets of intervals hold.

    Raises:
        UndecidedError: If two ends that are not the same overlap.
    """
    found: list[Span] = []
    for a in left:
        for b in right:
            lower = a[0] if _order(a[0], b[0]) >= 0 else b[0]
            upper = a[1] if _order_upper(a[1], b[1]) <= 0 else b[1]
            if upper is None or _order(lower, upper) < 0:
                found.append((lower, upper))
    return found


def _order(left: Ends, right: Ends) -> int:
    if left == right:
        return 0
    if left.upper < right.lower:
        return -1
    if left.lower > right.upper:
        return 1
    raise UndecidedError("the ends of two sets of safe values lie too close to each other")


def _order_upper(left: Ends | None, right: Ends | None) -> int:
    if left is None or right is None:
        return (left is None) - (right is None)
    return _order(left, right)


def name_loss(crossings: Sequence[Crossing], place: Ends | None, domain: Domain) -> str:
    """What happens at the end of an interval: a word of `Crossing.kind`, or `domain`."""
    if place is None or (place.lower == place.upper and place.lower in domain):
        return "domain"
    found: dict[str, None] = {}
    for row in crossings:
        if place.lower == place.upper:
            hit = value_at(row.powers, place.lower) == 0
        else:
            changes = count_changes(row.powers, place.lower, place.upper)
            hit = changes is None or changes > 0
        if hit:
            found[row.kind] = None
    return "+".join(sorted(found))


def losses_of(rows: Mapping[int, Sequence[Crossing]]) -> list[Crossing]:
    """The crossings of all curvatures, one after the other."""
    return [row for crossings in rows.values() for row in crossings]

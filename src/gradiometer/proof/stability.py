"""The safe values of a parameter of an update rule at a critical point, with their certificate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, final

from flint import arb, fmpq, fmpq_poly

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import Exact, precision, to_float, to_text
from gradiometer.model import Rule
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check import check
from gradiometer.proof.check_eigenvalues import Multiplier, find_growth
from gradiometer.proof.check_multipliers import Linear
from gradiometer.proof.check_rest import Ends, read_ground
from gradiometer.proof.check_stability import (
    BITS,
    Inquiry,
    find_pull,
    list_multipliers,
    read_inquiry,
    spell_ends,
    spell_span,
    word_at,
)
from gradiometer.proof.check_stable_set import (
    Domain,
    Span,
    check_mode,
    gather,
    list_crossings,
    meet,
)
from gradiometer.proof.stability_form import Form, find_form, list_ends
from gradiometer.proof.stability_rest import Rest, find_rest, spell_rest, to_ends

_FINEST = fmpq(1, 2**80)
"""Half the width of an enclosure of a critical value, as a share of it."""

_GRAIN = 8
"""Parts of that width at least, of which one is the middle of the enclosure."""

_TRIAL = fmpq(1)


@final
@dataclass(frozen=True)
class Subject:
    """A rule with one free parameter on a landscape, as a certificate holds it."""

    rule: Rule
    parameter: str
    domain: Domain
    held: Mapping[str, fmpq]
    landscape: Mapping[str, Any]

    def to_problem(self) -> dict[str, Any]:
        """The problem as plain JSON."""
        return {
            "rule": self.rule.to_problem(),
            "parameter": self.parameter,
            "domain": [None if end is None else str(end) for end in self.domain],
            "held": {name: str(value) for name, value in self.held.items()},
            "landscape": dict(self.landscape),
        }

    @property
    def inquiry(self) -> Inquiry:
        """The rule as the checker reads it."""
        return read_inquiry(self.to_problem())


@final
@dataclass(frozen=True)
class Rate:
    """What the rule does at one value of the parameter."""

    value: fmpq
    word: str
    """`stable`, `unstable` or `edge`."""
    multipliers: tuple[Multiplier, ...]
    growth: Exact
    """The size of the largest multiplier."""


@final
@dataclass(frozen=True)
class Stability:
    """All values of the parameter at which the rule returns to a critical point."""

    rest: Rest
    spans: tuple[Span, ...]
    losses: tuple[tuple[str, str], ...]
    """What happens at the two ends of each span."""
    forms: tuple[Form, ...]
    """Ends of the spans as formulas, where they have a simple one."""
    rates: tuple[Rate, ...]
    is_affine: bool
    """Whether the rule is its linear part, so that on a parabola this holds from everywhere."""
    polynomials: tuple[tuple[str, str], ...]
    """Whose roots the multipliers are, and of what."""
    certificate: Mapping[str, Any]


def find_stability(
    subject: Subject, near: Sequence[Exact], *, piece: int, rates: Sequence[fmpq]
) -> Stability:
    """The safe values at the critical point near a place, accepted by the checker.

    Args:
        subject: The rule and the landscape.
        near: Where the point is, at least nearly.
        piece: The number of the landscape's piece that holds it.
        rates: Values of the parameter at which the multipliers are wanted.

    Raises:
        UndecidedError: If the rule or the point is not understood, or the checker refuses.
    """
    with precision(BITS):
        inquiry = subject.inquiry
        rest, linears = _find_point(subject, inquiry, near, piece)
        at_origin = _is_origin(rest)
        breaks = [find_breaks(linear, inquiry) for linear in linears]
        spans = _find_spans(inquiry, linears, breaks)
        rows = [list_crossings(linear, inquiry.parameter) for linear in linears]
        crossings = [crossing for row in rows for crossing in row]
        forms = tuple(
            form
            for place in list_ends(spans)
            if (form := find_form(inquiry, rest.curvatures, rows, place, at_origin=at_origin))
        )
        known = tuple(_describe_rate(inquiry, linears, spans, rate) for rate in rates)
        said = [spell_span(span, crossings, inquiry.domain) for span in spans]
        claim = {
            **spell_rest(rest),
            "stable": said,
            "formulas": [form.to_claim() for form in forms],
            "rates": [_spell_rate(rate) for rate in known],
        }
        spelled = _spell_polynomials(inquiry, rest.curvatures[-1], at_origin=at_origin)
    certificate = _certify(subject, claim, rest, piece=piece, breaks=breaks)
    losses = tuple((row["from_loss"], row["to_loss"]) for row in said)
    is_affine = all(linear.is_affine for linear in linears)
    return Stability(rest, spans, losses, forms, known, is_affine, spelled, certificate)


def _find_spans(
    inquiry: Inquiry, linears: Sequence[Linear], breaks: Sequence[Sequence[Ends]]
) -> tuple[Span, ...]:
    """The safe values for all curvatures together."""
    try:
        sets = [
            check_mode(linear, inquiry.parameter, inquiry.domain, row)
            for linear, row in zip(linears, breaks, strict=True)
        ]
    except CertificateError as error:
        raise UndecidedError(error.problem.rstrip(".").lower()) from None
    return tuple(reduce(meet, sets))


def _certify(
    subject: Subject,
    claim: Mapping[str, Any],
    rest: Rest,
    *,
    piece: int,
    breaks: Sequence[Sequence[Ends]],
) -> Mapping[str, Any]:
    """The certificate, if the checker accepts it."""
    frame = None if rest.frame is None else [[str(v) for v in row] for row in rest.frame]
    evidence = {
        "piece": piece,
        "frame": frame,
        "breaks": [[spell_ends(place) for place in row] for row in breaks],
    }
    certificate = make_certificate(
        "stability", problem=subject.to_problem(), claim=claim, evidence=evidence
    )
    try:
        check(certificate)
    except CertificateError as error:
        raise UndecidedError(f"the proof was not accepted: {error.problem}") from None
    return certificate


def _spell_polynomials(
    inquiry: Inquiry, curvature: Ends, *, at_origin: bool
) -> tuple[tuple[str, str], ...]:
    """The equation of each block's multipliers in all parameters."""
    linear = inquiry.linear(curvature.value, at_origin=at_origin, named=True)
    found: list[tuple[str, str]] = []
    for block in linear.blocks:
        parts = [to_text(linear.symbols.spell(part)) for part in reversed(block.polynomial)]
        powers = range(len(parts) - 1, -1, -1)
        terms = [_spell_power(part, power) for part, power in zip(parts, powers, strict=True)]
        names = ", ".join(block.names)
        text = " + ".join(term for term in terms if term) + " = 0"
        found.append((text, f"Its roots z are the multipliers of {names}."))
    return tuple(found)


def _spell_power(part: str, power: int) -> str:
    if part == "0":
        return ""
    letter = {0: "", 1: "z"}.get(power, f"z^{power}")
    if not letter:
        return f"({part})" if part.startswith("-") else part
    return letter if part == "1" else f"({part})*{letter}"


def _is_origin(rest: Rest) -> bool:
    return all(ends == Ends(fmpq(0), fmpq(0)) for ends in rest.place)


def _find_point(
    subject: Subject, inquiry: Inquiry, near: Sequence[Exact], piece: int
) -> tuple[Rest, list[Linear]]:
    """The point of rest, which a weight decay may move off the critical point."""
    try:
        ground = read_ground(subject.landscape, piece)
    except CertificateError as error:
        raise UndecidedError(error.problem.rstrip(".").lower()) from None
    pull = fmpq(0)
    origin = all(isinstance(value, fmpq) and value == 0 for value in near)
    if not origin:
        pull = find_pull([inquiry.linear(_TRIAL, at_origin=False)])
    rest = find_rest(ground, near, pull)
    at_origin = _is_origin(rest)
    return rest, [inquiry.linear(e.value, at_origin=at_origin) for e in rest.curvatures]


def find_breaks(linear: Linear, inquiry: Inquiry) -> list[Ends]:
    """Where multipliers may pass the unit circle: exactly where rational, else in narrow ends."""
    found: dict[tuple[str, str], Ends] = {}
    for powers in gather(list_crossings(linear, inquiry.parameter)):
        for ends in _find_roots(powers):
            if _is_inside(ends, inquiry.domain):
                found[str(ends.lower), str(ends.upper)] = ends
    return sorted(found.values(), key=lambda ends: (ends.lower, ends.upper))


def _is_inside(ends: Ends, domain: Domain) -> bool:
    low, high = domain
    return ends.lower > low and (high is None or ends.upper < high)


def _find_roots(powers: Sequence[Exact]) -> list[Ends]:
    exact = [value for value in powers if isinstance(value, fmpq)]
    if len(exact) < len(powers):
        return _real_roots(fmpq_poly([_middle(value) for value in powers]))
    found: list[Ends] = []
    for part, _ in fmpq_poly(exact).factor()[1]:
        if part.degree() == 1:
            root = -part[0] / part[1]
            found.append(Ends(root, root))
        else:
            found += _real_roots(part)
    return found


def _real_roots(polynomial: fmpq_poly) -> list[Ends]:
    roots: Any = polynomial.complex_roots()
    return [_enclose(root.real) for root, _ in roots if root.imag == 0]


def _middle(value: Exact) -> fmpq:
    if isinstance(value, fmpq):
        return value
    top, power = value.mid().man_exp()
    return fmpq(top) * fmpq(2) ** int(power)


def _enclose(root: arb) -> Ends:
    """Short rational ends on both sides of a root."""
    middle = _middle(root)
    width = _FINEST * abs(middle) if middle else _FINEST
    scale = 2 ** int((_GRAIN / width).floor()).bit_length()
    near = fmpq((middle * scale).floor(), scale)
    return Ends(near - width, near + width)


def _describe_rate(
    inquiry: Inquiry, linears: Sequence[Linear], spans: Sequence[Span], rate: fmpq
) -> Rate:
    roots = [root for linear in linears for root in list_multipliers(linear, inquiry, rate)]
    return Rate(rate, word_at(inquiry, linears, spans, rate), tuple(roots), find_growth(roots))


def _spell_rate(rate: Rate) -> dict[str, Any]:
    return {
        "rate": str(rate.value),
        "is": rate.word,
        "multipliers": [
            {"real": spell_ends(to_ends(z.real)), "imaginary": spell_ends(to_ends(z.imaginary))}
            for z in rate.multipliers
        ],
        "growth": spell_ends(to_ends(rate.growth)),
    }


def measure_growth(subject: Subject, rest: Rest) -> Callable[[Sequence[float]], list[float]]:
    """What gives the size of the largest multiplier at each of some values, in float64.

    Raises:
        UndecidedError: If the position has no multiplier of its own.
    """
    import numpy as np

    with precision(BITS):
        inquiry = subject.inquiry
        rows: list[list[list[float]]] = []
        for ends in rest.curvatures:
            linear = inquiry.linear(ends.value, at_origin=_is_origin(rest))
            block = next((b for b in linear.blocks if "x" in b.names), None)
            if block is None:
                raise UndecidedError("the position has no multiplier of its own")
            powers = (linear.symbols.in_powers(c, inquiry.parameter) for c in block.polynomial)
            rows.append([[to_float(value) for value in row] for row in powers])

    def measure(values: Sequence[float]) -> list[float]:
        found: list[float] = []
        for value in values:
            parts = [[np.polyval(row[::-1], value) for row in part] for part in rows]
            roots = [np.abs(np.roots(part[::-1])) for part in parts if all(np.isfinite(part))]
            sizes = [float(r.max()) if r.size else 0.0 for r in roots]
            found.append(max(sizes, default=float("nan")))
        return found

    return measure

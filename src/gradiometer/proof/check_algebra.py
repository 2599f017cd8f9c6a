"""Replays proofs that polynomial equations have no common solution in a region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, reduce
from typing import Any, TypeAlias, final

from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Name, Node, Range, apply, compare, number
from gradiometer.proof.check_fields import read_rational, require
from gradiometer.proof.check_steps import ANY_SIGN, range_of, signs_in

Polynomial: TypeAlias = Any
"""A `fmpq_mpoly`; python-flint has no annotations."""

_MOST_TERMS = 2_000
_MOST_DEGREE = 120
_MOST_SUMMANDS = 60
"""Longer polynomials are not evaluated over ranges."""


@final
@dataclass(frozen=True)
class Region:
    """All points at which some polynomials are zero and others are not, inside some ranges."""

    equations: Mapping[str, Polynomial]
    """What is zero, by label."""
    nonzero: Mapping[str, Polynomial]
    """What is not zero, by label."""
    unknowns: tuple[str, ...]
    """What each variable of the polynomials stands for."""
    spans: tuple[Range, ...]
    """Where each variable lies."""
    units: frozenset[str] = frozenset()
    """The irreducible factors of what is not zero, as texts."""

    def with_equation(self, label: str, value: Polynomial) -> Region:
        """The part of the region where this is zero too."""
        require(label not in self.equations, "An equation has the label of another one.")
        return replace(self, equations={**self.equations, label: value})

    def with_nonzero(self, label: str, value: Polynomial) -> Region:
        """The part of the region where this is not zero."""
        require(label not in self.nonzero, "A polynomial has the label of another one.")
        units = self.units.union(text for _, text, _ in factors_of(value))
        return replace(self, nonzero={**self.nonzero, label: value}, units=units)


def refute(region: Region, proof: Any) -> None:
    """Accept that the region is empty, or raise `CertificateError`.

    Args:
        region: What is said to have no point.
        proof: Steps that add consequences; the last one is a contradiction, or cases of which
            each has a proof of its own.
    """
    require(isinstance(proof, list) and len(proof) > 0, "A proof is a list of steps.")
    for step in proof[:-1]:
        region = _derive(region, step)
    word, *rest = proof[-1]
    require(word in _ENDS, "A proof ends in a contradiction or in cases.")
    _ENDS[word](region, *rest)


def _derive(region: Region, step: Any) -> Region:
    word, label, *rest = step
    require(isinstance(label, str), "A label is a text.")
    if word == "divide":
        of, through, unknown = rest
        variable = _index(region, unknown)
        divided = remainder(region.equations[of], region.equations[through], variable)
        return region.with_equation(label, divided)
    if word == "carry":
        of, through, unknown = rest
        variable = _index(region, unknown)
        divisor = region.equations[through]
        lead = coefficient(divisor, variable, int(divisor.degrees()[variable]))
        require(0 not in signs_of(lead, region), "A leading coefficient may be zero.")
        return region.with_nonzero(label, remainder(region.nonzero[of], divisor, variable))
    require(word == "factor", "A step is none of those that are known.")
    (of,) = rest
    factors = live_factors(region.equations[of], region)
    require(len(factors) == 1, "Several factors may be zero.")
    return region.with_equation(label, factors[0])


def _end_by_sign(region: Region, of: str) -> None:
    require(0 not in signs_of(region.equations[of], region), "An equation may be fulfilled.")


def _end_by_zero(region: Region, of: str) -> None:
    require(region.nonzero[of].is_zero(), "Nothing is zero that must not be.")


def _end_by_factors(region: Region, of: str, cases: Any) -> None:
    factors = live_factors(region.equations[of], region)
    require(isinstance(cases, list) and len(cases) == len(factors), "There are other factors.")
    for factor, (label, proof) in zip(factors, cases, strict=True):
        refute(region.with_equation(label, factor), proof)


def _end_by_lead(region: Region, *parts: Any) -> None:
    label, of, unknown, if_zero, otherwise = parts
    value, variable = region.equations[of], _index(region, unknown)
    lead = coefficient(value, variable, int(value.degrees()[variable]))
    refute(region.with_equation(label, lead), if_zero)
    refute(region.with_nonzero(label, lead), otherwise)


def _end_by_cut(region: Region, unknown: str, at: str, below: Any, above: Any) -> None:
    variable, place = _index(region, unknown), read_rational(at)
    for proof, part in zip((below, above), cut_span(region.spans[variable], place), strict=True):
        spans = (*region.spans[:variable], part, *region.spans[variable + 1 :])
        refute(replace(region, spans=spans), proof)


_ENDS = {
    "sign": _end_by_sign,
    "zero": _end_by_zero,
    "factors": _end_by_factors,
    "lead": _end_by_lead,
    "cut": _end_by_cut,
}


def _index(region: Region, unknown: Any) -> int:
    require(unknown in region.unknowns, "An unknown is none of the equations.")
    return region.unknowns.index(unknown)


def cut_span(span: Range, at: fmpq) -> tuple[Range, Range]:
    """The parts of a range up to a number and from it on."""
    low = span.lower is None or compare(span.lower, at) < 0
    high = span.upper is None or compare(span.upper, at) > 0
    require(low and high, "A range is cut outside.")
    return Range(span.lower, at), Range(at, span.upper)


def remainder(value: Polynomial, divisor: Polynomial, variable: int) -> Polynomial:
    """`factor^n * value - quotient * divisor` of lower degree, with leading coefficient 1.

    Where *divisor* is zero it is a power of the divisor's leading coefficient times *value*, up to
    a number.
    """
    context, least = value.context(), int(divisor.degrees()[variable])
    require(least > 0, "A divisor does not hold the unknown.")
    factor, rest = coefficient(divisor, variable, least), value
    while not rest.is_zero() and (degree := int(rest.degrees()[variable])) >= least:
        part = coefficient(rest, variable, degree) * context.gen(variable) ** (degree - least)
        rest = factor * rest - part * divisor
        if len(rest) > _MOST_TERMS or max(rest.degrees()) > _MOST_DEGREE:
            raise UndecidedError("a remainder is too large")
    return rest if rest.is_zero() else rest / rest.leading_coefficient()


def coefficient(polynomial: Polynomial, variable: int, degree: int) -> Polynomial:
    """The polynomial in the other variables that stands before a power of this one."""
    terms = {
        (*powers[:variable], 0, *powers[variable + 1 :]): factor
        for powers, factor in polynomial.to_dict().items()
        if powers[variable] == degree
    }
    return polynomial.context().from_dict(terms)


def factors_of(polynomial: Polynomial) -> tuple[tuple[Polynomial, str, int], ...]:
    """The irreducible factors with leading coefficient 1, their texts, and how often they occur."""
    if polynomial.is_constant():
        return ()
    return _kept_factors(_Kept(str(polynomial), polynomial.context().nvars(), polynomial))


@final
@dataclass(frozen=True)
class _Kept:
    """A polynomial that can be looked up; its text and its number of variables say which it is."""

    text: str
    size: int
    value: Polynomial = field(compare=False)


@lru_cache(maxsize=8192)
def _kept_factors(kept: _Kept) -> tuple[tuple[Polynomial, str, int], ...]:
    parts = [(part / part.leading_coefficient(), int(n)) for part, n in kept.value.factor()[1]]
    return tuple(sorted(((part, str(part), n) for part, n in parts), key=lambda row: row[1]))


def live_factors(polynomial: Polynomial, region: Region) -> list[Polynomial]:
    """The different irreducible factors that may be zero, each with leading coefficient 1."""
    if polynomial.is_zero():
        return [polynomial]
    rows = factors_of(polynomial)
    return [part for part, text, _ in rows if 0 in _signs_of_factor(part, text, region)]


def signs_of(polynomial: Polynomial, region: Region) -> frozenset[int]:
    """The signs that the polynomial may have in the region."""
    if polynomial.is_zero():
        return frozenset((0,))
    found = frozenset((1 if polynomial.leading_coefficient() > 0 else -1,))
    for factor, text, times in factors_of(polynomial):
        own = _signs_of_factor(factor, text, region)
        found = _products(found, own if times % 2 else _squares(own))
    return found


def _products(left: frozenset[int], right: frozenset[int]) -> frozenset[int]:
    return frozenset(a * b for a in left for b in right)


def _squares(signs: frozenset[int]) -> frozenset[int]:
    return frozenset(sign * sign for sign in signs)


def _signs_of_factor(factor: Polynomial, text: str, region: Region) -> frozenset[int]:
    """The signs of an irreducible polynomial: by its terms, by its range, and seen from above."""
    variables = [index for index, degree in enumerate(factor.degrees()) if degree > 0]
    signs = {index: _signs_of_variable(factor, index, region) for index in variables}
    found = _signs_by_terms(factor, signs)
    if text in region.units:
        found -= {0}
    if len(found) > 1 and len(factor) <= _MOST_SUMMANDS:
        found &= signs_in(range_of(*_as_tree(factor, region)))
    if len(found) > 1:
        found &= _signs_from_above(factor, signs, region)
    return found


def _signs_from_above(
    factor: Polynomial, signs: Mapping[int, frozenset[int]], region: Region
) -> frozenset[int]:
    """The signs by terms when each variable with a largest value is that less another one."""
    context = factor.context()
    places = [context.gen(index) for index in range(context.nvars())]
    seen = dict(signs)
    for index in signs:
        top = region.spans[index].upper
        if isinstance(top, fmpq):
            less = context.constant(top) - places[index]
            is_apart = any(text in region.units for _, text, _ in factors_of(less))
            seen[index] = frozenset((1,)) if is_apart else frozenset((0, 1))
            places[index] = less
    if not any(isinstance(region.spans[index].upper, fmpq) for index in signs):
        return ANY_SIGN
    return _signs_by_terms(factor.compose(*places, ctx=context), seen)


def _signs_by_terms(factor: Polynomial, signs: Mapping[int, frozenset[int]]) -> frozenset[int]:
    """The signs of a sum of terms that all have one sign."""
    total: frozenset[int] = frozenset((0,))
    for powers, scale in factor.to_dict().items():
        term = frozenset((1 if scale > 0 else -1,))
        for variable, power in enumerate(powers):
            if power:
                own = signs[variable]
                term = _products(term, _squares(own) if power % 2 == 0 else own)
        total = _sums(total, term)
        if total == ANY_SIGN:
            break
    return total


def _sums(left: frozenset[int], right: frozenset[int]) -> frozenset[int]:
    """The signs of sums of two numbers with those signs."""
    pairs = ((a, b) for a in left for b in right)
    return reduce(
        frozenset.union, (ANY_SIGN if a * b < 0 else frozenset((a or b,)) for a, b in pairs)
    )


def _signs_of_variable(like: Polynomial, variable: int, region: Region) -> frozenset[int]:
    found = signs_in(region.spans[variable])
    return found - {0} if str(like.context().gen(variable)) in region.units else found


def _as_tree(polynomial: Polynomial, region: Region) -> tuple[Node, Mapping[str, Range]]:
    """The polynomial as a tree in names, and their ranges."""
    names = [Name(f"v{index}") for index in range(len(region.spans))]
    summands: list[Node] = []
    for powers, scale in polynomial.to_dict().items():
        tree: Node = number(scale)
        for name, power in zip(names, powers, strict=False):
            if power:
                raised = name if power == 1 else apply("^", name, number(int(power)))
                tree = apply("*", tree, raised)
        summands.append(tree)
    whole = reduce(lambda left, right: apply("+", left, right), summands)
    ranges = {name.name: span for name, span in zip(names, region.spans, strict=True)}
    return whole, ranges

"""Settings under which one update rule steps like another: proposals and their proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Any, final

from flint import fmpq

from gradiometer.formula import evaluate
from gradiometer.model import Optimizer, Parameter, Rule, is_inside
from gradiometer.proof.alike import Alike, prove_alike
from gradiometer.proof.impossible import rule_out
from gradiometer.proof.tapes import PROBES, TAPES, Difference, find_difference
from gradiometer.proof.translation_solve import solve_settings

_MOST_VARIANTS = 32


@final
@dataclass(frozen=True)
class Translation:
    """The best settings of the second rule that were found."""

    settings: Mapping[str, fmpq]
    """A value for each parameter of the second rule."""
    rule: Rule
    """The second rule with them."""
    alike: Alike | None
    """The proof that both rules step alike, where there is one."""
    difference: Difference | None
    """The first step at which they certainly differ, where there is one."""
    impossible: Mapping[str, Any] | None = None
    """The certificate that no settings exist, at all or with some flags."""


def translate_rule(source: Rule, values: Mapping[str, fmpq], target: Optimizer) -> Translation:
    """The settings with which *target* steps like *source*, or those that come nearest.

    Args:
        source: The first rule with its parameters' values, for a single number.
        values: The values of all parameters of the first rule, by name.
        target: The second rule.

    Raises:
        GradiometerError: If the second rule cannot be bound.
    """
    best: Translation | None = None
    variants = list(islice(list_variants(target, values), _MOST_VARIANTS))
    for settings in variants:
        found = _try(source, target, settings)
        if found.alike is not None:
            return found
        best = found if best is None else _later(best, found)
    assert best is not None
    # What is proved not to exist is not searched for.
    impossible = rule_out(source, target, patient=False) if best.difference else None
    if impossible is not None and impossible["claim"]["all"]:
        return replace(best, impossible=impossible)
    ruled_out = _choices_of(impossible)
    for settings in _distinct(target, variants):
        if any(row.items() <= settings.items() for row in ruled_out):
            continue
        solved = solve_settings(source, target, settings)
        if solved is not None:
            found = _try(source, target, solved)
            if found.alike is not None:
                return found
            best = _later(best, found)
    patient = rule_out(source, target) if best.difference else None
    return replace(best, impossible=patient or impossible)


def _choices_of(impossible: Mapping[str, Any] | None) -> list[dict[str, fmpq]]:
    """The flags with which it is proved that no settings exist."""
    if impossible is None:
        return []
    rows = impossible["claim"]["ruled_out"]
    return [{name: fmpq(int(value)) for name, value in row.items()} for row in rows]


def list_variants(target: Optimizer, values: Mapping[str, fmpq]) -> Iterator[dict[str, fmpq]]:
    """Settings of *target* to try: shared names keep their values, the plainest first."""
    options = [_options(parameter, values) for parameter in target.parameters.values()]
    for choice in product(*options):
        yield dict(zip(target.parameters, choice, strict=True))


def _options(parameter: Parameter, values: Mapping[str, fmpq]) -> list[fmpq]:
    default = parameter.default
    shared = values.get(parameter.name)
    if shared is not None and is_inside(shared, parameter.domain):
        return [shared]
    found = [default] if isinstance(default, fmpq) else []
    # What only the second rule has is left at its default, or at an end that switches it off.
    ends = [fmpq(0), fmpq(1)] if parameter.is_flag else _ends(parameter)
    found += [end for end in ends if is_inside(end, parameter.domain) and end not in found]
    return found or [fmpq(1)]


def _ends(parameter: Parameter) -> list[fmpq]:
    found = []
    for end in (parameter.domain.lower, parameter.domain.upper):
        if end is not None:
            value = evaluate(end, {})
            if isinstance(value, fmpq):
                found.append(value)
    return found


def _try(source: Rule, target: Optimizer, settings: Mapping[str, fmpq]) -> Translation:
    rule = target.bind(settings)
    difference = find_difference(source, rule, PROBES)
    alike = prove_alike(source, rule) if difference is None else None
    if alike is None:
        difference = find_difference(source, rule, TAPES) or difference
    return Translation(settings, rule, alike, None if alike else difference)


def _later(best: Translation, other: Translation) -> Translation:
    """The translation whose first difference comes later; the earlier one where both are level."""
    if best.difference is None or other.difference is None:
        return best if best.difference is None else other
    return other if other.difference.step > best.difference.step else best


def _distinct(target: Optimizer, variants: list[dict[str, fmpq]]) -> Iterator[dict[str, fmpq]]:
    """One of the variants for each choice of the flags."""
    flags = [name for name, p in target.parameters.items() if p.is_flag]
    seen: set[tuple[fmpq, ...]] = set()
    for settings in variants:
        key = tuple(settings[name] for name in flags)
        if key not in seen:
            seen.add(key)
            yield settings

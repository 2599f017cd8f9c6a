"""Compares the facts of an answer with what its certificate claims, number by number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flint import fmpq

from gradiometer.formula import from_decimal, to_decimal
from gradiometer.proof import KINDS_OF_FUNCTIONS, RULES_OF_FACTS, agrees, derive
from gradiometer.terminal.verify_cells import CELLS, list_cells
from gradiometer.terminal.verify_claims import READERS, list_expected
from gradiometer.terminal.verify_inputs import compare_inputs

_DIGITS = 20
"""Significant digits of a rounded number in a certificate."""
_RATIONAL = re.compile(r"-?[0-9]+(/[0-9]*[1-9][0-9]*)?")
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]{1,5})?")
_ZERO = re.compile(r"~0(±1e(?P<size>-?[0-9]{1,5}))?")

Difference = tuple[str, str, str]
"""The path of a value in the facts, what stands there, and what the certificate proves."""


def find_differences(
    facts: Mapping[str, Any],
    parts: Sequence[Any],
    inputs: Mapping[str, Any] | None = None,
    *,
    question: Any = None,
) -> list[Difference]:
    """Where a fact says something else than the certificate, in the order of the claims.

    A fact without a value says nothing, so it differs from nothing.

    Args:
        facts: The facts of an answer, as JSON.
        parts: The parts of its certificate, all accepted.
        inputs: What was asked.
        question: The question that was asked.
    """
    found: list[Difference] = list(_differences_of_function(facts, parts, inputs))
    found.extend(_differences_of_problem(parts, inputs))
    for name, said, proved in compare_inputs(question, inputs or {}, parts):
        found.append((f"inputs.{name}", _to_text(said), _to_text(proved)))
    for path, said, claimed in list_cells(facts, inputs or {}, parts, _is_same):
        if not _is_same(said, claimed):
            found.append((path, _to_text(said) or "none", _to_text(claimed) or "none"))
    for name, claimed in list_expected(parts).items():
        fact = facts.get(name)
        if not isinstance(fact, Mapping) or _says_nothing(fact):
            continue
        if claimed is None:
            if fact.get("status") == "proved":
                found.append((name, _to_text(fact.get("value")), "nothing about it"))
            continue
        found.extend(_differences(name, fact.get("value"), claimed))
    return found


def _differences_of_function(
    facts: Mapping[str, Any], parts: Sequence[Any], inputs: Mapping[str, Any] | None
) -> Iterator[Difference]:
    """Where a proved fact of a function does not follow from the parts by the checker's rules."""
    if not _speaks_of_a_function(facts, parts):
        return
    derived = derive(str(facts["formula"].get("value")), inputs or {}, parts)
    for name, fact in facts.items():
        if name in RULES_OF_FACTS and _is_proved(fact) and not _says_nothing(fact):
            if name not in derived:
                yield name, _to_text(fact.get("value")), "nothing about it"
            elif not agrees(fact.get("value"), derived[name]):
                yield name, _to_text(fact.get("value")), "something else"


def _differences_of_problem(
    parts: Sequence[Any], inputs: Mapping[str, Any] | None
) -> Iterator[Difference]:
    """Where what was asked is not what the certificate of a computation is about."""
    if inputs and isinstance(inputs.get("set"), Mapping):
        for name, proved in _settings_of_source(parts):
            if inputs["set"].get(name) != proved:
                yield f"inputs.set.{name}", _to_text(inputs["set"].get(name)), proved
    if not inputs or not parts or parts[0].get("kind") != "graph":
        return
    for name, proved in parts[0]["problem"].items():
        if inputs.get(name) != proved:
            yield f"inputs.{name}", _to_text(inputs.get(name)), _to_text(proved)


def _settings_of_source(parts: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """The settings of the optimizer that is translated, as certificates state them."""
    for part in parts:
        problem = part["problem"]
        if part["kind"] == "alike":
            source = problem["led" if problem["target"] == "leader" else "leader"]
        elif part["kind"] == "difference":
            source = problem["rules"][0]["rule"]
        elif part["kind"] == "impossible":
            source = problem["source"]
        else:
            continue
        yield from source["values"].items()


def _speaks_of_a_function(facts: Mapping[str, Any], parts: Sequence[Any]) -> bool:
    has_kind = any(isinstance(p, Mapping) and p.get("kind") in KINDS_OF_FUNCTIONS for p in parts)
    return has_kind and isinstance(facts.get("formula"), Mapping)


def list_compared(facts: Mapping[str, Any], parts: Sequence[Any]) -> list[str]:
    """The names of the proved facts that the certificate speaks of."""
    names = {*list_expected(parts), CELLS}
    if _speaks_of_a_function(facts, parts):
        names |= RULES_OF_FACTS
    return [name for name in facts if name in names and _is_proved(facts[name])]


def list_uncovered(facts: Mapping[str, Any], parts: Sequence[Any]) -> list[str]:
    """The names of the proved facts that no part of the certificate speaks of."""
    expected = list_expected(parts)
    names: list[str] = []
    by_rule = RULES_OF_FACTS if _speaks_of_a_function(facts, parts) else frozenset[str]()
    for name, fact in facts.items():
        if not _is_proved(fact) or name in by_rule:
            continue
        if name == CELLS:
            continue
        if name not in expected:
            names.append(str(name))
        elif name in _PARTLY and _fields(fact.get("value")):
            left = _fields(fact["value"]) - _fields(expected[name])
            names += [f"{name}.{field}" for field in sorted(left)]
    return names


def is_compared(kind: Any) -> bool:
    """Whether certificates of that kind speak of facts by name."""
    return kind in READERS or kind in KINDS_OF_FUNCTIONS or kind in _OF_PARTS


def _is_proved(fact: Any) -> bool:
    return isinstance(fact, Mapping) and fact.get("status") == "proved"


def _says_nothing(fact: Mapping[str, Any]) -> bool:
    return fact.get("status") == "unknown" or fact.get("value") is None


_OF_PARTS = ("boxes", "identity", "sign")
"""Kinds that back the parts about a function; what facts say is read off those parts."""

_PARTLY = ("at_kink", "regimes", "safe", "settings")
"""Facts with fields that no certificate speaks of."""


def _fields(value: Any) -> set[str]:
    row = value[0] if isinstance(value, list) and value else value
    return set(row) if isinstance(row, Mapping) else set()


def _differences(path: str, said: Any, claimed: Any) -> Iterator[Difference]:
    """Where a value of a fact, as JSON, is not what is claimed."""
    if isinstance(claimed, Mapping):
        if isinstance(said, Mapping) and claimed.keys() <= said.keys():
            partly = path.partition(".")[0] in _PARTLY
            for key in () if partly else sorted(said.keys() - claimed.keys()):
                yield f"{path}.{key}", _to_text(said[key]), "nothing about it"
            for key, value in claimed.items():
                yield from _differences(f"{path}.{key}", said[key], value)
            return
    elif isinstance(claimed, list):
        if isinstance(said, list) and len(said) == len(claimed):
            for index, value in enumerate(claimed):
                yield from _differences(f"{path}.{index}", said[index], value)
            return
    elif _is_same(said, claimed):
        return
    yield path, _to_text(said), _to_text(claimed)


def _is_same(said: Any, claimed: Any) -> bool:
    """Whether one word, truth value or number is the claimed one."""
    if claimed is None or isinstance(claimed, bool):
        return said is claimed
    if isinstance(said, Mapping):
        return set(said) == {"exact", "decimal", "ball"} and _is_number(said, str(claimed))
    return isinstance(said, str) and said == claimed


def _is_number(said: Mapping[str, Any], claimed: str) -> bool:
    exact, decimal, ball = said["exact"], said["decimal"], said["ball"]
    if claimed in ("inf", "-inf"):
        return exact is None and ball is None and decimal == claimed
    if _RATIONAL.fullmatch(claimed):
        value = from_decimal(claimed)
        if ball is not None:
            return exact is None and _fits(decimal, ball, value, fmpq(0))
        return exact == claimed and decimal == to_decimal(value)
    zero = _ZERO.fullmatch(claimed)
    if exact is not None:
        return False
    if zero:
        size = zero["size"] or "-200"
        return _fits(decimal, ball, fmpq(0), from_decimal(f"1e{size}"))
    if not claimed.startswith("~") or not _DECIMAL.fullmatch(claimed[1:]):
        return False
    value = from_decimal(claimed[1:])
    return _fits(decimal, ball, value, _last_unit(value))


def _last_unit(value: fmpq) -> fmpq:
    """At most one unit in the last of the digits that a certificate writes."""
    exponent = len(str(abs(value.p))) - len(str(value.q))
    return fmpq(10) ** (exponent - _DIGITS + 1)


def _fits(decimal: Any, ball: Any, value: fmpq, slack: fmpq) -> bool:
    """Whether the fact's ball holds the claimed number and its decimal is that number rounded."""
    if not isinstance(ball, list) or len(ball) != 2:
        return False
    if not all(isinstance(text, str) and _DECIMAL.fullmatch(text) for text in (decimal, *ball)):
        return False
    middle, radius = map(from_decimal, ball)
    rounding = max(slack, _last_unit(value)) if value else slack
    return abs(middle - value) <= radius + slack and abs(from_decimal(decimal) - value) <= rounding


def _to_text(value: Any) -> str:
    """A value of a fact or of a claim in few words."""
    if isinstance(value, Mapping) and set(value) == {"exact", "decimal", "ball"}:
        exact, decimal = value["exact"], str(value["decimal"])
        rounded = decimal
        if isinstance(exact, str) and _RATIONAL.fullmatch(exact):
            rounded = to_decimal(from_decimal(exact))
        text = str(exact or decimal) + (f" and {decimal}" if rounded != decimal else "")
    elif value is None or isinstance(value, bool):
        text = {None: "none", True: "yes", False: "no"}[value]
    elif isinstance(value, Mapping):
        text = "{" + ", ".join(f"{key}: {_to_text(item)}" for key, item in value.items()) + "}"
    elif isinstance(value, list):
        text = "[" + ", ".join(map(_to_text, value)) + "]"
    else:
        text = str(value)
    return text if len(text) <= 80 else text[:79] + "…"

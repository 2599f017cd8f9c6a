"""Which facts of `activation` stay proved: those that follow from accepted certificates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gradiometer.proof import RULES_OF_FACTS, agrees, derive
from gradiometer.question.answer import Fact, unknown
from gradiometer.question.value import to_json_value

_ALONE = " No certificate was found, so this is not called proved."


def keep_proved(
    facts: Mapping[str, Fact], inputs: Mapping[str, Any], certificate: Mapping[str, Any] | None
) -> dict[str, Fact]:
    """The facts, each `proved` only where the checker's own rules give the same value.

    A number that exact rules found without a certificate is `computed`; a word or a yes or no,
    which a reader would take for settled, is `unknown`.

    Args:
        facts: The facts of one function, with `formula`.
        inputs: What was asked.
        certificate: Its parts were accepted by the checker when they were made.

    Returns:
        The facts in the same order. One that its certificate contradicts is `unknown`.
    """
    derived = derive(str(facts["formula"].value), inputs, _parts(certificate))
    return {name: _settle(name, fact, derived) for name, fact in facts.items()}


def _parts(certificate: Mapping[str, Any] | None) -> Sequence[Mapping[str, Any]]:
    if certificate is None:
        return ()
    return certificate["parts"] if certificate["kind"] == "all" else (certificate,)


def _settle(name: str, fact: Fact, derived: Mapping[str, Any]) -> Fact:
    if fact.status != "proved" or name not in RULES_OF_FACTS:
        return fact
    if name not in derived:
        return _lower(fact)
    if not agrees(to_json_value(fact.value), derived[name]):
        return unknown("A defect: the fact and its certificate say different things.")
    return fact


def _lower(fact: Fact) -> Fact:
    if fact.value is None or isinstance(fact.value, bool | str):
        return unknown(f"Not certified. It seems that: {fact.because}")
    return replace(fact, status="computed", because=fact.because + _ALONE)

"""Which settings make the optimizers of two libraries step alike, or where they first differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flint import fmpq

from gradiometer.errors import StudyError, UsageError, suggest
from gradiometer.formula import precision, to_text
from gradiometer.model import (
    Optimizer,
    Rule,
    find_entry,
    list_dialects,
    read_optimizer,
    settle,
)
from gradiometer.proof import (
    Difference,
    Translation,
    certify_difference,
    combine,
    is_elementwise,
    translate_rule,
)
from gradiometer.question.answer import Answer, Fact, Step, computed, proved, unknown
from gradiometer.question.value import to_value_text

_BITS = 256
"""Working precision of the distance between two positions."""


def translate(
    optimizer: str, *, source: str, target: str, set: Mapping[str, Any] | None = None
) -> Answer:
    """The settings of *target* with which both step alike, or the first step that differs.

    Args:
        optimizer: A catalogue name such as `adam`.
        source: The library that is translated from, such as `torch`; or a whole name or a TOML
            file, such as `adamw.torch`.
        target: The library that is translated to, in the same notation.
        set: Values of the source's parameters; its defaults hold for the others.

    Returns:
        Facts `alike` (whether there are such settings), `settings` (all parameters of the
        target), `changed` (those that differ from its defaults), `links` (the target's state in
        terms of the source's), `first_difference` (tape of gradients, step, both positions),
        `ruled_out` (flags of the target with which it is proved that no settings do).

    Raises:
        UsageError: If the optimizer or a library is not known, or a setting has another name.
        DomainError: If a value is outside its domain.

    Example:
        >>> answer = translate("sgd", source="torch", target="keras", set={"momentum": "9/10"})
        >>> answer.facts["links"].value
        {'m': '-1/1000*m'}
    """
    names = [_full_name(optimizer, library) for library in (source, target)]
    first, second = (read_optimizer(name) for name in names)
    values = _fixed(settle([first.owner], set)["optimizer"])
    rule = first.bind(values)
    found = translate_rule(rule, values, second)
    inputs = {"optimizer": optimizer, "from": source, "to": target,
              "set": {name: str(value) for name, value in values.items()}}  # fmt: skip
    apart = found.difference and certify_difference(
        found.difference, list(zip(names, (rule, found.rule), strict=True))
    )
    facts = _alike_facts(found, names) if found.alike else _different_facts(found, names, apart)
    facts |= _ruled_out(found.impossible)
    facts["settings"] = _settings_fact(found, dict(found.settings), "All settings of")
    changed = {n: v for n, v in found.settings.items() if v != second.parameters[n].default}
    facts["changed"] = _settings_fact(found, changed, "Settings that are no defaults of")
    parts = (found.alike and found.alike.certificate, apart or None, found.impossible)
    return Answer(
        "translate", inputs, facts, _steps(rule, found, second), certificate=combine(parts)
    )


def _full_name(optimizer: str, library: str) -> str:
    if "." in library:
        return library
    entry = find_entry("optimizer", optimizer)
    if entry is None:
        # The reader of optimizers says what is known.
        return optimizer
    known = list_dialects(entry[0])
    if library in known:
        return f"{optimizer}.{library}"
    nearest = suggest(library, known)
    raise UsageError(
        f"`{optimizer}` has no form of the library `{library}`.",
        known=known,
        hint=f"write `{nearest or known[0]}`" if known else "give the whole name of an optimizer",
    )


def _fixed(values: Mapping[str, Any]) -> dict[str, fmpq]:
    for name, value in values.items():
        if not isinstance(value, fmpq):
            raise StudyError(f"`{name}` is several numbers, which no optimizer takes.")
    return dict(values)


def _alike_facts(found: Translation, names: list[str]) -> dict[str, Fact]:
    alike = found.alike
    assert alike is not None
    led, leader = names if alike.is_led_by_target else (names[1], names[0])
    links = {link.state: to_text(link.to_tree()) for link in alike.links}
    because = (
        f"After the first step from any start the states of `{led}` are these of `{leader}`, and "
        "one step from such states gives the same position and such states again: so both take "
        "the same steps on all gradients, wherever both have a value."
    )
    return {
        "alike": proved(True, because),
        "links": proved(links, f"Each state of `{led}` in the states of `{leader}`."),
    }


def _different_facts(
    found: Translation, names: list[str], certificate: Mapping[str, Any] | None
) -> dict[str, Fact]:
    reason = "No settings were found, which does not prove that there are none."
    difference = found.difference
    if difference is None or certificate is None:
        reason = "With these settings no tape shows a difference, and no proof was found."
        if not is_elementwise(found.rule):
            reason = (
                "The rule mixes the coordinates of a tensor: for a single number no tape shows a "
                "difference, which proves nothing for tensors."
            )
        return {"alike": unknown(reason), "first_difference": unknown(reason)}
    before = "" if difference.step == 1 else " Before, they are equal."
    if not certificate["claim"]["equal_before"]:
        before = " Before, no difference is certain."
    because = (
        f"Both rules were run on the gradients in exact numbers; with the settings below "
        f"their positions certainly differ after step {difference.step}.{before}"
    )
    shown = _show(difference, names)
    return {"alike": unknown(reason), "first_difference": proved(shown, because)}


def _ruled_out(certificate: Mapping[str, Any] | None) -> dict[str, Fact]:
    """That there are no settings at all, or none with some flags; empty where neither is proved."""
    if certificate is None:
        return {}
    claim = certificate["claim"]
    because = (
        "Equal positions on a few short tapes are polynomial equations in the settings, which "
        "have no solution in their domains."
    )
    if claim["all"]:
        return {"alike": proved(False, f"No settings make both step alike. {because}")}
    choices = [{n: fmpq(int(v)) for n, v in row.items()} for row in claim["ruled_out"]]
    return {"ruled_out": proved(choices, f"With these flags no settings do. {because}")}


def _show(difference: Difference, names: list[str]) -> dict[str, Any]:
    left, right = difference.positions
    gradients = difference.tape.gradients[: difference.step]
    with precision(_BITS):
        apart = right - left
    return {
        "tape": difference.tape.name,
        "start": difference.tape.start,
        "gradients": list(gradients),
        "step": difference.step,
        names[0]: left,
        names[1]: right,
        "apart": apart,
    }


def _settings_fact(found: Translation, values: dict[str, fmpq], about: str) -> Fact:
    rule = found.rule.name
    if found.alike:
        return proved(values, f"{about} `{rule}`: it steps alike with them.")
    return computed(values, f"{about} `{rule}`: of those that were tried they agree longest.")


def _steps(source: Rule, found: Translation, target: Optimizer) -> tuple[Step, ...]:
    steps = [
        Step(f"{name} = {to_text(tree)}", f"A step of `{rule.name}`, with its settings decided.")
        for rule in (source, found.rule)
        for name, tree in rule.step
    ]
    if found.difference is not None:
        left, right = (to_value_text(value) for value in found.difference.positions)
        steps.append(Step(f"{left} ≠ {right}", f"Step {found.difference.step}: they differ."))
    return tuple(steps)

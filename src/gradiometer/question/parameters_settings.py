"""Values of settings: which network or optimizer each one is meant for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gradiometer.errors import Place, UsageError, unknown_name
from gradiometer.model import Optimizer, read_optimizer, settle
from gradiometer.question.parameters_memory import Remembered
from gradiometer.question.parameters_read import Described


def apply_settings(
    networks: Sequence[Described],
    optimizer: str | Mapping[str, Any],
    settings: Mapping[str, Any],
) -> tuple[list[Described], Remembered]:
    """The networks with their settings, and what the optimizer remembers with its own.

    Args:
        networks: The networks.
        optimizer: A catalogue name, a TOML file or a table; an empty text for plain gradient
            descent.
        settings: Values by name, or by `owner.name` where two owners share a name.

    Raises:
        UsageError: If a name belongs to nothing, or to a network and the optimizer.
        DomainError: If the optimizer cannot have a value.
    """
    rule = read_optimizer(optimizer) if optimizer else None
    found = list(networks)
    own: dict[str, Any] = {}
    for key, value in settings.items():
        places = [k for k, one in enumerate(found) if _is_meant(key, one)]
        is_rule = rule is not None and _is_of_rule(key, rule)
        if is_rule and places:
            assert rule is not None
            problem = f"`{key}` is a setting of a network and of the optimizer `{rule.name}`."
            hint = f"write `{rule.name}.{key}=…` or name the network before it"
            raise UsageError(problem, place=Place(f"--set {key}"), hint=hint)
        if not is_rule and not places:
            known = [name for one in found for name in one.known_settings]
            known += list(rule.parameters) if rule else []
            problem = f"There is no setting `{key[:60]}`."
            place = Place(f"--set {key}")
            raise unknown_name(key, dict.fromkeys(known), problem=problem, place=place)
        if is_rule:
            own[key] = value
        for k in places:
            name = _short(key, found[k])
            text = str(value).lower() if isinstance(value, bool) else str(value)
            found[k] = replace(found[k], settings={**found[k].settings, name: text})
    return found, _remember(rule, own)


def _short(key: str, network: Described) -> str:
    """The name of a setting without that of the network before it."""
    if key.startswith(f"{network.name}."):
        return key.removeprefix(f"{network.name}.")
    return key.removeprefix(f"{network.name.partition('(')[0]}.")


def _is_meant(key: str, network: Described) -> bool:
    return _short(key, network) in network.known_settings


def _is_of_rule(key: str, rule: Optimizer) -> bool:
    return bool(rule.owner.find(key))


def _remember(rule: Optimizer | None, settings: Mapping[str, Any]) -> Remembered:
    if rule is None:
        return Remembered("")
    values = settle([rule.owner], settings)["optimizer"]
    # What cannot influence a step, such as a momentum of 0, is not kept.
    return Remembered(rule.name, rule.remember(values), rule.counter_bytes)

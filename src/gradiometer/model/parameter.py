"""Parameters of catalogue entries: their names, their domains and their exact values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, final

from flint import fmpq

from gradiometer.errors import DomainError, Place, StudyError, UsageError, suggest, unknown_name
from gradiometer.formula import (
    Interval,
    evaluate,
    parse_interval,
    parse_number,
    to_decimal,
    to_text,
)

Setting: TypeAlias = fmpq | tuple[fmpq, ...]
"""The exact value of a parameter: a number, or several."""


@final
@dataclass(frozen=True)
class Parameter:
    """One parameter of a rule, a schedule, a landscape or an activation."""

    name: str
    domain: Interval
    """Where its value must lie."""
    default: Setting | None = None
    """The value when none is given; None when one must be given."""
    is_barrier: bool = False
    """Whether the question `escape` asks for this parameter's threshold."""
    is_flag: bool = False
    """Whether `true` and `false` are its values, as 1 and 0."""
    is_integer: bool = False
    """Whether its values are whole numbers."""
    is_span: bool = False
    """Whether it is how long a schedule takes; in a line of several that is known already."""


def read_parameters(table: Mapping[str, Any], *, place: Place) -> dict[str, Parameter]:
    """The parameters of an entry's `[parameters]` table, by name.

    Raises:
        StudyError: If a key is not known.
        FormulaError: If a default or a domain cannot be read.
    """
    known = ("default", "domain", "barrier", "flag", "integer", "span", "about")
    if not isinstance(table, Mapping):
        hint = 'write [parameters] and a line such as h = { default = "1" }'
        raise StudyError("`parameters` is no table.", place=place, hint=hint)
    parameters: dict[str, Parameter] = {}
    for name, given in table.items():
        row = given if isinstance(given, Mapping) else {"default": given}
        for key in row:
            if key not in known:
                nearest = suggest(key, known)
                raise StudyError(
                    f"The parameter `{name}` has no key `{key}`.",
                    place=place,
                    known=known,
                    hint=f"write `{nearest}`" if nearest else "",
                )
        domain = parse_interval(str(row.get("domain", "(-oo, oo)")), place=place)
        parameter = Parameter(
            name,
            domain,
            is_barrier=bool(row.get("barrier", False)),
            is_flag=bool(row.get("flag", False)),
            is_integer=bool(row.get("integer", False)),
            is_span=bool(row.get("span", False)),
        )
        if "default" in row:
            default = read_setting(parameter, row["default"], place=place)
            parameter = replace(parameter, default=default)
        parameters[name] = parameter
    return parameters


def read_setting(parameter: Parameter, value: Any, *, place: Place | None = None) -> Setting:
    """The exact value that *value* (a text, a number or a list of them) gives *parameter*.

    Raises:
        FormulaError: If a text is no constant formula.
        DomainError: If the value is outside the parameter's domain, or no rational number.
    """
    if isinstance(value, str) and "," in value:
        value = value.split(",")
    if isinstance(value, Sequence) and not isinstance(value, str):
        if isinstance(parameter.default, fmpq):
            raise DomainError(
                f"`{parameter.name}` is one number, not a list.",
                place=place or Place(f"--set {parameter.name}"),
            )
        return tuple(_read_one(parameter, item, place) for item in value)
    return _read_one(parameter, value, place)


def _read_one(parameter: Parameter, value: Any, place: Place | None) -> fmpq:
    place = place or Place(f"--set {parameter.name}")
    if isinstance(value, fmpq):
        number = value
    elif isinstance(value, bool) or str(value).strip().lower() in ("true", "false"):
        number = fmpq(str(value).strip().lower() == "true")
    else:
        number = parse_number(str(value).strip(), place=place)
    if parameter.is_flag and number not in (0, 1):
        raise DomainError(
            f"`{parameter.name}` = {value} is neither true nor false.",
            place=place,
            known=("true", "false"),
        )
    if parameter.is_integer and number.q != 1:
        raise DomainError(
            f"`{parameter.name}` = {value} is no whole number.",
            place=place,
            hint=f"write such as {parameter.name}={max(1, number.floor())}",
        )
    if not is_inside(number, parameter.domain):
        domain = domain_text(parameter.domain)
        raise DomainError(
            f"`{parameter.name}` = {value} is outside its domain {domain}.",
            place=place,
            known=(domain,),
        )
    return number


def is_inside(value: fmpq, interval: Interval) -> bool:
    """Whether *value* lies in an interval with constant rational ends."""
    if interval.lower is not None:
        lower = evaluate(interval.lower, {})
        if value < lower or (value == lower and not interval.lower_closed):
            return False
    if interval.upper is not None:
        upper = evaluate(interval.upper, {})
        if value > upper or (value == upper and not interval.upper_closed):
            return False
    return True


def domain_text(domain: Interval) -> str:
    """The interval as a user writes it: `[0, 1)`."""
    left = "-oo" if domain.lower is None else to_text(domain.lower)
    right = "oo" if domain.upper is None else to_text(domain.upper)
    opening = "[" if domain.lower_closed else "("
    return f"{opening}{left}, {right}{']' if domain.upper_closed else ')'}"


@final
@dataclass(frozen=True)
class Owner:
    """Something that has parameters, under the name a setting may be prefixed with."""

    role: str
    """`optimizer`, `objective`, `schedule` or `activation`."""
    name: str
    parameters: Mapping[str, Parameter]
    is_prefixed: bool = False
    """Whether its parameters are only meant where its role or its name stands before them."""
    parts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Other spellings of parameters: `adam.eps` where a rule `adam` is part of the owner."""

    def find(self, key: str) -> list[Parameter]:
        """The parameters that *key* may mean: a name, perhaps with its owner or part in front."""
        leads = [lead for lead in (self.role, self.name) if key.startswith(f"{lead}.")]
        inner = [key[len(lead) + 1 :] for lead in leads] + ([] if self.is_prefixed else [key])
        exact = [self.parameters[name] for name in inner if name in self.parameters]
        ends = tuple(f".{name}" for name in inner)
        found = exact or [p for p in self.parameters.values() if ends and p.name.endswith(ends)]
        spelled = [n for part, n in self.parts.items() if part in inner or part.endswith(ends)]
        found = found or [self.parameters[name] for name in spelled if name in self.parameters]
        return list({p.name: p for p in found}.values())


def settle(
    owners: Sequence[Owner], given: Mapping[str, Any] | None, *, free: frozenset[str] = frozenset()
) -> dict[str, dict[str, Setting]]:
    """The value of every parameter of every owner, by role.

    Args:
        owners: What has parameters.
        given: Values by parameter name, or by `owner.parameter` where two owners share a name.
        free: Parameters that may stay without a value.

    Raises:
        UnknownNameError: If a given name belongs to no owner.
        UsageError: If a name belongs to two owners, or a parameter has no value, or two.
        DomainError: If a value is outside its domain.
    """
    values: dict[str, dict[str, Setting]] = {
        owner.role: {p.name: p.default for p in owner.parameters.values() if p.default is not None}
        for owner in owners
    }
    seen: dict[tuple[str, str], str] = {}
    for key, value in (given or {}).items():
        owner, parameter = _find(key, owners)
        place = Place(f"--set {key}")
        before = seen.setdefault((owner.role, parameter.name), key)
        if before != key:
            raise UsageError(f"`{before}` and `{key}` set the same parameter.", place=place,
                             hint="leave one of them out")  # fmt: skip
        values[owner.role][parameter.name] = read_setting(parameter, value, place=place)
    for owner in owners:
        for parameter in owner.parameters.values():
            if parameter.name not in values[owner.role] and parameter.name not in free:
                raise UsageError(
                    f"The {owner.role} `{owner.name}` needs a value of `{parameter.name}`.",
                    known=tuple(owner.parameters),
                    hint=f"set it, for example `--set {parameter.name}=1`",
                )
    return values


def _find(key: str, owners: Sequence[Owner]) -> tuple[Owner, Parameter]:
    name = key.rpartition(".")[2]
    matches = [(owner, parameter) for owner in owners for parameter in owner.find(key)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        spellings = tuple(_spell_out(owner, parameter, owners) for owner, parameter in matches)
        raise UsageError(
            f"`{key}` names a parameter of more than one thing.",
            known=spellings,
            hint=f"write `{spellings[0]}`",
        )
    known = tuple(dict.fromkeys(p for owner in owners for p in owner.parameters))
    named = " and ".join(f"{owner.role} `{owner.name}`" for owner in owners)
    raise unknown_name(
        name,
        known,
        problem=f"Unknown parameter `{key}` of {named}.",
        place=Place("--set"),
        text=key,
        start=len(key) - len(name),
        end=len(key),
    )


def _spell_out(owner: Owner, parameter: Parameter, owners: Sequence[Owner]) -> str:
    """The parameter with what it belongs to, so that no other one is meant."""
    if "." in parameter.name:
        return parameter.name
    for part, name in owner.parts.items():
        if name == parameter.name:
            return part
    is_plain = owner.name.isidentifier() and [o.name for o in owners].count(owner.name) == 1
    return f"{owner.name if is_plain else owner.role}.{parameter.name}"


def to_setting_text(value: Setting) -> str:
    """The setting as a user would write it: `1/1000`, or `30, 60`."""
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    text = str(value)
    return text if len(text) <= 40 else to_decimal(value)

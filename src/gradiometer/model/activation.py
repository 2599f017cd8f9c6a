"""An activation function: a formula in `x`, as the user wrote it, with its parameters settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from gradiometer.errors import (
    Place,
    StudyError,
    UnknownNameError,
    UsageError,
    suggest,
    unknown_name,
)
from gradiometer.formula import (
    REALS,
    Formula,
    Interval,
    Name,
    Node,
    free_names,
    number,
    parse,
    substitute,
    walk,
)
from gradiometer.model.entry import check_keys, find_entry
from gradiometer.model.parameter import (
    Owner,
    Parameter,
    Setting,
    read_parameters,
    read_setting,
    settle,
)

_VARIABLE = "x"

_KEYS = (
    "name", "about", "reference", "aliases", "libraries", "formula", "parameters", "dialects",
    "vector", "instead", "gain_torch", "published", "saved",
)  # fmt: skip
"""What an entry may say."""

PUBLISHED_AS = ("second_moment", "deviation", "root")
"""What a published constant may be of."""

_HINTS = {"pieces": 'write the pieces as one formula, formula = "where(x <= 0, 0, x)"'}
"""What to write instead of keys that other entries have."""


@final
@dataclass(frozen=True)
class Published:
    """A constant that a library or a paper multiplies the function by, or divides it by."""

    source: str
    """A key of the references."""
    value: Node
    of: str
    """`second_moment` or `deviation` for one over its root, `root` for the root of the former."""
    text: str
    """The value as it was published."""


@final
@dataclass(frozen=True)
class Activation:
    """One function of `x`; a family's parameters have their values."""

    name: str
    """The catalogue name; empty for a formula."""
    about: str
    text: str
    """The formula as it was written."""
    written: Node
    """The tree of *text*, with the parameters as names."""
    tree: Node
    """The tree in `x` alone."""
    parameters: Mapping[str, Setting]
    notes: tuple[str, ...] = ()
    """How doubtful passages were read."""
    gain_torch: Node | None = None
    """What `torch.nn.init.calculate_gain` returns for it; None where that table has no entry."""
    published: tuple[Published, ...] = ()
    """Other published constants for these values of the parameters."""


@final
@dataclass(frozen=True)
class ActivationFamily:
    """A function of `x` and of parameters without values."""

    name: str
    """The catalogue name; empty for a formula."""
    text: str
    """The formula as it was written."""
    tree: Node
    """The tree in `x` and the free parameters."""
    domains: Mapping[str, Interval]
    """Where each free parameter must lie."""
    parameters: Mapping[str, Setting]
    """The values of the other parameters."""


def read_activation(
    named: str | Mapping[str, Any], *, settings: Mapping[str, Any] | None = None
) -> Activation:
    """The activation with that catalogue name, file, table, or formula in `x`.

    Args:
        named: A catalogue name (`gelu`, `gelu.jax`) or an alias, a path that ends in `.toml`,
            a table, or a formula.
        settings: Values of its parameters.

    Raises:
        StudyError: If a table lacks a part or has one too many.
        FormulaError: If a formula or a value cannot be read.
        UsageError: If a parameter has no value, a value belongs to no parameter, or the function
            takes a whole vector.

    Example:
        >>> read_activation("leaky_relu", settings={"negative_slope": "1/10"}).text
        'max(x, 0) + negative_slope*min(x, 0)'
    """
    parts = _read_parts(named, settings)
    values = settle([parts.owner], settings)["activation"]
    return Activation(
        parts.name,
        parts.about,
        parts.formula.text,
        parts.formula.tree,
        _bind(parts.formula.tree, values),
        values,
        parts.formula.notes,
        None if parts.gain is None else _bind(parts.gain, values),
        tuple(p for p, at in parts.published if all(values[n] == v for n, v in at.items())),
    )


def read_family(
    named: str | Mapping[str, Any], *, free: Sequence[str], settings: Mapping[str, Any]
) -> ActivationFamily:
    """The activation with the *free* parameters as names and values for all others.

    Args:
        named: As for `read_activation`.
        free: Parameters that have no value yet.
        settings: Values of the others.

    Raises:
        UsageError: If a free name is no parameter, or another parameter has no value.

    Example:
        >>> read_family("selu", free=["alpha"], settings={"scale": "2"}).parameters
        {'scale': 2}
    """
    parts = _read_parts(named, {**settings, **dict.fromkeys(free, "")})
    known = parts.owner.parameters
    for name in free:
        if name not in known:
            nearest = suggest(name, known)
            raise UsageError(
                f"`{parts.name or parts.formula.text}` has no parameter `{name}`.",
                known=tuple(known),
                hint=f"write `{nearest}`" if nearest else "see `gradiometer catalog activation`",
            )
    values = settle([parts.owner], settings, free=frozenset(free))["activation"]
    fixed = {name: value for name, value in values.items() if name not in free}
    domains = {name: known[name].domain for name in free}
    return ActivationFamily(
        parts.name, parts.formula.text, _bind(parts.formula.tree, fixed), domains, fixed
    )


@final
@dataclass(frozen=True)
class _Parts:
    """What a name, a table or a formula says, before the parameters have values."""

    name: str
    about: str
    formula: Formula
    owner: Owner
    gain: Node | None = None
    published: tuple[tuple[Published, Mapping[str, Setting]], ...] = ()
    """Each with the values of parameters that it is for."""


def _read_parts(named: str | Mapping[str, Any], settings: Mapping[str, Any] | None) -> _Parts:
    found = find_entry("activation", named)
    if found is None:
        return _from_formula(str(named), settings)
    table, place = found
    check_keys(table, _KEYS, place=place, hints=_HINTS)
    if table.get("vector"):
        raise _of_vector(table)
    if "formula" not in table:
        raise StudyError("An activation needs a `formula` in x.", place=place)
    parameters = read_parameters(table.get("parameters", {}), place=place)
    if _VARIABLE in parameters:
        raise StudyError("`x` is the input and cannot be a parameter.", place=place)
    formula = parse(str(table["formula"]), names=(_VARIABLE, *parameters), place=place)
    name = str(table.get("name", "activation"))
    gain = None
    if "gain_torch" in table:
        gain = parse(str(table["gain_torch"]), names=tuple(parameters), place=place).tree
    owner = Owner("activation", name, parameters)
    published = tuple(_read_published(row, parameters, place) for row in table.get("published", ()))
    return _Parts(name, str(table.get("about", "")), formula, owner, gain, published)


def _read_published(
    row: Mapping[str, Any], parameters: Mapping[str, Parameter], place: Place
) -> tuple[Published, Mapping[str, Setting]]:
    check_keys(row, ("source", "value", "of", "at"), place=place)
    if row.get("of") not in PUBLISHED_AS or not {"source", "value"} <= set(row):
        raise StudyError(
            "A published constant has a `source`, a `value`, and says what it is `of`.",
            place=place,
            known=PUBLISHED_AS,
        )
    value = parse(str(row["value"]), names=(), place=place).tree
    at = {
        name: read_setting(parameters[name], text, place=place)
        for name, text in row.get("at", {}).items()
    }
    return Published(str(row["source"]), value, str(row["of"]), str(row["value"])), at


def _from_formula(text: str, settings: Mapping[str, Any] | None) -> _Parts:
    """The activation of a formula; names other than `x` need a value."""
    formula = parse(text, place=Place("formula"))
    names = sorted(free_names(formula.tree) - {_VARIABLE})
    if names and isinstance(formula.tree, Name):
        raise _not_found(text)
    missing = [name for name in names if name not in (settings or {})]
    if missing:
        raise _not_bound(missing[0], formula.text, formula.tree)
    parameters = {name: Parameter(name, REALS) for name in names}
    return _Parts("", "", formula, Owner("activation", text, parameters))


def _bind(tree: Node, values: Mapping[str, Setting]) -> Node:
    numbers: dict[str, Node] = {}
    for name, value in values.items():
        if isinstance(value, tuple):
            raise UsageError(f"`{name}` is one number, not several.")
        numbers[name] = number(value)
    return substitute(tree, numbers)


def _not_found(text: str) -> UsageError:
    from gradiometer.catalog import list_aliases, list_entries, list_vector_functions

    entries = list_entries("activation")
    others = (*list_aliases("activation"), *list_vector_functions())
    nearest = suggest(text, (*entries, *others))
    return UsageError(
        f"There is no activation `{text}`.",
        known=entries,
        hint=f"write `{nearest}`" if nearest else "write a formula in x",
    )


def _of_vector(table: Mapping[str, Any]) -> UsageError:
    return UsageError(
        f"`{table['name']}` takes a whole vector; this question is about functions of one number. "
        f"{table.get('about', '')}".strip(),
        hint=str(table.get("instead", "ask about a function of one number")),
    )


def _not_bound(name: str, text: str, tree: Node) -> UnknownNameError:
    spans = [n.span for n in _names(tree) if n.name == name and n.span is not None]
    start, end = spans[0] if spans else (None, None)
    return unknown_name(
        name,
        (_VARIABLE,),
        problem=f"`{name}` is not the input `x`, and it has no value.",
        text=text,
        start=start,
        end=end,
        place=Place("formula"),
    )


def _names(tree: Node) -> list[Name]:
    return [node for node in walk(tree) if isinstance(node, Name)]

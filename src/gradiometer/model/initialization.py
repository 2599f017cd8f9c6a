"""How the weights of a network begin: a law, and its variance as a formula of the layer's sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, final, get_args

from gradiometer.catalog import list_entries
from gradiometer.errors import DomainError, FormulaError, Place, StudyError, UsageError, suggest
from gradiometer.formula import Node, compile_float, free_names, parse
from gradiometer.model.entry import check_keys, find_entry

Law: TypeAlias = Literal["normal", "uniform", "orthogonal"]

_NAMES = ("fan_in", "fan_out", "gain")
_KEYS = ("name", "about", "aliases", "reference", "law", "variance", "bias_variance")


@final
@dataclass(frozen=True)
class Initialization:
    """The law of the first weights and biases; the means are 0."""

    name: str
    law: Law
    variance: Node
    """Of a weight: a formula of `fan_in`, `fan_out` and `gain`."""
    bias_variance: Node

    @property
    def needs_gain(self) -> bool:
        """Whether it depends on the activation."""
        return "gain" in free_names(self.variance) | free_names(self.bias_variance)

    def list_variances(self, fan_in: int, fan_out: int, *, gain: float) -> tuple[float, float]:
        """The variances of weights and of biases of a layer.

        Raises:
            DomainError: If one is negative or has no value.

        Example:
            >>> read_initialization("he").list_variances(8, 4, gain=1.0)
            (0.25, 0.0)
        """
        given = {"fan_in": float(fan_in), "fan_out": float(fan_out), "gain": gain}
        found = [compile_float(tree)(given) for tree in (self.variance, self.bias_variance)]
        for value in found:
            if not 0 <= value < float("inf"):
                raise DomainError(
                    f"The initialization `{self.name}` has the variance {value} for {fan_in} "
                    f"inputs and {fan_out} outputs.",
                    hint="write a formula that is positive, such as `2/fan_in`",
                )
        return found[0], found[1]


def read_initialization(named: str | Mapping[str, Any]) -> Initialization:
    """The initialization with that catalogue name, file or table, or a variance of normal weights.

    Args:
        named: Such as `he`, `mine.toml` or `2/(fan_in + fan_out)`.

    Raises:
        StudyError: If a table lacks a part or has one too many.
        FormulaError: If a formula cannot be read.
        UsageError: If a text is neither a name nor a formula.

    Example:
        >>> read_initialization("1/fan_in").law
        'normal'
    """
    found = find_entry("initialization", named)
    if found is None:
        return _read_formula(str(named))
    table, place = found
    check_keys(table, _KEYS, place=place)
    law = table.get("law", "normal")
    if law not in get_args(Law):
        nearest = suggest(str(law), get_args(Law))
        raise StudyError(f"`{law}` is no law of weights.", place=place, known=get_args(Law),
                         hint=f"write `{nearest}`" if nearest else "")  # fmt: skip
    if "variance" not in table:
        raise StudyError("The initialization does not say its `variance`.", place=place,
                         hint='add variance = "2/fan_in"')  # fmt: skip
    trees = [parse(str(text), names=_NAMES, place=place).tree
             for text in (table["variance"], table.get("bias_variance", "0"))]  # fmt: skip
    return Initialization(str(table.get("name", "mine")), law, trees[0], trees[1])


def _read_formula(text: str) -> Initialization:
    """Normal weights of that variance; a lone word is a name that nobody knows."""
    if text.isidentifier() and text not in _NAMES:
        known = list_entries("initialization")
        nearest = suggest(text, known)
        raise UsageError(f"There is no initialization `{text}`.", known=known,
                         hint=f"write `{nearest}`" if nearest else "")  # fmt: skip
    try:
        tree = parse(text, names=_NAMES, place=Place("initialization")).tree
    except FormulaError as error:
        raise error.located(Place("initialization")) from None
    return Initialization(text, "normal", tree, parse("0").tree)

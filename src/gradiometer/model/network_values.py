"""What the values of an item mean where it stands: settings, conditions, counts and sizes."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeAlias

from gradiometer.errors import (
    DomainError,
    GradiometerError,
    LimitError,
    Place,
    UsageError,
    unknown_name,
)
from gradiometer.model.layer_kind import LayerKind, LayerSetting
from gradiometer.model.layer_kind_read import find_layer_kind, list_layer_kinds
from gradiometer.model.layer_rule import MOST_SIZE, as_formula_error
from gradiometer.model.network_items import ITEM_SETTINGS
from gradiometer.model.network_rows import ALL
from gradiometer.model.network_tree import Layer
from gradiometer.model.size_formula import Size, read_size, to_size_text

Values: TypeAlias = "Mapping[str, Size]"
"""The settings and counters that the values of an item may name."""

COMMON_KINDS = ("dense", "conv", "batch_norm", "layer_norm", "max_pool", "lstm", "block", "relu")
"""What is shown where no kind of layer is near to what was written."""


def find_value(text: str, values: Values, *, path: str, place: Place | None, word: bool) -> Size:
    """The value that *text* has where *values* are known.

    Args:
        text: As it was written.
        values: The names that it may use.
        path: Whose value it is, for errors.
        place: Where that stands.
        word: Whether it may be a word with a meaning of its own.

    Raises:
        FormulaError: If the text is no formula.
        UnknownNameError: If it uses a name that has no value.
    """
    try:
        formula = read_size(text)
        found = formula.run(values)
    except DomainError as error:
        _refuse_unknown(text, read_size(text).names, values, path=path, place=place)
        raise as_formula_error(error, path, place) from None
    except GradiometerError as error:
        raise as_formula_error(error, path, place) from None
    if isinstance(found, str) and not word and found not in values.values():
        _refuse_unknown(text, formula.names, values, path=path, place=place)
    return found


def _refuse_unknown(
    text: str, names: frozenset[str], values: Values, *, path: str, place: Place | None
) -> None:
    for name in sorted(names - set(values)):
        problem = f"`{path}`: `{name[:60]}` has no value here."
        known = sorted(values) or ["true", "false"]
        raise unknown_name(
            name, known, problem=problem, text=text, start=text.find(name), place=place
        )


def is_true(
    text: str, values: Values, *, path: str, place: Place | None, setting: str = "if"
) -> bool:
    """Whether the condition *text* holds.

    Raises:
        DomainError: If it is neither true nor false.
    """
    found = find_value(text, values, path=path, place=place, word=False)
    if not isinstance(found, bool):
        problem = f"`{path}`: `{setting}={text[:60]}` is neither true nor false."
        raise DomainError(problem, place=place, hint=f"write a condition such as `{setting}=i < 3`")
    return found


def find_count(
    text: str, values: Values, *, path: str, place: Place | None, least: int = 0, what: str
) -> int:
    """The whole number that *text* is.

    Raises:
        DomainError: If it is none, or below *least*.
        LimitError: If it is too large.
    """
    found = find_value(text, values, path=path, place=place, word=False)
    if isinstance(found, bool) or not isinstance(found, int) or found < least:
        said = to_size_text(found)[:60]
        problem = f"`{path}`: {what} is a whole number from {least} on, not `{said}`."
        raise DomainError(problem, place=place, hint="write such a number")
    if found > MOST_SIZE:
        raise LimitError(f"`{path}`: {what} is larger than 10^30.", place=place)
    return found


def resolve_kind(layer: Layer, values: Values, *, path: str) -> LayerKind:
    """The kind of a layer; a setting of the body round it may be its name.

    Raises:
        UnknownNameError: If there is no such kind.
    """
    word = values.get(layer.kind)
    name = word if isinstance(word, str) else layer.kind
    kind = find_layer_kind(name)
    if kind is None:
        known = get_close_matches(name, list_layer_kinds(), n=8, cutoff=0.4)
        raise unknown_name(
            name,
            known or COMMON_KINDS,
            problem=f"`{path}`: there is no layer `{name[:60]}`.",
            place=layer.place,
        )
    return kind


def resolve_settings(
    layer: Layer, kind: LayerKind, values: Values, *, path: str
) -> dict[str, Size]:
    """The given values of a layer's settings, those without a name first.

    Raises:
        UnknownNameError: If a setting is not known.
        UsageError: If there are too many values, or one is given twice.
    """
    names = list(kind.settings)
    given = list(zip(names, layer.arguments, strict=False))
    if len(layer.arguments) > len(names):
        problem = (
            f"`{path}`: `{kind.name}` takes at most {len(names)} values, "
            f"and here are {len(layer.arguments)}."
        )
        raise UsageError(problem, place=layer.place, known=tuple(names), hint="leave out the last")
    given += [pair for pair in layer.settings if pair[0] not in ITEM_SETTINGS]
    found: dict[str, Size] = {}
    for name, text in given:
        setting = kind.settings.get(name)
        if setting is None:
            raise unknown_name(
                name,
                (*names, *ITEM_SETTINGS),
                problem=f"`{path}`: a layer `{kind.name}` has no setting `{name[:60]}`.",
                text=f"{name}={text}",
                start=0,
                end=len(name),
                place=layer.place,
            )
        if name in found:
            problem = f"`{path}`: `{name}` is given twice."
            raise UsageError(problem, place=layer.place, hint="leave out one of them")
        found[name] = _find_setting(text, setting, values, path=path, place=layer.place)
    return found


def _find_setting(
    text: str, setting: LayerSetting, values: Values, *, path: str, place: Place | None
) -> Size:
    takes_words = bool(setting.words) or setting.type in {"layer", "word"}
    if text in setting.words:
        return text
    return find_value(text, values, path=path, place=place, word=takes_words)


def settle_settings(settings: Mapping[str, object], *, place: Place | None = None) -> Values:
    """The values of a network's settings, whose texts may use one another.

    Raises:
        UsageError: If one has no value, or they need one another.

    Example:
        >>> settle_settings({"hidden": "4*width", "width": 8})
        {'width': 8, 'hidden': 32}
    """
    texts: dict[str, str] = {}
    for name, value in settings.items():
        if value is None:
            problem = f"The network needs a value of `{name}`."
            raise UsageError(problem, place=place, hint=f"write `{name}=8`")
        texts[name] = str(value).lower() if isinstance(value, bool) else str(value)
    found: dict[str, Size] = {}
    while texts:
        ready = [n for n, text in texts.items() if not read_size(text).names & (set(texts) - {n})]
        if not ready:
            first = next(iter(texts))
            raise UsageError(
                f"The setting `{first}` needs itself.", place=place, hint="write a number"
            )
        for name in ready:
            found[name] = find_value(texts.pop(name), found, path=name, place=place, word=True)
    return found


def read_frozen(text: str, values: Values, *, path: str, place: Place | None) -> frozenset[str]:
    """The names of tensors that are frozen: a truth means all or none, another word that one.

    Raises:
        UsageError: If the text is neither.

    Example:
        >>> read_frozen("weight", {}, path="dense", place=None)
        frozenset({'weight'})
    """
    word = text.strip()
    if word.isidentifier() and word not in {"true", "false", *values}:
        return frozenset([word])
    asked = is_true(text, values, path=path, place=place, setting="frozen")
    return frozenset([ALL]) if asked else frozenset()

"""A shorter version of a request, for a first look: fewer epochs, seeds and numbers of an axis."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flint import fmpq

from gradiometer.formula import parse_number
from gradiometer.question.training_axes import list_texts, read_varied
from gradiometer.question.training_read import Wanted

_EPOCHS, _SEEDS, _VALUES = 5, 2, 3


def shorten(wanted: Wanted) -> tuple[Wanted, tuple[str, ...]]:
    """The shorter request, and what was changed, a sentence for each.

    Of a number that takes many values the first, the middle and the last one are kept. What is
    wrong in the request stays, so that reading it says so.

    Raises:
        UsageError: If what varies cannot be read.

    Example:
        >>> from dataclasses import fields
        >>> named = dict.fromkeys((field.name for field in fields(Wanted)))
        >>> said = shorten(Wanted(**{**named, "epochs": 40, "seeds": 3, "vary": "batch=8,16"}))[1]
        >>> said[0]
        'Quick: 5 epochs in place of 40.'
    """
    said: list[str] = []
    changed: dict[str, Any] = {}
    for name, most in (("epochs", _EPOCHS), ("seeds", _SEEDS)):
        value = getattr(wanted, name)
        if _is_above(value, most):
            changed[name] = most
            said.append(f"Quick: {most} {name} in place of {value}.")
    texts = []
    for text in list_texts(wanted.vary):
        ((name, values),) = read_varied(text).items()
        kept = values
        if name == "epochs" and any(value > _EPOCHS for value in values):
            kept = tuple(dict.fromkeys(min(value, fmpq(_EPOCHS)) for value in values))
        elif len(values) > _VALUES:
            kept = (values[0], values[len(values) // 2], values[-1])
        texts.append(f"{name}={','.join(map(str, kept))}")
        if kept != values:
            said.append(f"Quick: {name} = {', '.join(map(str, kept))} in place of {text}.")
    if texts:
        changed["vary"] = texts
    return replace(wanted, **changed), tuple(said)


def _is_above(value: Any, most: int) -> bool:
    if value is None or isinstance(value, bool):
        return False
    return parse_number(str(value)) > most

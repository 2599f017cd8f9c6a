"""How the parameters of a layer are counted, in numbers, in names and in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from gradiometer.errors import StudyError
from gradiometer.model.layer_kind import TensorRule
from gradiometer.model.size_formula import Size


def spell_tensors(rules: Sequence[TensorRule], values: Mapping[str, Size]) -> tuple[str, str, str]:
    """Three sums, a term each tensor: `64*3*7*7 + 64`, in names, and in words with numbers.

    Raises:
        StudyError: If what a rule says of a size does not multiply to it.

    Example:
        >>> from gradiometer.model.layer_kind_read import find_layer_kind
        >>> kind = find_layer_kind("dense")
        >>> spell_tensors(kind.tensors, {"inputs": 4, "out": 3})[::2]
        ('4*3 + 3', '4 inputs * 3 units + 3 biases')
    """
    spelled = [_spell(rule, values) for rule in rules]
    return (
        " + ".join(numbers for numbers, _ in spelled),
        " + ".join(map(_spell_names, rules)),
        " + ".join(_fold([_to_singular(words) for _, words in spelled])),
    )


def _spell(rule: TensorRule, values: Mapping[str, Size]) -> tuple[str, str]:
    sizes = [_axes(part.formula.run(values)) for part in rule.shape]
    if not rule.say:
        words = [
            _join(axes) + (f" {_to_words(part.formula.text)}" if len(axes) == 1 else "")
            for part, axes in zip(rule.shape, sizes, strict=True)
        ]
        return _join([axis for axes in sizes for axis in axes]), " * ".join(
            word.strip() for word in words if word
        ) or "1"
    said = [part if isinstance(part, str) else _axes(part.run(values)) for part in rule.say]
    numbers = [axis for part in said if not isinstance(part, str) for axis in part]
    if _multiply(numbers) != _multiply([axis for axes in sizes for axis in axes]):
        problem = f"What is said of the size of `{rule.name}` does not multiply to it."
        raise StudyError(problem, hint="say each axis once")
    return _join(numbers), "".join(part if isinstance(part, str) else _join(part) for part in said)


def _fold(terms: Sequence[str]) -> list[str]:
    """The terms, where equal ones that follow each other are one with a factor."""
    return [
        term if (count := len(list(same))) == 1 else f"{count} * {term}"
        for term, same in groupby(terms)
    ]


def _to_singular(words: str) -> str:
    """The words with one unit in place of `1 units`."""
    return re.sub(r"(?<![\w.,*])1 (\w+?)(?:(?<=s)e)?s\b", r"1 \1", words)


def _axes(size: Size) -> list[Any]:
    return list(size) if isinstance(size, tuple) else [size]


def _join(axes: Sequence[Any]) -> str:
    return "*".join(map(str, axes)) or "1"


def _multiply(axes: Sequence[Any]) -> Any:
    product = 1
    for axis in axes:
        product *= axis
    return product


def _to_words(text: str) -> str:
    """The name of a size as words; nothing where it is a formula."""
    return text.replace("_", " ") if re.fullmatch(r"[A-Za-z_]\w*", text) else ""


def _spell_names(rule: TensorRule) -> str:
    texts = [part.formula.text for part in rule.shape]
    return "*".join(f"({text})" if re.search("[+-]", text) else text for text in texts) or "1"

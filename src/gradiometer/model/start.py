"""Where a run starts, as a user writes it: `1`, `1, 2` or `x=1, y=2`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import FormulaError, Place
from gradiometer.formula import parse_number, plain_name

_PLACE = Place("--start")
_NAMED = re.compile(r"\s*([^\W\d]\w*)\s*=(?!=)(.*)", re.DOTALL)


@final
@dataclass(frozen=True)
class Start:
    """Exact numbers, and the names they are given to."""

    names: tuple[str, ...]
    """The variables in the order in which they are written; empty when none is named."""
    values: tuple[fmpq, ...]

    def arrange(self, variables: Sequence[str]) -> tuple[fmpq, ...]:
        """The numbers in the order of *variables*.

        Raises:
            FormulaError: If a variable has no number, or there are too few or too many.
        """
        missing = [name for name in variables if name not in self.names]
        if self.names and missing and len(variables) > 1:
            given = ", ".join(f"{n}={v}" for n, v in zip(self.names, self.values, strict=True))
            raise FormulaError(
                f"The start gives `{missing[0]}` no number.",
                place=_PLACE,
                known=tuple(variables),
                hint=f"write `--start {given}, {', '.join(f'{name}=1' for name in missing)}`",
            )
        if len(self.values) != len(variables):
            raise FormulaError(
                f"The start has {_count(len(self.values))}, and there "
                f"{'is 1 variable' if len(variables) == 1 else f'are {len(variables)} variables'}.",
                place=_PLACE,
                known=tuple(variables),
                hint=f"write `--start {', '.join(f'{name}=1' for name in variables)}`",
            )
        if not self.names or len(variables) == 1:
            return self.values
        numbers = dict(zip(self.names, self.values, strict=True))
        return tuple(numbers[name] for name in variables)


def read_start(given: Any) -> Start:
    """The start that *given* says: a number, a list of numbers, or numbers by name.

    Args:
        given: A text such as `1/2`, `1, 2` or `x=1, y=2`; a number; a list; or a mapping.

    Raises:
        FormulaError: If it is no number, or a name is given twice.

    Example:
        >>> read_start("x=1, y=1/2")
        Start(names=('x', 'y'), values=(1, 1/2))
        >>> read_start([1, 2]).values
        (1, 2)
    """
    if isinstance(given, Mapping):
        words = tuple(plain_name(str(name)) for name in given)
        for word in words:
            if words.count(word) > 1:
                raise FormulaError(f"`{word}` has two numbers in the start.", place=_PLACE)
        return Start(words, tuple(_read(value, f"{given}") for value in given.values()))
    if not isinstance(given, str):
        items = list(given) if isinstance(given, Sequence) else [given]
        return Start((), tuple(_read(item, str(item)) for item in items))
    parts = _split(given)
    matches = [_NAMED.fullmatch(part) for part in parts]
    names = [plain_name(match[1]) for match in matches if match]
    if not names:
        return Start((), tuple(_read(part, given) for part in parts))
    for part, match in zip(parts, matches, strict=True):
        if match is None or names.count(plain_name(match[1])) > 1:
            raise FormulaError(
                "The start names some numbers and not others."
                if match is None
                else f"`{match[1]}` has two numbers in the start.",
                text=given,
                start=given.find(part),
                end=given.find(part) + len(part),
                place=_PLACE,
                hint="write such as `x=1, y=2`",
            )
    return Start(tuple(names), tuple(_read(match[2], given) for match in matches if match))


def _read(value: Any, written: str) -> fmpq:
    if isinstance(value, fmpq):
        return value
    text = str(value).strip()
    if not text:
        raise FormulaError(
            "A number of the start is missing.",
            text=written,
            place=_PLACE,
            hint="write such as `x=1, y=2`",
        )
    return parse_number(text, place=_PLACE)


def _split(text: str) -> list[str]:
    """The parts between commas that stand in no brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _count(number: int) -> str:
    return "1 number" if number == 1 else f"{number} numbers"

"""What a question takes: the kind of each input, and that a value is of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, TypeAlias, final

from flint import fmpq

from gradiometer.errors import Place, UsageError

Kind: TypeAlias = Literal[
    "text", "texts", "path", "paths", "number", "numbers", "place", "integer", "flag", "choice",
    "model",
]  # fmt: skip
"""`path` names a file that is read, `paths` several of them, `texts` is a list of text, `numbers`
a mapping of names to exact numbers, `place` a number for each variable; `model` is a text that
names code of the user, or in Python the thing itself."""


@final
@dataclass(frozen=True)
class Input:
    """One thing a question takes; the name is the Python argument, the flag and the study key.

    An underscore behind it is for Python alone, where the word itself has another meaning.
    """

    name: str
    kind: Kind
    about: str
    required: bool = False
    positional: bool = False
    """Whether the command line takes it without a flag."""
    choices: tuple[str, ...] = ()
    default: Any = None
    traced: bool = False
    """Whether a Python function may stand in its place."""
    entry: str = ""
    """The catalogue kind whose names, definitions and files are accepted; empty for none."""
    endings: tuple[str, ...] = ()
    """A text that ends in one of these is a path."""

    @property
    def key(self) -> str:
        """The name in a study file and behind the two dashes of a flag."""
        return self.name.rstrip("_")


_NUMBERS = (int, float, str, Fraction, Decimal, fmpq)


def check_kind(item: Input, value: Any) -> None:
    """Refuse a value that is of no kind that the input takes.

    Whether a text can be read, and a number is in its domain, the question says itself.

    Raises:
        UsageError: It names the input.
    """
    if value is None and not item.required and item.default is None:
        return
    if item.traced and callable(value):
        return
    wanted, hint = _WANTED.get(item.kind, ("", ""))
    if item.entry and item.kind == "text":
        wanted, hint = "a text or a table", _EXAMPLES[item.entry]
    if not _is_of_kind(item, value):
        shown = repr(value)
        raise UsageError(
            f"`{item.name}` is {wanted}, not {shown if len(shown) <= 40 else shown[:39] + '…'}.",
            place=Place(item.name),
            hint=hint,
        )


_WANTED: Mapping[Kind, tuple[str, str]] = {
    "text": ("a text", "write it in quotes"),
    "texts": ("a text or a list of texts", "write each in quotes"),
    "path": ("the path of a file", "write it in quotes"),
    "paths": ("the path of a file or a list of paths", "write each in quotes"),
    "number": ("a number or a text", 'write such as "1/3"'),
    "numbers": ("a table of values by name", 'write such as {"a": "-1/3"}'),
    "place": ("a number, a list of numbers or a table", 'write such as "x=1, y=2"'),
    "flag": ("True or False", "write True or False"),
}
"""What an input of each kind is; whole numbers and choices are checked by the questions."""


_EXAMPLES: Mapping[str, str] = {
    "activation": 'write such as "gelu" or "max(x, 0)"',
    "objective": 'write such as "barrier" or "x^2"',
    "optimizer": 'write such as "adam"',
    "schedule": 'write such as "step" or "1/(k + 1)"',
}
"""What to write for something of the catalogue."""


def _is_of_kind(item: Input, value: Any) -> bool:
    is_table = isinstance(value, Mapping) and all(isinstance(key, str) for key in value)
    if item.kind == "model":
        return True
    if item.kind == "path":
        return isinstance(value, str)
    if item.kind == "text":
        return isinstance(value, str) or (bool(item.entry) and is_table)
    if item.kind in ("texts", "paths"):
        rows = [value] if isinstance(value, str) else value
        return isinstance(rows, list | tuple) and all(isinstance(row, str) for row in rows)
    if item.kind == "number":
        return isinstance(value, _NUMBERS) and not isinstance(value, bool)
    if item.kind == "numbers":
        return is_table
    if item.kind == "place":
        if isinstance(value, Mapping) and not is_table:
            return False
        rows = [*value.values()] if isinstance(value, Mapping) else value
        rows = rows if isinstance(rows, list | tuple) else [rows]
        return all(isinstance(row, _NUMBERS) and not isinstance(row, bool) for row in rows)
    return item.kind != "flag" or isinstance(value, bool)

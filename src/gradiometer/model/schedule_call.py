"""How a library is asked for a schedule: the name of its function and the arguments it takes.

An entry says it once, as text such as `CosineDecay(decay_steps=T_max, alpha=eta_min/base)`.
An argument is a formula in the entry's parameters, a word in quotes, or one of
`table(marks, factors)`, `optional(value)` (nothing for 0) and `choose(flag, 'yes', 'no')`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, final

from flint import fmpq

from gradiometer.errors import InternalError
from gradiometer.formula import evaluate, free_names, parse, to_ball, to_float
from gradiometer.model.parameter import Parameter, Setting
from gradiometer.model.schedule_words import find_outside

_SPECIAL = re.compile(r"(table|optional|choose)\((.*)\)$")


@final
@dataclass(frozen=True)
class Call:
    """A function of a library and its arguments as plain Python values."""

    function: str
    arguments: Mapping[str, Any]

    def __str__(self) -> str:
        """The call as a user of the library would write it."""
        rows = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{self.function}({rows})"


def read_call(
    text: str, parameters: Mapping[str, Parameter], values: Mapping[str, Setting]
) -> Call:
    """The call that *text* writes, with the values of the entry's parameters.

    Example:
        >>> print(read_call("StepLR(gamma=a/2)", {}, {"a": fmpq(1)}))
        StepLR(gamma=0.5)
    """
    found = re.match(r"(\w+)\((.*)\)$", text.strip(), re.DOTALL)
    if found is None:
        raise InternalError(f"`{text}` is no call")
    name, inner = found.groups()
    commas = [-1, *find_outside(inner, 0, len(inner), ","), len(inner)]
    arguments: dict[str, Any] = {}
    for left, right in pairwise(commas):
        key, _, written = inner[left + 1 : right].partition("=")
        arguments[key.strip()] = _value(written.strip(), parameters, values)
    return Call(name, arguments)


def _value(written: str, parameters: Mapping[str, Parameter], values: Mapping[str, Setting]) -> Any:
    special = _SPECIAL.match(written)
    if special is not None:
        kind = special.group(1)
        parts = [_value(p.strip(), parameters, values) for p in special.group(2).split(",")]
        if kind == "table":
            return dict(zip(*parts, strict=True))
        return (parts[0] or None) if kind == "optional" else parts[1 if parts[0] else 2]
    if written.startswith("'"):
        return written.strip("'")
    if written in ("true", "false"):
        return written == "true"
    found = values.get(written)
    if isinstance(found, tuple):
        return [_number(item, is_whole=parameters[written].is_integer) for item in found]
    tree = parse(written, names=tuple(values)).tree
    value = evaluate(tree, {k: v for k, v in values.items() if isinstance(v, fmpq)})
    rows = [parameters[name] for name in free_names(tree) if name in parameters]
    if rows and all(row.is_flag for row in rows):
        return bool(value == 1)
    return _number(value, is_whole=bool(rows) and all(row.is_integer for row in rows))


def _number(value: Any, *, is_whole: bool) -> Any:
    if isinstance(value, fmpq):
        return int(value.p) if is_whole and value.q == 1 else to_float(value)
    return to_float(to_ball(value))

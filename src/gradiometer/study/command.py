"""A question and its inputs as the command line that asks the same."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from gradiometer.question import QUESTIONS, Input


def to_flag(item: Input) -> str:
    """The command-line flag of an input.

    Example:
        >>> to_flag(Input("at_kink", "choice", ""))
        '--at-kink'
    """
    return "--" + item.key.replace("_", "-")


def to_command(question: str, inputs: Mapping[str, Any]) -> str:
    """The command line that asks *question*; empty where an input is no text (a definition, say).

    Example:
        >>> to_command("parameters", {"networks": ("3-2-1",), "bias": False})
        'gradiometer parameters 3-2-1 --no-bias'
    """
    words, positional = ["gradiometer", question], []
    for item in QUESTIONS[question].inputs:
        value = inputs.get(item.name)
        if value is None or (value == item.default and not item.positional):
            continue
        if item.entry and isinstance(value, Mapping):
            return ""
        if item.positional:
            positional += [value] if isinstance(value, str) else list(value)
        else:
            words += _to_words(item, value)
    guard = ["--"] if any(word.startswith("--") for word in positional) else []
    # What is asked about stands first, as in the examples; a guard must come last.
    words = [*words, *guard, *positional] if guard else [*words[:2], *positional, *words[2:]]
    return " ".join(shlex.quote(word) for word in words)


def _to_words(item: Input, value: Any) -> list[str]:
    flag = to_flag(item)
    if item.kind == "flag":
        return [flag if value else flag.replace("--", "--no-", 1)]
    if item.kind == "numbers" and item.name == "set":
        return [word for name, text in value.items() for word in (flag, f"{name}={text}")]
    if item.kind == "numbers":
        return [flag, ",".join(f"{name}={text}" for name, text in value.items())]
    if item.kind == "texts":
        return [word for text in value for word in (flag, text)]
    return [flag, str(value)]

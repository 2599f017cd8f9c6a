"""What a user says of the noise of gradients: `gaussian:0.1`, `minibatch:2` or `cyclic:1`."""

from __future__ import annotations

from typing import Any, Literal

from flint import fmpq

from gradiometer.errors import DomainError, Place, UsageError, suggest
from gradiometer.formula import parse_number
from gradiometer.numeric import GradientNoise

_KINDS: tuple[Literal["gaussian", "minibatch", "cyclic"], ...] = ("gaussian", "minibatch", "cyclic")
_PLACE = Place("--noise")


def read_noise(text: str | None, seed: Any) -> GradientNoise | None:
    """The noise that *text* names; None where there is none.

    Args:
        text: `gaussian:DEVIATION`, `minibatch:TERMS`, `cyclic:TERMS`, or None.
        seed: The whole number that decides all draws.

    Raises:
        UsageError: If there is no such noise, or the seed is no whole number.
        DomainError: If the number is out of range.
        FormulaError: If the number cannot be read.

    Example:
        >>> read_noise("gaussian:0.1", 7).size
        1/10
    """
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise UsageError(f"`seed` = {seed} is no whole number.", hint="write such as `--seed 7`")
    if text is None:
        return None
    word, _, size = str(text).partition(":")
    for kind in _KINDS:
        if word.strip() == kind and size.strip():
            return GradientNoise(kind, _read_size(kind, size), seed)
    nearest = suggest(word.strip(), _KINDS)
    example = "gaussian:0.1" if (nearest or "gaussian") == "gaussian" else f"{nearest}:1"
    raise UsageError(
        f"There is no noise `{text}`.",
        place=_PLACE,
        known=("gaussian:DEVIATION", "minibatch:TERMS", "cyclic:TERMS"),
        hint=f"write `--noise {example}`",
    )


def _read_size(kind: str, text: str) -> fmpq:
    size = parse_number(text.strip(), place=_PLACE)
    if kind == "gaussian" and size < 0:
        raise DomainError(
            f"A deviation is not negative, and this one is {size}.",
            place=_PLACE,
            hint=f"write `--noise gaussian:{-size}`",
        )
    if kind != "gaussian" and (size.q != 1 or size < 1):
        raise DomainError(
            f"A step takes 1, 2, 3, … terms, not {size}.",
            place=_PLACE,
            hint=f"write `--noise {kind}:1`",
        )
    return size

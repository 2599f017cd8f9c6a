"""A network as it is written down: layers one behind the other, branches, repetitions.

Values of settings stay the text that was written; what they mean is found on the walk, where
the shapes are known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, final

from gradiometer.errors import Place

Join: TypeAlias = Literal["add", "multiply", "concat"]


@final
@dataclass(frozen=True)
class Input:
    """What enters: `3x32x32`, `784`, or `tokens(1024)`."""

    shape: tuple[str, ...]
    """One text an axis, channels first; an unknown axis is `?`."""
    is_tokens: bool = False
    """Whether the entries are indices into a vocabulary."""
    name: str = ""
    place: Place | None = field(default=None, compare=False)
    """Where it was written, for errors; not part of what it is."""


@final
@dataclass(frozen=True)
class Layer:
    """One layer of a kind of the catalogue."""

    kind: str
    arguments: tuple[str, ...] = ()
    """Positional values, as written."""
    settings: tuple[tuple[str, str], ...] = ()
    """Named values, as written and in that order; `if`, `from`, `tie` and `frozen` among them."""
    name: str = ""
    place: Place | None = field(default=None, compare=False)


@final
@dataclass(frozen=True)
class Chain:
    """Items one behind the other; an empty one passes its input on."""

    items: tuple[Item, ...] = ()


@final
@dataclass(frozen=True)
class Repeat:
    """The body so many times, each time with parameters of its own."""

    count: str
    body: Chain
    counter: str = ""
    """The name under which the body sees the number of the turn, from 0."""
    settings: tuple[tuple[str, str], ...] = ()
    name: str = ""
    place: Place | None = field(default=None, compare=False)


@final
@dataclass(frozen=True)
class Branches:
    """Several chains on the same input, whose outputs are joined."""

    join: Join
    branches: tuple[Chain, ...]
    settings: tuple[tuple[str, str], ...] = ()
    name: str = ""
    place: Place | None = field(default=None, compare=False)


@final
@dataclass(frozen=True)
class Experts:
    """A mixture of experts: `count` copies of the body, `active` of which work on each token."""

    count: str
    active: str
    body: Chain
    settings: tuple[tuple[str, str], ...] = ()
    name: str = ""
    place: Place | None = field(default=None, compare=False)


@final
@dataclass(frozen=True)
class Use:
    """A named item once more, with the same parameters."""

    of: str
    settings: tuple[tuple[str, str], ...] = ()
    name: str = ""
    place: Place | None = field(default=None, compare=False)


Item: TypeAlias = Input | Layer | Repeat | Branches | Experts | Use

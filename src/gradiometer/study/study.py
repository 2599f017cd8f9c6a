"""What a study file says once it has been read: questions, claims, definitions as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final


@final
@dataclass(frozen=True)
class StudyClaim:
    """One statement that a study makes about an answer; exactly one of its forms is filled."""

    says: str = ""
    """A statement such as `f'(x) = 3`."""
    fact: str = ""
    """The name of a fact, compared with *equals*."""
    equals: Any = None
    open: str = ""
    """Why nothing here can decide the statement in *text*."""
    text: str = ""
    """The statement in words; needed where it is open."""
    exactly: bool = False
    """Whether a decimal is exact and not rounded as written."""
    where: tuple[str, ...] = ()
    """Definitions that the statement uses, and assumptions."""
    steps: tuple[str, ...] = ()
    """The lines of a derivation."""
    because: str = ""
    """Where the statement comes from, or its author's reason; shown, never used."""


@final
@dataclass(frozen=True)
class StudyQuestion:
    """One question of a study."""

    id: str
    ask: str
    """A question's noun."""
    inputs: Mapping[str, Any]
    """What the question takes, as the file says it; names of definitions are still names."""
    title: str = ""
    text: str = ""
    claims: tuple[StudyClaim, ...] = ()


@final
@dataclass(frozen=True)
class Study:
    """A whole study, and the text it was read from."""

    title: str
    questions: tuple[StudyQuestion, ...]
    about: str = ""
    definitions: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    """Kind of catalogue entry, then name, then the entry in catalogue notation."""
    source: str = ""
    """The file's name, for error messages."""
    source_text: str = field(default="", repr=False)
    """The file's text, for error messages."""

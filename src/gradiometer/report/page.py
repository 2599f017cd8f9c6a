"""A page as data: a title and its sections, each a question with its answer and checked claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from gradiometer.question import Answer, ClaimResult


@final
@dataclass(frozen=True)
class Section:
    """One question of a page."""

    id: str
    """Short and unique on the page, such as `2.1`."""
    title: str
    text: str = ""
    """The question in words; may be empty."""
    command: str = ""
    """A command line that asks the same question again; may be empty."""
    answer: Answer | None = None
    """None where the question could not be answered."""
    claims: tuple[ClaimResult, ...] = ()
    """What was said about the answer, checked."""
    error: str = ""
    """Why there is no answer."""


@final
@dataclass(frozen=True)
class Page:
    """A whole report."""

    title: str
    about: str = ""
    sections: tuple[Section, ...] = ()


def to_page(answer: Answer) -> Page:
    """The page of a single answer."""
    from gradiometer.question import QUESTIONS

    question = QUESTIONS.get(answer.question)
    title = question.about if question else answer.question
    return Page(title, sections=(Section("", "", answer=answer),))

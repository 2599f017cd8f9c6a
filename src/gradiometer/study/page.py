"""A study's result as a page for the report."""

from __future__ import annotations

from gradiometer.report import Page, Section
from gradiometer.study.command import to_command
from gradiometer.study.result import QuestionResult, StudyResult
from gradiometer.study.run import find_inputs


def to_page(result: StudyResult) -> Page:
    """The result as a page: one section a question, in the order of the file."""
    sections = tuple(_to_section(result, part) for part in result.questions)
    return Page(result.study.title, result.study.about, sections)


def _to_section(result: StudyResult, part: QuestionResult) -> Section:
    question = part.question
    return Section(
        id=question.id,
        title=question.title or question.ask,
        text=question.text,
        command=to_command(question.ask, find_inputs(result.study, question)),
        answer=part.answer,
        claims=part.claims,
        error=part.error,
    )

"""A study's result as a few lines a question."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click

from gradiometer.question import ClaimResult
from gradiometer.study import QuestionResult, StudyResult

_SIGNS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}
_WIDTH = 100


def to_summary(result: StudyResult, *, color: bool) -> str:
    """What became of each question and claim, and the count of claims at the end."""
    lines = [click.style(result.study.title, bold=True) if color else result.study.title]
    for part in result.questions:
        lines += ["", *_question_lines(part, color=color)]
    summary = result.summary
    counts = (
        f"{summary['claims']} claims: {summary['true']} hold, {summary['false']} are refuted, "
        f"{summary['undecided']} are undecided"
    )
    errors = summary["errors"]
    unanswered = f"; {errors} of {summary['questions']} questions have no answer" if errors else ""
    return "\n".join([*lines, "", counts + unanswered + "."])


def _question_lines(part: QuestionResult, *, color: bool) -> Iterator[str]:
    question = part.question
    head = " ".join(filter(None, (question.id, question.title or question.ask)))
    yield click.style(head, bold=True) if color else head
    if part.error:
        yield textwrap.indent(part.error, "  ")
    for claim in part.claims:
        yield from _claim_lines(claim, color=color)


def _claim_lines(claim: ClaimResult, *, color: bool) -> Iterator[str]:
    sign, shade = _SIGNS[claim.holds]
    lines = textwrap.wrap(f"{claim.text} ({claim.status})", _WIDTH - 4)
    yield f"  {click.style(sign, fg=shade) if color else sign} {lines[0]}"
    yield from (f"    {line}" for line in lines[1:])
    yield from (f"      {line}" for line in textwrap.wrap(claim.because, _WIDTH - 6))

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
        f"{count_of(summary['claims'], 'claim')}: {summary['true']} true, "
        f"{summary['false']} refuted, {summary['undecided']} undecided"
    )
    errors, asked = summary["errors"], count_of(summary["questions"], "question")
    unanswered = f"; {errors} of {asked} without an answer" if errors else ""
    return "\n".join([*lines, "", counts + unanswered + "."])


def count_of(number: int, what: str) -> str:
    """The number with its noun, such as `1 claim` or `3 claims`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


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

"""What is said about claims: the table of a whole page, that of one question, and each reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradiometer.report.document import (
    Badge,
    Block,
    Code,
    Heading,
    Inline,
    Line,
    Link,
    Mark,
    Paragraph,
    Table,
    clean,
)
from gradiometer.report.spelling import to_point, to_prose

if TYPE_CHECKING:
    from gradiometer.question import ClaimResult
    from gradiometer.report.page import Section


def summarise_claims(sections: Sequence[Section], names: Sequence[str]) -> list[Block]:
    """The heading, the counts and the table of all claims; *names* are the ids of the sections."""
    rows: list[tuple[Line, ...]] = [
        (
            (Mark(claim.holds),),
            (Link(name, clean(section.id)),),
            _write_text(claim.text),
            _give_reason(claim),
        )
        for section, name in zip(sections, names, strict=True)
        for claim in section.claims
    ]
    if not rows:
        return [Heading(2, ("Summary",))]
    held = [claim.holds for section in sections for claim in section.claims]
    right, wrong, undecided = map(held.count, (True, False, None))
    counts = f"{right} of {len(held)} claims hold, {wrong} {'is' if wrong == 1 else 'are'} refuted"
    if undecided:
        counts += f", {undecided} {'is' if undecided == 1 else 'are'} undecided"
    return [
        Heading(2, ("Claims",)),
        Paragraph((f"{counts}.",), "answer"),
        *_point_at(sections, names, holds=False, word="Refuted"),
        *_point_at(sections, names, holds=None, word="Undecided"),
        Table(
            ("Every claim and its result",),
            ("Result", "Question", "Claim", "Because"),
            tuple(rows),
            "claims",
        ),
    ]


def _point_at(
    sections: Sequence[Section], names: Sequence[str], *, holds: bool | None, word: str
) -> list[Block]:
    """A line of links to the sections with claims of that result."""
    line: list[Inline] = [f"{word}: "]
    for section, name in zip(sections, names, strict=True):
        if any(claim.holds is holds for claim in section.claims):
            line += [", "] * (len(line) > 1) + [Link(name, clean(section.id))]
    return [Paragraph((*line, "."), "where")] if len(line) > 1 else []


def write_claims(claims: Sequence[ClaimResult]) -> Block:
    """The claims about one question as a table."""
    rows = tuple(
        ((Mark(claim.holds),), _write_text(claim.text), _give_reason(claim)) for claim in claims
    )
    return Table(("Claims about this question",), ("Result", "Claim", "Because"), rows, "claims")


def _write_text(text: str) -> Line:
    """A claim in its own words: prose as prose, the statement in it (in brackets) as code."""
    words, bracket, statement = clean(text).partition(" [")
    if bracket and statement.endswith("]"):
        return (*to_prose(words), " ", Code(statement[:-1]))
    is_prose = text.rstrip().endswith((".", "?", "!"))
    return to_prose(text) if is_prose else (Code(clean(text)),)


def _give_reason(claim: ClaimResult) -> Line:
    line: list[Inline] = [Badge(claim.status), " ", *to_prose(claim.because)]
    if claim.counterexample:
        stop = "" if claim.because.rstrip().endswith((".", "!", "?")) else "."
        line += [f"{stop} Counterexample: ", *to_point(claim.counterexample), "."]
    return tuple(line)

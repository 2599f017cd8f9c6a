"""What is said about claims: the table of a whole page, that of one question, and each reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

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
from gradiometer.report.spelling import to_line, to_prose, to_words

if TYPE_CHECKING:
    from gradiometer.question import ClaimResult
    from gradiometer.report.page import Section


def summarise_claims(sections: Sequence[Section], names: Sequence[str]) -> list[Block]:
    """The heading, the counts and the table of all claims; *names* are the ids of the sections."""
    rows: list[tuple[Line, ...]] = [
        (
            (Mark(claim.holds),),
            (Link(name, clean(section.id)),),
            (Code(clean(claim.text)),),
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
        Table(
            ("Every claim and its result",),
            ("Result", "Question", "Claim", "Because"),
            tuple(rows),
            "claims",
        ),
    ]


def write_claims(claims: Sequence[ClaimResult]) -> Block:
    """The claims about one question as a table."""
    rows = tuple(
        ((Mark(claim.holds),), (Code(clean(claim.text)),), _give_reason(claim)) for claim in claims
    )
    return Table(("Claims about this question",), ("Result", "Claim", "Because"), rows, "claims")


def _give_reason(claim: ClaimResult) -> Line:
    line: list[Inline] = [Badge(claim.status), " ", *to_prose(claim.because)]
    if claim.counterexample:
        stop = "" if claim.because.rstrip().endswith((".", "!", "?")) else "."
        line += [f"{stop} Counterexample: ", *_to_point(claim.counterexample), "."]
    return tuple(line)


def _to_point(point: Mapping[str, Any]) -> Line:
    """A counterexample as `x = 0, left side 3/2`: names with an equals sign."""
    line: list[Inline] = []
    place = point.get("at")
    for key, value in (place if isinstance(place, Mapping) else {}).items():
        line += [", " if line else "at ", f"{clean(str(key))} = ", *to_line(value)]
    for key, value in point.items():
        if key != "at" or not isinstance(place, Mapping):
            word = {"left": "left side", "right": "right side"}.get(key, to_words(str(key)))
            line += [", "] * bool(line) + [f"{word} = ", *to_line(value)]
    return tuple(line)

"""What a page says, in which order: answers first, then the claims, the figures and the working."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gradiometer.report.claims import summarise_claims, write_claims
from gradiometer.report.document import (
    Badge,
    Block,
    Code,
    Document,
    Folded,
    Formula,
    Heading,
    Inline,
    Line,
    Link,
    Listing,
    Paragraph,
    Part,
    Picture,
    Steps,
    Table,
    clean,
)
from gradiometer.report.figure import draw_figures
from gradiometer.report.reading import read_column
from gradiometer.report.spelling import (
    FORMULAS,
    count_rows,
    is_table,
    split_tables,
    to_formula,
    to_line,
    to_plain,
    to_prose,
    to_table,
    to_words,
)

if TYPE_CHECKING:
    from gradiometer.question import Answer, Fact
    from gradiometer.report.page import Page, Section

HEADLINES: Mapping[str, tuple[str, ...]] = {
    "activation": ("suitable", "derivative"),
    "claim": ("holds",),
    "escape": ("barrier",),
    "gradient": ("value", "derivatives"),
    "parameters": ("parameters",),
    "schedule": ("changes",),
    "stability": ("critical", "condition"),
    "sweep": ("labels", "contradicted", "verdict"),
    "training": ("best", "runs", "plan"),
    "trajectory": ("verdict", "lowest"),
}
"""The facts that answer the question at a glance; the first fact where none is named."""

_LONG_INPUT = 160
"""Letters of an input that are shown; all of it stands in the JSON."""

_FIRST_ROWS, _LAST_ROWS = 40, 5
"""Rows of a data table that a page shows; the middle of a longer one is left out."""


def to_document(page: Page, *, with_figures: bool = True) -> Document:
    """The page as the document that every renderer walks.

    Args:
        page: What to show.
        with_figures: Whether figures are drawn; a format of letters alone needs none.
    """
    blocks: list[Block] = [Heading(1, (clean(page.title),))]
    if page.about:
        blocks.append(Paragraph(to_prose(page.about), "about"))
    names = _name_sections(page.sections)
    summary = summarise_claims(page.sections, names)
    if len(page.sections) > 1:
        summary.append(_list_answers(page.sections, names))
        blocks.append(Part("summary", "Summary", "Summary", tuple(summary)))
    for section, name in zip(page.sections, names, strict=True):
        inside = _write_section(section, name, with_figures=with_figures)
        short = clean(section.id) or clean(section.title)
        blocks.append(Part(name, clean(f"{section.id} {section.title}".strip()), short, inside))
    return Document(clean(page.title), tuple(blocks))


def _name_sections(sections: Sequence[Section]) -> list[str]:
    """An id for each section that is unique and safe in any format."""
    names: list[str] = []
    for section in sections:
        kept = "".join(c if c.isascii() and (c.isalnum() or c in ".-") else "-" for c in section.id)
        name, count = f"q-{kept}", 2
        while name in names:
            name, count = f"q-{kept}_{count}", count + 1
        names.append(name)
    return names


def _list_answers(sections: Sequence[Section], names: Sequence[str]) -> Block:
    rows = tuple(
        ((Link(name, f"{clean(section.id)} {clean(section.title)}".strip()),), _glance(section))
        for section, name in zip(sections, names, strict=True)
    )
    return Folded(
        "Every question and its answer",
        (Table(("Answers",), ("Question", "Answer"), rows, "answers"),),
    )


def _glance(section: Section) -> Line:
    if section.answer is None:
        return ("no answer: ", *to_prose(section.error.partition("\n")[0]))
    line: list[Inline] = []
    for name, fact in _headline(section.answer):
        line += [" · "] * bool(line) + [
            f"{to_words(name)}: ",
            *_to_brief(name, fact.value),
            " ",
            Badge(fact.status),
        ]
    return tuple(line)


def _headline(answer: Answer) -> list[tuple[str, Fact]]:
    named = [(n, answer.facts[n]) for n in HEADLINES.get(answer.question, ()) if n in answer.facts]
    return named or list(answer.facts.items())[:1]


def _to_brief(name: str, value: Any) -> Line:
    """The value of the fact *name* on a line, or how many rows its table has."""
    if is_table(value):
        count = count_rows(value)
        return (f"{count} row{'s' * (count != 1)}",)
    if name in FORMULAS and isinstance(value, str):
        return (to_formula(value),)
    return to_line(value, with_decimal=True)


def _write_section(section: Section, name: str, *, with_figures: bool) -> tuple[Block, ...]:
    title = clean(f"{section.id} {section.title}".strip())
    blocks: list[Block] = [Heading(2, (title,))] if title else []
    if section.text:
        blocks.append(Paragraph(to_prose(section.text), "question"))
    if section.answer is not None and section.answer.inputs:
        blocks.append(Paragraph(_write_inputs(section.answer), "inputs"))
    if section.error:
        blocks.append(Paragraph(("This question has no answer.",), "error"))
        blocks.append(Listing(clean(section.error), "text"))
    if section.answer is not None:
        blocks += write_glance(section.answer)
    if section.claims:
        blocks.append(write_claims(section.claims))
    if section.answer is not None:
        blocks += write_answer(section.answer, name, with_figures=with_figures)
    if section.command:
        blocks += [
            Paragraph(("Ask this again:",), "note"),
            Listing(clean(section.command), "shell"),
        ]
    return tuple(blocks)


def _write_inputs(answer: Answer) -> Line:
    """What was asked, each input with its name; a very long one is cut."""
    line: list[Inline] = [f"{to_words(answer.question)}: "]
    for name, value in answer.inputs.items():
        if value not in (None, "", [], {}):
            pairs = value.items() if isinstance(value, Mapping) else ()
            text = ", ".join(f"{key}={to_plain(to_line(item))}" for key, item in pairs)
            text = text or to_plain(to_line(value))
            short = text if len(text) <= _LONG_INPUT else text[: _LONG_INPUT - 1] + "…"
            line += [", "] * (len(line) > 1) + [f"{to_words(name)} ", Code(short)]
    return tuple(line)


def write_glance(answer: Answer) -> list[Block]:
    """The answer at a glance: the facts that matter most, each with its reason."""
    blocks: list[Block] = []
    for name, fact in _headline(answer):
        if is_table(fact.value):
            blocks.append(Paragraph((*to_prose(fact.because), " ", Badge(fact.status)), "answer"))
            continue
        line = (f"{to_words(name)}: ", *_to_brief(name, fact.value), " ", Badge(fact.status))
        blocks += [Paragraph(line, "answer"), Paragraph(to_prose(fact.because), "because")]
    return blocks


def write_answer(answer: Answer, name: str, *, with_figures: bool = True) -> tuple[Block, ...]:
    """The blocks of one answer: figures, facts, warnings, and what can be folded away."""
    blocks: list[Block] = []
    rows: dict[str, str] = {}
    for number, figure in enumerate(draw_figures(answer) if with_figures else ()):
        picture = Picture(f"figure-{name}" + f"-{number + 1}" * bool(number), figure)
        rows |= {figure.links: f"{picture.id}-{figure.links}"} if figure.links else {}
        blocks.append(picture)
    blocks += list_facts(answer, rows)
    blocks += [Paragraph(to_prose(warning), "warning") for warning in answer.warnings]
    if answer.steps:
        blocks.append(Folded("Worked steps", (write_steps(answer),)))
    data = _write_data(answer)
    if data is not None:
        blocks.append(Folded("Data", (data,)))
    if answer.certificate is not None:
        blocks.append(Folded("Certificate", (_write_certificate(answer.certificate),)))
    return tuple(blocks)


def list_facts(answer: Answer, ids: Mapping[str, str] | None = None) -> list[Block]:
    """All facts as one table, then a table for each fact that has rows of its own.

    Args:
        answer: Whose facts.
        ids: For facts whose rows are linked to, what the ids of the rows begin with.
    """
    rows: list[tuple[Line, ...]] = []
    tables: list[Block] = []
    for name, fact in answer.facts.items():
        if fact.is_void:
            continue
        value = _to_brief(name, _without_reason(fact))
        parts, rest = split_tables(fact.value)
        if parts:
            value = (*to_line(rest), "; " if rest else "", *value, " below")
            captions = ((f"{to_words(name)}: {to_words(part)}",) for part in parts)
            tables += map(to_table, captions, parts.values())
        elif is_table(fact.value):
            value = (*value, " below")
            table = to_table((to_words(name),), fact.value)
            tables.append(replace(table, id=(ids or {}).get(name, "")))
        rows.append(((to_words(name),), value, (Badge(fact.status),), to_prose(fact.because)))
    rows += _list_void(answer)
    columns = ("Fact", "Value", "Known by", "Because")
    return [Table(("Facts",), columns, tuple(rows), "facts"), *tables]


def _list_void(answer: Answer) -> list[tuple[Line, ...]]:
    """One row that names the facts which say that there is nothing."""
    void = {name: fact for name, fact in answer.facts.items() if fact.is_void}
    if not void:
        return []
    names = ", ".join(map(to_words, void))
    status = next((f.status for f in void.values() if f.status != "proved"), "proved")
    why = "Nothing of these, or no more than is said above; the JSON of the answer lists each."
    return [(("not shown",), (names,), (Badge(status),), (why,))]


def _without_reason(fact: Fact) -> Any:
    """The value without the field that only repeats the fact's own sentence."""
    if isinstance(fact.value, Mapping) and fact.value.get("reason") == fact.because:
        return {key: item for key, item in fact.value.items() if key != "reason"}
    return fact.value


def write_steps(answer: Answer) -> Steps:
    """The worked derivation."""
    return Steps(
        tuple(
            (
                Formula(clean(step.formula.replace(" -> ", " → ")), step.latex)
                if step.latex
                else to_formula(step.formula),
                to_prose(step.because),
            )
            for step in answer.steps
        )
    )


def _write_data(answer: Answer) -> Table | None:
    names = [name for name, series in answer.arrays.items() if len(series.dims) == 1]
    if not names:
        return None
    # Rows of one table are about one thing, so all its columns have the dimension of the first.
    dims, length = answer.arrays[names[0]].dims, len(answer.arrays[names[0]].values)
    names = [
        name
        for name in names
        if answer.arrays[name].dims == dims and len(answer.arrays[name].values) == length
    ]
    columns = [answer.arrays[name].to_list() for name in names]
    rows = [tuple(map(to_line, row)) for row in _cut(list(zip(*columns, strict=True)))]
    total = len(columns[0])
    caption = (
        f"{total} rows"
        if total <= _FIRST_ROWS + _LAST_ROWS
        else (f"the first {_FIRST_ROWS} and the last {_LAST_ROWS} of {total} rows")
    )
    numeric = tuple(bool(read_column(answer, name)) for name in names)
    return Table((caption,), tuple(map(to_words, names)), tuple(rows), "data", numeric)


def _cut(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    if len(rows) <= _FIRST_ROWS + _LAST_ROWS:
        return rows
    return [*rows[:_FIRST_ROWS], tuple("…" for _ in rows[0]), *rows[-_LAST_ROWS:]]


def _write_certificate(certificate: Mapping[str, Any]) -> Listing:
    return Listing(json.dumps(certificate, ensure_ascii=False, indent=2, allow_nan=False), "json")

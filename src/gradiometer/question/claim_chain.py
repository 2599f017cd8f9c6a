"""What is said of a derivation of several lines: the facts, the steps and the certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from gradiometer.errors import StudyError, UsageError
from gradiometer.formula import Name, Node, apply, substitute, to_latex
from gradiometer.proof import combine
from gradiometer.question.answer import Fact, Status, Step, proved, unknown
from gradiometer.question.chain import Verdict, judge_derivation, to_rows
from gradiometer.question.chain_read import read_derivation
from gradiometer.question.chain_text import Source, make_source, read_source
from gradiometer.question.claim_assume import split_assumptions
from gradiometer.question.statement import Side
from gradiometer.question.statement_names import Names, read_names


@final
@dataclass(frozen=True)
class Course:
    """A derivation that has been judged."""

    source: Source
    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...] = ()

    @property
    def claims(self) -> list[Verdict]:
        """The lines that claim something."""
        return [verdict for verdict in self.verdicts if verdict.line.role == "statement"]

    @property
    def first_wrong(self) -> Verdict | None:
        """The first line that is charged."""
        return next((verdict for verdict in self.claims if verdict.is_charged), None)

    @property
    def decisive(self) -> Verdict:
        """The first wrong line, else the first open one, else the last one."""
        wrong = self.first_wrong
        is_open = (verdict for verdict in self.claims if verdict.holds is None)
        return wrong or next(is_open, self.claims[-1])

    @property
    def holds(self) -> bool | None:
        """Whether every line holds."""
        return self.decisive.holds

    @property
    def status(self) -> Status:
        """`proved`, or `unknown` where a line is open and none is wrong."""
        return "unknown" if self.holds is None else "proved"

    @property
    def because(self) -> str:
        """The whole in one sentence."""
        verdict, count = self.decisive, len(self.claims)
        if verdict.holds:
            return f"each of the {count} lines holds" if count > 1 else verdict.because
        what = "wrong" if verdict.holds is False else "open"
        line = verdict.line
        where = f"{self.source.name}:{line.number}" if self.source.name else f"line {line.number}"
        return f"{where} is the first that is {what}, `{line.text}`: {verdict.because}"

    @property
    def counterexample(self) -> Mapping[str, Any] | None:
        """Where the first wrong line fails."""
        link = self.decisive.link
        return None if link is None or self.holds is not False else link.counterexample

    @property
    def certificate(self) -> Mapping[str, Any] | None:
        """Of all lines where they hold, else of the one that decides."""
        if self.holds:
            links = [link for verdict in self.claims for link in verdict.links]
            return combine(link.certificate for link in links)
        link = self.decisive.link
        return None if link is None else link.certificate


def read_steps(*, steps: Sequence[str] = (), file: str = "", where: Sequence[str] = ()) -> None:
    """Nothing: it reads a derivation without judging it, so that mistakes show at once.

    Raises:
        GradiometerError: If it cannot be read.
    """
    definitions, conditions = split_assumptions(where)
    lines = (steps,) if isinstance(steps, str) else tuple(steps)
    source = read_source(file) if file else make_source("\n".join(lines), "")
    read_derivation(source, read_names(definitions), None, conditions)


def judge_course(
    *,
    steps: Sequence[str] = (),
    file: str = "",
    names: Names,
    at: Mapping[str, Any] | None,
    conditions: Sequence[str] = (),
    exactly: bool,
) -> Course:
    """A derivation as text or in a file, judged line by line.

    Raises:
        FormulaError: If a line cannot be read; it says which.
        StudyError: If the file cannot be used, or claims nothing.
        UsageError: If the text claims nothing.
    """
    source = read_source(file) if file else make_source("\n".join(steps), "")
    derivation = read_derivation(source, names, at, conditions)
    course = Course(source, tuple(judge_derivation(derivation, exactly=exactly)), derivation.notes)
    if course.claims:
        return course
    problem, hint = "The derivation claims nothing.", "write formulas such as `f'(x) = 3`"
    if file:
        raise StudyError(problem, place=source.place(0), hint=hint)
    raise UsageError(problem, text="\n".join(steps), hint=hint)


def list_facts(course: Course) -> dict[str, Fact]:
    """The facts about a derivation."""
    facts = {"holds": Fact(course.holds, course.status, course.because)}
    wrong = course.first_wrong
    if wrong is not None:
        row: dict[str, Any] = {"line": wrong.line.number, "text": wrong.line.text}
        facts["first_wrong"] = proved(row, wrong.because)
        facts["slip"] = _say_slip(wrong)
        if course.counterexample is not None:
            because = "the values of both sides at that point"
            facts["counterexample"] = proved(course.counterexample, because)
    charged = sum(verdict.is_charged for verdict in course.verdicts)
    if course.holds is not None:
        facts["charged"] = proved(charged, _COUNTED)
    facts["lines"] = proved(to_rows(course.verdicts), _LISTED)
    return facts


_COUNTED = "the wrong lines that do not follow from a wrong line before them"
_LISTED = "what each line was read as; a relation is judged between its two neighbours"


def _say_slip(wrong: Verdict) -> Fact:
    slip = wrong.slip
    if slip is None:
        return unknown("no known slip explains the line")
    row = {"line": wrong.line.number, "kind": slip.family, "gives": slip.gives}
    because = f"{slip.because}; that it gives what the line says is proved"
    return proved(row, because)


def list_steps(course: Course) -> tuple[Step, ...]:
    """The lines that claim something, with what became of each."""
    return tuple(
        Step(verdict.line.reading or verdict.line.text, verdict.because, _to_latex(verdict))
        for verdict in course.claims
    )


def _to_latex(verdict: Verdict) -> str:
    """The line as it was read; a derivative is a fraction of its own."""
    statement = verdict.line.statement
    if statement is None:
        return ""
    words = [to_latex(_split_quotients(statement.sides[0]))]
    for sign, side in zip(statement.relations, statement.sides[1:], strict=True):
        words += [_SIGNS.get(sign, sign), to_latex(_split_quotients(side))]
    return " ".join(words)


_SIGNS = {"==": "=", "!=": r"\neq", "<=": r"\leq", ">=": r"\geq"}


def _split_quotients(side: Side) -> Node:
    parts = {label: text.split("/") for label, text in side.quotients.items()}
    values = {label: apply("/", *map(Name, names)) for label, names in parts.items()}
    return substitute(side.tree, values) if values else side.tree

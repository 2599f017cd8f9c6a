"""Is this statement true? Proved, refuted with a point a reader can check, or left open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from gradiometer.errors import UndecidedError, UsageError
from gradiometer.formula import to_text
from gradiometer.proof import combine
from gradiometer.question.answer import Answer, Fact, Status, Step, proved, unknown
from gradiometer.question.claim_answer import Ground, find_ground, read_point
from gradiometer.question.claim_assume import (
    Assumption,
    judge_under,
    read_assumptions,
    split_assumptions,
)
from gradiometer.question.claim_chain import Course, judge_course, list_facts, list_steps
from gradiometer.question.claim_fact import match_value, show_value, to_said_text
from gradiometer.question.claim_link import judge_link
from gradiometer.question.claim_path import Missing, find_fact
from gradiometer.question.claim_side import SPELLING, Link, Pair, Point
from gradiometer.question.fact_names import check_fact
from gradiometer.question.statement import Statement, read_statement
from gradiometer.question.statement_names import read_names
from gradiometer.question.value import to_value_text


@final
@dataclass(frozen=True)
class Claim:
    """What somebody says about the answer to a question: a statement, or the value of a fact."""

    says: str = ""
    """A statement such as `f'(x) = 3`; empty when a fact is meant."""
    fact: str = ""
    """Dotted path of a fact, such as `cycle.period`; empty when a statement is meant."""
    equals: Any = None
    """What the fact is said to be."""
    exactly: bool = False
    """Whether a decimal is exact, not rounded."""
    where: tuple[str, ...] = ()
    """Definitions and assumptions for it, besides what the question defines."""
    steps: tuple[str, ...] = ()
    """The lines of a derivation; empty when it is no derivation that is meant."""

    @property
    def text(self) -> str:
        """The claim on one line."""
        if self.says:
            return self.says.strip()
        if self.steps:
            return "\n".join(self.steps).strip()
        return f"{self.fact} = {to_said_text(self.equals)}{' (exactly)' if self.exactly else ''}"


@final
@dataclass(frozen=True)
class ClaimResult:
    """What became of a claim."""

    text: str
    holds: bool | None
    status: Status
    because: str
    counterexample: Mapping[str, Any] | None = None
    """`{"at": {name: number}, "left": number, "right": number}` of a refuted statement."""
    certificate: Mapping[str, Any] | None = None


@final
@dataclass(frozen=True)
class _Judgement:
    """What became of a whole chain."""

    links: tuple[Link, ...]

    @property
    def decisive(self) -> Link:
        """The first link that is wrong, else the first one that is open, else the last one."""
        for wanted in (False, None):
            for link in self.links:
                if link.holds is wanted:
                    return link
        return self.links[-1]

    @property
    def because(self) -> str:
        link = self.decisive
        if len(self.links) == 1:
            return link.because
        if link.holds:
            reasons = dict.fromkeys(part.because for part in self.links)
            return "; ".join(reasons)
        number = self.links.index(link) + 1
        what = "wrong" if link.holds is False else "open"
        first = f"step {number} of {len(self.links)} is the first that is {what}"
        return f"{first}, `{link.text}`: {link.because}"

    @property
    def certificate(self) -> Mapping[str, Any] | None:
        link = self.decisive
        if link.holds:
            return combine(part.certificate for part in self.links)
        return link.certificate


def claim(
    says: str = "",
    *,
    where: Sequence[str] = (),
    at: Mapping[str, Any] | None = None,
    exactly: bool = False,
    steps: Sequence[str] = (),
    file: str = "",
) -> Answer:
    """Whether the statement, or every line of the derivation, is true.

    Args:
        says: A relation or a chain of them, such as `f'(x) = 3/(1+e^(-3x))` or `dc/da = -5`. It is
            meant for all real values of its free variables for which both sides have a value.
        where: Definitions such as `f(x) = ln(e^(3x)+1)`, assignments such as `v = a^2; c = v*b`,
            and assumptions such as `x > 0`.
        at: The point that the statement is about, for a statement that need not hold elsewhere.
        exactly: Whether a decimal is exact; otherwise it is rounded to the digits written.
        steps: The lines of a derivation, in place of a statement; see `read_derivation` for what a
            line may be.
        file: The path of a text, Markdown or LaTeX file with the derivation, in place of both.

    Returns:
        Facts `holds` (None where it is open), `counterexample` when it is refuted, `statement`,
        and `links` for a chain. For a derivation `holds`, `first_wrong` with its `slip`, `charged`,
        and `lines`: what each line was read as and what became of it.

    Raises:
        FormulaError: If a text cannot be read.
        StudyError: If the file cannot be used.
        UsageError: If the point lacks a value, or not exactly one thing is claimed.

    Example:
        >>> claim("sqrt(x^2) = x").facts["counterexample"].value["at"]
        {'x': -1}
    """
    _check_one(says=says, steps=steps, file=file)
    texts = (where,) if isinstance(where, str) else tuple(where)
    point = read_point(at) if at else None
    definitions, assumptions = split_assumptions(texts)
    ground = Ground(read_names(definitions, hiding=tuple(point or ())), point)
    inputs: dict[str, Any] = {"says": says, "where": list(texts), "exactly": exactly}
    if point:
        inputs["at"] = {name: to_value_text(value, digits=40) for name, value in point.items()}
    if not says:
        lines = (steps,) if isinstance(steps, str) else tuple(steps)
        del inputs["says"]
        inputs = {"file": file, **inputs} if file else {"steps": list(lines), **inputs}
        course = judge_course(
            steps=lines, file=file, names=ground.names, at=point, conditions=assumptions,
            exactly=exactly,
        )  # fmt: skip
        return _answer_course(inputs, course, ground)
    try:
        statement = read_statement(says, ground.names)
    except UndecidedError as error:
        facts = {"holds": unknown(str(error)), "statement": proved(says.strip(), "as written")}
        return Answer("claim", inputs, facts)
    laid = read_assumptions(assumptions)
    judgement = _judge(statement, ground.at, laid, exactly=exactly)
    notes = (_sentence(link.note) for link in judgement.links if link.note)
    warnings = tuple(dict.fromkeys((*ground.names.warnings, *statement.notes, *notes)))
    return Answer(
        "claim",
        inputs,
        _facts(statement, judgement),
        _steps(judgement),
        certificate=judgement.certificate,
        warnings=warnings,
    )


def _check_one(**given: Any) -> None:
    """Refuse a request that claims nothing, or two things.

    Raises:
        UsageError: It names what was given.
    """
    names = [name for name, value in given.items() if value]
    if len(names) != 1:
        said = " and ".join(f"`{name}`" for name in names)
        problem = f"{said} are given at once." if names else "Nothing is claimed."
        raise UsageError(problem, known=tuple(given), hint="give one of them")


def _answer_course(inputs: Mapping[str, Any], course: Course, ground: Ground) -> Answer:
    notes = dict.fromkeys((*ground.names.warnings, *course.notes))
    return Answer(
        "claim", inputs, list_facts(course), list_steps(course),
        certificate=course.certificate, warnings=tuple(notes),
    )  # fmt: skip


def check_claim(answer: Answer, claim: Claim) -> ClaimResult:
    """Whether the claim about the answer is true.

    Args:
        answer: To a question. A statement may use what it defines: `f` for an activation, the names
            and the point of a computation.
        claim: What somebody says.

    Raises:
        UsageError: If the claim says nothing, or names a fact that is not there.
        FormulaError: If a text in it cannot be read.

    Example:
        >>> answer = Answer("parameters", {}, {"parameters": proved(12141, "")})
        >>> check_claim(answer, Claim(fact="parameters", equals="12,141")).holds
        True
    """
    if sum(map(bool, (claim.says, claim.fact, claim.steps))) != 1:
        raise UsageError(
            "A claim either `says` a statement, or gives the `steps` of a derivation, or names a"
            " `fact`.",
            hint="write one of them",
        )
    if claim.steps:
        return _check_steps(answer, claim)
    return _check_fact(answer, claim) if claim.fact else _check_statement(answer, claim)


def _check_steps(answer: Answer, claim: Claim) -> ClaimResult:
    ground = find_ground(answer)
    definitions, assumptions = split_assumptions(claim.where)
    course = judge_course(
        steps=claim.steps, names=read_names(definitions, ground.names), at=ground.at,
        conditions=assumptions, exactly=claim.exactly,
    )  # fmt: skip
    return ClaimResult(
        claim.text, course.holds, course.status, course.because, course.counterexample,
        course.certificate,
    )  # fmt: skip


def _check_statement(answer: Answer, claim: Claim) -> ClaimResult:
    ground = find_ground(answer)
    definitions, assumptions = split_assumptions(claim.where)
    names = read_names(definitions, ground.names)
    try:
        statement = read_statement(claim.says, names)
    except UndecidedError as error:
        return ClaimResult(claim.text, None, "unknown", str(error))
    laid = read_assumptions(assumptions)
    judgement = _judge(statement, ground.at, laid, exactly=claim.exactly)
    link = judgement.decisive
    read_as = " ".join(dict.fromkeys((*names.warnings, *statement.notes))).rstrip(".")
    because = f"{judgement.because} ({read_as})" if read_as else judgement.because
    return ClaimResult(
        claim.text, link.holds, link.status, because, link.counterexample, judgement.certificate
    )  # fmt: skip


def _judge(
    statement: Statement, at: Point | None, laid: Sequence[Assumption], *, exactly: bool
) -> _Judgement:
    links = []
    for left, right, sign in zip(
        statement.sides, statement.sides[1:], statement.relations, strict=False
    ):
        link = judge_link(left, right, sign, at=at, exactly=exactly)
        links.append(judge_under(link, Pair(left, right, sign, at), laid))
    return _Judgement(tuple(links))


def _facts(statement: Statement, judgement: _Judgement) -> dict[str, Fact]:
    link = judgement.decisive
    facts = {"holds": Fact(link.holds, link.status, judgement.because)}
    if link.counterexample is not None:
        facts["counterexample"] = proved(
            link.counterexample, "the values of both sides at that point"
        )
    words = [to_text(statement.sides[0].spelled)]
    for sign, side in zip(statement.relations, statement.sides[1:], strict=True):
        words += [SPELLING[sign], to_text(side.spelled)]
    facts["statement"] = proved(" ".join(words), _MEANING)
    if len(judgement.links) > 1:
        rows = [
            {"statement": part.text, "holds": part.holds, "because": part.because}
            for part in judgement.links
        ]
        facts["links"] = proved(rows, "each relation between neighbours is judged on its own")
    return facts


_MEANING = "how the text was read; it is meant wherever both sides have a value"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _steps(judgement: _Judgement) -> tuple[Step, ...]:
    steps = dict.fromkeys(step for link in judgement.links for step in link.steps)
    return tuple(steps)


def _check_fact(answer: Answer, claim: Claim) -> ClaimResult:
    if claim.equals is None:
        raise UsageError(
            f"The claim does not say what `{claim.fact}` is.", hint="add `equals`"
        )  # fmt: skip
    check_fact(answer.question, claim.fact, claim.equals, answer.facts)
    if claim.fact.partition(".")[0].strip() not in answer.facts:
        nothing = f"The answer has no `{claim.fact}` for these inputs."
        return ClaimResult(claim.text, None, "unknown", nothing)
    fact, value = find_fact(answer, claim.fact)
    if fact.status == "unknown" or value is None:
        beside = _tell_beside(answer, claim.fact)
        reason = fact.because if fact.status == "unknown" else f"this part is undecided{beside}"
        because = f"`{claim.fact}` is unknown: {reason.rstrip('.')}."
        return ClaimResult(claim.text, None, "unknown", because)
    if isinstance(value, Missing):
        return ClaimResult(claim.text, False, fact.status, f"{value.because}.")
    sides = _FUNCTIONS.get((answer.question, claim.fact))
    is_spelled = sides is not None and isinstance(claim.equals, str) and claim.equals != value
    if is_spelled and find_ground(answer).names.functions:
        # The fact spells a function; what is claimed is that it is this function.
        stated = _check_statement(answer, replace(claim, says=f"{sides} = {claim.equals}"))
        return replace(stated, text=claim.text)
    match = match_value(value, claim.equals, exactly=claim.exactly, path=claim.fact)
    found = (match.because or show_value(value)) + _tell_beside(answer, claim.fact)
    because = f"{f'`{match.path}`: ' if match.path else ''}{found.rstrip('.')}."
    status = "unknown" if match.holds is None else fact.status
    return ClaimResult(claim.text, match.holds, status, because, None, match.certificate)


def _tell_beside(answer: Answer, path: str) -> str:
    """The numbers that a measured verdict stands on: what else is in the same object."""
    above, _, last = path.rpartition(".")
    if not above or answer.facts[path.partition(".")[0].strip()].status != "measured":
        return ""
    _, value = find_fact(answer, above)
    if not isinstance(value, Mapping) or last != "verdict":
        return ""
    parts = (f"{name} {to_value_text(part)}" for name, part in value.items() if name != last)
    return f" ({', '.join(parts)})"


_FUNCTIONS = {("activation", "formula"): "f(x)", ("activation", "derivative"): "f'(x)"}
"""Facts that spell a function, and what a statement calls it."""

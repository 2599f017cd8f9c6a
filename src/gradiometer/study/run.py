"""Asks the questions of a study and checks its claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradiometer.errors import DomainError, GradiometerError, UndecidedError, render_error
from gradiometer.question import QUESTIONS, Answer, Claim, ClaimResult, ask, check_claim
from gradiometer.study.problems import Problems
from gradiometer.study.result import QuestionResult, StudyResult
from gradiometer.study.study import Study, StudyClaim, StudyQuestion


def run_study(
    study: Study, *, on_question: Callable[[StudyQuestion], None] | None = None
) -> StudyResult:
    """The answers to all questions of a study and what became of its claims.

    A question that has no answer (it divides by zero at its point, say) is an error of its own
    section; the others are answered all the same.

    Args:
        study: What is asked.
        on_question: Called before each question.

    Raises:
        GradiometerError: If an input or a claim cannot be read; it names the place in the file.
    """
    results = []
    for index, question in enumerate(study.questions):
        if on_question is not None:
            on_question(question)
        results.append(_run_question(study, question, index))
    return StudyResult(study, tuple(results))


def find_inputs(study: Study, question: StudyQuestion) -> dict[str, Any]:
    """What *question* takes: the study's own definitions in place of their names, and its files.

    A path is meant from the folder of the study.
    """
    inputs = dict(question.inputs)
    for item in QUESTIONS[question.ask].inputs:
        named = inputs.get(item.name)
        if item.kind == "path" and isinstance(named, str):
            inputs[item.name] = str(Path(study.source).parent / named)
        if item.kind == "paths" and named is not None:
            paths = [named] if isinstance(named, str) else named
            inputs[item.name] = [str(Path(study.source).parent / path) for path in paths]
        if item.endings and named is not None:
            inputs[item.name] = _find_files(study, item.endings, named)
        if item.entry and isinstance(named, str):
            inputs[item.name] = _find_definition(study, item.entry, named)
    return inputs


def _find_files(study: Study, endings: tuple[str, ...], named: Any) -> Any:
    """The texts that are paths, from the folder of the study; one text stays one."""
    texts = [named] if isinstance(named, str) else list(named)
    found = [str(Path(study.source).parent / text) if text.lower().endswith(endings) else text
             for text in texts]  # fmt: skip
    return found[0] if isinstance(named, str) else found


def _find_definition(study: Study, kind: str, named: str, depth: int = 0) -> Any:
    """The study's own table of that name, with those of the rules that it wraps, or the name."""
    own = study.definitions.get(kind, {})
    table = own.get(named)
    if table is None:
        return named
    rule = table.get("rule")
    # A wrapper that wraps itself is refused where optimizers are read.
    if not isinstance(rule, str) or rule not in own or depth > len(own):
        return table
    return {**table, "rule": _find_definition(study, kind, rule, depth + 1)}


def locate_in_question(
    study: Study, question: StudyQuestion, index: int, error: GradiometerError
) -> GradiometerError:
    """The error with its place in the file: in a definition that is used, or in the question."""
    if error.place is not None and error.place.line is not None:
        # It happened in another file, which the question names.
        return error
    problems = Problems(study.source, study.source_text)
    for item in QUESTIONS[question.ask].inputs:
        named = question.inputs.get(item.name)
        if isinstance(named, str) and named in study.definitions.get(item.entry, {}):
            located = problems.find(("define", item.entry, named), error)
            if located is not None:
                return located
    return problems.locate(("question", index), error)


def _run_question(study: Study, question: StudyQuestion, index: int) -> QuestionResult:
    try:
        answer = ask(question.ask, **find_inputs(study, question))
    except (GradiometerError, UndecidedError) as error:
        if isinstance(error, GradiometerError) and not _is_of_the_answer(error):
            raise locate_in_question(study, question, index, error) from None
        return _without_answer(question, error)
    claims = [_own_claim(answer)] if question.ask == "claim" else []
    for number, claim in enumerate(question.claims):
        try:
            claims.append(_check(answer, claim))
        except GradiometerError as error:
            problems = Problems(study.source, study.source_text)
            path = ("question", index, "claim", number)
            raise problems.locate(path, error) from None
    return QuestionResult(question, answer, tuple(claims))


def _is_of_the_answer(error: GradiometerError) -> bool:
    """Whether the request could be read and only its answer does not exist."""
    named = error.place.source if error.place else ""
    return isinstance(error, DomainError) and not named.startswith("--")


def _without_answer(
    question: StudyQuestion, error: GradiometerError | UndecidedError
) -> QuestionResult:
    text = render_error(error) if isinstance(error, GradiometerError) else str(error)
    because = f"The question has no answer: {text.splitlines()[0]}"
    claims = tuple(
        ClaimResult(_to_text(claim), None, "unknown", because, None, None)
        for claim in question.claims
    )
    return QuestionResult(question, None, claims, text)


def _check(answer: Answer, claim: StudyClaim) -> ClaimResult:
    if claim.open:
        return ClaimResult(claim.text, None, "unknown", claim.open, None, None)
    result = check_claim(
        answer,
        Claim(claim.says, claim.fact, claim.equals, claim.exactly, claim.where, claim.steps),
    )
    if claim.fact:
        result = replace(result, because=_with_reason(answer, claim.fact, result.because))
    return replace(result, text=f"{claim.text} [{result.text}]") if claim.text else result


def _with_reason(answer: Answer, path: str, because: str) -> str:
    """What the fact is, and why it is so."""
    fact = answer.facts.get(path.partition(".")[0])
    reason = fact.because if fact is not None else ""
    return because if not reason or reason in because else f"{because} {reason}"


def _own_claim(answer: Answer) -> ClaimResult:
    """What became of the statement that is the question itself."""
    holds, found = answer.facts["holds"], answer.facts.get("counterexample")
    counterexample = None if found is None else found.value
    inputs = answer.inputs
    text = inputs.get("says") or inputs.get("file") or "\n".join(inputs.get("steps", ()))
    return ClaimResult(text, holds.value, holds.status, holds.because, counterexample)


def _to_text(claim: StudyClaim) -> str:
    return claim.text or claim.says or "\n".join(claim.steps) or f"{claim.fact} = {claim.equals}"

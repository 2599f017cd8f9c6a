"""Which keys a study file has; those of a question's inputs come from the table of questions."""

from __future__ import annotations

from collections.abc import Mapping

from gradiometer.question import QUESTIONS

SCHEMA_VERSION = 1
MOST_BYTES = 5_000_000

TOP_KEYS: Mapping[str, str] = {
    "schema_version": "The version of this notation: 1.",
    "title": "The report's title.",
    "about": "A paragraph below the title.",
    "question": "The questions, in reading order: [[question]].",
    "define": "Things in catalogue notation, by kind and name: [define.objective.NAME].",
}
QUESTION_KEYS: Mapping[str, str] = {
    "id": "A short name, unique in the file, such as 2.1.",
    "ask": "What is asked: the question's noun.",
    "title": "A heading.",
    "text": "The question in words.",
    "claim": "Statements about the answer, to be checked.",
}
CLAIM_KEYS: Mapping[str, str] = {
    "says": "A statement such as f'(x) = 3.",
    "steps": "The lines of a derivation, as one text or a list; the first wrong one is named.",
    "fact": "The name of a fact of the answer, such as barrier or cycle.period.",
    "equals": "The value that the fact is claimed to have.",
    "open": "Why nothing here can decide the statement in `text`.",
    "text": "The statement in words.",
    "exactly": "Read a decimal as exact, not as rounded where it was cut off.",
    "where": "Definitions that the statement uses, such as f(x) = 3x+1, or assumptions.",
    "because": "Where the statement comes from, or the author's reason for it.",
}
CLAIM_FORMS = ("says", "steps", "fact", "open")
"""A claim has exactly one of these."""


def question_keys(ask: str) -> list[str]:
    """The keys of a question with that noun; of all questions when there is no such noun."""
    asked = [QUESTIONS[ask]] if ask in QUESTIONS else list(QUESTIONS.values())
    inputs = [item.key for question in asked for item in question.inputs]
    return list(dict.fromkeys([*QUESTION_KEYS, *inputs]))

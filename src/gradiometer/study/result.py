"""What came out of a study: an answer and checked claims for each question."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, final

from gradiometer.question import Answer, ClaimResult, read_version, to_json_value
from gradiometer.study.study import Study, StudyQuestion

SCHEMA = "gradiometer/study-1"


@final
@dataclass(frozen=True)
class QuestionResult:
    """One question of a study with its answer, or with the reason why there is none."""

    question: StudyQuestion
    answer: Answer | None
    claims: tuple[ClaimResult, ...]
    error: str = ""


@final
@dataclass(frozen=True)
class StudyResult:
    """All questions of a study, answered as far as they can be."""

    study: Study
    questions: tuple[QuestionResult, ...]

    @property
    def claims(self) -> tuple[ClaimResult, ...]:
        """Every checked claim, in the order of the file."""
        return tuple(claim for result in self.questions for claim in result.claims)

    @property
    def summary(self) -> dict[str, int]:
        """How many claims there are, and how many are true, false and undecided."""
        holds = [claim.holds for claim in self.claims]
        return {
            "questions": len(self.questions),
            "errors": sum(result.answer is None for result in self.questions),
            "claims": len(holds),
            "true": sum(held is True for held in holds),
            "false": sum(held is False for held in holds),
            "undecided": sum(held is None for held in holds),
        }

    def to_dict(self) -> dict[str, Any]:
        """The result as plain JSON values."""
        return {
            "schema": SCHEMA,
            "version": read_version(),
            "title": self.study.title,
            "questions": [_to_row(result) for result in self.questions],
            "summary": self.summary,
        }

    def to_json(self) -> str:
        """The result as strict JSON text, byte for byte the same for the same study."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=2)


def _to_row(result: QuestionResult) -> dict[str, Any]:
    return {
        "id": result.question.id,
        "ask": result.question.ask,
        "title": result.question.title,
        "answer": None if result.answer is None else result.answer.to_dict(),
        "error": result.error,
        "claims": [_to_claim(claim) for claim in result.claims],
    }


def _to_claim(claim: ClaimResult) -> dict[str, Any]:
    return {
        "text": claim.text,
        "holds": claim.holds,
        "status": claim.status,
        "because": claim.because,
        "counterexample": to_json_value(claim.counterexample),
        "certificate": claim.certificate,
    }

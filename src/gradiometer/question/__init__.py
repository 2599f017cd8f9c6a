"""A user's question in, one Answer out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gradiometer.question.answer import (
    STATUSES,
    AbstractRenderer,
    Answer,
    Fact,
    Series,
    Status,
    Step,
    computed,
    proved,
    unknown,
    write_whole,
)
from gradiometer.question.progress import Progress, watch_progress
from gradiometer.question.request import QUESTIONS, Input, Question, ask, load_question
from gradiometer.question.value import (
    INFINITY,
    MINUS_INFINITY,
    Infinity,
    Value,
    to_json_value,
    to_value_text,
)
from gradiometer.question.version import read_version

if TYPE_CHECKING:
    from gradiometer.question.claim import Claim, ClaimResult, check_claim
    from gradiometer.question.claim_chain import read_steps
    from gradiometer.question.course import read_request
    from gradiometer.question.fact_names import check_fact
    from gradiometer.question.parameters_request import read_networks
    from gradiometer.question.restated import (
        list_tables,
        restate_cell,
        restate_landscape,
        restate_problem,
    )
    from gradiometer.question.stability_read import read_stability
    from gradiometer.question.sweep import read_sweep
    from gradiometer.question.trajectory import read_run
    from gradiometer.question.translation import translate

_PLACES = {
    "Claim": "claim",
    "ClaimResult": "claim",
    "check_claim": "claim",
    "check_fact": "fact_names",
    "read_networks": "parameters_request",
    "read_request": "course",
    "read_run": "trajectory",
    "read_stability": "stability_read",
    "read_steps": "claim_chain",
    "read_sweep": "sweep",
    "list_tables": "restated",
    "restate_cell": "restated",
    "restate_landscape": "restated",
    "restate_problem": "restated",
    "translate": "translation",
}

__all__ = [
    "INFINITY",
    "MINUS_INFINITY",
    "QUESTIONS",
    "STATUSES",
    "AbstractRenderer",
    "Answer",
    "Claim",
    "ClaimResult",
    "Fact",
    "Infinity",
    "Input",
    "Progress",
    "Question",
    "Series",
    "Status",
    "Step",
    "Value",
    "ask",
    "check_claim",
    "check_fact",
    "computed",
    "list_tables",
    "load_question",
    "proved",
    "read_networks",
    "read_request",
    "read_run",
    "read_stability",
    "read_steps",
    "read_sweep",
    "read_version",
    "restate_cell",
    "restate_landscape",
    "restate_problem",
    "to_json_value",
    "to_value_text",
    "translate",
    "unknown",
    "watch_progress",
    "write_whole",
]


def __getattr__(name: str) -> Any:
    # Provers and checkers are loaded when a claim is first made or a run first asked for.
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"gradiometer.question.{_PLACES[name]}"), name)

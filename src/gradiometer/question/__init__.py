"""A user's question in, one Answer out."""

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
from gradiometer.question.request import QUESTIONS, Input, Question, ask
from gradiometer.question.value import (
    INFINITY,
    MINUS_INFINITY,
    Infinity,
    Value,
    to_json_value,
    to_value_text,
)
from gradiometer.question.version import read_version

__all__ = [
    "INFINITY",
    "MINUS_INFINITY",
    "QUESTIONS",
    "STATUSES",
    "AbstractRenderer",
    "Answer",
    "Fact",
    "Infinity",
    "Input",
    "Question",
    "Series",
    "Status",
    "Step",
    "Value",
    "ask",
    "computed",
    "proved",
    "read_version",
    "to_json_value",
    "to_value_text",
    "unknown",
    "write_whole",
]

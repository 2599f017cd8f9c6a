"""A file of questions and claims in, one checked result out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradiometer.study.check import check_study
    from gradiometer.study.command import to_command, to_flag
    from gradiometer.study.kinds import WrongKindError, split_settings
    from gradiometer.study.page import to_page
    from gradiometer.study.read import read_study
    from gradiometer.study.result import QuestionResult, StudyResult
    from gradiometer.study.run import run_study
    from gradiometer.study.schema import to_schema
    from gradiometer.study.starter import write_starter
    from gradiometer.study.study import Study, StudyClaim, StudyQuestion

_PLACES = {
    "QuestionResult": "result",
    "Study": "study",
    "StudyClaim": "study",
    "StudyQuestion": "study",
    "StudyResult": "result",
    "WrongKindError": "kinds",
    "check_study": "check",
    "read_study": "read",
    "run_study": "run",
    "split_settings": "kinds",
    "to_command": "command",
    "to_flag": "command",
    "to_page": "page",
    "to_schema": "schema",
    "write_starter": "starter",
}

__all__ = [
    "QuestionResult",
    "Study",
    "StudyClaim",
    "StudyQuestion",
    "StudyResult",
    "WrongKindError",
    "check_study",
    "read_study",
    "run_study",
    "split_settings",
    "to_command",
    "to_flag",
    "to_page",
    "to_schema",
    "write_starter",
]


def __getattr__(name: str) -> Any:
    # A single question needs one or two of these files; studies load provers and checkers.
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"gradiometer.study.{_PLACES[name]}"), name)

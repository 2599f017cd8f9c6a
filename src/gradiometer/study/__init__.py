"""A file of questions and claims in, one checked result out."""

from gradiometer.study.check import check_study
from gradiometer.study.command import to_command, to_flag
from gradiometer.study.kinds import WrongKindError, split_settings
from gradiometer.study.page import to_page
from gradiometer.study.read import read_study
from gradiometer.study.result import QuestionResult, StudyResult
from gradiometer.study.run import run_study
from gradiometer.study.schema import to_schema
from gradiometer.study.source import read_text
from gradiometer.study.starter import write_starter
from gradiometer.study.study import Study, StudyClaim, StudyQuestion

__all__ = [
    "QuestionResult",
    "Study",
    "StudyClaim",
    "StudyQuestion",
    "StudyResult",
    "WrongKindError",
    "check_study",
    "read_study",
    "read_text",
    "run_study",
    "split_settings",
    "to_command",
    "to_flag",
    "to_page",
    "to_schema",
    "write_starter",
]

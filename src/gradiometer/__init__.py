"""Proved answers about how neural networks train.

A question flows one way through the house: `formula` reads text into exact trees, `model` makes
activations, graphs, networks, landscapes and update rules of them, `numeric` runs them in float64,
`proof` certifies what is true, `question` returns an `Answer`, `report` shows it, `study` asks a
whole sheet of questions, `terminal` and `web` are the ways in.

    >>> import gradiometer
    >>> answer = gradiometer.escape("barrier", set={"learning_rate": "3/10"})
    >>> answer.facts["barrier"].value
    1/5

Nothing heavy is loaded until it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradiometer.errors import (
        CertificateError,
        DomainError,
        FormulaError,
        GradiometerError,
        LimitError,
        ModelError,
        ShapeError,
        StudyError,
        UnknownNameError,
        UsageError,
    )
    from gradiometer.formula import parse
    from gradiometer.proof import check
    from gradiometer.question import Answer, Claim, Fact, ask, check_claim, translate
    from gradiometer.question.activation import activation
    from gradiometer.question.claim import claim
    from gradiometer.question.escape import escape
    from gradiometer.question.gradient import gradient
    from gradiometer.question.parameters import parameters
    from gradiometer.question.schedule import schedule
    from gradiometer.question.stability import stability
    from gradiometer.question.sweep import sweep
    from gradiometer.question.training import training
    from gradiometer.question.trajectory import trajectory
    from gradiometer.study import read_study, run_study

_QUESTIONS = frozenset(
    (
        "activation",
        "claim",
        "escape",
        "gradient",
        "parameters",
        "schedule",
        "stability",
        "training",
        "sweep",
        "trajectory",
    )
)

_EXPORTS = {
    "Answer": "gradiometer.question",
    "CertificateError": "gradiometer.errors",
    "Claim": "gradiometer.question",
    "DomainError": "gradiometer.errors",
    "Fact": "gradiometer.question",
    "FormulaError": "gradiometer.errors",
    "GradiometerError": "gradiometer.errors",
    "LimitError": "gradiometer.errors",
    "ModelError": "gradiometer.errors",
    "ShapeError": "gradiometer.errors",
    "StudyError": "gradiometer.errors",
    "UnknownNameError": "gradiometer.errors",
    "UsageError": "gradiometer.errors",
    "activation": "gradiometer.question",
    "ask": "gradiometer.question",
    "check": "gradiometer.proof",
    "check_claim": "gradiometer.question",
    "claim": "gradiometer.question",
    "escape": "gradiometer.question",
    "gradient": "gradiometer.question",
    "parameters": "gradiometer.question",
    "parse": "gradiometer.formula",
    "read_study": "gradiometer.study",
    "run_study": "gradiometer.study",
    "schedule": "gradiometer.question",
    "stability": "gradiometer.question",
    "training": "gradiometer.question",
    "sweep": "gradiometer.question",
    "trajectory": "gradiometer.question",
    "translate": "gradiometer.question",
}

__all__ = [
    "Answer",
    "CertificateError",
    "Claim",
    "DomainError",
    "Fact",
    "FormulaError",
    "GradiometerError",
    "LimitError",
    "ModelError",
    "ShapeError",
    "StudyError",
    "UnknownNameError",
    "UsageError",
    "activation",
    "ask",
    "check",
    "check_claim",
    "claim",
    "escape",
    "gradient",
    "parameters",
    "parse",
    "read_study",
    "run_study",
    "schedule",
    "stability",
    "sweep",
    "training",
    "trajectory",
    "translate",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "__version__":
        return import_module("gradiometer.question").read_version()
    if name not in _EXPORTS:
        raise AttributeError(f"module 'gradiometer' has no attribute '{name}'")
    stage = import_module(_EXPORTS[name])
    if _EXPORTS[name] == "gradiometer.question":
        _show_answers()
    # A question's module and its function share their name, so the door hands the function out.
    value = stage.load_question(name) if name in _QUESTIONS else getattr(stage, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def _show_answers() -> None:
    """Let answers show themselves through the report stage, once one is shown."""
    from gradiometer.question import Answer

    def load() -> Any:
        from gradiometer.report import load_renderer

        return load_renderer()

    Answer.show_with(load)

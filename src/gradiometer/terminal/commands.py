"""Which commands there are: names and one line each, so that help needs nothing heavy.

The lines of the questions are those of the table of questions; a test holds them equal.
"""

from __future__ import annotations

from collections.abc import Mapping

QUESTION_COMMANDS: Mapping[str, str] = {
    "activation": "What is this function like as an activation?",
    "gradient": "How does the gradient reach each input?",
    "parameters": "What does this network cost?",
    "schedule": "What is the learning rate at each step?",
    "trajectory": "Where does the optimizer go from here?",
    "stability": "Which learning rates are safe here?",
    "escape": "Which barriers does it cross?",
    "sweep": "What happens over millions of settings?",
    "training": "What do learning rate and schedule do to a real small network?",
    "claim": "Is this statement true?",
}
"""Commands that ask a question."""

OTHER_COMMANDS: Mapping[str, str] = {
    "study": "Answer a file of questions, check its claims and write a report.",
    "verify": "Check the certificates in a file, independently of what made them.",
    "catalog": "List what has a name: activations, objectives, optimizers, schedules.",
    "completion": "Print the completion script of a shell.",
    "doctor": "Print versions, for a report of a problem.",
}
"""Commands that do something else; each is the attribute `command` of the module of its name."""

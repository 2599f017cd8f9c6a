"""The command line that a report prints asks the question it stands under."""

import shlex

import pytest

from gradiometer.question import QUESTIONS
from gradiometer.study import to_command


@pytest.mark.parametrize(
    ("question", "inputs", "command"),
    [
        ("activation", {"formula": "max(x,0)"}, "gradiometer activation 'max(x,0)'"),
        ("activation", {"formula": "-x"}, "gradiometer activation -x"),
        ("activation", {"formula": "--x"}, "gradiometer activation -- --x"),
        (
            "gradient",
            {"computation": "c=a*b", "at": {"a": "-1", "b": "4"}},
            "gradiometer gradient 'c=a*b' --at a=-1,b=4",
        ),
        (
            "parameters",
            {"networks": ("3-2", "4-2"), "bias": False},
            "gradiometer parameters 3-2 4-2 --no-bias",
        ),
        (
            "escape",
            {"objective": "barrier", "optimizer": "adam", "set": {"eps": "0"}, "at_kink": "left"},
            "gradiometer escape --objective barrier --optimizer adam --set eps=0 --at-kink left",
        ),
        ("trajectory", {"objective": {"name": "own"}}, ""),
        (
            "claim",
            {"says": "f'(x) = 3", "where": ("f(x) = 3x",), "exactly": True},
            "gradiometer claim 'f'\"'\"'(x) = 3' --where 'f(x) = 3x' --exactly",
        ),
    ],
)
def test_command_of_a_question(question, inputs, command):
    assert to_command(question, inputs) == command


@pytest.mark.parametrize("name", QUESTIONS)
def test_examples_are_commands_of_their_question(name):
    words = shlex.split(QUESTIONS[name].example)
    assert words[:2] == ["gradiometer", name]

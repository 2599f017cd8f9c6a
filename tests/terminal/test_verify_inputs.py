"""An answer whose recorded inputs are not those of its certificate is rejected."""

import json

import pytest
from click.testing import CliRunner

from gradiometer.question import restate_problem
from gradiometer.question.escape import escape
from gradiometer.question.stability import stability
from gradiometer.question.trajectory import trajectory
from gradiometer.terminal import cli
from gradiometer.terminal.verify_inputs import compare_inputs

RATE = {"learning_rate": "1/10"}
OWN = {
    "name": "my_rule", "about": "A rule of my own.", "state": {"m": "0"},
    "parameters": {
        "learning_rate": {"default": "1/10", "domain": "(0, oo)"},
        "beta": {"default": "1/2", "domain": "[0, 1)"},
    },
    "step": {"m'": "beta*m + g", "x'": "x - learning_rate*m'"},
}  # fmt: skip
ANSWERS = {
    "a run": lambda: trajectory("abs(x)", set=RATE, start="1/3", steps=20),
    "a fate": lambda: trajectory("ln(1 + x^2)", set=RATE, start="1/3", steps=20),
    "a schedule": lambda: trajectory("abs(x)", schedule="cosine", start="1/3", steps=20),
    "a trail": lambda: trajectory("x^2 + y^2", set=RATE, start="x=1, y=2", steps=5),
    "losses of steps": lambda: trajectory("(x - t)^2", set=RATE, start="1", steps=5),
    "a side": lambda: trajectory("abs(x)", set=RATE, start="1/3", steps=20, at_kink="left"),
    "an escape": lambda: escape("barrier", set=RATE),
    "an escape from any start": lambda: escape("barrier", set=RATE, start="any"),
    "one run of an escape": lambda: escape("barrier", optimizer="sam", set=RATE, start="any"),
    "a stability": lambda: stability("x^2/2", set={"momentum": "1/2"}),
    "what is held": lambda: stability("x^2/2", optimizer="adam", hold={"v": "1/4"}),
    "a change": lambda: trajectory(
        "barrier", set={"learning_rate": "3/10"}, steps=9, between="h=1/10:3/10:2"
    ),
    "a rule of a user": lambda: trajectory("abs(x)", optimizer=OWN, start="1/3", steps=20),
    "a trail of such a rule": lambda: trajectory(
        "x^2 + y^2", optimizer=OWN, start="x=1, y=2", steps=5
    ),
    "its stability": lambda: stability("x^2/2", optimizer=OWN),
    "a change of such a rule": lambda: trajectory(
        "x^2/2", optimizer=OWN, start="1", steps=9, between="learning_rate=5/2:7/2:3"
    ),
}
OF_TABLES = (
    "a rule of a user", "a trail of such a rule", "its stability", "a change of such a rule",
)  # fmt: skip
FORGED = {
    "objective": "max(-x, 2*x) + y^2 + (x - 2*t)^4",
    "optimizer": "signum",
    "schedule": "exponential",
    "start": "2/3",
    "steps": 7,
    "at_kink": "right",
    "vary": "weight_decay",
    "between": "h=1/10:11/100:2",
}


@pytest.fixture(scope="module")
def answers():
    return {name: json.loads(make().to_json()) for name, make in ANSWERS.items()}


@pytest.fixture
def verify(tmp_path):
    """Whether `gradiometer verify` accepts an answer, and what it prints."""

    def see(answer):
        file = tmp_path / "answer.json"
        file.write_text(json.dumps(answer))
        done = CliRunner().invoke(cli, ["verify", str(file)], prog_name="gradiometer")
        return done.exit_code == 0, done.output

    return see


@pytest.mark.parametrize("name", ANSWERS)
def test_what_was_written_is_accepted(verify, answers, name):
    accepted, text = verify(answers[name])
    assert accepted, text


def forgeries(inputs):
    """The inputs with one of them changed."""
    for key, value in inputs.items():
        if key == "set":
            for setting, text in value.items():
                yield f"set.{setting}", {**inputs, "set": {**value, setting: f"{text}1"}}
        elif key in FORGED and FORGED[key] != value:
            yield key, {**inputs, key: FORGED[key]}


def is_held(answer, inputs):
    parts = answer["certificate"].get("parts", [answer["certificate"]])
    return not list(compare_inputs(answer["question"], inputs, parts))


def read_settings(answer):
    """The settings that some certificate of the answer holds."""
    text = json.dumps(answer["certificate"])
    return {name for name in answer["inputs"]["set"] if f'"{name}": "' in text}


@pytest.mark.parametrize("name", [n for n in ANSWERS if n not in OF_TABLES])
def test_no_other_input_of_a_known_rule_is_accepted(answers, name):
    answer, count = answers[name], 0
    for path, inputs in forgeries(answer["inputs"]):
        setting = path.removeprefix("set.")
        if path.startswith("set.") and setting not in read_settings(answer):
            continue
        if path == "steps" and answer["inputs"]["start"] == "any":
            # What holds for all starts holds without an end of steps.
            continue
        # What cannot be asked at all is not what was asked either.
        count += 1
        assert not is_held(answer, inputs), path
    assert count >= 3


def test_inputs_that_cannot_be_asked_are_rejected(answers):
    answer = answers["a run"]
    forged = {**answer["inputs"], "schedule": "1"}
    assert restate_problem("trajectory", forged) is None
    assert not is_held(answer, forged)


@pytest.mark.parametrize("name", OF_TABLES[:3])
def test_of_a_rule_in_a_table_the_landscape_is_held(answers, name):
    answer = answers[name]
    assert is_held(answer, answer["inputs"])
    assert not is_held(answer, {**answer["inputs"], "objective": FORGED["objective"]})


def test_of_a_rule_in_a_table_a_schedule_is_held(answers):
    answer = answers["a rule of a user"]
    assert not is_held(answer, {**answer["inputs"], "schedule": "exponential"})


def test_of_a_rule_in_a_table_all_parts_are_about_one_rule(verify):
    other = {**OWN, "step": {"m'": "beta*m - g", "x'": "x + learning_rate*m'"}}
    answer, foreign = (
        json.loads(trajectory("ln(1 + x^2)", optimizer=rule, start="1/3", steps=20).to_json())
        for rule in (OWN, other)
    )
    run, fate = (row["certificate"]["parts"] for row in (answer, foreign))
    assert verify(answer)[0]
    mixed = {**answer["certificate"], "parts": [run[0], fate[1]]}
    assert not verify({**answer, "certificate": mixed})[0]


@pytest.mark.parametrize("name", ["a rule of a user", "a trail of such a rule"])
@pytest.mark.parametrize("path", ["start", "steps", "set.beta", "set.learning_rate"])
def test_of_a_rule_in_a_table_numbers_are_held(answers, name, path):
    answer = answers[name]
    assert restate_problem(answer["question"], answer["inputs"]) is None
    forged = dict(forgeries(answer["inputs"]))[path]
    if name != "a rule of a user" and path == "start":
        forged = {**forged, "start": "x=1, y=3"}
    assert is_held(answer, answer["inputs"])
    assert not is_held(answer, forged)


def test_the_command_says_which_input_is_another_one(verify, answers):
    answer = answers["a run"]
    forged = {**answer, "inputs": {**answer["inputs"], "start": "1/2"}}
    accepted, text = verify(forged)
    assert not accepted
    assert "the input `start` says 1/2, the certificate proves 1/3" in text


def test_a_forged_objective_is_rejected_by_the_command(verify, answers):
    answer = answers["a stability"]
    forged = {**answer, "inputs": {**answer["inputs"], "objective": "5*x^2/2"}}
    assert not verify(forged)[0]

"""Every question is a command; what is typed stays exact, and the exit code says what happened."""

import json

import pytest
from click.testing import CliRunner

from gradiometer.question import QUESTIONS
from gradiometer.terminal import cli
from gradiometer.terminal.commands import OTHER_COMMANDS, QUESTION_COMMANDS


def _run(*words, **more):
    return CliRunner().invoke(cli, words, prog_name="gradiometer", **more)


def _facts(*words):
    outcome = _run(*words, "--json")
    assert outcome.exit_code == 0, outcome.output
    return json.loads(outcome.stdout)["facts"]


def test_commands_of_questions_say_what_the_table_says():
    assert dict(QUESTION_COMMANDS) == {name: entry.about for name, entry in QUESTIONS.items()}


@pytest.mark.parametrize("name", [*QUESTION_COMMANDS, *OTHER_COMMANDS])
def test_every_command_has_help(name):
    outcome = _run(name, "--help")
    assert outcome.exit_code == 0
    assert outcome.output.startswith(f"Usage: gradiometer {name}")
    assert outcome.stderr == ""


@pytest.mark.parametrize("name", QUESTIONS)
def test_help_names_every_input_and_an_example(name):
    text = " ".join(_run(name, "--help").output.split())
    for item in QUESTIONS[name].inputs:
        shown = item.name.upper() if item.positional else "--" + item.key.replace("_", "-")
        assert shown in text
    assert f"Example: {QUESTIONS[name].example}" in text


def test_numbers_are_exact():
    facts = _facts("gradient", "c=a*b", "--at", "a=0.1,b=3")
    assert facts["value"]["value"]["exact"] == "3/10"


@pytest.mark.parametrize(
    "words",
    [
        ("--at", "a=-1,b=4"),
        ("--at", "a=-1", "--at", "b=4"),
        ("--at=a=-1, b=4",),
    ],
)
def test_point_may_be_negative_and_given_in_parts(words):
    assert _facts("gradient", "c=a*b", *words)["value"]["value"]["exact"] == "-4"


def test_formula_may_start_with_a_minus_sign():
    for words in (("-x",), ("-cos(x)", "--json"), ("--json", "-1*x"), ("--", "-x")):
        outcome = _run("activation", *words)
        assert outcome.exit_code == 0, outcome.output


def test_start_may_be_negative():
    words = ("--objective", "quadratic", "--set", "learning_rate=1/2", "--steps", "1")
    facts = _facts("trajectory", *words, "--start", "-1")
    assert facts["final"]["value"]["exact"] == "-1/2"


def test_flag_may_be_switched_off():
    assert _facts("parameters", "3-2")["parameters"]["value"]["exact"] == "8"
    assert _facts("parameters", "3-2", "--no-bias")["parameters"]["value"]["exact"] == "6"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("claim", "1 + 1 = 2"), 0),
        (("claim", "1 + 1 = 3"), 1),
        (("claim", "f'(x) = 3", "--where", "f(x) = 3x+1"), 0),
        (("parameters", "3-2"), 0),
        (("parameters", "3-x"), 2),
        (("parameters",), 2),
        (("parameters", "3-2", "--jsn"), 2),
        (("parameter", "3-2"), 2),
        (("gradient", "c=a*b", "--at", "a"), 2),
        (("gradient", "c=a*b", "--at", "a=1", "--at", "a=2"), 2),
        (("activation", "max(x,0"), 2),
        (("activation", "9^9^9^9"), 5),
        (("trajectory", "--objective", "barier"), 2),
        (("trajectory", "--objective", "none.toml"), 4),
        (("trajectory", "--objective", "quadratic", "--steps", "1.5"), 2),
        (("trajectory", "--objective", "quadratic", "--steps", "999999999"), 5),
        (("catalog", "objektive"), 2),
        (("verify", "none.json"), 4),
    ],
)
def test_exit_code(words, code):
    outcome = _run(*words)
    assert outcome.exit_code == code, outcome.output
    assert "Traceback" not in outcome.output


def test_misspelt_command_is_answered_with_the_nearest():
    assert "Did you mean `activation`?" in _run("activaton").stderr


def test_error_shows_the_place_on_standard_error():
    outcome = _run("activation", "max(x,0")
    assert outcome.stdout == ""
    assert "FormulaError" in outcome.stderr
    assert "^" in outcome.stderr


def test_warnings_go_to_standard_error():
    outcome = _run("activation", "1/2x")
    assert "warning: " in outcome.stderr
    assert "is read as" not in outcome.stdout


def test_defect_is_called_a_defect(monkeypatch):
    monkeypatch.delenv("GRADIOMETER_DEBUG", raising=False)
    monkeypatch.setattr("gradiometer.terminal.asking.ask", lambda *_, **__: 1 // 0)
    outcome = _run("parameters", "3-2")
    assert outcome.exit_code == 70
    assert "ZeroDivisionError" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    monkeypatch.setenv("GRADIOMETER_DEBUG", "1")
    assert "Traceback" in _run("parameters", "3-2").stderr


def test_interrupt_is_no_defect(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("gradiometer.terminal.asking.ask", interrupted)
    assert _run("parameters", "3-2").exit_code == 130


def test_catalogue_is_listed_and_shown():
    assert "adam" in _run("catalog", "optimizer").stdout
    listed = json.loads(_run("catalog", "--json").stdout)
    assert "barrier" in listed["objective"]
    shown = _run("catalog", "optimizer", "adam").stdout
    assert '"m\'" = "beta1*m + (1 - beta1)*g"' in shown
    assert _run("catalog", "optimizer", "adma").exit_code == 2


def test_dialects_are_listed_and_shown_merged():
    listed = _run("catalog", "optimizer").stdout
    assert "The same in torch. Differs as .keras, .optax." in listed
    shown = _run("catalog", "optimizer", "adam").stdout
    assert "# adam.torch: as above." in shown
    merged = shown.partition("# adam.keras, merged:")[2]
    assert "#   eps = 1e-7\n" in merged
    assert "#   m' = beta1*m + (1 - beta1)*g\n" in merged
    alone = _run("catalog", "optimizer", "adam.keras").stdout
    assert 'name = "adam.keras"' in alone
    assert '"x\'" = "y - learning_rate * sqrt(1 - beta2^t)' in alone
    assert "dialects" not in alone
    assert _run("catalog", "optimizer", "adam.kears").exit_code == 2


def test_catalogue_entry_is_shown_in_its_own_notation():
    import tomllib

    from gradiometer.catalog import KINDS, list_entries, read_entry

    for kind in KINDS:
        for name in list_entries(kind):
            shown = _run("catalog", kind, name).stdout
            assert tomllib.loads(shown) == read_entry(kind, name)


def test_doctor_names_versions_and_no_private_place():
    rows = json.loads(_run("doctor", "--json").stdout)
    assert {"gradiometer", "python", "platform", "python-flint"} <= set(rows)
    assert not any("/" in value for value in rows.values())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_is_for_our_command(shell):
    outcome = _run("completion", shell)
    assert outcome.exit_code == 0
    assert "_GRADIOMETER_COMPLETE" in outcome.stdout


def test_version():
    assert _run("--version").stdout.startswith("gradiometer ")


def test_wrappers_are_listed_and_shown_with_their_rule():
    listed = json.loads(_run("catalog", "optimizer", "--json").stdout)
    assert "lookahead" in listed["wrapper around an optimizer"]
    assert "lookahead" not in listed["optimizer"]
    shown = _run("catalog", "optimizer", "clip").stdout
    assert '"x\'" = "rule(x, d)"' in shown
    whole = json.loads(_run("catalog", "optimizer", "clip(sgd, max_delta=1/3)", "--json").stdout)
    assert whole["parameters"]["max_delta"] == "1/3"
    assert "rule(" not in "".join(whole["step"].values())
    assert _run("catalog", "optimizer", "clip(adm)").exit_code == 2


def test_a_wrapped_rule_is_run_with_settings_of_both():
    done = _run(
        "trajectory", "--objective", "x^2/2", "--optimizer", "clip(sgd)", "--start", "3",
        "--steps", "2", "--set", "max_delta=1/2", "--set", "sgd.learning_rate=1", "--json",
    )  # fmt: skip
    answer = json.loads(done.stdout)
    assert answer["facts"]["final"]["value"]["exact"] == "2"
    assert answer["inputs"]["optimizer"] == "clip(sgd)"

"""`gradiometer catalog translate`: the answer, its JSON and what it refuses."""

import json

from click.testing import CliRunner, Result

from gradiometer.terminal import cli


def _run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["catalog", *words], prog_name="gradiometer")


def test_settings_are_shown() -> None:
    result = _run("translate", "adamw", "--from", "torch", "--to", "optax")
    assert result.exit_code == 0
    assert "weight_decay: 1/100" in result.output


def test_json_holds_the_first_difference() -> None:
    words = (
        "translate", "adagrad", "--from", "torch", "--to", "keras", "--set", "eps=0.5", "--json",
    )  # fmt: skip
    answer = json.loads(_run(*words).output)
    first = answer["facts"]["first_difference"]
    assert first["status"] == "proved"
    assert first["value"]["step"]["exact"] == "1"
    assert answer["inputs"]["set"]["eps"] == "1/2"


def test_a_translation_without_libraries_is_refused() -> None:
    result = _run("translate", "adam")
    assert result.exit_code != 0


def test_settings_without_a_translation_are_refused() -> None:
    assert _run("optimizer", "adam", "--set", "eps=1").exit_code != 0

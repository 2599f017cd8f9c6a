"""`gradiometer verify` finds certificates in what the other commands write, and checks each one."""

import copy
import functools
import json

import pytest
from click.testing import CliRunner

from gradiometer.terminal import cli

RUN = ("trajectory", "--objective", "barrier", "--set", "h=1/2", "--set", "learning_rate=3/10")
STUDY = """\
schema_version = 1
title = "T"
[[question]]
id = "1"
ask = "trajectory"
objective = "barrier"
set = { h = "1/2", learning_rate = "3/10" }
[[question]]
id = "2"
ask = "parameters"
networks = "3-2"
"""


def _run(*words):
    return CliRunner().invoke(cli, words, prog_name="gradiometer")


@pytest.fixture(scope="module")
def answer():
    return json.loads(_run(*RUN, "--json").stdout)


@pytest.fixture
def verify(tmp_path):
    def verify(content, *words):
        path = tmp_path / "file.json"
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text, encoding="utf-8")
        return _run("verify", str(path), *words)

    return verify


def test_certificate_of_an_answer_is_accepted(answer, verify):
    for content in (answer, answer["certificate"]):
        outcome = verify(content)
        assert outcome.exit_code == 0, outcome.output
        assert outcome.stdout.startswith("accepted run")


def test_changed_certificate_is_rejected_with_the_reason(answer, verify):
    changed = copy.deepcopy(answer)
    changed["certificate"]["claim"]["lowest"] = "1/100"
    outcome = verify(changed)
    assert outcome.exit_code == 1
    assert outcome.stdout.startswith("rejected run certificate: ")
    row = json.loads(verify(changed, "--json").stdout)["certificates"][0]
    assert row["accepted"] is False
    assert row["reason"]


def test_every_certificate_of_a_study_is_checked(verify, tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    outcome = verify(_run("study", "run", str(path), "--json").stdout)
    assert outcome.exit_code == 0, outcome.output
    assert "questions.0.answer" in outcome.stdout


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"schema": "gradiometer/certificate-9"}',
        '{"schema": "gradiometer/answer-1", "certificate": null}',
        '{"schema": "gradiometer/study-1", "questions": [1, {"answer": 2, "claims": [3]}]}',
        '{"schema": "gradiometer/certificate-1", "kind": NaN}',
        '{"schema": "gradiometer/study-1"}',
        "[" * 100_000,
        '{"a": ' + "9" * 5000 + "}",
    ],
)
def test_file_without_a_certificate_is_a_bad_file(content, verify):
    outcome = verify(content)
    assert outcome.exit_code == 4, outcome.output
    assert "Traceback" not in outcome.output


@pytest.mark.parametrize(
    "content",
    [
        {"schema": "gradiometer/certificate-1"},
        {"schema": "gradiometer/certificate-1", "kind": [], "problem": {}, "claim": {}},
        {"schema": "gradiometer/answer-1", "certificate": "yes"},
        {"schema": "gradiometer/answer-1", "certificate": {"kind": "all", "parts": []}},
    ],
)
def test_hostile_certificate_is_rejected(content, verify):
    assert verify(content).exit_code == 1


QUESTIONS = (
    RUN,
    ("trajectory", "x^2", "--optimizer", "adam", "--start", "1", "--steps", "30"),
    ("trajectory", "x^2", "--set", "learning_rate=1/3", "--start", "1", "--steps", "3000"),
    ("escape", "--objective", "barrier", "--set", "learning_rate=3/10"),
    ("escape", "--objective", "barrier", "--optimizer", "adam", "--set", "eps=0"),
    ("gradient", "v1 = a^2; v2 = a + b; c = v1*v2", "--at", "a=-1,b=4"),
    ("gradient", "max(a, 0)*exp(b)", "--at", "a=0,b=1"),
    ("stability", "x^2/2", "--set", "momentum=9/10"),
    ("stability", "cosh(x) - x", "--optimizer", "adam", "--set", "eps=1/100"),
    ("stability", "x^2/2", "--set", "learning_rate=3", "--vary", "momentum"),
    ("sweep", "abs(x)", "--set", "learning_rate=1/4:1/2:2", "--start", "1/8", "--prove", "1"),
    ("sweep", "x^2/2", "--set", "learning_rate=1:3:5", "--start", "1:2:2", "--prove", "boundary"),
    ("stability", "double_well", "--doublings", "2"),
)


def _ask(words):
    return json.loads(_answer(words))


@functools.cache
def _answer(words):
    words = words if words[1].startswith("--") or words[0] == "gradient" else (
        words[0], "--objective", *words[1:]
    )  # fmt: skip
    return _run(*words, "--json").stdout


@pytest.mark.parametrize("words", QUESTIONS)
def test_facts_of_every_kind_agree_with_their_certificate(words, verify):
    outcome = verify(_ask(words))
    assert outcome.exit_code == 0, outcome.output
    assert "accepted facts certificate: " in outcome.stdout


def _numbers(value, path=()):
    """The places of all numbers in a fact."""
    if isinstance(value, dict) and set(value) == {"exact", "decimal", "ball"}:
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _numbers(item, (*path, index))


COMPARED = {
    "trajectory": ("lowest", "lowest_at", "lowest_step", "final", "cycle", "growth_factor",
                   "limit"),
    "escape": ("barrier", "peak", "peak_step", "regimes"),
    "gradient": ("value", "derivatives", "contributions", "one_sided"),
    "stability": ("critical", "growth", "at", "curvature", "safe", "step_bound", "worst_gradients",
                  "doublings"),
    "sweep": ("limit", "final", "cycle", "proofs"),
}  # fmt: skip


@pytest.mark.parametrize("words", QUESTIONS)
def test_every_changed_number_of_a_fact_is_found(words, verify):
    answer = _ask(words)
    count = 0
    for name in COMPARED[answer["question"]]:
        fact = answer["facts"].get(name, {"value": None})
        paths = [path for path in _numbers(fact["value"]) if "latest_step" not in path]
        for path in paths[:3]:
            changed = copy.deepcopy(answer)
            place = changed["facts"][name]
            for key in ("value", *path)[:-1]:
                place = place[key]
            place[("value", *path)[-1]] = {"exact": "1/7", "decimal": "0.14285714285714285714",
                                           "ball": None}  # fmt: skip
            count += 1
            outcome = verify(changed)
            assert outcome.exit_code == 1, (name, path, outcome.output)
            assert f"the fact `{'.'.join([name, *map(str, path)])}` says 1/7" in outcome.stdout
    assert count


def test_changed_fact_is_rejected_with_both_values(verify):
    answer = _ask(QUESTIONS[3])
    answer["facts"]["barrier"]["value"] = {
        "exact": "1/3", "decimal": "0.33333333333333333333", "ball": None,
    }  # fmt: skip
    outcome = verify(answer)
    assert outcome.exit_code == 1
    assert "the fact `barrier` says 1/3, the certificate proves 1/5" in outcome.stdout


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (0, "verdict", "converges"),
        (0, "cycle", "none"),
        (3, "attained", True),
        (3, "barrier", {"exact": "1/5", "decimal": "0.3", "ball": None}),
        (3, "barrier", {"exact": "1/5"}),
        (3, "barrier", "1/3"),
        (3, "regimes", []),
        (4, "barrier", {"exact": None, "decimal": "0.0034", "ball": ["0.0034340621", "1e-3"]}),
        (4, "barrier", {"exact": None, "decimal": "0.003434062", "ball": ["0.0035", "1e-9"]}),
        (4, "barrier", {"exact": None, "decimal": "1e99999999", "ball": ["1", "1"]}),
        (5, "derivatives", {"a": {"exact": "-5", "decimal": "-5", "ball": None}}),
    ],
)
def test_other_words_and_forms_of_a_fact_are_found(words, name, value, verify):
    answer = _ask(QUESTIONS[words])
    answer["facts"][name]["value"] = value
    outcome = verify(answer)
    assert outcome.exit_code == 1, outcome.output
    assert f"the fact `{name}" in outcome.stdout


def test_fact_that_the_certificate_does_not_prove_is_found(answer, verify):
    changed = copy.deepcopy(answer)
    one = {"exact": "1", "decimal": "1", "ball": None}
    changed["facts"]["limit"] = {"value": one, "status": "proved", "because": ""}
    outcome = verify(changed)
    assert outcome.exit_code == 1
    assert "the fact `limit` says 1, the certificate proves nothing about it" in outcome.stdout


def test_changed_fact_in_a_study_is_found(verify, tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    result = json.loads(_run("study", "run", str(path), "--json").stdout)
    result["questions"][0]["answer"]["facts"]["verdict"]["value"] = "diverges"
    outcome = verify(result)
    assert outcome.exit_code == 1
    said = "rejected facts questions.0.answer: the fact `verdict` says diverges"
    assert said in outcome.stdout


def test_facts_without_a_certificate_are_named(answer, verify):
    assert (
        "not covered by a certificate: engine, nearest_critical, continuous\n"
        in verify(answer).stdout
    )
    silent = verify(_run("activation", "max(x,0)", "--json").stdout)
    assert "not covered by a certificate: formula, derivative, pieces" in silent.stdout


def test_an_edited_fact_of_a_function_is_rejected(verify):
    content = json.loads(_run("activation", "min(max(x,0),6)", "--json").stdout)
    assert verify(content).exit_code == 0
    number = {"exact": "1/2", "decimal": "0.5", "ball": None}
    edits = {
        "monotone": "increasing", "convex": "convex", "lipschitz": number, "even": True,
        "limit_right": number, "suitable": False, "kinks": [], "mean": number, "dead": [],
    }  # fmt: skip
    for name, value in edits.items():
        changed = copy.deepcopy(content)
        changed["facts"][name] = {**changed["facts"][name], "value": value}
        outcome = verify(changed)
        assert outcome.exit_code == 1, name
        assert f"the fact `{name}` says" in outcome.stdout


def test_a_fact_whose_part_is_missing_is_rejected(verify):
    content = json.loads(_run("activation", "max(x,0)", "--json").stdout)
    parts = content["certificate"]["parts"]
    content["certificate"]["parts"] = [part for part in parts if part["kind"] != "joints"]
    outcome = verify(content)
    assert outcome.exit_code == 1
    assert "the fact `kinks`" in outcome.stdout


def test_answer_without_a_certificate_has_nothing_to_check(verify):
    outcome = verify(_run("parameters", "3-2", "--json").stdout)
    assert outcome.exit_code == 0
    assert outcome.stdout == "nothing to check: this answer carries no certificate\n"


def test_an_answer_about_another_computation_than_its_certificate_is_rejected(verify):
    answer = _ask(("gradient", "v1 = a^2; v2 = a + b; c = v1*v2", "--at", "a=-1,b=4"))
    for name, other in (("computation", "c = a*b"), ("at", {"a": "-1", "b": "5"}), ("of", "v1")):
        changed = copy.deepcopy(answer)
        changed["inputs"][name] = other
        outcome = verify(changed)
        assert outcome.exit_code == 1
        assert f"the input `{name}` says" in outcome.stdout


FORGED_ROWS = {
    "another ending": lambda rows: rows[0].update(verdict="diverges", period=""),
    "another limit": lambda rows: rows[0].update(limit="5"),
    "a word that nothing proves": lambda rows: rows[0].update(multipliers="2"),
    "a row of no grid": lambda rows: rows.append({**rows[0], "cell": "7"}),
}


@pytest.mark.parametrize("forge", FORGED_ROWS.values(), ids=FORGED_ROWS)
def test_cells_of_a_table_that_is_only_named_are_compared_too(forge, verify, tmp_path):
    table = tmp_path / "hill.toml"
    table.write_text(
        'name = "hill"\n[[pieces]]\non = "(-oo, 0]"\nf = "-x"\n'
        '[[pieces]]\non = "(0, oo)"\nf = "x"\n'
    )
    answer = _ask(("sweep", str(table), "--set", "learning_rate=1/2:1:2", "--start", "1/3",
                   "--steps", "20", "--prove", "0", "--prove", "1"))  # fmt: skip
    assert verify(answer).exit_code == 0
    forge(answer["facts"]["proofs"]["value"])
    assert verify(answer).exit_code == 1


def test_cells_of_runs_that_cannot_be_asked_are_refused(verify):
    answer = _ask(("sweep", "abs(x)", "--set", "learning_rate=1/4:1/2:2", "--start", "1/8",
                   "--prove", "1"))  # fmt: skip
    assert verify(answer).exit_code == 0
    # The rate has a value already, so that no schedule can be set.
    answer["inputs"]["schedule"] = "1"
    assert verify(answer).exit_code == 1


def test_proved_cells_that_are_no_rows_are_refused(verify):
    answer = _ask(QUESTIONS[10])
    answer["facts"]["proofs"]["value"] = {"0,0": "diverges"}
    assert verify(answer).exit_code == 1

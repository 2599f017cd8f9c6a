"""A run ends where an assignment has no value, whether or not anything reads it."""

import json

import pytest
from flint import fmpq

from gradiometer.errors import CertificateError
from gradiometer.formula import Range, at_point, find_needed, parse
from gradiometer.model import read_optimizer
from gradiometer.proof import check
from gradiometer.question.stability import stability
from gradiometer.question.trajectory import trajectory
from proof.mutants import with_own_fingerprint

PLAIN = "x - learning_rate*g"
RATE = {"learning_rate": "1/10"}
LACKING = ["1/(t - 5000)", "ln(5000 - t)", "sqrt(5000 - t)", "0/(t - 5000)", "(5000 - t)^(1/2)"]
"""Each has a value at every step before number 5000, and none at that one or later."""
HILL = {
    "name": "hill",
    "pieces": [
        {"on": "(-oo, 0]", "f": "-x"},
        {"on": "(0, 1/10]", "f": "x"},
        {"on": "(1/10, oo)", "f": "1/5 - x"},
    ],
}
QUESTIONS = {"trajectory": trajectory, "stability": stability}
ASKED = {
    # A name for what is shown, the question, and what it is asked of.
    "an affine step": ("trajectory", "x^2/2", {"set": RATE, "start": "1", "steps": 20}),
    "a run away": ("trajectory", "-abs(x)", {"set": RATE, "start": "1", "steps": 20}),
    "an exact cycle": ("trajectory", "abs(x)", {"set": RATE, "start": "1/3", "steps": 20}),
    "a fading rate": (
        "trajectory", "x^2/2", {"schedule": "1/(k + 2)", "start": "1", "steps": 20},
    ),
    "a rotation": ("trajectory", "max(-x, 21*x/13)", {"set": RATE, "start": "1/3", "steps": 6}),
    "an itinerary": (
        "trajectory", "abs(x)",
        {"set": {**RATE, "momentum": "1/2"}, "start": "33/100", "steps": 30},
    ),
    "an excursion": (
        "trajectory", "max(-x, 2*x)",
        {"optimizer": "adam", "set": {**RATE, "eps": "0"}, "start": "1/3", "steps": 20},
    ),
    "a descent": (
        "trajectory", HILL,
        {"optimizer": "sgd.keras", "set": {**RATE, "momentum": "9/10"}, "start": "-1",
         "steps": 60},
    ),
    "a contraction": ("trajectory", "ln(1 + x^2)", {"set": RATE, "start": "1/3", "steps": 20}),
    "a frozen root": (
        "trajectory", "x^4/4 + x^2/20",
        {"optimizer": "rmsprop", "set": {**RATE, "eps": "1/2", "alpha": "1/2"}, "start": "1/3",
         "steps": 20},
    ),
    "an approach": ("trajectory", "x^4", {"set": RATE, "start": "1/3", "steps": 20}),
    "an outer bound": ("trajectory", "x^4", {"set": RATE, "start": "10", "steps": 20}),
    "a region": (
        "trajectory", "x^4/4 - x^2/2",
        {"set": {"learning_rate": "29/20"}, "start": "1/3", "steps": 20},
    ),
    "bounded steps": ("trajectory", "x^4/4", {"optimizer": "rmsprop", "set": RATE, "start": "1",
                                              "steps": 20}),
    "signs": ("trajectory", "x^4 + x^2", {"optimizer": "lion", "set": RATE, "start": "1/3",
                                          "steps": 20}),
    "a basin": ("trajectory", "x^2 + y^2", {"set": RATE, "start": "x=1,y=1/3", "steps": 5}),
    "a cone": ("trajectory", "x^2 - y^2", {"set": RATE, "start": "x=1,y=1/3", "steps": 5}),
    "safe rates": ("stability", "x^2/2", {"set": {"momentum": "1/2"}}),
    "long steps": ("stability", "x^2/2", {"optimizer": "adam", "set": {"eps": "1/10"}}),
    "steps that count": ("stability", "x^2/2", {"optimizer": "nadamw", "set": {"eps": "1/10"}}),
    "doublings": ("stability", "x^4/4 - x^2/2", {"at": "1", "doublings": 1}),
}  # fmt: skip
KINDS = {"run", "rotation", "itinerary", "excursion", "descent", "contraction", "approach", "outer",
         "trap", "stability", "doubling", "step_bound", "stride", "tether", "basin",
         "cone", "fading"}  # fmt: skip


@pytest.fixture(scope="module")
def parts():
    """The certificates about all steps to come, by what they show."""
    found = {}
    for name, (question, surface, options) in ASKED.items():
        certificate = QUESTIONS[question](surface, **options).certificate
        for index, part in enumerate(certificate.get("parts", [certificate])):
            if part["kind"] == "trail":
                continue
            if part["kind"] != "run" or part["claim"]["verdict"] != "unknown":
                found[f"{name} {index}"] = json.loads(json.dumps(part))
    return found


def with_line(certificate, target, text):
    """The certificate for the same rule with one more assignment, that nothing reads."""
    copied = json.loads(json.dumps(certificate))
    copied["problem"]["rule"]["step"].insert(0, [target, text])
    return with_own_fingerprint(copied)


def test_the_certificates_are_of_all_kinds(parts):
    assert {part["kind"] for part in parts.values()} == KINDS


@pytest.mark.parametrize("target", ["n'", "q"])
@pytest.mark.parametrize("text", LACKING)
def test_no_certificate_of_any_kind_holds_with_a_line_that_loses_its_value(parts, target, text):
    for part in parts.values():
        with pytest.raises(CertificateError):
            check(with_line(part, target, text))


@pytest.mark.parametrize("text", ["t + 1", "1/t", "1/(1 + g^2)", "sqrt(1 + x^2)", "ln(t)"])
def test_a_line_that_always_has_a_value_changes_nothing(parts, text):
    for part in parts.values():
        # In several variables no line is left out: what changes with t is no map of the state.
        if part["kind"] not in ("basin", "cone"):
            check(with_line(part, "q", text))


def own(lines, state=None):
    """A rule of a user with these lines."""
    return {
        "name": "own", "about": "A rule of my own.", "state": state or {}, "step": lines,
        "parameters": {"learning_rate": {"default": "1/10", "domain": "(0, oo)"}},
    }  # fmt: skip


SURFACES = ["x^2/2", "max(-2*x, 3*x)", "x^4", HILL]


@pytest.mark.parametrize("surface", SURFACES, ids=str)
@pytest.mark.parametrize(
    ("lines", "state"),
    [
        ({"n'": "1/(t - 5000)", "x'": PLAIN}, {"n": "0"}),
        ({"q": "ln(5000 - t)", "x'": PLAIN}, {}),
        ({"c'": "c + 1", "n'": "1/(c - 5000)", "x'": PLAIN}, {"c": "0", "n": "0"}),
        # After the second step nothing reads it any more.
        ({"q": "1/(t - 5000)", "x'": "x - learning_rate*where(t < 3, g + 0*q, g)"}, {}),
    ],
)
def test_nothing_is_proved_for_ever_of_a_rule_that_loses_its_value(surface, lines, state):
    answer = trajectory(surface, optimizer=own(lines, state), start="1/3", steps=20)
    assert answer.facts["verdict"].value == "unknown"
    proved = trajectory(surface, optimizer=own({"x'": PLAIN}), start="1/3", steps=20)
    assert proved.facts["verdict"].status == "proved"


def test_the_run_ends_at_the_step_without_a_value():
    rule = own({"n'": "1/(t - 15)", "x'": PLAIN}, {"n": "0"})
    answer = trajectory("x^2/2", optimizer=rule, start="1", steps=20)
    assert "ends at step 14" in answer.facts["verdict"].because


def test_a_line_with_no_value_at_rest_leaves_stability_open():
    for lines in ({"q": "1/g", "x'": PLAIN}, {"q": "1/(t - 5000)", "x'": "x - learning_rate*g*q"}):
        assert stability("x^2/2", optimizer=own(lines)).facts["critical"].value is None
    lines = {"q": "1/(1 + g^2)", "x'": PLAIN}
    assert stability("x^2/2", optimizer=own(lines)).facts["critical"].value == 2


def test_a_first_value_that_does_not_exist_is_not_left_out():
    rule = read_optimizer(own({"n'": "1", "x'": PLAIN}, {"n": "ln(-x)"})).bind({})
    assert set(rule.state) == {"n"}


@pytest.mark.parametrize("name", ["adamw", "sgd", "lion", "rmsprop", "nadam"])
def test_known_rules_keep_no_line_that_nothing_reads(name):
    optimizer = read_optimizer(name)
    rule = optimizer.bind({key: row.default for key, row in optimizer.parameters.items()})
    read = {"x", *(n for _, tree in rule.step for n in map(str, names_of(tree)))}
    assert all(target.rstrip("'") in read or target in read for target, _ in rule.step)


def names_of(tree):
    return find_needed([("x'", tree)], ["x'"], states={}, ranges={}) - {"x'"}


def needed(rows, **ranges):
    step = [(target, parse(text).tree) for target, text in rows]
    states = {"m": parse("0").tree, "v": parse("0").tree}
    return find_needed(step, ["x'"], states=states, ranges=ranges)


def test_a_mean_of_squares_is_known_never_to_be_negative():
    rows = [("v'", "b*v + (1 - b)*g^2"), ("r", "sqrt(v')"), ("x'", "x - g")]
    assert "r" not in needed(rows, b=at_point(fmpq(1, 2)))
    assert "r" in needed(rows, b=at_point(fmpq(2)))
    assert "r" in needed([("v'", "v - g^2"), *rows[1:]])


def test_a_sign_must_hold_at_every_step_and_not_from_some_step_on():
    step = [("v'", parse("v + g^2").tree), ("r", parse("sqrt(v)").tree), ("x'", parse("x").tree)]
    whole = [("v'", parse("where(t < 3, v - 1, v + g^2)").tree), *step[1:]]
    states, late = {"v": parse("0").tree}, {"t": Range(fmpq(10), None)}
    assert "r" not in find_needed(step, ["x'"], states=states, ranges=late)
    assert "r" in find_needed(step, ["x'"], states=states, ranges=late, whole=whole)

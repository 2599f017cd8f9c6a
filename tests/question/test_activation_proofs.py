"""The certificates of `activation`: which parts each function has, and that they fit its facts."""

import json
import tomllib
from functools import cache
from pathlib import Path

import pytest

from gradiometer.catalog import list_entries
from gradiometer.errors import UndecidedError
from gradiometer.formula import to_piecewise
from gradiometer.model import read_activation
from gradiometer.proof import Shape, check
from gradiometer.question import activation_proofs, ask
from gradiometer.question.activation_proofs import list_proofs

_KNOWN = Path(__file__).parents[1] / "known_answers" / "activations.toml"


def _list_functions():
    rows = tomllib.loads(_KNOWN.read_text())["functions"]
    known = [(row["f"], tuple(sorted(row.get("set", {}).items()))) for row in rows]
    named = {formula for formula, _ in known}
    return known + [(name, ()) for name in list_entries("activation") if name not in named]


FUNCTIONS = _list_functions()

WAVES = {"sin(x)", "cos(3x)", "x*sin(x)", "x+sin(x)^2", "cos(x)-x"}
"""Functions that swing for ever: no limit and no list of turns."""


@cache
def proofs(formula, settings=()):
    model = read_activation(formula, settings=dict(settings))
    return list_proofs(model, Shape(to_piecewise(model.tree, "x")))


@pytest.mark.parametrize(("formula", "settings"), FUNCTIONS)
def test_every_known_function_has_its_parts(formula, settings):
    found = proofs(formula, settings)
    wanted = {"joints", "course", "slope", "not affine" if formula in WAVES else "form"}
    assert wanted <= set(found.parts), found.missing
    for name in ("odd", "even"):
        assert (name in found.parts) != (f"not {name}" in found.parts), found.missing


@pytest.mark.parametrize(("formula", "settings"), FUNCTIONS)
def test_nothing_of_the_course_stays_open(formula, settings):
    found = proofs(formula, settings)
    for name in ("course", "slope"):
        for section in found.claim(name)["sections"]:
            known = [section[key] is not None for key in ("signs", "lower", "upper")]
            # What swings and grows may tend to infinity, but its turns have no list.
            assert known[0] != (formula in WAVES)
            assert all(known) != (formula in WAVES)


@pytest.mark.parametrize("formula", ["relu6", "gelu", "sin(x)", "hardshrink", "selu", "x^2/x"])
def test_parts_speak_of_one_text_and_survive_json(formula):
    parts = proofs(formula).parts
    assert len({part["fingerprint"] for part in parts.values()}) == len(parts)
    texts = {part["problem"]["formula"] for name, part in parts.items() if name != "short form"}
    assert len(texts) == 1
    for part in parts.values():
        check(json.loads(json.dumps(part)))


@pytest.mark.parametrize("formula", ["relu6", "elu", "hardswish", "selu", "where(x<0,x,x+1)"])
def test_kinks_and_jumps_are_those_of_the_joints(formula):
    facts = ask("activation", formula=formula).facts
    joints = proofs(formula).claim("joints")["joints"]
    for fact, flag in (("kinks", "kink"), ("jumps", "jump")):
        places = [str(row["at"]) for row in facts[fact].value]
        assert places == [joint["at"] for joint in joints if joint[flag]]


@pytest.mark.parametrize(
    ("formula", "order"),
    [("max(x,0)^2", 1), ("elu", 1), ("where(x>0,x^3,-x^3)", 2), ("where(x>0,x^9,-x^9)", 8)],
)
def test_joints_say_how_many_derivatives_agree(formula, order):
    (joint,) = proofs(formula).claim("joints")["joints"]
    assert joint["order"] == order


def test_more_equal_derivatives_than_are_looked_at_stay_open():
    (joint,) = proofs("where(x>0,x^20,-x^20)").claim("joints")["joints"]
    assert joint["order"] is None


@pytest.mark.parametrize(
    ("formula", "claim"),
    [
        ("x^3-2*x", [True, False, True]),
        ("sqrt(2)*x+pi", [True, True, True]),
        ("0*x", [True, True, True]),
        ("x^2/x", [False, False, True]),
        ("where(x==0,5,0)", [False, False, True]),
        ("relu", [False, False, False]),
        ("ln(x)", [False, False, False]),
        ("mish", [False, False, False]),
        ("x/sqrt(1+2*x^2)", [False, False, False]),
    ],
)
def test_forms_tell_polynomials(formula, claim):
    found = proofs(formula).claim("form")
    assert [found[key] for key in ("polynomial", "affine", "almost")] == claim


def test_what_holds_has_no_witness_against_it():
    found = proofs("tanh")
    assert "odd" in found.parts
    assert "not odd" in found.missing
    assert "not even" in found.parts


def test_a_wave_has_its_least_period():
    assert proofs("sin(x)+cos(3*x/2)").claim("periodic")["period"] == "4*pi"
    assert "periodic" not in proofs("sin(x)^2").parts


def test_exact_zeros_stay_exact_among_balls():
    turns = proofs("gelu").claim("slope")["sections"][0]["turns"]
    assert [turn["at"] for turn in turns] == ["-sqrt(2)", "sqrt(2)"]


def test_a_root_in_a_slope_is_a_positive_factor():
    (section,) = proofs("sqrt(x)").claim("course")["sections"]
    assert (section["signs"], section["lower_attained"]) == ([1], True)


def test_limits_and_failures_stand_alone_where_the_course_is_missing(monkeypatch):
    def refuse(*_):
        raise UndecidedError("not today")

    monkeypatch.setattr(activation_proofs, "prove_profile", refuse)
    model = read_activation("x*Phi(x)")
    found = list_proofs(model, Shape(to_piecewise(model.tree, "x")))
    assert found.missing["course"] == "not today"
    limits = ["course lower", "course upper", "slope lower", "slope upper"]
    assert [found.claim(name)["limit"] for name in limits] == ["0", "oo", "0", "1"]
    assert {"not monotone", "not convex", "not constant"} <= set(found.parts)


def test_an_answer_holds_all_parts_and_the_checker_accepts_it():
    answer = ask("activation", formula="gelu")
    check(answer.certificate)
    kinds = {part["kind"] for part in answer.certificate["parts"]}
    assert kinds >= {"joints", "profile", "form", "witness", "moment"}

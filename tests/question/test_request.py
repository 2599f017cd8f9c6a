"""The table of questions says of what kind every input is, and Python is held to it."""

import inspect

import pytest

import gradiometer
from gradiometer.errors import DomainError, GradiometerError, UsageError
from gradiometer.question import QUESTIONS

GOOD = {
    "activation": {"formula": "max(x, 0)"},
    "claim": {"says": "1 = 1"},
    "escape": {"objective": "barrier"},
    "gradient": {"computation": "c = 2*a", "at": {"a": 1}},
    "parameters": {"networks": ["3-2"]},
    "schedule": {"schedule": "step"},
    "stability": {"objective": "x^2/2"},
    "sweep": {"objective": "x^2", "start": "0:1:3", "steps": 3},
    "training": {"networks": "2-2-1", "data": "moons", "epochs": 1, "dry_run": True},
    "trajectory": {"objective": "x^2", "steps": 3},
}


@pytest.mark.parametrize("wrong", [object(), 3, [3], {3: 3}, b"x", [None], True])
@pytest.mark.parametrize(
    ("question", "name"),
    [(question, item.name) for question, row in QUESTIONS.items() for item in row.inputs],
)
def test_value_of_another_kind_is_refused_by_name(question, name, wrong):
    kind = next(item.kind for item in QUESTIONS[question].inputs if item.name == name)
    fits = {"integer": (3, True), "number": (3,), "flag": (True,)}.get(kind, ())
    if any(wrong is value for value in fits) or (kind == "place" and wrong in (3, [3])):
        return
    with pytest.raises(UsageError) as caught:
        getattr(gradiometer, question)(**{**GOOD[question], name: wrong})
    said = caught.value
    assert f"`{name}`" in said.problem or kind == "choice"


@pytest.mark.parametrize("question", QUESTIONS)
def test_nothing_is_no_value_of_a_required_input(question):
    for item in QUESTIONS[question].inputs:
        if item.required:
            with pytest.raises(UsageError, match=item.name):
                getattr(gradiometer, question)(**{**GOOD[question], item.name: None})


@pytest.mark.parametrize("question", QUESTIONS)
def test_signature_and_text_of_a_question_stay_readable(question):
    function = getattr(gradiometer, question)
    names = [item.name for item in QUESTIONS[question].inputs]
    assert list(inspect.signature(function).parameters) == names
    assert function.__doc__


@pytest.mark.parametrize("text", ["inf", "-oo", "Infinity"])
def test_infinity_is_said_to_be_no_number(text):
    for ask in (
        lambda: gradiometer.gradient("c = 2*a", at={"a": text}),
        lambda: gradiometer.trajectory("x^2", start=text),
    ):
        with pytest.raises(GradiometerError, match="is no number here"):
            ask()


def test_answer_saves_its_arrays_as_csv(tmp_path):
    path = gradiometer.schedule("step", steps=3).save(tmp_path / "x.csv")
    assert path.read_text(encoding="utf-8").startswith("step,learning_rate")


@pytest.mark.parametrize(
    ("ask", "place", "text"),
    [
        (
            lambda: gradiometer.gradient("v = a^2; c = 1/v", at={"a": 0}),
            "computation",
            "v = a^2; c = 1/v",
        ),
        (lambda: gradiometer.claim("f(x) = q +"), "says", "f(x) = q +"),
        (lambda: gradiometer.claim("f(x) = 1", where="f(x) = 3*+"), "where", "f(x) = 3*+"),
        (lambda: gradiometer.schedule("1/k"), "schedule", "1/k"),
        (lambda: gradiometer.schedule("1/(k-5)"), "schedule", "1/(k-5)"),
    ],
)
def test_error_names_the_input_and_shows_the_text_as_written(ask, place, text):
    with pytest.raises(GradiometerError) as caught:
        ask()
    assert (str(caught.value.place), caught.value.text) == (place, text)


def test_rate_without_a_value_names_the_step_and_the_part():
    with pytest.raises(DomainError, match=r"step 0 \(k = 0\) has no value") as caught:
        gradiometer.schedule("1 + 1/k")
    assert "    ^^^" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "settings"),
    [("step", {"step_size": "3/2"}), ("step", {"step_size": 1.5}),
     ("multistep", {"milestones": "10, 2.5"})],
)  # fmt: skip
def test_whole_number_parameter_refuses_a_fraction(name, settings):
    with pytest.raises(DomainError, match="no whole number"):
        gradiometer.schedule(name, set=settings)
    assert gradiometer.schedule(name, set=dict.fromkeys(settings, "4"), steps=3).facts

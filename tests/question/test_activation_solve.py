"""Inverse questions: which parameters give wanted facts, in which box, and what follows."""

import pytest
from flint import arb, fmpq

from gradiometer.errors import DomainError, UsageError
from gradiometer.formula import from_decimal, precision, to_text
from gradiometer.proof import check
from gradiometer.question import ask
from gradiometer.question.activation import activation
from gradiometer.study import read_study


def test_the_slope_of_a_leaky_rectifier_for_a_gain_is_exact():
    answer = activation("leaky_relu", want={"gain": "1.3"}, solve=["negative_slope"])
    ((name, value),) = answer.facts["solution"].value[0].items()
    assert (name, to_text(value)) == ("negative_slope", "sqrt(31)/13")
    assert answer.facts["unique"].value is True
    assert to_text(answer.facts["box"].value["negative_slope"].upper) == "16"
    assert "0.428289566371540147855343946071" in answer.facts["solution"].because
    with precision(256):
        assert abs(answer.facts["gain"].value - arb(fmpq(13, 10))) < arb(10) ** -28
    assert any("rounded to 30 digits" in text for text in answer.warnings)
    check(answer.certificate)


def test_selu_is_recovered_from_its_moments():
    wanted = {"mean": 0, "second_moment": 1}
    answer = activation("selu", want=wanted, solve="scale,alpha")
    (row,) = answer.facts["solution"].value
    published = {
        "scale": "1.050700987355480493419334985294606351959",
        "alpha": "1.673263242354377284817042991671652038461",
    }
    for name, text in published.items():
        with precision(256):
            assert row[name].contains(arb(from_decimal(text)))
        assert text[:30] in answer.facts["solution"].because
    assert next(part["kind"] for part in answer.certificate["parts"]) == "root"
    assert answer.facts["chi"].status == "proved"


def test_a_rational_solution_is_not_rounded():
    answer = activation("elu", want={"slope_second_moment": "1/2 + e^2*Phi(-2)"}, solve="alpha")
    assert answer.facts["unique"].value is True
    whole = activation("leaky_relu", want={"second_moment": "5/8"}, solve="negative_slope")
    assert whole.facts["solution"].value == [{"negative_slope": fmpq(1, 2)}]
    assert whole.facts["second_moment"].value == fmpq(5, 8)
    assert not any("rounded" in text for text in whole.warnings)


def test_several_solutions_are_listed_without_further_facts():
    answer = activation("prelu", want={"second_moment": "5/8"}, solve="weight")
    assert answer.facts["solution"].value == [{"weight": fmpq(-1, 2)}, {"weight": fmpq(1, 2)}]
    assert answer.facts["unique"].value is False
    assert list(answer.facts) == ["solution", "unique", "box"]


def test_no_solution_is_proved_and_depends_on_the_box():
    wanted = {"want": {"gain": "1.3"}, "solve": "negative_slope"}
    inside = activation("leaky_relu", set={"negative_slope": "1/4:1/2"}, **wanted)
    beside = activation("leaky_relu", set={"negative_slope": "1/2:1"}, **wanted)
    assert inside.facts["unique"].value is True
    assert beside.facts["solution"].value == []
    assert beside.facts["solution"].status == beside.facts["unique"].status == "proved"
    check(beside.certificate)


def test_algebra_settles_a_double_solution_and_one_on_the_edge():
    for name in ("prelu", "leaky_relu"):
        solve = {"prelu": "weight", "leaky_relu": "negative_slope"}[name]
        answer = activation(name, want={"gain": "sqrt(2)"}, solve=solve)
        assert answer.facts["solution"].value == [{solve: fmpq(0)}]
        assert "algebra" in answer.facts["solution"].because


def test_a_moving_breakpoint_is_unknown_and_says_why():
    answer = activation("hardtanh", want={"second_moment": "1/2"}, solve="max_val")
    assert answer.facts["solution"].status == answer.facts["unique"].status == "unknown"
    assert "max_val" in answer.facts["solution"].because


def test_other_parameters_keep_their_values():
    answer = activation("selu", set={"scale": "2"}, want={"mean": 0}, solve="alpha")
    (row,) = answer.facts["solution"].value
    free = activation("selu", set={"scale": "1"}, want={"mean": 0}, solve="alpha")
    assert row["alpha"].overlaps(free.facts["solution"].value[0]["alpha"])
    assert answer.inputs["set"] == {"scale": "2", "alpha": "1/16:16"}
    again = ask("activation", **answer.inputs)
    assert again.to_dict() == answer.to_dict()


def test_the_variance_of_the_input_counts():
    answer = activation(
        "max(x,0) + a*min(x,0)",
        want={"second_moment": 2}, solve="a", variance=2, set={"a": "0:4"},
        weight_variance=1, bias_variance=0,
    )  # fmt: skip
    assert answer.facts["solution"].value == [{"a": fmpq(1)}]
    assert answer.facts["phase"].value == "edge"


GAIN = {"want": {"gain": 1}, "solve": "negative_slope"}


@pytest.mark.parametrize(
    ("inputs", "error", "said"),
    [
        ({"want": {"gain": 1}}, UsageError, "1 wanted facts do not settle 0 unknowns"),
        ({"solve": "negative_slope"}, UsageError, "0 wanted facts"),
        ({"want": {"gian": 1}, "solve": "negative_slope"}, UsageError, "`gian` is no fact"),
        ({"want": {"lipschitz": 1}, "solve": "negative_slope"}, UsageError, "`lipschitz`"),
        ({"want": {"gain": 1}, "solve": "slope"}, UsageError, "no parameter `slope`"),
        ({"want": {"gain": -1}, "solve": "negative_slope"}, DomainError, "not positive"),
        ({"want": {"gain": 1, "mean": 0}, "solve": ["negative_slope"] * 2}, UsageError, "twice"),
        (
            {"want": {"gain": 1}, "solve": "negative_slope", "compare": "elu"},
            UsageError,
            "one after the other",
        ),
        *(
            (
                {"want": {"gain": 1}, "solve": "negative_slope", "set": {"negative_slope": text}},
                *row,
            )
            for text, *row in (
                ("2", UsageError, "cannot have the value"),
                ("2:1", UsageError, "is empty"),
                ("-1:1", DomainError, "leaves its domain"),
            )
        ),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(inputs, error, said):
    with pytest.raises(error, match=said):
        activation("leaky_relu", **inputs)


def test_a_study_asks_it_by_the_same_keys(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(
        'schema_version = 1\ntitle = "T"\n[[question]]\nid = "1"\nask = "activation"\n'
        'formula = "leaky_relu"\nwant = { gain = 1.3 }\nsolve = ["negative_slope"]\n'
        'claim = [{ fact = "solution.0.negative_slope", equals = "0.42829" }]\n'
    )
    study = read_study(path)
    assert study.questions[0].inputs["want"] == {"gain": "1.3"}

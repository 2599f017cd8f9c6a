"""What `escape` says about all starts: exact suprema, laws of scale, sides of the kink, reasons."""

import json

import pytest

from gradiometer import escape
from gradiometer.errors import UsageError
from gradiometer.formula import from_decimal
from gradiometer.proof import check
from gradiometer.question.value import INFINITY
from gradiometer.report.figure import draw_figures
from gradiometer.terminal.verify_facts import find_differences, list_uncovered


def wedge(fall, rise, top="1 + h"):
    return {
        "name": "wedge",
        "parameters": {"h": {"default": "1", "domain": "(0, oo)", "barrier": True}},
        "pieces": [
            {"on": "(-oo, 1]", "f": f"{fall}*(1 - x)"},
            {"on": f"(1, {top}]", "f": f"{rise}*(x - 1)"},
            {"on": f"({top}, oo)", "f": f"{rise}*(2*({top}) - 1 - x)"},
        ],
    }


def values(answer, *names):
    return tuple(answer.facts[name].value for name in names)


def test_descent_crosses_what_is_lower_than_one_step():
    answer = escape(wedge(3, 2), set={"learning_rate": "1/10"}, start="any")
    assert values(answer, "overshoot", "barrier", "attained") == (
        from_decimal("3/10"), from_decimal("3/10"), False,
    )  # fmt: skip
    assert values(answer, "reached", "run_up", "climb") == (True, 1, 0)


def test_height_as_parameter_is_slope_times_overshoot():
    answer = escape(wedge(3, 2, top="1 + h/2"), set={"learning_rate": "1/10"}, start="any")
    assert values(answer, "barrier") == (from_decimal("3/5"),)


def test_known_overshoots_of_momentum_and_adam():
    rates = {"learning_rate": "1"}
    momentum = escape("barrier", set={**rates, "momentum": "9/10"}, start="any")
    adam = escape("barrier", optimizer="adam", set={**rates, "eps": "0"}, start="any")
    assert values(momentum, "overshoot", "run_up") == (from_decimal("34.34062"), "endless")
    assert values(adam, "overshoot", "climb") == (from_decimal("3.434062"), 6)


@pytest.mark.parametrize(
    ("rule", "settings", "power"),
    [
        ("sgd", {}, 1),
        ("sgd", {"momentum": "9/10", "nesterov": "true"}, 1),
        ("adam", {"eps": "0"}, 0),
        ("adamax", {"eps": "0"}, 0),
        ("rmsprop", {"eps": "0"}, 0),
        ("adagrad", {"eps": "0"}, 0),
        ("lion", {}, 0),
        ("optimistic_gradient_descent", {}, 1),
    ],
)
def test_steeper_landscapes_scale_the_overshoot_by_the_law(rule, settings, power):
    plain, steep = (
        escape(wedge(2 * s, 3 * s), optimizer=rule, set=settings, start="any") for s in (1, 7)
    )
    law = plain.facts["scaling"]
    assert law.status == "proved"
    assert law.value == {"overshoot": power, "height": power + 1}
    ratio = steep.facts["overshoot"].value / plain.facts["overshoot"].value
    assert abs(float(ratio) - 7.0**power) < 1e-12


@pytest.mark.parametrize("settings", [{"eps": "1e-8"}, {"eps": "0", "weight_decay": "1/10"}])
def test_a_rule_with_a_scale_of_its_own_has_no_law(settings):
    answer = escape("barrier", optimizer="adamw", set=settings, start="any")
    assert answer.facts["overshoot"].status == "proved"
    assert answer.facts["scaling"].status == "unknown"


def test_the_side_of_the_kink_decides_whether_the_supremum_is_reached():
    sides = {side: escape("barrier", start="any", at_kink=side) for side in ("left", "right")}
    assert values(sides["left"], "overshoot", "reached", "attained") == (
        from_decimal("1/1000"), True, False,
    )  # fmt: skip
    assert values(sides["right"], "overshoot", "reached", "attained") == (
        from_decimal("1/1000"), False, False,
    )  # fmt: skip


def test_warm_up_of_a_mean_makes_the_first_step_the_farthest():
    answer = escape("barrier", optimizer="rmsprop", set={"eps": "0"}, start="any")
    assert values(answer, "overshoot", "settled", "run_up") == (
        from_decimal("1/10"), from_decimal("1/100"), 1,
    )  # fmt: skip


def test_what_is_not_proved_says_why():
    answer = escape("barrier", optimizer="polyak_sgd", start="any")
    assert {f.status for n, f in answer.facts.items() if n != "continuous"} == {"unknown"}
    assert "more than the slope" in answer.facts["overshoot"].because
    assert answer.certificate is None


@pytest.mark.parametrize(
    ("rule", "said"), [("sam", "a step has no bound"), ("lars", "where the run began")]
)
def test_where_no_bound_is_proved_some_run_is(rule, said):
    answer = escape("barrier", optimizer=rule, start="any")
    proved = {n for n, fact in answer.facts.items() if fact.status == "proved"}
    assert proved == {"between", "continuous"}
    assert said in answer.facts["overshoot"].because
    between = answer.facts["between"].value
    assert (between.lower > 0, between.upper) == (True, INFINITY)
    check(answer.certificate)


def test_other_landscapes_are_left_open():
    table = wedge(1, 1)
    table["pieces"][0]["f"] = "(1 - x)^2"
    answer = escape(table, start="any")
    assert "not straight" in answer.facts["overshoot"].because
    answer = escape("barrier", schedule="1/(k + 1)", start="any")
    assert "schedule" in answer.facts["overshoot"].because


def test_a_wide_bracket_is_no_supremum():
    answer = escape("barrier", optimizer="nadam", start="any")
    assert values(answer, "overshoot", "barrier", "run_up") == (None, None, None)
    between = answer.facts["between"]
    assert between.status == "proved"
    assert 0 < between.value.lower < between.value.upper
    facts = json.loads(answer.to_json())["facts"]
    assert not find_differences(facts, [answer.certificate])


def test_a_place_named_any_is_no_start_of_a_trajectory():
    from gradiometer import trajectory
    from gradiometer.errors import GradiometerError

    with pytest.raises((UsageError, GradiometerError)):
        trajectory("barrier", set={"h": "1"}, start="any")


@pytest.mark.parametrize("rule", ["sgd", "adam", "lion"])
def test_verification_compares_every_fact(rule):
    answer = escape("barrier", optimizer=rule, start="any")
    facts = json.loads(answer.to_json())["facts"]
    assert not find_differences(facts, [answer.certificate])
    assert list_uncovered(facts, [answer.certificate]) == ["continuous"]
    for name in ("barrier", "overshoot", "settled"):
        if facts[name]["status"] != "proved":
            continue
        other = {"exact": "1/3", "decimal": "0.33333333333333333333", "ball": None}
        forged = {**facts, name: {**facts[name], "value": other}}
        assert [row[0] for row in find_differences(forged, [answer.certificate])] == [name]
    forged = {**facts, "run_up": {**facts["run_up"], "value": 77}}
    assert find_differences(forged, [answer.certificate])


def test_picture_shows_the_overshoot_by_phase():
    (figure,) = draw_figures(escape("barrier", optimizer="adam", start="any"))
    assert figure.title == "Overshoot by phase"
    assert "supremum is 0.003434062" in figure.about


def test_which_run_up_comes_farthest_is_open_where_only_a_bracket_is_known():
    answer = escape("barrier", optimizer="amsgrad", start="any")
    assert values(answer, "reached", "run_up", "climb") == (None, None, None)
    assert answer.facts["overshoot"].status == "proved"
    facts = json.loads(answer.to_json())["facts"]
    assert not find_differences(facts, [answer.certificate])

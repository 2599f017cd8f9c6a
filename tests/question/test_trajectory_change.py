"""Where a parameter changes what becomes of a run: known values, words, refusals."""

import json

import pytest
from click.testing import CliRunner
from flint import arb, fmpq

from gradiometer.errors import GradiometerError
from gradiometer.proof import check
from gradiometer.question import ask
from gradiometer.question.trajectory import trajectory
from gradiometer.terminal import cli

NARROW = fmpq(1, 10**12)


def rows(objective, between, **asked):
    """Each bracket: the values, the words, and what else is said of both ends."""
    answer = trajectory(objective, between=between, **{"start": "1", "steps": 200, **asked})
    fact = answer.facts["changes"]
    assert fact.status == "proved"
    check(answer.certificate)
    return [(row["from"], row["to"], row["width"]) for row in fact.value]


def words(found):
    return [(before["verdict"], after["verdict"]) for before, after, _ in found]


@pytest.mark.parametrize(
    ("objective", "start", "at"),
    [
        # On x^2/2 the step multiplies by 1 - rate; on x^4/4 by 1 - rate*x^2.
        ("x^2/2", "1", fmpq(2)),
        ("3*x^2/2", "1/7", fmpq(2, 3)),
        ("x^4/4", "1", fmpq(2)),
        ("x^4/4", "1/2", fmpq(8)),
    ],
)
def test_between_convergence_and_divergence_stands_a_cycle(objective, start, at):
    found = rows(objective, f"learning_rate={at / 3}:{at * 7 / 5}:4", start=start)
    assert words(found) == [("converges", "cycle"), ("cycle", "diverges")]
    (before, middle, _), (again, after, _) = found
    assert middle["value"] == again["value"] == at
    assert before["value"] < at < after["value"]
    assert before["limit"] == 0
    assert middle["period"] == 2
    assert all(0 < width <= NARROW for *_, width in found)


def test_a_change_at_no_rational_is_enclosed():
    found = rows("sqrt(2)*x^2/2", "learning_rate=1:2:2", steps=20)
    assert words(found) == [("converges", "diverges")]
    before, after, width = found[0]
    assert before["value"] ** 2 < 2 < after["value"] ** 2
    assert width <= NARROW


def test_a_barrier_is_crossed_where_a_stride_begins_before_it_and_ends_behind_it():
    """From 0 on a slope of 1 the run stands at k*rate; the valley is at 1, the top at 3/2.

    It crosses when k*rate <= 1 and (k + 1)*rate > 3/2, so for rates in (3/4, 1] and above 3/2.
    """
    found = rows("barrier", "learning_rate=1/10:3", set={"h": "1/2"}, start="0")
    assert words(found) == [("cycle", "escapes"), ("escapes", "cycle"), ("cycle", "escapes")]
    assert [before["value"] for before, *_ in found] == [fmpq(3, 4), 1, fmpq(3, 2)]
    assert all(0 < width <= NARROW for *_, width in found)


def test_a_parameter_of_the_landscape_is_bracketed_too():
    """With a rate of 3/10 the run stands at 9/10 and then at 6/5: it crosses what ends before."""
    found = rows("barrier", "h=1/10:3", set={"learning_rate": "3/10"}, start="0")
    assert words(found) == [("escapes", "cycle")]
    assert found[0][1]["value"] == fmpq(1, 5)
    assert found[0][2] <= NARROW


def test_a_range_may_lie_about_zero():
    """With a rate of 1 the step multiplies by 1 - a: at 0 the run stays at its start."""
    found = rows("a*x^2/2", "a=-1:1:2", set={"learning_rate": "1"}, steps=20)
    assert words(found) == [("diverges", "converges"), ("converges", "converges")]
    assert found[0][1]["value"] == found[1][0]["value"] == 0
    assert [found[1][side]["limit"] for side in (0, 1)] == [1, 0]
    assert all(0 < width <= NARROW for *_, width in found)


def test_a_run_that_ends_in_the_other_valley_is_a_change_of_the_limit():
    """From 3/2 a step of rate 4/5 ends exactly on the top between the valleys."""
    found = rows("double_well", "learning_rate=3/5:9/10:4", start="3/2", steps=100)
    assert set(words(found)) == {("converges", "converges")}
    limits = [(before["limit"], after["limit"]) for before, after, _ in found]
    assert limits == [(1, 0), (0, -1)]
    assert found[0][1]["value"] == found[1][0]["value"] == fmpq(4, 5)
    assert all(0 < width <= NARROW for *_, width in found)


def test_a_limit_that_moves_smoothly_is_no_change():
    asked = {"set": {"learning_rate": "1/2"}, "start": "1", "steps": 20}
    answer = trajectory("(x - a)^2/2", between="a=0:1:2", **asked)
    assert answer.facts["changes"].status == "unknown"
    assert "no two neighbours" in answer.facts["changes"].because
    assert answer.certificate is None


def test_a_wide_bracket_says_why_it_is_wide():
    answer = trajectory("double_well", between="learning_rate=9/10:11/10:2", start="3/10", steps=10)
    (row,) = answer.facts["changes"].value
    assert row["from"]["value"] < 1 < row["to"]["value"]
    assert row["width"] > NARROW
    assert any("no bracket is narrower" in text for text in answer.warnings)


def test_all_values_are_in_the_data():
    answer = trajectory("x^2/2", between="learning_rate=1:3:3", start="1", steps=20)
    assert list(answer.data["learning_rate"].values) == [1.0, 2.0, 3.0]
    assert list(answer.data["verdict"].values) == ["converges", "cycle", "diverges"]
    assert [step.formula for step in answer.steps][1] == "learning_rate = 2: cycle"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"between": "learning_rate"}, "no range of a parameter"),
        ({"between": "learning_rate=1:2:3:4"}, "no range of a parameter"),
        ({"between": "learning_rate=2:1"}, "does not begin below its end"),
        ({"between": "learning_rate=1:2:1"}, "no number of values"),
        ({"between": "learning_rate=1:2:x"}, "no number of values"),
        ({"between": "learning_rate=1:2", "set": {"learning_rate": "1"}}, "one value and a range"),
        ({"between": "learning_rate=1:2", "engine": "float64"}, "`engine` has no meaning"),
        ({"between": "learning_rate=1:2", "noise": "gaussian:1"}, "`noise` has no meaning"),
        ({"between": "learning_rate=1:2", "start": "x=1,y=1"}, "in one variable"),
        ({"between": "speed=1:2"}, "speed"),
    ],
)
def test_what_is_no_range_is_refused(asked, said):
    objective = "x^2 + y^2" if "y" in str(asked.get("start")) else "x^2"
    with pytest.raises(GradiometerError, match=said):
        ask("trajectory", objective=objective, **asked)


@pytest.fixture(scope="module")
def answer():
    made = trajectory("x^2/2", start="1", steps=20, between="learning_rate=1:3:2")
    return json.loads(made.to_json())


@pytest.fixture
def verify(tmp_path):
    def see(content):
        file = tmp_path / "answer.json"
        file.write_text(json.dumps(content))
        return CliRunner().invoke(cli, ["verify", str(file)], prog_name="gradiometer")

    return see


def test_verify_accepts_what_was_written(verify, answer):
    done = verify(answer)
    assert done.exit_code == 0, done.output
    assert "accepted facts certificate: changes" in done.output
    assert "not covered" not in done.output


@pytest.mark.parametrize(
    "path",
    [
        ("facts", "changes", "value", 0, "from", "verdict"),
        ("facts", "changes", "value", 0, "to", "period", "exact"),
        ("facts", "changes", "value", 1, "width", "exact"),
        ("facts", "changes", "value", 1, "to", "value", "exact"),
        ("inputs", "between"),
        ("inputs", "start"),
        ("inputs", "steps"),
        ("inputs", "objective"),
        ("inputs", "set", "momentum"),
    ],
)
def test_verify_holds_every_fact_and_input(verify, answer, path):
    forged = json.loads(json.dumps(answer))
    place = forged
    for key in path[:-1]:
        place = place[key]
    other = {"between": "learning_rate=1:2:2", "objective": "x^4/4", "verdict": "escapes"}
    place[path[-1]] = other.get(path[-1], "1/3")
    assert verify(forged).exit_code == 1


def test_verify_misses_no_row(verify, answer):
    forged = json.loads(json.dumps(answer))
    del forged["facts"]["changes"]["value"][1]
    assert verify(forged).exit_code == 1


def test_the_divergence_of_a_chaotic_run_is_bracketed_as_far_as_it_is_proved():
    """Up to a rate of 2 no run in this well leaves the interval between its outer cycle."""
    (row,) = rows("double_well", "learning_rate=9/5:11/5:2", start="3/10", steps=20)
    before, after, width = row
    assert (before["verdict"], after["verdict"]) == ("bounded", "diverges")
    assert before["value"] <= 2 < after["value"]
    assert width < fmpq(1, 10)
    assert arb(width) > 0

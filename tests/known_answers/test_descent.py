"""Where descent and Adam go on small landscapes: closed forms, with their sources."""

from fractions import Fraction

import pytest
from flint import fmpq

from gradiometer.formula import to_float
from gradiometer.proof import check
from gradiometer.question.escape import escape
from gradiometer.question.trajectory import trajectory

ADAM = {"learning_rate": "1/1000", "beta1": "9/10", "beta2": "999/1000", "eps": "0"}


def value(answer, name):
    return answer.facts[name].value


@pytest.mark.parametrize("h", ["1/5", "1/2", "7"])
def test_descent_on_the_barrier_ends_in_a_cycle_of_two(h):
    answer = trajectory("barrier", set={"learning_rate": "3/10", "h": h})
    cycle = value(answer, "cycle")
    assert cycle["period"] == 2
    assert sorted(cycle["points"]) == [fmpq(9, 10), fmpq(6, 5)]
    assert value(answer, "lowest") == fmpq(1, 10)
    assert value(answer, "lowest_at") == fmpq(9, 10)
    assert value(answer, "verdict") == "cycle"
    assert answer.facts["verdict"].status == "proved"


@pytest.mark.parametrize("h", ["199999/1000000", "1/10", "1e-9"])
def test_descent_passes_a_barrier_below_one_fifth(h):
    answer = trajectory("barrier", set={"learning_rate": "3/10", "h": h})
    assert value(answer, "verdict") == "escapes"
    assert answer.facts["verdict"].status == "proved"


def test_the_threshold_of_descent_is_one_fifth():
    answer = escape("barrier", set={"learning_rate": "3/10"})
    assert value(answer, "barrier") == fmpq(1, 5)
    assert value(answer, "attained") is False
    first, second = value(answer, "regimes")
    assert (first["from"], first["to"], first["outcome"]) == (0, fmpq(1, 5), "escapes")
    assert (first["from_closed"], first["to_closed"]) == (False, False)
    assert (second["from"], second["from_closed"], second["outcome"]) == (
        fmpq(1, 5),
        True,
        "trapped",
    )
    assert value(answer, "peak") == fmpq(6, 5)
    check(answer.certificate)


def test_with_the_slope_right_of_the_top_the_threshold_itself_escapes():
    answer = escape("barrier", set={"learning_rate": "3/10"}, at_kink="right")
    assert value(answer, "barrier") == fmpq(1, 5)
    assert value(answer, "attained") is True
    assert [row["to_closed"] for row in value(answer, "regimes")] == [True, False]


def test_adam_reaches_the_kink_exactly_after_a_thousand_steps():
    """On slopes of size 1 every step of Adam without eps is the learning rate."""
    answer = trajectory("barrier", optimizer="adam", set={**ADAM, "h": "1/2"}, steps=1000)
    assert value(answer, "final") == 1
    assert value(answer, "lowest") == 0
    assert value(answer, "lowest_step") == 1000


def test_adam_has_one_threshold_for_each_slope_at_the_kink_and_another_one_in_float64():
    answer = escape("barrier", optimizer="adam", set=ADAM)
    assert -fmpq(1, 10**20) < value(answer, "barrier") - fmpq(3434062, 10**9) < 0
    assert value(answer, "attained") is False
    assert value(answer, "float64_barrier") == pytest.approx(0.002434062, rel=1e-9)
    assert value(answer, "rounding")["step"] == 1000
    assert value(answer, "rounding")["exact"] == 1
    assert value(answer, "rounding")["float64"] > 1
    check(answer.certificate)


@pytest.mark.parametrize(("side", "billionths"), [("left", 3434062), ("right", 2434062)])
def test_the_threshold_of_adam_depends_on_the_slope_at_the_kink(side, billionths):
    answer = escape("barrier", optimizer="adam", set=ADAM, at_kink=side)
    assert -fmpq(1, 10**20) < value(answer, "barrier") - fmpq(billionths, 10**9) < 0
    assert value(answer, "attained") is (side == "right")


@pytest.mark.parametrize(("a", "b"), [("1", "1"), ("1", "2"), ("2", "3"), ("5", "3"), ("7", "3")])
def test_descent_at_a_kink_is_a_rotation_of_period_p_plus_q(a, b):
    """Modulo rate*(a + b) both moves are the same translation (circle rotation)."""
    answer = trajectory(
        "kink", set={"a": a, "b": b, "learning_rate": "1/3"}, start="2/7", steps=200
    )
    ratio = Fraction(a) / Fraction(b)
    assert value(answer, "cycle")["period"] == ratio.numerator + ratio.denominator


def test_heavy_ball_has_the_cycle_of_three_of_lessard_recht_and_packard():
    """Lessard, Recht and Packard (2016): tuned for curvatures 1 and 25, it cycles between."""
    pieces = [
        {"on": "(-oo, 1)", "f": "25*x^2/2"},
        {"on": "[1, 2)", "f": "x^2/2 + 24*x - 12"},
        {"on": "[2, oo)", "f": "25*x^2/2 - 24*x + 36"},
    ]
    points = [fmpq(792, 1225), fmpq(-2208, 1225), fmpq(2592, 1225)]
    # The buffer holds (x_before - x)/rate, so the cycle can be entered at any of its points.
    rule = {
        "name": "heavy_ball",
        "state": {"before": "2592/1225"},
        "step": {"before'": "x", "x'": "x - g/9 + 4*(x - before)/9"},
    }
    answer = trajectory({"pieces": pieces}, optimizer=rule, start="792/1225", steps=30)
    assert value(answer, "cycle") == {"period": 3, "points": points, "from_step": 0}
    assert answer.facts["cycle"].status == "proved"


@pytest.mark.parametrize(
    ("rate", "verdict", "growth"),
    [("1/10", "converges", "9/10"), ("19/10", "converges", "9/10"), ("21/10", "diverges", "11/10")],
)
def test_descent_on_a_parabola_converges_below_two_over_its_curvature(rate, verdict, growth):
    answer = trajectory("quadratic", set={"learning_rate": rate}, start="3", steps=20)
    assert value(answer, "verdict") == verdict
    assert str(value(answer, "growth_factor")) == growth


def test_descent_at_exactly_two_over_the_curvature_is_a_cycle_of_two():
    answer = trajectory("quadratic", set={"learning_rate": "2"}, start="3", steps=20)
    assert value(answer, "cycle") == {"period": 2, "points": [3, -3], "from_step": 0}


@pytest.mark.parametrize(
    ("momentum", "rate", "verdict"),
    [
        ("9/10", "3799/1000", "converges"),
        ("9/10", "3801/1000", "diverges"),
        ("1/2", "2999/1000", "converges"),
        ("1/2", "3001/1000", "diverges"),
    ],
)
def test_heavy_ball_converges_below_two_times_one_plus_momentum(momentum, rate, verdict):
    answer = trajectory(
        "quadratic", set={"learning_rate": rate, "momentum": momentum}, start="3", steps=20
    )
    assert value(answer, "verdict") == verdict


def test_heavy_ball_at_its_boundary_is_not_decided_by_multipliers():
    """One multiplier is exactly -1 at rate 2*(1 + momentum); the run neither settles nor grows."""
    answer = trajectory(
        "quadratic", set={"learning_rate": "3", "momentum": "1/2"}, start="3", steps=20
    )
    assert answer.facts["verdict"].status == "unknown"


@pytest.mark.parametrize(
    ("decay", "rate", "verdict"), [("1/2", "13/10", "converges"), ("1/2", "14/10", "diverges")]
)
def test_weight_decay_adds_to_the_curvature(decay, rate, verdict):
    """Stable below 2/(lambda + decay) = 4/3."""
    answer = trajectory(
        "quadratic", set={"learning_rate": rate, "weight_decay": decay}, start="1", steps=20
    )
    assert value(answer, "verdict") == verdict


def test_a_rate_that_is_too_large_and_then_fades_recovers():
    """x_T = x_0 times the product of 1 - rate_k: grows five times, then shrinks for ever."""
    asked = {"learning_rate": "3", "gamma": "1/2", "step_size": "5"}
    answer = trajectory("quadratic", schedule="step", set=asked, start="1", steps=40)
    expected = Fraction(1)
    for k in range(40):
        expected *= 1 - 3 * Fraction(1, 2) ** (k // 5)
    final = value(answer, "final")
    assert Fraction(int(final.p), int(final.q)) == expected
    assert value(answer, "verdict") == "converges"
    assert answer.facts["verdict"].status == "proved"


@pytest.mark.parametrize(("a", "b"), [("1", "1"), ("1/2", "3"), ("2", "1/3")])
def test_the_highest_barrier_descent_can_pass_is_rate_times_both_slopes(a, b):
    """From just left of the kink a step of rate*a goes to a height of at most rate*a*b."""
    rate = Fraction(1, 4)
    table = {
        "parameters": {"h": {"domain": "(0, oo)", "barrier": True}},
        "pieces": [
            {"on": "(-oo, 0]", "f": f"-({a})*x"},
            {"on": f"(0, h/({b})]", "f": f"({b})*x"},
            {"on": f"(h/({b}), oo)", "f": f"2*h - ({b})*x"},
        ],
    }
    answer = escape(table, set={"learning_rate": str(rate)}, start="0", steps=100)
    top = rate * Fraction(a) * Fraction(b)
    assert Fraction(str(value(answer, "barrier"))) == top


def test_weight_decay_under_a_constant_sign_of_lion_stops_at_its_reciprocal():
    """AdamW and Lion with decoupled decay w: |x| -> 1/w under a slope of constant sign."""
    rule = {
        "parameters": {"learning_rate": {"default": "1/10"}, "w": {"default": "1/4"}},
        "step": {"x'": "x - learning_rate*(sign(g) + w*x)"},
    }
    answer = trajectory("-x", optimizer=rule, start="0", steps=400)
    assert to_float(value(answer, "final")) == pytest.approx(4, abs=1e-3)
    assert value(answer, "verdict") not in ("diverges", "escapes")

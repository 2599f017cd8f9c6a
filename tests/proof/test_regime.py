"""The axis of a parameter falls into parts on which the run does one thing each."""

from fractions import Fraction

import pytest
from flint import arb, fmpq

from agreement.loops import barrier_slope, sgd_steps, straight
from gradiometer.errors import DomainError
from gradiometer.formula import precision, to_decimal
from gradiometer.proof import check
from gradiometer.question.escape import escape


def surface(*rows, domain="(0, oo)"):
    return {
        "name": "surface",
        "parameters": {"h": {"domain": domain, "barrier": True}},
        "pieces": [{"on": on, "f": f} for on, f in rows],
    }


TENT = (("(-oo, 0]", "-x"), ("(0, 1]", "h*x"), ("(1, oo)", "h + 1 - x"))
SIGN_OF_MOMENTUM = {
    "parameters": {"learning_rate": {"default": "1/10"}},
    "state": {"m": "0"},
    "step": {"m'": "m/2 + g", "x'": "x - learning_rate*sign(m')"},
}


def rows_of(answer):
    """The regimes as text: `(0, 1/5) escapes`."""
    found = []
    for row in answer.facts["regimes"].value or ():
        ends = [row[end] if isinstance(row[end], fmpq | arb) else None for end in ("from", "to")]
        left = "-oo" if ends[0] is None else str(ends[0])
        right = "oo" if ends[1] is None else str(ends[1])
        opening, closing = "[" if row["from_closed"] else "(", "]" if row["to_closed"] else ")"
        found.append(f"{opening}{left}, {right}{closing} {row['outcome']}")
    return found


def sign_of_momentum_leaves(h, steps):
    """The step at which the rule with the sign of its momentum leaves the tent, or None."""
    slope = straight([0, 1], [-1, h, -1])
    x, m = Fraction(-1, 20), Fraction(0)
    for step in range(steps + 1):
        if x > 1:
            return step
        m = m / 2 + slope(x)
        x -= Fraction(1, 10) * ((m > 0) - (m < 0))
    return None


def test_a_step_that_splits_the_axis_is_not_taken_for_a_state_that_has_returned():
    """The sign of 1 - h/2 and the like decides; the run must go on after each split."""
    steps = 8
    answer = escape(surface(*TENT), optimizer=SIGN_OF_MOMENTUM, start="-1/20", steps=steps)
    assert answer.facts["regimes"].status == "proved"
    regimes = answer.facts["regimes"].value
    assert len(regimes) > 5
    for row in regimes:
        low = Fraction(str(row["from"]))
        high = Fraction(str(row["to"])) if isinstance(row["to"], fmpq) else low + 1
        points = [(low + high) / 2, *[low][: row["from_closed"]], *[high][: row["to_closed"]]]
        for h in points:
            left_at = sign_of_momentum_leaves(h, 400)
            expected = {"escapes": left_at is not None and left_at <= 2 * steps}
            expected["stays"] = left_at is None or left_at > steps
            expected["trapped"] = left_at is None
            assert expected[row["outcome"]], (h, row["outcome"], left_at)


def test_a_flat_top_is_a_top():
    plateau = surface(
        ("(-oo, 0]", "-x"),
        ("(0, h]", "x"),
        ("(h, h + 1/10]", "h"),
        ("(h + 1/10, oo)", "2*h + 1/10 - x"),
    )
    answer = escape(plateau, set={"learning_rate": "1/2"}, start="-1/4", steps=30)
    # From -1/4 the run reaches 1/4; a plateau of width 1/10 below it is jumped over.
    assert rows_of(answer) == ["(0, 3/20) escapes", "[3/20, oo) trapped"]
    check(answer.certificate)


def test_a_barrier_on_the_left_has_its_threshold():
    left = surface(("(-oo, -h)", "x + 2*h"), ("[-h, 0]", "-x"), ("(0, oo)", "2*x"))
    answer = escape(left, set={"learning_rate": "3/10"}, start="1")
    assert rows_of(answer) == ["(0, 1/2) escapes", "[1/2, oo) trapped"]
    assert answer.facts["peak"].value == fmpq(-1, 2)


def test_between_two_barriers_leaving_on_either_side_is_an_escape():
    both = surface(
        ("(-oo, -h)", "x + 2*h"), ("[-h, 0]", "-x"), ("(0, 1/2]", "x"), ("(1/2, oo)", "1 - x")
    )
    assert rows_of(escape(both, set={"learning_rate": "3/10"}, start="1/10"))[0] == (
        "(0, 1/5) escapes"
    )
    assert rows_of(escape(both, set={"learning_rate": "2"}, start="0", steps=3)) == [
        "(0, oo) escapes"
    ]


@pytest.mark.parametrize(
    ("domain", "first", "last"),
    [("(0, 1/10)", "(", ")"), ("(0, 1/10]", "(", "]"), ("[1/50, 1/10]", "[", "]")],
)
def test_a_closed_end_of_the_domain_belongs_to_the_regimes(domain, first, last):
    barrier = surface(
        ("(-oo, 1]", "1 - x"),
        ("(1, 1 + h]", "x - 1"),
        ("(1 + h, oo)", "1 + 2*h - x"),
        domain=domain,
    )
    answer = escape(barrier, set={"learning_rate": "3/10"})
    (row,) = rows_of(answer)
    assert row.endswith("escapes")
    assert (row[0], row.split(" escapes")[0][-1]) == (first, last)
    assert answer.facts["barrier"].value == fmpq(1, 10)
    assert answer.facts["attained"].value is (last == "]")
    assert "end of the domain" in answer.facts["attained"].because


@pytest.mark.parametrize(("side", "attained"), [(None, False), ("left", False), ("right", True)])
def test_the_threshold_is_reached_when_the_top_counts_to_the_descent(side, attained):
    answer = escape("barrier", set={"learning_rate": "3/10"}, at_kink=side)
    assert answer.facts["attained"].value is attained


def test_pieces_that_would_run_backwards_for_some_values_prove_nothing():
    barrier = surface(
        ("(-oo, 1]", "1 - x"),
        ("(1, 1 + h]", "x - 1"),
        ("(1 + h, oo)", "1 + 2*h - x"),
        domain="(-1, 1)",
    )
    assert escape(barrier, set={"learning_rate": "3/10"}).facts["barrier"].status == "unknown"


def test_a_landscape_without_a_rise_has_no_barrier():
    with pytest.raises(DomainError, match="no barrier"):
        escape(surface(("(-oo, h]", "-x"), ("(h, oo)", "-h - 2*(x - h)")), start="0")


def test_a_slope_that_varies_along_a_piece_is_left_open():
    curved = surface(("(-oo, h]", "x^2"), ("(h, oo)", "h^2 + h - x"))
    answer = escape(curved, start="1/10")
    assert answer.facts["barrier"].status == "unknown"


def test_a_threshold_behind_a_root_is_a_ball_that_contains_it():
    """The first step from 0 goes 1/sqrt(2*|g|) = 1/sqrt(2) far, and later ones less."""
    rule = {
        "parameters": {"learning_rate": {"default": "1"}},
        "step": {"x'": "x - learning_rate*g/sqrt(2*abs(g))"},
    }
    barrier = surface(("(-oo, 0]", "-x"), ("(0, h]", "2*x"), ("(h, oo)", "4*h - 2*x"))
    answer = escape(barrier, optimizer=rule, start="0", steps=6)
    threshold = answer.facts["barrier"].value
    assert answer.facts["barrier"].status == "proved"
    assert isinstance(threshold, arb)
    assert to_decimal(threshold) == "0.7071067811865475244"
    with precision(200):
        assert (threshold - arb(fmpq(1, 2)).sqrt()).contains(0)
    assert answer.facts["attained"].value is False
    check(answer.certificate)


def test_adam_with_zero_gradient_and_no_eps_is_left_open():
    flat = surface(
        ("(-oo, 0]", "-x"), ("(0, 1]", "0"), ("(1, 1 + h]", "x - 1"), ("(1 + h, oo)", "2*h + 1 - x")
    )
    answer = escape(flat, optimizer="adam", set={"eps": "0"}, start="1/2")
    assert answer.facts["barrier"].status == "unknown"


def test_momentum_that_carries_past_a_first_turn_is_followed():
    heavy = {"learning_rate": "1/10", "momentum": "9/10"}
    answer = escape("barrier", set=heavy, steps=60)
    barrier = Fraction(str(answer.facts["barrier"].value))
    assert answer.facts["barrier"].status == "proved"
    for h, leaves in ((barrier - Fraction(1, 10**6), True), (barrier, False)):
        positions = sgd_steps(
            barrier_slope(h), 0, lr=Fraction(1, 10), momentum=Fraction(9, 10), steps=60
        )
        assert any(x > 1 + h for x in positions) is leaves

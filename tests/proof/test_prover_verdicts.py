"""Verdicts, itineraries and ends, each part on numbers whose answer is known by hand."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Range, evaluate, parse, precision, to_ball
from gradiometer.proof import survey, verdict
from gradiometer.proof.walk import Run, State
from proof.test_prover_choices import ask
from proof.test_prover_parts import span

ONE = fmpq(1)


def judge(objective, **asked):
    return verdict.judge(*ask(objective, **asked))


# Verdicts of exact runs.


@pytest.mark.parametrize(
    ("rate", "word", "limit", "said"),
    [
        ("1", "converges", 0, "from step 1 on the state does not change"),
        ("2", "cycle", None, "the state after step 0 returns after 2 steps"),
    ],
)
def test_a_state_that_returns_is_a_limit_or_a_cycle(rate, word, limit, said):
    found = judge("x^2/2", learning_rate=rate)
    assert (found.word, found.limit) == (word, limit)
    assert said in found.because
    assert found.evidence == ({"fixed_from": 1} if word == "converges" else {})


@pytest.mark.parametrize(
    ("schedule", "steps", "first", "prefix"),
    [
        (None, 9, 0, ""),
        ("where(k < 1, 1/3, 1/10)", 9, 1, ""),
        ("where(k < 2, 1/3, 1/10)", 9, 2, "from step 2 on every step is the same map: "),
        ("where(k < 9, 1/3, 1/10)", 9, 9, "from step 9 on every step is the same map: "),
    ],
)
def test_a_linear_run_is_judged_from_the_step_at_which_it_is_settled(
    schedule, steps, first, prefix
):
    rate = {} if schedule else {"learning_rate": "1/10"}
    found = judge("x^2/2", schedule=schedule, steps=steps, **rate)
    assert (found.word, found.limit, found.growth) == ("converges", 0, fmpq(9, 10))
    assert found.evidence == {"linear_from": first}
    assert found.because.startswith(prefix)
    assert found.because.startswith("from step") is bool(prefix)


@pytest.mark.parametrize("steps", [3, 0, 1])
def test_fading_rates_are_safe_up_to_the_inverse_of_the_curvature(steps):
    # From the last step k on, but at least from 1 on, the rates are at most 1/(k + 1).
    first = max(steps, 1)
    most = first + 1
    found = judge(f"{most}*x^2/2", schedule="1/(k + 1)", start="1/3", steps=steps)
    assert (found.word, found.evidence) == ("converges", {"shrinks_from": first})
    found = judge(f"{most + 1}*x^2/2", schedule="1/(k + 1)", start="1/3", steps=steps)
    assert found.word == "unknown"
    assert "not certain to be safe" in found.because


def test_rates_without_a_bound_and_rules_that_change_are_not_judged():
    found = judge("x^2/2000", schedule="k", start="1/3", steps=5)
    assert found.word == "unknown"
    assert "no bound" in found.because
    # Later rates are below 0, and lead away from the minimum.
    found = judge("x^2/2000", schedule="1/(k + 1) - 1/1000", start="1/3", steps=5)
    assert "not certain to be safe" in found.because
    for changes in ({"momentum": "1/2"}, {"rule": "adam"}):
        found = judge("x^2/2", schedule="1/(k + 1)", start="1/3", steps=5, **changes)
        assert "changes with the step count for ever" in found.because


@pytest.mark.parametrize(
    ("objective", "direction", "side"), [("-x", 1, "right"), ("x", -1, "left")]
)
def test_a_run_downhill_is_trapped_beyond_its_last_position(objective, direction, side):
    rule = {"parameters": {"rate": {"default": "1/10"}}, "state": {"m": "0"},
            "step": {"m'": "max(-3, min(3, m + g))", "x'": "x - rate*m'"}}  # fmt: skip
    found = judge(objective, rule=rule, start="0", steps=5)
    assert found.word == "diverges"
    assert f"to the {side}" in found.because
    # Strides of 1, 2, 3, 3 and 3 tenths.
    end = str(direction * fmpq(12, 10))
    place, memory = found.evidence["trap"]["x"], found.evidence["trap"]["m"]
    assert found.evidence["trap_from"] == 5
    assert place == ([end, None] if direction > 0 else [None, end])
    assert str(-3 * direction) in memory


@pytest.mark.parametrize(
    ("objective", "more", "said"),
    [
        ("0*x", {"start": "1"}, None),
        ("-x", {"schedule": "1/(k + 1)^2"}, "the strides may fade"),
        ("x", {"schedule": "1/(k + 1)^2"}, "the strides may fade"),
        ("x^2/2 + abs(x)", {"learning_rate": "1/10"}, "not certain to keep its direction"),
        ("abs(x)", {"rule": "rmsprop", "learning_rate": "1/10"},
         "not certain to keep its direction"),
    ],
)  # fmt: skip
def test_why_a_run_does_not_go_downhill_for_ever_is_told(objective, more, said):
    found = judge(objective, steps=7, **more)
    if said is None:
        assert found.word == "converges"
    else:
        assert found.word == "unknown"
        assert said in found.because
        assert "within 7 steps" in found.because


def test_a_run_that_has_ended_has_no_verdict():
    course, run, settled = ask("-x", learning_rate="1/10", steps=5)
    ended = replace(run, ended="it is over")
    with pytest.raises(UndecidedError, match="no further step"):
        verdict._judge_downhill(course, ended, settled)
    course, run, _ = ask("-abs(x)", learning_rate="1/10", steps=5)
    found = verdict.judge(course, replace(run, ended="it is over"), None)
    assert (found.word, found.because) == ("unknown", "the run ends at step 5: it is over")


# Ranges of a step.


def ground_of(objective):
    course, _, _ = ask(objective, learning_rate="1/10")
    return survey(course.landscape)


BENT = {"name": "bent", "pieces": [{"on": "(-oo, 0]", "f": "x^2"}, {"on": "(0, 2]", "f": "3*x"},
                                   {"on": "(2, oo)", "f": "x^2/2 - x + 6"}]}  # fmt: skip


@pytest.mark.parametrize(
    ("where", "slopes"),
    [
        ((-1, "-1/2"), (-2, -1)),
        ((-1, 0), (-2, 3)),
        ((-1, 1), (-2, 3)),
        (("1/2", 1), (3, 3)),
        ((0, 1), (0, 3)),
        ((1, 2), (1, 3)),
        ((3, 5), (2, 4)),
        ((1, 5), (1, 4)),
        ((-1, 5), (-2, 4)),
        ((None, -3), (None, -6)),
        ((3, None), (2, None)),
        ((None, None), (None, None)),
        ((None, 1), (None, 3)),
    ],
)
def test_slopes_over_a_range_are_those_of_all_pieces_that_it_meets(where, slopes):
    found = verdict.slope_range(ground_of(BENT), span(*where))
    assert (found.lower, found.upper) == slopes


def rule_of(step, state=None):
    return {"parameters": {"learning_rate": {"default": "1"}}, "state": state or {}, "step": step}


def test_a_step_takes_the_ranges_of_rates_and_counts_from_its_first_step_on():
    rule = rule_of({"m'": "m/2 + 1/t", "x'": "x - learning_rate*g - 0*m'"}, {"m": "0"})
    course, _, _ = ask("-x", rule=rule, schedule="1/(k + 1)", start="0")
    box = {"x": span(0, 1), "m": span(2, 6)}
    after = verdict.step_range(course, box, span(-1, -1), 3)
    # Step 4 is the one after 3 done steps, with the rate 1/4.
    assert (after["m"].lower, after["m"].upper) == (1, 3 + fmpq(1, 4))
    assert (after["x"].lower, after["x"].upper) == (0, 1 + fmpq(1, 4))


def test_a_stride_is_told_apart_from_the_position():
    rule = rule_of({"x'": "x - learning_rate*g"})
    course, _, _ = ask("-x", rule=rule, schedule="1/(k + 1)", start="0")
    found = verdict.stride_range(course, {"x": span(0, None)}, span(-3, -2), 1)
    assert (found.lower, found.upper) == (0, fmpq(3, 2))
    course, _, _ = ask("-x", rule=rule_of({"x'": "2*x - learning_rate*g"}), start="0")
    with pytest.raises(UndecidedError, match="does not add its stride"):
        verdict.stride_range(course, {"x": span(0, None)}, span(-3, -2), 1)


def test_a_memory_that_is_not_assigned_stays():
    rule = rule_of({"m'": "m + g", "x'": "x - m'"}, {"m": "0"})
    course, _, _ = ask("-x", rule=rule, learning_rate="1", start="0")
    box = {"x": span(0, 1), "m": span(2, 6), "other": span(7, 8)}
    assert verdict.step_range(course, box, span(-1, -1), 0)["other"] == span(7, 8)


@pytest.mark.parametrize("direction", [1, -1])
def test_a_trap_holds_the_memory_between_what_slopes_make_of_it(direction):
    keeps = rule_of({"m'": "m/2 + g/2", "x'": "x - learning_rate*m'"}, {"m": "0"})
    course, _, _ = ask(f"{-direction}*x", rule=keeps, learning_rate="1/10", start="0")
    state = State(3, fmpq(5 * direction), {"m": fmpq(0)})
    box = verdict.find_trap(course, survey(course.landscape), state, direction)
    ends = (5, None) if direction > 0 else (None, -5)
    assert (box["x"].lower, box["x"].upper) == ends
    # The mean of slopes goes from 0 to the slope itself and does not come back.
    assert (box["m"].lower, box["m"].upper) == ((-1, 0) if direction > 0 else (0, 1))
    assert verdict.find_trap(course, survey(course.landscape), state, -direction) is None


def test_a_memory_that_turns_the_run_back_is_no_trap():
    keeps = rule_of({"m'": "m/2 + g/2", "x'": "x - learning_rate*m'"}, {"m": "0"})
    course, _, _ = ask("-x", rule=keeps, learning_rate="1/10", start="0")
    state = State(3, fmpq(5), {"m": fmpq(9)})
    assert verdict.find_trap(course, survey(course.landscape), state, 1) is None


def test_thresholds_on_both_sides_are_the_next_ones():
    marks = [fmpq(value) for value in (-9, 0, -2, 4, 16, -4, 1)]
    for old, wider, known in (
        ((0, 1), (0, 2), (0, 4)),
        ((0, 1), (0, 5), (0, 16)),
        ((0, 1), (-1, 1), (-2, 1)),
        ((0, 1), (-3, 1), (-4, 1)),
        ((0, 1), (-5, 17), (-9, None)),
        ((None, 1), (None, 1), (None, 1)),
        ((0, None), (-10, None), (None, None)),
        ((None, None), (-1, 3), (-2, 4)),
    ):
        assert verdict._widen(span(*old), span(*wider), marks) == span(*known)


@pytest.mark.parametrize("step", ["x*m", "m*x", "x/m", "-x", "x^2", "sqrt(x)", "x + x*m + m"])
def test_a_step_that_does_more_than_to_add_to_the_position_has_no_stride(step):
    assert verdict._without_position(parse(step, names={"x", "m"}).tree) is None


def test_an_undefined_slope_does_not_rise():
    ground = SimpleNamespace(trees=[parse("1/x", names={"x"}).tree])
    assert verdict._rises(ground, 0, span(-1, 1), 1) is False
    assert verdict._rises(ground, 0, span(1, 2), 1) is True


@pytest.mark.parametrize(
    ("direction", "places", "crosses"),
    [
        (1, (-2, 5), True),
        (1, (3, 5), False),
        (1, (3, -2, 5), True),
        (1, (-2, -1), False),
        (-1, (5, -2), True),
        (-1, (5, 3), True),
        (-1, (-2, -3), True),
        (-1, (1, -2), True),
        (1, (-2, 0), False),
        (-1, (5, 1), True),
        (-1, ("1/2", "1/4"), False),
    ],
)
def test_a_top_is_crossed_where_a_rise_lies_between_the_ends_of_the_way(direction, places, crosses):
    # It falls up to 0, rises up to 1, and falls again.
    hill = {"name": "hill", "pieces": [{"on": "(-oo, 0]", "f": "-x"}, {"on": "(0, 1]", "f": "x"},
                                       {"on": "(1, oo)", "f": "2 - x"}]}  # fmt: skip
    states = tuple(
        State(step, fmpq(*map(int, f"{place}/1".split("/")[:2])), {})
        for step, place in enumerate(places)
    )
    run = Run(states, (), (), None, 64)
    assert verdict._crosses_top(ground_of(hill), run, direction) is crosses


@pytest.mark.parametrize(("places", "ends"), [((-3, 5), (-3, 5)), ((5, -3), (-3, 5))])
def test_a_rise_is_looked_for_at_even_places_of_the_way(monkeypatch, places, ends):
    looked = []
    monkeypatch.setattr(verdict, "_rises", lambda *given: looked.append(given[2].lower))
    states = tuple(State(step, fmpq(place), {}) for step, place in enumerate(places))
    run, direction = Run(states, (), (), None, 64), 1 if places[0] < places[1] else -1
    assert verdict._crosses_top(ground_of(f"{-direction}*x"), run, direction) is False
    assert looked == [ends[0] + fmpq(part, 2) for part in range(17)]


def test_the_limit_is_where_the_state_stays():
    states = tuple(State(step, fmpq(place), {}) for step, place in enumerate((9, 5, 3, 1, 1)))
    found = verdict._judge_cycle(Run(states, (), (), 3, 64))
    assert (found.word, found.limit, found.evidence) == ("converges", 1, {"fixed_from": 3})
    found = verdict._judge_cycle(Run(states, (), (), 2, 64))
    assert (found.word, found.limit, found.evidence) == ("cycle", None, {})
    assert "after step 2 returns after 2 steps" in found.because


def test_a_rule_is_judged_as_it_is_after_the_steps_that_are_done():
    def turn(last):
        step = f"x - learning_rate*g*where(t <= {last}, 100, 1)"
        return {"parameters": {"learning_rate": {"default": "1/10"}}, "step": {"x'": step}}

    # After 3 steps, of which the third is the last one that goes far.
    for last, word in ((2, "converges"), (3, "converges"), (4, "unknown")):
        found = judge("x^2/2", rule=turn(last), schedule="1/(k + 1)", start="1/3", steps=3)
        assert found.word == word
        found = judge("x^2/2", rule=turn(last), learning_rate="1/10", start="1/3", steps=3)
        assert found.word == word
        assert word == "converges" or "changes with the step count" in found.because
    found = judge("x^2/2", schedule="where(k < 9, 1/3, 1/10)", start="1/3", steps=3)
    assert (found.word, found.evidence) == ("converges", {"shrinks_from": 3})


@pytest.mark.parametrize("slope", [1, -1])
def test_a_way_downhill_begins_after_the_steps_that_are_done(slope):
    def turn(last):
        step = f"x - learning_rate*g*where(t <= {last}, 1, 2)"
        return {"parameters": {"learning_rate": {"default": "1/10"}}, "step": {"x'": step}}

    tent = {"name": "tent", "pieces": [{"on": "(-oo, 0]", "f": "x"}, {"on": "(0, oo)", "f": "-x"}]}
    for last in (4, 5, 6):
        found = judge(tent, rule=turn(last), start=f"{slope}", steps=5, learning_rate="1/10")
        assert found.word == "diverges"
        assert found.evidence["trap_from"] == 5
    hops = "x - learning_rate*g*where(t <= {last}, {first}, 1)"
    for last, first, word in ((5, -1, "diverges"), (6, -1, "unknown"), (5, 0, "diverges"),
                              (6, 0, "unknown")):  # fmt: skip
        rule = {"parameters": {"learning_rate": {"default": "1/10"}},
                "step": {"x'": hops.format(last=last, first=first)}}  # fmt: skip
        found = judge(tent, rule=rule, start=f"{slope}", steps=5, learning_rate="1/10")
        assert found.word == word


def test_ranges_are_spelled_outward():
    with precision(64):
        root = to_ball(fmpq(2)).sqrt()
        low, high = verdict._spell_range(Range(-root, root))
    values = [evaluate(parse(text).tree, {}) for text in (low, high)]
    assert values[0] ** 2 > 2
    assert values[1] ** 2 > 2
    assert values[0] < 0 < values[1]
    assert verdict._spell_range(span(None, "1/3")) == [None, "1/3"]
    assert verdict._spell_range(span("1/3", None)) == ["1/3", None]

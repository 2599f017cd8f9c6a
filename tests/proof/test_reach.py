"""That some run comes so far past a kink, and memories that are told from where the run stands."""

import random

import pytest
from flint import fmpq

from gradiometer import escape
from gradiometer.errors import CertificateError
from gradiometer.formula import precision
from gradiometer.proof import check, find_reach
from gradiometer.proof.check_recentre import recentre
from gradiometer.proof.check_walk import read_replay
from gradiometer.question.course import read_request
from gradiometer.question.escape import read_barrier
from gradiometer.question.value import INFINITY
from proof.mutants import mutants, with_own_fingerprint

RULES = ("sam", "cocob", "dowg", "lars", "prodigy", "schedule_free_adamw")
KINK = fmpq(1)


def problem_of(rule, settings=None):
    request = read_request(
        "x/2", optimizer=rule, schedule=None, settings=settings or {}, start="0", steps=10,
        at_kink=None, free=False,
    )  # fmt: skip
    return request.course.to_problem()


def run_of(replay, start, slopes):
    """The positions under slopes that are given."""
    state, places = replay.begin_at(start), []
    for done, slope in enumerate(slopes):
        state = replay.advance(state, slope, done)
        places.append(state["x"])
    return places


@pytest.fixture(scope="module")
def reached():
    return {rule: reach_of(rule) for rule in RULES}


def reach_of(rule):
    """What is shown of one run, without the long search for a bound of all."""
    request = read_request(
        "barrier", optimizer=rule, schedule=None, settings={}, start="any", steps=10,
        at_kink=None, free=True,
    )  # fmt: skip
    parameter, domain = read_barrier(request, {})
    return find_reach(request.course, parameter=parameter, domain=domain)


@pytest.mark.parametrize("rule", RULES)
def test_a_run_by_hand_comes_as_far_as_is_claimed(reached, rule):
    certificate = reached[rule].certificate
    start = fmpq(*map(int, (certificate["evidence"]["start"] + "/1").split("/")[:2]))
    replay = read_replay(problem_of(rule))
    state = replay.begin_at(start)
    assert start <= KINK
    with precision(512):
        for done in range(certificate["claim"]["step"]):
            state = replay.advance(state, fmpq(-1 if state["x"] <= KINK else 1), done)
        assert state["x"] - KINK >= reached[rule].least > 0


def test_steps_up_the_slope_of_the_sharpness_aware_rule_come_to_six_hundredths():
    # From 1 a step of 1/20 back, then 1/100 on, then 1/20 uphill again.
    answer = escape("barrier", optimizer="sam", start="any")
    between = answer.facts["between"]
    assert between.status == "proved"
    assert between.value.lower == fmpq(6, 100)
    assert between.value.upper == INFINITY
    assert answer.facts["overshoot"].value is None


@pytest.mark.parametrize("rule", ["sam", "cocob"])
def test_no_edit_of_the_claim_is_accepted(reached, rule):
    count = 0
    for path, mutant in mutants(reached[rule].certificate, "claim"):
        with pytest.raises(CertificateError):
            check(mutant)
        count += 1
        assert path
    assert count >= 12


@pytest.mark.parametrize("rule", ["sam", "cocob", "dowg", "lars"])
def test_no_farther_place_or_other_step_or_start_is_accepted(reached, rule):
    certificate, draw = reached[rule].certificate, random.Random(4)
    least = fmpq(*map(int, (certificate["claim"]["least"] + "/1").split("/")[:2]))
    for _ in range(40):
        more = least * (1 + fmpq(draw.randrange(1, 10**6), 10**8))
        claim = {**certificate["claim"], "least": str(more), "barrier": str(more)}
        with pytest.raises(CertificateError):
            check(with_own_fingerprint({**certificate, "claim": claim}))
    for start in ("2", "1000001/1000000", "-1000000", "x"):
        with pytest.raises(CertificateError):
            check(with_own_fingerprint({**certificate, "evidence": {"start": start}}))
    for step in (0, -1, 1, True, "3", 10**9):
        claim = {**certificate["claim"], "step": step}
        with pytest.raises(CertificateError):
            check(with_own_fingerprint({**certificate, "claim": claim}))


@pytest.mark.parametrize("rule", ["sam", "cocob", "dowg", "madgrad", "schedule_free_sgd"])
def test_a_rule_told_from_where_it_stands_makes_the_same_steps(rule):
    replay = read_replay(problem_of(rule))
    centred = recentre(replay)
    assert centred is not replay
    draw = random.Random(rule)
    for start in (fmpq(0), fmpq(1, 3), fmpq(-7, 2)):
        slopes = [fmpq(draw.randrange(-5, 6), 4) or fmpq(1, 4) for _ in range(9)]
        pairs = zip(run_of(replay, start, slopes), run_of(centred, start, slopes), strict=True)
        assert all(abs(one - other) < fmpq(1, 10**12) for one, other in pairs)


def test_a_rule_told_from_where_it_stands_begins_alike_everywhere():
    centred = recentre(read_replay(problem_of("madgrad")))
    begun = [centred.begin_at(fmpq(place)) for place in (-3, 0, 8)]
    assert [{n: v for n, v in state.items() if n != "x"} for state in begun] == [
        {n: v for n, v in begun[0].items() if n != "x"}
    ] * 3


@pytest.mark.parametrize(
    ("rule", "settings"),
    [
        ("cocob", {"weight_decay": "1/10"}),
        ("madgrad", {"weight_decay": "1/10"}),
        ("dog", {}),
        ("schedule_free_sgd", {"weight_decay": "1/2"}),
    ],
)
def test_a_rule_that_knows_where_it_stands_stays_as_it_is(rule, settings):
    replay = read_replay(problem_of(rule, settings))
    assert recentre(replay) is replay


@pytest.mark.parametrize(
    "step",
    [
        {"a'": "a", "x'": "a - g*abs(x)"},
        {"a'": "2*a", "x'": "x - g"},
        {"a'": "a", "x'": "x - g*where(x > 0, 1, 2)"},
        {"a'": "a", "x'": "max(x, 3) - g"},
        {"a'": "a", "x'": "(x + a)/3 - g"},
        {"a'": "a", "x'": "x*a - g"},
        {"a'": "x - a", "x'": "x - g"},
    ],
)
def test_steps_that_depend_on_the_place_are_not_told_apart_from_it(step):
    rule = {"name": "probe", "state": {"a": "x"}, "step": step}
    replay = read_replay(problem_of(rule))
    assert recentre(replay) is replay


@pytest.mark.parametrize(
    "step",
    [
        {"a'": "a", "x'": "x - g*abs(x - a)"},
        {"a'": "(a + x)/2", "x'": "x - g*where(x > a, 1, 2)"},
        {"x'": "max(x, a) - g", "a'": "max(a, x')"},
        {"a'": "min(a, x)", "x'": "(x + a)/2 - g*sqrt((x - a)^2 + 1)"},
    ],
)
def test_steps_that_see_differences_only_are_told_from_the_place(step):
    rule = {"name": "probe", "state": {"a": "x"}, "step": step}
    replay = read_replay(problem_of(rule))
    centred = recentre(replay)
    assert centred is not replay
    slopes = [fmpq(n % 5 - 2, 3) for n in range(8)]
    for start in (fmpq(0), fmpq(-5, 3)):
        pairs = zip(run_of(replay, start, slopes), run_of(centred, start, slopes), strict=True)
        assert all(abs(one - other) < fmpq(1, 10**12) for one, other in pairs)

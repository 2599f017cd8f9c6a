"""Limits of runs whose rate fades: what is read of rates, what is refused, and edits."""

import json
import math
import random

import pytest
from flint import fmpq

import gradiometer
from gradiometer.errors import CertificateError, GradiometerError, UndecidedError
from gradiometer.formula import evaluate, parse, precision, to_ball, to_float
from gradiometer.proof import check, find_settled_step, run_exactly
from gradiometer.proof.check_fade import read_fade
from gradiometer.proof.check_prefix import Prefix
from gradiometer.proof.check_walk import read_replay, spell
from gradiometer.proof.fading import find_fading
from gradiometer.proof.scene import Scene
from gradiometer.question.trajectory import read_run
from proof.mutants import edits, with_own_fingerprint


def prove(
    objective, rule="sgd", schedule="1/(2 + k)", *, start="1/3", steps=40, at_kink=None, **values
):
    """The fate that this prover finds."""
    course = read_run(
        objective, optimizer=rule, schedule=schedule, set=values, start=start, steps=steps,
        at_kink=at_kink, engine=None, noise=None, seed=0,
    ).course  # fmt: skip
    settled = find_settled_step(course)
    fate = find_fading(Scene(course, run_exactly(course, settled_from=settled), settled))
    check(json.loads(json.dumps(fate.certificate)))
    return fate


RATES = {
    "1/(1 + k)": ("-1", 0), "3/sqrt(1 + k)": ("-1/2", 0), "exp(-k/10)": ("0", 0.1),
    "1/(1 + k)^2": ("-2", 0), "2^(-k) + 1/(1 + k)": ("-1", 0), "k*exp(-k)": ("1", 1),
    "1/10*(1/10)^floor(k/30)": ("0", math.log(10) / 30), "k/(k^2 + 1)": ("-1", 0),
    "1/(k^2 - 100*k + 3000)": ("-2", 0), "1/(1 + floor(k/7))": ("-1", 0),
    "min(1/sqrt(k + 1), (k + 1)/100)": ("-1/2", 0), "1/sqrt(k + 1) - 1/(k + 1)": ("-1/2", 0),
    "where(k < 20, k/20, 1/sqrt(k/20))": ("-1/2", 0), "clip(1/(1 + k), 0, 1/2)": ("-1", 0),
    "(1 + k)^(-2/3)*(1 + 1/(k + 1))": ("-2/3", 0), "exp(k)/exp(2*k)": ("0", 1),
}  # fmt: skip


@pytest.mark.parametrize("text", RATES)
def test_a_rate_lies_between_its_bounds(text):
    tree, (power, decay) = parse(text).tree, RATES[text]
    fade = read_fade(tree, {}, 200)
    assert fade.power == fmpq(*map(int, f"{power}/1".split("/")[:2]))
    assert to_float(fade.decay) == pytest.approx(decay)
    with precision(128):
        total = to_ball(fmpq(0))
        for k in [*range(200, 500), 1000, 5000]:
            rate = to_ball(evaluate(tree, {"k": fmpq(k)}))
            shape = to_ball(fmpq(k)) ** to_ball(fade.power) * (-to_ball(fade.decay) * k).exp()
            slack = fmpq(1, 10**12)
            assert fade.low * (1 - slack) * shape < rate * (1 + slack)
            assert rate * (1 - slack) < fade.high * (1 + slack) * shape
            if fade.vanishes:
                assert rate <= fade.most(200) * (1 + slack)
            total += rate if k < 500 else 0
        if fade.is_summable:
            assert total <= fade.sum_from(200) * (1 + slack)
            assert fade.sum_from(200) < 4 * total


def test_sums_are_closed_forms():
    with precision(128):
        geometric = read_fade(parse("(9/10)^k").tree, {}, 10).sum_from(10)
        assert to_float(geometric) == pytest.approx(10 * 0.9**10)
        squares = read_fade(parse("1/k^2").tree, {}, 100).sum_from(100)
        assert sum(1 / k**2 for k in range(100, 10**5)) < to_float(squares) < 0.010051


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("1/((k + 2)*ln(k + 2))", "ln"), ("(1 + cos(k))/(1 + k)", "cos"), ("exp(-sqrt(k))", "line"),
        ("1/(k - 300)", "positive"), ("1/(1 + k) - 1/(2 + k)", "positive"), ("-1/k", "positive"),
        ("where(k > 5000, 1, 1/k)", "branches"), ("0*k", "positive"),
        ("1/k + k*2^(-k/900)", "rise"),
        ("max(1/k, 1/1000)", "max"), ("floor(100/k)/k", "positive"), ("2^(k^2)", "line"),
    ],
)  # fmt: skip
def test_other_rates_are_refused(text, word):
    with pytest.raises(UndecidedError, match=word):
        read_fade(parse(text).tree, {}, 200)


def test_sums_at_the_border_are_told_apart():
    assert read_fade(parse("1/k").tree, {}, 10).is_endless
    barely = read_fade(parse("k^(-101/100)").tree, {}, 10)
    assert barely.is_summable
    assert not barely.is_endless
    assert not read_fade(parse("1/10").tree, {}, 10).vanishes


REFUSED = [
    ("-abs(x)", "sgd", {}), ("-x^2", "sgd", {}), ("x", "sgd", {}), ("x^3", "sgd", {}),
    ("max(0, abs(x) - 1)", "sgd", {}), ("max(x, 0)", "sgd", {}), ("exp(-x)", "sgd", {}),
    ("abs(x)", "sgd", {"momentum": "1"}), ("abs(x)", "sgd", {"momentum": "11/10"}),
    ("abs(x)", "sgd", {"momentum": "9/10", "dampening": "1"}), ("abs(x - 1)", "adamw", {}),
    ("abs(x - 1)", "lion", {"weight_decay": "2"}), ("abs(x)", "adagrad", {}),
    ("abs(x)", "optimistic_gradient_descent", {}),
    ("x^2/2", "adam", {"eps": "0"}), ("abs(x)", "rmsprop", {"centered": "true"}),
]  # fmt: skip


@pytest.mark.parametrize(("objective", "rule", "values"), REFUSED)
def test_nothing_is_proved_of_other_runs(objective, rule, values):
    with pytest.raises((UndecidedError, CertificateError, GradiometerError)):
        prove(objective, rule, **values)


def test_weights_that_shrink_move_the_point_of_rest():
    assert prove("abs(x - 1)", weight_decay="2").limit == fmpq(1, 2)


@pytest.mark.parametrize("schedule", ["1/10", "1/(1 + k) + 1/10", "cos(k)^2/(1 + k)", "cosine"])
def test_rates_that_do_not_fade_prove_nothing(schedule):
    with pytest.raises(UndecidedError):
        prove("abs(x)", schedule=schedule)


def test_a_late_jump_of_the_rate_is_run_through():
    fate = prove("min(abs(x), abs(x - 2))", schedule="where(k == 77, 2, 1/(1 + k))", start="-1/7")
    assert fate.certificate["evidence"]["from"] > 77
    assert fate.limit in (0, 2)
    places = run_by_hand(fate.certificate["problem"], 1500)
    assert abs(places[-1] - to_float(fate.limit)) < 0.01


def run_by_hand(problem, steps):
    """Positions of the run that a problem asks for."""
    with precision(256):
        prefix = Prefix(read_replay(problem))
        prefix.reach(steps)
        return [to_float(state["x"]) for state in prefix.states]


@pytest.mark.parametrize("at_kink", [None, "left", "right"])
def test_a_run_from_the_kink_comes_back_to_it(at_kink):
    assert prove("abs(x)", start="0", at_kink=at_kink).limit == 0


@pytest.mark.parametrize(
    ("objective", "rule", "values", "limit"),
    [
        ("abs(x - 1) + x^2", "sgd", {"momentum": "9/10", "weight_decay": "1/10"}, "10/21"),
        ("abs(x - 1)", "lion", {"weight_decay": "1/10"}, "1"), ("abs(x)", "adamw", {}, "0"),
        ("where(x < 0, -x, x^2)", "adam", {}, "0"), ("x^2/2", "clip(sgd)", {}, "0"),
        ("abs(x)", "rmsprop", {"momentum": "1/2"}, "0"), ("abs(x)", "rmsprop.optax", {}, "0"),
        ("abs(x)", "adam", {"eps": "0"}, "0"), ("x^2/2", "signum", {"beta": "0"}, "0"),
        ("abs(x)", "lion", {"beta1": "0", "beta2": "0"}, "0"), ("abs(x)", "ademamix", {}, "0"),
    ],
)  # fmt: skip
def test_rules_with_memory_come_to_the_point_of_rest(objective, rule, values, limit):
    fate = prove(objective, rule, "1/(10 + k)", start="6/5", **values)
    assert str(fate.limit) == limit
    places = run_by_hand(fate.certificate["problem"], 2000)
    assert max(abs(p - to_float(fate.limit)) for p in places[-50:]) < 0.05


CERTIFIED = [
    ("abs(x)", "sgd", "1/(2 + k)", {"momentum": "9/10"}), ("x^2/2", "adam", "1/(10 + k)", {}),
    ("max(x - 1, (1 - x)/2)", "lion", "1/(10 + k)", {}), ("abs(x)", "sgd", "1/(2 + k)^2", {}),
    ("x^2 - sqrt(2)*x", "sgd", "1/sqrt(9 + k)", {}), ("-x", "sign_sgd", "(9/10)^k", {}),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(CERTIFIED)))
def test_edited_certificates_are_refused_or_still_true(case):
    objective, rule, schedule, values = CERTIFIED[case]
    fate = prove(objective, rule, schedule, **values)
    certificate = json.loads(json.dumps(fate.certificate))
    rng, accepted = random.Random(case), 0
    every = [(part, path, edited) for part in ("problem", "claim", "evidence")
             for path, edited in edits(certificate[part])]  # fmt: skip
    assert len(every) > 100
    for part, path, edited in rng.sample(every, 60):
        forged = with_own_fingerprint({**certificate, part: edited})
        try:
            check(forged)
        except CertificateError:
            continue
        accepted += 1
        assert is_true(forged), (part, path)
    assert accepted < 40


def is_true(certificate):
    """Whether a long run does not contradict the claimed limit."""
    limit, verdict = certificate["claim"]["limit"], certificate["claim"]["verdict"]
    places = run_by_hand(certificate["problem"], 1500)
    if isinstance(limit, list):
        low, high = (to_float(fmpq(*map(int, f"{end}/1".split("/")[:2]))) for end in limit)
        return verdict == "converges" and 2 * low - high < places[-1] < 2 * high - low
    goal = to_float(fmpq(*map(int, limit.split("/")))) if "~" not in limit else float(limit[1:])
    early, late = (max(abs(p - goal) for p in part) for part in (places[:50], places[-50:]))
    return verdict == "converges" and (late < early or late < 1e-9)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x - learning_rate*m'", "x + learning_rate*m'"),
        ("learning_rate*m'", "learning_rate^2*m'"),
        ("learning_rate*m'", "learning_rate*t*m'"),
        ("learning_rate*m'", "learning_rate/t*m'"),
        ("x - learning_rate*m'", "x + 1/10^6 - learning_rate*m'"),
        ("x - learning_rate*m'", "x - learning_rate*m' + 0*(1/(t - 500))"),
        ("learning_rate*m'", "learning_rate*(m' - d)"),
        ("learning_rate*m'", "learning_rate*m'*(1 - x/100)"),
        ("momentum*m", "(1 - 1/t)*m"),
        ("momentum*m", "momentum*m^2"),
        ("momentum*m", "-momentum*m"),
    ],
)
def test_rules_of_another_kind_are_refused(old, new):
    certificate = json.loads(json.dumps(prove("abs(x)", momentum="9/10").certificate))
    step = certificate["problem"]["rule"]["step"]
    # The flags are settled, so that the text is that of plain momentum.
    step[:] = [["d", "g"], ["m'", "momentum*m + d"], ["x'", "x - learning_rate*m'"]]
    check(with_own_fingerprint(certificate))
    for row in step:
        row[1] = row[1].replace(old, new)
    with pytest.raises(CertificateError):
        check(with_own_fingerprint(certificate))


def test_the_answer_has_two_ends_around_a_limit_that_is_not_known():
    answer = gradiometer.trajectory("x", schedule="1/(1 + k)^2", start="0", steps=30)
    bounds = answer.facts["limit_bounds"]
    assert bounds.status == "proved"
    low, high = (float(fmpq(end.value).p) / float(fmpq(end.value).q)
                 for end in (bounds.value.lower, bounds.value.upper))  # fmt: skip
    assert low < -(math.pi**2) / 6 < high
    assert high - low < 0.01


def test_a_limit_that_is_hardly_known_is_refused():
    # Between these places there is a point of rest, but it is not where the digits say.
    certificate = json.loads(json.dumps(prove("x^3 + x^2/2 - x/10").certificate))
    wide = {"rest": ["1/20", "1/10"], "inner": ["1/25", "11/100"], "outer": ["1/100", "1/5"]}
    with precision(256):
        limit = spell(to_ball(fmpq(1, 20)).union(to_ball(fmpq(1, 10))))
    evidence = {**wide, "from": 1000}
    claim = {**certificate["claim"], "limit": limit}
    with pytest.raises(CertificateError, match="well enough"):
        check(with_own_fingerprint({**certificate, "claim": claim, "evidence": evidence}))

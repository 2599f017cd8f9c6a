"""Runs in several variables in exact numbers, and their certificate."""

import copy

import pytest
from flint import arb, fmpq

from gradiometer.errors import CertificateError, DomainError
from gradiometer.formula import precision, to_ball
from gradiometer.model import read_objective, read_optimizer, read_schedule, read_start, settle
from gradiometer.proof import (
    Journey,
    NotRationalError,
    certify_trail,
    check,
    find_settled_step,
    follow,
)
from gradiometer.proof.check import fingerprint


def journey(objective, start, *, rule="sgd", steps=20, schedule=None, **values):
    begin = read_start(start)
    surface = read_objective(
        objective, variables=begin.names or None,
        coordinates=None if begin.names else len(begin.values),
    )  # fmt: skip
    optimizer = read_optimizer(rule)
    settled = settle([optimizer.owner, surface.owner], values)
    plan = read_schedule(schedule) if schedule else None
    if plan is not None:
        del settled["optimizer"]["learning_rate"]
    return Journey(
        optimizer.bind(settled["optimizer"]),
        surface.bind_surface(settled["objective"]),
        begin.arrange(surface.variables),
        steps,
        {} if plan is None else {"learning_rate": plan.bind({})},
    )


def run(course, arithmetic="mixed", **how):
    return follow(course, arithmetic, settled_from=find_settled_step(course), **how)


def test_descent_on_a_quadratic_is_a_product_in_each_coordinate():
    course = journey("sum(c*x^2)/2", "1, 2, -3", c="1, 4, 9", learning_rate="1/7", steps=12)
    trail = run(course, "exact")
    for step, point in enumerate(trail.positions):
        factors = [(1 - fmpq(c, 7)) ** step for c in (1, 4, 9)]
        assert list(point) == [f * x for f, x in zip(factors, (1, 2, -3), strict=True)]


def test_a_schedule_multiplies_the_factors_of_its_rates():
    course = journey("x^2 + 2*y^2", "x=1, y=1", schedule="1/(k + 3)", steps=6)
    x = y = fmpq(1)
    for done in range(6):
        x, y = x * (1 - fmpq(2, done + 3)), y * (1 - fmpq(4, done + 3))
    assert run(course).positions[-1] == (x, y)


def test_each_coordinate_of_a_separable_run_is_a_run_of_its_own():
    both = run(journey("x^4 - x + |y|", "x=1/2, y=1/3", learning_rate="1/10", steps=5), "exact")
    first = run(journey("x^4 - x", "1/2", learning_rate="1/10", steps=5), "exact")
    second = run(journey("|x|", "1/3", learning_rate="1/10", steps=5), "exact")
    assert [p[0] for p in both.positions] == [p[0] for p in first.positions]
    assert [p[1] for p in both.positions] == [p[0] for p in second.positions]


@pytest.mark.parametrize("rule", ["sgd", "adam"])
def test_balls_hold_the_rational_run(rule):
    values = {"eps": "0"} if rule == "adam" else {}
    course = journey("|x| + 2*|y|", "x=5, y=7", rule=rule, learning_rate="1/10", steps=6, **values)
    exact, balls = run(course, "exact"), run(course, "ball")
    assert balls.first_ball == 0
    with precision(1000):
        for point, enclosure in zip(exact.positions, balls.positions, strict=True):
            for number, ball in zip(point, enclosure, strict=True):
                assert ball.overlaps(arb(number))
                assert ball.rad() < 1e-60


def test_a_root_on_the_way_of_a_rational_run_is_named_with_its_step():
    with pytest.raises(NotRationalError) as caught:
        run(journey("x^2 + y^4", "x=1, y=1", rule="adam", learning_rate="1/10"), "exact")
    assert (caught.value.step, caught.value.where) == (2, "`x[0]'` of the rule")


def test_a_chaotic_run_in_balls_ends_where_it_has_no_digits():
    course = journey("(x^2 - 1)^2/4 + y^2", "x=1/3, y=1", learning_rate="3/2", steps=400)
    trail = run(course, "ball", most_bits=256)
    assert trail.undecided
    assert 20 < trail.last < 400
    assert "wide" in trail.ended


def test_more_precision_follows_a_chaotic_run_further():
    course = journey("(x^2 - 1)^2/4 + y^2", "x=1/3, y=1", learning_rate="3/2", steps=120)
    assert not run(course, "ball").undecided


def test_a_cycle_in_two_variables_closes_exactly():
    trail = run(journey("|x| + 2*|y|", "x=1, y=1", learning_rate="3/10", steps=100))
    assert (trail.repeats_from, trail.period) == (3, 2)


def test_a_surface_without_a_value_at_the_start_is_refused():
    with pytest.raises(DomainError, match=r"no value at the start \(0, 1\)"):
        run(journey("1/x + y", "x=0, y=1", learning_rate="1"))


def certify(course, trail, lowest, final):
    certificate = certify_trail(course, trail, lowest=lowest, final=final)
    check(certificate)
    return certificate


COURSES = {
    "rational": journey("x^2 + 10*y^2", "x=1, y=2", learning_rate="1/50", steps=9),
    "balls": journey("rosenbrock", "-6/5, 1", rule="adam", learning_rate="1/10", steps=9),
    "momentum": journey("booth", "0, 0", learning_rate="1/20", momentum="1/2", steps=9),
    "norm": journey(
        "x^2 + 3*y^2", "x=1, y=2", steps=9,
        rule={"name": "unit", "step": {"x'": "x - r*g/norm(g)"}, "parameters": {"r": "1/10"}},
    ),
    "schedule": journey("x^2 + y^2", "x=1, y=2", schedule="1/(k + 3)", steps=9),
    "cycle": journey("|x| + 2*|y|", "x=1, y=1", learning_rate="3/10", steps=90),
}  # fmt: skip


def parts(name):
    course = COURSES[name]
    trail = run(course)
    floats = [float(arb(loss)) for loss in trail.losses]
    final = trail.last
    if trail.repeats_from is not None:
        final = trail.repeats_from + (course.steps - trail.repeats_from) % trail.period
    return course, trail, floats.index(min(floats)), final


@pytest.mark.parametrize("name", COURSES)
def test_the_certificate_of_a_run_is_accepted(name):
    certify(*parts(name))


def changed(certificate, path, value):
    mutant = copy.deepcopy(certificate)
    place = mutant
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    body = (mutant["problem"], mutant["claim"], mutant["evidence"])
    mutant["fingerprint"] = fingerprint(*body)
    return mutant


@pytest.mark.parametrize("name", ["rational", "balls", "momentum", "cycle"])
@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("claim", "lowest_step"), 0),
        (("claim", "lowest"), ["0", "1/1000000"]),
        (("claim", "final", 0), ["1/3", "1/3"]),
        (("claim", "lowest_at", 1), ["1/7", "1/6"]),
        (("claim", "returns"), {"from_step": 2, "period": 3, "points": [[["0", "0"]] * 2] * 3}),
        (("problem", "steps"), 3),
        (("problem", "loss"), "x^2 + y^2"),
        (("problem", "start"), ["1/2", "1/3"]),
        (("problem", "rule", "gradients"), ["g_1", "g_0"]),
        (("evidence",), {"more": 1}),
    ],
)
def test_a_mutant_is_rejected(name, path, value):
    certificate = certify(*parts(name))
    with pytest.raises(CertificateError):
        check(changed(certificate, path, value))


def test_an_enclosure_may_be_wider_but_never_elsewhere():
    certificate = certify(*parts("balls"))
    low, high = (float(fmpq(*map(int, text.split("/")))) for text in certificate["claim"]["lowest"])
    check(changed(certificate, ("claim", "lowest"), ["0", str(int(high) + 1)]))
    with pytest.raises(CertificateError):
        check(changed(certificate, ("claim", "lowest"), ["0", str(fmpq(int(low * 1000), 1001))]))


def test_a_return_under_a_rule_that_still_counts_its_steps_is_no_cycle():
    step = {"x'": "x - where(t < 50, 3/10, 1/7)*g"}
    course = journey("|x| + 2*|y|", "x=1, y=1", rule={"name": "late", "step": step}, steps=40)
    trail = run(course)
    assert trail.repeats_from is None
    lowest = min(range(41), key=lambda step: trail.losses[step])
    certificate = certify(course, trail, lowest, trail.last)
    first = trail.positions[4]
    ends = [[str(number)] * 2 for number in first]
    again = [[str(number)] * 2 for number in trail.positions[5]]
    claim = {"from_step": 4, "period": 2, "points": [ends, again]}
    with pytest.raises(CertificateError, match="still changes"):
        check(changed(certificate, ("claim", "returns"), claim))


def test_names_with_places_are_spelled_apart_from_parameters():
    rule = {
        "name": "mine", "parameters": {"m_0": "1/10"}, "state": {"m": "0"},
        "step": {"m'": "m/2 + g", "x'": "x - m_0*m'"},
    }  # fmt: skip
    course = journey("x^2 + y^2", "x=1, y=2", rule=rule, steps=4)
    trail = run(course)
    certify(course, trail, 4, 4)


def test_precision_of_the_caller_is_left_alone():
    with precision(64):
        run(COURSES["balls"])
        assert to_ball(1).exp().rel_one_accuracy_bits() < 70

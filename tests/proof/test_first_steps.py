"""All starts at once, for rules whose first step or whose step at the kink is another one."""

import pytest
from flint import fmpq

from gradiometer import escape
from gradiometer.errors import CertificateError
from gradiometer.proof import check
from proof.mutants import with_own_fingerprint

TENTH = fmpq(1, 10)
FIRST = {
    # The first memory is the way to 0, and what is remembered leads up any barrier.
    "remembers the start": (
        {"m'": "where(t == 1, abs(x)/100, m)", "x'": "x - g/100 + m'/(1 + m')"},
        lambda x, g, m, t: (x - g / 100 + (m := abs(x) / 100 if t == 1 else m) / (1 + m), m),
        fmpq(-20),
        "past",
    ),
    "throws across 0": (
        {"x'": "where(t == 1, -x, x - g/100)"},
        lambda x, g, m, t: (-x if t == 1 else x - g / 100, m),
        fmpq(-1000),
        "past",
    ),
    "squares": (
        {"x'": "where(t == 1, x^2/10, x - g/100)"},
        lambda x, g, m, t: (x * x / 10 if t == 1 else x - g / 100, m),
        fmpq(-100),
        "past",
    ),
    # From 7/8 two steps of 1/10 lead 3/40 past the kink, and no other run comes there.
    "begins anew": (
        {"x'": "where(t == 1, 7/8, x - g/10)"},
        lambda x, g, m, t: (fmpq(7, 8) if t == 1 else x - g / 10, m),
        fmpq(1, 2),
        "before",
    ),
}


def run_up_wedge(step, x, steps=300):
    """How far a run comes past 1 on slopes of -1 and 1."""
    best, m = -abs(x) - 1, fmpq(0)
    for t in range(1, steps):
        x, m = step(x, fmpq(-1 if x <= 1 else 1), m, t)
        best = max(best, x - 1)
    return best


def ask(step, state=None, **more):
    rule = {"name": "rule", "state": state or {}, "step": step}
    return escape("barrier", optimizer=rule, start="any", **more)


@pytest.mark.parametrize("name", FIRST)
def test_a_first_step_of_its_own_is_seen(name):
    step, by_hand, start, side = FIRST[name]
    state = {"m": "0"} if "m'" in step else {}
    facts = ask(step, state).facts
    assert {facts[n].status for n in ("overshoot", "barrier", "settled")} == {"unknown"}
    # What the later steps alone come to, for which each of these was once taken.
    alone = ask({"x'": step["x'"].split(", ")[-1].rstrip(")")} if "m'" not in step else
                {"x'": "x - g/100"}).facts["overshoot"].value  # fmt: skip
    farthest = run_up_wedge(by_hand, start)
    assert farthest > alone if side == "past" else farthest < alone


def test_steps_that_begin_like_all_others_are_told():
    facts = ask({"m'": "where(t == 1, g, m/2 + g)", "x'": "x - m'/10"}, {"m": "0"}).facts
    # Long run-ups push by 1/5; what is climbed with is 1/5, then 0.
    assert facts["overshoot"].value == facts["settled"].value == fmpq(1, 5)
    # A first step that halves the way to the kink leads each start to another place before it.
    facts = ask({"x'": "where(t == 1, x/2 + 1/2, x - g/10)"}).facts
    assert facts["overshoot"].value == TENTH


JUMPS = ["where(x == 1, x - g/2, x - g/100)", "where(x >= 1, x - g/2, x - g/100)"]


@pytest.mark.parametrize("step", JUMPS)
def test_what_only_the_kink_itself_does_is_no_limit(step):
    # Where a run on the kink meets the slope after it, the longer step never leads up.
    assert ask({"x'": step}, at_kink="left").facts["overshoot"].value == fmpq(1, 2)
    answer = ask({"x'": step}, at_kink="right")
    assert {answer.facts[n].status for n in ("overshoot", "barrier", "reached")} == {"unknown"}


def test_no_certificate_takes_the_kink_for_a_limit():
    certificate = ask({"x'": JUMPS[0]}).certificate
    check(certificate)
    problem = certificate["problem"]
    forged = {**certificate, "problem": {**problem, "run": {**problem["run"], "side": "right"}},
              "claim": {**certificate["claim"], "reached": None, "attained": None}}  # fmt: skip
    with pytest.raises(CertificateError, match="jump"):
        check(with_own_fingerprint(forged))


def test_jumps_elsewhere_leave_the_limit():
    step = {"x'": "where(x == 5, x - g/20, x - g/10)"}
    facts = ask(step, at_kink="right").facts
    assert facts["overshoot"].value == TENTH
    # The second step of a climb jumps as well where it finds the position.
    later = {"m'": "where(t == 1, 1, 0)", "x'": "x - g/10 + where(x == 11/10, g*m, 0)"}
    assert ask(later, {"m": "0"}, at_kink="left").facts["overshoot"].value == 1
    assert ask(later, {"m": "0"}, at_kink="right").facts["overshoot"].status == "unknown"


def test_a_floor_on_the_kink_is_no_run_that_comes_close_to_it():
    # Every first step ends on the kink, where a run meets the slope after it and turns back.
    step = {"x'": "where(t == 1, max(x, 1), x - g/2)"}
    assert ask(step, at_kink="left").facts["overshoot"].value == fmpq(1, 2)
    assert ask(step, at_kink="right").facts["overshoot"].status == "unknown"


def test_a_limit_that_comes_back_to_the_kink_exactly_is_followed_on():
    step = {"m'": "-m/2 + g", "n'": "m", "x'": "x + (m - n)/5 - g/10"}
    assert ask(step, {"m": "0", "n": "0"}).facts["settled"].status == "unknown"
    tops = set()
    for steps in (20, 21):
        # A run-up of so many steps that stands on the kink, followed while it is past it.
        m = n = fmpq(0)
        for _ in range(steps):
            m, n = -m / 2 - 1, m
        x, best = 1 + (m - n) / 5 + TENTH, fmpq(0)
        m, n = -m / 2 - 1, m
        while x > 1:
            best = max(best, x - 1)
            x, m, n = x + (m - n) / 5 - TENTH, -m / 2 + 1, m
        tops.add(round(float(best), 4))
    assert tops == {0.1, 0.3}
    assert ask({"x'": "x - g/10"}).facts["settled"].value == TENTH


def test_a_late_step_of_its_own_is_no_crash_and_no_bound():
    facts = ask({"x'": "where(t == 30000, x + 1, x - g/100)"}).facts
    assert facts["overshoot"].status == "unknown"
    assert "climb" in facts["overshoot"].because

"""How far momentum alone leads on, and that nothing is claimed where slopes lead on too."""

import math
import random

import pytest
from flint import fmpq

from gradiometer import escape
from gradiometer.errors import CertificateError
from gradiometer.formula import Range, at_point, to_float
from gradiometer.proof import check
from gradiometer.proof.check_carry import read_carry
from gradiometer.proof.check_coast import find_coast
from gradiometer.proof.check_walk import read_replay
from gradiometer.question.course import read_request
from gradiometer.question.value import INFINITY
from proof.mutants import mutants, with_own_fingerprint

SUM = {"s'": "s + g^2"}
FADING = {**SUM, "m'": "9/10*m + g/sqrt(s')", "x'": "x - m'/5"}
STATE = {"s": "0", "m": "0"}


def carry_of(step, state):
    rule = {"name": "probe", "state": state, "step": step}
    request = read_request(
        "abs(x)", optimizer=rule, schedule=None, settings={}, start="0", steps=10,
        at_kink=None, free=False,
    )  # fmt: skip
    return read_carry(read_replay(request.course.to_problem()), 1, (fmpq(-1), fmpq(1)))


def farthest(step, lengths, *, after=400):
    """How far runs of a momentum rule pass the kink at 1, stepping from the kink itself."""
    best, state, spans = 0.0, (0.0, 0.0), max(lengths)
    for t in range(1, spans + 1):
        here, memory = 1.0, state
        for count in range(after):
            g = -1.0 if here <= 1.0 else 1.0
            push, memory = step(memory, g, t + count)
            here += push
            best = max(best, here - 1.0)
        _, state = step(state, -1.0, t)
    return best


def by_hand(memory, g, t):
    s, m = memory
    s += g * g
    m = 0.9 * m + g / math.sqrt(s)
    return -m / 5, (s, m)


def test_momentum_of_a_fading_rule_is_found():
    coast = find_coast(carry_of(FADING, STATE))
    assert coast is not None
    assert (coast.name, coast.pull, coast.share) == ("m", fmpq(-1, 5), fmpq(9, 10))
    box = {"s": Range(fmpq(4), None), "m": Range(fmpq(-2), fmpq(3))}
    # 1/5*(9/10 + 81/100 + …)*2 is 18/5.
    assert coast.most(box) == fmpq(18, 5)
    assert coast.most({**box, "m": Range(fmpq(0), fmpq(3))}) == 0
    for slope, slows in ((1, True), (-1, False)):
        known = {"s'": Range(fmpq(4), None), "g": at_point(fmpq(slope))}
        assert coast.slows(known) is slows


@pytest.mark.parametrize(
    "change",
    [
        {"x'": "x - m'/5 - g/100"},
        {"x'": "x - m'/5 - m/5"},
        {"x'": "x*9/10 - m'/5"},
        {"x'": "x - m'/5 + 1/9"},
        {"x'": "x - abs(m')"},
        {"x'": "x - m'*s'"},
        {"m'": "11/10*m + g/sqrt(s')"},
        {"m'": "m + g/sqrt(s')"},
        {"m'": "g/sqrt(s') - 1/2*m"},
        {"m'": "max(m, 1)*9/10 + g/sqrt(s')"},
        {"m'": "9/10*m*s' + g"},
    ],
)
def test_other_rules_have_none(change):
    assert find_coast(carry_of({**FADING, **change}, STATE)) is None


def test_supremum_of_a_rule_with_fading_steps_is_that_of_a_brute_force():
    answer = escape("barrier", optimizer="sm3", start="any")
    found = 0.0

    def step(memory, g, t):
        s, m = memory
        s += g * g
        m = 0.9 * m + 0.1 * g / math.sqrt(s + 1e-8)
        return -0.1 * m, (s, m)

    found = farthest(step, range(1, 60))
    assert to_float(answer.facts["overshoot"].value) == pytest.approx(found, rel=1e-9)
    certificate = answer.certificate
    draw = random.Random(3)
    low = fmpq(*map(int, certificate["claim"]["overshoot"][1].split("/")))
    for _ in range(3):
        shifted = str(low * (1 + fmpq(draw.randrange(-(10**6), -1), 10**9)))
        claim = {**certificate["claim"], "overshoot": [shifted, shifted]}
        with pytest.raises(CertificateError):
            check(with_own_fingerprint({**certificate, "claim": claim}))


@pytest.mark.parametrize(
    "momentum",
    [
        "9/10*m - abs(g)/sqrt(s')",
        pytest.param("9/10*m - abs(g)/s'", marks=pytest.mark.slow),
        pytest.param("9/10*m + where(g < 0, g, g - 11/10)/sqrt(s')", marks=pytest.mark.slow),
    ],
    ids=["roots", "sums", "a little"],
)
def test_slopes_that_lead_on_uphill_leave_it_open(momentum):
    # These run on without end: their steps fade as 1/sqrt(t) or 1/t, which has no finite sum.
    rule = {"name": "probe", "state": STATE, "step": {**FADING, "m'": momentum}}
    facts = escape("barrier", optimizer=rule, start="any").facts
    assert facts["overshoot"].status == "unknown"
    assert facts["between"].value is None or facts["between"].value.upper == INFINITY


@pytest.mark.slow
def test_no_edit_of_the_evidence_claims_less():
    rule = {"name": "probe", "state": STATE, "step": FADING}
    answer = escape("barrier", optimizer=rule, start="any")
    overshoot = answer.facts["overshoot"]
    assert overshoot.status == "proved"
    assert to_float(overshoot.value) == pytest.approx(farthest(by_hand, range(1, 60)), rel=1e-9)
    count = 0
    for _, mutant in mutants(answer.certificate, "claim"):
        if mutant["claim"].get("settled", 0) is None:
            continue
        with pytest.raises(CertificateError):
            check(mutant)
        count += 1
        if count == 6:
            break
    assert count == 6

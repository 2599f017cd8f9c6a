"""`escape` over all starts for rules whose steps read the position or change with the count."""

import json

import numpy as np
import pytest
from flint import fmpq

from gradiometer import escape
from gradiometer.errors import CertificateError
from gradiometer.formula import to_float
from gradiometer.proof import check
from proof.mutants import with_own_fingerprint

LENGTHS = np.unique([*range(1, 120), *np.geomspace(120, 20_000, 60).astype(int)])
PHASES = np.concatenate([[1e-13, 1e-6], np.linspace(1e-3, 0.999, 68)])
assert len(LENGTHS) * len(PHASES) >= 10_000


def adopt(x, g, s, t):
    bound = (t - 1) ** 0.25
    d = np.clip(g / np.maximum(np.sqrt(s.get("v", 0.0)), 1e-6), -bound, bound)
    m = np.where(t == 1, 0.0, 0.9 * s.get("m", 0.0) + 0.1 * d)
    v = np.where(t == 1, g * g, 0.9999 * s.get("v", 0.0) + 0.0001 * g * g)
    return x - 0.001 * m, {"m": m, "v": v}


def yogi(x, g, s, t):
    v = s.get("v", 1e-6)
    v = v - 0.001 * np.sign(v - g * g) * g * g
    m = 0.9 * s.get("m", 0.0) + 0.1 * g
    return x - 0.01 * m / (np.sqrt(v) + 0.001), {"m": m, "v": v}


def adafactor(x, g, s, t):
    v = s.get("v", 0.0)
    v = v + t**-0.8 * (g * g - v)
    u = g / np.sqrt(v)
    length = np.maximum(0.001, np.abs(x)) * np.minimum(0.01, 1 / np.sqrt(t))
    return x - length * u / np.maximum(1, np.abs(u)), {"v": v}


def fromage(x, g, s, t):
    ratio = np.maximum(np.abs(x), 1e-6) / np.maximum(np.abs(g), 1e-6)
    return (x - 0.01 * ratio * g) / np.sqrt(1.0001), {}


def asgd(x, g, s, t):
    rate = s.get("rate", 0.01)
    return x * (1 - 1e-4 * rate) - rate * g, {"rate": 0.01 / (1 + 1e-6 * t) ** 0.75}


def lamb(x, g, s, t):
    m = 0.9 * s.get("m", 0.0) + 0.1 * g
    v = 0.999 * s.get("v", 0.0) + 0.001 * g * g
    u = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-6)
    ratio = np.where((x != 0) & (u != 0), np.abs(x) / np.abs(u), 1.0)
    return x - 0.001 * ratio * u, {"m": m, "v": v}


def sm3(x, g, s, t):
    r = s.get("r", 0.0) + g * g
    m = 0.9 * s.get("m", 0.0) + 0.1 * g / np.sqrt(r + 1e-8)
    return x - 0.1 * m, {"m": m, "r": r}


def adadelta(x, g, s, t):
    v, u = 0.9 * s.get("v", 0.0) + 0.1 * g * g, s.get("u", 0.0)
    d = np.sqrt(u + 1e-6) / np.sqrt(v + 1e-6) * g
    return x - d, {"v": v, "u": 0.9 * u + 0.1 * d * d}


RULES = {r.__name__: r for r in (adopt, yogi, adafactor, fromage, asgd, lamb, sm3)}


def landscape(fall, rise):
    """A run-up of slope -fall to the kink at 1, a climb of slope rise, a descent."""
    return {
        "name": "wedge",
        "parameters": {"h": {"default": "1", "domain": "(0, oo)", "barrier": True}},
        "pieces": [
            {"on": "(-oo, 1]", "f": f"{fall}*(1 - x)"},
            {"on": "(1, 1 + h]", "f": f"{rise}*(x - 1)"},
            {"on": "(1 + h, oo)", "f": f"{rise}*(1 + 2*h - x)"},
        ],
    }


def farthest(rule, fall, rise):
    """How far the farthest of all runs passes the kink, over lengths and phases of run-ups."""
    wanted, memory, states = set(LENGTHS.tolist()), {}, {}
    for t in range(1, max(wanted) + 1):
        stride = rule(1.0, -fall, memory, t)[0] - 1.0
        if t in wanted:
            states[t] = stride, memory
        memory = rule(1.0, -fall, memory, t)[1]
    names = set(memory)
    t = np.repeat(list(states), len(PHASES))
    x = np.concatenate([1.0 - PHASES * stride for stride, _ in states.values()])
    memory = {
        name: np.repeat([row[name] for t0, (_, row) in states.items() if t0 > 1], len(PHASES))
        for name in names
    }
    begun = {
        name: np.concatenate([np.full(len(PHASES), np.nan), column])
        for name, column in memory.items()
    }
    x_first, first = rule(x[: len(PHASES)], -fall, {}, 1)
    rest = {name: column[len(PHASES) :] for name, column in begun.items()}
    x_rest, after = rule(x[len(PHASES) :], -fall, rest, t[len(PHASES) :])
    x = np.concatenate([x_first, x_rest])
    memory = {n: np.concatenate([np.broadcast_to(first[n], len(PHASES)), after[n]]) for n in names}
    t, best = t + 1, x.max()
    for _ in range(150):
        x, memory = rule(x, np.where(x <= 1.0, -fall, rise), memory, t)
        t, best = t + 1, max(best, x.max())
    return best - 1.0


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("slopes", [(1.0, 1.0), pytest.param((0.5, 0.75), marks=pytest.mark.slow)])
def test_supremum_is_that_of_a_brute_force(name, slopes):
    facts = escape(landscape(*slopes), optimizer=name, start="any").facts
    found = farthest(RULES[name], *slopes)
    if facts["overshoot"].value is not None:
        assert to_float(facts["overshoot"].value) == pytest.approx(found, rel=1e-6)
        assert found <= to_float(facts["overshoot"].value) * (1 + 1e-9)
    elif facts["between"].value is not None:
        assert found <= to_float(facts["between"].value.upper) * (1 + 1e-9)
    else:
        assert slopes != (1.0, 1.0)


def test_steps_that_grow_for_millions_of_steps_come_to_those_of_a_brute_force():
    # The mean square of the steps comes to 1 with a share of about 1e-7 at each step.
    overshoot = escape("barrier", optimizer="adadelta", start="any").facts["overshoot"]
    assert to_float(overshoot.value) == pytest.approx(1, abs=1e-15)
    last = 0.0
    for square in (1e-3, 0.5, 1 - 1e-6, 1.0):
        memory = {"v": np.ones(10_000), "u": np.full(10_000, square)}
        phases = np.linspace(0, 1, 10_000) * np.sqrt((square + 1e-6) / (1 + 1e-6))
        x = 1.0 - phases
        best = x.max()
        for t in range(10**8, 10**8 + 60):
            x, memory = adadelta(x, np.where(x <= 1.0, -1.0, 1.0), memory, t)
            best = max(best, x.max())
        assert last < best - 1 <= 1 + 1e-12
        last = best - 1
    assert last == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c["evidence"]["tail"].update(m=["-1/2", "1/2"]),
        lambda c: c["evidence"].update(crowd=0),
        lambda c: c["evidence"].update(cuts={"x": ["1/2"]}),
        lambda c: c["claim"].update(after=20),
        lambda c: c["claim"].update(reached=False),
        lambda c: c["claim"].update(overshoot=["7/1000", "7/1000"]),
    ],
    ids=["narrow", "none", "place", "other", "open", "short"],
)
def test_forged_certificates_are_refused(change):
    answer = escape("barrier", optimizer="lamb", start="any")
    certificate = json.loads(json.dumps(answer.certificate))
    check(certificate)
    change(certificate)
    with pytest.raises(CertificateError):
        check(with_own_fingerprint(certificate))


def test_a_step_that_throws_positions_across_is_left_open():
    answer = escape("barrier", optimizer="fromage", set={"learning_rate": "2"}, start="any")
    assert answer.facts["overshoot"].status == "unknown"


@pytest.mark.slow
def test_an_eps_of_zero_has_no_bound_where_the_spread_fades():
    settings = {"eps": "0", "eps_root": "0"}
    answer = escape("barrier", optimizer="adabelief", set=settings, start="any")
    assert answer.facts["overshoot"].status == "unknown"


MEAN = {"m'": "9/10*m + 1/10*g"}
UNREAD = {
    "unread": {**MEAN, "u": "ln(x + 5)", "x'": "x - 4*m'"},
    "of the new place": {**MEAN, "x'": "x - 4*m'", "u": "ln(x' + 5)"},
    "in a branch": {**MEAN, "u": "ln(x + 5)", "x'": "where(x < 9, x - 4*m', u)"},
}


@pytest.mark.parametrize("name", UNREAD)
def test_starts_from_which_an_assignment_has_no_value_count_for_nothing(name):
    # Nobody comes from farther than -5, whence two steps of 2/5 and 19/25 and so on lead to the
    # kink; with ever longer run-ups it would be 1717031/125000.
    def run(step):
        rule = {"name": "rule", "state": {"m": "0"}, "step": step}
        return escape(landscape(1, 1), optimizer=rule, start="any").facts

    free = run({**MEAN, "x'": "x - 4*m'"})
    assert free["settled"].value == free["overshoot"].value == fmpq(1717031, 125000)
    facts = run(UNREAD[name])
    assert facts["overshoot"].status == facts["settled"].status == "unknown"


def test_a_floor_is_reached_from_before_the_kink():
    # Whoever stands before the kink is put on 3, so that the supremum is reached at once.
    rule = {"name": "rule", "step": {"x'": "where(g < 0, max(x - g/10, 3), x - g/10)"}}
    left, right = (
        escape(landscape(1, 1), optimizer=rule, start="any", at_kink=side).facts
        for side in ("left", "right")
    )
    assert left["overshoot"].value == right["overshoot"].value == 2
    assert left["reached"].value is True
    assert right["reached"].status == right["attained"].status == "unknown"

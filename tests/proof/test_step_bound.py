"""The largest step of a rule over all gradients: proved, reached, and not to be forged."""

import copy
import json
import math
import random

import pytest
from flint import fmpq

from gradiometer import stability
from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.model import read_optimizer, settle
from gradiometer.proof import check, find_step_bound, fingerprint


def rule_of(name, **values):
    optimizer = read_optimizer(name)
    numbers = settle([optimizer.owner], values)["optimizer"]
    return optimizer.bind({n: v for n, v in numbers.items() if n != "learning_rate"})


def bound_of(name, **values):
    found = find_step_bound(rule_of(name, **values))
    return None if found.square is None else math.sqrt(int(found.square.p) / int(found.square.q))


@pytest.mark.parametrize(
    ("beta1", "beta2", "wanted"),
    [("0.9", "0.999", 7.2702918), ("0.9", "0.95", 1.1649647), ("0.95", "0.99", 1.6818357)],
)
def test_adam_can_step_farther_than_its_paper_says(beta1, beta2, wanted):
    a, c = float(beta1), float(beta2)
    found = bound_of("adam", beta1=beta1, beta2=beta2)
    assert found == pytest.approx((1 - a) / math.sqrt((1 - c) * (1 - a * a / c)), rel=1e-12)
    assert found == pytest.approx(wanted, abs=1e-6)
    assert found > max(1, (1 - a) / math.sqrt(1 - c)) or found > 1


@pytest.mark.parametrize(
    ("name", "values", "wanted"),
    [
        ("rmsprop", {}, 10), ("rmsprop", {"alpha": "3/4"}, 2), ("adagrad", {}, 1),
        ("sign_sgd", {}, 1), ("lion", {}, 1), ("signum", {}, 1),
        ("adam", {"beta1": "0", "beta2": "0"}, 1), ("adam", {"beta1": "9/10", "beta2": "9/10"}, 1),
        ("sgd", {}, None), ("sgd", {"momentum": "9/10", "nesterov": "1"}, None),
        # Old gradients are forgotten more slowly above the line than below it.
        ("adam", {"beta1": "99/100", "beta2": "9/10"}, None),
        ("adam", {"beta1": "9/10", "beta2": "81/100"}, None),
        ("amsgrad", {}, 7.270291799999699), ("adam", {"amsgrad": "1"}, 7.270291799999699),
        ("amsgrad", {"bias_correction_mu": "0", "bias_correction_nu": "0"}, 7.270291799999699),
        ({"name": "own", "parameters": {"learning_rate": {"default": "1"}}, "state": {"v": "0"},
          "step": {"v'": "v/2 + 3*g^2", "x'": "x - learning_rate*g/sqrt(v')"}}, {}, 3**-0.5),
        ({"name": "late", "parameters": {"learning_rate": {"default": "1"}}, "state": {"v": "1"},
          "step": {"v'": "v/2 + g^2/2", "x'": "x - learning_rate*g/sqrt(v)"}}, {}, None),
    ],
)  # fmt: skip
def test_the_largest_step_of_a_rule(name, values, wanted):
    found = bound_of(name, **values)
    assert found == (None if wanted is None else pytest.approx(wanted, rel=1e-12))


def run(step_of, gradients):
    """The last step over the rate, with floats."""
    state, step = {}, 0.0
    for t, g in enumerate(gradients, 1):
        state, step = step_of(state, g, t)
    return abs(step)


def step_adam(a, c, *, largest=False, corrects=True):
    def step(state, g, t):
        m, v, u = state or (0.0, 0.0, 0.0)
        m, v = a * m + (1 - a) * g, c * v + (1 - c) * g * g
        u = max(u, v) if largest else v
        first, second = ((1 - a**t), (1 - c**t)) if corrects else (1, 1)
        return (m, v, u), (m / first) / math.sqrt(u / second)

    return step


CASES = [(0.9, 0.95), (0.5, 0.3), (0.7, 0.9), (0.3, 0.2), (0.9, 0.9), (0.2, 0.05)]


@pytest.mark.parametrize(("a", "c"), CASES)
@pytest.mark.parametrize("corrects", [True, False])
def test_no_gradients_lead_farther_and_some_come_close(a, c, corrects):
    flags = {"bias_correction_mu": int(corrects), "bias_correction_nu": int(corrects)}
    name, flags = ("adam", {}) if corrects else ("amsgrad", flags)
    text = {"beta1": str(a), "beta2": str(c)}
    try:
        found = find_step_bound(rule_of(name, **text, **flags))
    except UndecidedError:
        # AMSGrad, where the worst gradients shrink.
        assert a > c
        assert name == "amsgrad"
        return
    bound = math.sqrt(int(found.square.p) / int(found.square.q))
    step = step_adam(a, c, largest=not corrects, corrects=corrects)
    draw = random.Random(7)
    for _ in range(1500):
        count, spread = draw.randint(1, 40), draw.choice([0, 1, 3, 8])
        gradients = [draw.gauss(0, 1) * 10 ** draw.uniform(-spread, spread) for _ in range(count)]
        assert run(step, gradients) <= bound * (1 + 1e-9)
    worst = [(c / a) ** (k - 60) for k in range(120)]
    assert run(step, worst) == pytest.approx(bound, rel=2e-3)


def test_the_gradients_that_are_shown_reach_what_is_said():
    found = find_step_bound(rule_of("adam", beta2="0.95"))
    assert found.growth == fmpq(19, 18)
    ratios = {b / a for a, b in zip(found.gradients, found.gradients[1:], strict=False)}
    assert ratios == {fmpq(19, 18)}
    floats = [int(g.p) / int(g.q) for g in found.gradients]
    reached = int(found.reached.p) / int(found.reached.q)
    assert run(step_adam(0.9, 0.95), floats) == pytest.approx(reached, rel=1e-9)
    assert reached > 1.13


@pytest.mark.parametrize("name", ["yogi", "adafactor", "fromage", "momo", "lamb"])
def test_a_rule_of_another_shape_is_left_open_with_a_reason(name):
    with pytest.raises(UndecidedError, match=r"\w"):
        find_step_bound(rule_of(name))


def seal(certificate):
    parts = (certificate[key] for key in ("problem", "claim", "evidence"))
    return certificate | {"fingerprint": fingerprint(*parts)}


FORGED = [
    ("claim", "square", "52"), ("claim", "square", None), ("claim", "attained", True),
    ("claim", "growth", "10/9"), ("claim", "growth", None), ("claim", "reached", "2"),
    ("claim", "reached", None), ("claim", "gradients", []), ("claim", "gradients", ["1"]),
    ("evidence", "kinds", {"m": "square", "v": "square"}), ("evidence", "kinds", {}),
]  # fmt: skip


@pytest.mark.parametrize(("part", "key", "value"), FORGED)
def test_a_forged_certificate_is_refused(part, key, value):
    certificate = json.loads(json.dumps(find_step_bound(rule_of("adam")).certificate))
    check(certificate)
    certificate[part][key] = value
    with pytest.raises(CertificateError):
        check(seal(certificate))


@pytest.mark.parametrize(
    ("old", "new"),
    [("beta2*v", "beta2*v/2"), ("beta1^t", "beta2^t"), ("d^2", "d^4"), ("- learning_rate", "- 2"),
     ("sqrt(", "("), ("d^2", "(d - m)^2"), ("m'/", "m/"), ("+ (1 - beta1)*d", "+ g*d")],
)  # fmt: skip
def test_the_bound_of_another_rule_is_refused(old, new):
    certificate = json.loads(json.dumps(find_step_bound(rule_of("adam")).certificate))
    lines = certificate["problem"]["rule"]["step"]
    changed = copy.deepcopy(lines)
    for row in changed:
        row[1] = row[1].replace(old, new)
    certificate["problem"]["rule"]["step"] = changed
    assert changed != lines
    with pytest.raises(CertificateError):
        check(seal(certificate))


def test_the_largest_mean_must_be_that_of_the_rule():
    """The largest square so far is no mean: the bound of the quotient is not known."""
    odd = {"name": "odd", "parameters": {"learning_rate": {"default": "1"}},
           "state": {"m": "0", "u": "0"},
           "step": {"m'": "m/2 + g/2", "u'": "max(u, g^2)",
                    "x'": "x - learning_rate*m'/sqrt(u')"}}  # fmt: skip
    with pytest.raises(UndecidedError):
        find_step_bound(rule_of(odd))


def test_stability_says_it_beside_the_safe_rates():
    facts = stability("x^2/2", optimizer="adam", set={"eps": "1/10", "beta2": "0.95"}).facts
    assert facts["step_bound"].status == facts["worst_gradients"].status == "proved"
    assert float(facts["step_bound"].value) == pytest.approx(1.1649647, abs=1e-6)
    assert facts["worst_gradients"].value["growth"] == fmpq(19, 18)
    assert stability("x^2/2").facts["step_bound"].value.sign == 1
    open_fact = stability("x^2/2", optimizer="yogi", set={"eps": "1/10"}).facts["step_bound"]
    assert open_fact.status == "unknown"
    assert "sign(v - g^2)" in open_fact.because

"""`escape` over all starts against a brute force over the phases, in code of its own."""

from itertools import product

import numpy as np
import pytest

from gradiometer import escape
from gradiometer.formula import to_float

KINK = 1.0
LENGTHS = np.unique([*range(1, 90), *np.geomspace(90, 40_000, 80).astype(int)])
PHASES = np.concatenate([[1e-13, 1e-6], np.linspace(1e-3, 0.999, 62)])
assert len(LENGTHS) * len(PHASES) >= 10_000


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


def sgd(g, s, t, lr, *, momentum=0.0, dampening=0.0, nesterov=0):
    m = np.where(t == 1, g, momentum * s.get("m", 0.0) + (1 - dampening) * g)
    d = g + momentum * m if nesterov else m if momentum else g
    return -lr * d, {"m": m}


def adam(g, s, t, lr, *, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0):
    m = beta1 * s.get("m", 0.0) + (1 - beta1) * g
    v = beta2 * s.get("v", 0.0) + (1 - beta2) * g * g
    push = -lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return push, {"m": m, "v": v}


def rmsprop(g, s, t, lr, *, alpha=0.99, eps=1e-8, momentum=0.0):
    v = alpha * s.get("v", 0.0) + (1 - alpha) * g * g
    b = momentum * s.get("b", 0.0) + g / (np.sqrt(v) + eps)
    return -lr * b, {"v": v, "b": b}


def lion(g, s, t, lr, *, beta1=0.9, beta2=0.99):
    m = s.get("m", 0.0)
    return -lr * np.sign(beta1 * m + (1 - beta1) * g), {"m": beta2 * m + (1 - beta2) * g}


def sign_sgd(g, s, t, lr):
    return -lr * np.sign(g), {}


def signum(g, s, t, lr, *, beta=0.9):
    m = beta * s.get("m", 0.0) + (1 - beta) * g
    return -lr * np.sign(m), {"m": m}


def adagrad(g, s, t, lr, *, eps=1e-10):
    total = s.get("s", 0.0) + g * g
    return -lr * g / (np.sqrt(total) + eps), {"s": total}


def farthest(rule, fall, rise, settings):
    """How far the farthest of all runs passes the kink, over lengths and phases of run-ups."""
    factor = 1 - settings["lr"] * settings.get("weight_decay", 0.0)
    wanted, memory, last = set(LENGTHS.tolist()), {}, []
    for t in range(1, max(wanted) + 1):
        push, after = rule(-fall, memory, t, **settings)
        if t in wanted:
            last.append((push + (factor - 1) * KINK, memory))
        memory = after
    # Each run stands before the kink by a part of its next step, the memory as it is by then.
    x = np.concatenate([KINK - PHASES * stride / factor for stride, _ in last])
    names = set(last[-1][1])
    memory = {n: np.repeat([row.get(n, 0.0) for _, row in last], len(PHASES)) for n in names}
    t, best = np.repeat(LENGTHS, len(PHASES)), -np.inf
    for _ in range(260):
        push, memory = rule(np.where(x <= KINK, -fall, rise), memory, t, **settings)
        x, t = factor * x + push, t + 1
        best = max(best, x.max())
    return best - KINK


CASES = [
    ("sgd", sgd, {"lr": 0.1}),
    ("sgd", sgd, {"lr": 0.1, "momentum": 0.9}),
    ("sgd", sgd, {"lr": 0.1, "momentum": 0.8, "dampening": 0.5}),
    ("sgd", sgd, {"lr": 0.1, "momentum": 0.9, "nesterov": 1}),
    ("adam", adam, {"lr": 0.1}),
    ("adam", adam, {"lr": 0.1, "beta1": 0.5, "beta2": 0.9, "eps": 0.001}),
    ("adamw", adam, {"lr": 0.1, "weight_decay": 0.01}),
    ("adamw", adam, {"lr": 0.01, "weight_decay": 0.5, "beta1": 0.8}),
    ("rmsprop", rmsprop, {"lr": 0.1}),
    ("rmsprop", rmsprop, {"lr": 0.1, "alpha": 0.9, "eps": 0.01}),
    ("lion", lion, {"lr": 0.1}),
    ("lion", lion, {"lr": 0.1, "beta1": 0.5, "beta2": 0.8}),
    ("sign_sgd", sign_sgd, {"lr": 0.1}),
    ("signum", signum, {"lr": 0.1}),
    ("adagrad", adagrad, {"lr": 0.1}),
]
SLOPES = [(1.0, 1.0), (1.0, 3.0), (0.5, 0.75)]


def settings_of(numbers):
    names = {"lr": "learning_rate"}
    return {names.get(name, name): repr(value) for name, value in numbers.items()}


@pytest.mark.parametrize(("case", "slopes"), [*product(CASES, SLOPES)])
def test_supremum_is_that_of_a_brute_force(case, slopes):
    name, rule, numbers = case
    answer = escape(landscape(*slopes), optimizer=name, set=settings_of(numbers), start="any")
    fact = answer.facts["overshoot"]
    assert fact.status == "proved"
    expected = farthest(rule, *slopes, numbers)
    assert to_float(fact.value) == pytest.approx(expected, rel=1e-9)
    assert answer.facts["barrier"].status == "proved"
    assert answer.facts["attained"].value is False


@pytest.mark.parametrize(("fall", "rise"), [(3.0, 1.0), (2.0, 0.25)])
@pytest.mark.parametrize("index", [0, 1, 2, 3, 8, 10, 11, 12, 13, 14])
def test_supremum_on_a_steeper_run_up_is_that_of_a_brute_force(index, fall, rise):
    name, rule, numbers = CASES[index]
    answer = escape(landscape(fall, rise), optimizer=name, set=settings_of(numbers), start="any")
    expected = farthest(rule, fall, rise, numbers)
    assert to_float(answer.facts["overshoot"].value) == pytest.approx(expected, rel=1e-9)

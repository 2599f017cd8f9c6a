"""Random runs on smooth landscapes, and the same runs by hand with many digits."""

import random
from collections import Counter

from flint import arb

from gradiometer.formula import from_decimal, precision, to_ball
from gradiometer.question.trajectory import trajectory

BITS = 160
"""Working precision of the runs by hand; they keep the middle of each ball."""


PLAIN = ("plain", "plain", "momentum", "nesterov")
ADAPTIVE = ("rmsprop", "rmsprop", "rmsprop", "adam", "adamw")
REMEMBERING = ("adagrad", "yogi", "radam")
"""Kinds of rules, as often as they are drawn."""


def grid(rng, low, high, parts):
    """A rational between the two ends, as text."""
    return f"{rng.randint(round(low * parts), round(high * parts))}/{parts}"


def draw_landscape(rng):
    """The formula and its slope as a function of balls."""
    a, b = grid(rng, 0, 1.5, 40), grid(rng, -0.5, 0.5, 40)
    s, t = map(from_decimal, (a, b))
    return rng.choice(
        [
            ("double_well", lambda x: x**3 - x),
            ("x^4/4 + x^2/20", lambda x: x**3 + x / 10),
            ("x^6/6 + x^2/10", lambda x: x**5 + x / 5),
            (f"x^4/4 - ({a})*x^2/2 + ({b})*x", lambda x: x**3 - s * x + t),
            (f"x^2/2 + ({a})*cos(2*x)", lambda x: x - 2 * s * (2 * x).sin()),
            ("washboard", lambda x: x.sin() + from_decimal("1/10")),
            ("softplus(x) + softplus(-2*x) + x^2/5", _logistic),
            ("e^x + e^(-2*x)", lambda x: x.exp() - 2 * (-2 * x).exp()),
        ]
    )


def _logistic(x):
    return 1 / (1 + (-x).exp()) - 2 / (1 + (2 * x).exp()) + 2 * x / 5


def draw_rule(rng, kinds):
    """The name of a rule, its settings, and its step by hand."""
    kind = rng.choice(kinds)
    rate = rng.choice([0.05, 0.2, 0.5, 0.9, 1.1, 1.4])
    settings = {"learning_rate": grid(rng, rate / 2, rate * 1.5, 200)}
    if kind in ("momentum", "nesterov"):
        settings["momentum"] = grid(rng, 0.1, 0.9, 20)
    if kind == "nesterov":
        settings["nesterov"] = "true"
    if kind in NAMED:
        settings |= {"learning_rate": grid(rng, 0.02, 0.4, 100), "eps": grid(rng, 0.05, 1, 100)}
    if kind == "rmsprop":
        settings["alpha"] = rng.choice(["1/2", "9/10"])
    if kind in ("adam", "adamw", "radam", "yogi"):
        settings |= {
            "beta1": rng.choice(["0", "1/2", "9/10"]),
            "beta2": rng.choice(["1/2", "9/10"]),
        }
    if kind == "adamw":
        settings["weight_decay"] = "1/10"
    if kind == "radam" and settings["beta2"] == "1/2":
        # Shorter memories never count as long.
        settings["beta2"] = "4/5"
    name = kind if kind in NAMED else "sgd"
    return name, settings, STEPS[kind]


def _plain(x, g, memory, p, t):
    return x - p["learning_rate"] * g


def _momentum(x, g, memory, p, t):
    memory["m"] = g if t == 1 else p["momentum"] * memory["m"] + g
    return x - p["learning_rate"] * memory["m"]


def _nesterov(x, g, memory, p, t):
    _momentum(x, g, memory, p, t)
    return x - p["learning_rate"] * (g + p["momentum"] * memory["m"])


def _rmsprop(x, g, memory, p, t):
    memory["v"] = p["alpha"] * memory.get("v", 0) + (1 - p["alpha"]) * g**2
    return x - p["learning_rate"] * g / (memory["v"].sqrt() + p["eps"])


def _adam(x, g, memory, p, t):
    b1, b2 = p["beta1"], p["beta2"]
    memory["m"] = b1 * memory.get("m", 0) + (1 - b1) * g
    memory["v"] = b2 * memory.get("v", 0) + (1 - b2) * g**2
    m, v = memory["m"] / (1 - b1**t), memory["v"] / (1 - b2**t)
    return x - p["learning_rate"] * m / (v.sqrt() + p["eps"])


def _adamw(x, g, memory, p, t):
    kept = x * (1 - p["learning_rate"] * p["weight_decay"])
    return kept + _adam(x, g, memory, p, t) - x


def _adagrad(x, g, memory, p, t):
    memory["s"] = memory.get("s", 0) + g**2
    return x - p["learning_rate"] * g / (memory["s"].sqrt() + p["eps"])


def _yogi(x, g, memory, p, t):
    b1, b2 = p["beta1"], p["beta2"]
    memory["m"] = b1 * memory.get("m", 0) + (1 - b1) * g
    v = memory.get("v", arb(10) ** -6)
    memory["v"] = v + (1 - b2) * (g**2 if v < g**2 else -(g**2))
    return x - p["learning_rate"] * memory["m"] / (memory["v"].sqrt() + p["eps"])


def _radam(x, g, memory, p, t):
    b1, b2 = p["beta1"], p["beta2"]
    memory["m"] = b1 * memory.get("m", 0) + (1 - b1) * g
    memory["v"] = b2 * memory.get("v", 0) + (1 - b2) * g**2
    most = 2 / (1 - b2) - 1
    long = most - 2 * t * b2**t / (1 - b2**t)
    factor = arb(1)
    if long > 5:
        share = (long - 4) * (long - 2) * most / ((most - 4) * (most - 2) * long)
        factor = (share * (1 - b2**t)).sqrt() / (memory["v"].sqrt() + p["eps"])
    return x - p["learning_rate"] * memory["m"] / (1 - b1**t) * factor


NAMED = ("rmsprop", "adam", "adamw", *REMEMBERING)
STEPS = {
    "adagrad": _adagrad, "yogi": _yogi, "radam": _radam,
    "plain": _plain, "momentum": _momentum, "nesterov": _nesterov,
    "rmsprop": _rmsprop, "adam": _adam, "adamw": _adamw,
}  # fmt: skip


def simulate(slope, step, settings, start, steps):
    """The positions of a run by hand, as floats; it ends when it is far away."""
    with precision(BITS):
        p = {n: to_ball(from_decimal(v)) for n, v in settings.items() if v != "true"}
        x, memory = to_ball(from_decimal(start)).mid(), {}
        found = [float(x)]
        for t in range(1, steps + 1):
            x = arb(step(x, arb(slope(x)).mid(), memory, p, t)).mid()
            memory = {name: arb(value).mid() for name, value in memory.items()}
            found.append(float(x))
            if not abs(found[-1]) < 1e12:
                break
        return found


def contradicts(facts, positions):
    """Why the run by hand cannot have that verdict, or an empty text."""
    word = facts["verdict"].value
    ran_away = abs(positions[-1]) > 1e6
    if word == "unknown":
        return ""
    if ran_away != (word == "diverges"):
        return f"{word}, and the run is at {positions[-1]}"
    if word == "converges" and "limit" in facts:
        return _closes_in([abs(x - float(facts["limit"].value)) for x in positions])
    if word == "cycle":
        points = [float(point) for point in facts["cycle"].value["points"]]
        gaps = [min(abs(x - point) for point in points) for x in positions]
        away = abs(positions[-1] - positions[-1 - len(points)])
        return _closes_in(gaps) or ("" if away < 0.05 else "the points are in another order")
    if word == "bounded":
        ends = facts["bounds"].value
        low, high = (float(end.value.p) / float(end.value.q) for end in (ends.lower, ends.upper))
        return "" if low <= min(positions) <= max(positions) <= high else "a position is outside"
    return ""


def _closes_in(gaps):
    """Whether the last distances are small, or at least smaller than those before."""
    third = len(gaps) // 3
    late, before = max(gaps[-third:]), max(gaps[third : 2 * third])
    return "" if late < 1e-9 or late < min(0.2, before) else f"the run is still {late} away"


def compare(seed, kinds, *, count, steps):
    """How often each verdict was given, and the contradictions."""
    rng, words, wrong = random.Random(seed), Counter(), []
    for _ in range(count):
        (formula, slope), (rule, settings, step) = draw_landscape(rng), draw_rule(rng, kinds)
        start = grid(rng, -2, 2, 40)
        facts = trajectory(formula, optimizer=rule, set=settings, start=start, steps=3).facts
        words[facts["verdict"].value] += 1
        # Beside a point that is nearly one of rest only a longer run tells.
        runs = (simulate(slope, step, settings, start, n) for n in (steps, 40 * steps))
        if all(contradicts(facts, run) for run in runs):
            wrong.append((formula, rule, settings, start, facts["verdict"].value))
    return words, wrong


def share_decided(words):
    """The part of the runs whose verdict is not `unknown`."""
    return 1 - words["unknown"] / words.total()

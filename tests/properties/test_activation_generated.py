"""Facts about generated functions against samples of value and slope with 60 digits."""

import json
import random
from itertools import pairwise

import mpmath
import pytest
from flint import arb, fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    Apply,
    Name,
    Number,
    apply,
    evaluate,
    number,
    precision,
    to_piecewise,
    to_text,
)
from gradiometer.proof import Shape, check
from gradiometer.question import Infinity
from gradiometer.question.activation import activation
from gradiometer.question.activation_facts import FACTS

X = Name("x")
CONTEXT = mpmath.mp.clone()
CONTEXT.dps = 60
MPF = CONTEXT.mpf
TINY = MPF(10) ** -40
FAR = MPF(10) ** 5
POINTS = [MPF(n) / 8 + MPF(1) / 997 for n in (-240, -97, -49, -31, -20, -13, -9, -5, -3, -1)]
POINTS += [MPF(1) / 997 + MPF(n) / 8 for n in (0, 2, 4, 7, 10, 15, 21, 33, 50, 99, 240)]
NAMES = ("range", "monotone", "convex", "lipschitz", "kinks", "limit_left", "limit_right")
ONE_ARGUMENT = ("abs", "exp", "tanh", "sigmoid", "softplus", "^2", "^3", "clip")
TWO_ARGUMENTS = ("+", "+", "-", "*", "*", "/", "max", "min", "where")


def grow(rng, size, bounded=False):
    """A random formula with about *size* operations; exponents hold no further exponential."""
    if size <= 0:
        constant = number(fmpq(rng.choice([-6, -3, -2, -1, 1, 2, 3, 5]), rng.choice([1, 2, 4])))
        return X if rng.random() < 0.7 else constant
    if rng.random() < 0.45:
        name = rng.choice(ONE_ARGUMENT)
        if bounded and name in {"exp", "^2", "^3"}:
            name = "tanh"
        inner = grow(rng, size - 1, bounded or name == "exp")
        if name in {"^2", "^3"}:
            return apply("^", inner, number(int(name[1])))
        if name == "clip":
            return apply("clip", inner, number(-1), number(rng.choice([1, 2])))
        return apply(name, inner)
    name = rng.choice(TWO_ARGUMENTS)
    left = rng.randrange(size)
    parts = [grow(rng, left, bounded), grow(rng, size - 1 - left, bounded)]
    if name == "where":
        return apply("where", apply("<", X, number(rng.choice([-2, 0, 1]))), *parts)
    if name == "/":
        parts[1] = apply("+", number(1), apply("abs", parts[1]))
    return apply(name, *parts)


def slope_of(node, x):
    """Value and slope at x by dual numbers; no rule of the package is used."""
    if isinstance(node, Number):
        return MPF(int(node.value.p)) / int(node.value.q), MPF(0)
    if isinstance(node, Name):
        return x, MPF(1)
    assert isinstance(node, Apply)
    if node.operator == "where":
        condition, yes, no = node.arguments
        left, right = (slope_of(side, x)[0] for side in condition.arguments)
        return slope_of(yes if left < right else no, x)
    return _RULES[node.operator](*(slope_of(part, x) for part in node.arguments))


def _sigmoid(u):
    return 1 / (1 + _exp(-u)) if u > 0 else _exp(u) / (1 + _exp(u))


def _exp(u):
    if u > 10**8:
        raise OverflowError
    return CONTEXT.exp(u) if u > -(10**8) else MPF(0)


def _tanh(u):
    return CONTEXT.sign(u) * (-CONTEXT.expm1(-2 * abs(u))) / (1 + _exp(-2 * abs(u)))


def _along(value, slope):
    return lambda u: (value(u[0]), slope(u[0]) * u[1])


_RULES = {
    "+": lambda u, v: (u[0] + v[0], u[1] + v[1]),
    "-": lambda u, v: (u[0] - v[0], u[1] - v[1]),
    "neg": lambda u: (-u[0], -u[1]),
    "*": lambda u, v: (u[0] * v[0], u[1] * v[0] + u[0] * v[1]),
    "/": lambda u, v: (u[0] / v[0], (u[1] * v[0] - u[0] * v[1]) / v[0] ** 2),
    "^": lambda u, n: (u[0] ** int(n[0]), n[0] * u[0] ** int(n[0] - 1) * u[1]),
    "max": max,
    "min": min,
    "abs": lambda u: u if u[0] >= 0 else (-u[0], -u[1]),
    "clip": lambda u, a, b: max(a, min(u, b)),
    "exp": _along(_exp, _exp),
    "tanh": _along(_tanh, lambda u: 4 * _sigmoid(2 * u) * _sigmoid(-2 * u)),
    "sigmoid": _along(_sigmoid, lambda u: _sigmoid(u) * _sigmoid(-u)),
    "softplus": _along(lambda u: max(u, MPF(0)) + CONTEXT.log1p(_exp(-abs(u))), _sigmoid),
}


def sample(node, points):
    found = []
    for x in points:
        try:
            value, slope = slope_of(node, x)
        except (OverflowError, ZeroDivisionError):
            continue
        found.append((x, value, slope))
    return found


def size_of(value):
    """Middle and radius of a constant, infinities included."""
    if isinstance(value, Infinity):
        return MPF("inf") * value.sign, MPF(0)
    with precision(256):
        exact = value if isinstance(value, int | fmpq | arb) else evaluate(value, {})
    if isinstance(exact, arb):
        with precision(256):
            return MPF(exact.mid().str(60, radius=False)), MPF(exact.rad().str(5, radius=False))
    exact = fmpq(exact)
    return MPF(int(exact.p)) / int(exact.q), MPF(0)


def is_in(parts, value):
    slack = TINY * (1 + abs(value))
    for part in parts if isinstance(parts, list) else [parts]:
        low, a = (-MPF("inf"), 0) if part.lower is None else size_of(part.lower)
        high, b = (MPF("inf"), 0) if part.upper is None else size_of(part.upper)
        if low - a - slack <= value <= high + b + slack:
            return True
    return False


def contradict_monotone(word, rows):
    steps = [(d - b, TINY * (1 + abs(b) + abs(d))) for (_, b, _), (_, d, _) in pairwise(rows)]
    steps += [(s, TINY * (1 + abs(s) + abs(f))) for _, f, s in rows]
    rises, falls = any(d > e for d, e in steps), any(d < -e for d, e in steps)
    bad = {"increasing": falls, "nondecreasing": falls, "decreasing": rises,
           "nonincreasing": rises, "constant": rises or falls}  # fmt: skip
    return bad.get(word, False)


def contradict_convex(word, rows):
    slopes = []
    for (a, b, s), (c, d, t) in pairwise(rows):
        slopes += [s, (d - b) / (c - a), t]
    large = 1 + max((abs(f) + abs(s) for _, f, s in rows), default=MPF(0))
    up = any(b - a > TINY * large for a, b in pairwise(slopes))
    down = any(a - b > TINY * large for a, b in pairwise(slopes))
    return {"convex": down, "concave": up, "affine": up or down}.get(word, False)


def contradict_lipschitz(value, rows):
    limit, radius = size_of(value)
    steepest = [abs(s) for *_, s in rows]
    steepest += [abs(d - b) / (c - a) for (a, b, _), (c, d, _) in pairwise(rows)]
    large = 1 + max((abs(f) for _, f, _ in rows), default=MPF(0))
    return any(s > limit + radius + TINY * (large + s) for s in steepest)


def contradict_kinks(node, kinks):
    for row in kinks:
        at, _ = size_of(row["at"])
        sides = sample(node, [at - MPF(10) ** -15, at + MPF(10) ** -15])
        told = [size_of(row[key])[0] for key in ("left_slope", "right_slope")]
        for (_, _, slope), known in zip(sides, told, strict=False):
            if CONTEXT.isfinite(known) and abs(slope - known) > MPF(10) ** -6 * (1 + abs(known)):
                return True
        if told[0] == told[1]:
            return True
    return False


def contradict_limit(node, value, x):
    rows = sample(node, [x])
    if not rows:
        return False
    limit, radius = size_of(value)
    seen = rows[0][1]
    if CONTEXT.isfinite(limit):
        return abs(seen - limit) > radius + MPF("0.01") * (1 + abs(limit))
    return seen * CONTEXT.sign(limit) < 5


def judge(node):
    """The names of the facts that a sample contradicts, and how many facts are unknown."""
    try:
        shape = Shape(to_piecewise(node, "x"))
    except (GradiometerError, UndecidedError):
        return [], len(NAMES)
    rows, unknown, wrong = sample(node, POINTS), 0, []
    for name in NAMES:
        try:
            fact = FACTS[name](shape)
        except (GradiometerError, UndecidedError):
            unknown += 1
            continue
        if fact.status == "unknown":
            unknown += 1
        elif contradicts(name, fact.value, node, rows):
            wrong.append(name)
    return wrong, unknown


def contradicts(name, value, node, rows):
    if name == "range":
        return not all(is_in(value, f) for _, f, _ in rows)
    if name == "monotone":
        return contradict_monotone(value, rows)
    if name == "convex":
        return contradict_convex(value, rows)
    if name == "lipschitz":
        return contradict_lipschitz(value, rows)
    if name == "kinks":
        return contradict_kinks(node, value)
    return contradict_limit(node, value, -FAR if name == "limit_left" else FAR)


def replay(node):
    """Let the checker replay the certificate of the whole answer, read back from its text."""
    certificate = activation(to_text(node)).certificate
    if certificate is not None:
        check(json.loads(json.dumps(certificate)))


def run(seed, count, sizes, every):
    """Contradictions, and the number of unknown facts, over *count* different formulas."""
    rng, seen, wrong, unknown = random.Random(seed), set(), [], 0
    while len(seen) < count:
        node = grow(rng, rng.choice(sizes))
        if to_text(node) in seen:
            continue
        seen.add(to_text(node))
        bad, undecided = judge(node)
        unknown += undecided
        wrong += [(to_text(node), name) for name in bad]
        if len(seen) % every == 0:
            replay(node)
    return wrong, unknown


def test_samples_contradict_no_fact_of_2000_formulas():
    wrong, unknown = run(1, 2000, sizes=(1, 1, 2, 2), every=100)
    assert not wrong
    # Almost all facts are decided, so the comparison is not an empty one.
    assert unknown < 0.1 * 2000 * len(NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_samples_contradict_no_fact_of_100000_formulas(seed):
    wrong, _ = run(seed, 1000, sizes=(2, 3, 3, 4), every=100)
    assert not wrong


WRONG = {
    "monotone": "decreasing",
    "convex": "affine",
    "lipschitz": fmpq(9, 10),
    "kinks": [{"at": fmpq(0), "left_slope": fmpq(0), "right_slope": fmpq(1)}],
    "limit_left": fmpq(1),
    "limit_right": fmpq(0),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_fact_is_contradicted(name):
    node = apply("tanh", X)
    value = FACTS["range"](Shape(to_piecewise(apply("sigmoid", X), "x"))).value
    rows = sample(node, POINTS)
    assert not contradicts(name, FACTS[name](Shape(to_piecewise(node, "x"))).value, node, rows)
    assert contradicts(name, value if name == "range" else WRONG[name], node, rows)

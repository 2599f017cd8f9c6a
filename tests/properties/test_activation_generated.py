"""Facts about generated functions against samples of value and slope with 60 digits."""

import json
import random
import sys
from collections import Counter
from itertools import pairwise

import pytest
from flint import arb, fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    Number,
    apply,
    evaluate,
    parse,
    precision,
    to_piecewise,
    to_text,
    walk,
)
from gradiometer.proof import Shape, check
from gradiometer.question import Infinity
from gradiometer.question.activation import activation
from gradiometer.question.activation_facts import FACTS
from properties.random_functions import (
    CONTEXT,
    HOSTILE,
    MPF,
    NEAR,
    POINTS,
    X,
    draw,
    hostile,
    list_points,
    sample,
)

TINY = MPF(10) ** -40
FAR, BEHIND_ALL = MPF(3000) + MPF(1) / 997, MPF(10) ** 7
"""Where limits are looked at: the second one for formulas with numbers above 1000."""
MANY_DIGITS = 6000
"""Of a second look, before a sample is taken to contradict a fact."""
NAMES = ("range", "monotone", "convex", "lipschitz", "slope_range", "kinks", "jumps", "limit_left",
         "limit_right", "slope_left", "slope_right", "minimum", "maximum", "dead", "affine",
         "odd", "even", "periodic")  # fmt: skip


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


def leave(parts, values):
    """Whether some value lies outside all parts."""
    ends = []
    for part in parts if isinstance(parts, list) else [parts]:
        low, a = (-MPF("inf"), 0) if part.lower is None else size_of(part.lower)
        high, b = (MPF("inf"), 0) if part.upper is None else size_of(part.upper)
        ends.append((low - a, high + b))
    slacks = ((value, TINY * (1 + abs(value))) for value in values)
    return any(all(v < low - t or v > high + t for low, high in ends) for v, t in slacks)


def contradict_range(node, value, rows):
    return leave(value, [f for _, f, _ in rows])


def contradict_slope_range(node, value, rows):
    return leave(value, [s for *_, s in rows])


def contradict_monotone(node, word, rows):
    steps = [(d - b, TINY * (1 + abs(b) + abs(d))) for (_, b, _), (_, d, _) in pairwise(rows)]
    steps += [(s, TINY * (1 + abs(s) + abs(f))) for _, f, s in rows]
    rises, falls = any(d > e for d, e in steps), any(d < -e for d, e in steps)
    bad = {"increasing": falls, "nondecreasing": falls, "decreasing": rises,
           "nonincreasing": rises, "constant": rises or falls}  # fmt: skip
    return bad.get(word, False)


def contradict_convex(node, word, rows):
    slopes = []
    for (a, b, s), (c, d, t) in pairwise(rows):
        slopes += [(s, 0), ((d - b) / (c - a), TINY * (abs(b) + abs(d)) / (c - a)), (t, 0)]
    large = 1 + max((abs(f) + abs(s) for _, f, s in rows), default=MPF(0))
    steps = [(b - a, TINY * large + e + f) for (a, e), (b, f) in pairwise(slopes)]
    up, down = any(d > e for d, e in steps), any(d < -e for d, e in steps)
    return {"convex": down, "concave": up, "affine": up or down}.get(word, False)


def contradict_affine(node, word, rows):
    return word and contradict_convex(node, "affine", rows)


def contradict_lipschitz(node, value, rows):
    limit, radius = size_of(value)
    large = 1 + max((abs(f) for _, f, _ in rows), default=MPF(0))
    steepest = [(abs(s), 0) for *_, s in rows]
    steepest += [
        (abs(d - b) / (c - a), TINY * large / (c - a)) for (a, b, _), (c, d, _) in pairwise(rows)
    ]
    return any(s > limit + radius + TINY * (large + s) + e for s, e in steepest)


def contradict_sides(node, rows, keys, column):
    """Whether the values or slopes told for both sides of a place are others."""
    for row in rows:
        at, _ = size_of(row["at"])
        told = [size_of(row[key])[0] for key in keys]
        for x, known in zip((at - NEAR, at + NEAR), told, strict=True):
            for found in sample(node, [x]):
                if CONTEXT.isfinite(known) and abs(found[column] - known) > MPF(10) ** -6 * (
                    1 + abs(known)
                ):
                    return True
    return False


def contradict_kinks(node, kinks, rows):
    return any(map(_has_equal_slopes, kinks)) or contradict_sides(
        node, kinks, ("left_slope", "right_slope"), 2
    )


def _has_equal_slopes(kink):
    sides = [kink["left_slope"], kink["right_slope"]]
    if any(isinstance(side, Infinity) for side in sides):
        return sides[0] == sides[1]
    # Two slopes that differ in their last digits only are different ones.
    with precision(10_000):
        values = [arb(s) if isinstance(s, int | fmpq | arb) else evaluate(s, {}) for s in sides]
        return (arb(values[0]) - arb(values[1])).contains(0)


def contradict_jumps(node, jumps, rows):
    return contradict_sides(node, jumps, ("left_value", "right_value"), 1)


def contradict_limit(node, value, way, column):
    large = any(isinstance(part, Number) and part.value >= 1000 for part in walk(node))
    x = way * (BEHIND_ALL if large else FAR)
    far = [row[column] for row in sample(node, [x / 10, x])]
    if len(far) < 2:
        return False
    if value == "none":
        # What swings for ever is not the same in so many places.
        several = [row[column] for row in sample(node, [x + n for n in range(1, 9)])]
        return max(several) - min(several) < MPF(10) ** -9
    limit, radius = size_of(value)
    if CONTEXT.isfinite(limit):
        # What settles as slowly as pi^3/x is looked at again a thousand times as far out.
        farther = [row[column] for row in sample(node, [1000 * x])]
        slack = radius + MPF("0.01") * (1 + abs(limit))
        return all(abs(value - limit) > slack for value in (far[1], *farther))
    return (far[1] - far[0]) * CONTEXT.sign(limit) <= 0


def contradict_extremum(node, value, rows, way):
    """Whether a sample lies beyond the extremum, or the value at its place is another one."""
    if value == "none":
        return False
    best, radius = size_of(value["value"])
    at, wide = size_of(value["at"])
    if any((f - best) * way > radius + TINY * (1 + abs(best)) for _, f, _ in rows):
        return True
    near = [f for _, f, _ in sample(node, [at - NEAR, at, at + NEAR])]
    if wide > MPF(10) ** -25 or len(near) < 3 or max(near) - min(near) > MPF(10) ** -9:
        # At a jump 60 digits of the place do not tell the side.
        return False
    return abs(near[1] - best) > MPF(10) ** -20 * (1 + abs(best))


def contradict_dead(node, parts, rows):
    """Whether a slope inside a dead interval is not 0."""
    for part in parts:
        low = -MPF("inf") if part.lower is None else size_of(part.lower)[0]
        high = MPF("inf") if part.upper is None else size_of(part.upper)[0]
        inner = [row for row in rows if low + NEAR / 10 < row[0] < high - NEAR / 10]
        if any(abs(s) > TINY for *_, s in inner):
            return True
    return False


def contradict_parity(node, value, rows, sign):
    if not value:
        return False
    for x, f, _ in rows[::3]:
        for _, g, _ in sample(node, [-x]):
            if abs(f - sign * g) > TINY * (1 + abs(f)):
                return True
    return False


def contradict_period(node, value, rows):
    if value == "none":
        return False
    with precision(400):
        period = MPF(evaluate(value, {}).mid().str(59, radius=False))
    for x, f, _ in rows[::3]:
        for _, g, _ in sample(node, [x + period]):
            if abs(f - g) > MPF(10) ** -30 * (1 + abs(f)):
                return True
    return False


CONTRADICT = {
    "range": contradict_range,
    "slope_range": contradict_slope_range,
    "monotone": contradict_monotone,
    "convex": contradict_convex,
    "affine": contradict_affine,
    "lipschitz": contradict_lipschitz,
    "kinks": contradict_kinks,
    "jumps": contradict_jumps,
    "limit_left": lambda node, value, rows: contradict_limit(node, value, -1, 1),
    "limit_right": lambda node, value, rows: contradict_limit(node, value, 1, 1),
    "slope_left": lambda node, value, rows: contradict_limit(node, value, -1, 2),
    "slope_right": lambda node, value, rows: contradict_limit(node, value, 1, 2),
    "minimum": lambda node, value, rows: contradict_extremum(node, value, rows, -1),
    "maximum": lambda node, value, rows: contradict_extremum(node, value, rows, 1),
    "dead": contradict_dead,
    "odd": lambda node, value, rows: contradict_parity(node, value, rows, -1),
    "even": lambda node, value, rows: contradict_parity(node, value, rows, 1),
    "periodic": contradict_period,
}


def contradicts(name, value, node, rows):
    """Whether samples with 60 digits contradict the fact, and those with many digits as well."""
    if not CONTRADICT[name](node, value, rows):
        return False
    CONTEXT.dps = MANY_DIGITS
    points = [] if name.startswith(("limit", "slope_l", "slope_ri")) else [x for x, *_ in rows]
    try:
        return CONTRADICT[name](node, value, sample(node, points))
    finally:
        CONTEXT.dps = 60


def judge(node):
    """The names of the facts that a sample contradicts, and of those that are unknown."""
    try:
        shape = Shape(to_piecewise(node, "x"))
    except (GradiometerError, UndecidedError):
        return [], list(NAMES)
    if not shape.sections:
        return [], list(NAMES)
    rows, unknown, wrong = sample(node, list_points(node)), [], []
    for name in NAMES:
        try:
            fact = FACTS[name](shape)
        except (GradiometerError, UndecidedError):
            unknown.append(name)
            continue
        if fact.status == "unknown":
            unknown.append(name)
        elif contradicts(name, fact.value, node, rows):
            wrong.append(name)
    return wrong, unknown


def replay(node):
    """Let the checker replay the certificate of the whole answer, read back from its text."""
    certificate = activation(to_text(node)).certificate
    if certificate is not None:
        check(json.loads(json.dumps(certificate)))


def run(seed, count, sizes, every, share=0.25):
    """Contradictions, and counts of functions, facts and replays, over *count* functions."""
    rng, seen, wrong, counts = random.Random(seed), set(), [], Counter()
    while len(seen) < count:
        node = draw(rng, rng.choice(sizes), share)
        if to_text(node) in seen:
            continue
        seen.add(to_text(node))
        bad, unknown = judge(node)
        counts.update(functions=1, proved=len(NAMES) - len(unknown), unknown=len(unknown))
        counts.update(f"unknown {name}" for name in unknown)
        wrong += [(to_text(node), name) for name in bad]
        if len(seen) % every == 0:
            replay(node)
            counts.update(replayed=1)
    return wrong, counts


def say(capsys, counts, wrong):
    with capsys.disabled():
        sys.stdout.write(f"\n{dict(counts)}, {len(wrong)} contradictions\n")


def test_samples_contradict_no_fact_of_2000_formulas(capsys):
    wrong, counts = run(1, 2000, sizes=(0, 1, 1, 2), every=100, share=0.15)
    say(capsys, counts, wrong)
    assert not wrong
    # Most facts are decided, so the comparison is not an empty one.
    assert counts["unknown"] < 0.25 * counts["proved"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 200))
def test_samples_contradict_no_fact_of_100000_formulas(seed, capsys):
    wrong, counts = run(seed, 1000, sizes=(1, 2, 2, 3), every=100)
    say(capsys, counts, wrong)
    assert not wrong


def test_every_kind_of_hostile_function_is_drawn():
    rng = random.Random(0)
    assert {hostile(rng)[0] for _ in range(400)} == set(HOSTILE)


WRONG = {
    "monotone": "decreasing",
    "convex": "affine",
    "affine": True,
    "lipschitz": fmpq(9, 10),
    "kinks": [{"at": fmpq(0), "left_slope": fmpq(0), "right_slope": fmpq(1)}],
    "jumps": [{"at": fmpq(0), "left_value": fmpq(-1), "right_value": fmpq(1)}],
    "limit_left": fmpq(1),
    "limit_right": fmpq(0),
    "slope_left": fmpq(1),
    "slope_right": fmpq(1, 2),
    "minimum": {"at": fmpq(0), "value": fmpq(0)},
    "maximum": {"at": fmpq(0), "value": fmpq(0)},
    "even": True,
    "periodic": parse("2*pi").tree,
}


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_fact_is_contradicted(name):
    node = apply("sin", X) if name == "odd" else apply("tanh", X)
    shape = Shape(to_piecewise(node, "x"))
    rows = sample(node, list_points(node))
    if name in {"range", "slope_range", "dead"}:
        half = Shape(to_piecewise(parse("max(tanh(x)/2, 0)").tree, "x"))
        assert contradicts(name, FACTS[name](half).value, node, rows)
    elif name == "odd":
        assert contradicts(name, True, apply("cos", X), sample(apply("cos", X), POINTS))
    else:
        assert contradicts(name, WRONG[name], node, rows)
    assert not contradicts(name, FACTS[name](shape).value, node, rows)

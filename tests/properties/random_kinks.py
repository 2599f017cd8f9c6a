"""Random runs on landscapes of straight pieces, and whether long runs contradict their fates."""

import random
from fractions import Fraction

from flint import arb, fmpq

from gradiometer.formula import from_decimal, precision, to_ball
from gradiometer.proof import find_fate, find_settled_step, judge, run_exactly
from gradiometer.question.trajectory import read_run

FIRST_ORDER = ("sgd", "sgd.keras", "sgd.optax", "sign_sgd", "signum", "lion", "lion.optax")
ADAPTIVE = (
    "adam", "adam.keras", "adam.optax", "adamw", "rmsprop", "rmsprop.keras", "rmsprop.optax",
)  # fmt: skip
_SIZES = ("1", "1", "1", "2", "3", "1/2", "3/2", "5/3", "7/4")
_LONG = 400


def table(*joints, slopes):
    """A continuous landscape of straight pieces with these joints and slopes, as a user's table."""
    ends = ["-oo", *map(str, joints), "oo"]
    pieces, value, place = [], Fraction(0), Fraction(joints[0])
    for index, slope in enumerate(slopes):
        if index > 1:
            value += Fraction(slopes[index - 1]) * (Fraction(joints[index - 1]) - place)
            place = Fraction(joints[index - 1])
        close = ")" if index == len(slopes) - 1 else "]"
        f = f"{value} + ({slope})*(x - ({place}))"
        pieces.append({"on": f"({ends[index]}, {ends[index + 1]}{close}", "f": f})
    return {"name": "straight", "pieces": pieces}


def draw(seed, rules):
    """One random landscape, and the course of one random run on it."""
    rng = random.Random(seed)
    rule = rng.choice(rules)
    a, b, c, d = (Fraction(rng.choice(_SIZES)) for _ in range(4))
    kind = rng.choice(["kink", "kink", "barrier", "wells", "bowl"])
    if kind == "kink":
        surface = table("0", slopes=[-a, b])
    elif kind == "barrier":
        surface = table("0", Fraction(rng.randint(1, 60), 20), slopes=[-a, b, -c])
    elif kind == "wells":
        surface = table("-1", "0", "1", slopes=[-a, b, -c, d])
    else:
        surface = table("-1/2", "0", "1/3", slopes=[-a - 1, -a, b, b + 2])
    values = {"learning_rate": rng.choice(["1/10", "1/100", "3/100", "7/50", "1/4", "1/7"])}
    if rule.startswith("sgd"):
        values["momentum"] = rng.choice(["0", "1/2", "4/5", "9/10", "9/10", "19/20"])
        values["nesterov"] = rng.randint(0, 1) if values["momentum"] != "0" else 0
    if rule.startswith("lion"):
        values["weight_decay"] = rng.choice(["0", "0", "1/10"])
    if rule.startswith("adam"):
        values["eps"] = rng.choice(["0", "1e-8"])
        values["beta2"] = rng.choice(["999/1000", "99/100"])
    start = str(Fraction(rng.randint(-150, 150), 100))
    request = read_run(
        surface, optimizer=rule, schedule=None, set=values, start=start, steps=_LONG,
        at_kink=None, engine=None, noise=None, seed=0,
    )  # fmt: skip
    return f"{rule} {values} from {start} on {kind} {a} {b} {c} {d}", request.course


def decide(seed, rules):
    """What is asked, the word of its verdict, and what a long run says against it."""
    said, course = draw(seed, rules)
    settled = find_settled_step(course)
    run = run_exactly(course, settled_from=settled)
    word = judge(course, run, settled).word
    if word != "unknown":
        return said, word, []
    fate, reasons = find_fate(course, run, settled)
    if fate is None:
        return f"{said}: {'; '.join(reasons)}", "unknown", []
    with precision(max(run.bits, 256)):
        places = [to_ball(state.position) for state in run.states]
        return said, fate.word, list(_against(fate, places))


def _against(fate, places):
    if fate.interval is not None:
        low, high = fate.interval
        if any(place < low or place > high for place in places):
            yield f"a position lies out of [{low}, {high}]"
    evidence = fate.certificate["evidence"]
    if fate.orbit is not None and fate.orbit.points and evidence["from"] < len(places) - 100:
        points = [to_ball(point) for point in fate.orbit.points]
        tail = places[-min(len(points), 100) :]
        # A position that settles itself is no nearer than this when its first period begins.
        near = arb(_spread(evidence.get("position")) + fmpq(1, 1000))
        turns = range(len(points))
        if not any(_is_near(points[turn:] + points[:turn], tail, near) for turn in turns):
            yield "the last positions are not on the cycle"
    if fate.limit is not None and abs(places[-1] - to_ball(fate.limit)) > arb("0.001"):
        yield "the last position is not at the limit"
    if fate.word in ("escapes", "diverges") and len(places) > 100:
        ways = [right - left for left, right in zip(places[-50:], places[-49:], strict=False)]
        if any(way > 0 for way in ways) and any(way < 0 for way in ways):
            yield "the run still turns"


def _spread(position):
    return from_decimal(position[1]) if position else fmpq(0)


def _is_near(points, places, near):
    return not any(abs(a - b) > near for a, b in zip(places, points, strict=False))

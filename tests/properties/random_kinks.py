"""Random runs on landscapes of straight pieces, and whether long runs contradict their verdicts."""

import random
from fractions import Fraction

from flint import arb

from gradiometer.formula import precision, to_ball
from gradiometer.proof import find_settled_step, run_exactly
from gradiometer.question.trajectory import read_run, trajectory

STEPS = 300
"""Steps of the answer; verdicts are compared with a run of several times as many."""

LONGER = 1500

FIRST_ORDER = ("sgd", "sgd.keras", "sgd.optax", "sign_sgd", "signum", "lion", "lion.optax")
ADAPTIVE = (
    "adam",
    "adam.keras",
    "adam.optax",
    "adamw",
    "rmsprop",
    "rmsprop.keras",
    "rmsprop.optax",
)


def table(*joints, slopes, at_zero=0):
    """A continuous landscape of straight pieces with these joints and slopes, as a user's table."""
    ends = ["-oo", *map(str, joints), "oo"]
    pieces, value, place = [], Fraction(at_zero), Fraction(joints[0])
    for index, slope in enumerate(slopes):
        if index > 1:
            value += Fraction(slopes[index - 1]) * (Fraction(joints[index - 1]) - place)
            place = Fraction(joints[index - 1])
        close = ")" if index == len(slopes) - 1 else "]"
        f = f"{value} + ({slope})*(x - ({place}))"
        pieces.append({"on": f"({ends[index]}, {ends[index + 1]}{close}", "f": f})
    return {"name": "straight", "pieces": pieces}


def draw(seed, rules):
    """One random request: the landscape and the options of `trajectory`."""
    rng = random.Random(seed)
    rule = rng.choice(rules)
    sizes = ["1", "1", "1", "2", "3", "1/2", "3/2", "5/3", "7/4"]
    kind = rng.choice(["kink", "kink", "barrier", "wells", "bowl"])
    a, b, c, d = (rng.choice(sizes) for _ in range(4))
    if kind == "kink":
        surface = table("0", slopes=[f"-{a}", b])
    elif kind == "barrier":
        height = Fraction(rng.randint(1, 60), 20)
        surface = table("0", str(height), slopes=[f"-{a}", b, f"-{c}"])
    elif kind == "wells":
        surface = table("-1", "0", "1", slopes=[f"-{a}", b, f"-{c}", d])
    else:
        steep = str(Fraction(a) + 1), str(Fraction(b) + 2)
        surface = table("-1/2", "0", "1/3", slopes=[f"-{steep[0]}", f"-{a}", b, steep[1]])
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
    return surface, {"optimizer": rule, "set": values, "start": start, "steps": STEPS}


def contradictions(surface, options, answer):
    """What a longer run in balls says against the answer, in words."""
    facts = answer.facts
    longer = {**options, "steps": LONGER}
    optimizer, values, start = longer["optimizer"], longer["set"], longer["start"]
    request = read_run(
        surface, optimizer=optimizer, schedule=None, set=values, start=start, steps=LONGER,
        at_kink=None, engine=None, noise=None, seed=0,
    )  # fmt: skip
    course = request.course
    run = run_exactly(course, settled_from=find_settled_step(course), as_balls=True)
    with precision(max(run.bits, 256)):
        places = [to_ball(state.position) for state in run.states]
        return list(_against(facts, places))


def _against(facts, places):
    verdict = facts["verdict"].value
    if "bounds" in facts:
        low, high = facts["bounds"].value.lower.value, facts["bounds"].value.upper.value
        for step, place in enumerate(places):
            if place < low or place > high:
                yield f"the position of step {step} is {place}, out of [{low}, {high}]"
                return
    if verdict == "cycle":
        cycle = facts["cycle"].value
        points = [to_ball(point) for point in cycle.get("points", ())]
        if points and len(places) > LONGER // 2:
            yield from _off_cycle(points, places)
    if verdict == "converges" and "limit" in facts and len(places) > LONGER // 2:
        gap = abs(places[-1] - to_ball(facts["limit"].value))
        if gap > arb("0.01"):
            yield f"the last position is {gap} off the limit"


def _off_cycle(points, places):
    """The last positions follow the points in order, from one of them on."""
    tail = places[-min(len(points), 600) :]
    for turn in range(len(points)):
        gaps = [abs(place - points[(turn + i) % len(points)]) for i, place in enumerate(tail)]
        if not any(gap > arb("1e-3") for gap in gaps):
            return
    yield "the last positions are not on the cycle"


def ask(seed, rules):
    """The request and its answer."""
    surface, options = draw(seed, rules)
    return surface, options, trajectory(surface, **options)

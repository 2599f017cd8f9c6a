"""Random runs of many rules on many landscapes: their verdicts, and what runs by hand say to them.

The runs by hand share nothing with the library but its numbers: on straight pieces they are
rationals as long as the rule takes no root, elsewhere the middles of balls of many digits.
"""

import json
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from fractions import Fraction

from flint import arb, fmpq

from gradiometer.formula import from_decimal, precision, to_ball
from gradiometer.proof import check, find_fate, find_settled_step, judge, run_exactly
from gradiometer.question.trajectory import read_run
from proof import smooth_runs
from properties.random_kinks import table

FIRST_ORDER = ("sgd", "momentum", "nesterov", "sign", "lion")
ADAPTIVE = ("adam", "rmsprop")
WEIGHTS = {
    ("kinked", "sgd"): 16, ("kinked", "momentum"): 12, ("kinked", "nesterov"): 8,
    ("kinked", "sign"): 16, ("kinked", "lion"): 8, ("kinked", "adam"): 3, ("kinked", "rmsprop"): 3,
    ("smooth", "sgd"): 14, ("smooth", "momentum"): 8, ("smooth", "nesterov"): 4,
    ("smooth", "adam"): 3, ("smooth", "rmsprop"): 5,
}  # fmt: skip
"""How often each family of rules is drawn on each kind of landscape, of a hundred."""

STARTS = 4
"""Starts that are drawn for each rule on its landscape."""

_STEPS, _MANY, _MOST = 300, 20, 400
"""Steps of a run by hand; so many times more where it does not say the same at once."""
_BITS, _MANY_BITS = 256, 2048
_TIE = fmpq(1, 10**60)
_REPLAYED = 25
"""Of so many certificates one is written as text, read and replayed once more."""


@dataclass
class Tally:
    """What was said of the runs of each family, and what contradicts it."""

    words: dict = field(default_factory=dict)
    wrong: list = field(default_factory=list)
    unknown: list = field(default_factory=list)
    replayed: int = 0

    def add(self, key, said, word, against):
        """Count one verdict."""
        self.words.setdefault(key, Counter())[word] += 1
        if against:
            self.wrong.append((key, said, word, against))
        if word == "unknown":
            self.unknown.append((key, said))

    def join(self, other):
        """Count what was said of other runs as well."""
        for key, row in other.words.items():
            self.words.setdefault(key, Counter()).update(row)
        self.wrong += other.wrong
        self.unknown += other.unknown
        self.replayed += other.replayed

    def decided(self, ground, rules):
        """The number of decided runs of these rules, and of all of them."""
        rows = [row for key, row in self.words.items() if key[0] == ground and key[1] in rules]
        count = sum(row.total() for row in rows)
        return count - sum(row["unknown"] for row in rows), count

    def report(self):
        """One line for each family: how many, the part that is decided, and the verdicts."""
        for key in sorted(self.words):
            row = self.words[key]
            share = 1 - row["unknown"] / row.total()
            yield f"{key[0]:7}{key[1]:9}{row.total():7} runs, {share:7.2%} decided: {dict(row)}"


def tally(seed, count, *, spoil=False):
    """The verdicts of about *count* random runs; on demand each is made false, to be found out."""
    rng, found = random.Random(seed), Tally()
    keys, weights = list(WEIGHTS), list(WEIGHTS.values())
    for _ in range(count // STARTS):
        ground, family = rng.choices(keys, weights)[0]
        draw = _draw_kinked if ground == "kinked" else _draw_smooth
        said, course, by_hand = draw(rng, family)
        settled = find_settled_step(course)
        for _ in range(STARTS):
            start = fmpq(rng.randint(-150, 150), 100)
            facts = _decide(replace(course, start=start), settled, found)
            facts = _spoil(facts) if spoil else facts
            word = facts["verdict"]
            against = word != "unknown" and by_hand(start, _STEPS, facts, _BITS)
            for many in (_MANY, _MOST):
                # Beside a point of rest only a longer run tells, and one of more digits: a run may
                # come as near as 1e-100 to a point that repels it, or fall by 1/2000 in a step.
                if against and not spoil:
                    against = by_hand(start, many * _STEPS, facts, _MANY_BITS)
            found.add((ground, family), f"{said} from {start}", word, against)
    return found


def _decide(course, settled, found):
    """The verdict and its details, as `trajectory` finds them."""
    run = run_exactly(course, settled_from=settled)
    verdict = judge(course, run, settled)
    if verdict.word != "unknown":
        period, first = run.period, run.repeats_from
        points = () if first is None else [s.position for s in run.states[first:-1]]
        orbit = (period, points, first) if period and period > 1 else None
        return {"verdict": verdict.word, "limit": verdict.limit, "cycle": orbit, "bounds": None}
    fate, _ = find_fate(course, run, settled)
    if fate is None:
        return {"verdict": "unknown"}
    if int(fate.certificate["fingerprint"][-6:], 16) % _REPLAYED == 0:
        check(json.loads(json.dumps(fate.certificate)))
        found.replayed += 1
    orbit = fate.orbit and (fate.orbit.period or len(fate.orbit.points), fate.orbit.points,
                            fate.orbit.from_step)  # fmt: skip
    return {
        "verdict": fate.word, "limit": fate.limit, "cycle": orbit, "bounds": fate.interval,
    }  # fmt: skip


def _spoil(facts):
    """A verdict that is false where that one is true."""
    word, shift = facts["verdict"], fmpq(1, 3)
    if word in ("escapes", "diverges"):
        return {**facts, "verdict": "converges", "limit": shift}
    if facts.get("bounds") is not None:
        low, high = facts["bounds"]
        facts = {**facts, "bounds": (low, low + (high - low) / 2)}
    if facts.get("limit") is not None:
        facts = {**facts, "limit": facts["limit"] + shift}
    if facts.get("cycle") is not None:
        period, points, first = facts["cycle"]
        facts = {**facts, "cycle": (period, [point + shift for point in points], first)}
    return facts


def _draw_rule(rng, family, *, rate):
    """The name of a rule, its settings, and its step by hand."""
    values = {"learning_rate": f"{rng.randint(1, rate)}/200"}
    if family == "sgd":
        return "sgd", values, smooth_runs.STEPS["plain"]
    if family in ("momentum", "nesterov"):
        values["momentum"] = f"{rng.randint(1, 19)}/20"
        if family == "nesterov":
            values["nesterov"] = "true"
        return "sgd", values, smooth_runs.STEPS[family]
    if family == "sign":
        if rng.random() < 0.5:
            return "sign_sgd", values, _sign_step
        return "signum", values | {"beta": f"{rng.randint(0, 19)}/20"}, _signum_step
    values |= {
        "lion": {"beta1": f"{rng.randint(0, 19)}/20", "beta2": f"{rng.randint(0, 99)}/100"},
        "adam": {"beta1": rng.choice(["0", "1/2", "9/10"]), "eps": rng.choice(["0", "1e-8"]),
                 "beta2": rng.choice(["9/10", "99/100", "999/1000"])},
        "rmsprop": {"alpha": rng.choice(["1/2", "9/10", "99/100"]), "eps": "1e-8"},
    }[family]  # fmt: skip
    if family == "lion" and rng.random() < 0.3:
        values["weight_decay"] = "1/10"
    steps = {"lion": _lion_step, **smooth_runs.STEPS}
    return family, values, steps[family]


def _sign_step(x, g, memory, p, t):
    return x - p["learning_rate"] * _sign(g)


def _signum_step(x, g, memory, p, t):
    memory["m"] = p["beta"] * memory.get("m", 0) + (1 - p["beta"]) * g
    return x - p["learning_rate"] * _sign(memory["m"])


def _lion_step(x, g, memory, p, t):
    m = memory.get("m", 0)
    c = p["beta1"] * m + (1 - p["beta1"]) * g
    memory["m"] = p["beta2"] * m + (1 - p["beta2"]) * g
    return x - p["learning_rate"] * (_sign(c) + p.get("weight_decay", 0) * x)


def _sign(value):
    return (value > 0) - (value < 0)


def _draw_kinked(rng, family):
    """What is asked, its course, and what a run by hand says against a verdict."""

    def size():
        return Fraction(rng.randint(1, 7), rng.randint(1, 4))

    a, b, c, d = (size() for _ in range(4))
    joints, slopes = rng.choice(
        [
            (["0"], [-a, b]),
            (["0"], [-a, b]),
            (["0", Fraction(rng.randint(1, 60), 20)], [-a, b, -c]),
            (["-1", "0", "1"], [-a, b, -c, d]),
            (["-1/2", "0", "1/3"], [-a - 1, -a, b, b + 2]),
        ]
    )
    rule, values, step = _draw_rule(rng, family, rate=60)
    course = _read(table(*joints, slopes=slopes), rule, values)
    rows = [(from_decimal(str(j)), from_decimal(str(s))) for j, s in zip(joints, slopes)]  # noqa: B905  # the last slope has no end
    last = from_decimal(str(slopes[-1]))

    def slope(x):
        # A ball's middle is beside the joint on which an exact run stands.
        return next((s for end, s in rows if x <= end + _TIE), last)

    def by_hand(start, steps, facts, bits):
        # Fractions of a very long run have too many digits.
        exact = family in FIRST_ORDER and steps < _MOST * _STEPS
        return _against(
            facts, _walk(slope, step, values, start, steps=steps, bits=bits, exact=exact)
        )

    said = f"{rule} {values} on slopes {' '.join(map(str, slopes))} joined at {joints}"
    return said, course, by_hand


def _draw_smooth(rng, family):
    """What is asked, its course, and what a run by hand says against a verdict."""
    formula, slope = smooth_runs.draw_landscape(rng)
    rule, values, step = _draw_rule(rng, family, rate=80 if family in ADAPTIVE else 280)
    if family in ADAPTIVE:
        values["eps"] = f"{rng.randint(5, 100)}/100"
    course = _read(formula, rule, values)

    def by_hand(start, steps, facts, bits):
        return _against(
            facts, _walk(slope, step, values, start, steps=steps, bits=bits, exact=False)
        )

    return f"{rule} {values} on {formula}", course, by_hand


def _read(surface, rule, values):
    return read_run(
        surface, optimizer=rule, schedule=None, set=values, start="0", steps=3, at_kink=None,
        engine=None, noise=None, seed=0,
    ).course  # fmt: skip


def _walk(slope, step, values, start, *, steps, bits, exact, rate=None):
    """The positions of a run by hand, to its last step or until it is far away."""
    with precision(bits):
        p = {name: from_decimal(text) for name, text in values.items() if text != "true"}
        x, memory, found = start, {}, [start]
        if not exact:
            p, x = {name: to_ball(value) for name, value in p.items()}, to_ball(start)
        for t in range(1, steps + 1):
            if rate is not None:
                p["learning_rate"] = rate(t - 1)
            g = slope(x) if exact else arb(slope(x)).mid()
            x = step(x, g, memory, p, t)
            if not exact:
                x = x.mid()
                memory = {name: arb(value).mid() for name, value in memory.items()}
            found.append(x)
            if not abs(x) < 10**12:
                break
        return found


def _against(facts, places):
    """Why these positions cannot have that verdict, or an empty text."""
    word = facts["verdict"]
    with precision(_BITS):
        if word == "bounded" and facts["bounds"] is None:
            return "no bounds"
        if facts["bounds"] is not None:
            low, high = facts["bounds"]
            slack = fmpq(0) if isinstance(places[-1], fmpq) else fmpq(1, 10**40)
            if not all(low - slack <= place <= high + slack for place in places):
                return f"a position lies outside [{low}, {high}]"
        if facts["cycle"] is not None:
            return _against_cycle(*facts["cycle"], places)
        ways = [b - a for a, b in zip(places[-60:], places[-59:], strict=False)]
        runs_away = abs(places[-1]) > 10**6
        if word in ("escapes", "diverges"):
            on = all(way > 0 for way in ways) or all(way < 0 for way in ways)
            return "" if on or runs_away else "the run still turns"
        if runs_away:
            return f"the run is at {float(places[-1])}"
        if word == "converges" and facts["limit"] is not None:
            return smooth_runs._closes_in([float(abs(x - facts["limit"])) for x in places])
        return ""


def _against_cycle(period, points, first, places):
    """Why these positions do not go round that cycle."""
    if not points:
        return ""
    if first is not None and all(isinstance(v, fmpq) for v in (*points, places[-1])):
        rows = enumerate(places[first:])
        same = all(place == points[index % period] for index, place in rows)
        return "" if same else "a position is not the point of the cycle"
    count = min(period, len(places) // 3)
    late, before = places[-count:], places[-2 * count : -count]
    gaps = (min(_apart(points, part, turn) for turn in range(period)) for part in (late, before))
    now, then = gaps
    return "" if now < 1e-6 or now < min(0.2, 0.999 * then) else f"the run is {now} away"


def _apart(points, part, turn):
    """How far the positions are from the points of the cycle from one of them on."""
    period = len(points)
    rows = enumerate(part)
    # A point whose place is known up to a ball only is anywhere in that ball.
    return max(float(to_ball(p - points[(turn + i) % period]).abs_lower()) for i, p in rows)

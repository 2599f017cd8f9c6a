"""Random runs whose rate fades: their limits, and what long runs by hand say to them."""

from collections import Counter
from fractions import Fraction

from flint import arb, fmpq

from gradiometer.formula import from_decimal, precision, to_ball
from gradiometer.proof import find_settled_step, judge, run_exactly
from gradiometer.proof.fate import find_fate
from gradiometer.question.trajectory import read_run
from proof import smooth_runs
from properties.random_kinks import table
from properties.random_verdicts import _draw_rule, _walk

FAMILIES = ("sgd", "momentum", "nesterov", "sign", "lion", "adam", "rmsprop")
_STEPS, _BITS = 1500, 192
_EARLY, _LATE = slice(150, 300), slice(-150, None)
_TIE = fmpq(1, 10**40)


def draw(rng, family):
    """What is asked, its course, a run by hand, and its rates."""
    formula, slope = (_draw_kinked if rng.random() < 0.6 else smooth_runs.draw_landscape)(rng)
    rule, values, step = _draw_rule(rng, family, rate=60)
    values.pop("learning_rate")
    if family == "adam":
        values["eps"] = "1e-8"
    schedule, rate = _draw_rate(rng)
    start = fmpq(rng.randint(-150, 150), 100)
    course = read_run(
        formula, optimizer=rule, schedule=schedule, set=values, start=str(start), steps=40,
        at_kink=None, engine=None, noise=None, seed=0,
    ).course  # fmt: skip

    def by_hand():
        return _walk(slope, step, values, start, steps=_STEPS, bits=_BITS, exact=False, rate=rate)

    return f"{rule} {values} at {schedule} on {formula} from {start}", course, by_hand, rate


def _draw_rate(rng):
    """A schedule as text, and what it gives, by hand."""
    top, shift = rng.randint(1, 30), rng.randint(1, 40)
    power = rng.choice([Fraction(1), Fraction(1, 2), Fraction(2, 3), Fraction(3, 2), Fraction(2)])
    keeps = Fraction(rng.randint(50, 98), 100)
    c, g = arb(top) / 20, to_ball(fmpq(keeps.numerator, keeps.denominator))
    p = to_ball(fmpq(power.numerator, power.denominator))
    return rng.choice(
        [
            (f"{top}/20*({shift} + k)^(-{power})", lambda k: c / arb(shift + k) ** p),
            (f"{top}/20*({shift} + k)^(-{power})", lambda k: c / arb(shift + k) ** p),
            (f"{top}/(20*({shift} + k))", lambda k: c / (shift + k)),
            (f"{top}/20*({keeps})^k", lambda k: c * g**k),
            (f"{top}/20*({keeps})^floor(k/{shift})", lambda k: c * g ** (k // shift)),
            (f"where(k < {shift}, {top}/20, {top}/20/sqrt(k - {shift - 1}))",
             lambda k: c if k < shift else c / arb(k - shift + 1).sqrt()),
        ]
    )  # fmt: skip


def _draw_kinked(rng):
    """A landscape of straight pieces, and its slope by hand."""
    a, b, c, d = (Fraction(rng.randint(1, 7), rng.randint(1, 4)) for _ in range(4))
    joints, slopes = rng.choice(
        [
            (["0"], [-a, b]),
            (["0", Fraction(rng.randint(1, 60), 20)], [-a, b, -c]),
            (["-1", "0", "1"], [-a, b, -c, d]),
            (["-1/2", "0", "1/3"], [-a - 1, -a, b, b + 2]),
            (["-1/2", "1/3"], [-a, Fraction(0), b]),
        ]
    )
    ends, last = [from_decimal(str(j)) for j in joints], from_decimal(str(slopes[-1]))
    rows = [(end, from_decimal(str(s))) for end, s in zip(ends, slopes, strict=False)]

    def slope(x):
        return next((s for end, s in rows if x <= end + _TIE), last)

    return table(*joints, slopes=slopes), slope


def decide(course):
    """The word, the limit, and two ends around it, as far as they are known."""
    settled = find_settled_step(course)
    run = run_exactly(course, settled_from=settled)
    verdict = judge(course, run, settled)
    fate, _ = find_fate(course, run, settled, to_limit=verdict.word == "converges")
    if fate is None:
        return verdict.word, verdict.limit, None
    return fate.word, fate.limit, fate.near


def against(limit, near, places, last):
    """Why a run by hand does not converge there, or an empty text; *last* is its last rate."""
    with precision(_BITS):
        if near is not None:
            low, high = near
            # Of a finite sum of rates only a part is left.
            return "" if 2 * low - high < places[-1] < 2 * high - low else "the run is elsewhere"
        if limit is None:
            return ""
        gaps = [abs(place - limit) for place in places]
        # A run that rests elsewhere is as far away as before.
        early, late = (float(max(part, key=float)) for part in (gaps[_EARLY], gaps[_LATE]))
        # A rule that divides by a mean that has faded may still jump, by a few of its steps.
        jumps = max(1e-12, 4 * float(to_ball(limit).rad()), 40 * last)
        if late < 0.995 * early or late < jumps:
            return ""
        return f"the run is {late} away, and was {early}"


def tally(rng, count, *, spoil=False):
    """Counts of the verdicts of each family, and the false ones."""
    words, wrong = Counter(), []
    for index in range(count):
        family = FAMILIES[index % len(FAMILIES)]
        said, course, by_hand, rate = draw(rng, family)
        word, limit, near = decide(course)
        known = limit is not None or near is not None
        words[family, word if known or word != "converges" else "somewhere"] += 1
        if word != "converges" or not known:
            continue
        if spoil:
            limit = None if limit is None else limit + 10
            near = near and (near[1] + (near[1] - near[0]) * 3, near[1] + (near[1] - near[0]) * 4)
        reason = against(limit, near, by_hand(), float(rate(_STEPS)))
        if reason:
            wrong.append((said, limit, near, reason))
    return words, wrong

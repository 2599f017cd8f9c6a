"""Answers made by hand, so that a page is tested apart from the questions that fill it."""

import itertools
import math
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from flint import arb, fmpq

from gradiometer.formula import ONE, ZERO, Interval, Name, apply, number
from gradiometer.question import (
    INFINITY,
    MINUS_INFINITY,
    Answer,
    Fact,
    Series,
    Step,
    computed,
    proved,
    unknown,
)
from gradiometer.report import Page, Section, write_html
from report.stability_sample import STABILITY

X = Name("x")


@dataclass(frozen=True)
class Claim:
    """What a page needs of a checked claim."""

    text: str
    holds: bool | None
    status: str = "proved"
    because: str = "The two sides differ."
    counterexample: Any = None
    certificate: Any = None


def grid(low, high, count=81):
    return [low + (high - low) * k / (count - 1) for k in range(count)]


def curve(f, slope, low=-4.0, high=4.0):
    xs = grid(low, high)
    return {
        "x": Series(("x",), xs),
        "f": Series(("x",), [f(x) for x in xs]),
        "slope": Series(("x",), [slope(x) for x in xs]),
    }


LEAKY = Answer(
    "activation",
    {"formula": "max(x,0)+0.1*min(x,0)"},
    {
        "formula": proved("max(x,0)+0.1*min(x,0)", "The formula as it was given."),
        "derivative": proved("0.1 for x < 0; 1 for x > 0", "Each piece by itself."),
        "pieces": proved(
            [
                {"on": Interval(None, ZERO), "formula": apply("*", number("1/10"), X)},
                {"on": Interval(ZERO, None, True), "formula": X},
            ],
            "`max` and `min` change sides at 0.",
        ),
        "affine": proved(False, "There are two slopes, 1/10 and 1."),
        "kinks": proved(
            [{"at": fmpq(0), "left_slope": fmpq(1, 10), "right_slope": fmpq(1)}],
            "The slopes differ at 0.",
        ),
        "jumps": proved([], "Both sides agree."),
        "range": proved(Interval(None, None), "Both limits are infinite."),
        "slope_range": proved(Interval(number("1/10"), ONE, True, True), "The two slopes."),
        "limit_left": proved(MINUS_INFINITY, "x/10 falls without bound."),
        "convex": unknown("It was not looked at."),
        "suitable": proved(True, "It is not affine and its gradient never vanishes."),
    },
    (
        Step("max(x,0)+0.1*min(x,0)", "As written.", r"\max(x,0)+0.1\cdot\min(x,0)"),
        Step("x/10 for x < 0", "There `max(x,0)` is 0."),
    ),
    curve(lambda x: max(x, 0) + 0.1 * min(x, 0), lambda x: 1.0 if x > 0 else 0.1),
    {"kind": "pieces", "problem": {"formula": "max(x,0)+0.1*min(x,0)"}},
    ("`1/2x` is read as (1/2)*x.",),
)

SIGN = Answer(
    "activation",
    {"formula": "sign(x)"},
    {
        "kinks": proved([], "The slope is 0 on both sides."),
        "jumps": proved(
            [{"at": fmpq(0), "left_value": fmpq(-1), "right_value": fmpq(1), "value": fmpq(0)}],
            "The sides differ.",
        ),
        "suitable": proved(False, "Its gradient is 0."),
    },
    (),
    curve(lambda x: float((x > 0) - (x < 0)), lambda x: 0.0),
)


def graph(nodes, edges, **facts):
    """The answer to `gradient` for rows of (name, operation, value, adjoint) and (from, to, …)."""
    fields = ("name", "operation", "value", "adjoint"), ("from", "to", "local", "flow")
    return Answer(
        "gradient",
        {"computation": "v1=a^2; v2=a+b; c=v1*v2", "at": {"a": "-1", "b": "4"}},
        {
            **facts,
            "nodes": proved(
                [dict(zip(fields[0], row, strict=True)) for row in nodes], "Forward, then back."
            ),
            "edges": proved(
                [dict(zip(fields[1], row, strict=True)) for row in edges], "The local derivatives."
            ),
        },
    )


GRAPH = graph(
    [
        ("a", "", fmpq(-1), fmpq(-5)),
        ("b", "", fmpq(4), fmpq(1)),
        ("v1", "a^2", fmpq(1), fmpq(3)),
        ("v2", "a + b", fmpq(3), fmpq(1)),
        ("c", "v1*v2", fmpq(3), fmpq(1)),
    ],
    [
        ("a", "v1", fmpq(-2), fmpq(-6)),
        ("a", "v2", fmpq(1), fmpq(1)),
        ("b", "v2", fmpq(1), fmpq(1)),
        ("v1", "c", fmpq(3), fmpq(3)),
        ("v2", "c", fmpq(1), fmpq(1)),
    ],
    value=proved(fmpq(3), "c = v1*v2 = 1*3."),
    derivatives=proved({"a": fmpq(-5), "b": fmpq(1)}, "The sum over all paths."),
    contributions=proved(
        {"a": [{"via": "v1", "value": fmpq(-6)}, {"via": "v2", "value": fmpq(1)}]},
        "By the node that is entered first.",
    ),
)


POINTED = replace(
    GRAPH,
    facts={
        **GRAPH.facts,
        "highlighted": proved(
            {"input": "a", "path": ["a", "v1", "c"], "edges": [0, 3], "value": fmpq(-6),
             "share": fmpq(6, 5)},
            "The largest path.",
        ),
    },
)  # fmt: skip


def ladder(steps):
    """Rows of nodes and edges: s_k = w*s_(k-1) + s_(k-2) with one weight, and a highlighted path.

    The weight is used in every step, so its edges are long; parallel edges start the list.
    """
    nodes = [("w", "", 0.5, 1.0), ("s0", "", 1.0, 0.25), ("s1", "s0*s0", 1.0, -0.5)]
    edges = [("s0", "s1", 1.0, 0.25), ("s0", "s1", 1.0, 0.25)]
    for k in range(2, steps):
        nodes += [(f"p{k}", f"w*s{k - 1}", 0.5, 0.5 / k), (f"s{k}", f"p{k} + s{k - 2}", 1.0, 1 / k)]
        edges += [
            ("w", f"p{k}", 1.0, 1 / k), (f"s{k - 1}", f"p{k}", 0.5, -1 / k),
            (f"p{k}", f"s{k}", 1.0, 1 / k**2), (f"s{k - 2}", f"s{k}", 1.0, 0.0),
        ]  # fmt: skip
    last = steps - 1
    path = {
        "input": "w", "path": ["w", f"p{last}", f"s{last}"],
        "edges": [len(edges) - 4, len(edges) - 2], "value": -0.25, "share": 0.5,
    }  # fmt: skip
    return nodes, edges, path


FOCUS = {
    "nodes": [
        {"name": "w", "operation": "input", "value": 0.5, "adjoint": 1.0},
        {"name": "s0", "operation": "input", "value": 1.0, "adjoint": 0.25},
        {"name": "s39", "operation": "p39 + s37", "value": 1.0, "adjoint": 1.0},
    ],
    "edges": [
        {"from": "w", "to": "s39", "paths": 63245986, "flow": 1.0, "mass": 2.0, "hidden": 76},
        {"from": "s0", "to": "s39", "paths": 1, "flow": -0.25, "mass": 0.25, "hidden": 0},
    ],
    "coverage": 0.93,
    "shown": 3,
    "of": 79,
}

_NODES, _EDGES, _PATH = ladder(40)

LADDER = graph(
    _NODES, _EDGES,
    focus=computed(FOCUS, "What matters most."), highlighted=computed(_PATH, "The largest."),
)  # fmt: skip


def as_arrays(nodes, edges, **facts):
    """The same graph as a question answers it in float64: arrays by node and by edge."""
    number = {row[0]: index for index, row in enumerate(nodes)}
    arrays = {"node": Series(("node",), [row[0] for row in nodes])}
    for place, name in ((2, "value"), (3, "adjoint")):
        arrays[name] = Series(("node",), [float(row[place]) for row in nodes])
    for place, name in ((0, "source"), (1, "target")):
        arrays[name] = Series(("edge",), [number[row[place]] for row in edges])
    for place, name in ((2, "local"), (3, "flow")):
        arrays[name] = Series(("edge",), [row[place] for row in edges])
    return Answer("gradient", {"file": "long.txt"}, facts, (), arrays)


def layers(widths):
    return [
        {"layer": k, "parameters": a * b, "formula": f"{a}*{b}"}
        for k, (a, b) in enumerate(itertools.pairwise(widths), start=1)
    ]


_KEPT = (("weights", 12020), ("saved activations", 220))
PARAMETERS = Answer(
    "parameters",
    {"networks": ["100-100-20-1", "100-20-100-1"], "bias": False},
    {
        "parameters": proved({"100-100-20-1": 12020, "100-20-100-1": 4100}, "The layers add up."),
        "layers": proved(
            {
                "100-100-20-1": layers([100, 100, 20, 1]),
                "100-20-100-1": layers([100, 20, 100, 1]),
            },
            "Inputs times units.",
        ),
        "memory_training": computed(
            [{"part": p, "counted": f"{n} numbers * 4 B", "bytes": 4 * n} for p, n in _KEPT], "Ok."
        ),
        "kv_cache": Fact({"3-2": 0}, "proved", "No attention.", is_void=True),
        "difference": proved(
            [
                {"layer": k, "100-100-20-1": a, "100-20-100-1": b, "difference": b - a}
                for k, a, b in ((1, 10000, 2000), (2, 2000, 2000), (3, 20, 100))
            ],
            "The rows add up.",
        ),
    },
)

SCHEDULE = Answer(
    "schedule",
    {"schedule": "step"},
    {"changes": proved([15, 30, 45], "The rate changes every 15 steps.")},
    (),
    {
        "step": Series(("step",), list(range(60))),
        "learning_rate": Series(("step",), [0.1 * 0.5 ** (k // 15) for k in range(60)]),
    },
)


def barrier(x, h):
    return 1 - x if x <= 1 else x - 1 if x <= 1 + h else 1 + 2 * h - x


def landscape(h, low, high):
    xs = sorted({*grid(low, high, 301), 1.0, 1 + h, 1 + 2 * h})
    return {
        "landscape_x": Series(("landscape_x",), xs),
        "landscape_value": Series(("landscape_x",), [barrier(x, h) for x in xs]),
    }


_RUN = [0.0, 0.3, 0.6] + [0.9, 1.2] * 50

DESCENT = Answer(
    "trajectory",
    {"objective": "barrier", "set": {"learning_rate": "3/10", "h": "1/2"}},
    {
        "verdict": proved("cycle", "The state returns exactly after 2 steps."),
        "lowest": proved(fmpq(1, 10), "The smallest loss."),
        "lowest_at": proved(fmpq(9, 10), "Where it is."),
        "lowest_step": proved(3, "The first time."),
        "cycle": proved(
            {"period": 2, "points": [fmpq(9, 10), fmpq(6, 5)], "from_step": 3}, "It repeats."
        ),
    },
    (Step("x_1 = 3/10", "One step.", r"x_1 = \frac{3}{10}"),),
    {
        "step": Series(("step",), list(range(len(_RUN)))),
        "x": Series(("step",), _RUN),
        "value": Series(("step",), [barrier(x, 0.5) for x in _RUN]),
        **landscape(0.5, -0.2, 2.2),
    },
)

DIVERGING = Answer(
    "trajectory",
    {"objective": "x^2/2"},
    {"verdict": proved("diverges", "Each step multiplies by -3/2.")},
    (),
    {
        "step": Series(("step",), list(range(2000))),
        "x": Series(("step",), [(-1.5) ** min(k, 1700) for k in range(2000)]),
        "value": Series(("step",), [1.5 ** min(2 * k, 1700) / 2 for k in range(2000)]),
        "landscape_x": Series(("landscape_x",), grid(-60, 60)),
        "landscape_value": Series(("landscape_x",), [x * x / 2 for x in grid(-60, 60)]),
    },
)

ESCAPE = Answer(
    "escape",
    {"objective": "barrier", "optimizer": "adam", "parameter": "h"},
    {
        "barrier": proved(arb("0.003434062", "1e-10"), "There the peak and the top coincide."),
        "peak": proved(arb("1.003434062", "1e-10"), "The farthest point."),
        "regimes": proved(
            [
                {
                    "from": fmpq(0),
                    "to": arb("0.003434062", "1e-10"),
                    "from_closed": False,
                    "to_closed": False,
                    "outcome": "escapes",
                },
                {
                    "from": arb("0.003434062", "1e-10"),
                    "to": INFINITY,
                    "from_closed": True,
                    "to_closed": False,
                    "outcome": "trapped",
                },
            ],
            "The axis is split at each branch.",
        ),
        "float64_barrier": computed(0.002434062, "The same run in float64."),
    },
    (),
    {
        "step": Series(("step",), list(range(1008))),
        "x": Series(("step",), [k / 1000 for k in range(1001)] + [1.0005 * k for k in [1] * 7]),
        **landscape(0.003434062, 0.98, 1.02),
    },
)

CLAIM = Answer(
    "claim",
    {"says": "f'(x) = 3", "where": ["f(x) = ln(e^(3x+1))"]},
    {"holds": proved(True, "Both sides are 3.")},
)

SOFTPLUS = Answer(
    "activation",
    {"formula": "ln(e^(3x)+1)"},
    {"range": proved(Interval(ZERO, None), "It is positive."), "kinks": proved([], "Smooth.")},
    (),
    curve(lambda x: math.log1p(math.exp(3 * x)), lambda x: 3 / (1 + math.exp(-3 * x))),
)

ANSWERS = {
    "leaky": LEAKY,
    "sign": SIGN,
    "softplus": SOFTPLUS,
    "graph": GRAPH,
    "pointed": POINTED,
    "ladder": LADDER,
    "parameters": PARAMETERS,
    "schedule": SCHEDULE,
    "descent": DESCENT,
    "diverging": DIVERGING,
    "escape": ESCAPE,
    "stability": STABILITY,
    "claim": CLAIM,
}

CLAIMS = (
    Claim("suitable = yes", True, because="It is not affine."),
    Claim(
        "f'(x) = 3e^x/(e^(3x)+1)",
        False,
        counterexample={"at": {"x": fmpq(1)}, "left": 2.857722380192643, "right": fmpq(1, 3)},
    ),
    Claim("lowest = 0.1", None, "unknown", "It holds only for h >= 1/5."),
)


def page(**answers):
    """A page with these answers, claims with every result, and one question without an answer."""
    sections = [
        Section(f"{k}.1", name, f"What about `{name}`?", f"gradiometer {name}", answer, CLAIMS[:k])
        for k, (name, answer) in enumerate(answers.items(), start=1)
    ]
    broken = Section("9", "Broken", error="FormulaError: A bracket is not closed.\n  text:  (1+x")
    return Page("Training mechanics", "Five problems, checked.", (*sections, broken))


@cache
def whole_page():
    """The HTML of a page with every kind of answer."""
    return write_html(page(**ANSWERS))

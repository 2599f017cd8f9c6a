"""Writes `derivations.toml`: derivations with one planted slip each, or with none.

The lines of a template are equal for all values of its slots, except that the first line follows
from the question only with the right values. A slip changes a slot from one line on, so that line
is wrong and all later lines follow from it.
"""

from pathlib import Path

TARGET = Path(__file__).with_name("derivations.toml")

TEMPLATES = [
    {
        "where": "f(x) = ln(e^({a}x)+{b})",
        "lines": [
            "f'(x)",
            "{A}*e^({p}x)/(e^({a}x)+{b})",
            "{A}/((e^({a}x)+{b})*e^(-{p}x))",
            "{A}/(e^(({a}-{p})*x) + {b}*e^(-{p}x))",
        ],
        "slots": [{"a": 3, "A": 3, "p": 3, "b": 1}, {"a": 2, "A": 2, "p": 2, "b": 5}],
        "slips": {"inner factor dropped": {"A": 1}, "exponent": {"p": 1}, "sign": {"A": "(-3)"}},
    },
    {
        "where": "f(x) = tanh({a}x)",
        "lines": [
            "f'(x)",
            "{A}*(1 {s} tanh({a}x)^{n})",
            "{A} {s} {A}*tanh({a}x)^{n}",
            "{A} {s} {A}*((e^({a}x)-e^(-{a}x))/(e^({a}x)+e^(-{a}x)))^{n}",
        ],
        "slots": [{"a": 2, "A": 2, "s": "-", "n": 2}, {"a": "1/2", "A": "1/2", "s": "-", "n": 2}],
        "slips": {"inner factor dropped": {"A": 1}, "sign": {"s": "+"}, "exponent": {"n": 1}},
    },
    {
        "where": "f(x) = x*sigmoid({a}x)",
        "lines": [
            "f'(x)",
            "{t}*sigmoid({a}x) + {A}*x*sigmoid({a}x)*(1 {s} sigmoid({a}x))",
            "sigmoid({a}x)*({t} + {A}*x*(1 {s} sigmoid({a}x)))",
            "({t} + {A}*x*(1 {s} sigmoid({a}x)))/(1+e^(-{a}x))",
        ],
        "slots": [{"a": 1, "A": 1, "s": "-", "t": 1}, {"a": 3, "A": 3, "s": "-", "t": 1}],
        "slips": {"sign": {"s": "+"}, "term dropped": {"t": 0}, "factor": {"A": 2}},
    },
    {
        "where": "f(x) = (x^2+{b})^{n}",
        "lines": [
            "f'(x)",
            "{k}*(x^2+{b})^{m}*{c}x",
            "({k}*{c})*x*(x^2+{b})^{m}",
            "x*(x^2+{b})^{m}*{c}*{k}",
        ],
        "slots": [
            {"b": 1, "n": 3, "k": 3, "m": 2, "c": 2},
            {"b": 4, "n": 5, "k": 5, "m": 4, "c": 2},
        ],
        "slips": {"exponent": {"m": 3}, "inner factor": {"c": 1}, "outer factor": {"k": 1}},
    },
    {
        "where": "f(x) = x^{n}*e^({a}x)",
        "lines": [
            "f'(x)",
            "{n}*x^{m}*e^({a}x) {s} {A}*x^{n}*e^({a}x)",
            "({n}*x^{m} {s} {A}*x^{n})*e^({a}x)",
            "({n}*x^{m} {s} {A}*x^{n})/e^(-{a}x)",
        ],
        "slots": [
            {"n": 2, "m": 1, "a": 3, "A": 3, "s": "+"},
            {"n": 3, "m": 2, "a": "(-1)", "A": "(-1)", "s": "+"},
        ],
        "slips": {"sign": {"s": "-"}, "factor": {"A": 5}, "exponent": {"m": 4}},
    },
    {
        "where": "f(x) = x/(x^2+{b})",
        "lines": [
            "f'(x)",
            "((x^2+{b}) {s} x*{c}x)/(x^2+{b})^{q}",
            "(x^2 + {b} {s} {c}*x^2)/(x^2+{b})^{q}",
            "({b} + (1 {s} {c})*x^2)/(x^2+{b})^{q}",
            "{b}/(x^2+{b})^{q} + (1 {s} {c})*x^2/(x^2+{b})^{q}",
        ],
        "slots": [{"b": 1, "s": "-", "c": 2, "q": 2}, {"b": 9, "s": "-", "c": 2, "q": 2}],
        "slips": {"sign": {"s": "+"}, "factor": {"c": 1}, "exponent": {"q": 1}},
    },
    {
        "where": "f(x) = |x-{k}| + {a}x",
        "lines": [
            "f'(x)",
            "where(x {r} {k}, 1, -1) + {A}",
            "where(x {r} {k}, {A} + 1, {A} - 1)",
            "{A} - 1 + where(x {r} {k}, 2, 0)",
            "{A} - 1 + 2*where(x {r} {k}, 1, 0)",
        ],
        "slots": [
            {"k": 2, "a": 3, "A": 3, "r": ">"},
            {"k": "1/3", "a": "1/2", "A": "1/2", "r": ">"},
        ],
        "slips": {"wrong side of the kink": {"r": "<"}, "term dropped": {"A": 0}},
    },
    {
        "where": "f(x) = max(x,{k}) + {a}*min(x,{k})",
        "lines": [
            "f'(x)",
            "where(x {r} {k}, 1, {A})",
            "{A} + where(x {r} {k}, 1 - {A}, 0)",
            "{A} + (1 - {A})*where(x {r} {k}, 1, 0)",
        ],
        "slots": [
            {"k": 0, "a": 0.1, "A": 0.1, "r": ">"},
            {"k": "(-1)", "a": 0.25, "A": 0.25, "r": ">"},
        ],
        "slips": {"wrong side of the kink": {"r": "<"}, "slope": {"A": 0}, "sign": {"A": "(-0.1)"}},
    },
    {
        "where": "v = a^2; w = a + b; c = v*w",
        "lines": [
            "dc/da",
            "{k}a*w {s} v",
            "{k}a*(a+b) {s} a^2",
            "{k}a^2 + {k}a*b {s} a^2",
            "a*({k}a + {k}b {s} a)",
        ],
        "slots": [{"k": 2, "s": "+"}],
        "slips": {"sign": {"s": "-"}, "factor": {"k": 1}, "path dropped": {"s": "+ 0*"}},
    },
    {
        "where": "f(x) = sqrt(x^2+{b})",
        "lines": [
            "f'(x)",
            "{h}*{c}x/sqrt(x^2+{b})",
            "{h}*{c}*x*(x^2+{b})^(-1/2)",
            "({h}*{c})*x*sqrt(x^2+{b})/(x^2+{b})",
        ],
        "slots": [{"b": 1, "h": "1/2", "c": 2}, {"b": 7, "h": "1/2", "c": 2}],
        "slips": {"inner factor": {"c": 1}, "outer factor": {"h": 2}, "sign": {"h": "(-1/2)"}},
    },
    {
        "where": "f(x) = e^(-{a}x^2)",
        "lines": [
            "f'(x)",
            "{s}{A}*x^{n}*e^(-{a}x^2)",
            "{s}{A}*x^{n}/e^({a}x^2)",
            "{A}*x^{n}*({s}e^(-{a}x^2))",
        ],
        "slots": [{"a": 1, "A": 2, "s": "-", "n": 1}, {"a": "1/2", "A": 1, "s": "-", "n": 1}],
        "slips": {"sign": {"s": ""}, "factor": {"A": 3}, "exponent": {"n": 2}},
    },
    {
        "where": "f(x) = x*Phi(x)",
        "lines": [
            "f'(x)",
            "Phi(x) {s} x^{n}*e^(-x^2/2)/sqrt({c}pi)",
            "(1 + erf(x/sqrt(2)))/2 {s} x^{n}*e^(-x^2/2)/sqrt({c}pi)",
            "1/2 + erf(x/sqrt(2))/2 {s} x^{n}/(sqrt({c}pi)*e^(x^2/2))",
        ],
        "slots": [{"s": "+", "n": 1, "c": 2}],
        "slips": {"sign": {"s": "-"}, "factor": {"c": 1}, "inner term": {"n": 0}},
    },
    {
        "where": "",
        "lines": [
            "(x+{a})^2 - (x-{a})^2",
            "x^2 + {c}*x + {d} - (x^2 - {c}*x + {d})",
            "x^2 + {c}*x + {d} - x^2 {s} {c}*x - {d}",
            "{c}*x {s} {c}*x",
        ],
        "slots": [{"a": 3, "c": 6, "d": 9, "s": "+"}],
        "slips": {"factor": {"c": 3}, "sign": {"s": "-", "from": 2}},
    },
    {
        "where": "",
        "lines": [
            "max(x,{a}) - min(x,{a})",
            "(x + {a} + |x-{a}|)/2 - (x + {a} {s} |x-{a}|)/2",
            "(|x-{a}| - (0 {s} |x-{a}|))/2",
            "|x-{a}|/2 - (0 {s} |x-{a}|/2)",
        ],
        "slots": [{"a": 2, "s": "-"}, {"a": "(-1/2)", "s": "-"}],
        "slips": {"sign": {"s": "+"}},
    },
    {
        "where": "",
        "lines": [
            "ln(e^({a}x)+1) - ln(e^(-{a}x)+1)",
            "ln((e^({a}x)+1)/(e^(-{a}x)+1))",
            "ln(e^({b}x))",
            "{b}x",
        ],
        "slots": [{"a": 1, "b": 1}, {"a": 4, "b": 4}],
        "slips": {"factor": {"b": 2, "from": 2}, "sign": {"b": "(-1)", "from": 2}},
    },
]  # fmt: skip


def derivations():
    """Each template without a slip and with each slip at each line; other numbers with one slip."""
    for template in TEMPLATES:
        lines = template["lines"]
        for rank, slots in enumerate(template["slots"]):
            where = template["where"].format(**slots)
            right = [line.format(**slots) for line in lines]
            yield where, right, 0, "none"
            for slip, change in list(template["slips"].items())[: None if rank == 0 else 1]:
                changed = {**slots, **change}
                wrong = [line.format(**changed) for line in lines]
                for place in range(change.get("from", 1), len(lines)):
                    if wrong[place] != right[place]:
                        yield where, [*right[:place], *wrong[place:]], place, slip


def render():
    """The text of the file."""
    rows = [
        "# Written by write_derivations.py. `wrong` is the first wrong line, counted from the one",
        "# after the question; 0 where all are right.",
        "",
        "derivations = [",
    ]
    for where, lines, wrong, slip in derivations():
        quoted = ", ".join(f'"{line}"' for line in lines)
        given = f'where = ["{where}"], ' if where else ""
        rows.append(f'  {{ {given}wrong = {wrong}, slip = "{slip}", lines = [{quoted}] }},')
    return "\n".join([*rows, "]", ""])


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")

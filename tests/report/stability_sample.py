"""An answer to `stability`, made by hand."""

from flint import arb, fmpq

from gradiometer.formula import ZERO, Interval, number
from gradiometer.question import Answer, Series, computed, proved

RATES = [0.02 + 4.92 * k / 80 for k in range(81)]

STABILITY = Answer(
    "stability",
    {"objective": "x^2/2", "optimizer": "sgd", "vary": "learning_rate"},
    {
        "critical": proved(fmpq(19, 5), "There a multiplier is -1."),
        "condition": proved("learning_rate < 2*(1 + momentum)/lambda", "All lie inside then."),
        "safe": proved([Interval(ZERO, number("19/5"))], "All that are safe."),
        "multipliers": proved(
            [{"real": fmpq(9, 20), "imaginary": arb("0.8351", "1e-4"), "size": arb("0.9", "1e-2")}],
            "At 1.",
        ),
        "best": computed({"rate": 0.0026, "growth": 0.9487}, "The smallest."),
        "points": proved(
            [{"at": fmpq(0), "kind": "minimum", "curvature": fmpq(1), "critical": fmpq(19, 5),
              "is": "stable"}],
            "One point.",
        ),
    },
    (),
    {
        "rate": Series(("rate",), RATES),
        "growth": Series(("rate",), [max(0.9487, k - 2.8) for k in RATES]),
    },
)  # fmt: skip

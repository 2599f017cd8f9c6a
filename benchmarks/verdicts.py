"""Verdicts about all steps to come: how long a certified one takes, and its checker alone.

Times are of the processor, since the machine is shared. An answer contains one run of the checker.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

STEPS = 100
RUNS = 5
RATE = {"learning_rate": "1/10"}
RULES: dict[str, tuple[str, dict[str, str]]] = {
    "SGD": ("sgd", RATE),
    "momentum": ("sgd", {**RATE, "momentum": "9/10"}),
    "Nesterov": ("sgd", {**RATE, "momentum": "9/10", "nesterov": "true"}),
    "Lion": ("lion", RATE),
    "Adam": ("adam", {**RATE, "eps": "1/10"}),
    "AdamW": ("adamw", {**RATE, "eps": "1/10"}),
    "AMSGrad": ("amsgrad", {**RATE, "eps": "1/10"}),
    "RMSProp": ("rmsprop", {**RATE, "eps": "1/5"}),
    "RMSProp, momentum": ("rmsprop", {**RATE, "eps": "1/5", "momentum": "1/2"}),
    "AdaGrad": ("adagrad", RATE),
}
LANDSCAPES: dict[str, tuple[str, dict[str, str], str]] = {
    "kink": ("max(-x, 3*x/2)", {}, "1/3"),
    "barrier": ("barrier", {"h": "1/2"}, "0"),
    "quadratic": ("x^2/2", {}, "3/2"),
    "double well": ("double_well", {}, "3/10"),
    "cosh": ("cosh(x)", {}, "3/2"),
    "quartic": ("x^4/4 + x^2/2", {}, "3/2"),
}


def spend(call: Callable[[], Any]) -> tuple[float, Any]:
    """The median seconds of a warm call, and what it gives."""
    given, spent = call(), []
    for _ in range(RUNS):
        start = time.process_time()
        call()
        spent.append(time.process_time() - start)
    return statistics.median(spent), given


def time_verdicts() -> dict[str, Any]:
    """Every rule on every landscape."""
    from gradiometer.proof import check
    from gradiometer.question import ask

    rows = []
    for surface, (objective, extra, start) in LANDSCAPES.items():
        for name, (rule, values) in RULES.items():
            asked = {
                "objective": objective, "optimizer": rule, "set": {**values, **extra},
                "start": start, "steps": STEPS,
            }  # fmt: skip
            answer, found = spend(lambda asked=asked: ask("trajectory", **asked))
            checker, _ = spend(lambda found=found: check(found.certificate))
            fact = found.facts["verdict"]
            rows.append(
                {"rule": name, "landscape": surface, "verdict": fact.value, "status": fact.status,
                 "answer s": answer, "checker s": checker}
            )  # fmt: skip
    decided = [row for row in rows if row["status"] == "proved"]
    return {
        "rows": rows,
        "decided": len(decided),
        "median answer s": statistics.median(row["answer s"] for row in decided),
        "median checker s": statistics.median(row["checker s"] for row in decided),
        "slower checkers": sum(2 * row["checker s"] > row["answer s"] for row in decided),
    }


def write_verdicts(results: dict[str, Any]) -> list[str]:
    """The results as lines of Markdown."""
    lines = [
        "| verdict for all steps, milliseconds (its checker alone) | " + " | ".join(RULES) + " |",
        "|---" * (len(RULES) + 1) + "|",
    ]
    for surface in LANDSCAPES:
        cells = [
            f"{row['verdict']} {1e3 * row['answer s']:.0f} ({1e3 * row['checker s']:.0f})"
            for row in results["rows"]
            if row["landscape"] == surface
        ]
        lines.append(f"| {surface} | " + " | ".join(cells) + " |")
    lines += [
        "",
        f"{results['decided']} of {len(results['rows'])} verdicts are proved; of these the median "
        f"answer takes {1e3 * results['median answer s']:.0f} ms and its checker "
        f"{1e3 * results['median checker s']:.0f} ms. In {results['slower checkers']} of them the "
        "checker takes longer than all the rest of the answer.",
    ]
    return lines


if __name__ == "__main__":
    sys.stdout.write("\n".join(write_verdicts(time_verdicts())) + "\n")

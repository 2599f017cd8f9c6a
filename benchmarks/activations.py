"""Facts of activations of known truth, by gradiometer and by SymPy: who is right, how fast.

SymPy is asked for the range, monotony and convexity of every function that its notation holds.
Each question has a time limit in a child process, and all of them have one together.
"""

from __future__ import annotations

import select
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent / "tests"
SECONDS = 10.0
"""For one question."""
ALL_SECONDS = 120.0
"""For all questions; those that it does not reach are counted apart."""
QUESTIONS = ("range", "monotone", "convex")
_SYMPY = {
    "max": "Max", "min": "Min", "abs": "Abs", "ln": "log", "^": "**", "neg": "-", "e": "E",
}  # fmt: skip


def spell(node: Any) -> str:
    """A tree in SymPy's notation."""
    from gradiometer.formula import Constant, Name, Number

    if isinstance(node, Number):
        return f"Rational({int(node.value.p)},{int(node.value.q)})"
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Constant):
        return _SYMPY.get(node.name, node.name)
    parts = [spell(part) for part in node.arguments]
    name = _SYMPY.get(node.operator, node.operator)
    rewritten = {
        "neg": "(-{0})", "sigmoid": "(1/(1+exp(-({0}))))", "softplus": "log(1+exp({0}))",
        "Phi": "((1+erf(({0})/sqrt(2)))/2)", "relu": "Max({0},0)",
        "clip": "Min(Max({0},{1}),{2})", "where": "Piecewise(({1},{0}),({2},True))",
        "and": "And({0},{1})", "or": "Or({0},{1})",
    }  # fmt: skip
    if node.operator in rewritten:
        return rewritten[node.operator].format(*parts)
    if name.isalpha():
        return f"{name}({', '.join(parts)})"
    return "(" + name.join(f"({part})" for part in parts) + ")"


def is_right(question: str, said: str, row: dict[str, Any]) -> bool:
    """Whether an answer of SymPy is the truth of the row, to ten digits, ends not compared."""
    if question == "monotone":
        return (said == "True") is (row["monotone"] != "none")
    if question == "convex":
        return (said == "True") is (row["convex"] in {"convex", "affine"})
    if said == "several" or len(row["range"]) > 1:
        return said == "several" and len(row["range"]) > 1
    words = [word.strip("[]()~ ") for word in row["range"][0].replace("~", "").split(",")]
    ends = said.split()
    return len(ends) == 2 and all(abs_gap(a, b) for a, b in zip(ends, words, strict=True))


def abs_gap(said: str, known: str) -> bool:
    """Whether two ends of a range agree to ten digits."""
    if "oo" in known or "oo" in said:
        return said == known
    top, _, bottom = known.partition("/")
    truth = float(top) / float(bottom or 1)
    try:
        return abs(float(said) - truth) <= 1e-10 * (1 + abs(truth))
    except ValueError:
        # An end that still holds the variable is no number.
        return False


def ask_sympy(rows: list[dict[str, Any]]) -> tuple[Counter[str], list[float]]:
    """Counts of right, wrong, no answer and not reached, and the seconds of each question."""
    from gradiometer.formula import tidy
    from gradiometer.model import read_activation

    counts: Counter[str] = Counter()
    spent: list[float] = []
    child, began = None, time.perf_counter()
    for row in rows:
        text = spell(tidy(read_activation(row["f"], settings=row.get("set")).tree))
        for question in QUESTIONS:
            if time.perf_counter() - began > ALL_SECONDS:
                counts["not reached"] += 1
                continue
            child = child or start_child()
            start = time.perf_counter()
            said = ask_child(child, f"{question} {text}\n")
            spent.append(time.perf_counter() - start)
            if said is None:
                child.kill()
                child.wait()
                child = None
            word = is_right(question, said, row) if said else None
            counts["unknown" if word is None else "right" if word else "wrong"] += 1
    if child is not None:
        child.kill()
        child.wait()
    return counts, spent


def start_child() -> subprocess.Popen[str]:
    """A fresh SymPy, already imported when it has answered once."""
    child = subprocess.Popen(
        [sys.executable, str(HERE / "activations_peer.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    ask_child(child, "monotone x\n")
    return child


def ask_child(child: subprocess.Popen[str], line: str) -> str | None:
    """The child's answer; None when it has none in time."""
    if child.stdin is None or child.stdout is None:
        raise SystemExit("the child has no pipes")
    child.stdin.write(line)
    child.stdin.flush()
    ready, _, _ = select.select([child.stdout], [], [], SECONDS)
    return child.stdout.readline().strip() if ready else None


def ask_ours(
    rows: list[dict[str, Any]], truths: Any
) -> tuple[Counter[str], Counter[str], list[float]]:
    """Counts over all facts, over SymPy's three, and the seconds of each whole answer."""
    from gradiometer.question.activation import activation

    every: Counter[str] = Counter()
    three: Counter[str] = Counter()
    spent: list[float] = []
    activation("tanh")
    for row in rows:
        start = time.perf_counter()
        answer = activation(row["f"], set=row.get("set"))
        spent.append(time.perf_counter() - start)
        found = truths.judge(row, answer)
        every.update(found.values())
        three.update(found[name] for name in QUESTIONS if name in found)
    return every, three, spent


def time_activations() -> dict[str, Any]:
    """The counts and times of both tools."""
    sys.path.insert(0, str(TESTS))
    from known_answers import activation_truths as truths

    every, three, ours = ask_ours(truths.ROWS, truths)
    blind, _, blind_seconds = ask_ours(truths.HELD_OUT, truths)
    theirs, seconds = ask_sympy(truths.ROWS)
    tools = {
        "gradiometer, all facts": count(every, ours),
        f"gradiometer, {len(truths.HELD_OUT)} held-out functions": count(blind, blind_seconds),
        "gradiometer, range monotone convex": count(three, ours),
        "SymPy, range monotone convex": count(theirs, seconds),
    }
    return {"functions": len(truths.ROWS), "tools": tools, "limit seconds": SECONDS}


def count(words: Counter[str], spent: list[float]) -> dict[str, float]:
    """One row of the table."""
    names = ("right", "unknown", "wrong", "not reached")
    return {
        **{name: words[name] for name in names},
        "median s": statistics.median(spent), "maximum s": max(spent),
    }  # fmt: skip


def write_activations(results: dict[str, Any]) -> list[str]:
    """The counts as lines of Markdown."""
    columns = list(next(iter(results["tools"].values())))
    title = f"{results['functions']} activations"
    lines = [f"| {title} | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, row in results["tools"].items():
        cells = [f"{v:.3g}" if isinstance(v, float) else str(v) for v in row.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    note = (
        "Seconds of gradiometer are of one function with all its facts and certificates, of SymPy "
        f"of one question, with {SECONDS:g} s each and {ALL_SECONDS:g} s for all; a question "
        "that fails or takes longer is unknown. Of SymPy's ranges only the ends are compared. The "
        "truth of the held-out functions, of more facts each, was written down before any of "
        "them was asked about; SymPy is not asked about these."
    )
    return [*lines, "", note]


if __name__ == "__main__":
    sys.stdout.write("\n".join(write_activations(time_activations())) + "\n")

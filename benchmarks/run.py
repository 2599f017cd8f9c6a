"""Times gradiometer beside its peers in one run and writes the numbers the README quotes.

Every figure is a median; every comparison is a ratio of two medians that were taken in turn.
Results go to `benchmarks/results.json`, `benchmarks/RESULTS.md` and the marked part of README.md.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from activations import time_activations, write_activations
from claims import time_claims, write_claims
from derivations import time_derivations, write_derivations
from drawing import time_drawing, write_drawing
from kernels import time_kernels, write_kernels
from lanes import time_lanes, write_lanes
from moments import time_moments, write_moments
from networks import time_networks, write_networks
from paths import draw_figure, time_paths, write_paths
from training import time_training, write_training
from verdicts import time_verdicts, write_verdicts

ROOT = Path(__file__).resolve().parent.parent
STUDY = "studies/training_mechanics.toml"
RUNS = 7

COMMANDS = {
    "--help": ["--help"],
    "activation": ["activation", "ln(e^(3x)+1)", "--json"],
    "gradient": ["gradient", "v1=a^2; v2=a+b; c=v1*v2", "--at", "a=-1,b=4", "--json"],
    "parameters": ["parameters", "100-100-20-1", "100-20-100-1", "--json"],
    "schedule": ["schedule", "step", "--set", "step_size=15", "--json"],
    "trajectory": ["trajectory", "--objective", "barrier", "--set", "learning_rate=3/10", "--json"],
    "escape (Adam, exact)": [
        "escape", "--objective", "barrier", "--optimizer", "adam", "--set", "eps=0", "--json",
    ],
    "claim": [
        "claim", "f'(x) = 3/(1+e^(-3x))", "--where", "f(x) = ln(e^(3x)+1)", "--json",
    ],
    "whole study": ["study", "run", STUDY, "--json"],
}  # fmt: skip

HOSTILE = {
    "9^9^9": "9^9^9",
    "(9^9)^9999": "(9^9)^9999",
    "1e999999999": "1e999999999",
    "10^5 brackets": "(" * 100_000 + "x" + ")" * 100_000,
    "10^5 minus signs": "-" * 100_000 + "x",
    "attribute access": "x.__class__.__mro__",
    "unknown name": "import_os(x)",
}


def time_process(arguments: list[str]) -> float:
    """Wall seconds of one whole process."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, check=False,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - start


def median_of(measure: Callable[[], float], runs: int = RUNS) -> float:
    """The median of *runs* measurements after one that does not count."""
    measure()
    return statistics.median(measure() for _ in range(runs))


def time_call(call: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def time_cold() -> dict[str, float]:
    """Whole processes, interpreter start included; bare Python and SymPy for scale."""
    rows = {name: median_of(lambda a=a: time_process(["-m", "gradiometer", *a]))
            for name, a in COMMANDS.items()}  # fmt: skip
    rows["python -c pass"] = median_of(lambda: time_process(["-c", "pass"]))
    rows["python -c 'import sympy'"] = median_of(lambda: time_process(["-c", "import sympy"]))
    return rows


def time_hostile() -> dict[str, float]:
    """Milliseconds until a hostile text is refused, in a warm process."""
    from gradiometer.errors import GradiometerError
    from gradiometer.formula import parse

    def refuse(text: str) -> None:
        try:
            parse(text, names=("x",))
        except GradiometerError:
            return
        raise SystemExit(f"accepted: {text[:40]}")

    return {name: 1e3 * median_of(lambda t=text: time_call(lambda: refuse(t)))
            for name, text in HOSTILE.items()}  # fmt: skip


def adam_with_fractions(steps: int) -> Fraction:
    """Adam on two slopes that meet at 1, with the standard library's fractions."""
    b1, b2, rate = Fraction(9, 10), Fraction(999, 1000), Fraction(1, 1000)
    x = m = v = Fraction(0)
    for t in range(1, steps + 1):
        g = Fraction(-1 if x <= 1 else 1)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        # The root of v/(1 - b2^t) is 1 here, because all slopes have size 1.
        assert v / (1 - b2**t) == 1
        x -= rate * m / (1 - b1**t)
    return x


def adam_with_gradiometer(steps: int) -> object:
    """The same run through the catalogue's rule and the exact walk, without the checker."""
    from gradiometer.proof import run_exactly
    from gradiometer.question.course import read_request

    request = read_request(
        "barrier", optimizer="adam", schedule=None, settings={"eps": "0", "h": "1"},
        start="0", steps=steps, at_kink=None,
    )  # fmt: skip
    return run_exactly(request.course, settled_from=None).states[-1].position


def time_exact_adam() -> dict[str, float]:
    """1,005 exact Adam steps over the kink: fractions against the walk."""
    steps = 1005
    if adam_with_fractions(steps) != Fraction(str(adam_with_gradiometer(steps))):
        raise SystemExit("the two exact runs differ")
    ours = median_of(lambda: time_call(lambda: adam_with_gradiometer(steps)), 5)
    peer = median_of(lambda: time_call(lambda: adam_with_fractions(steps)), 5)
    return {"gradiometer": ours, "fractions.Fraction": peer, "ratio": peer / ours}


def time_activation() -> dict[str, float]:
    """All facts of ln(e^(3x)+1), warm, beside SymPy's range and monotony of the same function."""
    import sympy
    from sympy.calculus.util import function_range

    from gradiometer.question import ask

    x = sympy.Symbol("x", real=True)
    f = sympy.log(sympy.exp(3 * x) + 1)

    def peer() -> None:
        sympy.core.cache.clear_cache()
        function_range(f, x, sympy.S.Reals)
        sympy.is_monotonic(f, sympy.S.Reals)

    ours = median_of(lambda: time_call(lambda: ask("activation", formula="ln(e^(3x)+1)")), 5)
    theirs = median_of(lambda: time_call(peer), 5)
    return {"gradiometer": ours, "SymPy range + monotone": theirs, "ratio": theirs / ours}


def time_parse() -> dict[str, float]:
    """Microseconds to read a formula, beside SymPy's parser (which runs what it reads)."""
    from sympy.parsing.sympy_parser import parse_expr

    from gradiometer.formula import parse

    def ours() -> None:
        for _ in range(100):
            parse("max(x,0) + 0.1*min(x,0) + 3/(1+e^(-3*x))")

    def theirs() -> None:
        for _ in range(100):
            parse_expr("Max(x,0) + 0.1*Min(x,0) + 3/(1+E**(-3*x))", evaluate=False)

    a, b = (1e4 * median_of(lambda c=c: time_call(c), 5) for c in (ours, theirs))
    return {"gradiometer": a, "SymPy parse_expr": b, "ratio": b / a}


def write_markdown(results: dict[str, Any]) -> str:
    """The results as Markdown tables."""
    lines = [
        "| whole process, cold | seconds |", "|---|---|",
        *(f"| `{name}` | {value:.2f} |" for name, value in results["cold"].items()), "",
        "| refused text | milliseconds |", "|---|---|",
        *(f"| {name} | {value:.2f} |" for name, value in results["hostile"].items()), "",
        "| beside a peer | gradiometer | peer | ratio |", "|---|---|---|---|",
    ]  # fmt: skip
    titles = {
        "adam": "1,005 exact Adam steps, seconds",
        "activation": "facts of ln(e^(3x)+1), seconds",
        "parse": "read one formula, microseconds",
    }
    for key, title in titles.items():
        (_, ours), (peer, theirs), (_, ratio) = results[key].items()
        lines.append(f"| {title} | {ours:.3g} | {theirs:.3g} ({peer}) | {ratio:.1f} |")
    tables = [
        write_claims(results["claims"]),
        write_derivations(results["derivations"]),
        write_activations(results["activations"]),
        write_moments(results["moments"]),
        write_paths(results["paths"]),
        write_drawing(results["drawing"]),
        write_networks(results["networks"]),
        write_lanes(results["lanes"]),
        write_kernels(results["kernels"]),
        write_verdicts(results["verdicts"]),
        write_training(results["training"]),
    ]
    return "\n".join([*lines, *(line for table in tables for line in ("", *table))])


def update_readme(table: str) -> None:
    """Put the table between the marks of README.md."""
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    start, end = "<!-- benchmarks begin -->\n", "<!-- benchmarks end -->"
    before, _, rest = text.partition(start)
    _, _, after = rest.partition(end)
    if not rest or not after:
        raise SystemExit("README.md has no place for the benchmarks")
    path.write_text(before + start + table + "\n" + end + after, encoding="utf-8")


def main() -> None:
    """Run everything, print the tables, write the files."""
    results = {
        "cold": time_cold(),
        "hostile": time_hostile(),
        "adam": time_exact_adam(),
        "activation": time_activation(),
        "parse": time_parse(),
        "claims": time_claims(),
        "derivations": time_derivations(),
        "activations": time_activations(),
        "moments": time_moments(),
        "paths": time_paths(),
        "drawing": time_drawing(),
        "networks": time_networks(),
        "lanes": time_lanes(),
        "kernels": time_kernels(),
        "verdicts": time_verdicts(),
        "training": time_training(),
    }
    draw_figure(results["paths"], ROOT / "benchmarks/paths.svg")
    table = write_markdown(results)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    note = f"Medians of {RUNS} runs ({machine}); the machine is shared, so trust the ratios.\n"
    (ROOT / "benchmarks/results.json").write_text(
        json.dumps({"machine": machine, **results}, indent=2, default=float) + "\n",
        encoding="utf-8",
    )
    (ROOT / "benchmarks/RESULTS.md").write_text(
        f"# Benchmarks\n\n{note}\n{table}\n", encoding="utf-8"
    )
    update_readme(f"{note}\n{table}")
    sys.stdout.write(table + "\n")


if __name__ == "__main__":
    main()

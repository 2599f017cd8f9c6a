"""Means of every catalogue activation over a standard normal number: digits, seconds, and peers.

The peers integrate the same functions in floating point; their errors are taken against the
certified digits. SciPy is used where it is installed (`pip install gradiometer[bench]`).
"""

from __future__ import annotations

import importlib.util
import math
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

MEANS = {"value": "E f", "square": "E f^2", "slope_square": "E f'^2"}
LIMIT = 0.3
"""Seconds that a certified mean may take."""
DRAWS = 100_000
NODES = 100
FAR = 38.0
"""From here on the density is 0 in floats."""
WRONG = 1e-6
"""Relative error from which a result of a peer counts as off."""


def list_means() -> list[tuple[str, str, Any]]:
    """Each entry with the name of a mean and its shape by pieces."""
    from gradiometer.catalog import list_entries
    from gradiometer.formula import to_piecewise
    from gradiometer.model import read_activation
    from gradiometer.proof import Shape

    rows = []
    for name in list_entries("activation"):
        tree = read_activation(name).tree
        rows += [(name, of, (tree, Shape(to_piecewise(tree, "x")))) for of in MEANS]
    return rows


def time_ours(tree: Any, shape: Any, of: str) -> tuple[float, int, float]:
    """The mean as a float, how many digits are certified, and the seconds with the check."""
    from flint import arb, fmpq

    from gradiometer.errors import UndecidedError
    from gradiometer.formula import evaluate, precision, to_ball
    from gradiometer.proof import find_moment

    start = time.perf_counter()
    try:
        found = find_moment(shape, tree, of, variance=fmpq(1))
    except UndecidedError:
        return math.nan, 0, time.perf_counter() - start
    spent = time.perf_counter() - start
    with precision(256):
        value = found.value
        ball = to_ball(value if isinstance(value, fmpq | arb) else evaluate(value, {}))
    digits = found.certificate["claim"]["digits"].partition("e")[0].strip("-").replace(".", "")
    # "0" says that the number is exactly 0, or below 1e-30.
    return float(ball), 30 if digits == "0" else len(digits), spent


def to_function(shape: Any, of: str) -> Callable[[float], float]:
    """The integrand without the density, in floats."""
    from gradiometer.formula import compile_float, evaluate, to_float

    pieces = []
    for section in shape.sections:
        low, high = (
            infinite if end is None else to_float(evaluate(end, {}))
            for end, infinite in ((section.open.lower, -math.inf), (section.open.upper, math.inf))
        )
        node = section.slope if of == "slope_square" else section.piece.formula
        pieces.append((low, high, compile_float(node)))

    def run(x: float) -> float:
        for low, high, value in pieces:
            if low <= x <= high:
                y = value({"x": x})
                return y if of == "value" else y * y
        return math.nan

    return run


def weigh(f: Callable[[float], float]) -> Callable[[Any], float]:
    """The integrand; 0 where the density is 0 in floats and the function may overflow."""
    scale = math.sqrt(2 * math.pi)

    def run(x: Any) -> float:
        x = float(x)
        return f(x) * math.exp(-x * x / 2) / scale if abs(x) < FAR else 0.0

    return run


def by_scipy(f: Callable[[float], float]) -> float:
    from scipy.integrate import quad

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return quad(weigh(f), -math.inf, math.inf)[0]


def by_mpmath(f: Callable[[float], float]) -> float:
    import mpmath

    return float(mpmath.quad(weigh(f), [-mpmath.inf, mpmath.inf]))


def by_gauss_hermite(f: Callable[[float], float]) -> float:
    import numpy as np

    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    return sum(w * f(x) for x, w in zip(nodes, weights, strict=True)) / math.sqrt(2 * math.pi)


def by_monte_carlo(f: Callable[[float], float]) -> float:
    import numpy as np

    draws = np.random.default_rng(0).standard_normal(DRAWS)
    return sum(map(f, draws.tolist())) / DRAWS


def list_peers() -> dict[str, Callable[[Callable[[float], float]], float]]:
    """The ways of integrating that are installed."""
    peers = {
        "mpmath.quad": by_mpmath, f"Gauss-Hermite, {NODES} nodes": by_gauss_hermite,
        f"Monte Carlo, {DRAWS:,} draws": by_monte_carlo,
    }  # fmt: skip
    if importlib.util.find_spec("scipy"):
        return {"scipy.integrate.quad": by_scipy, **peers}
    return peers


def time_moments() -> dict[str, Any]:
    """Digits and seconds of the certified means, errors and seconds of the peers."""
    rows = list_means()
    time_ours(*rows[0][2], rows[0][1])
    ours = {(name, of): time_ours(*pair, of) for name, of, pair in rows}
    peers: dict[str, dict[str, Any]] = {}
    for peer, integrate in list_peers().items():
        errors, spent = {}, []
        for name, of, (_, shape) in rows:
            truth, digits, _ = ours[name, of]
            if not digits:
                continue
            start = time.perf_counter()
            error = abs(integrate(to_function(shape, of)) - truth) / max(abs(truth), 1e-3)
            spent.append(time.perf_counter() - start)
            # A result that is no number is off as far as can be.
            errors[f"{name} {MEANS[of]}"] = math.inf if math.isnan(error) else error
        worst = max(errors, key=errors.__getitem__)
        peers[peer] = {
            "median error": statistics.median(errors.values()), "worst error": errors[worst],
            "worst at": worst, "off": sum(error > WRONG for error in errors.values()),
            "median s": statistics.median(spent), "maximum s": max(spent),
        }  # fmt: skip
    slowest = max(ours, key=lambda key: ours[key][2])
    seconds = [spent for _, _, spent in ours.values()]
    return {
        "means": len(ours), "certified": sum(digits >= 30 for _, digits, _ in ours.values()),
        "median s": statistics.median(seconds), "maximum s": max(seconds),
        "slowest": f"{slowest[0]} {MEANS[slowest[1]]}",
        "over limit": sum(s > LIMIT for s in seconds), "peers": peers, "published": list_gains(),
    }  # fmt: skip


def list_gains() -> list[dict[str, Any]]:
    """The published constants that are off by more than rounding."""
    from flint import arb, fmpq

    from gradiometer.catalog import list_entries
    from gradiometer.formula import evaluate, precision, to_float
    from gradiometer.model import read_activation
    from gradiometer.question import ask

    def to_number(value: Any) -> float:
        with precision(256):
            return to_float(value if isinstance(value, fmpq | arb) else evaluate(value, {}))

    rows = []
    for name in list_entries("activation"):
        model = read_activation(name)
        if not (model.published or model.gain_torch):
            continue
        for row in ask("activation", formula=name).facts["published_gains"].value:
            right, written = row["right_digits"], row["digits"]
            if right == "all" or (written != "exact" and right >= written):
                continue
            numbers = {key: to_number(row[key]) for key in ("value", "certified", "difference")}
            rows.append({"function": name, "source": row["source"], "means": row["means"],
                         **numbers, "right digits": right})  # fmt: skip
    return rows


def write_moments(results: dict[str, Any]) -> list[str]:
    """The results as lines of Markdown."""
    title = f"{results['means']} means over N(0, 1)"
    columns = ["median error", "worst error", "worst at", "off by 1e-6", "median s", "maximum s"]
    lines = [f"| {title} | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines.append(
        f"| gradiometer, 30 digits certified of {results['certified']} | 0 | 0 | | 0 | "
        f"{results['median s']:.2g} | {results['maximum s']:.2g} ({results['slowest']}) |"
    )
    for name, row in results["peers"].items():
        lines.append(
            f"| {name} | {row['median error']:.1e} | {row['worst error']:.1e} | {row['worst at']} "
            f"| {row['off']} | {row['median s']:.2g} | {row['maximum s']:.2g} |"
        )
    lines += [
        "",
        f"{results['over limit']} of the certified means took more than {LIMIT} s, the check "
        "included; the others do not exist, as the function has no value on a stretch. Errors "
        "are relative, or parts of 1e-3 for smaller means.",
        "",
        "| published constant that is off | source | meant as | published | certified "
        "| right digits |",
        "|---|---|---|---|---|---|",
    ]
    for row in results["published"]:
        lines.append(
            f"| {row['function']} | {row['source']} | `{row['means']}` | {row['value']:.10g} "
            f"| {row['certified']:.10g} | {row['right digits']} |"
        )
    return lines


if __name__ == "__main__":
    sys.stdout.write("\n".join(write_moments(time_moments())) + "\n")

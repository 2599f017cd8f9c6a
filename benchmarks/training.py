"""Hundreds of small networks at once, beside PyTorch and JAX: processor seconds, taken in turn.

Every network has its own rate, schedule and seed. Seconds are those of all processors together,
after one run that does not count; ratios are of runs that followed each other. The plain loop
trains a few of the networks, and its seconds are scaled to all of them. The peak is what a product
of two matrices in float32 reaches here in NumPy.
"""

from __future__ import annotations

import gzip
import importlib.util
import os
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
from training_peer import MOMENTUM, Task, by_jax, by_torch_loop, by_torch_vmap

EPOCHS, BATCH, SEEDS = 40, 64, 8
SCHEDULES = ("constant", "step", "cosine", "warm-up")
FEW = 2
"""Networks of the plain loop."""
ROUNDS = int(os.environ.get("TRAINING_ROUNDS", "3"))
SHORT = int(os.environ.get("TRAINING_EPOCHS", "4"))
"""Epochs that are timed; seconds are scaled to all of them.

The smallest networks make all their epochs, in ours and in JAX: what a call costs once is no cost
of an epoch.
"""
CASES = (("64-100-20-10", "sgd"), ("64-100-20-10", "adam"), ("2-16-16-1", "sgd"))
SIZES = (64, 256, 1024)


def read_digits() -> tuple[Any, Any]:
    """The first 1437 digits of scikit-learn's file, from 0 to 1, and their classes."""
    found = importlib.util.find_spec("sklearn")
    folders = [Path(p) for p in (found.submodule_search_locations or [])] if found else []
    named = os.environ.get("DIGITS")
    path = Path(named) if named else folders[0] / "datasets" / "data" / "digits.csv.gz"
    with gzip.open(path) as file:
        table = np.loadtxt(file, delimiter=",")[:1437]
    return (table[:, :-1] / 16).astype(np.float32), table[:, -1].astype(np.int64)


def make_moons() -> tuple[Any, Any]:
    """Two half circles of 200 points each."""
    random = np.random.default_rng(0)
    angle, side = random.uniform(0, np.pi, 400), np.arange(400) % 2
    x = np.stack([np.where(side, 1 - np.cos(angle), np.cos(angle)),
                  np.where(side, 0.5 - np.sin(angle), np.sin(angle))], axis=1)  # fmt: skip
    return (x + random.normal(size=x.shape) / 10).astype(np.float32), side.astype(np.int64)


def make_task(network: str, rule: str, *, count: int, epochs: int) -> Task:
    """Networks with 8 seeds, 4 schedules and as many rates as are left."""
    from gradiometer.numeric import draw_order

    widths = tuple(map(int, network.split("-")))
    x, y = read_digits() if widths[0] == 64 else make_moons()
    top = 0.2 if rule == "sgd" else 0.01
    axes = list(product(range(SEEDS), SCHEDULES, np.geomspace(top / 100, top, count // 32)))
    steps = -(-len(x) // BATCH)
    when = np.arange(epochs * steps) / (EPOCHS * steps)
    shapes = {
        "constant": when * 0 + 1,
        "step": 0.5 ** np.floor(when * EPOCHS / 15),
        "cosine": (1 + np.cos(np.pi * when)) / 2,
        "warm-up": np.minimum(1, when * 10 + 0.01),
    }
    size = sum((a + 1) * b for a, b in pairwise(widths))
    starts = [draw_start(widths, size, seed) for seed in range(SEEDS)]
    orders = np.array([[draw_order(seed, epoch=e, count=len(x)) for seed in range(SEEDS)]
                       for e in range(epochs)])  # fmt: skip
    seeds = [seed for seed, _, _ in axes]
    return Task(widths, rule, x, y, np.array([starts[s] for s in seeds], np.float32),
                np.array([shapes[s] * rate for _, s, rate in axes], np.float32).T,
                orders[:, seeds], BATCH)  # fmt: skip


def draw_start(widths: tuple[int, ...], size: int, seed: int) -> Any:
    """Normal weights of variance 2 over the inputs, and biases of 0."""
    random, parts = np.random.default_rng(seed), []
    for a, b in pairwise(widths):
        parts += [random.normal(size=a * b) * np.sqrt(2 / a), np.zeros(b)]
    found = np.concatenate(parts)
    assert len(found) == size
    return found


def by_us(task: Task) -> Callable[[], Any]:
    """The same in one kernel."""
    from gradiometer.formula import parse
    from gradiometer.model import read_optimizer, settle, unroll
    from gradiometer.numeric import Dense, Examples, Networks, Training, run_dense

    optimizer = read_optimizer(task.rule)
    settings = {"momentum": str(MOMENTUM)} if task.rule == "sgd" else {}
    rule = unroll(optimizer.bind(settle([optimizer.owner], settings)["optimizer"]), ())
    head = "softmax" if task.widths[-1] > 1 else "sigmoid"
    dense = Dense(task.widths, parse("max(x, 0)").tree, head, rule, ("learning_rate",))
    given = {name: float(rule.values[name]) for name in dense.given}
    seeds = np.repeat(np.arange(SEEDS), len(task.start) // SEEDS)
    networks = Networks(task.start, given, seeds)
    training = Training(dense, task.batch, task.epochs,
                        rates=lambda a, b: task.rates[a:b, None])  # fmt: skip
    examples = Examples(task.x, labels=task.y)
    return lambda: np.concatenate([e.losses for e in run_dense(training, networks, examples)])


def measure_peak() -> float:
    """Multiply-adds of a product of two matrices in a second of processor time, by NumPy."""
    a = np.random.default_rng(0).normal(size=(1536, 1536)).astype(np.float32)
    a @ a
    rates = []
    for _ in range(9):
        start = time.process_time()
        a @ a
        rates.append(1536**3 / (time.process_time() - start))
    return max(rates)


def time_case(network: str, rule: str) -> dict[str, Any]:
    """One shape and rule: ours and the peers in turn."""
    timed = EPOCHS if network.startswith("2-") else SHORT
    short = make_task(network, rule, count=256, epochs=timed)
    loop = make_task(network, rule, count=256, epochs=min(SHORT, 10))
    members = np.linspace(0, 255, FEW).astype(int)
    calls = {"ours": (by_us(short), EPOCHS / timed)}
    if importlib.util.find_spec("torch"):
        scale = 256 / FEW * EPOCHS / loop.epochs
        calls["torch loop"] = (lambda: by_torch_loop(loop, members), scale)
        calls["torch.func.vmap"] = (lambda: by_torch_vmap(loop), EPOCHS / loop.epochs)
    if importlib.util.find_spec("jax"):
        calls["jax vmap + scan"] = (by_jax(short), EPOCHS / timed)
    results = {name: call() for name, (call, _) in calls.items()}
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, (call, scale) in calls.items():
            wall, used = time.perf_counter(), time.process_time()
            call()
            seconds[name].append(((time.process_time() - used) * scale,
                                  (time.perf_counter() - wall) * scale))  # fmt: skip
    work = 256 * EPOCHS * len(short.x) * count_multiplies(short.widths)
    rows = {name: {"processor": statistics.median(a for a, _ in pairs),
                   "wall": statistics.median(b for _, b in pairs),
                   "ratio": statistics.median(a / b[0] for (a, _), b in
                                              zip(pairs, seconds["ours"], strict=True))}
            for name, pairs in seconds.items()}  # fmt: skip
    return {"rows": rows, "work": work, "rate": work / rows["ours"]["processor"],
            "differs": {name: compare(results["ours"], found, members if "loop" in name else None)
                        for name, found in results.items() if name != "ours"}}  # fmt: skip


def count_multiplies(widths: tuple[int, ...]) -> int:
    """Multiply-adds of one example, forward and backward."""
    sizes = [a * b for a, b in pairwise(widths)]
    return 3 * sum(sizes) - sizes[0]


def compare(ours: Any, theirs: Any, members: Any) -> dict[str, float]:
    """How far loss curves differ at most in the usual network, and how many stay together.

    Rounding grows in a network whose rate is at the edge of what it bears.
    """
    ours = ours[: len(theirs)] if members is None else ours[: len(theirs), members]
    off = np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-3)
    most = np.nanmax(off, axis=0)
    return {"usual network": float(np.median(most)), "within 1/1000": float((most < 1e-3).mean())}


def time_sizes() -> dict[int, float]:
    """Processor seconds of an epoch of one network, by how many there are."""
    found = {}
    for count in SIZES:
        call = by_us(make_task("64-100-20-10", "sgd", count=count, epochs=4))
        call()
        used = []
        for _ in range(ROUNDS):
            start = time.process_time()
            call()
            used.append((time.process_time() - start) / count / 4)
        found[count] = statistics.median(used)
    return found


def time_training() -> dict[str, Any]:
    """All of it."""
    peak = measure_peak()
    cases = {f"{network} {rule}": time_case(network, rule) for network, rule in CASES}
    for case in cases.values():
        case["share"] = case["rate"] / peak
    return {"peak": peak, "cases": cases, "sizes": time_sizes()}


def write_training(results: dict[str, Any]) -> list[str]:
    """Lines of Markdown."""
    lines = [
        f"256 networks, {EPOCHS} epochs ({SHORT} are timed, and scaled; of 2-16-16-1 all), "
        f"batch {BATCH}: 8 seeds, 4 schedules, 8 rates; float32; the loop makes "
        f"{FEW} of them, on one core, and is scaled. "
        f"A product of matrices reaches {2 * results['peak'] / 1e9:.0f} GFLOP/s a core.",
        "",
        "| networks | tool | processor s | wall s | processor s over ours | wall s over ours "
        "| loss off, usual network |",
        "|---|---|---|---|---|---|---|",
    ]
    for title, case in results["cases"].items():
        ours = case["rows"]["ours"]["wall"]
        for name, row in case["rows"].items():
            off = case["differs"].get(name, {}).get("usual network")
            said = "" if off is None else f"{off:.1e}"
            lines.append(f"| {title} | {name} | {row['processor']:.2f} | {row['wall']:.2f} | "
                         f"{row['ratio']:.1f} | {row['wall'] / ours:.1f} | {said} |")  # fmt: skip
        lines.append(f"| {title} | share of the peak | {case['share']:.0%} | | | | |")
    sizes = ", ".join(f"{n}: {1e3 * s:.3f}" for n, s in results["sizes"].items())
    return [*lines, "", f"Processor milliseconds of a network's epoch, by how many: {sizes}."]


if __name__ == "__main__":
    sys.stdout.write("\n".join(write_training(time_training())) + "\n")

"""Gradients by path of a text file: the whole process, and which part of it bounds it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

LINES = 10**6
STATES, WINDOW, FACTOR = 50, 50, 0.957
"""Inputs, earlier results that an operand is drawn from, and the weight of the second one."""


def write_lines(path: Path, lines: int) -> str:
    """Write a file of steps; the point as the command line takes it."""
    random = np.random.default_rng(0)
    weight = random.uniform(0, 0.086, lines)
    back = random.integers(1, WINDOW + 1, size=(lines, 2))
    names = [*(f"x{k}" for k in range(STATES)), *(f"v{k}" for k in range(lines))]
    # An input that no line reads may not be given a value.
    used = np.unique(STATES + np.arange(min(lines, WINDOW))[:, None] - back[:WINDOW])
    read = [k for k in used.tolist() if k < STATES]
    with path.open("w", encoding="utf-8") as file:
        for k, (w, (a, b)) in enumerate(zip(weight.tolist(), back.tolist(), strict=True)):
            one, other = names[STATES + k - a], names[STATES + k - b]
            file.write(f"v{k} = {w:.4f}*{one} + {FACTOR}*{other}\n")
    return ",".join(f"x{k}={x:.3f}" for k, x in zip(read, random.normal(size=STATES), strict=False))


def time_file(lines: int) -> dict[str, Any]:
    """The whole process that answers for a file, and the parts of the same in this process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lines.txt"
        at = write_lines(path, lines)
        call = ["-m", "gradiometer", "gradient", "--file", str(path), "--at", at, "--json"]
        rows = []
        for _ in range(3):
            start = time.perf_counter()
            child = subprocess.Popen([sys.executable, *call], stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(child.pid, 0)
            if status:
                raise SystemExit("the file was not answered")
            cpu = usage.ru_utime + usage.ru_stime
            rows.append((time.perf_counter() - start, cpu, usage.ru_maxrss / 1024))
        # The first one may have compiled the kernels.
        wall, cpu, megabytes = sorted(rows[1:])[0]
        return {
            "wall": wall, "cpu": cpu, "megabytes": megabytes, "first": rows[0][0],
            "bytes": path.stat().st_size, "parts": time_parts(path, at),
        }  # fmt: skip


def time_parts(path: Path, at: str) -> dict[str, float]:
    """Processor seconds of reading the lines, sweeping them and writing down the facts."""
    from gradiometer.formula import parse
    from gradiometer.model import read_listing
    from gradiometer.question.gradient_list_facts import list_facts, list_largest, rank_inputs
    from gradiometer.question.gradient_sweep import sweep_list

    pairs = [pair.split("=") for pair in at.split(",")]
    point = {name: parse(value, names=()).tree for name, value in pairs}
    start = time.process_time()
    with path.open(encoding="utf-8") as file:
        listing = read_listing(file, given=point)
    read = time.process_time()
    swept = sweep_list(listing, point, of="", source="lines")
    done = time.process_time()
    list_facts(swept, list_largest(swept, rank_inputs(swept, 10)), 10)
    return {"read": read - start, "sweep": done - read, "facts": time.process_time() - done}


def write_file(row: dict[str, Any] | None) -> list[str]:
    """What the whole process took for the file."""
    if row is None:
        return [f"The file of {LINES:,} lines was not answered.", ""]
    parts = row["parts"]
    most = max(parts, key=parts.__getitem__)
    said = ", ".join(f"{name} {seconds:.2f}" for name, seconds in parts.items())
    return [
        f"A file of {LINES:,} lines, {row['bytes'] / 1e6:.0f} MB: {row['wall']:.1f} s wall, "
        f"{row['cpu']:.1f} s CPU, {row['megabytes']:.0f} MB for the whole process. "
        f"CPU seconds of its parts: {said}; what bounds it is: {most}.", "",
    ]  # fmt: skip

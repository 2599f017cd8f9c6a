"""Counting networks from their description: seconds for each config.json, warm and as a process.

No framework is imported; the time of importing one is beside it where it is installed.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

LIMIT = 0.1
"""Seconds that the counts of one file may take, warm."""
COLD_LIMIT = 0.5
"""Seconds that a process may take that counts one file."""
RUNS = 5
RECORDED = Path(__file__).parents[1] / "tests" / "agreement" / "data" / "language_models.json"
FRAMEWORKS = ("torch", "transformers")

CALL = (
    "import sys\n"
    "from gradiometer.model import count_network, read_config, walk_network\n"
    "network = read_config(sys.argv[1])\n"
    "print(count_network(walk_network(network.tree, settings=network.settings)).parameters)\n"
)


def list_models() -> list[dict[str, Any]]:
    """The recorded configurations with what their class has."""
    return json.loads(RECORDED.read_text(encoding="utf-8"))["models"]


def count_once(path: Path) -> int:
    """The parameters that one config.json describes."""
    from gradiometer.model import count_network, read_config, walk_network

    network = read_config(path)
    return count_network(walk_network(network.tree, settings=network.settings)).parameters


def time_warm(folder: Path) -> dict[str, Any]:
    """Seconds for each file from its text to its counts; the first one of a family reads it."""
    first: dict[str, float] = {}
    again: dict[str, float] = {}
    wrong = []
    for at, model in enumerate(list_models()):
        path = folder / f"{at}.json"
        path.write_text(json.dumps(model["config"]), encoding="utf-8")
        spent = []
        for _ in range(RUNS):
            start = time.perf_counter()
            found = count_once(path)
            spent.append(time.perf_counter() - start)
        first[model["name"]], again[model["name"]] = spent[0], statistics.median(spent[1:])
        wrong += [model["name"]] if found != model["parameters"] else []
    slowest = max(first, key=first.__getitem__)
    return {
        "files": len(first), "wrong": wrong, "median s": statistics.median(again.values()),
        "maximum first s": first[slowest], "slowest": slowest,
        "over limit": sum(spent > LIMIT for spent in first.values()),
    }  # fmt: skip


def time_process(*arguments: str) -> float:
    """Wall seconds of one whole process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def time_cold(folder: Path) -> dict[str, float]:
    """Whole processes: one that counts a file, bare Python, and the import of each framework."""
    rows = {"count of one file": ["-c", CALL, str(folder / "0.json")], "bare Python": ["-c", ""]}
    for name in FRAMEWORKS:
        if importlib.util.find_spec(name):
            rows[f"import {name}"] = ["-c", f"import {name}"]
    for arguments in rows.values():
        time_process(*arguments)
    return {
        name: statistics.median(time_process(*arguments) for _ in range(RUNS))
        for name, arguments in rows.items()
    }


def time_networks() -> dict[str, Any]:
    """Seconds of counting from config.json, warm and cold."""
    with tempfile.TemporaryDirectory() as folder:
        count_once(_write_first(Path(folder)))
        return {"warm": time_warm(Path(folder)), "cold s": time_cold(Path(folder))}


def _write_first(folder: Path) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps({"model_type": "gpt2"}), encoding="utf-8")
    return path


def write_networks(results: dict[str, Any]) -> list[str]:
    """The results as lines of Markdown."""
    warm, cold = results["warm"], results["cold s"]
    right = warm["files"] - len(warm["wrong"])
    return [
        f"Networks from config.json: {right} of {warm['files']} files have the parameters that "
        "their class has; "
        f"median {1e3 * warm['median s']:.1f} ms a file, at most "
        f"{1e3 * warm['maximum first s']:.0f} ms the first time ({warm['slowest']}), "
        f"{warm['over limit']} over {LIMIT} s.",
        "",
        "| a process that counts | seconds |",
        "|---|---:|",
        *(f"| {name} | {seconds:.2f} |" for name, seconds in cold.items()),
        "",
    ]


def main() -> None:
    """Print the results alone."""
    sys.stdout.write("\n".join(write_networks(time_networks())))


if __name__ == "__main__":
    main()

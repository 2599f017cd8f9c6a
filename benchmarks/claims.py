"""Claims of known truth, judged by gradiometer, SymPy and Math-Verify: who is right, how fast.

SymPy and Math-Verify get both sides with all names and slopes already replaced, which is more than
they can do with the text. Each has a time limit for each claim and one for all of them.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import tomllib
import venv
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROWS = HERE.parent / "tests/known_answers/claims.toml"
PEER = HERE / "claims_peer.py"
MATH_VERIFY = HERE.parent / ".benchmarks/math_verify"
SECONDS = 1.0
"""For one claim."""
ALL_SECONDS = 45.0
"""For all claims of one peer; those it does not reach are counted apart, not as undecided."""

Verdict = tuple[bool | None, float]


def to_json(node: Any) -> Any:
    """A tree as nested lists."""
    from gradiometer.formula import Constant, Name, Number

    if isinstance(node, Number):
        return {"number": str(node.value)}
    if isinstance(node, Name):
        return {"name": node.name}
    if isinstance(node, Constant):
        return node.name
    return [node.operator, *map(to_json, node.arguments)]


def translate(row: dict[str, Any]) -> dict[str, Any]:
    """Both sides of a claim without names, for the peers."""
    from gradiometer.formula import to_latex
    from gradiometer.question.statement import read_statement
    from gradiometer.question.statement_names import read_names

    statement = read_statement(row["says"], read_names(row.get("where", ())))
    left, right = (side.formula for side in statement.sides)
    return {
        "left": to_json(left), "right": to_json(right), "relation": statement.relations[0],
        "latex": [to_latex(left), to_latex(right)],
    }  # fmt: skip


def ask_ours(rows: list[dict[str, Any]]) -> list[Verdict]:
    """Our verdicts, warm, certificate included."""
    from gradiometer.question.claim import claim

    claim("|x| = max(x,-x)")
    found: list[Verdict] = []
    for row in rows:
        start = time.perf_counter()
        answer = claim(row["says"], where=row.get("where", ()))
        found.append((answer.facts["holds"].value, time.perf_counter() - start))
    return found


def ask_peer(python: str, method: str, asked: str) -> list[Verdict]:
    """A peer's verdicts on the claims that it reaches; None where it has none in time."""
    command = [python, str(PEER), method, str(SECONDS)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        try:
            output, _ = child.communicate(asked, timeout=ALL_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            output, _ = child.communicate()
    found = [json.loads(line) for line in output.splitlines() if line.endswith("]")]
    return [(verdict, spent) for verdict, spent in found]


def install_math_verify() -> str | None:
    """The interpreter that has it; None when it cannot be installed."""
    python = MATH_VERIFY / "bin/python"
    try:
        if not python.exists():
            venv.create(MATH_VERIFY, with_pip=True)
        wanted = ["math-verify==0.9.0", "antlr4-python3-runtime==4.13.2"]
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", *wanted],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return str(python)


def count(rows: list[dict[str, Any]], verdicts: list[Verdict]) -> dict[str, float]:
    """How often a tool is right, wrong and silent, and how long it takes."""
    pairs = [(row["holds"], verdict) for row, (verdict, _) in zip(rows, verdicts, strict=False)]
    return {
        "true proved": pairs.count((True, True)),
        "true called false": pairs.count((True, False)),
        "false refuted": pairs.count((False, False)),
        "false accepted": pairs.count((False, True)),
        "undecided": sum(verdict is None for _, verdict in pairs),
        "not reached": len(rows) - len(verdicts),
        "median ms": 1e3 * statistics.median(spent for _, spent in verdicts),
        "seconds": sum(spent for _, spent in verdicts),
    }


def time_claims() -> dict[str, Any]:
    """The counts of every tool, and how much longer each peer takes than gradiometer."""
    rows = tomllib.loads(ROWS.read_text(encoding="utf-8"))["claims"]
    asked = json.dumps([translate(row) for row in rows])
    found = {"gradiometer": count(rows, ask_ours(rows))}
    peers = [
        (sys.executable, "simplify", "SymPy simplify"),
        (sys.executable, "equals", "SymPy equals"),
    ]
    python = install_math_verify()
    if python is not None:
        peers.append((python, "math-verify", "Math-Verify"))
    for interpreter, method, name in peers:
        found[name] = count(rows, ask_peer(interpreter, method, asked))
    ours = found["gradiometer"]["median ms"]
    tools = {name: {**row, "time ratio": row["median ms"] / ours} for name, row in found.items()}
    missing = [] if python is not None else ["Math-Verify could not be installed here."]
    return {
        "claims": len(rows), "true": sum(row["holds"] for row in rows), "tools": tools,
        "missing": missing, "limit seconds": SECONDS,
    }  # fmt: skip


def write_claims(results: dict[str, Any]) -> list[str]:
    """The counts as lines of Markdown."""
    columns = list(results["tools"]["gradiometer"])
    title = f"{results['claims']} claims, {results['true']} true"
    lines = [f"| {title} | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, row in results["tools"].items():
        cells = [
            f"{value:.3g}" if isinstance(value, float) else str(value) for value in row.values()
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    limits = f"{results['limit seconds']:g} s for a claim and {ALL_SECONDS:g} s for all"
    note = f"A peer has {limits}; a claim that takes longer is undecided."
    return [*lines, "", " ".join([note, *results["missing"]])]


if __name__ == "__main__":
    sys.stdout.write("\n".join(write_claims(time_claims())) + "\n")

"""Derivations with one planted slip or none, as documents: who is charged, and how fast."""

from __future__ import annotations

import statistics
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent / "tests"
KNOWN = ROOT / "known_answers"

Row = tuple[str, int, int, set[str]]
"""Text, wrong line (0 for none), how many lines are charged, and the kinds of the slip."""


def list_derivations() -> Iterator[Row]:
    """The documents of the tests, and each derivation of the other lists in one of the layouts."""
    sys.path.insert(0, str(ROOT))
    from known_answers.derivation_layouts import KINDS, LAYOUTS

    rows = tomllib.loads((KNOWN / "derivation_texts.toml").read_text(encoding="utf-8"))
    for row in rows["derivation"]:
        charged = row.get("charged", int(row["wrong"] > 0))
        yield row["text"], row["wrong"], charged, set(row.get("slip", ()))
    for name in ("derivations.toml", "derivations_by_hand.toml"):
        listed = tomllib.loads((KNOWN / name).read_text(encoding="utf-8"))["derivations"]
        for place, row in enumerate(listed):
            text, before = LAYOUTS[place % len(LAYOUTS)](row)
            wrong = before + row["wrong"] if row["wrong"] else 0
            yield text, wrong, int(wrong > 0), KINDS.get(row["slip"], set())


def time_derivations() -> dict[str, Any]:
    """How often the right line and the right kind of slip are named, and the time of each."""
    from gradiometer.question.claim import claim

    claim(steps="|x| = max(x, -x)")
    counts = dict.fromkeys(
        ("derivations", "without a slip", "right line", "with a known slip", "slip named",
         "wrong charged"), 0,
    )  # fmt: skip
    spent: list[float] = []
    for text, wrong, charged, kinds in list_derivations():
        start = time.perf_counter()
        facts = claim(steps=text).facts
        spent.append(time.perf_counter() - start)
        found = facts["first_wrong"].value["line"] if "first_wrong" in facts else 0
        slip = facts["slip"].value if "slip" in facts else None
        said = facts["charged"].value if "charged" in facts else None
        counts["derivations"] += 1
        counts["without a slip"] += wrong == 0
        counts["right line"] += found == wrong and said is not None
        counts["with a known slip"] += bool(kinds)
        counts["slip named"] += bool(slip) and slip["kind"] in kinds
        counts["wrong charged"] += (said or 0) > charged
    return {**counts, "median ms": 1e3 * statistics.median(spent), "seconds": sum(spent)}


def write_derivations(results: dict[str, Any]) -> list[str]:
    """The counts as a table of Markdown."""
    cells = [
        f"{value:.3g}" if isinstance(value, float) else str(value) for value in results.values()
    ]
    return [
        "| " + " | ".join(results) + " |",
        "|---:" * len(results) + "|",
        "| " + " | ".join(cells) + " |",
    ]


if __name__ == "__main__":
    sys.stdout.write("\n".join(write_derivations(time_derivations())) + "\n")

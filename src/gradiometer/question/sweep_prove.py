"""Proves cells of a sweep, and sets what floats said of them beside the proofs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from gradiometer.errors import GradiometerError
from gradiometer.numeric import LABELS
from gradiometer.question.answer import Answer, Fact, computed, proved, unknown
from gradiometer.question.progress import Meter
from gradiometer.question.sweep_compare import Word, compare_label, is_near, list_numbers
from gradiometer.question.sweep_grid import Grid
from gradiometer.question.sweep_inside import EVERYWHERE, Inside
from gradiometer.question.sweep_kinds import Kinds
from gradiometer.question.sweep_run import Ends
from gradiometer.question.sweep_wanted import Cell, Chosen, Wanted
from gradiometer.question.training_interval import bound_share_wilson, to_bounds, to_digits

_LONG_REASON = 200
"""Letters of the reason why nothing is proved of a cell; `trajectory` tells all of it."""


@final
@dataclass(frozen=True, eq=False)
class Proof:
    """One cell: what floats say, and what is proved."""

    cell: Cell
    settings: Mapping[str, Any]
    """The exact values of the axes."""
    label: str
    kind: str
    position: Sequence[float]
    answer: Answer | None
    """The answer of `trajectory`, or None where the run cannot be made exactly."""
    reason: str
    """Why there is no proof; empty where there is one."""
    word: Word

    @property
    def name(self) -> str:
        """The cell as it is asked for."""
        return ",".join(map(str, self.cell))

    @property
    def verdict(self) -> Any:
        """What is proved; None where nothing is."""
        return None if self.reason or self.answer is None else self.answer.facts["verdict"].value


@final
@dataclass(frozen=True, eq=False)
class Floats:
    """What a sweep says in floats of each cell."""

    grid: Grid
    ends: Ends
    kinds: Kinds
    inside: Inside | None = None

    def inside_at(self, cell: Cell) -> tuple[float, float]:
        """What the cell's run has left if it has escaped."""
        if self.inside is None:
            return EVERYWHERE
        return self.inside.at(self.grid.pick(cell))

    def place(self, cell: Cell) -> int:
        """The number of the cell's run."""
        return int(np.ravel_multi_index(cell, self.grid.shape))


def prove_cells(
    cells: Sequence[Cell], floats: Floats, ask: Callable[[Cell], Answer]
) -> tuple[Proof, ...]:
    """Every cell with the answer of `trajectory`, that *ask* gives, and what floats say."""
    meter, found = Meter(len(cells), "cells asked exactly"), []
    for cell in cells:
        found.append(_prove_cell(cell, floats, ask))
        meter.add(1)
    return tuple(found)


def _prove_cell(cell: Cell, floats: Floats, ask: Callable[[Cell], Answer]) -> Proof:
    place = floats.place(cell)
    label = LABELS[int(floats.ends.label[place])]
    position = [float(number) for number in floats.ends.position[place]]
    answer, reason, word = None, "", "open"
    try:
        answer = ask(cell)
    except GradiometerError as error:
        reason = error.problem
    else:
        verdict = answer.facts["verdict"]
        reason = "" if verdict.status == "proved" else verdict.because
        inside = (
            {} if floats.inside is None else {"inside": floats.inside.at(floats.grid.pick(cell))}
        )
        word = compare_label(label, position, answer.facts, **inside)
    kind = floats.kinds.kinds[int(floats.kinds.of[place])].words
    settings = {axis.label: value for axis, value in floats.grid.pick(cell).items()}
    return Proof(cell, settings, label, kind, position, answer, reason, word)


def tell_proofs(proofs: Sequence[Proof]) -> dict[str, Fact]:
    """The facts `proofs`, `compared`, `contradicted` and `undecided`."""
    done = [proof for proof in proofs if not proof.reason]
    words = Counter(proof.word for proof in proofs)
    rows = [_to_row(proof) for proof in done]
    facts = {"proofs": _tell_verdicts(rows, len(proofs))}
    counts = {"cells": len(proofs), "proved": len(done), "agree": words["agrees"],
              "contradicted": words["contradicted"], "open": words["open"]}  # fmt: skip
    facts["compared"] = computed(
        counts, "What floats say of these cells beside what is proved; open are those that still "
        "move in floats, or of which no proof says that much.",
    )  # fmt: skip
    wrong = [_to_contrast(proof) for proof in proofs if proof.word == "contradicted"]
    because = (
        "Cells of which floats say something else than a proof: their rounding changed what "
        "becomes of the run." if wrong else "No proof contradicts what floats say of its cell."
        if done else "Nothing is proved of these cells that could contradict what floats say."
    )  # fmt: skip
    facts["contradicted"] = computed(wrong or "none", because)
    if len(done) < len(proofs):
        rest = [
            {"cell": proof.name, **proof.settings, "floats": proof.kind,
             "because": _shorten(proof.reason)}
            for proof in proofs if proof.reason
        ]  # fmt: skip
        facts["undecided"] = computed(rest, "Cells of which nothing is proved, and why.")
    return facts


def _tell_verdicts(rows: list[dict[str, Any]], asked: int) -> Fact:
    if not rows:
        return unknown(f"Of the {asked} cells that were asked nothing is proved.")
    because = f"Each of these {len(rows)} of {asked} runs has a proof of its own, for all steps."
    return proved(rows, because)


def _to_row(proof: Proof) -> dict[str, Any]:
    facts: Mapping[str, Fact] = {} if proof.answer is None else proof.answer.facts
    row = {
        "cell": proof.name,
        **proof.settings,
        "verdict": proof.verdict,
        "limit": "",
        "period": "",
    }
    limit, cycle = facts.get("limit"), facts.get("cycle")
    if limit is not None and limit.status == "proved":
        row["limit"] = limit.value
    if cycle is not None and cycle.status == "proved" and isinstance(cycle.value, Mapping):
        row["period"] = cycle.value["period"]
    return row


def _to_contrast(proof: Proof) -> dict[str, Any]:
    place = proof.position[0] if len(proof.position) == 1 else list(proof.position)
    row = _to_row(proof)
    return {"cell": proof.name, **proof.settings, "floats": proof.kind, "stand_at": place,
            **{key: row[key] for key in ("verdict", "limit", "period")}}  # fmt: skip


def _shorten(text: str) -> str:
    return text if len(text) <= _LONG_REASON else f"{text[: _LONG_REASON - 1]}…"


def tell_changes(chosen: Chosen, proofs: Sequence[Proof]) -> dict[str, Fact]:
    """The fact `boundary`; nothing where changes were not asked for."""
    known = {proof.cell: proof for proof in proofs}
    both = [(known[a], known[b]) for a, b in chosen.pairs
            if not known[a].reason and not known[b].reason]  # fmt: skip
    differ = sum(_differ(_to_row(one), _to_row(other)) for one, other in both)
    value = {"changes": chosen.changes, "asked": len(chosen.pairs), "proved": len(both),
             "differ": differ}  # fmt: skip
    because = (
        "Neighbours along an axis that end otherwise in floats; of those that were asked, spread "
        "evenly over all, how many are proved on both sides, and differ then too."
    )
    return {"boundary": computed(value, because)}


def _differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two proofs end otherwise; one limit may be written as two enclosures."""
    if (one["verdict"], one["period"]) != (other["verdict"], other["period"]):
        return True
    limits = one["limit"], other["limit"]
    return "" not in limits and not is_near(list_numbers(limits[0]), limits[1])


def tell_sample(wanted: Wanted, chosen: Chosen, proofs: Sequence[Proof]) -> dict[str, Fact]:
    """The fact `sample`: the share of drawn cells of which a proof says the same as floats."""
    known = {proof.cell: proof.word for proof in proofs}
    words = Counter(known[cell] for cell in chosen.sample)
    count = len(chosen.sample)
    value = {
        "share": to_digits(words["agrees"] / count),
        "interval": to_bounds(*bound_share_wilson(words["agrees"], count)),
        "n": count, "contradicted": words["contradicted"], "open": words["open"],
        "seed": wanted.seed,
    }  # fmt: skip
    because = (
        f"The share of {count} cells, drawn with seed {wanted.seed}, of which a proof says the "
        "same as floats, with Wilson's interval at 95 %; open cells are neither right nor wrong."
    )
    return {"sample": Fact(value, "measured", because)}

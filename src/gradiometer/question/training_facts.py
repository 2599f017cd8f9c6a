"""What is measured of each cell: losses, accuracies, speed, gaps, and where runs diverge."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from gradiometer.question.answer import Fact
from gradiometer.question.training_arrays import Results, name_value
from gradiometer.question.training_interval import (
    bound_share,
    estimate_mean,
    to_bounds,
    to_digits,
)
from gradiometer.question.training_result import LAYERS, PARTS


def list_facts(results: Results) -> dict[str, Fact]:
    """The facts with a row for each cell."""
    facts: dict[str, Fact] = {"runs": tell_runs(results), "diverged": _tell_divergence(results)}
    for what in ("accuracy", "loss"):
        for part in reversed(PARTS):
            if results.has(f"{part}_{what}"):
                facts[f"{part}_{what}"] = _tell_ends(results, part, what)
    facts |= _tell_target(results)
    facts |= _tell_gaps(results)
    return facts | _tell_layers(results)


def describe_cell(results: Results, cell: int) -> dict[str, Any]:
    """What the cell is, as the first columns of its row."""
    axes = results.request.cells[cell].axes
    return {
        name: name_value(name, axes[name]) if isinstance(axes[name], str | None) else axes[name]
        for name in results.request.axes
    }


def to_row(
    results: Results, cell: int, numbers: Sequence[float], *, is_share: bool = False
) -> dict[str, Any]:
    """The row of a cell: what it is, and the mean of these numbers over the seeds."""
    return {**describe_cell(results, cell), **to_estimate(numbers, is_share=is_share)}


def to_estimate(numbers: Sequence[float], *, is_share: bool = False) -> dict[str, Any]:
    """Mean, interval and count of the finite numbers; undecided where there is none."""
    found = estimate_mean(numbers)
    if found is None:
        return {"mean": None, "interval": None, "n": 0}
    return found.to_value(is_share=is_share)


def to_mean(numbers: Sequence[float]) -> float | None:
    """The mean alone; None where no run has a number."""
    return to_estimate(numbers)["mean"]


def say_seeds(results: Results) -> str:
    """How means and intervals are made, for the reason of a fact."""
    count = len(results.request.seeds)
    if count == 1:
        return "One run, so that there is no interval."
    return f"Means over {count} seeds with 95 % t intervals, without runs that diverged."


def tell_runs(results: Results) -> Fact:
    """How many runs there are, and what their seeds decide."""
    request = results.request
    cells, seeds = len(request.cells), len(request.seeds)
    gone = int((results.stopped >= 0).sum())
    split = (
        "its own split, order of examples" if request.splits_each else "its own order of examples"
    )
    because = f"Every cell is run once for each of {seeds} seeds; a seed has {split} and draws of "
    because += "weights, the same for all cells."
    if not request.splits_each:
        because += " All have one split, so that intervals say nothing about other splits."
    value = {"cells": cells, "seeds": seeds, "runs": cells * seeds, "diverged": gone}
    return Fact(value, "measured", because)


def _tell_ends(results: Results, part: str, what: str) -> Fact:
    """The value after the last epoch, and the best one on the way."""
    import numpy as np

    curves = results.curves[f"{part}_{what}"]
    lasts = results.ends(curves)
    best = np.fmax.reduce if what == "accuracy" else np.fmin.reduce
    rows = []
    for cell, seeds in enumerate(curves):
        ended, is_share = results.stopped[cell] < 0, what == "accuracy"
        row = to_row(results, cell, lasts[cell, ended], is_share=is_share)
        top = to_estimate([float(best(curve)) for curve in seeds[ended]], is_share=is_share)
        rows.append({**row, "best": top["mean"], "best_interval": top["interval"]})
    word = "share of right answers" if what == "accuracy" else "loss"
    return Fact(rows, "measured", f"The {word} on the {part} examples after the last epoch; best: "
                f"the best of all epochs. {say_seeds(results)}")  # fmt: skip


def _tell_divergence(results: Results) -> Fact:
    """Which share of the runs diverged, how early, and where gradients grew first."""
    rows = []
    for cell, stops in enumerate(results.stopped):
        gone = [int(step) for step in stops if step >= 0]
        ends = to_bounds(*bound_share(len(gone), len(stops)))
        row = {**describe_cell(results, cell), "share": to_digits(len(gone) / len(stops)),
               "interval": ends, "n": len(stops)}  # fmt: skip
        layers = [results.runs[cell, seed].layer + 1 for seed in results.request.seeds
                  if results.runs[cell, seed].stopped >= 0]  # fmt: skip
        layers = [layer for layer in layers if layer]
        row["first_step"] = min(gone) if gone else None
        row["layer"] = Counter(layers).most_common(1)[0][0] if layers else None
        rows.append(row)
    because = "The share of runs whose loss became no number or a million times that of the "
    because += "start, with its exact binomial interval; the first step of any, and the layer, "
    because += "from the inputs, whose gradient most often was the first to be a thousand times "
    because += "that of the start."
    return Fact(rows, "measured", because)


def find_target(results: Results) -> tuple[str, float] | None:
    """The curve and the value that count as reaching the target; None where none is asked for."""
    request = results.request
    part = "validation" if results.has("validation_loss") else "train"
    if request.target_accuracy is not None and request.has_classes:
        return f"{part}_accuracy", request.target_accuracy
    return None if request.target_loss is None else (f"{part}_loss", request.target_loss)


def count_epochs(curve: Any, target: float, *, rises: bool) -> float:
    """After how many epochs a curve first reaches a value; NaN if it never does.

    Example:
        >>> import numpy as np
        >>> count_epochs(np.array([0.9, 0.4, 0.2]), 0.5, rises=False)
        2.0
    """
    reached = curve >= target if rises else curve <= target
    return float(reached.argmax() + 1) if reached.any() else math.nan


def _tell_target(results: Results) -> dict[str, Fact]:
    found = find_target(results)
    if found is None:
        return {}
    name, target = found
    rises = name.endswith("accuracy")
    rows = []
    for cell, seeds in enumerate(results.curves[name]):
        counts = [count_epochs(curve, target, rises=rises) for curve in seeds]
        row = to_row(results, cell, counts)
        rows.append({**row, "reached": to_digits(sum(map(math.isfinite, counts)) / len(counts))})
    said = f"The first epoch after which the {name.replace('_', ' ')} is {target:g} or "
    said += "more" if rises else "less"
    return {"epochs_to_target": Fact(rows, "measured", f"{said}, over the runs that reach it. "
            f"{say_seeds(results)}")}  # fmt: skip


def _tell_gaps(results: Results) -> dict[str, Fact]:
    """How much better networks are on what they learnt from."""
    facts = {}
    for what, sign in (("loss", 1), ("accuracy", -1)):
        judge = choose_judge(results, what)
        if judge is None:
            continue
        gaps = sign * results.ends(results.curves[judge] - results.curves[f"train_{what}"])
        rows = [to_row(results, cell, row) for cell, row in enumerate(gaps)]
        parts = (
            (judge.partition("_")[0], "train") if sign > 0 else ("train", judge.partition("_")[0])
        )
        facts[f"{what}_gap"] = Fact(rows, "measured", f"The {what} on the {parts[0]} examples less "
                                    f"that on the {parts[1]} examples after the last epoch. "
                                    f"{say_seeds(results)}")  # fmt: skip
    return facts


def choose_judge(results: Results, what: str) -> str | None:
    """The curve on examples that nobody learnt from or chose by; None where all are learnt from."""
    return next((f"{part}_{what}" for part in ("test", "validation")
                 if results.has(f"{part}_{what}")), None)  # fmt: skip


def _tell_layers(results: Results) -> dict[str, Fact]:
    """Sizes by layer after the last epoch, and how much smaller the first layer's gradient is."""
    import numpy as np

    rows, ratios = [], []
    for cell, each in enumerate(results.request.cells):
        depth = len(each.widths) - 1
        last = {name: results.curves[name][cell, :, each.epochs - 1, :depth] for name in LAYERS}
        for layer in range(depth):
            sizes = {name: to_mean(table[:, layer]) for name, table in last.items()}
            rows.append({**describe_cell(results, cell), "layer": layer + 1, **sizes})
        ends = results.curves["gradient_norm"][cell, :, :, [0, depth - 1]]
        with np.errstate(all="ignore"):
            logs = np.log(ends[0]) - np.log(ends[1])
        means = [row[np.isfinite(row)].mean() for row in logs if np.isfinite(row).any()]
        ratios.append({**describe_cell(results, cell), **_to_ratio(means)})
    because = "By layer from the inputs, after the last epoch: sizes of its gradient in the last "
    because += "batch and of its weights, shares of dead units (slope 0 on all training examples) "
    because += "and of saturated ones (slope below 1/100 of the largest); means over the seeds."
    return {
        "vanishing_ratio": Fact(ratios, "measured", "The size of the first layer's gradient over "
                                "that of the last layer's, as geometric mean over all epochs. "
                                f"{say_seeds(results)}"),
        "layers": Fact(rows, "measured", because),
    }  # fmt: skip


def _to_ratio(logarithms: Sequence[float]) -> dict[str, Any]:
    """The mean of logarithms as a ratio; its interval has even ratios on both sides."""
    found = estimate_mean(logarithms)
    if found is None:
        return to_estimate([])
    half = found.half
    ends = None if half is None else to_bounds(math.exp(found.mean - half),
                                               math.exp(found.mean + half))  # fmt: skip
    return {"mean": to_digits(math.exp(found.mean)), "interval": ends, "n": found.count}

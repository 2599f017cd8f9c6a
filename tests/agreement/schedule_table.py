"""Write docs/schedules.md from the recorded rates: `python tests/agreement/schedule_table.py`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from agreement.schedule_cases import STEPS
from gradiometer.catalog import list_entries, read_entry
from gradiometer.formula import from_float, precision, to_float, to_text
from gradiometer.model import read_loss_schedule, read_schedule, settle

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "data"
PAGE = ROOT / "docs" / "schedules.md"
LIBRARIES = ("torch", "optax", "keras", "transformers", "timm")


def deviation(ours, theirs):
    """The largest relative difference; rates below 1/1000 of the largest one count as that."""
    top = max(map(abs, ours)) / 1000 or 1.0
    return max(abs(a - b) / max(abs(a), top) for a, b in zip(ours, theirs, strict=True))


def _settings(given):
    return ", ".join(f"{name}={value}" for name, value in given.items()) or "defaults"


def _rows(library, recorded):
    """One line of the table for each recorded case."""
    for row in recorded["rows"]:
        plan = read_schedule(f"{row['schedule']}.{library}")
        bound = plan.bind(settle([plan.owner], row["set"])["schedule"])
        rates = [bound.float_at(step) for step in row["steps"]]
        near = len(STEPS)
        close = deviation(rates[:near], row["rates"][:near])
        far = deviation(rates, row["rates"]) if len(rates) > near else None
        drift = row.get("drift")
        yield [
            f"`{plan.name}`",
            _settings(row["set"]),
            f"{close:.0e}",
            "" if far is None else f"{far:.0e}",
            "" if drift is None else f"{drift:.0e}",
        ]


def _plateau_rows(library, recorded):
    for row in recorded.get("plateau", ()):
        plan = read_loss_schedule(f"plateau.{library}")
        from agreement.schedule_cases import LOSSES

        losses = [from_float(float(loss)) for loss in LOSSES[row["losses"]]]
        states = plan.follow(losses, settle([plan.owner], row["set"])["schedule"])
        rates = [to_float(states[0]["rate"]), *(to_float(state["rate'"]) for state in states)]
        settings = f"{_settings(row['set'])}; losses: {row['losses']}"
        yield [f"`{plan.name}`", settings, f"{deviation(rates, row['rates']):.0e}", "", ""]


def _entries():
    """One line for each schedule of the catalogue."""
    for name in list_entries("schedule"):
        table = read_entry("schedule", name)
        dialects = [*table.get("libraries", ()), *table.get("dialects", {})]
        forms = ", ".join(f"`{name}.{word}`" for word in dict.fromkeys(dialects)) or "none"
        yield [f"`{name}`", table["about"], forms]


def _table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '∣') for cell in row)} |" for row in lines)


def _value(text, step, settings):
    """A rate of a schedule as the page shows it."""
    plan = read_schedule(text)
    with precision(128):
        value = plan.bind(settle([plan.owner], settings)["schedule"]).rate_at(step)
    return f"{to_float(value):.4g}"


ONE = {"learning_rate": "1"}


def _chained(step):
    """What PyTorch's chain of two schedules had at a step when it was recorded."""
    recorded = json.loads((DATA / "schedules_torch.json").read_text(encoding="utf-8"))
    return f"{recorded['joined']['ChainedScheduler'][step]:.4g}"


def _oddities():
    """Where libraries differ from each other, or from what one would expect: shown by numbers."""
    ten = {"T_max": "10", "learning_rate": "1"}
    cycle = {"total_steps": "10", "learning_rate": "1"}
    marks = {"boundaries": "3", "values": "1, 0.1"}
    joint = {"learning_rate": "1", "warmup_steps": "5", "decay_steps": "20"}
    return [
        "PyTorch's `CosineAnnealingLR` rises again after `T_max`, the others stay: with "
        f"`T_max=10`, step 15 has {_value('cosine.torch', 15, ten)} of the rate in PyTorch, "
        f"{_value('cosine.optax', 15, ten)} in Optax and Keras.",
        "PyTorch's `OneCycleLR(total_steps=10)` has an eleventh value: step 9 has "
        f"{_value('onecycle.torch', 9, cycle)} of the rate, step 10 jumps up to "
        f"{_value('onecycle.torch', 10, cycle)}. With `anneal_strategy='linear'` the eleventh "
        "value is negative, so that the optimizer would climb.",
        "PyTorch's `OneCycleLR` peaks at `pct_start*total_steps - 1`, Optax at "
        "`floor(pct_start*total_steps)`: of ten steps PyTorch's largest is step 2, Optax's step 3 "
        f"({_value('onecycle.torch', 2, cycle)} and {_value('onecycle.optax', 2, cycle)} at "
        "step 2).",
        "Keras's `PiecewiseConstantDecay([3], [1, 0.1])` drops at step 4, since a boundary still "
        f"belongs to the value before it: step 3 has {_value('piecewise_constant.keras', 3, marks)}"
        f"; a milestone of PyTorch or Optax acts at once ("
        f"{_value('piecewise_constant', 3, marks)}).",
        "Keras's `CosineDecay` counts `decay_steps` without the warmup, Optax's "
        "`warmup_cosine_decay_schedule` with it. Set up for the same steps they agree.",
        "timm's warmup runs beside the wave unless `warmup_prefix` is set: with a warmup of 5 of "
        f"20 steps the rate goes from {_value('warmup_cosine.timm', 4, joint)} at step 4 to "
        f"{_value('warmup_cosine.timm', 5, joint)} at step 5 and never reaches 1.",
        "transformers' `get_cosine_schedule_with_warmup` goes on waving after the last step: 10 "
        "steps after the end of 20 it has "
        f"{_value('warmup_cosine.transformers', 30, joint)} of the rate.",
        "`ReduceLROnPlateau` reduces after more than `patience` bad losses in PyTorch, after "
        "`patience` of them in Keras and Optax; Keras's threshold is absolute, PyTorch's relative.",
        "Keras turns the numbers of a schedule into float32 with the backends JAX, NumPy and "
        "PyTorch, whatever `floatx` says: the rates of `CosineDecay(3.0, 300)` are off by up to "
        "2e-5 of their size. The table below had Keras compute in float64.",
        "PyTorch steps `CosineAnnealingLR`, `LinearLR`, `PolynomialLR`, `StepLR`, `MultiStepLR`, "
        "`ExponentialLR` and `ConstantLR` by a recursion on the rate before. The table compares "
        "its closed forms; the last column says how far the recursion drifts in 300 steps. "
        "`ChainedScheduler` of `CosineAnnealingLR(T_max=40)` and `StepLR(5, gamma=0.5)` is their "
        f"product up to step 40 and not after it: step 41 has {_chained(41)} of the rate, the "
        f"product {_value('cosine(T_max=40) * step(step_size=5, gamma=0.5)', 41, ONE)}.",
    ]


def make_page():
    """The page."""
    recorded = {
        name: json.loads((DATA / f"schedules_{name}.json").read_text(encoding="utf-8"))
        for name in LIBRARIES
    }
    parts = [
        "# Schedules",
        "This page is written by `python tests/agreement/schedule_table.py`; a test keeps it so.",
        "## The catalogue",
        "Every name stands for a formula in `k`, the number of steps done. `gradiometer schedule "
        "NAME` lists its rates, `gradiometer catalog schedule` the entries with their settings.",
        _table(["schedule", "what it does", "forms of libraries"], list(_entries())),
        "## Several in one line",
        "`warmup for 5, then cosine(T_max=95)` joins schedules. `then` starts the count of the "
        "next one again from 0, as `SequentialLR` and `join_schedules` do; `continuing with` lets "
        "it count on. `for 5` says how long a part lasts, `until 30` where it ends; `hold` keeps "
        "the rate that has been reached. `cosine(T_max=10) repeating every 10` starts anew, "
        "`cosine(k - 5)` is shifted, `max(cosine, 1/1000)` is cut off, `0.1*cosine` is scaled. In "
        "a product such as `cosine*step` the learning rate counts once, the parts behind the "
        "first one are factors. All of it becomes one formula:",
        "```\n" + to_text(read_schedule("warmup for 5, then cosine(T_max=95)").rate) + "\n```",
        "Settings stand in the line or behind `--set`: `--set cosine.T_max=95`; a second `cosine` "
        "is `cosine2`. `learning_rate` is one for all parts. Any parameter of a rule takes such a "
        'line too: `--set momentum="0.95 - k/2000"`.',
        "## Where libraries differ",
        "\n".join(f"- {row}" for row in _oddities()),
        "## Agreement",
        "Recorded with "
        + "; ".join(
            ", ".join(f"{n} {v}" for n, v in recorded[name]["versions"].items())
            for name in LIBRARIES
        )
        + ". Deviations are relative to the rate, and to 1/1000 of the largest rate where it is "
        "below that. Far steps go to 100,000; there a library's own rounding of `pi*k/T` or of "
        "`gamma` counts.",
        _table(
            ["schedule", "settings", "to step 300", "to step 100,000", "drift of stepping"],
            [
                row
                for name in LIBRARIES
                for row in (*_rows(name, recorded[name]), *_plateau_rows(name, recorded[name]))
            ],
        ),
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(make_page(), encoding="utf-8")

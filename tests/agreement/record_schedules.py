"""Record the rates of real libraries: `python tests/agreement/record_schedules.py torch optax`.

Nothing of this is needed to run the tests; it needs the libraries that are named.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from agreement.plateau_oracles import follow_losses
from agreement.schedule_cases import FAR, JOINED, LOSSES, PLATEAU, STEPS, list_cases
from agreement.schedule_oracles import (
    ask_library,
    find_versions,
    join_schedules,
    make_scheduler,
    step_scheduler,
)
from gradiometer.formula import to_float
from gradiometer.model import read_call, read_loss_schedule, read_schedule, settle

DATA = Path(__file__).parent / "data"
ONLY_STEPPED = ("CyclicLR", "OneCycleLR", "CosineAnnealingWarmRestarts", "SWALR")
"""Schedules of PyTorch without a closed form: recorded as far as they were stepped."""


def record(library):
    """One row for each case of the library."""
    rows = []
    for case in list_cases():
        if case.library != library:
            continue
        plan = read_schedule(case.name)
        values = settle([plan.owner], case.settings)["schedule"]
        call = read_call(plan.calls[library], plan.parameters, values)
        rate = to_float(values["learning_rate"]) if "learning_rate" in values else 0.1
        steps = STEPS if call.function in ONLY_STEPPED else (*STEPS, *FAR)
        found, drift = ask_library(library, call, rate, steps)
        row = {"schedule": case.entry, "set": case.settings, "call": str(call)}
        row |= {"steps": list(steps), "rates": found}
        if plan.bind_others(values):
            optimizer, scheduler = make_scheduler(library, call, rate)
            momenta = step_scheduler(optimizer, scheduler, max(STEPS), key="momentum")
            row["momentum"] = [momenta[step] for step in STEPS]
        rows.append(row if drift is None else {**row, "drift": drift})
    return rows


def record_plateau(library):
    """One row for each setting and each tape of losses."""
    rows = []
    for settings in PLATEAU.get(library, ()):
        plan = read_loss_schedule(f"plateau.{library}")
        values = settle([plan.owner], settings)["schedule"]
        call = read_call(plan.calls[library], plan.parameters, values)
        rate = to_float(values["learning_rate"])
        for name, losses in LOSSES.items():
            rates = follow_losses(library, call, rate, losses)
            row = {"schedule": "plateau", "set": settings, "call": str(call)}
            rows.append({**row, "losses": name, "rates": rates})
    return rows


def main():
    """Write one file for each library that is named."""
    for library in sys.argv[1:]:
        content = {"versions": find_versions(library), "rows": record(library)}
        content["plateau"] = record_plateau(library)
        content["joined"] = {n: join_schedules(library, n) for n in JOINED.get(library, ())}
        text = json.dumps(content, indent=None, separators=(",", ":"))
        text = text.replace('{"schedule"', '\n{"schedule"')
        (DATA / f"schedules_{library}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

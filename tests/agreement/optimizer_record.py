"""Keeps what a library's optimizers did on the tapes, so that a test needs no library."""

import json
from pathlib import Path

import numpy as np

from agreement.optimizer_tapes import BROKEN, RECORDED, TAPES, start_of, tapes_of

DATA = Path(__file__).parent / "data"


def tapes_for(case):
    """The tapes that a case is compared on."""
    names = (*TAPES, *BROKEN) if case.broken else TAPES
    return tuple(name for name in names if name not in case.without)


def name_of(shape):
    """The shape as it is written in a record: `2x3`."""
    return "x".join(map(str, shape))


def write_record(library, *, versions, cases, run):
    """Runs every case and writes `data/optimizers_LIBRARY.json`, one line for each tape.

    Args:
        library: Its name.
        versions: What made the record, by name.
        cases: The cases.
        run: Gives the positions (tapes, steps + 1, *shape) of a case from its gradients and start.
    """
    runs = []
    for case in cases:
        tables = []
        for shape in case.shapes:
            names = tapes_for(case)
            positions = run(case, tapes_of(names, shape), start_of(shape))
            rows = [
                f"{json.dumps(name)}: {json.dumps(_kept(path, shape), separators=(',', ':'))}"
                for name, path in zip(names, positions, strict=True)
            ]
            tables.append(f'"{name_of(shape)}": {{\n' + ",\n".join(rows) + "}")
        head = {
            "rule": case.rule,
            "settings": dict(case.settings),
            "options": dict(case.options),
            "without": dict(case.without),
        }
        if case.losses:
            head["losses"] = True
        runs.append(json.dumps(head)[:-1] + ', "positions": {' + ",\n".join(tables) + "}}")
    kept = {name_of(shape): steps for shape, steps in RECORDED.items()}
    text = (
        f'{{"made_with": {json.dumps(versions)},\n"steps": {json.dumps(kept)},\n"runs": [\n'
        + ",\n".join(runs)
        + "\n]}\n"
    )
    json.loads(text)
    path = DATA / f"optimizers_{library}.json"
    path.write_text(text, encoding="utf-8")
    return path


def _kept(path, shape):
    return [np.asarray(path[step], dtype=float).ravel().tolist() for step in RECORDED[shape]]


def read_records():
    """The records that are there, by library."""
    return {
        path.stem.removeprefix("optimizers_"): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(DATA.glob("optimizers_*.json"))
    }

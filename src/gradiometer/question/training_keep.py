"""The file in which finished runs of a grid are kept, each under what decides it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from gradiometer.question.kept_file import KeptFile
from gradiometer.question.training_read import Request
from gradiometer.question.training_result import Run, read_run
from gradiometer.question.training_run import Place

SCHEMA = "gradiometer/runs-1"


@final
@dataclass(frozen=True, eq=False)
class Kept:
    """A file of runs, and what it had when it was read."""

    file: KeptFile
    names: Mapping[Place, str]
    """What each run is called in the file: a digest of everything that decides it."""
    runs: Mapping[Place, Run]

    @contextmanager
    def hold(self) -> Iterator[Kept]:
        """Inside, only this call adds runs; with what the file has now, which may be more.

        Raises:
            UsageError: If another call holds it, or it cannot be written.
        """
        with self.file.hold():
            yield replace(self, runs=_read_runs(self.file, self.names))

    def add(self, made: Mapping[Place, Run]) -> None:
        """Write runs behind the others, and wait until they are on the disk.

        Raises:
            UsageError: If the file cannot be written.
        """
        self.file.add((self.names[place], run.to_plain()) for place, run in made.items())


def open_kept(path: str, request: Request) -> Kept:
    """The file of that path with the runs of the request that it has; it is left as it is.

    Raises:
        StudyError: If the file is something else than runs that were kept.
        UsageError: If it cannot be read.
    """
    file = KeptFile(Path(path), SCHEMA, "run")
    places = [(cell, seed) for cell in range(len(request.cells)) for seed in request.seeds]
    names = name_runs(request, places)
    return Kept(file, names, _read_runs(file, names))


def _read_runs(file: KeptFile, names: Mapping[Place, str]) -> dict[Place, Run]:
    known = file.read(frozenset(names.values()), read_run)
    return {place: known[name] for place, name in names.items() if name in known}


def name_runs(request: Request, places: list[Place]) -> dict[Place, str]:
    """What each run is called: the same for runs that are the same in every request."""
    shared = {
        "validation": str(request.validation),
        "test": str(request.test),
        "scale": request.scale,
        "sharpness": request.sharpness,
    }
    cells = [cell.to_plain() for cell in request.cells]
    found = {}
    for cell, seed in places:
        split = seed if request.splits_each else request.seeds[0]
        whole = {**shared, **cells[cell], "seed": seed, "split": split}
        text = json.dumps(whole, sort_keys=True).encode()
        found[cell, seed] = hashlib.sha256(text).hexdigest()[:32]
    return found

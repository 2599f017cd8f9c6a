"""The file in which finished runs are kept: one line of JSON a run, written as soon as it is made.

The first line says what the file is. A line that was cut off is left out and written over.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

from gradiometer.errors import Place as Spot
from gradiometer.errors import StudyError, UsageError
from gradiometer.question.training_read import Request
from gradiometer.question.training_result import Run, read_run
from gradiometer.question.training_run import Place

SCHEMA = "gradiometer/runs-1"


@final
@dataclass(frozen=True, eq=False)
class Kept:
    """A file of runs, and what it had when it was opened."""

    path: Path
    names: Mapping[Place, str]
    """What each run is called in the file: a digest of everything that decides it."""
    runs: Mapping[Place, Run]

    def add(self, made: Mapping[Place, Run]) -> None:
        """Write runs behind the others, and wait until they are on the disk.

        Raises:
            UsageError: If the file cannot be written.
        """
        lines = [json.dumps({"run": self.names[place], **run.to_plain()}, allow_nan=False)
                 for place, run in made.items()]  # fmt: skip
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write("".join(f"{line}\n" for line in lines))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _cannot(self.path, "written", error) from None


def open_kept(path: str, request: Request, *, is_read_only: bool = False) -> Kept:
    """The file of that path, made where there is none, with the runs of the request that it has.

    A file that is only read is left as it is, since another process may be writing to it.

    Raises:
        StudyError: If the file is something else than runs that were kept.
        UsageError: If it cannot be read or written.
    """
    file = Path(path)
    places = [(cell, seed) for cell in range(len(request.cells)) for seed in request.seeds]
    names = name_runs(request, places)
    lines = _read_lines(file, is_read_only=is_read_only)
    known = dict(_read_line(file, number, line) for number, line in enumerate(lines[1:], 2))
    return Kept(file, names, {place: known[name] for place, name in names.items() if name in known})


def _read_lines(path: Path, *, is_read_only: bool) -> list[bytes]:
    """The whole lines of the file, the first one being that of its kind."""
    head = json.dumps({"schema": SCHEMA}).encode()
    try:
        text = path.read_bytes() if path.exists() else b""
        lines = text.split(b"\n")
        if text and lines[0] != head:
            problem = f"`{path}` holds something else than runs."
            raise StudyError(problem, place=Spot(str(path), 1, 1),
                             hint="name a file that does not exist yet")  # fmt: skip
        # What follows the last end of a line was being written when something stopped it.
        whole = text[: len(text) - len(lines[-1])] or head + b"\n"
        if whole != text and not is_read_only:
            path.write_bytes(whole)
    except OSError as error:
        raise _cannot(path, "used", error) from None
    return whole.split(b"\n")[:-1]


def _read_line(path: Path, number: int, line: bytes) -> tuple[str, Run]:
    try:
        table = json.loads(line)
        return str(table["run"]), read_run(table)
    except (ValueError, KeyError, TypeError, AttributeError):
        spot, hint = Spot(str(path), number, 1), "take the line out; the run will be made again"
        raise StudyError("This line is no run.", place=spot, hint=hint) from None


def _cannot(path: Path, verb: str, error: OSError) -> UsageError:
    reason = error.strerror or "the system refuses"
    return UsageError(f"`{path}` cannot be {verb}: {reason}.", place=Spot("keep"),
                      hint="name a file in a folder that exists")  # fmt: skip


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

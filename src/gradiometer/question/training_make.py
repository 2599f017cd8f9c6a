"""Makes the runs that are missing, keeps each as soon as it is done, and says how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradiometer.question.progress import Meter
from gradiometer.question.training_keep import Kept, open_kept
from gradiometer.question.training_read import Request
from gradiometer.question.training_result import Run
from gradiometer.question.training_run import Place, list_blocks, make_runs


def list_places(request: Request) -> list[Place]:
    """Every run of the grid."""
    return [(cell, seed) for cell in range(len(request.cells)) for seed in request.seeds]


def find_kept(request: Request, keep: str | None, *, is_read_only: bool = False) -> Kept | None:
    """The file of runs, where one is named."""
    return None if keep is None else open_kept(keep, request, is_read_only=is_read_only)


def list_missing(request: Request, kept: Kept | None) -> list[Place]:
    """The runs that are in no file."""
    return [place for place in list_places(request) if kept is None or place not in kept.runs]


def make_all(request: Request, kept: Kept | None, *, threads: int = 0) -> Mapping[Place, Run]:
    """All runs of the grid; those that are kept are not made again.

    Raises:
        KeyboardInterrupt: If somebody interrupts; it says what is kept, and how to go on.
        UsageError: If the file of runs cannot be written.
    """
    runs: dict[Place, Run] = {} if kept is None else dict(kept.runs)
    blocks = list_blocks(request, list_missing(request, kept))
    meter = Meter(sum(request.cells[cell].epochs for block in blocks for cell, _ in block.places),
                  "epochs of networks")  # fmt: skip
    try:
        for made in make_runs(request, blocks, threads=threads, on_epoch=meter.add):
            runs |= made
            if kept is not None and made:
                kept.add(made)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_say_how_to_go_on(request, runs, kept)) from None
    return runs


def _say_how_to_go_on(request: Request, runs: Mapping[Place, Any], kept: Kept | None) -> str:
    total = len(list_places(request))
    if kept is None:
        return "nothing is kept; with `--keep runs.jsonl` what is done would be"
    return f"{len(runs)} of {total} runs are kept in `{kept.path}`; the same command goes on"

"""Makes the runs that are missing, keeps each as soon as it is done, and says how far it is."""

from __future__ import annotations

from collections.abc import Mapping

from gradiometer.question.kept_file import say_how_to_go_on
from gradiometer.question.progress import Meter
from gradiometer.question.training_keep import Kept, open_kept
from gradiometer.question.training_read import Request
from gradiometer.question.training_result import Run
from gradiometer.question.training_run import Place, list_blocks, make_runs


def list_places(request: Request) -> list[Place]:
    """Every run of the grid."""
    return [(cell, seed) for cell in range(len(request.cells)) for seed in request.seeds]


def find_kept(request: Request, keep: str | None) -> Kept | None:
    """The file of runs, where one is named."""
    return None if keep is None else open_kept(keep, request)


def list_missing(request: Request, kept: Kept | None) -> list[Place]:
    """The runs that are in no file."""
    return [place for place in list_places(request) if kept is None or place not in kept.runs]


def make_all(request: Request, kept: Kept | None, *, threads: int = 0) -> Mapping[Place, Run]:
    """All runs of the grid; those that are kept are not made again.

    Raises:
        KeyboardInterrupt: If somebody interrupts; it says what is kept, and how to go on.
        UsageError: If another call adds to the file of runs, or it cannot be written.
    """
    if kept is None or not list_missing(request, kept):
        return _make(request, kept, threads=threads)
    with kept.hold() as held:
        return _make(request, held, threads=threads)


def _make(request: Request, kept: Kept | None, *, threads: int) -> Mapping[Place, Run]:
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
        path, total = None if kept is None else kept.file.path, len(list_places(request))
        said = say_how_to_go_on(len(runs), total, noun="runs", path=path)
        raise KeyboardInterrupt(said) from None
    return runs

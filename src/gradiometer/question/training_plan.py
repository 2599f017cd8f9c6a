"""What a grid costs, said before it is run: networks, multiplications and memory."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import pairwise

from gradiometer.model import Dataset
from gradiometer.question.answer import Fact, computed, proved
from gradiometer.question.training_cells import Cell
from gradiometer.question.training_parts import MOST_PARTS, make_parts
from gradiometer.question.training_read import Request
from gradiometer.question.training_result import CURVES, LAYERS
from gradiometer.question.training_run import (
    Place,
    list_blocks,
    list_splits,
    make_dense,
    make_training,
)


def list_plan(request: Request, missing: Sequence[Place]) -> dict[str, Fact]:
    """The facts of a request that is not run.

    Args:
        request: What is asked.
        missing: The runs that are not kept yet.
    """
    cells, seeds = len(request.cells), len(request.seeds)
    named = {str(cell.axes["data"]): cell.data for cell in request.cells}
    sizes = {text: count_parts(request, data) for text, data in named.items()}
    counted = {"cells": cells, "seeds": seeds, "runs": cells * seeds, "missing": len(missing)}
    work, memory = sum_over_blocks(request, missing)
    steps = sum(count_steps(request, request.cells[cell]) for cell, _ in missing)
    widths = {cell.widths: count_parameters(cell.widths) for cell in request.cells}
    return {
        "plan": proved(counted, "The product of the axes, times the seeds; missing: not kept yet."),
        "examples": _tell_examples(request, sizes),
        "parameters": proved({"-".join(map(str, row)): n for row, n in widths.items()},
                             "Weights and biases of each network."),
        "kernels": proved(len({cell.kernel for cell in request.cells}), "Kernels to compile: one "
                          "for each network, activation, loss, rule, batch and precision."),
        "steps": proved(steps, "Steps of all missing runs together."),
        "multiply_adds": proved(work, "Of all missing runs: three for each weight and training "
                                "example, one for each weight and example that is checked."),
        "memory_bytes": computed(memory + count_held(request), "The largest blocks of networks "
                                 "that are worked on at once, the data, and all curves."),
    }  # fmt: skip


def count_parts(request: Request, data: Dataset) -> dict[str, int]:
    """How many examples each part of a data set has."""
    parts = make_parts(request, data, request.seeds[0])
    return {part: parts.count(part) for part in parts.rows}


def count_steps(request: Request, cell: Cell) -> int:
    """How many steps a run of a cell makes."""
    count = make_parts(request, cell.data, request.seeds[0]).count("train")
    return cell.epochs * -(-count // cell.batch)


def _tell_examples(request: Request, sizes: Mapping[str, Mapping[str, int]]) -> Fact:
    said = ", ".join(f"{data.count:,} examples of `{data.name}`" for data in request.datasets)
    only = next(iter(sizes.values())) if len(sizes) == 1 else sizes
    return proved(only, f"Of {said}.")


def count_parameters(widths: Sequence[int]) -> int:
    """Weights and biases of a dense network.

    Example:
        >>> count_parameters((3, 2, 1))
        11
    """
    return sum((a + 1) * b for a, b in pairwise(widths))


def sum_over_blocks(request: Request, missing: Sequence[Place]) -> tuple[int, int]:
    """The multiply-adds of all blocks of runs, and the bytes of those made at one time."""
    from gradiometer.numeric import predict_memory, predict_work

    work, sizes = 0, list[int]()
    for block in list_blocks(request, missing):
        cells = [request.cells[cell] for cell, _ in block.places]
        counts = count_parts(request, cells[0].data)
        train, checked = counts["train"], sum(counts.values())
        plan = make_training(cells, make_dense(cells), train)
        count = len(block.places)
        work += predict_work(plan, networks=count, examples=train, checked=checked)
        labelled = any(cell.label_noise for cell in cells)
        sizes.append(predict_memory(plan, networks=count, examples=train, checked=checked,
                                    labelled=labelled,
                                    splits=len(list_splits(request, block))))  # fmt: skip
    return work, sum(sorted(sizes)[-(os.cpu_count() or 1) :])


def count_held(request: Request) -> int:
    """The bytes of the data, split and scaled for each seed, and of all curves."""
    splits = min(len(request.seeds), MOST_PARTS) if request.splits_each else 1
    deepest = max(len(cell.widths) - 1 for cell in request.cells)
    numbers = len(CURVES) + deepest * len(LAYERS)
    curves = 8 * len(request.cells) * len(request.seeds) * request.epochs * numbers
    # The curves are held run by run, and once more as tables.
    held = sum(data.inputs.nbytes for data in request.datasets)
    return held * (1 + 2 * splits) + 2 * curves

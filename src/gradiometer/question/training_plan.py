"""What a grid costs, said before it is run: networks, multiplications and memory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise

from gradiometer.question.answer import Fact, computed, proved
from gradiometer.question.training_cells import Cell, list_groups
from gradiometer.question.training_parts import Parts, make_parts
from gradiometer.question.training_read import Request
from gradiometer.question.training_result import CURVES, LAYERS
from gradiometer.question.training_run import Place, choose_style, list_blocks, make_dense

PRODUCTS = 3
"""Products of a table and a vector for each weight and example: forward, and two of them back."""


def list_plan(request: Request, missing: Sequence[Place]) -> dict[str, Fact]:
    """The facts of a request that is not run.

    Args:
        request: What is asked.
        missing: The runs that are not kept yet.
    """
    cells, seeds = len(request.cells), len(request.seeds)
    parts = make_parts(request, request.seeds[0])
    sizes = {part: parts.count(part) for part in parts.rows}
    counted = {"cells": cells, "seeds": seeds, "runs": cells * seeds, "missing": len(missing)}
    work = sum(count_products(request.cells[cell], request, parts) for cell, _ in missing)
    steps = sum(-(-sizes["train"] // request.cells[cell].batch) for cell, _ in missing)
    widths = {cell.widths: count_parameters(cell.widths) for cell in request.cells}
    return {
        "plan": proved(counted, "The product of the axes, times the seeds; missing: not kept yet."),
        "examples": proved(sizes, f"Of {request.data.count:,} examples of `{request.data.name}`."),
        "parameters": proved({"-".join(map(str, row)): n for row, n in widths.items()},
                             "Weights and biases of each network."),
        "kernels": proved(len(list_groups(request.cells)), "Kernels to compile: one for each "
                          "network, activation, loss, rule and batch."),
        "steps": proved(steps * request.epochs, "Steps of all missing runs together."),
        "multiply_adds": proved(work, "Of all missing runs: three for each weight and training "
                                "example, one for each weight and example that is checked."),
        "memory_bytes": computed(predict_memory(request, missing), "The largest blocks of networks "
                                 "that are worked on at once, the data, and all curves."),
    }  # fmt: skip


def count_parameters(widths: Sequence[int]) -> int:
    """Weights and biases of a dense network.

    Example:
        >>> count_parameters((3, 2, 1))
        11
    """
    return sum((a + 1) * b for a, b in pairwise(widths))


def count_products(cell: Cell, request: Request, parts: Parts) -> int:
    """The multiplications, each with an addition, of all products of one run."""
    weights = sum(a * b for a, b in pairwise(cell.widths))
    # The gradient does not go back through the first layer to the inputs.
    backward = PRODUCTS * weights - cell.widths[0] * cell.widths[1]
    checked = sum(parts.count(part) for part in parts.rows)
    return request.epochs * (parts.count("train") * backward + checked * weights)


def predict_memory(request: Request, missing: Sequence[Place]) -> int:
    """The bytes that the arrays of a grid take at most at one time."""
    blocks = list_blocks(request, missing)
    threads = os.cpu_count() or 1
    each = sorted((_count_block(request, [request.cells[c] for c, _ in block.places])
                   for block in blocks), reverse=True)  # fmt: skip
    data = request.data.inputs.nbytes * (1 + min(len(request.seeds), 16))
    deepest = max(len(cell.widths) - 1 for cell in request.cells)
    numbers = len(CURVES) + deepest * len(LAYERS)
    curves = 8 * len(request.cells) * len(request.seeds) * request.epochs * numbers
    # The curves are held run by run, and once more as tables.
    return sum(each[:threads]) + data + 2 * curves


def _count_block(request: Request, cells: Sequence[Cell]) -> int:
    """The bytes of the arrays of one block of networks."""
    style, dense = choose_style(request), make_dense(cells)
    real, lanes = 4 if request.precision == "float32" else 8, style.lanes
    count = request.data.count
    steps = -(-count // cells[0].batch)
    entries = dense.shape(style).length
    # The work; parameters at the start, now and in copies; what the kernel reads and writes.
    work = real * lanes * entries + 4 * 8 * lanes * count_parameters(dense.widths)
    tables = steps * lanes * (real * (len(dense.scheduled) + 2 + len(dense.widths)) * 2
                              + 8 * (2 + len(dense.widths)))  # fmt: skip
    orders = count * lanes * (4 + 4 + 4 + 8 + 8)
    examples = count * (dense.widths[0] + dense.widths[-1]) * (8 + real)
    return work + tables + orders + examples

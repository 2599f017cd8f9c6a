"""What training networks will take, before it runs: bytes of memory and multiply-adds."""

from __future__ import annotations

import os
from itertools import pairwise

import numpy as np

from gradiometer.numeric.dense_run import Training

_RUNTIME = 24 * 2**20
"""What the pool of threads and loaded machine code take, at most."""


def predict_memory(
    training: Training,
    *,
    networks: int,
    examples: int,
    checked: int = 0,
    labelled: bool = False,
    splits: int = 1,
) -> int:
    """How many bytes `run_dense` takes at most, beside what the caller holds.

    Args:
        training: How networks are trained.
        networks: How many there are.
        examples: How many examples they learn from.
        checked: How many examples they are checked on, in all checks together.
        labelled: Whether each network has labels of its own.
        splits: How many sets of examples there are.

    Example:
        >>> from gradiometer.formula import parse
        >>> from gradiometer.model import read_optimizer, settle, unroll
        >>> from gradiometer.numeric import Dense, Training
        >>> optimizer = read_optimizer("sgd")
        >>> rule = unroll(optimizer.bind(settle([optimizer.owner], {})["optimizer"]), ())
        >>> dense = Dense((64, 100, 20, 10), parse("max(x, 0)").tree, "softmax", rule)
        >>> predict_memory(Training(dense, 64, 40), networks=256, examples=1437) < 2**28
        True
    """
    style, dense = training.style, training.dense
    shape = dense.shape(style, peaks="units" in training.watch)
    real, lanes = np.dtype(style.precision).itemsize, style.lanes
    blocks, steps = -(-networks // lanes), -(-examples // training.batch)
    block = shape.length * lanes * real + 64
    block += examples * lanes * 4 + len(dense.given) * lanes * real
    # While lanes are packed anew, the blocks before and after stand side by side.
    held = 2 * blocks * block
    states = len(dense.states)
    rows = networks * sum((a + 1) * b for a, b in pairwise(dense.widths))
    # What is handed out is a copy of what was read.
    held += rows * real * (1 + states) + rows * (real + 2 * 8)
    threads = min(training.threads or os.cpu_count() or 1, max(blocks, 1))
    step = (shape.records + max(len(dense.scheduled), 1)) * lanes * real
    turn = steps * step + (examples + checked) * lanes * (4 + 8 + 4)
    held += threads * turn + networks * steps * 8 * (3 * shape.records)
    # Orders by seed, as many as there are networks; examples as the kernel reads them.
    held += networks * examples * 8 * 2
    # Sets are copied one after the other; labels of what is checked stand in a table of lanes.
    held += 2 * splits * (examples + checked) * ((dense.widths[0] + dense.widths[-1]) * real + 4)
    held += min(blocks, splits) * checked * lanes * 4
    return held + _RUNTIME + (networks * examples * 4 if labelled else 0)


def predict_work(training: Training, *, networks: int, examples: int, checked: int = 0) -> int:
    """How many multiply-adds the products of all layers take, without functions and updates.

    Each example goes forward once and backward twice, but not backward into the inputs; those that
    are checked go forward after each `check_every` epochs.
    """
    sizes = [a * b for a, b in pairwise(training.dense.widths)]
    every = training.epochs // training.check_every
    every += training.epochs % training.check_every > 0
    trained = training.epochs * examples * (3 * sum(sizes) - sizes[0])
    return networks * (trained + every * checked * sum(sizes))

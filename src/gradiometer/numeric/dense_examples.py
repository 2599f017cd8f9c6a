"""What networks trained side by side learn from, and where they begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from gradiometer.errors import ShapeError
from gradiometer.numeric.lattice import Array

if TYPE_CHECKING:
    from gradiometer.numeric.dense_source import Dense


@final
@dataclass(frozen=True, eq=False)
class Examples:
    """What networks learn from or are checked on."""

    inputs: Array
    """Shape (examples, inputs)."""
    labels: Array | None = None
    """The class of each example, shape (examples,), for a head of classes."""
    targets: Array | None = None
    """The wanted outputs, shape (examples, outputs), where there are no classes."""


@final
@dataclass(frozen=True, eq=False)
class Networks:
    """Where each network begins and what is its own; one entry or row for each."""

    parameters: Array
    """Shape (networks, parameters): layer by layer weights row by row, then biases."""
    given: Mapping[str, Array]
    """The rule's parameters that are not scheduled, and `dropout` where units are dropped; another
    name is an error."""
    seeds: Array
    """Decides the order of the examples, and which units are dropped."""
    labels: Array | None = None
    """Shape (networks, examples), where networks have labels of their own."""
    splits: Array | None = None
    """Which of several sets of examples each one has, from 0."""

    def __len__(self) -> int:
        return len(self.parameters)


@final
class Prepared:
    """Sets of examples as the kernel reads them, one set after the other.

    Raises:
        ShapeError: If a set has another shape than the networks need, or than the first set.
    """

    def __init__(self, examples: Examples | Sequence[Examples], dense: Dense, real: Any) -> None:
        self.sets = [examples] if isinstance(examples, Examples) else list(examples)
        self.count = len(self.sets[0].inputs)
        rows = [_prepare(each, dense, real) for each in self.sets]
        if any(len(labels) != self.count for _, labels, _ in rows):
            raise ShapeError("Sets of examples that are learnt side by side have one size.")
        self.inputs = np.concatenate([inputs for inputs, _, _ in rows])
        self.labels = np.stack([labels for _, labels, _ in rows])
        """Shape (sets, examples)."""
        self.targets = np.concatenate([targets for _, _, targets in rows])
        self._tables: dict[tuple[int, ...], NDArray[np.int32]] = {}

    def table_labels(self, splits: Array) -> NDArray[np.int32]:
        """The labels of each lane, whose set is named; shape (examples, lanes)."""
        key = tuple(splits.tolist())
        if key not in self._tables:
            self._tables[key] = np.ascontiguousarray(self.labels[splits].T)
        return self._tables[key]


def _prepare(examples: Examples, dense: Dense, real: Any) -> tuple[Array, Array, Array]:
    """Inputs, labels and targets of one set; zeros for what it has not."""
    inputs = np.ascontiguousarray(examples.inputs, real)
    count, outputs = len(inputs), dense.widths[-1]
    if inputs.ndim != 2 or inputs.shape[1] != dense.widths[0]:
        raise ShapeError(f"The inputs have the shape {inputs.shape}, and these networks take "
                         f"{dense.widths[0]} numbers.")  # fmt: skip
    labels, targets = np.zeros(count, np.int32), np.zeros((count, outputs), real)
    if examples.labels is not None:
        labels = np.ascontiguousarray(examples.labels, np.int32)
        classes = max(outputs, 2)
        if labels.shape != (count,) or not ((labels >= 0) & (labels < classes)).all():
            raise ShapeError(f"Labels are {count} whole numbers from 0 to {classes - 1}.")
    if examples.targets is not None:
        targets = np.ascontiguousarray(examples.targets, real)
        if targets.shape != (count, outputs):
            raise ShapeError(f"Targets have the shape ({count}, {outputs}).")
    return inputs, labels, targets

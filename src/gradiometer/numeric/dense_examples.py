"""What networks trained side by side learn from, and where they begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

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

    def __len__(self) -> int:
        return len(self.parameters)


@final
class Prepared:
    """Examples as the kernel reads them."""

    def __init__(self, examples: Examples, dense: Dense, real: Any) -> None:
        inputs = np.ascontiguousarray(examples.inputs, real)
        count, outputs = len(inputs), dense.widths[-1]
        if inputs.ndim != 2 or inputs.shape[1] != dense.widths[0]:
            raise ShapeError(f"The inputs have the shape {inputs.shape}, and these networks take "
                             f"{dense.widths[0]} numbers.")  # fmt: skip
        self.inputs = inputs
        self.labels = np.zeros(count, np.int32)
        self.targets = np.zeros((count, outputs), real)
        if examples.labels is not None:
            self.labels = np.ascontiguousarray(examples.labels, np.int32)
            classes = max(outputs, 2)
            if (
                self.labels.shape != (count,)
                or not ((self.labels >= 0) & (self.labels < classes)).all()
            ):
                raise ShapeError(f"Labels are {count} whole numbers from 0 to {classes - 1}.")
        if examples.targets is not None:
            self.targets = np.ascontiguousarray(examples.targets, real)
            if self.targets.shape != (count, outputs):
                raise ShapeError(f"Targets have the shape ({count}, {outputs}).")

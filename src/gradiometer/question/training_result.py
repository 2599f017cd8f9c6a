"""What is kept of one run: its curves, and where it stopped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from numpy.typing import NDArray

PARTS = ("train", "validation", "test")
CURVES = ("batch_loss", "batch_accuracy", *(f"{part}_{what}" for part in PARTS
          for what in ("loss", "accuracy")), "sharpness", "followed_rate")  # fmt: skip
"""One number an epoch: over the batches as they were met, and on each part after the epoch; the
learning rate in it where a schedule follows losses."""

LAYERS = ("gradient_norm", "weight_norm", "dead_units", "saturated_units")
"""One number an epoch and layer; of the last two, one for each hidden layer."""


@final
@dataclass(frozen=True, eq=False)
class Run:
    """One network from its start to its end."""

    curves: Mapping[str, NDArray[Any]]
    """By the names in `CURVES` and `LAYERS`; NaN from the epoch on in which it diverged."""
    stopped: int
    """The step at which it diverged, from 0; -1 if it did not."""
    layer: int
    """The layer whose gradient exploded first, from 0; -1 if none did."""
    start_sharpness: float = math.nan
    """Before the first step; NaN where it was not measured."""

    def to_plain(self) -> dict[str, Any]:
        """The run as JSON; None for NaN."""
        return {
            "stopped": self.stopped,
            "layer": self.layer,
            "start_sharpness": _to_plain(self.start_sharpness),
            "curves": {name: _to_list(values) for name, values in self.curves.items()},
        }


def read_run(table: Mapping[str, Any]) -> Run:
    """The run of a table that `Run.to_plain` made, to the last bit.

    Raises:
        KeyError: If a part is missing.
        ValueError: If a part is of another kind.
    """
    import numpy as np

    curves = {str(name): np.array(values, float) for name, values in table["curves"].items()}
    start = table["start_sharpness"]
    return Run(curves, int(table["stopped"]), int(table["layer"]),
               math.nan if start is None else float(start))  # fmt: skip


def _to_list(values: Any) -> list[Any]:
    return [_to_list(row) if getattr(row, "ndim", 0) else _to_plain(float(row)) for row in values]


def _to_plain(number: float) -> float | None:
    return number if math.isfinite(number) else None

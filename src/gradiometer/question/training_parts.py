"""The parts of a data set that a run learns from and is checked on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, final

from flint import fmpq

from gradiometer.model import (
    Dataset,
    flip_labels,
    scale_inputs,
    scale_targets,
    split_dataset,
)
from gradiometer.question.training_read import Request

if TYPE_CHECKING:
    from gradiometer.numeric import Examples

MOST_PARTS = 16
"""How many splits are held at a time."""


@final
@dataclass(frozen=True, eq=False)
class Parts:
    """One split of a data set, scaled by what its training part says."""

    data: Dataset
    rows: dict[str, Any]
    """The numbers of the examples of each part."""

    def count(self, part: str) -> int:
        """How many examples a part has."""
        return len(self.rows[part])

    def labels(self, share: fmpq, seed: int) -> Any:
        """The classes that a run learns, a share of them wrong."""
        assert self.data.labels is not None
        own = self.data.labels[self.rows["train"]]
        if not share:
            return own
        return flip_labels(own, classes=len(self.data.classes), share=share, seed=seed)

    def examples(self, part: str, head: str) -> Examples:
        """The examples of a part as networks with that head read them."""
        from gradiometer.numeric import Examples

        rows = self.rows[part]
        if head == "squared":
            assert self.data.targets is not None
            return Examples(self.data.inputs[rows], targets=self.data.targets[rows])
        assert self.data.labels is not None
        return Examples(self.data.inputs[rows], labels=self.data.labels[rows])


def make_parts(request: Request, data: Dataset, seed: int) -> Parts:
    """The parts of a data set that belong to a seed."""
    return _make_parts(request, data, seed if request.splits_each else request.seeds[0])


@lru_cache(maxsize=MOST_PARTS)
def _make_parts(request: Request, data: Dataset, seed: int) -> Parts:
    split = split_dataset(data, validation=request.validation, test=request.test, seed=seed)
    scaled = scale_targets(scale_inputs(data, split, request.scale), split, request.scale)
    return Parts(scaled, {"train": split.train, "validation": split.validation, "test": split.test})

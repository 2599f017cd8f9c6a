"""A data set: examples as numbers, a class or targets for each, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_EXAMPLES = 1_000_000
MOST_INPUTS = 10_000
MOST_VALUES = 50_000_000
MOST_CLASSES = 1_000


@final
@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples of one kind: either each has a class, or each has one or more targets."""

    name: str
    inputs: NDArray[np.float64]
    """One row an example, one column an input; finite."""
    labels: NDArray[np.int64] | None
    """The class of each example, counted from 0; None for targets."""
    targets: NDArray[np.float64] | None
    """One row an example, one column a target; None for classes."""
    classes: tuple[str, ...]
    """The names of the classes; empty for targets."""
    input_names: tuple[str, ...]
    source: str
    """Where the examples come from, in words."""

    @property
    def count(self) -> int:
        """How many examples there are."""
        return len(self.inputs)

    @property
    def outputs(self) -> int:
        """How many classes there are, or how many targets each example has."""
        return len(self.classes) if self.targets is None else self.targets.shape[1]

    def to_digest(self) -> str:
        """SHA-256 of all numbers and names: what was computed from other data differs in it.

        Example:
            >>> read_dataset("iris").to_digest() == read_dataset("iris").to_digest()
            True
        """
        import hashlib

        digest = hashlib.sha256(repr((self.inputs.shape, self.classes, self.input_names)).encode())
        for part in (self.inputs, self.labels, self.targets):
            digest.update(b"-" if part is None else part.tobytes())
        return digest.hexdigest()


def read_dataset(text: str, *, target: str | None = None) -> Dataset:
    """The data set that *text* names.

    Args:
        text: A catalogue name such as `digits`; a name with settings, such as
            `moons(noise=1/5, count=400)`; or a path that ends in `.csv`, `.npz` or `.parquet`, or
            in `.toml` for an entry of one's own.
        target: For a file: the column to predict, or several with commas between them. A column of
            texts, or of at most 20 different whole numbers, is read as classes; `NAME as class` and
            `NAME as number` say which is meant. Columns called `target`, `targets`, `label`,
            `labels`, `class` or `y` are found without it.

    Raises:
        UsageError: If there is no such data set, or the target is not said.
        UnknownNameError: If a setting or the target does not exist.
        StudyError: If a file cannot be used; the error points to the line and column.
        LimitError: If it is larger than the stated limits.

    Example:
        >>> data = read_dataset("iris")
        >>> data.inputs.shape, data.classes
        ((150, 4), ('setosa', 'versicolor', 'virginica'))
        >>> read_dataset("moons(count=6)").labels
        array([0, 1, 0, 1, 0, 1])
    """
    from gradiometer.model.dataset_entry import read_dataset_entry
    from gradiometer.model.dataset_file import FORMATS, read_dataset_file

    named = text.strip()
    if named.lower().endswith(FORMATS):
        return read_dataset_file(named, target=target)
    return read_dataset_entry(named, target=target)

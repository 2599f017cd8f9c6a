"""Parts of a data set, scaled inputs and wrong labels: all from seeds, none with a look ahead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, final

import numpy as np
from flint import fmpq

from gradiometer.errors import Place, UsageError, suggest
from gradiometer.formula import parse_interval
from gradiometer.model.dataset import Dataset
from gradiometer.model.dataset_draws import CHOSEN, SHIFTED, SPLIT, draw_words
from gradiometer.model.parameter import Parameter, read_setting

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCALES = ("standard", "unit", "none")


@final
@dataclass(frozen=True, eq=False)
class Split:
    """Which examples are trained on, which choose, and which judge; ascending numbers of rows."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]


def split_dataset(data: Dataset, *, validation: Any, test: Any, seed: int) -> Split:
    """Three parts of the examples; each class has its share in every part, up to one example.

    Args:
        data: What to divide.
        validation: Its share of all examples, such as `1/5`; the part has exactly that share,
            rounded to whole examples.
        test: As *validation*.
        seed: Chooses who goes where.

    Raises:
        DomainError: If a share is outside [0, 1), or the seed has no 64 bits.
        UsageError: If a part that is asked for, or a class in the training part, stays empty.

    Example:
        >>> from gradiometer.model import read_dataset
        >>> parts = split_dataset(read_dataset("iris"), validation="1/5", test="1/5", seed=1)
        >>> len(parts.train), len(parts.validation), len(parts.test)
        (90, 30, 30)
    """
    sizes = [_count(name, share, data.count) for name, share in
             (("test", test), ("validation", validation))]  # fmt: skip
    if sum(sizes) >= data.count:
        raise UsageError(
            f"`validation` and `test` leave nothing of {data.count:,} examples to train on.",
            hint="write smaller shares such as 1/5",
        )
    order = _mix_classes(data, seed)
    ends = np.cumsum([0, *sizes, data.count - sum(sizes)])
    parts = [np.sort(order[ends[i] : ends[i + 1]]) for i in range(3)]
    if data.labels is not None:
        missing = np.setdiff1d(data.labels, data.labels[parts[2]])
        if len(missing):
            raise UsageError(
                f"The class `{data.classes[missing[0]]}` has no example in the training part.",
                hint="write smaller shares, or leave that class out of the data",
            )
    return Split(parts[2], parts[1], parts[0])


def _count(name: str, share: Any, count: int) -> int:
    """The share of that many examples, rounded to a whole number."""
    exact = _read_share(name, share)
    size = int((exact * count + fmpq(1, 2)).floor())
    if exact and not size:
        raise UsageError(
            f"`{name}` = {exact} of {count:,} examples is less than one.",
            hint=f"write {name}=0 or a larger share",
        )
    return size


def _read_share(name: str, share: Any) -> fmpq:
    parameter = Parameter(name, parse_interval("[0, 1)"))
    value = read_setting(parameter, share, place=Place(name))
    if not isinstance(value, fmpq):
        raise UsageError(f"`{name}` is one number.", hint=f"write {name}=1/5")
    return value


def _mix_classes(data: Dataset, seed: int) -> NDArray[np.int64]:
    """All rows in an order in which every beginning has its share of each class."""
    words = draw_words(data.count, seed=seed, stream=SPLIT)
    drawn = np.argsort(words, kind="stable")
    if data.labels is None:
        return drawn
    # The j-th of the n examples of a class stands at (j + 1/2)/n of the whole.
    heights = np.empty(data.count)
    for label in range(len(data.classes)):
        rows = drawn[data.labels[drawn] == label]
        heights[rows] = (np.arange(len(rows)) + 0.5) / max(1, len(rows))
    return drawn[np.argsort(heights[drawn], kind="stable")]


def scale_inputs(data: Dataset, split: Split, how: str = "standard") -> Dataset:
    """The data set with each input scaled by what the training part alone says of it.

    Args:
        data: What to scale.
        split: Its parts.
        how: `standard` for mean 0 and variance 1, `unit` for 0 to 1, or `none`. An input that does
            not vary in the training part is only shifted.

    Raises:
        UsageError: If there is no such way.

    Example:
        >>> from gradiometer.model import read_dataset
        >>> data = read_dataset("wine")
        >>> parts = split_dataset(data, validation=0, test="1/4", seed=1)
        >>> scaled = scale_inputs(data, parts).inputs[parts.train]
        >>> bool(abs(scaled.mean(axis=0)).max() < 1e-12)
        True
    """
    return replace(data, inputs=_scale(data.inputs, split, _read_scale(how)))


def scale_targets(data: Dataset, split: Split, how: str = "standard") -> Dataset:
    """The data set with each target scaled as `scale_inputs` scales inputs; classes stay.

    Raises:
        UsageError: If there is no such way.
    """
    kind = _read_scale(how)
    if data.targets is None:
        return data
    return replace(data, targets=_scale(data.targets, split, kind))


def _read_scale(how: str) -> Literal["standard", "unit", "none"]:
    if how == "standard" or how == "unit" or how == "none":  # noqa: PLR1714 - narrows the type
        return how
    nearest = suggest(how, SCALES)
    raise UsageError(
        f"There is no scale `{how}`.", known=SCALES, hint=f"write `{nearest or SCALES[0]}`"
    )


def _scale(
    values: NDArray[np.float64], split: Split, how: Literal["standard", "unit", "none"]
) -> NDArray[np.float64]:
    if how == "none":
        return values
    # Squares of huge or tiny numbers would overflow; a power of two changes no digit.
    exponent = np.frexp(np.abs(values[split.train]).max(axis=0))[1]
    with np.errstate(over="ignore"):
        small = np.ldexp(values, -exponent)
        seen = small[split.train]
        size = np.ptp(seen, axis=0) if how == "unit" else seen.std(axis=0)
        # The mean of equal numbers misses them by its rounding, which must not be blown up.
        is_constant = np.ptp(seen, axis=0) == 0
        middle = seen.min(axis=0) if how == "unit" else seen.mean(axis=0)
        shifted = small - np.where(is_constant, seen[0], middle)
        scaled = np.where(
            is_constant, np.ldexp(shifted, exponent), shifted / np.where(is_constant, 1.0, size)
        )
    if not np.isfinite(scaled).all():
        column = int(np.argmax(~np.isfinite(scaled).all(axis=0)))
        raise UsageError(
            f"Column {column + 1} is too large beside its values in the training part.",
            hint="write scale=none, or take out the example that does not belong",
        )
    return scaled


def flip_labels(
    labels: NDArray[np.int64], *, classes: int, share: Any, seed: int
) -> NDArray[np.int64]:
    """The labels with a share of them, rounded to whole ones, replaced by another class.

    Args:
        labels: Classes counted from 0; they stay as they are.
        classes: How many there are.
        share: Such as `1/10`, in [0, 1]; exactly that many labels become wrong.
        seed: Chooses which labels, and which other class each gets.

    Raises:
        DomainError: If the share is outside [0, 1], or the seed has no 64 bits.
        UsageError: If there is no other class.

    Example:
        >>> import numpy as np
        >>> labels = np.zeros(100, dtype=np.int64)
        >>> int((flip_labels(labels, classes=3, share="1/4", seed=1) != labels).sum())
        25
    """
    parameter = Parameter("label_noise", parse_interval("[0, 1]"))
    exact = read_setting(parameter, share, place=Place("label_noise"))
    if not isinstance(exact, fmpq):
        raise UsageError("`label_noise` is one number.", hint="write label_noise=1/10")
    count = int((exact * len(labels) + fmpq(1, 2)).floor())
    if count and classes < 2:
        raise UsageError("With one class no label can be wrong.", hint="write label_noise=0")
    chosen = np.argsort(draw_words(len(labels), seed=seed, stream=CHOSEN), kind="stable")[:count]
    changed = labels.copy()
    if count:
        words = draw_words(count, seed=seed, stream=SHIFTED)
        shifts = 1 + (words % np.uint64(classes - 1)).astype(np.int64)
        changed[chosen] = (labels[chosen] + shifts) % classes
    return changed

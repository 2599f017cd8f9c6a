"""What the walk over a network finds: one row a layer, with its tensors and its counts."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias, final

from gradiometer.errors import Place

Shape: TypeAlias = "tuple[int | None, ...]"
"""Sizes of the axes, without the batch; None for one that is not known."""


ALL = "*"
"""In place of the names of tensors that are frozen: all of them."""


@final
@dataclass(frozen=True)
class TensorRow:
    """A parameter or a buffer of one layer."""

    name: str
    shape: tuple[int, ...]
    count: int
    """Its numbers; 0 where it is shared and was counted before."""
    dtype: str | None = None
    """None for that of the network."""
    shared_with: str = ""
    """The full name of the tensor that it is, when it is counted there."""
    frozen: bool = False
    is_stored: bool = True
    """Whether it is written to the files of a model; some buffers are not."""

    @property
    def size(self) -> int:
        """Its numbers, counted again where it is shared."""
        size = 1
        for axis in self.shape:
            size *= axis
        return size


@final
@dataclass(frozen=True)
class SavedRow:
    """A tensor that the way back needs, kept in training by the rule of torch."""

    name: str
    tensor: str
    """Which tensor it is: two layers that keep the same one keep it once."""
    shape: Shape
    dtype: str | None = None
    once: bool = False
    """Whether it is there once for a batch, not for each example."""
    needed_for: str = ""
    """The parameter whose gradient needs it; empty when it is always needed."""

    @property
    def size(self) -> int | None:
        """Its numbers for one example; None while a size is not known."""
        size = 1
        for axis in self.shape:
            if axis is None:
                return None
            size *= axis
        return size


@final
@dataclass(frozen=True)
class Again:
    """Which layer a row is again, where `use` calls an item a second time."""

    first: str
    """The path of its first row."""
    item: str
    """The path of the `use`."""
    of: str
    """The path of the item that it names."""
    is_named: bool
    """Whether the `use` has a name of its own, as an item that stands in two lists of a model."""


@final
@dataclass(frozen=True)
class CountLine:
    """One named count for one example; None while a size is not known."""

    name: str
    count: int | None
    formula: str
    """How it is counted, in the names of the kind of layer."""


@final
@dataclass(frozen=True)
class Row:
    """One layer of a network."""

    path: str
    kind: str
    settings: tuple[tuple[str, str], ...]
    """All settings with their values, those that were not given too."""
    shape_in: Shape
    shape_out: Shape
    tensors: tuple[TensorRow, ...] = ()
    buffers: tuple[TensorRow, ...] = ()
    multiply_adds: tuple[CountLine, ...] = ()
    extra: tuple[CountLine, ...] = ()
    """Operations that are no multiply-adds of matrix products; never in the default count."""
    saved: tuple[SavedRow, ...] = ()
    active_share: Fraction = Fraction(1)
    """The share of its parameters that works on one token; below 1 in a mixture of experts."""
    formula: str = ""
    """How its parameters are counted, such as `64*3*7*7 + 64`."""
    words: str = ""
    """The same in the names of the kind of layer: `out*channels/groups*kernel + out`."""
    is_embedding: bool = False
    place: Place | None = None
    spelled: str = ""
    """The formula with what each size is: `64 filters * 3 channels * 7*7 + 64 biases`."""
    cache: tuple[SavedRow, ...] = ()
    """What is kept of the places before, while text is written."""
    memory: Shape | None = None
    """The shape of the second input, that of `from`."""
    again: Again | None = None
    """Where `use` calls a layer a second time: which one that is."""

    worded: tuple[tuple[str, str], ...] = ()
    """The settings for which a word was written that stands for a number, such as `same`."""

    @property
    def parameters(self) -> int:
        """The numbers that are counted in this row."""
        return sum(tensor.count for tensor in self.tensors)

    @property
    def buffer_count(self) -> int:
        """The numbers of its buffers that are counted in this row."""
        return sum(tensor.count for tensor in self.buffers)


def to_shape_text(shape: Shape) -> str:
    """A shape as it is written in a network; `1` for a single number.

    Example:
        >>> to_shape_text((3, None, 32))
        '3x?x32'
    """
    return "x".join("?" if axis is None else str(axis) for axis in shape) or "a single number"

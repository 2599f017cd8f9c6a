"""A kind of layer as the catalogue says it: settings, shapes, parameters and costs, as formulas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from gradiometer.model.network_tree import Chain
from gradiometer.model.size_formula import SizeFormula

SAVED_TYPES = ("float32", "int64", "int32", "bool", "int8")
"""Types of what is kept for the way back; where none is given it is that of the network."""


SETTING_TYPES = ("size", "sizes", "number", "truth", "layer", "word")
"""What the value of a setting may be; `layer` is the name of a kind of layer."""


@final
@dataclass(frozen=True)
class LayerSetting:
    """One setting of a kind of layer."""

    name: str
    about: str
    default: SizeFormula | None
    """None where a value must be given."""
    type: str = "size"
    """One of `SETTING_TYPES`: `size` is a whole number, and `sizes` are several."""
    each_axis: int | None = None
    """How many axes it has a value for; 0 for as many as the input's `*` axes, None for one."""
    least: int = 1
    words: Mapping[str, SizeFormula | None] = field(default_factory=dict[str, SizeFormula | None])
    """Words it may be, and the number each stands for, if any."""


@final
@dataclass(frozen=True)
class Part:
    """An axis of a shape, or with a star several of them."""

    star: bool
    formula: SizeFormula


@final
@dataclass(frozen=True)
class ShapeForm:
    """The shape that goes in, with a name for each axis, and the shape that comes out."""

    input: tuple[str, ...]
    """Names; one of them may have a star for all remaining axes."""
    memory: tuple[str, ...]
    """The same for the second input, that of `from`."""
    output: tuple[Part, ...]
    axes: tuple[tuple[str, SizeFormula], ...]
    when: SizeFormula | None
    hint: str


@final
@dataclass(frozen=True)
class Requirement:
    """What must hold, and why."""

    that: SizeFormula
    because: str
    hint: str


@final
@dataclass(frozen=True)
class TensorRule:
    """A tensor of a layer; for saved ones `of` may be another name of what they are."""

    name: str
    shape: tuple[Part, ...]
    when: SizeFormula | None = None
    dtype: str = ""
    of: str = ""
    """`input`, `memory`, `output`, or empty for a tensor of its own."""
    needed_for: str = ""
    """What needs it: the gradient of a parameter or of `input`, or for a cache a second sequence,
    `memory`; empty when it is always there."""
    say: tuple[str | SizeFormula, ...] = ()
    """How its size is read out: sizes and the words between them."""
    once: bool = False
    """Whether a saved tensor is there once for a batch, not for each example."""


@final
@dataclass(frozen=True)
class LineRule:
    """One named line of a count."""

    name: str
    formula: SizeFormula
    when: SizeFormula | None


@final
@dataclass(frozen=True)
class LayerKind:
    """One kind of layer; a composite one has a body instead of tensors and counts."""

    name: str
    about: str
    settings: Mapping[str, LayerSetting]
    forms: tuple[ShapeForm, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    tensors: tuple[TensorRule, ...] = ()
    buffers: tuple[TensorRule, ...] = ()
    multiply_adds: tuple[LineRule, ...] = ()
    extra: tuple[LineRule, ...] = ()
    saved: tuple[TensorRule, ...] = ()
    cache: tuple[TensorRule, ...] = ()
    """What is kept of the places before, while text is written."""
    is_embedding: bool = False
    """Whether its parameters are counted as those of an embedding."""
    takes_tokens: bool = False
    """Whether its input are the numbers of tokens rather than features."""
    view: SizeFormula | None = None
    """When its output is the input itself in another shape; None for never."""
    body: Chain | None = None

    @property
    def is_view(self) -> bool:
        """Whether its output is the input itself, whatever the settings are."""
        return self.view is not None and self.view.run({}) is True

    @property
    def has_memory(self) -> bool:
        """Whether `from` feeds a second input."""
        return any(form.memory for form in self.forms)

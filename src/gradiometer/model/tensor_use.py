"""Where a tensor is used in a model, and what each use adds to its gradient.

Records only: norms and products in float64, never the tensors. Each framework has its own adapter
(`torch_uses.py`, …) that fills them in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

TensorKind: TypeAlias = Literal["parameter", "input", "watched", "derived"]
"""`input` is a leaf that the model does not own; `derived` is a view or a copy of a leaf that is
used several times, so that its own split says more than the leaf's."""


@final
@dataclass(frozen=True)
class TensorUse:
    """One place that uses a tensor: the part of the gradient that arrives through it."""

    place: str
    """The module, by its path in the model, or the function whose code uses the tensor."""
    operation: str
    """What is done with it there, such as `linear`; `linear #2` for the second of its name."""
    norm: float
    dot: float
    """Inner product with the whole gradient of the tensor."""
    cosine: float | None
    """Cosine with the whole gradient; None where one of the two is zero or not finite."""
    share: float | None
    """`dot` over the squared norm of the whole: shares add up to 1. None as for `cosine`."""
    line: str = ""
    """File name and line of the user's code, such as `model.py:41`."""


@final
@dataclass(frozen=True)
class SplitTensor:
    """One tensor, the norm of its gradient, and its uses in the order of the forward pass."""

    name: str
    also: tuple[str, ...]
    """Further names of the same tensor, as of tied weights."""
    shape: tuple[int, ...]
    dtype: str
    kind: TensorKind
    norm: float
    uses: tuple[TensorUse, ...]
    matches: bool
    """Whether the uses, added in the order of the framework, equal its gradient bit for bit."""
    note: str = ""
    """What cannot be attributed here, as a sentence; empty where there is nothing to say."""


@final
@dataclass(frozen=True)
class Residual:
    """One use of a tensor that is added again to what is made of it, as in a residual block."""

    addition: str
    """The place of the addition, with its number where the place has several."""
    tensor: str
    """The tensor that is split: the input of the block, by the place where it is made."""
    kind: Literal["skip", "branch", "other"]
    """`skip` leads to the addition itself, `branch` to its other term, `other` past it."""
    use: TensorUse


@final
@dataclass(frozen=True)
class TensorGradient:
    """The gradient of one scalar, by tensor and by use."""

    framework: str
    version: str
    value: float
    """The scalar itself."""
    tensors: tuple[SplitTensor, ...]
    residuals: tuple[Residual, ...] = ()
    notes: tuple[str, ...] = ()
    """What a reader should know about all of it: randomness, frozen parameters, limits."""


def measure_use(
    *, place: str, operation: str, square: float, dot: float, total: float, line: str = ""
) -> TensorUse:
    """The use of a tensor, set against the whole gradient of it.

    Args:
        place: The module or function that uses the tensor.
        operation: What it does with it.
        square: Squared norm of what the use brings.
        dot: Inner product of what it brings with the whole.
        total: Squared norm of the whole.
        line: File and line.

    Example:
        >>> measure_use(place="head", operation="linear", square=9.0, dot=9.0, total=25.0).cosine
        0.6
    """
    scale = math.sqrt(square) * math.sqrt(total) if square != total else total
    cosine = dot / scale if scale > 0 else math.nan
    share = dot / total if total > 0 else math.nan
    return TensorUse(
        place=place,
        operation=operation,
        norm=math.sqrt(square),
        dot=dot,
        # Rounding may carry the quotient of parallel vectors past 1.
        cosine=max(-1.0, min(1.0, cosine)) if math.isfinite(cosine) else None,
        share=share if math.isfinite(share) else None,
        line=line,
    )

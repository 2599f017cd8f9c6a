"""Where networks begin: weights drawn by seed and layer, the same draws for every cell."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from gradiometer.errors import UsageError
from gradiometer.formula import to_ball, to_float
from gradiometer.model import Activation
from gradiometer.question.training_cells import Cell

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WEIGHTS, _BIASES = 2**40, 2**41
"""Numbers of runs in the draws; orders of examples and dropped units have small ones."""


def draw_start(cell: Cell, seed: int) -> NDArray[Any]:
    """The parameters of a network at the start: layer by layer weights row by row, then biases.

    Two cells with layers of the same sizes have the same draws, scaled by their variances.

    Args:
        cell: Its widths, activation and initialization.
        seed: Decides the draws.

    Raises:
        UsageError: If the initialization needs a gain that the activation has not.
        DomainError: If a variance is negative.
    """
    import numpy as np

    gain = find_gain(cell.activation) if cell.initialization.needs_gain else 1.0
    rows = []
    for layer, (fan_in, fan_out) in enumerate(pairwise(cell.widths)):
        # The last layer is followed by no activation.
        own = gain if layer < len(cell.widths) - 2 else 1.0
        weight, bias = cell.initialization.list_variances(fan_in, fan_out, gain=own)
        table = _draw_table(cell.initialization.law, seed, layer, shape=(fan_in, fan_out))
        # The variance of an orthogonal table is one over its longer side.
        size = max(fan_in, fan_out) if cell.initialization.law == "orthogonal" else 1
        rows.append(table.ravel() * np.sqrt(weight * size))
        drawn = _draw(cell.initialization.law)(
            seed, run=_BIASES + layer, step=0, coordinate=np.arange(fan_out)
        )
        rows.append(drawn * np.sqrt(bias))
    return np.concatenate(rows)


def _draw(law: str) -> Callable[..., Any]:
    """Draws with mean 0 and variance 1."""
    from gradiometer.numeric import draw_normal, draw_uniform

    if law != "uniform":
        return draw_normal
    return lambda seed, **where: (2 * draw_uniform(seed, **where) - 1) * 3**0.5


def _draw_table(law: str, seed: int, layer: int, *, shape: tuple[int, int]) -> NDArray[Any]:
    import numpy as np

    where = np.arange(shape[0] * shape[1])
    drawn = _draw(law)(seed, run=_WEIGHTS + layer, step=0, coordinate=where).reshape(shape)
    if law != "orthogonal":
        return drawn
    tall = drawn if shape[0] >= shape[1] else drawn.T
    q, r = np.linalg.qr(tall)
    # The signs make the law uniform over all orthogonal tables.
    q *= np.where(np.diag(r) < 0, -1.0, 1.0)
    return q if shape[0] >= shape[1] else q.T


def find_gain(activation: Activation) -> float:
    """The proved gain of an activation: one over the root of E f(z)^2, z standard normal.

    Raises:
        UsageError: If it has none, or none is proved.
    """
    return _find_gain(activation.name or activation.text,
                      tuple((n, str(v)) for n, v in activation.parameters.items()))  # fmt: skip


@cache
def _find_gain(named: str, settings: tuple[tuple[str, str], ...]) -> float:
    from gradiometer.question.activation import activation as ask_activation

    fact = ask_activation(named, set=dict(settings)).facts.get("gain")
    value = None if fact is None else fact.value
    if value is None or isinstance(value, str):
        because = "" if fact is None else f": {fact.because}"
        raise UsageError(f"No gain of the activation `{named}` is proved{because}",
                         hint="choose another initialization, such as `he`")  # fmt: skip
    return _to_number(value)


def _to_number(value: Any) -> float:
    from flint import arb, fmpq

    from gradiometer.formula import evaluate, precision

    if isinstance(value, int | fmpq | arb):
        return to_float(fmpq(value) if isinstance(value, int) else value)
    with precision(96):
        return to_float(to_ball(evaluate(value, {})))

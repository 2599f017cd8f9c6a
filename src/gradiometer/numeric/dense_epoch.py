"""What an epoch of networks leaves, and in which layer a gradient exploded first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from gradiometer.numeric.lattice import Array

EXPLODED = 1000.0
"""A gradient has exploded where its norm is no number, or this many times the first one."""


@final
@dataclass(frozen=True, eq=False)
class Epoch:
    """What one epoch of all networks left; NaN for those that have stopped."""

    number: int
    """From 0."""
    loss: Array
    """The mean over the batches of the loss before their steps, shape (networks,)."""
    hits: Array
    """The share of examples whose class had the largest output, in the same batches."""
    losses: Array
    """The loss of each batch before its step, shape (steps, networks)."""
    gradient_norms: Array
    """The size of each layer's gradient, weights and biases, at every step, before the rule acts;
    shape (steps, layers, networks)."""
    checks: Mapping[str, tuple[Array, Array]]
    """Loss and share of hits on other examples, after the epoch."""
    stopped: NDArray[np.int64]
    """The step at which a network diverged, from 0; -1 while it has not."""
    exploded: NDArray[np.int64]
    """The layer whose gradient exploded first, in a network that has stopped, from 0; -1 where
    none did. Of several in one step it is the one nearest the outputs, where the error comes in."""
    parameters: Callable[[], Array]
    """The parameters after the epoch, or where the network stopped; shape as at the start."""
    states: Callable[[], dict[str, Array]]
    """What the rule remembers for each parameter, by the state's name in the rule, each of the
    shape of the parameters; as of the step before it stopped for a network that has stopped."""
    weight_norms: Array | None = None
    """The size of each layer's weights and biases after the epoch, shape (layers, networks);
    only where `Training.watch` has `weights`."""
    dead: Mapping[str, Array] | None = None
    """By the name of the examples checked: the share of units in each hidden layer whose slope is
    0 on all of them, shape (hidden layers, networks); only where `Training.watch` has `units`."""
    saturated: Mapping[str, Array] | None = None
    """As `dead`: the share of units whose slope is below 1/100 of the largest one that the
    function has from -8 to 8, on all examples checked; a dead unit is one of them."""

    @property
    def norms(self) -> Array:
        """The size of the last batch's gradient in each layer, shape (layers, networks)."""
        return self.gradient_norms[-1]


@final
class Growth:
    """Follows the gradients' norms of all networks from epoch to epoch."""

    def __init__(self, layers: int, networks: int) -> None:
        self.first = np.full((layers, networks), np.nan)
        self.when = np.full((layers, networks), -1, np.int64)
        """The step at which each layer's gradient exploded; -1 where it has not."""

    def follow(self, norms: Array, before: int) -> None:
        """Note where gradients explode in these steps, which come after so many others."""
        if before == 0:
            self.first = norms[0].copy()
        with np.errstate(invalid="ignore"):
            # Written so that no number counts as exploded.
            grown = ~(norms <= EXPLODED * np.maximum(self.first, np.finfo(float).tiny))
        found = (self.when < 0) & grown.any(axis=0)
        self.when[found] = before + grown.argmax(axis=0)[found]

    def blame(self, stopped: NDArray[np.int64]) -> NDArray[np.int64]:
        """The layer that exploded first, for networks that stopped at these steps."""
        layers = len(self.when)
        late = np.iinfo(np.int64).max
        when = np.where((self.when >= 0) & (self.when <= stopped), self.when, late)[::-1]
        chosen = layers - 1 - when.argmin(axis=0)
        return np.where((when.min(axis=0) < late) & (stopped >= 0), chosen, -1)

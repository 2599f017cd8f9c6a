"""Stochastic gradients: Gaussian noise, and minibatches of a finite sum.

A draw is a function of seed, run, step (from 0) and place, so that kernels and arrays draw the same
numbers in any order. Coordinate *i* of the gradient has the normal draw *i*; the rule's own
`noise` has those after the last coordinate. Member *b* of a batch is the index that is drawn for
step `k*batch + b`, with replacement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from gradiometer.errors import UsageError
from gradiometer.numeric.draws import draw_index, draw_normal
from gradiometer.numeric.executor import Array

SCALE = "scale"
"""The parameter of Gaussian noise: its standard deviation in each coordinate."""


@final
@dataclass(frozen=True)
class Noise:
    """What is random in a gradient."""

    is_gaussian: bool = False
    """Whether normal numbers times the parameter `scale` are added."""
    batch: int = 0
    """How many terms of the sum are drawn, with replacement; 0 for all of them."""

    def __post_init__(self) -> None:
        if self.batch < 0:
            raise UsageError(f"A batch has {self.batch} terms.", hint="write a positive number")


def perturb_gradients(
    gradient: ArrayLike, scale: ArrayLike, *, seed: int, run: Array, step: int
) -> Array:
    """The gradients with noise, shape (runs, coordinates), as kernels compute them.

    Args:
        gradient: The exact gradients.
        scale: The standard deviation, a number or one for each run.
        seed: Any whole number.
        run: The number of each run.
        step: How many steps were done.
    """
    exact = np.asarray(gradient)
    place = np.arange(exact.shape[1])
    normal = draw_normal(seed, run=run[:, None], step=np.asarray(step), coordinate=place)
    width = np.asarray(scale, exact.dtype).reshape(-1, 1)
    return exact + width * normal.astype(exact.dtype)


def choose_batch(batch: int, terms: int, *, seed: int, run: Array, step: int) -> Array:
    """Which terms each run draws, shape (runs, batch)."""
    places = step * batch + np.arange(batch)
    return draw_index(seed, run=run[:, None], step=places, n=terms)

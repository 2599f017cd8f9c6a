"""Runs our rules on the tapes, and measures how far two runs are apart."""

import numpy as np

from agreement.optimizer_tapes import loss_of, noise_of
from gradiometer.model import read_optimizer, settle
from gradiometer.numeric import begin_reference, step_reference

# Below this a step is denormal, and its relative error is that of the last bit.
_LEAST = 1e-300


def run_ours(rule, settings, gradients, start, *, steps=None, losses=False):
    """The positions along several tapes, of shape (tapes, steps + 1, *shape).

    Args:
        rule: The name of the rule, with its dialect.
        settings: The parameters that are not at their defaults, as a user writes them.
        gradients: Shape (tapes, steps, *shape).
        start: Shape (*shape).
        steps: How many steps; None for all.
        losses: Whether the rule reads the loss.
    """
    optimizer = read_optimizer(rule)
    values = settle([optimizer.owner], dict(settings))["optimizer"]
    bound = optimizer.bind(values, shape=start.shape)
    tapes, length = gradients.shape[:2]
    length = length if steps is None else steps
    state = begin_reference(bound, np.broadcast_to(start, (tapes, *start.shape)))
    positions = np.empty((tapes, length + 1, *start.shape))
    positions[:, 0] = start
    noise = noise_of(start.shape) if "noise" in bound.reads else None
    for step in range(length):
        loss = np.full(tapes, loss_of(step + 1)) if losses else None
        drawn = None if noise is None else np.broadcast_to(noise[step], positions[:, 0].shape)
        state = step_reference(bound, state, gradients[:, step], loss=loss, noise=drawn)
        positions[:, step + 1] = state.position
    return positions


def deviations_of(ours, theirs, steps):
    """How far each tape's run is from the other at the given steps, at worst.

    The measure of a coordinate is its start and the length of its path so far, so that a rule
    which moves by 1e-9 is not excused by a position of 1.

    Args:
        ours: All positions, of shape (tapes, steps + 1, *shape).
        theirs: The positions to compare, of shape (tapes, len(steps), *shape).
        steps: Where these belong.
    """
    with np.errstate(all="ignore"):
        length = np.cumsum(np.abs(np.diff(ours, axis=1)), axis=1)
        length = np.concatenate([np.zeros_like(ours[:, :1]), length], axis=1)
        measure = np.abs(ours[:, :1]) + length + _LEAST
        mine = ours[:, list(steps)]
        apart = np.abs(mine - theirs) / measure[:, list(steps)]
    same = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
    apart = np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))
    return apart.reshape(len(apart), -1).max(axis=1)

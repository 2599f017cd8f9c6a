"""Networks trained by NumPy, one after the other, with gradients written down by hand."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np


def split(parameters: Any, widths: tuple[int, ...]) -> list[tuple[Any, Any]]:
    """Weights and biases of each layer."""
    rows, at = [], 0
    for fan_in, fan_out in pairwise(widths):
        weights = parameters[at : at + fan_in * fan_out].reshape(fan_in, fan_out)
        at += fan_in * fan_out
        rows.append((weights, parameters[at : at + fan_out]))
        at += fan_out
    return rows


def loss_and_error(head: str, z: Any, wanted: Any) -> tuple[float, Any]:
    """The mean loss of a batch, and its slope in each output."""
    count = len(z)
    if head == "softmax":
        power = np.exp(z - z.max(axis=1, keepdims=True))
        share = power / power.sum(axis=1, keepdims=True)
        hot = np.eye(z.shape[1])[wanted]
        return float(-np.log((share * hot).sum(axis=1)).mean()), (share - hot) / count
    if head == "sigmoid":
        y = np.reshape(wanted, z.shape)
        loss = np.logaddexp(0, z) - y * z
        return float(loss.mean()), (1 / (1 + np.exp(-z)) - y) / z.size
    return float(((z - wanted) ** 2).mean()), 2 * (z - wanted) / z.size


def gradient(
    parameters: Any, widths: tuple[int, ...], x: Any, wanted: Any, *, head: str, activation: Any
) -> tuple[float, Any]:
    """Loss and gradient in all parameters."""
    function, slope = activation
    layers = split(parameters, widths)
    values, sums = [x], []
    for number, (weights, bias) in enumerate(layers):
        sums.append(values[-1] @ weights + bias)
        values.append(function(sums[-1]) if number + 1 < len(layers) else sums[-1])
    loss, error = loss_and_error(head, sums[-1], wanted)
    parts: list[Any] = []
    for number in reversed(range(len(layers))):
        parts = [(values[number].T @ error).ravel(), error.sum(axis=0), *parts]
        if number:
            error = (error @ layers[number][0].T) * slope(sums[number - 1])
    return loss, np.concatenate(parts)

"""How sharply the loss of networks bends: Hessian times vector, and its largest eigenvalue.

The product is exact calculus, carried forward and backward beside the network itself (Pearlmutter
1994), in float64; the bend of the activation is derived from its formula. Lanczos needs nothing
else of the Hessian.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np
from numpy.typing import NDArray

from gradiometer.errors import ShapeError
from gradiometer.numeric.dense_examples import Examples, Prepared
from gradiometer.numeric.dense_source import Dense
from gradiometer.numeric.dense_unit import evaluate_unit
from gradiometer.numeric.lattice import Array

_GROUP = 2**21
"""How many numbers of hidden units are held at a time; more networks go in groups."""


@final
@dataclass(frozen=True, eq=False)
class Sharpness:
    """The largest eigenvalue of the Hessian of each network's loss, one entry for each."""

    value: Array
    """NaN where parameters are no numbers, or a slope has none."""
    residual: Array
    """The norm of `H v - value v` for the unit vector v that was found. Some eigenvalue lies within
    it of the value, by whichever one that is; it bounds no distance to the largest one. But for
    rounding the largest is no smaller than the value, and how much larger is not known: a start at
    random misses it with probability near 0."""
    steps: NDArray[np.int64]
    """How many products with the Hessian were needed."""


@final
@dataclass(frozen=True, eq=False)
class _Pass:
    """What the network itself has at its parameters: shapes (networks, examples, units)."""

    weights: list[tuple[Array, Array]]
    values: list[Array]
    slopes: list[Array]
    bends: list[Array]
    errors: list[Array]
    """The slopes of the loss in each layer's sums, from the first layer on."""
    backs: list[Array]
    """The slopes of the loss in each hidden layer's values."""
    shares: Array | None
    """The softmax of the outputs."""


@final
class Curvature:
    """The Hessian of the mean loss over all examples, at one point for each network."""

    def __init__(
        self, dense: Dense, parameters: Array, examples: Examples, *, labels: Array | None = None
    ) -> None:
        self.dense = dense
        ready = Prepared(examples, dense, np.dtype(float))
        self.inputs, self.targets = ready.inputs, ready.targets
        rows = ready.labels if labels is None else np.asarray(labels)
        self.labels = np.broadcast_to(rows, (len(parameters), len(ready.inputs)))
        self.at = self._forward(np.asarray(parameters, float))

    def gradient(self) -> Array:
        """The slopes of the loss, shape (networks, parameters)."""
        return self._gather(self.at.errors, self.at.values)

    def product(self, vectors: Array) -> Array:
        """The Hessian times a vector for each network; shapes (networks, parameters)."""
        at, moves = self.at, split_layers(vectors, self.dense.widths)
        ways: list[Array | None] = [None]
        leans: list[Array] = []
        for number, ((weight, _), (turn, shift)) in enumerate(zip(at.weights, moves, strict=True)):
            lean = at.values[number] @ turn + shift[:, None]
            before = ways[-1]
            if before is not None:
                lean += before @ weight
            leans.append(lean)
            if number + 1 < len(moves):
                ways.append(at.slopes[number] * lean)
        error = self._bend_head(leans[-1])
        parts: list[Array] = []
        for number in reversed(range(len(moves))):
            parts = [*self._turn_layer(number, error, ways[number]), *parts]
            if number:
                back = error @ _turned(at.weights[number][0])
                back += at.errors[number] @ _turned(moves[number][0])
                error = back * at.slopes[number - 1]
                error += at.backs[number - 1] * at.bends[number - 1] * leans[number - 1]
        return np.concatenate(parts, axis=1)

    def _turn_layer(self, number: int, error: Array, way: Array | None) -> list[Array]:
        """How the gradient of a layer changes: of its weights, and of its biases."""
        weight = _turned(self.at.values[number]) @ error
        if way is not None:
            weight += _turned(way) @ self.at.errors[number]
        return [weight.reshape(len(error), -1), error.sum(axis=1)]

    def _forward(self, parameters: Array) -> _Pass:
        weights = split_layers(parameters, self.dense.widths)
        values, slopes, bends = [self.inputs[None]], [], []
        with np.errstate(over="ignore", invalid="ignore"):
            for weight, bias in weights[:-1]:
                sums = values[-1] @ weight + bias[:, None]
                for rows, found in zip((values, slopes, bends),
                                       evaluate_unit(self.dense.activation, sums),
                                       strict=True):  # fmt: skip
                    rows.append(found)
            weight, bias = weights[-1]
            error, shares = self._head(values[-1] @ weight + bias[:, None])
            errors, backs = [error], []
            for number in range(len(weights) - 1, 0, -1):
                backs.insert(0, errors[0] @ _turned(weights[number][0]))
                errors.insert(0, backs[0] * slopes[number - 1])
        return _Pass(weights, values, slopes, bends, errors, backs, shares)

    def _head(self, outputs: Array) -> tuple[Array, Array | None]:
        """The slope of the loss in the outputs, and what its bend needs."""
        count = outputs.shape[1]
        if self.dense.head == "softmax":
            power = np.exp(outputs - outputs.max(axis=2, keepdims=True))
            share = power / power.sum(axis=2, keepdims=True)
            named = self.labels[:, :, None] == np.arange(outputs.shape[2])
            return (share - named) / count, share
        scale = count * outputs.shape[2]
        if self.dense.head == "sigmoid":
            # Through tanh, which does not overflow.
            share = (1 + np.tanh(outputs / 2)) / 2
            return (share - self._wanted(outputs.shape[2])) / scale, share * (1 - share)
        wanted = self.targets if self.dense.head == "squared" else self._wanted(outputs.shape[2])
        return 2 * (outputs - wanted) / scale, None

    def _wanted(self, outputs: int) -> Array:
        """What each output should be: the class of two, or whether it is the class."""
        if outputs == 1:
            return self.labels[:, :, None]
        return (self.labels[:, :, None] == np.arange(outputs)).astype(float)

    def _bend_head(self, lean: Array) -> Array:
        """How the slope in the outputs changes where the outputs move."""
        count, share = lean.shape[1], self.at.shares
        if self.dense.head == "softmax" and share is not None:
            return share * (lean - (share * lean).sum(axis=2, keepdims=True)) / count
        scale = count * lean.shape[2]
        return (2 * lean if share is None else share * lean) / scale

    def _gather(self, errors: list[Array], values: list[Array]) -> Array:
        parts: list[Array] = []
        for error, value in zip(errors, values, strict=True):
            parts += [(_turned(value) @ error).reshape(len(error), -1), error.sum(axis=1)]
        return np.concatenate(parts, axis=1)


def hessian_product(
    dense: Dense,
    parameters: Array,
    examples: Examples,
    *,
    vectors: Array,
    labels: Array | None = None,
) -> Array:
    """The Hessian of each network's mean loss times a vector; shapes (networks, parameters).

    Args:
        dense: The shape of the networks; their rule and dropped units play no part.
        parameters: Where the Hessian is taken, as in `Networks`.
        examples: What the loss is the mean over.
        vectors: What it is multiplied by.
        labels: As in `Networks`.

    Raises:
        ShapeError: If parameters or examples have another shape than the networks need.
    """
    return Curvature(dense, parameters, examples, labels=labels).product(np.asarray(vectors, float))


def find_sharpness(
    dense: Dense,
    parameters: Array,
    examples: Examples,
    *,
    labels: Array | None = None,
    preconditioner: Array | None = None,
    tolerance: float = 1e-3,
    most_steps: int = 100,
    seed: int = 0,
) -> Sharpness:
    """The largest eigenvalue of the Hessian of each network's mean loss over all examples.

    Args:
        dense: The shape of the networks; their rule and dropped units play no part.
        parameters: Shape (networks, parameters), for example of `Epoch.parameters`.
        examples: What the loss is the mean over.
        labels: As in `Networks`.
        preconditioner: Numbers D above 0 of the shape of the parameters; the eigenvalue is that of
            `D^(-1/2) H D^(-1/2)`. For Adam it is `sqrt(v/(1 - beta2^t)) + eps`.
        tolerance: How large the residual may be, as a share of the value.
        most_steps: How many products with the Hessian are made at most.
        seed: Decides the vectors that Lanczos starts from.

    Raises:
        ShapeError: If parameters or examples have another shape than the networks need.
    """
    count = len(parameters)
    width = max(1, len(examples.inputs) * sum(dense.widths[1:]))
    group = max(1, _GROUP // width)
    found = []
    for first in range(0, count, group):
        part = slice(first, first + group)
        own = labels[part] if labels is not None and len(labels) > 1 else labels
        scale = None if preconditioner is None else 1 / np.sqrt(preconditioner[part])
        curvature = Curvature(dense, parameters[part], examples, labels=own)
        found.append(_iterate(curvature, parameters[part].shape, scale, tolerance=tolerance,
                              most=most_steps, seed=seed))  # fmt: skip
    values, residuals, steps = zip(*found, strict=True)
    return Sharpness(np.concatenate(values), np.concatenate(residuals), np.concatenate(steps))


def _iterate(
    curvature: Curvature,
    shape: tuple[int, ...],
    scale: Array | None,
    *,
    tolerance: float,
    most: int,
    seed: int,
) -> tuple[Array, Array, NDArray[np.int64]]:
    """Lanczos with all vectors kept at right angles, for several networks at once."""
    count, size = shape
    start = np.random.Generator(np.random.Philox(seed)).normal(size=size)
    vector = np.broadcast_to(start / np.linalg.norm(start), shape)
    most = min(most, size)
    kept = np.empty((count, most, size))
    diagonal, beside = np.zeros((most, count)), np.zeros((most, count))
    value, residual = np.full(count, np.nan), np.full(count, np.inf)
    steps = np.full(count, most)
    open_ = np.ones(count, bool)
    for step in range(most):
        kept[:, step] = vector
        moved = vector if scale is None else vector * scale
        with np.errstate(invalid="ignore", over="ignore"):
            turned = curvature.product(moved)
        turned = turned if scale is None else turned * scale
        diagonal[step] = (turned * vector).sum(axis=1)
        basis = kept[:, : step + 1]
        for _ in range(2):
            shares = basis @ turned[:, :, None]
            turned = turned - (basis.transpose(0, 2, 1) @ shares)[:, :, 0]
        beside[step] = np.linalg.norm(turned, axis=1)
        found, off = _read_top(diagonal[: step + 1], beside[: step + 1])
        value[open_], residual[open_], steps[open_] = found[open_], off[open_], step + 1
        open_ &= ~(residual <= tolerance * np.abs(value)) & np.isfinite(value)
        if not open_.any():
            break
        # A lane whose space is used up goes on with zeros, which change nothing.
        vector = turned / np.where(beside[step] > 0, beside[step], 1.0)[:, None]
    return value, np.where(np.isfinite(value), residual, np.nan), steps


def _read_top(diagonal: Array, beside: Array) -> tuple[Array, Array]:
    """The largest eigenvalue of each small matrix, and the norm of what its vector leaves over."""
    size, count = diagonal.shape
    small = np.zeros((count, size, size))
    places = np.arange(size)
    small[:, places, places] = diagonal.T
    small[:, places[1:], places[:-1]] = beside[:-1].T
    fine = np.isfinite(small).all(axis=(1, 2)) & np.isfinite(beside[-1])
    values, vectors = np.linalg.eigh(np.where(fine[:, None, None], small, 0.0))
    residual = np.abs(beside[-1] * vectors[:, -1, -1])
    return np.where(fine, values[:, -1], np.nan), np.where(fine, residual, np.nan)


def split_layers(parameters: Array, widths: tuple[int, ...]) -> list[tuple[Array, Array]]:
    """Weights (networks, inputs, outputs) and biases (networks, outputs) of each layer.

    Raises:
        ShapeError: If networks of these widths have another number of parameters.
    """
    layers, at = [], 0
    for fan_in, fan_out in pairwise(widths):
        middle, end = at + fan_in * fan_out, at + (fan_in + 1) * fan_out
        weight = parameters[:, at:middle]
        if weight.shape[1] == fan_in * fan_out:
            layers.append((weight.reshape(-1, fan_in, fan_out), parameters[:, middle:end]))
        at = end
    if parameters.shape[1] != at:
        raise ShapeError(f"These networks have {at} parameters, not {parameters.shape[1]}.")
    return layers


def _turned(matrices: Array) -> Array:
    return matrices.transpose(0, 2, 1)

"""Records what the optimizers of torch and Keras do on the tapes, for `test_optimizer_rules.py`.

Run it with an environment that has both, for about ten minutes:
`PYTHONPATH=src:tests python tests/agreement/record_optimizers.py`.
"""

import os
import platform
import sys
import warnings
from contextlib import contextmanager

import numpy as np

from agreement.optimizer_cases import KERAS, TORCH
from agreement.optimizer_record import write_record

# What looks at a whole tensor, so that each tape needs a tensor of its own; the others get all
# tapes as one, which is the same and much faster.
WHOLE = ("Adafactor", "Lamb", "Muon")


def _tensors(case, gradients, start):
    """The starts of the tensors, the gradients of each step for them, and how many they are."""
    tapes = len(gradients)
    by_step = np.moveaxis(gradients, 1, 0)
    if case.options["made_by"] in WHOLE:
        return [start] * tapes, by_step
    return [np.broadcast_to(start, (tapes, *start.shape)).copy()], by_step[:, None]


def run_torch(case, gradients, start):
    """The positions that torch's optimizer takes, of shape (tapes, steps + 1, *shape)."""
    import torch

    kept = torch.get_default_dtype()
    # Some counters and rates of torch have the default type, whatever the parameters have.
    torch.set_default_dtype(torch.float64)
    try:
        with _without_bfloat16(torch):
            return _run_torch(torch, case, gradients, start)
    finally:
        torch.set_default_dtype(kept)


@contextmanager
def _without_bfloat16(torch):
    """Muon as torch writes it, without the rounding to bfloat16 that no formula says."""
    rounding = torch.Tensor.bfloat16
    torch.Tensor.bfloat16 = torch.Tensor.clone
    try:
        yield
    finally:
        torch.Tensor.bfloat16 = rounding


def _run_torch(torch, case, gradients, start):
    options = dict(case.options)
    make = getattr(torch.optim, options.pop("made_by"))
    starts, by_step = _tensors(case, gradients, start)
    places = [torch.tensor(place, requires_grad=True) for place in starts]
    optimizer = make(places, **options)
    sparse = make is torch.optim.SparseAdam
    path = [np.stack(starts)]
    for row in by_step:
        for place, gradient in zip(places, row, strict=True):
            given = torch.tensor(gradient)
            place.grad = given.to_sparse() if sparse else given
        optimizer.step()
        path.append(np.stack([place.detach().numpy().copy() for place in places]))
    return _by_tape(path, gradients, start)


def _by_tape(path, gradients, start):
    path = np.stack(path).reshape(-1, len(gradients), *start.shape)
    return np.moveaxis(path, 0, 1)


@contextmanager
def keras_in_float64():
    """Keras on NumPy, in float64.

    On every backend but TensorFlow, Keras rounds to float32 whatever two float64 make; here the
    table that says so is what it is on TensorFlow.
    """
    # This backend has no arithmetic of its own: the steps are those of Keras's own text.
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    import keras
    from keras.src.backend.common import dtypes

    kept, floatx = dtypes.BIT64_TO_BIT32_DTYPE["float64"], keras.config.floatx()
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    # Muon takes the root of a length in the type that Keras is set to.
    keras.config.set_floatx("float64")
    try:
        # Keras's own conversion of its variables is out of date with NumPy 2.
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            yield keras
    finally:
        dtypes.BIT64_TO_BIT32_DTYPE["float64"] = kept
        keras.config.set_floatx(floatx)


def run_keras(case, gradients, start):
    """The positions that Keras's optimizer takes, of shape (tapes, steps + 1, *shape)."""
    with keras_in_float64() as keras:
        return _run_keras(keras, case, gradients, start)


def _run_keras(keras, case, gradients, start):
    options = dict(case.options)
    optimizer = getattr(keras.optimizers, options.pop("made_by"))(**options)
    starts, by_step = _tensors(case, gradients, start)
    places = [keras.Variable(place, dtype="float64") for place in starts]
    optimizer.build(places)
    path = [np.stack(starts)]
    for row in by_step:
        given = [keras.ops.convert_to_tensor(gradient, dtype="float64") for gradient in row]
        optimizer.apply(given, places)
        path.append(np.stack([place.value.copy() for place in places]))
    return _by_tape(path, gradients, start)


def record(libraries=("torch", "keras")):
    """Writes the records of those libraries."""
    made = {"python": platform.python_version(), "dtype": "float64"}
    if "torch" in libraries:
        import torch

        versions = {"torch": torch.__version__, **made}
        write_record("torch", versions=versions, cases=TORCH, run=run_torch)
    if "keras" in libraries:
        os.environ.setdefault("KERAS_BACKEND", "numpy")
        import keras

        versions = {"keras": keras.__version__, "backend": keras.backend.backend(), **made}
        write_record("keras", versions=versions, cases=KERAS, run=run_keras)


if __name__ == "__main__":
    record(sys.argv[1:] or ("torch", "keras"))

"""Records what the optimizers of torch and Keras do on the tapes, for `test_optimizer_rules.py`.

Run it with an environment that has both: `PYTHONPATH=src:tests python tests/agreement/record_optimizers.py`.
"""

import os
import platform
import sys
from contextlib import contextmanager

import numpy as np

from agreement.optimizer_cases import KERAS, TORCH
from agreement.optimizer_record import write_record


def run_torch(case, gradients, start):
    """The positions that torch's optimizer takes, of shape (tapes, steps + 1, *shape)."""
    import torch

    kept = torch.get_default_dtype()
    # Some counters and rates of torch have the default type, whatever the parameters have.
    torch.set_default_dtype(torch.float64)
    try:
        with _without_bfloat16(torch):
            return _run_torch(torch, dict(case.options), gradients, start)
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


def _run_torch(torch, options, gradients, start):
    make = getattr(torch.optim, options.pop("made_by"))
    places = [torch.tensor(start, requires_grad=True) for _ in gradients]
    optimizer = make(places, **options)
    sparse = make is torch.optim.SparseAdam
    tapes = torch.tensor(gradients)
    positions = np.empty((len(gradients), gradients.shape[1] + 1, *start.shape))
    positions[:, 0] = start
    for step in range(gradients.shape[1]):
        for place, tape in zip(places, tapes, strict=True):
            place.grad = tape[step].to_sparse() if sparse else tape[step].clone()
        optimizer.step()
        for row, place in zip(positions, places, strict=True):
            row[step + 1] = place.detach().numpy()
    return positions


def run_keras(case, gradients, start):
    """The positions that Keras's optimizer takes, of shape (tapes, steps + 1, *shape)."""
    # This backend has no arithmetic of its own: the steps are those of Keras's own text.
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    import keras

    options = dict(case.options)
    optimizer = getattr(keras.optimizers, options.pop("made_by"))(**options)
    places = [keras.Variable(start, dtype="float64") for _ in gradients]
    optimizer.build(places)
    positions = np.empty((len(gradients), gradients.shape[1] + 1, *start.shape))
    positions[:, 0] = start
    for step in range(gradients.shape[1]):
        optimizer.apply([keras.ops.convert_to_tensor(tape[step]) for tape in gradients], places)
        for row, place in zip(positions, places, strict=True):
            row[step + 1] = np.asarray(place)
    return positions


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

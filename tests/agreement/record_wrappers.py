"""Records what clipping and the options of optimizers in torch and Keras do on the tapes.

`PYTHONPATH=src:tests python tests/agreement/record_wrappers.py`, with an environment that has both,
for about five minutes.
"""

import os
import platform
import sys

import numpy as np

from agreement.optimizer_cases_wrappers import KERAS, TORCH
from agreement.optimizer_record import write_record
from agreement.record_optimizers import keras_in_float64


def run_torch(case, gradients, start):
    """The positions that torch takes with clipped gradients, (tapes, steps + 1, *shape)."""
    import torch

    options = dict(case.options)
    clip, given = options.pop("wrapper"), options.pop("wrapper_options")
    make = getattr(torch.optim, options.pop("made_by"))
    places = [torch.tensor(start, dtype=torch.float64, requires_grad=True) for _ in gradients]
    optimizer = make(places, **options)
    path = [np.stack([start] * len(places))]
    for row in np.moveaxis(gradients, 1, 0):
        for place, gradient in zip(places, row, strict=True):
            place.grad = torch.tensor(gradient)
            # Each tape is a model of its own.
            if clip == "clip":
                torch.nn.utils.clip_grad_value_([place], given["max_delta"])
            else:
                torch.nn.utils.clip_grad_norm_([place], given["max_norm"])
        optimizer.step()
        path.append(np.stack([place.detach().numpy().copy() for place in places]))
    return np.moveaxis(np.stack(path), 0, 1)


def run_keras(case, gradients, start):
    """The positions that Keras takes with its options, of shape (tapes, steps + 1, *shape)."""
    with keras_in_float64() as keras:
        return np.stack([_run_keras(keras, case, tape, start) for tape in gradients])


def _run_keras(keras, case, gradients, start):
    """One tape alone: what Keras calls global is over all tensors of an optimizer."""
    options = dict(case.options)
    options.pop("wrapper")
    given = options.pop("wrapper_options")
    whole = ("ema_overwrite_frequency", "gradient_accumulation_steps")
    given = {name: int(value) if name in whole else value for name, value in given.items()}
    given |= {"use_ema": True} if "ema_momentum" in given else {}
    optimizer = getattr(keras.optimizers, options.pop("made_by"))(**options, **given)
    place = keras.Variable(start, dtype="float64")
    optimizer.build([place])
    path = [start]
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient, dtype="float64")], [place])
        path.append(np.array(place.value))
    return np.stack(path)


def record(libraries=("torch", "keras")):
    """Writes the records of those libraries."""
    made = {"python": platform.python_version(), "dtype": "float64"}
    if "torch" in libraries:
        import torch

        versions = {"torch": torch.__version__, **made}
        write_record("torch_wrapped", versions=versions, cases=TORCH, run=run_torch)
    if "keras" in libraries:
        os.environ.setdefault("KERAS_BACKEND", "numpy")
        import keras

        versions = {"keras": keras.__version__, "backend": keras.backend.backend(), **made}
        write_record("keras_wrapped", versions=versions, cases=KERAS, run=run_keras)


if __name__ == "__main__":
    record(sys.argv[1:] or ("torch", "keras"))

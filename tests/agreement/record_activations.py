"""Records the values of the activations of PyTorch, Keras and JAX, for `test_activation_values.py`.

Run it with an environment that has them: `python tests/agreement/record_activations.py`.
"""

import json
import os
import platform
from pathlib import Path

# Keras reads this when it is first imported.
os.environ.setdefault("KERAS_BACKEND", "jax")

DATA = Path(__file__).parent / "data" / "activation_values.json"

SPECIAL = (
    *(-30.0, -6.0, -3.0, -1.0, -0.5, -1e-8, 0.0, 1e-8, 0.5, 1.0, 3.0, 6.0),
    *(19.999, 20.0, 20.001, 30.0),
)
"""Joints of the catalogue's pieces, and points beside them and far out."""
POINTS = tuple(sorted({*SPECIAL, *(round(-10.05 + 0.45 * n, 2) for n in range(46))}))
POSITIVE = tuple(x for x in POINTS if x > 0.1)

TORCH = """RReLU Hardtanh ReLU ReLU6 Sigmoid Hardsigmoid Tanh SiLU Mish Hardswish ELU CELU SELU
    GELU Hardshrink LeakyReLU LogSigmoid Softplus Softshrink PReLU Softsign Tanhshrink"""
KERAS = """relu leaky_relu relu6 celu elu selu softplus softsign squareplus soft_shrink sparse_plus
    silu gelu tanh tanh_shrink sigmoid sparse_sigmoid exponential hard_sigmoid hard_silu hard_tanh
    hard_shrink linear mish log_sigmoid"""
JAX = """relu squareplus softplus sparse_plus soft_sign sigmoid sparse_sigmoid silu mish log_sigmoid
    elu leaky_relu hard_tanh celu selu gelu relu6 hard_sigmoid hard_silu identity tanh"""

# Library, its name, its options; then what we call it, with our settings. Where the names are one
# word for the same thing, the alias and the dialect of the library are what is tested.
CASES = (
    *(("torch", name, {}, f"{name}.torch", {}) for name in TORCH.split()),
    ("torch", "Threshold", {"threshold": 0.5, "value": -2.0}, "Threshold.torch",
     {"threshold": "1/2", "value": "-2"}),
    ("torch", "GELU", {"approximate": "tanh"}, "gelu_tanh", {}),
    ("torch", "ELU", {"alpha": 0.5}, "ELU.torch", {"alpha": "1/2"}),
    ("torch", "CELU", {"alpha": 2.0}, "CELU.torch", {"alpha": "2"}),
    ("torch", "Softplus", {"beta": 2.0}, "Softplus.torch", {"beta": "2"}),
    ("torch", "LeakyReLU", {"negative_slope": 0.25}, "LeakyReLU.torch", {"negative_slope": "1/4"}),
    ("torch", "Hardtanh", {"min_val": -2.0, "max_val": 0.5}, "Hardtanh.torch",
     {"min_val": "-2", "max_val": "1/2"}),
    ("torch", "Hardshrink", {"lambd": 1.0}, "Hardshrink.torch", {"threshold": "1"}),
    *(("keras", name, {}, f"{name}.keras", {}) for name in KERAS.split()),
    ("keras", "threshold", {"threshold": 0.5, "default_value": -2.0}, "threshold.keras",
     {"threshold": "1/2", "value": "-2"}),
    ("keras", "gelu", {"approximate": True}, "gelu_tanh", {}),
    ("keras", "LeakyReLU", {}, "leaky_relu.keras_layer", {}),
    *(("jax", name, {}, f"{name}.jax", {}) for name in JAX.split()),
    ("jax", "gelu", {"approximate": False}, "gelu", {}),
    ("jax", "squareplus", {"b": 1.0}, "squareplus.jax", {"b": "1"}),
    ("jax", "log1mexp", {}, "log1mexp.jax", {}),
)  # fmt: skip


def points_of(name):
    """Where the function with that name of ours is looked at."""
    return POSITIVE if name.startswith("log1mexp") else POINTS


def run_torch(name, options, points):
    """The values of a module of PyTorch as it is after training."""
    import torch

    with torch.no_grad():
        module = getattr(torch.nn, name)(**options).double().eval()
        return module(torch.tensor(points, dtype=torch.float64)).tolist()


def run_keras(name, options, points):
    """The values of a function of Keras, or of a layer where the name starts with a capital."""
    import jax
    import keras

    jax.config.update("jax_enable_x64", True)
    keras.config.set_floatx("float64")
    home = keras.layers if name[0].isupper() else keras.activations
    function = getattr(home, name)
    made = function(**options) if name[0].isupper() else lambda x: function(x, **options)
    values = keras.ops.convert_to_numpy(made(keras.ops.convert_to_tensor(points, dtype="float64")))
    return values.tolist()


def run_jax(name, options, points):
    """The values of a function of JAX."""
    import jax

    jax.config.update("jax_enable_x64", True)
    array = jax.numpy.asarray(points, dtype="float64")
    return getattr(jax.nn, name)(array, **options).tolist()


FLOAT32 = {("keras", "tanh")}
"""What answers in float32 whatever it is given (with JAX behind Keras)."""

RUN = {"torch": run_torch, "keras": run_keras, "jax": run_jax}


def record():
    from importlib.metadata import version

    rows = [
        {
            "library": library,
            "function": name,
            "options": options,
            "activation": ours,
            "settings": settings,
            "values": RUN[library](name, options, points_of(ours)),
        }
        for library, name, options, ours, settings in CASES
    ]
    made = {library: version(library) for library in RUN}
    made |= {"python": platform.python_version(), "dtype": "float64"}
    lines = ",\n ".join(json.dumps(row) for row in rows)
    head = json.dumps({"made_with": made, "points": POINTS, "positive": POSITIVE})
    DATA.parent.mkdir(exist_ok=True)
    DATA.write_text(f'{head[:-1]},\n"rows": [\n {lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    record()

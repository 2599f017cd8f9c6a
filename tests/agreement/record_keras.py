"""Records the counts of Keras' applications, as data for the tests of networks.

Run it with an environment that has Keras and a backend: `python tests/agreement/record_keras.py`.
Statistics of norms are parameters that are not trained there.
"""

import inspect
import json
import math
import os
from pathlib import Path

DATA = Path(__file__).parent / "data" / "keras_counts.json"


def count(model):
    """Parameters with the statistics of norms, those that are trained, and the layers."""
    return {
        "parameters": model.count_params(),
        "trainable": sum(math.prod(weight.shape) for weight in model.trainable_weights),
        "layers": len(model.layers),
        "input": list(model.input_shape[1:]),
    }


def record():
    """Write one line for each model that can be built."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    lines = []
    for name, build in sorted(vars(keras.applications).items()):
        if inspect.isfunction(build):
            try:
                model = build(weights=None)
            except ValueError:
                # One model is not offered with every backend.
                continue
            lines.append(f" {json.dumps(name)}: {json.dumps(count(model))}")
    made_with = json.dumps({"keras": keras.__version__})
    text = f'{{"made_with": {made_with}, "models": {{\n' + ",\n".join(lines) + "\n}}\n"
    DATA.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    record()

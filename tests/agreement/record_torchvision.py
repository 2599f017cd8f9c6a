"""Records the counts of torchvision's classification models, as data for the tests of networks.

Run it with an environment that has torchvision: `python tests/agreement/record_torchvision.py`.
Models are built and run on the device `meta`, where tensors have shapes and no numbers.
"""

import json
from pathlib import Path

DATA = Path(__file__).parent / "data" / "torchvision_counts.json"
SIZES = {"inception_v3": 299}
# Their first weights would be drawn from a distribution of scipy.
PLAIN_START = {"googlenet": {"init_weights": False}, "inception_v3": {"init_weights": False}}


def build(models, torch, name):
    """The model without trained weights; some of them cannot be built on `meta` at once."""
    options = PLAIN_START.get(name, {})
    try:
        with torch.device("meta"):
            return models.get_model(name, weights=None, **options)
    except NotImplementedError:
        return models.get_model(name, weights=None, **options).to("meta")


def count(models, torch, name):
    """Parameters, buffers, tensors, and the multiply-adds of matrix products and convolutions."""
    from torch.utils.flop_counter import FlopCounterMode

    model = build(models, torch, name).eval()
    size = SIZES.get(name, 224)
    with FlopCounterMode(display=False) as counter:
        model(torch.empty(1, 3, size, size, device="meta"))
    return {
        "parameters": sum(tensor.numel() for tensor in model.parameters()),
        "buffers": sum(tensor.numel() for tensor in model.buffers()),
        "tensors": sum(1 for _ in model.parameters()),
        "multiply_adds": counter.get_total_flops() // 2,
        "size": size,
    }


def find_published(models, name):
    """What the first trained weights say about the model they were trained for."""
    for weights in models.get_model_weights(name):
        if weights.meta.get("_ops"):
            return {
                "weights": weights.name,
                "parameters": weights.meta["num_params"],
                "giga_multiply_adds": weights.meta["_ops"],
                "size": weights.transforms().crop_size[0],
            }
    return None


def record():
    """Write one line for each model."""
    import torch
    import torchvision
    from torchvision import models

    made_with = {"torch": torch.__version__, "torchvision": torchvision.__version__}
    rows = {
        name: {**count(models, torch, name), "published": find_published(models, name)}
        for name in models.list_models(module=models)
    }
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items())
    text = f'{{"made_with": {json.dumps(made_with)}, "models": {{\n{lines}\n}}}}\n'
    DATA.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    record()

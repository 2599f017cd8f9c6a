"""Records what Hugging Face's classes hold for published configurations, on the meta device.

Run it in the folder `tests` with an environment that has Transformers and PyTorch:
`python -m agreement.record_language_models`.
"""

import hashlib
import json
import platform
from collections import Counter
from pathlib import Path

from agreement.language_model_configs import CASES, HELD_OUT

DATA = Path(__file__).parent / "data" / "language_models.json"


def build(config):
    """The model of a configuration without memory for its numbers."""
    import torch
    import transformers

    given = {k: v for k, v in config.items() if k not in {"model_type", "architectures"}}
    made = transformers.AutoConfig.for_model(config["model_type"], **given)
    kind = getattr(transformers, config["architectures"][0])
    with torch.device("meta"):
        model = kind(made)
    model.tie_weights()
    if config["model_type"] == "t5" and config.get("tie_word_embeddings") is False:
        # The class ties always and unties when the file holds an output of its own, as these do.
        model.lm_head.weight = torch.nn.Parameter(torch.empty_like(model.lm_head.weight))
    return model


def digest(shapes):
    """One text for a multiset of shapes."""
    counted = sorted(Counter(tuple(shape) for shape in shapes).items())
    return hashlib.sha256(json.dumps(counted).encode()).hexdigest()[:16]


def measure(config):
    """Parameters, once and at every name, buffers, and the shapes of all tensors."""
    model = build(config)
    unique = list(model.parameters())
    stored = set(model.state_dict())
    buffers = dict(model.named_buffers())
    return {
        "parameters": sum(p.numel() for p in unique),
        "at_every_name": sum(p.numel() for _, p in model.named_parameters(remove_duplicate=False)),
        "trainable": sum(p.numel() for p in unique if p.requires_grad),
        "tensors": len(unique),
        "shapes": digest(p.shape for p in unique),
        "buffers_stored": sum(b.numel() for name, b in buffers.items() if name in stored),
        "buffers_computed": sum(b.numel() for name, b in buffers.items() if name not in stored),
    }


def main():
    """Write the data file."""
    import torch
    import transformers

    rows = [
        {"name": name, "held_out": held_out, "config": config, **measure(config)}
        for held_out, cases in ((False, CASES), (True, HELD_OUT))
        for name, config in cases.items()
    ]
    versions = {
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    text = json.dumps({"versions": versions, "models": rows}, indent=1) + "\n"
    DATA.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

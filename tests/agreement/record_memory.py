"""Records what PyTorch keeps in memory while it trains, as data for `test_memory.py`.

Run it with an environment that has PyTorch: `python tests/agreement/record_memory.py`.
"""

import json
import platform
import sys
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

DATA = Path(__file__).parent / "data" / "memory.json"
BATCHES = (2, 1, 32)
LARGE = {"resnet50": (1, 4)}
TOKENS = 50

OPTIMIZERS = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("SGD", {"momentum": 0.9, "dampening": 0.5, "weight_decay": 0.01}),
    ("Adam", {}),
    ("Adam", {"betas": [0.0, 0.999]}),
    ("Adam", {"amsgrad": True}),
    ("AdamW", {}),
    ("AdamW", {"amsgrad": True}),
    ("NAdam", {}),
    ("RAdam", {}),
    ("Adagrad", {}),
    ("Adadelta", {}),
    ("Adamax", {}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.9}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"centered": True, "momentum": 0.9}),
    ("ASGD", {}),
    ("Rprop", {}),
    ("Adafactor", {}),
]
TRAINED = {
    "100-100-20-1": (100, 100, 20, 1),
    "100-20-100-1": (100, 20, 100, 1),
}


def input_of(torch, text, *, batch, dtype):
    """Examples of the shape that the text begins with."""
    shape = "3x224x224" if text == "resnet50" else text.split("->")[0].strip()
    if shape.startswith("tokens("):
        return torch.randint(0, TOKENS, (batch, int(shape[7:-1])))
    sizes = [int(size) for size in shape.split("-")[0].split("x")]
    if any(kind in text for kind in ("rnn(", "gru(", "lstm(")):
        # Time stands before the examples, so that the layer reads it as it is.
        return torch.randn(sizes[0], batch, sizes[1], dtype=dtype).transpose(0, 1)
    return torch.randn(batch, *sizes, dtype=dtype)


def measure(torch, text, module, *, batch, dtype):
    """Bytes of the storages that the way back needs, each once, parameters and buffers aside."""
    module = module.to(dtype).train()
    own = {t.untyped_storage().data_ptr() for t in [*module.parameters(), *module.buffers()]}
    alive, sizes = [], {}

    def pack(tensor):
        alive.append(tensor)
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own and storage.nbytes():
            sizes[storage.data_ptr()] = (storage.nbytes(), str(tensor.dtype), tuple(tensor.shape))
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = module(input_of(torch, text, batch=batch, dtype=dtype))
    del output
    return sizes


def measure_all(torch, *, skip=()):
    """For each network the bytes by type of numbers and size of the batch."""
    from agreement.memory_modules import MODULES

    rows = []
    for name, (text, module) in MODULES.items():
        if name in skip:
            continue
        saved = {}
        for dtype in (torch.float32, torch.bfloat16):
            kept = str(dtype).removeprefix("torch.")
            for batch in sorted(LARGE.get(name, BATCHES)):
                try:
                    found = measure(torch, text, module, batch=batch, dtype=dtype)
                except (RuntimeError, NotImplementedError) as error:
                    saved.setdefault("refused", {})[kept] = str(error).splitlines()[0][:100]
                    continue
                saved.setdefault(kept, {})[str(batch)] = sum(size for size, *_ in found.values())
        rows.append({"name": name, "text": text, "saved": saved})
    return rows


def measure_optimizers(torch):
    """Bytes of parameters, of gradients and of the optimizer's state after one step."""
    rows = []
    for text, widths in TRAINED.items():
        for name, options in OPTIMIZERS:
            module = torch.nn.Sequential(*[torch.nn.Linear(*pair) for pair in pairwise(widths)])
            rule = getattr(torch.optim, name)(module.parameters(), lr=0.01, **options)
            module(torch.randn(32, widths[0])).sum().backward()
            rule.step()
            parts = {}
            for state in rule.state.values():
                for key, value in state.items():
                    if torch.is_tensor(value):
                        parts[key] = parts.get(key, 0) + value.untyped_storage().nbytes()
            tensors = list(module.parameters())
            rows.append(
                {
                    "text": text,
                    "optimizer": name,
                    "options": options,
                    "weights": sum(t.untyped_storage().nbytes() for t in tensors),
                    "gradients": sum(t.grad.untyped_storage().nbytes() for t in tensors),
                    "state": parts,
                }
            )
    return rows


def record():
    import torch

    torch.manual_seed(0)
    # The library for processors keeps a workspace of a size of its own for some layers.
    with torch.backends.mkldnn.flags(enabled=False):
        saved = measure_all(torch)
    data = {
        "made_with": {
            "torch": torch.__version__,
            "python": platform.python_version(),
            "device": "cpu",
            "onednn": False,
        },
        "saved": saved,
        "optimizers": measure_optimizers(torch),
    }
    DATA.parent.mkdir(exist_ok=True)
    lines = {
        key: "[\n" + ",\n".join("  " + json.dumps(row) for row in rows) + "\n ]"
        for key, rows in data.items()
        if key != "made_with"
    }
    body = ",\n ".join(f'"{key}": {text}' for key, text in lines.items())
    DATA.write_text(f'{{\n "made_with": {json.dumps(data["made_with"])},\n {body}\n}}\n')


if __name__ == "__main__":
    record()

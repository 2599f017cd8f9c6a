"""Records what PyTorch's optimizers do on small landscapes, as data for `test_torch_rules.py`.

Run it with an environment that has PyTorch: `python tests/agreement/record_torch.py`.
"""

import json
import platform
from pathlib import Path

DATA = Path(__file__).parent / "data" / "torch_rules.json"
STEPS = 60

LANDSCAPES = {
    "kink": "kink",
    "steep kink": "kink",
    "barrier": "barrier",
    "quadratic": "quadratic",
}
SETTINGS = {"kink": {}, "steep kink": {"a": 1, "b": 3}, "barrier": {"h": 0.25}, "quadratic": {}}

NAMES = {
    "sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop", "adagrad": "Adagrad",
    "adadelta": "Adadelta", "adamax": "Adamax", "radam": "RAdam", "rprop": "Rprop",
}  # fmt: skip
CASES = [
    ("sgd", {"lr": 0.1}),
    ("sgd", {"lr": 0.1, "momentum": 0.9}),
    ("sgd", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}),
    ("sgd", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("sgd", {"lr": 0.1, "weight_decay": 0.05}),
    ("sgd", {"lr": 0.07, "momentum": 0.8, "dampening": 0.1, "weight_decay": 0.05}),
    ("sgd", {"lr": 0.07, "momentum": 0.8, "nesterov": True, "weight_decay": 0.05}),
    ("adam", {"lr": 0.01}),
    ("adam", {"lr": 0.1, "betas": [0.5, 0.9]}),
    ("adam", {"lr": 0.1, "betas": [0.9, 0.95], "eps": 0.001}),
    ("adam", {"lr": 0.1, "betas": [0.5, 0.9], "amsgrad": True}),
    ("adamw", {"lr": 0.1, "weight_decay": 0.1}),
    ("adamw", {"lr": 0.1, "betas": [0.5, 0.9], "amsgrad": True}),
    ("rmsprop", {"lr": 0.01}),
    ("rmsprop", {"lr": 0.01, "alpha": 0.9, "momentum": 0.5}),
    ("rmsprop", {"lr": 0.01, "eps": 0.1, "centered": True}),
    ("rmsprop", {"lr": 0.01, "eps": 0.1, "centered": True, "momentum": 0.5}),
    ("adagrad", {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.1}),
    ("adadelta", {"lr": 1.0, "rho": 0.8, "eps": 0.001}),
    ("adamax", {"lr": 0.1, "betas": [0.5, 0.9]}),
    ("radam", {"lr": 0.1, "betas": [0.5, 0.9]}),
    ("radam", {"lr": 0.1}),
    ("rprop", {"lr": 0.1}),
]


def losses(torch):
    """The landscapes as functions of a tensor; exactly at a joint the left piece counts."""
    return {
        "kink": lambda x: -x if x <= 0 else x,
        "steep kink": lambda x: -x if x <= 0 else 3 * x,
        "barrier": lambda x: 1 - x if x <= 1 else x - 1 if x <= 1.25 else 1.5 - x,
        "quadratic": lambda x: x**2 / 2,
    }


def run_torch(torch, rule, options, loss, *, start, steps=STEPS):
    """The positions of a run in float64, from the start on."""
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    make = getattr(torch.optim, NAMES[rule])
    optimizer = make([x], **options)
    positions = [x.item()]
    for _ in range(steps):
        optimizer.zero_grad()
        loss(x).backward()
        optimizer.step()
        positions.append(x.item())
    return positions


def record():
    import torch

    rows = [
        {
            "rule": rule,
            "options": options,
            "landscape": name,
            "start": start,
            "positions": run_torch(torch, rule, options, loss, start=start),
        }
        for rule, options in CASES
        for name, loss in losses(torch).items()
        for start in (-0.73, 0.41)
    ]
    made = {"torch": torch.__version__, "python": platform.python_version(), "dtype": "float64"}
    DATA.parent.mkdir(exist_ok=True)
    DATA.write_text(json.dumps({"made_with": made, "runs": rows}, indent=1) + "\n")


if __name__ == "__main__":
    record()

"""Small grids for the tests of `training`."""

from __future__ import annotations

from typing import Any

from gradiometer.question.training_read import Request, Wanted, read_request

DEFAULTS: dict[str, Any] = {
    "networks": "2-4-1", "data": "moons(count=60)", "target": None, "activation": "tanh",
    "optimizer": "sgd", "set": {}, "schedule": None, "per": "epoch", "initialization": "he",
    "loss": None, "vary": None, "epochs": 3, "batch": 16, "dropout": 0, "label_noise": 0,
    "seeds": 2, "seed": 0, "precision": "float64", "validation": "1/5", "test": "1/5",
    "split": "each", "scale": "standard", "compare": None, "target_accuracy": None,
    "target_loss": None, "within": "1/20", "compare_at": "best", "sharpness": 0,
}  # fmt: skip


def read(**given: Any) -> Request:
    """A request with these inputs, and small usual ones for the others."""
    return read_request(Wanted(**{**DEFAULTS, **given}))

"""The values that an installed library itself gives for a schedule; nothing here is ever required.

Each library is asked as its users ask it: an optimizer is stepped, or a function is called.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from gradiometer.model import Call

_MODULES: Mapping[str, tuple[str, ...]] = {
    "torch": ("torch.optim.lr_scheduler", "torch.optim.swa_utils"),
    "optax": ("optax",),
    "keras": ("keras.optimizers.schedules",),
    "transformers": ("transformers.optimization",),
    "timm": ("timm.scheduler",),
}
"""Where the schedules of each library are."""

LIBRARIES: tuple[str, ...] = tuple(_MODULES)
"""The libraries whose schedules are known."""


def is_installed(library: str) -> bool:
    """Whether the library can be asked."""
    return importlib.util.find_spec(library) is not None


def find_version(library: str) -> str:
    """The installed version of a library."""
    from importlib.metadata import version

    return version(library)


def step_live(library: str, call: Call, rate: float, steps: int) -> list[float]:
    """The learning rates of the first steps as the library gives them.

    Args:
        library: One of `LIBRARIES`, installed.
        call: The function and its arguments.
        rate: The learning rate of the optimizer that is stepped, where there is one.
        steps: How many steps.
    """
    if library == "keras" and "KERAS_BACKEND" not in os.environ:
        # Keras takes TensorFlow unless it is told otherwise, and that is rarely there.
        backends = [name for name in ("jax", "torch") if is_installed(name)]
        os.environ["KERAS_BACKEND"] = (backends or ["tensorflow"])[0]
    build = _find(library, call.function)
    with warnings.catch_warnings():
        # A scheduler that is stepped without an optimizer warns, and rightly so.
        warnings.simplefilter("ignore")
        if library in ("optax", "keras"):
            schedule = build(**call.arguments)
            return [float(schedule(step)) for step in range(steps)]
        return _step_optimizer(library, build, call, rate, steps)


def _find(library: str, function: str) -> Callable[..., Any]:
    for name in _MODULES[library]:
        module = importlib.import_module(name)
        if hasattr(module, function):
            return getattr(module, function)
    raise AttributeError(f"{library} has no {function}")


def _step_optimizer(
    library: str, build: Callable[..., Any], call: Call, rate: float, steps: int
) -> list[float]:
    torch = importlib.import_module("torch")
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=rate, momentum=0.9)
    scheduler = build(optimizer, **call.arguments)
    rates: list[float] = []
    for step in range(steps):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if library == "timm":
            scheduler.step(step + 1)
        else:
            scheduler.step()
    return rates

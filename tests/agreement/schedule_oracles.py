"""The values of real libraries, in float64: only recording and the live tests come here."""

from __future__ import annotations

import os
import warnings
from importlib import import_module
from importlib.metadata import version

# Its NumPy backend computes at once; with JAX every step would be compiled anew.
os.environ.setdefault("KERAS_BACKEND", "numpy")

MODULES = {
    "torch": ("torch.optim.lr_scheduler", "torch.optim.swa_utils"),
    "optax": ("optax",),
    "keras": ("keras.optimizers.schedules",),
    "transformers": ("transformers.optimization",),
    "timm": ("timm.scheduler",),
}
"""Where the schedules of each library are."""


def find_versions(library):
    """The versions that the values depend on."""
    needed = {"optax": ("optax", "jax"), "keras": ("keras", "numpy")}.get(
        library, (library, "torch")
    )
    return {name: version(name) for name in dict.fromkeys(needed)}


def _build(library, function):
    for name in MODULES[library]:
        module = import_module(name)
        if hasattr(module, function):
            return getattr(module, function)
    raise AttributeError(function)


def ask_library(library, call, rate, steps):
    """The rates at *steps*, and the largest deviation of stepping from the library's own formula.

    PyTorch steps most schedules by a recursion that drifts; it has the closed form too, which
    is what is returned then.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if library in ("optax", "keras"):
            _use_float64(library)
            schedule = _build(library, call.function)(**call.arguments)
            return [float(schedule(step)) for step in steps], None
        return _ask_scheduler(library, call, rate, steps)


def _use_float64(library):
    if library == "keras":
        import_module("keras").config.set_floatx("float64")
    else:
        import_module("jax").config.update("jax_enable_x64", True)


def make_scheduler(library, call, rate):
    """An optimizer of PyTorch and the scheduler that changes its rate."""
    torch = import_module("torch")
    weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = torch.optim.SGD([weight], lr=rate, momentum=0.9)
    return optimizer, _build(library, call.function)(optimizer, **call.arguments)


def _ask_scheduler(library, call, rate, steps):
    optimizer, scheduler = make_scheduler(library, call, rate)
    if library == "timm":
        return [_jump(optimizer, scheduler, step) for step in steps], None
    if library == "transformers":
        (factor,) = scheduler.lr_lambdas
        return [rate * factor(step) for step in steps], None
    stepped = step_scheduler(optimizer, scheduler, min(max(steps), 300))
    if not hasattr(scheduler, "_get_closed_form_lr"):
        return [stepped[step] for step in steps if step < len(stepped)], None
    closed = {step: _close(scheduler, step) for step in {*steps, *range(len(stepped))}}
    top = max(abs(value) for value in closed.values())
    drift = max(
        abs(stepped[k] - closed[k]) / max(abs(closed[k]), top / 1000) for k in range(len(stepped))
    )
    return [closed[step] for step in steps], drift


def _jump(optimizer, scheduler, step):
    scheduler.step(step)
    return float(optimizer.param_groups[0]["lr"])


def _close(scheduler, step):
    scheduler.last_epoch = step
    return float(scheduler._get_closed_form_lr()[0])


def step_scheduler(optimizer, scheduler, last, key="lr"):
    """What the optimizer has at each step from 0 to *last*."""
    values = []
    for _ in range(last + 1):
        values.append(float(optimizer.param_groups[0][key]))
        optimizer.step()
        scheduler.step()
    return values

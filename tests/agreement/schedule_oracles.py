"""The values of real libraries, in float64: only recording and the live tests come here."""

from __future__ import annotations

import os
import warnings
from importlib import import_module
from importlib.metadata import version

from agreement.schedule_cases import JOINED_STEPS

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
            schedule = _build(library, call.function)(**_in_float64(library, call.arguments))
            return [float(schedule(step)) for step in steps], None
        return _ask_scheduler(library, call, rate, steps)


def _in_float64(library, arguments):
    """The arguments so that the library computes in float64 with them."""
    if library == "optax":
        import_module("jax").config.update("jax_enable_x64", True)
        return arguments
    # Keras turns every number into float32, whatever its `floatx` says, by this table.
    dtypes = import_module("keras.src.backend.common.dtypes")
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    float64 = import_module("numpy").float64
    return {
        name: [float64(item) for item in value]
        if isinstance(value, list)
        else float64(value)
        if isinstance(value, float)
        else value
        for name, value in arguments.items()
    }


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


def join_schedules(library, name):
    """The rates of a library's own way to join schedules; `JOINED` has the line that says so."""
    if library == "optax":
        return _join_optax()
    torch = import_module("torch")
    known = import_module("torch.optim.lr_scheduler")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if name == "SequentialLR":
            parts = [
                known.LinearLR(optimizer, start_factor=0.1, end_factor=1.0, total_iters=5),
                known.CosineAnnealingLR(optimizer, T_max=10),
                known.ExponentialLR(optimizer, gamma=0.9),
            ]
            scheduler = known.SequentialLR(optimizer, parts, milestones=[5, 15])
        else:
            cosine = known.CosineAnnealingLR(optimizer, T_max=40)
            scheduler = known.ChainedScheduler([cosine, known.StepLR(optimizer, 5, gamma=0.5)])
        return step_scheduler(optimizer, scheduler, JOINED_STEPS + 3)


def _join_optax():
    optax = import_module("optax")
    import_module("jax").config.update("jax_enable_x64", True)
    parts = [
        optax.warmup_constant_schedule(0.0, 1.0, 5),
        optax.cosine_decay_schedule(1.0, 10),
        optax.exponential_decay(1.0, 1, 0.9),
    ]
    joined = optax.join_schedules(parts, [5, 20])
    return [float(joined(step)) for step in range(JOINED_STEPS + 4)]


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

"""The rates of real libraries under given losses: only recording and the live tests come here."""

from __future__ import annotations

import os
import warnings
from importlib import import_module
from types import SimpleNamespace

from agreement.schedule_oracles import make_scheduler

os.environ.setdefault("KERAS_BACKEND", "numpy")


def follow_losses(library, call, rate, losses):
    """The rate before each loss and after the last one."""
    return _FOLLOW[library](call, rate, losses)


def _follow_torch(call, rate, losses):
    optimizer, scheduler = make_scheduler("torch", call, rate)
    rates = [rate]
    for loss in losses:
        scheduler.step(loss)
        rates.append(float(optimizer.param_groups[0]["lr"]))
    return rates


def _follow_keras(call, rate, losses):
    callback = import_module("keras").callbacks.ReduceLROnPlateau(**call.arguments)
    optimizer = SimpleNamespace(learning_rate=rate)
    callback.set_model(SimpleNamespace(optimizer=optimizer, metrics=[]))
    callback.on_train_begin()
    rates = [rate]
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"loss": loss})
        rates.append(float(optimizer.learning_rate))
    return rates


def _follow_optax(call, rate, losses):
    jax = import_module("jax")
    jax.config.update("jax_enable_x64", True)
    one = jax.numpy.ones((), dtype="float64")
    rule = import_module("optax").contrib.reduce_on_plateau(**call.arguments)
    # Compiled once: every bare call would be compiled anew.
    update = jax.jit(lambda state, loss: rule.update(one, state, value=loss)[1])
    state = rule.init(one)
    rates = [rate]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for loss in losses:
            state = update(state, loss)
            rates.append(rate * float(state.scale))
    return rates


_FOLLOW = {"torch": _follow_torch, "keras": _follow_keras, "optax": _follow_optax}

"""The same runs by others: optax, PyTorch, NumPy, and loops as one first writes them for Numba.

A peer is made for a rule and a landscape; called with starts, it returns the last positions.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from typing import Any

import numpy as np

Peer = Callable[[Any], Any]
RATE = 1e-3


def barrier(xp: Any, x: Any) -> Any:
    one = xp.ones_like(x)
    return xp.where(x <= 1.0, -one, xp.where(x <= 1.25, one, -one))


def double_well(xp: Any, x: Any) -> Any:
    return x * (x * x - 1.0)


def rosenbrock(xp: Any, x: Any) -> Any:
    u, v = x[..., 0], x[..., 1]
    rest = v - u * u
    return xp.stack([-400.0 * rest * u - 2.0 * (1.0 - u), 200.0 * rest], -1)


SLOPES = {"barrier": barrier, "double_well": double_well, "rosenbrock": rosenbrock}


def sgd(x, m, v, g, t):
    return x - RATE * g, m, v


def momentum(x, m, v, g, t):
    m = 0.9 * m + g
    return x - RATE * m, m, v


def adam(x, m, v, g, t):
    m = 0.9 * m + (1 - 0.9) * g
    v = 0.999 * v + (1 - 0.999) * (g * g)
    return x - RATE * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v


def adamw(x, m, v, g, t):
    m = 0.9 * m + (1 - 0.9) * g
    v = 0.999 * v + (1 - 0.999) * (g * g)
    step = RATE * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return x * (1 - RATE * 0.01) - step, m, v


def rmsprop(x, m, v, g, t):
    v = 0.99 * v + (1 - 0.99) * (g * g)
    return x - RATE * (g / (np.sqrt(v) + 1e-8)), m, v


def lion(x, m, v, g, t):
    return x - RATE * np.sign(0.9 * m + (1 - 0.9) * g), 0.99 * m + (1 - 0.99) * g, v


RULES = {"sgd": sgd, "momentum": momentum, "adam": adam, "adamw": adamw, "rmsprop": rmsprop,
         "lion": lion}  # fmt: skip


def by_numpy(rule: str, surface: str, steps: int) -> Peer:
    update, slope = RULES[rule], SLOPES[surface]

    def run(starts: Any) -> Any:
        x, m, v = starts.copy(), np.zeros_like(starts), np.zeros_like(starts)
        for t in range(1, steps + 1):
            x, m, v = update(x, m, v, slope(np, x), float(t))
        return x

    return run


def by_numba(rule: str, surface: str, steps: int) -> Peer:
    from numba import njit

    update = njit(RULES[rule])
    if surface == "rosenbrock":

        @njit(error_model="numpy")
        def run_pairs(starts):
            ends = np.empty_like(starts)
            for i in range(len(starts)):
                x, y = starts[i, 0], starts[i, 1]
                m = n = v = w = 0.0
                for t in range(1, steps + 1):
                    rest = y - x * x
                    a, b = -400.0 * rest * x - 2.0 * (1.0 - x), 200.0 * rest
                    x, m, v = update(x, m, v, a, float(t))
                    y, n, w = update(y, n, w, b, float(t))
                ends[i, 0], ends[i, 1] = x, y
            return ends

        return run_pairs

    @njit
    def slope(x):
        if surface == "double_well":
            return x * (x * x - 1.0)
        if x <= 1.0:
            return -1.0
        return 1.0 if x <= 1.25 else -1.0

    @njit(error_model="numpy")
    def run(starts):
        ends = np.empty_like(starts)
        for i in range(len(starts)):
            x, m, v = starts[i], 0.0, 0.0
            for t in range(1, steps + 1):
                x, m, v = update(x, m, v, slope(x), float(t))
            ends[i] = x
        return ends

    return run


def by_optax(rule: str, surface: str, steps: int) -> Peer:
    import jax
    import jax.numpy as jnp
    import optax

    jax.config.update("jax_enable_x64", True)
    makers: dict[str, Any] = {
        "sgd": lambda: optax.sgd(RATE), "momentum": lambda: optax.sgd(RATE, momentum=0.9),
        "adam": lambda: optax.adam(RATE), "adamw": lambda: optax.adamw(RATE, weight_decay=0.01),
        "rmsprop": lambda: optax.rmsprop(RATE, decay=0.99, eps_in_sqrt=False),
        "lion": lambda: optax.lion(RATE, b1=0.9, b2=0.99, weight_decay=0.0),
    }  # fmt: skip
    rule_of, slope = makers[rule](), SLOPES[surface]

    def run_one(start):
        def step(carry, _):
            x, state = carry
            change, state = rule_of.update(slope(jnp, x), state, x)
            return (optax.apply_updates(x, change), state), None

        return jax.lax.scan(step, (start, rule_of.init(start)), None, length=steps)[0][0]

    compiled = jax.jit(jax.vmap(run_one))
    return lambda starts: np.asarray(compiled(starts))


def by_torch(rule: str, surface: str, steps: int) -> Peer | None:
    import torch

    makers: dict[str, Any] = {
        "sgd": lambda p: torch.optim.SGD(p, RATE, foreach=True),
        "momentum": lambda p: torch.optim.SGD(p, RATE, momentum=0.9, foreach=True),
        "adam": lambda p: torch.optim.Adam(p, RATE, foreach=True),
        "adamw": lambda p: torch.optim.AdamW(p, RATE, weight_decay=0.01, foreach=True),
        "rmsprop": lambda p: torch.optim.RMSprop(p, RATE, alpha=0.99, foreach=True),
    }
    if rule not in makers:
        return None
    slope = SLOPES[surface]

    def run(starts: Any) -> Any:
        x = torch.tensor(starts)
        optimizer = makers[rule]([x])
        with torch.no_grad():
            for _ in range(steps):
                x.grad = slope(torch, x)
                optimizer.step()
        return x.numpy()

    return run


def list_peers() -> dict[str, Callable[[str, str, int], Peer | None]]:
    """The peers that are installed."""
    wanted = {"optax": by_optax, "torch": by_torch, "NumPy": by_numpy, "naive Numba": by_numba}
    modules = {"optax": "optax", "torch": "torch", "NumPy": "numpy", "naive Numba": "numba"}
    return {k: make for k, make in wanted.items() if importlib.util.find_spec(modules[k])}


def make_limit(count: int = 64) -> Callable[[Any, int], None]:
    """A division and a square root for each lane and step, and nothing else."""
    from numba import njit

    @njit(error_model="numpy", nogil=True)
    def run(lanes, steps):
        for _ in range(steps):
            for i in range(count):
                lanes[i] = math.sqrt(lanes[i]) / lanes[count + i]

    return run

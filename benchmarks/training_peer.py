"""The same trainings by others: a plain PyTorch loop, `torch.func` over models, and JAX.

Each takes the starts, the table of rates, the orders of the examples and the data of a `Task`, and
gives back the loss of every step, shape (steps, networks).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

BETAS, EPS, MOMENTUM = (0.9, 0.999), 1e-8, 0.9


@dataclass(frozen=True)
class Task:
    """What is trained: networks of one shape with relu, each with its own rates and order."""

    widths: tuple[int, ...]
    rule: str
    """`sgd` with momentum, or `adam`."""
    x: Any
    y: Any
    start: Any
    rates: Any
    """Shape (steps, networks)."""
    orders: Any
    """Shape (epochs, networks, examples)."""
    batch: int = 64

    @property
    def epochs(self) -> int:
        return len(self.orders)

    def batches(self) -> list[slice]:
        return [slice(a, a + self.batch) for a in range(0, len(self.x), self.batch)]

    def split(self, row: Any) -> list[Any]:
        """Weights and biases, layer by layer."""
        parts, at = [], 0
        for a, b in pairwise(self.widths):
            parts += [row[..., at : at + a * b].reshape(*row.shape[:-1], a, b),
                      row[..., at + a * b : at + (a + 1) * b]]  # fmt: skip
            at += (a + 1) * b
        return parts


def by_torch_loop(task: Task, members: Any) -> Any:
    """One network after the other, as one first writes it."""
    import torch

    # Matrices this small are slower with more threads.
    torch.set_num_threads(1)
    x, y = torch.tensor(task.x), torch.tensor(task.y)
    found = []
    for n in members:
        layers = []
        for a, b in pairwise(task.widths):
            layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
        net = torch.nn.Sequential(*layers[:-1])
        parts = task.split(task.start[n])
        with torch.no_grad():
            for layer, weight, bias in zip(list(net)[::2], parts[::2], parts[1::2], strict=True):
                layer.weight.copy_(torch.tensor(weight.T))
                layer.bias.copy_(torch.tensor(bias))
        rule = (
            torch.optim.Adam(net.parameters(), betas=BETAS, eps=EPS)
            if task.rule == "adam"
            else torch.optim.SGD(net.parameters(), lr=1e-3, momentum=MOMENTUM)
        )
        losses, step = [], 0
        for order in torch.tensor(task.orders[:, n]):
            for part in task.batches():
                rule.param_groups[0]["lr"] = float(task.rates[step, n])
                rows = order[part]
                out = net(x[rows])
                loss = (
                    torch.nn.functional.cross_entropy(out, y[rows])
                    if out.shape[1] > 1
                    else torch.nn.functional.binary_cross_entropy_with_logits(
                        out[:, 0], y[rows].float()
                    )
                )
                rule.zero_grad()
                loss.backward()
                rule.step()
                losses.append(loss.detach())
                step += 1
        found.append(torch.stack(losses).numpy())
    return np.stack(found, axis=1)


def by_torch_vmap(task: Task) -> Any:
    """All networks at once by `torch.func.vmap` of the gradient, rule by hand on all of them."""
    import torch
    from torch.func import grad_and_value, vmap

    torch.set_num_threads(os.cpu_count() or 1)
    x, y, rates = torch.tensor(task.x), torch.tensor(task.y), torch.tensor(task.rates)
    parts = [torch.tensor(np.ascontiguousarray(part)) for part in task.split(task.start)]

    def loss_of(parts: Any, x: Any, y: Any) -> Any:
        for number in range(0, len(parts), 2):
            x = x @ parts[number] + parts[number + 1]
            x = torch.relu(x) if number + 2 < len(parts) else x
        if x.shape[1] > 1:
            return torch.nn.functional.cross_entropy(x, y)
        return torch.nn.functional.binary_cross_entropy_with_logits(x[:, 0], y.float())

    slope = vmap(grad_and_value(loss_of))
    m, v = ([torch.zeros_like(part) for part in parts] for _ in range(2))
    losses, t = [], 0
    for orders in torch.tensor(task.orders):
        for part in task.batches():
            rows = orders[:, part]
            g, loss = slope(tuple(parts), x[rows], y[rows])
            for k, each in enumerate(g):
                rate = rates[t].reshape(-1, *[1] * (each.dim() - 1))
                if task.rule == "adam":
                    m[k].mul_(BETAS[0]).add_(each, alpha=1 - BETAS[0])
                    v[k].mul_(BETAS[1]).addcmul_(each, each, value=1 - BETAS[1])
                    top = m[k] / (1 - BETAS[0] ** (t + 1))
                    parts[k] -= rate * top / ((v[k] / (1 - BETAS[1] ** (t + 1))).sqrt() + EPS)
                else:
                    m[k].mul_(MOMENTUM).add_(each)
                    parts[k] -= rate * m[k]
            losses.append(loss)
            t += 1
    return torch.stack(losses).numpy()


def by_jax(task: Task) -> Any:
    """A function that trains all networks by `jax.vmap`, steps in `lax.scan`, compiled once."""
    import jax
    import jax.numpy as jnp

    x, y = jnp.asarray(task.x), jnp.asarray(task.y)
    full = len(task.x) // task.batch

    def loss_of(parts: Any, rows: Any) -> Any:
        z, named = x[rows], y[rows]
        for number in range(0, len(parts), 2):
            z = z @ parts[number] + parts[number + 1]
            z = jax.nn.relu(z) if number + 2 < len(parts) else z
        if z.shape[1] > 1:
            logs = jax.nn.log_softmax(z)
            return -jnp.take_along_axis(logs, named[:, None], 1).mean()
        return (jax.nn.softplus(z[:, 0]) - named * z[:, 0]).mean()

    def step(state: Any, given: Any) -> Any:
        parts, m, v, t = state
        rows, rate = given
        loss, g = jax.value_and_grad(loss_of)(parts, rows)
        t = t + 1
        if task.rule == "adam":
            m = jax.tree.map(lambda a, b: BETAS[0] * a + (1 - BETAS[0]) * b, m, g)
            v = jax.tree.map(lambda a, b: BETAS[1] * a + (1 - BETAS[1]) * b * b, v, g)
            left, right = 1 - BETAS[0] ** t, 1 - BETAS[1] ** t
            parts = jax.tree.map(
                lambda p, a, b: p - rate * (a / left) / (jnp.sqrt(b / right) + EPS), parts, m, v
            )
        else:
            m = jax.tree.map(lambda a, b: MOMENTUM * a + b, m, g)
            parts = jax.tree.map(lambda p, a: p - rate * a, parts, m)
        return (parts, m, v, t), loss

    def epoch(state: Any, given: Any) -> Any:
        order, rates = given
        rows = order[: full * task.batch].reshape(full, task.batch)
        state, losses = jax.lax.scan(step, state, (rows, rates[:full]))
        if full * task.batch == len(task.x):
            return state, losses
        state, last = step(state, (order[full * task.batch :], rates[full]))
        return state, jnp.append(losses, last)

    def train(parts: Any, orders: Any, rates: Any) -> Any:
        zeros = jax.tree.map(jnp.zeros_like, parts)
        state = (parts, zeros, zeros, jnp.float32(0))
        return jax.lax.scan(epoch, state, (orders, rates))[1].reshape(-1)

    many = jax.jit(jax.vmap(train, in_axes=(0, 1, 2), out_axes=1))
    rates = task.rates.reshape(task.epochs, -1, task.rates.shape[1])
    parts = [jnp.asarray(part) for part in task.split(task.start)]
    orders, rates = jnp.asarray(task.orders), jnp.asarray(rates)
    return lambda: np.asarray(many(parts, orders, rates))

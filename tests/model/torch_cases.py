"""Losses of one tensor that is used several times, each with its uses apart.

`python tests/model/torch_cases.py` writes their splits to `data/torch_uses.json`.
"""

import dataclasses
import importlib
import json
import math
from pathlib import Path

import pytest

from gradiometer.model import split_torch

DATA = Path(__file__).parent / "data" / "torch_uses.json"

torch = pytest.importorskip("torch")


def leaf(*shape, seed=0, dtype=None):
    made = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=made, dtype=dtype or torch.float64).requires_grad_()


def constant(*shape, seed=9):
    return leaf(*shape, seed=seed).detach()


class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w):
        return 2 * w

    @staticmethod
    def backward(ctx, g):
        return 2 * g


def tied_embedding(a, b):
    tokens = torch.tensor([[0, 3, 3], [2, 1, 0]])
    hidden = torch.nn.functional.embedding(tokens, a).tanh()
    logits = torch.nn.functional.linear(hidden, b)
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens.flatten())


def square(a, b):
    return (a * b).sum()


def two_losses(a, b):
    return (constant(3, 5) @ a).square().mean() + 0.1 * (b.abs() ** 3).sum()


def siamese(a, b, c):
    left, right, far = (
        constant(2, 5, seed=s) @ w for s, w in zip((1, 2, 3), (a, b, c), strict=True)
    )
    return ((left - right) ** 2).sum() - ((left - far) ** 2).tanh().sum()


def recurrent(a, b, c, d):
    state = constant(3, 5)
    for w in (a, b, c, d):
        state = torch.tanh(state @ w)
    return state.pow(2).sum()


def seen_through_views(a, b, c):
    rows = a[1:3].sum() * b.view(-1)[::2].exp().sum()
    return rows + c.T.expand(2, 5, 5).sin().sum()


def broadcast(a, b):
    return (a[0] + constant(7, 5)).sigmoid().sum() * (b[None] * constant(4, 5, 5)).sum()


def custom(a, b):
    return (Twice.apply(a) * b.cos()).sum()


def in_place(a, b):
    total = a * 3
    total.mul_(b)
    total[0] = 1
    return total.sum()


def opposed(a, b):
    return (a - b).sum() + (a * 0).sum()


def checkpointed(a, b):
    run = importlib.import_module("torch.utils.checkpoint").checkpoint
    hidden = run(lambda w: (constant(3, 5) @ w).tanh(), a, use_reentrant=False)
    return (hidden @ b).square().sum()


CASES = {
    "tied_embedding": (tied_embedding, 2, ["embedding", "linear"]),
    "square": (square, 2, ["mul, use 1", "mul, use 2"]),
    "two_losses": (two_losses, 2, ["matmul", "abs"]),
    "siamese": (siamese, 3, ["matmul #1", "matmul #2", "matmul #3"]),
    "recurrent": (recurrent, 4, ["matmul #1", "matmul #2", "matmul #3", "matmul #4"]),
    "seen_through_views": (
        seen_through_views,
        3,
        ["getitem #1 → sum #1", "view → exp", "T → sin"],
    ),
    "broadcast": (broadcast, 2, ["getitem #1 → add", "getitem #2 → mul #1"]),
    "custom": (custom, 2, ["twice", "cos"]),
    "in_place": (in_place, 2, ["mul #1", "mul #2"]),
    "checkpointed": (checkpointed, 2, ["matmul #1", "matmul #2"]),
}
"""Loss of as many copies of one tensor of 5 × 5 as it has uses, and what its uses are called."""


def by_name(found):
    return {tensor.name: tensor for tensor in found.tensors}


def plain_gradient(loss, tensor):
    (grad,) = torch.autograd.grad(loss, [tensor])
    return grad


def untie(loss, tensor, count):
    """What each use brings: its gradient where every use has a copy of its own."""
    copies = [tensor.detach().clone().requires_grad_() for _ in range(count)]
    return torch.autograd.grad(loss(*copies), copies)


def hold(split, parts, total):
    """The records are those of the parts; parts and records stand in the same order."""
    assert len(split.uses) == len(parts)
    flat = total.double().flatten()
    for use, part in zip(split.uses, (p.double().flatten() for p in parts), strict=True):
        size = float(part.norm() * flat.norm())
        assert use.norm == pytest.approx(float(part.norm()), rel=1e-12)
        assert use.dot == pytest.approx(float(part @ flat), rel=1e-12, abs=1e-12 * size)
        if size:
            assert use.cosine == pytest.approx(float(part @ flat) / size, rel=1e-9, abs=1e-12)
    if split.norm:
        assert math.fsum(use.share for use in split.uses) == pytest.approx(1, abs=1e-12)


def split_case(name):
    """The split of the tensor of that case."""
    loss, count, _ = CASES[name]
    return split_torch(lambda w: loss(*[w] * count), leaf(5, 5)).tensors[0]


def record():
    """Write every split, without the lines of code, which move."""
    splits = {name: dataclasses.asdict(split_case(name)) for name in CASES}
    for split in splits.values():
        for use in split["uses"]:
            del use["line"]
    made_with = {"torch": torch.__version__, "dtype": "float64"}
    text = json.dumps({"made_with": made_with, "splits": splits}, indent=1, sort_keys=True)
    DATA.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()

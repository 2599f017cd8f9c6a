"""Losses of one array that is used several times, each with its uses apart."""

import math

import numpy as np
import pytest

jax = pytest.importorskip("jax")
checkpoint_name = pytest.importorskip("jax.ad_checkpoint").checkpoint_name
jnp = jax.numpy


def double():
    """A context with numbers in double precision; the setting of the caller stays as it is."""
    return jax.enable_x64(True)


def array(*shape, seed=0, dtype=None):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), dtype)


def tied_embedding(a, b):
    tokens = np.array([[0, 3, 3], [2, 1, 0]])
    logits = jnp.tanh(a[tokens]) @ b.T
    return -jnp.mean(jax.nn.log_softmax(logits)[..., 0])


def square(a, b):
    return (a * b).sum()


def siamese(a, b, c):
    left, right, far = (array(2, 5, seed=s) @ w for s, w in zip((1, 2, 3), (a, b, c), strict=True))
    return ((left - right) ** 2).sum() - jnp.tanh((left - far) ** 2).sum()


def broadcasting(a, b):
    return (a[:, None, :] * array(5, 3, 5, seed=1)).sum() + (array(7, 5, 5, seed=2) * b).sum() ** 2


def recurrent(a, b):
    def step(state, x):
        return jnp.tanh(state @ a + x), None

    last, _ = jax.lax.scan(step, array(3, 5, seed=1), array(4, 3, 5, seed=2))
    return (last @ b).sum()


def rematerialised(a, b, c):
    def block(w, v, x):
        return jnp.tanh(x @ w) @ v

    return (jax.checkpoint(block)(a, b, array(2, 5, seed=1)) @ c).sum()


def nested_checkpoints(a, b, c):
    def inner(w, x):
        return jnp.sin(x @ w)

    def outer(w, v, x):
        return jax.checkpoint(inner)(v, jax.checkpoint(inner)(w, x))

    return (jax.checkpoint(outer)(a, b, array(2, 5, seed=1)) * c[:2]).sum()


def compiled(a, b, c):
    @jax.jit
    def layer(w, x):
        return jnp.tanh(x @ w)

    return (layer(b, layer(a, array(2, 5, seed=1))) + c[0]).sum()


def branches(a, b):
    chosen = jax.lax.cond(a[0, 0] > 1e9, lambda w: w, lambda w: w @ w, a)
    return (chosen * b).sum()


@jax.custom_jvp
def cubed(x):
    return x**3


@cubed.defjvp
def _(primals, tangents):
    return cubed(*primals), 3 * primals[0] ** 2 * tangents[0]


@jax.custom_vjp
def doubled(x):
    return 2 * x


doubled.defvjp(lambda x: (2 * x, None), lambda _, g: (2 * g,))


def own_rules(a, b, c):
    return (jax.nn.relu(a) * cubed(b) + doubled(c)).sum()


def vectorised(a, b):
    return jax.vmap(lambda x: jnp.tanh(a @ x) @ b @ x)(array(4, 5, seed=1)).sum()


def handed_on(a, b, c):
    """A step that hands its tangent on as it is has no equation in the linear program."""
    return (jnp.exp(a - 1.0) * checkpoint_name(b, "w") + jax.nn.softmax(c)).sum() ** 2


def three_terms(a, b, c):
    return (jnp.tanh(a) + jnp.concatenate([b, c], 1) @ array(10, 5, seed=1)).sum()


CASES = {
    "tied embedding": (tied_embedding, 2, ["gather", "transpose → matmul"]),
    "square": (square, 2, ["mul, use 1", "mul, use 2"]),
    "siamese": (siamese, 3, ["matmul #1", "matmul #2", "matmul #3"]),
    "broadcasting": (
        broadcasting,
        2,
        ["broadcast_in_dim #1 → mul #1", "broadcast_in_dim #2 → mul #2"],
    ),
    "recurrent": (recurrent, 2, ["scan", "matmul"]),
    "checkpoint": (rematerialised, 3, ["matmul #1", "matmul #2", "matmul"]),
    "nested checkpoints": (nested_checkpoints, 3, ["matmul #1", "matmul #2", "slice → mul"]),
    "compiled": (compiled, 3, ["matmul #1", "matmul #2", "slice → add"]),
    "branches": (branches, 2, ["cond", "mul"]),
    "own rules": (own_rules, 3, ["relu", "cubed", "doubled"]),
    "vectorised": (vectorised, 2, ["matmul #1", "matmul #2"]),
    "handed on": (handed_on, 3, ["sub", "name → mul", "softmax (sub)"]),
    "three terms": (three_terms, 3, ["tanh", "concatenate, use 1", "concatenate, use 2"]),
}
"""Loss of as many copies of one array of 5 × 5 as it has uses, and what its uses are called."""

ROUNDED_ANEW = {"checkpoint", "nested checkpoints", "compiled"}
"""Cases with functions that JAX compiles, so that their bits may differ."""


def by_name(found):
    return {tensor.name: tensor for tensor in found.tensors}


def untie(loss, w, count):
    """What each use brings: its gradient where every use has a copy of its own."""
    parts = jax.grad(loss, argnums=tuple(range(count)))(*[w] * count)
    return [np.asarray(part, np.float64).ravel() for part in parts]


def hold(split, parts, *, rel=1e-12):
    """The records are those of the parts; parts and records stand in the same order."""
    total = sum(parts)
    assert len(split.uses) == len(parts)
    for use, part in zip(split.uses, parts, strict=True):
        size = float(np.linalg.norm(part) * np.linalg.norm(total))
        # What is zero but for rounding has no digits to compare.
        tiny = rel * float(np.linalg.norm(total))
        assert use.norm == pytest.approx(float(np.linalg.norm(part)), rel=rel, abs=tiny)
        assert use.dot == pytest.approx(float(part @ total), rel=rel, abs=rel * size + tiny)
    assert split.norm == pytest.approx(float(np.linalg.norm(total)), rel=rel)
    assert math.fsum(use.share for use in split.uses) == pytest.approx(1, abs=rel)

"""Modules of Flax whose cost is known."""

import jax
import jax.numpy as jnp
from flax import linen, nnx


class Language(nnx.Module):
    def __init__(self, rngs):
        self.e = nnx.Embed(1000, 64, rngs=rngs)
        self.l = nnx.Linear(64, 64, rngs=rngs)
        self.norm = nnx.BatchNorm(64, rngs=rngs)
        self.drop = nnx.Dropout(0.5, rngs=rngs)
        self.again = self.l
        self.blocks = nnx.List([nnx.Linear(64, 64, rngs=rngs) for _ in range(2)])
        self.last = nnx.Sequential(nnx.Linear(64, 64, rngs=rngs), nnx.relu)

    def __call__(self, x):
        y = self.drop(self.norm(self.again(self.l(self.e(x)))))
        for block in self.blocks:
            y = block(y)
        return self.e.attend(self.last(y))


def make_nnx():
    return Language(nnx.Rngs(0))


class Twice(linen.Module):
    @linen.compact
    def __call__(self, x):
        return linen.Dense(4)(x)


class Picture(linen.Module):
    @linen.compact
    def __call__(self, x, train):
        x = linen.Dense(4, name="a")(linen.Conv(8, (3, 3))(x).mean((1, 2)))
        twice = Twice()
        x = linen.BatchNorm(use_running_average=not train)(twice(twice(x)))
        self.param("w", linen.initializers.zeros, (7,))
        return linen.Dropout(0.5, deterministic=not train)(linen.LayerNorm()(x))


class Reads(linen.Module):
    @linen.compact
    def __call__(self, x):
        return linen.RNN(linen.LSTMCell(64))(x)


class Chooses(linen.Module):
    @linen.compact
    def __call__(self, x):
        return jax.lax.cond(x.sum() > 0, lambda y: y @ y, lambda y: y, x)


class Loops(linen.Module):
    @linen.compact
    def __call__(self, x):
        return jax.lax.while_loop(lambda y: jnp.sum(y) < 1, lambda y: y @ y + 1, x)

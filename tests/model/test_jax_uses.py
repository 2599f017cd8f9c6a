"""The split of a JAX gradient is held against separate copies of the array for each use."""

import math
import random

import numpy as np
import pytest

from gradiometer.errors import ModelError
from gradiometer.model import split_jax

pytestmark = pytest.mark.oracle

jax = pytest.importorskip("jax")
cases = pytest.importorskip("model.jax_cases")
array, by_name, double, hold, untie = (
    cases.array,
    cases.by_name,
    cases.double,
    cases.hold,
    cases.untie,
)
checkpoint_name, jnp = cases.checkpoint_name, cases.jnp


def names(split):
    return [use.operation for use in split.uses]


@pytest.mark.parametrize("name", cases.CASES)
def test_each_use_brings_what_its_own_copy_would(name):
    loss, count, operations = cases.CASES[name]
    with double():
        w = array(5, 5)
        found = split_jax(lambda w: loss(*[w] * count), w)
        split = by_name(found)["params"]
        hold(split, untie(loss, w, count))
        assert names(split) == operations
        assert found.value == pytest.approx(float(loss(*[w] * count)), rel=1e-15)
    if name in cases.ROUNDED_ANEW:
        assert split.matches or "bit for bit" in split.note
    else:
        assert split.matches
        assert found.notes == ()


@pytest.mark.parametrize("seed", range(30))
def test_uses_of_random_programs_add_up_bit_for_bit(seed):
    choose = random.Random(seed)
    kinds = ("mm", "mul", "add", "tanh", "sub", "softmax", "square", "transpose", "exp", "stack")
    plan = [(choose.choice(kinds), choose.random()) for _ in range(choose.randint(2, 12))]

    def loss(w):
        past = [array(4, 4, seed=seed)]
        for kind, draw in plan:
            o = past[int(draw * len(past))]
            past.append(
                {
                    "mm": lambda o=o: o @ w,
                    "mul": lambda o=o: o * w * 0.5,
                    "add": lambda o=o: o + w,
                    "tanh": lambda o=o: jnp.tanh(w) - o,
                    "sub": lambda o=o: jax.nn.sigmoid(w - o) - w,
                    "softmax": lambda o=o: jax.nn.softmax(w + o),
                    "square": lambda: w * w + w @ w,
                    "transpose": lambda o=o: w.T[:2].sum(0) + o,
                    "exp": lambda: jnp.exp(-w),
                    "stack": lambda o=o: jnp.concatenate([w, o, w])[3:7],
                }[kind]()
            )
        return sum(p.sum() for p in past[1:])

    w = array(4, 4, seed=seed + 100, dtype=jnp.float32)
    found = split_jax(loss, w)
    assert all(tensor.matches for tensor in found.tensors)
    assert found.notes == ()
    split = by_name(found)["params"]
    assert split.norm == pytest.approx(
        float(np.linalg.norm(np.asarray(jax.grad(loss)(w), np.float64))), rel=1e-15
    )
    assert math.fsum(use.share for use in split.uses) == pytest.approx(1, abs=1e-5)


def test_array_used_by_position_and_as_a_view_has_a_split_of_its_own():
    with double():
        w = array(5, 5)

        def loss(w):
            turned = w.T
            return (turned @ array(5, 5, seed=3)).sum() ** 2 + jnp.sin(turned).sum()

        found = split_jax(loss, w)
        turned = by_name(found)["params → loss (transpose)"]
        parts = untie(lambda a, b: loss_of_two(a.T, b.T), w, 2)
        hold(turned, parts)
    assert turned.kind == "derived"
    assert names(by_name(found)["params"]) == ["transpose"]


def loss_of_two(a, b):
    return (a @ array(5, 5, seed=3)).sum() ** 2 + jnp.sin(b).sum()


def test_deep_chain_needs_no_recursion():
    count = 10_000

    def loss(w):
        x = w
        for _ in range(count // 2):
            x = jnp.sin(x) + w
        return x.sum()

    split = split_jax(loss, array(2, dtype=jnp.float32)).tensors[0]
    assert len(split.uses) == count // 2 + 1
    assert split.matches


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", "complex64"])
def test_other_types_are_split_bit_for_bit(dtype):
    w = array(4, 4).astype(dtype)
    found = split_jax(lambda w: jnp.abs(w * w + w @ w - w).sum().astype(jnp.float32), w)
    split = by_name(found)["params"]
    assert split.matches
    assert (split.dtype, len(split.uses)) == (dtype, 5)


def test_settings_of_the_caller_stay_as_they_are():
    before = jax.config.jax_enable_x64, jax.config.jax_disable_jit
    split = split_jax(lambda w: (w * w).sum(), np.ones(3)).tensors[0]
    assert (jax.config.jax_enable_x64, jax.config.jax_disable_jit) == before
    assert split.dtype == "float32"


def test_leaves_without_a_gradient_are_said():
    params = {"w": jnp.ones(3), "idle": jnp.ones(2), "count": 3, "rule": jnp.sin, "on": True}
    found = split_jax(lambda p: (p["w"] * p["count"]).sum(), params)
    assert [t.name for t in found.tensors] == ["idle", "w"]
    idle = by_name(found)["idle"]
    assert (idle.norm, idle.uses, idle.matches) == (0.0, (), True)
    assert idle.note == "The loss does not use it."
    assert found.notes == ("Whole numbers are held fixed: `count`, `on`.",)


def test_one_array_at_two_leaves_is_said():
    w = jnp.ones(3)
    found = split_jax(lambda p: (p["a"] * p["b"]).sum(), {"a": w, "b": w})
    assert found.notes == (
        "`a` and `b` are the same array, but JAX takes them for two parameters.",
    )


def test_uses_without_a_gradient_are_said():
    split = split_jax(
        lambda w: (jax.lax.stop_gradient(w) * w).sum() + (w > 0).sum(), jnp.ones(3)
    ).tensors[0]
    assert names(split) == ["mul"]
    assert "Through `stop_gradient` no gradient passes." in split.note
    assert "Through `gt` no gradient passes." in split.note


def test_loops_and_branches_are_said_to_be_one_use():
    def loss(w):
        named = jax.lax.scan(lambda c, _: (checkpoint_name(c @ w, "h"), None), w, None, length=2)
        return named[0].sum()

    found = split_jax(loss, jnp.ones((2, 2)), watch=["h"])
    assert "`scan` runs all its rounds at once: they are one use." in found.tensors[0].note
    assert found.notes == (
        "`h` is named inside of `scan`, which is one step: it is not split there.",
    )


def test_dropout_with_a_fixed_key_is_split_bit_for_bit():
    def loss(w):
        kept = jax.random.bernoulli(jax.random.key(0), 0.5, w.shape)
        return (jnp.where(kept, w, 0) * w).sum()

    split = split_jax(loss, array(4, 4, dtype=jnp.float32)).tensors[0]
    assert split.matches
    assert names(split) == ["where", "mul"]


def test_gradients_that_are_not_finite_are_said():
    found = split_jax(lambda w: jnp.log(w).sum() + (w * w).sum(), jnp.zeros(2))
    assert [use.share for use in found.tensors[0].uses] == [None] * 3
    assert "The loss itself is not finite." in found.notes
    assert any("no norm" in note for note in found.notes)


def test_random_loss_is_said_to_differ():
    source = np.random.default_rng(0)
    found = split_jax(lambda w: (w * source.normal()).sum() ** 2, jnp.ones(3))
    assert not found.tensors[0].matches
    assert "random numbers" in found.notes[0]


def test_uses_that_cancel_wholly_have_no_share():
    split = split_jax(lambda w: (w - w).sum(), jnp.ones(3)).tensors[0]
    assert [(use.norm, use.share) for use in split.uses] == [(math.sqrt(3), None)] * 2
    assert split.matches


@pytest.mark.parametrize(
    ("loss", "problem"),
    [
        (lambda w: w * 2, "not an array of 3"),
        (lambda w: (w.sum(), w), "not `tuple`"),
        (lambda w: (w > 0).sum(), "int32"),
        (lambda w: (w @ jnp.ones(7)).sum(), "The loss raised TypeError"),
        (lambda w: w.sum() if w.sum() > 0 else -w.sum(), "jax.numpy.where"),
        (
            lambda w: jax.lax.while_loop(lambda c: c.sum() < 9, lambda c: c * 2, w).sum(),
            "Reverse-mode differentiation",
        ),
    ],
)
def test_loss_that_cannot_be_asked_is_refused(loss, problem):
    with pytest.raises(ModelError) as raised:
        split_jax(loss, jnp.ones(3))
    assert problem in str(raised.value)


def test_leaf_as_loss_and_parameters_without_arrays_are_refused():
    with pytest.raises(ModelError, match="leaf itself"):
        split_jax(lambda w: w, jnp.float32(1))
    with pytest.raises(ModelError, match="can have a gradient"):
        split_jax(lambda p: 1.0, {"a": 3})

"""What Keras models cost, held against what Keras itself counts and what is known by hand."""

import os

import pytest

from gradiometer.errors import ModelError
from gradiometer.model import Example, count_network, describe_keras

os.environ.setdefault("KERAS_BACKEND", "jax")

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

keras = pytest.importorskip("keras")
layers = keras.layers
needs_jax = pytest.mark.skipif(keras.backend.backend() != "jax", reason="work is read through JAX")


def make_nested():
    """A frozen convolution, moving means, and a nested model that is used twice."""
    entering = keras.Input((8, 8, 3))
    x = layers.BatchNormalization(name="bn")(layers.Conv2D(4, 3, name="c")(entering))
    x = layers.Dense(5, name="d")(layers.GlobalAveragePooling2D()(x))
    inner = [keras.Input((5,)), layers.Dense(5, name="in"), layers.Dropout(0.5)]
    sub = keras.Sequential(inner, name="sub")
    model = keras.Model(entering, sub(sub(x)))
    model.get_layer("c").trainable = False
    return model


def test_moving_means_are_buffers_and_frozen_weights_are_apart():
    model = make_nested()
    live = describe_keras(model)
    found = count_network(live.rows)
    assert found.parameters == 112 + 8 + 25 + 30
    assert (found.frozen, found.buffers) == (112, 8)
    assert found.parameters + found.buffers == model.count_params()
    assert "Keras counts 8 numbers" in live.notes[0]


@needs_jax
def test_nested_model_works_at_each_call():
    live = describe_keras(make_nested())
    rows = {row.path: row for row in live.rows}
    assert rows["c"].multiply_adds[0].count == 36 * 27 * 4
    assert rows["sub.in"].multiply_adds[0].count == 2 * 25
    assert count_network(live.rows).multiply_adds == 36 * 27 * 4 + 20 + 50
    assert "1x8x8x3" in live.work


@needs_jax
def test_recurrent_layer_works_at_every_step():
    model = keras.Sequential([keras.Input((100, 64)), layers.LSTM(64)])
    found = count_network(describe_keras(model).rows)
    assert (found.parameters, found.multiply_adds) == (33_024, 3_276_800)
    assert found.parameters == model.count_params()


@needs_jax
def test_attention_works_on_all_pairs():
    entering = keras.Input((100, 64))
    model = keras.Model(entering, layers.MultiHeadAttention(4, 16)(entering, entering))
    found = count_network(describe_keras(model).rows)
    assert (found.parameters, found.multiply_adds) == (16_640, 2_918_400)


def test_model_without_sizes_is_refused():
    with pytest.raises(ModelError, match="has no sizes yet"):
        describe_keras(keras.Sequential([layers.Dense(3)]))


@needs_jax
def test_model_of_open_length_needs_an_example():
    model = keras.Sequential([keras.Input((None, 4)), layers.LSTM(4)])
    assert not describe_keras(model).is_counted
    live = describe_keras(model, Example(shape=(5, 4)))
    assert count_network(live.rows).multiply_adds == 5 * 2 * 4 * 4 * 4


@needs_jax
def test_layers_are_called_as_before():
    before = keras.layers.Layer.__call__
    describe_keras(make_nested())
    assert keras.layers.Layer.__call__ is before

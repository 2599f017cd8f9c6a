"""Records configurations of Keras models with their counts, as data for the tests of files.

Run it where Keras and a backend are: `python tests/agreement/record_keras_configs.py`.
"""

import gzip
import json
import math
import os
from pathlib import Path

DATA = Path(__file__).parent / "data" / "keras_configs"
APPLICATIONS = ("MobileNet", "ResNet50", "DenseNet121", "EfficientNetB0", "Xception")
NEEDLESS = ("initializer", "regularizer", "constraint")


def build_small(keras):
    """Small models by name; together they use every rule that has parameters."""
    models = {}

    def sequential(name, shape, *items, dtype="float32"):
        models[name] = keras.Sequential([keras.Input(shape, dtype=dtype), *items])

    for build in (build_images, build_lines, build_steps, build_products):
        build(keras.layers, sequential)
    build_graphs(keras, keras.layers, models)
    build_nested(keras, keras.layers, models, sequential)
    return models


def build_images(layers, sequential):
    """Layers for images."""
    sequential(
        "dense",
        (20,),
        layers.Dense(8, "relu"),
        layers.Dropout(0.5),
        layers.Dense(3, use_bias=False),
    )
    sequential(
        "conv",
        (32, 32, 3),
        layers.Rescaling(1 / 255),
        layers.Conv2D(8, 3, strides=2, padding="same", groups=1),
        layers.ZeroPadding2D(((1, 2), (0, 1))),
        layers.Conv2D(8, (3, 5), dilation_rate=2, groups=4),
        layers.BatchNormalization(),
        layers.PReLU(shared_axes=[1, 2]),
        layers.MaxPooling2D(),
        layers.DepthwiseConv2D(3, depth_multiplier=2),
        layers.BatchNormalization(scale=False),
        layers.AveragePooling2D(2, 1, "same"),
        layers.Flatten(),
        layers.Dense(4),
    )


def build_lines(layers, sequential):
    """Layers for sequences and upsampling."""
    sequential(
        "transpose",
        (5, 4, 6),
        layers.Conv2DTranspose(8, 3, strides=2),
        layers.Conv2DTranspose(4, 4, strides=2, padding="same", use_bias=False),
        layers.Conv2DTranspose(4, 3, strides=2, padding="same", output_padding=1),
        layers.Cropping2D(2),
        layers.UpSampling2D((2, 3)),
        layers.PReLU(),
    )
    sequential(
        "axes",
        (40, 6),
        layers.Conv1D(8, 3, padding="causal", dilation_rate=2),
        layers.SeparableConv1D(12, 5, depth_multiplier=2),
        layers.Conv1DTranspose(6, 3, strides=2),
        layers.DepthwiseConv1D(3),
        layers.ZeroPadding1D(2),
        layers.GroupNormalization(3),
        layers.GlobalAveragePooling1D(),
        layers.RepeatVector(4),
        layers.Permute((2, 1)),
        layers.Reshape((2, -1)),
        layers.LayerNormalization(axis=[1, 2]),
    )


def build_steps(layers, sequential):
    """Layers for volumes and time."""
    sequential(
        "volume",
        (8, 8, 8, 2),
        layers.Conv3D(4, 3),
        layers.Conv3DTranspose(2, 2, strides=2),
        layers.MaxPooling3D(),
        layers.SpatialDropout3D(0.1),
        layers.UpSampling3D(2),
        layers.GlobalMaxPooling3D(keepdims=True),
        layers.Dense(3),
    )
    sequential(
        "recurrent",
        (9,),
        layers.Embedding(50, 8),
        layers.Bidirectional(layers.LSTM(6, return_sequences=True)),
        layers.GRU(5, return_sequences=True),
        layers.GRU(5, reset_after=False, return_sequences=True),
        layers.SimpleRNN(4, use_bias=False, return_sequences=True),
        layers.TimeDistributed(layers.Dense(3)),
        layers.Bidirectional(layers.GRU(3), merge_mode="sum"),
        layers.Dense(2),
        dtype="int32",
    )


def build_products(layers, sequential):
    """Measured norms and equations."""
    sequential(
        "measured",
        (7, 3),
        layers.Normalization(),
        layers.Normalization(axis=None),
        layers.Normalization(mean=0.0, variance=1.0),
        layers.Dense(2),
        layers.RMSNormalization(),
    )
    sequential(
        "einsum",
        (6, 8),
        layers.EinsumDense("abc,cde->abde", (None, 2, 4), bias_axes="de"),
        layers.EinsumDense("...x,xy->...y", 5, bias_axes="y"),
    )


def build_graphs(keras, layers, models):
    """Shared layers, joins and attention."""
    image = keras.Input((16, 16, 3))
    conv = layers.Conv2D(3, 3, padding="same")
    mixed = layers.Add()([conv(conv(image)), image])
    separable = layers.SeparableConv2D(6, 3, padding="same")(mixed)
    joined = layers.Concatenate()([separable, mixed, image * 2.0])
    models["shared"] = keras.Model(
        image, layers.Dense(2)(layers.GlobalAveragePooling2D()(layers.Multiply()([joined, joined])))
    )

    tokens, memory = keras.Input((10, 12)), keras.Input((7, 5))
    attended = layers.MultiHeadAttention(3, 4, value_dim=5)(tokens, memory)
    again = layers.MultiHeadAttention(2, 4, use_bias=False, output_shape=9)(
        attended, attended, attended
    )
    models["attention"] = keras.Model([tokens, memory], layers.LayerNormalization()(again))


def build_nested(keras, layers, models, sequential):
    """Models inside models, frozen ones, states, channels first."""
    inner_in = keras.Input((8,))
    inner = keras.Model(
        inner_in, layers.Dense(4)(layers.BatchNormalization()(inner_in)), name="inner"
    )
    tower = keras.Sequential([keras.Input((8,)), layers.Dense(8), inner], name="tower")
    left, right = keras.Input((8,)), keras.Input((8,))
    models["siamese"] = keras.Model([left, right], layers.Dot(1)([tower(left), tower(right)]))

    frozen_base = keras.Sequential(
        [keras.Input((6,)), layers.Dense(5), layers.BatchNormalization()]
    )
    frozen_base.trainable = False
    sequential("frozen", (6,), frozen_base, layers.Dense(2))
    text = keras.Input((12,), dtype="int32")
    states = layers.LSTM(6, return_state=True)(layers.Embedding(30, 5)(text))
    models["states"] = keras.Model(text, [states[0], layers.Dense(3)(states[2])])
    channels_first = keras.Input((3, 16, 16))
    first = layers.Conv2D(4, 3, data_format="channels_first")(channels_first)
    models["channels_first"] = keras.Model(
        channels_first, layers.Dense(2)(layers.Flatten()(layers.BatchNormalization(axis=1)(first)))
    )


def slim(value):
    """The configuration without what no count depends on."""
    if isinstance(value, dict):
        return {key: slim(part) for key, part in value.items() if not key.endswith(NEEDLESS)}
    return [slim(part) for part in value] if isinstance(value, list) else value


def record():
    """Write one compressed file for each model."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    models = build_small(keras)
    models |= {name: getattr(keras.applications, name)(weights=None) for name in APPLICATIONS}
    for name, model in models.items():
        row = {
            "made_with": {"keras": keras.__version__},
            "parameters": model.count_params(),
            "trainable": sum(math.prod(weight.shape) for weight in model.trainable_weights),
            "config": slim(json.loads(model.to_json())),
        }
        text = json.dumps(row, separators=(",", ":")).encode()
        # No time in the header, so that the same models give the same bytes.
        (DATA / f"{name}.json.gz").write_bytes(gzip.compress(text, 9, mtime=0))


if __name__ == "__main__":
    record()

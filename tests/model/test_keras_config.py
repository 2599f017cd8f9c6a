"""Keras configurations that cannot be counted are refused with the layer, and never guessed."""

import copy

import pytest

from gradiometer.errors import GradiometerError, LimitError, ShapeError, StudyError
from gradiometer.model import read_keras_config


def layer(kind, name, *sources, **config):
    return {
        "class_name": kind,
        "name": name,
        "config": {"name": name, **config},
        "inbound_nodes": [[[source, 0, 0, {}] for source in sources]] if sources else [],
    }


def functional(*layers, ends=("d",)):
    start = layer("InputLayer", "i", batch_input_shape=[None, 4])
    config = {
        "layers": [start, *layers],
        "input_layers": [["i", 0, 0]],
        "output_layers": [[end, 0, 0] for end in ends],
    }
    return {"class_name": "Functional", "config": config}


GOOD = functional(layer("Dense", "d", "i", units=3))


def test_keras_2_nodes_are_read():
    assert sum(row.parameters for row in read_keras_config(GOOD, place=None)) == 15


@pytest.mark.parametrize(
    ("model", "error", "words"),
    [
        (functional(layer("Own", "d", "i")), StudyError, "`d`, a layer `Own`"),
        (functional(layer("Dense", "d", "i", units=-3)), GradiometerError, "units"),
        (functional(layer("Dense", "d", "i")), GradiometerError, "units"),
        (functional(layer("Dense", "d", "x", units=3)), StudyError, "not there"),
        (
            functional(layer("Add", "d", "i", "e"), layer("ReLU", "e", "d")),
            StudyError,
            "fed by what it feeds",
        ),
        (
            functional(layer("Lambda", "l", "i"), layer("Dense", "d", "l", units=3)),
            StudyError,
            "Lambda",
        ),
        (functional(layer("Conv2D", "d", "i", filters=3, kernel_size=3)), ShapeError, "axes"),
        (functional(layer("Dense", "d", "i", units=3, lora_rank=2)), StudyError, "lora_rank"),
        ({"class_name": "MyModel", "config": {}}, StudyError, "MyModel"),
    ],
)
def test_what_is_not_known_is_refused_by_name(model, error, words):
    with pytest.raises(error, match=words):
        read_keras_config(model, place=None)


def test_models_nested_without_end_are_refused():
    model = {"class_name": "Sequential", "config": {"layers": [layer("ReLU", "r")]}}
    for number in range(90):
        inner = {**model, "name": f"m{number}"}
        model = {"class_name": "Sequential", "config": {"layers": [inner]}}
    with pytest.raises(LimitError):
        read_keras_config(model, place=None)


WRONG = (None, -1, "x", [], {}, [[]], 1.5, True, 10**40)


def places(value, path=()):
    yield path
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(part, dict | list):
            yield from places(part, (*path, key))
        else:
            yield (*path, key)


def replaced(model, path, value):
    model = copy.deepcopy(model)
    part = model
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return model


RICH = functional(
    layer("Reshape", "s", "i", target_shape=[2, 2, 1]),
    layer("ZeroPadding2D", "z", "s", padding=[[1, 1], [1, 1]]),
    layer("Conv2D", "c", "z", filters=3, kernel_size=[2, 2], data_format="channels_last"),
    layer("BatchNormalization", "b", "c", axis=[3]),
    layer("PReLU", "p", "b", shared_axes=[1, 2]),
    layer("Concatenate", "k", "p", "b", axis=-1),
    layer("TimeDistributed", "t", "k", layer=layer("Dense", "u", units=2)),
    layer("EinsumDense", "e", "t", equation="abcd,de->abce", output_shape=[3, 3, 5], bias_axes="e"),
    layer("Permute", "o", "e", dims=[2, 1, 3]),
    layer("MultiHeadAttention", "m", "o", "o", num_heads=2, key_dim=3),
    layer("GlobalMaxPooling2D", "g", "m"),
    layer("RepeatVector", "r", "g", n=3),
    layer("Bidirectional", "d", "r", layer=layer("LSTM", "v", units=2), merge_mode="concat"),
)


@pytest.mark.parametrize("path", [path for path in places(RICH) if path], ids=str)
def test_a_wrong_value_anywhere_is_read_or_refused(path):
    assert read_keras_config(RICH, place=None)
    for value in WRONG:
        try:
            read_keras_config(replaced(RICH, path, value), place=None)
        except GradiometerError as error:
            assert str(error)  # noqa: PT017 - a refusal must say something

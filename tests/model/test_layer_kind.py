"""Entries of kinds of layers are read with their formulas, and refused with what is wrong."""

import pytest

from gradiometer.catalog import list_entries, list_vector_functions
from gradiometer.errors import FormulaError, StudyError
from gradiometer.model import find_layer_kind, list_layer_kinds, read_layer_kind

TABLE = {
    "name": "double",
    "about": "Twice.",
    "settings": {"times": {"default": "2"}},
    "shape": {"input": "*before, width", "output": "*before, times*width"},
    "tensors": {"weight": "width"},
    "multiply_adds": {"products": "product(before)*width"},
}


def _problem(**changes):
    with pytest.raises((StudyError, FormulaError)) as caught:
        read_layer_kind({**TABLE, **changes})
    return caught.value


@pytest.mark.parametrize("name", list_entries("layer"))
def test_every_kind_of_the_catalogue_is_read(name):
    kind = find_layer_kind(name)
    assert kind.name == name
    assert kind.forms or kind.body is not None


@pytest.mark.parametrize("name", list_entries("activation"))
def test_every_activation_is_a_kind_of_layer(name):
    assert find_layer_kind(name).name == name


@pytest.mark.parametrize("name", list_vector_functions())
def test_every_function_of_vectors_is_a_kind_of_layer(name):
    assert find_layer_kind(name) is not None


def test_other_names_mean_the_same_kind():
    assert find_layer_kind("Conv2d") is find_layer_kind("Conv2d")
    assert find_layer_kind("Conv2d").name == "conv"
    assert find_layer_kind("swish").name == "silu"
    assert find_layer_kind("no_such_layer") is None


def test_list_of_kinds_has_layers_activations_and_other_names():
    assert {"conv", "softmax", "relu", "SiLU", "LSTM"} <= set(list_layer_kinds())


def test_a_table_of_ones_own_is_a_kind():
    kind = read_layer_kind(TABLE)
    assert kind.settings["times"].default.text == "2"
    assert kind.forms[0].input == ("*before", "width")


def test_unknown_key_is_refused_with_the_nearest():
    error = _problem(multiply_add={})
    assert error.problem == "Unknown key `multiply_add`."
    assert error.hint == "write `multiply_adds`"


def test_unknown_name_in_a_formula_is_refused_with_the_nearest():
    error = _problem(tensors={"weight": "widht"})
    assert error.problem == "`weight` uses `widht`, which is neither a setting nor an axis."
    assert error.hint == "write `width`"


@pytest.mark.parametrize(
    "changes",
    [
        {"name": 3},
        {"about": None},
        {"shape": {}},
        {"shape": {"input": "width"}},
        {"shape": {"input": "2*width", "output": "width"}},
        {"shape": {"input": "*a, *b", "output": "3"}},
        {"shape": {"input": "*before, width", "output": "width", "outputs": "3"}},
        {"settings": {"times": {"default": "2", "domain": "[0, 1]"}}},
        {"settings": {"times": {"default": "2", "is": "integer"}}},
        {"settings": 3},
        {"tensors": {"weight": {"count": "3"}}},
        {"tensors": {"weight": {"shape": "width", "dtype": "float13"}}},
        {"tensors": {"weight": "width*("}},
        {"require": [{"that": "width > 1"}]},
        {"require": [{"that": "width > 1", "because": "{height}", "try": "more"}]},
        {"saved": {"tensors": ["inputs"]}},
        {"saved": {"tensors": ["input"], "bytes": 4}},
        {"takes": "words"},
        {"body": "relu"},
    ],
)
def test_a_wrong_entry_is_refused(changes):
    assert _problem(**changes).problem

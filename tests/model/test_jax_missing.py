"""Without JAX its losses are refused, and nothing else of the package minds."""

import pickle
import sys

import pytest

from gradiometer.errors import ModelError
from gradiometer.model import split_jax
from gradiometer.question.gradient_tensors import find_framework


def test_missing_library_is_named_with_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(ModelError) as raised:
        split_jax(lambda w: w, 1.0)
    assert raised.value.hint == "run `pip install 'gradiometer[jax]'`"
    assert pickle.loads(pickle.dumps(raised.value)).hint == raised.value.hint


def test_arrays_of_jaxlib_belong_to_jax():
    array = type("ArrayImpl", (), {"__module__": "jaxlib._jax"})()
    assert find_framework([{"w": array}]) == "jax"

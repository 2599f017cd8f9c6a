"""Rows read from configurations of Keras have exactly the parameters that Keras counts."""

import gzip
import json
from pathlib import Path

import pytest

from gradiometer.model import note_keras, read_keras_config

FILES = sorted((Path(__file__).parent / "data" / "keras_configs").glob("*.json.gz"))


def read_row(path):
    return json.loads(gzip.decompress(path.read_bytes()))


def test_there_are_recorded_models_of_both_kinds():
    kinds = {read_row(path)["config"]["class_name"] for path in FILES}
    assert len(FILES) >= 19
    assert kinds == {"Sequential", "Functional"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.split(".")[0])
def test_counts_are_those_of_keras(path):
    row = read_row(path)
    rows = read_keras_config(row["config"], place=None)
    statistics = sum(part.buffer_count for part in rows)
    trained = sum(own.count for part in rows for own in part.tensors if not own.frozen)
    assert sum(part.parameters for part in rows) + statistics == row["parameters"]
    assert trained == row["trainable"]
    assert bool(statistics) == bool(note_keras(rows))

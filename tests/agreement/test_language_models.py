"""A config.json read by us has the parameters that Hugging Face's classes have, to the last one."""

import json
import time

import pytest

from agreement.language_model_configs import CASES, HELD_OUT
from agreement.record_language_models import DATA, build, digest, measure
from gradiometer.model import count_network, read_config, walk_network

RECORDED = json.loads(DATA.read_text(encoding="utf-8"))["models"]

JOINED = frozenset(
    {"bloom", "deepseek_v2", "deepseek_v3", "falcon", "gpt2", "gpt_neox", "mixtral", "mpt", "phi3",
     "qwen2_moe", "qwen3_moe", "vit"}
)  # fmt: skip
"""Families whose class keeps queries, keys and values, or the halves of a gate, in one tensor, or
gives tensors axes of size 1: their shapes differ and their counts do not."""

TWICE = frozenset(
    {"deepseek_v2", "deepseek_v3", "gpt_neox", "llama", "mistral", "mixtral", "olmo", "phi", "phi3",
     "qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "stablelm", "starcoder2"}
)  # fmt: skip
"""Families whose class keeps each rotary table and a copy of it, and no other computed buffer."""

NAMES = [row["name"] for row in RECORDED]


def read(config):
    """The network of a configuration, its rows and its counts."""
    network = read_config(config)
    rows = walk_network(network.tree, settings=network.settings)
    return network, rows, count_network(rows)


@pytest.fixture(scope="module")
def models():
    return {row["name"]: (row, *read(row["config"])) for row in RECORDED}


def test_the_record_is_of_these_configurations():
    assert {row["name"]: row["config"] for row in RECORDED} == {**CASES, **HELD_OUT}
    assert len(CASES) >= 40
    assert len(HELD_OUT) >= 10


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_those_of_the_class(models, name):
    recorded, _, _, count = models[name]
    assert count.parameters == recorded["parameters"]
    assert count.trainable == recorded["trainable"]


@pytest.mark.parametrize("name", NAMES)
def test_parameters_at_every_name_are_those_of_the_class(models, name):
    recorded, network, _, count = models[name]
    further = sum(line.count for line in network.names)
    assert count.at_every_name + further == recorded["at_every_name"]


@pytest.mark.parametrize("name", NAMES)
def test_tensors_have_the_shapes_of_the_class(models, name):
    recorded, network, rows, _ = models[name]
    shapes = [t.shape for row in rows for t in row.tensors if not t.shared_with]
    if network.family in JOINED:
        assert len(shapes) >= recorded["tensors"]
    else:
        assert len(shapes) == recorded["tensors"]
        assert digest(shapes) == recorded["shapes"]


@pytest.mark.parametrize("name", NAMES)
def test_rotary_tables_have_the_size_of_the_class(models, name):
    recorded, network, _, count = models[name]
    if network.family in TWICE:
        assert 2 * count.buffers == recorded["buffers_computed"]


def test_families_with_other_shapes_are_really_others(models):
    for recorded, network, rows, _ in models.values():
        if network.family in JOINED:
            shapes = [t.shape for row in rows for t in row.tensors if not t.shared_with]
            assert digest(shapes) != recorded["shapes"]


def test_every_family_is_recorded(models):
    from gradiometer.catalog import list_entries

    assert {network.family for _, network, _, _ in models.values()} == set(list_entries("family"))


def test_a_file_takes_less_than_a_tenth_of_a_second(models):
    for name in models:
        start = time.process_time()
        read(models[name][0]["config"])
        assert time.process_time() - start < 0.1, name


@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES)
def test_the_installed_library_still_says_so(name):
    pytest.importorskip("transformers")
    recorded = next(row for row in RECORDED if row["name"] == name)
    assert sum(p.numel() for p in build(recorded["config"]).parameters()) == recorded["parameters"]
    assert measure(recorded["config"])["at_every_name"] == recorded["at_every_name"]

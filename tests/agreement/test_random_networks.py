"""Random networks have the counts and the memory that PyTorch was seen to give them."""

import json

import pytest

from agreement.record_random_networks import DATA
from gradiometer import parameters
from gradiometer.model import read_network_toml, read_network_tree, to_network_text
from gradiometer.model.network_spell_toml import to_network_toml

RECORDED = json.loads(DATA.read_text(encoding="utf-8"))
NETWORKS = RECORDED["networks"]
TENTHS = 10


def ask(row):
    answer = parameters(row["text"], batch=RECORDED["batch"], optimizer="adam")
    return {name: fact.value for name, fact in answer.facts.items()}


def sum_part(table, start):
    return sum(part["bytes"] for part in table if part["part"].startswith(start))


def find_wrong(row):
    """What is said otherwise of a network than it was recorded."""
    facts = ask(row)
    training, inference = facts["memory_training"], facts["memory_inference"]
    found = {name: facts[name] for name in ("parameters", "trainable", "buffers", "macs")}
    found["out"] = [int(axis) for axis in facts["layers"][-1]["out"].split("x")]
    found["saved"] = sum_part(training, "saved activations")
    found["adam"] = sum_part(training, "adam")
    # Rows add up to their totals.
    assert sum(layer["parameters"] for layer in facts["layers"]) == facts["parameters"]
    assert sum(facts["macs_by_line"].values()) == facts["macs"]
    assert sum_part(training, "") == facts["training_bytes"]
    assert sum_part(inference, "") == facts["inference_bytes"]
    return {
        name: (value, row[name]) for name, value in found.items() if row.get(name, value) != value
    }


@pytest.mark.parametrize("part", range(TENTHS))
def test_random_networks_count_as_torch_has_them(part):
    wrong = {row["text"]: found for row in NETWORKS[part::TENTHS] if (found := find_wrong(row))}
    assert wrong == {}


def test_enough_networks_of_every_kind_are_recorded():
    assert len(NETWORKS) > 300
    assert sum("saved" in row for row in NETWORKS) > 200
    text = " ".join(row["text"] for row in NETWORKS)
    words = "conv_transpose ceil_mode=true padding=same projection= kv_heads= tie= use( residual "
    words += "concat frozen=true bidirectional=true"
    assert [word for word in words.split() if word not in text] == []


def test_each_network_is_the_same_behind_its_text_and_its_toml():
    for row in NETWORKS:
        tree = read_network_tree(row["text"])
        assert read_network_tree(to_network_text(tree)) == tree
        assert read_network_toml(to_network_toml(tree)) == tree

"""Odd settings are counted as Hugging Face's classes have them, or refused."""

import json

import pytest

from agreement.record_odd_configs import DATA
from gradiometer.catalog import list_entries
from gradiometer.errors import GradiometerError
from gradiometer.model import count_network, read_config, walk_network

RECORDED = json.loads(DATA.read_text(encoding="utf-8"))["models"]


def count(config):
    """Our count, or None where the configuration is refused."""
    try:
        network = read_config(config)
        return count_network(walk_network(network.tree, settings=network.settings)).parameters
    except GradiometerError:
        return None


@pytest.mark.parametrize(
    "row", RECORDED, ids=[" ".join(row["config"]["architectures"]) for row in RECORDED]
)
def test_each_changed_setting_gives_the_count_of_the_class_or_is_refused(row):
    assert count(row["config"]) == row["parameters"]
    wrong = [
        (name, value, found, recorded)
        for name, value, recorded in row["changed"]
        if (found := count({**row["config"], name: value})) not in (None, recorded)
    ]
    assert wrong == []


def test_most_settings_are_counted_and_every_family_is_recorded():
    assert {row["config"]["model_type"] for row in RECORDED} == set(list_entries("family"))
    changes = [(row["config"], *change) for row in RECORDED for change in row["changed"]]
    assert len(changes) > 1_500
    counts = [count({**config, name: value}) for config, name, value, _ in changes[::10]]
    assert counts.count(None) < len(counts) / 10

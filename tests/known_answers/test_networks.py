"""Counts of known networks, each with its source, and counts that torchvision recorded."""

import tomllib
from pathlib import Path

import pytest

from gradiometer.catalog import list_entries, read_entry
from gradiometer.model import count_network, read_network_tree, read_template, walk_network

ROWS = tomllib.loads((Path(__file__).parent / "networks.toml").read_text(encoding="utf-8"))
COUNTS = (
    "parameters", "trainable", "frozen", "shared", "at_every_name", "buffers", "active",
    "multiply_adds",
)  # fmt: skip


def _walk(row):
    name = row["network"]
    known = name in list_entries("network")
    tree = read_template(read_entry("network", name)) if known else read_network_tree(name)
    return walk_network(tree, settings=row.get("settings"), input=row.get("input"))


@pytest.mark.parametrize("row", ROWS["network"], ids=lambda row: row["about"])
def test_known_network_has_its_counts(row):
    rows = _walk(row)
    count = count_network(rows)
    wanted = {key: row[key] for key in COUNTS if key in row}
    assert wanted
    assert {key: getattr(count, key) for key in wanted} == wanted
    for path, parameters in row.get("rows", {}).items():
        assert next(found for found in rows if found.path == path).parameters == parameters
    if "giga_multiply_adds" in row:
        thousandth = 10**6
        rounded = (count.multiply_adds + thousandth // 2) // thousandth
        assert rounded == int(row["giga_multiply_adds"].replace(".", ""))


def test_every_row_says_where_its_numbers_come_from():
    assert all(row["source"].strip() for row in ROWS["network"])

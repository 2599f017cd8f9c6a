"""Networks of the catalogue have the counts that libraries gave, and those that were published.

The numbers were recorded by `record_torchvision.py`, `record_keras.py` and `record_timm.py`.
"""

import json
from functools import cache
from pathlib import Path

import pytest

from gradiometer.catalog import find_name, list_entries, read_entry
from gradiometer.model import count_network, read_template, walk_network

DATA = Path(__file__).parent / "data"
LIBRARIES = ("torchvision", "keras", "timm")
HEADS = ("googlenet", "inception_v3")
"""Models that run their auxiliary outputs in training only: these have parameters, and no
multiply-adds in the recorded run."""
NOT_DESCRIBED: dict[str, str] = {}
"""Recorded models without a file in the catalogue, and why."""


def read_models(library):
    """The recorded rows of a library by the name of the model."""
    text = (DATA / f"{library}_counts.json").read_text(encoding="utf-8")
    return json.loads(text)["models"]


RECORDED = [(library, name) for library in LIBRARIES for name in read_models(library)]
DESCRIBED = [pair for pair in RECORDED if pair[1] not in NOT_DESCRIBED]
PUBLISHED = [name for name, row in read_models("torchvision").items() if row["published"]]


@cache
def rows_of(name, *, size=None, **settings):
    """The rows of a network of the catalogue, with another size of its image."""
    template = read_template(read_entry("network", name))
    return walk_network(template, input=size and f"3x{size}x{size}", settings=settings)


@cache
def count(name, *, size=None, **settings):
    """The counts of a network of the catalogue."""
    return count_network(rows_of(name, size=size, **settings))


def multiply_adds(name, *, size=None):
    """As the recorded run counts them: without outputs that work in training only."""
    settings = {"auxiliary": False} if name in HEADS else {}
    return count(name, size=size, **settings).multiply_adds


def difference(library, name):
    """Each recorded count that differs: ours and theirs. Nothing when all are equal."""
    row = read_models(library)[name]
    entry = find_name("network", name)
    found = count(entry)
    if library == "keras":
        # There the statistics of norms are parameters that are not trained.
        ours = {"parameters": found.parameters + found.buffers, "trainable": found.trainable}
    else:
        tensors = sum(len(part.tensors) for part in rows_of(entry))
        ours = {"parameters": found.parameters, "buffers": found.buffers, "tensors": tensors}
        ours["multiply_adds"] = multiply_adds(entry, size=row["size"])
    return {key: (value, row[key]) for key, value in ours.items() if value != row[key]}


@pytest.mark.parametrize(("library", "name"), DESCRIBED)
def test_recorded_counts_are_equal(library, name):
    assert difference(library, name) == {}


def test_more_than_a_hundred_recorded_models_are_described(capsys):
    lacking = [name for _, name in RECORDED if find_name("network", name) is None]
    with capsys.disabled():
        listed = "; ".join(f"{name}: {NOT_DESCRIBED.get(name)}" for name in lacking) or "none"
        print(f"\n{len(DESCRIBED)} of {len(RECORDED)} are described; not described: {listed}")
    assert lacking == list(NOT_DESCRIBED)
    assert len(DESCRIBED) > 100


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_counts_of_torchvision_are_equal(name):
    published = read_models("torchvision")[name]["published"]
    settings = {"auxiliary": False} if name == "googlenet" else {}
    found = count(name, size=published["size"], **settings)
    assert found.parameters == published["parameters"]
    # The published number is rounded to millions.
    giga = multiply_adds(name, size=published["size"]) / 10**9
    assert abs(giga - published["giga_multiply_adds"]) <= 0.000_500_001


KNOWN = {
    "alexnet": (61_100_840, 0, 0.714),
    "vgg16": (138_357_544, 0, 15.470),
    "vgg19": (143_667_240, 0, 19.632),
    "resnet18": (11_689_512, 9_620, 1.814),
    "resnet34": (21_797_672, 17_060, 3.664),
    "resnet50": (25_557_032, 53_173, 4.089),
    "resnet101": (44_549_160, 105_448, 7.801),
    "resnet152": (60_192_808, 151_579, 11.514),
    "convnext_tiny": (28_589_128, 0, 4.456),
    "swin_t": (28_288_354, 28_812, 4.491),
    "vit_b_16": (86_567_656, 0, 17.564),
    "vit_l_16": (304_326_632, 0, 61.555),
}
"""Parameters, buffers, and published multiply-adds in thousands of millions."""

LANGUAGE = {
    "gpt2": (124_439_808, 163_037_184),
    "gpt2_medium": (354_823_168, 406_286_336),
    "gpt2_large": (774_030_080, 838_359_040),
    "gpt2_xl": (1_557_611_200, 1_638_022_400),
}
"""Parameters, and parameters where the embedding counts at the output once more."""


@pytest.mark.parametrize("name", KNOWN)
def test_known_counts(name):
    parameters, buffers, giga = KNOWN[name]
    found = count(name)
    assert (found.parameters, found.buffers) == (parameters, buffers)
    assert round(found.multiply_adds / 10**9, 3) == giga


@pytest.mark.parametrize("name", LANGUAGE)
def test_known_counts_of_gpt2(name):
    found = count(name)
    assert (found.parameters, found.at_every_name) == LANGUAGE[name]


def test_resnet50_of_keras_has_biases_and_untrained_statistics():
    torch_rows = {row.path: row for row in rows_of("resnet50")}
    theirs, ours = count("keras_resnet50"), count("resnet50")
    biases = {
        row.path: row.parameters - torch_rows[row.path].parameters
        for row in rows_of("keras_resnet50")
        if row.parameters != torch_rows[row.path].parameters
    }
    assert {torch_rows[path].kind for path in biases} == {"conv"}
    assert sum(biases.values()) == theirs.parameters - ours.parameters == 26_560
    assert theirs.buffers == 53_120
    assert ours.buffers - theirs.buffers == len(biases) == 53
    recorded = read_models("keras")["ResNet50"]
    assert recorded["parameters"] == ours.parameters + 26_560 + 53_120


def test_auxiliary_outputs_have_parameters_of_their_own():
    assert count("googlenet").parameters - count("googlenet", auxiliary=False).parameters == sum(
        row.parameters for row in rows_of("googlenet") if row.path.startswith("aux")
    )
    assert count("googlenet", auxiliary=False).parameters == 6_624_904


def test_all_networks_are_walked():
    for name in list_entries("network"):
        assert count_network(walk_network(read_template(read_entry("network", name)))).parameters

"""Families of networks: one file, and a name for each variant; layers that families need."""

import pytest

from gradiometer.catalog import find_name, list_aliases, list_entries, read_entry
from gradiometer.errors import GradiometerError
from gradiometer.model import (
    count_network,
    list_saved,
    read_network_tree,
    read_template,
    to_network_text,
    walk_network,
)

NETWORKS = list_entries("network")
FAMILIES = [name for name in NETWORKS if read_entry("network", name).get("variants")]


def walk(text, **settings):
    return walk_network(read_network_tree(text), settings=settings)


def test_a_variant_is_its_family_with_other_defaults():
    family, variant = read_entry("network", "resnet"), read_entry("network", "resnet18")
    assert variant["body"] == family["body"]
    assert variant["name"] == "resnet18"
    assert variant["settings"]["depths"]["default"] == "2x2x2x2"
    assert variant["settings"]["classes"] == family["settings"]["classes"]
    assert "variants" not in variant
    assert variant["about"].endswith("Here unit = basic_block, depths = 2x2x2x2.")


def test_a_variant_has_names_of_its_own():
    assert find_name("network", "ResNet50") == "keras_resnet50"
    assert list_aliases("network")["VGG16"] == "vgg16"


@pytest.mark.parametrize("family", FAMILIES)
def test_variants_set_what_the_family_has(family):
    entry = read_entry("network", family)
    for name, row in entry["variants"].items():
        assert set(row) - {"about", "aliases", "reference"} <= set(entry["settings"])
        assert read_entry("network", name)["name"] == name


def test_no_name_means_two_things():
    kinds = {*list_entries("layer"), *list_aliases("layer")}
    names = [*NETWORKS, *list_aliases("network")]
    variants = [name for family in FAMILIES for name in read_entry("network", family)["variants"]]
    assert len(names) == len(set(names))
    assert len(variants) == len(set(variants))
    assert kinds.isdisjoint(names)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in FAMILIES])
def test_the_text_of_a_network_is_spelled_and_read_again(name):
    body = read_template(read_entry("network", name)).body
    assert read_network_tree(to_network_text(body)) == body


def test_branches_with_a_name_number_their_layers_together():
    rows = walk("8 -> both: concat { dense(2); dense(3) | dense(4); dense(5) }")
    assert [row.path for row in rows if row.kind == "dense"] == [
        "both.dense1",
        "both.dense2",
        "both.dense3",
        "both.dense4",
    ]


def test_defaults_may_use_the_axes_of_the_second_input():
    text = "8x16x16 -> old: relu; new: max_pool(2); identity(from=old); nasnet_fit(6, from=new)"
    assert walk(text)[-1].shape_out == (6, 8, 8)


def test_joined_weights_are_as_many():
    apart, joined = (
        walk(f"9x64 -> attention(4, joined={truth})")[0] for truth in ("false", "true")
    )
    assert apart.parameters == joined.parameters == 4 * 64 * 65
    assert (len(apart.tensors), len(joined.tensors)) == (8, 4)
    sizes = [[kept.size for kept in list_saved((row,))] for row in (apart, joined)]
    assert sizes[0] == sizes[1]


def test_joined_weights_need_one_input():
    text = "9x64 -> other: dense(32); dense(64); attention(4, joined=true, from=other)"
    with pytest.raises(GradiometerError, match="one input"):
        walk(text)


@pytest.mark.parametrize(
    ("text", "one", "two"),
    [
        ("14x14x96 -> layer_norm; window_attention(3)", 122_892, 245_784),
        ("14x14x96 -> layer_norm; window_attention(3, 8, true)", 425_475, 723_459),
    ],
)
def test_windows_keep_what_torch_keeps(text, one, two):
    # Measured by `saved_tensors_hooks` on torchvision 0.29.1 for one and for two examples.
    kept = list_saved((walk(text)[-1],))
    assert sum(row.size for row in kept) == one
    assert sum(row.size * (1 if row.once else 2) for row in kept) == two


def test_windows_are_padded():
    whole, padded = (walk(f"{side}x{side}x32 -> window_attention(2, 7)") for side in (14, 13))
    assert count_network(whole).multiply_adds == count_network(padded).multiply_adds
    assert padded[-1].shape_out == (13, 13, 32)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("14x14x32 -> window_attention(5)", "5 heads do not divide the width 32"),
        ("7x8x8 -> channel_part(2)", "7 channels are not 2 equal parts"),
        ("7x8x8 -> channel_shuffle(2)", "7 channels are not 2 equal groups"),
    ],
)
def test_what_does_not_divide_is_refused(text, problem):
    with pytest.raises(GradiometerError, match=problem):
        walk(text)


def test_channels_go_last_and_first_again():
    rows = walk("3x8x6 -> channels_last; gather_places(2); channels_first")
    assert [row.shape_out for row in rows] == [(8, 6, 3), (4, 3, 12), (12, 4, 3)]

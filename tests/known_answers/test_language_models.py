"""Published numbers of language models: parameters, active ones, and products of a forward pass.

Sources: the papers of the families, the headers of the published files, and KerasHub's presets.
"""

import json

import pytest

from agreement.language_model_configs import CASES, HELD_OUT
from gradiometer import parameters
from gradiometer.model import count_network, read_config, walk_network

PUBLISHED = {
    "bert-base-uncased": (109_482_240, 109_482_240),
    "bert-base-cased": (108_310_272, 108_310_272),
    "bert-large-uncased": (335_141_888, 335_141_888),
    "distilbert-base-uncased": (66_362_880, 66_362_880),
    "roberta-base": (124_645_632, 124_645_632),
    "gpt2": (124_439_808, 163_037_184),
    "gpt2-medium": (354_823_168, 406_286_336),
    "gpt2-large": (774_030_080, 838_359_040),
    "gpt2-xl": (1_557_611_200, 1_638_022_400),
    "llama-2-7b": (6_738_415_616, 6_738_415_616),
    "llama-2-13b": (13_015_864_320, 13_015_864_320),
    "llama-2-70b": (68_976_648_192, 68_976_648_192),
    "llama-3-8b": (8_030_261_248, 8_030_261_248),
    "llama-3.2-1b": (1_235_814_400, 1_498_482_688),
    "mixtral-8x7b": (46_702_792_704, 46_702_792_704),
}
"""Parameters once, and with tied tensors at each of their names."""


def count(config, **settings):
    network = read_config(config)
    rows = walk_network(network.tree, settings={**network.settings, **settings})
    return count_network(rows)


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_the_published_ones(name):
    found = count(CASES[name])
    assert (found.parameters, found.at_every_name) == PUBLISHED[name]


def test_roberta_with_its_output_is_the_header_of_its_file():
    assert count(CASES["roberta-base masked"]).parameters == 124_697_433


def test_header_of_gpt2_is_its_parameters_and_twelve_masks():
    network = read_config(CASES["gpt2"])
    places, layers = network.values["n_positions"], network.values["n_layer"]
    assert count(CASES["gpt2"]).parameters + layers * places**2 == 137_022_720
    assert any("1024 x 1024" in note for note in network.notes)


def test_header_of_llama_is_its_parameters_and_a_table_in_each_layer():
    network = read_config(CASES["llama-2-70b"])
    found = count(CASES["llama-2-70b"])
    layers = network.values["num_hidden_layers"]
    assert found.parameters + layers * found.buffers == 68_976_653_312
    assert any("one for each layer" in note for note in network.notes)


def test_active_parameters_of_mixtral_leave_out_six_of_eight_experts():
    # 46.7 billion less three quarters of the experts: 32 layers of 8 gated networks.
    experts = 32 * 8 * 3 * 4096 * 14336
    found = count(CASES["mixtral-8x7b"])
    assert found.active == 46_702_792_704 - experts * 6 // 8 == 12_879_925_248


@pytest.mark.parametrize(
    ("name", "billions"),
    [("qwen3-30b-a3b", 3.3), ("qwen3-235b-a22b", 22), ("deepseek-v3", 37), ("deepseek-v2", 21),
     ("deepseek-v2-lite", 2.4), ("qwen1.5-moe-a2.7b", 2.7), ("mixtral-8x22b", 39)],
)  # fmt: skip
def test_active_parameters_are_near_the_published_ones(name, billions):
    # What is published is rounded, and some leave out the embedding of the tokens.
    found = count({**CASES, **HELD_OUT}[name])
    near = [found.active, found.active - found.embedding]
    assert min(abs(each / 1e9 - billions) / billions for each in near) < 0.06


def test_products_of_gpt2_are_the_published_operations():
    found = count(CASES["gpt2"], length=1024)
    assert 2 * found.multiply_adds == 291_648_307_200


def test_products_follow_the_formula_of_a_decoder():
    for name, width, layers in (("gpt2-medium", 1024, 24), ("gpt2-xl", 1600, 48)):
        for length in (1, 100, 1024):
            matrices = layers * (12 * length * width**2 + 2 * length**2 * width)
            found = count(CASES[name], length=length)
            assert found.multiply_adds == matrices + length * width * 50257


def test_products_without_a_length_are_not_known():
    found = count(CASES["gpt2"])
    assert found.multiply_adds is None
    assert found.lacking


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("gpt2", 2 * 12 * 768),
        ("llama-2-7b", 2 * 32 * 4096),
        ("llama-3-8b", 2 * 32 * 8 * 128),
        ("mistral-7b-v0.1", 2 * 32 * 8 * 128),
        ("falcon-7b", 2 * 32 * 64),
        ("falcon-40b", 2 * 60 * 8 * 64),
        ("gemma-2b", 2 * 18 * 256),
        ("deepseek-v3", 61 * 576),
    ],
)
def test_cache_of_a_token(tmp_path, name, numbers):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**CASES, **HELD_OUT}[name]), encoding="utf-8")
    answer = parameters(file=str(path), length=1, precision="bf16")
    assert answer.facts["kv_cache"].value == 2 * numbers

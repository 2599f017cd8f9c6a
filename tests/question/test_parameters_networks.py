"""What any network costs: catalogue names, the notation, files, memory and scaling."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradiometer.catalog import list_entries
from gradiometer.errors import GradiometerError, UsageError
from gradiometer.model import count_network, read_network_tree, to_network_text, walk_network
from gradiometer.question.parameters import parameters
from gradiometer.question.parameters_scaling import read_varied
from properties.test_network_counts import layers

MODELS = tuple(name for name in list_entries("network"))


def _facts(*texts, **options):
    return parameters(list(texts), **options).facts


def _bytes(table):
    return sum(row["bytes"] for row in table.value)


@pytest.mark.parametrize("name", MODELS)
def test_rows_of_every_network_add_up(name):
    facts = _facts(name, optimizer="adam", batch=3)
    total = facts["parameters"].value
    assert sum(row["parameters"] for row in facts["layers"].value) == total
    assert facts["trainable"].value + facts["frozen"].value == total
    assert facts["embedding"].value + facts["non_embedding"].value == total
    tensors = facts["tensors"].value
    numbers = {
        role: sum(row["numbers"] for row in tensors if row["role"] == role)
        for role in ("parameter", "buffer")
    }
    assert numbers == {"parameter": total, "buffer": facts["buffers"].value}
    assert sum(row["macs"] for row in facts["layers"].value) == facts["macs"].value
    assert sum(facts["macs_by_line"].value.values()) == facts["macs"].value
    assert facts["flops"].value == 2 * facts["macs"].value
    assert _bytes(facts["memory_training"]) == facts["training_bytes"].value
    assert _bytes(facts["memory_inference"]) == facts["inference_bytes"].value


@pytest.mark.parametrize("pair", [("resnet18", "resnet34"), ("resnet50", "vit_b_16"),
                                  ("gpt2", "gpt2(layers=24, width=1024)"),
                                  ("lenet5", "lenet5_modern"), ("vgg16", "alexnet")])  # fmt: skip
def test_differences_of_networks_add_up(pair):
    facts = _facts(*pair)
    rows, counts = facts["difference"].value, facts["parameters"].value
    assert sum(row["difference"] for row in rows) == facts["total_difference"].value
    assert [sum(row[name] for row in rows) for name in counts] == list(counts.values())
    assert all(row[pair[1]] - row[pair[0]] == row["difference"] for row in rows)


@settings(max_examples=40, deadline=None)
@given(layers(), layers())
def test_rows_of_any_two_networks_add_up(left, right):
    trees = [read_network_tree(f"5x8 -> {text}") for text in (left, right)]
    totals = [count_network(walk_network(tree)).parameters for tree in trees]
    facts = _facts(*[to_network_text(tree) for tree in trees])
    assert list(facts["parameters"].value.values()) == totals
    assert sum(row["difference"] for row in facts["difference"].value) == totals[1] - totals[0]
    for rows, total in zip(facts["layers"].value.values(), totals, strict=True):
        assert sum(row["parameters"] for row in rows) == total
    # The names are the texts, which mean the same networks again.
    names = [re.sub(r" \(2\)$", "", name) for name in facts["parameters"].value]
    assert list(_facts(*names)["parameters"].value.values()) == totals


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("3x9x9; conv(64, 7)", "64 filters * 3 channels * 7*7 + 64 biases = 9,472"),
        ("8x9x9; conv(8, 3, groups=8, bias=false)", "8 filters * 1 channel * 3*3 = 72"),
        ("5x9x9; batch_norm", "5 scales + 5 shifts = 10"),
        ("tokens(7); embedding(100, 16)", "100 tokens * 16 = 1,600"),
    ],
)
def test_a_row_says_in_words_how_it_is_counted(text, counted):
    assert _facts(text)["layers"].value[0]["counted"] == counted


def test_repeated_layers_stand_in_one_row():
    rows = _facts("8 -> a: repeat 3 { dense(8); relu } -> dense(2)")["layers"].value
    assert [(row["layer"], row["times"]) for row in rows] == [
        ("a.0…2.dense", 3), ("a.0…2.relu", 3), ("dense", 1),
    ]  # fmt: skip
    assert rows[0]["counted"] == "3 * (8 inputs * 8 units + 8 biases) = 216"


def test_a_shared_tensor_is_counted_once_and_shown_at_both_places():
    text = "tokens(4); tok: embedding(100, 8); head: dense(100, bias=false, tie=tok.weight)"
    facts = _facts(text)
    assert (facts["parameters"].value, facts["shared"].value) == (800, 800)
    rows = {row["tensor"]: row for row in facts["tensors"].value}
    assert rows["tok.weight"]["also_at"] == "head.weight"
    assert (rows["head.weight"]["numbers"], rows["head.weight"]["also_at"]) == (0, "tok.weight")


def test_experts_that_rest_are_not_active():
    facts = _facts("5x8; experts(4, active=1) { dense(8, bias=false) }")
    assert facts["parameters"].value == 4 * 64 + 8 * 4
    assert facts["active"].value == 64 + 8 * 4


def test_frozen_parts_have_no_gradient_and_no_state():
    facts = _facts("8 -> dense(4, frozen=true) -> dense(2)", optimizer="adam")
    rows = {row["part"]: row["bytes"] for row in facts["memory_training"].value}
    assert facts["frozen"].value == 36
    assert (rows["weights"], rows["gradients"], rows["adam: m"]) == (4 * 46, 4 * 10, 4 * 10)
    assert rows["adam: step counts"] == 2 * 4


@pytest.mark.parametrize(
    ("text", "weights", "state"),
    [("100-100-20-1", 48_564, 97_152), ("100-20-100-1", 16_884, 33_792)],
)
def test_memory_of_the_two_networks_of_the_sheet(text, weights, state):
    rows = _facts(text, optimizer="adam", batch=32)["memory_training"].value
    found = {row["part"]: row["bytes"] for row in rows}
    assert (found["weights"], found["gradients"]) == (weights, weights)
    assert sum(size for part, size in found.items() if part.startswith("adam")) == state
    assert found["saved activations"] == 28_160


def test_what_an_optimizer_does_not_use_takes_no_memory():
    plain = _facts("3-2", optimizer="sgd")["training_bytes"].value
    momentum = _facts("3-2", optimizer="sgd", set={"momentum": "9/10"})["training_bytes"].value
    assert momentum - plain == 4 * 8


@pytest.mark.parametrize(
    ("precision", "each"),
    [("fp32", 16), ("bf16", 8), ("bf16_mixed", 16), ("fp16_mixed", 16), ("adam8bit", 16)],
)
def test_bytes_for_each_parameter_with_adam(precision, each):
    # Without activations and step counts; small tensors keep a plain state in 8 bits.
    rows = _facts("3-2", optimizer="adam", precision=precision)["memory_training"].value
    kept = [row for row in rows if row["part"] not in {"saved activations", "adam: step counts"}]
    assert sum(row["bytes"] for row in kept) == each * 8


def test_a_state_of_8_bits_has_a_scale_for_each_block():
    rows = _facts("100-100", bias=False, optimizer="adam", precision="adam8bit")
    found = {row["part"]: row["bytes"] for row in rows["memory_training"].value}
    assert (found["adam: m"], found["adam: m, scales of blocks"]) == (10_000, 40 * 4)
    assert found["adam: v, meanings of its bits"] == 256 * 4
    assert "adam: step counts" not in found


def test_statistics_of_a_batch_are_kept_once():
    one, two = (_facts("4x6x6; batch_norm", batch=n)["training_bytes"].value for n in (1, 2))
    assert two - one == 4 * 36 * 4


def test_the_cache_of_attention_grows_with_batch_and_length():
    facts = _facts("gpt2", batch=2, length=10, precision="bf16")
    assert facts["kv_cache"].value == 2 * 12 * 2 * 10 * 768 * 2
    assert _facts("vit_b_16")["kv_cache"].value == 0


_WRITER = (
    "e: embedding(9, 8); tokens(3); embedding(9, 8); block(2, causal=true, cross=true, from=e)"
)
"""What reads a text and writes another, behind the first input."""


def test_the_cache_holds_the_keys_of_another_sequence_once():
    text = f"tokens(4); {_WRITER}"
    facts = _facts(text, batch=5)
    assert facts["kv_cache"].value == 5 * 2 * (3 + 4) * 8 * 4
    assert "keys and values of the other sequence" in {
        p["part"] for p in facts["memory_inference"].value
    }


def test_without_a_text_that_is_written_no_keys_are_kept():
    text = "tokens(4); e: embedding(9, 8); tokens(3); embedding(9, 8); attention(2, from=e)"
    assert _facts(text)["kv_cache"].value == 0


def test_a_cache_is_open_where_the_other_sequence_has_no_length():
    text = f"tokens(?); {_WRITER}"
    assert _facts(text)["kv_cache"].status == "unknown"
    assert _facts(text)["inference_bytes"].status == "unknown"


def test_a_window_bounds_what_the_cache_holds():
    text = "tokens({}); embedding(9, 8); attention(2, causal=true, window=5)"
    kept = [_facts(text.format(n))["kv_cache"].value for n in (4, 5, 6, 90)]
    assert kept == [2 * n * 8 * 4 for n in (4, 5, 5, 5)]


def test_short_keys_are_what_latent_attention_keeps():
    text = "5x8; latent_attention(2, 6, plain_size=3, turned_size=2, value_size=3, causal=true)"
    assert _facts(text)["kv_cache"].value == 5 * (6 + 2) * 4


def test_a_size_that_is_not_given_leaves_the_work_open():
    facts = _facts("resnet18", input="3x?x?")
    assert facts["parameters"].value == 11_689_512
    assert (facts["macs"].status, facts["training_bytes"].status) == ("unknown", "unknown")
    assert "conv1" in facts["macs"].because


def test_options_change_the_network():
    assert _facts("resnet50", input="3x160x160")["macs"].value < 4_089_184_256
    assert _facts("4-3-2", activation="relu")["layers"].value[1]["kind"] == "relu"
    assert _facts("2x5x5; conv(3, 3); flatten; dense(2)", bias=False)["parameters"].value == 108
    assert _facts("gpt2", set={"layers": 24, "width": 1024})["parameters"].value == 354_823_168
    assert _facts("100-w-1", set={"w": 20})["parameters"].value == 2_041
    assert _facts("3-2-1", set={"widths[1]": 5})["parameters"].value == 26


def test_a_file_holds_a_network(tmp_path):
    path = tmp_path / "net.toml"
    path.write_text('input = "784"\n[[layer]]\nkind = "dense"\nout = 10\n', encoding="utf-8")
    body = tmp_path / "wide.toml"
    body.write_text(
        'name = "wide"\nbody = "8 -> dense(width)"\n[settings]\nwidth = { default = "3" }\n',
        encoding="utf-8",
    )
    facts = parameters(file=[str(path), str(body)], set={"width": 4}).facts
    assert facts["parameters"].value == {str(path): 7_850, str(body): 36}


def test_a_setting_is_varied():
    answer = parameters("100-w-20-1", vary="w=1:5:2")
    assert answer.facts["scaling"].value == [
        {"w": w, "parameters": 101 * w + 20 * w + 20 + 21, "macs": 120 * w + 20} for w in (1, 3, 5)
    ]
    assert list(answer.arrays["parameters"].values) == [162, 404, 646]
    assert set(answer.facts) == {"scaling"}


@pytest.mark.parametrize(
    ("text", "values"),
    [("w=3:5", (3, 4, 5)), ("w=1:100:3:log", (1, 10, 100)), ("w=9,2", (2, 9))],
)
def test_a_range_is_read(text, values):
    assert read_varied(text, key="vary").values == values


def _dense(w):
    return 121 * w + 41


@given(st.integers(162, 10**12))
@settings(max_examples=25, deadline=None)
def test_the_largest_width_within_a_budget_is_found(budget):
    solution = _facts("100-w-20-1", solve="w", budget=budget)["solution"]
    assert _dense(solution.value) <= budget < _dense(solution.value + 1)
    assert solution.status == "proved"


def test_a_width_on_a_grid_is_found():
    fact = _facts("gpt2", solve="width=64:8192:64", budget="1e9")["solution"]
    counts = [_facts(f"gpt2(width={fact.value + more})")["parameters"].value for more in (0, 64)]
    assert counts[0] <= 10**9 < counts[1]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("100-w-20-1", {"solve": "w", "budget": 10}),
        ("100-w-20-1", {"solve": "w=1:5", "budget": "1e9"}),
        # More groups, fewer weights.
        ("64x3x3; conv(64, 3, groups=g)", {"solve": "g=1,2,4,8", "budget": 20_000}),
    ],
)
def test_a_budget_that_is_not_met_in_the_range_is_open(text, options):
    fact = _facts(text, **options)["solution"]
    assert (fact.value, fact.status) == (None, "unknown")


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        ({"networks": "resnet51"}, "resnet50"),
        ({"networks": "gpt2(layer=3)"}, "layers"),
        ({"networks": "resnet50", "set": {"clases": 3}}, "classes"),
        ({"networks": "100-w-1"}, "--set w=8"),
        ({"networks": "8 -> dense(w)"}, "--set w=8"),
        ({"networks": "100-w-1", "solve": "w"}, "--budget"),
        ({"networks": "100-w-1", "set": {"w": 1}, "budget": 3}, "--solve"),
        ({"networks": "100-w-1", "set": {"w": 1}, "vary": "w=5:1"}, "first:last"),
        ({"networks": "3-2", "vary": "w=1:3"}, "100-w-1"),
        ({"networks": "gpt2", "solve": "width", "budget": "1e9"}, "--solve width=64:4096:64"),
        ({"networks": "gpt2", "precision": "bf15"}, "bf16"),
        ({"networks": "gpt2", "optimizer": "adm"}, "adam"),
        ({"networks": "net.toml"}, "--file net.toml"),
        ({"networks": "3-2", "batch": 0}, "--batch 32"),
        ({"networks": "3-2", "length": 4}, "--input"),
        ({"networks": "3x8x8; conv(4, 9)"}, "smaller kernel"),
        ({"networks": "3-2", "set": {"widths[2]": 3}}, "widths"),
    ],
)
def test_a_bad_request_says_what_to_write(call, hint):
    with pytest.raises(GradiometerError) as caught:
        parameters(**call)
    assert hint in f"{caught.value.hint} {caught.value.known}"


def test_a_name_of_two_owners_is_refused():
    text = "8 -> dense(eps)"
    with pytest.raises(UsageError, match="optimizer"):
        parameters(text, optimizer="adam", set={"eps": 4})
    facts = parameters(text, optimizer="adam", set={"adam.eps": 0, "8; dense(eps).eps": 4}).facts
    assert facts["parameters"].value == 36


def test_json_of_a_large_network_is_strict_and_the_same():
    texts = [parameters("gpt2").to_json() for _ in range(2)]
    assert texts[0] == texts[1]
    assert json.loads(texts[0])["facts"]["parameters"]["value"]["exact"] == "124439808"

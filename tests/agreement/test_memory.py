"""What we say is kept in memory while a network trains is what PyTorch kept, to the byte."""

import json

import pytest

from agreement.record_memory import DATA, LARGE, OPTIMIZERS, measure_all
from gradiometer.catalog import list_entries, read_entry
from gradiometer.model import list_saved, read_network_tree, walk_network
from gradiometer.question.parameters import parameters

RECORDED = json.loads(DATA.read_text(encoding="utf-8"))
RECIPES = {"float32": "fp32", "bfloat16": "bf16"}
RULES = list_entries("optimizer")
"""More rules of torch are recorded, for the day the catalogue has them."""
OPTIONS = {"betas": "beta1", "nesterov": "nesterov"}


def kept(text, *, batch, dtype):
    """The bytes of the rows of saved activations."""
    answer = parameters(text, batch=batch, precision=RECIPES[dtype])
    table = answer.facts["memory_training"].value
    return sum(row["bytes"] for row in table if row["part"].startswith("saved activations"))


def sizes(row):
    return [(d, int(b), n) for d in RECIPES for b, n in row["saved"].get(d, {}).items()]


@pytest.mark.parametrize("row", RECORDED["saved"], ids=lambda row: row["name"])
def test_saved_activations_are_those_that_torch_kept(row):
    expected = sizes(row)
    assert expected
    for dtype, batch, size in expected:
        assert kept(row["text"], batch=batch, dtype=dtype) == size, (dtype, batch)


def test_the_record_is_wide_enough_to_mean_something():
    assert len(RECORDED["saved"]) >= 100
    assert all({"1", "32"} <= set(row["saved"]["float32"]) for row in RECORDED["saved"]
               if row["name"] not in LARGE)  # fmt: skip
    assert not any("refused" in row["saved"] for row in RECORDED["saved"])


def test_the_saved_bytes_of_published_networks():
    """ResNet-50 keeps 86.1 MB for one example and 343.9 MB for four; both small ones the same."""
    assert kept("resnet50", batch=1, dtype="float32") == 86_121_984
    assert kept("resnet50", batch=4, dtype="float32") == 343_850_496
    assert kept("100-100-20-1", batch=32, dtype="float32") == 28_160
    assert kept("100-20-100-1", batch=32, dtype="float32") == 28_160


def state_of(row):
    """The bytes of weights, gradients and state by our count."""
    settings = {
        OPTIONS.get(key, key): str(value[0] if isinstance(value, list) else value)
        for key, value in row["options"].items()
    }
    answer = parameters(row["text"], optimizer=row["optimizer"].lower(), set=settings)
    sums = {}
    for part in answer.facts["memory_training"].value:
        sums[part["part"].partition(":")[0]] = (
            sums.get(part["part"].partition(":")[0], 0) + part["bytes"]
        )
    return sums["weights"], sums["gradients"], sums.get(row["optimizer"].lower(), 0)


@pytest.mark.parametrize(
    "row",
    [row for row in RECORDED["optimizers"] if row["optimizer"].lower() in RULES],
    ids=lambda row: f"{row['optimizer']} {row['options']} of {row['text']}",
)
def test_state_of_an_optimizer_is_that_of_torch(row):
    expected = (row["weights"], row["gradients"], sum(row["state"].values()))
    assert state_of(row) == expected


def test_every_rule_of_the_catalogue_that_counts_steps_as_torch_does_was_recorded():
    recorded = {row["optimizer"].lower() for row in RECORDED["optimizers"]}
    counting = {name for name in RULES if "counter_bytes" in read_entry("optimizer", name)}
    assert {"adam", "adamw"} <= counting <= recorded
    assert {name.lower() for name, _ in OPTIMIZERS} == recorded


FACTORED = """
name = "factored"
counter_bytes = 4
[state]
r = "0"
c = "0"
v = "0"
n = "0"
[step]
"r'" = "r/2 + row_mean(g^2)"
"c'" = "c/2 + column_mean(g^2)"
"v'" = "v/2 + g^2"
"n'" = "n/2 + norm(g)"
d = "where(axes(x) >= 2, sqrt(r'*c'/mean(r')), sqrt(v'))"
"x'" = "x - g/d/(1 + n')"
"""


def test_a_state_of_rows_and_columns_takes_what_the_factored_rule_of_torch_takes(tmp_path):
    """Adafactor keeps of a matrix one number for each row and column, of a vector all."""
    path = tmp_path / "factored.toml"
    path.write_text(FACTORED, encoding="utf-8")
    answer = parameters("100 -> dense(20); dense(3, bias=false)", optimizer=str(path))
    parts = {p["part"]: p["bytes"] for p in answer.facts["memory_training"].value}
    assert parts["factored: r"] == 4 * (20 + 3)
    assert parts["factored: c"] == 4 * (100 + 20)
    assert parts["factored: v"] == 4 * 20
    assert parts["factored: n"] == 4 * 3
    assert parts["factored: step counts"] == 4 * 3


def test_a_convolution_is_many_matrices_to_a_factored_rule(tmp_path):
    """PyTorch's Adafactor averages over the last axis, and over the one before it."""
    path = tmp_path / "factored.toml"
    path.write_text(FACTORED, encoding="utf-8")
    answer = parameters("3x8x8 -> conv(5, 3, bias=false)", optimizer=str(path))
    parts = {p["part"]: p["bytes"] for p in answer.facts["memory_training"].value}
    assert parts["factored: r"] == parts["factored: c"] == 4 * 5 * 3 * 3
    assert "factored: v" not in parts


def test_the_state_of_adam_for_published_networks():
    """Weights, gradients and state with its step counts, in bytes."""
    row = {"optimizer": "Adam", "options": {}}
    assert state_of({**row, "text": "100-100-20-1"}) == (48_564, 48_564, 97_152)
    assert state_of({**row, "text": "100-20-100-1"}) == (16_884, 16_884, 33_792)


def test_what_is_kept_once_a_batch_does_not_grow_with_it():
    text = "3x8x8 -> conv(5, 3); batch_norm; relu; conv(2, 3)"
    one, many = (kept(text, batch=batch, dtype="float32") for batch in (1, 32))
    # A mean and a deviation of five channels, of four bytes each.
    assert 32 * one - many == 31 * 2 * 5 * 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The two layers read one tensor, which is kept once.
        ("8 -> add { dense(4) | dense(4) }", ["input"]),
        # A view keeps the whole of what it is a view of.
        ("6x5 -> layer_norm; last_step; dense(2)",
         ["input", "layer_norm", "layer_norm inverse deviation", "layer_norm mean"]),
        # Nothing is learned before the frozen layer, and nothing in it.
        ("8 -> a: dense(8, bias=false, frozen=true); b: dense(8, bias=false, tie=a.weight)", []),
        ("8 -> a: mlp(8, frozen=true); b: mlp(8, tie=a)", []),
    ],
)  # fmt: skip
def test_which_tensors_are_kept(text, expected):
    rows = walk_network(read_network_tree(text))
    assert sorted(row.tensor for row in list_saved(rows)) == sorted(expected)


def test_a_view_of_a_part_keeps_all_of_it():
    rows = walk_network(read_network_tree("6x5 -> layer_norm; last_step; dense(2)"))
    assert {row.tensor: row.size for row in list_saved(rows)}["layer_norm"] == 30


def test_a_copy_in_another_type_is_a_tensor_of_its_own():
    text = "6x5 -> dense(4); rms_norm(scale=false)"
    rows = walk_network(read_network_tree(text))
    types = [row.dtype for row in list_saved(rows, dtype="bfloat16")]
    assert types == ["bfloat16", "float32", "float32"]


@pytest.mark.oracle
@pytest.mark.slow
# Torch warns of graphics cards whenever its library for processors is switched off.
@pytest.mark.filterwarnings("ignore:TF32 acceleration on top of oneDNN")
def test_torch_still_keeps_what_was_recorded():
    torch = pytest.importorskip("torch")
    with torch.backends.mkldnn.flags(enabled=False):
        found = {row["name"]: row for row in measure_all(torch, skip=tuple(LARGE))}
    expected = {row["name"]: row for row in RECORDED["saved"] if row["name"] not in LARGE}
    assert found == expected


@pytest.mark.parametrize(
    "row", json.loads((DATA.parent / "adam8bit.json").read_text(encoding="utf-8"))["states"],
    ids=lambda row: row["text"],
)  # fmt: skip
def test_a_state_of_8_bits_has_the_bytes_that_bitsandbytes_keeps(row):
    facts = parameters(row["text"], optimizer="adam", precision="adam8bit").facts
    parts = [p for p in facts["memory_training"].value if p["part"].startswith("adam")]
    assert sum(part["bytes"] for part in parts) == row["bytes"]

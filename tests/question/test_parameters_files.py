"""Files of weights and configurations, as the question `parameters` counts them."""

import json
from pathlib import Path

import pytest

from gradiometer.errors import GradiometerError, StudyError, UsageError
from gradiometer.model import read_weights
from gradiometer.question.parameters import parameters

STORED = Path(__file__).resolve().parents[1] / "model" / "data" / "stored"
LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "num_hidden_layers": 32,
    "vocab_size": 128256,
    "rms_norm_eps": 1e-5,
    "hidden_act": "silu",
    "max_position_embeddings": 8192,
    "tie_word_embeddings": False,
}


@pytest.mark.parametrize("name", ["image.safetensors", "tied.safetensors", "small.gguf"])
def test_a_file_of_weights_counts_what_it_holds(name):
    path = str(STORED / name)
    stored, facts = read_weights(path), parameters(file=path).facts
    total = facts["parameters"].value
    assert total == stored.count() == sum(row["parameters"] for row in facts["layers"].value)
    assert facts["buffers"].value == stored.count("buffer")
    assert facts["stored_bytes"].value == sum(row["bytes"] for row in facts["stored"].value)
    # A file says neither what is trained nor how its tensors are used.
    for fact in ("trainable", "frozen", "macs", "flops", "embedding"):
        assert facts[fact].status == "unknown"
    assert "memory_training" not in facts


def test_a_second_name_of_the_same_data_is_shown_and_not_counted():
    rows = parameters(file=str(STORED / "tied.safetensors")).facts["tensors"].value
    tied = [row for row in rows if row.get("also_at")]
    assert {row["numbers"] for row in tied} == {160, 0}


def test_a_config_is_counted_by_its_family(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(LLAMA), encoding="utf-8")
    answer = parameters(file=str(path), length=1024)
    assert answer.facts["parameters"].value == 8_030_261_248
    # The file does not say what its family is made of.
    assert "proved" not in {fact.status for fact in answer.facts.values()}
    # 32 layers, 8 heads of keys and of values of 128 numbers, 1024 places, 4 bytes.
    assert answer.facts["kv_cache"].value == 32 * 2 * 8 * 128 * 1024 * 4
    assert answer.warnings
    assert parameters(file=str(path)).facts["macs"].status == "unknown"


@pytest.mark.parametrize("name", ["image.keras", "keras_config.json"])
def test_a_keras_file_is_counted_without_keras(name):
    facts = parameters(file=str(STORED / name)).facts
    rows = facts["tensors"].value
    assert facts["parameters"].value == sum(
        row["numbers"] for row in rows if row["role"] == "parameter"
    )
    assert facts["parameters"].value > 0
    assert facts["macs"].status == "unknown"


def test_a_file_stands_beside_a_network():
    facts = parameters("3-2", file=str(STORED / "tied.safetensors")).facts
    assert sum(row["difference"] for row in facts["difference"].value) == 232 - 8
    assert facts["total_difference"].value == 232 - 8
    assert {facts[name].status for name in ("difference", "parameters")} == {"computed"}


def test_a_pickle_is_refused_for_what_it_is(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(StudyError, match="pickle"):
        parameters(file=str(path))


def test_options_that_change_a_description_are_refused_of_a_file():
    with pytest.raises(UsageError, match="counted as it is"):
        parameters(file=str(STORED / "tied.safetensors"), length=8)
    with pytest.raises(GradiometerError):
        parameters(file=str(STORED / "tied.safetensors"), set={"width": 8})

"""What a config.json says is read exactly, and what it cannot say is said."""

import json
import pickle
import subprocess
import sys
import time

import pytest

from gradiometer.errors import (
    DomainError,
    GradiometerError,
    LimitError,
    ShapeError,
    StudyError,
    UnknownNameError,
    UsageError,
    render_error,
)
from gradiometer.model import count_network, read_config, walk_network
from gradiometer.model.config_family import read_config_family

GPT2 = {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_embd": 768, "n_layer": 12}
LLAMA = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 100,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}


def count(config, **settings):
    network = read_config(config, settings=settings)
    return count_network(walk_network(network.tree, settings=network.settings))


def test_a_path_a_folder_and_a_table_are_one(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(LLAMA), encoding="utf-8")
    for source in (path, str(path), tmp_path):
        assert read_config(source).settings == read_config(LLAMA).settings


def test_other_names_of_a_key_mean_the_same():
    other = {**GPT2, "hidden_size": GPT2["n_embd"], "num_hidden_layers": GPT2["n_layer"]}
    del other["n_embd"], other["n_layer"]
    assert count(other) == count(GPT2)


def test_two_names_of_a_key_may_not_disagree():
    with pytest.raises(DomainError, match=r"`n_embd` says 768 and `hidden_size` says 512"):
        read_config({**GPT2, "hidden_size": 512})


def test_null_is_what_the_class_makes_of_it():
    config = {"model_type": "mistral", "architectures": ["MistralForCausalLM"]}
    assert read_config(config).values["num_key_value_heads"] == 8
    assert read_config({**config, "num_key_value_heads": None}).values["num_key_value_heads"] == 32


def test_values_may_be_replaced():
    deep = count(LLAMA, num_hidden_layers=5)
    assert deep == count({**LLAMA, "num_hidden_layers": 5})
    with pytest.raises(UnknownNameError) as caught:
        read_config(LLAMA, settings={"num_hidden_layer": 5})
    assert "num_hidden_layers" in render_error(caught.value)


def test_a_tied_output_counts_once():
    tied, free = ({**LLAMA, "tie_word_embeddings": truth} for truth in (True, False))
    assert count(free).parameters - count(tied).parameters == 100 * 32
    assert count(free).parameters == count(tied).at_every_name


def test_labels_are_counted_from_their_names():
    config = {**LLAMA, "architectures": ["LlamaForSequenceClassification"]}
    three = {**config, "id2label": {"0": "a", "1": "b", "2": "c"}}
    assert count(three).parameters - count({**config, "num_labels": 1}).parameters == 2 * 32


def test_an_embedding_is_told_from_the_rest():
    found = count(LLAMA)
    assert found.embedding == 100 * 32
    assert found.embedding + found.non_embedding == found.parameters


def test_a_table_of_places_is_a_buffer_that_files_do_not_hold():
    assert count(LLAMA).buffers == 4
    assert any("rotary" in note for note in read_config(LLAMA).notes)


def test_what_the_file_leaves_out_is_said():
    notes = read_config({"model_type": "llama"}).notes
    assert any("names no class" in note and "LlamaForCausalLM" in note for note in notes)
    assert any("`hidden_size` = 4096" in note for note in notes)
    assert not any("`hidden_size`" in note for note in read_config(LLAMA).notes)


def test_a_key_that_is_not_known_is_said():
    (note,) = [n for n in read_config({**LLAMA, "use_magic": True}).notes if "not known" in n]
    assert "`use_magic`" in note
    harmless = {**LLAMA, "rope_theta": 1e4, "torch_dtype": "float16", "bos_token_id": 1}
    assert not any("not known" in note for note in read_config(harmless).notes)


def test_a_key_that_is_not_known_and_may_change_the_count_is_refused():
    for key, value in [("extra_layers", 3), ("use_out_bias", True), ("expert_ids", [1])]:
        with pytest.raises(UsageError, match=f"`{key}` is not known for the family `llama`"):
            read_config({**LLAMA, key: value})
    with pytest.raises(UsageError, match="write `intermediate_size`"):
        read_config({**LLAMA, "intermediate_sizes": 12})
    # What is nothing or a text adds nothing.
    for key, value in [("extra_layers", 0), ("use_out_bias", False), ("norm_type", "rms")]:
        assert count({**LLAMA, key: value}) == count(LLAMA)


def test_quantised_files_and_code_of_their_own_are_said():
    config = {**LLAMA, "quantization_config": {"bits": 4}, "auto_map": {"AutoModel": "m.M"}}
    notes = " ".join(read_config(config).notes)
    assert "quantised" in notes
    assert "auto_map" in notes


def test_a_window_does_not_change_the_count():
    config = {**LLAMA, "model_type": "mistral", "architectures": ["MistralForCausalLM"]}
    config["num_key_value_heads"] = 2
    assert count({**config, "sliding_window": 16}) == count(config)


@pytest.mark.parametrize(
    ("config", "error", "said"),
    [
        ({}, StudyError, "no text `model_type`"),
        ({"model_type": 3}, StudyError, "no text `model_type`"),
        ({"model_type": "lama"}, UsageError, "write `llama`"),
        ({"model_type": "wav2vec2"}, UsageError, "not in the catalogue"),
        (
            {"model_type": "gemma3", "text_config": {"model_type": "gemma3_text"}},
            UsageError,
            "give the part `text_config` alone",
        ),
        ({**LLAMA, "architectures": ["LlamaForCausaLM"]}, UsageError, "write `LlamaForCausalLM`"),
        ({**LLAMA, "architectures": "LlamaModel"}, DomainError, "list of names of classes"),
        ({**LLAMA, "architectures": [1]}, DomainError, "list of names of classes"),
        ({**LLAMA, "hidden_size": -32}, DomainError, "whole number from 1 on"),
        ({**LLAMA, "hidden_size": 0}, DomainError, "whole number from 1 on"),
        ({**LLAMA, "hidden_size": "32"}, DomainError, "whole number from 1 on"),
        ({**LLAMA, "hidden_size": 32.0}, DomainError, "whole number from 1 on"),
        ({**LLAMA, "hidden_size": True}, DomainError, "whole number from 1 on"),
        ({**LLAMA, "hidden_size": [32]}, DomainError, "not a list"),
        ({**LLAMA, "hidden_size": {"a": 1}}, DomainError, "not an object"),
        ({**LLAMA, "hidden_size": 10**40}, LimitError, "larger than 10^30"),
        ({**LLAMA, "num_hidden_layers": 10**18}, LimitError, "larger than 10,000"),
        ({**LLAMA, "hidden_size": 33}, ShapeError, "do not divide"),
        ({**LLAMA, "num_key_value_heads": 3}, ShapeError, "cannot be shared"),
        ({**LLAMA, "attention_bias": 1}, DomainError, "true or false"),
        ({**LLAMA, "hidden_act": "sillu"}, UnknownNameError, "write `silu`"),
        ({**LLAMA, "hidden_act": "prelu"}, UnknownNameError, "not known"),
        ({**LLAMA, "hidden_act": "hidden_size"}, UnknownNameError, "not known"),
        ({**LLAMA, "hidden_act": 3}, DomainError, "the name of an activation"),
        ({**GPT2, "n_head": 7}, ShapeError, "do not divide"),
        ({**GPT2, "add_cross_attention": True}, ShapeError, "add_cross_attention"),
        (
            {"model_type": "bert", "position_embedding_type": "relative_key"},
            DomainError,
            "described for other values",
        ),
        ({"model_type": "bert", "pruned_heads": {"0": [1]}}, ShapeError, "pruned_heads"),
        ({"model_type": "t5", "feed_forward_proj": "gated-glu"}, DomainError, "write `gated-"),
        ({"model_type": "mpt", "attn_config": {"alibi": False}}, ShapeError, "alibi"),
        ({"model_type": "albert", "num_hidden_groups": 5}, ShapeError, "do not divide"),
        ({"model_type": "mixtral", "num_experts_per_tok": 9}, ShapeError, "9 of 8 experts"),
        ({"model_type": "qwen3_moe", "mlp_only_layers": 3}, DomainError, "a list of whole"),
        ({"model_type": "qwen3_moe", "mlp_only_layers": [-1]}, DomainError, "from 0 on"),
        ({"model_type": "qwen3_moe", "mlp_only_layers": [0] * 10_001}, LimitError, "10,000"),
        ({"model_type": "phi", "partial_rotary_factor": 2}, DomainError, "from 0 to 1"),
        ({"model_type": "mamba", "intermediate_size": 7}, ShapeError, "intermediate_size"),
    ],
)
def test_a_wrong_file_is_refused_with_what_to_do(config, error, said):
    with pytest.raises(error) as caught:
        read_config(config)
    assert said in render_error(caught.value)
    assert render_error(pickle.loads(pickle.dumps(caught.value))) == render_error(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"model_type": "llama", "hidden_si', "no JSON"),
        ("", "no JSON"),
        ("[1, 2]", "no JSON object"),
        ('"llama"', "no JSON object"),
        ('{"a":' * 200_000, "nested too deeply"),
        ('{"hidden_size": ' + "9" * 5_000 + "}", "too many digits"),
    ],
)
def test_a_file_that_is_no_config_is_refused(tmp_path, text, said):
    path = tmp_path / "config.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_config(path)
    assert said in render_error(caught.value)
    assert str(path) in render_error(caught.value)


def test_a_truncated_file_is_shown_where_it_ends(tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{\n  "model_type": "gpt2",\n  "n_embd": }', encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_config(path)
    assert f"{path}:3:13" in render_error(caught.value)


def test_a_missing_or_binary_file_is_refused(tmp_path):
    path = tmp_path / "config.json"
    with pytest.raises(StudyError, match="cannot be read"):
        read_config(path)
    path.write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(StudyError, match="not UTF-8"):
        read_config(path)


@pytest.mark.parametrize("key", ["inner_group_num", "num_hidden_groups", "num_hidden_layers"])
def test_endless_layers_end_with_an_error_at_once(key):
    start = time.perf_counter()
    with pytest.raises(LimitError, match=key):
        count({"model_type": "albert", key: 10**18})
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bodi": "dense(1)"}, "bodi"),
        ({"body": 3}, "no text `body`"),
        ({"body": "width -> dense(2*widht)"}, "widht"),
        ({"architectures": {}}, "no class"),
        ({"architectures": {"A": {"depth": 1}}}, "no setting"),
        ({"config": {"width": "2*widht"}}, "`widht`"),
        ({"config": {"width": {"is": "shape"}}}, "no type"),
        ({"require": [{"that": "widht > 1", "because": "x", "try": "y"}]}, "`widht`"),
        ({"names": {"keys": "2*widht"}}, "`widht`"),
        ({"about": 3}, "no text `about`"),
        ({"config": 3}, "must be a table"),
    ],
)
def test_a_wrong_entry_of_a_family_is_refused(change, said):
    entry = {
        "name": "toy", "about": "A toy.", "architectures": {"Toy": {}},
        "config": {"width": 8}, "body": "width -> dense(width)",
    }  # fmt: skip
    with pytest.raises(GradiometerError) as caught:
        read_config_family({**entry, **change})
    assert said in render_error(caught.value)


def test_no_framework_is_imported():
    call = (
        "import sys\n"
        "from gradiometer.model import count_network, read_config, walk_network\n"
        "network = read_config({'model_type': 'mixtral'})\n"
        "count = count_network(walk_network(network.tree, settings=network.settings))\n"
        "assert count.parameters == 46_702_792_704\n"
        "heavy = {'torch', 'transformers', 'numpy', 'jax', 'keras', 'tensorflow', 'sympy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"

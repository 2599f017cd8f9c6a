"""Laws of counts that hold for any sizes in a config.json, and files of nonsense."""

import json
from contextlib import suppress

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gradiometer.catalog import list_entries
from gradiometer.errors import GradiometerError
from gradiometer.model import count_network, read_config, to_network_text, walk_network
from gradiometer.model.config_family import find_config_family
from gradiometer.model.network_read import read_network_tree

SIZES = st.integers(1, 6)


@st.composite
def decoders(draw):
    """A small configuration of a family with the keys of Llama."""
    kv = draw(SIZES)
    heads = kv * draw(SIZES)
    return {
        "model_type": draw(st.sampled_from(["llama", "mistral", "qwen2", "qwen3", "gemma2"])),
        "vocab_size": draw(st.integers(1, 90)),
        "hidden_size": heads * 2 * draw(SIZES),
        "intermediate_size": draw(st.integers(1, 40)),
        "num_hidden_layers": draw(SIZES),
        "num_attention_heads": heads,
        "num_key_value_heads": kv,
        "head_dim": 2 * draw(SIZES),
        "tie_word_embeddings": draw(st.booleans()),
    }


def walk(config, **sizes):
    network = read_config(config)
    return walk_network(network.tree, settings={**network.settings, **sizes})


@given(decoders())
def test_rows_add_up_and_parts_make_the_whole(config):
    rows = walk(config)
    found = count_network(rows)
    assert found.parameters == sum(row.parameters for row in rows)
    assert found.parameters == found.embedding + found.non_embedding == found.trainable
    assert found.active == found.parameters <= found.at_every_name


@given(decoders())
def test_a_tied_output_saves_exactly_the_embedding(config):
    tied, free = (
        count_network(walk({**config, "tie_word_embeddings": truth})) for truth in (True, False)
    )
    assert free.parameters - tied.parameters == config["vocab_size"] * config["hidden_size"]
    assert tied.at_every_name == free.parameters


@given(decoders())
def test_a_layer_more_adds_what_the_last_one_added(config):
    first, second, third = (
        count_network(walk({**config, "num_hidden_layers": n})).parameters for n in (1, 2, 3)
    )
    assert third - second == second - first > 0


@given(decoders(), st.integers(1, 50))
def test_parameters_do_not_depend_on_the_length(config, length):
    known = count_network(walk(config, length=length))
    assert known.parameters == count_network(walk(config)).parameters
    assert known.multiply_adds > 0


@given(st.sampled_from(list_entries("family")))
def test_the_text_of_a_family_is_its_network(name):
    body = find_config_family(name).template.body
    assert read_network_tree(to_network_text(body)) == body


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@st.composite
def spoiled(draw):
    """A configuration some of whose keys hold anything."""
    name = draw(st.sampled_from(list_entries("family")))
    keys = [part for key in find_config_family(name).keys.values() for part in key.keys]
    spoils = draw(st.dictionaries(st.sampled_from([*keys, "architectures"]), JSON, max_size=3))
    return {"model_type": name, "num_hidden_layers": 1, **spoils}


@given(spoiled())
@settings(max_examples=300, deadline=None)
@example({"model_type": "gpt2", "n_embd": float("nan")})
@example({"model_type": "bert", "hidden_act": "((((("})
def test_nonsense_is_refused_or_counted(config):
    try:
        rows = walk(config)
    except GradiometerError:
        return
    assert count_network(rows).parameters >= 0


@given(st.text(max_size=60))
@example('{"model_type": "gpt2"')
@example("\ufeff{}")
@example("NaN")
def test_any_text_is_a_config_or_an_error(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any_config.json"
    path.write_text(json.dumps({"model_type": text}) if len(text) % 2 else text, encoding="utf-8")
    with suppress(GradiometerError):
        assert read_config(path).settings is not None

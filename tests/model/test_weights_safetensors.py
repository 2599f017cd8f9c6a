"""Headers of safetensors: what they hold, what they lie about, and what is packed in them."""

import json
import math
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradiometer.errors import GradiometerError, LimitError, StudyError
from gradiometer.model import read_weights
from model.weights_files import layout, product, write_header, write_safetensors

GPT2 = [("wte.weight", (50257, 768)), ("wpe.weight", (1024, 768))]
for _block in range(12):
    GPT2 += [
        (f"h.{_block}.{name}", shape)
        for name, shape in {
            "ln_1.weight": (768,),
            "ln_1.bias": (768,),
            "attn.bias": (1, 1, 1024, 1024),
            "attn.c_attn.weight": (768, 2304),
            "attn.c_attn.bias": (2304,),
            "attn.c_proj.weight": (768, 768),
            "attn.c_proj.bias": (768,),
            "ln_2.weight": (768,),
            "ln_2.bias": (768,),
            "mlp.c_fc.weight": (768, 3072),
            "mlp.c_fc.bias": (3072,),
            "mlp.c_proj.weight": (3072, 768),
            "mlp.c_proj.bias": (768,),
        }.items()
    ]
GPT2 += [("ln_f.weight", (768,)), ("ln_f.bias", (768,))]


def kinds(model):
    return {tensor.name: tensor.kind for tensor in model.tensors}


def test_the_masks_of_gpt2_are_told_from_its_parameters(tmp_path):
    table, size = layout([(name, "F32", shape) for name, shape in GPT2])
    path = write_header(tmp_path / "model.safetensors", table, data_bytes=size)
    model = read_weights(path)
    assert sum(tensor.count for tensor in model.tensors) == 137_022_720
    assert model.count() == 124_439_808
    assert model.count("buffer") == 12 * 1024**2
    assert "wte.weight" in model.notes[0]
    mask = next(tensor for tensor in model.tensors if tensor.name == "h.0.attn.bias")
    assert (mask.kind, mask.note) == (
        "buffer",
        "causal_mask: a causal mask: which positions may be seen",
    )


def test_rotary_frequencies_of_llama_are_no_parameters(tmp_path):
    rows = [(f"model.layers.{k}.self_attn.rotary_emb.inv_freq", "F32", (64,)) for k in range(80)]
    model = read_weights(write_safetensors(tmp_path / "a.safetensors", rows))
    assert (model.count(), model.count("buffer")) == (0, 5120)


def test_buffers_are_told_by_name_and_by_type(tmp_path):
    rows = [
        ("bn.weight", "F32", (4,)),
        ("bn.running_mean", "F32", (4,)),
        ("bn.num_batches_tracked", "I64", ()),
        ("embeddings.position_ids", "I64", (1, 512)),
        ("table.index", "I32", (3,)),
        ("mask", "BOOL", (2, 2)),
        ("attn.masked_bias", "F32", ()),
        ("attn.bias", "F32", (4,)),
        ("last.attn.bias", "F32", (1, 1, 4, 5)),
    ]
    model = read_weights(write_safetensors(tmp_path / "a.safetensors", rows))
    learned = [name for name, kind in kinds(model).items() if kind == "parameter"]
    assert learned == ["bn.weight", "attn.bias", "last.attn.bias"]
    assert all(tensor.note for tensor in model.tensors if tensor.kind == "buffer")


def test_two_names_of_the_same_bytes_are_counted_once(tmp_path):
    table, _ = layout([("emb.weight", "F32", (5, 2))])
    table["lm_head.weight"] = dict(table["emb.weight"])
    model = read_weights(write_header(tmp_path / "a.safetensors", table))
    assert model.count() == 10
    second = model.tensors[1]
    assert (second.shared_with, second.bytes, second.count) == ("emb.weight", 0, 10)


def test_equal_shapes_at_other_places_are_not_taken_for_tied(tmp_path):
    rows = [("lm_head.weight", "F32", (5, 2)), ("model.embed_tokens.weight", "F32", (5, 2))]
    model = read_weights(write_safetensors(tmp_path / "a.safetensors", rows))
    assert model.count() == 20
    assert "stored apart" in model.notes[0]


ROW = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"shape": [2, 4]}, "do not fill"),
        ({"shape": [2**63]}, "more than 2^63"),
        ({"shape": [2**62, 2**62, 0]}, "more than 2^63"),
        ({"shape": [-2, -3]}, "not negative"),
        ({"shape": [2, True]}, "not negative"),
        ({"shape": [2.0, 3]}, "not negative"),
        ({"shape": 6}, "not negative"),
        ({"dtype": "F23"}, "no known type"),
        ({"dtype": ["F32"]}, "no known type"),
        ({"data_offsets": [-24, 0]}, "not negative"),
        ({"data_offsets": [24, 0]}, "of the data"),
        ({"data_offsets": [0, 2**65]}, "of the data"),
        ({"data_offsets": [0, 24, 48]}, "not negative"),
        ({"extra": 1}, "exactly"),
    ],
)
def test_a_row_that_lies_is_refused(tmp_path, change, says):
    path = write_header(tmp_path / "a.safetensors", {"w": ROW | change}, data_bytes=24)
    with pytest.raises(StudyError, match="Tensor `w`") as caught:
        read_weights(path)
    assert says in caught.value.problem
    assert "a.safetensors, byte 8" in str(caught.value.place)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("offsets", "says"),
    [
        ([(0, 24), (12, 36)], "overlaps with `t0`"),
        ([(0, 24), (28, 52)], "4 bytes before tensor `t1`"),
        ([(4, 28)], "4 bytes before tensor `t0`"),
    ],
)
def test_data_with_overlaps_or_holes_is_refused(tmp_path, offsets, says):
    table = {f"t{k}": ROW | {"data_offsets": list(pair)} for k, pair in enumerate(offsets)}
    with pytest.raises(StudyError) as caught:
        read_weights(write_header(tmp_path / "a.safetensors", table))
    assert says in caught.value.problem


@pytest.mark.parametrize(
    ("text", "length", "says"),
    [
        (b'{"a": {}, "a": {}}', None, "stands in it twice"),
        (b'{"a": ' + b"[" * 100_000, None, "nested too deeply"),
        (b'{"a": NaN}', None, "no JSON number"),
        (b'{"a": ' + b"9" * 5000 + b"}", None, "cannot be used"),
        (b'{"a": \xff}', None, "not UTF-8"),
        (b'{"a": }', None, "is no JSON"),
        (b"{}", 2**63, "ends too early"),
        (b"{}", 2**64 - 1, "ends too early"),
        (b"{}", 3, "ends too early"),
        (b"[]", None, "is no table"),
        (b'{"__metadata__": {"a": 1}}', None, "table of texts"),
    ],
)
def test_a_header_that_is_none_is_refused(tmp_path, text, length, says):
    path = write_header(tmp_path / "a.safetensors", {}, text=text, length=length)
    with pytest.raises(GradiometerError) as caught:
        read_weights(path)
    assert says in caught.value.problem


def test_a_file_cut_short_is_refused_at_every_length(tmp_path):
    whole = write_safetensors(tmp_path / "w.safetensors", [("w", "F32", (2, 3))]).read_bytes()
    for length in range(len(whole)):
        path = tmp_path / "short.safetensors"
        path.write_bytes(whole[:length])
        with pytest.raises(GradiometerError):
            read_weights(path)


def test_bytes_behind_the_last_tensor_are_refused(tmp_path):
    path = write_safetensors(tmp_path / "w.safetensors", [("w", "F32", (2,))])
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(StudyError, match="1 bytes after the last tensor"):
        read_weights(path)


def test_a_header_of_more_than_100_megabytes_is_not_read(tmp_path):
    path = write_header(tmp_path / "a.safetensors", {}, text=b"{", length=100_000_001)
    with path.open("r+b") as file:
        file.truncate(200_000_000)
    tracemalloc.start()
    with pytest.raises(LimitError, match="100,000,001"):
        read_weights(path)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_ten_thousand_tensors_are_read_at_once_and_without_their_weights(tmp_path):
    rows = [(f"layers.{k // 10}.part{k % 10}.weight", "BF16", (4096, 4096)) for k in range(10_000)]
    table, size = layout(rows)
    path = write_header(tmp_path / "a.safetensors", table, data_bytes=size)
    start = time.process_time()
    model = read_weights(path)
    assert time.process_time() - start < 10
    assert model.count() == 10_000 * 4096**2


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["F32", "BF16", "I64", "F8_E4M3"]),
            st.lists(st.integers(0, 7), max_size=4).map(tuple),
        ),
        max_size=6,
    )
)
def test_what_is_written_is_read(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("w") / "a.safetensors"
    named = [(f"t{k}", dtype, shape) for k, (dtype, shape) in enumerate(rows)]
    model = read_weights(write_safetensors(path, named))
    found = {tensor.name: (tensor.shape, tensor.count) for tensor in model.tensors}
    assert found == {name: (shape, product(shape)) for name, _, shape in named}
    assert model.count() == sum(product(shape) for dtype, shape in rows if dtype != "I64")


def write_shards(folder, *, shards, places=None, total=None):
    """A folder with one file for each list of rows, and the index beside them."""
    found = {}
    for k, rows in enumerate(shards):
        name = f"model-{k + 1:05}-of-{len(shards):05}.safetensors"
        write_safetensors(folder / name, rows)
        found |= {row[0]: name for row in rows}
    index = {"metadata": {"total_size": total}, "weight_map": found if places is None else places}
    path = folder / "model.safetensors.index.json"
    path.write_text(json.dumps(index))
    return path


def test_shards_are_read_together_and_named_when_they_are_missing(tmp_path):
    shards = [[("a", "F32", (2,))], [("b", "F32", (3,)), ("c", "F16", (4,))]]
    path = write_shards(tmp_path, shards=shards, total=28)
    assert read_weights(path).count() == 9
    assert read_weights(tmp_path) == read_weights(path)
    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(StudyError, match=r"1 of 2 shards are missing: `model-00002-of-00002"):
        read_weights(path)


def test_a_shard_alone_says_that_it_is_one(tmp_path):
    write_shards(tmp_path, shards=[[("a", "F32", (2,))], [("b", "F32", (3,))]])
    model = read_weights(tmp_path / "model-00002-of-00002.safetensors")
    assert (model.count(), "shard 2 of 2" in model.notes[0]) == (3, True)


@pytest.mark.parametrize(
    ("places", "says"),
    [
        ({"a": "../model.safetensors"}, "does not lie beside"),
        ({"a": "/etc/passwd"}, "does not lie beside"),
        ({"a": "sub\\model.safetensors"}, "does not lie beside"),
        ({"a": "pytorch_model.bin"}, "no safetensors file"),
        ({"z": "model-00001-of-00001.safetensors"}, "does not hold it"),
        ({"a": 1}, "from tensors to files"),
        ([], "from tensors to files"),
    ],
)
def test_an_index_that_lies_is_refused(tmp_path, places, says):
    path = write_shards(tmp_path, shards=[[("a", "F32", (2,))]], places=places)
    with pytest.raises(StudyError) as caught:
        read_weights(path)
    assert says in caught.value.problem


def test_an_index_with_another_total_is_noted(tmp_path):
    path = write_shards(tmp_path, shards=[[("a", "F32", (2,))]], total=9)
    assert "9 bytes in all; the shards hold 8" in read_weights(path).notes[1]


PACKED = {
    "gptq": [
        ("qweight", "I32", (512, 64)),
        ("qzeros", "I32", (32, 8)),
        ("scales", "F16", (32, 64)),
    ],
    "gptq_in_order": [
        ("qweight", "I32", (384, 64)),
        ("scales", "F16", (32, 64)),
        ("g_idx", "I32", (4096,)),
    ],
    "awq": [("qweight", "I32", (4096, 8)), ("qzeros", "I32", (32, 8)), ("scales", "F16", (32, 64))],
    "mxfp4": [("x_blocks", "U8", (2, 64, 64, 16)), ("x_scales", "U8", (2, 64, 64))],
    "int8": [("weight", "I8", (64, 4096)), ("SCB", "F32", (64,))],
    "nvfp4": [
        ("weight", "U8", (64, 2048)),
        ("weight_scale", "F8_E4M3", (64, 256)),
        ("weight_scale_2", "F32", ()),
    ],
}


@pytest.mark.parametrize("key", PACKED)
def test_packed_weights_are_counted_by_their_parameters(tmp_path, key):
    rows = [(f"layer.{name}", dtype, shape) for name, dtype, shape in PACKED[key]]
    model = read_weights(write_safetensors(tmp_path / "a.safetensors", rows))
    expected = 2 * 64 * 2048 if key == "mxfp4" else 64 * 4096
    assert model.count() == expected
    assert sum(kind == "parameter" for kind in kinds(model).values()) == 1
    weight = next(tensor for tensor in model.tensors if tensor.kind == "parameter")
    assert math.prod(weight.shape) == expected
    assert weight.note.startswith(f"{key}: ")


def write_nf4(path, state, *, rows=(35,)):
    text = json.dumps(state).encode() if state is not None else b""
    size = product(rows)
    names = [("w.weight", "U8", (size, 1)), ("w.weight.absmax", "F32", (2,))]
    names += [("w.weight.quant_map", "F32", (16,))]
    part = "w.weight.quant_state.bitsandbytes__nf4"
    if state is not None:
        names.append((part, "U8", (len(text),)))
    return write_safetensors(path, names, contents={part: text} if state is not None else None)


@pytest.mark.parametrize("shape", [[7, 10], [69]])
def test_the_state_of_a_4_bit_weight_says_its_shape(tmp_path, shape):
    path = write_nf4(tmp_path / "a.safetensors", {"quant_type": "nf4", "shape": shape})
    model = read_weights(path)
    assert model.count() == product(shape)
    assert model.count("buffer") > 0


@pytest.mark.parametrize("state", [None, {}, {"shape": [7, 11]}, {"shape": "7"}, {"shape": [-70]}])
def test_a_4_bit_weight_without_its_shape_is_not_counted(tmp_path, state):
    model = read_weights(write_nf4(tmp_path / "a.safetensors", state))
    weight = next(tensor for tensor in model.tensors if tensor.name == "w.weight")
    assert weight.count is None
    assert model.count() is None
    assert "does not tell how many" in weight.note


def test_sizes_that_do_not_fit_the_packing_are_not_counted(tmp_path):
    rows = [("qweight", "I32", (384, 64)), ("scales", "F16", (32, 64)), ("g_idx", "I32", (4000,))]
    model = read_weights(write_safetensors(tmp_path / "a.safetensors", rows))
    assert (model.count(), model.tensors[0].count) == (None, None)


def test_packed_integers_of_an_unknown_layout_are_not_counted(tmp_path):
    rows = [("a.qweight", "I32", (8, 8)), ("b.weight", "F32", (2,))]
    assert read_weights(write_safetensors(tmp_path / "a.safetensors", rows)).count() is None


def test_compressed_tensors_say_their_shape_in_a_tensor(tmp_path):
    rows = [
        ("w.weight_packed", "I32", (6, 2)),
        ("w.weight_scale", "BF16", (6, 1)),
        ("w.weight_shape", "I64", (2,)),
    ]
    shape = (6).to_bytes(8, "little") + (15).to_bytes(8, "little")
    path = write_safetensors(tmp_path / "a.safetensors", rows, contents={"w.weight_shape": shape})
    assert read_weights(path).count() == 90

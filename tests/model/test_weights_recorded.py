"""Files made by the libraries that own the formats hold what these libraries say."""

import json
import shutil
from pathlib import Path

import pytest

from gradiometer.catalog import read_stored
from gradiometer.model import read_weights

DATA = Path(__file__).parent / "data" / "stored"
TRUTHS = json.loads((DATA / "truths.json").read_text(encoding="utf-8"))
ONNX = sorted(name for name in TRUTHS if name.endswith(".onnx"))


def copy(name, folder):
    """The file with its data beside it; the data is a hole of the recorded size."""
    path = Path(shutil.copy(DATA / name, folder))
    size = TRUTHS[name].get("data_bytes", 0)
    if size:
        with path.with_name(f"{name}.data").open("wb") as file:
            file.truncate(size)
    return path


@pytest.mark.parametrize("name", ONNX)
def test_an_export_has_the_parameters_of_the_module(name, tmp_path):
    model = read_weights(copy(name, tmp_path))
    truth = TRUTHS[name]
    # These exporters wrote a transposed copy of the tied tensor of 20 x 8 elements.
    copied = 160 if name in {"tied_new.onnx", "tied_folded.onnx"} else 0
    assert model.count() == truth["parameters"] + copied
    assert any("transposed copy of a tied one" in note for note in model.notes)


def test_the_constants_of_an_exporter_are_not_parameters(tmp_path):
    model = read_weights(copy("lstm_new.onnx", tmp_path))
    assert TRUTHS["lstm_new.onnx"]["initializers"] == 33_352
    assert (model.count(), model.count("constant")) == (33_280, 72)


def test_data_kept_apart_must_be_there():
    with pytest.raises(Exception, match=r"`mlp_new\.onnx\.data` is missing"):
        read_weights(DATA / "mlp_new.onnx")


@pytest.mark.parametrize("name", ["tied.safetensors", "image.safetensors"])
def test_stored_tensors_are_those_of_the_module(name):
    model = read_weights(DATA / name)
    truth = TRUTHS[name]
    assert (model.count(), model.count("buffer")) == (truth["parameters"], truth["buffers"])


def test_a_tied_name_that_the_writer_left_out_is_shown():
    model = read_weights(DATA / "tied.safetensors")
    tied = {tensor.name: tensor.shared_with for tensor in model.tensors if tensor.shared_with}
    assert tied in ({"head.weight": "emb.weight"}, {"emb.weight": "head.weight"})


def test_blocks_have_the_counts_and_bytes_of_ggml():
    model = read_weights(DATA / "small.gguf")
    found = {
        tensor.name: {"count": tensor.count, "bytes": tensor.bytes} for tensor in model.tensors
    }
    assert found.pop("rope_freqs.weight") == {"count": 16, "bytes": 64}
    assert found == TRUTHS["small.gguf"]["tensors"]
    blocks = {code: row[1:3] for code, row in read_stored("types")["gguf"].items()}
    assert blocks == TRUTHS["small.gguf"]["blocks"]
    assert model.metadata["tokenizer.ggml.tokens"] == ("a", "b", "c")


@pytest.mark.parametrize("name", ["image.keras", "keras_config.json"])
def test_a_description_of_keras_lists_its_layers(name):
    layers = read_weights(DATA / name).metadata["config"]["config"]["layers"]
    assert [layer["config"]["name"] for layer in layers] == TRUTHS["image.keras"]["layers"]

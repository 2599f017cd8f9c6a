"""What is refused without loading it, and descriptions of models without weights."""

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile

import pytest

from gradiometer.errors import GradiometerError, LimitError, StudyError
from gradiometer.model import read_weights

CONFIG = {"class_name": "Sequential", "config": {"layers": []}}


class Trap:
    """An object whose pickle would make a file when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def write_zip(path, members, *, how=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", how) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def keras(path, *, config=None, how=zipfile.ZIP_STORED, **members):
    text = json.dumps(CONFIG if config is None else config)
    names = {"config.json": text, "metadata.json": '{"keras_version": "3.15.1"}'}
    return write_zip(path, {**names, **members}, how=how)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", ["a.pt", "a.pkl", "model.bin", "x.safetensors", "x.onnx"])
def test_a_pickle_is_refused_by_its_content_and_never_loaded(tmp_path, protocol, name):
    trap = tmp_path / "sprung"
    path = tmp_path / name
    path.write_bytes(pickle.dumps(Trap(trap), protocol=protocol))
    with pytest.raises(GradiometerError) as caught:
        read_weights(path)
    assert not trap.exists()
    # Protocols 0 and 1 have no mark; what they are called is then what is refused.
    if protocol >= 2 or path.suffix in {".pt", ".pkl", ".bin"}:
        assert "a pickle" in caught.value.problem
        assert "safetensors" in caught.value.hint


def test_a_torch_file_in_a_zip_is_refused_as_the_pickle_it_is(tmp_path):
    path = write_zip(tmp_path / "a.keras", {"archive/data.pkl": pickle.dumps([1])})
    with pytest.raises(StudyError, match="zip file around a pickle"):
        read_weights(path)


def test_the_command_of_a_hint_can_be_typed(tmp_path):
    path = tmp_path / 'we "ird$(x).pt'
    path.write_bytes(pickle.dumps([1]))
    with pytest.raises(StudyError) as caught:
        read_weights(path)
    command = caught.value.hint.partition("`")[2].rpartition("`")[0]
    shown = command.replace("python -c ", "printf %s ", 1)
    code = subprocess.run(["sh", "-c", shown], check=True, capture_output=True, text=True).stdout
    assert json.dumps(path.name) in code
    compile(code, "hint", "exec")


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.h5", b"\x89HDF\r\n\x1a\n" + bytes(64), "HDF5"),
        ("a.npy", b"\x93NUMPY\x01\x00", "NumPy"),
        ("a.gguf", b"tjgg\x03\0\0\0", "older format"),
        ("a.safetensors", b"\x1f\x8b\x08\0", "gzip"),
        ("a.safetensors", b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS"),
        ("a.safetensors", b"<!DOCTYPE html><html>", "web page"),
        ("a.tflite", b"\x1c\0\0\0TFL3", "TensorFlow Lite"),
        ("a.tar", bytes(257) + b"ustar" + bytes(100), "tar file"),
        ("a.msgpack", b"\x82\xa5", "Flax"),
        ("a.ckpt", b"whatever", "pickle"),
        ("a.txt", b"hello", "of no kind that is read"),
        ("a", b"", "empty"),
    ],
)
def test_other_files_are_refused_for_what_they_are(tmp_path, name, data, says):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(StudyError) as caught:
        read_weights(path)
    assert says in caught.value.problem
    assert caught.value.hint
    assert name in str(caught.value.place)


def test_arrays_of_numpy_in_a_zip_are_refused(tmp_path):
    with pytest.raises(StudyError, match="NumPy"):
        read_weights(write_zip(tmp_path / "a.npz", {"w.npy": b"\x93NUMPY"}))


def test_missing_and_special_files_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.safetensors")
    for name in ("none.safetensors", "pipe.safetensors", "a\0b", ""):
        with pytest.raises(StudyError):
            read_weights(tmp_path / name if name else tmp_path)


def test_a_keras_file_gives_its_description_and_leaves_its_weights(tmp_path):
    path = keras(tmp_path / "a.keras", **{"model.weights.h5": bytes(100)})
    model = read_weights(path)
    assert (model.format, model.tensors, model.count()) == ("keras", (), None)
    assert model.metadata["config"] == CONFIG
    assert model.metadata["metadata"] == {"keras_version": "3.15.1"}


@pytest.mark.parametrize("name", ["../config.json", "/etc/x", "a/../../b", "..\\x", "C:/x"])
def test_members_that_leave_the_folder_are_refused(tmp_path, name):
    with pytest.raises(StudyError, match="would leave the folder"):
        read_weights(keras(tmp_path / "a.keras", **{name: b"x"}))


@pytest.mark.parametrize("name", ["metadata.json", "model.weights.h5"])
def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path, name):
    bomb = {name: b" " * 50_000_000}
    path = keras(tmp_path / "a.keras", how=zipfile.ZIP_DEFLATED, **bomb)
    assert path.stat().st_size < 100_000
    with pytest.raises(LimitError, match="zip bomb"):
        read_weights(path)


def test_a_bomb_that_lies_about_its_size_is_refused(tmp_path):
    bomb = {"config.json": b" " * 50_000_000}
    path = write_zip(tmp_path / "a.keras", bomb, how=zipfile.ZIP_DEFLATED)
    data = path.read_bytes().replace(
        (50_000_000).to_bytes(4, "little"), (900).to_bytes(4, "little")
    )
    path.write_bytes(data)
    with pytest.raises(GradiometerError):
        read_weights(path)


def test_an_encrypted_member_is_refused(tmp_path):
    path = keras(tmp_path / "a.keras")
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.find(mark) + offset] |= 1
    path.write_bytes(data)
    with pytest.raises(StudyError, match="encrypted"):
        read_weights(path)


def test_too_many_members_are_refused(tmp_path):
    path = keras(tmp_path / "a.keras", **{f"m{k}": b"" for k in range(10_000)})
    with pytest.raises(LimitError, match="10,002 members"):
        read_weights(path)


def test_a_keras_file_cut_short_is_refused_at_every_length(tmp_path):
    whole = keras(tmp_path / "a.keras").read_bytes()
    for length in range(len(whole)):
        path = tmp_path / "short.keras"
        path.write_bytes(whole[:length])
        with pytest.raises(GradiometerError):
            read_weights(path)


def test_descriptions_are_recognised_and_others_refused(tmp_path):
    path = tmp_path / "config.json"
    for config, kind in (
        ({"model_type": "gpt2", "n_layer": 12}, "huggingface_config"),
        ({"architectures": ["LlamaForCausalLM"]}, "huggingface_config"),
        (CONFIG, "keras_config"),
    ):
        path.write_text(json.dumps(config))
        model = read_weights(tmp_path)
        assert (model.format, model.metadata["config"]) == (kind, config)
    path.write_text('{"a": 1}')
    with pytest.raises(StudyError, match="no model that is known") as caught:
        read_weights(path)
    assert len(caught.value.known) == 3


def test_a_description_nested_too_deeply_is_refused(tmp_path):
    path = tmp_path / "config.json"
    for depth in (150, 100_000):
        path.write_text('{"model_type": "gpt2", "a": ' + "[" * depth + "]" * depth + "}")
        with pytest.raises(LimitError):
            read_weights(path)


def test_no_framework_is_imported(tmp_path):
    keras(tmp_path / "a.keras")
    program = (
        "import sys; from gradiometer.model import read_weights; read_weights(sys.argv[1]);"
        "heavy = {'torch', 'h5py', 'keras', 'onnx', 'safetensors', 'pickle', 'numpy', 'google'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "a.keras")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_an_error_of_a_reader_survives_pickling(tmp_path):
    with pytest.raises(StudyError) as caught:
        read_weights(tmp_path / "none.gguf")
    again = pickle.load(io.BytesIO(pickle.dumps(caught.value)))
    assert str(again) == str(caught.value)

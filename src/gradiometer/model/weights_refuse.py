"""Files that are known but not read: what each is, why it is refused, and what to do instead."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping

from gradiometer.errors import StudyError
from gradiometer.model.weights_source import WeightFile

HEAD = 512
"""Bytes in front that tell what a file is."""

_PYTHON = "python -c "
_TORCH = (
    "python -c import torch; from safetensors.torch import save_file; save_file({{k: "
    "v.contiguous() for k, v in torch.load({old}, weights_only=True).items()}}, {new})"
)
_NUMPY = (
    "python -c import numpy; from safetensors.numpy import save_file; "
    "save_file(dict(numpy.load({old})), {new})"
)
_ARRAY = (
    "python -c import numpy; from safetensors.numpy import save_file; "
    'save_file({{"array": numpy.load({old})}}, {new})'
)
_KERAS = "python -c import keras; keras.models.load_model({old}).save({new})"

_PICKLE = "a pickle: loading it runs code that its author chose, and nothing here loads it"
_LEGACY = "an older format of ggml, which does not say its own layout"

_STARTS: Mapping[bytes, tuple[str, str]] = {
    b"\x89HDF\r\n\x1a\n": ("an HDF5 file, which is not read without its library", _KERAS),
    b"\x93NUMPY": ("a NumPy array, whose header is Python text", _ARRAY),
    b"ggml": (_LEGACY, "convert it to GGUF"),
    b"lmgg": (_LEGACY, "convert it to GGUF"),
    b"fmgg": (_LEGACY, "convert it to GGUF"),
    b"tjgg": (_LEGACY, "convert it to GGUF"),
    b"algg": (_LEGACY, "convert it to GGUF"),
    b"\x1f\x8b": ("a gzip file", "unpack it with `gunzip {old}`"),
    b"\x28\xb5\x2f\xfd": ("a zstd file", "unpack it with `unzstd {old}`"),
    b"BZh": ("a bzip2 file", "unpack it with `bunzip2 {old}`"),
    b"\xfd7zXZ": ("an xz file", "unpack it with `unxz {old}`"),
    b"version https://git-lfs": (
        "a pointer of Git LFS that stands for the file",
        "fetch the file itself with `git lfs pull`",
    ),
    b"<!DOCTYPE": ("a web page, not the file that was meant", "download the file itself"),
    b"<html": ("a web page, not the file that was meant", "download the file itself"),
}
_SUFFIXES: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys((".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle"), (_PICKLE, _TORCH)),
    **dict.fromkeys((".h5", ".hdf5"), _STARTS[b"\x89HDF\r\n\x1a\n"]),
    ".npy": _STARTS[b"\x93NUMPY"],
    ".npz": ("NumPy arrays, whose headers are Python text", _NUMPY),
    ".joblib": (_PICKLE, "save the arrays as safetensors"),
    ".msgpack": ("a Flax file, which is not read", "save the parameters as safetensors"),
    ".tflite": ("a TensorFlow Lite file, which is not read", "give the model it was made from"),
    ".pb": ("a TensorFlow graph, which is not read", "convert it with `tf2onnx`"),
}


def find_refusal(file: WeightFile, head: bytes) -> StudyError | None:
    """Why a file with these first bytes is not read; None where nothing speaks against it."""
    for start, (what, instead) in _STARTS.items():
        if head.startswith(start):
            return _refuse(file, what, instead)
    if head[257:262] == b"ustar":
        return _refuse(file, "a tar file", "unpack it with `tar xf {old}`")
    if head[4:8] == b"TFL3":
        return _refuse(file, *_SUFFIXES[".tflite"])
    if _is_pickle(head):
        return _refuse(file, _PICKLE, _TORCH)
    return None


def find_zip_refusal(file: WeightFile, names: tuple[str, ...]) -> StudyError:
    """Why a zip file with these members is not read."""
    if any(name.endswith(".pkl") for name in names):
        return _refuse(file, f"a zip file around {_PICKLE}", _TORCH)
    if any(name.endswith(".npy") for name in names):
        return _refuse(file, *_SUFFIXES[".npz"])
    hint = 'save the model with `model.save("model.keras")`'
    return _refuse(file, "a zip file without the `config.json` of a Keras model", hint)


def find_suffix_refusal(file: WeightFile) -> StudyError | None:
    """Why a file of this name is not read, for content that does not say what it is."""
    found = _SUFFIXES.get(file.path.suffix.lower())
    return None if found is None else _refuse(file, *found)


def _is_pickle(head: bytes) -> bool:
    """Whether the first bytes are those of a pickle: of protocol 2 or later, or a usual old one."""
    if head[:1] == b"\x80" and head[1:2] in {b"\x02", b"\x03", b"\x04", b"\x05"}:
        return True
    # Protocols 0 and 1 have no mark: a call by name, or a table or list with a memo.
    first, _, second = head.partition(b"\n")
    names_call = first[:1] == b"c" and first[1:].replace(b".", b"").replace(b"_", b"").isalnum()
    return (names_call and bool(second)) or head[:3] in {b"(dp", b"(lp", b"}q\x00", b"]q\x00"}


def _refuse(file: WeightFile, what: str, instead: str) -> StudyError:
    problem = f"The file is {what}."
    old = file.path.name
    if not instead.startswith(_PYTHON):
        return file.fault(problem, offset=0, hint=instead.format(old=shlex.quote(old)))
    new = file.path.with_suffix(".keras" if instead == _KERAS else ".safetensors").name
    # JSON's double quotes are Python's too, and leave the single ones to the shell.
    code = instead.removeprefix(_PYTHON).format(old=json.dumps(old), new=json.dumps(new))
    hint = f"convert it, where you trust it, with `{_PYTHON}{shlex.quote(code)}`"
    return file.fault(problem, offset=0, hint=hint)

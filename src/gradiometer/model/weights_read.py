"""Reads what a file of weights holds, by its content and not by its name."""

from __future__ import annotations

from pathlib import Path

from gradiometer.errors import StudyError
from gradiometer.model.weights_config import read_description, read_keras
from gradiometer.model.weights_gguf import read_gguf
from gradiometer.model.weights_model import StoredModel
from gradiometer.model.weights_onnx import read_onnx
from gradiometer.model.weights_refuse import (
    HEAD,
    find_refusal,
    find_suffix_refusal,
    find_zip_refusal,
)
from gradiometer.model.weights_safetensors import read_safetensors
from gradiometer.model.weights_source import WeightFile
from gradiometer.model.weights_zip import ZipMembers

READ = (
    ".safetensors",
    "model.safetensors.index.json",
    ".onnx",
    ".gguf",
    ".keras",
    "config.json of Hugging Face or Keras",
)
"""What is read; everything else is refused with its reason."""
_IN_FOLDERS = ("model.safetensors.index.json", "model.safetensors", "config.json")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def read_weights(path: str | Path) -> StoredModel:
    """The tensors that a file of weights lists, read without a framework.

    Nothing of the file is executed or unpickled; headers are read, the weights are not.

    Args:
        path: A `.safetensors` file or the index of its shards, an ONNX, GGUF or `.keras` file, a
            `config.json`, or a folder with one of these under its usual name.

    Returns:
        Every tensor with its kind: `parameter`, `buffer` or `constant`. A description such as
        `config.json` has no tensors; its parsed text stands in `metadata["config"]`.

    Raises:
        StudyError: If the file cannot be read, lies about itself, or is of a kind that is not
            read, such as a pickle; it names the file, the byte, and what to do instead.
        LimitError: If it is larger than the stated limits.

    Example:
        >>> import json, pathlib, tempfile
        >>> header = {"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
        >>> text = json.dumps(header).encode()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = pathlib.Path(folder, "small.safetensors")
        ...     _ = file.write_bytes(len(text).to_bytes(8, "little") + text + bytes(24))
        ...     read_weights(file).count()
        6
    """
    path = Path(path)
    try:
        if path.is_dir():
            path = _find_in_folder(path)
    except (OSError, ValueError):
        pass  # the reason is told when the file is opened
    with WeightFile(path) as file:
        head = file.read(0, min(HEAD, file.size))
        if _is_safetensors(file, head):
            return read_safetensors(path)
        if head.startswith(_ZIP):
            return _read_zip(file)
        if head.startswith(b"GGUF"):
            return read_gguf(path)
        refusal = find_refusal(file, head)
        if refusal is not None:
            raise refusal
        if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
            return read_description(file)
        return _read_by_name(file, head)


def _read_by_name(file: WeightFile, head: bytes) -> StoredModel:
    """What has no mark of its own, by what its name promises."""
    suffix = file.path.suffix.lower()
    # The first field of an ONNX model is its version, a small number.
    if suffix == ".onnx" or (suffix not in {".safetensors", ".gguf"} and _is_onnx(head)):
        return read_onnx(file.path)
    if suffix == ".safetensors":
        return read_safetensors(file.path)
    if suffix == ".gguf":
        return read_gguf(file.path)
    refusal = find_suffix_refusal(file)
    if refusal is None:
        refusal = file.fault(
            "The file is empty." if not file.size else "The file is of no kind that is read.",
            offset=0,
            hint="export the model as safetensors or ONNX",
        )
    refusal.known = READ
    raise refusal


def _read_zip(file: WeightFile) -> StoredModel:
    members = ZipMembers(file)
    names = tuple(members.infos)
    members.close()
    if "config.json" not in names:
        raise find_zip_refusal(file, names)
    return read_keras(file)


def _is_safetensors(file: WeightFile, head: bytes) -> bool:
    """Whether the first number fits the file and a table of JSON follows it."""
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= file.size - 8


def _is_onnx(head: bytes) -> bool:
    return len(head) > 2 and head[0] == 0x08 and 0 < head[1] < 0x40


def _find_in_folder(folder: Path) -> Path:
    """The file in a folder that lists its tensors, else its description."""
    for name in _IN_FOLDERS:
        if (folder / name).is_file():
            return folder / name
    error = StudyError(
        f"The folder `{folder.name or folder}` holds no model under a usual name.",
        hint="name the file itself",
    )
    error.known = _IN_FOLDERS
    raise error

"""Reads descriptions of models that hold no weights: JSON, alone or in a `.keras` file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradiometer.model.weights_model import StoredModel
from gradiometer.model.weights_shards import read_shards
from gradiometer.model.weights_source import WeightFile, check_depth, parse_json
from gradiometer.model.weights_zip import ZipMembers

MOST_BYTES = 64_000_000
"""Size of a description that is read."""

_KNOWN = (
    "a Hugging Face `config.json` (`model_type`)",
    "a Keras `config.json` (`class_name`, `config`)",
    "an index of shards (`weight_map`)",
)


def read_description(file: WeightFile) -> StoredModel:
    """What a JSON file describes: a Hugging Face or Keras model, or the shards of one.

    Raises:
        StudyError: If it is no JSON, or describes none of these.
        LimitError: If it is larger or deeper than the stated limits.
    """
    if file.size > MOST_BYTES:
        raise file.limit(f"The description has more than {MOST_BYTES:,} bytes.")
    config = _parse(file, file.read(0, file.size), what="The description")
    if "weight_map" in config:
        return read_shards(file, config)
    if isinstance(config.get("model_type"), str) or _is_texts(config.get("architectures")):
        return _describe("huggingface_config", {"config": config})
    if _is_keras(config):
        return _describe("keras_config", {"config": config})
    error = file.fault("The JSON file describes no model that is known here.")
    error.known = _KNOWN
    raise error


def read_keras(file: WeightFile) -> StoredModel:
    """The description in a `.keras` file; its weights stay packed.

    Raises:
        StudyError: If the zip file is damaged, or made to deceive, or holds no Keras model.
        LimitError: If it is larger than the stated limits.
    """
    members = ZipMembers(file)
    try:
        members.check_safe()
        config = _parse(file, members.read("config.json"), what="`config.json` in the file")
        if not _is_keras(config):
            raise file.fault("`config.json` in the file describes no Keras model.")
        metadata: dict[str, Any] = {"config": config, "members": tuple(sorted(members.infos))}
        if "metadata.json" in members.infos:
            data = members.read("metadata.json")
            metadata["metadata"] = _parse(file, data, what="`metadata.json` in the file")
    finally:
        members.close()
    return _describe("keras", metadata)


def _parse(file: WeightFile, data: bytes, *, what: str) -> Mapping[str, Any]:
    config = parse_json(file, data.removeprefix(b"\xef\xbb\xbf"), offset=0, what=what)
    check_depth(file, config, what=what)
    if not isinstance(config, dict):
        raise file.fault(f"{what} is no table.")
    return config


def _describe(kind: str, metadata: Mapping[str, Any]) -> StoredModel:
    note = "A description: the tensors follow from it and are not listed in the file."
    return StoredModel(kind, (), metadata, (note,))


def _is_keras(config: Mapping[str, Any]) -> bool:
    return isinstance(config.get("class_name"), str) and isinstance(
        config.get("config"), dict | list
    )


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)

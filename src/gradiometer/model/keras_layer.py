"""A layer as a Keras configuration writes it, and the faults that such a text can have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, final

from gradiometer.errors import Place, ShapeError, StudyError
from gradiometer.model.network_rows import Shape
from gradiometer.model.precision import BYTES

MODELS = ("Sequential", "Functional", "Model")
"""Classes that are made of layers alone; `Model` is how Keras 2 names a functional one."""

_MIXED = {"mixed_float16": "float32", "mixed_bfloat16": "float32"}
"""Policies under which numbers are kept in another type than they are used in."""


@final
@dataclass(frozen=True)
class KerasLayer:
    """One layer with its place in the model."""

    kind: str
    """The name of its class."""
    path: str
    config: Mapping[str, Any]
    table: Mapping[str, Any]
    """Its whole entry, with what stands beside the configuration."""
    place: Place | None
    frozen: bool = False
    is_operation: bool = False
    """Whether it is an operation on tensors, which owns none."""

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition(".")[2]

    def fault(self, problem: str, hint: str = "", known: Iterable[str] = ()) -> StudyError:
        """An error about what the file says of this layer."""
        text = f"`{self.path[:80]}`, a layer `{self.kind[:60]}`: {problem}"
        return StudyError(text, place=self.place, hint=hint, known=tuple(known))

    def misfit(self, problem: str, hint: str) -> ShapeError:
        """An error about the shapes that meet in this layer."""
        text = f"`{self.path[:80]}`, a layer `{self.kind[:60]}`: {problem}"
        return ShapeError(text, place=self.place, hint=hint)

    @property
    def dtype(self) -> str:
        """The type in which its tensors are kept.

        Raises:
            StudyError: If the policy packs numbers, or is not known.
        """
        policy = self.config.get("dtype") or "float32"
        kind = "DTypePolicy"
        if isinstance(policy, Mapping):
            kind = str(policy.get("class_name"))
            inner = policy.get("config")
            policy = inner.get("name", "float32") if isinstance(inner, Mapping) else "float32"
        name = _MIXED.get(str(policy), str(policy))
        if kind not in {"DTypePolicy", "Policy"} or name not in BYTES:
            problem = f"its numbers follow the policy `{str(policy)[:60]}`, which is not known."
            raise self.fault(problem, "save the model before its numbers are packed", tuple(BYTES))
        return name


def read_keras_layer(
    table: Any, *, place: Place | None, inside: str = "", frozen: bool = False
) -> KerasLayer:
    """The layer that an entry of a configuration describes.

    Args:
        table: The entry, with `class_name` and `config`.
        place: The file it comes from.
        inside: The path of the model it belongs to.
        frozen: Whether that model is frozen as a whole.

    Raises:
        StudyError: If the entry lacks its class or its configuration.

    Example:
        >>> read_keras_layer({"class_name": "ReLU", "config": {"name": "r"}}, place=None).path
        'r'
    """
    kind = table.get("class_name") if isinstance(table, Mapping) else None
    config = table.get("config") if isinstance(table, Mapping) else None
    named = f" inside `{inside[:80]}`" if inside else ""
    if not isinstance(kind, str):
        problem = f"A layer{named} has no text `class_name`."
        raise StudyError(problem, place=place, hint='add such as "class_name": "Dense"')
    if isinstance(config, list) and kind in MODELS:
        # The first versions of Keras wrote the layers of a Sequential model without more.
        config = {"layers": config}
    if not isinstance(config, Mapping):
        problem = f"A layer `{kind[:60]}`{named} has no table `config`."
        raise StudyError(problem, place=place, hint='add "config": {…}')
    name = table.get("name") or config.get("name") or kind.lower()
    if not isinstance(name, str):
        problem = f"The name of a layer `{kind[:60]}`{named} is no text."
        raise StudyError(problem, place=place, hint='write such as "name": "dense"')
    return KerasLayer(
        kind,
        f"{inside}.{name}" if inside else name,
        config,
        table,
        place,
        frozen or config.get("trainable") is False,
        str(table.get("module")).startswith("keras.src.ops"),
    )


def read_stated_shape(value: Any) -> Shape | None:
    """The shape that a configuration states, without the batch; None where it states none.

    Example:
        >>> read_stated_shape([None, 3, None])
        (3, None)
    """
    if not isinstance(value, list | tuple) or not value:
        return None
    if any(axis is not None and not is_count(axis) for axis in value):
        return None
    return tuple(value[1:])


def is_count(value: Any) -> bool:
    """Whether a value is a whole number from 0 on, and no truth.

    Example:
        >>> is_count(3), is_count(True), is_count(-1)
        (True, False, False)
    """
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0

"""What a single Keras layer holds and makes of its inputs, by the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import isfinite
from typing import Any, final

from gradiometer.catalog import read_keras_layers
from gradiometer.errors import Place, suggest
from gradiometer.model.keras_layer import KerasLayer
from gradiometer.model.keras_rules import RULES, Made
from gradiometer.model.layer_kind import LayerKind
from gradiometer.model.layer_kind_read import read_layer_kind
from gradiometer.model.layer_rule import LayerCall, LayerTensor, apply_kind
from gradiometer.model.live_model import OwnTensor
from gradiometer.model.network_rows import Shape
from gradiometer.model.size_formula import Size

_OWN_KEYS = (
    "classes", "kind", "keys", "pick", "ones", "pairs", "inputs", "states", "rule",
    "known_only_without",
)  # fmt: skip
"""What an entry has beside what the notation of kinds of layers has."""


@final
@dataclass(frozen=True)
class KerasKind:
    """The entry of a class of Keras."""

    entry: Mapping[str, Any]
    kind: LayerKind | None
    """None where a rule that is no formula makes the shape."""
    rank: int
    """Axes of space behind the batch; 0 for any number."""

    @property
    def word(self) -> str:
        """Our word for it, or an empty text."""
        return str(self.entry.get("kind", ""))


@cache
def list_keras_kinds() -> Mapping[str, KerasKind]:
    """The entry of each class of Keras that has one.

    Raises:
        StudyError: If an entry is wrong.

    Example:
        >>> list_keras_kinds()["Conv2D"].rank
        2
    """
    found: dict[str, KerasKind] = {}
    for name, entry in read_keras_layers().items():
        table = {key: value for key, value in entry.items() if key not in _OWN_KEYS}
        place = Place(f"keras_layers.toml, {name}")
        kind = None if "rule" in entry else read_layer_kind({"name": name, **table}, place=place)
        classes = entry["classes"]
        for cls in classes:
            rank = classes[cls] if isinstance(classes, Mapping) else 0
            found[cls] = KerasKind(entry, kind, rank)
    return found


def find_keras_kind(layer: KerasLayer) -> KerasKind:
    """The entry of the layer's class, with nothing in the layer that the entry does not know.

    Raises:
        StudyError: If there is no entry for the class, or an option of the layer has no rule.
    """
    kinds = list_keras_kinds()
    found = kinds.get(layer.kind)
    if found is None:
        nearest = suggest(layer.kind, kinds)
        hint = "ask the model itself, where Keras is installed"
        if nearest:
            hint = f"write `{nearest}` if it is built like that, or {hint}"
        raise layer.fault("there is no rule for what this class holds.", hint, sorted(kinds))
    for key in (*found.entry.get("known_only_without", ()), "quantization_config"):
        if layer.config.get(key):
            raise layer.fault(
                f"`{key}` changes what it holds, and there is no rule for that.",
                f"save the model without `{key}`",
            )
    inner = layer.config.get("activation")
    if isinstance(inner, Mapping) and inner.get("class_name") != "function":
        name = str(inner.get("class_name"))
        known = kinds.get(name)
        if known is None or (known.kind is None or known.kind.tensors):
            problem = f"its activation is a layer `{name[:60]}`, whose parameters are not known."
            raise layer.fault(problem, "put that layer behind it")
    return found


def apply_keras(layer: KerasLayer, inputs: tuple[Shape, ...]) -> Made:
    """The shapes that come out of a layer, and the tensors that it owns.

    Args:
        layer: A layer that is no model and holds no other layer.
        inputs: The shapes that go in, without the batch.

    Raises:
        StudyError: If there is no rule for the class.
        ShapeError: If an input does not fit the layer.
        DomainError: If a setting has a value that it cannot have.
        UsageError: If a setting is missing.

    Example:
        >>> from gradiometer.model.keras_layer import read_keras_layer
        >>> table = {"class_name": "Dense", "config": {"name": "d", "units": 3}}
        >>> apply_keras(read_keras_layer(table, place=None), ((4,),)).outputs
        ((3,),)
    """
    found = find_keras_kind(layer)
    if found.kind is None:
        return RULES[found.entry["rule"]](layer, inputs)
    many = found.entry.get("inputs")
    if len(inputs) > (len(many) if many else 1) and "states" not in found.entry:
        problem = f"{len(inputs)} inputs come in, and its rule has {len(many or [1])}."
        raise layer.misfit(problem, "look at its `inbound_nodes`")
    shape = inputs[0]
    turned = layer.config.get("data_format") == "channels_first" and len(shape) > 1
    seen = shape[1:] + shape[:1] if turned else shape
    if found.rank and len(seen) != found.rank + 1:
        raise layer.misfit(
            f"it takes {found.rank} axes of space and channels, and here comes {seen}.",
            "put a `Reshape` before it",
        )
    given = _read_settings(layer, found, seen)
    for name, other in zip(many[1:] if many else (), inputs[1:], strict=False):
        given[name] = other[-1] if other else None
    result = apply_kind(LayerCall(found.kind, layer.path, given, seen, place=layer.place))
    out = result.shape_out
    if turned and len(out) > 1 and found.word != "flatten":
        out = (out[-1], *out[:-1])
    outputs = (out, *_list_states(layer, found, given))
    tensors = tuple(_own(layer, tensor) for tensor in result.tensors)
    buffers = tuple(_own(layer, tensor, is_buffer=True) for tensor in result.buffers)
    return Made(outputs, tensors + buffers)


def _own(layer: KerasLayer, tensor: LayerTensor, *, is_buffer: bool = False) -> OwnTensor:
    shape = tuple(axis for axis in tensor.shape if axis is not None)
    return OwnTensor(
        tensor.name,
        shape,
        tensor.dtype or layer.dtype,
        (layer.path, tensor.name),
        is_buffer=is_buffer,
        frozen=layer.frozen or is_buffer,
    )


def _list_states(
    layer: KerasLayer, found: KerasKind, given: Mapping[str, Size]
) -> tuple[Shape, ...]:
    units = given.get("units")
    if layer.config.get("return_state") is not True or not isinstance(units, int):
        return ()
    return ((units,),) * found.entry.get("states", 0)


def _read_settings(layer: KerasLayer, found: KerasKind, shape: Shape) -> dict[str, Size]:
    """The settings of the entry that the configuration gives."""
    assert found.kind is not None
    entry, given = found.entry, dict[str, Size]()
    keys = entry.get("keys", {})
    for name in found.kind.settings:
        key = keys.get(name, name)
        if key in layer.config and name not in entry.get("inputs", ()):
            given[name] = _to_size(layer, key, layer.config[key])
    if "pick" in entry:
        numbers = _list_axes(layer, layer.config.get(entry["pick"], -1), shape)
        given["picked"] = tuple(shape[number] for number in sorted(numbers))
    if "ones" in entry:
        numbers = _list_axes(layer, layer.config.get(entry["ones"]), shape)
        given["picked"] = tuple(1 if n in numbers else axis for n, axis in enumerate(shape))
    if "pairs" in entry:
        given["added"] = _add_pairs(layer, entry["pairs"], found.rank)
    if "given_mean" in given:
        given["given_mean"] = "none" if given["given_mean"] == "none" else "given"
    if entry.get("inputs"):
        # What is not passed on is taken from the query, as in attention of a text to itself.
        given[entry["inputs"][1]] = shape[-1] if shape else None
    return given


def _to_size(layer: KerasLayer, key: str, value: Any) -> Size:
    if value is None:
        return "none"
    if isinstance(value, bool | int | str):
        return value[:60] if isinstance(value, str) else value
    if isinstance(value, float) and isfinite(value):
        number = Fraction(value)
        return number.numerator if number.denominator == 1 else number
    if isinstance(value, list | tuple) and len(value) < 1_000:
        if all(isinstance(axis, int) and not isinstance(axis, bool) for axis in value):
            return tuple(value)
        if key == "mean":
            return "given"
    raise layer.fault(f"`{key}` has a value that is no setting.", f'write "{key}": 1')


def _list_axes(layer: KerasLayer, value: Any, shape: Shape) -> frozenset[int]:
    """The axes that numbers name; the batch is number 0 for Keras and none of ours."""
    numbers = value if isinstance(value, list | tuple) else [] if value is None else [value]
    found: set[int] = set()
    for number in numbers:
        if not isinstance(number, int) or isinstance(number, bool):
            raise layer.fault("one of its axes is no whole number.", "write such as -1")
        place = number - 1 if number >= 0 else number + len(shape)
        if not 0 <= place < len(shape):
            problem = f"it works on axis {str(number)[:20]}, and the input has {len(shape)}"
            raise layer.misfit(f"{problem} behind the batch.", "write such as -1")
        found.add(place)
    return frozenset(found)


def _add_pairs(layer: KerasLayer, key: str, rank: int) -> Size:
    """What is put before and behind each axis, together."""
    value: Any = layer.config.get(key)
    if isinstance(value, int):
        value = [[value, value]] * rank
    if rank == 1 and isinstance(value, list | tuple):
        value = value if value and isinstance(value[0], list | tuple) else [value]
    totals: list[int] = []
    for pair in value if isinstance(value, list | tuple) else ():
        sides: Any = pair if isinstance(pair, list | tuple) else (pair, pair)
        if len(sides) != 2 or any(not isinstance(n, int) or n < 0 for n in sides):
            raise layer.fault(f"`{key}` is no list of pairs.", f'write "{key}": [[1, 1], …]')
        totals.append(sum(sides))
    if len(totals) != rank:
        raise layer.fault(f"`{key}` has not one pair for each of {rank} axes.")
    return tuple(totals)

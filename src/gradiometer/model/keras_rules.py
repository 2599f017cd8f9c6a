"""Shapes of Keras layers that need more than formulas of sizes: joins, equations, new orders."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias, final

from gradiometer.model.keras_layer import KerasLayer, is_count
from gradiometer.model.live_model import OwnTensor
from gradiometer.model.network_rows import Shape, to_shape_text


@final
@dataclass(frozen=True)
class Made:
    """What a layer makes of its inputs."""

    outputs: tuple[Shape | None, ...]
    """Without the batch; None for a shape of which not even the number of axes is known."""
    tensors: tuple[OwnTensor, ...] = ()


Rule: TypeAlias = "Callable[[KerasLayer, tuple[Shape, ...]], Made]"

_EQUATION = re.compile(r"(\.{3})?([a-zA-Z]*),([a-zA-Z]+)->(\.{3})?([a-zA-Z]*)")


def _merge(layer: KerasLayer, inputs: tuple[Shape, ...]) -> Made:
    """Sizes of inputs that are joined number by number; a 1 is repeated."""
    length = max(map(len, inputs))
    padded = [(1,) * (length - len(shape)) + shape for shape in inputs]
    axes: list[int | None] = []
    for sizes in zip(*padded, strict=True):
        known = {size for size in sizes if size not in {1, None}}
        if len(known) > 1:
            raise _unequal(layer, inputs)
        axes.append(known.pop() if known else None if None in sizes else 1)
    return Made((tuple(axes),))


def _unequal(layer: KerasLayer, inputs: tuple[Shape, ...]) -> Exception:
    listed = " and ".join(to_shape_text(shape) for shape in inputs[:6])
    return layer.misfit(f"its inputs {listed} do not fit.", "look at what its inputs come from")


def _concatenate(layer: KerasLayer, inputs: tuple[Shape, ...]) -> Made:
    place = _find_axis(layer, layer.config.get("axis", -1), inputs[0])
    axes: list[int | None] = list(inputs[0])
    for shape in inputs[1:]:
        if len(shape) != len(axes):
            raise _unequal(layer, inputs)
        for number, size in enumerate(shape):
            own = axes[number]
            if number == place:
                axes[number] = None if own is None or size is None else own + size
            elif own is None:
                axes[number] = size
            elif size not in {None, own}:
                raise _unequal(layer, inputs)
    return Made((tuple(axes),))


def _find_axis(layer: KerasLayer, axis: Any, shape: Shape) -> int:
    if isinstance(axis, int) and not isinstance(axis, bool):
        place = axis - 1 if axis >= 0 else axis + len(shape)
        if 0 <= place < len(shape):
            return place
    problem = f"it has no axis `{str(axis)[:20]}` behind the batch of {to_shape_text(shape)}."
    raise layer.misfit(problem, 'write "axis": -1')


def _dot(layer: KerasLayer, inputs: tuple[Shape, ...]) -> Made:
    if len(inputs) != 2:
        raise _unequal(layer, inputs)
    axes = layer.config.get("axes", -1)
    pair = axes if isinstance(axes, list | tuple) and len(axes) == 2 else (axes, axes)
    left, right = (list(shape) for shape in inputs)
    places = [_find_axis(layer, axis, shape) for axis, shape in zip(pair, inputs, strict=True)]
    first, second = left.pop(places[0]), right.pop(places[1])
    if first != second and None not in {first, second}:
        raise _unequal(layer, inputs)
    return Made((tuple(left + right) or (1,),))


def _reshape(layer: KerasLayer, inputs: tuple[Shape, ...]) -> Made:
    target = layer.config.get("target_shape")
    target = [target] if isinstance(target, int) else target
    if not isinstance(target, list | tuple) or not all(
        axis in (-1, None) or is_count(axis) for axis in target
    ):
        raise layer.fault("its `target_shape` is no list of sizes.", 'write "target_shape": [-1]')
    free = [number for number, axis in enumerate(target) if axis in (-1, None)]
    shape = tuple(None if axis in (-1, None) else axis for axis in target)
    if None in inputs[0] or len(free) > 1:
        return Made((shape,))
    size, rest = prod(axis or 0 for axis in inputs[0]), prod(axis for axis in shape if axis)
    known = prod(axis for axis in shape if axis is not None)
    if (size != known) if not free else (known == 0 or size % rest):
        problem = f"{to_shape_text(inputs[0])} does not become {to_shape_text(shape)}."
        raise layer.misfit(problem, "write -1 for one of its sizes")
    return Made((tuple(size // rest if axis is None else axis for axis in shape),))


def _permute(layer: KerasLayer, inputs: tuple[Shape, ...]) -> Made:
    order = layer.config.get("dims")
    if not isinstance(order, list | tuple) or not all(map(is_count, order)):
        raise layer.fault("its `dims` are no list of axes.", 'write "dims": [2, 1]')
    if sorted(order) != list(range(1, len(inputs[0]) + 1)):
        problem = f"its `dims` are no order of the axes of {to_shape_text(inputs[0])}."
        raise layer.misfit(problem, "name each axis once, from 1 on")
    return Made((tuple(inputs[0][number - 1] for number in order),))


def _einsum(layer: KerasLayer, inputs: tuple[Shape, ...]) -> Made:
    """A kernel whose axes have the sizes that the equation gives them."""
    equation = str(layer.config.get("equation")).replace(" ", "")
    match = _EQUATION.fullmatch(equation)
    if match is None or bool(match[1]) != bool(match[4]):
        problem = f"its equation `{equation[:60]}` is not read here."
        raise layer.fault(problem, 'write such as "equation": "ab,bc->ac"')
    shape: Shape = (None, *inputs[0])
    extra = len(shape) - len(match[2]) if match[1] else 0
    if extra < 0 or len(shape) - extra != len(match[2]):
        problem = f"its equation `{equation[:60]}` has other axes than {to_shape_text(shape[1:])}."
        raise layer.misfit(problem, "write one letter for each axis")
    sizes: dict[str, int | None] = dict(zip(match[2], shape[extra:], strict=True))
    _bind_outputs(layer, sizes, match[5], is_open=bool(match[1]))
    out = shape[:extra] + tuple(sizes[letter] for letter in match[5])
    tensors = [_make_tensor(layer, "kernel", match[3], sizes)]
    bias = layer.config.get("bias_axes")
    if bias:
        # From the first named axis on the bias has each axis, with 1 where it is not named.
        named = str(bias)
        if set(named) - set(match[5]):
            raise layer.fault("its `bias_axes` are no axes of the output.")
        first = min(match[5].index(letter) for letter in named)
        letters = match[5][first:]
        ones = {letter: sizes[letter] if letter in named else 1 for letter in letters}
        tensors.append(_make_tensor(layer, "bias", letters, ones))
    return Made((out[1:],), tuple(tensors))


def _bind_outputs(
    layer: KerasLayer, sizes: dict[str, int | None], letters: str, *, is_open: bool
) -> None:
    """Takes the sizes of new letters from `output_shape`, which ends where the equation ends."""
    given = layer.config.get("output_shape")
    stated = list(given) if isinstance(given, list | tuple) else [given]
    if any(size is not None and not is_count(size) for size in stated):
        raise layer.fault("its `output_shape` is no list of sizes.", 'write "output_shape": 8')
    if not is_open and len(stated) != len(letters) - 1:
        problem = "its `output_shape` has another number of axes than its equation."
        raise layer.misfit(problem, "leave out the batch")
    for letter, size in zip(reversed(letters), reversed(stated), strict=False):
        own = sizes.get(letter)
        if own is None:
            sizes[letter] = size
        elif size not in {None, own}:
            raise layer.misfit(f"axis `{letter}` is {own} and {size}.", "write one of them")
    for letter in letters:
        sizes.setdefault(letter, None)


def _make_tensor(
    layer: KerasLayer, name: str, letters: str, sizes: Mapping[str, int | None]
) -> OwnTensor:
    shape = tuple(size for letter in letters if (size := sizes.get(letter)) is not None)
    if len(shape) != len(letters):
        lacking = next(letter for letter in letters if sizes.get(letter) is None)
        problem = f"the size of `{name}` needs axis `{lacking}`, which is not known."
        raise layer.misfit(problem, "write that size in the input or in `output_shape`")
    return OwnTensor(name, shape, layer.dtype, (layer.path, name), frozen=layer.frozen)


RULES: Mapping[str, Rule] = {
    "merge": _merge,
    "concatenate": _concatenate,
    "dot": _dot,
    "reshape": _reshape,
    "permute": _permute,
    "einsum": _einsum,
}
"""By the word that an entry of the catalogue has as its `rule`."""

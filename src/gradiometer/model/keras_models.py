"""What a Keras model holds: the variables of each layer, and its multiply-adds over JAX."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any

from gradiometer.errors import ModelError
from gradiometer.model.live_model import (
    Example,
    LiveModel,
    OwnTensor,
    Part,
    join_names,
    to_rows,
    to_shape,
    to_type,
)
from gradiometer.model.live_tally import Tally


def describe_keras(model: Any, example: Example | None = None) -> LiveModel:
    """The layers of a Keras model with their variables, and with its multiply-adds.

    Args:
        model: A model or a layer that is built.
        example: What it is called with; without it a model that knows its input is called with
            one example of that.

    Raises:
        ModelError: If Keras is missing, or the model has no sizes yet.
    """
    keras = _load_keras()
    layers = list(_name_layers(model))
    _refuse_unbuilt(model, layers)
    tally, work = _run(keras, model, layers, example)
    parts = list(_list_parts(layers, tally))
    rows = to_rows(parts, is_counted=tally is not None)
    notes = []
    moving = sum(row.buffer_count for row in rows)
    if moving:
        total = sum(row.parameters for row in rows) + moving
        notes.append(
            f"Keras counts {moving:,} numbers that are not learned, such as moving means, among "
            f"its parameters and says {total:,}; here they are buffers."
        )
    return LiveModel(
        framework="keras",
        version=f"{keras.__version__} over {keras.backend.backend()}",
        name=layers[0][0],
        rows=rows,
        is_counted=tally is not None,
        work=work,
        notes=tuple(notes),
    )


def _load_keras() -> Any:
    try:
        return importlib.import_module("keras")
    except ModuleNotFoundError as error:
        if error.name != "keras":
            raise
        hint = "run `pip install 'gradiometer[keras]'`"
        raise ModelError("Keras is not installed.", hint=hint) from None


def _name_layers(model: Any) -> Iterator[tuple[str, Any]]:
    """Every layer at every place it has, with its path; the model itself by its name."""
    yield model.name, model
    owners: dict[str, int] = {model.name: id(model)}
    waiting = [("", layer) for layer in reversed(model._layers)]
    while waiting:
        lead, layer = waiting.pop()
        path = f"{lead}{layer.name}"
        while owners.setdefault(path, id(layer)) != id(layer):
            # Two layers may have one name; each of them is shown by itself.
            path += "'"
        yield path, layer
        waiting += [(f"{path}.", inner) for inner in reversed(layer._layers)]


def _refuse_unbuilt(model: Any, layers: list[tuple[str, Any]]) -> None:
    waiting = [path for path, layer in layers if not layer.built]
    if not model.built or waiting:
        raise ModelError(
            f"{join_names(waiting or [model.name])} has no sizes yet.",
            hint="begin the model with `keras.Input`, or call `build(input_shape)` before it is "
            "returned",
        )


def _list_parts(layers: list[tuple[str, Any]], tally: Tally | None) -> Iterator[Part]:
    first = _find_first(layers)
    for path, layer in layers:
        tensors = (
            *(_to_own(v, frozen=not v.trainable) for v in layer._trainable_variables),
            *(_to_own(v, is_buffer=True) for v in layer._non_trainable_variables),
        )
        work = tally.lines(path) if tally and first[id(layer)] == path else ()
        if tensors or work or not layer._layers:
            yield Part(path, type(layer).__name__, tensors, work=work)


def _find_first(layers: list[tuple[str, Any]]) -> dict[int, str]:
    """The first path of each layer."""
    found: dict[int, str] = {}
    for path, layer in layers:
        found.setdefault(id(layer), path)
    return found


def _to_own(variable: Any, **more: bool) -> OwnTensor:
    shape, kind = to_shape(variable.shape), to_type(variable.dtype)
    return OwnTensor(variable.name, shape, kind, id(variable), **more)


def _run(
    keras: Any, model: Any, layers: list[tuple[str, Any]], example: Example | None
) -> tuple[Tally | None, str]:
    backend = keras.backend.backend()
    if backend != "jax":
        return None, f"Keras runs over {backend}; with `KERAS_BACKEND=jax` its work is counted."
    arguments = _list_arguments(model, example)
    if arguments is None:
        return None, "There is no example: give `--input`, or return it behind the model."
    from gradiometer.model.jax_operations import tally_jax

    positional, named = arguments
    first = _find_first(layers)
    paths = list(dict.fromkeys(first.values()))
    numbers = {key: paths.index(path) for key, path in first.items()}
    try:
        with _mark_layers(keras, numbers):
            tally = tally_jax(
                lambda *arrays: model(*arrays, training=False, **named),
                positional,
                paths=paths,
                root=layers[0][0],
            )
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        return None, f"On arrays without values the model raised {type(error).__name__}: {lines[0]}"
    if tally.gap:
        return None, tally.gap
    import jax

    shapes = ", ".join("x".join(map(str, a.shape)) for a in jax.tree.leaves(positional))
    return tally, f"for the input {shapes}, with `training=False`"


def _list_arguments(model: Any, example: Example | None) -> tuple[list[Any], dict[str, Any]] | None:
    import jax

    if example is not None and not example.shape:
        return list(example.positional), dict(example.named or {})
    if example is not None:
        kind = "int32" if example.is_tokens else "float32"
        return [jax.ShapeDtypeStruct((1, *example.shape), kind)], {}
    inputs = getattr(model, "inputs", None)
    if not inputs or any(None in tensor.shape[1:] for tensor in inputs):
        return None
    made = [jax.ShapeDtypeStruct((1, *t.shape[1:]), t.dtype) for t in inputs]
    return [made[0] if len(made) == 1 else made], {}


@contextlib.contextmanager
def _mark_layers(keras: Any, numbers: dict[int, int]) -> Iterator[None]:
    """A context in which what each layer traces carries its number."""
    from gradiometer.model.jax_operations import mark_part

    kind = keras.layers.Layer
    before = kind.__call__

    def call(self: Any, *args: Any, **named: Any) -> Any:
        if id(self) not in numbers:
            return before(self, *args, **named)
        with mark_part(numbers[id(self)]):
            return before(self, *args, **named)

    kind.__call__ = call
    try:
        yield
    finally:
        kind.__call__ = before

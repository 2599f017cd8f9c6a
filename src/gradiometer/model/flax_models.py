"""What a Flax model holds, of `nnx` or of `linen`, and its multiply-adds; nothing of it is run."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gradiometer.errors import ModelError
from gradiometer.model.live_model import (
    Example,
    LiveModel,
    OwnTensor,
    Part,
    to_rows,
    to_shape,
    to_type,
)
from gradiometer.model.live_tally import Tally

_NOT_KNOWN = "There is no example: give `--input`, or return it behind the model."


def describe_flax(model: Any, example: Example | None = None) -> LiveModel:
    """The modules of a Flax model with their parameters, and with its multiply-adds.

    Args:
        model: A module of `flax.nnx`, or one of `flax.linen` with an example of its input.
        example: What it is called with; without it multiply-adds are not known.

    Raises:
        ModelError: If Flax is missing, or a module of linen comes without an example.
    """
    flax = _load_flax()
    is_linen = any(kind.__module__.startswith("flax.linen") for kind in type(model).__mro__)
    describe = _describe_linen if is_linen else _describe_nnx
    parts, tally, work = describe(model, example)
    notes = ["Flax leaves to the optimizer what is trained, so nothing counts as frozen."]
    return LiveModel(
        framework="flax",
        version=flax.__version__,
        name=type(model).__name__,
        rows=to_rows(parts, is_counted=tally is not None),
        is_counted=tally is not None,
        work=work,
        notes=tuple(notes),
    )


def _load_flax() -> Any:
    try:
        return importlib.import_module("flax")
    except ModuleNotFoundError as error:
        if error.name not in ("flax", "jax"):
            raise
        hint = "run `pip install 'gradiometer[flax]'`"
        raise ModelError("Flax is not installed.", hint=hint) from None


def _list_arrays(example: Example) -> tuple[list[Any], Callable[[list[Any]], tuple[Any, Any]]]:
    """The arrays of an example, and what puts others in their place."""
    import jax

    if example.shape:
        kind = "int32" if example.is_tokens else "float32"
        made = jax.ShapeDtypeStruct((1, *example.shape), kind)
        return [made], lambda arrays: ((arrays[0],), {})
    leaves, shape = jax.tree.flatten((tuple(example.positional), dict(example.named or {})))
    places = [k for k, leaf in enumerate(leaves) if hasattr(leaf, "shape")]

    def put(arrays: list[Any]) -> tuple[Any, Any]:
        # What is no array, such as a flag, is no part of what is traced.
        changed = list(leaves)
        for place, array in zip(places, arrays, strict=True):
            changed[place] = array
        return jax.tree.unflatten(shape, changed)

    return [leaves[place] for place in places], put


def _tally(
    function: Callable[..., Any], arguments: list[Any], *, paths: list[str], root: str,
    shapes: list[Any],
) -> tuple[Tally | None, str]:  # fmt: skip
    from gradiometer.model.jax_operations import tally_jax

    try:
        tally = tally_jax(function, arguments, paths=paths, root=root)
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        return None, f"On arrays without values the model raised {type(error).__name__}: {lines[0]}"
    shown = ", ".join("x".join(map(str, array.shape)) or "1" for array in shapes)
    return (None, tally.gap) if tally.gap else (tally, f"for the input {shown}, in evaluation mode")


def _describe_nnx(model: Any, example: Example | None) -> tuple[list[Part], Tally | None, str]:
    from flax import nnx

    root = type(model).__name__
    found = list(_walk_nnx(nnx, model, root))
    tally, work = None, _NOT_KNOWN
    first: dict[int, str] = {}
    for path, module in found:
        first.setdefault(id(module), path)
    if example is not None:
        arrays, put = _list_arrays(example)
        graph, state = nnx.split(model)
        paths: list[str] = []

        def call(state: Any, *given: Any) -> Any:
            made = nnx.merge(graph, state)
            made.set_attributes(
                deterministic=True, use_running_average=True, raise_if_not_found=False
            )
            positional, named = put(list(given))
            with _mark_nnx(nnx, made, root, first=first, paths=paths):
                return made(*positional, **named)

        tally, work = _tally(call, [state, *arrays], paths=paths, root=root, shapes=arrays)
    parts = []
    for path, module in found:
        tensors = tuple(_list_variables(nnx, module))
        lines = tally.lines(path) if tally and first[id(module)] == path else ()
        if tensors or lines:
            parts.append(Part(path, type(module).__name__, tensors, work=lines))
    return parts, tally, work


def _walk_nnx(nnx: Any, model: Any, root: str) -> Iterator[tuple[str, Any]]:
    """Every module at every place it has; a module that holds itself ends there."""
    waiting: list[tuple[str, Any, tuple[int, ...]]] = [("", model, ())]
    while waiting:
        path, value, above = waiting.pop()
        if id(value) in above:
            continue
        if isinstance(value, nnx.Module) and not isinstance(value, list | dict):
            yield path or root, value
        above = (*above, id(value))
        lead = f"{path}." if path else ""
        inner = [(f"{lead}{name}", part, above) for name, part in _list_inner(nnx, value)]
        waiting += reversed(inner)


def _list_inner(nnx: Any, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, nnx.Variable):
        return
    if isinstance(value, Mapping):
        pairs = [(str(key), part) for key, part in value.items()]
    elif isinstance(value, list | tuple) or type(value).__name__ in ("List", "Sequential"):
        items = value.layers if hasattr(value, "layers") else value
        pairs = [(str(key), part) for key, part in enumerate(items)]
    elif isinstance(value, nnx.Module):
        pairs = [(k, part) for k, part in vars(value).items() if not k.startswith("_")]
    else:
        return
    holders = (nnx.Module, Mapping, list, tuple)
    yield from ((name, part) for name, part in pairs if isinstance(part, holders))


def _list_variables(nnx: Any, module: Any) -> Iterator[OwnTensor]:
    """The variables of a module itself; the state of its random numbers is none of them."""
    for name, value in vars(module).items():
        if not isinstance(value, nnx.Variable) or isinstance(value, nnx.RngState):
            continue
        array = value.get_value() if hasattr(value, "get_value") else value.value
        if hasattr(array, "shape"):
            kind, is_buffer = to_type(array.dtype), not isinstance(value, nnx.Param)
            yield OwnTensor(name, to_shape(array.shape), kind, id(value), is_buffer=is_buffer)


@contextlib.contextmanager
def _mark_nnx(
    nnx: Any, model: Any, root: str, *, first: Mapping[int, str], paths: list[str]
) -> Iterator[None]:
    """A context in which what each module traces carries its number."""
    from gradiometer.model.jax_operations import mark_part

    numbers: dict[int, int] = {}
    kinds: dict[type, Any] = {}
    for path, module in _walk_nnx(nnx, model, root):
        # A copy has its parts in another order; they keep the path that comes first in the model.
        if path in first.values():
            numbers[id(module)] = len(paths)
            paths.append(path)
        kind = next((k for k in type(module).__mro__ if "__call__" in vars(k)), None)
        if kind is not None:
            kinds.setdefault(kind, kind.__call__)

    def wrap(before: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Any, *args: Any, **named: Any) -> Any:
            if id(self) not in numbers:
                return before(self, *args, **named)
            with mark_part(numbers[id(self)]):
                return before(self, *args, **named)

        return call

    for kind, before in kinds.items():
        kind.__call__ = wrap(before)
    try:
        yield
    finally:
        for kind, before in kinds.items():
            kind.__call__ = before


def _describe_linen(model: Any, example: Example | None) -> tuple[list[Part], Tally | None, str]:
    import jax
    from flax import linen

    if example is None:
        raise ModelError(
            "A module of `flax.linen` has no sizes without an example of its input.",
            hint="give `--input`, or return `model, example`",
        )
    root = type(model).__name__
    arrays, put = _list_arrays(example)
    kinds: dict[str, str] = {root: root}
    paths: list[str] = []

    def follow(next_fun: Any, args: Any, kwargs: Any, context: Any) -> Any:
        from gradiometer.model.jax_operations import mark_part

        path = ".".join(context.module.path) or root
        kinds[path] = type(context.module).__name__
        if path not in paths:
            paths.append(path)
        with mark_part(paths.index(path)):
            return next_fun(*args, **kwargs)

    def start(key: Any, *given: Any) -> Any:
        positional, named = put(list(given))
        with linen.intercept_methods(follow):
            return model.init({"params": key, "dropout": key}, *positional, **named)

    def call(variables: Any, *given: Any) -> Any:
        positional, named = put(list(given))
        with linen.intercept_methods(follow):
            return model.apply(variables, *positional, **named)

    try:
        variables = jax.eval_shape(start, jax.random.key(0), *arrays)
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        raise ModelError(
            f"The model could not be started: {type(error).__name__}: {lines[0]}",
            hint="return its arguments as a dict, such as `model, {'x': x, 'train': False}`",
        ) from error
    tally, work = _tally(call, [variables, *arrays], paths=paths, root=root, shapes=arrays)
    return list(_list_linen(variables, kinds, tally, root)), tally, work


def _list_linen(
    variables: Any, kinds: Mapping[str, str], tally: Tally | None, root: str
) -> Iterator[Part]:
    import jax

    tensors: dict[str, list[OwnTensor]] = {}
    for keys, array in jax.tree_util.tree_flatten_with_path(variables)[0]:
        names = [str(getattr(key, "key", getattr(key, "name", key))) for key in keys]
        collection, *where, name = [n for n in names if n != "value"] or names
        path = ".".join(where) or root
        own = OwnTensor(
            name,
            to_shape(array.shape),
            to_type(array.dtype),
            (collection, path, name),
            is_buffer=collection != "params",
        )
        tensors.setdefault(path, []).append(own)
    for path in dict.fromkeys([*kinds, *tensors]):
        work = tally.lines(path) if tally else ()
        own = tuple(tensors.get(path, ()))
        if own or work:
            yield Part(path, kinds.get(path, "parameters"), own, work=work)

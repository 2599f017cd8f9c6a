"""A model of PyTorch, Keras or Flax becomes a network that `parameters` counts."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

from gradiometer import model as models
from gradiometer.errors import ModelError, Place, UsageError
from gradiometer.model import Chain, Example, LiveModel, read_shape
from gradiometer.question.model_loading import load_made
from gradiometer.question.parameters_read import Described

_ADAPTERS: Mapping[str, str] = {
    "flax": "describe_flax",
    "keras": "describe_keras",
    "torch": "describe_torch",
}
"""What describes a model, by the package that its class comes from, in the order that is tried:
a model of Keras is also one of the library below it."""

_ORDER = ("keras", "flax", "torch")


def describe_model(model: Any, *, input: str = "") -> Described:
    """The network that a model of another library is.

    Args:
        model: The model, or a pair of it and an example of its input, or a text such as
            `package.module:factory` that names what returns one of these.
        input: The shape of one example, in place of an example.

    Raises:
        UsageError: If the text names nothing, or *input* is no shape.
        ModelError: If the code fails, or what it returns is no model that is known.
    """
    shape = _read_input(input) if input else None
    if not isinstance(model, str):
        return _describe(model, shape, "")
    with load_made(model, light=_make_light) as made:
        return _describe(made, shape, model.strip())


def _make_light() -> Any:
    """A context in which PyTorch makes tensors without values; of Keras models nothing changes."""
    torch = sys.modules.get("torch")
    if torch is None or "keras" in sys.modules:
        return contextlib.nullcontext()
    return torch.device("meta")


def _describe(made: Any, shape: Example | None, name: str) -> Described:
    model, example = _read_made(made)
    framework = find_framework(model)
    if not framework and not name:
        raise UsageError(
            f"`model` is a model of PyTorch, Keras or Flax, not a `{type(model).__name__}`.",
            place=Place("model"),
            hint="give the model, or the model and an example of its input",
        )
    if not framework:
        raise ModelError(
            f"`{name or type(model).__name__}` is no model that is known, but "
            f"`{type(model).__name__}`.",
            known=("torch.nn.Module", "torch.export", "keras.Model", "flax.nnx", "flax.linen"),
            hint="return the model, or the model and an example of its input",
        )
    describe: Callable[..., LiveModel] = getattr(models, _ADAPTERS[framework])
    live = describe(model, shape or example)
    return Described(name or live.name, Chain(()), {}, live=live)


def _read_made(made: Any) -> tuple[Any, Example | None]:
    """The model and its example in what a factory returned."""
    if not isinstance(made, tuple) or len(made) < 1:
        return made, None
    if len(made) == 2 and find_framework(made[1]) and not find_framework(made[0]):
        # A loss and a model, as the question `gradient` takes them.
        return made[1], None
    if len(made) > 2:
        return made[0], Example(tuple(made[1:]))
    given = made[1] if len(made) == 2 else ()
    if isinstance(given, Mapping) and all(isinstance(key, str) for key in given):
        return made[0], Example((), given)
    return made[0], Example(tuple(given) if isinstance(given, list | tuple) else (given,))


def find_framework(model: Any) -> str:
    """The library that the class of a model comes from, without loading it; empty for none.

    Example:
        >>> find_framework({"w": 1.0})
        ''
    """
    names = {(kind.__module__.partition(".")[0], kind.__name__) for kind in type(model).__mro__}
    models_of = {
        "keras": {("keras", "Layer")},
        "flax": {("flax", "Module")},
        "torch": {("torch", "Module"), ("torch", "ExportedProgram")},
    }
    return next((key for key in _ORDER if names & models_of[key]), "")


def _read_input(text: str) -> Example:
    entering = read_shape(text, place=Place("input"))
    if not all(axis.isdecimal() for axis in entering.shape):
        problem = f"The shape `{text}` has an axis without a size."
        raise UsageError(problem, place=Place("input"), hint="write such as `--input 3x224x224`")
    return Example(shape=tuple(map(int, entering.shape)), is_tokens=entering.is_tokens)

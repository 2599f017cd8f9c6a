"""The loss and the model that a text such as `package.module:factory` names."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from gradiometer.errors import ModelError
from gradiometer.question.model_loading import load_made


@contextlib.contextmanager
def load_model(text: str) -> Iterator[tuple[Callable[[Any], Any], Any]]:
    """The loss and the model that a factory returns, ready to be asked inside of the context.

    Args:
        text: Module and function, such as `package.module:factory`; the function takes nothing
            and returns the loss and the model.

    Raises:
        UsageError: If the text has another form, or there is no such module or function.
        ModelError: If the code fails, or returns something else.
    """
    with load_made(text) as made:
        yield _read_pair(made, text)


def _read_pair(made: Any, text: str) -> tuple[Callable[[Any], Any], Any]:
    if not isinstance(made, tuple) or len(made) != 2 or not callable(made[0]):
        shown = "two things" if isinstance(made, tuple) else f"`{type(made).__name__}`"
        raise ModelError(
            f"`{text}` returned {shown}, not a loss function and a model.",
            hint="end the function with `return loss, model`",
        )
    return made

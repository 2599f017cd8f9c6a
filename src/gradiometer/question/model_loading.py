"""What a text such as `package.module:factory` makes: the only code of a user that runs."""

from __future__ import annotations

import contextlib
import importlib
import random
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gradiometer.errors import ModelError, Place, UsageError, suggest

_FORM = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)")

_EXTRAS = ("flax", "jax", "keras", "torch")
"""Frameworks that an extra of this package installs."""

SEED = 0
"""Where random numbers start before a named factory is called."""


@contextlib.contextmanager
def load_made(text: str, *, light: Callable[[], Any] | None = None) -> Iterator[Any]:
    """What a factory returns, ready to be asked inside of the context.

    The folder in which Python runs can be imported from. Random numbers start from a fixed seed
    inside, so that the same text gives the same answer; outside they go on as before.

    Args:
        text: Module and function, such as `package.module:factory`; the function takes nothing.
        light: Makes the context in which the factory is called first; where it fails there, it
            is called again outside of it.

    Raises:
        UsageError: If the text has another form, or there is no such module or function.
        ModelError: If the code fails.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f"`{text}` does not name a module and a function in it.",
            place=Place("model"),
            hint="write such as `package.module:factory`",
        )
    with _import_from_here():
        module = _import(match[1])
        factory = _find(module, match[2], match[1])
        with _seeded():
            made = _make_light(factory, light) if light else None
            if made is None:
                with _told_as(f"`{text}`", module.__file__ or ""):
                    made = factory()
            yield made


def _make_light(factory: Callable[[], Any], light: Callable[[], Any]) -> Any:
    """What the factory makes in that context; None where it fails there."""
    with contextlib.suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with light():
            return factory()
    return None


@contextlib.contextmanager
def _import_from_here() -> Iterator[None]:
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(here)


def _import(name: str) -> Any:
    with _told_as(f"The module `{name}`", ""):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise
            raise UsageError(
                f"There is no module `{error.name}` to import from {Path.cwd()}.",
                place=Place("model"),
                hint="run this in the folder that holds it, or install its package",
            ) from None


def _find(module: Any, name: str, path: str) -> Callable[[], Any]:
    found = getattr(module, name, None)
    if callable(found):
        return found
    known = tuple(n for n, value in vars(module).items() if callable(value) and n[0] != "_")
    near = suggest(name, known)
    raise UsageError(
        f"The module `{path}` has no function `{name}`.",
        place=Place("model"),
        known=known[:20],
        hint=f"write `{path}:{near}`" if near else "",
    )


@contextlib.contextmanager
def _told_as(what: str, path: str) -> Iterator[None]:
    """A context in which an error of the user's code becomes one of ours, with its place."""
    try:
        yield
    except UsageError:
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        inside = str(Path(__file__).parent)
        own = [f for f in frames if not f.filename.startswith((inside, "<frozen"))]
        chosen = next((f for f in reversed(own) if f.filename == path), own[-1] if own else None)
        first = (str(error).strip().splitlines() or [""])[0]
        missing = getattr(error, "name", "") if isinstance(error, ModuleNotFoundError) else ""
        raise ModelError(
            f"{what} raised {type(error).__name__}: {first}",
            place=Place(chosen.filename, chosen.lineno) if chosen else None,
            hint=f"run `pip install 'gradiometer[{missing}]'`" if missing in _EXTRAS else "",
        ) from error


@contextlib.contextmanager
def _seeded() -> Iterator[None]:
    """A context in which the generators that are loaded start from the same seed."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    before = (
        random.getstate(),
        numpy.random.get_state() if numpy else None,
        torch.get_rng_state() if torch else None,
    )
    random.seed(SEED)
    if numpy:
        numpy.random.seed(SEED)
    if torch:
        torch.manual_seed(SEED)
    try:
        yield
    finally:
        random.setstate(before[0])
        if numpy:
            numpy.random.set_state(before[1])
        if torch:
            torch.set_rng_state(before[2])

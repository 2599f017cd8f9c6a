"""Where a step of a JAX loss stands, in the words of who wrote the loss."""

from __future__ import annotations

import itertools
import operator
import re
import sys
import sysconfig
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, final

from gradiometer.model.jax_steps import (
    VIEWS,
    Program,
    Step,
    library_folder,
    name_call,
    read_scope,
)

_OWN = str(Path(__file__).parent)
_PACKAGES = ("site-packages", "dist-packages")
_INVISIBLE = re.compile(r"^(\w+\()+\)+$")
"""A scope that only a transformation made, such as `vmap()`, round nothing that has a name."""

_STANDARD = sysconfig.get_path("stdlib")


@final
@dataclass(frozen=True)
class JaxSpot:
    """Named scopes or functions, operation, which of its name in that place, line of code."""

    place: str
    operation: str
    call: int = 1
    calls: int = 1
    line: str = ""

    @property
    def label(self) -> str:
        """The operation, numbered where its place holds several."""
        return self.operation + (f" #{self.call}" if self.calls > 1 else "")

    def __str__(self) -> str:
        return f"{self.place} ({self.label})" if self.place else self.label


def locate_steps(program: Program) -> Sequence[JaxSpot]:
    """The spot of every step, in order; a copy has none of its own, so it is empty."""
    nothing = JaxSpot("", "")
    found = [nothing if s.equation is None else _locate(s) for s in program.steps]
    calls = Counter((spot.place, spot.operation) for spot in found)
    seen: Counter[tuple[str, str]] = Counter()
    numbered: list[JaxSpot] = []
    for spot in found:
        key = spot.place, spot.operation
        seen[key] += 1
        numbered.append(JaxSpot(*key, seen[key], calls[key], spot.line))
    return numbered


def _locate(step: Step) -> JaxSpot:
    called, function, line = _read_frames(step.equation.source_info.traceback)
    named = [_INVISIBLE.sub("", part) for part in read_scope(step.equation)]
    parts = [*step.scope, *named]
    # The function says more than the scopes round it, unless it is what they name.
    if function and not any(named):
        parts.append(function)
    if any(part.startswith("transpose(") for part in read_scope(step.equation)):
        parts.append("backward")
    parts = [part for part in parts if part not in {"", "<lambda>", "lambda"}] or parts[-1:]
    return JaxSpot(
        "/".join(part for part, _ in itertools.groupby(parts)),
        _name_operation(step, called),
        line=line,
    )


def _name_operation(step: Step, called: str) -> str:
    equation = step.equation
    primitive = equation.primitive.name
    if primitive.startswith("custom_"):
        return name_call(equation) if "call_jaxpr" in equation.params else called or primitive
    if primitive in VIEWS:
        return primitive
    if called and called != primitive and hasattr(sys.modules["jax"].nn, called):
        # Such a function is made of several steps, which may all use the same tensor.
        return called if primitive in {"jit", "pjit"} else f"{called} ({primitive})"
    return called or (name_call(equation) if primitive in {"jit", "pjit"} else primitive)


def _read_frames(traceback: Any) -> tuple[str, str, str]:
    """The function of JAX that was called, the function that called it, and its line."""
    called, spots = "", []
    for frame in traceback.frames if traceback is not None else ():
        kind = _sort(frame.file_name)
        name = frame.function_name.rpartition("<locals>.")[2]
        if kind == "own":
            break
        if kind == "library" and not spots:
            called = _read_public(name) or called
        if kind in {"user", "package"}:
            spots.append((kind, name, frame))
    if not spots:
        return called, "", ""
    chosen = next((spot for spot in spots if spot[0] == "user"), spots[0])
    line = f"{Path(chosen[2].file_name).name}:{chosen[2].line_num}"
    named = [name for kind, name, _ in spots if kind == chosen[0] and not name.startswith("<")]
    name = named[0].removesuffix(".__call__") if named else "lambda"
    return called, name, line


@cache
def _sort(path: str) -> str:
    """Whose file that is."""
    if path.startswith(_OWN):
        return "own"
    if path.startswith((library_folder(), library_folder().replace("jax", "jaxlib"))):
        return "library"
    if any(part in path for part in _PACKAGES):
        return "package"
    return "other" if path.startswith((_STANDARD, "<")) else "user"


@cache
def _read_public(name: str) -> str:
    """The name by which users know a function of JAX; empty for what is inside of it."""
    jax = sys.modules["jax"]
    if name.startswith("_operator_"):
        # An operator has a second function, such as `radd`, for an array on its right.
        bare = name.removeprefix("_operator_")
        return bare if hasattr(operator, bare) else bare.removeprefix("r")
    modules = (jax.nn, jax.numpy, jax.lax, jax.numpy.linalg)
    is_public = not name.startswith("_") and any(hasattr(module, name) for module in modules)
    return name if is_public else ""

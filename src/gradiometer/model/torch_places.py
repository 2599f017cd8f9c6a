"""Which place of a PyTorch model made each node of the graph of its gradient.

PyTorch numbers the nodes of a thread in the order in which they are made. So the numbers reached
when a function or a module begins and ends say which nodes are its own.
"""

from __future__ import annotations

import bisect
import contextlib
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

_LEAF_NUMBER = 2**64 - 1
"""The number of every node that collects the gradient of a leaf."""

_OWN = str(Path(__file__).parent)


@final
@dataclass(frozen=True)
class Spot:
    """What made a node: module path, operation, which call of it in that place, line of code."""

    place: str
    operation: str
    call: int = 1
    calls: int = 1
    line: str = ""

    @property
    def label(self) -> str:
        """The operation, numbered where its place calls it several times."""
        return self.operation + (f" #{self.call}" if self.calls > 1 else "")

    def __str__(self) -> str:
        return f"{self.place} ({self.label})"


@final
@dataclass(frozen=True)
class Seen:
    """A tensor that entered or left a module that is watched."""

    owner: tuple[int, int]
    """The module and its call."""
    part: str
    """Empty for the output as a whole; else which part, or `.input`."""
    tensor: Any


@final
@dataclass(frozen=True)
class Places:
    """What happened while the loss was evaluated, in the order of node numbers."""

    starts: list[int] = field(default_factory=list)
    spots: list[tuple[tuple[int, int], str, int, str]] = field(default_factory=list)
    """Module and its call, operation, number of the call of that operation, line."""
    names: dict[int, str] = field(default_factory=dict)
    """Path of each module by its identity."""
    modules: Counter[int] = field(default_factory=Counter)
    """Calls of each module."""
    operations: Counter[tuple[tuple[int, int], str]] = field(default_factory=Counter)
    seen: list[Seen] = field(default_factory=list)
    kept: list[Any] = field(default_factory=list)
    """Modules outside of the model; held, so that no identity is used twice."""
    elsewhere: set[str] = field(default_factory=set)
    """Modules that ran in other threads, where nodes are numbered apart."""

    def find(self, node: Any) -> Spot:
        """What made that node of the graph."""
        number = node._sequence_nr()
        at = bisect.bisect_right(self.starts, number) - 1
        name = to_operation(node.name())
        if at < 0 or number == _LEAF_NUMBER:
            return Spot(self.names[0], name)
        owner, operation, call, line = self.spots[at]
        place = self.name_call(owner)
        if not operation:
            return Spot(place, name, line=line)
        return Spot(place, operation, call, self.operations[owner, operation], line)

    def name_call(self, owner: tuple[int, int]) -> str:
        """The path of a module, with the number of the call where there are several."""
        module, call = owner
        several = self.modules[module] > 1
        return self.names[module] + (f" (call {call})" if several else "")


def to_operation(name: str) -> str:
    """The operation behind the name of a node.

    Example:
        >>> to_operation("AddmmBackward0")
        'addmm'
    """
    bare = re.sub(r"Backward\d*$", "", name.rpartition("::")[2])
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", bare).lower() if name != bare else bare


@contextlib.contextmanager
def record_places(
    torch: Any, model: Any, *, loss: Callable[..., Any], watch: Sequence[str]
) -> Iterator[Places]:
    """What is recorded while the loss is evaluated in the context.

    Args:
        torch: The library.
        model: The module whose paths name the places; anything else names none.
        loss: The function whose own code is the place outside of every module.
        watch: Paths of modules whose output is kept; with `.input` behind, their input.
    """
    places = Places()
    places.names[0] = getattr(loss, "__name__", type(loss).__name__).strip("<>")
    places.modules[0] = 1
    for path, module in list_modules(torch, model):
        places.names.setdefault(id(module), path or type(module).__name__)
    stack = [(0, 1)]
    begin, end = _make_module_hooks(torch, places, stack, set(watch))
    torch_modules = torch.nn.modules.module
    with contextlib.ExitStack() as exits:
        exits.enter_context(_watch_functions(torch, places, stack))
        for handle in (
            torch_modules.register_module_forward_pre_hook(begin),
            torch_modules.register_module_forward_hook(end),
        ):
            exits.callback(handle.remove)
        _mark(torch, places, stack[-1])
        yield places


def list_modules(torch: Any, model: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The modules of a model, or of a nested list or dict of models, each with its path."""
    lead = f"{prefix}." if prefix else ""
    if isinstance(model, torch.nn.Module):
        for path, module in model.named_modules():
            yield lead + path if path else prefix, module
    elif isinstance(model, dict):
        for key, part in model.items():
            yield from list_modules(torch, part, f"{lead}{key}")
    elif isinstance(model, list | tuple):
        for number, part in enumerate(model):
            yield from list_modules(torch, part, f"{lead}{number}")


def _mark(torch: Any, places: Places, owner: tuple[int, int], line: str = "") -> None:
    """From here on nodes belong to the module itself, to no function it calls."""
    places.starts.append(torch._C._autograd._get_sequence_nr())
    places.spots.append((owner, "", 1, line))


def _make_module_hooks(
    torch: Any, places: Places, stack: list[tuple[int, int]], watch: set[str]
) -> tuple[Callable[..., None], Callable[..., None]]:
    """What runs before and after every module."""
    own = threading.get_ident()

    def begin(module: Any, arguments: Any) -> None:
        if threading.get_ident() != own:
            places.elsewhere.add(type(module).__name__)
            return
        if id(module) not in places.names:
            # It is of no model that was given, as a criterion often is.
            places.kept.append(module)
            for path, part in list_modules(torch, module, type(module).__name__):
                places.names.setdefault(id(part), path)
        places.modules[id(module)] += 1
        stack.append((id(module), places.modules[id(module)]))
        _mark(torch, places, stack[-1], _find_line())
        if f"{places.names[id(module)]}.input" in watch:
            keep(".input", arguments)

    def end(module: Any, arguments: Any, output: Any) -> None:
        if threading.get_ident() != own:
            return
        if places.names[id(module)] in watch:
            keep("", output)
        stack.pop()
        _mark(torch, places, stack[-1])

    def keep(part: str, values: Any) -> None:
        found = list(_find_tensors(torch, values, ""))
        places.seen.extend(
            Seen(stack[-1], part + (key if len(found) > 1 else ""), value) for key, value in found
        )

    return begin, end


def _find_tensors(torch: Any, value: Any, key: str) -> Iterator[tuple[str, Any]]:
    """The tensors in what a module takes or returns, each with the way to it."""
    if isinstance(value, torch.Tensor):
        yield key, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _find_tensors(torch, part, f"{key}[{name}]")
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield from _find_tensors(torch, part, f"{key}[{number}]")


def _watch_functions(torch: Any, places: Places, stack: list[tuple[int, int]]) -> Any:
    """A context in which the outermost function of PyTorch owns the nodes that it makes."""
    count = torch._C._autograd._get_sequence_nr

    class Watch(torch.overrides.TorchFunctionMode):
        def __torch_function__(
            self, function: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            start = count()
            result = function(*args, **(kwargs or {}))
            if count() != start:
                owner, name = stack[-1], _name_function(function)
                places.operations[owner, name] += 1
                places.starts.append(start)
                places.spots.append((owner, name, places.operations[owner, name], _find_line()))
                _mark(torch, places, owner)
            return result

    return Watch()


def _name_function(function: Any) -> str:
    name = getattr(function, "__name__", "") or type(function).__name__
    if name == "__get__":
        # A property such as `T` is read through its descriptor.
        name = getattr(getattr(function, "__self__", None), "__name__", name)
    bare = name.strip("_")
    return bare[1:] if name.startswith(("__r", "__i")) and bare[1:] in _SIDES else bare


_SIDES = frozenset(("add", "sub", "mul", "truediv", "matmul", "pow", "floordiv"))
"""Operators that Python also spells from the right, or in place."""


def _find_line() -> str:
    """File and line of the innermost code that is neither of PyTorch nor ours."""
    frame = sys._getframe(1)
    inside = str(Path(sys.modules["torch"].__file__ or "").parent)
    while frame is not None:
        path = frame.f_code.co_filename
        if not path.startswith((inside, _OWN, "<")):
            return f"{Path(path).name}:{frame.f_lineno}"
        frame = frame.f_back
    return ""

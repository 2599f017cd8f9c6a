"""What a PyTorch module holds: its parameters and buffers by module, and its multiply-adds."""

from __future__ import annotations

import contextlib
import copy
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
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
from gradiometer.model.torch_loose import list_loose, list_packed
from gradiometer.model.torch_operations import tally_operations
from gradiometer.model.torch_uses import load_torch

_WRAPPERS = ("DataParallel", "DistributedDataParallel")


def describe_torch(model: Any, example: Example | None = None) -> LiveModel:
    """The modules of a PyTorch model with their tensors, and with its multiply-adds.

    The model is left as it is: what runs is a copy of it without values.

    Args:
        model: A module, or a program of `torch.export`.
        example: What it is called with; without it multiply-adds are not known.

    Raises:
        ModelError: If a module has no sizes yet, or keeps its weights where they cannot be read.
    """
    torch = load_torch()
    model, example, kinds, notes = _unwrap(torch, model, example)
    paths = _name_modules(model, kinds.get("", ""))
    _refuse_lazy(torch, model)
    tally, work = _run(torch, model, paths, example)
    parts = list(_list_parts(torch, model, paths, kinds=kinds, tally=tally))
    notes += list(list_loose(torch, model, paths))
    notes += list(_note_views(model, paths))
    return LiveModel(
        framework="torch",
        version=torch.__version__,
        name=paths[id(model)],
        rows=to_rows(parts, is_counted=tally is not None),
        is_counted=tally is not None,
        work=work,
        notes=tuple(notes),
    )


def _unwrap(
    torch: Any, model: Any, example: Example | None
) -> tuple[Any, Example | None, dict[str, str], list[str]]:
    """The module inside of wrappers, its input, the classes of its modules, and what was found."""
    notes: list[str] = []
    kinds: dict[str, str] = {}
    if type(model).__name__ == "ExportedProgram":
        given = model.example_inputs
        if example is None and given is not None:
            example = Example(tuple(given[0]), given[1])
        model = model.module()
        kinds = dict(_read_kinds(model))
        notes.append("A program of `torch.export`: only what it uses of the model is in it.")
    while True:
        if hasattr(model, "_orig_mod"):
            model = model._orig_mod
            notes.append("The compiled model is counted as it is written.")
        elif isinstance(model, torch.nn.Module) and type(model).__name__ in _WRAPPERS:
            notes.append(f"`{type(model).__name__}` is left out: it adds no tensors of its own.")
            model = model.module
        else:
            return model, example, kinds, notes


def _read_kinds(model: Any) -> Iterator[tuple[str, str]]:
    """The class that each module of an exported program had."""
    for node in model.graph.nodes:
        for path, kind in (node.meta.get("nn_module_stack") or {}).values():
            yield path, str(kind).rpartition(".")[2]


def _name_modules(model: Any, name: str) -> dict[int, str]:
    """The first path of each module; the model itself is called as its class."""
    found: dict[int, str] = {}
    for path, module in model.named_modules():
        if hasattr(module, "_orig_mod") or type(module).__name__ == "GuardsFn":
            # One wraps what has the same path, the other checks the input of a program.
            continue
        bare = ".".join(piece for piece in path.split(".") if piece != "_orig_mod")
        found[id(module)] = bare or name or type(module).__name__
    return found


def _refuse_lazy(torch: Any, model: Any) -> None:
    lazy = [
        name
        for name, tensor in (*model.named_parameters(), *model.named_buffers())
        if torch.nn.parameter.is_lazy(tensor)
    ]
    if lazy:
        raise ModelError(
            f"{join_names(lazy)} has no size yet: it is made when the model first runs.",
            hint="call the model once on an example before it is returned",
        )


def _list_parts(
    torch: Any, model: Any, paths: Mapping[int, str], *, kinds: Mapping[str, str],
    tally: Tally | None,
) -> Iterator[Part]:  # fmt: skip
    """All modules that hold tensors or do something themselves, at every path they have."""
    root = paths[id(model)]
    for path, module in model.named_modules(remove_duplicate=False):
        if id(module) not in paths:
            continue
        bare = ".".join(piece for piece in path.split(".") if piece != "_orig_mod") or root
        tensors = (*_list_own(module), *list_packed(torch, module, bare))
        is_first = bare == paths[id(module)]
        work = tally.lines(bare) if tally and is_first else ()
        if not tensors and not work and next(module.children(), None) is not None:
            continue
        shapes = (tally.shapes.get(bare) if tally and is_first else None) or (None, None)
        yield Part(
            path=bare,
            kind=kinds.get(path, type(module).__name__),
            tensors=tensors,
            shape_in=(None,) if shapes[0] is None else shapes[0],
            shape_out=(None,) if shapes[1] is None else shapes[1],
            work=work,
        )


def _list_own(module: Any) -> Iterator[OwnTensor]:
    for name, tensor in module._parameters.items():
        if tensor is not None:
            yield _to_own(name, tensor, frozen=not tensor.requires_grad)
    for name, tensor in module._buffers.items():
        if tensor is not None:
            is_stored = name not in module._non_persistent_buffers_set
            yield _to_own(name, tensor, is_buffer=True, is_stored=is_stored)


def _to_own(name: str, tensor: Any, **more: bool) -> OwnTensor:
    return OwnTensor(name, to_shape(tensor.shape), to_type(tensor.dtype), id(tensor), **more)


def _run(
    torch: Any, model: Any, paths: Mapping[int, str], example: Example | None
) -> tuple[Tally | None, str]:
    """What the model does on that example, and for which; or None, and why it is not known."""
    if example is None:
        return None, "There is no example: give `--input`, or return it behind the model."
    try:
        with warnings.catch_warnings(), _eager(torch):
            warnings.simplefilter("ignore")
            bare, run, shown = _copy(torch, model, example)
            names = dict(zip(map(id, bare.modules()), map(id, model.modules()), strict=True))
            own = {new: paths[old] for new, old in names.items() if old in paths}
            tally = tally_operations(torch, bare, paths=own, run=run)
    except Exception as error:
        first = (str(error).strip().splitlines() or [""])[0]
        return None, f"On tensors without values the model raised {type(error).__name__}: {first}"
    if tally.gap:
        return None, tally.gap
    return tally, f"for the input {shown}, in evaluation mode"


def _copy(
    torch: Any, model: Any, example: Example
) -> tuple[Any, Callable[[Any, list[str]], Any], str]:
    """The model without values, what calls it, and the shapes of what it is called with."""
    memo: dict[int, Any] = {}
    for tensor in (*model.parameters(), *model.buffers()):
        bare = tensor.detach().to("meta")
        if isinstance(tensor, torch.nn.Parameter):
            bare = torch.nn.Parameter(bare, requires_grad=False)
        memo[id(tensor)] = bare
    made = copy.deepcopy(model, memo)
    is_program = isinstance(made, torch.fx.GraphModule)
    if not is_program:
        made.train(False)
    positional, named = example.positional, example.named or {}
    if example.shape:
        positional = (_make_input(torch, model, example),)
    arguments, named = torch.utils._pytree.tree_map_only(
        torch.Tensor, lambda tensor: tensor.detach().to("meta"), (positional, dict(named))
    )
    leaves = torch.utils._pytree.tree_leaves((arguments, named))
    shapes = ["x".join(map(str, t.shape)) or "1" for t in leaves if isinstance(t, torch.Tensor)]
    text = ", ".join(shapes) or "nothing"
    if is_program:
        return made, lambda module, stack: _interpret(torch, module, leaves, stack), text
    return made, lambda module, _: module(*arguments, **named), text


def _interpret(torch: Any, program: Any, leaves: list[Any], stack: list[str]) -> None:
    """Run a program one operation at a time, so that the module of each is known."""

    class Follow(torch.fx.Interpreter):
        def run_node(self, n: Any) -> Any:
            within = list((n.meta.get("nn_module_stack") or {}).values())
            stack.append(within[-1][0] if within else "")
            try:
                return super().run_node(n)
            finally:
                stack.pop()

    Follow(program).run(*leaves, enable_io_processing=False)


def _make_input(torch: Any, model: Any, example: Example) -> Any:
    kinds = [tensor.dtype for tensor in model.parameters() if tensor.is_floating_point()]
    kind = torch.int64 if example.is_tokens else (kinds or [torch.float32])[0]
    return torch.empty((1, *example.shape), dtype=kind, device="meta")


@contextlib.contextmanager
def _eager(torch: Any) -> Iterator[None]:
    """A context in which compiled parts run as they are written."""
    if "torch._dynamo" not in sys.modules:
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield


def _note_views(model: Any, paths: Mapping[int, str]) -> Iterator[str]:
    """What is said of two parameters that are one memory and two tensors."""
    places: dict[Any, dict[int, str]] = {}
    for name, tensor in model.named_parameters():
        with contextlib.suppress(NotImplementedError, RuntimeError):
            key = tensor.untyped_storage()._cdata
            places.setdefault(key, {})[id(tensor)] = name
    for names in places.values():
        if len(names) > 1:
            yield (
                f"{join_names(names.values())} are several parameters in one memory; each counts, "
                "as each is trained by itself."
            )

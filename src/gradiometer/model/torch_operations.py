"""The multiply-adds of a PyTorch module, seen while it runs once on tensors without values.

Every matrix product and convolution of PyTorch is one of a few operations, whatever function asked
for it. They are counted from the shapes that arrive there, for the module that runs at that moment.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gradiometer.model.live_tally import Tally

_WORK_WORDS = (
    "mm", "bmm", "matmul", "conv", "linear", "attention", "rnn", "lstm", "gru", "linalg", "einsum",
    "trilinear", "cdist", "fft", "cholesky", "solve", "svd", "qr", "inverse", "dot", "mv", "addr",
    "encoder_layer",
)  # fmt: skip
"""Words in the names of operations that multiply and add; all others move, compare, or work on
each number by itself."""

_NO_WORK = (
    "_thnn_fused_lstm_cell", "_thnn_fused_gru_cell", "_linalg_check_errors", "linalg_vector_norm",
    "linalg_cross", "upsample_", "_upsample_", "resolve_", "_convert_",
)  # fmt: skip
"""How operations begin that have such a word and yet no products of matrices."""


def tally_operations(
    torch: Any, model: Any, *, paths: Mapping[int, str], run: Callable[[Any, list[str]], Any]
) -> Tally:
    """What a module does while it runs.

    Args:
        torch: The library.
        model: A module whose tensors have no values.
        paths: The path of each of its modules, by identity.
        run: What calls it; it may write on the stack of paths what runs at the moment.
    """
    tally = Tally()
    with contextlib.ExitStack() as exits:
        exits.enter_context(torch.no_grad())
        exits.enter_context(torch.device("meta"))
        if hasattr(torch.backends, "mha"):
            exits.callback(
                torch.backends.mha.set_fastpath_enabled, torch.backends.mha.get_fastpath_enabled()
            )
            torch.backends.mha.set_fastpath_enabled(False)
        exits.enter_context(_watch_modules(torch, model, paths, tally))
        exits.enter_context(_make_mode(tally, paths[id(model)]))
        run(model, tally.stack)
    return tally


@contextlib.contextmanager
def _watch_modules(
    torch: Any, model: Any, paths: Mapping[int, str], tally: Tally
) -> Iterator[None]:
    """A context in which the stack of the tally holds the modules that run."""

    def begin(module: Any, arguments: Any, named: Any) -> None:
        path = paths[id(module)]
        tally.stack.append(path)
        tally.shapes.setdefault(path, (_first_shape(torch, (arguments, named)), None))

    def end(module: Any, _: Any, output: Any) -> None:
        path = tally.stack.pop()
        before = tally.shapes[path]
        if before[1] is None:
            tally.shapes[path] = (before[0], _first_shape(torch, output))

    handles = []
    for module in model.modules():
        # What has no path is a wrapper of one that has.
        if id(module) in paths:
            handles.append(module.register_forward_pre_hook(begin, with_kwargs=True, prepend=True))
            handles.append(module.register_forward_hook(end, always_call=True))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _first_shape(torch: Any, value: Any) -> tuple[int, ...] | None:
    waiting = [value]
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, torch.Tensor):
            return tuple(part.shape)
        if isinstance(part, dict):
            waiting[:0] = part.values()
        elif isinstance(part, list | tuple):
            waiting[:0] = part
    return None


def _make_mode(tally: Tally, root: str) -> Any:
    """A context in which each operation of PyTorch is counted."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Count(TorchDispatchMode):
        def __torch_dispatch__(
            self, function: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            named = kwargs or {}
            name = function._schema.name
            if name.removeprefix("aten::") not in _RULES and function._can_decompose():
                with self:
                    result = function.decompose(*args, **named)
                if result is not NotImplemented:
                    return result
            result = function(*args, **named)
            _count(tally, root, name, args, result)
            return result

    return Count()


def _count(tally: Tally, root: str, name: str, args: Any, result: Any) -> None:
    path = (tally.stack and tally.stack[-1]) or root
    space, _, bare = name.rpartition("::")
    rule = _RULES.get(bare) if space == "aten" else None
    if rule is not None:
        line, sizes = rule(args, result)
        tally.add(path, line, sizes)
    elif space not in ("aten", "prims", "prim") or _may_multiply(bare):
        tally.unknown.append((path, name))


def _may_multiply(name: str) -> bool:
    if name.startswith(_NO_WORK):
        return False
    pieces = name.strip("_").split("_")
    return any(
        word in name if len(word) > 4 else any(_is_named(piece, word) for piece in pieces)
        for word in _WORK_WORDS
    )


def _is_named(piece: str, word: str) -> bool:
    """Whether a piece of a name is that word, with what may stand round it, as in `conv2d`."""
    return piece.startswith(word) or piece.endswith(word)


def _count_product(left: int) -> Callable[[Any, Any], tuple[str, tuple[int, ...]]]:
    """The rule for a product of matrices, the first of which is that argument."""

    def count(args: Any, _: Any) -> tuple[str, tuple[int, ...]]:
        one, other = args[left], args[left + 1]
        return "products", (*one.shape, *(other.shape[-1:] if other.dim() > 1 else ()))

    return count


def _count_linear(args: Any, _: Any) -> tuple[str, tuple[int, ...]]:
    return "products", (*args[0].shape, *args[1].shape[:-1])


def _count_convolution(args: Any, result: Any) -> tuple[str, tuple[int, ...]]:
    entering, weight, is_transposed = args[0], args[1], args[6]
    # A transposed convolution spreads every place of what enters, not of what leaves.
    places = (entering if is_transposed else result).shape
    return "convolutions", (places[0], *places[2:], *weight.shape)


def _count_attention(args: Any, _: Any) -> tuple[str, tuple[int, ...]]:
    query, key, value = args[:3]
    return "products", (*query.shape[:-1], key.shape[-2], query.shape[-1] + value.shape[-1])


_TWO = ("mm", "bmm", "mv", "dot", "vdot", "_int_mm", "_scaled_mm")
_TWO_AND_SUM = ("addmm", "_addmm_activation", "baddbmm", "addbmm", "addmv")

_RULES: Mapping[str, Callable[[Any, Any], tuple[str, tuple[int, ...]]]] = {
    **dict.fromkeys(_TWO, _count_product(0)),
    **dict.fromkeys(_TWO_AND_SUM, _count_product(1)),
    "linear": _count_linear,
    "convolution": _count_convolution,
    "_scaled_dot_product_flash_attention": _count_attention,
    "_scaled_dot_product_flash_attention_for_cpu": _count_attention,
    "_scaled_dot_product_efficient_attention": _count_attention,
    "_scaled_dot_product_cudnn_attention": _count_attention,
    "_scaled_dot_product_fused_attention_overrideable": _count_attention,
}  # fmt: skip
"""Line and sizes whose product is the number of multiply-adds."""

"""Where branches meet: their outputs are added, multiplied or put side by side."""

from __future__ import annotations

from collections.abc import Iterator

from gradiometer.errors import DomainError, ShapeError
from gradiometer.model.network_rows import CountLine, Row, SavedRow, Shape, to_shape_text
from gradiometer.model.network_scope import Flow
from gradiometer.model.network_tree import Branches
from gradiometer.model.network_values import Values, find_value
from gradiometer.model.size_formula import to_size_text

_DONE = {"add": "adds", "multiply": "multiplies", "concat": "joins"}


def join_flows(item: Branches, flows: list[Flow], *, path: str, values: Values) -> tuple[Row, Flow]:
    """The row of a join, and what flows on.

    Raises:
        ShapeError: If the outputs of the branches do not fit.
        DomainError: If they have no such axis.
    """
    shapes = [flow.shape for flow in flows]
    if item.join == "concat":
        axis = _find_axis(item, len(shapes[0]), path, values)
        shape = _concat(item, shapes, path, axis)
    else:
        shape = _spread(item, shapes, path)
    needs = any(flow.needs_gradient for flow in flows)
    size: int | None = len(flows) - 1
    for axis in shape:
        size = None if size is None or axis is None else size * axis
    name = {"add": "additions", "multiply": "products"}.get(item.join)
    extra = (CountLine(name, size, "(branches - 1)*product(shape)"),) if name else ()
    saved: tuple[SavedRow, ...] = ()
    if item.join == "multiply" and needs:
        saved = tuple(_list_factors(item, flows, path))
    row = Row(path, item.join, (), shapes[0], shape, extra=extra, saved=saved, place=item.place)
    return row, Flow(shape, path, needs_gradient=needs)


def _list_factors(item: Branches, flows: list[Flow], path: str) -> Iterator[SavedRow]:
    """What products keep: a factor where the other one has a gradient, and products before it."""
    left = flows[0]
    for k, right in enumerate(flows[1:], start=2):
        for flow, other, number in ((left, right, k - 1), (right, left, k)):
            if other.needs_gradient:
                name = f"factor {number}"
                yield SavedRow(name, flow.tensor, flow.whole or flow.shape, flow.dtype)
        shape = _spread(item, [left.shape, right.shape], path)
        needs = left.needs_gradient or right.needs_gradient
        left = Flow(shape, f"{path} product {k}", needs_gradient=needs)


def _spread(item: Branches, shapes: list[Shape], path: str) -> Shape:
    """The common shape; an axis of size 1 meets every size."""
    result = shapes[0]
    for shape in shapes[1:]:
        if len(shape) != len(result):
            raise _misfit(item, shapes, path)
        axes: list[int | None] = []
        for left, right in zip(result, shape, strict=True):
            if left == 1 or right in {1, left}:
                axes.append(right if left == 1 else left)
            elif left is None or right is None:
                axes.append(right if left is None else left)
            else:
                raise _misfit(item, shapes, path)
        result = tuple(axes)
    return result


def _find_axis(item: Branches, rank: int, path: str, values: Values) -> int:
    """The axis along which shapes are joined: channels of an image, the last one else."""
    text = dict(item.settings).get("axis")
    if text is None:
        return 0 if rank >= 3 else rank - 1
    axis = find_value(text, values, path=path, place=item.place, word=False)
    if isinstance(axis, bool) or not isinstance(axis, int) or not -rank <= axis < rank:
        problem = f"`{path}`: `axis` is one of {-rank} to {rank - 1}, not `{to_size_text(axis)}`."
        hint = "write `axis=0` for the first axis, or `axis=-1` for the last"
        raise DomainError(problem, place=item.place, hint=hint)
    return axis % rank


def _concat(item: Branches, shapes: list[Shape], path: str, axis: int) -> Shape:
    """The shapes side by side along an axis."""
    rank = len(shapes[0])
    for shape in shapes:
        if len(shape) != rank or rank == 0:
            raise _misfit(item, shapes, path)
        for at, (left, right) in enumerate(zip(shapes[0], shape, strict=True)):
            if at != axis and None not in (left, right) and left != right:
                raise _misfit(item, shapes, path)
    known = [shape[axis] for shape in shapes]
    total = None if None in known else sum(size for size in known if size is not None)
    others = [next((s[at] for s in shapes if s[at] is not None), None) for at in range(rank)]
    return (*others[:axis], total, *others[axis + 1 :])


def _misfit(item: Branches, shapes: list[Shape], path: str) -> ShapeError:
    listed = " and ".join(dict.fromkeys(map(to_shape_text, shapes)))
    first, last = shapes[0], shapes[-1]
    hint = "give the branches layers that lead to one shape"
    if item.join == "add" and len(first) == len(last) >= 3:
        # The branch without layers is the shortcut; it gets the channels of the other one.
        channels = first[0] if item.branches[0].items else last[0]
        hint = f"give the shortcut a `conv({channels}, 1)`, with the stride of the other branch"
        if not _is_strided(first[1:], last[1:]):
            hint = "keep the size of the space with `padding=same`"
            more = f", and give the shortcut a `conv({channels}, 1)`"
            hint += more if first[0] != last[0] else ""
    return ShapeError(f"`{path}` {_DONE[item.join]} {listed}.", place=item.place, hint=hint)


def _is_strided(left: Shape, right: Shape) -> bool:
    """Whether one space may be the other one at every second place, every third and so on."""
    pairs = [(a, b) for a, b in zip(left, right, strict=True) if a is not None and b is not None]
    ratios = {-(-max(pair) // min(pair)) for pair in pairs}
    return all(-(-max(pair) // step) == min(pair) for step in ratios for pair in pairs)

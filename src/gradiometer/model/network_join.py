"""Where branches meet: their outputs are added, multiplied or put side by side."""

from __future__ import annotations

from gradiometer.errors import ShapeError
from gradiometer.model.network_rows import CountLine, Row, SavedRow, Shape, to_shape_text
from gradiometer.model.network_scope import Flow
from gradiometer.model.network_tree import Branches

_DONE = {"add": "adds", "multiply": "multiplies", "concat": "joins"}


def join_flows(item: Branches, flows: list[Flow], *, path: str) -> tuple[Row, Flow]:
    """The row of a join, and what flows on.

    Raises:
        ShapeError: If the outputs of the branches do not fit.
    """
    shapes = [flow.shape for flow in flows]
    shape = _concat(item, shapes, path) if item.join == "concat" else _spread(item, shapes, path)
    needs = any(flow.needs_gradient for flow in flows)
    size: int | None = len(flows) - 1
    for axis in shape:
        size = None if size is None or axis is None else size * axis
    name = {"add": "additions", "multiply": "products"}.get(item.join)
    extra = (CountLine(name, size, "(branches - 1)*product(shape)"),) if name else ()
    saved: tuple[SavedRow, ...] = ()
    if item.join == "multiply" and needs:
        saved = tuple(
            SavedRow(f"factor {k}", flow.tensor, flow.whole or flow.shape, flow.dtype)
            for k, flow in enumerate(flows, start=1)
        )
    row = Row(path, item.join, (), shapes[0], shape, extra=extra, saved=saved, place=item.place)
    return row, Flow(shape, path, needs_gradient=needs)


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


def _concat(item: Branches, shapes: list[Shape], path: str) -> Shape:
    """The shapes side by side: along the channels of an image, along the last axis else."""
    rank = len(shapes[0])
    axis = 0 if rank >= 3 else rank - 1
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
    return ShapeError(f"`{path}` {_DONE[item.join]} {listed}.", place=item.place, hint=hint)

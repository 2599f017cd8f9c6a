"""The row of one layer: the tensors it has and those it keeps, and what flows on from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from gradiometer.model.layer_rule import LayerCall, LayerResult
from gradiometer.model.network_rows import ALL, Row, SavedRow, Shape, TensorRow
from gradiometer.model.network_scope import Flow, Scope


def add_layer(
    scope: Scope,
    call: LayerCall,
    result: LayerResult,
    *,
    flow: Flow,
    memory: Flow | None,
    frozen: frozenset[str],
) -> Flow:
    """What flows on from a layer, whose row is put behind the others of *scope*."""
    kind, path = call.kind, call.path
    tensors = tuple(
        _tensor_row(t.name, t.shape, t.dtype, frozen=t.name in frozen or ALL in frozen)
        for t in result.tensors
    )
    learning = {tensor.name for tensor in tensors if not tensor.frozen}
    needs = flow.needs_gradient or (memory is not None and memory.needs_gradient)
    needs = needs or bool(learning)
    # What only the gradient of the input needs is not kept where there is none.
    wanted = learning | {"input"} if flow.needs_gradient else learning
    out = Flow(
        result.shape_out,
        flow.tensor if result.is_view else path,
        flow.dtype if result.is_view else None,
        needs,
        flow.whole or flow.shape if result.is_view else None,
    )
    flows = {"input": flow, "memory": memory or flow, "output": out}
    scope.add(
        Row(
            path,
            kind.name,
            result.settings,
            flow.shape,
            result.shape_out,
            tensors,
            tuple(_tensor_row(t.name, t.shape, t.dtype, frozen=False) for t in result.buffers),
            result.multiply_adds,
            result.extra,
            _saved(call, result, flows, wanted=wanted) if needs else (),
            formula=result.formula,
            words=result.words,
            is_embedding=kind.is_embedding,
            place=call.place,
            spelled=result.spelled,
            cache=_list_cached(path, result, has_memory=memory is not None),
            memory=memory.shape if memory else None,
            worded=_list_worded(call),
        )
    )
    return out


def _list_cached(path: str, result: LayerResult, *, has_memory: bool) -> tuple[SavedRow, ...]:
    return tuple(
        SavedRow(
            kept.name,
            f"{path} {kept.name}",
            kept.shape,
            kept.dtype or None,
            needed_for=kept.needed_for,
        )
        for kept in result.cache
        if has_memory or kept.needed_for != "memory"
    )


def _list_worded(call: LayerCall) -> tuple[tuple[str, str], ...]:
    """The settings for which a word was written that stands for a number."""
    settings = call.kind.settings
    return tuple(
        (name, value)
        for name, value in call.given.items()
        if isinstance(value, str) and settings[name].words.get(value) is not None
    )


def _saved(
    call: LayerCall, result: LayerResult, flows: Mapping[str, Flow], *, wanted: Collection[str]
) -> tuple[SavedRow, ...]:
    saved: list[SavedRow] = []
    for kept in result.saved:
        if kept.needed_for and kept.needed_for not in wanted:
            continue
        found = flows.get(kept.of)
        if found is None:
            tensor = f"{call.path} {kept.name}"
            own = (kept.shape, kept.dtype or None, kept.once, kept.needed_for)
            saved.append(SavedRow(kept.name, tensor, *own))
        else:
            dtype = kept.dtype or found.dtype
            shape = found.whole or found.shape
            needed = kept.needed_for
            saved.append(SavedRow(kept.name, found.tensor, shape, dtype, needed_for=needed))
    return tuple(saved)


def _tensor_row(name: str, shape: Shape, dtype: str, *, frozen: bool) -> TensorRow:
    # The rule refuses a tensor with a size that is not known.
    sizes = tuple(axis for axis in shape if axis is not None)
    row = TensorRow(name, sizes, 0, dtype or None, "", frozen)
    return replace(row, count=row.size)

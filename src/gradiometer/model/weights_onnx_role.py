"""Decides which tensors of an ONNX file are parameters, by what the graph does with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from gradiometer.catalog import read_stored
from gradiometer.model.weights_model import Kind
from gradiometer.model.weights_names import find_rule
from gradiometer.model.weights_onnx_graph import OnnxGraphs, OnnxScope, OnnxTensor, OnnxUse

MOST_STEPS = 256
"""Uses that are followed from one tensor."""
_SMALL_INTEGERS = {"int8", "uint8", "int4", "uint4", "int2", "uint2"}
"""Types that quantized weights are stored in."""

Role = tuple[Kind, str, bool]
"""Kind, reason, and whether the elements are packed so that their number is not known."""


def find_role(graphs: OnnxGraphs, tensor: OnnxTensor) -> Role:
    """What a tensor is to the model: learned, measured, or a number of the computation."""
    entry = tensor.entry
    rule = find_rule(tensor.value, shape=entry.shape, dtype=entry.dtype)
    if rule is not None:
        return (*rule, False)
    direct = graphs.scopes[tensor.scope].uses.get(tensor.value, [])
    if direct and all(_is("buffers", use) for use in direct):
        use = direct[0]
        return "buffer", f"input {use.input} of {use.operator}: measured or chosen", False
    if not entry.floating and entry.dtype not in _SMALL_INTEGERS:
        return "constant", "whole numbers and texts have no gradient", False
    uses = list(_follow(graphs, tensor))
    for _, use in uses:
        if _is("weights", use):
            reason = f"input {use.input} of {use.operator}: a weight"
            return "parameter", reason, _is("packed", use)
    if not entry.floating:
        return "constant", "whole numbers that reach no weight", False
    for scope, use in uses:
        if _is_bias(tensor, scope, use):
            return "parameter", f"a vector added to a product by {use.operator}: a bias", False
    if not tensor.is_node and not _is_made_name(tensor.value):
        for _, use in uses:
            if _is("arithmetic", use):
                reason = f"an operand of {use.operator} under a name that its author gave"
                return "parameter", reason, False
    return "constant", "it reaches no weight: a number of the computation", False


def _follow(graphs: OnnxGraphs, tensor: OnnxTensor) -> Iterator[tuple[OnnxScope, OnnxUse]]:
    """Every use of a tensor, also behind operators that hand it on and inside functions."""
    waiting = [(tensor.scope, tensor.value)]
    seen = set(waiting)
    steps = 0
    while waiting:
        scope_name, value = waiting.pop(0)
        scope = graphs.scopes[scope_name]
        for use in scope.uses.get(value, ()):
            steps += 1
            if steps > MOST_STEPS:
                return
            yield scope, use
            for place in _lead_on(graphs, scope_name, use):
                if place not in seen:
                    seen.add(place)
                    waiting.append(place)


def _lead_on(graphs: OnnxGraphs, scope_name: str, use: OnnxUse) -> list[tuple[str, str]]:
    """Where a value goes from a use of it: into a function, or out of the same node."""
    function = f"{use.domain}::{use.operator}"
    if function in graphs.scopes:
        formals = graphs.scopes[function].formals
        return [(function, formals[use.input])] if use.input < len(formals) else []
    if _is("through", use):
        return [(scope_name, output) for output in use.outputs]
    return []


def _is_bias(tensor: OnnxTensor, scope: OnnxScope, use: OnnxUse) -> bool:
    """Whether a vector is added to what a product gave."""
    before = _table()["before"].get(use.operator, ())
    if len(tensor.entry.shape) != 1 or tensor.entry.count < 2 or not before:
        return False
    others = [name for index, name in enumerate(use.others) if index != use.input]
    return any(scope.makers.get(name) in before for name in others)


def _is(part: str, use: OnnxUse) -> bool:
    return use.input in _table()[part].get(use.operator, ())


@cache
def _table() -> Mapping[str, Any]:
    return read_stored("uses")


@cache
def _made_names() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in _table()["made_names"]["patterns"]))


def _is_made_name(name: str) -> bool:
    return _made_names().fullmatch(name) is not None

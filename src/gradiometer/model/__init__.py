"""Things made of formulas: activations, graphs, networks, landscapes, update rules, schedules."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradiometer.model.activation import (
        Activation,
        ActivationFamily,
        Published,
        read_activation,
        read_family,
    )
    from gradiometer.model.graph import Graph, GraphNode, read_graph
    from gradiometer.model.graph_flow import Edge, Flow, find_flow
    from gradiometer.model.graph_group import Bundle, group_paths
    from gradiometer.model.graph_kink import SLOPES
    from gradiometer.model.graph_point import GraphPoint, check_size, multiply, slope_tree
    from gradiometer.model.graph_rank import RankedPath, rank_paths
    from gradiometer.model.graph_side import Gradient, Sides, solve_gradient
    from gradiometer.model.jax_uses import split_jax
    from gradiometer.model.listing import Listing, read_listing
    from gradiometer.model.network import Layer, Network, read_network
    from gradiometer.model.objective import VARIABLE, Landscape, Objective, read_objective
    from gradiometer.model.optimizer import Optimizer, Rule, rate_range, read_optimizer
    from gradiometer.model.parameter import (
        Owner,
        Parameter,
        Setting,
        is_inside,
        read_parameters,
        read_setting,
        settle,
        to_setting_text,
    )
    from gradiometer.model.schedule import BoundSchedule, Schedule, describe_settings, read_schedule
    from gradiometer.model.tensor_use import (
        Residual,
        SplitTensor,
        TensorGradient,
        TensorUse,
        measure_use,
    )
    from gradiometer.model.torch_uses import split_torch
    from gradiometer.model.trace import Traced, trace_function

_PLACES = {
    "SLOPES": "graph_kink",
    "VARIABLE": "objective",
    "Activation": "activation",
    "ActivationFamily": "activation",
    "BoundSchedule": "schedule",
    "Bundle": "graph_group",
    "Edge": "graph_flow",
    "Flow": "graph_flow",
    "Gradient": "graph_side",
    "Graph": "graph",
    "GraphNode": "graph",
    "GraphPoint": "graph_point",
    "Landscape": "objective",
    "Layer": "network",
    "Listing": "listing",
    "Network": "network",
    "Objective": "objective",
    "Optimizer": "optimizer",
    "Owner": "parameter",
    "Parameter": "parameter",
    "Published": "activation",
    "RankedPath": "graph_rank",
    "Residual": "tensor_use",
    "Rule": "optimizer",
    "Schedule": "schedule",
    "Setting": "parameter",
    "Sides": "graph_side",
    "SplitTensor": "tensor_use",
    "TensorGradient": "tensor_use",
    "TensorUse": "tensor_use",
    "Traced": "trace",
    "check_size": "graph_point",
    "describe_settings": "schedule",
    "find_flow": "graph_flow",
    "group_paths": "graph_group",
    "is_inside": "parameter",
    "measure_use": "tensor_use",
    "multiply": "graph_point",
    "rank_paths": "graph_rank",
    "rate_range": "optimizer",
    "read_activation": "activation",
    "read_family": "activation",
    "read_graph": "graph",
    "read_listing": "listing",
    "read_network": "network",
    "read_objective": "objective",
    "read_optimizer": "optimizer",
    "read_parameters": "parameter",
    "read_schedule": "schedule",
    "read_setting": "parameter",
    "settle": "parameter",
    "slope_tree": "graph_point",
    "solve_gradient": "graph_side",
    "split_jax": "jax_uses",
    "split_torch": "torch_uses",
    "to_setting_text": "parameter",
    "trace_function": "trace",
}
"""The file that each name comes from; it is loaded when the name is first used."""

__all__ = [
    "SLOPES",
    "VARIABLE",
    "Activation",
    "ActivationFamily",
    "BoundSchedule",
    "Bundle",
    "Edge",
    "Flow",
    "Gradient",
    "Graph",
    "GraphNode",
    "GraphPoint",
    "Landscape",
    "Layer",
    "Listing",
    "Network",
    "Objective",
    "Optimizer",
    "Owner",
    "Parameter",
    "Published",
    "RankedPath",
    "Residual",
    "Rule",
    "Schedule",
    "Setting",
    "Sides",
    "SplitTensor",
    "TensorGradient",
    "TensorUse",
    "Traced",
    "check_size",
    "describe_settings",
    "find_flow",
    "group_paths",
    "is_inside",
    "measure_use",
    "multiply",
    "rank_paths",
    "rate_range",
    "read_activation",
    "read_family",
    "read_graph",
    "read_listing",
    "read_network",
    "read_objective",
    "read_optimizer",
    "read_parameters",
    "read_schedule",
    "read_setting",
    "settle",
    "slope_tree",
    "solve_gradient",
    "split_jax",
    "split_torch",
    "to_setting_text",
    "trace_function",
]


def __getattr__(name: str) -> Any:
    # A run needs no graph and no network; each is read when it is first used.
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"gradiometer.model.{_PLACES[name]}"), name)
    globals()[name] = value
    return value

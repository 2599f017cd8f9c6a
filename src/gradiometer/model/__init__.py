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
    )  # fmt: skip
    from gradiometer.model.counter import Counter, read_counter
    from gradiometer.model.dataset import Dataset, read_dataset
    from gradiometer.model.dataset_split import (
        Split,
        flip_labels,
        scale_inputs,
        scale_targets,
        split_dataset,
    )
    from gradiometer.model.entry import find_entry
    from gradiometer.model.entry_dialect import list_dialects
    from gradiometer.model.flax_models import describe_flax
    from gradiometer.model.graph import Graph, GraphNode, read_graph
    from gradiometer.model.graph_flow import Edge, Flow, find_flow
    from gradiometer.model.graph_focus import GraphFocus, focus_graph, weigh_edges
    from gradiometer.model.graph_group import Bundle, group_paths
    from gradiometer.model.graph_kink import SLOPES
    from gradiometer.model.graph_point import (
        GraphPoint,
        check_size,
        has_idle_branch,
        multiply,
        slope_tree,
    )  # fmt: skip
    from gradiometer.model.graph_rank import RankedPath, rank_paths
    from gradiometer.model.graph_side import Gradient, Sides, solve_gradient
    from gradiometer.model.initialization import Initialization, read_initialization
    from gradiometer.model.jax_uses import split_jax
    from gradiometer.model.keras_config import note_keras, read_keras_config
    from gradiometer.model.keras_models import describe_keras
    from gradiometer.model.landscape import CriticalPoint, Landscape, Surface
    from gradiometer.model.layer_kind import LayerKind
    from gradiometer.model.layer_kind_read import find_layer_kind, list_layer_kinds, read_layer_kind
    from gradiometer.model.listing import Listing, read_listing
    from gradiometer.model.listing_names import NameTable
    from gradiometer.model.live_model import Example, LiveModel, OwnTensor, Part, to_rows
    from gradiometer.model.loss_schedule import LossSchedule, read_loss_schedule
    from gradiometer.model.network_config import ConfigNetwork, read_config
    from gradiometer.model.network_count import NetworkCount, count_network, list_saved
    from gradiometer.model.network_names import find_uses
    from gradiometer.model.network_options import list_layers, with_activation, without_bias
    from gradiometer.model.network_read import read_network_tree, read_shape
    from gradiometer.model.network_reconcile import (
        Deviation,
        NotReconciled,
        Reconciled,
        estimate_memory,
        reconcile,
    )
    from gradiometer.model.network_rows import CountLine, Row, SavedRow, TensorRow, to_shape_text
    from gradiometer.model.network_spell import to_network_text
    from gradiometer.model.network_spell_toml import to_network_toml
    from gradiometer.model.network_template import Template, read_template, read_template_file
    from gradiometer.model.network_toml import read_network_file, read_network_toml
    from gradiometer.model.network_tree import Chain, Input, Layer
    from gradiometer.model.network_walk import walk_network
    from gradiometer.model.network_widths import read_widths
    from gradiometer.model.objective import VARIABLE, Objective
    from gradiometer.model.objective_read import read_objective
    from gradiometer.model.optimizer import Optimizer, rate_range
    from gradiometer.model.optimizer_read import read_optimizer
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
    from gradiometer.model.precision import BYTES, Precision, read_precision
    from gradiometer.model.rule import Rule, RuleText, Shape, count_values, lengths_of
    from gradiometer.model.rule_kinds import NUMBER, ROW, TENSOR, Kind, join_kinds
    from gradiometer.model.rule_unroll import ScalarRule, unroll
    from gradiometer.model.schedule import RATE, BoundSchedule, Schedule, describe_settings
    from gradiometer.model.schedule_call import Call, read_call
    from gradiometer.model.schedule_read import read_schedule
    from gradiometer.model.schedule_text import is_schedule_text
    from gradiometer.model.start import Start, read_start
    from gradiometer.model.tensor_use import (
        Residual,
        SplitTensor,
        TensorGradient,
        TensorUse,
        measure_use,
    )
    from gradiometer.model.toml_places import KeyPath, Spot, find_line, locate_keys
    from gradiometer.model.toml_source import read_file, read_toml
    from gradiometer.model.torch_modules import describe_torch
    from gradiometer.model.torch_uses import split_torch
    from gradiometer.model.trace import Traced, trace_function
    from gradiometer.model.weights_model import StoredModel, StoredTensor
    from gradiometer.model.weights_read import read_weights

_FILES = {
    "activation": ("Activation", "ActivationFamily", "Published", "read_activation", "read_family"),
    "counter": ("Counter", "read_counter"),
    "dataset": ("Dataset", "read_dataset"),
    "dataset_split": ("Split", "flip_labels", "scale_inputs", "scale_targets", "split_dataset"),
    "entry": ("find_entry",),
    "entry_dialect": ("list_dialects",),
    "flax_models": ("describe_flax",),
    "graph": ("Graph", "GraphNode", "read_graph"),
    "graph_flow": ("Edge", "Flow", "find_flow"),
    "graph_focus": ("GraphFocus", "focus_graph", "weigh_edges"),
    "graph_group": ("Bundle", "group_paths"),
    "graph_kink": ("SLOPES",),
    "graph_point": ("GraphPoint", "check_size", "has_idle_branch", "multiply", "slope_tree"),
    "graph_rank": ("RankedPath", "rank_paths"),
    "graph_side": ("Gradient", "Sides", "solve_gradient"),
    "initialization": ("Initialization", "read_initialization"),
    "jax_uses": ("split_jax",),
    "keras_config": ("note_keras", "read_keras_config"),
    "keras_models": ("describe_keras",),
    "landscape": ("CriticalPoint", "Landscape", "Surface"),
    "layer_kind": ("LayerKind",),
    "layer_kind_read": ("find_layer_kind", "list_layer_kinds", "read_layer_kind"),
    "listing": ("Listing", "read_listing"),
    "listing_names": ("NameTable",),
    "live_model": ("Example", "LiveModel", "OwnTensor", "Part", "to_rows"),
    "loss_schedule": ("LossSchedule", "read_loss_schedule"),
    "network_config": ("ConfigNetwork", "read_config"),
    "network_count": ("NetworkCount", "count_network", "list_saved"),
    "network_names": ("find_uses",),
    "network_options": ("list_layers", "with_activation", "without_bias"),
    "network_read": ("read_network_tree", "read_shape"),
    "network_reconcile": (
        "Deviation",
        "NotReconciled",
        "Reconciled",
        "estimate_memory",
        "reconcile",
    ),
    "network_rows": ("CountLine", "Row", "SavedRow", "TensorRow", "to_shape_text"),
    "network_spell": ("to_network_text",),
    "network_spell_toml": ("to_network_toml",),
    "network_template": ("Template", "read_template", "read_template_file"),
    "network_toml": ("read_network_file", "read_network_toml"),
    "network_tree": ("Chain", "Input", "Layer"),
    "network_walk": ("walk_network",),
    "network_widths": ("read_widths",),
    "objective": ("VARIABLE", "Objective"),
    "objective_read": ("read_objective",),
    "optimizer": ("Optimizer", "rate_range"),
    "optimizer_read": ("read_optimizer",),
    "parameter": (
        "Owner",
        "Parameter",
        "Setting",
        "is_inside",
        "read_parameters",
        "read_setting",
        "settle",
        "to_setting_text",
    ),
    "precision": ("BYTES", "Precision", "read_precision"),
    "rule": ("Rule", "RuleText", "Shape", "count_values", "lengths_of"),
    "rule_kinds": ("NUMBER", "ROW", "TENSOR", "Kind", "join_kinds"),
    "rule_unroll": ("ScalarRule", "unroll"),
    "schedule": ("RATE", "BoundSchedule", "Schedule", "describe_settings"),
    "schedule_call": ("Call", "read_call"),
    "schedule_read": ("read_schedule",),
    "schedule_text": ("is_schedule_text",),
    "start": ("Start", "read_start"),
    "tensor_use": ("Residual", "SplitTensor", "TensorGradient", "TensorUse", "measure_use"),
    "toml_places": ("KeyPath", "Spot", "find_line", "locate_keys"),
    "toml_source": ("read_file", "read_toml"),
    "torch_modules": ("describe_torch",),
    "torch_uses": ("split_torch",),
    "trace": ("Traced", "trace_function"),
    "weights_model": ("StoredModel", "StoredTensor"),
    "weights_read": ("read_weights",),
}
"""The names that come from each file; it is loaded when one of them is first used."""

_PLACES = {name: file for file, names in _FILES.items() for name in names}

__all__ = [
    "BYTES",
    "NUMBER",
    "RATE",
    "ROW",
    "SLOPES",
    "TENSOR",
    "VARIABLE",
    "Activation",
    "ActivationFamily",
    "BoundSchedule",
    "Bundle",
    "Call",
    "Chain",
    "ConfigNetwork",
    "CountLine",
    "Counter",
    "CriticalPoint",
    "Dataset",
    "Deviation",
    "Edge",
    "Example",
    "Flow",
    "Gradient",
    "Graph",
    "GraphFocus",
    "GraphNode",
    "GraphPoint",
    "Initialization",
    "Input",
    "KeyPath",
    "Kind",
    "Landscape",
    "Layer",
    "LayerKind",
    "Listing",
    "LiveModel",
    "LossSchedule",
    "NameTable",
    "NetworkCount",
    "NotReconciled",
    "Objective",
    "Optimizer",
    "OwnTensor",
    "Owner",
    "Parameter",
    "Part",
    "Precision",
    "Published",
    "RankedPath",
    "Reconciled",
    "Residual",
    "Row",
    "Rule",
    "RuleText",
    "SavedRow",
    "ScalarRule",
    "Schedule",
    "Setting",
    "Shape",
    "Sides",
    "Split",
    "SplitTensor",
    "Spot",
    "Start",
    "StoredModel",
    "StoredTensor",
    "Surface",
    "Template",
    "TensorGradient",
    "TensorRow",
    "TensorUse",
    "Traced",
    "check_size",
    "count_network",
    "count_values",
    "describe_flax",
    "describe_keras",
    "describe_settings",
    "describe_torch",
    "estimate_memory",
    "find_entry",
    "find_flow",
    "find_layer_kind",
    "find_line",
    "find_uses",
    "flip_labels",
    "focus_graph",
    "group_paths",
    "has_idle_branch",
    "is_inside",
    "is_schedule_text",
    "join_kinds",
    "lengths_of",
    "list_dialects",
    "list_layer_kinds",
    "list_layers",
    "list_saved",
    "locate_keys",
    "measure_use",
    "multiply",
    "note_keras",
    "rank_paths",
    "rate_range",
    "read_activation",
    "read_call",
    "read_config",
    "read_counter",
    "read_dataset",
    "read_family",
    "read_file",
    "read_graph",
    "read_initialization",
    "read_keras_config",
    "read_layer_kind",
    "read_listing",
    "read_loss_schedule",
    "read_network_file",
    "read_network_toml",
    "read_network_tree",
    "read_objective",
    "read_optimizer",
    "read_parameters",
    "read_precision",
    "read_schedule",
    "read_setting",
    "read_shape",
    "read_start",
    "read_template",
    "read_template_file",
    "read_toml",
    "read_weights",
    "read_widths",
    "reconcile",
    "scale_inputs",
    "scale_targets",
    "settle",
    "slope_tree",
    "solve_gradient",
    "split_dataset",
    "split_jax",
    "split_torch",
    "to_network_text",
    "to_network_toml",
    "to_rows",
    "to_setting_text",
    "to_shape_text",
    "trace_function",
    "unroll",
    "walk_network",
    "weigh_edges",
    "with_activation",
    "without_bias",
]


def __getattr__(name: str) -> Any:
    # A run needs no graph and no network; each is read when it is first used.
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"gradiometer.model.{_PLACES[name]}"), name)
    globals()[name] = value
    return value

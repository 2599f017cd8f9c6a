"""Things made of formulas: activations, graphs, networks, landscapes, update rules, schedules."""

from gradiometer.model.activation import Activation, read_activation
from gradiometer.model.graph import Graph, GraphNode, read_graph
from gradiometer.model.graph_point import GraphPoint, check_size, multiply, slope_tree
from gradiometer.model.graph_side import Gradient, Sides, solve_gradient
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

__all__ = [
    "VARIABLE",
    "Activation",
    "BoundSchedule",
    "Gradient",
    "Graph",
    "GraphNode",
    "GraphPoint",
    "Landscape",
    "Layer",
    "Network",
    "Objective",
    "Optimizer",
    "Owner",
    "Parameter",
    "Rule",
    "Schedule",
    "Setting",
    "Sides",
    "check_size",
    "describe_settings",
    "is_inside",
    "multiply",
    "rate_range",
    "read_activation",
    "read_graph",
    "read_network",
    "read_objective",
    "read_optimizer",
    "read_parameters",
    "read_schedule",
    "read_setting",
    "settle",
    "slope_tree",
    "solve_gradient",
    "to_setting_text",
]

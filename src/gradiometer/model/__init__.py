"""Things made of formulas: activations, graphs, networks, landscapes, update rules, schedules."""

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
    "BoundSchedule",
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
    "describe_settings",
    "is_inside",
    "rate_range",
    "read_network",
    "read_objective",
    "read_optimizer",
    "read_parameters",
    "read_schedule",
    "read_setting",
    "settle",
    "to_setting_text",
]

"""The settings under which schedules are compared with the libraries that have them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gradiometer.catalog import list_entries, read_entry

STEPS = (*range(61), *range(65, 301, 5))
"""The steps that are recorded for every case; a live run compares all of them."""

FAR = (1_000, 4_321, 10_000, 31_416, 65_536, 99_999, 100_000)
"""Further steps, recorded for what a library gives as a function of the step."""


class Case(NamedTuple):
    """One schedule as one library has it, with settings that differ from the defaults."""

    entry: str
    library: str
    settings: dict[str, str]

    @property
    def name(self) -> str:
        """The name of the dialect."""
        return f"{self.entry}.{self.library}"


def list_cases() -> Iterator[Case]:
    """Every schedule of the catalogue in every library that has it, three times or more."""
    for entry in list_entries("schedule"):
        table = read_entry("schedule", entry)
        if "step" in table:
            continue
        dialects = table.get("dialects", {})
        for library in sorted({*table.get("libraries", ()), *dialects}):
            rows = [*SETTINGS[entry], *OWN.get(f"{entry}.{library}", ())]
            yield from (Case(entry, library, row) for row in rows)


SETTINGS: dict[str, list[dict[str, str]]] = {
    "constant": [{}, {"learning_rate": "0.3"}, {"learning_rate": "1e-7"}],
    "constant_factor": [{}, {"factor": "0.5", "total_iters": "40"}, {"total_iters": "1"}],
    "cosine": [
        {}, {"T_max": "37", "eta_min": "0.003"}, {"T_max": "300", "learning_rate": "3"},
        {"T_max": "1"},
    ],
    "cosine_restarts": [
        {}, {"T_0": "7", "T_mult": "2", "eta_min": "0.01"}, {"T_0": "11", "T_mult": "3"},
    ],
    "exp_range": [
        {"step_size_up": "20", "gamma": "0.99"},
        {"step_size_up": "13", "step_size_down": "29", "gamma": "0.95"},
        {"step_size_up": "50", "gamma": "0.999", "cycle_momentum": "false"},
    ],
    "exponential": [{}, {"gamma": "0.5"}, {"gamma": "1.001", "learning_rate": "1e-3"}],
    "inverse_square_root": [{}, {"warmup_steps": "0"}, {"warmup_steps": "25", "timescale": "100"}],
    "inverse_time": [
        {}, {"decay_steps": "30", "decay_rate": "0.5"},
        {"decay_steps": "30", "decay_rate": "0.5", "staircase": "true"},
    ],
    "linear": [
        {}, {"start_factor": "1", "end_factor": "0.01", "total_iters": "100"},
        {"start_factor": "0.001", "total_iters": "250"},
    ],
    "linear_onecycle": [
        {"total_steps": "301"},
        {"total_steps": "310", "pct_start": "0.25", "div_factor": "10"},
        {"total_steps": "400", "pct_start": "0.4", "final_div_factor": "100"},
    ],
    "multistep": [{}, {"milestones": "3, 5, 5, 200", "gamma": "0.5"}, {"milestones": "0, 299"}],
    "noam": [{}, {"warmup_steps": "40"}, {"width": "64", "warmup_steps": "100"}],
    "onecycle": [
        {"total_steps": "301"},
        {"total_steps": "310", "pct_start": "0.25", "div_factor": "10"},
        {"total_steps": "400", "pct_start": "0.4", "final_div_factor": "100"},
    ],
    "piecewise_constant": [
        {}, {"boundaries": "3, 7", "values": "1, 0.5, 0.25"},
        {"boundaries": "100, 200, 299", "values": "0.1, 0.2, 0.3, 0.4"},
    ],
    "piecewise_cosine": [
        {}, {"boundaries": "10, 250", "factors": "10, 0.001"},
        {"boundaries": "1, 2, 290", "factors": "3, 0.5, 0.5"},
    ],
    "piecewise_linear": [
        {}, {"boundaries": "10, 250", "factors": "10, 0.001"},
        {"boundaries": "1, 2, 290", "factors": "3, 0.5, 0.5"},
    ],
    "piecewise_scaled": [
        {}, {"boundaries": "10, 250", "factors": "10, 0.001"},
        {"boundaries": "1, 2, 290", "factors": "3, 0.5, 0.5"},
    ],
    "polynomial": [
        {}, {"total_iters": "100", "power": "2"}, {"total_iters": "290", "power": "0.5"},
    ],
    "step": [{}, {"step_size": "7", "gamma": "0.9"}, {"step_size": "1", "gamma": "0.99"}],
    "swa": [
        {}, {"anneal_epochs": "100", "linear": "true"}, {"swa_lr": "0.3", "anneal_epochs": "33"},
    ],
    "tanh_decay": [{}, {"T_max": "290", "lb": "-3", "ub": "1"}, {"T_max": "50", "eta_min": "0.01"}],
    "triangular": [
        {"step_size_up": "20"}, {"step_size_up": "13", "step_size_down": "29"},
        {"step_size_up": "50", "max_lr": "1", "base_momentum": "0.5"},
    ],
    "triangular2": [
        {"step_size_up": "20"}, {"step_size_up": "13", "step_size_down": "29"},
        {"step_size_up": "50", "max_lr": "1", "cycle_momentum": "false"},
    ],
    "warmup": [{}, {"warmup_steps": "100"}, {"warmup_steps": "1", "learning_rate": "3e-4"}],
    "warmup_cosine": [
        {}, {"warmup_steps": "50", "decay_steps": "250"},
        {"warmup_steps": "1", "decay_steps": "290"},
    ],
    "warmup_cosine_restarts": [
        {}, {"num_cycles": "3", "total_steps": "250"}, {"warmup_steps": "40", "num_cycles": "2"},
    ],
    "warmup_exponential": [
        {}, {"decay_steps": "40", "staircase": "true", "end_value": "0.01"},
        {"warmup_steps": "30", "gamma": "0.9", "transition_begin": "20", "init_value": "0.02"},
    ],
    "warmup_linear": [{}, {"warmup_steps": "60", "total_steps": "290"}, {"warmup_steps": "0"}],
    "warmup_polynomial": [
        {}, {"power": "2", "total_steps": "290"}, {"warmup_steps": "50", "end_value": "0.01"},
    ],
    "wsd": [{}, {"min_ratio": "0.1", "stable_steps": "200"}, {"warmup_steps": "50"}],
    "wsd_cosine": [{}, {"min_ratio": "0.1", "stable_steps": "200"}, {"warmup_steps": "50"}],
    "wsd_sqrt": [{}, {"min_ratio": "0.1", "stable_steps": "200"}, {"warmup_steps": "50"}],
}  # fmt: skip
"""Settings by entry, which each of its dialects takes."""

OWN: dict[str, list[dict[str, str]]] = {
    "cosine.optax": [{"exponent": "2", "T_max": "200"}],
    "cosine.timm": [{"k_decay": "2", "T_max": "200"}],
    "cosine_restarts.keras": [{"m_mul": "0.5", "T_mult": "1.5"}],
    "cosine_restarts.timm": [{"cycle_limit": "3", "m_mul": "0.5"}],
    "exponential.keras": [{"decay_steps": "20", "staircase": "true"}, {"decay_steps": "20"}],
    "exponential.optax": [
        {"decay_steps": "20", "staircase": "true", "transition_begin": "30"},
        {"decay_steps": "20", "end_value": "0.05"},
        {"gamma": "1.5", "decay_steps": "20", "end_value": "3"},
    ],
    "linear.optax": [{"transition_begin": "50", "total_iters": "100"}],
    "linear_onecycle.optax": [{"total_steps": "100", "pct_final": "0.9"}],
    "onecycle.optax": [{"total_steps": "100"}],
    "onecycle.torch": [{"total_steps": "301", "three_phase": "true"}],
    "linear_onecycle.torch": [{"total_steps": "301", "three_phase": "true"}],
    "polynomial.keras": [{"cycle": "true", "total_iters": "40", "power": "2"}],
    "polynomial.optax": [{"transition_begin": "30", "total_iters": "100", "end_value": "0.01"}],
    "polynomial.timm": [{"k_decay": "1.5", "total_iters": "100", "end_value": "0.01"}],
    "warmup_cosine.optax": [{"init_value": "0.01", "end_value": "0.001", "exponent": "1.5"}],
    "warmup_cosine.keras": [{"init_value": "0.01", "end_value": "0.001"}],
    "warmup_cosine.transformers": [{"num_cycles": "1.5", "decay_steps": "250"}],
    "warmup_cosine.timm": [{"warmup_prefix": "true", "init_value": "0.01"}],
}
"""Settings that only one library's form has."""

JOINED: dict[str, dict[str, str]] = {
    "torch": {
        "SequentialLR": "linear(start_factor=0.1) for 5, then cosine(T_max=10) for 10, "
        "then exponential(gamma=0.9)",
        "ChainedScheduler": "cosine(T_max=40) * step(step_size=5, gamma=0.5)",
    },
    "optax": {
        "join_schedules": "warmup for 5, then cosine.optax(T_max=10) for 15, "
        "then exponential(gamma=0.9)",
    },
}
"""How a library joins schedules, and the line that says the same; the learning rate is 1."""

JOINED_STEPS = 40
"""How many steps of them are recorded: up to where the cosine ends."""

LOSSES = {
    "level": [1.0] * 40,
    "falling, then level": [1 / (k + 1) for k in range(15)] + [0.0625] * 30,
    "small steps down": [1 - 0.00005 * k for k in range(45)],
    "up and down": [1 + (k % 3) - 0.5 * (k % 2) for k in range(45)],
    "better now and then": [1 - 0.01 * (k // 9) + 0.1 * (k % 4 > 0) for k in range(45)],
}
"""Losses that schedules of the kind of a plateau follow."""

PLATEAU: dict[str, list[dict[str, str]]] = {
    "torch": [
        {}, {"patience": "2", "cooldown": "3"}, {"patience": "0", "factor": "0.5", "eps": "0.01"},
        {"patience": "3", "relative": "false", "threshold": "0.0001", "min_lr": "0.003"},
        {"patience": "2", "largest": "true", "threshold": "0.15"},
    ],
    "keras": [
        {}, {"patience": "2", "cooldown": "3"}, {"patience": "1", "factor": "0.5"},
        {"patience": "3", "threshold": "0.0001", "min_lr": "0.003"},
        {"patience": "2", "largest": "true", "threshold": "0.15"},
    ],
    "optax": [
        {}, {"patience": "2", "cooldown": "3"}, {"patience": "1", "factor": "0.5"},
        {"patience": "3", "relative": "false", "threshold": "0.0001", "min_lr": "0.003"},
    ],
}  # fmt: skip
"""Settings under which they are followed."""

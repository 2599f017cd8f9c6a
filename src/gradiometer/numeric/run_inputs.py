"""What a call of a plan is given, in the shapes that its tables need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gradiometer.errors import UsageError
from gradiometer.numeric.executor import Array
from gradiometer.numeric.run_program import Program


def to_columns(start: Array, variables: int) -> Array:
    """The starts with a column for each variable.

    Raises:
        UsageError: If they have another shape.
    """
    if variables > 1 and (start.ndim == 0 or start.ndim > 2 or start.shape[-1] != variables):
        raise UsageError(
            f"Starts have the shape {start.shape}, and there are {variables} variables.",
            hint=f"give an array of the shape (runs, {variables})",
        )
    if variables == 1 and start.ndim > 1:
        raise UsageError("Starts are one number for each run.", hint="give an array of one axis")
    return start.reshape(-1, variables)


def bound_lanes(
    program: Program, inside: tuple[ArrayLike, ArrayLike], far: float
) -> dict[str, Array]:
    """The ends that each coordinate stays between while a run is not decided."""
    low, high = (np.asarray(end, np.float64) for end in inside)
    bounds: dict[str, Array] = {}
    for memory in program.positions:
        bounds[f"low.{memory.name}"] = np.maximum(low, -far)
        bounds[f"high.{memory.name}"] = np.minimum(high, far)
    return bounds


def count_runs(columns: Array, given: Mapping[str, Any], steps: int) -> int:
    """How many runs there are: as many as the longest input has entries.

    Raises:
        UsageError: If inputs have different lengths.
    """
    lengths = {"start": len(columns)}
    for name, value in given.items():
        if name.startswith("rate."):
            if np.shape(value) not in ((), (steps,)):
                raise UsageError(f"`{name[5:]}` needs one value for each of {steps} steps.")
        elif np.ndim(value):
            lengths[name] = len(value)
    count = max(lengths.values()) if min(lengths.values()) else 0
    for name, length in lengths.items():
        if length not in (1, count):
            raise UsageError(f"There are {count} runs, and `{name}` has {length} values.")
    return count


def to_signed(seed: int) -> int:
    """The 64 bits of a seed as a number with a sign."""
    return (seed + 2**63) % 2**64 - 2**63

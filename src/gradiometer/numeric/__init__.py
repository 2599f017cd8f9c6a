"""Numbers in, numbers out: float64 runs of rules, and sweeps over computations as arrays.

    a run of an optimizer     begin_float, advance_float
    a computation as arrays   Tape → run_tape → linearise → LinearGraph
    sums over all its paths   sweep_back, sweep_forward, sweep_edges, measure_spread, …
"""

from gradiometer.numeric.float_run import FloatState, advance_float, begin_float
from gradiometer.numeric.linear_graph import LinearGraph, connect
from gradiometer.numeric.operations import CODES, CONSTANT, INPUT
from gradiometer.numeric.path_shares import (
    LengthShares,
    PathSpread,
    measure_spread,
    split_by_length,
)
from gradiometer.numeric.sweep import (
    COUNT_MODULUS,
    BackwardSweep,
    EdgeContributions,
    ForwardSweep,
    SignSweep,
    SourceEdges,
    count_paths,
    split_by_use,
    sweep_back,
    sweep_both,
    sweep_edges,
    sweep_forward,
    sweep_signs,
)
from gradiometer.numeric.tape import (
    Linearised,
    Tape,
    TapeRun,
    find_unsettled,
    linearise,
    run_tape,
    write_tape,
)
from gradiometer.numeric.wide import Wide

__all__ = [
    "CODES",
    "CONSTANT",
    "COUNT_MODULUS",
    "INPUT",
    "BackwardSweep",
    "EdgeContributions",
    "FloatState",
    "ForwardSweep",
    "LengthShares",
    "LinearGraph",
    "Linearised",
    "PathSpread",
    "SignSweep",
    "SourceEdges",
    "Tape",
    "TapeRun",
    "Wide",
    "advance_float",
    "begin_float",
    "connect",
    "count_paths",
    "find_unsettled",
    "linearise",
    "measure_spread",
    "run_tape",
    "split_by_length",
    "split_by_use",
    "sweep_back",
    "sweep_both",
    "sweep_edges",
    "sweep_forward",
    "sweep_signs",
    "write_tape",
]

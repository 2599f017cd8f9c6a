"""Numbers in, numbers out: float runs of rules, and sweeps over computations as arrays.

one run with its way      trace_floats, trace_compiled → FloatTrail
a run of an optimizer     begin_float, advance_float; of arrays: begin_reference, step_reference
millions of runs          plan_runs → RunPlan.run → Runs
networks side by side     Dense, Training → run_dense → Epoch after Epoch; predict_memory
how sharply they bend     find_sharpness, hessian_product
a computation as arrays   Tape → run_tape → linearise → LinearGraph
sums over all its paths   sweep_back, sweep_forward, sweep_edges, measure_spread, …
single paths              grow_path_tree → rank_paths, rank_all → cover
all of it for one input   analyse_paths
how far it may be off     bound_tape_gradient
random numbers by place   draw_normal, draw_uniform, draw_index
few nodes of many         collapse_series, group_paths, eliminate, choose_view
"""

from gradiometer.numeric.best_paths import (
    BestPaths,
    Coverage,
    Order,
    PathTree,
    cover,
    grow_path_tree,
    rank_all,
    rank_paths,
)
from gradiometer.numeric.dense_block import group_lanes
from gradiometer.numeric.dense_curvature import Sharpness, find_sharpness, hessian_product
from gradiometer.numeric.dense_epoch import Epoch
from gradiometer.numeric.dense_examples import Examples, Networks
from gradiometer.numeric.dense_joint import JointRule
from gradiometer.numeric.dense_order import draw_order
from gradiometer.numeric.dense_plan import predict_memory, predict_work
from gradiometer.numeric.dense_run import Training, run_dense
from gradiometer.numeric.dense_source import Dense
from gradiometer.numeric.dense_style import DenseStyle, choose_style
from gradiometer.numeric.draws import draw_index, draw_normal, draw_uniform
from gradiometer.numeric.error_bound import (
    GradientBound,
    ValueBound,
    bound_gradient,
    bound_tape_gradient,
    bound_values,
)
from gradiometer.numeric.field import Field, to_field
from gradiometer.numeric.float_run import FloatState, advance_float, begin_float, round_all
from gradiometer.numeric.float_trail import FloatTrail, choose_stride, trace_floats
from gradiometer.numeric.float_trail_kernel import trace_compiled
from gradiometer.numeric.focus import MOST_IN_VIEW, View, choose_view, weigh_edges
from gradiometer.numeric.grouping import (
    Elimination,
    GroupedPaths,
    eliminate,
    group_paths,
)
from gradiometer.numeric.kernel_noise import Noise, choose_batch, perturb_gradients
from gradiometer.numeric.linear_graph import LinearGraph, connect
from gradiometer.numeric.operations import CODES, CONSTANT, INPUT
from gradiometer.numeric.path_analysis import PathAnalysis, analyse_paths
from gradiometer.numeric.path_shares import (
    LengthShares,
    PathSpread,
    measure_spread,
    split_by_length,
)
from gradiometer.numeric.reference import ReferenceState, begin_reference, step_reference
from gradiometer.numeric.reference import run_tape as run_rule_tape
from gradiometer.numeric.runs import LABELS, RunPlan, Runs, plan_runs
from gradiometer.numeric.series import Collapsed, collapse_series
from gradiometer.numeric.stochastic_field import Draws, GradientNoise, draw_column, make_stochastic
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
    "LABELS",
    "MOST_IN_VIEW",
    "BackwardSweep",
    "BestPaths",
    "Collapsed",
    "Coverage",
    "Dense",
    "DenseStyle",
    "Draws",
    "EdgeContributions",
    "Elimination",
    "Epoch",
    "Examples",
    "Field",
    "FloatState",
    "FloatTrail",
    "ForwardSweep",
    "GradientBound",
    "GradientNoise",
    "GroupedPaths",
    "JointRule",
    "LengthShares",
    "LinearGraph",
    "Linearised",
    "Networks",
    "Noise",
    "Order",
    "PathAnalysis",
    "PathSpread",
    "PathTree",
    "ReferenceState",
    "RunPlan",
    "Runs",
    "Sharpness",
    "SignSweep",
    "SourceEdges",
    "Tape",
    "TapeRun",
    "Training",
    "ValueBound",
    "View",
    "Wide",
    "advance_float",
    "analyse_paths",
    "begin_float",
    "begin_reference",
    "bound_gradient",
    "bound_tape_gradient",
    "bound_values",
    "choose_batch",
    "choose_stride",
    "choose_style",
    "choose_view",
    "collapse_series",
    "connect",
    "count_paths",
    "cover",
    "draw_column",
    "draw_index",
    "draw_normal",
    "draw_order",
    "draw_uniform",
    "eliminate",
    "find_sharpness",
    "find_unsettled",
    "group_lanes",
    "group_paths",
    "grow_path_tree",
    "hessian_product",
    "linearise",
    "make_stochastic",
    "measure_spread",
    "perturb_gradients",
    "plan_runs",
    "predict_memory",
    "predict_work",
    "rank_all",
    "rank_paths",
    "round_all",
    "run_dense",
    "run_rule_tape",
    "run_tape",
    "split_by_length",
    "split_by_use",
    "step_reference",
    "sweep_back",
    "sweep_both",
    "sweep_edges",
    "sweep_forward",
    "sweep_signs",
    "to_field",
    "trace_compiled",
    "trace_floats",
    "weigh_edges",
    "write_tape",
]

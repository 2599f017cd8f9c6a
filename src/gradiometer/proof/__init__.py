"""Models and exact numbers in, certificates and the verdict of an independent checker out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# The function and its file share their name, so the function must be bound before others load it.
from gradiometer.proof.check import KINDS, check, fingerprint

if TYPE_CHECKING:
    from gradiometer.proof.alike import Alike, Link, is_elementwise, prove_alike
    from gradiometer.proof.basin import Outcome
    from gradiometer.proof.boxes import find_boxes
    from gradiometer.proof.certificate import combine, make_certificate
    from gradiometer.proof.change import Change, Ended, find_changes, prove_end
    from gradiometer.proof.check_agreement import agrees
    from gradiometer.proof.check_consequences import RULES_OF_FACTS, derive
    from gradiometer.proof.check_known import KINDS_OF_FUNCTIONS
    from gradiometer.proof.check_moment import read_digits
    from gradiometer.proof.check_root import EQUATIONS
    from gradiometer.proof.difference import certify_difference
    from gradiometer.proof.distance import Distance, find_distance
    from gradiometer.proof.doubling import Doubling, find_doublings
    from gradiometer.proof.evidence_fixed_point import (
        is_only_rest,
        prove_between,
        prove_line,
        prove_rest,
    )
    from gradiometer.proof.evidence_form import prove_form
    from gradiometer.proof.evidence_ground import Ground, lay_ground
    from gradiometer.proof.evidence_joints import prove_joints
    from gradiometer.proof.evidence_profile import prove_limit, prove_profile
    from gradiometer.proof.evidence_swing import prove_swing
    from gradiometer.proof.evidence_symmetry import prove_parity, prove_period
    from gradiometer.proof.evidence_witness import prove_witness
    from gradiometer.proof.extended import Enclosed, Extended, Infinite
    from gradiometer.proof.fate import Fate, Orbit, find_fate
    from gradiometer.proof.identity import prove_equal
    from gradiometer.proof.impossible import rule_out
    from gradiometer.proof.limit import End, limit_far, limit_inside
    from gradiometer.proof.moments import (
        Mean,
        Moment,
        estimate_moment,
        find_moment,
        is_odd,
        to_digits,
    )
    from gradiometer.proof.phases import Phases, find_phases, to_phases_problem
    from gradiometer.proof.pieces import prove_pieces
    from gradiometer.proof.reach import Reach, find_reach
    from gradiometer.proof.refute import (
        Comparison,
        certify_counterexample,
        compare_at,
        find_counterexample,
        has_value_somewhere,
        rename,
    )
    from gradiometer.proof.regime import Regime, find_regimes, merge
    from gradiometer.proof.roots import Roots, find_roots
    from gradiometer.proof.roots_exact import solve_exactly
    from gradiometer.proof.separate import find_outcome
    from gradiometer.proof.settled import find_settled_step
    from gradiometer.proof.shape import (
        Section,
        Shape,
        is_affine,
        is_polynomial,
        is_polynomial_almost,
        shorten,
    )
    from gradiometer.proof.shape_extrema import Extremum, find_extremum
    from gradiometer.proof.shape_order import find_convexity, find_monotone
    from gradiometer.proof.shape_range import (
        Span,
        find_dead,
        find_lipschitz,
        find_range,
        find_slope_range,
    )
    from gradiometer.proof.shape_symmetry import (
        find_period,
        find_smoothness,
        is_even_about_zero,
        is_odd_about_zero,
    )
    from gradiometer.proof.sign import SignResult, prove_sign, sign_on
    from gradiometer.proof.spelling import spell
    from gradiometer.proof.stability import (
        Rate,
        Rest,
        Stability,
        Subject,
        find_stability,
        measure_growth,
    )
    from gradiometer.proof.step_bound import StepBound, find_step_bound
    from gradiometer.proof.stepper import ExactStepper, FloatStepper, at_value
    from gradiometer.proof.tapes import TAPES, Difference, Tape, find_difference, replay
    from gradiometer.proof.threshold import Threshold, find_float_threshold, find_threshold
    from gradiometer.proof.trail import (
        Arithmetic,
        Journey,
        NotRationalError,
        Trail,
        count_certain_bits,
        follow,
    )
    from gradiometer.proof.trail_certificate import certify_trail, to_trail_problem
    from gradiometer.proof.translation import Translation, translate_rule
    from gradiometer.proof.verdict import Verdict, judge
    from gradiometer.proof.walk import Course, Run, Side, State, advance, begin, run_exactly, survey
    from gradiometer.proof.witness import find_point

_PLACES = {
    "Alike": "alike",
    "Difference": "tapes",
    "Link": "alike",
    "TAPES": "tapes",
    "Tape": "tapes",
    "Translation": "translation",
    "certify_difference": "difference",
    "find_difference": "tapes",
    "is_elementwise": "alike",
    "prove_alike": "alike",
    "replay": "tapes",
    "rule_out": "impossible",
    "translate_rule": "translation",
    "KINDS_OF_FUNCTIONS": "check_known",
    "RULES_OF_FACTS": "check_consequences",
    "agrees": "check_agreement",
    "derive": "check_consequences",
    "EQUATIONS": "check_root",
    "Arithmetic": "trail",
    "Comparison": "refute",
    "Course": "walk",
    "Distance": "distance",
    "Enclosed": "extended",
    "End": "limit",
    "ExactStepper": "stepper",
    "Extended": "extended",
    "Extremum": "shape_extrema",
    "Outcome": "basin",
    "Fate": "fate",
    "FloatStepper": "stepper",
    "Ground": "evidence_ground",
    "Infinite": "extended",
    "Journey": "trail",
    "Mean": "moments",
    "Moment": "moments",
    "NotRationalError": "trail",
    "Orbit": "fate",
    "Phases": "phases",
    "Reach": "reach",
    "Regime": "regime",
    "Roots": "roots",
    "Run": "walk",
    "Section": "shape",
    "Shape": "shape",
    "Side": "walk",
    "SignResult": "sign",
    "Span": "shape_range",
    "Rate": "stability",
    "Rest": "stability_rest",
    "Stability": "stability",
    "Subject": "stability",
    "find_stability": "stability",
    "StepBound": "step_bound",
    "find_step_bound": "step_bound",
    "measure_growth": "stability",
    "State": "walk",
    "Threshold": "threshold",
    "Trail": "trail",
    "Verdict": "verdict",
    "advance": "walk",
    "at_value": "stepper",
    "begin": "walk",
    "certify_counterexample": "refute",
    "certify_trail": "trail_certificate",
    "to_phases_problem": "phases",
    "to_trail_problem": "trail_certificate",
    "combine": "certificate",
    "compare_at": "refute",
    "count_certain_bits": "trail",
    "estimate_moment": "moments",
    "follow": "trail",
    "find_boxes": "boxes",
    "find_convexity": "shape_order",
    "find_counterexample": "refute",
    "Change": "change",
    "Ended": "change",
    "find_changes": "change",
    "prove_end": "change",
    "Doubling": "doubling",
    "find_doublings": "doubling",
    "find_dead": "shape_range",
    "find_distance": "distance",
    "find_extremum": "shape_extrema",
    "find_outcome": "separate",
    "find_fate": "fate",
    "find_float_threshold": "threshold",
    "find_lipschitz": "shape_range",
    "find_moment": "moments",
    "find_monotone": "shape_order",
    "find_period": "shape_symmetry",
    "find_phases": "phases",
    "find_reach": "reach",
    "find_point": "witness",
    "find_range": "shape_range",
    "find_regimes": "regime",
    "find_roots": "roots",
    "find_settled_step": "settled",
    "find_slope_range": "shape_range",
    "find_smoothness": "shape_symmetry",
    "find_threshold": "threshold",
    "has_value_somewhere": "refute",
    "is_affine": "shape",
    "is_even_about_zero": "shape_symmetry",
    "is_odd": "moments",
    "is_only_rest": "evidence_fixed_point",
    "is_odd_about_zero": "shape_symmetry",
    "is_polynomial": "shape",
    "is_polynomial_almost": "shape",
    "judge": "verdict",
    "lay_ground": "evidence_ground",
    "limit_far": "limit",
    "limit_inside": "limit",
    "make_certificate": "certificate",
    "merge": "regime", "prove_between": "evidence_fixed_point",
    "prove_equal": "identity", "prove_form": "evidence_form",
    "prove_joints": "evidence_joints", "prove_limit": "evidence_profile",
    "prove_line": "evidence_fixed_point", "prove_parity": "evidence_symmetry",
    "prove_period": "evidence_symmetry", "prove_pieces": "pieces",
    "prove_profile": "evidence_profile", "prove_rest": "evidence_fixed_point",
    "prove_sign": "sign", "prove_swing": "evidence_swing",
    "read_digits": "check_moment", "prove_witness": "evidence_witness",
    "rename": "refute", "run_exactly": "walk",
    "shorten": "shape", "sign_on": "sign",
    "solve_exactly": "roots_exact", "spell": "spelling",
    "survey": "walk", "to_digits": "moments",
}  # fmt: skip
"""The file that each name comes from; it is loaded when the name is first used."""

__all__ = [
    "EQUATIONS",
    "KINDS",
    "KINDS_OF_FUNCTIONS",
    "RULES_OF_FACTS",
    "TAPES",
    "Alike",
    "Arithmetic",
    "Change",
    "Comparison",
    "Course",
    "Difference",
    "Distance",
    "Doubling",
    "Enclosed",
    "End",
    "Ended",
    "ExactStepper",
    "Extended",
    "Extremum",
    "Fate",
    "FloatStepper",
    "Ground",
    "Infinite",
    "Journey",
    "Link",
    "Mean",
    "Moment",
    "NotRationalError",
    "Orbit",
    "Outcome",
    "Phases",
    "Rate",
    "Reach",
    "Regime",
    "Rest",
    "Roots",
    "Run",
    "Section",
    "Shape",
    "Side",
    "SignResult",
    "Span",
    "Stability",
    "State",
    "StepBound",
    "Subject",
    "Tape",
    "Threshold",
    "Trail",
    "Translation",
    "Verdict",
    "advance",
    "agrees",
    "at_value",
    "begin",
    "certify_counterexample",
    "certify_difference",
    "certify_trail",
    "check",
    "combine",
    "compare_at",
    "count_certain_bits",
    "derive",
    "estimate_moment",
    "find_boxes",
    "find_changes",
    "find_convexity",
    "find_counterexample",
    "find_dead",
    "find_difference",
    "find_distance",
    "find_doublings",
    "find_extremum",
    "find_fate",
    "find_float_threshold",
    "find_lipschitz",
    "find_moment",
    "find_monotone",
    "find_outcome",
    "find_period",
    "find_phases",
    "find_point",
    "find_range",
    "find_reach",
    "find_regimes",
    "find_roots",
    "find_settled_step",
    "find_slope_range",
    "find_smoothness",
    "find_stability",
    "find_step_bound",
    "find_threshold",
    "fingerprint",
    "follow",
    "has_value_somewhere",
    "is_affine",
    "is_elementwise",
    "is_even_about_zero",
    "is_odd",
    "is_odd_about_zero",
    "is_only_rest",
    "is_polynomial",
    "is_polynomial_almost",
    "judge",
    "lay_ground",
    "limit_far",
    "limit_inside",
    "make_certificate",
    "measure_growth",
    "merge",
    "prove_alike",
    "prove_between",
    "prove_end",
    "prove_equal",
    "prove_form",
    "prove_joints",
    "prove_limit",
    "prove_line",
    "prove_parity",
    "prove_period",
    "prove_pieces",
    "prove_profile",
    "prove_rest",
    "prove_sign",
    "prove_swing",
    "prove_witness",
    "read_digits",
    "rename",
    "replay",
    "rule_out",
    "run_exactly",
    "shorten",
    "sign_on",
    "solve_exactly",
    "spell",
    "survey",
    "to_digits",
    "to_phases_problem",
    "to_trail_problem",
    "translate_rule",
]


def __getattr__(name: str) -> Any:
    # A question about a run needs no prover of shapes, and starts in half the time without it.
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"gradiometer.proof.{_PLACES[name]}"), name)
    globals()[name] = value
    return value

"""Models and exact numbers in, certificates and the verdict of an independent checker out."""

from gradiometer.proof.boxes import find_boxes
from gradiometer.proof.certificate import combine, make_certificate
from gradiometer.proof.check import KINDS, check, fingerprint
from gradiometer.proof.extended import Enclosed, Extended, Infinite
from gradiometer.proof.identity import prove_equal
from gradiometer.proof.limit import End, limit_far, limit_inside
from gradiometer.proof.moments import Mean, Moment, find_moment, is_odd
from gradiometer.proof.pieces import prove_pieces
from gradiometer.proof.refute import (
    Comparison,
    certify_counterexample,
    compare_at,
    find_counterexample,
    has_value_somewhere,
    rename,
)
from gradiometer.proof.regime import Regime, find_regimes, merge
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
from gradiometer.proof.stepper import ExactStepper, FloatStepper
from gradiometer.proof.threshold import Threshold, find_float_threshold, find_threshold
from gradiometer.proof.verdict import Verdict, judge
from gradiometer.proof.walk import (
    Course,
    Run,
    State,
    advance,
    at_value,
    begin,
    run_exactly,
    survey,
)
from gradiometer.proof.witness import find_point

__all__ = [
    "KINDS",
    "Comparison",
    "Course",
    "Enclosed",
    "End",
    "ExactStepper",
    "Extended",
    "Extremum",
    "FloatStepper",
    "Infinite",
    "Mean",
    "Moment",
    "Regime",
    "Run",
    "Section",
    "Shape",
    "SignResult",
    "Span",
    "State",
    "Threshold",
    "Verdict",
    "advance",
    "at_value",
    "begin",
    "certify_counterexample",
    "check",
    "combine",
    "compare_at",
    "find_boxes",
    "find_convexity",
    "find_counterexample",
    "find_dead",
    "find_extremum",
    "find_float_threshold",
    "find_lipschitz",
    "find_moment",
    "find_monotone",
    "find_period",
    "find_point",
    "find_range",
    "find_regimes",
    "find_settled_step",
    "find_slope_range",
    "find_smoothness",
    "find_threshold",
    "fingerprint",
    "has_value_somewhere",
    "is_affine",
    "is_even_about_zero",
    "is_odd",
    "is_odd_about_zero",
    "is_polynomial",
    "is_polynomial_almost",
    "judge",
    "limit_far",
    "limit_inside",
    "make_certificate",
    "merge",
    "prove_equal",
    "prove_pieces",
    "prove_sign",
    "rename",
    "run_exactly",
    "shorten",
    "sign_on",
    "spell",
    "survey",
]

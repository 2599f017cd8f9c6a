"""Models and exact numbers in, certificates and the verdict of an independent checker out."""

from gradiometer.proof.certificate import combine, make_certificate
from gradiometer.proof.check import KINDS, check, fingerprint
from gradiometer.proof.extended import Extended
from gradiometer.proof.refute import (
    Comparison,
    certify_counterexample,
    compare_at,
    find_counterexample,
    has_value_somewhere,
)
from gradiometer.proof.regime import (
    ExactStepper,
    FloatStepper,
    Regime,
    find_regimes,
    merge,
)
from gradiometer.proof.shape import Section, Shape, is_affine, is_polynomial, shorten
from gradiometer.proof.shape_order import find_convexity, find_monotone
from gradiometer.proof.shape_range import find_dead, find_lipschitz, find_range, find_slope_range
from gradiometer.proof.spelling import spell
from gradiometer.proof.verdict import Verdict, judge
from gradiometer.proof.walk import (
    Course,
    Run,
    State,
    advance,
    at_value,
    begin,
    find_settled_step,
    run_exactly,
    survey,
)
from gradiometer.proof.witness import find_point

__all__ = [
    "KINDS",
    "Comparison",
    "Course",
    "ExactStepper",
    "Extended",
    "FloatStepper",
    "Regime",
    "Run",
    "Section",
    "Shape",
    "State",
    "Verdict",
    "advance",
    "at_value",
    "begin",
    "certify_counterexample",
    "check",
    "combine",
    "compare_at",
    "find_convexity",
    "find_counterexample",
    "find_dead",
    "find_lipschitz",
    "find_monotone",
    "find_point",
    "find_range",
    "find_regimes",
    "find_settled_step",
    "find_slope_range",
    "fingerprint",
    "has_value_somewhere",
    "is_affine",
    "is_polynomial",
    "judge",
    "make_certificate",
    "merge",
    "run_exactly",
    "shorten",
    "spell",
    "survey",
]

"""Models and exact numbers in, certificates and the verdict of an independent checker out."""

from gradiometer.proof.certificate import combine, make_certificate
from gradiometer.proof.check import KINDS, check, fingerprint
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

__all__ = [
    "KINDS",
    "Comparison",
    "Course",
    "ExactStepper",
    "FloatStepper",
    "Regime",
    "Run",
    "State",
    "Verdict",
    "advance",
    "at_value",
    "begin",
    "certify_counterexample",
    "check",
    "combine",
    "compare_at",
    "find_counterexample",
    "find_regimes",
    "find_settled_step",
    "fingerprint",
    "has_value_somewhere",
    "judge",
    "make_certificate",
    "merge",
    "run_exactly",
    "spell",
    "survey",
]

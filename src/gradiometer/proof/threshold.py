"""The threshold of a barrier with its certificate: regimes, supremum, peak, and exact ties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import Axis, Exact, FloatKind, Line, precision
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check import check
from gradiometer.proof.regime import Regime, find_regimes, merge
from gradiometer.proof.settled import find_settled_step
from gradiometer.proof.spelling import spell
from gradiometer.proof.stepper import ExactStepper, FloatStepper
from gradiometer.proof.walk import Course


@final
@dataclass(frozen=True)
class Threshold:
    """For which values of the parameter a run leaves the valley."""

    regimes: tuple[Regime, ...]
    bits: int
    """Working precision of the balls among the numbers."""
    certificate: Mapping[str, Any] | None
    """What the checker has accepted; None when it has not, or for a float64 run."""

    @property
    def top(self) -> Regime | None:
        """The escaping part with the largest values, if the run escapes at all."""
        escaping = [regime for regime in self.regimes if regime.outcome == "escapes"]
        return escaping[-1] if escaping else None

    @property
    def staying(self) -> Regime | None:
        """The first part on which the run stays in the valley, if there is one."""
        return next((r for r in self.regimes if r.outcome in ("stays", "trapped")), None)

    @property
    def peak(self) -> Exact | None:
        """The farthest position where the run stays; None where it moves with the parameter."""
        staying = self.staying
        return None if staying is None or isinstance(staying.peak, Line) else staying.peak

    @property
    def last_step(self) -> int:
        """The largest number of steps after which an outcome was settled."""
        return max(regime.step for regime in self.regimes)

    @property
    def is_final(self) -> bool:
        """Whether every outcome is certain for all later steps too."""
        return all(regime.outcome != "stays" for regime in self.regimes)


def find_threshold(course: Course, *, parameter: str, domain: Axis) -> Threshold:
    """The threshold of a run in exact arithmetic, checked.

    Raises:
        UndecidedError: If the run is not decided for every value of the parameter.
        DomainError: If the landscape has no barrier.
    """
    found, bits = find_regimes(
        course,
        parameter=parameter,
        domain=domain,
        stepper=ExactStepper(),
        settled_from=find_settled_step(course),
    )
    with precision(bits):
        threshold = Threshold(merge(found), bits, None)
        certificate = _make(course, parameter, domain, threshold)
    try:
        check(certificate)
    except CertificateError as error:
        raise UndecidedError(f"the checker did not accept the proof: {error.problem}") from None
    return Threshold(threshold.regimes, bits, certificate)


def find_float_threshold(
    course: Course, *, parameter: str, domain: Axis, kind: FloatKind = "float64"
) -> Threshold:
    """The threshold of the run in floats; nothing of it is proved.

    Raises:
        UndecidedError: If the run is not decided for every value of the parameter.
        DomainError: If the landscape has no barrier.
    """
    found, bits = find_regimes(
        course,
        parameter=parameter,
        domain=domain,
        stepper=FloatStepper(kind),
        settled_from=find_settled_step(course),
    )
    return Threshold(merge(found), bits, None)


def _make(course: Course, parameter: str, domain: Axis, threshold: Threshold) -> dict[str, Any]:
    top, staying, peak = threshold.top, threshold.staying, threshold.peak
    ends = [None if end is None else str(end) for end in (domain.lower, domain.upper)]
    return make_certificate(
        "regimes",
        problem={
            "run": course.to_problem(),
            "parameter": parameter,
            "domain": [*ends, domain.lower_closed, domain.upper_closed],
        },
        claim={
            "regimes": [
                {
                    "from": None if r.lower is None else spell(r.lower),
                    "to": None if r.upper is None else spell(r.upper),
                    "from_closed": r.lower_closed,
                    "to_closed": r.upper_closed,
                    "outcome": r.outcome,
                }
                for r in threshold.regimes
            ],
            "barrier": None if top is None or top.upper is None else spell(top.upper),
            "attained": top is not None and top.upper_closed,
            "peak": None if peak is None else spell(peak),
            "peak_step": None if staying is None else staying.peak_step,
        },
    )

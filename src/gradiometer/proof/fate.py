"""What becomes of a run for ever, where no state returns exactly: each fate has a certificate."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, final

from flint import fmpq

from gradiometer.errors import CertificateError, GradiometerError, UndecidedError
from gradiometer.formula import Exact
from gradiometer.proof.check import check
from gradiometer.proof.walk import Course, Run

if TYPE_CHECKING:
    from gradiometer.proof.scene import Scene


@final
@dataclass(frozen=True)
class Orbit:
    """A periodic orbit that the run is on, or comes ever closer to."""

    points: tuple[Exact, ...]
    """Its positions in the order in which they are visited; their number is the period."""
    multipliers: tuple[Exact, ...] | None = None
    """The eigenvalues of one whole period that are known, by size, largest first."""
    from_step: int | None = None
    """The step from which the run is on it exactly; None where it only comes closer."""
    period: int | None = None
    """The number of points, where they are too many to be listed."""


@final
@dataclass(frozen=True)
class Fate:
    """A verdict about all steps to come, and what the checker needs to accept it."""

    word: str
    """`converges`, `cycle`, `escapes`, `diverges` or `bounded`."""
    because: str
    """One sentence, without a full stop."""
    certificate: Mapping[str, Any]
    limit: Exact | None = None
    orbit: Orbit | None = None
    is_checked: bool = False
    """Whether the checker has accepted the certificate already, when the proof was looked for."""
    near: tuple[fmpq, fmpq] | None = None
    """Two ends between which the limit lies, where it is not known more closely."""
    interval: tuple[fmpq, fmpq] | None = None
    """Two ends between which all positions lie, the start included; both belong to it."""


Attempt: TypeAlias = "Callable[[Scene], Fate]"
"""Finds a fate from what the attempts share.

It raises `UndecidedError` with a reason that reads on from "no state repeats, and".
"""

_ATTEMPTS: tuple[tuple[str, str], ...] = (
    ("fading", "find_fading"),
    ("rotation", "find_rotation"),
    ("descent", "find_descent"),
    ("itinerary", "find_itinerary"),
    ("contraction", "find_contraction"),
    ("approach", "find_approach"),
    ("outer", "find_outer"),
    ("trap", "find_region"),
    ("tether", "find_curved_tether"),
    ("excursion", "find_excursion"),
    ("tether", "find_straight_tether"),
)
"""The file and the function of each attempt, in order; loaded when needed.

The first one is about rates that change for ever, of which it tells limits.
"""


def find_fate(
    course: Course, run: Run, settled_from: int | None, *, to_limit: bool = False
) -> tuple[Fate | None, tuple[str, ...]]:
    """The first fate that the checker accepts, else None with the reasons of all attempts.

    Args:
        course: What is run.
        run: The run in exact numbers as far as it came.
        settled_from: The number of steps after which every step is the same map, or None.
        to_limit: Whether only the limit of a run that converges is asked for.
    """
    from gradiometer.proof.scene import Scene

    scene, reasons = Scene(course, run, settled_from), []
    for file, name in _ATTEMPTS[:1] if to_limit else _ATTEMPTS:
        attempt: Attempt = getattr(importlib.import_module(f"gradiometer.proof.{file}"), name)
        try:
            fate = attempt(scene)
            if not fate.is_checked:
                check(fate.certificate)
        except UndecidedError as error:
            reasons.append(str(error))
        except CertificateError as error:
            reasons.append(f"the checker refused a proof: {error.problem.rstrip('.')}")
        except GradiometerError as error:
            # A schedule, say, may have no value after the steps that were asked for.
            reasons.append(error.problem.rstrip("."))
        else:
            return fate, ()
    return None, tuple(reasons)

"""Proves that a rule of bounded steps stays near where slopes point home."""

from __future__ import annotations

from math import inf

from flint import fmpq

from gradiometer.errors import CertificateError, DomainError, UndecidedError
from gradiometer.formula import precision, to_float
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_motion import read_motion
from gradiometer.proof.check_prefix import BITS
from gradiometer.proof.check_pull import Pull, read_pull
from gradiometer.proof.check_region import Field
from gradiometer.proof.check_tether import longest_step, require_home
from gradiometer.proof.fate import Fate
from gradiometer.proof.scene import Scene
from gradiometer.proof.tether_ends import Need, list_inner, move_outer

_CALM = 60
"""Steps after which the corrections of means matter little."""
_TRIES = 4
"""Pairs of inner ends that are shown to the checker's own arithmetic."""


def find_curved_tether(scene: Scene) -> Fate:
    """The same on curved landscapes alone, where boxes of states are slow and often too wide.

    Raises:
        UndecidedError: If the landscape is straight, or nothing is found.
    """
    if all(scene.straight):
        raise UndecidedError("every slope is constant")
    return find_tether(scene)


def find_straight_tether(scene: Scene) -> Fate:
    """The same on landscapes of straight pieces alone, where boxes of states are often narrower.

    Raises:
        UndecidedError: If the landscape is curved, or nothing is found.
    """
    if not all(scene.straight):
        raise UndecidedError("a slope changes along the landscape")
    return find_tether(scene)


def find_tether(scene: Scene) -> Fate:
    """The verdict `bounded` for a rule whose steps are short and point home.

    Raises:
        UndecidedError: If the rule is of another kind, or no interval is found.
    """
    replay, problem = scene.replay, scene.problem
    places = [to_float(state.position) for state in scene.run.states]
    done = min(_CALM, len(places) - 1)
    if done < 1:
        raise UndecidedError("the run is too short to be bounded")
    prefix = scene.prefix
    with precision(BITS):
        prefix.reach(done)
        pull = read_pull(Field(replay, read_motion(replay, done)))
        ends = _choose_ends(scene, done, pull, (min(places), max(places)))
    low, left, right, high = ends
    certificate = make_certificate(
        "tether",
        problem=problem,
        claim={"verdict": "bounded", "limit": None, "cycle": None,
               "interval": [str(low), str(high)]},
        evidence={"from": done, "inner": [str(left), str(right)]},
    )  # fmt: skip
    follows = (
        "each step points back with its slope"
        if pull.keeps == 0
        else "the mean of slopes that it follows turns before it is further out"
    )
    because = (
        f"from step {done} on no step is longer than {to_float(pull.reach):.3g}, every slope "
        f"outside of [{left}, {right}] points back to it, and {follows}"
    )
    return Fate("bounded", because, certificate, interval=(low, high))


def _choose_ends(
    scene: Scene, done: int, pull: Pull, span: tuple[float, float]
) -> tuple[fmpq, fmpq, fmpq, fmpq]:
    """The first of some pairs of inner and outer ends that the checker accepts, narrow ones first.

    Raises:
        UndecidedError: If it accepts none.
    """
    replay = scene.replay
    field = Field(replay, read_motion(replay, done))
    low, high = span
    if pull.decays:
        low, high = min(low, 0.0), max(high, 0.0)
    longest = longest_step(scene.prefix, done)
    reach = to_float(pull.reach)
    stride = inf if pull.decays else max(1.0, to_float(longest) / reach)
    need = Need((low, high), reach, stride, to_float(pull.keeps))
    reason = "a slope between inner and outer end may not point home"
    for inner, room in list_inner(scene.course.landscape, need, most=_TRIES):
        try:
            ends = move_outer(field, pull, inner, room, longest)
            require_home(replay, done, ends, longest)
        except (UndecidedError, DomainError, CertificateError) as error:
            reason = getattr(error, "problem", str(error)).rstrip(".")
        else:
            return ends
    raise UndecidedError(f"no interval holds it by the length of its steps: {reason}")

"""Proves that a run turns around one kink for ever, where the side alone decides the stride."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradiometer.errors import CertificateError, DomainError, UndecidedError
from gradiometer.formula import Number, precision, to_rational_text
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_prefix import BITS, Prefix
from gradiometer.proof.check_rotation import Turn, list_points, read_turn
from gradiometer.proof.check_walk import spell
from gradiometer.proof.fate import Fate, Orbit
from gradiometer.proof.scene import Scene
from gradiometer.proof.span import shorten_ends

_LEAST_STEPS, _MOST_STEPS = 2_500, 20_000
"""Steps in which the run is awaited at a kink, by the number of steps that are asked for."""


def find_rotation(scene: Scene) -> Fate:
    """The cycle, or the interval, of a run around a kink.

    Raises:
        UndecidedError: If the rule is another one, or the run does not come to a lone kink.
    """
    if scene.settled_from is None:
        raise UndecidedError("the strides change with the step count")
    with precision(BITS):
        try:
            prefix = scene.prefix
            done, turn = _arrive(
                prefix, scene.settled_from, min(max(scene.course.steps, _LEAST_STEPS), _MOST_STEPS)
            )
        except (CertificateError, DomainError) as error:
            raise UndecidedError(error.problem.rstrip(".").lower()) from None
        return _to_fate(scene.problem, prefix, done, turn)


def _arrive(prefix: Prefix, settled_from: int, most: int) -> tuple[int, Turn]:
    """The first step, before the step *most*, at which the run is where a rotation takes place."""
    turns: dict[int, Turn] = {}
    reason = "the run does not come to a kink"
    for joint in range(len(prefix.replay.pieces) - 1):
        try:
            turns[joint] = read_turn(prefix.replay, joint, settled_from)
        except (CertificateError, DomainError) as error:
            reason = error.problem.rstrip(".").lower()
        except UndecidedError as error:
            reason = str(error)
    if not turns:
        raise UndecidedError(reason)
    for done in range(settled_from, most):
        place, piece = prefix.reach(done)["x"], prefix.pieces[done]
        for joint in {piece - 1, piece} & set(turns):
            if turns[joint].holds(place):
                return done, turns[joint]
    raise UndecidedError(reason)


def _to_fate(problem: Mapping[str, Any], prefix: Prefix, done: int, turn: Turn) -> Fate:
    places = [state["x"] for state in prefix.states[: done + 1]]
    ends = shorten_ends([turn.ends[0], *places], [turn.ends[1], *places])
    evidence = {"from": done, "joint": turn.joint, "returns": None}
    claim: dict[str, Any] = {"verdict": "bounded", "limit": None, "cycle": None}
    claim["interval"] = [to_rational_text(end) for end in ends]
    because = (
        f"from step {done} on every step left of the kink adds one stride and every step right of "
        "it takes off another, which is a rotation of a circle"
    )
    orbit = None
    if isinstance(turn.ratio, Number):
        points = list_points(turn, places[-1])
        p, q = int(turn.ratio.value.p), int(turn.ratio.value.q)
        evidence["returns"] = True
        claim["verdict"] = "cycle"
        claim["cycle"] = {
            "period": p + q,
            "points": [spell(point) for point in points] or None,
            "multipliers": None,
            "from_step": done,
        }
        because += f": the strides are as {p} to {q}, so every state returns after {p} + {q} steps"
        orbit = Orbit(tuple(points), from_step=done, period=p + q)
    elif turn.never_returns:
        evidence["returns"] = False
        because += (
            ": the ratio of the strides is irrational, so the run is quasi-periodic and never "
            "returns"
        )
    certificate = make_certificate("rotation", problem=problem, claim=claim, evidence=evidence)
    return Fate(claim["verdict"], because, certificate, orbit=orbit, interval=ends)

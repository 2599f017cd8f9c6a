"""The certificate of a run in several variables: formulas, numbers, and enclosures of results."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gradiometer.formula import Exact, Name, Node, precision, substitute, to_text
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.spelling import spell_lower, spell_upper
from gradiometer.proof.trail import Journey, Point, Trail

_PLACE = re.compile(r"\[(\d+(?:,\d+)*)\]")


def certify_trail(journey: Journey, trail: Trail, *, lowest: int, final: int) -> dict[str, Any]:
    """The certificate that a run is lowest at step *lowest* and ends as at step *final*.

    Args:
        journey: What was run.
        trail: The run, which has not ended early.
        lowest: The first step with the lowest loss.
        final: The step of the run, or of its cycle, whose position is the last one.
    """
    with precision(trail.bits):
        first, period = trail.repeats_from, trail.period
        claim: dict[str, Any] = {
            "lowest": _ends(trail.losses[lowest]),
            "lowest_at": _list_ends(trail.positions[lowest]),
            "lowest_step": lowest,
            "final": _list_ends(trail.positions[final]),
            "returns": None,
        }
        if first is not None and period is not None:
            points = [_list_ends(trail.positions[first + k]) for k in range(period)]
            claim["returns"] = {"from_step": first, "period": period, "points": points}
    return make_certificate("trail", problem=to_trail_problem(journey), claim=claim)


def to_trail_problem(journey: Journey) -> dict[str, Any]:
    """What is run, as plain JSON; `m[0]` of the rule is spelled `m_0`."""
    code = journey.code
    names = {*code.coordinates, *code.gradients, *(n for n, _ in code.states)}
    names |= {target for target, _ in code.step}
    plain = _spell_names(names, {*code.values, *(t for t, _ in code.step)})
    trees: dict[str, Node] = {name: Name(spelled) for name, spelled in plain.items()}

    def text(tree: Node) -> str:
        return to_text(substitute(tree, trees))

    return {
        "variables": list(journey.surface.variables),
        "loss": to_text(journey.surface.value),
        "rule": {
            "coordinates": [plain[name] for name in code.coordinates],
            "gradients": [plain[name] for name in code.gradients],
            "state": [[plain[name], text(tree)] for name, tree in code.states],
            "step": [[plain[target], text(tree)] for target, tree in code.step],
            "values": {name: str(value) for name, value in code.values.items()},
        },
        "schedules": {name: row.to_problem() for name, row in journey.schedules.items()},
        "start": [str(number) for number in journey.start],
        "steps": journey.steps,
    }


def _spell_names(names: set[str], others: set[str]) -> Mapping[str, str]:
    """A word for each name with a place in brackets, none of them used twice."""
    taken = {name for name in others if "[" not in name}
    joint = "_"
    while True:
        spelled = {name: _spell_name(name, joint) for name in names}
        fresh = {word for name, word in spelled.items() if word != name}
        if not fresh & taken and len(set(spelled.values())) == len(spelled):
            return spelled
        joint += "_"


def _spell_name(name: str, joint: str) -> str:
    return _PLACE.sub(lambda match: joint + match[1].replace(",", joint), name)


def _list_ends(point: Point) -> list[list[str]]:
    return [_ends(number) for number in point]


def _ends(value: Exact) -> list[str]:
    """Two rationals that the value certainly lies between; twice the value where it is short."""
    return [spell_lower(value), spell_upper(value)]

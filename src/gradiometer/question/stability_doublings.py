"""The rates at which the cycles beyond the critical one double their period, as a fact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradiometer.errors import UsageError
from gradiometer.formula import to_float
from gradiometer.proof import Doubling, Stability, find_doublings
from gradiometer.question.answer import Fact, proved, unknown
from gradiometer.question.stability_facts import to_number
from gradiometer.question.stability_read import Request

_MOST = 6


def check_doublings(count: Any) -> None:
    """Refuse what is no count of doublings.

    Raises:
        UsageError: With those that are.
    """
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= _MOST:
        raise UsageError(
            f"`doublings` = {count} is no count from 0 to {_MOST}.", hint=f"write 0, 1, … {_MOST}"
        )


def list_doublings(request: Request, found: Stability, count: int) -> list[Doubling]:
    """The doublings beyond the critical value of a point that is lost by a flip."""
    flips = bool(found.spans) and found.losses[0][1] == "flip"
    end = found.spans[0][1] if flips else None
    if not count or end is None or len(request.objective.variables) > 1:
        return []
    place = to_float(found.rest.place[0].lower)
    return find_doublings(request.subject, place, to_float(end.lower), most=count)


def to_fact(rows: Sequence[Doubling], parameter: str) -> Fact:
    """Each doubling with the period of the cycle that gives way."""
    if not rows:
        return unknown(
            "No stable cycle beyond the critical value is found, or the rule has a state, or the "
            "curve has pieces."
        )
    value = [{"period": row.period, "rate": to_number(row.rate)} for row in rows]
    because = (
        f"At each {parameter} the multiplier of the cycle of that period passes -1: just below, "
        "the cycle attracts; just above, it repels."
    )
    return proved(value, because)

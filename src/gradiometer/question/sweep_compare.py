"""What floats say of a run beside what is proved of it: the same, the contrary, or less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from gradiometer.formula import Interval, evaluate, to_float
from gradiometer.question.answer import Fact
from gradiometer.question.sweep_inside import EVERYWHERE

Word: TypeAlias = Literal["agrees", "contradicted", "open"]

_FITTING: Mapping[str, Sequence[str]] = {
    "settled": ("converges",),
    "repeated": ("cycle",),
    "escaped": ("escapes", "diverges"),
    "diverged": ("diverges", "escapes"),
    "not_finite": ("diverges", "escapes"),
}
"""The verdicts that say what a label says; a run that still moves says nothing."""

_REFUTING: Mapping[str, Sequence[str]] = {
    "settled": ("cycle", "diverges", "escapes"),
    "repeated": ("converges", "diverges", "escapes"),
    "diverged": ("converges", "cycle", "bounded"),
}
"""The verdicts that deny what a label says. One that only bounds a run may well come to rest; and
numbers may overflow on the way of a run that stays small."""

_NEAR = 1e-3
"""How far from where it is proved to end a run may stand, in parts of its size or of 1."""


def compare_label(
    label: str,
    position: Sequence[float],
    facts: Mapping[str, Fact],
    inside: tuple[float, float] = EVERYWHERE,
) -> Word:
    """Whether a proof says the same of a run as its label and its last position in floats.

    Args:
        label: The label.
        position: Where the floats stand, a number for each variable.
        facts: The facts of `trajectory` about the run.
        inside: What an escaped run has left.

    Example:
        >>> from gradiometer.question.answer import proved
        >>> compare_label("settled", [1.0], {"verdict": proved("diverges", "")})
        'contradicted'
    """
    verdict = facts["verdict"]
    if verdict.status != "proved" or label not in _FITTING:
        return "open"
    if verdict.value in _REFUTING.get(label, ()):
        return "contradicted"
    if verdict.value not in _FITTING[label]:
        return _compare_escape(facts, inside) if label == "escaped" else "open"
    ends = _list_ends(label, facts)
    stands_there = not ends or any(is_near(position, end) for end in ends)
    return "agrees" if stands_there else "contradicted"


def _compare_escape(facts: Mapping[str, Fact], inside: tuple[float, float]) -> Word:
    """Of a run that left in floats, and is proved to stay somewhere: whether that is inside."""
    ends = [*_list_ends("settled", facts), *_list_ends("repeated", facts)]
    bounds = facts.get("bounds")
    if not ends and bounds is not None and isinstance(bounds.value, Interval):
        ends = [evaluate(end, {}) for end in (bounds.value.lower, bounds.value.upper) if end]
        # Bounds that reach beyond say nothing about where in them the run is.
        return "contradicted" if _are_inside(ends, inside) else "open"
    if not ends:
        return "open"
    return "contradicted" if _are_inside(ends, inside) else "agrees"


def _are_inside(ends: Sequence[Any], inside: tuple[float, float]) -> bool:
    return all(inside[0] <= x <= inside[1] for end in ends for x in list_numbers(end))


def _list_ends(label: str, facts: Mapping[str, Fact]) -> list[Any]:
    """The proved points where a run of that label may stand in the end; empty if none is known."""
    name = {"settled": "limit", "repeated": "cycle"}.get(label, "")
    fact = facts.get(name)
    if fact is None or fact.status != "proved" or fact.value is None:
        return []
    if name == "limit":
        return [fact.value]
    return list(fact.value.get("points", ())) if isinstance(fact.value, Mapping) else []


def list_numbers(place: Any) -> list[float]:
    """A place as a float for each variable."""
    numbers = list(place.values()) if isinstance(place, Mapping) else [place]
    return [to_float(number) for number in numbers]


def is_near(position: Sequence[float], place: Any) -> bool:
    """Whether floats stand where a proved place is."""
    wanted = list_numbers(place)
    return len(wanted) == len(position) and all(
        abs(x - y) <= _NEAR * max(1.0, abs(y)) for x, y in zip(position, wanted, strict=True)
    )

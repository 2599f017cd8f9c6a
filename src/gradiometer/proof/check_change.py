"""Replays certificates of kind `change`: what becomes of a run differs at two close values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from flint import fmpq

from gradiometer.errors import CertificateError
from gradiometer.formula import from_decimal
from gradiometer.proof.check import check
from gradiometer.proof.check_fields import fields, read_rational, require

_FATE = {"verdict", "limit", "cycle", "interval"}
"""The fields of a claim about all steps to come, whatever proves it."""

_WORDS = ("diverges", "escapes", "converges", "cycle", "bounded")

_APART = fmpq(1, 10**6)
"""How far apart two limits must be, as a part of their size; 1 counts as the least size."""

STEEPNESS = 1000
"""How many times as far apart as the two values they must be: else they may move smoothly."""


@final
@dataclass(frozen=True)
class Ending:
    """What becomes of the run at one value of the parameter, as a certificate claims it."""

    value: fmpq
    word: str
    limit: str | None = None
    period: int | None = None
    """The least period of the positions."""
    is_endless: bool = False
    """Whether the positions have no bound: of a run that escapes, the strides may fade."""

    def to_claim(self) -> dict[str, Any]:
        """The same as plain JSON, without what is not known."""
        row = {"value": str(self.value), "verdict": self.word}
        more = {"limit": self.limit, "period": self.period}
        return row | {name: known for name, known in more.items() if known is not None}


def read_ending(value: fmpq, certificate: Mapping[str, Any]) -> Ending:
    """What the certificate of one run claims about all steps to come.

    Raises:
        CertificateError: If it claims nothing of the kind.
    """
    claim = certificate["claim"]
    if certificate["kind"] != "run" and set(claim) != _FATE:
        raise CertificateError("A certificate does not speak of all steps to come.")
    word, limit, cycle = (claim[name] for name in ("verdict", "limit", "cycle"))
    require(word in _WORDS, "A verdict is none.")
    is_endless = word == "diverges" or certificate["kind"] == "descent"
    period = _find_period(cycle) if word == "cycle" else None
    # Two ends around a limit say nothing of how it moves.
    return Ending(value, word, None if isinstance(limit, list) else limit, period, is_endless)


def _find_period(cycle: Mapping[str, Any]) -> int:
    """The least period of the positions; what a rule remembers may return later than they do."""
    period, points = int(cycle["period"]), cycle["points"]
    if len(points) != period:
        return period
    return next(k for k in range(1, period + 1) if points == points[k:] + points[:k])


def is_change(left: Ending, right: Ending, *, steepness: int = STEEPNESS) -> bool:
    """Whether no run can do both, and the limits, where there are two, do not just move smoothly.

    A run that is `bounded` may also converge, so that these two words are no change.

    Args:
        left: One end.
        right: The other.
        steepness: How many times as far apart as the two values the limits must be.
    """
    words = {left.word, right.word}
    if words == {"cycle"}:
        return left.period != right.period
    if words == {"converges"}:
        return _is_jump(left, right, steepness)
    if words in ({"converges", "cycle"}, {"escapes", "cycle"}):
        return 1 not in (left.period, right.period)
    staying = [end.word for end in (left, right) if not end.is_endless]
    return len(staying) == 1 and staying != ["escapes"]


def _is_jump(left: Ending, right: Ending, steepness: int) -> bool:
    if left.limit is None or right.limit is None:
        return False
    (one, doubt), (other, more) = map(_read_number, (left.limit, right.limit))
    gap = abs(one - other) - doubt - more
    size = max(fmpq(1), abs(one), abs(other))
    return gap > _APART * size and gap > steepness * abs(right.value - left.value)


def _read_number(text: str) -> tuple[fmpq, fmpq]:
    """The number that a certificate writes, and how far from it the true one may be."""
    if text.startswith("~0±"):
        return fmpq(0), from_decimal(text[3:])
    number = from_decimal(text.removeprefix("~"))
    # A certificate writes certain digits only, but may write few of them.
    mantissa = text.partition("e")[0].lstrip("~-0.")
    digits = sum(letter.isdigit() for letter in mantissa)
    doubt = fmpq(0) if text[0] != "~" else abs(number) * fmpq(10) ** (2 - digits)
    return number, doubt


def check_change(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept that two runs end differently, or raise `CertificateError`."""
    name, *runs = fields(problem, "parameter", "from", "to")
    before, after, width = fields(claim, "from", "to", "width")
    ends: list[Ending] = []
    for said, run, part in zip((before, after), runs, fields(evidence, "from", "to"), strict=True):
        require(isinstance(part, Mapping) and part.get("kind") != "change", "A part is no run.")
        require(part.get("kind") != "all", "A part is more than one run.")
        check(part)
        require(_is_same(part["problem"], run), "A part is about another run.")
        end = read_ending(read_rational(said["value"]), part)
        require(_is_same(end.to_claim(), said), "A part claims something else.")
        ends.append(end)
    require(ends[0].value < ends[1].value, "The two values are not in order.")
    require(read_rational(width) == ends[1].value - ends[0].value, "The width is another one.")
    require(is_change(*ends), "One run may do both.")
    _check_problems(name, runs, ends)


def _is_same(left: Any, right: Any) -> bool:
    """Whether two values are the same JSON: in Python, 1 equals a truth value."""
    one, other = (json.dumps(value, sort_keys=True) for value in (left, right))
    return one == other


def _check_problems(name: Any, runs: list[Any], ends: list[Ending]) -> None:
    """Two runs of one rule, which differ in the parameter where it is one of the rule."""
    require(isinstance(name, str), "The parameter has no name.")
    owner, _, short = name.rpartition(".")
    values = [dict(run["rule"]["values"]) for run in runs]
    if owner in ("", "optimizer") and all(short in row for row in values):
        said = [read_rational(row.pop(short)) for row in values]
        require(said == [end.value for end in ends], "The parameter has other values.")
        rest = [{k: v for k, v in run.items() if k != "rule"} for run in runs]
        require(rest[0] == rest[1], "The two runs differ in more than the parameter.")
    require(values[0] == values[1], "The two rules differ in more than the parameter.")
    rules = [{k: v for k, v in run["rule"].items() if k != "values"} for run in runs]
    require(rules[0] == rules[1], "The two rules are not the same.")

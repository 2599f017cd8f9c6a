"""Proves that no settings let one update rule step like another one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flint import fmpq

from gradiometer.errors import GradiometerError, UndecidedError
from gradiometer.formula import (
    Apply,
    Interval,
    Name,
    Number,
    free_names,
    precision,
    to_text,
    walk,
)
from gradiometer.model import Optimizer, Rule
from gradiometer.proof.alike import is_accepted
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_impossible import (
    Space,
    Tape,
    equate,
    fix,
    list_choices,
    read_space,
    split,
)
from gradiometer.proof.check_steps import Steps, read_steps
from gradiometer.proof.eliminate import MOST_WORK, find_refutation

_BITS = 256


def _tapes(*rows: tuple[int, tuple[int, ...]]) -> tuple[Tape, ...]:
    return tuple((fmpq(start), tuple(map(fmpq, gradients))) for start, gradients in rows)


_FIRST = _tapes((0, (1,)), (0, (2,)), (0, (3,)))
_TWO = _tapes((0, (1, 1)), (0, (2, 2)), (0, (1, -1)), (0, (1, 2)))
_WAITED = _tapes((0, (0, 1)), (0, (0, 2)), (0, (0, 0, 1)))
_FADING = _tapes((0, (0, 1)), (0, (0, 2)), (0, (1, 0)), (0, (2, 0)))
_LATER = _tapes((0, (0, 0, 0, 1)))
_DECAYING = _tapes((1, (0,)), (1, (1,)))
_SETS = (
    (_FIRST, False),
    ((*_FIRST, *_DECAYING), False),
    ((*_FIRST, *_TWO), False),
    ((*_FIRST, *_WAITED), False),
    ((*_FIRST, *_WAITED, *_DECAYING), False),
    ((*_FIRST, *_TWO, *_DECAYING), False),
    ((*_FIRST, *_FADING), False),
    ((*_FIRST, *_FADING, *_DECAYING), False),
    ((*_FIRST, *_WAITED, *_LATER), True),
)
"""Starts and gradients, few at first, and whether positions are rounded.

Each set gives equations that all settings must fulfil.
"""

_MOST_CHOICES = 16
_LITTLE_WORK = 12_000
_MOST_WORK = 60_000
"""Products of terms after which no further search is begun, so that an answer takes seconds."""


def rule_out(source: Rule, target: Optimizer, *, patient: bool = True) -> dict[str, Any] | None:
    """The certificate that no settings of *target* step like *source*, or None without a proof.

    Equal positions on a few short tapes are polynomial equations in the unknown settings and in
    the roots that occur. They are shown to have no common solution, for one choice of the flags
    after another; the claim says for which choices, and whether those are all.

    Args:
        source: A rule whose parameters have values, for a single number.
        target: The rule whose settings are sought.
        patient: Whether to go on where nothing is found in the time that most proofs take.
    """
    rule = target.bind({})
    parameters = _parameters(target, rule)
    if parameters is None:
        return None
    problem = {
        "source": source.to_problem(),
        "target": rule.to_problem(),
        "parameters": parameters,
    }
    known, sought = (
        read_steps(source.to_problem()),
        read_steps(rule.to_problem(), tuple(parameters)),
    )
    choices, space = list_choices(parameters), read_space(parameters)
    if len(choices) > _MOST_CHOICES:
        return None
    found: list[tuple[dict[str, fmpq], Any]] = []
    with precision(_BITS):
        left = [_MOST_WORK, MOST_WORK] if patient else [_LITTLE_WORK, 1_500]
        for choice in choices:
            proof = _prove(known, *fix(sought, space, choice), left=left)
            if proof is not None:
                found.append((choice, proof))
            elif not found:
                # Where the first choice resists, the others mostly do.
                return None
    if not found:
        return None
    ruled_out = [{name: str(value) for name, value in choice.items()} for choice, _ in found]
    claim = {"ruled_out": ruled_out, "all": len(found) == len(choices)}
    evidence = {"proofs": [proof for _, proof in found]}
    certificate = make_certificate("impossible", problem=problem, claim=claim, evidence=evidence)
    return certificate if is_accepted(certificate) else None


def _parameters(target: Optimizer, rule: Rule) -> dict[str, Any] | None:
    """The parameters that the rule reads, as plain JSON; None where one is no number."""
    trees = (*rule.state.values(), *(tree for _, tree in rule.step))
    names = frozenset().union(*map(free_names, trees))
    found: dict[str, Any] = {}
    for name, parameter in target.parameters.items():
        if name not in names:
            continue
        if isinstance(parameter.default, tuple):
            return None
        found[name] = {"domain": to_interval_text(parameter.domain), "flag": parameter.is_flag}
    return found


def to_interval_text(interval: Interval) -> str:
    """The interval as `parse_interval` reads it."""
    lower = "-oo" if interval.lower is None else to_text(interval.lower)
    upper = "oo" if interval.upper is None else to_text(interval.upper)
    left, right = "[" if interval.lower_closed else "(", "]" if interval.upper_closed else ")"
    return f"{left}{lower}, {upper}{right}"


def _prove(source: Steps, target: Steps, space: Space, *, left: list[int]) -> dict[str, Any] | None:
    """The proof for all settings of the space, split where a rule compares a parameter."""
    compared = next(_comparisons(target, space), None)
    if compared is None:
        return _refute(source, target, space, left=left)
    name, value = compared
    halves: list[Any] = []
    for rule, part in split(target, space, name, value):
        half = _prove(source, rule, part, left=left)
        if half is None:
            return None
        halves.append(half)
    return {"case": name, "value": str(value), "equal": halves[0], "apart": halves[1]}


def _comparisons(rule: Steps, space: Space) -> Iterator[tuple[str, fmpq]]:
    """Parameters that the rule compares with a number for equality."""
    relations = (
        node.arguments
        for _, tree in rule.trees
        for node in walk(tree)
        if isinstance(node, Apply) and node.operator in ("==", "!=")
    )
    for left, right in relations:
        if not (isinstance(left, Name) and isinstance(right, Number)):
            continue
        if left.name in space.ranges and (left.name, right.value) not in space.apart:
            yield left.name, right.value


def _refute(
    source: Steps, target: Steps, space: Space, *, left: list[int]
) -> dict[str, Any] | None:
    for tapes, rounded in _SETS:
        if left[0] <= 0:
            return None
        try:
            region = equate(source, target, space, tapes, rounded=rounded)
        except (GradiometerError, UndecidedError, ArithmeticError, RecursionError):
            continue
        work = [min(left[0], left[1])]
        left[0] -= work[0]
        steps = find_refutation(region, work)
        left[0] += max(work[0], 0)
        if steps is not None:
            rows = [_spell(tape) for tape in tapes]
            return {"tapes": rows, "rounded": rounded, "steps": steps}
    return None


def _spell(tape: Tape) -> dict[str, Any]:
    start, gradients = tape
    return {"start": str(start), "gradients": [str(gradient) for gradient in gradients]}

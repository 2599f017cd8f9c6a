"""Replays the certificate of a gradient: motion forward from each input, adjoints backward.

Every input is moved to the right, and to the left where branches meet; what that does to the output
must be the claimed derivative. The adjoints of the evidence must fit the same local slopes, and the
contributions must be slope times adjoint and add up to the derivative.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import (
    Exact,
    evaluate,
    from_decimal,
    parse,
    precision,
    size_in_bits,
    to_ball,
    to_decimal,
    to_rational_text,
)
from gradiometer.proof.check_graph_motion import Edge, Stage, move, prepare
from gradiometer.proof.check_graph_read import read_items
from gradiometer.proof.check_graph_slope import bounded, product
from gradiometer.proof.check_walk import fields, require

_LADDER = (256, 1024, 3072)
"""Working precisions in bits; the last one is also where an undecided branch stays undecided."""

_TINY = arb(fmpq(1, 10**200))
_ENOUGH_BITS = 100
_MOST_BITS = 2_000
"""Rationals up to this size are written exactly."""
_DIGITS = 20
_ROUNDED = re.compile(r"~-?[0-9]{1,40}([.][0-9]{1,40})?(e[+-][0-9]{1,5})?")
_ZERO, _ONE = fmpq(0), fmpq(1)


def check_graph(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept value, derivatives and contributions of a computation at a point.

    Raises:
        CertificateError: If anything in claim or evidence is not what the replay gives.
    """
    text, at, of = fields(problem, "computation", "at", "of")
    require(isinstance(text, str) and isinstance(of, str), "A computation is a text.")
    require(isinstance(at, Mapping), "The point is no table.")
    require(all(isinstance(v, str) for v in at.values()), "A value is no text.")
    for bits in _LADDER:
        with precision(bits):
            try:
                found = _replay(text, at, of, is_last=bits == _LADDER[-1])
                require(_agrees(claim, found[0]), "The replay gives another claim.")
                require(_agrees(evidence, found[1]), "The replay gives other values or adjoints.")
                return
            except UndecidedError:
                if bits == _LADDER[-1]:
                    raise


def _agrees(said: Any, found: Any) -> bool:
    """Whether what is said has the same parts as what was found, and the same numbers."""
    if isinstance(found, fmpq | arb):
        return isinstance(said, str) and _is_written(said, found)
    if type(said) is not type(found):
        return False
    if isinstance(found, dict):
        return said.keys() == found.keys() and all(_agrees(said[k], found[k]) for k in found)
    if isinstance(found, list):
        return len(said) == len(found) and all(map(_agrees, said, found))
    return bool(said == found)


def _is_written(text: str, value: Exact) -> bool:
    """Whether *text* writes the number: exactly, or rounded behind `~` where it is no short one.

    Raises:
        UndecidedError: If a ball is too wide to say so.
    """
    if isinstance(value, fmpq) and size_in_bits(value) <= _MOST_BITS:
        return text == to_rational_text(value)
    ball = to_ball(value)
    if isinstance(value, arb) and value.abs_upper() < _TINY:
        return text == "~0"
    if ball.rel_accuracy_bits() < _ENOUGH_BITS:
        raise UndecidedError("a ball is too wide for its digits")
    if _ROUNDED.fullmatch(text) is None:
        return False
    rounded = from_decimal(text[1:])
    if rounded == 0 or to_decimal(rounded, digits=_DIGITS) != text[1:]:
        return False
    _, digits, exponent = Decimal(text[1:]).normalize().as_tuple()
    last = len(digits) + int(exponent) - _DIGITS
    # A hair more than half a unit: a number exactly between two digits may be rounded either way.
    slack = fmpq(10) ** last * fmpq(1_000_001, 2_000_000)
    return len(digits) <= _DIGITS and bool(abs(ball - rounded) < slack)


def _replay(
    text: str, at: Mapping[str, str], of: str, *, is_last: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Claim and evidence as the checker finds them."""
    items, output = read_items(text, frozenset(at), of)
    point = {name: evaluate(parse(value, names=()).tree, {}) for name, value in at.items()}
    stages = prepare(items, point, is_last=is_last)
    require(stages[output].value is not None, "The output has no value.")
    adjoints = _sweep(stages, output)
    inputs = {item.name: k for k, item in enumerate(items) if not item.operator}
    contributions = _contributions(stages, adjoints, inputs, output)
    derivatives: dict[str, Exact | None] = {}
    sides: dict[str, dict[str, Exact | None]] = {}
    for name, number in inputs.items():
        right = move(stages, number, _ONE, output)
        derivatives[name] = right.speed
        if right.is_bent:
            back = move(stages, number, -_ONE, output).speed
            left = None if back is None else -back
            derivatives[name] = _agreed(left, right.speed)
            sides[name] = {"left": left, "right": right.speed}
        else:
            _check_sum(contributions[name].values(), right.speed)
    claim = {
        "value": stages[output].value,
        "derivatives": derivatives,
        "contributions": {
            name: [{"via": via, "value": flow} for via, flow in row.items()]
            for name, row in contributions.items()
        },
        "one_sided": sides,
    }
    pairs = zip(stages, adjoints, strict=True)
    nodes = [{"name": s.item.name, "value": s.value, "adjoint": a} for s, a in pairs]
    return claim, {"nodes": nodes}


def _agreed(left: Exact | None, right: Exact | None) -> Exact | None:
    both = isinstance(left, fmpq) and isinstance(right, fmpq)
    return left if both and left == right else None


def _sweep(stages: Sequence[Stage], output: int) -> list[Exact | None]:
    """The adjoints; None as soon as a local slope on the way does not exist."""
    adjoints: list[Exact | None] = [_ZERO] * len(stages)
    is_live = [False] * len(stages)
    adjoints[output], is_live[output] = _ONE, True
    for number in range(output, -1, -1):
        if not is_live[number]:
            continue
        for edge in stages[number].used():
            is_live[edge.node] = True
        passable = [edge for edge in stages[number].gates if edge.slope is None]
        passable += [edge for edge in stages[number].edges if edge.is_reached]
        for edge in passable:
            flow, so_far = _flow(edge, adjoints[number]), adjoints[edge.node]
            adjoints[edge.node] = _plus(so_far, flow)
    return adjoints


def _plus(left: Exact | None, right: Exact | None) -> Exact | None:
    return None if left is None or right is None else bounded(left + right)


def _flow(edge: Edge, adjoint: Exact | None) -> Exact | None:
    if edge.slope is None or adjoint is None:
        return None
    return product(edge.slope, adjoint)


def _contributions(
    stages: Sequence[Stage],
    adjoints: Sequence[Exact | None],
    inputs: Mapping[str, int],
    output: int,
) -> dict[str, dict[str, Exact | None]]:
    """For each input, slope times adjoint summed for each node that uses it."""
    names = {number: name for name, number in inputs.items()}
    sums: dict[str, dict[str, Exact | None]] = {name: {} for name in inputs}
    if output in names:
        sums[names[output]][names[output]] = _ONE
    live = _find_live(stages, output)
    leading = _find_leading(stages, output)
    for number, stage in enumerate(stages):
        for edge in stage.edges:
            if edge.node not in names or number not in leading:
                continue
            row, via = sums[names[edge.node]], stage.item.name
            is_dead = not edge.is_reached or number not in live
            flow = _ZERO if is_dead else _flow(edge, adjoints[number])
            so_far = row.get(via, _ZERO)
            row[via] = _plus(so_far, flow)
    return sums


def _find_leading(stages: Sequence[Stage], output: int) -> set[int]:
    """The nodes from which the output can be reached along edges that carry values."""
    leading = {output}
    for number in range(output, -1, -1):
        if number in leading:
            leading.update(edge.node for edge in stages[number].edges)
    return leading


def _find_live(stages: Sequence[Stage], output: int) -> set[int]:
    live = {output}
    for number in range(output, -1, -1):
        if number in live:
            live.update(edge.node for edge in stages[number].used())
    return live


def _check_sum(flows: Iterable[Exact | None], derivative: Exact | None) -> None:
    """The contributions of an input must add up to what moving it forward gave."""
    total: Exact = _ZERO
    for flow in flows:
        require(flow is not None and derivative is not None, "A contribution is open.")
        total = total if flow is None else bounded(total + flow)
    if isinstance(total, fmpq) and isinstance(derivative, fmpq):
        require(total == derivative, "The contributions do not add up to the derivative.")
    elif derivative is not None:
        overlap = to_ball(total).overlaps(to_ball(derivative))
        require(bool(overlap), "The contributions do not add up to the derivative.")

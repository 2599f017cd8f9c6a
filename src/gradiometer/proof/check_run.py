"""Replays the certificate of a run and of its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flint import fmpq

from gradiometer.errors import CertificateError, DomainError, LimitError, UndecidedError
from gradiometer.formula import (
    EVERYTHING,
    Affine,
    Apply,
    Name,
    Range,
    at_point,
    compare,
    evaluate,
    evaluate_range,
    exact_sqrt,
    hull,
    precision,
    to_affine,
    to_polynomial,
)
from gradiometer.proof.check_total import require_all_values
from gradiometer.proof.check_walk import (
    LADDER,
    Replay,
    fields,
    has_digits,
    read_rational,
    read_replay,
    require,
    spell,
)

_ZERO, _ONE = fmpq(0), fmpq(1)
_CLAIM = ("verdict", "limit", "growth", "cycle", "lowest", "lowest_at", "lowest_step", "final")


def check_run(problem: Any, claim: Any, evidence: Any) -> None:
    """Accept a run's verdict, lowest value and last position, or raise `CertificateError`."""
    replay = read_replay(problem)
    said: dict[str, Any] = dict(zip(_CLAIM, fields(claim, *_CLAIM), strict=True))
    for bits in LADDER:
        try:
            with precision(bits):
                _check(replay, said, evidence, last=bits == LADDER[-1])
                return
        except UndecidedError:
            if bits == LADDER[-1]:
                raise


def _check(replay: Replay, said: Mapping[str, Any], evidence: Any, *, last: bool) -> None:
    states, losses, ended = _replay(replay, said["cycle"])
    if not last and not has_digits(states[-1]["x"], 80):
        raise UndecidedError("too few digits at this precision")
    _check_lowest(said, states, losses)
    require(said["final"] == _final(replay, said, states), "The last position is another one.")
    require(not ended, "The run ends before its last step.")
    require((said["cycle"] is not None) == (said["verdict"] == "cycle"), "Another verdict.")
    if said["verdict"] == "cycle":
        require(said["limit"] is None and said["growth"] is None, "A cycle has no limit.")
        fields(evidence)
        _check_cycle(replay, said["cycle"], states)
    elif said["verdict"] == "unknown":
        require(said["limit"] is None and said["growth"] is None, "Unknown has no limit.")
        fields(evidence)
    else:
        _check_fate(replay, said, evidence, states)


def _replay(replay: Replay, cycle: Any) -> tuple[list[dict[str, Any]], list[Any], bool]:
    """All states and losses up to the last step, or to the end of the claimed cycle."""
    steps = replay.steps
    if cycle is not None:
        period, _, first = fields(cycle, "period", "points", "from_step")
        require(type(period) is int and type(first) is int, "A cycle has whole steps.")
        require(period > 1 and first >= 0 and first + period <= steps, "The cycle is too long.")
        steps = first + period
    # The side of a joint chooses a slope; the loss there is that of the piece that contains it.
    plain = replace(replay, side=None)
    ends = replay.ends({})
    states, losses = [replay.begin()], []
    try:
        while True:
            position = states[-1]["x"]
            piece = replay.pieces[replay.locate(position, ends)]
            home = replay.pieces[plain.locate(position, ends)]
            losses.append(evaluate(home.loss, {"x": position}))
            done = len(states) - 1
            if done == steps:
                return states, losses, False
            gradient = evaluate(piece.slope, {"x": position})
            states.append(replay.advance(states[-1], gradient, done, losses[-1]))
    except (DomainError, LimitError):
        return states[: len(losses)], losses, True


def _check_lowest(said: Mapping[str, Any], states: list[dict[str, Any]], losses: list[Any]) -> None:
    if said["lowest"] is None:
        require(said["lowest_at"] is None and said["lowest_step"] is None, "No lowest.")
        return
    best = 0
    for index in range(1, len(losses)):
        if compare(losses[index], losses[best]) < 0:
            best = index
    step = said["lowest_step"]
    require(type(step) is int and step == best, "Another step is lowest.")
    require(said["lowest"] == spell(losses[best]), "The lowest value is another one.")
    require(said["lowest_at"] == spell(states[best]["x"]), "The lowest value is elsewhere.")


def _final(replay: Replay, said: Mapping[str, Any], states: list[dict[str, Any]]) -> str:
    if said["cycle"] is None:
        return spell(states[-1]["x"])
    first, period = said["cycle"]["from_step"], said["cycle"]["period"]
    return spell(states[first + (replay.steps - first) % period]["x"])


def _check_cycle(replay: Replay, cycle: Any, states: list[dict[str, Any]]) -> None:
    period, points, first = fields(cycle, "period", "points", "from_step")
    alive = _alive(replay, first)

    def state(step: int) -> list[Any]:
        values = [value for name, value in states[step].items() if name in alive]
        require(all(isinstance(value, fmpq) for value in values), "A cycle needs exact states.")
        return values

    require(replay.is_settled(first), "The rule still changes with the step count.")
    require(state(first) == state(first + period), "The state does not return.")
    for shorter in range(1, period):
        require(state(first) != state(first + shorter), "The cycle is shorter.")
    earlier = first - 1
    if earlier >= 0 and replay.is_settled(earlier):
        require(state(earlier) != state(earlier + period), "The cycle starts earlier.")
    require(
        points == [spell(states[first + index]["x"]) for index in range(period)],
        "The points of the cycle are others.",
    )


def _check_fate(
    replay: Replay, said: Mapping[str, Any], evidence: Any, states: list[dict[str, Any]]
) -> None:
    """Convergence or divergence by eigenvalues, a fixed state, or a region that is never left."""
    require(isinstance(evidence, Mapping), "There is no evidence.")
    if "trap" in evidence:
        box, first = fields(evidence, "trap", "trap_from")
        require(said["limit"] is None and said["growth"] is None, "A run away has no limit.")
        _check_trap(replay, said["verdict"], box, first, states)
    elif "linear_from" in evidence:
        # A slope says nothing of where the loss has no value, and there a run would end.
        require_all_values(replay.pieces, replay.ends({}))
        (first,) = fields(evidence, "linear_from")
        _check_linear(replay, said, first, states)
    elif "fixed_from" in evidence:
        (first,) = fields(evidence, "fixed_from")
        require(type(first) is int and 0 <= first < len(states) - 1, "No step is fixed.")
        require(replay.is_settled(first), "The rule still changes with the step count.")
        for name in _alive(replay, first):
            here, there = states[first][name], states[first + 1][name]
            require(isinstance(here, fmpq) and here == there, "The state still changes.")
        require(said["verdict"] == "converges", "A fixed state converges.")
        require(said["limit"] == spell(states[first]["x"]), "The limit is another one.")
        require(said["growth"] is None, "A fixed state has no factor.")
    else:
        (first,) = fields(evidence, "shrinks_from")
        _check_shrinking(replay, said, first)


def _check_shrinking(replay: Replay, said: Mapping[str, Any], first: Any) -> None:
    """All later factors of plain descent on one parabola lie from 0 to 1."""
    require(said["verdict"] == "converges" and said["limit"] is None, "Only a limit is shown.")
    require(said["growth"] is None and type(first) is int and first >= 1, "No first step.")
    require(set(replay.rates.rows) == {"learning_rate"}, "Not the learning rate alone changes.")
    rates = replay.rates.from_step(first)["learning_rate"]
    require(len(replay.pieces) == 1, "The landscape has kinks.")
    step = replay.live_step(first)
    forms: dict[str, Any] = {"x": {(1, 0): _ONE}}
    forms["g"] = to_polynomial(replay.pieces[0].slope, forms, {})
    forms["learning_rate"] = {(0, 1): _ONE}
    for target, tree in step:
        forms[target] = to_polynomial(tree, forms, replay.values)
    # x' = x + rate*(a + b*x) is x' - z = (1 + b*rate)*(x - z) with the one point z = -a/b.
    left, factor = dict(forms["x'"]), forms["x'"].get((1, 1), _ZERO)
    require(left.pop((1, 0), _ZERO) == 1, "The step does not start from the position.")
    require(set(left) <= {(0, 1), (1, 1)}, "The step is no multiple of the learning rate.")
    require(compare(factor, _ZERO) < 0, "The landscape has no minimum.")
    for rate in (rates.lower, rates.upper):
        require(rate is not None, "The learning rates have no bound.")
        size = 1 + rate * factor
        require(compare(size, _ZERO) >= 0 and compare(size, _ONE) <= 0, "A step may overshoot.")


def _affine(replay: Replay, first: int) -> tuple[list[list[Any]], list[Any]]:
    """The step as a matrix and a shift, on a landscape of one piece."""
    require(len(replay.pieces) == 1, "The landscape has kinks.")
    step = replay.live_step(first)
    names = ["x", *(name for name in replay.state if f"{name}'" in dict(step))]
    forms = {name: Affine(_ZERO, {name: _ONE}) for name in names}
    values: dict[str, Any] = {**replay.values, **replay.rates.at(first)}
    forms["g"] = to_affine(replay.pieces[0].slope, {"x": forms["x"]}, {})
    for target, tree in step:
        forms[target] = to_affine(tree, forms, values)
    rows = [forms[f"{name}'"] for name in names]
    matrix = [[row.coefficients.get(name, _ZERO) for name in names] for row in rows]
    return matrix, [row.constant for row in rows]


def _check_linear(
    replay: Replay, said: Mapping[str, Any], first: Any, states: list[dict[str, Any]]
) -> None:
    require(type(first) is int and 0 <= first < len(states), "No such step.")
    require(replay.is_settled(first), "The rule still changes with the step count.")
    matrix, shift = _affine(replay, first)
    require(len(matrix) in (1, 2), "The state has too many parts.")
    if len(matrix) == 1:
        matrix, shift = [[matrix[0][0], _ZERO], [_ZERO, _ZERO]], [shift[0], _ZERO]
        start = [states[first]["x"], _ZERO]
    else:
        (other,) = [n for n in replay.state if n in _alive(replay, first)]
        start = [states[first]["x"], states[first][other]]
    (a, b), (c, d) = matrix
    trace, product = a + d, a * d - b * c
    gap = 1 - trace + product
    require(compare(gap, _ZERO) != 0, "One multiplier is 1.")
    limit = [((1 - d) * shift[0] + b * shift[1]) / gap, (c * shift[0] + (1 - a) * shift[1]) / gap]
    inside = compare(product, _ONE) < 0 and compare(gap, _ZERO) > 0
    inside = inside and compare(1 + trace + product, _ZERO) > 0
    offset = [start[0] - limit[0], start[1] - limit[1]]
    stands = all(compare(part, _ZERO) == 0 for part in offset)
    growth = _size(trace, product)
    if said["verdict"] == "converges":
        require(inside or stands, "The multipliers do not shrink.")
        require(said["limit"] == spell(limit[0]), "The limit is another one.")
    else:
        require(said["verdict"] == "diverges" and said["limit"] is None, "This is no verdict here.")
        require(compare(_size(trace, product), _ONE) > 0, "No multiplier grows.")
        require(_grows(matrix, trace, product, offset), "The start does not grow.")
    require(said["growth"] == spell(growth), "The growth factor is another one.")


def _alive(replay: Replay, first: int) -> set[str]:
    return replay.live_state(first)


def _size(trace: Any, product: Any) -> Any:
    """The size of the larger multiplier."""
    discriminant = trace * trace - 4 * product
    if compare(discriminant, _ZERO) < 0:
        return exact_sqrt(product)
    return (abs(trace) + exact_sqrt(discriminant)) / 2


def _grows(matrix: Any, trace: Any, product: Any, offset: list[Any]) -> bool:
    """Whether the offset has a part along the larger multiplier."""
    discriminant = trace * trace - 4 * product
    if compare(discriminant, _ZERO) < 0:
        return any(compare(part, _ZERO) != 0 for part in offset)
    root = exact_sqrt(discriminant)
    small = (trace - (root if compare(trace, _ZERO) >= 0 else -root)) / 2
    (a, b), (c, d) = matrix
    rest = [(a - small) * offset[0] + b * offset[1], c * offset[0] + (d - small) * offset[1]]
    return any(part != 0 if isinstance(part, fmpq) else not part.contains(0) for part in rest)


def _check_trap(
    replay: Replay, verdict: str, box: Any, first: Any, states: list[dict[str, Any]]
) -> None:
    """A region of states that holds the state after *first* steps and that no step leaves."""
    require(type(first) is int and first == len(states) - 1, "The region is met at another step.")
    region = {name: _read_range(ends) for name, ends in box.items()}
    alive = _alive(replay, first)
    require(set(region) >= alive, "The region leaves a part of the state out.")
    for name, part in region.items():
        require(part.contains(at_point(states[first][name])), "The run is not in the region.")
    away = region["x"]
    require((away.lower is None) != (away.upper is None), "The region has two ends.")
    direction = 1 if away.upper is None else -1
    slopes = _slopes(replay, away)
    downhill = slopes.is_negative() if direction > 0 else slopes.is_positive()
    require(downhill, "A slope in the region does not point on.")
    known = {name: at_point(value) for name, value in replay.values.items()}
    known |= {**region, "g": slopes, "t": Range(fmpq(first + 1), None), "loss": EVERYTHING}
    known |= replay.rates.from_step(first)
    for target, tree in replay.live_step(first):
        known[target] = evaluate_range(tree, known)
    for name in alive:
        require(region[name].contains(known[f"{name}'"]), "A step leaves the region.")
    crossed = _meets_rise(replay, states, direction)
    require(verdict == ("escapes" if crossed else "diverges"), "The run did something else.")
    least = _least_stride(dict(replay.settled_step(first))["x'"], known, direction)
    require(compare(least, _ZERO) >= int(not crossed), "The strides may fade or turn back.")


def _least_stride(tree: Any, known: Mapping[str, Range], direction: int) -> Any:
    """The shortest way that `x' = x ± way` goes in the run's direction."""
    require(isinstance(tree, Apply) and tree.operator in ("+", "-"), "The step adds no stride.")
    place = [part == Name("x") for part in tree.arguments]
    require(place[0] or (place[1] and tree.operator == "+"), "The step adds no stride.")
    way = evaluate_range(tree.arguments[1 if place[0] else 0], known)
    least = way.lower if (direction > 0) == (tree.operator == "+") else way.upper
    if least is None:
        raise CertificateError("The stride has no bound.")
    return least if (direction > 0) == (tree.operator == "+") else -least


def _read_range(ends: Any) -> Range:
    require(isinstance(ends, list) and len(ends) == 2, "A range has two ends.")
    lower, upper = (None if end is None else read_rational(end) for end in ends)
    return Range(lower, upper)


def _slopes(replay: Replay, positions: Range) -> Range:
    """All slopes of the pieces that reach into *positions*."""
    found, lower = [], None
    for piece in replay.pieces:
        upper = None if piece.upper is None else evaluate(piece.upper, {})
        left = _later(lower, positions.lower, 1)
        right = _later(upper, positions.upper, -1)
        if left is None or right is None or compare(left, right) <= 0:
            found.append(evaluate_range(piece.slope, {"x": Range(left, right)}))
        lower = upper
    return hull(*found)


def _later(left: Any, right: Any, sign: int) -> Any:
    if left is None or right is None:
        return right if left is None else left
    return left if sign * compare(left, right) >= 0 else right


def _meets_rise(replay: Replay, states: list[dict[str, Any]], direction: int) -> bool:
    """Whether a slope rises on the way to the last position from the farthest one behind it."""
    low = high = states[-1]["x"]
    for state in states:
        if direction > 0 and compare(state["x"], low) < 0:
            low = state["x"]
        if direction < 0 and compare(state["x"], high) > 0:
            high = state["x"]
    start, sure = None, True
    for piece in replay.pieces:
        end = None if piece.upper is None else evaluate(piece.upper, {})
        left, right = _later(start, low, 1), _later(end, high, -1)
        start = end
        if compare(left, right) >= 0:
            continue
        for point in (left + (right - left) * part / 16 for part in range(17)):
            try:
                if compare(evaluate(piece.slope, {"x": point}), _ZERO) == direction:
                    return True
            except (UndecidedError, DomainError):
                continue
        slopes = evaluate_range(piece.slope, {"x": Range(left, right)})
        worst = slopes.upper if direction > 0 else slopes.lower
        sure = sure and worst is not None and compare(worst, _ZERO) * direction <= 0
    require(sure, "Whether the run has passed a top is not certain.")
    return False

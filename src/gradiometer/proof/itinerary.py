"""Proves that a run settles on a cycle: the pieces that it visits repeat, and so does its memory.

The run itself proposes the period. The periodic value of each part of the memory is solved exactly
from two trials, since on a known sequence of pieces it is an affine map of itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from flint import fmpq

from gradiometer.errors import (
    CertificateError,
    DomainError,
    GradiometerError,
    LimitError,
    UndecidedError,
)
from gradiometer.formula import (
    ZERO,
    Advance,
    Apply,
    Name,
    Node,
    Number,
    apply,
    compare,
    compile_assignments,
    evaluate,
    free_names,
    map_children,
    precision,
    to_ball,
    to_rational_text,
)
from gradiometer.proof.certificate import make_certificate
from gradiometer.proof.check_itinerary import Course as Settled
from gradiometer.proof.check_itinerary import (
    Tour,
    Visit,
    enclosed,
    find_first,
    find_visits,
    follow,
    spell_visit,
)
from gradiometer.proof.check_motion import Motion, read_motion
from gradiometer.proof.check_prefix import BITS, Prefix
from gradiometer.proof.check_tube import Near, at_most
from gradiometer.proof.fate import Fate, Orbit
from gradiometer.proof.scene import Scene
from gradiometer.proof.span import shorten_ends

_ZERO, _ONE = fmpq(0), fmpq(1)
_HORIZONS = (60, 150, 400, 1000, 2500)
"""Steps after which the run is asked whether it has settled."""

_MOST_PERIOD = 400
_LEAST_TAIL, _LONG_TAIL = 12, 3
"""Pieces that have to repeat: so many of the last ones, or one in so many of all."""
_CLOSER = (fmpq(1, 8), fmpq(1, 2), fmpq(7, 8))
"""Shares of the way from the rate at which the memory settles to 1, where slower rates lie."""
_NUDGE = fmpq(1, 2**24)
_ROUGH = 48
_WIDENINGS, _FURTHER = 12, 2
_MARGIN = 1 + fmpq(1, 2**30)


def find_itinerary(scene: Scene) -> Fate:
    """The cycle, or the limit, that a run settles on because its pieces repeat.

    Raises:
        UndecidedError: If none is found; it says why.
    """
    if not any(scene.straight):
        raise UndecidedError("no cycle was proved: a slope depends on the position")
    prefix, replay = scene.prefix, scene.replay
    reason, refused = "the pieces that it visits do not repeat", set()
    with precision(BITS):
        for done in _HORIZONS:
            try:
                prefix.reach(done)
            except (UndecidedError, CertificateError) as error:
                raise UndecidedError(f"no cycle was proved: {_say(error)}") from None
            if not replay.rates.is_at_rest(done):
                continue
            motion = read_motion(replay, done)
            for pieces in _propose(prefix.pieces[: done + 1]):
                try:
                    settled, visits = _settle(prefix, motion, done, pieces)
                except (UndecidedError, DomainError, LimitError, CertificateError) as error:
                    reason = f"no cycle was proved: {_say(error)}"
                    if reason in refused and isinstance(error, CertificateError):
                        # More steps bring the memory closer to numbers of the same kind.
                        raise UndecidedError(reason) from None
                    refused.add(reason)
                else:
                    return _to_fate(scene.problem, prefix, done, settled, visits)
    raise UndecidedError(reason)


def _say(error: Exception) -> str:
    text = error.problem if isinstance(error, GradiometerError) else str(error)
    return (text[0].lower() + text[1:]).rstrip(".")


def _propose(pieces: Sequence[int]) -> Iterator[list[int]]:
    """The shortest periods of the last few pieces, and of many of them."""
    found: set[int] = set()
    for least in (_LEAST_TAIL, len(pieces) // _LONG_TAIL):
        period = _shortest(pieces, least)
        if period is not None and period not in found:
            found.add(period)
            yield list(pieces[-1 - period : -1])


def _shortest(pieces: Sequence[int], least: int) -> int | None:
    size = len(pieces)
    for period in range(1, min(_MOST_PERIOD, size // 3) + 1):
        tail = max(least, 2 * period)
        if tail + period < size and all(
            pieces[-1 - i] == pieces[-1 - i - period] for i in range(tail)
        ):
            return period
    return None


def _settle(
    prefix: Prefix, motion: Motion, done: int, pieces: list[int]
) -> tuple[Settled, list[Visit]]:
    """The periodic memory, how fast it is approached, and where the run is then."""
    centres, rates = _solve(prefix, motion, pieces)
    now = motion.convert(prefix.states[done])
    gaps = {name: at_most(now[name] - value) for name, value in centres.items()}
    shrinks = [
        at_most(to_ball(slowest + share * (1 - slowest)))
        for slowest in sorted(_slowest(motion, rates, gaps, len(pieces)))
        for share in _CLOSER
    ]
    first = _go_round(prefix, motion, done, Settled(pieces, _at(centres, gaps), shrinks[0]))
    error: Exception = UndecidedError("the memory does not settle")
    for shrink in shrinks:
        try:
            settled = Settled(pieces, _at(centres), shrink)
            settled, tour = _spread(prefix, motion, done, settled, gaps, first=first)
            return settled, find_visits(prefix, motion, done, settled, tour)
        except (UndecidedError, CertificateError) as found:
            error, first = found, None
    raise error


def _at(centres: Mapping[str, fmpq], gaps: Mapping[str, fmpq] | None = None) -> dict[str, Near]:
    return {name: Near(value, (gaps or {}).get(name, _ZERO)) for name, value in centres.items()}


def _go_round(prefix: Prefix, motion: Motion, done: int, settled: Settled) -> Tour | None:
    """One period with the distances that the run has now; None where these are too large.

    Refuses a period that leads elsewhere, before distances are looked for in vain.

    Raises:
        CertificateError: If the strides of the periodic memory are not rational.
        UndecidedError: If they do not add up to 0, which those of a later period may.
    """
    try:
        tour = found = follow(prefix.replay, motion, done, settled)
    except UndecidedError:
        bare = {name: Near(part.centre) for name, part in settled.state.items()}
        tour, found = None, follow(prefix.replay, motion, done, Settled(settled.pieces, bare, _ONE))
    total = found[1][-1].centre
    if "x" not in settled.state and not isinstance(total, fmpq):
        raise CertificateError("The strides of a period are not rational.")
    if "x" not in settled.state and total != 0:
        raise UndecidedError("the strides of a period do not add up to 0")
    return tour


def _slowest(
    motion: Motion, rates: Mapping[str, fmpq], gaps: Mapping[str, fmpq], period: int
) -> set[fmpq]:
    """Factors of a period: of the parts that still move, and of all parts."""
    moving = [rate for name, rate in rates.items() if gaps[name]]
    return {
        max([at_most(abs(rate)) for rate in kept], default=_ZERO)
        for kept in (moving, list(rates.values()))
    }


def _solve(
    prefix: Prefix, motion: Motion, pieces: list[int]
) -> tuple[dict[str, fmpq], dict[str, fmpq]]:
    """The memory at the start of the period, and by what factor each part of it shrinks in one.

    A position that the rule reads is solved along with it, the last of all.
    """
    here = motion.convert(prefix.states[motion.done])
    slopes = [prefix.replay.pieces[piece].slope for piece in pieces]
    if any(free_names(slope) for slope in slopes):
        raise UndecidedError("a slope depends on the position")
    names = [*motion.memory, *(("x",) if motion.reads_position else ())]
    rough = {name: _rounded(here[name]) for name in names}
    known: dict[str, list[fmpq]] = {}
    rates: dict[str, fmpq] = {}
    while len(known) < len(names):
        solved = [n for n in names if n not in known and _targets(motion, n)[1] <= {n, *known}]
        if not solved:
            raise UndecidedError("parts of the memory depend on each other")
        for name in solved:
            known[name], rates[name] = _solve_part(motion, name, slopes, known, rough)
    if motion.reads_position:
        _require_pieces(prefix, known["x"], pieces)
    return {name: values[0] for name, values in known.items()}, rates


def _targets(motion: Motion, name: str) -> tuple[set[str], set[str]]:
    """The assignments that decide the next value of a part, and the parts that they read."""
    step, kept, read, wanted = dict(motion.step), set(), set(), {f"{name}'"}
    while wanted:
        target = wanted.pop()
        if target not in step:
            read |= {target} & {*motion.memory, "x"}
        elif target not in kept:
            kept.add(target)
            part = target.removesuffix("'")
            mean = motion.means.get(part)
            wanted |= free_names(step[target] if mean is None else mean.entry)
            read |= set() if mean is None else {part}
    return kept, read


def _require_pieces(prefix: Prefix, places: Sequence[fmpq], pieces: Sequence[int]) -> None:
    """Refuse periodic positions one of which is not on its piece."""
    ends = prefix.replay.ends({})
    for place, piece in zip(places, pieces, strict=True):
        left, right = None if piece == 0 else ends[piece - 1], ends[piece]
        inside = left is None or compare(left, place) <= 0
        if not (inside and (right is None or compare(place, right) <= 0)):
            raise UndecidedError("a periodic position is on another piece than the run")


def _solve_part(
    motion: Motion,
    name: str,
    slopes: Sequence[Node],
    known: Mapping[str, list[fmpq]],
    rough: Mapping[str, fmpq],
) -> tuple[list[fmpq], fmpq]:
    """The periodic values of one part, and the factor of its map over the whole period."""
    advance = _compile_late(motion, name, {"g", name, *known})
    factor, shift, maps, place = _ONE, _ZERO, [], rough[name]
    for index, slope in enumerate(slopes):
        here = {"g": evaluate(slope, {}), **{n: values[index] for n, values in known.items()}}
        ends = [advance({**here, name: trial})[0] for trial in (place, place + _NUDGE)]
        if not all(isinstance(end, fmpq) for end in ends):
            raise CertificateError("The periodic memory is not rational.")
        slant = (ends[1] - ends[0]) / _NUDGE
        maps.append((slant, ends[0] - slant * place))
        factor, shift = factor * slant, slant * shift + maps[-1][1]
        place = _rounded(ends[0])
    if not -1 < factor < 1:
        raise UndecidedError("the memory does not settle")
    values = [shift / (1 - factor)]
    for slant, rest in maps[:-1]:
        values.append(slant * values[-1] + rest)
    return values, factor


def _compile_late(motion: Motion, name: str, known: Set[str]) -> Advance:
    """The next value of a part after so many steps that what fades with their count is gone.

    Raises:
        UndecidedError: If it reads what is not known, such as the loss or the count itself.
    """
    targets, rows, bound = _targets(motion, name)[0], [], {*known, *motion.values}
    for target, written in motion.step:
        tree, mean = written, motion.means.get(target[:-1])
        if mean is not None and target.endswith("'"):
            base, old = Number(mean.base), Name(target[:-1])
            tree = apply("+", apply("*", base, old), apply("*", Number(1 - mean.base), mean.entry))
        if target in targets:
            tree = _without_fading(tree)
            for other in sorted(free_names(tree) - bound):
                raise UndecidedError(f"`{other}` comes to no rest")
            rows.append((target, tree))
            bound.add(target)
    return compile_assignments(rows, [f"{name}'"], motion.values)


def _without_fading(node: Node) -> Node:
    """The tree with 0 for each power whose exponent reads the step count."""
    if isinstance(node, Apply) and node.operator == "^":
        base, exponent = node.arguments
        if "t" in free_names(exponent) - free_names(base):
            return ZERO
    return map_children(node, _without_fading)


def _rounded(value: Any) -> fmpq:
    """A short rational nearby."""
    if isinstance(value, fmpq) and value.q < 2**_ROUGH:
        return value
    top, exponent = (to_ball(value) * 2**_ROUGH).mid().floor().man_exp()
    return fmpq(top) * fmpq(2) ** int(exponent) / 2**_ROUGH


def _spread(
    prefix: Prefix,
    motion: Motion,
    done: int,
    settled: Settled,
    gaps: Mapping[str, fmpq],
    *,
    first: Tour | None = None,
) -> tuple[Settled, Tour]:
    """The same with distances that hold the run at first and shrink in each period.

    *first* is one period with the distances that the run has now, where it is known.
    """
    spreads = dict(gaps)
    for count in range(_WIDENINGS):
        state = {name: Near(part.centre, spreads[name]) for name, part in settled.state.items()}
        settled = Settled(settled.pieces, state, settled.shrink)
        tour = follow(prefix.replay, motion, done, settled) if first is None or count else first
        after = tour[0]
        wanted = {
            name: gaps[name]
            if after[name].spread == 0
            else max(gaps[name], at_most(after[name].spread * _MARGIN / settled.shrink))
            for name in spreads
        }
        if all(wanted[name] <= spreads[name] for name in spreads):
            return settled, tour
        # What grows towards a limit is carried beyond it, further in each round.
        spreads = {
            name: at_most(max(wanted[name] + _FURTHER**count * (wanted[name] - spread), spread))
            for name, spread in spreads.items()
        }
    raise UndecidedError("the memory settles too slowly")


def _to_fate(
    problem: Mapping[str, Any], prefix: Prefix, done: int, settled: Settled, visits: list[Visit]
) -> Fate:
    ends = _interval(prefix, done, visits)
    texts, numbers = [spell_visit(v) for v in visits], [enclosed(v) for v in visits]
    single, first = len(visits) == 1, find_first(prefix, done, visits)
    turned = 0 if first is None else (first - done) % len(visits)
    texts, numbers = texts[turned:] + texts[:turned], numbers[turned:] + numbers[:turned]
    cycle = {"period": len(texts), "points": texts, "multipliers": None, "from_step": first}
    claim = {
        "verdict": "converges" if single else "cycle",
        "limit": texts[0] if single else None,
        "cycle": None if single else cycle,
        "interval": [to_rational_text(end) for end in ends],
    }
    rows = {
        name: [to_rational_text(part.centre), to_rational_text(part.spread)]  # pyright: ignore[reportArgumentType]  # these ends are rational
        for name, part in settled.state.items()
    }
    evidence = {
        "from": done,
        "pieces": settled.pieces,
        "position": rows.pop("x", None),
        "memory": rows,
        "shrink": to_rational_text(settled.shrink),
    }
    certificate = make_certificate("itinerary", problem=problem, claim=claim, evidence=evidence)
    if single:
        because = f"from step {done} on it stays on one piece, where its strides shrink"
        return Fate("converges", because, certificate, limit=numbers[0], interval=ends)
    how = "are exactly" if first is not None else "come ever closer to"
    because = (
        f"from step {done} on the pieces of the landscape repeat after {len(texts)} steps, the "
        "memory settles on the periodic value that belongs to them, and the strides of a period "
        f"add up to exactly 0: the positions {how} this cycle"
    )
    orbit = Orbit(tuple(numbers), from_step=first)
    return Fate("cycle", because, certificate, orbit=orbit, interval=ends)


def _interval(prefix: Prefix, done: int, visits: list[Visit]) -> tuple[fmpq, fmpq]:
    """Short rationals between which all positions lie."""
    places = [state["x"] for state in prefix.states[: done + 1]]
    lows = [v.place - v.always_within for v in visits]
    highs = [v.place + v.always_within for v in visits]
    return shorten_ends([*places, *lows], [*places, *highs])

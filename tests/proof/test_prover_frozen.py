"""Contractions with frozen numbers: each part of the proposal, on numbers known by hand."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Range, parse
from gradiometer.proof import contraction_frozen as frozen


def span(low, high):
    return Range(*(None if end is None else fmpq(end) for end in (low, high)))


def ends(part):
    return part.lower, part.upper


# Which numbers are frozen.


def propose(
    monkeypatch, accepted, *, period=1, rates=(), powers=(), names=("x", "m", "v"), rows=40
):
    """What is proposed where evidence with these names frozen is found, and what is asked."""
    asked = []

    def look(scene, entry, chosen):
        asked.append((entry, "".join(chosen)))
        if "".join(chosen) not in accepted:
            raise UndecidedError(f"Not with {''.join(chosen)}.")
        return {"entry": entry}

    def read_motion(replay, entry, *, frees_powers):
        assert frees_powers
        asked.append(entry)
        return SimpleNamespace(names=names, powers=powers)

    monkeypatch.setattr(frozen, "_propose", look)
    monkeypatch.setattr(frozen, "_hasten", lambda scene, entries, *rest: (entries, *rest))
    monkeypatch.setattr(frozen, "read_motion", read_motion)
    replay = SimpleNamespace(rates=SimpleNamespace(rows=rates))
    path = SimpleNamespace(names=names)
    try:
        return frozen.propose_frozen(replay, path, np.zeros((rows, len(names))), period), asked
    except UndecidedError as error:
        return str(error), asked


def test_as_few_numbers_as_will_do_are_frozen(monkeypatch):
    found, asked = propose(monkeypatch, ["v", "mv"])
    assert found == ([1, 8, 16, 24], ("v",), {"entry": 32})
    assert asked == [32, (32, "m"), (32, "v")]
    found, asked = propose(monkeypatch, ["mv"])
    assert [row[1] for row in asked[1:]] == ["m", "v", "mv"]
    assert propose(monkeypatch, [])[0] == "Not with mv"
    assert propose(monkeypatch, ["m"], rows=33)[1][0] == 32
    assert propose(monkeypatch, ["m"], rows=32)[1][0] == 24
    assert propose(monkeypatch, ["m"], rows=2)[0] == ([], ("m",), {"entry": 1})


def test_nothing_is_frozen_only_where_rates_or_powers_change(monkeypatch):
    for changes in ({"rates": (1,)}, {"powers": (1,)}, {"rates": (1,), "powers": (1,)}):
        found, _ = propose(monkeypatch, ["", "m"], **changes)
        assert found[1] == ()
    assert propose(monkeypatch, ["", "m"])[0][1] == ("m",)
    said, asked = propose(monkeypatch, [""], names=("x",))
    assert said == "the rest does not shrink for all values of what is frozen"
    assert asked == [32]


def test_no_cycle_is_looked_for(monkeypatch):
    assert propose(monkeypatch, ["m"], period=2) == (
        "no cycle is found in which all numbers shrink", []
    )  # fmt: skip


# One proposal.

STATES = np.array([[9.0, 9.0, 9.0, 9.0], [7.0, 3.0, 4.0, 5.5], [1.0, 2.0, 4.5, 6.0]])
"""Columns v, x, m and s after steps 0, 1 and 2."""


def propose_one(monkeypatch, drifts=(), root=None, place=("0", "1/2"), names=("v",)):
    asked = {"freeze": [], "widen": [], "strides": []}

    def freeze(replay, motion, entry, free, drifting):
        asked["freeze"].append((entry, {n: ends(s) for n, s in free.items()}, drifting))
        return "frozen"

    def widen(replay, step, place, frame):
        asked["widen"].append((place, frame.tolist()))
        return {name: span(k, k + 1) for k, name in enumerate(names)}

    def find_place(replay, motion, states):
        asked["states"] = states.tolist()
        return [fmpq(v) for v in place], root

    motion = SimpleNamespace(names=("x", "m", *names), pieces=["left", "right"])
    replay = SimpleNamespace(ends=lambda values: "ends", locate=lambda x, ends: int(x > 0))
    monkeypatch.setattr(frozen, "read_motion", lambda *_, frees_powers: frees_powers and motion)
    monkeypatch.setattr(frozen, "freeze", freeze)
    monkeypatch.setattr(frozen, "_list_drifts", lambda *_: drifts)
    monkeypatch.setattr(frozen, "_find_place", find_place)
    monkeypatch.setattr(frozen, "find_stride", asked["strides"].append)
    monkeypatch.setattr(frozen, "_widen", widen)
    frame = np.array([[2.0, 0.0], [0.0, 1.0]])
    monkeypatch.setattr(frozen, "find_frozen_frame", lambda *_: (frame, 0.5))
    monkeypatch.setattr(frozen, "_fit", lambda replay, evidence, free: ("fit", evidence, free))
    monkeypatch.setattr(frozen, "_fit_drifts", lambda *given: ("drifts", *given[1:]))
    scene = frozen.Scene(replay, ("v", "x", "m", "s"), STATES)
    return frozen._propose(scene, 1, names), asked


def test_a_proposal_holds_the_state_at_its_entry_and_the_widened_ranges(monkeypatch):
    (word, evidence, free), asked = propose_one(monkeypatch)
    # x and m are 3 and 7/2 away, in the coordinates of the frame 3/2 and 7/2.
    away, far = (9 + 12.25) ** 0.5, (2.25 + 12.25) ** 0.5
    assert (word, ends(free["v"])) == ("fit", (0, 1))
    assert asked["states"] == [[9, 9], [3, 4], [2, 4.5]]
    assert asked["strides"] == []
    low, high = fmpq(0), fmpq(707, 100)
    assert asked["freeze"] == [(1, {"v": (low, high)}, ()), (1, {"v": (0, 1)}, ())]
    round_box, box = (np.array(frame) for _, frame in asked["widen"])
    assert round_box == pytest.approx(np.eye(2) * away)
    assert box == pytest.approx(np.diag([2.0, 1.0]) * 1.05 * far)
    assert evidence["names"] == ["x", "m"]
    assert evidence["points"] == [["0", "1/2"]]
    assert (evidence["entry"], evidence["root"], evidence["drifts"]) == (1, None, [])
    assert evidence["free"] == {"v": ["0", "1"]}
    sizes = [[float(arb(fmpq(v))) for v in row] for row in evidence["matrix"]]
    assert np.array(sizes) == pytest.approx(box, rel=1e-4)


def test_a_proposal_at_the_place_itself_has_a_least_size(monkeypatch):
    _, asked = propose_one(monkeypatch, place=("3", "4"))
    assert asked["widen"][0][1] == (np.eye(2) * frozen._LEAST).tolist()
    assert asked["widen"][1][1] == (np.diag([2.0, 1.0]) * frozen._LEAST).tolist()


def test_what_drifts_begins_where_it_is_at_the_entry(monkeypatch):
    found, asked = propose_one(
        monkeypatch, drifts=("s",), root=(fmpq(1), fmpq(5, 4)), names=("v", "s")
    )
    assert len(asked["strides"]) == 1
    word, evidence, starts, norm = found
    assert (word, starts, norm) == ("drifts", {"s": 5.5}, 0.5)
    assert evidence["root"] == ["1", "5/4"]
    assert evidence["drifts"] == ["s"]
    assert evidence["free"] == {"v": ["0", "1"], "s": ["1", "2"]}


def test_drifts_are_those_frozen_numbers_to_which_steps_only_add():
    rows = [("sum2", "sum + g"), ("sum'", "sum - g"), ("mean'", "mean/2 + g"), ("r'", "r + g"),
            ("su'", "su + g"), ("qq'", "qq + g")]  # fmt: skip
    names = {"sum", "mean", "g", "r", "qq", "su", "sum2"}
    pieces = [[SimpleNamespace(target=t, tree=parse(f, names=names).tree) for t, f in rows]]
    motion = SimpleNamespace(pieces=pieces)
    assert frozen._list_drifts(motion, ("sum", "mean", "r")) == ("sum", "r")
    assert frozen._list_drifts(motion, ()) == ()


def fit_drifts(monkeypatch, starts, ways, *, refused=0, norm=0.5):
    factors = []

    def look(replay, read):
        factors.append(read["factor"])
        if len(factors) <= refused:
            raise UndecidedError(f"No {len(factors)}.")

    monkeypatch.setattr(frozen, "bound_drifts", lambda replay, read: dict(ways))
    monkeypatch.setattr(frozen, "read_contraction", lambda evidence: evidence)
    monkeypatch.setattr(frozen, "find_attractor", look)
    evidence = {"free": {"v": ["0", "1"], **{name: [] for name in starts}}}
    try:
        return frozen._fit_drifts(None, evidence, starts, norm), factors
    except UndecidedError as error:
        return str(error), factors


def test_ranges_of_what_drifts_are_a_little_wider_than_its_way(monkeypatch):
    starts = {"s": 2.0, "r": -1.0, "u": 0.5, "z": 0.0}
    ways = {"s": fmpq(1, 10), "r": fmpq(1, 2), "u": fmpq(1), "z": fmpq(2)}
    found, factors = fit_drifts(monkeypatch, starts, ways)
    assert factors == ["5/8"]
    known = {"v": (0, 1), "s": (1.894998, 2.105002), "r": (-1.525001, -0.474999),
             "u": (0, 1.5500005), "z": (-2.1, 2.1)}  # fmt: skip
    for name, row in known.items():
        read = [float(arb(fmpq(text))) for text in found["free"][name]]
        assert read == pytest.approx(row, abs=2e-9)


def test_each_attempt_with_drifts_has_a_factor_nearer_to_one(monkeypatch):
    found, factors = fit_drifts(monkeypatch, {"s": 1.0}, {"s": fmpq(1)}, refused=2)
    assert factors == ["5/8", "13/16", "29/32"]
    assert found["factor"] == "29/32"
    assert fit_drifts(monkeypatch, {"s": 1.0}, {"s": fmpq(1)}, refused=9) == ("No 3.", factors)
    assert fit_drifts(monkeypatch, {"s": 1.0}, {"s": fmpq(1)}, norm=0.8)[1] == ["17/20"]


# Ranges.


@dataclass(frozen=True)
class Step:
    """A made-up step of what is frozen."""

    move: object
    news: dict
    ranges: dict = field(default_factory=dict)
    drifts: tuple = ()
    asked: list = field(default_factory=list)

    def reach(self, piece, box):
        self.asked.append((piece, box))
        for name, part in self.news.items():
            assert self.ranges[name[:-1]] is part
        return {name[:-1]: self.move(name[:-1], part) for name, part in self.news.items()}


def widen(step, place=(0, 3), frame=((3.0, 4.0), (0.0, 2.0))):
    replay = SimpleNamespace(ends=lambda _: (), locate=lambda at, _: 7 if at == place[0] else 8)
    found = frozen._widen(replay, step, [fmpq(v) for v in place], np.array(frame))
    return {name: ends(part) for name, part in found.items()}


def mean(name, part):
    return Range(part.lower / 2 - 1, part.upper / 2 + 1)


def test_ranges_are_widened_until_a_step_keeps_them():
    step = Step(mean, {"vel'": span(0, 0)})
    assert widen(step) == {"vel": (-11, 11)}
    assert len(step.asked) == 2
    piece, box = step.asked[0]
    assert piece == 7
    for ball, middle, reach in zip(box, (0, 3), (5, 2), strict=True):
        assert float(ball.mid()) == middle
        assert float(ball.rad()) == pytest.approx(1.01 * reach, rel=1e-6)
    kept = Step(mean, {"vel'": span(-2, 2)})
    assert widen(kept) == {"vel": (-2, 2)}
    assert len(kept.asked) == 1


def test_only_what_does_not_drift_is_widened_and_only_a_few_times():
    drifts = Step(mean, {"vel'": span(0, 0), "sum'": span(0, 0)}, drifts=("sum",))
    assert widen(drifts) == {"vel": (-11, 11), "sum": (0, 0)}
    assert len(drifts.asked) == 2
    grows = Step(lambda name, part: Range(part.lower, part.upper + 1), {"vel'": span(0, 1)})
    assert widen(grows) == {"vel": (0, 1 + 11 * 6)}
    assert len(grows.asked) == 6
    mixed = Step(lambda name, part: mean(name, part) if name == "vel" else part,
                 {"vel'": span(0, 0), "wide'": span(0, 5)})  # fmt: skip
    assert widen(mixed) == {"vel": (-11, 11), "wide": (0, 5)}


@pytest.mark.parametrize(
    ("old", "image", "wider"),
    [((1, 2), ("1/2", 2), (0, 2)), ((1, 2), (0, 2), (0, 2)), ((1, 2), ("-1/4", 2), ("-51/4", 2)),
     ((1, 2), (1, 2), (1, 2)), ((-2, -1), (-2, "-1/2"), (-2, "9/2")),
     ((-2, -1), (-3, -1), (-13, -1)), ((1, 2), ("1/2", "5/2"), (0, "15/2"))],
)  # fmt: skip
def test_ends_are_stretched_by_eleven_times_what_they_miss(old, image, wider):
    found = frozen._stretch(span(*old), span(*image))
    assert ends(found) == tuple(map(fmpq, wider))


def test_ranges_that_floats_run_through():
    for values, known in (
        ([1.5, 4.0], ("0", "101/25")),
        ([2.0, 4.0], ("99/50", "101/25")),
        ([2.5, 4.0], ("99/40", "101/25")),
        ([-0.5, 4.0], ("-101/200", "101/25")),
        ([-4.0, -0.5], ("-101/25", "-99/200")),
        ([0.25, 0.75], ("0", "379/500")),
        ([0.0, 4.0], ("0", "101/25")),
        ([0.5, 0.75], ("99/200", "303/400")),
    ):
        low, high = ends(frozen._span(np.array(values)))
        assert float(arb(low)) == pytest.approx(float(arb(fmpq(known[0]))), rel=6e-3)
        assert float(arb(high)) == pytest.approx(float(arb(fmpq(known[1]))), rel=6e-3)


def fit(monkeypatch, free, accepts):
    asked = []

    def look(replay, read):
        asked.append(len(read["cuts"]))
        if not accepts(asked[-1]):
            raise UndecidedError(f"Not with {asked[-1]}.")

    monkeypatch.setattr(frozen, "read_contraction", lambda evidence: evidence)
    monkeypatch.setattr(frozen, "find_attractor", look)
    try:
        return frozen._fit(None, {"entry": 3}, free), asked
    except UndecidedError as error:
        return str(error), asked


def test_a_frozen_range_is_cut_into_as_few_parts_as_will_do(monkeypatch):
    free = {"v": span(0, 16), "w": span(0, 1)}
    found, asked = fit(monkeypatch, free, lambda count: True)
    assert found == {"entry": 3, "factor": "99999/100000", "cuts": []}
    found, asked = fit(monkeypatch, free, lambda count: count > 9)
    assert asked == [0, 4, 16]
    assert found["cuts"] == frozen._cut(free, 16)
    assert fit(monkeypatch, free, lambda count: False) == ("Not with 16.", [0, 4, 16])
    assert fit(monkeypatch, {}, lambda count: False) == ("Not with 0.", [0])


@pytest.mark.parametrize("low", [None, 0])
def test_a_range_without_both_ends_is_not_cut(low):
    assert frozen._cut({"v": span(low, None if low == 0 else 5)}, 4) == []


# Where a run rests.


def rest_of(slope, states, joint=None):
    replay = SimpleNamespace(
        ends=lambda _: (),
        locate=lambda at, _: int(joint is not None and at > joint),
        pieces=[SimpleNamespace(slope=parse(text, names={"x"}).tree) for text in slope],
    )
    with frozen.precision(160):
        return frozen._find_place(replay, None, np.array(states))


def test_a_run_rests_where_the_slope_of_its_piece_vanishes():
    assert rest_of(["3*x - 1"], [[0.3333334]]) == ([fmpq(1, 3)], None)
    assert rest_of(["1", "x - 2"], [[1.9999999]], joint=1) == ([2], None)
    place, root = rest_of(["3*x - 1"], [[0.34]])
    assert abs(place[0] - fmpq(1, 3)) <= fmpq(1, 10**40)
    assert root[0] < fmpq(1, 3) < root[1]
    place, root = rest_of(["x^2 - 2"], [[-1.4]])
    assert root[0] ** 2 > 2 > root[1] ** 2
    assert root[0] < place[0] < root[1] < 0
    with pytest.raises((UndecidedError, ZeroDivisionError)):
        rest_of(["x^2 + 1"], [[0.0]])


def test_memories_rest_at_short_rationals_by_the_size_of_their_own_run():
    states = [[1.0, -1.0, 8.0], [0.0, 0.0009, 0.002]]
    place, _ = rest_of(["x"], states)
    assert place == [0, 0, 0]
    states = [[1.0, -1.0, 1.0], [0.0, -0.25, 0.002]]
    assert rest_of(["x"], states)[0] == [0, fmpq(-1, 4), fmpq(1, 500)]

"""Boxes that hold a swing for ever, on made-up maps whose least boxes are known by hand."""

from types import SimpleNamespace

import pytest
from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Range, parse
from gradiometer.proof import excursion
from gradiometer.proof.check_region import Flow, contains
from proof.test_prover_parts import span


def swing(monkeypatch, keeps, start, *, slopes=("-1", "1"), cap=None, steps=3):
    """Boxes of `x -> -keeps*x -+ 1`, from piece 0 to piece 1 and back, with a memory beside it.

    The memory doubles each time, so that only a cap holds it.
    """
    asked = []

    def follow(field, piece, box, *, most=None):
        asked.append(most)
        turn = 1 if piece == 0 else -1
        ends = sorted(-keeps * end + turn for end in (box["x"].lower, box["x"].upper))
        low, high = (None if end is None else 2 * end for end in (box["m"].lower, box["m"].upper))
        there = {"x": Range(*ends), "m": meet(Range(low, high))}
        return Flow(((1 - piece, there),), ends[0], ends[1], steps)

    def meet(memory):
        return memory if cap is None else excursion._meet({"m": memory}, cap)["m"]

    monkeypatch.setattr(excursion, "follow", follow)
    monkeypatch.setattr(excursion, "_find_cap", lambda *_: cap)
    pieces = [SimpleNamespace(slope=parse(text, names={"x"}).tree) for text in slopes]
    field = SimpleNamespace(
        motion=SimpleNamespace(convert=lambda state: state),
        replay=SimpleNamespace(pieces=pieces),
    )
    place, memory = (fmpq(*map(int, f"{part}/1".split("/")[:2])) for part in start)
    prefix = SimpleNamespace(states={5: {"x": place, "m": memory}}, pieces={5: int(place > 0)})
    return excursion._grow(field, prefix, 5), asked, follow


@pytest.mark.parametrize(("start", "is_left"), [("4", False), ("-4", True)])
def test_a_swing_that_calms_down_is_held_by_little_more_than_it_reaches(
    monkeypatch, start, is_left
):
    (boxes, low, high), _, follow = swing(monkeypatch, fmpq(1, 2), (start, "0"))
    # From 4 it comes to -3, to 5/2, and at last to 2 and -2 in turn.
    reach = (-low, high) if is_left else (high, -low)
    assert fmpq(5, 2) <= reach[0] <= fmpq(11, 4)
    assert 3 <= reach[1] <= fmpq(13, 4)
    assert set(boxes) == {0, 1}
    assert boxes[int(not is_left)]["x"].contains(span(start, start))
    for piece, box in boxes.items():
        ((other, there),) = follow(None, piece, box).exits
        assert contains(boxes[other], there)
    assert {(box["m"].lower, box["m"].upper) for box in boxes.values()} == {(0, 0)}


def test_a_swing_that_grows_is_held_by_nothing(monkeypatch):
    with pytest.raises(UndecidedError, match="ever wider"):
        swing(monkeypatch, fmpq(3, 2), ("4", "0"))


def test_a_memory_is_held_by_its_cap_and_not_by_margins(monkeypatch):
    cap = {"x": span(None, None), "m": span(-7, 9)}
    (boxes, low, high), _, _ = swing(monkeypatch, fmpq(1, 2), ("4", "1"), cap=cap)
    for box in boxes.values():
        assert box["m"].lower >= 0
        assert box["m"].upper == 9
    assert low >= fmpq(-13, 4)
    assert high <= fmpq(11, 4)


@pytest.mark.parametrize(
    ("slopes", "most"),
    [(("x",), excursion._CURVED_STEPS), (("1",), excursion._MOST_STEPS),
     (("x", "x"), excursion._MOST_STEPS), (("-1", "1"), excursion._MOST_STEPS)],
)  # fmt: skip
def test_steps_of_boxes_are_counted_down_and_are_few_on_one_curve(monkeypatch, slopes, most):
    _, asked, _ = swing(monkeypatch, fmpq(1, 2), ("4", "0"), slopes=slopes, steps=3)
    counted = [count for count in asked if count is not None]
    assert counted == [most - 3 * index for index in range(len(counted))]
    assert len(counted) > 3


@pytest.mark.parametrize("shift", [0, 100, -100])
def test_what_a_narrowing_wins_is_told_by_the_width(monkeypatch, shift):
    widths = iter([fmpq(10), fmpq(8), fmpq(79, 10), fmpq(1)])

    def follow(field, piece, box):
        half = next(widths) / 2
        exits = [(0, {"m": Range(-half, half)})]
        return SimpleNamespace(low=shift - half, high=shift + half, exits=exits)

    monkeypatch.setattr(excursion, "follow", follow)
    monkeypatch.setattr(excursion, "contains", lambda *_: True)
    start = {"m": span(-9, 9)}
    flow = SimpleNamespace(low=fmpq(shift - 9), high=fmpq(shift + 9), exits=[(0, start)])
    less, low, high = excursion._settle(None, (0, start), {0: start}, {0: flow})
    assert (low, high) == (shift - fmpq(79, 20), shift + fmpq(79, 20))
    assert less == {0: start}


def test_narrowings_end_where_a_flow_is_lost_and_after_some_rounds(monkeypatch):
    widths = iter(fmpq(2) ** -power for power in range(99))

    def follow(field, piece, box):
        half = next(widths)
        if half < least:
            raise UndecidedError("it may stay for long")
        exits = [(0, {"m": Range(-half, half)})]
        return SimpleNamespace(low=-half, high=half, exits=exits)

    monkeypatch.setattr(excursion, "follow", follow)
    start, point = {"m": span(-9, 9)}, {"m": span(0, 0)}
    flow = SimpleNamespace(low=fmpq(-9), high=fmpq(9), exits=[(0, start)])
    least = fmpq(1, 4)
    # The first box is narrowed to what the first flow reaches, and so on.
    found = excursion._settle(None, (0, point), {0: start}, {0: flow})
    assert found == ({0: {"m": span("-1/2", "1/2")}}, fmpq(-1, 4), fmpq(1, 4))
    widths, least = iter(fmpq(2) ** -power for power in range(99)), 0
    _, low, high = excursion._settle(None, (0, point), {0: start}, {0: flow})
    half = fmpq(2) ** -(excursion._NARROWINGS - 1)
    assert (low, high) == (-half, half)


def test_an_interval_holds_the_first_positions_up_to_the_step_and_none_after_it():
    states = [{"x": fmpq(value)} for value in (0, -3, 7, 99, -99)]
    prefix = SimpleNamespace(states=states)
    assert excursion._span(prefix, 2, fmpq(-1), fmpq(2)) == (-3, 7)
    assert excursion._span(prefix, 1, fmpq(-1), fmpq(2)) == (-3, 2)
    assert excursion._span(prefix, 0, fmpq(-1), fmpq(2)) == (-1, 2)
    assert excursion._span(prefix, 4, fmpq(-1), fmpq(2)) == (-99, 99)

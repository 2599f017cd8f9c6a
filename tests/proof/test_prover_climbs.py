"""Which bounds of climbs are looked for, on made-up rules whose boxes are known by hand."""

from types import SimpleNamespace

import pytest
from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Range
from gradiometer.proof import phases, phases_bound
from gradiometer.proof.check_returns import Plan
from gradiometer.proof.check_wedge import to_problem
from gradiometer.proof.phases import Below
from proof.test_phases_search import ABOVE, KINK, RunUp, choose, search
from proof.test_prover_choices import ask
from proof.test_prover_parts import span

WEDGE = SimpleNamespace(kink=fmpq(1), fall=fmpq(-2), rise=fmpq(3))


# Choices.


def test_boxes_of_memories_next_to_their_climb_end_the_search(monkeypatch):
    above = [2 + fmpq(1, 10**24), fmpq(2)]
    climbs = [Below(fmpq(2), 3, 1), Below(fmpq(2), 3, 1)]
    (_, others, _), taken = choose(monkeypatch, [], [], climbs, above)
    assert (others, taken) == (above[0], above[:1])


def test_a_limit_just_a_quarter_of_a_unit_below_the_bound_is_not_at_it():
    gap = phases._CLOSE / 4 * (ABOVE - KINK)
    lower = dict.fromkeys(phases._LENGTHS, fmpq(3, 2))
    apart, at = (Below(ABOVE - part, None, 6) for part in (gap, gap * fmpq(99, 100)))
    asked = {}
    for settled in (apart, at):
        run_up = RunUp(lower, step=dict.fromkeys(phases._LENGTHS, 0))
        assert search(run_up, settled) is settled
        asked[settled.top] = run_up.asked
    assert asked == {apart.top: [*phases._LENGTHS], at.top: [*phases._SHORT]}


def test_a_run_up_just_a_quarter_of_a_unit_below_the_bound_does_not_end_the_search():
    gap = phases._CLOSE / 4 * (ABOVE - KINK)
    assert search(RunUp({1: ABOVE - gap, 2: ABOVE})).after == 2
    assert search(RunUp({1: ABOVE - gap * fmpq(99, 100), 2: ABOVE})).after == 1


@pytest.mark.parametrize("above", [fmpq(5, 4), fmpq(4), fmpq(31)])
def test_what_is_close_to_the_bound_is_told_by_the_size_of_the_overshoot(above):
    gap = phases._CLOSE / 4 * (above - KINK)
    for part, after in ((fmpq(9, 10), 1), (fmpq(11, 10), 2)):
        run_up = RunUp({1: above - gap * part, 2: above - gap * fmpq(99, 100)})
        assert search(run_up, above=above).after == after


def test_the_limit_is_taken_as_it_is_where_it_is_asked_for():
    settled, run_up = Below(fmpq(3, 2), None, 6), RunUp({1: ABOVE})
    assert search(run_up, settled, first=None) is settled
    assert run_up.asked == []


def test_plain_descent_oversteps_by_its_stride():
    course, _, _ = ask("abs(x)", learning_rate="1/10")
    found = phases._find(wedge_problem(course))
    stride = (fmpq(1, 5), fmpq(1, 5))
    assert found.overshoot == found.settled == stride
    assert (found.barrier, found.attained, found.degree) == ((fmpq(3, 5),) * 2, False, 1)
    assert (found.reached, found.climbing, found.is_sharp) == (True, 0, True)
    far = phases._find(wedge_problem(course, domain=["10", None, False, False]))
    assert (far.overshoot, far.barrier) == (stride, None)


def test_short_run_ups_are_tried_where_a_limit_is_asked_for_and_there_is_none():
    run_up = RunUp({1: fmpq(3, 2)}, step={1: -(10**9)})
    assert search(run_up, first=None).after == 1
    assert run_up.asked == [*phases._SHORT]


def test_what_ever_longer_run_ups_come_to_is_what_they_come_to_in_the_whole(monkeypatch):
    tops = {False: fmpq(5, 4), True: fmpq(3, 2)}
    monkeypatch.setattr(phases, "climb_from_equilibrium", lambda *_, is_whole: (tops[is_whole], 1))
    monkeypatch.setattr(phases, "require_arrival", lambda *_: None)
    ways = SimpleNamespace(require_limit=lambda: "a rule")
    for is_whole in (False, True):
        found = phases._settle(ways, WEDGE, is_whole=is_whole)
        assert found == Below(tops[is_whole], None, 1)

    def refuse(*_):
        raise UndecidedError("it does not arrive")

    monkeypatch.setattr(phases, "require_arrival", refuse)
    assert phases._settle(ways, WEDGE, is_whole=True) is None


def test_the_whole_limit_is_told_and_the_patient_one_is_searched_with(monkeypatch):
    asked = []

    def settle(ways, wedge, *, is_whole):
        asked.append(is_whole)
        return Below(wedge.kink + (fmpq(1, 7) if is_whole else fmpq(1, 5)), None, 1)

    monkeypatch.setattr(phases, "_settle", settle)
    monkeypatch.setattr(phases, "check", lambda _: None)
    course, _, _ = ask("abs(x)", learning_rate="1/10")
    found = phases._find(wedge_problem(course))
    assert sorted(asked) == [False, True]
    assert found.settled == (fmpq(1, 7), fmpq(1, 7))


def wedge_problem(course, domain=("0", None, False, False)):
    """Falling by 2 up to 1, rising by 3 to a top that moves with h, and falling again."""
    rows = [(None, "1", "2*(1 - x)"), ("1", "1 + h/3", "3*(x - 1)"), ("1 + h/3", None, "1 - x")]
    pieces = [
        {"lower": low, "upper": high, "lower_closed": False, "upper_closed": high is not None,
         "loss": loss}
        for low, high, loss in rows
    ]  # fmt: skip
    problem = {**course.to_problem(), "pieces": pieces}
    return to_problem(problem, "h", list(domain))


# Boxes of memories.


class Drive:
    """A rule with one memory, `m' = keeps*m + g`, which notes the step counts it is asked for."""

    memory = ("m",)

    def __init__(self, keeps="1/2"):
        self.keeps, self.counts = fmpq(*map(int, f"{keeps}/1".split("/")[:2])), set()

    def step(self, box, slope, *, first, last):
        self.counts.add((first, last))
        ends = (box["m"].lower, box["m"].upper)
        low, high = (None if end is None else self.keeps * end + slope for end in ends)
        return {"m": Range(low, high)}, None

    def convert(self, memory, done):
        return {"m": memory["m"] + fmpq(done, 10)}


SLOPES = (WEDGE.fall, WEDGE.rise)


def grow(monkeypatch, drive, begun, *, rests=None, first=7, slopes=SLOPES):
    def find(_, slope):
        if rests is None:
            raise UndecidedError("no memory rests")
        return {"m": rests[slope]}

    monkeypatch.setattr(phases_bound, "find_equilibrium", find)
    return [box["m"] for box in phases_bound._grow_boxes(drive, {"m": begun}, slopes, first=first)]


def test_the_box_between_the_memories_that_rest_is_tried_first(monkeypatch):
    drive = Drive()
    rests = {fmpq(-2): fmpq(-4), fmpq(3): fmpq(6)}
    first, second = grow(monkeypatch, drive, span(-1, 1), rests=rests)
    assert first == span(-4, 6)
    assert -8 <= second.lower <= -4
    assert 6 <= second.upper <= 12
    assert drive.counts == {(7, None)}
    # A beginning that lies further out belongs to it.
    assert grow(monkeypatch, drive, span(-9, 1), rests=rests)[0] == span(-9, 6)


def test_a_box_that_does_not_keep_itself_is_not_given(monkeypatch):
    rests = {fmpq(-2): fmpq(-3), fmpq(3): fmpq(6)}
    (only,) = grow(monkeypatch, Drive(), span(-1, 1), rests=rests)
    assert only.lower <= -4
    assert only.upper >= 6


@pytest.mark.parametrize("slopes", [SLOPES, (fmpq(-2),), (fmpq(3),)])
def test_without_memories_that_rest_a_box_grows_until_it_keeps_itself(monkeypatch, slopes):
    drive = Drive("3/4")
    (box,) = grow(monkeypatch, drive, span(0, 1), slopes=slopes)
    low, high = min(0, 4 * min(slopes)), max(1, 4 * max(slopes))
    assert 2 * low - 1 <= box.lower <= low
    assert high <= box.upper <= 2 * high + 1
    assert phases_bound._keeps(drive, {"m": box}, slopes, 7)


def test_a_memory_that_grows_is_given_up_on_both_sides(monkeypatch):
    assert grow(monkeypatch, Drive("2"), span(-1, 1)) == [span(None, None)]


def test_a_memory_that_no_box_holds_is_refused(monkeypatch):
    monkeypatch.setattr(phases_bound, "_keeps", lambda *_: False)
    with pytest.raises(UndecidedError, match="no bound of its memory"):
        grow(monkeypatch, Drive(), span(0, 0))


@pytest.mark.parametrize(("count", "high"), [(19, 3 + 2**15), (20, None), (23, None)])
def test_ends_are_given_up_in_the_last_four_rounds(count, high):
    grown = phases_bound._choose_growth(count)(span(0, 2), span(0, 3))
    assert (grown.lower, grown.upper) == (0, high)


def test_an_image_is_that_of_all_slopes():
    drive = Drive()
    image = phases_bound._image(drive, {"m": span(-2, 8)}, SLOPES, 4)
    assert image == {"m": span(-3, 7)}
    assert phases_bound._keeps(drive, {"m": span(-4, 6)}, SLOPES, 4)
    assert not phases_bound._keeps(drive, {"m": span(-4, 5)}, SLOPES, 4)
    assert drive.counts == {(4, None)}


class Memories:
    """Memories by the number of steps, and climbs that are all alike."""

    def __init__(self, lasts=3):
        self.lasts = lasts

    def memory(self, done):
        return {"m": fmpq(done), "x": fmpq(100)}

    def climb(self, steps):
        return fmpq(2), steps + self.lasts


def test_boxes_begin_with_the_memory_of_the_first_step_or_with_that_of_long_run_ups(monkeypatch):
    asked = []

    def find(drive, begun, slopes, *, first):
        asked.append((begun["m"], tuple(slopes), first))
        yield {"m": span(0, 1)}

    monkeypatch.setattr(phases_bound, "_grow_boxes", find)
    drive = Drive()
    assert list(phases_bound._list_boxes(drive, Memories(), SLOPES)) == [{"m": span(0, 1)}]
    found = phases_bound._hold_run_up(drive, WEDGE, Memories(), Plan(5, 20))
    assert found == {"m": span(0, 1)}
    assert asked == [(span("11/10", "11/10"), SLOPES, 2), (span(22, 22), (WEDGE.fall,), 21)]


def test_a_cap_is_the_first_box_or_empty(monkeypatch):
    boxes = [{"m": span(0, 1)}, {"m": span(0, 9)}]
    monkeypatch.setattr(phases_bound, "_list_boxes", lambda *_: iter(boxes))
    assert phases_bound._find_cap(Drive(), Memories(), WEDGE) == boxes[0]

    def refuse(*_):
        raise UndecidedError("none")
        yield

    monkeypatch.setattr(phases_bound, "_list_boxes", refuse)
    assert phases_bound._find_cap(Drive(), Memories(), WEDGE) == {}


@pytest.mark.parametrize(
    ("part", "row"),
    [(span("-1/2", 3), ["-1/2", "3"]), (span(None, 0), [None, "0"]), (span(0, None), ["0", None]),
     (Range(fmpq(0), arb(2).sqrt()), ["0", None])],
)  # fmt: skip
def test_ranges_are_spelled_by_rational_ends(part, row):
    assert phases_bound.spell_range(part) == row
    assert phases_bound._spell({"m": part, "n": span(1, 1)}) == {"m": row, "n": ["1", "1"]}

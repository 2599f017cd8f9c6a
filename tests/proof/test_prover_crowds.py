"""Boxes that hold the memories of all runs, on made-up rules whose boxes are known by hand."""

from types import SimpleNamespace

import pytest
from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Range
from gradiometer.proof import crowd

UNIT = fmpq(1, 2**60)


def span(low, high):
    return Range(*(None if end is None else fmpq(end) for end in (low, high)))


def ends(part):
    return part.lower, part.upper


def rule(**forms):
    """A rule whose new memory is these functions of its ends and the slope, which rise."""
    asked = []

    def step(box, slope, *, first, last):
        asked.append((box, slope, first, last))
        moved = {}
        for name, form in forms.items():
            rows = [None if any(end is None for end in side.values()) else form(slope, **side)
                    for side in ({n: part.lower for n, part in box.items()},
                                 {n: part.upper for n, part in box.items()})]  # fmt: skip
            moved[name] = Range(*rows)
        return SimpleNamespace(box=moved)

    return SimpleNamespace(step=step, asked=asked)


def halve(slope, m, **_):
    return m / 2 + slope / 2


def test_an_image_holds_what_all_slopes_lead_to():
    carry = rule(m=halve, n=lambda slope, m, n: n / 3 + m - slope)
    found = crowd._image(carry, {"m": span(0, 1), "n": span(-3, 6)}, (fmpq(-1), fmpq(3)), 7)
    assert {name: ends(part) for name, part in found.items()} == {
        "m": (fmpq(-1, 2), 2), "n": (-4, 4)
    }  # fmt: skip
    assert [row[1:] for row in carry.asked] == [(-1, 7, None), (3, 7, None)]


def settle(carry, box, slopes, name="m"):
    return ends(crowd._settle(carry, box, name, (tuple(map(fmpq, slopes)), 5)))


@pytest.mark.parametrize(
    ("low", "high", "slopes", "settled"),
    [
        (0, 1, (-1, 3), (-1, 3)),
        (0, 4, (-1, 3), (-1, 4)),
        (-9, 1, (-1, 3), (-9, 3)),
        (-2, 5, (-1, 3), (-2, 5)),
        (-1, 3, (-1, 3), (-1, 3)),
        (1, 1, (1,), (1, 1)),
        ("1/3", "1/2", ("1/4", "5/7"), ("1/4", "5/7")),
        (7, 7, (0,), (0, 7)),
        (0, 0, ("-1/1024", "1/4096"), ("-1/1024", "1/4096")),
    ],
)
def test_ends_that_move_on_straight_lines_settle_where_they_move_no_more(
    low, high, slopes, settled
):
    assert settle(rule(m=halve), {"m": span(low, high)}, slopes) == tuple(map(fmpq, settled))


def test_ends_settle_for_other_lines_and_beside_other_names():
    carry = rule(m=lambda slope, m, n: m / 5 + n + slope, n=lambda slope, m, n: n)
    box = {"m": span(0, 1), "n": span(-2, 4)}
    # 5/4 times what is added, which is from -2 - 1 to 4 + 2.
    assert settle(carry, box, (-1, 2)) == (fmpq(-15, 4), fmpq(15, 2))
    assert settle(carry, box, (-1, 2), "n") == (-2, 4)


def test_ends_that_move_ever_faster_are_taken_as_far_as_they_have_come():
    double = rule(m=lambda slope, m: 2 * m)
    assert settle(double, {"m": span(1, 2)}, (0,)) == (1, 4)
    assert settle(double, {"m": span(-3, 2)}, (0,)) == (-6, 4)
    assert settle(rule(m=lambda slope, m: m + slope), {"m": span(0, 1)}, (-1, 2)) == (-1, 3)


def test_ends_without_a_bound_do_not_settle():
    for low, high, known in ((None, 1, (None, 3)), (0, None, (0, None)), (None, None, (None,) * 2)):
        assert settle(rule(m=halve), {"m": span(low, high)}, (5,)) == known
    # Of a range that is open on one side the other end does not settle either.
    for low, high, slope, known in ((0, None, -9, ("-9/2", None)), (None, 1, 9, (None, 5))):
        found = settle(rule(m=halve), {"m": span(low, high)}, (slope,))
        assert found == tuple(None if end is None else fmpq(end) for end in known)


@pytest.mark.parametrize(("gone", "settled"), [(0, (None, 12)), (1, (0, None))])
def test_an_end_that_comes_to_nothing_leaves_the_other_one_where_it_came(gone, settled):
    def step(box, slope, **_):
        rows = [box["m"].lower / 2 + 8, box["m"].upper / 2 + 8]
        rows[gone] = None
        return SimpleNamespace(box={"m": Range(*rows)})

    assert settle(SimpleNamespace(step=step), {"m": span(0, 8)}, (0,)) == settled


def test_a_look_beside_a_range_that_fails_or_is_open_leaves_what_was_reached():
    def fail(slope, m):
        if not 0 <= m <= 1:
            raise UndecidedError("no value")
        return m / 2 + 1

    assert settle(rule(m=fail), {"m": span(0, 1)}, (0,)) == (0, fmpq(3, 2))
    opened = rule(m=lambda slope, m: m / 2 + 1 if 0 <= m <= 1 else None)
    assert settle(opened, {"m": span(0, 1)}, (0,)) == (0, fmpq(3, 2))


@pytest.mark.parametrize(
    ("low", "width", "bend"),
    [(0, 1, 2**-20), (0, UNIT, UNIT / 2**20), (2**20, 2 * UNIT, UNIT / 2**10), (-5, 1, 2**-20)],
)
def test_one_looks_beside_a_range_by_little_of_its_width(low, width, bend):
    # The upper end goes a quarter of the width up, and less so beyond it, until the bend.
    low, width, bend = (fmpq(*float(value).as_integer_ratio()) for value in (low, width, bend))
    top = low + width

    def move(slope, m):
        return m + width / 4 + (top - m) / 2 if m < top + bend else m + 99

    carry = rule(m=lambda slope, m: move(slope, m) if m > low + width / 2 else low)
    assert settle(carry, {"m": Range(low, top)}, (0,)) == (low, top + width / 2)


def test_ranges_are_tidied_to_rationals_outward():
    root = arb(2).sqrt()
    low, high = ends(crowd._tidy(Range(fmpq(-1), root)))
    assert low == -1
    assert isinstance(high, fmpq)
    assert 0 < high**2 - 2 < fmpq(1, 10**6)
    low, high = ends(crowd._tidy(Range(root, root)))
    assert isinstance(low, fmpq)
    assert low**2 < 2 < high**2
    assert ends(crowd._tidy(span(0, 1))) == (0, 1)
    assert ends(crowd._tidy(span(None, 1))) == (None, 1)
    assert ends(crowd._tidy(span(1, None))) == (1, None)
    long = fmpq(1, 3**300)
    tidied = crowd._tidy(Range(long, fmpq(2, 2 * 3**300)))
    assert tidied.lower is tidied.upper
    assert tidied.lower == long
    low, high = ends(crowd._tidy(Range(long, 2 * long)))
    assert low < long < 2 * long < high


def hold(carry, box, slopes=(0,)):
    found = crowd._hold(carry, box, tuple(map(fmpq, slopes)), 9)
    assert {row[2:] for row in carry.asked} == {(9, None)}
    return {name: ends(part) for name, part in found.items()}


def test_a_box_that_holds_its_image_is_left_as_it_is():
    assert hold(rule(m=halve), {"m": span(-2, 5)}, (-1, 3)) == {"m": (-2, 5)}


def test_one_name_settles_after_the_other():
    carry = rule(m=halve, n=lambda slope, m, n: n / 2 + m)
    found = hold(carry, {"n": span(0, 0), "m": span(0, 0)}, (-1, 3))
    assert found == {"m": (-1, 3), "n": (-2, 6)}
    assert len(carry.asked) < 30


def test_a_box_grows_plainly_then_by_ever_more_and_then_gives_its_moving_ends_up(monkeypatch):
    monkeypatch.setattr(crowd, "_settle", lambda carry, box, name, ways: box[name])
    carry = rule(m=lambda slope, m: m + slope)
    assert hold(carry, {"m": span(5, 6)}, (0, 1)) == {"m": (5, None)}
    tops = [row[0]["m"].upper for row in carry.asked[::2]][crowd._SWEEPS :]
    known = [6]
    for count in range(16):
        known.append(known[-1] + 1 + (2 ** (count - 4) if count >= 4 else 0))
    assert tops == [*known, None]
    falls = rule(m=lambda slope, m: max(m + slope, fmpq(1, 2)))
    assert hold(falls, {"m": span(90, 91)}, (0, -1))["m"][1] == 91


def test_a_box_that_is_held_late_is_as_small_as_it_can_be(monkeypatch):
    monkeypatch.setattr(crowd, "_settle", lambda carry, box, name, ways: box[name])
    carry = rule(m=lambda slope, m: min(m + 1, fmpq(9)))
    assert hold(carry, {"m": span(8, 8)}) == {"m": (8, 9)}
    assert hold(rule(m=lambda slope, m: min(m + 1, fmpq(12))), {"m": span(8, 8)}) == {"m": (8, 12)}


def test_a_box_that_nothing_holds_has_no_bound(monkeypatch):
    monkeypatch.setattr(crowd, "contains", lambda *_: False)
    with pytest.raises(UndecidedError, match="no bound of its memory"):
        hold(rule(m=halve), {"m": span(0, 1)})


def test_places_in_a_range_come_ever_nearer_to_both_ends():
    found = crowd._list_places(span(-4, 12))
    steps = [fmpq(16, 2**count) for count in range(1, 30)]
    assert list(found) == sorted({*(-4 + s for s in steps), *(12 - s for s in steps)})
    assert len(found) == 57
    for part in (span(2, 2), span(None, 1), span(1, None), Range(arb(1), fmpq(2)),
                 Range(fmpq(1), arb(2)), span(None, None)):  # fmt: skip
        assert crowd._list_places(part) == ()


def test_the_best_lengths_are_those_of_the_farthest_climbs_unless_later_ones_go_farther():
    early = {1: fmpq(1), 2: fmpq(3), 3: fmpq(2), 4: fmpq(3), 5: fmpq(0), 6: fmpq(-1)}
    wedge = SimpleNamespace(kink=fmpq(-1))
    assert crowd._list_best(early, fmpq(2), wedge) == [2, 4, 3, 1]
    assert crowd._list_best(early, fmpq(3), wedge) == [2, 4, 3, 1]
    assert crowd._list_best(early, fmpq(13, 4), wedge) is None
    assert crowd._list_best({3: fmpq(1)}, fmpq(0), wedge) == [3]
    # Of many that come as far, the last one is looked at besides the first ones.
    equal = {step: fmpq(3) for step in range(1, 8)}
    assert crowd._list_best(equal, fmpq(2), wedge) == [1, 2, 3, 4, 7]


@pytest.mark.parametrize(
    ("late", "below", "worth"),
    [("101/100", 1, False), ("1001/1000", "2/2", True), (1, 1, False), (2, 1, False), (0, 1, False),
     ("3001/1000", 3, True), ("31/10", 3, True), ("16/5", 3, False),
     ("-1/10", "-1/5", False), ("-1/2", "-1/2", False)],
)  # fmt: skip
def test_telling_more_steps_apart_is_worth_it_where_later_climbs_go_a_little_farther(
    late, below, worth
):
    wedge = SimpleNamespace(kink=fmpq(1, 2) if fmpq(below) > 0 else fmpq(-1, 2))
    if late == "101/100":
        wedge = SimpleNamespace(kink=fmpq(9, 10))
    assert crowd._is_worth_more(wedge, fmpq(late), fmpq(below), 0.05) is worth


def test_the_tail_holds_what_follows_the_last_step_that_is_told_apart(monkeypatch):
    asked = []
    boxes = [(step, {"m": span(step, step)}) for step in (1, 2, 3)]
    monkeypatch.setattr(crowd, "gather", lambda *given: asked.append(given) or iter(boxes))
    monkeypatch.setattr(crowd, "_hold", lambda *given: asked.append(given) or "held")
    wedge = SimpleNamespace(fall=fmpq(-1), rise=fmpq(2))
    assert crowd._hold_tail("carry", wedge, "run-up", 3) == "held"
    assert asked == [("carry", wedge, "run-up", 3), ("carry", boxes[2][1], (-1, 2), 4)]


def list_bounds(monkeypatch, lates, *, early=(4,), limit=None, kink=0, fails=()):
    """The bounds where later climbs go so far, by length and the name that is cut."""
    asked = []

    def look(carry, wedge, cut, box):
        (name,) = cut.cuts or ("",)
        asked.append((cut.steps, name))
        if (cut.steps, name) in fails:
            raise UndecidedError(f"not at {cut.steps}")
        return fmpq(lates[cut.steps, name])

    tail = {"m": span(0, 8), "n": span(1, 1)}
    tops = {step + 1: fmpq(top) for step, top in enumerate(early)}
    monkeypatch.setattr(crowd, "_LENGTHS", (48, 512))
    monkeypatch.setattr(crowd, "_CLOSE", (0.05, 0.0))
    monkeypatch.setattr(crowd, "find_coast", lambda carry: None)
    monkeypatch.setattr(crowd, "_hold_tail", lambda *given: tail)
    monkeypatch.setattr(crowd, "bound_early", lambda *given: (tops, "box"))
    monkeypatch.setattr(crowd, "bound_late", look)
    limit = None if limit is None else fmpq(limit)
    wedge = SimpleNamespace(kink=fmpq(kink))
    return list(crowd.list_crowd_bounds("carry", wedge, "run-up", limit)), asked


def test_bounds_by_memories_are_told_for_cuts_that_help_and_for_longer_looks(monkeypatch):
    far = {(48, ""): 6, (48, "m"): 6, (48, "n"): "41/10", (512, ""): 5, (512, "n"): 3}
    found, asked = list_bounds(monkeypatch, far)
    assert asked == [(48, ""), (48, "m"), (48, "n"), (512, ""), (512, "n")]
    assert [row[0] for row in found] == [6, fmpq(41, 10), 5, 4]
    assert [row[1] for row in found] == [None, None, None, [1]]
    assert [(row[2]["crowd"], list(row[2]["cuts"])) for row in found] == [
        (48, []), (48, ["n"]), (512, []), (512, ["n"])
    ]  # fmt: skip
    assert found[0][2]["tail"] == {"m": ["0", "8"], "n": ["1", "1"]}


@pytest.mark.parametrize(
    ("last", "limit", "kink", "looks"),
    [(5, None, 0, 3), ("41/10", None, 0, 5), (4, None, 0, 3), (5, "49/10", 0, 5),
     ("41/10", 5, 0, 3), ("41/10", None, "7/2", 3)],
)  # fmt: skip
def test_more_steps_are_told_apart_only_where_that_may_help(monkeypatch, last, limit, kink, looks):
    far = {(48, ""): 6, (48, "m"): 6, (48, "n"): last, (512, ""): 5, (512, "n"): 3}
    _, asked = list_bounds(monkeypatch, far, limit=limit, kink=kink)
    assert len(asked) == looks


def test_a_look_that_fails_tells_its_reason_only_where_none_succeeds(monkeypatch):
    far = {(48, ""): "41/10", (48, "m"): "41/10", (48, "n"): "41/10", (512, ""): 4}
    found, asked = list_bounds(monkeypatch, far, fails=[(512, "")])
    assert [row[0] for row in found] == [fmpq(41, 10)]
    assert asked[-1] == (512, "")

    def fail(*given):
        raise UndecidedError(f"not with {given[-1]}")

    monkeypatch.setattr(crowd, "_hold_tail", fail)
    with pytest.raises(UndecidedError, match=f"not with {crowd._LENGTHS[-1]}"):
        list(crowd.list_crowd_bounds("carry", None, "run-up", None))


def test_a_crowd_is_spelled_with_open_ends_and_cuts():
    made = crowd.Crowd(
        5, {"m": span("1/2", None), "n": span(None, 3)}, {"n": (fmpq(1), fmpq(5, 2))}
    )
    assert crowd._spell(made) == {
        "crowd": 5,
        "tail": {"m": ["1/2", None], "n": [None, "3"]},
        "cuts": {"n": ["1", "5/2"]},
    }

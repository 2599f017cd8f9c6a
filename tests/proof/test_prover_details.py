"""Details of provers on which no fact of the problems depends, known by hand."""

from math import inf
from types import SimpleNamespace

import numpy as np
import pytest
from flint import arb, fmpq

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import Range, parse, to_text
from gradiometer.proof import (
    contraction_frame,
    contraction_frozen,
    descent,
    itinerary,
    outer,
    tether,
    trap,
    verdict,
)
from gradiometer.proof.check_rest import read_ground
from gradiometer.proof.check_tube import Near
from gradiometer.proof.phases import Phases
from gradiometer.proof.scene import Scene
from gradiometer.proof.stability_rest import find_rest
from gradiometer.proof.tether_ends import Need
from proof.test_prover_choices import ask


@pytest.mark.parametrize(
    ("low", "is_sharp"),
    [(1000, True), (1000 - fmpq(1, 10**20), True), (1000 - fmpq(1, 10**18), False)],
)
def test_a_supremum_is_sharp_where_its_ends_are_close_by_its_size(low, is_sharp):
    ends = fmpq(low), fmpq(1000)
    found = Phases(None, ends, None, None, 1, None, None, None, None, {})
    assert found.is_sharp is is_sharp


@pytest.mark.parametrize(
    ("step", "stride"),
    [("x + m", "m"), ("x - m", "-m"), ("m + x", "m"), ("m - x", None), ("2*x", None), ("m", None),
     ("x - (m + g)", "-(m + g)")],
)  # fmt: skip
def test_a_stride_is_what_a_step_adds_to_the_position(step, stride):
    found = verdict._without_position(parse(step, names={"x", "m", "g"}).tree)
    assert (found and to_text(found)) == stride


def form(**coefficients):
    return SimpleNamespace(coefficients={name: fmpq(v) for name, v in coefficients.items()})


@pytest.mark.parametrize(
    ("forms", "bound"),
    [
        # m' = m/2 + g and x' = -2*g, so that b = (b/2)/4 + 1/2.
        ({"x": form(g=-2), "m": form(m="1/2", g=1)}, 4 / 7),
        # m' = x.
        ({"x": form(x=1, g=-2), "m": form(x=1)}, 1 / 4),
        # m' = g and x' = x + m - g, so that g = x + m - x' and b = (1 + b)/4 + 1.
        ({"x": form(x=1, m=1, g=-1), "m": form(g=1)}, 5 / 3),
    ],
)
def test_a_memory_is_bounded_by_the_distance(forms, bound):
    found = outer._bound_memory(forms, fmpq(4))
    assert found == {"m": pytest.approx(bound, rel=0.01)}


def test_a_memory_is_not_bounded_where_the_position_reads_no_slope_or_the_memory_grows():
    assert outer._bound_memory({"x": form(x=2), "m": form(g=1)}, fmpq(4)) is None
    assert outer._bound_memory({"x": form(g=1), "m": form(m=5, g=1)}, fmpq(4)) is None


def test_curvatures_may_be_fractions():
    row = {"lower": None, "upper": None, "lower_closed": False, "upper_closed": False}
    pieces = [{**row, "loss": "x^2/3 + y^2/4"}]
    bowl = read_ground({"variables": ["x", "y"], "pieces": pieces}, 0)
    rest = find_rest(bowl, [fmpq(0), fmpq(0)], fmpq(0))
    assert [ends.lower for ends in rest.curvatures] == [fmpq(1, 2), fmpq(2, 3)]
    assert all(ends.lower == ends.upper for ends in rest.curvatures)


# Entries, coordinates and distances that are searched for.


@pytest.mark.parametrize(
    ("earliest", "entry"), [(1, 1), (2, 8), (16, 16), (17, 32), (33, 64), (8, 8)]
)
def test_an_entry_is_hastened_to_the_first_that_will_do(monkeypatch, earliest, entry):
    asked = []

    def propose(scene, at, names):
        asked.append(at)
        if at < earliest:
            raise UndecidedError("too early")
        return {"entry": at}

    monkeypatch.setattr(contraction_frozen, "_propose", propose)
    found = contraction_frozen._hasten(None, [1, 8, 16, 32], (), {"entry": 64})
    assert found == {"entry": entry}
    assert len(asked) == len(set(asked)) <= 3


def test_the_worst_factor_of_some_maps_is_that_of_the_steepest():
    maps = [np.diag([0.5, 0.2]), np.diag([-0.7, 0.0])]
    assert contraction_frame._worst(np.eye(2), maps) == pytest.approx(0.7)
    turned = np.array([[0.5, 4.0], [0.0, 0.5]])
    frame = np.diag([8.0, 1.0])
    # Half of a shear by 1, whose largest stretch is the golden ratio.
    assert contraction_frame._worst(frame, [turned]) == pytest.approx((1 + 5**0.5) / 4)


def test_coordinates_are_improved_until_all_maps_shrink():
    maps = [np.array([[0.5, 4.0], [0.0, 0.5]]), np.array([[0.5, 0.0], [0.0, 0.3]])]
    begun = contraction_frame._worst(np.eye(2), maps)
    norm, frame = contraction_frame._improve(np.eye(2), begun, maps)
    assert begun > 4
    assert norm < 1
    assert norm == pytest.approx(contraction_frame._worst(frame, maps))
    assert np.abs(frame).max() == pytest.approx(1)


def spread(monkeypatch, follow, *, gap=1):
    monkeypatch.setattr(itinerary, "follow", lambda replay, motion, done, settled: (
        {"m": Near(fmpq(0), follow(settled.state["m"].spread))}, []))  # fmt: skip
    settled = itinerary.Settled([0], {"m": Near(fmpq(0))}, fmpq(1, 2))
    prefix = SimpleNamespace(replay=None)
    return itinerary._spread(prefix, None, 60, settled, {"m": fmpq(gap)})[0].state["m"].spread


def test_distances_hold_the_run_and_what_a_period_makes_of_them(monkeypatch):
    # Each period has to shrink them by half: from s/4 is enough, s/4 + 1 asks for 4 at least.
    assert spread(monkeypatch, lambda s: s / 4) == 1
    assert spread(monkeypatch, lambda s: s / 4, gap=3) == 3
    assert spread(monkeypatch, lambda s: fmpq(0)) == 1
    assert 4 <= spread(monkeypatch, lambda s: s / 4 + 1) <= 4 + fmpq(1, 10**6)
    with pytest.raises(UndecidedError, match="too slowly"):
        spread(monkeypatch, lambda s: s)


# Cells.


GRID = trap.Grid(("x",), (fmpq(0),), (fmpq(1),))


def conclude(settled):
    scene = SimpleNamespace(problem={"name": "made up"})
    states = np.array([[5.0], [-3.0], [1.5], [0.5]])
    return trap._conclude(scene, GRID, {(0,), (1,)}, states, settled)


@pytest.mark.parametrize(("settled", "entry"), [(0, 2), (2, 2), (3, 3)])
def test_a_run_is_in_its_cells_from_the_first_step_that_counts(settled, entry):
    found = conclude(settled)
    assert found.certificate["evidence"]["entry"] == entry
    assert found.certificate["evidence"]["cells"] == [[0, 1]]
    low, high = found.interval
    # The way to the cells belongs to the interval, by a little more than floats say.
    assert -3 - fmpq(1, 1000) < low < -3
    assert 5 < high < 5 + fmpq(1, 1000)


def test_a_run_that_comes_into_no_cell_is_not_in_the_region():
    with pytest.raises(UndecidedError, match="not certain"):
        conclude(4)


def test_the_interval_holds_all_cells():
    scene = SimpleNamespace(problem={"name": "made up"})
    grid = trap.Grid(("x", "m"), (fmpq(-1), fmpq(0)), (fmpq(1, 2), fmpq(1)))
    cells = {(0, 0), (1, 0), (3, 7)}
    states = np.array([[-0.9, 0.5]])
    found = trap._conclude(scene, grid, cells, states, 0)
    assert found.interval == (-1, 1)
    assert found.certificate["evidence"]["entry"] == 0


def test_cells_are_those_of_the_late_run_and_of_all_that_they_lead_to(monkeypatch):
    def halve(motion, box, ends):
        return [[(arb(low) + arb(high)) / 4 for low, high in box]]

    monkeypatch.setattr(trap, "cell_images", halve)
    states = np.array([[100.0]] * trap._FIRST + [[4.0], [8.0]])
    replay = SimpleNamespace(ends=lambda _: ())
    grid, cells = trap._close(replay, SimpleNamespace(names=("x",)), states, 4)
    # Cells of width 1 from 4 on: those at 4 and 8, which lead to 2 and 4, to 1 and 2, and to 0.
    assert (grid.origin, grid.width) == ((fmpq(4),), (fmpq(1),))
    assert cells == {(0,), (4,), (-2,), (-3,), (-4,)}


# Downhill for ever, and periods that are refused.


def find_box(monkeypatch, keeps, direction=1):
    """The memory of a made-up map `m' = keeps*m + 1`, whose stride is the new memory."""

    def descend(field, piece, box):
        ends = (box["m"].lower, box["m"].upper)
        low, high = (None if end is None else keeps * end + direction for end in ends)
        return {"m": Range(low, high)}, Range(low, high)

    monkeypatch.setattr(descent, "descend", descend)
    motion = SimpleNamespace(memory=("m",), convert=lambda state: state)
    prefix = SimpleNamespace(states={60: {"m": fmpq(direction)}}, pieces={60: 0})
    box = descent._find_box(SimpleNamespace(motion=motion), prefix, 60, direction)["m"]
    return box.lower, box.upper


def test_memory_downhill_is_held_by_a_box_that_may_be_open_on_the_far_side(monkeypatch):
    half = fmpq(1, 2)
    low, high = find_box(monkeypatch, half)
    assert low == 1
    assert 2 <= high < 8
    low, high = find_box(monkeypatch, half, direction=-1)
    assert -8 < low <= -2
    assert high == -1
    # What grows without an end is given up only after all margins.
    assert find_box(monkeypatch, fmpq(3)) == (1, None)
    assert find_box(monkeypatch, fmpq(1)) == (1, None)


def test_a_stride_that_turns_back_is_not_downhill_for_ever(monkeypatch):
    with pytest.raises(CertificateError, match="turn back"):
        find_box(monkeypatch, fmpq(-2))


@pytest.mark.parametrize(("error", "asked"), [(CertificateError, 2), (UndecidedError, None)])
def test_numbers_that_are_refused_twice_are_not_looked_at_again(monkeypatch, error, asked):
    calls = []

    def settle(*_):
        calls.append(1)
        raise error("The periodic memory is not rational.")

    monkeypatch.setattr(itinerary, "_settle", settle)
    scene = Scene(*ask("max(-x, 3*x)", learning_rate="1/7", momentum="1/2"))
    with pytest.raises(UndecidedError, match="the periodic memory is not rational"):
        itinerary.find_itinerary(scene)
    assert len(calls) == asked if asked else len(calls) >= len(itinerary._HORIZONS)


@pytest.mark.parametrize(
    ("longest", "decays", "span", "stride"),
    [(6, False, (3.0, 4.0), 3.0), (1, False, (3.0, 4.0), 1.0), (6, True, (0.0, 4.0), inf)],
)
def test_what_a_tether_asks_of_its_ends(monkeypatch, longest, decays, span, stride):
    needs = []
    monkeypatch.setattr(tether, "list_inner", lambda _, need, most: needs.append(need) or ())
    monkeypatch.setattr(tether, "longest_step", lambda *_: fmpq(longest))
    monkeypatch.setattr(tether, "Field", lambda *_: None)
    monkeypatch.setattr(tether, "read_motion", lambda *_: None)
    scene = SimpleNamespace(replay=None, prefix=None, course=SimpleNamespace(landscape=None))
    pull = SimpleNamespace(decays=decays, reach=fmpq(2), keeps=fmpq(1, 2))
    with pytest.raises(UndecidedError, match="no interval holds it"):
        tether._choose_ends(scene, 60, pull, (3.0, 4.0))
    assert needs == [Need(span, 2.0, stride, 0.5)]

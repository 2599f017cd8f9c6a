"""Rules whose early steps, or whose decay, are not those that bounds of short steps speak of."""

import pytest

from gradiometer.errors import UndecidedError
from gradiometer.proof import check, find_settled_step, run_exactly
from gradiometer.proof.scene import Scene
from gradiometer.proof.tether import find_tether
from gradiometer.question.course import read_request

MEAN, SQUARES = "b1*m + (1 - b1)*g", "b2*v + (1 - b2)*g^2"
CORRECTED = "x - learning_rate*(m'/(1 - b1^t))/sqrt(v'/(1 - b2^t))"


def prove(mean, squares, place, *, start="1", objective="abs(x) + x^2", rate="1/100"):
    """Bounds of a rule with these lines."""
    rows = {"m'": mean, "v'": squares, "x'": place}
    optimizer = {
        "name": "mine", "about": "A rule.", "state": {"m": "0", "v": "0"}, "step": rows,
        "parameters": {"learning_rate": {"default": rate, "domain": "(0, oo)"},
                       "b1": {"default": "99/100", "domain": "(0, 1)"},
                       "b2": {"default": "999/1000", "domain": "(0, 1)"}},
    }  # fmt: skip
    request = read_request(
        objective, optimizer=optimizer, schedule=None, settings={}, start=start, steps=80,
        at_kink=None,
    )  # fmt: skip
    settled = find_settled_step(request.course)
    fate = find_tether(Scene(request.course, run_exactly(request.course, settled_from=settled),
                             settled))  # fmt: skip
    check(fate.certificate)
    return fate.word


@pytest.mark.parametrize("place", ["x - learning_rate*sign(m')", CORRECTED])
def test_means_that_move_in_one_way_leave_bounds(place):
    assert prove(MEAN, SQUARES, place) == "bounded"


@pytest.mark.parametrize(
    ("mean", "squares", "place"),
    [
        (f"where(t < 50, -10000*g, {MEAN})", SQUARES, "x - learning_rate*sign(m')"),
        (f"where(t < 50, -10000*g, {MEAN})", SQUARES, "x - learning_rate*sign(m'/(1 - b1^t))"),
        (f"where(t < 50, -10000*g, {MEAN})", SQUARES, CORRECTED),
        (MEAN, f"where(t < 50, (g/100)^2, {SQUARES})", CORRECTED),
        (f"where(t == 1, -100*g, {MEAN})", f"where(t == 1, g^2, {SQUARES})",
         "x - learning_rate*m'/sqrt(v')"),
        (f"where(t == 1, -100*g, {MEAN})", f"where(t == 1, (100*g)^2, {SQUARES})",
         "x - learning_rate*m'/sqrt(v')"),
    ],
)  # fmt: skip
def test_means_that_moved_otherwise_at_first_are_refused(mean, squares, place):
    # Such a mean points outward for far longer than the sum of its later weights says.
    with pytest.raises(UndecidedError):
        prove(mean, squares, place, rate="1/1000")


@pytest.mark.parametrize("share", ["1", "1/2", "-1"])
def test_positions_that_grow_by_themselves_are_refused(share):
    place = f"x*(1 - {share}*learning_rate) - learning_rate*g/sqrt(v')"
    if share == "-1":
        with pytest.raises(UndecidedError):
            prove(MEAN, SQUARES, place, start="3", objective="abs(x)/100")
    else:
        assert prove(MEAN, SQUARES, place, start="3", objective="abs(x)/100") == "bounded"

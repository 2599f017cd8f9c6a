"""Cones in which a part of the state grows, on maps whose answers are known by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from flint import arb, fmpq

from gradiometer.errors import UndecidedError
from gradiometer.proof import basin

# What grows.


def fit_cone(monkeypatch, states, slopes, *, centre=(0, 0), first=0, variables=("x",)):
    asked = []
    monkeypatch.setattr(basin, "require_growth", lambda replay, read: asked.append(read))
    monkeypatch.setattr(basin, "read_cone", lambda evidence: evidence)
    monkeypatch.setattr(basin, "to_trail_problem", lambda _: {})
    monkeypatch.setattr(basin, "_sharpen", lambda evidence, enter: {**evidence, "bits": 640})
    rows = [[arb(v) for v in row] for row in states]
    path = SimpleNamespace(first=first, until=lambda steps: rows + rows[-1:] * 600)
    replay = SimpleNamespace(variables=variables)
    try:
        found = basin._fit_cone(None, replay, path, [fmpq(v) for v in centre], np.array(slopes))
    except UndecidedError as error:
        return str(error)
    assert found.word == found.certificate["claim"]["verdict"] == "diverges"
    assert found.certificate["evidence"] == {**asked[0], "bits": 640}
    assert f"from step {asked[0]['entry']} on" in found.because
    return asked[0]


def test_a_cone_is_entered_where_what_grows_is_twice_the_rest(monkeypatch):
    # The narrow coordinate counts 16-fold: 16*2*|b| < |a|.
    grows = [[3.0, 0.0], [0.0, 0.5]]
    states = [[1, 1], [0, 0], [31, 1], [-33, 1], [99, 0]]
    found = fit_cone(monkeypatch, states, grows)
    assert (found["entry"], found["growing"], found["bits"]) == (3, 1, 160)
    assert found["centre"] == ["0", "0"]
    assert [abs(fmpq(v)) for row in found["matrix"] for v in row] == [1, 0, 0, fmpq(1, 16)]
    assert found["stretch"] == "29997/10000"
    assert found["kept"] == str((fmpq("29997/10000") + 1) / 2)
    assert fmpq(found["share"]) == fmpq(9, 10)
    assert fit_cone(monkeypatch, states, grows, first=4)["entry"] == 4
    assert fit_cone(monkeypatch, states, grows, centre=(-5, 0))["entry"] == 1
    assert fit_cone(monkeypatch, states, grows, centre=(0, 1))["entry"] == 0
    assert fit_cone(monkeypatch, states[:3], grows).startswith("the growing part")
    assert fit_cone(monkeypatch, [[0, 0]], grows).startswith("the growing part")
    both = fit_cone(monkeypatch, states, [[3.0, 0.0], [0.0, -3.0]], variables=("x", "y"))
    assert (both["growing"], both["entry"]) == (2, 0)


def test_a_cone_in_turned_coordinates(monkeypatch):
    # Along (1, 1) it grows by 2, and along (1, -1) it shrinks to a half.
    turned = [[1.25, 0.75], [0.75, 1.25]]
    found = fit_cone(monkeypatch, [[3, -2], [3, 2], [3, 2.9]], turned)
    assert found["entry"] == 2


@pytest.mark.parametrize(
    ("slopes", "count", "stretch"),
    [
        ([[3.0, 0.0], [0.0, 2.9999]], 1, 2.99995),
        ([[3.0, 0.0], [0.0, 3.0 - 1e-6]], 2, 3 * (1 - 1e-4)),
        ([[2.0, 0.0], [0.0, -2.0]], 2, 2 * (1 - 1e-4)),
        ([[1.0001, 0.0], [0.0, 0.5]], 1, 1.00005),
        ([[0.5, 0.0], [0.0, -3.0]], 1, 3 * (1 - 1e-4)),
    ],
)
def test_how_much_grows_leaves_room_to_what_comes_next(slopes, count, stretch):
    _, found, much = basin._split_growing(np.array(slopes))
    assert found == count
    assert much == pytest.approx(stretch, abs=1e-9)


def test_directions_that_nearly_coincide_are_no_coordinates():
    with pytest.raises(UndecidedError, match="too close"):
        basin._split_growing(np.array([[2.0, 1.0], [0.0, 2.0 + 1e-9]]))
    # By its size the imaginary part is that of a number which is real.
    near = np.array([[1.0, -1e-13], [1e-13, 1.0]])
    with pytest.raises(UndecidedError, match="too close"):
        basin._split_growing(1000 * near)
    frame, count, _ = basin._split_growing(2 * np.array([[1.0, -1e-11], [1e-11, 1.0]]))
    assert (frame.shape, count) == ((2, 2), 2)


def test_a_pair_that_turns_may_come_after_what_grows_and_before_others():
    rows = np.zeros((5, 5))
    rows[0, 0] = 0.25
    rows[1:3, 1:3] = [[0.0, -2.0], [2.0, 0.0]]
    rows[3, 3], rows[4, 4] = 5.0, 1.0
    frame, count, _ = basin._split_growing(rows)
    assert count == 1
    assert np.abs(frame[:, 0]).argmax() == 3
    assert np.allclose(frame[[0, 3, 4], 1:3], 0)
    assert np.linalg.matrix_rank(frame[1:3, 1:3]) == 2
    assert [int(np.abs(frame[:, k]).argmax()) for k in (3, 4)] == [4, 0]


def test_the_share_of_several_positions_is_that_of_the_least_direction():
    frame = np.array([[2.0, 0.0, 0.3], [0.0, 1.0, 0.4], [9.0, 9.0, 9.0]])
    assert basin._measure_share(frame, 2, 2) == pytest.approx(0.9 * (1 - 0.5))
    assert basin._measure_share(frame, 2, 1) == pytest.approx(0.9 * (2 - 0.3))

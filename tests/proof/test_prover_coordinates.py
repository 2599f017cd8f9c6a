"""Coordinates in which all maps of a set shrink, on maps that are known by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from flint import fmpq

from gradiometer.errors import UndecidedError
from gradiometer.formula import Range
from gradiometer.proof import contraction_frame as frames
from gradiometer.proof.check_frozen import freeze
from gradiometer.proof.check_tangent import read_motion
from gradiometer.proof.scene import Scene
from proof.test_prover_choices import ask


def refuse(*_, **__):
    raise UndecidedError("It is made up.")


# Coordinates in which all maps of a set shrink.


def test_only_entries_that_differ_by_more_than_rounding_are_mixed():
    def mix(*matrices):
        found = frames._mix_entries(np.array(matrices))
        return sorted(tuple(matrix.ravel().tolist()) for matrix in found)

    near = [[-3.0, 2.0]], [[-3.0 * (1 + 1e-14), 2.0 * (1 - 1e-14)]]
    assert len(mix(*near)) == 1
    assert mix([[-3.0, 2.0]], [[-1.0, 2.0]]) == [(-3, 2), (-1, 2)]
    assert mix([[1e-14, 0.0]], [[2e-14, 0.0]]) == [(1e-14, 0), (2e-14, 0)]
    assert len(mix([[1.0, 1.0]], [[1 + 1e-9, 1 + 1e-9]])) == 4


LINEAR = {
    "name": "mine",
    "parameters": {"learning_rate": {"default": "1/8"}, "a": {"default": "1/2"}},
    "state": {"m": "0", "n": "0", "k": "0"},
    "step": {
        "m'": "a*m + g",
        "n'": "n/4 + 3*m' + k*g",
        "k'": "k/5",
        "x'": "x - learning_rate*(g + 2*n + n' + m)",
    },
}
"""A rule whose slopes by hand are products of a few numbers."""


def slopes_of(frozen_names, at, objective="3*x^2/2"):
    scene = Scene(*ask(objective, rule=LINEAR, steps=3, learning_rate="1/8"))
    motion = read_motion(scene.replay, 1, frees_powers=True)
    free = {name: Range(fmpq(-1), fmpq(1)) for name in frozen_names}
    frozen = freeze(scene.replay, motion, 1, free)
    return frozen.names, frames._compile_slopes(frozen, 0)(at)


def test_slopes_are_those_of_what_is_not_frozen():
    at = {"x": 0.0, "m": 0.0, "n": 0.0, "k": 0.5, "learning_rate": 1 / 8, "a": 0.5, "t": 2.0}
    names, found = slopes_of((), at)
    # By x, m, n and k: m' = m/2 + 3*x, n' = n/4 + 3*m' + k*3*x, and k' = k/5.
    rows = {
        "m": [3, 0.5, 0, 0],
        "n": [9 + 1.5, 1.5, 0.25, 0],
        "k": [0, 0, 0, 0.2],
        "x": [1 - (3 + 9 + 1.5) / 8, -(1.5 + 1) / 8, -(2 + 0.25) / 8, 0],
    }
    order = [("x", "m", "n", "k").index(name) for name in names]
    assert found == pytest.approx(np.array([rows[name] for name in names])[:, order])
    names, found = slopes_of(("n",), {**at, "n'": 0.0})
    assert names == ("x", "m", "k") == tuple(n for n in ("x", "m", "n", "k") if n in names)
    assert found == pytest.approx(np.array([[1 - 3 / 8, -1 / 8, 0], [3, 0.5, 0], [0, 0, 0.2]]))
    names, found = slopes_of(("n", "m", "k"), {**at, "n'": 0.0, "m'": 0.0, "k'": 0.0})
    assert found.tolist() == [[1 - 3 / 8]]


@pytest.mark.parametrize(
    "shear",
    [[[0.5, 4.0], [0.0, 0.5]], [[0.5, -4.0], [0.0, 0.5]], [[0.5, 0.0], [4.0, 0.5]],
     [[0.5, 0.0], [-4.0, 0.5]], [[0.9, 0.7], [-0.3, 0.5]]],
)  # fmt: skip
def test_coordinates_are_improved_for_shears_of_each_kind(shear):
    shear = np.array(shear)
    begun = frames._worst(np.eye(2), shear[None])
    norm, frame = frames._improve(np.eye(2), begun, shear[None])
    assert norm < min(1, begun)
    assert norm == pytest.approx(frames._worst(frame, shear[None]))
    assert np.abs(frame).max() == pytest.approx(1)


def test_no_change_of_coordinates_makes_a_map_shrink_that_does_not():
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    norm, frame = frames._improve(np.diag([1.0, 3.0]), 3.0, turn[None])
    # Two equal lengths are best; the search comes as near to them as its last step.
    assert 1 <= norm < 1 + 1e-3
    size = frame @ frame.T
    assert size == pytest.approx(np.eye(2) * size[0, 0], abs=1e-2)
    calls = []
    norm, _ = frames._improve(np.eye(1), 2.0, np.array([[[2.0]]]))
    assert norm == 2
    assert not calls


def find(monkeypatch, matrices, proposed, *, improves=None):
    """Coordinates for corners with these slopes, among proposed ones."""
    asked = []
    rows = iter(matrices)
    monkeypatch.setattr(frames, "_corners", lambda *_: iter([{"v": 1.0}] * len(matrices)))
    monkeypatch.setattr(frames, "_compile_slopes", lambda frozen, piece: lambda at: (
        asked.append((piece, at)) or np.array(next(rows))))  # fmt: skip
    monkeypatch.setattr(frames, "find_frames", lambda maps: (
        asked.append(np.array(maps).tolist()) or [np.array(f) for f in proposed]))  # fmt: skip

    def improve(frame, norm, maps):
        asked.append("improve")
        return (norm, frame) if improves is None else (improves, frame)

    monkeypatch.setattr(frames, "_improve", improve)
    replay = SimpleNamespace(ends=lambda _: (), locate=lambda place, _: int(place > 1))
    frozen = SimpleNamespace(names=("x", "m"))
    try:
        frame, norm = frames.find_frozen_frame(replay, frozen, [fmpq(3, 2), fmpq(1, 4)], {})
    except UndecidedError as error:
        return str(error), asked
    return (frame.tolist(), norm), asked


EVEN, WIDE = [[1.0, 0.0], [0.0, 1.0]], [[4.0, 0.0], [0.0, 1.0]]


def test_the_best_of_all_proposed_coordinates_is_taken(monkeypatch):
    shear = [[0.5, 1.0], [0.0, 0.25]]
    found, asked = find(monkeypatch, [shear], [EVEN, WIDE])
    assert found[0] == WIDE
    assert found[1] == pytest.approx(np.linalg.norm([[0.5, 0.25], [0, 0.25]], 2))
    assert asked[0] == (1, {"v": 1.0, "x": 1.5, "m": 0.25})
    assert asked[1:] == [[shear], [shear]]
    assert find(monkeypatch, [shear], [WIDE, EVEN])[0] == found


def test_coordinates_are_asked_of_all_different_corners_and_of_their_mean(monkeypatch):
    rows = [[[0.5, 0.25], [0.0, 0.25]], [[0.25, 0.75], [0.0, 0.25]]]
    _, asked = find(monkeypatch, [*rows, rows[0]], [EVEN])
    assert [len(row) for row in asked[3:]] == [2, 1]
    assert asked[4] == [[[0.375, 0.5], [0.0, 0.25]]]


def test_entries_are_not_mixed_where_only_corners_shrink(monkeypatch):
    # Each of both stretches by 9/10, and both entries together by more than 1.
    rows = [[[0.0, 0.9], [0.0, 0.0]], [[0.9, 0.0], [0.0, 0.0]]]
    found, asked = find(monkeypatch, rows, [EVEN])
    assert found == (EVEN, pytest.approx(0.9))
    assert "improve" not in asked


def test_coordinates_are_improved_only_where_they_are_not_good_enough(monkeypatch):
    steep = [[0.5, 4.0], [0.0, 0.5]]
    found, asked = find(monkeypatch, [steep], [EVEN], improves=0.75)
    assert (found, asked[-1]) == ((EVEN, 0.75), "improve")
    assert find(monkeypatch, [steep], [EVEN], improves=0.9999)[0] == (EVEN, 0.9999)
    said, _ = find(monkeypatch, [steep], [EVEN], improves=1.0)
    assert said.startswith("the rest does not shrink")
    found, asked = find(monkeypatch, [[[0.99995, 0.0], [0.0, 0.5]]], [EVEN])
    assert (found[1], asked[-1]) == (pytest.approx(0.99995), "improve")
    assert find(monkeypatch, [steep], [])[0].startswith("the rest does not shrink")
    assert "not bounded" in find(monkeypatch, [[[np.inf, 0.0], [0.0, 0.5]]], [EVEN])[0]

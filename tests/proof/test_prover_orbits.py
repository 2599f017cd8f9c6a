"""Runs and maps in floats, and orbits near them, on numbers whose answers are known."""

from math import log2
from types import SimpleNamespace

import numpy as np
import pytest
from flint import arb, fmpq

from gradiometer.errors import CertificateError, UndecidedError
from gradiometer.formula import precision
from gradiometer.proof import contraction_guess as guess
from gradiometer.proof.scene import Scene
from proof.test_prover_choices import ask

# Maps that shrink, and numbers that are written.


def test_coordinates_of_random_maps_shrink_them_and_have_unit_size():
    rng = np.random.default_rng(3)
    for size in (1, 2, 3):
        for _ in range(5):
            matrix = rng.normal(size=(size, size))
            radius = np.abs(np.linalg.eigvals(matrix)).max()
            matrix = matrix * rng.uniform(0.2, 0.95) / radius
            units = rng.uniform(0.01, 100, size)
            frame, norm = guess.find_frame(matrix, units)
            turned = np.linalg.inv(frame) @ matrix @ frame
            assert norm == pytest.approx(np.linalg.norm(turned, 2))
            assert norm < 1
            assert np.abs(frame / units[:, None]).max() == pytest.approx(1)
            matrices = [matrix, matrix.T]
            found = guess.find_frames(matrices)
            metrics = [np.linalg.inv(frame @ frame.T) for frame in found]
            total = sum(m * np.trace(n) / np.trace(m) for m, n in
                        zip(metrics, unscaled(matrices), strict=False))  # fmt: skip
            last = metrics[-1] * np.trace(total) / np.trace(metrics[-1])
            assert np.allclose(last, total, rtol=1e-4)


def unscaled(matrices):
    """The metrics of both kinds of each matrix, as their definitions say."""
    for matrix in matrices:
        values, vectors = np.linalg.eig(matrix)
        if np.linalg.cond(vectors) < 1e3:
            inverse = np.linalg.inv(vectors)
            yield np.real(inverse.conj().T @ inverse)
        step = matrix / ((1 + np.abs(values).max()) / 2)
        power, metric = np.eye(len(matrix)), np.zeros_like(matrix)
        for _ in range(600):
            metric += power.T @ power
            power = power @ step
        yield metric


def test_maps_without_shrinking_coordinates_are_passed_over():
    still, turn = np.eye(2), np.array([[0.0, 1.0], [-1.0, 0.0]])
    half, wild = np.eye(2) / 2, np.array([[np.nan, 0.0], [0.0, 0.5]])
    assert guess.find_frames([still, turn, wild]) == []
    assert len(guess.find_frames([half])) == 2
    assert len(guess.find_frames([half, wild])) == 3
    assert len(guess.find_frames([half, half])) == 5
    # A single direction has no coordinates of its own.
    assert len(guess.find_frames([np.array([[0.5, 1.0], [0.0, 0.5]])])) == 1
    with pytest.raises(UndecidedError, match="does not attract"):
        guess.find_frame(np.array([[1.0, 0.0], [0.0, 0.5]]), [1.0, 1.0])


def test_numbers_are_written_with_a_few_digits():
    assert guess.round_short(1 / 3) == fmpq(333333, 10**6)
    assert guess.round_short(-1234567.0) == -1234570
    assert guess.round_short(2 / 3, 2) == fmpq(67, 100)
    for value in (np.inf, np.nan):
        with pytest.raises(UndecidedError, match="overflows"):
            guess.round_short(value)
    assert guess.to_rationals(np.array([[1.5, -1 / 3]])) == [["3/2", "-333333/1000000"]]
    made = guess.make_evidence(("x", "m"), [[fmpq(1, 2), 3]], np.eye(2), 0.25)
    assert (made["factor"], made["points"], made["names"]) == ("1/4", [["1/2", "3"]], ["x", "m"])
    assert (made["matrix"], made["entry"]) == ([["1", "0"], ["0", "1"]], 0)
    assert guess.make_evidence(("x",), [], np.eye(1), "7/8")["factor"] == "7/8"


def test_reasons_have_no_full_stop():
    assert guess.explain(CertificateError("It is. So.")) == "It is. So"
    assert guess.explain(UndecidedError("no")) == "no"


# Runs.


@pytest.mark.parametrize("start", ["0", "-1", "1", "2"])
def test_a_place_at_a_joint_belongs_to_the_piece_before_it(start):
    scene = Scene(*ask("max(-x, 2*x) + 3*max(x - 1, 0)", start=start, learning_rate="1"))
    place, known = float(start), []
    for _ in range(6):
        known.append(place)
        place -= -1 if place <= 0 else 2 if place <= 1 else 5
    assert scene.floats.until(5)[:, 0].tolist() == known


def test_the_step_count_of_a_run_in_floats_begins_at_one():
    rate = {"learning_rate": {"default": "1"}}
    rule = {"name": "mine", "parameters": rate, "step": {"x'": "x - learning_rate*g/t"}}
    scene = Scene(*ask("3*x", rule=rule, start="0", learning_rate="1"))
    known = np.array([0, -3, -4.5, -5.5, -6.25])
    assert scene.floats.until(4)[:, 0] == pytest.approx(known)
    assert guess.SharpPath(scene.replay).until(4)[:, 0] == pytest.approx(known)
    rising = Scene(*ask("3*x", start="0", schedule="(k + 1)/3"))
    known = np.array([0, -1, -3, -6])
    assert rising.floats.until(3)[:, 0] == pytest.approx(known)
    assert guess.SharpPath(rising.replay).until(3)[:, 0] == pytest.approx(known)


@pytest.mark.parametrize(("start", "last"), [("1", 100), ("-1", 100)])
def test_a_run_overflows_at_a_size_on_either_side(start, last):
    scene = Scene(*ask("-9*x^2/2", start=start, steps=3, learning_rate="1"))
    for path in (scene.floats, guess.SharpPath(scene.replay)):
        assert abs(path.until(99)[99, 0]) == pytest.approx(1e99, rel=1e-6)
        with pytest.raises(UndecidedError, match="overflows"):
            path.until(101)
        assert len(path.rows) in (100, 101)


def test_periods_are_not_looked_for_among_numbers_that_overflowed():
    rows = np.ones((9, 2))
    assert guess.find_periods(rows) == [1, 2]
    for row, value in ((8, np.inf), (0, np.inf), (8, np.nan), (0, np.nan), (4, -np.inf)):
        spoiled = rows.copy()
        spoiled[row, 1] = value
        assert guess.find_periods(spoiled) == []
    # Long before the last states an overflow still tells no size.
    early = np.ones((300, 1))
    early[0] = np.inf
    assert guess.find_periods(early) == []
    zeros = np.zeros((5, 1))
    assert guess.find_periods(zeros) == [1, 2]


def lose(objective, point, *, entry=1, names=("x",), free=(), **settings):
    scene = Scene(*ask(objective, steps=3, **settings))
    evidence = {"entry": entry, "names": list(names), "points": [list(point)],
                "free": dict.fromkeys(free)}  # fmt: skip
    return guess.measure_loss(scene.replay, evidence)


def test_what_balls_lose_is_that_of_the_point_and_its_piece():
    # 1 - 3*9/4 has the size 23/4, but balls add both parts: 1 + 27/4.
    assert lose("x^4/4", ["3"], learning_rate="1/4") == pytest.approx(log2(1 + 27 / 4))
    assert lose("x^4/4", ["0"], learning_rate="1/4") == 0
    kinked = "max(x^2, 3*x^2 - 2)"
    assert lose(kinked, ["1/2"], learning_rate="1/4") == pytest.approx(log2(1.5))
    assert lose(kinked, ["2"], learning_rate="1/4") == pytest.approx(log2(2.5))
    # x' = x - v'/4 and v' = v/2 + x: the matrix of sizes has x: [5/4, 1/8], v: [1, 1/2].
    matrix = [[1.25, 0.125], [1, 0.5]]
    known = log2(np.abs(np.linalg.eigvals(matrix)).max())
    names = Scene(*ask("x^2/2", learning_rate="1/4", momentum="1/2")).floats.names
    found = lose("x^2/2", ["0", "0"], names=names, learning_rate="1/4", momentum="1/2")
    assert found == pytest.approx(known)
    frozen = lose("x^2/2", ["0"], free=names[1:], learning_rate="1/4", momentum="1/2")
    assert frozen == 0
    # A root has no slope at 0.
    names = ("x", "m", "v")
    found = lose("x^2/2", ["0"] * 3, names=names, rule="adam", learning_rate="1/4")
    assert found == guess._GUESSED_LOSS
    fading = lose("8*x^2", ["0"], entry=3, schedule="1/(k + 1)")
    assert fading == pytest.approx(log2(1 + 16 / 4))


def test_what_balls_lose_is_guessed_where_a_step_has_no_value():
    numbers = {"learning_rate": {"default": "1/4"}}
    step = {"v'": "v/2", "x'": "x - learning_rate*g/sqrt(v')"}
    rule = {"name": "mine", "parameters": numbers, "state": {"v": "1"}, "step": step}
    for memory, known in (("-1", guess._GUESSED_LOSS), ("0", guess._GUESSED_LOSS),
                          ("2", log2(1.25))):  # fmt: skip
        found = lose("x^2/2", ["0", memory], names=("x", "v"), rule=rule, learning_rate="1/4")
        assert found == pytest.approx(known)


def test_frozen_numbers_are_taken_for_zero_where_loss_is_measured():
    numbers = {"learning_rate": {"default": "1/4"}, "a": {"default": "1/2"}}
    step = {"v'": "a*v + g^2", "x'": "x - learning_rate*g/(1 + v')"}
    rule = {"name": "mine", "parameters": numbers, "state": {"v": "0"}, "step": step}
    found = lose("x^2/2", ["0"], free=("v",), rule=rule, learning_rate="1/4")
    assert found == pytest.approx(log2(1.25))


POWERS = {
    "name": "mine",
    "parameters": {"learning_rate": {"default": "1/8"}, "b": {"default": "1/2"}},
    "step": {"x'": "x - learning_rate*g/(1 - b^t)"},
}


def test_powers_have_faded_at_an_orbit_and_have_not_at_a_step():
    scene = Scene(*ask("x^2/2 - x/3", rule=POWERS, steps=3, learning_rate="1/8"))
    motion = guess.read_motion(scene.replay, 0, frees_powers=True)
    with precision(256):
        points, slopes = guess.refine_orbit(motion, [0.4], 1, lambda _: 0)
    assert points == [[fmpq(1, 3)]]
    assert slopes.tolist() == [[0.875]]
    found = lose("x^2/2", ["0"], entry=1, rule=POWERS, learning_rate="1/8")
    assert found == pytest.approx(log2(1 + 1 / 8 / (3 / 4)))
    known = [1, 0.75, 0.75 * (1 - 1 / 6), 0.75 * (1 - 1 / 6) * (1 - 1 / 7)]
    scene = Scene(*ask("x^2/2", rule=POWERS, steps=3, learning_rate="1/8"))
    assert scene.floats.until(3)[:, 0] == pytest.approx(known)
    assert guess.SharpPath(scene.replay).until(3)[:, 0] == pytest.approx(known)


def test_a_cycle_is_short_only_where_each_point_leads_to_the_next():
    cycle = {fmpq(1, 3): fmpq(1, 2), fmpq(1, 2): fmpq(-5), fmpq(-5): fmpq(1, 3)}

    def shorten(*points):
        motion = SimpleNamespace(names=("x",), values={}, powers=(),
                                 images=lambda piece, known: [cycle[known["x"]]])  # fmt: skip
        with precision(256):
            rows = [[arb(fmpq(point))] for point in points]
            return [row[0] for row in guess._shorten(rows, motion, {}, lambda _: 0)]

    assert shorten("1/3", "1/2", "-5") == [fmpq(1, 3), fmpq(1, 2), -5]
    third = fmpq(10**40 // 3, 10**40)
    assert shorten("1/2", "1/3", "-5") == [fmpq(1, 2), third, -5]
    assert shorten("1/3", "-5", "1/2") == [third, -5, fmpq(1, 2)]


def test_a_first_step_that_differs_is_taken_as_it_is():
    # The momentum begins with the whole slope, of which later steps add a half.
    scene = Scene(*ask("3*x", start="0", learning_rate="1", momentum="1/2", dampening="1/2"))
    known = np.array([0, -3, -6, -9])
    assert scene.floats.until(3)[:, 0].tolist() == known.tolist()
    assert guess.SharpPath(scene.replay).until(3)[:, 0].tolist() == known.tolist()


def test_a_memory_that_begins_with_the_rate_begins_with_the_first_one():
    rate = {"learning_rate": {"default": "1"}}
    step = {"s'": "s/2", "x'": "x - learning_rate*s*g"}
    rule = {"name": "mine", "parameters": rate, "state": {"s": "learning_rate"}, "step": step}
    scene = Scene(*ask("x^2/2", rule=rule, schedule="1/(k + 2)"))
    assert scene.floats.until(1).tolist() == [[1, 0.5], [0.75, 0.25]]
    assert guess.SharpPath(scene.replay).until(1).tolist() == [[1, 0.5], [0.75, 0.25]]
